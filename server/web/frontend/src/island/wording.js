/* Chinese for controls whose English is written into the editor's own code, past any translate function: every text and
   label that appears is looked up in a table and replaced. What a person typed is never a control's text. */
const LABELS = ['title', 'aria-label', 'placeholder', 'data-title', 'data-placeholder', 'label'];
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
    const word = own && this.words[own];
    if (word && !node.parentElement?.closest(TYPED)) node.data = node.data.replace(own, word);
  }

  labels(element) {
    for (const name of LABELS) {
      const word = this.words[element.getAttribute(name)?.trim()];
      if (word) element.setAttribute(name, word);
    }
  }
}
