/* Our templates: what a designer says in one word, drawn with everything the dialect and the law want of it. Each is one step
   to undo. 部门审查 joins the parallel review; 一次告知补正 hangs on the gateway that is selected; the others go into the
   flow that is selected. */
import { fit, seesAll } from './bar.js';
import { ask } from './dialog.js';
import { flowsOut, is, joinOf, laneOf, lanes, middle, outcomeBefore, splitOf } from './graph.js';
import { outputs } from './extensions.js';
import { act, chosenFlow, element, insert, join, laneFor, makeRoom, place, task } from './making.js';

const OWNER = '建设单位';
const PERMIT = 'permit'; // made by its own handler, not a paper of the list

export function bindTemplates(modeler, editor) {
  const given = (name) => JSON.parse(editor.dataset[name] ?? '[]');
  const units = given('units').map((one) => [one, one]);
  const forms = given('forms');
  const transitions = given('transitions');
  const papers = given('papers');
  const fields = {
    name: (value) => ({ name: 'name', label: '任务名称', value, max: 14 }),
    unit: () => ({ name: 'unit', label: '由哪个科室办', options: units }),
    form: (hint) => ({ name: 'form', label: '用哪张表单', options: forms, value: forms.find(([id]) => id.includes(hint))?.[0] }),
    paper: () => ({ name: 'paper', label: '制发什么', options: [[PERMIT, '许可证（按证照规则编号）'], ...papers] }),
    transition: () => ({ name: 'transition', label: '记成什么状态', options: transitions }),
  };
  const summary = editor.querySelector('[data-summary]');
  const where = () => {
    const flow = chosenFlow(modeler);
    return flow ? `加在“${flow.source.businessObject.name || '上一步'}”和“${flow.target.businessObject.name || '下一步'}”之间，后面的往右让开。` : '';
  };

  const templates = {
    review: {
      title: '加一个部门审查',
      hint: () => {
        const split = splitOf(modeler);
        if (split && joinOf(split)) return `加进“${split.businessObject.name || '并行'}”，和其他审查同时办；没有这个科室的泳道就在审查的泳道下面加一条。`;
        return where();
      },
      fields: () => [fields.name('部门审查'), fields.unit(), fields.form('review')],
      add: (choice) => {
        const split = splitOf(modeler);
        return split && joinOf(split) ? review(modeler, split, choice) : insert(modeler, chosenFlow(modeler), [{ unit: choice.unit, shape: task(modeler, 'task_review', choice.name, choice.form, (id) => ({ [`${id}_outcome`]: '=outcome' })) }]);
      },
      lacks: '先在图上点一条连线，或者点并行审查的网关',
    },
    consult: {
      title: '征求一个部门的意见',
      hint: where,
      fields: () => [fields.name('征求意见'), fields.unit(), fields.form('review')],
      add: ({ name, unit, form }) => insert(modeler, chosenFlow(modeler), [{ unit, shape: task(modeler, 'task_consult', name, form, (id) => ({ [`${id}_outcome`]: '=outcome' })) }]),
    },
    stop: {
      title: '停表，办完特别程序再走',
      hint: () => where() && `${where()}停表和恢复成对记下，期间不算办理时限。`,
      fields: () => [fields.name('特别程序'), fields.unit(), fields.form('review')],
      add: ({ name, unit, form }) => insert(modeler, chosenFlow(modeler), [
        { shape: act(modeler, 'act_stopped', '停表', { transition: 'special_started' }) },
        { unit, shape: task(modeler, 'task_special', name, form, (id) => ({ [`${id}_outcome`]: '=outcome' })) },
        { shape: act(modeler, 'act_resumed', '恢复计时', { transition: 'special_ended' }) },
        { shape: act(modeler, 'act_review_again', '转部门办理', { transition: 'in_review' }) },
      ]),
    },
    paper: {
      title: '制证送达',
      hint: where,
      fields: () => [fields.paper(), fields.unit(), fields.form('deliver')],
      add: ({ paper, unit, form }) => insert(modeler, chosenFlow(modeler), [
        { shape: paper !== PERMIT ? act(modeler, 'act_paper', '制发文书', { transition: 'completed', paper }) : act(modeler, 'act_issue', '制证', { transition: 'completed' }, { type: 'issue_permit' }) },
        { unit, shape: task(modeler, 'task_deliver', paper !== PERMIT ? '送达文书' : '送达证书', form, (id) => ({ [`${id}_outcome`]: '=outcome' })) },
      ]),
    },
    record: {
      title: '记录状态',
      hint: where,
      fields: () => [fields.transition()],
      add: ({ transition }) => {
        const word = transitions.find(([key]) => key === transition)?.[1] ?? '状态';
        return insert(modeler, chosenFlow(modeler), [{ shape: act(modeler, `act_${transition}`, `记录${word}`.slice(0, 14), { transition }) }]);
      },
    },
    correction: {
      title: '一次告知补正',
      hint: () => {
        const gate = correctable(modeler);
        return gate ? `接在网关“${gate.businessObject.name || '判断'}”上：缺件时一次告知，由${OWNER}补正，补正后回到“${outcomeBefore(gate).task.businessObject.name}”；期满不补的记录撤件。` : '';
      },
      fields: () => [fields.form('correction')],
      add: ({ form }) => correction(modeler, correctable(modeler), form),
      lacks: '先在图上点收件审查后面的那个判断网关',
    },
  };

  modeler.get('commandStack').registerHandler('gb.template', Template);
  editor.querySelector('.gb-palette').addEventListener('click', (event) => {
    const template = templates[event.target.closest('[data-tool]')?.dataset.tool];
    if (!template) return;
    const hint = template.hint();
    if (!hint) {
      summary.textContent = template.lacks ?? '先在图上点一条连线：加在哪一步后面';
      return;
    }
    const selected = modeler.get('selection').get();
    ask({ title: template.title, hint, fields: template.fields() }, (choice) => {
      const whole = seesAll(modeler.get('canvas'));
      modeler.get('selection').select(selected);
      const context = { run: () => template.add(choice) };
      modeler.get('commandStack').execute('gb.template', context);
      modeler.get('selection').select(context.made);
      if (whole) fit(modeler.get('canvas'));
      else modeler.get('canvas').scrollToElement(context.made, 60);
    });
  });
}

