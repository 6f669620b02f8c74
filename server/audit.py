"""The record of every act: append-only, each entry chained to the one before it by its hash.

Acts are gathered in the session and written just before its transaction commits: one statement takes the chain's lock
and numbers, one inserts, however many acts there were. So the lock is the last one taken and the shortest held; two
transactions cannot wait for one another over it. An act inside a savepoint that is rolled back is not recorded.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Integer, String, Text, bindparam, event, insert, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, SessionTransaction, mapped_column

from server.db import AppendOnly, Base, Instant, dumps

GENESIS = "0" * 64
_PENDING = "aud_pending"


class Entry(Base, AppendOnly):
    """One act: who, what, on what, when. ``details`` is the JSON text that was hashed."""

    __tablename__ = "aud_entries"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    account_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(200))
    act: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(100), index=True)
    details: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Head(Base):
    """How many entries there are; its one row is the lock that puts acts in one order."""

    __tablename__ = "aud_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


class Who(Protocol):
    """Who acted, as far as the record wants to know."""

    @property
    def account_id(self) -> int | None: ...

    @property
    def label(self) -> str: ...


@dataclass(frozen=True)
class Chain:
    """What a check of the chain found. ``broken_at`` is the number of the first entry that does not fit."""

    length: int
    broken_at: int | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.broken_at is None


@dataclass
class _Act:
    within: tuple[SessionTransaction, ...]  # the savepoint it was done in, and all around it
    values: dict[str, Any]


def append(session: Session, actor: Who, act: str, subject: str, details: Mapping[str, Any], now: datetime) -> None:
    """Record an act in the caller's transaction; it is written when that commits.

    ``act`` is a short stable name ('case.decided'), ``subject`` what it was done to ('case:12'), ``details`` plain data
    without personal numbers.
    """
    within = [session.get_nested_transaction() or session.get_transaction() or session.begin()]
    while within[-1].parent is not None:
        within.append(within[-1].parent)
    session.info.setdefault(_PENDING, []).append(
        _Act(
            tuple(within),
            {
                "at": now,
                "account_id": actor.account_id,
                "actor": actor.label,
                "act": act,
                "subject": subject,
                "details": dumps(dict(details)),
            },
        )
    )


def write_pending(session: Session) -> None:
    """Write what was appended, now: for a look at the record inside the transaction. The commit does it by itself."""
    acts: list[_Act] = session.info.pop(_PENDING, [])
    if not acts:
        return
    session.flush()
    last, previous = _take(session, len(acts))
    rows = []
    for number, act in enumerate(acts, start=last + 1):
        row = {"number": number, **act.values, "previous": previous}
        row["hash"] = previous = _digest(row)
        rows.append(row)
    session.connection().execute(_INSERT, rows)


def verify_chain(session: Session) -> Chain:
    """Read the whole chain and say whether every entry fits the one before it, and none is missing at the end."""
    write_pending(session)
    previous, number = GENESIS, 0
    for row in session.execute(select(*Entry.__table__.columns).order_by(Entry.number)).yield_per(1000).mappings():
        number += 1
        if row["number"] != number:
            return Chain(number - 1, number, f"第 {number} 条不见了")
        if row["previous"] != previous:
            return Chain(number - 1, number, f"第 {number} 条接不上前一条")
        if row["hash"] != _digest(dict(row)):
            return Chain(number - 1, number, f"第 {number} 条的内容被改动过")
        previous = row["hash"]
    expected = session.scalar(select(Head.number).where(Head.id == 1)) or 0
    if expected != number:
        return Chain(number, number + 1, f"应有 {expected} 条，实有 {number} 条")
    return Chain(number)


_INSERT = insert(Entry.__table__)  # type: ignore[arg-type]
# Written out, because SQLAlchemy leaves the tables' names away inside SQLite's RETURNING, and then both columns are one.
_LAST = text("(select e.hash from aud_entries e where e.number = aud_head.number - :count)").bindparams(
    bindparam("count", type_=Integer)
)
_STEP = (
    update(Head.__table__)  # type: ignore[arg-type]
    .where(Head.id == 1)
    .values(number=Head.number + bindparam("count", type_=Integer))
    .returning(Head.number, _LAST)
)


def _take(session: Session, count: int) -> tuple[int, str]:
    """Lock the chain and take ``count`` numbers: the number and the hash of the last entry before them."""
    connection = session.connection()
    row = connection.execute(_STEP, {"count": count}).one_or_none()
    if row is None:
        build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(build(Head.__table__).values(id=1, number=0).on_conflict_do_nothing())  # type: ignore[arg-type]
        row = connection.execute(_STEP, {"count": count}).one()
    number, previous = row[0] - count, row[1]
    if number == 0:
        return 0, GENESIS
    if previous is None:
        # PostgreSQL: the statement began before the transaction it waited for had committed its entries.
        previous = connection.execute(select(Entry.hash).where(Entry.number == literal(number))).scalar_one()
    return number, previous


def _digest(row: Mapping[str, Any]) -> str:
    parts = [
        row["number"],
        row["at"].isoformat(),
        row["account_id"],
        row["actor"],
        row["act"],
        row["subject"],
        row["details"],
        row["previous"],
    ]
    return hashlib.sha256(dumps(parts).encode()).hexdigest()


@event.listens_for(Session, "before_commit")
def _write_at_commit(session: Session) -> None:
    if _PENDING in session.info and not session.in_nested_transaction():
        write_pending(session)


@event.listens_for(Session, "do_orm_execute")
def _write_before_reading(state: ORMExecuteState) -> None:
    """Who reads the record inside a transaction sees the acts of that transaction."""
    if state.is_select and state.session.info.get(_PENDING) and any(m.class_ is Entry for m in state.all_mappers):
        write_pending(state.session)


@event.listens_for(Session, "after_soft_rollback")
def _forget_rolled_back(session: Session, previous: SessionTransaction) -> None:
    if acts := session.info.get(_PENDING):
        session.info[_PENDING] = [act for act in acts if previous not in act.within]
