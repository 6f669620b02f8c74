/* A model without a diagram is given one, so that it can be seen and edited. */
import { BpmnModdle } from 'bpmn-moddle';
import { moddleExtensions } from '../diagram.js';
import { layout } from './layout.js';

/** The text itself when it holds a diagram, else with one. */
export async function drawn(text) {
  const moddle = new BpmnModdle(moddleExtensions);
  const { rootElement } = await moddle.fromXML(text, 'bpmn:Definitions');
  if (rootElement.get('diagrams').some((one) => one.plane)) return text;
  layout(rootElement, moddle);
  return (await moddle.toXML(rootElement, { format: true })).xml;
}
