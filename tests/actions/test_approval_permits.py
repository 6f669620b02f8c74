"""The staged permit from application to certificate, and what must never happen on the way (domain.md §2, S6)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from builders_approval import APPROVER, BUILDINGS, FACTS, OTHER_USCC, OWNER_USCC, WINDOW, Desk
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server import audit
from server.accounts.actor import Actor
from server.approval import actions, records
from server.approval.models import (
    Application,
    Building,
    Case,
    CaseRecord,
    Decision,
    Permit,
    PermitEvent,
    Project,
)
from server.approval.states import State
from server.config import Settings
from server.documents import papers
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.processes import instances, work_items


@pytest.fixture
def desk(session: Session, settings: Settings) -> Desk:
    return Desk(session, settings)


def rows(session: Session, *models: type) -> list[int]:
    """How many rows there are of each: what a refused act must leave as it was."""
    return [session.scalar(select(func.count()).select_from(one)) or 0 for one in models]


# -- projects and results


@pytest.mark.parametrize(
    ("uscc", "words"),
    [
        ("", "18"),
        ("91150502MA0N4T7K7", "18"),
        ("91150502MA0N4T7K7O", "O"),
        ("91150502MA0N4T7K7A", "校验"),
        ("91150502MA0N4T7K8D", "校验"),
        ("21150502MA0N4T7K7D", "L"),
    ],
)
def test_each_kind_of_wrong_credit_code_is_named_at_its_field(desk: Desk, uscc: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.project(owner_uscc=uscc)
    assert words in "".join(refused.value.fields["owner_uscc"])
    assert rows(desk.session, Project) == [0]


@pytest.mark.parametrize(
    "code", ["", "2503-150502-04-01-38271", "2503-999999-04-01-382716", "2513-150502-04-01-382716"]
)
def test_a_wrong_project_code_is_refused_at_its_field(desk: Desk, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.project(code)
    assert refused.value.fields["code"]


def test_a_project_code_is_taken_once(desk: Desk) -> None:
    desk.project()
    with pytest.raises(Conflict) as refused:
        desk.project()
    assert refused.value.code == "PROJECT_EXISTS"


def test_an_owner_makes_projects_of_its_own_only(desk: Desk) -> None:
    given: dict[str, Any] = {
        "code": "2503-150502-04-01-382716",
        "name": "河湾府",
        "flow_type": "SOC_GENERAL",
        "address": "河湾路",
        "now": desk.now,
    }
    with pytest.raises(Forbidden):
        actions.create_project(desk.session, desk.owner, owner_uscc=OTHER_USCC, **given)
    made = actions.create_project(desk.session, desk.owner, owner_uscc=OWNER_USCC, **given)
    assert made.owner_organisation_id == desk.owner.organisation_id


def test_the_planning_permit_brings_buildings_and_units(desk: Desk) -> None:
    project = desk.ready("A08", "B02")
    found = list(desk.session.scalars(select(Building).where(Building.project_id == project.id)))
    assert [(one.number, one.unit_count) for one in found] == [("1#", 4), ("车库", 10)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"planned_area": "0"}, "data.buildings[0].planned_area"),
        ({"floors_above": 0, "floors_below": 0}, "data.buildings[0].floors_above"),
        (
            {"units": [{"first_floor": 1, "last_floor": 9, "use": "住宅", "areas": ["1"]}]},
            "data.buildings[0].units[0].first_floor",
        ),
        ({"planned_area": "abc"}, "data.buildings[0].planned_area"),
        ({"number": "车库"}, "data.buildings[1].number"),
    ],
)
def test_a_wrong_building_of_the_planning_permit_is_named_and_nothing_is_kept(
    desk: Desk, change: dict[str, object], field: str
) -> None:
    project = desk.project()
    with pytest.raises(Invalid) as refused, desk.session.begin_nested():
        desk.result(project, "B02", buildings=[{**BUILDINGS[0], **change}, BUILDINGS[1]])
    assert field in refused.value.fields, refused.value.fields
    assert rows(desk.session, Building) == [0]


def test_a_result_dated_tomorrow_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid):
        desk.result(desk.project(), "A08", date(2025, 3, 11))


# -- from application to certificate


def test_a_permit_is_granted_numbered_and_delivered(desk: Desk) -> None:
    project = desk.ready()
    desk.at("2025-06-16")
    case = desk.reviewed(desk.applied(project, "P1"))
    desk.at("2025-06-17")
    decided = desk.decide(case, "审批决定", "grant", {"opinion": "准予许可。"})
    permit = desk.session.scalars(select(Permit)).one()
    assert (permit.number, permit.phase, permit.status) == ("150502202506170101", "P1", "ACTIVE")
    assert [one.name for one in decided.open_items] == ["送达证书"]
    assert records.history(desk.session, case.id) == [
        State.RECEIVED,
        State.ADMITTED,
        State.IN_REVIEW,
        State.COMPLETED,
    ]
    assert project.permit_mode == "THREE"
    paper = papers.get(desk.session, permit.number)
    assert paper.data["buildings"] == ["1#", "车库"]
    assert Decimal(paper.data["contract_price"]) == Decimal("138600000.00")


def test_every_act_of_a_case_is_in_the_audit_record(desk: Desk) -> None:
    project = desk.ready()
    case = desk.granted(project, "P1")
    audit.write_pending(desk.session)
    acts = set(desk.session.scalars(select(audit.Entry.act).where(audit.Entry.subject == f"case:{case.id}")))
    assert {
        "case.submitted",
        "case.received",
        "case.admitted",
        "case.in_review",
        "case.decided",
        "permit.issued",
    } <= acts


def test_p2_before_p1_is_refused_and_leaves_no_case(desk: Desk) -> None:
    """S6: PHASE_ORDER; the draft stays as it was."""
    project = desk.ready()
    draft = desk.draft(project, "P2", ["车库"])
    before = rows(desk.session, Case, CaseRecord)
    with pytest.raises(Conflict) as refused:
        desk.submit(draft)
    assert refused.value.code == "PHASE_ORDER"
    assert "基坑" in refused.value.message
    assert "两个阶段" in refused.value.message
    assert rows(desk.session, Case, CaseRecord) == before
    assert draft.case_id is None


def test_a_second_permit_for_the_same_building_and_phase_is_refused(desk: Desk) -> None:
    project = desk.ready()
    desk.granted(project, "P1", ["1#"])
    with pytest.raises(Conflict) as refused:
        desk.applied(project, "P1", ["1#", "车库"])
    assert refused.value.code == "PERMIT_EXISTS"
    assert "1#" in refused.value.message
    assert desk.applied(project, "P1", ["车库"])


def test_the_same_building_and_phase_cannot_be_applied_for_twice_at_once(desk: Desk) -> None:
    project = desk.ready()
    desk.applied(project, "P1", ["1#"])
    with pytest.raises(Conflict) as refused:
        desk.applied(project, "P1", ["1#"])
    assert refused.value.code == "CASE_OPEN"


def test_the_first_admission_decides_the_mode_for_good(desk: Desk) -> None:
    project = desk.ready()
    case = desk.applied(project, "P1", ["车库"])
    assert project.permit_mode is None
    desk.decide(case, "收件审查", "admit")
    assert project.permit_mode == "THREE"
    with pytest.raises(Conflict) as refused:
        desk.applied(project, "P12", ["1#"])
    assert refused.value.code == "MODE_LOCKED"


def test_a_building_without_basement_goes_from_p1_to_p3(desk: Desk) -> None:
    project = desk.ready()
    desk.granted(project, "P1", ["1#", "车库"])
    assert desk.granted(project, "P3", ["1#"])
    with pytest.raises(Invalid) as refused:
        desk.applied(project, "P2", ["1#"])
    assert refused.value.code == "PHASE_NOT_APPLICABLE"


def test_an_unfilled_application_names_its_fields(desk: Desk) -> None:
    project = desk.ready()
    draft = desk.draft(project, "P1", contract_price=None, contractor="")
    with pytest.raises(Invalid) as refused:
        desk.submit(draft)
    assert {"contract_price", "contractor"} <= set(refused.value.fields)


def test_a_missing_material_is_accepted_and_then_keeps_it_from_being_admitted(desk: Desk) -> None:
    """An authority must take an application that is not complete, and may not admit it."""
    project = desk.ready()
    case = desk.submit(desk.draft(project, "P1", materials=["M13", "M14", "M17", "M19", "M20", "M21"]))
    with pytest.raises(Conflict) as refused:
        desk.decide(case, "收件审查", "admit")
    assert refused.value.code == "ADMISSION_BLOCKED"
    assert "M16" in refused.value.message
    assert desk.state(case) is State.RECEIVED
    assert rows(desk.session, Decision) == [0]


def test_a_decision_on_a_stale_revision_is_refused_and_writes_nothing(desk: Desk) -> None:
    case = desk.applied(desk.ready(), "P1")
    with pytest.raises(Conflict) as refused:
        desk.decide(case, "收件审查", "admit", seen=case.revision - 1)
    assert refused.value.code == "STALE_REVISION"
    assert rows(desk.session, Decision) == [0]


def test_a_task_is_decided_once(desk: Desk) -> None:
    case = desk.applied(desk.ready(), "P1")
    item = desk.task(case, "收件审查")
    desk.decide(case, "收件审查", "admit")
    with pytest.raises(Conflict) as refused:
        actions.decide(desk.session, WINDOW, item, "admit", {}, case.revision, desk.now)
    assert refused.value.code == "WORK_ITEM_GONE"


def test_another_unit_cannot_decide(desk: Desk) -> None:
    case = desk.applied(desk.ready(), "P1")
    with pytest.raises(Forbidden):
        desk.decide(case, "收件审查", "admit", actor=APPROVER)


def test_who_admits_does_not_approve(desk: Desk) -> None:
    case = desk.reviewed(desk.applied(desk.ready(), "P1"))
    both = Actor(
        WINDOW.account_id, WINDOW.name, 2, "住建局", APPROVER.unit, WINDOW.district, frozenset({"dept_approver"})
    )
    with pytest.raises(Conflict) as refused:
        desk.decide(case, "审批决定", "grant", actor=both)
    assert refused.value.code == "SAME_PERSON"


def test_what_a_department_did_not_pass_is_not_granted(desk: Desk) -> None:
    case = desk.applied(desk.ready(), "P1")
    desk.decide(case, "收件审查", "admit")
    desk.decide(case, "质量安全审查", "fail", {"items": [_item("围护结构", "补降水方案")], "opinion": "降水方案缺失。"})
    desk.decide(case, "消防人防审查", "pass")
    with pytest.raises(Conflict) as refused:
        desk.decide(case, "审批决定", "grant")
    assert refused.value.code == "REVIEW_FAILED"
    desk.decide(case, "审批决定", "refuse", {"opinion": "质量安全审查不通过。", "remedy": "可以申请复议。"})
    assert desk.state(case) is State.REJECTED
    letter = papers.of(desk.session, f"case:{case.id}")[-1]
    assert letter.kind == "refusal-decision"
    assert letter.data["reasons"] == ["质量安全审查不通过。"]
    assert "复议" in letter.data["remedy"]
    assert rows(desk.session, Permit) == [0]


def test_a_refusal_needs_its_reason(desk: Desk) -> None:
    case = desk.reviewed(desk.applied(desk.ready(), "P1"))
    with pytest.raises(Invalid) as refused:
        desk.decide(case, "审批决定", "refuse", {"remedy": "可以申请复议。"})
    assert "opinion" in refused.value.fields


def _item(subject: str, request: str, **more: str) -> dict[str, str]:
    return {"kind": "缺材料", "subject": subject, "request": request, **more}


# -- correction


def test_a_correction_is_asked_for_once_answered_and_admitted(desk: Desk) -> None:
    project = desk.ready()
    desk.at("2026-02-11")
    case = desk.submit(desk.draft(project, "P1", materials=["M13", "M14", "M17", "M19", "M20", "M21"]))
    desk.at("2026-02-12")
    desk.decide(case, "收件审查", "correct", {"items": [_item("建设资金落实承诺书", "请上传并盖章", material="M16")]})
    assert desk.state(case) is State.CORRECTION_STARTED
    letter = papers.of(desk.session, f"case:{case.id}")[-1]
    assert (letter.kind, len(letter.data["items"])) == ("correction-notice", 1)
    desk.at("2026-02-26")
    reply = {"number": 1, "text": "已补", "file_id": desk.file(desk.owner)}
    desk.decide(case, "补正材料", "answered", {"replies": [reply]})
    assert (desk.state(case), case.revision) == (State.CORRECTION_ENDED, 2)
    with pytest.raises(Invalid) as refused:
        desk.decide(case, "收件审查", "correct", {"items": [_item("合同", "再补一份")]})
    assert "一次告知过" in "".join(refused.value.fields["outcome"])
    desk.decide(case, "收件审查", "admit")
    assert desk.state(case) is State.IN_REVIEW


def test_an_answer_to_an_item_nobody_asked_for_is_refused(desk: Desk) -> None:
    case = desk.submit(desk.draft(desk.ready(), "P1", materials=["M13"]))
    desk.decide(case, "收件审查", "correct", {"items": [_item("承诺书", "请上传", material="M16")]})
    with pytest.raises(Invalid) as refused:
        desk.decide(case, "补正材料", "answered", {"replies": [{"number": 7, "text": "?"}]})
    assert refused.value.code == "REPLY_UNKNOWN"


def test_a_correction_without_items_is_refused(desk: Desk) -> None:
    case = desk.applied(desk.ready(), "P1")
    with pytest.raises(Invalid):
        desk.decide(case, "收件审查", "correct", {"items": []})


# -- withdrawal (S10)


def test_before_admission_an_application_is_pulled_at_once(desk: Desk) -> None:
    case = desk.applied(desk.ready(), "P1")
    done = actions.withdraw(desk.session, desk.owner, case, "资料有误", desk.now)
    assert done.state is State.PULLED
    assert done.draft is not None
    assert done.draft.facts == FACTS
    assert work_items.for_subject(desk.session, f"case:{case.id}") == []


def test_after_admission_an_officer_confirms_the_withdrawal(desk: Desk) -> None:
    project = desk.ready()
    case = desk.applied(project, "P1")
    desk.decide(case, "收件审查", "admit")
    done = actions.withdraw(desk.session, desk.owner, case, "设计调整", desk.now)
    assert done.state is State.WITHDRAWAL_PENDING
    with pytest.raises(Conflict) as refused:
        desk.decide(case, "质量安全审查", "pass")
    assert refused.value.code == "WITHDRAWAL_PENDING"
    ended = actions.confirm_withdrawal(desk.session, WINDOW, case, "材料已退还。", desk.now)
    assert (ended.state, desk.state(case)) == (State.WITHDRAWN, State.WITHDRAWN)
    assert records.history(desk.session, case.id)[-3:] == [
        State.IN_REVIEW,
        State.WITHDRAWAL_PENDING,
        State.WITHDRAWN,
    ]
    assert instances.run(desk.session, case.instance_id or 0).status == "cancelled"
    assert desk.applied(project, "P1")


def test_a_refused_withdrawal_leaves_the_case_where_it_was(desk: Desk) -> None:
    case = desk.applied(desk.ready(), "P1")
    desk.decide(case, "收件审查", "admit")
    actions.withdraw(desk.session, desk.owner, case, "设计调整", desk.now)
    actions.refuse_withdrawal(desk.session, WINDOW, case, "已完成审查。", desk.now)
    assert desk.state(case) is State.IN_REVIEW
    desk.decide(case, "质量安全审查", "pass")


def test_a_decided_case_cannot_be_withdrawn(desk: Desk) -> None:
    case = desk.granted(desk.ready(), "P1")
    with pytest.raises(Conflict) as refused:
        actions.withdraw(desk.session, desk.owner, case, "不要了", desk.now)
    assert refused.value.code == "TOO_LATE"


def test_a_stranger_can_neither_withdraw_nor_apply(desk: Desk) -> None:
    project = desk.ready()
    case = desk.applied(project, "P1")
    with pytest.raises(Forbidden):
        actions.withdraw(desk.session, desk.stranger, case, "?", desk.now)
    with pytest.raises((Forbidden, NotFound)):
        actions.create_application(desk.session, desk.stranger, project, matter="C05", phase="P1", now=desk.now)


# -- commencement


def test_commencement_is_reported_once_within_its_days(desk: Desk) -> None:
    desk.at("2025-06-17")
    desk.granted(desk.ready(), "P1")
    permit = desk.session.scalars(select(Permit)).one()
    desk.at("2025-06-20")
    with pytest.raises(Invalid):
        actions.report_commencement(desk.session, desk.owner, permit, date(2025, 6, 21), desk.now)
    with pytest.raises(Invalid):
        actions.report_commencement(desk.session, desk.owner, permit, date(2025, 6, 16), desk.now)
    actions.report_commencement(desk.session, desk.owner, permit, date(2025, 6, 20), desk.now)
    with pytest.raises(Conflict):
        actions.report_commencement(desk.session, desk.owner, permit, date(2025, 6, 20), desk.now)
    assert rows(desk.session, PermitEvent) == [2]


# -- drafts


def test_a_draft_saved_by_a_colleague_in_between_is_not_overwritten(desk: Desk) -> None:
    draft = desk.draft(desk.ready(), "P1")
    seen = draft.revision
    actions.save_application(desk.session, desk.owner, draft, desk.now, seen_revision=seen, facts={"contractor": "甲"})
    with pytest.raises(Conflict) as refused:
        actions.save_application(
            desk.session, desk.owner, draft, desk.now, seen_revision=seen, facts={"contractor": "乙"}
        )
    assert refused.value.code == "STALE_REVISION"
    assert draft.facts["contractor"] == "甲"


def test_a_submitted_application_is_submitted_once(desk: Desk) -> None:
    draft = desk.draft(desk.ready(), "P1")
    desk.submit(draft)
    with pytest.raises(Conflict) as refused:
        desk.submit(draft)
    assert refused.value.code == "SUBMITTED"
    assert rows(desk.session, Case, Application) == [1, 1]


def test_a_permits_paper_without_its_permit_is_worth_nothing(desk: Desk) -> None:
    desk.granted(desk.ready(), "P1")
    paper = papers.get(desk.session, desk.session.scalars(select(Permit)).one().number)
    assert papers.standing_of(desk.session, paper, desk.now).in_force
    desk.session.execute(update(Permit).values(number="150502209901010101"))
    assert not papers.standing_of(desk.session, paper, desk.now).in_force


def test_floors_entered_twice_are_noticed_by_their_area(desk: Desk) -> None:
    twice = {**BUILDINGS[0], "units": [*BUILDINGS[0]["units"], *BUILDINGS[0]["units"]]}  # type: ignore[misc]
    with pytest.raises(Invalid) as refused, desk.session.begin_nested():
        desk.result(desk.project(), "B02", buildings=[twice, BUILDINGS[1]])
    assert "重复的楼层" in "".join(refused.value.fields["data.buildings[0].units"])


@pytest.mark.parametrize("code", ["2503-150102-04-01-382716", "2503-110101-04-01-382716"])
def test_a_project_of_another_city_is_shown_the_way(desk: Desk, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.project(code)
    assert "所在地" in "".join(refused.value.fields["code"])


def test_a_window_makes_projects_of_its_district_only(desk: Desk) -> None:
    with pytest.raises(Forbidden) as refused:
        desk.project("2503-150581-04-01-382716")
    assert "霍林郭勒市" in refused.value.message


def test_a_result_does_not_end_before_it_begins(desk: Desk) -> None:
    project = desk.project()
    with pytest.raises(Invalid) as refused:
        actions.enter_result(
            desk.session,
            WINDOW,
            project,
            code="A08",
            number="1",
            issued_on=date(2025, 3, 1),
            valid_until=date(2025, 2, 1),
            file_id=desk.file(WINDOW),
            now=desk.now,
        )
    assert "valid_until" in refused.value.fields
