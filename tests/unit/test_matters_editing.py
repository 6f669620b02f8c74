"""Changing one value of matters.yaml and leaving the rest as it was written; and saying in words what changed."""

import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.approval import matters_differences as differences
from server.approval import matters_editing as editing
from server.approval import plain_yaml
from server.approval.matters import Limit
from server.calendar import Unit
from server.errors import Invalid, NotFound
from server.processes.library_kinds import FieldChange

FORMS = Path(__file__).resolve().parents[2] / "forms"
MATTERS, MATERIALS = ((FORMS / f"{name}.yaml").read_bytes() for name in ("matters", "materials"))
DAYS = Unit.WORKING_DAYS


def lines_changed(before: bytes, after: bytes) -> list[str]:
    found = difflib.ndiff(before.decode().splitlines(True), after.decode().splitlines(True))
    return [one for one in found if one.startswith(("+", "-"))]


def test_the_outline_has_a_row_for_each_matter_phase_and_material() -> None:
    shown = editing.outline(MATTERS, MATERIALS)
    assert [one.key for one in shown.matters] == ["C05", "C05.P1", "C05.P2", "C05.P3", "C05.P12", "C05.P0", "D01", "D07"]
    whole, pit = shown.matters[:2]
    assert whole.has_phases
    assert whole.promise is None
    assert (pit.code, pit.name, pit.promise, pit.statutory) == ("C05-1", "基坑支护和土方开挖", Limit(1, DAYS), Limit(7, DAYS))
    assert pit.materials[1] == editing.AskedLine("M14", "监理合同", "须监理")
    assert MATTERS.decode().splitlines()[pit.line - 1].strip() == "P1:"
    assert len(shown.materials) == 40
    assert shown.materials[12].name.startswith("中标通知书")
    assert [one.key for one in editing.promises(MATTERS)] == [one.key for one in shown.matters]


def test_a_new_promise_changes_one_line_and_nothing_else() -> None:
    made = editing.with_promise(MATTERS, "C05.P1", Limit(3, DAYS))
    assert lines_changed(MATTERS, made) == [
        "-         promise: {working_days: 1}\n",
        "+         promise: {working_days: 3}\n",
    ]
    assert editing.with_promise(made, "C05.P1", Limit(1, DAYS)) == MATTERS


def test_the_unit_may_change_with_it_and_back_to_the_byte() -> None:
    made = editing.with_promise(MATTERS, "D07", Limit(3, Unit.NATURAL_DAYS))
    assert "    promise: {natural_days: 3}" in made.decode().splitlines()
    assert editing.with_promise(made, "D07", Limit(0, Unit.IMMEDIATE)) == MATTERS


def test_comments_order_and_layout_of_a_file_written_by_hand_stay() -> None:
    text = (
        "# 顶上\nmatters:\n    D01:   # 联合验收\n"
        "        name:   '竣工联合验收'   # 名称\n"
        "        promise:\n            working_days:   7   # 含现场三天\n\n\n"
        "        department: 住建局\n"
    ).encode()
    made = editing.edited(text, "D01", name="联合验收", promise=Limit(9, Unit.NATURAL_DAYS))
    assert made.decode() == text.decode().replace("'竣工联合验收'", "联合验收").replace("working_days:   7", "natural_days:   9")
    windows = text.replace(b"\n", b"\r\n")
    assert editing.with_promise(windows, "D01", Limit(9, DAYS)) == windows.replace(b"7", b"9")


@given(st.text(min_size=1, max_size=40))
def test_any_name_is_kept_as_it_was_typed_or_refused(name: str) -> None:
    if not name.strip() or not name.strip().isprintable():
        with pytest.raises(Invalid):
            editing.with_name(MATTERS, "C05.P1", name)
        return
    made = editing.with_name(MATTERS, "C05.P1", name)
    data = plain_yaml.load(made).data
    assert data["matters"]["C05"]["phases"]["P1"]["name"] == name.strip()
    assert len(lines_changed(MATTERS, made)) in (0, 2)


@pytest.mark.parametrize("name", ["true", "7", "null", "a: b", "[x]", "a, b: c}", "#1 楼", "& 和 *", '引号"里"', "- 项", "-", "a -", "施工许可（一）"])
def test_a_name_that_means_something_in_yaml_is_quoted(name: str) -> None:
    block = plain_yaml.load(editing.with_name(MATTERS, "D01", name)).data
    assert block["matters"]["D01"]["name"] == name
    data = plain_yaml.load(editing.edited_material(MATERIALS, "M13", name=name)).data
    assert data["materials"]["M13"] == {"name": name, "key": True, "source": "UPLOAD", "reuse": "project"}


