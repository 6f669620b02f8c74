"""What the law forbids no model can make the program do: models drawn wrong, published past every check, decide nothing."""

from collections.abc import Callable

import pytest
from builders_approval import ROOT, Desk
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.actor import SYSTEM
from server.approval.models import Permit
from server.approval.states import State
from server.config import Settings
from server.errors import Conflict, Forbidden
from server.jobs import Job
from server.processes import definitions, publishing, work_items

Redraw = Callable[[str], str]


@pytest.fixture
def desk(session: Session, settings: Settings) -> Desk:
    return Desk(session, settings)


def redrawn(desk: Desk, process: str, change: Redraw) -> None:
    """Put a changed model in force, past the linter."""
    files = {one.name: one.read_bytes() for one in (ROOT / "bpmn").iterdir() if one.suffix in (".bpmn", ".dmn")}
    files |= {one.name: one.read_bytes() for one in (ROOT / "forms").glob("*.form")}
    before = files[f"{process}.bpmn"].decode()
    after = change(before)
    assert after != before
    files[f"{process}.bpmn"] = after.encode()
    closure, deployment = definitions.closure(desk.session, process, files, None, desk.now)
    version = definitions.add_version(
        desk.session, process, closure, name=deployment.name, origin="disk", note="", by="", by_id=None, now=desk.now
    )
    publishing.put_in_force(desk.session, version, "publish", "", SYSTEM, desk.now)


def swapped(one: str, other: str) -> Redraw:
    return lambda xml: xml.replace(one, "@@").replace(other, one).replace("@@", other)


def waits(desk: Desk) -> bool:
    """Whether a step of a process was refused and is tried again, before it becomes an incident."""
    return bool(desk.session.scalar(select(func.count()).select_from(Job).where(Job.tries > 0)))


def permits(desk: Desk) -> int:
    return desk.session.scalar(select(func.count()).select_from(Permit)) or 0


def test_a_refusal_that_is_led_to_the_certificate_issues_none(desk: Desk) -> None:
    redrawn(
        desk,
        "construction-permit",
        swapped('sourceRef="gate_granted" targetRef="act_issue"', 'sourceRef="gate_granted" targetRef="act_refuse"'),
    )
    case = desk.reviewed(desk.applied(desk.ready(), "P1"))
    desk.decide(case, "审批决定", "refuse", {"opinion": "资金没有落实。", "remedy": "可以申请复议。"})
    assert (permits(desk), desk.state(case)) == (0, State.IN_REVIEW)
    assert waits(desk)


def test_a_grant_that_is_led_to_the_refusal_refuses_nobody(desk: Desk) -> None:
    redrawn(
        desk,
        "construction-permit",
        swapped('sourceRef="gate_granted" targetRef="act_issue"', 'sourceRef="gate_granted" targetRef="act_refuse"'),
    )
    case = desk.reviewed(desk.applied(desk.ready(), "P1"))
    desk.decide(case, "审批决定", "grant", {"opinion": "准予。"})
    assert (permits(desk), desk.state(case)) == (0, State.IN_REVIEW)
    assert waits(desk)


def test_an_owner_cannot_decide_in_a_lane_drawn_for_it(desk: Desk) -> None:
    redrawn(
        desk,
        "construction-permit",
        lambda xml: xml.replace('id="lane_decision" name="住建局·审批科"', 'id="lane_decision" name="建设单位"'),
    )
    case = desk.reviewed(desk.applied(desk.ready(), "P1"))
    with pytest.raises(Forbidden):
        desk.decide(case, "审批决定", "grant", {"opinion": "准予。"})
    assert permits(desk) == 0


def test_a_reviewer_cannot_decide_either(desk: Desk) -> None:
    redrawn(
        desk,
        "construction-permit",
        lambda xml: xml.replace(
            'id="lane_decision" name="住建局·审批科"', 'id="lane_decision" name="住建局·质量安全科"'
        ),
    )
    case = desk.reviewed(desk.applied(desk.ready(), "P1"))
    with pytest.raises(Forbidden):
        desk.decide(case, "审批决定", "grant", {"opinion": "准予。"})


def test_a_completion_cannot_be_recorded_without_what_completes_it(desk: Desk) -> None:
    redrawn(
        desk,
        "construction-permit",
        lambda xml: xml.replace('key="transition" value="rejected"', 'key="transition" value="completed"'),
    )
    case = desk.reviewed(desk.applied(desk.ready(), "P1"))
    desk.decide(case, "审批决定", "refuse", {"opinion": "不符合。", "remedy": "可以申请复议。"})
    assert desk.state(case) is State.IN_REVIEW
    assert waits(desk)


def test_an_application_that_was_not_admitted_is_not_recorded_as_admitted(desk: Desk) -> None:
    redrawn(desk, "construction-permit", swapped('targetRef="act_admitted"', 'targetRef="act_not_admitted"'))
    case = desk.applied(desk.ready(), "P1")
    desk.decide(case, "收件审查", "not_admit", {"opinion": "不符合条件。"})
    assert (desk.state(case), waits(desk)) == (State.RECEIVED, True)


def test_a_special_left_out_of_the_model_keeps_the_opinion_back(desk: Desk) -> None:
    redrawn(desk, "joint-acceptance", lambda xml: xml.replace('source="=fire_passed = true"', 'source="=true"'))
    case = desk.acceptance(desk.built())
    desk.decide(case, "受理审查", "admit")
    for item in work_items.for_subject(desk.session, f"case:{case.id}"):
        assert item.name != "消防验收"
        desk.decide(case, item.name, "pass", {"opinion": "合格。"})
    desk.decide(case, "汇总意见", "conclude", {"opinion": "全部通过。"})
    assert desk.state(case) is State.IN_REVIEW
    assert waits(desk)


def test_a_phase_without_any_condition_is_not_admitted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = desk.applied(desk.ready(), "P1")
    monkeypatch.setattr(definitions, "decide", lambda *_args, **_more: [])
    with pytest.raises(Conflict) as refused:
        desk.decide(case, "收件审查", "admit")
    assert refused.value.code == "NO_CONDITIONS"
