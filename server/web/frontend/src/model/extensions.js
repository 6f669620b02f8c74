/* Small helpers to give an element the extension elements of the Zeebe dialect. */
export function extend(factory, businessObject, values) {
  const holder = businessObject.extensionElements ?? factory.create('bpmn:ExtensionElements', { values: [] });
  holder.$parent = businessObject;
  for (const value of values) {
    value.$parent = holder;
    holder.get('values').push(value);
  }
  businessObject.extensionElements = holder;
}

export function headers(factory, keys) {
  const values = Object.entries(keys).map(([key, value]) => factory.create('zeebe:Header', { key, value }));
  const all = factory.create('zeebe:TaskHeaders', { values });
  for (const one of values) one.$parent = all;
  return all;
}

export function outputs(factory, mapping) {
  const outputParameters = Object.entries(mapping).map(([target, source]) => factory.create('zeebe:Output', { source, target }));
  const all = factory.create('zeebe:IoMapping', { outputParameters });
  for (const one of outputParameters) one.$parent = all;
  return all;
}
