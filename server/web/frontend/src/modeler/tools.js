/* The palette in words. A press starts drawing under the pointer; from the keyboard the element is put into the middle of
   what is seen. Templates come ready with what our dialect needs. */
import { extend, headers } from './extensions.js';

const SHAPES = {
  user: { type: 'bpmn:UserTask' },
  service: { type: 'bpmn:ServiceTask' },
  rule: { type: 'bpmn:BusinessRuleTask' },
  exclusive: { type: 'bpmn:ExclusiveGateway' },
  parallel: { type: 'bpmn:ParallelGateway' },
  start: { type: 'bpmn:StartEvent' },
  end: { type: 'bpmn:EndEvent' },
  catch: { type: 'bpmn:IntermediateCatchEvent', eventDefinitionType: 'bpmn:MessageEventDefinition' },
  throw: { type: 'bpmn:IntermediateThrowEvent', eventDefinitionType: 'bpmn:MessageEventDefinition' },
  sub: { type: 'bpmn:SubProcess', isExpanded: true },
};

/** A record of the case's state, and one that issues a paper: the transition is filled in by the designer. */
const TEMPLATES = {
  record: { name: '记录状态', headers: { transition: '' } },
  paper: { name: '制发文书', headers: { transition: '', paper: '' } },
};

function template(modeler, { name, headers: keys }) {
  const factory = modeler.get('bpmnFactory');
  const shape = modeler.get('elementFactory').createShape({ type: 'bpmn:ServiceTask' });
  const task = factory.create('zeebe:TaskDefinition', { type: 'record' });
  extend(factory, shape.businessObject, [task, headers(factory, keys)]);
  shape.businessObject.name = name;
  return shape;
}

export function bindTools(modeler, editor) {
  const create = modeler.get('create');
  const factory = modeler.get('elementFactory');
  const modes = {
    hand: (event) => modeler.get('handTool').activateHand(event),
    lasso: (event) => modeler.get('lassoTool').activateSelection(event),
    space: (event) => modeler.get('spaceTool').activateSelection(event),
    connect: (event) => modeler.get('globalConnect').start(event),
  };

  function draw(event, shape) {
    if (event.detail) {
      create.start(event, shape);
      return;
    }
    const canvas = modeler.get('canvas');
    const box = canvas.viewbox();
    const middle = { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };
    const root = canvas.getRootElement();
    const parent = modeler.get('elementRegistry').find((one) => one.type === 'bpmn:Participant') ?? root;
    const made = modeler.get('modeling').createShape(shape, middle, parent);
    modeler.get('selection').select(made);
    canvas.focus?.();
  }

  function lane() {
    const registry = modeler.get('elementRegistry');
    const [selected] = modeler.get('selection').get();
    const of = selected?.type === 'bpmn:Lane' ? selected : lowest(registry.filter((one) => one.type === 'bpmn:Lane'));
    const parent = of ?? registry.find((one) => one.type === 'bpmn:Participant');
    if (!parent) return;
    const made = modeler.get('modeling').addLane(parent, 'bottom');
    modeler.get('selection').select(made);
    modeler.get('directEditing').activate(made);
  }

  editor.querySelector('.gb-palette').addEventListener('click', (event) => {
    const button = event.target.closest('[data-tool]');
    const tool = button?.dataset.tool;
    if (!tool || tool === 'review') return;
    if (tool in modes) modes[tool](event);
    else if (tool === 'lane') lane();
    else if (tool in TEMPLATES) draw(event, template(modeler, TEMPLATES[tool]));
    else draw(event, factory.createShape(SHAPES[tool]));
  });

  const pressed = (name) => editor.querySelectorAll('[data-tool][aria-pressed]').forEach((button) => {
    button.setAttribute('aria-pressed', String(button.dataset.tool === name));
  });
  modeler.on('tool-manager.update', ({ tool }) => pressed(tool === 'global-connect' ? 'connect' : tool));
}

/** The lane furthest down. */
export function lowest(lanes) {
  return [...lanes].sort((one, other) => other.y + other.height - one.y - one.height)[0];
}
