"""The designer's walk: 园林审查 is drawn into the parallel review in the browser, published by a second person, taken back."""

import re
from collections.abc import Callable

import pytest
from editing import Editor
from persons import Person, picture
from playwright.sync_api import expect

PROCESS, NAME = "construction-permit", "建筑工程施工许可"
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
