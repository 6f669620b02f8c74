"""The officer's inbox: what is asked of a person's unit now, each task with its case and its limit, the most urgent first.

A constant number of statements whatever the number of rows: `work` needs six, `count` two.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.models import Organisation
from server.approval import access
from server.approval.catalogues import catalogue_of, title_of
from server.approval.models import Case, CaseRecord, Decision, Project
from server.approval.queries import due, lookup
from server.approval.queries.due import DueView
from server.approval.states import State
from server.processes import work_items
from server.processes.work_items import OWNER_LANE, WorkItem

MOST = 2000
"""Tasks one inbox holds at most; more than anybody can work on."""
LEVELS = ("black", "red", "yellow", "ok", "unknown", "none", "stopped")
"""Most urgent first. none: no limit runs (only the delivery is left, or the clock has not begun)."""
GROUPS = ("撤件待确认", "已逾期", "今天到期", "明天", "本周", "以后", "期限待定", "不计时限", "停表中，不计时")
PREFIX = "case:"


@dataclass(frozen=True)
class Line:
    """One row. task None: a withdrawal that waits for an answer while the case lies with its owner. due None: no limit
    was ever opened. level: of LEVELS. buildings: their numbers, for a matter that is granted for single ones."""

    case_id: int
    serial: str
    matter: str
    phase: str | None
    title: str
    project: str
    owner: str
    state: State
    received_at: datetime
    task: WorkItem | None
    due: DueView | None
    level: str
    buildings: tuple[str, ...] = ()

    @property
    def withdrawing(self) -> bool:
        """The owner wants it back; nothing else may be done before that is answered."""
        return self.state is State.WITHDRAWAL_PENDING

    @property
    def replied(self) -> bool:
        """The correction came back and waits to be looked at."""
        return self.state is State.CORRECTION_ENDED

    def held_by_colleague(self, actor: Actor) -> bool:
        """A colleague has claimed it."""
        return self.task is not None and self.task.claimed_by not in (None, actor.account_id)

    def held_by(self, actor: Actor) -> bool:
        """This person has claimed it."""
        return self.task is not None and self.task.claimed_by is not None and self.task.claimed_by == actor.account_id


def work(session: Session, actor: Actor, now: datetime) -> list[Line]:
    """Everything asked of this person's unit, the most urgent first; six statements."""
    tasks: dict[int, list[WorkItem]] = {}
    for item in work_items.open_for(session, actor, MOST):
        if item.area == "approval" and item.unit != OWNER_LANE:
            tasks.setdefault(int(item.subject.removeprefix(PREFIX)), []).append(item)
    rows = session.execute(
        select(
            Case.id,
            Case.serial,
            Case.matter,
            Case.phase,
            Case.received_at,
            CaseRecord.state,
            Project.name,
            Organisation.name,
            Case.matters_sha,
            Case.materials_sha,
        )
        .join(CaseRecord, CaseRecord.id == Case.last_record_id)
        .join(Project, Project.id == Case.project_id)
        .join(Organisation, Organisation.id == Case.owner_organisation_id)
        .where(or_(Case.id.in_(tasks), _to_confirm(actor)))
    ).all()
    limits = due.dues_of(session, [row[0] for row in rows], now)
    buildings = lookup.buildings_of(session, [row[0] for row in rows])
    found = []
    for row in rows:
        case_id, serial, matter, phase, received_at, state, project, owner, *_ = row
        limit, title = limits.get(case_id), title_of(session, row, now)
        waiting: list[WorkItem | None] = [*tasks.get(case_id, ())] or [None]
        for task in waiting:
            found.append(
                Line(
                    case_id=case_id,
                    serial=serial,
                    matter=matter,
                    phase=phase,
                    title=title,
                    project=project,
                    owner=owner,
                    state=State(state),
                    received_at=received_at,
                    task=task,
                    due=limit,
                    level=_level(limit),
                    buildings=tuple(buildings.get(case_id, ())) if phase else (),
                )
            )
    return sorted(found, key=_urgency)


def _to_confirm(actor: Actor) -> ColumnElement[bool]:
    """A withdrawal waits for an answer, and this person's unit has decided something on the case."""
    took_part = exists().where(Decision.case_id == Case.id, Decision.unit == (actor.unit or actor.organisation))
    return and_(CaseRecord.state == int(State.WITHDRAWAL_PENDING), access.visible(actor, Case), took_part)


