"""Legal limits: opened and closed by the case's records, computed by the calendar, watched by one scanner.

A legal act is never held up because a future year's calendar is missing: its limit is then kept without a due day, says
why, and is computed as soon as the calendar is there. Nothing is guessed.
"""

from datetime import date
from typing import Literal

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from server import calendar
from server.approval.catalogues import catalogue_of
from server.approval.matters import Limit
from server.approval.models import Case, CaseRecord, Deadline, Permit, Project
from server.approval.states import CLOSED, STOPS, State, admitted
from server.calendar import CalendarYearMissing, Stop, Unit
from server.clock import legal_date
from server.jobs import Work, scanner
from server.processes import instances
from server.processes.handlers import sends

Kind = Literal["intake", "promise", "correction", "filing", "commencement"]
WORDS: dict[str, str] = {
    "intake": "一次告知",
    "promise": "承诺时限",
    "correction": "补正期限",
    "filing": "竣工验收备案期限",
    "commencement": "开工期限",
}
NEAR, PASSED, CORRECTION_EXPIRED = "deadline.near", "deadline.passed", "correction.expired"
sends(NEAR, PASSED, CORRECTION_EXPIRED)


def open_limit(
    session: Session,
    kind: Kind,
    limit: Limit,
    start: date,
    *,
    project_id: int,
    case_id: int | None = None,
    permit_id: int | None = None,
) -> Deadline:
    """Start a limit on the legal day `start`, which itself is not counted."""
    row = Deadline(
        kind=kind,
        project_id=project_id,
        case_id=case_id,
        permit_id=permit_id,
        start=start,
        n=limit.n,
        unit=limit.unit.value,
        calendar_version="",
    )
    _compute(row, [], start)
    session.add(row)
    session.flush()
    return row


def close(session: Session, kind: Kind, day: date, *, case_id: int | None = None, project_id: int | None = None) -> None:
    """The thing is done: the open limits of this kind end on `day`."""
    query = select(Deadline).where(Deadline.kind == kind, Deadline.closed_on.is_(None))
    query = query.where(Deadline.case_id == case_id if case_id else Deadline.project_id == project_id)
    for row in session.scalars(query):
        row.closed_on = day


def follow(session: Session, case: Case, history: list[CaseRecord]) -> None:
    """What the newest record (the last of `history`) means for the case's limits."""
    record, day = history[-1], history[-1].legal_date
    state = State(record.state)
    was_admitted = admitted([State(one.state) for one in history])
    if state is State.RECEIVED or (state is State.CORRECTION_ENDED and not was_admitted):
        close(session, "correction", day, case_id=case.id)
        limit = catalogue_of(session, case, record.at).intake
        open_limit(session, "intake", limit, day, project_id=case.project_id, case_id=case.id)
    elif state is State.CORRECTION_STARTED and not was_admitted:
        close(session, "intake", day, case_id=case.id)
        limit = catalogue_of(session, case, record.at).correction
        open_limit(session, "correction", limit, day, project_id=case.project_id, case_id=case.id)
    elif state is State.ADMITTED:
        close(session, "intake", day, case_id=case.id)
        promise = Limit(case.promise, Unit(case.promise_unit))
        open_limit(session, "promise", promise, day, project_id=case.project_id, case_id=case.id)
    elif state in CLOSED:
        for kind in ("intake", "correction", "promise"):
            close(session, kind, day, case_id=case.id)  # type: ignore[arg-type]
    elif was_admitted:
        _recompute_promise(session, case, history, day)


def stops_of(history: list[CaseRecord]) -> list[Stop]:
    """The clock stops of an admitted case, from its records; the last one may still run."""
    stops: list[Stop] = []
    running: CaseRecord | None = None
    seen_admission = False
    for record in history:
        state = State(record.state)
        seen_admission = seen_admission or state is State.ADMITTED
        if running is not None and state is not State.WITHDRAWAL_PENDING and state != running.state:
            stops.append(Stop(running.legal_date, _stop_reason(running), record.legal_date))
            running = None
        if running is None and seen_admission and state in STOPS:
            running = record
    if running is not None:
        stops.append(Stop(running.legal_date, _stop_reason(running)))
    return stops


def _stop_reason(record: CaseRecord) -> str:
    return "补正" if record.state == State.CORRECTION_STARTED else record.opinion or "特别程序"


