"""The three editors of the studio: what is typed is kept, what is wrong is marked, what a template draws can be published."""

import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from canonical import facts, lost
from islands import Island
from playwright.sync_api import Browser, expect

from server import cli
from server.config import ROOT

PERMIT = (ROOT / "bpmn" / "construction-permit.bpmn").read_bytes()
TABLE = (ROOT / "bpmn" / "permit-phase-conditions.dmn").read_bytes()
FORM = (ROOT / "forms" / "permit-intake.form").read_bytes()
MARKS = {
    "units": ["建设单位", "政务大厅·综合窗口", "住建局·审批科", "园林局·审批科"],
    "forms": [["permit-review", "审查意见"], ["permit-delivery", "送达"], ["permit-correction", "补正"]],
    "transitions": [["in_review", "部门开始办理"]],
    "papers": [["refusal-decision", "不予许可决定书"]],
}
Open = Callable[..., Island]


@pytest.fixture
def island(browser: Browser) -> Iterator[Open]:
    opened: list[Island] = []

    def sit_down(kind: str, data: bytes, **options: Any) -> Island:
        opened.append(Island(browser, kind, data, **options))
        return opened[-1]

    yield sit_down
    for one in opened:
        one.close()


def said(island: Island) -> str:
    return island.page.locator("[data-kept-words]").inner_text()


# -- drafts


@pytest.mark.parametrize(
    ("kind", "data", "touch"),
    [
        ("model", PERMIT, lambda one: one.tool("annotation")),
        ("decision", TABLE, lambda one: one.act("rule")),
        ("form", FORM, lambda one: one.page.locator("[data-fields] button").first.click()),
    ],
    ids=["model", "decision", "form"],
)
def test_every_editor_keeps_a_change_by_itself_and_takes_it_back(
    island: Open, kind: str, data: bytes, touch: Callable[[Island], None]
) -> None:
    one = island(kind, data)
    changed = one.next_draft(lambda: touch(one))
    assert changed != data
    expect(one.page.locator("[data-kept-words]")).to_have_text("10:12 已自动保存")
    undone = one.next_draft(lambda: one.act("undo"))
    assert one.matched == ['"0"', '"1"']  # each save says which one it follows
    if kind == "form":
        assert json.loads(undone) == json.loads(data)
    else:
        assert lost(data, undone) == []


def test_a_save_that_does_not_arrive_is_said_kept_here_and_tried_again(island: Open) -> None:
    one = island("model", PERMIT)
    one.offline = True
    one.tool("annotation")
    expect(one.page.locator("[data-kept][data-tone=failed]")).to_contain_text("没有存上，网络不通")
    assert one.kept == []
    one.offline = False
    expect(one.page.locator("[data-kept-words]")).to_have_text("10:12 已自动保存")
    assert len(one.kept) == 1
    one.complaints = [text for text in one.complaints if "ERR_FAILED" not in text]


def test_what_was_not_saved_is_there_when_the_page_is_opened_again(island: Open) -> None:
    one = island("model", PERMIT)
    one.offline = True
    one.tool("annotation")
    expect(one.page.locator("[data-kept][data-tone=failed]")).to_be_visible()
    one.page.on("dialog", lambda dialog: dialog.accept())
    one.offline = False
    with one.page.expect_response(lambda answer: answer.request.method == "PUT"):
        one.open()
    assert b"textAnnotation" in one.kept[-1]
    expect(one.page.locator("[data-restored]")).to_be_visible()
    one.complaints = [text for text in one.complaints if "ERR_FAILED" not in text]


def test_a_refusal_of_the_server_is_shown_in_its_own_words(island: Open) -> None:
    one = island("model", PERMIT)
    one.refuse = (409, {"detail": "这个文件您在另一个窗口里改过。"})
    one.tool("annotation")
    expect(one.page.locator("[data-kept][data-tone=failed]")).to_contain_text("这个文件您在另一个窗口里改过")
    one.complaints = [text for text in one.complaints if "409" not in text]
    one.refuse = None
    one.next_draft(lambda: one.act("undo"))


def test_saving_waits_for_the_last_change(island: Open) -> None:
    one = island("model", PERMIT)
    one.tool("annotation")
    one.page.get_by_role("button", name="存进变更").click()
    one.page.wait_for_url("**/save")
    assert b"textAnnotation" in one.kept[-1]
    assert one.left == [b"then=stay"]


# -- templates


