/* What was entered and not sent survives a reload, a broken connection, an ended session and a refusal. A
   <form data-draft="key"> keeps its entries in this browser at each change, with the values the page had at first; the
   key names account, page and object. Where the server has other values by now, the server's stand. A list's rows and
   what an outcome asks for are drawn by the server again (#form-fields). Forgotten once a sent form led on to another
   page by a redirect, which only an accepted one does; signing out (<body data-forget-drafts>) forgets everything. */
import htmx from 'htmx.org/dist/htmx.esm.min.js';

const prefix = 'gb-draft:';
const sentMark = 'gb-draft-sent';
const bases = new WeakMap();

const forms = () => document.querySelectorAll('form[data-draft]');
const place = (form) => prefix + form.dataset.draft;
const ticked = (field) => field.matches('[type=radio], [type=checkbox]');
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && field.matches(
  'textarea, select, input:not([type=hidden], [type=file], [type=password], [type=submit])',
));

function valuesOf(form) {
  const found = {};
  for (const field of fieldsOf(form)) {
    found[field.name] ??= [];
    if (!ticked(field) || field.checked) found[field.name].push(field.value);
  }
  return found;
}

const same = (one, other) => JSON.stringify((one ?? []).filter(Boolean)) === JSON.stringify((other ?? []).filter(Boolean));

function kept(form) {
  const found = JSON.parse(localStorage.getItem(place(form)) ?? 'null');
  return found?.values ? found : null;
}

function keep(form, base, values) {
  const entered = Object.keys(values).some((name) => !same(values[name], base[name]));
  if (entered) localStorage.setItem(place(form), JSON.stringify({ base, values }));
  else localStorage.removeItem(place(form));
}

function save(form) {
  const before = kept(form);
  keep(form, before?.base ?? bases.get(form) ?? {}, { ...before?.values, ...valuesOf(form) });
}

/** Nothing comes back silently: a line above the fields says so, and takes it away again. */
function say(form) {
  if (form.querySelector('[data-draft-notice]')) return;
  const line = document.createElement('p');
  line.className = 'gb-s gb-2';
  line.dataset.draftNotice = '';
  line.setAttribute('role', 'status');
  const away = document.createElement('button');
  away.type = 'button';
  away.className = 'btn gb-plain';
  away.textContent = '不要了，从头填';
  away.addEventListener('click', () => {
    localStorage.removeItem(place(form));
    location.assign(`${location.pathname}${location.search}`);
  });
  line.append('上次没有提交的内容已经放回来了，请看过再提交。', away);
  form.prepend(line);
}

/** Put back what the page lacks; whether the server must draw the fields anew for the rest. */
function restore(form) {
  const before = kept(form);
  if (!before) return false;
  const now = valuesOf(form);
  let put = 0;
  let steers = false;
  for (const field of fieldsOf(form)) {
    const values = before.values[field.name];
    const theirs = field.name in before.base && !same(now[field.name], before.base[field.name]);
    if (!values || theirs || field.disabled || same(now[field.name], values)) continue;
    if (ticked(field)) field.checked = values.includes(field.value);
    else field.value = values[0] ?? '';
    put += 1;
    steers ||= field.hasAttribute('hx-post');
  }
  if (put) say(form);
  const lists = new Set(Object.keys(now).filter((name) => name.includes('.')).map((name) => name.split('.')[0]));
  return steers || Object.keys(before.values).some((name) => !(name in now) && lists.has(name.split('.')[0]));
}

async function redraw(form) {
  const place = form.querySelector('#form-fields');
  if (!place) return;
  const sent = new FormData(form);
  for (const [name, value] of [...sent]) if (value instanceof File) sent.delete(name);
  for (const [name, values] of Object.entries(kept(form).values)) {
    sent.delete(name);
    values.forEach((value) => sent.append(name, value));
  }
  sent.append('_rows', 'refresh');
  const answer = await fetch(form.getAttribute('action') || location.href, { method: 'POST', body: sent }).catch(() => null);
  if (!answer?.ok) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('#form-fields');
  if (!drawn) return;
  place.replaceWith(drawn);
  htmx.process(drawn);
  restore(form);
}

/** A removed row is no longer wanted: the rows behind it move up. */
function forgetRows(form, list) {
  const before = kept(form);
  if (!before) return;
  const others = Object.entries(before.values).filter(([name]) => !name.startsWith(`${list}.`));
  keep(form, before.base, Object.fromEntries(others));
}

function forgetSent() {
  const sent = sessionStorage.getItem(sentMark);
  if (!sent) return;
  sessionStorage.removeItem(sentMark);
  const [way] = performance.getEntriesByType('navigation');
  const refused = document.querySelector('.gb-errors, .gb-refusal, input[type=password]');
  if (way?.redirectCount && !refused) localStorage.removeItem(prefix + sent);
}

function forgetAll() {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
}

for (const kind of ['input', 'change']) {
  document.addEventListener(kind, (event) => {
    const form = event.target.form;
    if (form?.dataset.draft) save(form);
  });
}
document.addEventListener('click', (event) => {
  const button = event.target.closest?.('button[name=_rows][value^="drop:"]');
  if (button?.form?.dataset.draft) forgetRows(button.form, button.value.slice(5).split('.')[0]);
}, true);
document.addEventListener('submit', (event) => {
  if (event.target.dataset.draft) sessionStorage.setItem(sentMark, event.target.dataset.draft);
});
document.addEventListener('htmx:after:swap', () => forms().forEach((form) => {
  if (restore(form)) redraw(form);
  else if (kept(form)) save(form);
}));

forgetSent();
if (document.body.hasAttribute('data-forget-drafts')) forgetAll();
forms().forEach((form) => {
  bases.set(form, valuesOf(form));
  if (restore(form)) redraw(form);
});
