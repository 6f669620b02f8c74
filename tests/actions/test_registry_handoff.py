"""From the filing's message to the book: once, in order, held where it must be held (domain.md §6.3, S1, S9)."""


from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
from builders_registry import (
    ADMITTED_AT,
    ADMITTER,
    BOOKED_AT,
    BOOKER,
    FILING,
    OTHER_NAME,
    OTHER_USCC,
    OWNER_NAME,
    OWNER_USCC,
    PARCEL,
    PERMIT,
    RECEIVED_AT,
    REVIEWER,
    a_land_right,
    answer,
    filed,
    planned,
    publish_model,
    receive,
    s1_booked,
    s1_received,
    the_application,
    the_owner,
)
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import jobs
from server.accounts.actor import Actor
from server.clock import at
from server.config import Settings
from server.documents import numbering, papers
from server.errors import Conflict, Forbidden, Invalid
from server.processes import instances, work_items
from server.registry import actions, book, browsing, codes, demo, queries, recording
from server.registry.land import PaymentFact, RestrictionFact
from server.registry.models import (
    Annotation,
    Application,
    Certificate,
    CheckRun,
    CommonPart,
    Entry,
    Notice,
    PlannedBuilding,
    Restriction,
    Right,
    Step,
    Unit,
)
from server.registry.steps import FINAL, FOLLOWS
from server.registry.steps import Step as Kind

ADMIN = Actor(30, "系统管理员", 1, "数据局", None, "150500", frozenset({"admin"}))


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def kinds(session: Session, application: Application) -> list[str]:
    return [step.kind for step in recording.steps_of(session, application)]


def a_seizure(**changes: object) -> RestrictionFact:
    fact = RestrictionFact(
        kind="seizure",
        against_uscc=OWNER_USCC,
        against_name=OWNER_NAME,
        holder="科尔沁区人民法院",
        document="(2026)内0502执保31号协助执行通知",
        since=date(2026, 7, 31),
        until=date(2029, 7, 30),
    )
    return replace(fact, **changes)  # type: ignore[arg-type]


# ---- building.planned -------------------------------------------------------------------------------------------


def test_units_are_numbered_when_the_planning_permit_is_announced(session: Session, settings: Settings) -> None:
    receive(session, settings, "building.planned", planned())
    buildings = session.scalars(select(PlannedBuilding).order_by(PlannedBuilding.number)).all()
    assert [one.name for one in buildings] == ["1#", "2#", "3#", "4#", "5#", "车库"]
    assert count(session, Unit) == 368 + 22 + 210
    first = session.scalars(select(Unit).order_by(Unit.code)).first()
    assert first is not None
    assert (first.code, first.floor, first.label, first.planned_area) == (f"{PARCEL}F00010001", 1, "101", D("112.36"))
    top = session.scalars(select(Unit).where(Unit.building_id == buildings[0].id).order_by(Unit.serial.desc())).first()
    assert top is not None
    assert (top.code, top.label) == (f"{PARCEL}F00010092", "2304")
    place = session.scalars(select(Unit).where(Unit.building_id == buildings[5].id).order_by(Unit.serial)).first()
    assert place is not None
    assert (place.floor, place.label) == (-1, "001")


def test_a_permit_announced_three_times_numbers_its_units_once(session: Session, settings: Settings) -> None:
    for n in range(3):
        receive(session, settings, "building.planned", planned(), message_id=n + 1)
    assert count(session, Unit) == 600
    assert count(session, PlannedBuilding) == 6


def test_a_permit_that_comes_again_with_other_units_needs_a_person(session: Session, settings: Settings) -> None:
    receive(session, settings, "building.planned", planned())
    first, *rest = planned().buildings
    changed = replace(first, units=(replace(first.units[0], last_floor=22),))
    with pytest.raises(Conflict, match="单元号终身不变"):
        receive(session, settings, "building.planned", planned(buildings=(changed, *rest)))


def test_a_second_permit_on_the_parcel_goes_on_numbering_buildings(session: Session, settings: Settings) -> None:
    receive(session, settings, "building.planned", planned())
    second = replace(planned().buildings[0], number="6#")
    receive(session, settings, "building.planned", planned(planning_permit_number=PERMIT + "-2", buildings=(second,)))
    last = session.scalars(select(PlannedBuilding).order_by(PlannedBuilding.number.desc())).first()
    assert last is not None
    assert (last.name, last.number) == ("6#", 7)


