/* Reading the drawing: flows, lanes, the split of a parallel review and its join, what a task stores its outcome in. */
export const is = (element, type) => element?.type === `bpmn:${type}`;
export const flowsOut = (element) => (element?.outgoing ?? []).filter((one) => is(one, 'SequenceFlow'));
export const flowsIn = (element) => (element?.incoming ?? []).filter((one) => is(one, 'SequenceFlow'));
export const middle = (element) => ({ x: Math.round(element.x + element.width / 2), y: Math.round(element.y + element.height / 2) });

/** The split that is selected or stands before what is selected, else the only one there is. */
export function splitOf(modeler) {
  const splits = modeler.get('elementRegistry').filter((one) => is(one, 'ParallelGateway') && flowsOut(one).length > 1);
  const [selected] = modeler.get('selection').get();
  const before = flowsIn(selected).map((flow) => flow.source);
  return splits.find((one) => one === selected || before.includes(one)) ?? (!is(selected, 'SequenceFlow') && splits.length === 1 ? splits[0] : undefined);
}

/** Where all branches of a split meet: the first join each of them reaches. */
export function joinOf(split) {
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

export const lanes = (modeler) => modeler.get('elementRegistry').filter((one) => is(one, 'Lane'));

/** The lane an element lies in, read from the model (lanes are drawn under, not around). */
export const laneOf = (modeler, element) => lanes(modeler).find((one) => (one.businessObject.flowNodeRef ?? []).includes(element.businessObject));

/** The variable in which a task before an element stores the person's outcome: '' when none does. */
export function outcomeBefore(element) {
  const seen = new Set();
  const next = flowsIn(element).map((flow) => flow.source);
  while (next.length) {
    const at = next.shift();
    if (seen.has(at)) continue;
    seen.add(at);
    for (const value of at.businessObject.extensionElements?.get('values') ?? []) {
      if (value.$type !== 'zeebe:IoMapping') continue;
      const found = (value.outputParameters ?? []).find((one) => one.source === '=outcome');
      if (found) return { task: at, variable: found.target };
    }
    next.push(...flowsIn(at).map((flow) => flow.source));
  }
  return null;
}

export function freeId(modeler, stem) {
  const registry = modeler.get('elementRegistry');
  if (!registry.get(stem)) return stem;
  for (let n = 2; ; n += 1) if (!registry.get(`${stem}_${n}`)) return `${stem}_${n}`;
}
