"""The designer's walk: one change set from a promise to a rule, let through by a second person, in force from tomorrow, back."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from editing import PATIENCE, Editor, add, begin
from looking import barriers, overflow
from persons import DESKTOP, PHONE, Person, picture
from playwright.sync_api import Locator, Page, expect
from telling import Tale

PROCESS = "construction-permit"
MODEL, FORM, TABLE = f"{PROCESS}.bpmn", "permit-review.form", "permit-phase-conditions.dmn"
TESTS = f"{PROCESS}.tests.yaml"
TITLE = "地上主体改为 2 日，加园林审查"
TOMORROW = date(2025, 6, 17)
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
    pytest.param(no_default, "gate_granted", "默认出口", False, id="no default flow"),
    pytest.param(unknown_handler, "act_admitted", "recrod", False, id="an unknown handler"),
    pytest.param(
        decided_without_admission, "act_in_review", "受理", True, id="an approval reachable without admission"
    ),
]


@pytest.mark.parametrize(("spoil", "element", "words", "drawn_path"), FAULTS)
def test_a_faulty_edit_is_stopped_with_its_element_marked_and_its_path_drawn(
    at_desk: Desk, spoil: Callable[[Editor], None], element: str, words: str, drawn_path: bool
) -> None:
    designer = at_desk("designer")
    page = designer.page
    begin(page, "改坏的一次", "看看会不会被挡住", MODEL)
    editor = Editor(page)
    spoil(editor)
    expect(editor.finding(element).first).to_contain_text(words, timeout=PATIENCE)
    expect(editor.finding(element).first).to_contain_text("怎么改")
    expect(editor.badge(element)).to_be_visible()
    picture(page, f"studio-fault-{spoil.__name__.replace('_', '-')}")
    editor.check()
    region = page.get_by_role("region", name="发布检查")
    expect(region).to_contain_text(words)
    drawn(page)
    expect(page.locator(f'.djs-element.gb-bad[data-element-id="{element}"]')).to_have_count(1)
    if drawn_path:
        finding = region.locator("li[data-tone=failed]").filter(has_text="走法").first
        finding.get_by_role("link", name=re.compile("^在图上看")).click()
        drawn(page)
        assert page.locator(".djs-element.gb-now").count() > 2
        expect(page.get_by_role("list", name="走法，文字版").get_by_role("listitem").first).to_contain_text("提交申请")
        picture(page, "studio-fault-path", whole=True)
    send = page.get_by_role("button", name="送审阅人")
    expect(send).to_have_attribute("aria-disabled", "true")
    expect(send).to_have_accessible_description(re.compile("才能送审"))
    page.evaluate("document.querySelector('form[action$=submit]').submit()")  # as somebody would whose page is not ours
    expect(page.get_by_role("alert")).to_contain_text("没有办成")
    expect(page.locator("#main")).to_contain_text("草稿")
    designer.forgive("status of 422")


def promise_two_days(page: Page) -> None:
    """On the page of matters: 地上主体 promises two days and is called after what it is."""
    page.get_by_role("link", name="地上主体", exact=True).click()
    page.get_by_label("几", exact=True).fill("2")
    page.get_by_label("名称").fill("地上主体工程")
    picture(page, "studio-walk-1-promise")
    page.get_by_role("button", name="存进变更").click()
    expect(page.locator("#main")).to_contain_text("地上主体工程")
    expect(page.locator('[id="line-C05.P3"]')).to_contain_text("2 个工作日")


def draw_garden_review(editor: Editor) -> str:
    """Add 园林审查 to the parallel review with the palette's template; gives the id of the new task."""
    page = editor.page
    page.get_by_role("button", name="部门审查").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("加进“并联审查”")
    dialog.get_by_label("任务名称").fill("园林审查")
    dialog.get_by_label("由哪个科室办").select_option("园林局·审批科")
    dialog.get_by_label("用哪张表单").select_option("permit-review")
    picture(page, "studio-walk-2-template")
    dialog.get_by_role("button", name="加上").click()
    expect(page.locator("[data-summary]")).to_contain_text("新增 2", timeout=PATIENCE)
    expect(page.locator("[data-summary]")).to_contain_text("0 处不通过")
    picture(page, "studio-walk-3-drawn")
    return str(garden(page).get_attribute("data-element-id"))