def test_a_malformed_parcel_code_is_the_senders_fault(session: Session, settings: Settings) -> None:
    with pytest.raises(Invalid, match="19 位"):
        receive(session, settings, "building.planned", planned(parcel_code="150502"))


def test_a_lost_announcement_is_no_loss_the_parcel_may_come_later(session: Session, settings: Settings) -> None:
    receive(session, settings, "building.planned", planned())
    publish_model(session)
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    receive(session, settings, "acceptance.filed", filed(settings))
    assert kinds(session, the_application(session)) == ["RECEIVED", "PRE_ADMITTED", "CHECKED"]


# ---- receipt ----------------------------------------------------------------------------------------------------


def test_a_filing_becomes_an_application_checked_at_once(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings)
    assert application.number == "150502-20260928-D08-00001"
    assert kinds(session, application) == ["RECEIVED", "PRE_ADMITTED", "CHECKED"]
    case = queries.case(session, application, RECEIVED_AT)
    assert len(case.results) == 12
    assert case.counts == {"PASS": 11, "WARN": 1, "HOLD": 0}  # no construction permit came along in this builder
    assert [task.element for task in case.tasks] == ["task_admit"]
    assert case.bridge.counted.built_difference == D("74.76")
    assert case.bridge.residual == 0


def test_a_filing_delivered_three_times_gives_one_application_and_one_process(
    session: Session, settings: Settings
) -> None:
    s1_received(session, settings)
    for n in (2, 3):
        receive(session, settings, "acceptance.filed", filed(settings), RECEIVED_AT + timedelta(minutes=n), n)
    application = the_application(session)
    assert len(instances.runs_of(session, recording.subject(application))) == 1
    assert kinds(session, application).count("RECEIVED") == 1


def test_a_newer_version_of_a_filing_takes_the_place_of_the_older(session: Session, settings: Settings) -> None:
    first = s1_received(session, settings)
    receive(session, settings, "acceptance.filed", filed(settings, filing_version=2), message_id=2)
    assert kinds(session, first)[-1] == "SUPERSEDED"
    assert [run.status for run in instances.runs_of(session, recording.subject(first))] == ["cancelled"]
    second = session.scalars(select(Application).where(Application.filing_version == 2)).one()
    assert kinds(session, second)[-1] == "CHECKED"


def test_an_older_version_that_comes_late_starts_nothing(session: Session, settings: Settings) -> None:
    s1_received(session, settings, filing_version=2)
    receive(session, settings, "acceptance.filed", filed(settings, filing_version=1), message_id=2)
    late = session.scalars(select(Application).where(Application.filing_version == 1)).one()
    assert kinds(session, late) == ["RECEIVED", "SUPERSEDED"]
    assert instances.runs_of(session, recording.subject(late)) == []


def test_a_newer_version_after_the_book_entry_is_held_because_the_units_are_taken(
    session: Session, settings: Settings
) -> None:
    first = s1_booked(session, settings)
    receive(session, settings, "acceptance.filed", filed(settings, filing_version=2), BOOKED_AT, 2)
    assert kinds(session, first)[-1] == "BOOKED"
    second = session.scalars(select(Application).where(Application.filing_version == 2)).one()
    assert kinds(session, second)[-1] == "HELD"
    assert "600 个单元已有登记" in recording.steps_of(session, second)[-1].text


def test_a_consent_signed_by_nobody_we_know_is_held(session: Session, settings: Settings) -> None:
    consent = filed(settings).consent
    assert consent is not None
    application = s1_received(session, settings, consent=replace(consent, signature="AAAA"))
    assert "电子签名验证不通过" in recording.steps_of(session, application)[-1].text


