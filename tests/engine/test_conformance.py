"""The public suites, through `workflows.conformance`: what the project promises about them, and that the judge itself is strict."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from server import cli
from suites import SUITES, missing
from workflows import conformance
from workflows.conformance import bpmn, dmn, interchange, player, reject, report, tck
from workflows.feel import FeelText
from workflows.findings import Finding

needs_suites = pytest.mark.skipif(bool(missing()), reason=missing() or "-")
BPMN = SUITES / "bpmn-conformance"


@needs_suites
def test_no_public_case_runs_wrong_and_all_common_ones_pass(record_property) -> None:
    found = bpmn.run(BPMN)
    record_property("bpmn-conformance", json.dumps({k: found[k] for k in ("without_needs", "with_needs")}))
    assert found["wrong"] == []
    assert found["without_needs"] == {"cases": 63, "pass": 63, "refused": 0, "wrong": 0}
    assert found["with_needs"]["pass"] >= 1
    assert all(case["needs"] and case["reasons"] for case in found["refused"].values())


@needs_suites
def test_models_that_must_be_refused_are_refused_for_their_own_reason(record_property) -> None:
    found = reject.run(BPMN)
    record_property("bpmn-reject", json.dumps({k: found[k] for k in ("levels", "models_of_cases_accepted")}))
    assert found["levels"]["must"] == {"models": 54, "refused": 54, "own_reason": 54}
    assert found["levels"]["lint"]["own_reason"] >= 16
    # a checker that refuses everything would fail here
    assert found["models_of_cases_accepted"]["without_needs"] >= 27
    assert {code for codes in found["models_of_cases_refused"].values() for code in codes} <= {"no-default"}


@needs_suites
def test_every_file_of_other_tools_gets_a_verdict_with_reasons_soon() -> None:
    found = interchange.run(SUITES / "bpmn-interchange")
    assert found["files"] == found["with_verdict"] == 52
    assert found["slowest_s"] < 1
    assert all(one["verdict"] == "accepted" or one["first"] for one in found["verdicts"].values())


@needs_suites
def test_level_2_of_the_decision_suite_passes_whole_and_level_3_stays_above_feelin_alone(record_property) -> None:
    found = dmn.run(SUITES / "dmn-tck")
    record_property("dmn-tck", json.dumps({level: found[level]["ours"] for level in found}))
    assert (found["level2"]["ours"]["passed"], found["level2"]["ours"]["results"]) == (126, 126)
    ours = found["level3"]["ours"]
    assert (ours["results"], ours["results_not_null"]) == (1301, 988)  # nothing is dropped from the list
    assert ours["passed_not_null"] >= 936
    assert ours["passed_null"] >= 294
    assert list(report.broken({"dmn": found})) == []
    assert sum(group["results"] for group in found["level3"]["left"].values()) == ours["results"] - ours["passed"]


@needs_suites
def test_the_command_prints_the_figures_and_ends_well_when_no_promise_is_broken(capsys) -> None:
    assert cli.main(["conformance", str(SUITES / "bpmn-interchange")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["broken"] == []
    assert set(printed) == {"interchange", "broken"}


def test_the_command_says_so_when_there_is_no_suite(tmp_path, capsys) -> None:
    assert cli.main(["conformance", str(tmp_path)]) == 2
    assert "没有公开测试集" in capsys.readouterr().err
    with pytest.raises(conformance.SuiteMissing):
        conformance.run(tmp_path)


@pytest.mark.long
def test_the_public_suites_are_there_for_the_long_run() -> None:
    assert missing() == ""


def test_one_line_names_the_suites_that_are_not_there(tmp_path) -> None:
    (tmp_path / "dmn-tck").mkdir()
    said = missing(tmp_path)
    assert "bpmn-conformance, bpmn-interchange" in said
    assert "\n" not in said


GOOD_COUNTS = {"cases": 63, "pass": 63, "refused": 0, "wrong": 0}


@pytest.mark.parametrize(
    ("figures", "word"),
    [
        ({"bpmn": {"wrong": [{}], "without_needs": GOOD_COUNTS}}, "wrong trace"),
        ({"bpmn": {"wrong": [], "without_needs": {**GOOD_COUNTS, "pass": 62}}}, "62 of 63"),
        ({"reject": {"must_own_reason": 0.94}}, "94.0%"),
        ({"dmn": {"level2": {"ours": {"passed": 1, "results": 2}}}}, "1 of 2"),
        ({"dmn": {"level3": {"ours": {"share_not_null": 0.79, "passed_not_null": 9}, "feelin_alone": {}}}}, "79.0%"),
        (
            {
                "dmn": {
                    "level3": {
                        "ours": {"share_not_null": 0.9, "passed_not_null": 9},
                        "feelin_alone": {"literals": {"passed_not_null": 10}},
                    }
                }
            },
            "below feelin",
        ),
        ({"interchange": {"files": 2, "with_verdict": 1}}, "1 files"),
    ],
)
def test_a_broken_promise_is_told(figures, word) -> None:
    assert word in "".join(report.broken(figures))


def test_a_refusal_for_another_reason_or_elsewhere_does_not_name_the_fault() -> None:
    def found(code: str, message: str, element: str | None) -> list[Finding]:
        return [Finding("error", code, element, "x", message, "y")]

    assert reject.names_fault("EXT104", found("refused", "结束事件“E”不能有离开的顺序流", "_3"))
    assert not reject.names_fault("EXT104", found("refused", "结束事件“E”不能有离开的顺序流", "_9"))
    assert not reject.names_fault("EXT104", found("refused", "“P”没有开始事件", "_3"))
    assert not reject.names_fault("EXT025", found("lone-condition", "任务“T”", None))
    assert not reject.names_fault("EXT999", found("refused", "不能有离开的顺序流", "_3"))


CASE = {"process": "p", "file": "p.bpmn", "variables": {}, "expect": ["a"], "expect_error": False, "completes": True}
MODEL = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 id="d" targetNamespace="t"><process id="p" isExecutable="true"><startEvent id="s"/><serviceTask id="t"><extensionElements>
 <zeebe:taskDefinition type="trace"/><zeebe:taskHeaders><zeebe:header key="say" value="{}"/></zeebe:taskHeaders>
 </extensionElements></serviceTask><endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/>
 <sequenceFlow id="g" sourceRef="t" targetRef="e"/></process></definitions>"""


