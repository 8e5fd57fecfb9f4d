/*
 * The page's style and script. In pieces, since C promises no longer strings.
 */
#include "bench_html.h"

const char *const bench_html_style[] = {
	":root{color-scheme:light dark;--ink:#1b1b1b;--soft:#555;--paper:#fff;"
	"--line:#d0d0d0;--head:#f2f4f6;--link:#00558f}\n"
	"@media (prefers-color-scheme:dark){:root{--ink:#e9e9e9;--soft:#b4b4b4;"
	"--paper:#16181a;--line:#3d4145;--head:#22262a;--link:#8cc8f5}\n"
	"figure svg{filter:invert(.91) hue-rotate(180deg)}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:66rem;"
	"font:1rem/1.5 system-ui,'DejaVu Sans',sans-serif;color:var(--ink);"
	"background:var(--paper);overflow-wrap:anywhere}\n"
	"h1{font-size:1.6rem;line-height:1.25;margin:0}\n"
	"h2{font-size:1.25rem;margin:2.5rem 0 .5rem}\n"
	"h3{font-size:1.05rem;margin:1.75rem 0 .25rem}\n"
	"p,ul{margin:.5rem 0;max-width:46rem}\n"
	"a{color:var(--link)}\n"
	".soft,figcaption,caption{color:var(--soft)}\n"
	".warn{border-left:.3rem solid #d55e00;padding-left:.75rem}\n"
	"nav ul{padding:0;list-style:none;display:flex;flex-wrap:wrap;"
	"gap:.25rem 1.25rem}\n",
	".pan{overflow-x:auto;max-width:100%}\n"
	".pan:focus-visible,button:focus-visible,a:focus-visible,"
	"summary:focus-visible{outline:3px solid var(--link);"
	"outline-offset:2px}\n"
	"table{border-collapse:collapse;margin:.5rem 0;overflow-wrap:normal;"
	"font-variant-numeric:tabular-nums}\n"
	"caption{text-align:left;padding:.25rem 0}\n"
	"th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);"
	"text-align:right;white-space:nowrap}\n"
	"th[scope=row],th:first-child{text-align:left;font-weight:normal}\n"
	"thead th,thead "
	"th:first-child{background:var(--head);font-weight:600}\n"
	"td.t{text-align:left;white-space:normal}\n"
	"th button{font:inherit;color:inherit;background:none;border:0;"
	"padding:0;cursor:pointer;text-decoration:underline dotted;"
	"text-underline-offset:.25em}\n"
	"th[aria-sort=ascending] button::after{content:' \\25B2'}\n"
	"th[aria-sort=descending] button::after{content:' \\25BC'}\n"
	"figure{margin:.5rem 0 2rem}\n"
	"figure svg{display:block;width:100%;min-width:40rem;height:auto}\n"
	"figure .p:hover{opacity:.55}\n"
	"figcaption{max-width:46rem;margin-top:.25rem}\n"
	".env th,.env td{white-space:normal;vertical-align:top;"
	"overflow-wrap:anywhere}\n"
	"@media print{nav,th button::after{display:none}"
	"body{max-width:none;padding:0;font-size:9pt}"
	"figure,table{break-inside:avoid}h2,h3{break-after:avoid}"
	"figure "
	"svg{min-width:0;max-height:13cm;filter:none}.pan{overflow:visible}"
	"th,td{padding:.1rem .3rem}}\n",
	NULL,
};

/*
 * Sorts a table by the column whose heading is pressed: rising, then falling.
 * Cells without a value stay below. A table can be read without the script; then
 * its headings are plain words.
 */
const char *const bench_html_script[] = {
	"'use strict';\n"
	"for (const th of document.querySelectorAll('table.s thead th')) {\n"
	"  const button = document.createElement('button');\n"
	"  button.type = 'button';\n"
	"  button.append(...th.childNodes);\n"
	"  th.append(button);\n"
	"  button.addEventListener('click', () => sort(th));\n"
	"}\n"
	"function value(row, i) {\n"
	"  const v = row.cells[i].dataset.v;\n"
	"  return v === undefined ? NaN : Number(v);\n"
	"}\n"
	"function sort(th) {\n"
	"  const i = th.cellIndex;\n"
	"  const down = th.getAttribute('aria-sort') === 'ascending';\n"
	"  const body = th.closest('table').tBodies[0];\n"
	"  const rows = [...body.rows];\n"
	"  for (const other of th.parentNode.cells)\n"
	"    other.removeAttribute('aria-sort');\n"
	"  th.setAttribute('aria-sort', down ? 'descending' : 'ascending');\n",
	"  rows.sort((a, b) => {\n"
	"    if (i === 0) {\n"
	"      const order = a.cells[0].textContent.localeCompare(\n"
	"        b.cells[0].textContent);\n"
	"      return down ? -order : order;\n"
	"    }\n"
	"    const x = value(a, i), y = value(b, i);\n"
	"    if (Number.isNaN(x) || Number.isNaN(y))\n"
	"      return Number.isNaN(x) - Number.isNaN(y);\n"
	"    return down ? y - x : x - y;\n"
	"  });\n"
	"  body.append(...rows);\n"
	"}\n",
	NULL,
};
