/* Asks the server what is wrong with the file after each change and shows its list below the editor; nothing is judged
   here. A later answer of an earlier question is dropped. draw(rows) marks what the rows name. */
const PAUSE = 500;

export class Lint {
  /** read(): the file as it is now, as a promise of its text; draw(list): the new list stands, mark what it names. */
  constructor(editor, read, draw) {
    this.editor = editor;
    this.read = read;
    this.draw = draw;
    this.list = editor.querySelector('[data-findings]') ?? document.querySelector('[data-findings]');
    this.summary = editor.querySelector('[data-summary]') ?? document.querySelector('[data-summary]');
    this.asked = 0;
  }

  changed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const mine = ++this.asked;
    this.editor.dataset.checking = '';
    try {
      const answer = await fetch(this.editor.dataset.lint, {
        method: 'POST', body: await this.read(), credentials: 'same-origin',
        headers: { 'Content-Type': 'application/octet-stream', 'X-CSRFToken': this.editor.dataset.token },
      });
      if (mine !== this.asked) return;
      if (!answer.ok) throw new Error(String(answer.status));
      this.list.innerHTML = await answer.text();
      this.say(this.list.querySelector('[data-difference]')?.textContent ?? '');
      this.draw(this.list);
    } catch (error) {
      if (mine === this.asked) this.say('没有检查成，改动都还在；连上网再改一处就会重查');
      console.warn('not linted', error);
    } finally {
      if (mine === this.asked) delete this.editor.dataset.checking;
    }
  }

  say(words) {
    if (this.summary) this.summary.textContent = words;
  }
}
