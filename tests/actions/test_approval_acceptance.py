"""Joint acceptance, filing and the answer of the registry (domain.md §4, S1, S7, S8, S14)."""

from datetime import date
from decimal import Decimal

import pytest
from builders_approval import BUILDINGS, OFFICERS, SURVEY, Desk
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import contracts, jobs
from server.approval import deadlines, judging, messages, records
from server.approval.models import AcceptanceFiling, Deadline, Permit, Project, RegistryAnswer, Result
from server.approval.queries import due
from server.approval.states import State
from server.clock import legal_date
from server.config import Settings
from server.contracts import RegistrationCompleted
from server.documents import papers
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.jobs import Message, Received, Work
from server.processes import work_items

SPECIALS = ("规划核实", "消防验收", "人防验收", "档案验收", "不动产实地确认")


@pytest.fixture
def desk(session: Session, settings: Settings) -> Desk:
    return Desk(session, settings)


def open_tasks(desk: Desk, case_id: int) -> list[str]:
    return sorted(one.name for one in work_items.for_subject(desk.session, f"case:{case_id}"))


def passed(desk: Desk, project: Project) -> None:
    """Joint acceptance admitted, all specials passed, concluded."""
    case = desk.acceptance(project)
    desk.decide(case, "受理审查", "admit")
    for name in SPECIALS:
        desk.decide(case, name, "pass", {"opinion": "合格。"})
    desk.decide(case, "汇总意见", "conclude", {"opinion": "全部通过。"})


def filed(desk: Desk, project: Project) -> AcceptanceFiling:
    """Filed by the filing section."""
    case = desk.filing(project)
    desk.decide(case, "备案审查", "file")
    return desk.session.scalars(select(AcceptanceFiling).where(AcceptanceFiling.case_id == case.id)).one()


# -- joint acceptance


def test_five_specials_stand_side_by_side_and_lead_to_the_opinion(desk: Desk) -> None:
    project = desk.built()
    case = desk.acceptance(project)
    desk.decide(case, "受理审查", "admit")
    assert open_tasks(desk, case.id) == sorted(SPECIALS)
    for name in SPECIALS:
        desk.decide(case, name, "pass", {"opinion": "合格。"})
    desk.decide(case, "汇总意见", "conclude", {"opinion": "全部通过。"})
    assert desk.state(case) is State.COMPLETED
    opinion = papers.of(desk.session, f"case:{case.id}")[-1]
    assert (opinion.kind, len(opinion.data["specials"])) == ("acceptance-opinion", 5)
    result = desk.session.scalars(select(Result).where(Result.code == "D01")).one()
    assert (result.origin, result.number) == ("issued", opinion.number)


def test_without_permits_to_the_end_no_acceptance(desk: Desk) -> None:
    project = desk.ready()
    desk.granted(project, "P1")
    desk.result(project, "WYYS")
    with pytest.raises(Conflict) as refused:
        desk.acceptance(project)
    assert refused.value.code == "PERMIT_COVERAGE"
    assert "1#" in refused.value.message


def test_without_the_five_parties_no_acceptance(desk: Desk) -> None:
    project = desk.ready()
    desk.granted(project, "P0")
    with pytest.raises(Conflict) as refused:
        desk.acceptance(project)
    assert refused.value.code == "COMPLETION_MISSING"


def test_a_building_without_survey_is_named(desk: Desk) -> None:
    project = desk.built()
    with pytest.raises(Invalid) as refused:
        desk.acceptance(project, survey=SURVEY[:1])
    assert "车库" in refused.value.message


