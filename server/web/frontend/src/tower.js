/* Floor × unit grid: one tab stop, arrows move, Enter follows the link (ui.md §4.15). */
const cells = (table) => [...table.querySelectorAll('tbody tr')].map((row) => [...row.querySelectorAll('td')].map((cell) => cell.querySelector('a')));

function oneStop(table) {
  const links = [...table.querySelectorAll('tbody a')];
  const current = links.find((link) => link.hasAttribute('aria-current')) ?? links[0];
  for (const link of links) link.tabIndex = link === current ? 0 : -1;
}

function neighbour(table, link, [right, down]) {
  const grid = cells(table);
  let row = grid.findIndex((line) => line.includes(link));
  let column = grid[row].indexOf(link);
  for (;;) {
    row += down;
    column += right;
    if (!(row in grid) || column < 0 || column >= grid[row].length) return undefined;
    if (grid[row][column]) return grid[row][column];
  }
}

const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

document.addEventListener('keydown', (event) => {
  const link = event.target.closest('.gb-tower a');
  if (!link || !(event.key in steps)) return;
  event.preventDefault();
  const next = neighbour(link.closest('.gb-tower'), link, steps[event.key]);
  if (!next) return;
  link.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

const prepare = () => document.querySelectorAll('.gb-tower').forEach(oneStop);
prepare();
document.addEventListener('htmx:after:swap', prepare);