/** Everything a template draws is one command, so one press on 撤销 takes it away. */
class Template {
  preExecute(context) {
    context.made = context.run();
  }

  execute() {
    return [];
  }

  revert() {
    return [];
  }
}

/** A review beside the others of a parallel split, in the column of their tasks. */
function review(modeler, split, { name, unit, form }) {
  const joined = joinOf(split);
  const reviews = flowsOut(split).map((flow) => flow.target);
  const lane = laneFor(modeler, unit, reviews.map((one) => laneOf(modeler, one)));
  const columns = reviews.filter((one) => one.type.endsWith('Task')).map((one) => middle(one).x).sort((one, other) => one - other);
  let x = columns[0] ?? (middle(split).x + middle(joined).x) / 2;
  const y = lane ? middle(lane).y : middle(split).y + 110;
  const taken = (at) => modeler.get('elementRegistry').find((one) => one.type.endsWith('Task') && Math.abs(middle(one).x - at) < 110 && Math.abs(middle(one).y - y) < 90);
  while (taken(x)) x += 120;
  const made = place(modeler, task(modeler, 'task_review', name, form, (id) => ({ [`${id}_outcome`]: '=outcome' })), { x, y }, split);
  const stem = made.id.replace(/^task_/, '');
  join(modeler, split, made, [{ x: middle(split).x, y: split.y + split.height }, { x: middle(split).x, y }, { x: made.x, y }], { id: `flow_${stem}` });
  join(modeler, made, joined, [{ x: made.x + made.width, y }, { x: middle(joined).x, y }, { x: middle(joined).x, y: joined.y + joined.height }], { id: `flow_${stem}_done` });
  return made;
}

/** The selected exclusive gateway when a person's outcome leads to it. */
function correctable(modeler) {
  const [selected] = modeler.get('selection').get();
  return is(selected, 'ExclusiveGateway') && outcomeBefore(selected) ? selected : undefined;
}

