/* The buttons 撤销 and 重做 of an editor. stack(): the command stack of what is open now. */
export function bindHistory(stack) {
  const button = (name) => document.querySelector(`[data-act=${name}]`);
  const can = { undo: () => stack()?.canUndo(), redo: () => stack()?.canRedo() };
  const show = () => {
    for (const name of Object.keys(can)) button(name)?.setAttribute('aria-disabled', String(!can[name]()));
  };
  for (const name of Object.keys(can)) button(name)?.addEventListener('click', () => can[name]() && stack()[name]());
  show();
  return { show };
}