def ask_who_rechecks(editor: Editor) -> None:
    """A new field that is asked only of those who do not pass, seen in the server's preview."""
    page = editor.page
    page.get_by_role("group", name="字段").get_by_role("button", name="一行文字", exact=True).click()
    editor.panel("基本", "标题").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("复核人")
    editor.panel("基本", "字段编号").fill("rechecker")
    editor.panel("显示条件", "满足时不显示").click()
    page.keyboard.insert_text('outcome != "fail"')
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text("审查意见", timeout=PATIENCE)
    expect(preview).not_to_contain_text("复核人", timeout=PATIENCE)
    preview.get_by_label("不通过").check()
    expect(preview).to_contain_text("复核人", timeout=PATIENCE)
    picture(page, "studio-walk-4-form", whole=True)


def one_more_rule(editor: Editor) -> None:
    """A rule typed into the table by keyboard, tried on a row before it is saved."""
    page = editor.page
    page.get_by_role("button", name="加一条规则").click()
    row = page.locator("[data-canvas] tbody tr").last
    for column, text in ((1, '"P0"'), (6, '"site"'), (7, '"局务会：不分阶段的也要看场地"')):
        row.locator("td").nth(column).click()
        page.keyboard.type(text)
    expect(page.locator("[data-summary]")).to_contain_text("0 处不通过", timeout=PATIENCE)
    page.get_by_label("试 1，阶段").select_option("P0")
    page.get_by_role("button", name="试这几行").click()
    expect(page.locator("#trying")).to_contain_text("16", timeout=PATIENCE)
    picture(page, "studio-walk-5-rule", whole=True)


def tell_the_cases(page: Page, change: str, task: str) -> None:
    """The cases must go through the new task too: their file is changed on disk and uploaded."""
    data = page.request.get(f"/studio/files/{TESTS}/source").text()
    told = re.sub(r"( *)- task_fire: pass\n", rf"\g<0>\1- {task}: pass\n", data)
    assert told != data
    page.goto(change)
    page.locator("#upload").set_input_files({"name": TESTS, "mimeType": "text/yaml", "buffer": told.encode()})
    page.get_by_role("button", name="上传", exact=True).click()
    expect(page.locator("#main")).to_contain_text("收到 1 个文件")


def hand_over(page: Page, change: str) -> None:
    """The designer looks at the check and sends the change set to the second person."""
    page.goto(f"{change}/check")
    drawn(page)
    region = page.get_by_role("region", name="发布检查")
    expect(region).to_contain_text("没有不通过的")
    for words in ("园林审查", "3 个工作日", "2 个工作日", "字段“复核人”", "规则 16"):
        expect(page.locator("#main")).to_contain_text(words)
    for size, name in ((DESKTOP, "1440"), (PHONE, "390")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert overflow(page) == 0
            assert barriers(page) == []
            picture(page, f"studio-walk-6-check-{name}-{scheme}", whole=True)
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="送审阅人").click()
    expect(page.locator("#main")).to_contain_text("等审阅人审阅")
    expect(page.get_by_role("button", name="审阅通过")).to_have_count(0)


def let_through(page: Page, day: date) -> None:
    """The second person finds it among what waits for him, passes it with a word, and says from which day on."""
    page.goto("/studio/changes")
    page.get_by_role("link", name=re.compile(TITLE)).click()
    page.get_by_role("link", name="看检查和差异").click()
    page.get_by_label("审阅意见").fill("和局务会纪要一致")
    picture(page, "studio-walk-7-review", whole=True)
    page.get_by_role("button", name="审阅通过").click()
    page.get_by_label("从哪一天起").fill(day.isoformat())
    picture(page, "studio-walk-8-date")
    page.get_by_role("button", name="定下来").click()
    expect(page.locator("#main .gb-tag").first).to_have_text("已排定")


