"""The designer's walk: 园林审查 is drawn into the parallel review in the browser, published by a second person, taken back."""

import re
from collections.abc import Callable

import pytest
from editing import Editor
from persons import Person, picture
from playwright.sync_api import Locator, Page, expect
from telling import Tale

PROCESS = "construction-permit"
Desk = Callable[..., Person]


def no_default(editor: Editor) -> None:
    """Make the exit 不予 an ordinary flow: no exit is taken where no condition holds."""
    editor.change_to("flow_refuse", "顺序流")


def unknown_handler(editor: Editor) -> None:
    """Mistype the name of the program that records the admission."""
    editor.click("act_admitted")
    editor.panel("处理程序", "处理程序的名字").fill("recrod")


def decided_without_admission(editor: Editor) -> None:
    """Take 记录受理 out: the editor joins the flows, and cases would be reviewed without having been admitted."""
    editor.delete("act_admitted")


FAULTS = [
    pytest.param(no_default, "gate_granted", "默认出口", id="no default flow"),
    pytest.param(unknown_handler, "act_admitted", "recrod", id="an unknown handler"),
    pytest.param(decided_without_admission, "act_in_review", "受理", id="an approval reachable without admission"),
]


@pytest.mark.parametrize(("spoil", "element", "words"), FAULTS)
def test_a_faulty_edit_is_refused_with_its_element_marked(
    at_desk: Desk, spoil: Callable[[Editor], None], element: str, words: str
) -> None:
    designer = at_desk("designer")
    page = designer.page
    editor = Editor(page, PROCESS, 1)
    spoil(editor)
    expect(editor.finding(element).first).to_contain_text(words)
    expect(editor.finding(element).first).to_contain_text("怎么改")
    expect(editor.badge(element)).to_be_visible()
    picture(page, f"studio-fault-{spoil.__name__.replace('_', '-')}")

    editor.keep("改坏的一版")
    expect(page.get_by_role("region", name="发布检查")).to_contain_text(words)
    expect(page.locator(f'.djs-element.gb-bad[data-element-id="{element}"]')).to_have_count(1)
    send = page.get_by_role("button", name="送审阅人")
    expect(send).to_have_attribute("aria-disabled", "true")
    expect(send).to_have_accessible_description(re.compile("才能送审"))
    page.evaluate("document.querySelector('form[action$=submit]').submit()")  # as somebody would whose page is not ours
    expect(page.get_by_role("alert")).to_contain_text("没有办成")
    expect(page.locator("#main")).to_contain_text("草稿")
    designer.forgive("status of 422")


def draw_garden_review(editor: Editor) -> None:
    """Add 园林审查 to the parallel review with the palette's template, as the designer is meant to."""
    page = editor.page
    page.get_by_role("button", name="部门审查").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("加进“并联审查”")
    dialog.get_by_label("任务名称").fill("园林审查")
    dialog.get_by_label("由哪个科室办").select_option("园林局·审批科")
    dialog.get_by_label("用哪张表单").select_option("permit-review")
    picture(page, "studio-walk-1-dialog")
    dialog.get_by_role("button", name="加上").click()
    expect(page.locator("[data-summary]")).to_contain_text("新增 2，0 处不通过")
    picture(page, "studio-walk-2-drawn")


def hand_over(page: Page, number: int) -> None:
    """The designer sends the checked draft to the second person."""
    expect(page.get_by_role("region", name="发布检查")).to_contain_text("没有不通过的")
    picture(page, "studio-walk-3-checked", whole=True)
    page.get_by_role("button", name="送审阅人").click()
    expect(page.locator("#main")).to_contain_text("等审阅人发布")
    expect(page.get_by_role("button", name=f"发布第 {number} 版")).to_have_count(0)


def publish(page: Page, number: int) -> None:
    """The second person finds what waits in the list, and puts it into force."""
    page.goto("/studio")
    page.get_by_role("link", name=f"第 {number} 版送审中").click()
    drawn(page)
    picture(page, "studio-walk-4-to-publish", whole=True)
    page.get_by_role("button", name=f"发布第 {number} 版").click()
    expect(page.locator("#main .gb-tag").first).to_have_text("在用")


def go_back(page: Page, number: int, reason: str) -> None:
    """One act: the earlier version is in force again."""
    page.goto(f"/studio/{PROCESS}/versions/{number}")
    page.get_by_role("button", name=f"退回第 {number} 版").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("为什么退回").fill(reason)
    picture(page, "studio-walk-6-back")
    dialog.get_by_role("button", name=f"退回第 {number} 版").click()
    expect(page.locator("#main .gb-tag").first).to_have_text("在用")


def drawn(page: Page) -> None:
    expect(page.locator(".gb-canvas[data-drawn]")).to_be_visible()


def case_diagram(person: Person, serial: str) -> Page:
    """The owner looks at the diagram of one case."""
    page = person.go(f"/cases/{serial}/diagram")
    drawn(page)
    return page


def garden(page: Page) -> Locator:
    """The step 园林审查 in the diagram."""
    return page.locator(".djs-element").filter(has_text=re.compile("^园林审查$"))


def test_the_next_permit_has_the_drawn_step_and_the_running_one_keeps_its_own(at_desk: Desk, address: str) -> None:
    tale = Tale(address)
    tale.until("收件审查，受理")  # the permit for the pit is being reviewed
    designer = at_desk("designer").page
    editor = Editor(designer, PROCESS, 1)
    draw_garden_review(editor)
    number = editor.keep("在并联审查中加园林审查")
    hand_over(designer, number)
    publisher = at_desk("publisher").page
    publish(publisher, number)
    expect(publisher.locator("#main")).to_contain_text("留在第 1 版，办完为止")
    drawn(publisher)
    picture(publisher, "studio-walk-5-published", whole=True)

    expect(garden(case_diagram(at_desk("mengyue"), tale.known["p1"]))).to_have_count(0)
    assert tale.inbox("garden") == []
    tale.until("办件办结")  # the running one ends without the step

    tale.until("承诺 2")  # the next one, for the basement, is being reviewed
    waiting = case_diagram(at_desk("mengyue"), tale.known["p2"])
    expect(garden(waiting)).to_have_count(1)
    expect(waiting.locator("#main")).to_contain_text("园林局")
    picture(waiting, "owner-case-diagram", whole=True)
    assert [one["name"] for one in tale.inbox("garden")] == ["园林审查"]
    tale.until("消防人防审查")
    assert [one for one in tale.inbox("approver") if one["name"] == "审批决定"] == []  # it waits for all three
    tale.decide("garden", "园林审查", "pass")
    tale.until("地下室施工许可证")

    go_back(at_desk("publisher").page, 1, "园林局还没有人手")
    tale.until("承诺 3")  # the third one, for what stands above the ground, is without the step again
    expect(garden(case_diagram(at_desk("mengyue"), tale.known["p3"]))).to_have_count(0)
    assert tale.inbox("garden") == []
    tale.until("地上主体施工许可证")
    versions = at_desk("designer").go(f"/studio/{PROCESS}")
    expect(versions.locator("#main")).to_contain_text("园林局还没有人手")
    picture(versions, "studio-walk-7-versions", whole=True)
