"""The studio's editors by mouse and keyboard, as a person uses them inside a change set."""

import re

from playwright.sync_api import Locator, Page, expect

PATIENCE = 20_000  # ms: an edit is judged half a second after the last touch


POINT = """
(drawing) => {
  const line = drawing.querySelector(':scope > path');
  if (line && drawing.parentNode.classList.contains('djs-connection')) {
    const point = line.getPointAtLength(line.getTotalLength() * 0.7).matrixTransform(line.getScreenCTM());
    return [point.x, point.y];
  }
  const box = drawing.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}
"""


class Editor:
    """The open editor of one file of a change set. Elements are pointed at by where they are drawn."""

    def __init__(self, page: Page) -> None:
        self.page = page
        expect(page.locator("[data-editor][data-ready]")).to_be_visible(timeout=PATIENCE)
        expect(page.locator("[data-findings] .gb-finds-answer")).to_be_attached(timeout=PATIENCE)

    def shape(self, element: str) -> Locator:
        """The drawing of an element (task, gateway, flow)."""
        return self.page.locator(f'.djs-element[data-element-id="{element}"] > .djs-visual')

    def click(self, element: str) -> None:
        """Click the middle of an element, which selects it."""
        x, y = self.middle(element)
        self.page.mouse.click(x, y)
        expect(self.page.locator(f'.djs-element.selected[data-element-id="{element}"]')).to_have_count(1)

    def middle(self, element: str) -> tuple[float, float]:
        """Where the mouse meets an element: the middle of a shape, a point late on a line, past its label."""
        shape = self.shape(element)
        expect(shape).to_be_attached()
        x, y = shape.evaluate(POINT)
        return float(x), float(y)

    def change_to(self, element: str, kind: str) -> None:
        """Click the element, then the wrench of its context pad, then the kind in the menu."""
        self.click(element)
        self.page.locator(".djs-context-pad.open .entry[data-action=replace]").click()
        self.page.locator(".djs-popup .entry").filter(has_text=re.compile(f"^{kind}$")).click()

    def delete(self, element: str) -> None:
        self.click(element)
        self.page.keyboard.press("Delete")
        expect(self.shape(element)).to_have_count(0)

    def panel(self, group: str, field: str) -> Locator:
        """A field of the properties panel, its group opened."""
        panel = self.page.locator(".bio-properties-panel-group").filter(
            has=self.page.locator(".bio-properties-panel-group-header-title", has_text=re.compile(f"^{group}$"))
        )
        header = panel.locator(".bio-properties-panel-group-header").first
        if "open" not in (header.get_attribute("class") or ""):
            header.click()
        return panel.get_by_label(field)

    def finding(self, element: str) -> Locator:
        """The line of the list below the canvas that names this element."""
        return self.page.locator(f'.gb-finds li[data-element="{element}"][data-tone=failed]')

    def badge(self, element: str) -> Locator:
        """The mark on the element itself."""
        return self.page.locator(f'.djs-overlays[data-container-id="{element}"] .gb-badge[data-tone=failed]')

    def keep(self) -> None:
        """Press 存进变更: what was typed is in the change set."""
        self.page.get_by_role("button", name="存进变更").click()
        expect(self.page.locator("#main")).to_contain_text("已存进变更")

    def check(self) -> None:
        """Press 检查: saved, and the whole change set looked at."""
        self.page.get_by_role("button", name="检查", exact=True).click()
        self.page.wait_for_url(re.compile(r"/changes/\d+/check$"))


def begin(page: Page, title: str, reason: str, file: str) -> str:
    """A new change set that begins with a file in force; gives its address."""
    page.goto("/studio/changes")
    page.get_by_role("link", name="新建变更").click()
    page.get_by_label("改什么").fill(title)
    page.get_by_label("为什么改").fill(reason)
    page.get_by_label("从哪个文件改起").select_option(file)
    page.get_by_role("button", name="新建变更").click()
    page.wait_for_url(re.compile(r"/files/.+/edit$"))
    return page.url.split("/files/")[0]


def add(page: Page, change: str, file: str) -> None:
    """Take one more file into the change set; its editor opens."""
    page.goto(change)
    page.get_by_label("在用的文件").select_option(file)
    page.get_by_role("button", name="加进来").click()
    page.wait_for_url(re.compile(r"/files/.+/edit$"))
