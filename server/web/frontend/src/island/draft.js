/* The private draft of one file: every change is sent to the server a moment later, so that nothing that was drawn or typed
   is lost; nobody else sees it. What could not be sent is kept in this browser and sent again, and the page says so. Saving
   into the change set is the form's business: it waits for the last change, then goes its ordinary way. */
const PAUSE = 800; // ms after the last touch
const AGAIN = [2_000, 5_000, 15_000, 30_000]; // ms until a failed save is tried again; the last one for ever

/** The text of a file, read as its first line says. */
export function decoded(bytes) {
  const head = new TextDecoder('latin1').decode(bytes.slice(0, 200));
  const utf16 = /^(\xFE\xFF|\xFF\xFE)/.exec(head);
  const label = utf16 ? (utf16[0] === '\xFE\xFF' ? 'utf-16be' : 'utf-16le') : /^[^<]*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']/.exec(head)?.[1] ?? 'utf-8';
  return new TextDecoder(label).decode(bytes);
}

export class Draft {
  /** read(): the file as it is now, as a promise of its text. */
  constructor(editor, read) {
    this.editor = editor;
    this.read = read;
    this.key = `gb-draft:${editor.dataset.draft}`;
    this.tag = null;
    this.unsent = false;
    this.failures = 0;
    this.sending = null;
  }

  /** The file as I left it: the server's, or what this browser could not send last time. */
  async load() {
    const answer = await fetch(this.editor.dataset.draft, { credentials: 'same-origin', cache: 'no-store' });
    if (!answer.ok) throw new Error(`draft: ${answer.status}`);
    this.tag = answer.headers.get('ETag');
    const text = decoded(await answer.arrayBuffer());
    const kept = this.kept();
    if (kept && kept.text !== text && kept.tag === this.tag) {
      this.unsent = true;
      this.original = text;
      this.show('restored');
      return kept.text;
    }
    if (kept && kept.text !== text) this.offer(kept);
    else localStorage.removeItem(this.key);
    if (answer.headers.get('X-Draft')) this.show('restored');
    return text;
  }

  kept() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? 'null');
    } catch {
      return null;
    }
  }

  show(name) {
    const notice = document.querySelector(`[data-${name}]`);
    if (notice) notice.hidden = false;
  }

  /** The browser holds typing that the server never got, and the file has moved on since: the person decides. */
  offer(kept) {
    const notice = document.createElement('div');
    notice.className = 'gb-notice';
    notice.dataset.tone = 'action';
    notice.dataset.left = '';
    const body = document.createElement('div');
    const words = document.createElement('p');
    words.textContent = `这台电脑上还留着 ${kept.at} 没有存上的改动，后来这个文件又改过。现在打开的是新的。`;
    const acts = document.createElement('p');
    const button = (text, act) => {
      const one = document.createElement('button');
      one.type = 'button';
      one.className = 'btn gb-plain';
      one.textContent = text;
      one.addEventListener('click', act);
      return one;
    };
    acts.append(
      button('改用留在电脑上的那一份', () => {
        localStorage.setItem(this.key, JSON.stringify({ ...kept, tag: this.tag }));
        this.unsent = false;
        location.reload();
      }),
      button('丢掉那一份', () => {
        localStorage.removeItem(this.key);
        notice.remove();
      }),
    );
    body.append(words, acts);
    notice.append(body);
    this.editor.before(notice);
  }

  /** Begin to watch; from here on `changed` sends. */
  watch() {
    addEventListener('beforeunload', (event) => {
      if (this.unsent) event.preventDefault();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden' && this.unsent) this.send();
    });
    addEventListener('online', () => this.unsent && this.send());
    document.querySelectorAll('form[data-keep]').forEach((form) => form.addEventListener('submit', (event) => this.submit(event, form)));
    if (this.unsent) this.send();
  }

  changed() {
    if ('readonly' in this.editor.dataset) return;
    this.unsent = true;
    this.version = (this.version ?? 0) + 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), PAUSE);
  }

  /** Send what is unsent; one at a time. True when the server has everything. */
  async send() {
    clearTimeout(this.timer);
    if (this.sending) await this.sending;
    if (!this.unsent) return true;
    this.sending = this.put();
    try {
      return await this.sending;
    } finally {
      this.sending = null;
    }
  }

  async put() {
    const version = this.version;
    let text;
    try {
      text = await this.read();
      const headers = { 'Content-Type': 'application/octet-stream', 'X-CSRFToken': this.editor.dataset.token };
      if (this.tag) headers['If-Match'] = this.tag;
      const answer = await fetch(this.editor.dataset.draft, { method: 'PUT', body: text, headers, credentials: 'same-origin' });
      if (!answer.ok) {
        await this.refused(answer, text);
        return false;
      }
      this.tag = answer.headers.get('ETag') ?? this.tag;
      this.failures = 0;
      if (version === this.version) this.unsent = false;
      else this.timer = setTimeout(() => this.send(), PAUSE);
      localStorage.removeItem(this.key);
      this.say(`${answer.headers.get('X-Kept-At') ?? clock()} 已自动保存`);
      return !this.unsent;
    } catch (error) {
      if (text !== undefined) this.keep(text);
      this.failed('没有存上，网络不通；改动都在这台电脑上，会自动再试');
      console.warn('draft not sent', error);
      return false;
    }
  }

  /** The server said no. What a later try can change is tried again; the rest is for the person. */
  async refused(answer, text) {
    this.keep(text);
    const problem = await answer.json().catch(() => null);
    const reason = problem?.detail ?? problem?.title ?? '';
    if (answer.status >= 500 || answer.status === 429) {
      this.failed('没有存上，系统暂时不应答；改动都在这台电脑上，会自动再试');
      return;
    }
    this.failures = 0;
    clearTimeout(this.timer);
    this.say(`没有存上：${(reason || '请刷新页面后再改，改动都在这台电脑上').replace(/。$/, '')}`, 'failed');
  }

  failed(words) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), AGAIN[Math.min(this.failures, AGAIN.length - 1)]);
    this.failures += 1;
    this.say(words, 'failed');
  }

  keep(text) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ text, tag: this.tag, at: clock() }));
    } catch {
      // the browser's store is full or closed: the file is still open, and leaving warns
    }
  }

  say(words, tone = '') {
    const mark = document.querySelector('[data-kept]');
    if (!mark) return;
    mark.querySelector('[data-kept-words]').textContent = words;
    if (tone) mark.dataset.tone = tone;
    else delete mark.dataset.tone;
    mark.hidden = false;
  }

  /** The form goes its own way after the last change is on the server; with a failed save it stays, and says why. */
  async submit(event, form) {
    if (this.passing) return;
    event.preventDefault();
    const { submitter } = event;
    if (!(await this.send())) {
      this.editor.dataset.unsent = '';
      return;
    }
    await new Promise((done) => { setTimeout(done); }); // within the event itself a form cannot be sent again
    this.passing = true;
    try {
      form.requestSubmit(submitter);
    } finally {
      this.passing = false;
    }
  }
}

const clock = () => new Date().toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: 'Asia/Shanghai' });
