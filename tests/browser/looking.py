"""What must hold on every page, seen by a browser: it fits the window, everybody can use it, and it is Chinese."""

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

NAMES = frozenset("PDF BPMN BIM OFD XML JPG PNG JPEG MB KB Word Excel Ctrl Enter Esc bpmn.io".split())
"""Words of other languages a page may show: names of things that have no Chinese one."""

WORDS = r"""
(exempt) => {
  const found = new Set();
  const latin = /(?<![\w.\-\/:@\u3014\u3015])[A-Za-z][A-Za-z.]*[A-Za-z](?![\w\-\/:@.])/g;
  const hear = (text) => { for (const word of (text ?? '').match(latin) ?? []) found.add(word); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
    acceptNode: (node) => node.nodeType === 1 && (node.matches(exempt) || node.tagName === 'SCRIPT' || node.tagName === 'STYLE' || node.tagName === 'NOSCRIPT')
      ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  });
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === 3) { if (node.parentElement.checkVisibility()) hear(node.data); }
    else for (const name of ['aria-label', 'title', 'alt', 'placeholder']) hear(node.getAttribute(name));
  }
  return [...found].sort();
}
"""
FOREIGN = ".bio-properties-panel, .bio-properties-panel-popup, .bjs-powered-by, code"
"""The inside of the Zeebe properties panel, the bpmn.io mark (its licence keeps it as it is), and codes written as codes."""


def foreign_words(page: Page) -> list[str]:
    """Words in Latin letters on the page (its text, and the texts read aloud), outside NAMES."""
    return [word for word in page.evaluate(WORDS, FOREIGN) if word not in NAMES]


def overflow(page: Page) -> int:
    """CSS pixels by which the page is wider than its window; 0 when it fits."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@dataclass(frozen=True)
class Barrier:
    """A finding of axe: rule, how bad, and the elements."""

    rule: str
    impact: str
    elements: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule} ({self.impact}): {' | '.join(self.elements[:4])}"


def barriers(page: Page) -> list[Barrier]:
    """What axe finds that is serious or critical. The foreign island of the properties panel is looked at apart."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then((results) => results.violations)"
    )
    return [
        Barrier(one["id"], one["impact"], tuple(f"{node['target']} {node['html'][:160]}" for node in one["nodes"]))
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
