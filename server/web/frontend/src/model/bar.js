/* Undo, redo, zoom: the buttons around the canvas. */
export function bindBar(modeler, editor) {
  const canvas = modeler.get('canvas');
  const stack = modeler.get('commandStack');
  const button = (name) => document.querySelector(`[data-act=${name}]`);
  const acts = {
    undo: () => stack.canUndo() && stack.undo(),
    redo: () => stack.canRedo() && stack.redo(),
    fit: () => fit(canvas),
    in: () => canvas.zoom(Math.min(4, canvas.zoom() * 1.2)),
    out: () => canvas.zoom(Math.max(0.2, canvas.zoom() / 1.2)),
  };
  for (const [name, act] of Object.entries(acts)) button(name).addEventListener('click', act);

  const show = () => {
    button('undo').setAttribute('aria-disabled', String(!stack.canUndo()));
    button('redo').setAttribute('aria-disabled', String(!stack.canRedo()));
  };
  const percent = () => { editor.querySelector('[data-zoom]').textContent = `${Math.round(canvas.zoom() * 100)}%`; };
  modeler.on('commandStack.changed', show);
  modeler.on('canvas.viewbox.changed', percent);
  percent();
}

/** The whole drawing with a little air around it. */
export function fit(canvas) {
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(canvas.zoom() * 0.96);
}

/** Whether the whole drawing is in view now. */
export function seesAll(canvas) {
  const { x, y, width, height, inner } = canvas.viewbox();
  return inner.x >= x && inner.y >= y && inner.x + inner.width <= x + width && inner.y + inner.height <= y + height;
}
