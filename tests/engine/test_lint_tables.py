"""Decision tables: rules that meet, inputs nobody covers, with an example each; and the same verdict as the engine's."""

import random
import time
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

import pytest

from workflows import dmn
from workflows.dmn_cells import points, read
from workflows.errors import DecisionError
from workflows.findings import Finding
from workflows.lint_tables import table_findings

HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'


def table(
    *rows: str, policy: str = "UNIQUE", inputs: str = "x", values: dict[str, str] | None = None, default: str = ""
) -> bytes:
    """rows: `cell | cell => output`. values: the values an input may hold."""
    columns = "".join(
        f'<input id="i_{n}" label="{n}"><inputExpression id="e_{n}"><text>{n}</text></inputExpression>'
        + (f"<inputValues id='v_{n}'><text>{escape(values[n])}</text></inputValues>" if values and n in values else "")
        + "</input>"
        for n in inputs.split()
    )
    otherwise = f"<defaultOutputEntry><text>{default}</text></defaultOutputEntry>" if default else ""
    body = ""
    for number, row in enumerate(rows, 1):
        cells, _, output = row.partition("=>")
        body += f'<rule id="r{number}">' + "".join(
            f'<inputEntry id="c{number}_{i}"><text>{escape(c.strip())}</text></inputEntry>'
            for i, c in enumerate(cells.split("|"))
        )
        body += f'<outputEntry id="o{number}"><text>{escape(output.strip())}</text></outputEntry></rule>'
    return (
        f'{HEAD}<decision id="fee" name="收费"><decisionTable id="t" hitPolicy="{policy}">{columns}'
        f'<output id="o" name="fee">{otherwise}</output>{body}</decisionTable></decision></definitions>'
    ).encode()


def found(data: bytes) -> list[Finding]:
    return list(table_findings({"t.dmn": data}, "t.dmn"))


def one(data: bytes, code: str) -> Finding:
    findings = found(data)
    assert [f.code for f in findings] == [code], findings
    return findings[0]


def test_a_table_without_holes_has_no_finding() -> None:
    assert found(table("< 10 => 1", "[10..20) => 2", ">= 20 => 3")) == []
    assert found(table("true => 1", "false => 2")) == []
    assert found(table('"a","b" => 1', 'not("a","b") => 2')) == []
    assert found(table("- => 1")) == []


def test_two_rules_that_meet_are_named_with_an_input_that_hits_both() -> None:
    finding = one(table("<= 10 => 1", "[10..20) => 2", ">= 20 => 3"), "table-overlap")
    assert finding.message == "决策“收费”第 1 条和第 2 条规则会同时成立，例如x是10，这时决策给不出结果"
    assert (finding.element, finding.rule, finding.severity) == ("fee", 2, "error")


def test_the_example_names_every_column_that_matters() -> None:
    data = table('"P1" | > 5 => 1', 'not("P2") | [3..8] => 2', policy="UNIQUE", inputs="phase depth", default="0")
    assert "例如phase是“P1”、depth是5 和 8 之间" in one(data, "table-overlap").message


def test_an_input_without_rule_is_shown_as_the_row_that_is_missing() -> None:
    finding = one(table("< 10 => 1", "(10..20) => 2", ">= 20 => 3"), "table-gap")
    assert (finding.missing, finding.severity) == (("10",), "error")
    assert "没有一条规则管到：x是10" in finding.message
    finding = one(
        table('"P1" | true => 1', '"P2" | - => 2', inputs="phase deep", values={"phase": '"P1","P2"'}), "table-gap"
    )
    assert finding.missing == ('"P1"', "false")


def test_a_column_that_does_not_matter_stays_open_in_the_missing_row() -> None:
    finding = one(table("true | 1 => 1", "true | not(1) => 2", inputs="a b"), "table-gap")
    assert finding.missing == ("false", "")


@pytest.mark.parametrize("policy", ["COLLECT", "RULE ORDER"])
def test_a_list_of_results_may_be_empty_and_rules_may_meet(policy: str) -> None:
    assert found(table("1 => 1", "1 => 2", policy=policy)) == []


def test_a_default_output_covers_every_gap() -> None:
    assert found(table("1 => 1", default="0")) == []


def test_other_texts_than_those_named_are_a_warning_only() -> None:
    finding = one(table('"P1" => 1', '"P2" => 2'), "table-gap")
    assert (finding.severity, finding.missing) == ("warning", ('not("P1", "P2")',))
    assert "允许的值" in finding.cure
    assert found(table('"P1" => 1', '"P2" => 2', values={"x": '"P1","P2"'})) == []