# ---- admission, review, book ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("admitted", "due"),
    [
        (at(date(2026, 9, 28)).replace(hour=7, minute=30), datetime(2026, 9, 28, 9, 30, tzinfo=UTC)),
        (datetime(2026, 9, 28, 7, 59, tzinfo=UTC), datetime(2026, 9, 28, 9, 30, tzinfo=UTC)),
        (datetime(2026, 9, 28, 8, 0, tzinfo=UTC), datetime(2026, 9, 29, 4, 0, tzinfo=UTC)),
        (datetime(2026, 9, 30, 8, 30, tzinfo=UTC), datetime(2026, 10, 8, 4, 0, tzinfo=UTC)),
    ],
)
def test_what_is_admitted_before_four_is_due_today_else_at_noon_of_the_next_working_day(
    session: Session, settings: Settings, admitted: datetime, due: datetime
) -> None:
    application = s1_received(session, settings)
    answer(session, application, "task_admit", admitted)
    limit = queries.case(session, application, admitted).limit
    assert limit is not None
    assert limit.due == due


def test_s1_is_booked_as_one_certificate_and_six_hundred_units(session: Session, settings: Settings) -> None:
    the_owner(session)
    numbering.set_next(session, "property-certificate", "150500", date(2026, 1, 1), "year", 18642, ADMIN, RECEIVED_AT)
    application = s1_booked(session, settings)
    certificate = session.scalars(select(Certificate)).one()
    assert certificate.number == "蒙(2026)通辽市不动产权第0018642号"
    assert certificate.units == 600
    assert count(session, Right) == 1 + 1 + 600  # land, whole parcel, units
    part = session.scalars(select(CommonPart)).one()
    assert (part.name, part.area) == ("物业用房", D("861.00"))
    shelter = session.scalars(select(Annotation)).one()
    assert shelter.area == D("3204.00")
    assert book.count(session, PARCEL) == 1 + 603
    verdict = browsing.verify(session, PARCEL)
    assert verdict.intact, verdict.why
    assert kinds(session, application) == [
        "RECEIVED",
        "PRE_ADMITTED",
        "CHECKED",
        "ADMITTED",
        "REVIEWED",
        "CONFIRMED",
        "CHECKED",
        "BOOKED",
    ]
    paper = papers.find(session, certificate.verification_code)
    assert paper is not None
    assert paper.data["building_area"] == "53760.66"
    assert [one.kind for one in papers.of(session, recording.subject(application))] == [
        "registration-admission",
        "property-certificate",
    ]


def test_the_approval_side_learns_of_the_entry_by_a_message(session: Session, settings: Settings) -> None:
    application = s1_booked(session, settings)
    sent = session.scalars(select(jobs.Message).where(jobs.Message.name == "registration.completed")).one()
    assert sent.key == FILING
    assert sent.payload == {
        "filing_number": FILING,
        "filing_version": 1,
        "application_number": application.number,
        "certificate_number": session.scalars(select(Certificate.number)).one(),
        "booked_at": "2026-09-28T09:10:00+00:00",
        "registrar": "不动产登记中心·登簿岗·孙登簿",
        "units": 600,
        "entries": 603,
    }


def test_the_twelve_run_again_within_the_booking_and_a_hold_stops_it(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings)
    answer(session, application, "task_admit", ADMITTED_AT)
    answer(session, application, "task_review", ADMITTED_AT)
    seizure = actions.record_restriction(
        session, PARCEL, a_seizure(against_uscc=OTHER_USCC, against_name=OTHER_NAME), REVIEWER, ADMITTED_AT
    )
    answer(session, application, "task_book", BOOKED_AT)
    assert kinds(session, application)[-3:] == ["CONFIRMED", "CHECKED", "HELD"]
    assert count(session, Certificate) == 0
    actions.cure(
        session,
        application.number,
        REVIEWER,
        BOOKED_AT,
        note="收到解封裁定",
        document="(2026)内0502执保31号之一",
        lifts=(seizure.id,),
    )
    assert kinds(session, application)[-2:] == ["CURED", "CHECKED"]
    answer(session, application, "task_book", BOOKED_AT)
    assert kinds(session, application)[-1] == "BOOKED"
    assert [run.occasion for run in session.scalars(select(CheckRun).order_by(CheckRun.sequence))] == [
        "receipt",
        "booking",
        "cured",
        "booking",
    ]


