"""What the cases in force walk of the version in force, and a case in words."""

import pytest
from builders_processes import NOW, Model, publish
from sqlalchemy.orm import Session

from server.errors import Invalid
from server.processes import coverage, deployments

UNIT = "住建局·审批科"
CASES = """
cases:
  - name: 通过
    steps: [{decide: pass}]
    expect: {ends: [end]}
""".encode()


def model() -> Model:
    one = (
        Model()
        .start(UNIT)
        .person("decide", UNIT, outcome="=outcome")
        .gateway("gate", UNIT, default="gate_end")
        .end(UNIT)
        .end(UNIT, "bad")
    )
    return one.flow("start", "decide", "gate", "end").flow("gate", '?=outcome = "fail"', "bad")


def test_flows_that_no_case_in_force_walks_are_told(session: Session) -> None:
    publish(session, model())
    deployments.add_to_library(session, {"review.tests.yaml": CASES}, NOW)
    report = coverage.of_process(session, "review", NOW)
    assert report is not None
    assert report.unwalked == ("gate_bad",)
    assert [one.passed for one in report.results] == [True]
    assert coverage.of_process(session, "review", NOW) is report  # played once


def test_without_cases_nothing_is_walked_and_without_a_version_there_is_nothing_to_tell(session: Session) -> None:
    publish(session, model())
    report = coverage.of_process(session, "review", NOW)
    assert report is not None
    assert not report.results
    assert coverage.of_process(session, "nothing", NOW) is None


def test_a_case_is_told_with_names_and_outcomes_in_words() -> None:
    [line] = coverage.told(CASES, model().xml(), {"pass": "通过"})
    assert line.steps == ("decide：通过", "应当办到：结束")


def test_a_file_that_holds_no_cases_is_refused_with_a_sentence() -> None:
    with pytest.raises(Invalid):
        coverage.told(b"cases: 3", None)
