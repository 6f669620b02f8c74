/* data-open="id" opens the native <dialog id>; data-close inside it closes it. Escape and the return of the focus to
   the opener come with the element. */
document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-open]');
  if (opener) {
    const dialog = document.getElementById(opener.dataset.open);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  event.target.closest('[data-close]')?.closest('dialog')?.close();
});
