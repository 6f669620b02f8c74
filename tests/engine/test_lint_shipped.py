"""The models we ship lint clean and permit only lawful paths; the edits a designer may get wrong are refused on their element."""

from pathlib import Path

import pytest

from server.approval.lawful import ACCEPTANCE, FILING, PERMIT
from workflows.findings import Finding
from workflows.lint import HandlerInfo, Known, lint
from workflows.paths import Rules, check

ROOT = Path(__file__).parents[2]
LAW = {
    "construction-permit": PERMIT,
    "joint-acceptance": ACCEPTANCE,
    "acceptance-filing": FILING,
    "first-registration": Rules(),
}
FILES = {file.name: file.read_bytes() for kind in ("bpmn", "dmn") for file in sorted((ROOT / "bpmn").glob(f"*.{kind}"))}
PERMIT_XML = FILES["construction-permit.bpmn"].decode()


@pytest.mark.parametrize("process", LAW)
def test_a_shipped_model_has_no_finding_at_all(process: str) -> None:
    assert lint(FILES, f"{process}.bpmn", Known()) == []
    assert check(FILES, process, LAW[process]) == []


def test_every_shipped_model_is_held_against_a_law() -> None:
    assert {name.removesuffix(".bpmn") for name in FILES if name.endswith(".bpmn")} == set(LAW)


def edited(*replacements: tuple[str, str]) -> dict[str, bytes]:
    text = PERMIT_XML
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return {**FILES, "construction-permit.bpmn": text.encode()}


def linted(*replacements: tuple[str, str], known: Known | None = None) -> list[tuple[str, str | None]]:
    return [(f.code, f.element) for f in lint(edited(*replacements), "construction-permit.bpmn", known or Known())]


def played(*replacements: tuple[str, str]) -> list[Finding]:
    return check(edited(*replacements), "construction-permit", PERMIT)


@pytest.mark.parametrize(
    ("old", "new"), [('<text>"P1"</text>', '<text>= = "P1"</text>'), ('<text>"P1"</text>', '<text>"P1" or</text>')]
)
def test_a_cell_of_a_decision_that_is_no_feel_is_found_before_a_case_meets_it(old: str, new: str) -> None:
    table = FILES["permit-phase-conditions.dmn"].decode()
    assert old in table
    files = {**FILES, "permit-phase-conditions.dmn": table.replace(old, new, 1).encode()}
    (finding,) = lint(files, "construction-permit.bpmn", Known())
    assert (finding.code, finding.severity) == ("decision-feel", "error")
    assert "决策“" in finding.message
    assert finding.cure


def test_a_gateway_that_lost_its_default_is_marked() -> None:
    found = linted(('name="准予许可？" default="flow_refuse"', 'name="准予许可？"'))
    assert ("no-default", "gate_granted") in found


def test_an_unknown_handler_is_marked() -> None:
    known = Known(handlers={"record": HandlerInfo(acts=True), "issue_permit": HandlerInfo(acts=True)})
    found = linted(('type="issue_permit"', 'type="isue_permit"'), known=known)
    assert found == [("unknown-handler", "act_issue")]


def test_an_approval_reachable_without_admission_is_marked_with_its_path() -> None:
    found = played(
        (
            'name="齐全" sourceRef="gate_complete" targetRef="act_admitted"',
            'name="齐全" sourceRef="gate_complete" targetRef="task_decide"',
        )
    )
    by_element = {f.element: f for f in found}
    assert by_element["act_issue"].code == "act-order"
    assert "还没有受理" in by_element["act_issue"].message
    assert by_element["task_decide"].code == "review-before-admission"
    path = by_element["act_issue"].path
    assert path[0] == "start_submitted" or path[0].startswith("start_")
    assert [p for p in path if p in ("task_intake", "task_decide", "act_issue")] == [
        "task_intake",
        "task_decide",
        "act_issue",
    ]


def test_a_correction_without_limit_is_marked() -> None:
    found = played(('>=intake_outcome = "correct" and not(corrected)<', '>=intake_outcome = "correct"<'))
    assert [(f.code, f.element) for f in found] == [("second-correction", "act_notify_correction")]


def test_a_decision_given_back_to_the_window_is_marked() -> None:
    found = played(
        ("<bpmn:flowNodeRef>task_decide</bpmn:flowNodeRef>", ""),
        (
            "<bpmn:flowNodeRef>act_admitted</bpmn:flowNodeRef>",
            "<bpmn:flowNodeRef>act_admitted</bpmn:flowNodeRef><bpmn:flowNodeRef>task_decide</bpmn:flowNodeRef>",
        ),
    )
    assert [(f.code, f.element) for f in found] == [("same-lane", "task_decide")]
