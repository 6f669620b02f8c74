/* The editor of forms (templates/studio/edit_form.html): form-js with the published kinds of fields, our dictionary of fields,
   and the preview that the server draws, so that what is seen is what will be asked. */
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import '@bpmn-io/form-js-editor/dist/assets/form-js-editor.css';
import '@bpmn-io/form-js-editor/dist/assets/properties-panel.css';
import { FormEditor } from '@bpmn-io/form-js-editor';
import { bindFields } from './form/fields.js';
import { Preview } from './form/preview.js';
import words from './form/words.js';
import { Draft } from './island/draft.js';
import { say } from './island/failing.js';
import { bindHistory } from './island/history.js';
import { Lint } from './island/lint.js';
import { translator } from './island/translating.js';
import { Wording } from './island/wording.js';

async function open(editor) {
  const container = editor.querySelector('[data-canvas]');
  const parent = editor.querySelector('[data-props]');
  const translate = translator(editor, words);
  new Wording(editor, words).watch(container, parent);
  const own = document.createElement('div'); // its own list of kinds, which holds more than we read; ours stands in [data-fields]
  const form = new FormEditor({
    container, palette: { parent: own }, propertiesPanel: { parent },
    additionalModules: [{ translate: ['value', translate] }],
  });
  const read = async () => `${JSON.stringify(form.saveSchema(), null, 2)}\n`;
  const draft = new Draft(editor, read);
  const preview = new Preview(editor, read);
  const lint = new Lint(editor, read, (list) => mark(container, list));
  const history = bindHistory(() => form.get('commandStack'));
  await form.importSchema(JSON.parse(await draft.load()));
  bindFields(form, editor);
  form.on('commandStack.changed', () => {
    draft.changed();
    lint.changed();
    preview.changed();
    history.show();
  });
  draft.watch();
  lint.list?.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    const field = link && form.get('formFieldRegistry').get(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    form.get('selection').set(field);
    container.querySelector(`[data-id="${CSS.escape(field.id)}"]`)?.scrollIntoView({ block: 'center' });
  });
  await Promise.all([lint.ask(), preview.draw()]);
  editor.dataset.ready = '';
}

const sheet = new CSSStyleSheet(); // rules by the field's id: the canvas draws its fields anew whenever it likes
document.adoptedStyleSheets.push(sheet);

function mark(container, list) {
  const rows = [...list.querySelectorAll('li[data-element]')].filter((row) => row.dataset.element);
  sheet.replaceSync(rows.map(({ dataset }) => `.fjs-editor-container [data-id="${CSS.escape(dataset.element)}"] { outline: 2px solid var(--gb-${dataset.tone === 'failed' ? 'failed' : 'action'}); outline-offset: -2px; }`).join('\n'));
}

const editor = document.querySelector('[data-editor=form]');
if (editor) open(editor).catch((error) => say(editor, error));