def test_a_failed_special_stops_the_clock_and_is_alone_inspected_again(desk: Desk) -> None:
    """S7: rectification, the clock stops, only what failed is inspected again; qualified is the day of the re-test."""
    desk.at("2026-06-01")
    project = desk.built()
    desk.at("2026-06-08")
    case = desk.acceptance(project)
    desk.decide(case, "受理审查", "admit")
    limit = due.due_of(desk.session, case, desk.now)
    assert limit is not None
    assert limit.date == date(2026, 6, 17)
    desk.at("2026-06-11")
    for name in SPECIALS:
        if name != "消防验收":
            desk.decide(case, name, "pass", {"opinion": "合格。"})
    item = {"kind": "现场不符", "subject": "疏散指示", "request": "补装三处疏散指示灯"}
    desk.decide(case, "消防验收", "fail", {"items": [item], "opinion": "三处缺失。"})
    desk.at("2026-06-12")
    desk.decide(case, "汇总意见", "conclude", {"opinion": "消防一项整改。"})
    assert desk.state(case) is State.SPECIAL_STARTED
    assert open_tasks(desk, case.id) == ["整改并申请复验"]
    notice = judging.last_notice(desk.session, case.id, "rectification")
    assert notice is not None
    assert [one.request for one in notice[1]] == ["补装三处疏散指示灯"]
    stopped = due.due_of(desk.session, case, desk.at("2026-07-01").now)
    assert stopped is not None
    assert (stopped.level, stopped.used, stopped.left) == ("stopped", 3, 4)
    with pytest.raises(Conflict):
        desk.filing(project)
    desk.at("2026-07-13")
    desk.decide(
        case, "整改并申请复验", "rectified", {"replies": [{"number": 1, "text": "已装"}], "rectified_on": "2026-07-10"}
    )
    assert open_tasks(desk, case.id) == ["消防验收"]
    running = due.due_of(desk.session, case, desk.now)
    assert running is not None
    assert running.date == date(2026, 7, 17)
    desk.at("2026-07-16")
    desk.decide(case, "消防验收", "pass", {"opinion": "复验合格。"})
    desk.decide(case, "汇总意见", "conclude", {"opinion": "全部通过。"})
    assert desk.state(case) is State.COMPLETED
    last = desk.session.scalars(
        select(Deadline)
        .where(Deadline.project_id == project.id, Deadline.kind == "filing")
        .order_by(Deadline.id.desc())
    ).first()
    assert last is not None
    assert (last.start, last.due) == (date(2026, 7, 16), date(2026, 7, 31))


def test_no_civil_defence_no_civil_defence_special(desk: Desk) -> None:
    project = desk.project()
    plain = [BUILDINGS[0]]
    for code in ("A07", "A08", "B02", "C01", "C02"):
        desk.result(project, code, buildings=plain)
    desk.granted(project, "P0", ["1#"])
    desk.result(project, "WYYS")
    case = desk.acceptance(project, survey=SURVEY[:1])
    desk.decide(case, "受理审查", "admit")
    assert "人防验收" not in open_tasks(desk, case.id)


def test_another_department_cannot_speak_for_the_fire_brigade(desk: Desk) -> None:
    case = desk.acceptance(desk.built())
    desk.decide(case, "受理审查", "admit")
    with pytest.raises(Forbidden):
        desk.decide(case, "消防验收", "pass", actor=OFFICERS["自然资源局·规划科"])


# -- filing and hand-off


def test_a_filing_is_numbered_and_handed_to_the_registry_in_the_same_transaction(desk: Desk) -> None:
    project = desk.built()
    desk.consent(project)
    passed(desk, project)
    filing = filed(desk, project)
    posted = desk.session.scalars(select(Message).where(Message.name == "acceptance.filed")).one()
    assert posted.key == filing.number
    message = contracts.parse("acceptance.filed", posted.payload)
    assert message.consent is not None
    assert {one.number for one in message.buildings} == {"1#", "车库"}
    assert message.buildings[0].planning_measured == Decimal("401.00")
    assert [one.special for one in message.specials] == list(judging.SPECIALS)
    limit = desk.session.scalars(
        select(Deadline).where(Deadline.project_id == project.id, Deadline.kind == "filing")
    ).all()[-1]
    assert limit.closed_on == legal_date(desk.now)


def test_before_the_acceptance_no_filing(desk: Desk) -> None:
    with pytest.raises(Conflict) as refused:
        desk.filing(desk.built())
    assert refused.value.code == "ACCEPTANCE_MISSING"


def test_without_consent_the_filing_says_so_and_carries_none(desk: Desk) -> None:
    project = desk.built()
    passed(desk, project)
    filing = filed(desk, project)
    assert filing.consent_id is None
    posted = desk.session.scalars(select(Message).where(Message.name == "acceptance.filed")).one()
    assert contracts.parse("acceptance.filed", posted.payload).consent is None


