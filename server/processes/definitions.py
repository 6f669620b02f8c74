"""Which models there are and which is in force: versions, their files, what they decide by, and the ones on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import workflows
from server.errors import Conflict, Invalid, NotFound
from server.processes import deployments
from server.processes.models import Blob, Publication, Version

State = Literal["draft", "scheduled", "published", "current"]


@dataclass(frozen=True)
class InForce:
    """The version of a process that new instances take. since: when it came into force."""

    version_id: int
    number: int
    process_id: str
    closure_hash: str
    name: str
    since: datetime


@dataclass(frozen=True)
class VersionLine:
    """A version as the list of versions shows it. publications: the last first, without those withdrawn before their day.

    state: current; scheduled (its day is to come); published (it was in force once); draft (never published).
    """

    version: Version
    state: State
    publications: tuple[Publication, ...]


def current(session: Session, process_id: str, now: datetime) -> InForce:
    """What is in force at `now`: the last publication begun by then. NotFound when nothing of it is."""
    found = in_force(session, process_id, now)
    if found is None:
        raise NotFound(f"流程“{process_id}”还没有发布过的版本。", code="PROCESS_UNKNOWN")
    return found


def in_force(session: Session, process_id: str, now: datetime) -> InForce | None:
    """The same, None when nothing of it is in force."""
    row = session.execute(
        _published(now)
        .where(Publication.process_id == process_id)
        .order_by(Publication.effective_from.desc(), Publication.id.desc())
        .limit(1)
    ).first()
    return None if row is None or row.kind == "ended" else _line(row)


def all_in_force(session: Session, now: datetime) -> dict[str, InForce]:
    """process id -> what is in force of it at `now`."""
    rows = session.execute(_published(now).order_by(Publication.effective_from, Publication.id))
    last = {row.process_id: row for row in rows}
    return {process_id: _line(row) for process_id, row in last.items() if row.kind != "ended"}


def _published(now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Version.id,
            Version.number,
            Version.process_id,
            Version.closure_hash,
            Version.name,
            Publication.effective_from,
            Publication.published_at,
            Publication.kind,
        )
        .join(Publication, Publication.version_id == Version.id)
        .where(Publication.effective_from <= now, deployments.counts(Publication.change_set_id))
    )


def _line(row: Row[Any]) -> InForce:
    since = max(row.effective_from, row.published_at)  # what came with the program counts from the beginning
    return InForce(row.id, row.number, row.process_id, row.closure_hash, row.name, since)


def version(session: Session, process_id: str, number: int) -> Version:
    """One version by its number. NotFound."""
    found = session.scalars(
        select(Version).where(Version.process_id == process_id, Version.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound(f"流程“{process_id}”没有第 {number} 版。", code="VERSION_UNKNOWN")
    return found


def versions(session: Session, process_id: str, now: datetime) -> list[VersionLine]:
    """All versions, the newest number first, with their state at `now` and publications. NotFound when there is none."""
    found = session.scalars(
        select(Version).where(Version.process_id == process_id).order_by(Version.number.desc())
    ).all()
    if not found:
        raise NotFound(f"没有流程“{process_id}”。", code="PROCESS_UNKNOWN")
    acts: dict[int, list[Publication]] = {}
    for act in session.scalars(
        select(Publication)
        .where(Publication.process_id == process_id, deployments.counts(Publication.change_set_id))
        .order_by(Publication.effective_from.desc(), Publication.id.desc())
    ):
        acts.setdefault(act.version_id, []).append(act)
    here = in_force(session, process_id, now)
    return [VersionLine(v, _state(acts.get(v.id, []), v, here, now), tuple(acts.get(v.id, ()))) for v in found]


def _state(acts: list[Publication], v: Version, here: InForce | None, now: datetime) -> State:
    if here is not None and here.version_id == v.id:
        return "current"
    if not acts:
        return "draft"
    return "scheduled" if acts[0].effective_from > now else "published"


def processes(session: Session, now: datetime) -> list[tuple[InForce | None, str, int]]:
    """(version in force or None, process id, how many versions) of every process."""
    counts = session.execute(
        select(Version.process_id, func.count()).group_by(Version.process_id).order_by(Version.process_id)
    ).all()
    found = all_in_force(session, now)
    return [(found.get(process_id), process_id, count) for process_id, count in counts]


def files(session: Session, v: Version) -> dict[str, bytes]:
    """name -> content of a version's whole closure."""
    return deployments.contents(session, v.files)


