"""The models we ship lint clean and permit only lawful paths; the edits a designer may get wrong are refused on their element."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from server import areas
from server.approval import acts
from server.approval.lawful import ACCEPTANCE, FILING, PERMIT, SAID
from server.processes import surroundings
from server.registry import steps
from server.registry.lawful import REGISTRATION
from workflows.findings import Finding
from workflows.lint import HandlerInfo, Known, lint
from workflows.paths import check

ROOT = Path(__file__).parents[2]
LAW = {
    "construction-permit": PERMIT,
    "joint-acceptance": ACCEPTANCE,
    "acceptance-filing": FILING,
    "first-registration": REGISTRATION,
}
FORMS = {json.loads(file.read_bytes())["id"]: file.read_bytes() for file in (ROOT / "forms").glob("*.form")}
LOADED = areas  # what registers the handlers
KNOWN = surroundings.known(FORMS)
FILES = {file.name: file.read_bytes() for kind in ("bpmn", "dmn") for file in sorted((ROOT / "bpmn").glob(f"*.{kind}"))}
PERMIT_XML = FILES["construction-permit.bpmn"].decode()


@pytest.mark.parametrize("process", LAW)
def test_a_shipped_model_has_no_finding_at_all(process: str) -> None:
    for known in (Known(), KNOWN):
        assert lint(FILES, f"{process}.bpmn", known) == []
        assert check(FILES, process, LAW[process], known) == []


def test_what_people_must_have_said_is_the_same_for_the_check_and_for_the_acts() -> None:
    told = {state.name.lower(): (among, wanted) for state, (among, wanted, _) in acts.SAID.items()}
    assert {state: (one.among, one.wanted) for state, (one,) in SAID.items()} == told


def test_the_table_of_a_registration_follows_its_steps() -> None:
    leaps = {steps.Step.CURED, steps.Step.REVIEWED, steps.Step.CONFIRMED}  # recorded by people, not by the model
    for table in (REGISTRATION.table, REGISTRATION.after_admission):
        for state, following in table.items():
            reached = {steps.Step(state.upper())}
            seen: set[steps.Step] = set()
            while reached:
                one = reached.pop()
                for after in steps.FOLLOWS[one] - seen:
                    seen.add(after)
                    # checks at booking record themselves: confirmed leads by them to held
                    if after in leaps or (one is steps.Step.CONFIRMED and after is steps.Step.CHECKED):
                        reached.add(after)
            assert following <= {one.value.lower() for one in seen}, state


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
    return check(edited(*replacements), "construction-permit", PERMIT, KNOWN)


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


def codes(*replacements: tuple[str, str]) -> set[tuple[str, str | None]]:
    return {(f.code, f.element) for f in played(*replacements)}


def test_a_permit_issued_before_its_conditions_are_decided_is_marked() -> None:
    (found,) = played(('targetRef="act_conditions"', 'targetRef="task_intake"'))
    assert (found.code, found.element) == ("no-conditions", "act_issue")
    assert "《建筑法》" in found.message
    assert found.path[-1] == "act_issue"


def test_a_condition_turned_around_is_marked_where_it_records_what_nobody_decided() -> None:
    assert codes(('>=decision_outcome = "grant"<', '>=decision_outcome != "grant"<')) == {
        ("not-decided", "act_issue"),
        ("not-decided", "act_refuse"),
    }


def test_a_decision_of_the_applicant_is_nobodys_decision() -> None:
    found = codes(
        ("<bpmn:flowNodeRef>task_decide</bpmn:flowNodeRef>", ""),
        (
            "<bpmn:flowNodeRef>task_correct</bpmn:flowNodeRef>",
            "<bpmn:flowNodeRef>task_correct</bpmn:flowNodeRef><bpmn:flowNodeRef>task_decide</bpmn:flowNodeRef>",
        ),
    )
    assert ("not-decided", "act_issue") in found


def test_a_refusal_with_the_paper_of_an_admission_is_marked() -> None:
    assert codes(('key="paper" value="refusal-decision"', 'key="paper" value="admission-notice"')) == {
        ("no-paper", "act_refuse")
    }


def test_a_completion_that_issues_nothing_is_marked() -> None:
    assert codes(('type="issue_permit"', 'type="record"')) == {("nothing-issued", "act_issue")}


def test_a_correction_that_cannot_run_out_is_marked() -> None:
    found = codes(('name="补正期满" attachedToRef="task_correct"', 'name="补正期满" attachedToRef="task_quality"'))
    assert ("correction-endless", "task_correct") in found


def test_a_wait_between_receipt_and_correction_is_marked() -> None:
    found = codes(
        ('id="flow_correct" name="缺件，首次" sourceRef="gate_complete" targetRef="act_notify_correction"',
         'id="flow_correct" name="缺件，首次" sourceRef="gate_complete" targetRef="event_wait"'),
        ("<bpmn:sequenceFlow id=\"flow_ask\"",
         '<bpmn:intermediateCatchEvent id="event_wait" name="等一天"><bpmn:timerEventDefinition id="def_wait">'
         '<bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>'
         '<bpmn:sequenceFlow id="flow_waited" sourceRef="event_wait" targetRef="act_notify_correction" />'
         '<bpmn:sequenceFlow id="flow_ask"'),
    )  # fmt: skip
    assert found == {("late-correction", "act_notify_correction")}


def test_an_opinion_though_a_special_failed_or_was_never_looked_at_is_marked() -> None:
    text = FILES["joint-acceptance.bpmn"].decode()
    careless = text.replace("=planning_passed and fire_passed and", "=planning_passed and")
    assert careless != text
    found = check({**FILES, "joint-acceptance.bpmn": careless.encode()}, "joint-acceptance", ACCEPTANCE, KNOWN)
    assert ("review-failed", "act_opinion") in {(f.code, f.element) for f in found}
    taken_as_done = replace(ACCEPTANCE, values={})
    found = check(FILES, "joint-acceptance", taken_as_done, KNOWN)
    assert {f.code for f in found} == {"review-failed", "review-missing"}


def test_a_loop_that_can_never_end_is_marked() -> None:
    text = FILES["joint-acceptance.bpmn"].decode()
    lost = text.replace(
        '<zeebe:ioMapping><zeebe:output source=\'=outcome = "pass"\' target="fire_passed" />',
        '<zeebe:ioMapping><zeebe:output source="=false" target="fire_passed" />',
    )
    assert lost != text
    found = check({**FILES, "joint-acceptance.bpmn": lost.encode()}, "joint-acceptance", ACCEPTANCE, KNOWN)
    assert {f.code for f in found} == {"endless"}


def test_a_permit_made_where_only_a_receipt_is_recorded_is_marked() -> None:
    found = codes(
        (
            'type="record" retries="3" /><zeebe:taskHeaders><zeebe:header key="transition" value="received"',
            'type="issue_permit" retries="3" /><zeebe:taskHeaders><zeebe:header key="transition" value="received"',
        )
    )
    assert found == {("wrong-handler", "act_received")}


def test_a_correction_that_nobody_is_told_in_writing_is_marked() -> None:
    assert codes(('<zeebe:header key="paper" value="correction-notice" />', "")) == {
        ("no-paper", "act_notify_correction")
    }


def test_a_registration_admitted_while_its_checks_hold_is_marked() -> None:
    text = FILES["first-registration.bpmn"].decode()
    turned = text.replace(">=hold<", ">=not(hold)<", 1)
    assert turned != text
    found = check({**FILES, "first-registration.bpmn": turned.encode()}, "first-registration", REGISTRATION, KNOWN)
    assert [(f.code, f.element) for f in found] == [("found-otherwise", "act_admit")]
    assert "核验" in found[0].message


def test_a_book_kept_by_the_desk_that_admits_is_marked() -> None:
    text = FILES["first-registration.bpmn"].decode()
    here = "<bpmn:flowNodeRef>task_book</bpmn:flowNodeRef>"
    admitting = "<bpmn:flowNodeRef>task_admit</bpmn:flowNodeRef>"
    moved = text.replace(here, "").replace(admitting, admitting + here)
    found = check({**FILES, "first-registration.bpmn": moved.encode()}, "first-registration", REGISTRATION, KNOWN)
    assert [(f.code, f.element) for f in found] == [("same-lane", "task_book")]
