/* Elements with what our dialect needs, lanes, and room: the building blocks of the templates. */
import { extend, headers, outputs } from './extensions.js';
import { flowsOut, freeId, laneOf, lanes, middle } from './graph.js';
import { lowest } from './tools.js';

/** An element that is not on the canvas yet, with an id of its own. */
export function element(modeler, type, id, name, values = [], more = {}) {
  const shape = modeler.get('elementFactory').createShape({ type: `bpmn:${type}`, ...more });
  const object = shape.businessObject;
  modeler.get('moddle').ids?.unclaim(object.id);
  object.id = freeId(modeler, id);
  modeler.get('moddle').ids?.claim(object.id, object);
  object.name = name;
  shape.id = object.id;
  if (values.length) extend(modeler.get('bpmnFactory'), object, values);
  return shape;
}

export function task(modeler, id, name, form, mapping) {
  const factory = modeler.get('bpmnFactory');
  const values = [factory.create('zeebe:UserTask', {}), factory.create('zeebe:FormDefinition', { formId: form })];
  return element(modeler, 'UserTask', id, name, [...values, ...(mapping ? [outputs(factory, mapping(freeId(modeler, id)))] : [])]);
}

/** A service task whose handler records an act; keys are its headers. */
export function act(modeler, id, name, keys, { type = 'record', mapping } = {}) {
  const factory = modeler.get('bpmnFactory');
  const values = [factory.create('zeebe:TaskDefinition', { type, retries: '3' }), headers(factory, keys)];
  return element(modeler, 'ServiceTask', id, name, [...values, ...(mapping ? [outputs(factory, mapping)] : [])]);
}

/** The unit's lane; a new one comes right below the lowest of the lanes given, so that the flow descends. */
export function laneFor(modeler, unit, near = []) {
  const known = lanes(modeler).find((one) => one.businessObject.name === unit);
  if (known || !unit) return known;
  const last = lowest(near.filter(Boolean)) ?? lowest(lanes(modeler)) ?? modeler.get('elementRegistry').find((one) => one.type === 'bpmn:Participant');
  if (!last) return undefined;
  const lane = modeler.get('modeling').addLane(last, 'bottom');
  modeler.get('modeling').updateProperties(lane, { name: unit });
  return lane;
}

/** Push everything right of x (or below y) away, lanes and pool growing with it. */
export function makeRoom(modeler, axis, start, delta, staying = []) {
  if (delta <= 0) return;
  const space = modeler.get('spaceTool');
  const root = modeler.get('canvas').getRootElement();
  const everything = modeler.get('elementRegistry').filter((one) => one.parent && one !== root && modeler.get('canvas').findRoot(one) === root && !staying.includes(one));
  const adjusted = space.calculateAdjustments(everything, axis, delta, start);
  const shift = axis === 'x' ? { x: delta, y: 0 } : { x: 0, y: delta };
  modeler.get('modeling').createSpace(adjusted.movingShapes, adjusted.resizingShapes, shift, axis === 'x' ? 'e' : 's', start);
}

const pool = (modeler, near) => near.parent ?? modeler.get('canvas').getRootElement();

export const place = (modeler, shape, at, near) => modeler.get('modeling').createShape(shape, at, pool(modeler, near));

/** A flow with corners of our own; name and condition when it is one exit of several. */
export function join(modeler, from, to, waypoints, { name, condition, id } = {}) {
  const flow = modeler.get('modeling').connect(from, to);
  if (waypoints) modeler.get('modeling').updateWaypoints(flow, waypoints);
  const properties = { id: freeId(modeler, id ?? `flow_${to.id.replace(/^(task|act|end|event)_/, '')}`) };
  if (name) properties.name = name;
  if (condition) properties.conditionExpression = modeler.get('bpmnFactory').create('bpmn:FormalExpression', { body: condition });
  modeler.get('modeling').updateProperties(flow, properties);
  return flow;
}

/** Put elements into a flow, one after another; each in its unit's lane, else on the row of the flow's source. */
export function insert(modeler, flow, steps) {
  const modeling = modeler.get('modeling');
  const { source, target } = flow;
  const units = steps.map(({ unit }) => laneFor(modeler, unit, [laneOf(modeler, source), laneOf(modeler, target)]));
  const from = middle(source).x + source.width / 2;
  const need = steps.length * 150 + 40;
  const row = middle(source).y;
  const start = Math.min(from + 10, target.x - 5);
  // What stands left of the new elements stays, even when the target stands right below the source.
  const staying = modeler.get('elementRegistry').filter((one) => one === source || one.labelTarget === source || one.host === source || (one.x < from && Math.abs(middle(one).y - row) < 60 && !one.waypoints && !/Lane|Participant/.test(one.type)));
  makeRoom(modeler, 'x', start, need - (target.x - from - 10), staying);
  let before = source;
  let x = from + 100;
  steps.forEach(({ shape }, index) => {
    const lane = units[index];
    const y = lane && lane !== laneOf(modeler, source) ? middle(lane).y : row;
    const made = place(modeler, shape, { x, y }, source);
    if (index === 0) modeling.reconnectEnd(flow, made, { x: made.x, y: middle(made).y });
    else join(modeler, before, made);
    before = made;
    x += 150;
  });
  join(modeler, before, target);
  modeling.layoutConnection(flow);
  return before;
}

/** The flow a template goes into: the selected one, else the only one that leaves what is selected. */
export function chosenFlow(modeler) {
  const [selected] = modeler.get('selection').get();
  if (selected?.type === 'bpmn:SequenceFlow') return selected;
  const out = flowsOut(selected);
  return out.length === 1 ? out[0] : undefined;
}
