/* A pressed button answers: nothing before 400 ms, then it says 正在提交…; a second press is not sent. A disabled
   primary stays focusable (aria-disabled) and does nothing. */
const waiting = new Set();

function busy(button) {
  button.dataset.label = button.innerHTML;
  button.textContent = button.dataset.busy || '正在提交…';
  button.setAttribute('aria-disabled', 'true');
}

function calm(button) {
  if (button.dataset.label === undefined) return;
  button.innerHTML = button.dataset.label;
  delete button.dataset.label;
  button.removeAttribute('aria-disabled');
}

document.addEventListener('click', (event) => {
  if (event.target.closest('[aria-disabled=true]')) event.preventDefault();
}, true);

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === 'dialog' || form.method === 'get') return;
  if (waiting.has(form)) {
    event.preventDefault();
    return;
  }
  waiting.add(form);
  const button = event.submitter;
  if (button?.matches('.btn')) setTimeout(() => waiting.has(form) && busy(button), 400);
});

function release() {
  waiting.clear();
  document.querySelectorAll('.btn[data-label]').forEach(calm);
}
addEventListener('pageshow', release);
document.addEventListener('htmx:after:request', release);
document.addEventListener('htmx:error', release);
