"""The designer walks the permit by hand in the browser: a real form, a message, a step back, the end; nothing else changes."""

from collections.abc import Callable

from looking import barriers, foreign_words, overflow
from persons import Person, picture
from playwright.sync_api import Page, expect

Desk = Callable[..., Person]
PATIENCE = 20_000


def drawn(page: Page) -> None:
    expect(page.locator("[data-bpmn][data-drawn]")).to_be_attached(timeout=PATIENCE)


def looked_at(page: Page, name: str) -> None:
    """Fits, can be used by everybody, speaks Chinese, on a desk and on a phone; the picture is kept."""
    assert barriers(page) == []
    assert foreign_words(page) == []
    picture(page, name)
    size = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    assert overflow(page) <= 0
    page.set_viewport_size(size or {"width": 1440, "height": 900})


def test_a_process_is_walked_by_hand_and_taken_back(at_desk: Desk) -> None:
    designer = at_desk("designer")
    page = designer.page
    page.goto("/studio/processes/construction-permit/walk")
    expect(page.locator("h1")).to_contain_text("走一遍")
    looked_at(page, "walk-begin")
    page.get_by_role("button", name="开始走").click()
    drawn(page)
    expect(page.locator('.djs-element.gb-now[data-element-id="task_intake"]')).to_have_count(1)
    looked_at(page, "walk-intake")

    page.get_by_label("一次告知补正").check()
    page.locator('[name="items.0.kind"]').select_option("缺签章")
    page.locator('[name="items.0.subject"]').fill("施工图审查合格书")
    page.locator('[name="items.0.request"]').fill("请加盖审查机构印章后重新上传")
    page.get_by_role("button", name="提交“收件审查”").click()
    drawn(page)
    expect(page.locator("#now")).to_contain_text("补正期满")
    looked_at(page, "walk-waiting")
    page.get_by_role("button", name="这条消息到了").click()
    expect(page.locator("#now")).to_contain_text("走完了")
    expect(page.locator("#main")).to_contain_text("已撤件")
    looked_at(page, "walk-done")

    page.get_by_role("button", name="退一步").click()
    expect(page.locator("#now")).to_contain_text("补正期满")
    page.get_by_role("button", name="从头走").first.click()
    expect(page.locator("#main")).to_contain_text("走了 0 步")
    designer.forgive("Applying inline style")  # what taking a picture adds to a page
