/* What the person sees who fills the form: drawn by the server from the form as it is now. Answers tried in it are sent
   along, so that conditions show; they are kept nowhere. */
const PAUSE = 600;

export class Preview {
  constructor(editor, read) {
    this.address = editor.dataset.previewAddress;
    this.token = editor.dataset.token;
    this.read = read;
    this.place = document.querySelector('[data-preview]');
    this.asked = 0;
    this.place?.addEventListener('change', () => this.draw());
    this.place?.addEventListener('submit', (event) => event.preventDefault());
  }

  changed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw(), PAUSE);
  }

  async draw() {
    if (!this.address || !this.place) return;
    const mine = ++this.asked;
    const text = await this.read();
    const form = this.place.querySelector('form[data-preview-answers]');
    const focused = this.place.contains(document.activeElement) ? document.activeElement.id : '';
    const body = form ? JSON.stringify({ form: JSON.parse(text), answers: answersOf(form) }) : text;
    try {
      const answer = await fetch(this.address, {
        method: 'POST', body, credentials: 'same-origin',
        headers: { 'Content-Type': form ? 'application/json' : 'application/octet-stream', 'X-CSRFToken': this.token },
      });
      if (mine !== this.asked) return;
      if (!answer.ok) throw new Error(String(answer.status));
      this.place.innerHTML = await answer.text();
      if (focused) document.getElementById(focused)?.focus();
    } catch (error) {
      if (mine === this.asked) this.place.dataset.stale = '';
      console.warn('no preview', error);
    }
  }
}

/** Every answer by its name; what stands several times is a list. */
function answersOf(form) {
  const answers = {};
  for (const [name, value] of new FormData(form)) {
    if (name in answers) answers[name] = [answers[name], value].flat();
    else answers[name] = value;
  }
  return answers;
}
