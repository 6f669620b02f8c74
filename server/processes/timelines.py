"""From when which content of a library file is in force; pages ask for it all the time, so it is read rarely.

A transaction reads a file's timeline once. A page (a session that only reads) takes what this process read less than a
second ago: of a publication by another process it may learn a second late. What writes always asks the database.
"""

import threading
import time
import weakref
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, object_session

from server.db import after_commit
from server.processes.deployments import counts
from server.processes.models import ChangeSet, LibraryFile

FRESH = 1.0
"""Seconds that a page may rely on what was read before."""
Keys = tuple[str, ...]


@dataclass(frozen=True)
class Begun:
    """A content and the moment it comes into force. sha256 None: from then on there is no such file."""

    at: datetime
    sha256: str | None


Timelines = dict[str, tuple[Begun, ...]]
_lock = threading.Lock()
_read: "weakref.WeakKeyDictionary[Any, dict[Keys, tuple[float, Timelines]]]" = weakref.WeakKeyDictionary()
_KEPT = "gcb_timelines"


def in_force(session: Session, keys: Keys, now: datetime) -> dict[str, str]:
    """key -> sha256 of the contents in force at `now`; a key nothing is in force of is left out.

    Before the first content of a key came into force, that first one counts: what was recorded before the files were
    kept here (a demo's past) goes by the oldest known.
    """
    found = {key: _at(line, now) for key, line in timelines(session, keys).items()}
    return {key: sha for key, sha in found.items() if sha is not None}


def _at(line: tuple[Begun, ...], now: datetime) -> str | None:
    begun = [one for one in line if one.at <= now] or list(line[:1])
    return begun[-1].sha256 if begun else None


def timelines(session: Session, keys: Keys) -> Timelines:
    """key -> its contents in the order in which they come into force, without those withdrawn before their day."""
    kept = session.info.get(_KEPT, {}).get(keys)
    if kept is not None and kept[0]() is not None and kept[0]() is session.get_transaction():
        return kept[1]  # type: ignore[no-any-return]
    shared = _shared(session)
    if shared is not None:
        known = shared.get(keys)
        if known is not None and time.monotonic() - known[0] < FRESH:
            return known[1]
    asked, found = time.monotonic(), _query(session, keys)
    transaction = session.get_transaction()
    if transaction is not None:
        session.info.setdefault(_KEPT, {})[keys] = (weakref.ref(transaction), found)
    if shared is not None:
        shared[keys] = (asked, found)
    return found


def _shared(session: Session) -> dict[Keys, tuple[float, Timelines]] | None:
    """What sessions that only read share in this process, for one database; None for a session that may write."""
    bind = session.get_bind()
    if not bind.get_execution_options().get("gcb_reading", False):
        return None
    engine = bind.engine if isinstance(bind, Connection) else bind
    with _lock:
        return _read.setdefault(engine.pool, {})


def _query(session: Session, keys: Keys) -> Timelines:
    rows = session.execute(
        select(LibraryFile.key, LibraryFile.effective_from, LibraryFile.sha256, LibraryFile.gone)
        .where(LibraryFile.key.in_(keys), counts(LibraryFile.change_set_id))
        .order_by(LibraryFile.effective_from, LibraryFile.id)
    )
    found: dict[str, list[Begun]] = {key: [] for key in keys}
    for key, at, sha, gone in rows:
        found[key].append(Begun(at, None if gone else sha))
    return {key: tuple(line) for key, line in found.items()}


def forget() -> None:
    """Read anew next time, in this process."""
    with _lock:
        for known in _read.values():
            known.clear()


@event.listens_for(LibraryFile, "after_insert")
@event.listens_for(ChangeSet, "after_update")
def _changed(_mapper: Any, _connection: Any, row: LibraryFile | ChangeSet) -> None:
    session = object_session(row)
    if session is not None:
        session.info.pop(_KEPT, None)
        after_commit(session, forget)
