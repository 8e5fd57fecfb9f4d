'use strict';

/* Sorts a table by the column whose heading is pressed: rising, then falling. Cells
 * without a value stay at the bottom. Without this script the headings are plain
 * words and the tables read the same. */
for (const th of document.querySelectorAll('table.s thead th')) {
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
