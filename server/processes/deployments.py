"""From stored files to a deployment of the engine, parsed once a process of the operating system and kept by its closure."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

import workflows
from server.processes.models import Blob, ChangeSet, LibraryFile, Version

KEPT = 64  # deployments in memory; a running case may be on an old version, so a few more than there are models
_kept: OrderedDict[str, workflows.Deployment] = OrderedDict()
_lock = threading.Lock()


def of_version(session: Session, version_id: int, process_id: str, closure_hash: str) -> workflows.Deployment:
    """The deployment of a version; the database is asked only the first time."""
    with _lock:
        known = _kept.get(closure_hash)
        if known is not None:
            _kept.move_to_end(closure_hash)
            return known
    names: dict[str, str] = session.scalars(select(Version.files).where(Version.id == version_id)).one()
    made = workflows.deploy(contents(session, names), process_id)
    with _lock:
        _kept[closure_hash] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


def contents(session: Session, names: Mapping[str, str]) -> dict[str, bytes]:
    """name -> content, of names -> sha256."""
    rows = session.execute(select(Blob.sha256, Blob.content).where(Blob.sha256.in_(set(names.values()))))
    found = {sha: content for sha, content in rows}
    return {name: found[sha] for name, sha in names.items()}


def keep(session: Session, data: Iterable[bytes]) -> None:
    """Store contents that are not stored yet."""
    wanted = {sha256(one): one for one in data}
    known = set(session.scalars(select(Blob.sha256).where(Blob.sha256.in_(wanted))))
    session.add_all(Blob(sha256=sha, content=one) for sha, one in wanted.items() if sha not in known)
    session.flush()


def closure_hash(process_id: str, files: Iterable[bytes]) -> str:
    """What a version is: the process and the contents of all its files, whatever they are called."""
    digest = hashlib.sha256(process_id.encode())
    for sha in sorted(sha256(one) for one in files):
        digest.update(bytes.fromhex(sha))
    return digest.hexdigest()


def sha256(data: bytes) -> str:
    """The name of a content, in hex."""
    return hashlib.sha256(data).hexdigest()


def library(session: Session, now: datetime) -> dict[str, tuple[str, str]]:
    """key -> (file name, sha256) of every file in force at `now`; a later `now` tells what is planned for then."""
    rows = session.execute(
        select(LibraryFile.key, LibraryFile.name, LibraryFile.sha256, LibraryFile.gone)
        .where(LibraryFile.effective_from <= now, counts(LibraryFile.change_set_id))
        .order_by(LibraryFile.effective_from, LibraryFile.id)
    )
    found = {key: (name, sha, gone) for key, name, sha, gone in rows}
    return {key: (name, sha) for key, (name, sha, gone) in found.items() if not gone}


def counts(change_set_id: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Rows that were not withdrawn before their day."""
    withdrawn = select(ChangeSet.id).where(ChangeSet.state == "withdrawn")
    return or_(change_set_id.is_(None), change_set_id.not_in(withdrawn))


def add_to_library(
    session: Session,
    files: Mapping[str, bytes],
    now: datetime,
    *,
    effective_from: datetime | None = None,
    added_by_id: int | None = None,
    change_set_id: int | None = None,
) -> None:
    """Take files into the library, from now on if not told; what has not changed is not added again."""
    since = effective_from or now
    keep(session, files.values())
    known = library(session, since)
    for name, data in sorted(files.items()):
        key, sha = key_of(name, data), sha256(data)
        if known.get(key) != (name, sha):
            session.add(
                LibraryFile(
                    key=key,
                    name=name,
                    sha256=sha,
                    added_at=now,
                    effective_from=since,
                    added_by_id=added_by_id,
                    change_set_id=change_set_id,
                )
            )
    session.flush()


def key_of(name: str, data: bytes) -> str:
    """How a file is asked for: a form by its id, everything else by its name."""
    return form_id(data) or name if name.endswith(".form") else name


def form_id(data: bytes) -> str:
    """The id a form gives itself; '' when the file is no form."""
    try:
        form: Any = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    return str(form.get("id") or "") if isinstance(form, dict) else ""
