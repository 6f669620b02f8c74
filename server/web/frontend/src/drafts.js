/* Unsent text survives a reload, a lost connection and a refused request. <form data-draft="key"> saves its text
   fields in this browser at each change; the key names account, page and object. What was sent is forgotten as soon
   as the next page shows no error; signing out (<body data-forget-drafts>) forgets everything. */
const prefix = 'gb-draft:';
const sentMark = 'gb-draft-sent';

const textFields = (form) => form.querySelectorAll('textarea[name], input[type=text][name], input:not([type])[name]');

function save(form) {
  const values = {};
  for (const field of textFields(form)) if (field.value !== field.defaultValue) values[field.name] = field.value;
  const key = prefix + form.dataset.draft;
  if (Object.keys(values).length) localStorage.setItem(key, JSON.stringify(values));
  else localStorage.removeItem(key);
}

function restore(form) {
  const stored = localStorage.getItem(prefix + form.dataset.draft);
  if (!stored) return;
  const values = JSON.parse(stored);
  let restored = 0;
  for (const field of textFields(form)) {
    if (field.name in values && field.value === field.defaultValue && field.value !== values[field.name]) {
      field.value = values[field.name];
      restored += 1;
    }
  }
  const notice = form.querySelector('[data-draft-notice]');
  if (restored && notice) notice.hidden = false;
}

function forgetSent() {
  const sent = sessionStorage.getItem(sentMark);
  if (!sent) return;
  sessionStorage.removeItem(sentMark);
  if (!document.querySelector('.gb-errors')) localStorage.removeItem(prefix + sent);
}

function forgetAll() {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
}

document.addEventListener('input', (event) => {
  const form = event.target.closest('form[data-draft]');
  if (form) save(form);
});
document.addEventListener('submit', (event) => {
  if (event.target.dataset.draft) sessionStorage.setItem(sentMark, event.target.dataset.draft);
});
document.addEventListener('htmx:after:swap', () => document.querySelectorAll('form[data-draft]').forEach(restore));

forgetSent();
if (document.body.hasAttribute('data-forget-drafts')) forgetAll();
document.querySelectorAll('form[data-draft]').forEach(restore);