@pytest.mark.parametrize(
    ("key", "changes", "field", "words"),
    [
        ("C05.P1", {"promise": Limit(8, DAYS)}, "promise", "比法定 7 个工作日还长"),
        ("C05", {"promise": Limit(3, DAYS)}, "promise", "请改每个阶段的承诺"),
        ("C05", {"name": "  "}, "name", "请写名称"),
        ("C05", {"name": "两\n行"}, "name", "写成一行"),
        ("C05", {"name": "长" * 301}, "name", "不超过 300 个字"),
    ],
)
def test_what_may_not_stand_there_is_refused_at_its_field(key: str, changes: dict, field: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        editing.edited(MATTERS, key, **changes)
    assert words in refused.value.fields[field][0]


@pytest.mark.parametrize("key", ["C06", "C05.P9", "", "C05.P1.x"])
def test_a_key_that_is_not_in_the_file_is_not_found(key: str) -> None:
    with pytest.raises(NotFound):
        editing.with_promise(MATTERS, key, Limit(1, DAYS))
    with pytest.raises(NotFound):
        editing.edited_material(MATERIALS, key, name="甲")


@pytest.mark.parametrize(("unit", "n", "found"), [("working_days", " 3 ", Limit(3, DAYS)), ("immediate", "", Limit(0, Unit.IMMEDIATE))])
def test_the_two_fields_of_a_limit_are_read(unit: str, n: str, found: Limit) -> None:
    assert editing.limit_of(unit, n) == found


@pytest.mark.parametrize(("unit", "n"), [("working_days", "0"), ("working_days", "三"), ("working_days", "²"), ("weeks", "1"), ("months", "99999")])
def test_what_is_no_limit_is_refused(unit: str, n: str) -> None:
    with pytest.raises(Invalid) as refused:
        editing.limit_of(unit, n)
    assert "promise" in refused.value.fields


def test_a_file_that_cannot_be_read_says_where() -> None:
    with pytest.raises(Invalid) as refused:
        editing.outline(b"matters: [", MATERIALS)
    assert "不是合法的 YAML" in refused.value.message


# -- differences


def test_a_changed_promise_and_name_are_said_by_matter_and_field() -> None:
    made = editing.edited(MATTERS, "C05.P1", name="基坑", promise=Limit(2, DAYS))
    assert differences.of_matters(MATTERS, made) == [
        FieldChange("changed", "C05 施工许可·基坑", "C05.P1.name", "名称", "基坑支护和土方开挖", "基坑"),
        FieldChange("changed", "C05 施工许可·基坑", "C05.P1.promise", "承诺时限", "1 个工作日", "2 个工作日"),
    ]


def test_comments_order_and_layout_make_no_difference() -> None:
    moved = MATTERS.decode().replace("    kind: Q\n    department: 住建局\n", "    department: 住建局   # 牵头\n    kind: Q\n")
    assert moved.encode() != MATTERS
    assert differences.of_matters(MATTERS, moved.encode()) == []


def test_new_and_removed_matters_materials_and_switches_are_said() -> None:
    text = MATTERS.decode()
    text = text.replace("p1_requires_planning_permit: true ", "p1_requires_planning_permit: false ")
    text = text.replace("materials: [M28, M29, M30]", "materials: [M28, {M14: supervision}]")
    text = text.replace("intake: {working_days: 5}", "intake: {working_days: 3}")
    text = text.replace("  D07:\n    name: 竣工验收备案", "  D08:\n    name: 竣工验收备案")
    found = differences.of_matters(MATTERS, text.encode())
    assert [(one.kind, one.of, one.field, one.before, one.after) for one in found] == [
        ("changed", "通用期限", "一次告知期限", "5 个工作日", "3 个工作日"),
        ("changed", "规则开关", "基坑阶段要规划许可证", "是", "否"),
        ("changed", "D01 竣工联合验收", "材料", "M28、M29、M30", "M28、M14（须监理）"),
        ("added", "D08 竣工验收备案", "事项", "", "竣工验收备案，承诺 当日办结"),
        ("removed", "D07 竣工验收备案", "事项", "竣工验收备案，承诺 当日办结", ""),
    ]


def test_a_renamed_material_is_said_by_its_code() -> None:
    made = editing.edited_material(MATERIALS, "M14", name="监理委托合同")
    assert differences.of_materials(MATERIALS, made) == [
        FieldChange("changed", "M14 监理委托合同", "M14.name", "名称", "监理合同", "监理委托合同")
    ]


def test_without_an_older_file_everything_is_new_and_of_an_unreadable_one_nothing_is_said() -> None:
    assert {one.kind for one in differences.of_materials(None, MATERIALS) if one.of[0] == "M"} == {"added"}
    assert differences.of_matters(MATTERS, b"matters: [") == []
    assert differences.of_matters(b"- a", MATTERS) == []
