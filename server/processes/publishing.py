"""How a model comes into force: a draft is saved, submitted, and published by a second person; one act goes back."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

import workflows
from server import audit
from server.accounts.access import require
from server.accounts.actor import Actor
from server.errors import Conflict, Forbidden, Invalid
from server.processes import checking, definitions, deployments
from server.processes.models import Publication, Version
from workflows.lint import Finding, errors
from workflows.outline import read


def save_draft(
    session: Session, process_id: str, uploads: Mapping[str, bytes], note: str, actor: Actor, now: datetime
) -> Version:
    """Keep an edited model as a version; the one there is when nothing in it is new.

    uploads: file name -> content; the *.bpmn among them that holds the process is the process's file whatever it is
    called. A draft may be faulty, but must be a BPMN file with this process. Raises Invalid.
    """
    require(actor, "process_designer")
    given, name = _named(process_id, uploads)
    base = _base(session, process_id)
    return definitions.add_version(
        session,
        process_id,
        _closure(session, process_id, given, base, now),
        name=name,
        origin="designer",
        note=note.strip(),
        actor=actor,
        now=now,
    )


def lint_draft(session: Session, process_id: str, uploads: Mapping[str, bytes], now: datetime) -> list[Finding]:
    """What is wrong with a model that is being edited; nothing is stored."""
    try:
        given, _ = _named(process_id, uploads)
    except Invalid as error:
        return [Finding("error", "unreadable", None, "", error.message, "重新导出后再上传")]
    closure = _closure(session, process_id, given, _base(session, process_id), now)
    return checking.findings(session, process_id, closure, now)


def submit(session: Session, process_id: str, number: int, actor: Actor, now: datetime) -> Version:
    """Hand a draft to a second person. Raises Invalid with `findings` when it may not be published as it is."""
    require(actor, "process_designer")
    version = definitions.version(session, process_id, number)
    if _state(session, version, now) != "draft":
        raise Conflict(f"第 {number} 版已经送审或发布过了。", code="VERSION_STATE")
    _refuse_faulty(session, version, now)
    version.submitted_at, version.submitted_by, version.submitted_by_id = now, actor.label, actor.account_id
    session.flush()
    audit.append(session, actor, "process.submitted", subject(process_id), {"number": number}, now)
    return version


def publish(session: Session, process_id: str, number: int, actor: Actor, now: datetime) -> Publication:
    """Put a submitted version into force: new instances take it, running ones keep theirs.

    Someone else than its designer must do it; the checks run again, on today's handlers, forms and units.
    """
    require(actor, "process_publisher")
    version = definitions.version(session, process_id, number)
    state = _state(session, version, now)
    if state == "draft":
        raise Conflict(f"第 {number} 版还没有送审，请流程设计员先送审。", code="VERSION_STATE")
    if state == "current":
        raise Conflict(f"第 {number} 版正在使用，不需要再发布。", code="VERSION_STATE")
    if state == "published":
        raise Conflict(f"第 {number} 版发布过，要换回它请用“恢复到这一版”。", code="VERSION_STATE")
    if actor.account_id is not None and actor.account_id in (version.created_by_id, version.submitted_by_id):
        raise Forbidden("设计和送审这一版的人不能自己发布，请另一位流程审阅人发布。", code="SECOND_PERSON")
    _refuse_faulty(session, version, now)
    return put_in_force(session, version, "publish", version.note, actor, now)


def revert_to(session: Session, process_id: str, number: int, reason: str, actor: Actor, now: datetime) -> Publication:
    """Put an earlier version back into force, in one act, with a reason."""
    require(actor, "process_publisher")
    version = definitions.version(session, process_id, number)
    state = _state(session, version, now)
    if state != "published":
        raise Conflict(
            f"第 {number} 版{'正在使用' if state == 'current' else '没有发布过'}，不能恢复到它。", code="VERSION_STATE"
        )
    if not reason.strip():
        raise Invalid("请写明恢复的原因。", fields={"reason": ["请写明恢复到这一版的原因，供以后查阅。"]})
    try:
        deployments.of_version(session, version.id, process_id, version.closure_hash)
    except workflows.Refused as refused:
        raise Invalid(f"第 {number} 版现在不能运行：{refused}", code="REFUSED") from refused
    return put_in_force(session, version, "revert", reason.strip(), actor, now)


def put_in_force(
    session: Session,
    version: Version,
    kind: str,
    reason: str,
    actor: Actor,
    now: datetime,
    *,
    effective_from: datetime | None = None,
    change_set_id: int | None = None,
) -> Publication:
    """Append the publication, in force at once if not told. The caller has made sure that it may be."""
    act = Publication(
        process_id=version.process_id,
        version_id=version.id,
        kind=kind,
        reason=reason,
        published_at=now,
        published_by=actor.label,
        published_by_id=actor.account_id,
        effective_from=effective_from or now,
        change_set_id=change_set_id,
    )
    session.add(act)
    session.flush()
    details = {"number": version.number, "closure": version.closure_hash, "reason": reason}
    audit.append(session, actor, f"process.{kind}", subject(version.process_id), details, now)
    return act


def _state(session: Session, version: Version, now: datetime) -> str:
    lines = definitions.versions(session, version.process_id, now)
    return next(line.state for line in lines if line.version.id == version.id)


def subject(process_id: str) -> str:
    """How the audit record names a process."""
    return f"process:{process_id}"


def _named(process_id: str, uploads: Mapping[str, bytes]) -> tuple[dict[str, bytes], str]:
    """The uploads with the process's own file called after it, and the process's name."""
    given: dict[str, bytes] = {}
    found = None
    ids: list[str] = []
    for name, data in uploads.items():
        if not name.endswith((".bpmn", ".xml")):
            given[name] = data
            continue
        try:
            outline = read(data, name)
        except workflows.Refused as refused:
            sentence = str(refused).replace("\n", "")
            raise Invalid(sentence, code="UNREADABLE", fields={"file": [sentence]}) from refused
        ids += outline.processes
        if process_id in outline.processes:
            given[definitions.main_file(process_id)] = data
            found = outline.processes[process_id]
        else:
            given[name] = data
    if found is None:
        there = f"文件里的流程编号是“{'、'.join(ids)}”" if ids else "文件里没有流程"
        sentence = f"{there}，要上传的是“{process_id}”。请把流程编号改成“{process_id}”。"
        raise Invalid(sentence, code="PROCESS_ID", fields={"file": [sentence]})
    return given, found.name or process_id


def _base(session: Session, process_id: str) -> Version | None:
    """The version an edit starts from: the one in force."""
    return session.scalars(
        select(Version)
        .join(Publication, Publication.version_id == Version.id)
        .where(Publication.process_id == process_id)
        .order_by(Publication.id.desc())
        .limit(1)
    ).first()


def _closure(
    session: Session, process_id: str, given: Mapping[str, bytes], base: Version | None, now: datetime
) -> dict[str, bytes]:
    """What the model needs; of a model the engine refuses, all that it may need, so that lint can say why."""
    try:
        return definitions.closure(session, process_id, given, base, now)[0]
    except (workflows.Refused, Invalid):
        return (definitions.files(session, base) if base else {}) | dict(given)


def _refuse_faulty(session: Session, version: Version, now: datetime) -> None:
    found = checking.findings(session, version.process_id, definitions.files(session, version), now)
    if errors(found):
        first = errors(found)[0]
        raise Invalid(
            f"这一版有 {len(errors(found))} 处问题，不能发布。首先是：{first.message}。{first.cure}。",
            code="FINDINGS",
            extra={"findings": checking.as_data(found)},
        )
