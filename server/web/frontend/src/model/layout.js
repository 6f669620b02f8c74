/* A plain drawing for a model that has none: every process is a row of columns, a column is as far from a start as its
   elements are. Good enough to read and to be drawn properly by hand. */
const STEP = { x: 150, y: 110 };
const SIZES = [
  [/SubProcess|Transaction/, [100, 80]], [/Task|CallActivity/, [100, 80]], [/Gateway/, [50, 50]], [/Event$/, [36, 36]],
  [/DataObjectReference/, [36, 50]], [/DataStoreReference/, [50, 50]],
];
const size = (element) => SIZES.find(([type]) => type.test(element.$type))?.[1];
const isFlow = (element) => element.$type === 'bpmn:SequenceFlow';

function columns(nodes, flows) {
  const column = new Map(nodes.map((node) => [node, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    let moved = false;
    for (const { sourceRef, targetRef } of flows) {
      if (!column.has(sourceRef) || !column.has(targetRef) || column.get(targetRef) > column.get(sourceRef)) continue;
      if (column.get(sourceRef) + 1 >= nodes.length) continue; // a loop leads back
      column.set(targetRef, column.get(sourceRef) + 1);
      moved = true;
    }
    if (!moved) break;
  }
  return column;
}

export function layout(definitions, moddle) {
  const processes = definitions.get('rootElements').filter((one) => one.$type === 'bpmn:Process');
  const subject = definitions.get('rootElements').find((one) => one.$type === 'bpmn:Collaboration') ?? processes[0];
  if (!subject) return;
  const create = (type, values) => moddle.create(type, values);
  const planeElement = [];
  let top = 80;

  function edge(element, from, to) {
    const right = { x: from.x + from.width, y: from.y + from.height / 2 };
    const left = { x: to.x, y: to.y + to.height / 2 };
    const points = right.y === left.y ? [right, left] : [right, { x: (right.x + left.x) / 2, y: right.y }, { x: (right.x + left.x) / 2, y: left.y }, left];
    planeElement.push(create('bpmndi:BPMNEdge', { id: `${element.id}_di`, bpmnElement: element, waypoint: points.map((point) => create('dc:Point', point)) }));
  }

  for (const process of processes) {
    const elements = process.get('flowElements');
    const nodes = elements.filter((one) => size(one) && one.$type !== 'bpmn:BoundaryEvent');
    const flows = elements.filter(isFlow);
    const column = columns(nodes, flows);
    const rows = new Map();
    const boxes = new Map();
    const shape = (element, box, more = {}) => {
      boxes.set(element, box);
      planeElement.push(create('bpmndi:BPMNShape', { id: `${element.id}_di`, bpmnElement: element, bounds: create('dc:Bounds', box), ...more }));
    };
    const pool = subject.get?.('participants')?.find((one) => one.processRef === process);
    const height = () => Math.max(1, ...rows.values()) * STEP.y + 40;
    const places = nodes.map((node) => {
      const at = column.get(node);
      const row = rows.get(at) ?? 0;
      rows.set(at, row + 1);
      return [node, at, row];
    });
    if (pool) shape(pool, { x: 80, y: top, width: 120 + STEP.x * Math.max(1, rows.size), height: height() }, { isHorizontal: true });
    for (const [node, at, row] of places) {
      const [width, tall] = size(node);
      shape(node, { x: 190 + at * STEP.x - width / 2, y: top + 20 + row * STEP.y + 45 - tall / 2, width, height: tall }, /SubProcess|Transaction/.test(node.$type) ? { isExpanded: false } : {});
    }
    for (const event of elements.filter((one) => one.$type === 'bpmn:BoundaryEvent')) {
      const on = boxes.get(event.attachedToRef);
      if (on) shape(event, { x: on.x + on.width - 48, y: on.y + on.height - 18, width: 36, height: 36 });
    }
    for (const flow of flows) if (boxes.has(flow.sourceRef) && boxes.has(flow.targetRef)) edge(flow, boxes.get(flow.sourceRef), boxes.get(flow.targetRef));
    top += height() + 40;
  }
  const plane = create('bpmndi:BPMNPlane', { id: `${subject.id}_plane`, bpmnElement: subject, planeElement });
  for (const one of planeElement) one.$parent = plane;
  const diagram = create('bpmndi:BPMNDiagram', { id: `${subject.id}_diagram`, plane });
  plane.$parent = diagram;
  diagram.$parent = definitions;
  definitions.get('diagrams').push(diagram);
}