/** Tell once what is missing, let the owner mend it, and come back to the task; a correction nobody makes ends the case. */
function correction(modeler, gate, form) {
  const modeling = modeler.get('modeling');
  const factory = modeler.get('bpmnFactory');
  const { task: asked, variable } = outcomeBefore(gate);
  const corrected = freeName(modeler);
  const owner = lanes(modeler).find((one) => one.businessObject.name === OWNER);
  const lane = laneOf(modeler, gate);
  // two rows above the gateway: the notice in its own lane, the owner's task in the owner's lane (or above the notice)
  const top = lane && owner && owner !== lane ? lane.y : undefined;
  makeRoom(modeler, 'y', lane ? lane.y + 5 : middle(gate).y - 60, (top === undefined ? 260 : 190) - (middle(gate).y - (top ?? gate.parent?.y ?? 0)));
  const row = middle(gate).y - 120;
  const above = owner && owner !== lane ? Math.round(owner.y + owner.height / 2) : row - 120;
  const x = middle(gate).x;
  const notice = place(modeler, act(modeler, 'act_notify_correction', '一次告知补正', { transition: 'correction_started', paper: 'correction-notice' }), { x, y: row }, gate);
  const correct = place(modeler, task(modeler, 'task_correct', '补正材料', form), { x, y: above }, gate);
  const back = place(modeler, act(modeler, 'act_corrected', '记录补正', { transition: 'correction_ended' }, { mapping: { [corrected]: '=true' } }), { x: middle(asked).x, y: row }, gate);
  const expired = modeling.createShape(expiry(modeler), { x: correct.x + correct.width, y: correct.y + correct.height - 10 }, correct, { attach: true });
  const pulled = place(modeler, act(modeler, 'act_pulled', '记录撤件', { transition: 'pulled', paper: 'withdrawal-notice' }), { x: x + 170, y: above }, gate);
  const end = place(modeler, element(modeler, 'EndEvent', 'end_pulled', '已撤件'), { x: x + 300, y: above }, gate);
  join(modeler, gate, notice, [{ x, y: gate.y }, { x, y: notice.y + notice.height }], { id: 'flow_correct', name: '缺件，首次', condition: `=${variable} = "correct" and ${corrected} = false` });
  join(modeler, notice, correct, [{ x, y: notice.y }, { x, y: correct.y + correct.height }], { id: 'flow_ask' });
  join(modeler, correct, back, [{ x: correct.x, y: above }, { x: middle(back).x, y: above }, { x: middle(back).x, y: back.y }], { id: 'flow_corrected' });
  join(modeler, back, asked, [{ x: middle(back).x, y: back.y + back.height }, { x: middle(asked).x, y: asked.y }], { id: 'flow_again' });
  join(modeler, expired, pulled, undefined, { id: 'flow_expired' });
  join(modeler, pulled, end, undefined, { id: 'flow_pulled' });
  startWith(modeler, gate, corrected, factory);
  return notice;
}

/** The message of the ledger that the correction's days have passed. */
function expiry(modeler) {
  const factory = modeler.get('bpmnFactory');
  const definitions = modeler.getDefinitions();
  let message = definitions.get('rootElements').find((one) => one.$type === 'bpmn:Message' && one.name === 'correction.expired');
  if (!message) {
    const subscription = factory.create('zeebe:Subscription', { correlationKey: '=case_id' });
    const extensionElements = factory.create('bpmn:ExtensionElements', { values: [subscription] });
    subscription.$parent = extensionElements;
    message = factory.create('bpmn:Message', { id: 'message_correction_expired', name: 'correction.expired', extensionElements });
    extensionElements.$parent = message;
    message.$parent = definitions;
    definitions.get('rootElements').push(message);
  }
  const shape = element(modeler, 'BoundaryEvent', 'event_correction_expired', '补正期满', [], { eventDefinitionType: 'bpmn:MessageEventDefinition' });
  shape.businessObject.eventDefinitions[0].messageRef = message;
  return shape;
}

function freeName(modeler) {
  const written = new Set(modeler.get('elementRegistry').getAll().flatMap((one) => (one.businessObject?.extensionElements?.get('values') ?? [])
    .flatMap((value) => (value.outputParameters ?? []).map((output) => output.target))));
  return written.has('corrected') ? 'corrected_again' : 'corrected';
}

/** The case begins uncorrected: whoever asks for it later finds the variable written. */
function startWith(modeler, near, variable, factory) {
  const start = modeler.get('elementRegistry').find((one) => is(one, 'StartEvent') && one.parent === near.parent);
  if (!start) return;
  const holder = start.businessObject.extensionElements ?? factory.create('bpmn:ExtensionElements', { values: [] });
  const before = holder.get('values').find((one) => one.$type === 'zeebe:IoMapping');
  const kept = Object.fromEntries((before?.outputParameters ?? []).map((one) => [one.target, one.source]));
  const mapping = outputs(factory, { ...kept, [variable]: '=false' });
  const extensionElements = factory.create('bpmn:ExtensionElements', { values: [...holder.get('values').filter((one) => one !== before), mapping] });
  mapping.$parent = extensionElements;
  extensionElements.$parent = start.businessObject;
  modeler.get('modeling').updateProperties(start, { extensionElements });
}
