/* What an editor cannot write is put back. bpmn-js and dmn-js read a file into their own model and write that: attributes
   that say the default, references that lead nowhere, and content of other vendors that stands outside an extension are lost
   on the way. So the file is compared once with what the editor writes of it when nothing was changed; every later text gets
   back what fell out, as long as the element it belonged to is still there and nobody changed that very value. */

const XMLNS = 'http://www.w3.org/2000/xmlns/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

const parsed = (text) => {
  const found = new DOMParser().parseFromString(text.replace(/^\uFEFF/, '').replace(/^\s*<\?xml[^?]*\?>/, ''), 'application/xml');
  if (found.querySelector('parsererror')) throw new Error('not well-formed');
  return found;
};
const name = (element) => `{${element.namespaceURI ?? ''}}${element.localName}`;
const attributes = (element) => [...element.attributes].filter((one) => one.namespaceURI !== XMLNS);
const bare = (value) => value.slice(value.indexOf(':') + 1);

/** What identifies an element: its id, or whom a diagram element draws. '' when it has neither. */
function identity(element) {
  const id = element.getAttribute('id');
  const drawn = element.getAttribute('bpmnElement') ?? element.getAttribute('dmnElementRef');
  if (drawn) return `${name(element)}@${bare(drawn)}`;
  return id ? `${name(element)}#${id}` : '';
}

const words = (element) => [...element.childNodes].filter((one) => one.nodeType === 3 || one.nodeType === 4).map((one) => one.data).join('').trim();
const sameNumber = (one, other) => one.trim() !== '' && other.trim() !== '' && Number(one) === Number(other);
const sameValue = (one, other) => one === other || sameNumber(one, other);

/** A place between two pixels: the editor draws on whole ones, and writes the whole one of what it has touched. */
const fraction = /^-?\d+\.\d+$/;

/** An element as one text that does not depend on prefixes, order of attributes or white space. */
function canonical(element) {
  const own = attributes(element).map((one) => `${one.namespaceURI ?? ''}|${one.localName}=${one.value}`).sort();
  return `<${name(element)} ${own.join(' ')}>${words(element)}${[...element.children].map(canonical).join('')}</>`;
}

/** Pairs of the children of two elements: same identity, else the very same content, else same name in the same order. */
function pairedChildren(before, after, identities) {
  const pairs = [];
  const left = new Set([...after.children].filter((one) => !identity(one)));
  const open = [];
  for (const child of before.children) {
    const key = identity(child);
    if (key) pairs.push([child, identities.get(key)]);
    else open.push(child);
  }
  const later = [];
  const texts = new Map([...left].map((one) => [one, canonical(one)]));
  for (const child of open) {
    const text = canonical(child);
    const twin = [...left].find((one) => texts.get(one) === text);
    if (twin) left.delete(twin);
    if (twin) pairs.push([child, twin]);
    else later.push(child);
  }
  for (const child of later) {
    const leaf = !child.children.length && !attributes(child).length;
    const twin = [...left].find((one) => name(one) === name(child) && (!leaf || bare(words(one)) === bare(words(child))));
    if (twin) left.delete(twin);
    pairs.push([child, twin]);
  }
  return pairs;
}

const byIdentity = (root) => new Map([...root.querySelectorAll('*')].map((one) => [identity(one), one]).filter(([key]) => key));

/** Where an element stands, so that it is found again in a later text: steps from the nearest element with an identity. */
function address(element) {
  const steps = [];
  let at = element;
  while (at.parentElement && !identity(at)) {
    const same = [...at.parentElement.children].filter((one) => !identity(one) && name(one) === name(at));
    steps.unshift({ name: name(at), index: same.indexOf(at), count: same.length, text: canonical(at) });
    at = at.parentElement;
  }
  return { start: at.parentElement ? identity(at) : null, steps };
}