def test_values_allowed_for_a_number_bound_the_search() -> None:
    assert found(table("< 10 => 1", ">= 10 => 2", values={"x": "[0..100]"})) == []
    assert one(table("< 10 => 1", "(10..50] => 2", values={"x": "[0..50]"}), "table-gap").missing == ("10",)


def test_rules_that_agree_may_meet_under_any_and_must_not_differ() -> None:
    assert found(table("> 1 => 1", "> 2 => 1", "<= 1 => 1", policy="ANY")) == []
    assert one(table("> 1 => 1", "> 2 => 2", "<= 1 => 1", policy="ANY"), "table-overlap").rule == 2


def test_a_rule_that_never_gets_its_turn_is_a_warning() -> None:
    finding = one(table("> 1 => 1", "> 2 => 2", "- => 3", policy="FIRST"), "shadowed-rule")
    assert (finding.rule, finding.severity) == (2, "warning")


def test_what_cannot_be_decided_is_a_warning_and_never_a_pass() -> None:
    codes = {(f.code, f.severity) for f in found(table("> other => 1", "<= 5 => 2"))}
    assert codes == {("table-undecided", "warning")}


def test_dates_are_compared_as_days() -> None:
    data = table('< date("2026-01-01") => 1', '>= date("2026-01-01") => 2')
    assert found(data) == []
    assert one(table('< date("2026-01-01") => 1', '> date("2026-01-01") => 2'), "table-gap").missing == (
        'date("2026-01-01")',
    )


def test_empty_tables_and_cells_are_found_where_they_are() -> None:
    assert one(table(), "empty-table").element == "fee"
    finding = one(table("1 => ", "not(1) => 2"), "empty-cell")
    assert (finding.rule, finding.column) == (1, 2)
    finding = one(table("1 | = = 2 => 1", inputs="a b"), "cell-feel")
    assert (finding.rule, finding.column) == (1, 2)


def test_a_table_of_many_rules_is_judged_quickly() -> None:
    rows = [f"[{i}..{i + 1}) | {'true' if i % 2 else 'false'} | - => {i}" for i in range(150)]
    began = time.thread_time()
    assert {f.code for f in found(table(*rows, inputs="a b c"))} == {"table-gap"}
    assert time.thread_time() - began < 3


CELLS = ["-", "", "1", "2", "< 1", ">= 2", "[1..3]", "(1..3)", "]1..2]", "not(1)", "not(< 2, 5)", "1, 3", "> -1"]


def test_a_cell_lets_through_what_the_engine_lets_through() -> None:
    sample = [Decimal(n) / 2 for n in range(-4, 13)]
    for text in CELLS:
        cell = read(text)
        assert cell is not None, text
        decisions, problems = dmn.load({"t.dmn": table(f"{text} => 1", policy="FIRST", default="0")}, ["fee"])
        assert not problems
        for value in sample:
            assert cell.holds(value) is (dmn.decide(decisions, "fee", {"x": value}).value == 1), (text, value)


def test_random_tables_get_the_verdict_of_the_engine() -> None:
    choice = random.Random(7)
    told = {"table-overlap": 0, "table-gap": 0}
    for _ in range(60):
        rows = [
            f"{choice.choice(CELLS)} | {choice.choice(['-', 'true', 'false'])} => {n}"
            for n in range(choice.randint(1, 4))
        ]
        data = table(*rows, inputs="x y")
        decisions, _ = dmn.load({"t.dmn": data}, ["fee"])
        cells = [c for row in rows if (c := read(row.split("|")[0].strip()))]
        overlap = gap = False
        for point in points(cells, None) or []:
            for flag in (True, False):
                try:
                    answer = dmn.decide(
                        decisions, "fee", {"x": Decimal(77) if point.value is None else point.value, "y": flag}
                    )
                    gap = gap or answer.value is None
                except DecisionError:
                    overlap = True
        codes = {f.code for f in found(data)}
        assert ("table-overlap" in codes) is overlap, rows
        assert ("table-gap" in codes) is gap, rows
        for code in codes:
            told[code] += 1
    assert all(told.values()), told


def test_a_literal_is_written_as_feel_reads_it() -> None:
    (point, *_) = points([c for c in [read('date("2026-03-01")')] if c], None) or []
    assert point.value == date(2026, 2, 28)


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;</x>',
        b"<a>" * 10_000 + b"</a>" * 10_000,
        b"<definitions>" + b" " * 20_000_000 + b"</definitions>",
        b"",
        b"\x00\xff",
        b"<definitions/>",
    ],
)
def test_a_hostile_decision_file_gets_a_verdict_within_a_second(data: bytes) -> None:
    began = time.thread_time()
    findings = list(table_findings({"t.dmn": data}, "t.dmn"))
    assert time.thread_time() - began < 1
    assert findings
    assert all(f.cure for f in findings)
