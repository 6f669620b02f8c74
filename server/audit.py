"""The record of every act: append-only, each entry chained to the one before it by its hash."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.accounts.actor import Actor
from server.db import AppendOnly, Base, Instant, dumps

GENESIS = "0" * 64


class Entry(Base, AppendOnly):
    """One act: who, what, on what, when."""

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
    """The chain's end; its row is the lock that puts acts in one order."""

    __tablename__ = "aud_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default=GENESIS)


def append(session: Session, actor: Actor, act: str, subject: str, details: Mapping[str, Any], now: datetime) -> str:
    """Add an act to the chain, in the caller's transaction; returns the entry's hash."""
    head = session.execute(select(Head.number, Head.hash).where(Head.id == 1).with_for_update()).one_or_none()
    if head is None:
        session.execute(insert(Head).values(id=1, number=0, hash=GENESIS))
    number, previous = head or (0, GENESIS)
    text = dumps(dict(details))
    digest = _digest(number + 1, now, actor.account_id, actor.label, act, subject, text, previous)
    session.execute(
        insert(Entry).values(
            number=number + 1,
            at=now,
            account_id=actor.account_id,
            actor=actor.label,
            act=act,
            subject=subject,
            details=text,
            previous=previous,
            hash=digest,
        )
    )
    session.execute(update(Head).where(Head.id == 1).values(number=number + 1, hash=digest))
    return digest


def verify_chain(session: Session) -> int | None:
    """The number of the first entry that does not fit the chain, or None when all fit."""
    previous, number = GENESIS, 0
    for entry in session.scalars(select(Entry).order_by(Entry.number)):
        number += 1
        right = _digest(
            entry.number, entry.at, entry.account_id, entry.actor, entry.act, entry.subject, entry.details, previous
        )
        if entry.number != number or entry.previous != previous or entry.hash != right:
            return number
        previous = entry.hash
    head = session.execute(select(Head.number, Head.hash).where(Head.id == 1)).one_or_none()
    return None if (head or (0, GENESIS)) == (number, previous) else number + 1


def _digest(*parts: object) -> str:
    flat = [part.isoformat() if isinstance(part, datetime) else part for part in parts]
    return hashlib.sha256(dumps(flat).encode()).hexdigest()