def account(
    deadline: Deadline, history: list[CaseRecord], today: date, closed: date | None = None
) -> calendar.Ledger:
    """The day-by-day ledger of a limit. Raises CalendarYearMissing."""
    return calendar.ledger(
        calendar.current(),
        deadline.start,
        deadline.n,
        stops_of(history) if deadline.kind == "promise" else (),
        Unit(deadline.unit),
        today=today,
        closed=closed or deadline.closed_on,
        started={"promise": "受理", "intake": "收件", "correction": "告知"}.get(deadline.kind, "起算"),
    )


def for_case(session: Session, case_id: int) -> list[Deadline]:
    """All limits of a case, oldest first."""
    return list(session.scalars(select(Deadline).where(Deadline.case_id == case_id).order_by(Deadline.id)))


def filing_limit(session: Session, project_id: int) -> Deadline | None:
    """The limit of a project's completion filing that counts: the last one begun."""
    return session.scalars(
        select(Deadline)
        .where(Deadline.project_id == project_id, Deadline.kind == "filing")
        .order_by(Deadline.id.desc())
        .limit(1)
    ).first()


def _compute(row: Deadline, history: list[CaseRecord], today: date) -> None:
    version = calendar.current().version
    try:
        row.due, row.note = account(row, history, today).due, ""
    except CalendarYearMissing as error:
        row.due, row.note = None, error.message
    row.calendar_version = version


def _recompute_promise(session: Session, case: Case, history: list[CaseRecord], today: date) -> None:
    query = select(Deadline).where(
        Deadline.case_id == case.id, Deadline.kind == "promise", Deadline.closed_on.is_(None)
    )
    for row in session.scalars(query):
        _compute(row, history, today)


def _waiting(today: date) -> Select[Deadline]:
    """Open limits that something is to be told of: nearly due, passed, or to be computed with a newer calendar.

    A stopped promise has no certain due day; its case is looked at once it runs again.
    """
    version = calendar.current().version
    near = _near_until(today)
    return select(Deadline).where(
        Deadline.closed_on.is_(None),
        or_(
            and_(Deadline.due.is_(None), Deadline.calendar_version != version),
            and_(Deadline.due <= near, Deadline.near_sent.is_(None)),
            and_(Deadline.due < today, Deadline.passed_sent.is_(None)),
        ),
    )


def _near_until(today: date) -> date:
    """The last due day that counts as near: the next working day; today itself while that year has no calendar."""
    try:
        return calendar.current().next_working_day(today)
    except CalendarYearMissing:
        return today


def _anything_to_tell(work: Work) -> bool:
    return bool(work.session.scalar(select(exists(_waiting(legal_date(work.now))))))


@scanner("deadlines", due=_anything_to_tell)
def tell(work: Work) -> None:
    """Tell the waiting cases what is nearly due or passed, once each; end corrections that were not answered."""
    session, today = work.session, legal_date(work.now)
    for row in session.scalars(_waiting(today).order_by(Deadline.id).with_for_update(skip_locked=True)):
        history = records_of(session, row.case_id) if row.case_id else []
        if row.kind == "promise" and row.case_id and history:
            _compute(row, history, today)
        elif row.due is None:
            _compute(row, [], today)
        if row.due is None:
            continue
        key = str(row.case_id or f"project-{row.project_id}")
        if row.due <= _near_until(today) and row.near_sent is None:
            row.near_sent = today
            instances.deliver(session, NEAR, key, {"deadline": row.kind}, work.now)
        if row.due < today and row.passed_sent is None:
            row.passed_sent = today
            instances.deliver(session, PASSED, key, {"deadline": row.kind}, work.now)
            if row.kind == "correction":
                instances.deliver(session, CORRECTION_EXPIRED, key, {}, work.now)


def records_of(session: Session, case_id: int) -> list[CaseRecord]:
    """The case's records, oldest first."""
    return list(session.scalars(select(CaseRecord).where(CaseRecord.case_id == case_id).order_by(CaseRecord.seq)))


def permit_limit(session: Session, project: Project, permit: Permit, limit: Limit) -> None:
    """The months to begin work (`limit`), counted from the first permit as long as no work has begun (domain 2.3)."""
    running = select(Deadline.id).where(Deadline.project_id == project.id, Deadline.kind == "commencement")
    if session.scalar(running.limit(1)) is None:
        open_limit(
            session,
            "commencement",
            limit,
            permit.issued_on,
            project_id=project.id,
            permit_id=permit.id,
        )
