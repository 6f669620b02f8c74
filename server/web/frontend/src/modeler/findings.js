/* Sends the model to the server after each edit, shows its list of findings below the canvas, and puts a badge on every
   element that is named there. A later answer of an earlier question is dropped. */
const PAUSE = 500;
const BADGE = 'gb-finding';

export class Findings {
  constructor(modeler, editor) {
    this.modeler = modeler;
    this.editor = editor;
    this.list = editor.querySelector('[data-findings]');
    this.summary = editor.querySelector('[data-summary]');
    this.asked = 0;
    this.marked = [];
    this.path = [];
  }

  async watch() {
    let timer;
    this.modeler.on('commandStack.changed', () => {
      clearTimeout(timer);
      this.showPath(null);
      timer = setTimeout(() => this.ask(), PAUSE);
    });
    this.list.addEventListener('click', (event) => this.clicked(event));
    addEventListener('hashchange', () => this.goTo(decodeURIComponent(location.hash.slice(1))));
    await this.ask();
  }

  async ask() {
    const mine = ++this.asked;
    this.editor.dataset.checking = '';
    try {
      const { xml } = await this.modeler.saveXML({ format: false });
      const form = new FormData();
      form.append('model', new Blob([xml], { type: 'application/xml' }), this.editor.dataset.file);
      const answer = await fetch(this.editor.dataset.lint, {
        method: 'POST', body: form, credentials: 'same-origin', headers: { 'X-CSRFToken': this.editor.dataset.token },
      });
      if (mine !== this.asked) return;
      if (!answer.ok) throw new Error(String(answer.status));
      this.list.innerHTML = await answer.text();
      this.draw();
    } catch (error) {
      if (mine === this.asked) this.summary.textContent = '没有检查成，改动都还在；连上网再改一处就会重查';
      console.error(error);
    } finally {
      if (mine === this.asked) delete this.editor.dataset.checking;
    }
  }

  draw() {
    const overlays = this.modeler.get('overlays');
    const registry = this.modeler.get('elementRegistry');
    overlays.remove({ type: BADGE });
    const rows = [...this.list.querySelectorAll('li[data-element]')];
    const named = Map.groupBy ? Map.groupBy(rows, (row) => row.dataset.element) : grouped(rows);
    for (const [id, found] of named) {
      const element = id && registry.get(id);
      if (element && element !== this.modeler.get('canvas').getRootElement()) this.badge(overlays, element, found);
    }
    this.mark();
    this.summary.textContent = this.list.querySelector('[data-difference]')?.textContent ?? '';
  }

  badge(overlays, element, rows) {
    const worst = rows.find((row) => row.dataset.tone === 'failed') ?? rows[0];
    const badge = document.createElement('button');
    badge.type = 'button';
    badge.className = 'gb-badge';
    badge.dataset.tone = worst.dataset.tone;
    badge.append(worst.querySelector('svg').cloneNode(true));
    const words = document.createElement('span');
    words.className = 'gb-sr';
    words.textContent = rows.map((row) => row.querySelector('p').textContent).join(' ');
    badge.append(words);
    badge.addEventListener('click', () => {
      worst.scrollIntoView({ block: 'nearest' });
      worst.querySelector('a')?.focus();
    });
    overlays.add(element, BADGE, { position: place(element), html: badge, show: { minZoom: 0.1 }, scale: { min: 0.75, max: 1.25 } });
  }

  /** What is new or changed against the version in force. */
  mark() {
    const canvas = this.modeler.get('canvas');
    const registry = this.modeler.get('elementRegistry');
    for (const [id, marker] of this.marked) if (registry.get(id)) canvas.removeMarker(id, marker);
    const answer = this.list.querySelector('.gb-finds-answer');
    const ids = (text) => (text ?? '').split(/\s+/).filter((id) => id && registry.get(id));
    this.marked = [
      ...ids(answer?.dataset.add).map((id) => [id, 'gb-add']),
      ...ids(answer?.dataset.mod).map((id) => [id, 'gb-mod']),
    ];
    for (const [id, marker] of this.marked) canvas.addMarker(id, marker);
  }

  clicked(event) {
    const link = event.target.closest('a[href^="#"]');
    if (link) {
      event.preventDefault();
      this.goTo(decodeURIComponent(link.hash.slice(1)));
    }
    const button = event.target.closest('[data-show-path]');
    if (button) this.showPath(button.getAttribute('aria-pressed') === 'true' ? null : button);
  }

  goTo(id) {
    const element = id && this.modeler.get('elementRegistry').get(id);
    if (!element) return;
    const canvas = this.modeler.get('canvas');
    canvas.scrollToElement(element, 60);
    this.modeler.get('selection').select(element);
  }

  /** The way a case would go to the finding, on the canvas; null takes it away. */
  showPath(button) {
    const canvas = this.modeler.get('canvas');
    const registry = this.modeler.get('elementRegistry');
    for (const [id, marker] of this.path) if (registry.get(id)) canvas.removeMarker(id, marker);
    this.list.querySelectorAll('[data-show-path]').forEach((one) => one.setAttribute('aria-pressed', String(one === button)));
    const ids = button ? button.closest('li').dataset.path.split(/\s+/).filter((id) => registry.get(id)) : [];
    this.path = ids.map((id) => [id, registry.get(id).waypoints ? 'gb-go' : 'gb-now']);
    for (const [id, marker] of this.path) canvas.addMarker(id, marker);
  }
}

function grouped(rows) {
  const found = new Map();
  for (const row of rows) found.set(row.dataset.element, [...(found.get(row.dataset.element) ?? []), row]);
  return found;
}

/** The upper right corner of a shape, the middle of a line, the head of a lane. */
function place(element) {
  if (element.waypoints) {
    const { waypoints } = element;
    const left = Math.min(...waypoints.map((point) => point.x));
    const top = Math.min(...waypoints.map((point) => point.y));
    const [one, other] = [waypoints[Math.floor((waypoints.length - 1) / 2)], waypoints[Math.ceil((waypoints.length - 1) / 2)]];
    return { left: (one.x + other.x) / 2 - left - 9, top: (one.y + other.y) / 2 - top - 9 };
  }
  if (element.type === 'bpmn:Lane' || element.type === 'bpmn:Participant') return { left: 6, top: 6 };
  return { right: 9, top: -9 };
}
