/* The properties panel shows what our dialect has: who does a task is its lane's business, and listeners run nowhere. */
const UNUSED = new Set([
  'assignmentDefinition', 'Zeebe__TaskListeners', 'Zeebe__ExecutionListeners', 'Zeebe__ExtensionProperties',
]);

class OurGroups {
  constructor(propertiesPanel) {
    propertiesPanel.registerProvider(200, this);
  }

  getGroups() {
    return (groups) => groups.filter((group) => !UNUSED.has(group.id));
  }
}
OurGroups.$inject = ['propertiesPanel'];

export const ourGroups = () => ({ __init__: ['ourGroups'], ourGroups: ['type', OurGroups] });