def xml(session: Session, version_id: int) -> bytes:
    """The diagram of a version: the file that holds its process."""
    row = session.get(Version, version_id)
    if row is None:
        raise NotFound("没有这个流程版本。", code="VERSION_UNKNOWN")
    sha = row.files[main_file(row.process_id)]
    return session.scalars(select(Blob.content).where(Blob.sha256 == sha)).one()


def form(session: Session, form_id: str, version_id: int | None = None, *, now: datetime) -> bytes:
    """A form's file: the one a version is bound to, else (no version, or not in it) the library's at `now`."""
    if version_id is not None:
        names: dict[str, str] = session.scalars(select(Version.files).where(Version.id == version_id)).one()
        for name, content in deployments.contents(
            session, {name: sha for name, sha in names.items() if name.endswith(".form")}
        ).items():
            if deployments.key_of(name, content) == form_id:
                return content
    found = deployments.library(session, now).get(form_id)
    if found is None:
        raise NotFound(f"没有表单“{form_id}”。", code="FORM_UNKNOWN")
    return session.scalars(select(Blob.content).where(Blob.sha256 == found[1])).one()


def decide(
    session: Session,
    process_id: str,
    decision_id: str,
    variables: Mapping[str, Any],
    now: datetime,
    *,
    version_id: int | None = None,
) -> Any:
    """The answer of a decision in a process's closure: of the version given (a running case's), else of the one in force.

    Raises Invalid with the decision's own sentence when it has no answer.
    """
    if version_id is None:
        found = current(session, process_id, now)
        version_id, closure = found.version_id, found.closure_hash
    else:
        closure = session.scalars(select(Version.closure_hash).where(Version.id == version_id)).one()
    deployment = deployments.of_version(session, version_id, process_id, closure)
    try:
        return workflows.decide(deployment, decision_id, variables, now).value
    except workflows.DecisionError as error:
        raise Invalid(str(error), code="DECISION") from error


def main_file(process_id: str) -> str:
    """What the file with the process itself is called within a version."""
    return f"{process_id}.bpmn"


def closure(
    session: Session, process_id: str, given: Mapping[str, bytes], base: Version | None, now: datetime
) -> tuple[dict[str, bytes], workflows.Deployment]:
    """All files a model needs, found among those given, the base version's, and the library at `now`, in this order.

    Raises workflows.Refused when the engine cannot run it, Invalid when a form is missing.
    """
    at_hand = deployments.contents(session, dict(deployments.library(session, now).values()))
    return closure_among(at_hand | (files(session, base) if base else {}) | dict(given), process_id)


def closure_among(at_hand: Mapping[str, bytes], process_id: str) -> tuple[dict[str, bytes], workflows.Deployment]:
    """The same among files that are at hand already."""
    deployment = workflows.deploy(at_hand, process_id)
    forms = {deployments.key_of(n, data): n for n, data in at_hand.items() if n.endswith(".form")}
    missing = [form_id for form_id in deployment.form_ids if form_id not in forms]
    if missing:
        raise Invalid(f"流程用到的表单还没有：{'、'.join(missing)}。请先建表单，或改用已有的。", code="FORM_UNKNOWN")
    names = [*deployment.needed_files, *(forms[form_id] for form_id in deployment.form_ids)]
    return {name: at_hand[name] for name in names}, deployment


def add_version(
    session: Session,
    process_id: str,
    closure_files: Mapping[str, bytes],
    *,
    name: str,
    origin: str,
    note: str,
    by: str,
    by_id: int | None,
    now: datetime,
) -> Version:
    """The version with these files: the one there is, or a new one with the next number. by: its author's label."""
    sha = deployments.closure_hash(process_id, closure_files.values())
    same = select(Version).where(Version.process_id == process_id, Version.closure_hash == sha)
    known = session.scalars(same).one_or_none()
    if known is not None:
        return known
    deployments.keep(session, closure_files.values())
    last = session.scalar(select(func.max(Version.number)).where(Version.process_id == process_id))
    made = Version(
        process_id=process_id,
        number=(last or 0) + 1,
        closure_hash=sha,
        files={n: deployments.sha256(data) for n, data in sorted(closure_files.items())},
        origin=origin,
        name=name,
        note=note,
        created_at=now,
        created_by=by,
        created_by_id=by_id,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise Conflict("刚才有人也保存了这个流程，请刷新后再保存一次。", code="VERSION_RACE") from error
    return made
