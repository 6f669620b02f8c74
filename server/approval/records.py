"""The record of a case (办理记录): append a transition, read where the case stands. The only writer of `apv_records`."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval import catalogues, deadlines, states
from server.approval.models import Case, CaseRecord, Decision
from server.approval.states import State
from server.clock import legal_date


def append(
    session: Session,
    case: Case,
    state: State,
    actor: Actor,
    now: datetime,
    *,
    opinion: str = "",
    element: str = "",
    decision: Decision | None = None,
) -> CaseRecord:
    """Record a transition after checking it against the table (Conflict otherwise), and let the case's limits follow.

    受理 binds the case to the catalogue in force at `now`.

    The caller holds the case row; of two that do not, one fails on (case, seq).
    """
    history = deadlines.records_of(session, case.id)
    states.check([State(one.state) for one in history], state)
    record = CaseRecord(
        case_id=case.id,
        seq=len(history) + 1,
        state=int(state),
        unit=actor.unit or actor.organisation,
        actor_id=actor.account_id,
        actor=actor.label,
        opinion=opinion or (decision.opinion if decision else ""),
        decision_id=decision.id if decision else None,
        element=element,
        at=now,
        legal_date=legal_date(now),
    )
    session.add(record)
    session.flush()
    case.last_record_id = record.id
    if state is State.ADMITTED:
        catalogues.bind(session, case, now)
    deadlines.follow(session, case, [*history, record])
    session.flush()
    return record


def history(session: Session, case_id: int) -> list[State]:
    """The states the case has been in, oldest first."""
    return [State(one.state) for one in deadlines.records_of(session, case_id)]


def now_in(session: Session, case: Case) -> State:
    """Where the case stands; one statement."""
    record = session.get(CaseRecord, case.last_record_id) if case.last_record_id else None
    if record is None:
        raise LookupError(f"case {case.id} has no record yet")
    return State(record.state)