def test_a_second_booking_of_the_same_units_is_held_not_doubled(session: Session, settings: Settings) -> None:
    s1_received(session, settings)
    receive(session, settings, "acceptance.filed", filed(settings, filing_number="另一个备案号"), message_id=2)
    first, second = session.scalars(select(Application).order_by(Application.id)).all()
    for one in (first, second):
        answer(session, one, "task_admit", ADMITTED_AT)
        answer(session, one, "task_review", ADMITTED_AT)
    answer(session, first, "task_book", BOOKED_AT)
    answer(session, second, "task_book", BOOKED_AT)
    assert kinds(session, first)[-1] == "BOOKED"
    assert kinds(session, second)[-1] == "HELD"
    assert count(session, Certificate) == 1


def test_a_refusal_is_a_registrars_with_reason_and_remedy(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings)
    answer(session, application, "task_admit", ADMITTED_AT)
    with pytest.raises(Invalid) as caught:
        answer(session, application, "task_review", ADMITTED_AT, "refuse", more={"opinion": " "})
    assert "opinion" in caught.value.fields
    answer(session, application, "task_review", ADMITTED_AT, "refuse", more={"opinion": "权属争议未解决"})
    assert kinds(session, application)[-1] == "REFUSED"
    sent = session.scalars(select(jobs.Message).where(jobs.Message.name == "registration.refused")).one()
    assert (sent.payload["reason"], sent.payload["registrar"]) == (
        "权属争议未解决",
        "不动产登记中心·审核岗·赵审核",
    )
    assert "行政复议" in sent.payload["remedy"]
    assert papers.of(session, recording.subject(application))[-1].kind == "registration-refusal"


def test_who_admitted_does_not_review(session: Session, settings: Settings) -> None:
    both = replace(ADMITTER, unit="不动产登记中心·审核岗", roles=frozenset({"registrar_admit", "registrar_review"}))
    application = s1_received(session, settings)
    answer(session, application, "task_admit", ADMITTED_AT)
    with pytest.raises(Forbidden, match="另一位"):
        answer(session, application, "task_review", ADMITTED_AT, actor=both)


@pytest.mark.parametrize(
    ("actor", "words"),
    [(REVIEWER, "登记受理人员"), (replace(BOOKER, roles=frozenset({"registrar_admit"})), "受理岗")],
)
def test_a_task_belongs_to_its_role_and_its_unit(
    session: Session, settings: Settings, actor: Actor, words: str
) -> None:
    application = s1_received(session, settings)
    with pytest.raises(Forbidden, match=words):
        answer(session, application, "task_admit", ADMITTED_AT, actor=actor)


def test_a_decision_on_what_has_changed_since_is_refused(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings)
    item = work_items.for_subject(session, recording.subject(application))[0]
    with pytest.raises(Conflict, match="新的记录"):
        actions.decide(session, ADMITTER, item, "admit", {}, 2, ADMITTED_AT)


# ---- holds ------------------------------------------------------------------------------------------------------


def test_a_foreign_seizure_holds_and_the_lifting_reruns_all_twelve(session: Session, settings: Settings) -> None:
    publish_model(session)
    the_owner(session)
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    seizure = actions.record_restriction(
        session, PARCEL, a_seizure(against_uscc=OTHER_USCC, against_name=OTHER_NAME), REVIEWER, RECEIVED_AT
    )
    receive(session, settings, "building.planned", planned())
    receive(session, settings, "acceptance.filed", filed(settings))
    application = the_application(session)
    assert kinds(session, application)[-1] == "HELD"
    case = queries.case(session, application, RECEIVED_AT)
    assert [one.code for one in case.results if one.outcome == "HOLD"] == ["K3"]
    assert [notice.cause for notice in case.notices] == [f"K3:restriction:{seizure.id}"]
    assert case.chain[3].note == "第 3 项挂起"
    assert case.limit is None
    letter = papers.of(session, recording.subject(application))
    assert [one.kind for one in letter] == ["registration-notice"]
    actions.cure(
        session,
        application.number,
        ADMITTER,
        RECEIVED_AT,
        note="收到解封裁定",
        document="(2026)内0502执保31号之一",
        lifts=(seizure.id,),
    )
    assert kinds(session, application)[-2:] == ["CURED", "CHECKED"]
    assert count(session, CheckRun) == 2
    assert [t.element for t in queries.case(session, application, RECEIVED_AT).tasks] == ["task_admit"]