@pytest.mark.parametrize(
    ("word", "expect", "verdict"), [("a", {}, "pass"), ("b", {}, "wrong"), ("a", {"completes": False}, "wrong")]
)
def test_a_trace_that_differs_is_wrong(tmp_path, word, expect, verdict) -> None:
    (tmp_path / "p.bpmn").write_text(MODEL.format(word))
    for stored in (False, True):
        assert player.verdict(tmp_path, {**CASE, **expect}, stored=stored)[0] == verdict


def test_a_case_that_should_fail_and_does_not_is_wrong(tmp_path) -> None:
    (tmp_path / "p.bpmn").write_text(MODEL.format("a"))
    assert player.verdict(tmp_path, {**CASE, "expect_error": True}, stored=False) == ("wrong", ("no incident",))


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        (1, Decimal("1.000000001"), True),
        (1, Decimal("1.1"), False),
        (1, True, False),
        (None, 0, False),
        ("a ", "a", False),
        ([1], 1, False),
        ({"a": None}, {}, False),
        (FeelText("duration", "P1Y"), FeelText("months", "P12M"), True),
        (FeelText("duration", "P0Y"), FeelText("duration", "PT0S"), False),
        (FeelText("datetime", "2026-01-01T00:00:00Z"), datetime(2026, 1, 1, tzinfo=UTC), True),
        (FeelText("datetime", "2026-01-01T00:00:00"), datetime(2026, 1, 1, tzinfo=UTC), False),
    ],
)
def test_values_are_compared_by_the_rules_of_the_suite(expected, got, same) -> None:
    assert tck.equal(expected, got) is same
