/* The error summary takes the focus when a page shows one, its links put the cursor into the field; after a swap the
   focus lands on what was swapped when it would otherwise be lost (ui.md §4.10, §6). */
function focusErrors(root) {
  const errors = root.querySelector?.('.gb-errors');
  if (!errors) return false;
  errors.setAttribute('tabindex', '-1');
  errors.focus();
  return true;
}

/* A page that follows on a finished task (<main data-arrived>) begins at its heading. */
if (!focusErrors(document)) {
  const heading = document.querySelector('main[data-arrived] h1');
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('.gb-errors a[href^="#"]');
  if (!link) return;
  const place = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  const field = place?.matches('input, select, textarea, button, a') ? place : place?.querySelector('input, select, textarea');
  if (!field) return;
  event.preventDefault();
  field.focus();
  (field.closest('.gb-field, fieldset') ?? field).scrollIntoView({ block: 'center' });
});

document.addEventListener('htmx:after:swap', () => {
  if (document.activeElement && document.activeElement !== document.body) return;
  const heading = document.querySelector('[data-focus]');
  if (!focusErrors(document) && heading) {
    heading.setAttribute('tabindex', '-1');
    heading.focus({ preventScroll: true });
  }
});
