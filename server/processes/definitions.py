"""Which models there are and which is in force: versions, their files, what they decide by, and the ones on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import workflows
from server.accounts.actor import Actor
from server.errors import Conflict, Invalid, NotFound
from server.processes import deployments
from server.processes.models import Blob, Publication, Version

State = Literal["draft", "submitted", "published", "current"]


@dataclass(frozen=True)
class InForce:
    """The version of a process that new instances take."""

    version_id: int
    number: int
    process_id: str
    closure_hash: str
    name: str


@dataclass(frozen=True)
class VersionLine:
    """A version as the list of versions shows it. publications: (when, by whom, publish or revert), the last first."""

    version: Version
    state: State
    publications: tuple[Publication, ...]


def current(session: Session, process_id: str) -> InForce:
    """What is in force now: the last publication. NotFound when nothing of it was ever published."""
    row = session.execute(
        select(Version.id, Version.number, Version.process_id, Version.closure_hash, Version.name)
        .join(Publication, Publication.version_id == Version.id)
        .where(Publication.process_id == process_id)
        .order_by(Publication.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFound(f"流程“{process_id}”还没有发布过的版本。", code="PROCESS_UNKNOWN")
    return InForce(*row)


def version(session: Session, process_id: str, number: int) -> Version:
    """One version by its number. NotFound."""
    found = session.scalars(
        select(Version).where(Version.process_id == process_id, Version.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound(f"流程“{process_id}”没有第 {number} 版。", code="VERSION_UNKNOWN")
    return found


def versions(session: Session, process_id: str) -> list[VersionLine]:
    """All versions, the newest number first, with their state and publications."""
    found = session.scalars(
        select(Version).where(Version.process_id == process_id).order_by(Version.number.desc())
    ).all()
    acts: dict[int, list[Publication]] = {}
    last = None
    for act in session.scalars(
        select(Publication).where(Publication.process_id == process_id).order_by(Publication.id.desc())
    ):
        acts.setdefault(act.version_id, []).append(act)
        last = last or act
    if not found:
        raise NotFound(f"没有流程“{process_id}”。", code="PROCESS_UNKNOWN")
    return [VersionLine(v, _state(v, acts, last), tuple(acts.get(v.id, ()))) for v in found]


def _state(v: Version, acts: Mapping[int, list[Publication]], last: Publication | None) -> State:
    if last is not None and last.version_id == v.id:
        return "current"
    if v.id in acts:
        return "published"
    return "submitted" if v.submitted_at else "draft"


def state_of(session: Session, v: Version) -> State:
    """draft, submitted, published (once, or before) or current."""
    return next(line.state for line in versions(session, v.process_id) if line.version.id == v.id)


def processes(session: Session) -> list[tuple[InForce | None, str, int]]:
    """(version in force or None, process id, how many versions) of every process."""
    counts = session.execute(
        select(Version.process_id, func.count()).group_by(Version.process_id).order_by(Version.process_id)
    ).all()
    last = select(func.max(Publication.id)).group_by(Publication.process_id)
    rows = session.execute(
        select(Version.id, Version.number, Version.process_id, Version.closure_hash, Version.name)
        .join(Publication, Publication.version_id == Version.id)
        .where(Publication.id.in_(last))
    )
    in_force = {row.process_id: InForce(*row) for row in rows}
    return [(in_force.get(process_id), process_id, count) for process_id, count in counts]


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


def form(session: Session, form_id: str, version_id: int | None = None) -> bytes:
    """A form's file: the one a version is bound to, else (no version, or not in it) the library's present one."""
    if version_id is not None:
        names: dict[str, str] = session.scalars(select(Version.files).where(Version.id == version_id)).one()
        for name, content in deployments.contents(
            session, {name: sha for name, sha in names.items() if name.endswith(".form")}
        ).items():
            if deployments.key_of(name, content) == form_id:
                return content
    found = deployments.library(session).get(form_id)
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
        found = current(session, process_id)
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
    session: Session, process_id: str, given: Mapping[str, bytes], base: Version | None
) -> tuple[dict[str, bytes], workflows.Deployment]:
    """All files a model needs, found among those given, the base version's, and the library, in this order.

    Raises workflows.Refused when the engine cannot run it, Invalid when a form is missing.
    """
    at_hand = deployments.contents(session, {n: sha for n, sha in deployments.library(session).values()})
    at_hand |= files(session, base) if base else {}
    at_hand |= given
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
    actor: Actor,
    now: datetime,
) -> Version:
    """The version with these files: the one there is, or a new one with the next number."""
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
        created_by=actor.label,
        created_by_id=actor.account_id,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise Conflict("刚才有人也保存了这个流程，请刷新后再保存一次。", code="VERSION_RACE") from error
    return made
