/* The palette in words. A press starts drawing under the pointer; from the keyboard the element is put into the middle of
   what is seen. Templates come ready with what our dialect needs. */

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
  inclusive: { type: 'bpmn:InclusiveGateway' },
  'event-gateway': { type: 'bpmn:EventBasedGateway' },
  call: { type: 'bpmn:CallActivity' },
  send: { type: 'bpmn:SendTask' },
  receive: { type: 'bpmn:ReceiveTask' },
  annotation: { type: 'bpmn:TextAnnotation' },
};

/** What a new element becomes part of: the pool that is drawn there, else the first that holds a process, else the page. */
export function home(modeler, { x, y }) {
  const canvas = modeler.get('canvas');
  const root = canvas.getRootElement();
  const pools = modeler.get('elementRegistry').filter((one) => one.type === 'bpmn:Participant' && one.businessObject.processRef && canvas.findRoot(one) === root);
  const around = pools.find((one) => one.x <= x && x <= one.x + one.width && one.y <= y && y <= one.y + one.height);
  return around ?? pools[0] ?? root;
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
    const parent = home(modeler, middle);
    if (parent.type === 'bpmn:Collaboration' && shape.type !== 'bpmn:TextAnnotation') {
      editor.querySelector('[data-summary]').textContent = '这张图上没有流程，图元没有地方放：先画一个泳池';
      return;
    }
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
    if (!tool) return;
    if (tool in modes) modes[tool](event);
    else if (tool === 'lane') lane();
    else if (tool in SHAPES) draw(event, factory.createShape(SHAPES[tool]));
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
