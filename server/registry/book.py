"""The book: entries of a parcel in one order, each bound to the one before it by its hash.

Only ``append`` writes here, inside the transaction of the act that causes the entries and after locking the parcel's row.
The hash runs over the canonical JSON of everything the entry says, so that a changed word anywhere breaks the chain.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from server.db import dumps
from server.errors import NotFound
from server.registry.models import Entry, Parcel

GENESIS = "0" * 64
HASHED = ("book", "sequence", "kind", "unit_code", "content", "cause", "application_id", "registrar", "at")


@dataclass(frozen=True)
class Writing:
    """What one entry is to say. ``unit_code``: what it is about, the land's own unit for the whole parcel."""

    kind: str
    unit_code: str
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """A run of entries that now stand in the book: first and last number, and the hash at its end."""

    first: int
    last: int
    hash: str


@dataclass(frozen=True)
class Verdict:
    """Whether the chain of a book holds; else the first number that does not fit, and why in words."""

    book: str
    entries: int
    broken_at: int | None = None
    why: str = ""

    @property
    def intact(self) -> bool:
        """Nothing was changed, left out or put in."""
        return self.broken_at is None


def canonical(value: Any) -> str:
    """One text for one content: sorted keys, no blanks, Decimals and dates as text."""
    return json.dumps(json.loads(dumps(value)), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def lock(session: Session, code: str) -> Parcel:
    """The parcel's row, locked: whoever writes its book comes one after another. Raises NotFound."""
    parcel = session.scalar(
        select(Parcel).where(Parcel.code == code).with_for_update().execution_options(populate_existing=True)
    )
    if parcel is None:
        raise NotFound(f"登记簿里没有宗地 {code}。请先录入宗地。", code="PARCEL")
    return parcel


def append(
    session: Session,
    book: str,
    writings: Sequence[Writing],
    *,
    cause: str,
    application_id: int | None,
    registrar: str,
    now: datetime,
) -> Written:
    """Write entries at the end of a locked book. Returns where they stand."""
    sequence, previous = head(session, book)
    first = sequence + 1
    rows = []
    for writing in writings:
        sequence += 1
        row = {
            "book": book,
            "sequence": sequence,
            "kind": writing.kind,
            "unit_code": writing.unit_code,
            "content": canonical(writing.content),
            "cause": cause,
            "application_id": application_id,
            "registrar": registrar,
            "at": now,
            "previous": previous,
        }
        row["hash"] = previous = digest(row)
        rows.append(row)
    session.execute(insert(Entry), rows)
    return Written(first, sequence, previous)


def head(session: Session, book: str) -> tuple[int, str]:
    """Number and hash of the last entry; 0 and the genesis hash of an empty book."""
    row = session.execute(
        select(Entry.sequence, Entry.hash).where(Entry.book == book).order_by(Entry.sequence.desc()).limit(1)
    ).one_or_none()
    return (row.sequence, row.hash) if row else (0, GENESIS)


def digest(row: Mapping[str, Any]) -> str:
    """The hash of one entry: SHA-256 over its canonical JSON with the hash of the one before it."""
    said = {
        **{key: row[key] for key in HASHED},
        "at": row["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "previous": row["previous"],
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def verify(session: Session, book: str, anchors: Mapping[int, str] | None = None) -> Verdict:
    """Recompute the whole chain of a book. ``anchors``: number → hash noted elsewhere, so that a cut-off end shows."""
    previous, number = GENESIS, 0
    hashes: dict[int, str] = {}
    columns = [getattr(Entry, name) for name in (*HASHED, "previous", "hash")]
    for found in session.execute(select(*columns).where(Entry.book == book).order_by(Entry.sequence)):
        row = dict(found._mapping)
        number += 1
        if row["sequence"] != number:
            return Verdict(book, number, number, f"少了第 {number} 条")
        if row["previous"] != previous:
            return Verdict(book, number, number, f"第 {number} 条接不上前一条")
        if digest(row) != row["hash"]:
            return Verdict(book, number, number, f"第 {number} 条的内容被改过")
        previous = hashes[number] = row["hash"]
    for where, expected in sorted((anchors or {}).items()):
        if hashes.get(where) != expected:
            return Verdict(book, number, where, f"第 {where} 条与登簿时另存的记录不符，或者已被删去")
    return Verdict(book, number)


def count(session: Session, book: str, moment: datetime | None = None) -> int:
    """How many entries a book has, or had at an instant."""
    query = select(func.count()).select_from(Entry).where(Entry.book == book)
    return session.scalar(query if moment is None else query.where(Entry.at <= moment)) or 0
