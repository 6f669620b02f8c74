"""A hold at the booking: the case stays held until all is cured, and its limit is later by what the hold took."""

from datetime import UTC, datetime

from builders_registry import (
    ADMITTED_AT,
    BOOKED_AT,
    OTHER_NAME,
    OTHER_USCC,
    PARCEL,
    REVIEWER,
    answer,
    s1_received,
)
from sqlalchemy.orm import Session

from server.config import Settings
from server.processes import work_items
from server.registry import actions, queries, recording
from server.registry.land import RestrictionFact
from server.registry.models import Application
from server.registry.steps import Step as Kind
from server.web.pages.registry_desk import tag_word

NEXT_DAY_NINE = datetime(2026, 9, 29, 1, 0, tzinfo=UTC)
SEIZURE = RestrictionFact("seizure", OTHER_USCC, OTHER_NAME, "科尔沁区人民法院", "协助执行通知", ADMITTED_AT.date())


def held_at_the_booking(session: Session, settings: Settings) -> tuple[Application, int]:
    """Seized between review and booking for somebody else's debt; the case and the restriction."""
    application = s1_received(session, settings)
    answer(session, application, "task_admit", ADMITTED_AT)
    answer(session, application, "task_review", ADMITTED_AT)
    seizure = actions.record_restriction(session, PARCEL, SEIZURE, REVIEWER, ADMITTED_AT)
    answer(session, application, "task_book", BOOKED_AT)
    return application, seizure.id


def test_a_cure_that_leaves_a_hold_asks_nobody_to_confirm(session: Session, settings: Settings) -> None:
    application, _ = held_at_the_booking(session, settings)
    actions.cure(session, application.number, REVIEWER, BOOKED_AT, note="法院说还在审查")
    case = queries.case(session, application, BOOKED_AT)
    assert case.state == Kind.HELD
    assert work_items.for_subject(session, recording.subject(application)) == []
    assert case.chain[3].note == "第 3 项挂起"


def test_what_a_hold_takes_is_added_to_the_limit(session: Session, settings: Settings) -> None:
    application, seizure = held_at_the_booking(session, settings)  # 17:10, due 17:30
    waiting = queries.case(session, application, NEXT_DAY_NINE).limit
    assert waiting is not None
    assert not waiting.over
    actions.cure(session, application.number, REVIEWER, NEXT_DAY_NINE, note="解封", document="裁定", lifts=(seizure,))
    case = queries.case(session, application, NEXT_DAY_NINE)
    assert case.limit is not None
    assert case.limit.due == datetime(2026, 9, 29, 1, 20, tzinfo=UTC)  # 9:20: the twenty minutes that were left
    assert not case.limit.over
    (line,) = queries.applications(session)
    assert line.due == case.limit.due
    assert tag_word(case.state, case.limit is not None) == "待登簿"
    answer(session, application, "task_book", NEXT_DAY_NINE)
    assert queries.case(session, application, NEXT_DAY_NINE).state == Kind.BOOKED
