/* Chinese for controls whose English is written into the editor's own code, past any translate function: every text and
   label that appears is looked up in a table and replaced. What a person typed is never a control's text. */
const LABELS = ['title', 'aria-label', 'placeholder', 'data-title', 'data-placeholder', 'label', 'alt'];
/** Texts that are made of a word and a number. */
const MADE = [
  [/^(January|February|March|April|May|June|July|August|September|October|November|December) (\d+), (\d+)$/, (words, [, month, day, year]) => `${year}年${words[month]}${day}日`],
  [/^List contains (\d+) items?$/, (_words, [, count]) => `有 ${count} 项`],
  [/^Remove (.+)$/, (words, [, kind]) => `去掉${words[kind] ?? '它'}`],
];
const TYPED = 'input, textarea, [contenteditable=true], .cm-editor, .cm-content, [data-findings], [data-preview]';

export class Wording {
  constructor(editor, words) {
    this.editor = editor;
    this.words = words;
  }

  watch(...roots) {
    const seen = new MutationObserver((changes) => {
      for (const { target, addedNodes, type } of changes) {
        if (type === 'childList') addedNodes.forEach((node) => this.turn(node));
        else if (type === 'attributes') this.labels(target);
        else this.text(target);
      }
    });
    for (const root of roots) {
      this.turn(root);
      seen.observe(root, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: LABELS });
    }
  }

  word(text) {
    if (!text || !/[A-Za-z]/.test(text)) return undefined;
    if (Object.hasOwn(this.words, text)) return this.words[text];
    for (const [pattern, make] of MADE) {
      const found = pattern.exec(text);
      if (found) return make(this.words, found);
    }
    return undefined;
  }

  turn(node) {
    if (node.nodeType === 3) this.text(node);
    if (node.nodeType !== 1) return;
    this.labels(node);
    for (const one of node.querySelectorAll('*')) this.labels(one);
    const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) this.text(texts.currentNode);
  }

  text(node) {
    const own = node.data.trim();
    const word = this.word(own);
    if (word && !node.parentElement?.closest(TYPED)) node.data = node.data.replace(own, word);
  }

  labels(element) {
    for (const name of LABELS) {
      const word = this.word(element.getAttribute(name)?.trim());
      if (word) element.setAttribute(name, word);
    }
  }
}
