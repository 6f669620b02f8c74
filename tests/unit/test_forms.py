"""Forms: the file says what is asked and when; answers come out clean, or with a sentence on the very field."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from server.errors import Invalid
from server.processes import forms

SHIPPED = sorted((Path(__file__).parents[2] / "forms").glob("*.form"))
PERMIT = {
    "contract_price": "13860.00",
    "period_from": "2025-06-20",
    "period_to": "2026-09-30",
    "contractor": "诚筑建设",
    "contractor_leader": "周工",
    "designer": "北原设计",
    "designer_leader": "吴工",
    "surveyor": "地勘岩土",
    "surveyor_leader": "郑工",
}


def form(*components: dict[str, Any]) -> forms.Form:
    return forms.load(json.dumps({"id": "trial", "type": "default", "components": components}).encode())


def shipped(name: str) -> forms.Form:
    return forms.load(next(path for path in SHIPPED if path.stem == name).read_bytes())


def wrong(asked: forms.Form, answers: dict[str, Any], **variables: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        forms.validate(asked, answers, variables)
    return refused.value.fields


def text(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "key": key, "label": "工程名称", **more}


def number(**more: Any) -> dict[str, Any]:
    return {"type": "number", "key": "area", "label": "面积", "appearance": {"suffixAdorner": "㎡"}, **more}


# -- the forms we ship


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_form_is_without_fault_and_named_after_its_file(path: Path) -> None:
    asked = forms.load(path.read_bytes())
    assert forms.lint_form(asked) == []
    assert asked.id == path.stem
    plain = json.loads(path.read_bytes())
    assert (plain["executionPlatform"], plain["schemaVersion"]) == ("Camunda Cloud", 19)


def test_every_form_a_shipped_model_asks_for_is_there() -> None:
    asked = {
        part.partition('"')[0]
        for model in (Path(__file__).parents[2] / "bpmn").glob("*.bpmn")
        for part in model.read_text(encoding="utf-8").split('formId="')[1:]
    }
    assert asked <= {path.stem for path in SHIPPED}


def test_a_permit_application_comes_out_as_it_is_stored() -> None:
    cleaned = forms.validate(shipped("permit-application"), {**PERMIT, "excavation_depth": "5.8"}, {})
    assert cleaned == {**PERMIT, "excavation_depth": "5.8"}
    json.dumps(cleaned)


def test_the_end_of_the_contract_must_come_after_its_beginning() -> None:
    found = wrong(shipped("permit-application"), {**PERMIT, "period_to": "2025-06-20"})
    assert found == {"period_to": ["合同工期的结束日期要晚于开始日期，请照合同核对两个日期"]}


def test_what_is_missing_is_asked_for_by_name() -> None:
    found = wrong(shipped("permit-application"), {k: v for k, v in PERMIT.items() if k != "period_to"})
    assert found == {"period_to": ["请填合同工期的结束日期"]}


def test_supervision_is_asked_for_only_where_the_law_asks_for_it() -> None:
    asked = shipped("permit-application")
    assert "supervisor" not in forms.validate(asked, PERMIT, {"supervision_required": False})
    assert wrong(asked, PERMIT, supervision_required=True) == {"supervisor": ["请填监理单位名称"]}


def test_a_second_correction_cannot_be_chosen_and_the_reason_is_said() -> None:
    found = wrong(shipped("permit-intake"), {"outcome": "correct"}, corrected=True)
    assert found == {"outcome": ["不能选“一次告知补正”：已经一次告知过，不能再要新的材料"]}
    forms.validate(shipped("permit-intake"), {"outcome": "correct"}, {"corrected": False})


def test_a_refusal_needs_its_reason_and_carries_the_remedy() -> None:
    asked = shipped("permit-decision")
    assert wrong(asked, {"outcome": "refuse"}) == {"opinion": ["请填决定的理由"]}
    cleaned = forms.validate(asked, {"outcome": "refuse", "opinion": "没有规划许可证"}, {})
    assert "行政复议" in cleaned["remedy"]
    assert "remedy" not in forms.validate(asked, {"outcome": "grant"}, {})


def test_an_item_without_its_request_is_named_by_row() -> None:
    rows = [{"kind": "缺材料", "subject": "合格书", "request": "请补交"}, {"kind": "缺签章", "subject": "承诺书"}]
    assert wrong(shipped("permit-intake"), {"outcome": "correct", "items": rows}) == {"items.1.request": ["请填要求"]}


def test_items_of_another_outcome_are_not_taken() -> None:
    cleaned = forms.validate(shipped("permit-intake"), {"outcome": "admit", "items": [{"subject": ""}]}, {})
    assert cleaned == {"outcome": "admit"}


def test_a_reply_keeps_the_file_the_page_put_in() -> None:
    reply = {"number": 1, "text": "已补", "file_id": 7, "material": "M16"}
    cleaned = forms.validate(shipped("permit-correction"), {"outcome": "answered", "replies": [reply]}, {})
    assert cleaned["replies"] == [reply]


# -- kinds of fields


def test_rows_left_empty_do_not_count() -> None:
    asked = form({"type": "dynamiclist", "path": "rows", "label": "各幢", "components": [text("name")]})
    assert forms.validate(asked, {"rows": [{}, {"name": " "}, {"name": "1#"}]}, {}) == {"rows": [{"name": "1#"}]}


def test_a_condition_inside_a_row_looks_at_that_row() -> None:
    inner = [text("kind"), text("why", validate={"required": True}, conditional={"hide": '=kind != "other"'})]
    asked = form({"type": "dynamiclist", "path": "rows", "label": "各项", "components": inner})
    found = wrong(asked, {"rows": [{"kind": "plain"}, {"kind": "other"}]})
    assert found == {"rows.1.why": ["请填工程名称"]}


@pytest.mark.parametrize("value", ["1e5", "１２", "5米8", "NaN", "1,00", "1,0000", "--1", True, [], {}])
def test_what_is_no_plain_number_is_refused_with_an_example(value: Any) -> None:
    found = wrong(form(number(validate={"required": True})), {"area": value})
    assert found in ({"area": ["面积请只填数字，单位是㎡，例如 5.8"]}, {"area": ["请填面积"]})


@pytest.mark.parametrize(
    ("rules", "value", "words"),
    [
        ({"decimalDigits": 2}, "1.005", "面积最多 2 位小数，您填的是 1.005"),
        ({"decimalDigits": 0}, "1.5", "面积要填整数，您填的是 1.5"),
        ({"validate": {"min": 0}}, "-1", "面积不能小于 0㎡，您填的是 -1"),
        ({"validate": {"max": 9.5}}, "10", "面积不能大于 9.5㎡，您填的是 10"),
    ],
)
def test_a_number_outside_its_bounds_is_told_which(rules: dict[str, Any], value: str, words: str) -> None:
    assert wrong(form(number(**rules)), {"area": value}) == {"area": [words]}


@pytest.mark.parametrize("value", ["53,820.86", "53，820.86", " 53820.86 "])
def test_a_number_may_be_written_as_papers_print_it(value: str) -> None:
    assert forms.validate(form(number()), {"area": value}, {}) == {"area": Decimal("53820.86")}


def test_characters_nobody_sees_are_no_part_of_a_text() -> None:
    asked = form(text("name", validate={"required": True}))
    assert forms.validate(asked, {"name": "\u202e建字第\x0015号\u200b\n附表"}, {}) == {"name": "建字第15号\n附表"}
    assert wrong(asked, {"name": "\u200b"}) == {"name": ["请填工程名称"]}


def test_a_number_never_becomes_a_float() -> None:
    assert forms.validate(form(number(serializeToString=True)), {"area": 9940.14}, {}) == {"area": "9940.14"}
    assert forms.validate(form(number()), {"area": "9940.14"}, {}) == {"area": Decimal("9940.14")}
    assert forms.validate(form(number()), {"area": "3"}, {}) == {"area": 3}


@pytest.mark.parametrize("value", ["2026-02-30", "2026/9/1", "20260901", 5])
def test_what_is_no_day_is_refused(value: Any) -> None:
    asked = form({"type": "datetime", "subtype": "date", "key": "day", "label": "合格日期"})
    assert wrong(asked, {"day": value}) == {"day": ["合格日期不是一个日期，请照 2026-09-14 的样子填"]}


def test_a_choice_outside_the_list_is_refused() -> None:
    asked = form({"type": "radio", "key": "outcome", "label": "结论", "values": [{"value": "pass", "label": "通过"}]})
    assert wrong(asked, {"outcome": "no"}) == {"outcome": ["结论里没有这一项，请从“通过”里选"]}


def test_a_box_that_must_be_ticked_says_so() -> None:
    asked = form({"type": "checkbox", "key": "agree", "label": "承诺属实", "validate": {"required": True}})
    assert wrong(asked, {"agree": False}) == {"agree": ["请勾选“承诺属实”"]}
    assert forms.validate(asked, {"agree": True}, {}) == {"agree": True}


def test_text_has_bounds_and_a_pattern_with_its_own_words() -> None:
    asked = form(text("name", validate={"maxLength": 3}))
    assert wrong(asked, {"name": "河湾府一期"}) == {"name": ["工程名称最多 3 个字，现在 5 个，请删去一些"]}
    asked = form(text("name", validate={"pattern": "M[0-9]{2}"}, properties={"pattern_message": "例如 M16"}))
    assert wrong(asked, {"name": "M1"}) == {"name": ["例如 M16"]}


def test_a_default_counts_only_where_nothing_was_sent() -> None:
    asked = form(text("name", defaultValue="照图", validate={"required": True}))
    assert forms.validate(asked, {}, {}) == {"name": "照图"}
    assert wrong(asked, {"name": ""}) == {"name": ["请填工程名称"]}


def test_what_the_form_does_not_ask_is_left_out() -> None:
    assert forms.validate(form(text("name")), {"name": "河湾府", "admin": True}, {}) == {"name": "河湾府"}


# -- lint


@pytest.mark.parametrize(
    ("component", "code"),
    [
        ({"type": "iframe", "key": "a", "label": "网页"}, "field-type"),
        (text("Contract Price"), "field-key"),
        ({"type": "number", "key": "a"}, "field-label"),
        ({"type": "radio", "key": "a", "label": "结论"}, "field-options"),
        (text("a", conditional={"hide": "=b +"}), "field-feel"),
        (text("a", validate={"pattern": "("}), "field-pattern"),
        (text("a", validate={"pattern": "(a+)+$"}), "field-pattern"),
        (text("a", validate={"pattern": "(a|aa)+"}), "field-pattern"),
        (text("a", validate={"pattern": "(?=(a*)*)b"}), "field-pattern"),
        (text("a", properties={"check": "=a > 1"}), "field-check"),
    ],
)
def test_a_fault_of_the_designer_is_found_on_its_field(component: dict[str, Any], code: str) -> None:
    assert [one.code for one in forms.lint_form(form(component))] == [code]


def test_two_fields_with_one_key_are_found_but_not_across_rows() -> None:
    rows = {"type": "dynamiclist", "path": "rows", "label": "各幢", "components": [text("name")]}
    assert forms.lint_form(form(text("name"), rows)) == []
    group = {"type": "group", "label": "单位", "components": [text("name")]}
    assert [one.code for one in forms.lint_form(form(text("name"), group))] == ["field-double", "field-double"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"id": "x"}', b'{"id": "x", "components": [{}]}', b"\xff"])
def test_what_is_no_form_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(Invalid, match="不是表单"):
        forms.load(data)
