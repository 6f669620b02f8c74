/* "部门审查" as one act: a lane for the unit when it has none, its task in the column of the other reviews, and the two
   flows from the parallel split to the join. Without a parallel review in the model the task is drawn alone. */
import { fit, seesAll } from './bar.js';
import { extend, outputs } from './extensions.js';
import { lowest } from './tools.js';

const is = (element, type) => element?.type === `bpmn:${type}`;
const flowsOut = (element) => (element?.outgoing ?? []).filter((one) => is(one, 'SequenceFlow'));
const flowsIn = (element) => (element?.incoming ?? []).filter((one) => is(one, 'SequenceFlow'));

/** The split that is selected or stands before what is selected, else the only one there is. */
function splitOf(modeler) {
  const splits = modeler.get('elementRegistry').filter((one) => is(one, 'ParallelGateway') && flowsOut(one).length > 1);
  const [selected] = modeler.get('selection').get();
  const before = flowsIn(selected).map((flow) => flow.source);
  return splits.find((one) => one === selected || before.includes(one)) ?? (splits.length === 1 ? splits[0] : undefined);
}

/** Where all branches of a split meet: the first join each of them reaches. */
function joinOf(split) {
  const reached = flowsOut(split).map((flow) => {
    const seen = new Set();
    let at = flow.target;
    while (at && !seen.has(at)) {
      if (is(at, 'ParallelGateway') && flowsIn(at).length > 1) return at;
      seen.add(at);
      at = flowsOut(at)[0]?.target;
    }
    return undefined;
  });
  return reached[0] && reached.every((one) => one === reached[0]) ? reached[0] : undefined;
}

/** The lane an element lies in, read from the model (lanes are drawn under, not around). */
function laneOf(modeler, element) {
  return modeler.get('elementRegistry').find((one) => is(one, 'Lane') && (one.businessObject.flowNodeRef ?? []).includes(element.businessObject));
}

/** The unit's lane; a new one comes right below the lowest of the reviews that are there, so that the flow descends. */
function laneFor(modeler, unit, split) {
  const registry = modeler.get('elementRegistry');
  const lanes = registry.filter((one) => is(one, 'Lane'));
  const known = lanes.find((one) => one.businessObject.name === unit);
  if (known) return known;
  const reviews = split ? flowsOut(split).map((flow) => laneOf(modeler, flow.target)).filter(Boolean) : [];
  const last = lowest(reviews) ?? lowest(lanes) ?? registry.find((one) => is(one, 'Participant'));
  if (!last) return undefined;
  const lane = modeler.get('modeling').addLane(last, 'bottom');
  modeler.get('modeling').updateProperties(lane, { name: unit });
  return lane;
}

function freeId(modeler, stem) {
  const registry = modeler.get('elementRegistry');
  for (let n = 1; ; n += 1) if (!registry.get(`${stem}_${n}`)) return `${stem}_${n}`;
}

/** The middle of the column of the other reviews, in the lane; beside what already stands there. */
function placeIn(modeler, lane, split, join) {
  const tasks = flowsOut(split).map((flow) => flow.target).filter((one) => one.type.endsWith('Task'));
  const middles = tasks.map((one) => one.x + one.width / 2).sort((one, other) => one - other);
  let x = middles[0] ?? (split.x + join.x) / 2;
  const y = Math.round(lane.y + lane.height / 2);
  const taken = (at) => modeler.get('elementRegistry').find((one) => one.type.endsWith('Task') && Math.abs(one.x + one.width / 2 - at) < 110 && Math.abs(one.y + one.height / 2 - y) < 90);
  while (taken(x)) x += 120;
  return { x, y };
}

function task(modeler, { name, form }) {
  const factory = modeler.get('bpmnFactory');
  const shape = modeler.get('elementFactory').createShape({ type: 'bpmn:UserTask' });
  const object = shape.businessObject;
  const id = freeId(modeler, 'task_review');
  modeler.get('moddle').ids?.unclaim(object.id);
  object.id = id;
  object.name = name;
  shape.id = id;
  extend(factory, object, [
    factory.create('zeebe:UserTask', {}),
    factory.create('zeebe:FormDefinition', { formId: form }),
    outputs(factory, { [`${id}_outcome`]: '=outcome' }),
  ]);
  return shape;
}

function add(modeler, choice) {
  const modeling = modeler.get('modeling');
  const canvas = modeler.get('canvas');
  const whole = seesAll(canvas);
  const split = splitOf(modeler);
  const join = split && joinOf(split);
  const lane = laneFor(modeler, choice.unit, split);
  const pool = modeler.get('elementRegistry').find((one) => is(one, 'Participant')) ?? modeler.get('canvas').getRootElement();
  const around = lane ?? pool;
  const at = split && join && lane ? placeIn(modeler, lane, split, join) : { x: around.x + 200, y: around.y + 60 };
  const made = modeling.createShape(task(modeler, choice), at, pool);
  if (split && join && lane) {
    const middle = (element) => ({ x: element.x + element.width / 2, y: element.y + element.height / 2 });
    const into = modeling.connect(split, made);
    const out = modeling.connect(made, join);
    modeling.updateWaypoints(into, [{ x: middle(split).x, y: split.y + split.height }, { x: middle(split).x, y: middle(made).y }, { x: made.x, y: middle(made).y }]);
    modeling.updateWaypoints(out, [{ x: made.x + made.width, y: middle(made).y }, { x: middle(join).x, y: middle(made).y }, { x: middle(join).x, y: join.y + join.height }]);
  }
  modeler.get('selection').select(made);
  if (whole) fit(canvas);
  else canvas.scrollToElement(made, 60);
}

export function bindReview(modeler, editor) {
  const dialog = document.getElementById('review');
  const form = dialog.querySelector('[data-review]');
  editor.querySelector('[data-tool=review]').addEventListener('click', () => {
    const split = splitOf(modeler);
    const where = split && joinOf(split);
    dialog.querySelector('[data-review-hint]').textContent = where
      ? `加进“${split.businessObject.name || '并行'}”，和其他审查同时办；没有这个科室的泳道就在审查的泳道下面加一条。`
      : '图上没有选中并行审查，任务会单独放在科室的泳道里，再自己连线。';
    dialog.showModal();
  });
  form.addEventListener('submit', () => {
    const value = (id) => dialog.querySelector(`#review-${id}`).value.trim();
    add(modeler, { name: value('name'), unit: value('unit'), form: value('form') });
  });
}
