/* While the fields of a form are drawn anew (one answer shows or hides others) somebody goes on typing: what stands in a
   field when the answer comes is newer than what was sent, and stays. Adding and dropping rows numbers the fields anew,
   so there the answer counts. */
const fieldsId = 'form-fields';
let kept = null;

const inputs = (root) => root.querySelectorAll('input[name]:not([type=hidden]), select[name], textarea[name]');
const ticks = (field) => field.type === 'checkbox' || field.type === 'radio';

function remember(root) {
  const values = new Map();
  for (const field of inputs(root)) {
    if (!ticks(field)) values.set(field.name, field.value);
    else {
      const ticked = values.get(field.name) ?? new Set();
      if (field.checked) ticked.add(field.value);
      values.set(field.name, ticked);
    }
  }
  return values;
}

function putBack(root, values) {
  for (const field of inputs(root)) {
    const value = values.get(field.name);
    if (value === undefined) continue;
    if (ticks(field)) field.checked = !field.disabled && value.has(field.value);
    else if (field.value !== value) field.value = value;
  }
}

document.addEventListener('htmx:before:swap', (event) => {
  const source = event.detail.ctx?.sourceElement;
  const root = document.getElementById(fieldsId);
  if (!root || !source || !root.contains(source) || source.matches('button')) return;
  kept = { values: remember(root), focused: document.activeElement?.id, at: document.activeElement?.selectionStart };
});

document.addEventListener('htmx:after:swap', () => {
  const root = document.getElementById(fieldsId);
  if (!kept || !root) return;
  const { values, focused, at } = kept;
  kept = null;
  putBack(root, values);
  const field = focused && document.getElementById(focused);
  if (!field || !root.contains(field) || document.activeElement === field) return;
  field.focus({ preventScroll: true });
  if (at !== null && at !== undefined) field.setSelectionRange(at, at);
});