def go_back(page: Page, change: str, reason: str) -> None:
    """One act with a reason: what was in force before is in force again."""
    page.goto(f"{change}/check")
    page.get_by_role("button", name="退回到它以前").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("为什么退回").fill(reason)
    picture(page, "studio-walk-10-back")
    dialog.get_by_role("button", name="退回", exact=True).click()
    expect(page.locator("#main")).to_contain_text("已退回到这次变更以前")


def drawn(page: Page) -> None:
    expect(page.locator(".gb-canvas[data-drawn]").first).to_be_visible(timeout=PATIENCE)


def case_diagram(person: Person, serial: str) -> Page:
    """The owner looks at the diagram of one case."""
    page = person.go(f"/cases/{serial}/diagram")
    drawn(page)
    return page


def garden(page: Page) -> Locator:
    """The step 园林审查 in the diagram."""
    return page.locator(".djs-element").filter(has_text=re.compile("^园林审查$"))


def test_one_change_goes_through_two_people_into_force_tomorrow_and_back(at_desk: Desk, address: str) -> None:
    tale = Tale(address)
    tale.until("收件审查，受理")  # the permit for the pit is being reviewed
    designer = at_desk("designer").page
    change = begin(designer, TITLE, "局务会 6月13日定的，园林局已同意", "matters.yaml")
    promise_two_days(designer)
    add(designer, change, MODEL)
    editor = Editor(designer)
    task = draw_garden_review(editor)
    editor.keep()
    add(designer, change, FORM)
    editor = Editor(designer)
    ask_who_rechecks(editor)
    editor.keep()
    add(designer, change, TABLE)
    editor = Editor(designer)
    one_more_rule(editor)
    editor.keep()
    tell_the_cases(designer, change, task)
    picture(designer, "studio-walk-6-files")
    hand_over(designer, change)

    publisher = at_desk("publisher").page
    let_through(publisher, TOMORROW)
    versions = at_desk("designer").go(f"/studio/processes/{PROCESS}")
    expect(versions.locator("#main")).to_contain_text("第 1 版在用")
    expect(versions.locator("#main")).to_contain_text("已排定")

    tale.until("办件办结")  # the running one ends on the next day without the step
    expect(garden(case_diagram(at_desk("mengyue"), tale.known["p1"]))).to_have_count(0)
    versions = at_desk("designer").go(f"/studio/processes/{PROCESS}")
    expect(versions.locator("#main")).to_contain_text("第 2 版在用")
    matters = at_desk("designer").go("/studio/matters")
    expect(matters.locator('[id="line-C05.P3"]')).to_contain_text("2 个工作日")

    tale.until("承诺 2")  # the next one, for the basement, is being reviewed
    waiting = case_diagram(at_desk("mengyue"), tale.known["p2"])
    expect(garden(waiting)).to_have_count(1)
    picture(waiting, "owner-case-diagram", whole=True)
    assert [one["name"] for one in tale.inbox("garden")] == ["园林审查"]
    running = at_desk("publisher").go(f"/studio/processes/{PROCESS}")
    expect(running.locator("#main")).to_contain_text("第 2 版，办完为止")
    picture(running, "studio-walk-9-running", whole=True)
    tale.until("消防人防审查")
    assert [one for one in tale.inbox("approver") if one["name"] == "审批决定"] == []  # it waits for all three
    tale.decide("garden", "园林审查", "pass")
    tale.until("地下室施工许可证")

    go_back(at_desk("publisher").page, change, "园林局还没有人手")
    tale.until("承诺 3")  # the third one, above the ground, has the old promise and no such step
    expect(garden(case_diagram(at_desk("mengyue"), tale.known["p3"]))).to_have_count(0)
    assert tale.inbox("garden") == []
    tale.until("地上主体施工许可证")
    versions = at_desk("designer").go(f"/studio/processes/{PROCESS}")
    expect(versions.locator("#main")).to_contain_text("园林局还没有人手")
    picture(versions, "studio-walk-11-versions", whole=True)
