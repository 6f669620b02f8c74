/* A part of a page could not be fetched: the session has ended, the object is gone, the server refused. Nothing is swapped
   in then; the page is opened as a whole instead, which says what happened. What was entered is kept (drafts.js). */
document.addEventListener('htmx:before:response', (event) => {
  const { response: { raw }, sourceElement } = event.detail.ctx;
  if (raw.ok && !raw.redirected) return;
  event.preventDefault();
  location.assign(sourceElement.closest('a[href]')?.href ?? `${location.pathname}${location.search}`);
});