function followed({ start, steps }, root, identities) {
  let at = start === null ? root : identities.get(start);
  for (const step of steps) {
    const same = [...(at?.children ?? [])].filter((one) => !identity(one) && name(one) === step.name);
    at = same.find((one) => canonical(one) === step.text) ?? (same.length === step.count ? same[step.index] : undefined);
  }
  return at;
}

export class Losses {
  /** original: the file; rewritten: what the editor writes of it untouched. */
  constructor(original, rewritten) {
    this.lost = [];
    const [before, after] = [parsed(original).documentElement, parsed(rewritten).documentElement];
    this.declared = [...before.attributes].filter((one) => one.namespaceURI === XMLNS && !after.hasAttribute(one.name));
    this.known = new Set([...after.querySelectorAll('[id]')].map((one) => one.getAttribute('id')));
    this.compare(before, after, byIdentity(after));
  }

  compare(before, after, identities) {
    const where = () => address(after);
    for (const one of attributes(before)) {
      const now = after.getAttributeNS(one.namespaceURI, one.localName);
      if (now === null || !sameValue(one.value, now)) this.lost.push({ kind: 'attribute', where: where(), attribute: one, now });
      else if (fraction.test(one.value)) this.lost.push({ kind: 'attribute', where: where(), attribute: one, now: String(Math.round(one.value)) });
    }
    const pairs = pairedChildren(before, after, identities);
    const missing = pairs.filter(([, twin]) => !twin);
    if (words(before) !== words(after) && !sameNumber(words(before), words(after))) {
      this.lost.push({ kind: 'content', where: where(), nodes: before.cloneNode(true).childNodes, now: words(after) });
    } else {
      for (const [child] of missing) {
        const earlier = pairs.find(([one]) => one === child.previousElementSibling)?.[1];
        this.lost.push({ kind: 'element', where: where(), after: earlier ? address(earlier) : null, element: child });
      }
    }
    for (const [child, twin] of pairs) if (twin) this.compare(child, twin, identities);
  }

  /** The text with what was lost put back; only UTF-8 is written. */
  mended(text) {
    if (!this.lost.length && !this.declared.length) return text;
    const page = parsed(text);
    const root = page.documentElement;
    const identities = byIdentity(root);
    const now = new Set([...root.querySelectorAll('[id]')].map((one) => one.getAttribute('id')));
    const deleted = (value) => value.split(/\s+/).some((one) => this.known.has(bare(one)) && !now.has(bare(one)));
    for (const one of this.declared) if (!root.hasAttribute(one.name)) root.setAttributeNS(XMLNS, one.name, one.value);
    const placed = new Map(); // lost element -> its copy, for those lost right after it
    // Every place is looked up before anything changes, so that what is put back moves nothing that is still looked for.
    const found = this.lost.map((loss) => [loss, followed(loss.where, root, identities), loss.after && followed(loss.after, root, identities)]);
    for (const [loss, element, earlier] of found) {
      if (!element) continue;
      if (loss.kind === 'attribute') {
        const { attribute } = loss;
        const present = element.getAttributeNS(attribute.namespaceURI, attribute.localName);
        if (present === loss.now && !deleted(attribute.value)) element.setAttributeNS(attribute.namespaceURI, attribute.name, attribute.value);
      } else if (loss.kind === 'content') {
        if (words(element) === loss.now && !deleted(loss.now)) element.replaceChildren(...[...loss.nodes].map((node) => page.importNode(node, true)));
      } else if (!deleted(words(loss.element))) {
        const copy = page.importNode(loss.element, true);
        const before = placed.get(loss.element.previousElementSibling) ?? (earlier?.parentElement === element ? earlier : null);
        if (before) before.after(copy);
        else if (loss.element.previousElementSibling) element.append(copy);
        else element.prepend(copy);
        placed.set(loss.element, copy);
      }
    }
    return DECLARATION + new XMLSerializer().serializeToString(page);
  }
}
