"""A decision file in words: its tables as people read them, and what a row of answers comes to."""

import pytest

from server.config import ROOT
from server.processes import field_dictionary
from server.processes.decision_tables import attempt, read
from workflows import Refused

PERMIT = (ROOT / "bpmn" / "permit-phase-conditions.dmn").read_bytes()


def dmn(rules: str, policy: str = "UNIQUE", expression: str = "depth", requirement: str = "") -> bytes:
    """One table over a depth and whether there is a shelter."""
    return f"""<?xml version="1.0"?><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="图纸" namespace="t">
<decision id="first" name="前一张"><variable name="first"/><literalExpression><text>1</text></literalExpression></decision>
<decision id="drawings" name="要的图纸">{requirement}<decisionTable hitPolicy="{policy}">
<input id="i1" label="开挖深度"><inputExpression typeRef="number"><text>{expression}</text></inputExpression></input>
<input id="i2" label="有防空地下室"><inputExpression typeRef="boolean"><text>shelter</text></inputExpression></input>
<output id="o" label="图纸" name="drawing" typeRef="string"/>{rules}</decisionTable></decision></definitions>""".encode()


def rule(key: str, depth: str, shelter: str, drawing: str) -> str:
    return (
        f'<rule id="{key}"><description>说明{key}</description><inputEntry><text><![CDATA[{depth}]]></text></inputEntry>'
        f'<inputEntry><text>{shelter}</text></inputEntry><outputEntry><text>"{drawing}"</text></outputEntry></rule>'
    )


TWO = rule("r1", "< 3", "-", "支护图") + rule("r2", ">= 3", "true", "专家论证")


def test_a_table_reads_without_quotation_marks_dashes_and_true() -> None:
    [table] = read(dmn(TWO)).tables
    assert [[cell.words for cell in one.conditions] for one in table.rules] == [["< 3", "不论"], [">= 3", "是"]]
    assert [one.results[0].words for one in table.rules] == ["支护图", "专家论证"]
    assert table.rules[0].note == "说明r1"


def test_values_are_called_as_the_dictionary_calls_them() -> None:
    [table] = read(PERMIT, {"phase": {"P1": "基坑", "P12": "±0.000 以下"}}).tables
    assert table.rules[0].conditions[0].words == "基坑、±0.000 以下、P0"


def test_a_row_says_which_rules_hit_and_what_comes_of_it() -> None:
    data = dmn(TWO)
    [table] = read(data).tables
    answer = attempt(data, table, {0: "5.8", 1: "true"})
    assert (answer.tone, answer.rules, answer.words) == ("done", (2,), "专家论证")


def test_a_row_that_no_rule_meets_warns() -> None:
    data = dmn(TWO)
    answer = attempt(data, read(data).tables[0], {0: "5.8", 1: "false"})
    assert answer.tone == "warn"
    assert "停在这里" in answer.words


def test_two_rules_at_once_where_there_must_be_one_fail_with_their_numbers() -> None:
    data = dmn(TWO + rule("r3", "> 5", "true", "论证"))
    answer = attempt(data, read(data).tables[0], {0: "5.8", 1: "true"})
    assert answer.tone == "failed"
    assert "2、3" in answer.words


def test_what_is_no_number_is_told_beside_its_column_and_nothing_is_asked() -> None:
    data = dmn(TWO)
    answer = attempt(data, read(data).tables[0], {0: "五米", 1: "true"})
    assert answer.errors == {0: "“开挖深度”要填数，例如 3.5。"}


def test_a_table_that_stands_on_another_decision_or_computes_its_condition_is_tried_alone() -> None:
    requirement = '<informationRequirement><requiredDecision href="#first"/></informationRequirement>'
    data = dmn(TWO, expression="first + 2", requirement=requirement)
    assert attempt(data, read(data).tables[0], {0: "1", 1: "true"}).words == "支护图"


@pytest.mark.parametrize("data", [b"", b"<x/", b"<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>"])
def test_what_is_no_xml_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        read(data)


def test_the_dictionary_names_every_answer_once_with_its_values_and_forms() -> None:
    forms = [path.read_bytes() for path in sorted((ROOT / "forms").glob("*.form"))]
    entries = field_dictionary.dictionary([*forms, b"{broken"])
    outcome = next(entry for entry in entries if entry.key == "outcome")
    assert len({entry.key for entry in entries}) == len(entries)
    assert len(outcome.forms) > 3
    assert field_dictionary.labels(entries)["outcome"]


def test_the_shipped_table_is_tried_with_what_its_columns_offer() -> None:
    table = read(PERMIT).tables[0]
    phases = [value for value, _ in table.inputs[0].choices]
    assert {"P1", "P2", "P3", "P12", "P0"} == set(phases)
    assert attempt(PERMIT, table, {0: "P1", 1: "false", 2: "false", 3: "true", 4: "true"}).rules
