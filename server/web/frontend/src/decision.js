/* The editor of decision tables (templates/studio/edit_decision.html): dmn-js with our words and colours. The server finds
   what is wrong; its list names rule and column, and the very cells are marked. */
import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-font/css/dmn-embedded.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression-controls.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import DmnModeler from 'dmn-js/lib/Modeler';
import { Cells } from './decision/cells.js';
import { bindViews } from './decision/views.js';
import words from './decision/words.js';
import { Draft } from './island/draft.js';
import { say } from './island/failing.js';
import { Lint } from './island/lint.js';
import { Losses } from './island/lossless.js';
import { bindHistory } from './island/history.js';
import { Wording } from './island/wording.js';
import { translator } from './island/translating.js';

async function open(editor) {
  const container = editor.querySelector('[data-canvas]');
  const view = { additionalModules: [{ translate: ['value', translator(editor, words)] }] };
  const fontFamily = getComputedStyle(document.documentElement).getPropertyValue('--gb-sans').trim();
  const drawing = {
    ...view,
    drdRenderer: { defaultFillColor: 'var(--gb-paper)', defaultStrokeColor: 'var(--gb-bpmn)', defaultLabelColor: 'var(--gb-ink)' },
    textRenderer: { defaultStyle: { fontFamily, fontSize: 12 } },
  };
  const modeler = new DmnModeler({ container, drd: drawing, decisionTable: view, literalExpression: view, boxedExpression: view });
  new Wording(editor, words).watch(container, document.body);
  let losses;
  const read = async () => losses.mended((await modeler.saveXML({ format: true })).xml);
  const draft = new Draft(editor, read);
  const cells = new Cells(modeler, editor);
  const lint = new Lint(editor, read, (list) => cells.draw(list));
  const tell = async () => {
    const text = await read();
    document.querySelectorAll('input[data-model]').forEach((field) => { field.value = text; });
  };
  const history = bindHistory(() => modeler.getActiveViewer()?.get('commandStack', false));
  modeler.on('viewer.created', ({ viewer }) => viewer.on('commandStack.changed', () => {
    if (!losses) return;
    draft.changed();
    lint.changed();
    history.show();
    tell();
  }));
  const text = await draft.load();
  const { warnings } = await modeler.importXML(text, { open: false });
  if (warnings?.length) editor.dataset.warnings = String(warnings.length);
  losses = new Losses(text, (await modeler.saveXML({ format: true })).xml);
  await bindViews(modeler, editor, () => {
    history.show();
    cells.show();
  });
  draft.watch();
  await tell();
  await lint.ask();
  editor.dataset.ready = '';
}

const editor = document.querySelector('[data-editor=decision]');
if (editor) open(editor).catch((error) => say(editor, error));