def completed(filing: AcceptanceFiling) -> RegistrationCompleted:
    """What the registry answers."""
    return RegistrationCompleted(
        filing_number=filing.number,
        filing_version=filing.version,
        application_number="150502-20260928-D08-00001",
        certificate_number="蒙(2026)通辽市不动产权第0018642号",
        booked_at=filing.filed_at,
        registrar="登簿人员",
        units=14,
        entries=17,
    )


def test_the_registrys_answer_closes_the_project_once_however_often_it_comes(desk: Desk, settings: Settings) -> None:
    project = desk.built()
    desk.consent(project)
    passed(desk, project)
    filing = filed(desk, project)
    payload = contracts.dump(completed(filing))
    for number in (1, 2, 3):
        received = Received(number, "registration.completed", filing.number, payload, desk.now)
        messages.on_registration_completed(Work(desk.session, settings, desk.now), received)
    assert project.closed_at == desk.now
    assert [one.status for one in desk.session.scalars(select(Permit))] == ["COMPLETED"]
    assert len(desk.session.scalars(select(RegistryAnswer)).all()) == 1
    assert desk.session.scalars(select(Deadline).where(Deadline.closed_on.is_(None))).all() == []
    with pytest.raises(Conflict) as refused:
        desk.acceptance(project)
    assert refused.value.code in ("PROJECT_CLOSED", "ALREADY_DONE")


def test_an_answer_to_no_filing_is_an_incident_not_a_silence(desk: Desk, settings: Settings) -> None:
    project = desk.built()
    desk.consent(project)
    passed(desk, project)
    filing = filed(desk, project)
    payload = contracts.dump(completed(filing)) | {"filing_number": "不存在"}
    with pytest.raises(NotFound):
        messages.on_registration_completed(
            Work(desk.session, settings, desk.now), Received(1, "registration.completed", "x", payload, desk.now)
        )


def test_a_linear_project_is_filed_and_closed_without_any_registration(desk: Desk) -> None:
    """S14: roads have no units."""
    project = desk.project(flow_type="MUNI_LINEAR")
    for code in ("A07", "A08", "B02", "B04", "C01", "C02"):
        desk.result(project, code)
    desk.granted(project, "P0")
    desk.result(project, "WYYS")
    case = desk.acceptance(project)
    desk.decide(case, "受理审查", "admit")
    for name in SPECIALS:
        if name in open_tasks(desk, case.id):
            desk.decide(case, name, "pass", {"opinion": "合格。"})
    desk.decide(case, "汇总意见", "conclude", {"opinion": "全部通过。"})
    filed(desk, project)
    assert desk.session.scalars(select(Message).where(Message.name == "acceptance.filed")).all() == []
    assert project.closed_at is not None


# -- the scanner


def test_an_unanswered_correction_ends_the_case_after_its_thirty_days(desk: Desk, settings: Settings) -> None:
    project = desk.ready()
    desk.at("2026-03-02")
    case = desk.submit(desk.draft(project, "P1", materials=["M13"]))
    item = {"kind": "缺材料", "subject": "承诺书", "request": "请上传", "material": "M16"}
    desk.decide(case, "收件审查", "correct", {"items": [item]})
    for day, state in (("2026-04-01", State.CORRECTION_STARTED), ("2026-04-02", State.PULLED)):
        deadlines.tell(Work(desk.session, settings, desk.at(day).now))
        assert desk.state(case) is state, day
    assert records.history(desk.session, case.id)[-1] is State.PULLED
    assert jobs.SCANNERS["deadlines"]


def test_a_year_without_a_calendar_is_said_and_nothing_is_guessed(desk: Desk) -> None:
    desk.at("2030-03-04")
    project = desk.ready()
    case = desk.applied(project, "P1")
    desk.decide(case, "收件审查", "admit")
    limit = due.due_of(desk.session, case, desk.now)
    assert limit is not None
    assert (limit.level, limit.date) == ("unknown", None)
    assert "2030" in limit.note
