"""The models that come with the program: taken from bpmn/ and forms/ at start-up, each changed one as a new version."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

import workflows
from server.accounts.actor import Actor
from server.errors import Invalid
from server.processes import checking, definitions, deployments, publishing
from server.processes.library_kinds import LIBRARY_KINDS
from server.processes.models import LibraryFile, Publication, Version
from workflows.findings import Finding, errors
from workflows.outline import read

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""From when the first files that came with the program count: from before all that is told of it."""


def seed_from_disk(session: Session, bpmn: Path, forms: Path, actor: Actor, now: datetime) -> list[str]:
    """Publish what is new on disk; returns 'process v3' of each new version. Safe to repeat.

    A model or file that a person has published since stays in force, whatever lies on disk. Raises Invalid for what is on
    disk and may not be published.
    """
    files = {
        path.name: path.read_bytes()
        for folder, suffixes in ((bpmn, (".bpmn", ".dmn", ".yaml")), (forms, (".form", ".yaml")))
        for path in sorted(folder.iterdir())
        if path.suffix in suffixes
    }
    known, theirs = deployments.library(session, now), _published_by_people(session)
    library = {name: data for name, data in files.items() if deployments.key_of(name, data) not in theirs}
    faulty = [*checking.form_findings(files), *_kind_errors(session, library, now)]
    if faulty:
        raise Invalid("；".join(f"{one.message}（{one.cure}）" for one in faulty), code="FINDINGS")
    first = {name: data for name, data in library.items() if deployments.key_of(name, data) not in known}
    deployments.add_to_library(session, first, now, effective_from=BEGINNING)
    deployments.add_to_library(session, library, now)
    published = []
    for name in sorted(n for n in files if n.endswith(".bpmn")):
        for process_id in _process_ids(name, files[name]):
            if _by_a_person(session, process_id):
                continue
            version = _publish(session, process_id, files, actor, now)
            if version is not None:
                published.append(f"{process_id} v{version.number}")
    return published


def _kind_errors(session: Session, files: Mapping[str, bytes], now: datetime) -> list[Finding]:
    """What the areas find wrong with their own files."""
    kinds = [one for name, one in LIBRARY_KINDS.items() if name in files]
    if not kinds:
        return []
    in_force = deployments.contents(session, dict(deployments.library(session, now).values()))
    at_hand = {**in_force, **files}
    return [one for kind in kinds for one in errors(kind.check(session, at_hand, in_force, now))]


def _published_by_people(session: Session) -> set[str]:
    """Keys whose last content, in force or planned, somebody published; and of all that such a process is bound to:
    what the library holds is what is in force."""
    rows = session.execute(
        select(LibraryFile.key, LibraryFile.added_by_id)
        .where(deployments.counts(LibraryFile.change_set_id))
        .order_by(LibraryFile.id)
    )
    last = {key: by for key, by in rows}
    bound = {
        name
        for process_id in session.scalars(select(Publication.process_id).distinct())
        if (act := _last(session, process_id)) is not None and act.published_by_id is not None
        for name in session.get_one(Version, act.version_id).files
    }
    named = session.execute(select(LibraryFile.key, LibraryFile.name)).all()
    return {key for key, by in last.items() if by is not None} | {key for key, name in named if name in bound}


def _process_ids(name: str, data: bytes) -> list[str]:
    try:
        found = [p.id for p in read(data, name).processes.values() if p.executable]
    except workflows.Refused as refused:
        raise Invalid(f"{name}：{refused}", code="REFUSED") from refused
    if found and [definitions.main_file(process_id) for process_id in found] != [name]:
        raise Invalid(
            f"文件 {name} 里的流程是“{'、'.join(found)}”，请一个流程一个文件，文件名同流程编号。", code="PROCESS_ID"
        )
    return found


def _by_a_person(session: Session, process_id: str) -> bool:
    last = _last(session, process_id)
    return last is not None and last.published_by_id is not None


def _last(session: Session, process_id: str) -> Publication | None:
    """The last publication of a process, in force or planned."""
    return session.scalars(
        select(Publication)
        .where(Publication.process_id == process_id, deployments.counts(Publication.change_set_id))
        .order_by(Publication.effective_from.desc(), Publication.id.desc())
        .limit(1)
    ).first()


def _publish(
    session: Session, process_id: str, files: Mapping[str, bytes], actor: Actor, now: datetime
) -> Version | None:
    try:
        closure, deployment = definitions.closure(session, process_id, files, None, now)
    except workflows.Refused as refused:
        raise Invalid(f"流程“{process_id}”不能运行：{refused}", code="REFUSED") from refused
    sha = deployments.closure_hash(process_id, closure.values())
    last = _last(session, process_id)
    if last is not None and session.get_one(Version, last.version_id).closure_hash == sha:
        return None
    found = checking.findings(session, process_id, closure, now)
    if errors(found):
        sentences = "；".join(f"{one.message}（{one.cure}）" for one in errors(found))
        raise Invalid(f"流程“{process_id}”不能发布：{sentences}", code="FINDINGS")
    version = definitions.add_version(
        session,
        process_id,
        closure,
        name=deployment.name,
        origin="disk",
        note="随程序安装",
        by=actor.label,
        by_id=actor.account_id,
        now=now,
    )
    since = BEGINNING if last is None else now
    publishing.put_in_force(session, version, "publish", version.note, actor, now, effective_from=since)
    return version
