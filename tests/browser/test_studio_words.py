"""No English on a control that a designer can reach: the three editors are opened wide, and every word is read."""

import re

import pytest
from islands import FIGURES, TOGGLES, Island
from playwright.sync_api import Browser, Page

from server.config import ROOT

ALLOWED = re.compile(
    r"FEEL|BPMN(\.iO)?|bpmn\.io|DMN|JSON|[a-z]+([_.-][a-z0-9]+)+|[A-Z][a-z]+_[0-9a-z]+|=\S+|\btransition\b|\bpaper\b|P\d+[DYM]?"
)
"""What may stay in Latin letters: names of languages, ids and what the file itself holds, an example of a duration."""

SHOWN = """(roots) => {
  const found = [];
  const typed = 'input, textarea, .cm-editor, [contenteditable=true], [data-findings], svg.bjs, style, script';
  for (const root of document.querySelectorAll(roots)) {
    for (const one of [root, ...root.querySelectorAll('*')]) {
      for (const name of ['title', 'aria-label', 'placeholder', 'data-title', 'alt']) {
        const value = one.getAttribute(name);
        if (value) found.push(value);
      }
    }
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const node = texts.currentNode;
      if (node.data.trim() && node.parentElement && !node.parentElement.closest(typed)) found.push(node.data.trim());
    }
  }
  return found;
}"""
LATIN = re.compile(r"[A-Za-z]{2,}")


def english(page: Page, roots: str) -> set[str]:
    """Words in Latin letters on the controls below these elements."""
    return {text for text in page.evaluate(SHOWN, roots) if LATIN.search(ALLOWED.sub("", text))}


def untranslated(page: Page) -> set[str]:
    """What the editor asked a word for and got none."""
    asked: list[str] = page.evaluate("[...document.querySelector('[data-editor]').untranslated]")
    return {text for text in asked if LATIN.search(ALLOWED.sub("", text))}


def open_groups(page: Page) -> None:
    """Every group of the properties panel, and its add buttons."""
    page.evaluate("""() => {
      for (let round = 0; round < 2; round += 1) {
        document.querySelectorAll('.bio-properties-panel-group-header:not(.open)').forEach((one) => one.click());
        document.querySelectorAll('.bio-properties-panel-collapsible-entry-header:not(.open)').forEach((one) => one.click());
      }
    }""")
    page.wait_for_timeout(60)


@pytest.mark.parametrize("figure", [one for one in FIGURES[6:] if one not in TOGGLES | {"lane"}])
def test_every_figure_speaks_chinese(browser: Browser, figure: str) -> None:
    island = Island(browser, "model", (ROOT / "bpmn" / "construction-permit.bpmn").read_bytes())
    page = island.page
    island.tool(figure)
    open_groups(page)
    found = english(page, "[data-props], .djs-context-pad, .djs-minimap")
    wrench = page.locator(".djs-context-pad.open .entry[data-action=replace]")
    if wrench.count():
        wrench.click()
        found |= english(page, ".djs-popup")
        kinds = page.locator(".djs-popup .entry").count()
        for kind in range(kinds):
            if not page.locator(".djs-popup").count():
                page.locator(".djs-context-pad.open .entry[data-action=replace]").click()
            entries = page.locator(".djs-popup .entry")
            if kind >= entries.count():
                break
            entries.nth(kind).click()
            open_groups(page)
            found |= english(page, "[data-props], .djs-context-pad, .djs-popup")
            if not page.locator(".djs-context-pad.open .entry[data-action=replace]").count():
                break
    found |= untranslated(page)
    island.close()
    assert not found, "\n".join(sorted(found))


def test_the_process_and_what_is_drawn_speak_chinese(browser: Browser) -> None:
    island = Island(browser, "model", (ROOT / "bpmn" / "construction-permit.bpmn").read_bytes(), opens=False)
    found: set[str] = set()
    for element in (
        "",
        "pool_construction_permit",
        "lane_window",
        "flow_grant",
        "event_correction_expired",
        "act_issue",
    ):
        island.page.goto(f"/#{element}")
        island.open() if not element else island.page.reload()
        island.page.wait_for_selector("[data-editor][data-ready]")
        open_groups(island.page)
        found |= english(island.page, "[data-props], .djs-context-pad, .djs-minimap") | untranslated(island.page)
    island.close()
    assert not found, "\n".join(sorted(found))


def test_the_decision_editor_speaks_chinese(browser: Browser) -> None:
    island = Island(browser, "decision", (ROOT / "bpmn" / "permit-phase-conditions.dmn").read_bytes())
    page = island.page
    found = english(page, "[data-canvas]")
    cells = page.locator(".tjs-table tbody td")
    for index in (0, 1, 2, cells.count() - 1):
        cells.nth(index).click(button="right")
        found |= english(page, ".context-menu, .dmn-context-menu, .tjs-container")
        page.keyboard.press("Escape")
    for name in ("阶段", "有防空地下室", "条件"):
        page.locator(".tjs-table thead th", has_text=name).first.dblclick()
        page.wait_for_timeout(150)
        found |= english(page, ".context-menu, .dms-context-menu, .tjs-container")
        page.keyboard.press("Escape")
    page.get_by_role("button", name="关系图").click()
    page.wait_for_timeout(300)
    found |= english(page, "[data-canvas]") | untranslated(page)
    island.close()
    assert not found, "\n".join(sorted(found))


def test_the_form_editor_speaks_chinese(browser: Browser) -> None:
    island = Island(browser, "form", (ROOT / "forms" / "permit-intake.form").read_bytes())
    page = island.page
    found = english(page, "[data-canvas], [data-props]")
    for index in range(page.locator("[data-fields] button").count()):
        page.locator("[data-fields] button").nth(index).click()
        page.wait_for_timeout(60)
        open_groups(page)
        found |= english(page, "[data-canvas], [data-props], [data-fields]")
    found |= untranslated(page)
    island.close()
    assert not found, "\n".join(sorted(found))