def test_a_cause_is_told_once_however_often_the_checks_hold(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings, land=a_land_right(price=PaymentFact(False, "")))
    for _ in range(2):
        actions.cure(session, application.number, ADMITTER, RECEIVED_AT, note="建设单位说已缴")
    assert kinds(session, application).count("HELD") == 3
    assert [notice.cause for notice in session.scalars(select(Notice))] == ["K6:price"]


def test_a_payment_that_comes_in_cures_the_hold(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings, land=a_land_right(price=PaymentFact(False, "")))
    paid = PaymentFact(True, "蒙财非税 2026-0907", D("1000.00"))
    actions.cure(session, application.number, ADMITTER, RECEIVED_AT, note="已缴清", payments={"price": paid})
    assert kinds(session, application)[-1] == "CHECKED"


def test_a_missing_site_visit_is_cured_by_the_registrys_own(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings, specials=filed(settings).specials[:4])
    assert kinds(session, application)[-1] == "HELD"
    actions.record_site_visit(
        session, application.number, date(2026, 9, 28), True, "6 幢均已建成，与成果一致", ADMITTER, RECEIVED_AT
    )
    actions.cure(session, application.number, ADMITTER, RECEIVED_AT, note="已实地查看")
    assert kinds(session, application)[-1] == "CHECKED"


def test_only_what_is_held_can_be_cured(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings)
    with pytest.raises(Conflict, match="没有挂起"):
        actions.cure(session, application.number, ADMITTER, RECEIVED_AT, note="x")


def test_the_owners_seizure_goes_along_to_every_unit(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings)
    seizure = actions.record_restriction(session, PARCEL, a_seizure(), REVIEWER, RECEIVED_AT)
    answer(session, application, "task_admit", ADMITTED_AT)
    answer(session, application, "task_review", ADMITTED_AT)
    answer(session, application, "task_book", BOOKED_AT)
    assert kinds(session, application)[-1] == "BOOKED"
    carried = session.scalars(select(Restriction).where(Restriction.origin_id == seizure.id)).all()
    assert len(carried) == 600
    seen = browsing.unit(session, codes.house_unit(PARCEL, 1, 23), BOOKED_AT)
    assert (seen.state, seen.may) == ("seal", "只能办理解除查封")
    assert [entry.kind for entry in seen.entries] == ["restriction_carried", "unit_right"]
    notice = session.scalars(select(Notice).where(Notice.cause == f"carried:{seizure.id}")).one()
    assert notice.recipients == ["科尔沁区人民法院"]
    later = BOOKED_AT + timedelta(days=1)
    with pytest.raises(Conflict, match="土地上的那一条"):
        actions.lift_restriction(session, carried[0].id, "裁定", REVIEWER, later)
    actions.lift_restriction(session, seizure.id, "解封裁定", REVIEWER, later)
    assert browsing.unit(session, codes.house_unit(PARCEL, 1, 23), later).state == "own"
    assert browsing.unit(session, codes.house_unit(PARCEL, 1, 23), BOOKED_AT).state == "seal"


# ---- the land ---------------------------------------------------------------------------------------------------


