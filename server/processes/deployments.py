"""From stored files to a deployment of the engine, parsed once a process of the operating system and kept by its closure."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import workflows
from server.processes.models import Blob, LibraryFile, Version

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


def library(session: Session) -> dict[str, tuple[str, str]]:
    """key -> (file name, sha256) of every file that models may use by name, as it is now."""
    last = select(func.max(LibraryFile.id)).group_by(LibraryFile.key)
    rows = session.execute(
        select(LibraryFile.key, LibraryFile.name, LibraryFile.sha256).where(LibraryFile.id.in_(last))
    )
    return {key: (name, sha) for key, name, sha in rows}


def add_to_library(session: Session, files: Mapping[str, bytes], now: datetime) -> None:
    """Take files into the library; what has not changed is not added again."""
    keep(session, files.values())
    known = library(session)
    for name, data in sorted(files.items()):
        key, sha = key_of(name, data), sha256(data)
        if known.get(key) != (name, sha):
            session.add(LibraryFile(key=key, name=name, sha256=sha, added_at=now))
    session.flush()


def key_of(name: str, data: bytes) -> str:
    """How a file is asked for: a form by its id, everything else by its name."""
    return form_id(data) or name if name.endswith(".form") else name


def form_id(data: bytes) -> str:
    """The id a form gives itself; '' when the file is no form."""
    try:
        form: Any = json.loads(data)
    except ValueError:
        return ""
    return str(form.get("id") or "") if isinstance(form, dict) else ""
