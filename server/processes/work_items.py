"""Open tasks of people: the inbox, one task, and who has taken it. Written by `running` alone, claims excepted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, false, insert, or_, select, update
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import Conflict, Forbidden, NotFound
from server.processes import models

OWNER_LANE = "建设单位"
ITEMS: Table = models.WorkItem.__table__  # type: ignore[assignment]
ASSIGNMENTS: Table = models.Assignment.__table__  # type: ignore[assignment]
COLUMNS = (
    ITEMS.c.id,
    ITEMS.c.instance_id,
    ITEMS.c.task_id,
    ITEMS.c.element,
    ITEMS.c.name,
    ITEMS.c.unit,
    ITEMS.c.organisation_id,
    ITEMS.c.form_id,
    ITEMS.c.area,
    ITEMS.c.subject,
    ITEMS.c.district,
    ITEMS.c.opened_at,
    ITEMS.c.claimed_by,
    ITEMS.c.claimed_name,
)


@dataclass(frozen=True)
class WorkItem:
    """An open task. unit: the lane; organisation_id: the owner it waits for, in the owner's lane only."""

    id: int
    instance_id: int
    task_id: int
    element: str
    name: str
    unit: str
    organisation_id: int | None
    form_id: str | None
    area: str
    subject: str
    district: str
    opened_at: datetime
    claimed_by: int | None = None
    claimed_name: str | None = None


def open_for(session: Session, actor: Actor, limit: int = 500) -> list[WorkItem]:
    """What waits for this person's unit (or organisation), or was claimed by it; the longest waiting first."""
    query = select(*COLUMNS).where(_addressed_to(actor)).order_by(ITEMS.c.opened_at, ITEMS.c.id).limit(limit)
    return [_item(row) for row in session.execute(query)]


def for_subject(session: Session, subject: str) -> list[WorkItem]:
    """All open tasks of a case or registration, in the order they opened."""
    query = select(*COLUMNS).where(ITEMS.c.subject == subject).order_by(ITEMS.c.opened_at, ITEMS.c.id)
    return [_item(row) for row in session.execute(query)]


def for_subjects(session: Session, subjects: Iterable[str]) -> dict[str, list[WorkItem]]:
    """The same for many at once: one statement."""
    query = select(*COLUMNS).where(ITEMS.c.subject.in_(list(subjects))).order_by(ITEMS.c.opened_at, ITEMS.c.id)
    found: dict[str, list[WorkItem]] = {}
    for row in session.execute(query):
        item = _item(row)
        found.setdefault(item.subject, []).append(item)
    return found


def get(session: Session, item_id: int) -> WorkItem:
    """One open task. NotFound when it is done, or never was."""
    row = session.execute(select(*COLUMNS).where(ITEMS.c.id == item_id)).first()
    if row is None:
        raise NotFound("这项任务不存在，或者已经办完了。请刷新待办列表。", code="WORK_ITEM_UNKNOWN")
    return _item(row)


def claim(session: Session, item_id: int, actor: Actor, now: datetime) -> WorkItem:
    """Take a task, so that colleagues leave it alone. Conflict when somebody else has it."""
    item = get(session, item_id)
    require_may_act(actor, item)
    if item.claimed_by == actor.account_id:
        return item
    free = and_(ITEMS.c.id == item_id, ITEMS.c.claimed_by.is_(None))
    taken = session.execute(
        update(ITEMS).where(free).values(claimed_by=actor.account_id, claimed_name=actor.label).returning(ITEMS.c.id)
    ).first()
    if taken is None:
        raise _claimed(get(session, item_id))
    _note(session, item, actor, "claimed", now)
    return get(session, item_id)


def release(session: Session, item_id: int, actor: Actor, now: datetime) -> WorkItem:
    """Give a task back to the unit. Only who has it may."""
    item = get(session, item_id)
    if item.claimed_by is None:
        return item
    if item.claimed_by != actor.account_id:
        raise _claimed(item)
    session.execute(update(ITEMS).where(ITEMS.c.id == item_id).values(claimed_by=None, claimed_name=None))
    _note(session, item, actor, "released", now)
    return get(session, item_id)


def may_act(actor: Actor, item: WorkItem) -> bool:
    """Is this a task of the actor's unit and district, or of its organisation?"""
    if actor.has("system"):
        return True
    if item.organisation_id is not None:
        return item.organisation_id == actor.organisation_id
    return item.unit == actor.unit and (item.district == actor.district or _city_of(actor.district, item.district))


def require_may_act(actor: Actor, item: WorkItem) -> None:
    """Forbidden, saying whose task it is, unless it is the actor's; Conflict when a colleague has claimed it."""
    if not may_act(actor, item):
        whose = "申请单位" if item.organisation_id is not None else item.unit
        raise Forbidden(f"“{item.name}”由{whose}办理，不在您的待办里。", code="NOT_YOUR_TASK")
    if item.claimed_by is not None and item.claimed_by != actor.account_id and not actor.has("system"):
        raise _claimed(item)


def _addressed_to(actor: Actor) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = []
    if actor.unit:
        unit = ITEMS.c.unit == actor.unit
        if actor.district.endswith("00"):
            ways.append(and_(unit, ITEMS.c.district.like(f"{actor.district[:4]}%")))
        else:
            ways.append(and_(unit, ITEMS.c.district == actor.district))
    elif actor.organisation_id is not None:
        ways.append(ITEMS.c.organisation_id == actor.organisation_id)
    if actor.account_id is not None:
        ways.append(ITEMS.c.claimed_by == actor.account_id)
    return or_(*ways) if ways else false()


def _city_of(city: str, district: str) -> bool:
    """A unit of the city (150500) does the work of all its districts."""
    return city.endswith("00") and district[:4] == city[:4]


def _claimed(item: WorkItem) -> Conflict:
    return Conflict(f"“{item.name}”已由{item.claimed_name}领办，请与其联系，或等其退回。", code="CLAIMED")


def _note(session: Session, item: WorkItem, actor: Actor, kind: str, now: datetime) -> None:
    session.execute(
        insert(ASSIGNMENTS).values(
            instance_id=item.instance_id,
            task_id=item.task_id,
            account_id=actor.account_id,
            account=actor.label,
            kind=kind,
            at=now,
        )
    )


def _item(row: Row[Any] | Sequence[Any]) -> WorkItem:
    return WorkItem(*row)