@pytest.mark.parametrize(
    ("tool", "selected", "unit", "added"),
    [
        ("review", "split_review", "园林局·审批科", 1),
        ("consult", "flow_admitted", "园林局·审批科", 1),
        ("stop", "flow_to_review", "住建局·审批科", 4),
        ("record", "flow_admitted", "", 1),
        ("paper", "flow_grant", "住建局·审批科", 2),
        ("correction", "gate_complete", "", 4),
    ],
)
def test_a_template_is_one_step_that_can_be_undone(
    island: Open, tool: str, selected: str, unit: str, added: int
) -> None:
    one = island("model", PERMIT, **MARKS)
    one.page.goto(f"/#{selected}")
    one.page.reload()
    one.page.wait_for_selector("[data-editor][data-ready]")
    one.tool(tool)
    dialog = one.page.get_by_role("dialog")
    if unit:
        dialog.get_by_label("由哪个科室办").select_option(unit)
    drawn = one.next_draft(lambda: dialog.get_by_role("button", name="加上").click())
    fresh = [fact for fact in facts(drawn) - facts(PERMIT) if fact[0] == "element" and re.search(r"Task#\w+$", fact[1])]
    assert len(fresh) == added
    undone = one.next_draft(lambda: one.act("undo"))
    assert [fact for fact in (facts(undone) - facts(PERMIT)) if fact[0] == "element"] == []


@pytest.mark.parametrize(
    ("tool", "selected"), [("review", "split_review"), ("consult", "flow_admitted"), ("stop", "flow_to_review")]
)
def test_what_a_template_draws_passes_the_gate(island: Open, tmp_path: Path, tool: str, selected: str) -> None:
    one = island("model", PERMIT, **MARKS)
    one.page.goto(f"/#{selected}")
    one.page.reload()
    one.page.wait_for_selector("[data-editor][data-ready]")
    one.tool(tool)
    dialog = one.page.get_by_role("dialog")
    dialog.get_by_label("由哪个科室办").select_option("园林局·审批科")
    file = tmp_path / "construction-permit.bpmn"
    file.write_bytes(one.next_draft(lambda: dialog.get_by_role("button", name="加上").click()))
    assert cli.main(["lint", str(file)]) == 0


def test_a_template_without_a_place_says_where_to_point(island: Open) -> None:
    one = island("model", PERMIT, **MARKS)
    one.tool("stop")
    expect(one.page.locator("[data-summary]")).to_contain_text("先在图上点一条连线")


# -- marks


def test_findings_of_a_table_mark_the_very_cells_and_a_gap_can_be_filled(island: Open) -> None:
    one = island("decision", TABLE)
    gap = html.escape(json.dumps(['"P9"', "", "", "", ""]))
    one.lint = lambda _data: (
        '<div class="gb-finds-answer"><ul><li data-tone="failed" data-decision="permit_phase_conditions" data-rule="2"'
        ' data-column="1"><p>重叠</p></li><li data-tone="warn" data-decision="permit_phase_conditions"'
        f' data-gap="{gap}"><p>空档</p></li></ul></div>'
    )
    one.next_draft(lambda: one.act("rule"))
    cell = one.page.locator('[data-element-id="entry_02_1"]').first
    expect(cell).to_have_css("outline-style", "solid")
    expect(one.page.locator(".gb-dmn tr[data-gap]")).to_contain_text("不论")
    filled = one.next_draft(lambda: one.page.get_by_role("button", name="补一条").click())
    assert b'"P9"' in filled


def test_a_field_of_the_dictionary_brings_its_key_and_label(island: Open) -> None:
    one = island("form", FORM, dictionary=[{"key": "survey_organisation", "label": "测绘单位", "type": "textfield"}])
    kept = json.loads(one.next_draft(lambda: one.page.get_by_role("button", name="测绘单位").click()))
    assert ("survey_organisation", "测绘单位") in [
        (field.get("key"), field.get("label")) for field in kept["components"]
    ]
    expect(one.page.locator("[data-preview]")).to_contain_text("画好了")


@pytest.mark.parametrize("path", sorted((ROOT / "forms").glob("*.form")), ids=lambda path: path.stem)
def test_a_shipped_form_loses_nothing(island: Open, path: Path) -> None:
    one = island("form", path.read_bytes())
    one.next_draft(lambda: one.page.locator("[data-fields] button").first.click())
    assert json.loads(one.next_draft(lambda: one.act("undo"))) == json.loads(path.read_bytes())
