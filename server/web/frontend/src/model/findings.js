/* Marks on the canvas what the list below it names: a badge on every element with a finding, a fill where the model differs
   from the one in force, dots where no model test walks; the switches of the bar turn the last two on and off. */
const BADGE = 'gb-finding';

export class Marks {
  constructor(modeler, editor) {
    this.modeler = modeler;
    this.editor = editor;
    this.list = editor.querySelector('[data-findings]');
    this.marked = [];
    this.path = [];
  }

  watch() {
    this.modeler.on('commandStack.changed', () => this.showPath(null));
    this.list.addEventListener('click', (event) => this.clicked(event));
    document.querySelectorAll('[data-switch]').forEach((box) => box.addEventListener('change', () => this.mark()));
    addEventListener('hashchange', () => this.goTo(decodeURIComponent(location.hash.slice(1))));
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

  /** What is new, changed or moved against the model in force; what no model test walks; each if its switch is on. */
  mark() {
    const canvas = this.modeler.get('canvas');
    const registry = this.modeler.get('elementRegistry');
    for (const [id, marker] of this.marked) if (registry.get(id)) canvas.removeMarker(id, marker);
    const answer = this.list.querySelector('.gb-finds-answer');
    const ids = (text) => (text ?? '').split(/\s+/).filter((id) => id && registry.get(id));
    const { add, mod, moved, unwalked } = answer?.dataset ?? {};
    const differs = new Set([...ids(add), ...ids(mod), ...ids(moved)]);
    this.marked = [
      ...ids(add).map((id) => [id, 'gb-add']),
      ...ids(mod).map((id) => [id, 'gb-mod']),
      ...ids(moved).map((id) => [id, 'gb-moved']),
    ];
    if (this.isOn('walked')) this.marked.push(...ids(unwalked).map((id) => [id, 'gb-unwalked']));
    if (this.isOn('changed')) {
      this.marked.push(...registry.filter((one) => one.parent && !differs.has(one.id) && !differs.has(one.labelTarget?.id)
        && !/Lane|Participant/.test(one.type)).map((one) => [one.id, 'gb-same']));
    }
    for (const [id, marker] of this.marked) canvas.addMarker(id, marker);
  }

  isOn(name) {
    return document.querySelector(`[data-switch="${name}"]`)?.checked ?? false;
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
