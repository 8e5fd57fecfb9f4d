'use strict';

/* Sorts a table by the column whose heading is pressed: rising, then falling. Cells
 * without a value stay at the bottom. Without this script the headings are plain
 * words and the tables read the same. */
for (const th of document.querySelectorAll(
  'table.s thead tr:last-child th')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.append(...th.childNodes);
  th.append(button);
  button.addEventListener('click', () => sort(th));
}

/* A cell's number; NaN for none. */
function value(row, i) {
  const v = row.cells[i].dataset.v;
  return v === undefined ? NaN : Number(v);
}

function sort(th) {
  const i = th.cellIndex;
  const down = th.getAttribute('aria-sort') === 'ascending';
  const body = th.closest('table').tBodies[0];
  const rows = [...body.rows];
  for (const other of th.parentNode.cells)
    other.removeAttribute('aria-sort');
  th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  rows.sort((a, b) => {
    if (i === 0) {
      const order = a.cells[0].textContent.localeCompare(
        b.cells[0].textContent);
      return down ? -order : order;
    }
    const x = value(a, i), y = value(b, i);
    if (Number.isNaN(x) || Number.isNaN(y))
      return Number.isNaN(x) - Number.isNaN(y);
    return down ? y - x : x - y;
  });
  body.append(...rows);
}

/* A table as CSV: numbers as they were measured, under the names of group and
 * column. */
function csvOf(table) {
  const heads = [...table.tHead.rows];
  const groups = heads.length > 1 ? [...heads[0].cells].flatMap((c) =>
    Array(c.colSpan).fill(c.textContent.trim())) : [];
  const names = [...heads.at(-1).cells].map((c, i) =>
    groups[i] ? `${groups[i]}: ${c.textContent.trim()}`
      : c.textContent.trim());
  const quote = (s) => /[",\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s;
  const rows = [...table.tBodies[0].rows].map((r) => [...r.cells].map((c) =>
    c.dataset.v ?? (c.textContent === '–' ? '' : c.textContent)));
  return [names, ...rows].map((r) => r.map(quote).join(',')).join('\n') +
    '\n';
}

for (const table of document.querySelectorAll('table.s')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy as CSV';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(csvOf(table));
    button.textContent = 'Copied';
  });
  table.closest('.pan').before(button);
}

/* The allocators picked in the ranking are the ones that every figure of the trace
 * shows in full; none picked means all. */
for (const article of document.querySelectorAll('article.trace')) {
  const picked = new Set();
  const show = () => {
    article.classList.toggle('picked', picked.size > 0);
    for (const e of article.querySelectorAll('[data-a]'))
      e.classList.toggle('is-picked', picked.has(e.dataset.a));
    for (const b of article.querySelectorAll('.rank button'))
      b.setAttribute('aria-pressed',
        picked.has(b.closest('li').dataset.a));
  };
  article.querySelector('.hint')?.append(
    ' Click a name to highlight it in every figure.');
  for (const name of article.querySelectorAll('.rank .name')) {
    const button = document.createElement('button');
    const { a } = name.closest('li').dataset;
    button.type = 'button';
    button.setAttribute('aria-pressed', 'false');
    button.append(...name.childNodes);
    name.append(button);
    button.addEventListener('click', () => {
      if (!picked.delete(a))
        picked.add(a);
      show();
    });
  }
}

/* Several traces: one is shown at a time. */
const tabs = [...document.querySelectorAll('.tabs a')];

function choose(tab) {
  for (const t of tabs) {
    const chosen = t === tab;
    document.getElementById(t.hash.slice(1)).hidden = !chosen;
    if (chosen)
      t.setAttribute('aria-current', 'true');
    else
      t.removeAttribute('aria-current');
  }
}

for (const tab of tabs)
  tab.addEventListener('click', (e) => {
    e.preventDefault();
    history.replaceState(null, '', tab.hash);
    choose(tab);
  });
/* The tab that the address names, or the one of the time-lapse whose moment it
 * names. */
function asked() {
  const words = new URLSearchParams(location.hash.slice(1));
  const lapse = words.has('at') ? document.querySelectorAll('section.lapse')[
    Number(words.get('lapse') ?? 0)] : null;
  const id = lapse?.closest('article.trace').id ?? location.hash.slice(1);
  return tabs.find((t) => t.hash === `#${id}`) ?? tabs[0];
}

if (tabs.length)
  choose(asked());
addEventListener('beforeprint', () => {
  for (const t of tabs)
    document.getElementById(t.hash.slice(1)).hidden = false;
});
