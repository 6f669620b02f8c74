"""A limit as pages and programs show it: one view model from the ledger (ui.md §4.2). Nothing is computed elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.approval import deadlines
from server.approval.models import Case, CaseRecord, Deadline
from server.calendar import CalendarYearMissing, Ledger
from server.clock import legal_date

Day = date
"""`date` by another name, where a field is called `date`."""


@dataclass(frozen=True)
class DueView:
    """left, used, stopped, over in days of `unit`; date is the due day (an expected one while stopped).

    level: ok, yellow, red, black, stopped, or unknown, when the calendar of that year is missing: `note` then says so and
    date is None. kind: which limit it is; words: its name.
    """

    kind: str
    words: str
    start: Day
    promised: int
    unit: str
    left: int
    used: int
    stopped: int
    over: int
    date: Day | None
    strip: str
    level: str
    closed: Day | None
    calendar_version: str
    note: str = ""


def view(deadline: Deadline, history: list[CaseRecord], today: date) -> DueView:
    """The view of one limit on `today`."""
    try:
        ledger = deadlines.account(deadline, history, today)
    except CalendarYearMissing as error:
        return _unknown(deadline, error.message)
    return DueView(
        kind=deadline.kind,
        words=deadlines.WORDS[deadline.kind],
        start=ledger.start,
        promised=ledger.promised,
        unit=ledger.unit.value,
        left=ledger.left,
        used=ledger.used,
        stopped=ledger.stopped,
        over=max(ledger.over, 1) if ledger.level == "black" else ledger.over,
        date=ledger.due,
        strip=ledger.strip,
        level=ledger.level,
        closed=ledger.closed,
        calendar_version=ledger.calendar_version,
    )


def _unknown(deadline: Deadline, note: str) -> DueView:
    return DueView(
        kind=deadline.kind,
        words=deadlines.WORDS[deadline.kind],
        start=deadline.start,
        promised=deadline.n,
        unit=deadline.unit,
        left=0,
        used=0,
        stopped=0,
        over=0,
        date=None,
        strip="",
        level="unknown",
        closed=deadline.closed_on,
        calendar_version=deadline.calendar_version,
        note=note,
    )


def leading(rows: Iterable[Deadline]) -> Deadline | None:
    """The limit of a case that matters now: the open one that began last, else the promise, else the last of all."""
    found = list(rows)
    running = [one for one in found if one.closed_on is None]
    promised = [one for one in found if one.kind == "promise"]
    chosen = running or promised or found
    return chosen[-1] if chosen else None


def due_of(session: Session, case: Case, now: datetime) -> DueView | None:
    """The limit of a case that matters now."""
    return dues_of(session, [case.id], now).get(case.id)


def dues_of(session: Session, case_ids: Iterable[int], now: datetime) -> dict[int, DueView]:
    """The same for many cases: two statements."""
    wanted = list(case_ids)
    if not wanted:
        return {}
    limits: dict[int, list[Deadline]] = defaultdict(list)
    for row in session.scalars(select(Deadline).where(Deadline.case_id.in_(wanted)).order_by(Deadline.id)):
        limits[row.case_id or 0].append(row)
    records: dict[int, list[CaseRecord]] = defaultdict(list)
    query = select(CaseRecord).where(CaseRecord.case_id.in_(wanted)).order_by(CaseRecord.case_id, CaseRecord.seq)
    for record in session.scalars(query):
        records[record.case_id].append(record)
    today = legal_date(now)
    found: dict[int, DueView] = {}
    for case_id, rows in limits.items():
        lead = leading(rows)
        if lead is not None:
            found[case_id] = view(lead, records[case_id], today)
    return found


@dataclass(frozen=True)
class LedgerView:
    """A limit with every one of its days, for the 时限 page. ledger None: the calendar is missing, see due.note."""

    due: DueView
    ledger: Ledger | None


def ledgers(session: Session, case: Case, now: datetime) -> list[LedgerView]:
    """All limits of a case, oldest first, each with its days."""
    history, today = deadlines.records_of(session, case.id), legal_date(now)
    found: list[LedgerView] = []
    for row in deadlines.for_case(session, case.id):
        try:
            account: Ledger | None = deadlines.account(row, history, today)
        except CalendarYearMissing:
            account = None
        found.append(LedgerView(view(row, history, today), account))
    return found


def ledger(session: Session, case: Case, now: datetime) -> LedgerView | None:
    """The limit that matters now, with its days."""
    lead = leading(deadlines.for_case(session, case.id))
    if lead is None:
        return None
    return next(one for one in ledgers(session, case, now) if one.due.kind == lead.kind and one.due.start == lead.start)
