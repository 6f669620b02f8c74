/* The keys of staff pages (ui.md §6). Off while typing, off with <html data-keys="off"> (account setting, WCAG 2.1.4),
   off on owner's and public pages. Never the only way, and no key sends a decision. */
const root = document.documentElement;
const on = () => root.dataset.density === 'compact' && root.dataset.keys !== 'off';
const typing = (element) => element.closest('input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], .djs-container, .bio-properties-panel');

const rows = () => [...document.querySelectorAll('.gb-row')].filter((row) => row.offsetParent);
const cursor = () => document.querySelector('.gb-row[data-cursor]') ?? document.activeElement?.closest('.gb-row');

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(cursor());
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  document.querySelectorAll('.gb-row[data-cursor]').forEach((row) => row.removeAttribute('data-cursor'));
  next.setAttribute('data-cursor', '');
  next.focus();
}

const press = (selector, within = document) => {
  const element = within?.querySelector(selector);
  if (!element) return false;
  element.matches('input, textarea') ? element.focus() : element.click();
  return true;
};

/** The n-th outcome that may be chosen carries its number as a key. */
function outcome(number) {
  const choice = document.querySelector('.gb-choice input[type=radio]')?.closest('.gb-choice');
  const input = choice?.querySelectorAll('input[type=radio]')[number - 1];
  if (!input || input.disabled) return false;
  input.checked = true;
  input.dispatchEvent(new Event('change', { bubbles: true }));
  input.focus();
  return true;
}

let afterG = 0;

function act(event) {
  const { key } = event;
  if (Date.now() - afterG < 1200) {
    afterG = 0;
    if (key === 'i') return press('[data-go=inbox]');
  }
  switch (key) {
    case 'g': afterG = Date.now(); return true;
    case 'j': move(1); return true;
    case 'k': move(-1); return true;
    case 'c': return press('[data-key=claim]', cursor()?.closest('li') ?? document);
    case 'x': return press('input[type=checkbox]', cursor()?.closest('li'));
    case '/': return press('[data-key=search]');
    case '[': return press('[data-key=previous]');
    case ']': return press('[data-key=next]');
    case '?': return press('[data-open=keys]');
    default: return /^[1-9]$/.test(key) && outcome(Number(key));
  }
}

document.addEventListener('keydown', (event) => {
  if (!on()) return;
  if (event.key === 'Enter' && event.ctrlKey) {
    const button = event.target.closest('form')?.querySelector('.btn.gb-primary') ?? document.querySelector('.gb-dock .btn.gb-primary');
    if (button) {
      event.preventDefault();
      button.focus();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open]')) return;
  if (act(event)) event.preventDefault();
});
