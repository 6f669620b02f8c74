"""The designer's editor by mouse and keyboard, as a person uses it."""

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
    """The open editor of one process. Elements are pointed at by where they are drawn."""

    def __init__(self, page: Page, process_id: str, number: int | None = None) -> None:
        self.page = page
        page.goto(f"/studio/{process_id}/edit" + (f"?from={number}" if number else ""))
        expect(page.locator("[data-editor][data-ready]")).to_be_visible(timeout=PATIENCE)

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

    def keep(self, note: str) -> int:
        """Press 检查, say what was changed, and give the number of the version that came of it."""
        self.page.get_by_role("button", name="检查", exact=True).click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("这次改了什么").fill(note)
        dialog.get_by_role("button", name="存成草稿并检查").click()
        self.page.wait_for_url(re.compile(r"/versions/\d+$"))
        return int(self.page.url.rsplit("/", 1)[1])
