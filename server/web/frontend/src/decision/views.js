/* The drawing of how the tables hang together, and each table, as buttons in words. */
const title = (view) => (view.type === 'drd' ? '关系图' : view.element.name || view.element.id);

export async function bindViews(modeler, editor, opened) {
  const nav = document.querySelector('[data-views]');
  const rule = document.querySelector('[data-act=rule]');
  const views = () => modeler.getViews();
  const show = () => {
    const active = modeler.getActiveView();
    nav?.replaceChildren(...views().map((view) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'btn gb-plain';
      button.textContent = title(view);
      button.setAttribute('aria-pressed', String(view.element === active?.element && view.type === active?.type));
      button.addEventListener('click', () => modeler.open(view));
      return button;
    }));
    if (rule) rule.hidden = active?.type !== 'decisionTable';
    editor.dataset.view = active?.type ?? '';
    opened();
  };
  modeler.on('views.changed', show);
  rule?.addEventListener('click', () => {
    const viewer = modeler.getActiveViewer();
    viewer.get('editorActions').trigger('addRule');
  });
  await modeler.open(views().find((view) => view.type === 'decisionTable') ?? views()[0]);
  show();
}