def test_a_parcel_is_entered_once_by_a_registrar(session: Session) -> None:
    with pytest.raises(Forbidden):
        actions.enter_parcel(session, a_land_right(), ADMIN, RECEIVED_AT)
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    with pytest.raises(Conflict, match="已在登记簿里"):
        actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    assert book.count(session, PARCEL) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parcel_code": "1505"}, "parcel_code"),
        ({"holder_uscc": "91150502MA0N4T7K7E"}, "holder_uscc"),
        ({"area": D(0)}, "area"),
        ({"location": " "}, "location"),
        ({"use_until": date(2020, 1, 1)}, "use_until"),
    ],
)
def test_a_wrong_land_right_names_the_field(session: Session, changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        actions.enter_parcel(session, a_land_right(**changes), ADMITTER, RECEIVED_AT)
    assert field in caught.value.fields


# ---- the chain --------------------------------------------------------------------------------------------------


@pytest.fixture
def booked(session: Session, settings: Settings) -> Iterator[Application]:
    yield s1_booked(session, settings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"content": '{"area":"999.00"}'}, "第 300 条的内容被改过"),
        ({"registrar": "别人"}, "第 300 条的内容被改过"),
        ({"at": datetime(2026, 9, 28, 9, 11, tzinfo=UTC)}, "第 300 条的内容被改过"),
        ({"unit_code": PARCEL + "F00019999"}, "第 300 条的内容被改过"),
        ({"hash": "0" * 64}, "第 300 条的内容被改过"),
        ({"previous": "0" * 64}, "第 300 条接不上前一条"),
    ],
)
def test_a_changed_entry_breaks_the_chain_where_it_was_changed(
    session: Session, booked: Application, change: dict[str, object], words: str
) -> None:
    session.execute(update(Entry).where(Entry.book == PARCEL, Entry.sequence == 300).values(**change))
    verdict = browsing.verify(session, PARCEL)
    assert (verdict.broken_at, verdict.why) == (300, words)


def test_an_entry_taken_out_breaks_the_chain(session: Session, booked: Application) -> None:
    session.execute(Entry.__table__.delete().where(Entry.sequence == 10))  # type: ignore[attr-defined]
    assert browsing.verify(session, PARCEL).broken_at == 10


def test_an_end_cut_off_shows_by_what_the_booking_noted(session: Session, booked: Application) -> None:
    session.execute(Entry.__table__.delete().where(Entry.sequence >= 600))  # type: ignore[attr-defined]
    verdict = browsing.verify(session, PARCEL)
    assert not verdict.intact
    assert "已被删去" in verdict.why


def test_a_chain_rewritten_from_the_changed_entry_on_shows_by_what_the_booking_noted(
    session: Session, booked: Application
) -> None:
    rows = (
        session.execute(select(Entry.__table__).where(Entry.book == PARCEL).order_by(Entry.sequence)).mappings().all()
    )
    previous = book.GENESIS
    for row in rows:
        forged = {**row, "previous": previous}
        if row["sequence"] == 300:
            forged["content"] = '{"area":"999.00"}'
        forged["hash"] = previous = book.digest(forged)
        session.execute(
            update(Entry)
            .where(Entry.id == row["id"])
            .values(previous=forged["previous"], content=forged["content"], hash=forged["hash"])
        )
    verdict = browsing.verify(session, PARCEL)
    assert not verdict.intact
    assert "登簿时另存" in verdict.why


# ---- the table of steps -----------------------------------------------------------------------------------------


def test_every_step_that_is_no_end_leads_on_and_every_step_can_be_reached() -> None:
    reached, todo = set(), {Kind.RECEIVED}
    while todo:
        step = todo.pop()
        reached.add(step)
        todo |= set(FOLLOWS[step]) - reached
    assert reached == set(Kind)
    assert {Kind.BOOKED, Kind.REFUSED, Kind.SUPERSEDED} == FINAL


def test_a_step_out_of_order_is_refused(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings)
    with pytest.raises(Conflict, match="不能记“审核”"):
        recording.add_step(session, application, Kind.REVIEWED, ADMITTER, ADMITTED_AT)


def test_a_rule_version_is_bound_at_receipt(session: Session, settings: Settings) -> None:
    application = s1_received(session, settings)
    assert application.rules_version == "2026-1"
    assert session.scalars(select(Step.details).where(Step.kind == "CHECKED")).one()["run"] == 1


def test_the_demo_land_is_entered_once_and_leaves_the_scenarios_parcel_free(session: Session) -> None:
    assert demo.seed(session, RECEIVED_AT) == len(demo.PARCELS)
    assert demo.seed(session, RECEIVED_AT) == 0
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    assert browsing.verify(session, demo.PARCELS[0].parcel_code).intact


def test_one_unit_has_one_right_in_force_the_database_says_so(session: Session, settings: Settings) -> None:
    s1_booked(session, settings)
    right = session.scalars(select(Right).where(Right.unit_id.is_not(None))).first()
    assert right is not None
    values = {name: getattr(right, name) for name in Right.__table__.columns.keys() if name != "id"}  # noqa: SIM118
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(Right).values(**values))
