/* The designer's editor (server/web/templates/studio/model.html): bpmn-js with the Zeebe properties panel, our palette in
   words, and the findings of the server on the elements while one edits. Nothing is judged here: the list below the canvas
   is drawn by the server after each edit, and the badges are read from it. */
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import '@bpmn-io/properties-panel/dist/assets/properties-panel.css';
import Modeler from 'bpmn-js/lib/Modeler';
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from 'bpmn-js-properties-panel';
import ZeebeBehaviorsModule from 'camunda-bpmn-js-behaviors/lib/camunda-cloud';
import { moddleExtensions, renderers } from './diagram.js';
import { bindBar, fit } from './modeler/bar.js';
import { Findings } from './modeler/findings.js';
import { Keeping } from './modeler/keeping.js';
import { ourGroups } from './modeler/panel.js';
import { bindReview } from './modeler/review.js';
import { bindTools } from './modeler/tools.js';
import { translation } from './modeler/translation.js';

async function open(editor) {
  const modeler = new Modeler({
    container: editor.querySelector('[data-canvas]'),
    propertiesPanel: { parent: editor.querySelector('[data-props]') },
    additionalModules: [BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule, ZeebeBehaviorsModule, ourGroups, translation],
    moddleExtensions,
    ...renderers(),
  });
  const keeping = new Keeping(modeler, editor);
  const findings = new Findings(modeler, editor);
  const { warnings } = await modeler.importXML(await keeping.model());
  if (warnings.length) editor.dataset.warnings = String(warnings.length);
  fit(modeler.get('canvas'));
  bindBar(modeler, editor);
  bindTools(modeler, editor);
  bindReview(modeler, editor);
  keeping.watch();
  await findings.watch();
  findings.goTo(decodeURIComponent(location.hash.slice(1)));
  editor.dataset.ready = '';
  return modeler;
}

const editor = document.querySelector('[data-editor]');
if (editor) {
  open(editor).catch((error) => {
    const words = document.createElement('p');
    words.className = 'gb-empty';
    words.textContent = '流程没有打开。请刷新再试；也可以回到流程页下载文件，在别的工具里改好再上传。';
    editor.querySelector('[data-canvas]').replaceChildren(words);
    editor.querySelector('[data-summary]').textContent = '没有打开';
    console.error(error);
  });
}
