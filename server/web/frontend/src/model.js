/* The designer's editor (server/web/templates/studio/model.html): bpmn-js with the Zeebe properties panel, our palette in
   words, our templates, and the findings of the server on the elements while one edits. Nothing is judged here: the list
   below the canvas is drawn by the server after each edit, and the badges are read from it. */
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import '@bpmn-io/properties-panel/dist/assets/properties-panel.css';
import 'diagram-js-minimap/assets/diagram-js-minimap.css';
import Modeler from 'bpmn-js/lib/Modeler';
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from 'bpmn-js-properties-panel';
import ZeebeBehaviorsModule from 'camunda-bpmn-js-behaviors/lib/camunda-cloud';
import minimap from 'diagram-js-minimap';
import { moddleExtensions, renderers } from './diagram.js';
import { Draft } from './island/draft.js';
import { say } from './island/failing.js';
import { Lint } from './island/lint.js';
import { Losses } from './island/lossless.js';
import { Wording } from './island/wording.js';
import { bindBar, fit } from './model/bar.js';
import { drawn } from './model/drawing.js';
import { Marks } from './model/findings.js';
import { ourGroups } from './model/panel.js';
import { bindTemplates } from './model/templates.js';
import { bindTools } from './model/tools.js';
import words from './model/words.js';
import { translation } from './model/translation.js';

async function open(editor) {
  new Wording(editor, words).watch(editor.querySelector('[data-canvas]'), editor.querySelector('[data-props]'));
  const modeler = new Modeler({
    container: editor.querySelector('[data-canvas]'),
    propertiesPanel: { parent: editor.querySelector('[data-props]') },
    additionalModules: [
      BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule, ZeebeBehaviorsModule,
      minimap, ourGroups(editor), translation(editor),
    ],
    moddleExtensions,
    ...renderers(),
  });
  let losses;
  const read = async () => {
    const { xml } = await modeler.saveXML({ format: true });
    return losses.mended(xml);
  };
  const draft = new Draft(editor, read);
  const marks = new Marks(modeler, editor);
  const lint = new Lint(editor, read, (list) => marks.draw(list));

  const text = await draft.load();
  const { warnings } = await modeler.importXML(await drawn(text));
  if (warnings.length) tellUndrawn(editor, warnings.length);
  losses = new Losses(text, (await modeler.saveXML({ format: true })).xml);
  fit(modeler.get('canvas'));
  bindBar(modeler, editor);
  bindTools(modeler, editor);
  bindTemplates(modeler, editor);
  marks.watch();
  modeler.on('commandStack.changed', () => {
    draft.changed();
    lint.changed();
  });
  draft.watch();
  await lint.ask();
  marks.goTo(decodeURIComponent(location.hash.slice(1)));
  editor.dataset.ready = '';
}

/** What the editor cannot draw stays in the file as it is, and the page says so. */
function tellUndrawn(editor, count) {
  editor.dataset.warnings = String(count);
  const notice = document.createElement('p');
  notice.className = 'gb-notice';
  notice.dataset.tone = 'warn';
  notice.textContent = `有 ${count} 处这里画不出来，存的时候照原样留在文件里。`;
  editor.before(notice);
}

const editor = document.querySelector('[data-editor=model]');
if (editor) open(editor).catch((error) => say(editor, error));
