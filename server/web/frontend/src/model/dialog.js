/* A small dialog of a template: what it asks for, and the words it explains itself with. */
export function ask({ title, hint, fields }, done) {
  const dialog = document.createElement('dialog');
  dialog.className = 'gb-dialog';
  const form = document.createElement('form');
  form.method = 'dialog';
  form.className = 'gb-template';
  const heading = Object.assign(document.createElement('h2'), { textContent: title, id: 'template-title' });
  dialog.setAttribute('aria-labelledby', heading.id);
  form.append(heading, Object.assign(document.createElement('p'), { textContent: hint }));
  for (const field of fields) form.append(control(field));
  const acts = document.createElement('div');
  acts.className = 'gb-acts';
  const away = Object.assign(document.createElement('button'), { type: 'button', className: 'btn gb-plain', textContent: '先不加' });
  const add = Object.assign(document.createElement('button'), { type: 'submit', className: 'btn gb-primary', textContent: '加上' });
  away.addEventListener('click', () => dialog.close());
  acts.append(away, add);
  form.append(acts);
  form.addEventListener('submit', () => done(Object.fromEntries(new FormData(form))));
  dialog.append(form);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function control({ name, label, value = '', options, max }) {
  const field = document.createElement('div');
  field.className = 'gb-field';
  const words = Object.assign(document.createElement('label'), { textContent: label, htmlFor: `template-${name}` });
  const input = document.createElement(options?.length ? 'select' : 'input');
  Object.assign(input, { id: words.htmlFor, name, required: true, className: options?.length ? 'form-select' : 'form-control' });
  for (const [key, text] of options ?? []) input.append(new Option(text, key, false, key === value));
  if (!options?.length) Object.assign(input, { type: 'text', value, maxLength: max ?? 80 });
  field.append(words, input);
  return field;
}
