"""Answers and what conditions make of them: outcomes no form offers, keys no decision gives, papers and errors nobody knows."""

from dataclasses import replace

import pytest
from sketches import Sketch
from test_lint import KNOWN, good
from test_lint_tables import HEAD, table

from workflows.findings import Finding, HandlerInfo, Known
from workflows.lint import lint
from workflows.paths import Rules, check

CHOICES = replace(KNOWN, choices={"form": {"outcome": frozenset({"admit", "deny"})}}, papers=frozenset({"notice"}))


def found(sketch: Sketch, known: Known = CHOICES, **files: bytes) -> list[Finding]:
    return lint({"sketch.bpmn": sketch.xml(), **{f"{n}.dmn": d for n, d in files.items()}}, "sketch.bpmn", known)


def one(sketch: Sketch, code: str, known: Known = CHOICES, **files: bytes) -> Finding:
    findings = found(sketch, known, **files)
    assert [f.code for f in findings] == [code], findings
    return findings[0]


def test_conditions_on_outcomes_that_the_form_offers_have_no_finding() -> None:
    assert found(good()) == []


def test_an_outcome_that_no_form_offers_is_found_with_the_one_that_was_meant() -> None:
    sketch = good().end("third").flow("g", "third", '=answer = "admitt"', "再看")
    finding = one(sketch, "never-equal")
    assert finding.element == "g_third"
    assert finding.message.endswith("从来不给这个答案，是不是“admit”")
    assert finding.cure == "改成给得出的答案：“admit”、“deny”"


def test_an_output_that_compares_with_no_answer_of_the_form_is_found() -> None:
    sketch = good().person("u", "再审", out={"passed": '=outcome = "pass"'}).path("t", "u", "end")
    assert one(sketch, "never-equal").element == "u"


def test_a_variable_that_others_write_too_is_not_judged() -> None:
    sketch = good().person("u", "再审", form="other", out={"answer": "=outcome"}).path("t", "u", "g")
    sketch.end("third").flow("g", "third", '=answer = "else"', "再看")
    known = replace(CHOICES, forms={"form": frozenset({"outcome"}), "other": frozenset({"outcome"})})
    assert "never-equal" not in {f.code for f in found(sketch, known)}


def test_outcomes_that_no_line_tells_apart_are_a_warning() -> None:
    known = replace(CHOICES, choices={"form": {"outcome": frozenset({"admit", "deny", "correct"})}})
    finding = one(good(), "outcomes-alike", known)
    assert (finding.severity, finding.element) == ("warning", "t")
    assert "“correct”“deny”" in finding.message


def decided(condition: str) -> Sketch:
    ext = '<zeebe:calledDecision decisionId="fee" resultVariable="fee"/>'
    return (
        Sketch()
        .start()
        .job("a", transition="received")
        .add("businessRuleTask", "b", "算", ext=ext)
        .gate("g", "多少？", default="end")
        .end("end")
        .end("third")
        .path("start", "a", "b", "g")
        .flow("g", "third", condition, "再看")
        .flow("g", "end", name="别的")
    )


FEES = replace(CHOICES, decisions=frozenset({"fee"}), start_variables={"sketch": frozenset({"case_id", "x"})})


def test_a_result_that_no_rule_gives_is_found() -> None:
    data = table('true => "low"', 'false => "high"')
    assert "是不是“high”" in one(decided('=fee = "hihg"'), "never-equal", FEES, fees=data).message
    assert found(decided('=fee = "low"'), FEES, fees=data) == []


def test_a_key_that_a_decision_never_gives_is_found() -> None:
    finding = one(decided("=fee.amount = 1"), "unknown-result", FEES, fees=table("true => 1", "false => 2"))
    assert (finding.element, "从来不给“amount”" in finding.message) == ("g_third", True)


def test_faults_of_a_table_are_shown_on_the_task_that_asks_it() -> None:
    finding = one(decided("=fee = 1"), "table-overlap", FEES, fees=table("<= 1 => 1", ">= 1 => 2"))
    assert (finding.element, finding.rule) == ("b", 2)


def test_a_decision_file_is_linted_by_itself() -> None:
    files = {"fees.dmn": table("<= 1 => 1", "> 1 => = = 2")}
    (finding,) = lint(files, "fees.dmn", Known())
    assert (finding.code, finding.element) == ("decision-feel", "fee")
    (finding,) = lint({"x.dmn": HEAD.encode() + b'<decision id="a" name="a"/></definitions>'}, "x.dmn", Known())
    assert (finding.code, finding.severity) == ("refused", "error")
    assert lint({"x.dmn": b"<x/>"}, "x.dmn", Known())[0].severity == "error"


def test_a_paper_nobody_can_print_is_found() -> None:
    sketch = good().job("b", transition="completed", paper="notise").path("t", "b", "end")
    finding = one(sketch, "unknown-paper")
    assert (finding.element, "是不是“notice”" in finding.message) == ("b", True)


def test_an_error_of_a_handler_that_nobody_catches_is_found() -> None:
    book = {"book": HandlerInfo(returns=frozenset(), errors=frozenset({"HOLD"}))}
    known = replace(CHOICES, handlers={**(KNOWN.handlers or {}), **book})
    sketch = good().job("b", type="book").path("t", "b", "end")
    assert one(sketch, "uncaught-error", known).element == "b"
    caught = sketch.boundary("held", "b", body='<bpmn:errorEventDefinition id="def"/>').path("held", "end")
    assert "uncaught-error" not in {f.code for f in found(caught, known)}


def test_a_handler_of_another_area_is_found() -> None:
    handlers = {**(KNOWN.handlers or {}), "close": HandlerInfo(returns=frozenset(), area="registry")}
    known = replace(CHOICES, handlers=handlers, areas={"sketch": "approval"})
    assert one(good().job("b", type="close").path("t", "b", "end"), "foreign-handler", known).element == "b"


@pytest.mark.parametrize(("given", "codes"), [({}, ["unset"]), ({"flag": "=false"}, [])])
def test_a_condition_on_a_variable_that_this_path_has_not_written_is_found_with_the_path(
    given: dict[str, str], codes: list[str]
) -> None:
    sketch = (
        Sketch()
        .start(out=given)
        .gate("g", default="end")
        .person("t", out={"flag": "=true"})
        .end("end")
        .path("start", "g", "end")
        .flow("g", "t", "=not(flag)", "还没有")
        .path("t", "g")
    )
    findings = check({"sketch.bpmn": sketch.xml()}, "sketch", Rules(), CHOICES)
    assert [f.code for f in findings] == codes
    assert all(f.path[-1] == "g" and f.severity == "error" for f in findings)
