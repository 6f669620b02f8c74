/* The kinds of fields that a form of ours may hold, in words, and the dictionary: what other forms already ask under which
   name, so that one fact has one key everywhere. A press puts the field after the chosen one, else at the end. */
const KINDS = [
  ['textfield', '一行文字'], ['textarea', '多行文字'], ['number', '数字'], ['datetime', '日期'], ['checkbox', '勾选'],
  ['radio', '单选'], ['select', '下拉'], ['checklist', '多选'], ['group', '分组'], ['dynamiclist', '可加行的列表'],
  ['text', '说明文字'], ['separator', '分隔线'], ['spacer', '空白'],
];
const WORD = Object.fromEntries(KINDS);

export function bindFields(form, editor) {
  const place = document.querySelector('[data-fields]');
  if (!place) return;
  const known = JSON.parse(editor.dataset.dictionary ?? '[]');
  const heading = (text) => Object.assign(document.createElement('h2'), { textContent: text });
  const list = (buttons) => {
    const all = document.createElement('ul');
    all.append(...buttons.map((button) => {
      const item = document.createElement('li');
      item.append(button);
      return item;
    }));
    return all;
  };
  place.append(heading('字段'), list(KINDS.map(([type, words]) => press(words, '', () => add(form, { type, ...labelled(type) })))));
  if (!known.length) return;
  const search = document.createElement('input');
  search.type = 'search';
  search.className = 'form-control';
  search.setAttribute('aria-label', '在字段词典里找');
  const all = list(known.map((one) => {
    const button = press(one.label, `${WORD[one.type] ?? one.type}，编号 ${one.key}`, () => choose(form, one));
    button.dataset.words = `${one.label} ${one.key}`.toLowerCase();
    return button;
  }));
  all.dataset.dictionaryList = '';
  search.addEventListener('input', () => {
    const wanted = search.value.trim().toLowerCase();
    for (const item of all.children) item.hidden = !item.firstChild.dataset.words.includes(wanted);
  });
  place.append(heading('字段词典'), search, all);
}

const labelled = (type) => (['text', 'separator', 'spacer'].includes(type) ? {} : { label: WORD[type] });

function press(words, hint, act) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = words;
  if (hint) button.append(Object.assign(document.createElement('small'), { className: 'gb-2', textContent: hint }));
  button.addEventListener('click', act);
  return button;
}

/** Into the chosen group or list, else behind the chosen field, else at the end. */
function target(form) {
  const registry = form.get('formFieldRegistry');
  const chosen = form.get('selection').get();
  const root = registry.getAll().find((one) => one.type === 'default');
  if (!chosen || chosen === root) return [root, root.components.length];
  if (chosen.components) return [chosen, chosen.components.length];
  const parent = registry.get(chosen._parent) ?? root;
  return [parent, parent.components.indexOf(chosen) + 1];
}

function add(form, values) {
  const [parent, index] = target(form);
  const field = form.get('modeling').addFormField(values, parent, index);
  form.get('selection').set(field);
}

/** A known fact: an unnamed field that is chosen and of its kind takes key and label, else a new field comes. */
function choose(form, { key, label, type, values }) {
  const chosen = form.get('selection').get();
  const facts = type === 'dynamiclist' ? { path: key, label } : type === 'datetime' ? { key, dateLabel: label } : { key, label };
  if (values?.length) facts.values = values.map((one) => (typeof one === 'object' ? one : { label: String(one), value: String(one) }));
  if (chosen && chosen.type === type && /_/.test(chosen.key ?? '') && new RegExp(`^${type}_`).test(chosen.key)) {
    form.get('modeling').editFormField(chosen, facts);
    return;
  }
  add(form, { type, ...(type === 'datetime' ? { subtype: 'date' } : {}), ...facts });
}