def _level(limit: DueView | None) -> str:
    if limit is None or limit.closed is not None:
        return "none"
    return limit.level


def _urgency(line: Line) -> tuple[bool, int, date, datetime, int]:
    last = line.due.date if line.due and line.due.date else date.max
    opened = line.task.opened_at if line.task else line.received_at
    return (not line.withdrawing, LEVELS.index(line.level), last, opened, line.case_id)


def group_of(line: Line, today: date) -> str:
    """Under which heading of GROUPS a row stands: by its due day."""
    if line.withdrawing:
        return "撤件待确认"
    last = line.due.date if line.due else None
    if line.level in ("black", "red"):
        return "已逾期" if line.level == "black" else "今天到期"
    if line.level in ("none", "stopped", "unknown") or last is None:
        return {"none": "不计时限", "stopped": "停表中，不计时"}.get(line.level, "期限待定")
    if last == today + timedelta(days=1):
        return "明天"
    return "本周" if last <= today + timedelta(days=6 - today.weekday()) else "以后"


def count(session: Session, actor: Actor) -> int:
    """How many rows `work` has that no colleague has claimed; two statements."""
    items = [
        one
        for one in work_items.open_for(session, actor, MOST)
        if one.area == "approval" and one.unit != OWNER_LANE and one.claimed_by in (None, actor.account_id)
    ]
    known = {int(one.subject.removeprefix(PREFIX)) for one in items}
    waiting = session.scalars(
        select(Case.id).join(CaseRecord, CaseRecord.id == Case.last_record_id).where(_to_confirm(actor))
    )
    return len(items) + len(set(waiting) - known)


@dataclass(frozen=True)
class Handled:
    """A task this person has decided."""

    serial: str
    title: str
    project: str
    owner: str
    task: str
    outcome: str
    form_id: str | None
    version_id: int | None
    at: datetime
    state: State


def handled(
    session: Session, actor: Actor, now: datetime, *, limit: int = 50, offset: int = 0
) -> tuple[list[Handled], int]:
    """What this person decided, the newest first, and how many there are; two statements."""
    mine = Decision.actor_id == actor.account_id
    total = session.scalar(select(func.count()).select_from(Decision).where(mine)) or 0
    rows = session.execute(
        select(Decision, Case, CaseRecord.state, Project.name, Organisation.name)
        .join(Case, Case.id == Decision.case_id)
        .join(CaseRecord, CaseRecord.id == Case.last_record_id)
        .join(Project, Project.id == Case.project_id)
        .join(Organisation, Organisation.id == Case.owner_organisation_id)
        .where(mine, access.visible(actor, Case))
        .order_by(Decision.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [
        Handled(
            serial=case.serial,
            title=title_of(session, case, now),
            project=project,
            owner=owner,
            task=decision.name,
            outcome=decision.outcome,
            form_id=decision.form_id,
            version_id=case.process_version_id,
            at=decision.at,
            state=State(state),
        )
        for decision, case, state, project, owner in rows
    ], total


@dataclass(frozen=True)
class Found:
    """A case found by a search. permit: its matter is a licence."""

    serial: str
    title: str
    project: str
    owner: str
    state: State
    permit: bool
    received_at: datetime


def search(
    session: Session, actor: Actor, text: str, now: datetime, limit: int = 50, offset: int = 0
) -> tuple[list[Found], int]:
    """Cases this person may see whose number, project, code, address or owner has `text`; the newest first, and how many
    there are. Two statements."""
    words = text.strip()
    columns = (Case.serial, Case.query_code, Project.name, Project.code, Project.address, Organisation.name)
    query = (
        select(Case, CaseRecord.state, Project.name, Organisation.name)
        .join(CaseRecord, CaseRecord.id == Case.last_record_id)
        .join(Project, Project.id == Case.project_id)
        .join(Organisation, Organisation.id == Case.owner_organisation_id)
        .where(access.visible(actor, Case), or_(*(column.contains(words, autoescape=True) for column in columns)))
    )
    total = session.scalar(query.with_only_columns(func.count())) or 0
    rows = session.execute(query.order_by(Case.id.desc()).limit(limit).offset(offset))
    return [
        Found(
            serial=case.serial,
            title=title_of(session, case, now),
            project=project,
            owner=owner,
            state=State(state),
            permit=catalogue_of(session, case, now).licence(case.matter),
            received_at=case.received_at,
        )
        for case, state, project, owner in rows
    ], total
