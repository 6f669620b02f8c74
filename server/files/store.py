"""Keeping bytes: streamed to disk, hashed on the way, checked, and only then moved to their place by hash.

A crash leaves at most a file nobody points to: never a row without its file. Two uploads of the same bytes share one.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.config import Settings
from server.errors import Invalid, NotFound
from server.files import kinds
from server.files.kinds import DOCUMENTS
from server.files.models import StoredFile

_BLOCK = 64 * 1024
LARGEST_ID = 2**31 - 1  # of PostgreSQL's integer


class Readable(Protocol):
    """Anything that gives bytes piece by piece: a request's upload, an open file."""

    def read(self, size: int = -1, /) -> bytes: ...


class TooLarge(Invalid):
    """More bytes than an upload may have."""

    status = 413
    title = "文件太大"


@dataclass(frozen=True)
class Received:
    """A file that is on disk under its hash and has no row yet. ``size`` in bytes."""

    sha256: str
    name: str
    size: int
    media_type: str


def receive(settings: Settings, stream: Readable, filename: str, accept: frozenset[str] = DOCUMENTS) -> Received:
    """Take an upload, check it whole and put it in its place; no database, so a slow sender locks nothing.

    ``Invalid`` (codes FILE_…) in Chinese for a file over the limit, of a kind not in ``accept``, with a name that lies,
    or unsafe; nothing is kept then.
    """
    name = kinds.clean_name(filename)
    incoming = settings.data_dir / "files" / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=incoming)
    path = Path(temporary)
    try:
        with os.fdopen(descriptor, "wb") as file:
            sha256, size = _copy(stream, file, settings.upload_limit, name)
            file.flush()
            os.fsync(file.fileno())
        media_type = kinds.examine(path, name, accept)
        _place(settings, path, sha256)
    finally:
        path.unlink(missing_ok=True)
    return Received(sha256, kinds.with_ending(name, media_type), size, media_type)


def record(session: Session, received: Received, actor: Actor, now: datetime) -> StoredFile:
    """The row of a received file, in the caller's transaction."""
    row = StoredFile(
        sha256=received.sha256,
        name=received.name,
        size=received.size,
        media_type=received.media_type,
        organisation_id=actor.organisation_id,
        account_id=actor.account_id,
        stored_at=now,
    )
    session.add(row)
    session.flush()
    return row


def save(
    session: Session,
    settings: Settings,
    stream: Readable,
    filename: str,
    actor: Actor,
    now: datetime,
    accept: frozenset[str] = DOCUMENTS,
) -> StoredFile:
    """``receive`` and ``record`` in one."""
    return record(session, receive(settings, stream, filename, accept), actor, now)


def put(settings: Settings, data: bytes, name: str, media_type: str) -> Received:
    """Put bytes we made ourselves on disk; ``record`` them with SYSTEM as the actor."""
    incoming = settings.data_dir / "files" / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=incoming)
    path = Path(temporary)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        sha256 = hashlib.sha256(data).hexdigest()
        _place(settings, path, sha256)
    finally:
        path.unlink(missing_ok=True)
    return Received(sha256, name, len(data), media_type)


def get(session: Session, file_id: int) -> StoredFile:
    """The row of a file; NotFound."""
    row = session.get(StoredFile, file_id) if 0 < file_id <= LARGEST_ID else None
    if row is None:
        raise NotFound("没有这个文件，请从办件的材料里重新打开。", code="FILE_UNKNOWN")
    return row


def path_of(settings: Settings, file: StoredFile) -> Path:
    """Where the bytes lie; NotFound when the disk has lost them."""
    path = _address(settings, file.sha256)
    if not path.is_file():
        raise NotFound("这个文件的内容不在存储里，请告诉系统管理员从备份恢复。", code="FILE_LOST")
    return path


def intact(settings: Settings, file: StoredFile) -> bool:
    """The bytes on disk still have the hash of the row."""
    digest = hashlib.sha256()
    try:
        with _address(settings, file.sha256).open("rb") as content:
            for block in _blocks(content):
                digest.update(block)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == file.sha256


def sweep_incoming(settings: Settings, older_than: float) -> int:
    """Remove what broken uploads left behind before ``older_than`` (seconds since the epoch); returns how many."""
    swept = 0
    for path in (settings.data_dir / "files" / "incoming").glob("*"):
        if path.stat().st_mtime < older_than:
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _copy(stream: Readable, file: BinaryIO, limit: int, name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for block in _blocks(stream):
        size += len(block)
        if size > limit:
            raise too_large(f"“{name}”", limit)
        digest.update(block)
        file.write(block)
    return digest.hexdigest(), size


def too_large(what: str, limit: int) -> TooLarge:
    """The refusal of an upload over the limit (bytes); ``what`` begins the sentence."""
    shown = f"{limit // (1024 * 1024)} MB" if limit >= 1024 * 1024 else f"{limit} 字节"
    message = f"{what}超过了 {shown}。请压缩，或按图册拆成几份再上传。"
    return TooLarge(message, fields={"file": [message]}, code="FILE_TOO_LARGE")


def _blocks(stream: Readable) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _address(settings: Settings, sha256: str) -> Path:
    return settings.data_dir / "files" / sha256[:2] / sha256[2:4] / sha256


def _place(settings: Settings, path: Path, sha256: str) -> None:
    """Move a finished, synced file to its address and make the move itself durable."""
    target = _address(settings, sha256)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    path.chmod(0o440)
    path.replace(target)
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
