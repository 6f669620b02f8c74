"""How a change set comes into force from a day on, and how one act takes it back."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

import workflows
from server import clock
from server.accounts.access import require
from server.accounts.actor import Actor
from server.errors import Conflict, Invalid
from server.processes import change_checks, change_sets, checking, definitions, deployments, publishing
from server.processes.models import ChangeFile, ChangeSet, LibraryFile, Publication, Version
from workflows.findings import errors

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
"""A moment at which all that is planned is in force."""


def publish(
    session: Session,
    change_id: int,
    actor: Actor,
    now: datetime,
    *,
    effective_on: date | None = None,
    revision: int | None = None,
) -> ChangeSet:
    """Put a reviewed change set into force, all of it in one transaction: at once, or from a legal day's beginning.

    effective_on None: the day it is meant for. Running cases keep the version they have.
    """
    require(actor, "process_publisher")
    _one_at_a_time(session)
    change = change_sets.locked(session, change_id)
    if change.state != "reviewed":
        words = change_sets.STATE_WORDS[change_sets.line(session, change_id, now).state]
        raise Conflict(f"这次变更现在是“{words}”，审阅通过以后才能定生效日期。", code="CHANGE_STATE")
    change_sets.second_person(session, change_id, actor, now)
    change_sets.seen(change, revision)
    if effective_on is not None and effective_on < clock.legal_date(now):
        raise Invalid("生效日期已经过了。", fields={"effective_on": ["请选今天或以后的一天。"]})
    change.effective_on = effective_on or change.effective_on
    change_sets.refuse_faulty(session, change, now)
    moment = change_checks.beginning_of(change.effective_on, now)
    given = change_sets.files(session, change_id)
    for touched in change_checks.touched(session, given, moment, now):
        version = _version(session, touched.process_id, touched.files, change, now)
        if touched.in_force and touched.in_force.version_id == version.id:
            continue
        publishing.put_in_force(
            session, version, "publish", change.title, actor, now, effective_from=moment, change_set_id=change.id
        )
    deployments.add_to_library(
        session, given, now, effective_from=moment, added_by_id=actor.account_id, change_set_id=change.id
    )
    _without_old_ids(session, given, change, actor, now, moment)
    change.state, change.effective_from = "published", moment
    change_sets.act(session, change, "published", actor, now, note=clock.legal_date(moment).isoformat())
    return change


def _one_at_a_time(session: Session) -> None:
    """Of two who publish at once, the second waits and sees what the first did (SQLite has one writer anyhow)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("lock table pro_publications in share row exclusive mode"))


def _without_old_ids(
    session: Session, given: Mapping[str, bytes], change: ChangeSet, actor: Actor, now: datetime, moment: datetime
) -> None:
    """A form that got another id under its old file name is no longer there under the old id."""
    keys = {name: deployments.key_of(name, data) for name, data in given.items()}
    for key, (name, sha) in deployments.library(session, moment).items():
        if name in keys and key != keys[name]:
            session.add(_entry(change, key, name, sha, actor, now, since=moment, gone=True))
    session.flush()


def _entry(
    change: ChangeSet, key: str, name: str, sha: str, actor: Actor, now: datetime, *, since: datetime, gone: bool
) -> LibraryFile:
    return LibraryFile(
        key=key,
        name=name,
        sha256=sha,
        added_at=now,
        effective_from=since,
        gone=gone,
        added_by_id=actor.account_id,
        change_set_id=change.id,
    )


def _version(
    session: Session, process_id: str, closure: Mapping[str, bytes], change: ChangeSet, now: datetime
) -> Version:
    try:
        deployment = workflows.deploy(dict(closure), process_id)
    except workflows.Refused as refused:
        raise Invalid(f"流程“{process_id}”不能运行：{refused}", code="REFUSED") from refused
    return definitions.add_version(
        session,
        process_id,
        closure,
        name=deployment.name,
        origin="designer",
        note=change.title,
        by=change.created_by,
        by_id=change.created_by_id,
        now=now,
    )


def revert(session: Session, change_id: int, reason: str, actor: Actor, now: datetime) -> ChangeSet:
    """Take a published change set back: what was in force before it is in force again, from now on.

    Before its day it is only withdrawn, and comes back itself; else a change set of its own says what was taken back.
    """
    require(actor, "process_publisher")
    reason = _reason(reason)
    _one_at_a_time(session)
    change = change_sets.locked(session, change_id)
    line = change_sets.line(session, change_id, now)
    if line.reverted_by is not None:
        raise Conflict("这次变更已经退回过了。", code="CHANGE_STATE")
    if line.state in ("scheduled", "published", "superseded"):
        _nothing_later(session, change)
    if line.state == "scheduled":
        change.state = "withdrawn"
        change_sets.act(session, change, "withdrawn", actor, now, note=reason)
        return change
    if line.state not in ("published", "superseded"):
        words = change_sets.STATE_WORDS[line.state]
        raise Conflict(f"这次变更现在是“{words}”，没有可以退回的。", code="CHANGE_STATE")
    made = _taking_back(session, f"退回：{change.title}", reason, change.id, actor, now)
    for file in line.files:
        _file_before(session, file, change, made, actor, now)
    acts = session.scalars(select(Publication).where(Publication.change_set_id == change.id).order_by(Publication.id))
    for act in acts:
        before = _publication_before(session, act, change)
        version = session.get_one(Version, before.version_id if before else act.version_id)
        kind = "revert" if before else "ended"
        if before:
            _still_runs(session, version, now)
        publishing.put_in_force(session, version, kind, reason, actor, now, change_set_id=made.id)
    change_sets.act(session, change, "reverted", actor, now, note=reason)
    change_sets.act(session, made, "published", actor, now, note=reason)
    return made


def revert_to(session: Session, process_id: str, number: int, reason: str, actor: Actor, now: datetime) -> ChangeSet:
    """Put an earlier version back into force, with the files it had."""
    require(actor, "process_publisher")
    version = definitions.version(session, process_id, number)
    lines = definitions.versions(session, process_id, now)
    state = next(one.state for one in lines if one.version.id == version.id)
    if state != "published":
        words = "正在使用" if state == "current" else "没有生效过"
        raise Conflict(f"第 {number} 版{words}，不能退回到它。", code="VERSION_STATE")
    reason = _reason(reason)
    _one_at_a_time(session)
    _still_runs(session, version, now)
    planned = definitions.in_force(session, process_id, FOR_EVER)
    if planned is not None and planned.since > now:
        day = clock.legal_date(planned.since).isoformat()
        raise Conflict(f"这个流程已经排定从 {day} 起用第 {planned.number} 版，请先收回它。", code="SCHEDULED")
    made = _taking_back(session, f"退回“{version.name}”第 {number} 版", reason, None, actor, now)
    main = definitions.main_file(process_id)
    data = deployments.contents(session, {main: version.files[main]})
    base = change_sets.newest(session).get(main)
    session.add(_brought(made, main, version.files[main], base, actor, now))
    deployments.add_to_library(session, data, now, added_by_id=actor.account_id, change_set_id=made.id)
    publishing.put_in_force(session, version, "revert", reason, actor, now, change_set_id=made.id)
    change_sets.act(session, made, "published", actor, now, note=reason)
    return made


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("请写为什么退回。", fields={"reason": ["请写为什么退回，以后查起来看它。"]})
    return reason.strip()


def _nothing_later(session: Session, change: ChangeSet) -> None:
    """Conflict when something of it was changed further, or is planned to be: that goes back first."""
    rows = session.scalars(
        select(LibraryFile)
        .where(deployments.counts(LibraryFile.change_set_id))
        .order_by(LibraryFile.effective_from, LibraryFile.id)
    ).all()
    last = {row.key: row for row in rows}
    for row in rows:
        there = last[row.key]
        if row.change_set_id == change.id and (row.sha256, row.gone) != (there.sha256, there.gone):
            raise _later(session, there.change_set_id)
    acts = session.scalars(
        select(Publication)
        .where(deployments.counts(Publication.change_set_id))
        .order_by(Publication.effective_from, Publication.id)
    ).all()
    newest = {act.process_id: act for act in acts}
    for act in acts:
        if act.change_set_id == change.id and act.version_id != newest[act.process_id].version_id:
            raise _later(session, newest[act.process_id].change_set_id)


def _later(session: Session, change_id: int | None) -> Conflict:
    title = change_sets.get(session, change_id).title if change_id else "随程序升级"
    return Conflict(f"后来的变更“{title}”也改了这里，请先退回它。", code="LATER_CHANGE")


STOPS = frozenset(
    "refused unknown-handler missing-header unknown-form unknown-decision unknown-called unknown-unit "
    "form-unreadable".split()
)
"""What keeps an earlier version from coming back: cases would stop at it. The rest is no reason to wait in a need."""


def _still_runs(session: Session, version: Version, now: datetime) -> None:
    """Raises Invalid when cases on this version would come to a stop today."""
    try:
        deployments.of_version(session, version.id, version.process_id, version.closure_hash)
    except workflows.Refused as refused:
        raise Invalid(f"第 {version.number} 版现在不能运行：{refused}", code="REFUSED") from refused
    found = checking.findings(session, version.process_id, definitions.files(session, version), now)
    stopping = [one for one in errors(found) if one.code in STOPS]
    if stopping:
        raise Invalid(
            f"“{version.name}”第 {version.number} 版现在不能再用：{stopping[0].message.rstrip('。')}。"
            f"{stopping[0].cure.rstrip('。')}。",
            code="FINDINGS",
            extra={"findings": checking.as_data(stopping)},
        )


def _taking_back(
    session: Session, title: str, reason: str, reverts: int | None, actor: Actor, now: datetime
) -> ChangeSet:
    made = ChangeSet(
        title=title[:200],
        reason=reason,
        state="published",
        effective_from=now,
        reverts_id=reverts,
        created_at=now,
        created_by=actor.label,
        created_by_id=actor.account_id,
    )
    session.add(made)
    session.flush()
    change_sets.act(session, made, "began", actor, now)
    return made


def _brought(
    made: ChangeSet, name: str, sha: str, base: str | None, actor: Actor, now: datetime, *, gone: bool = False
) -> ChangeFile:
    return ChangeFile(
        change_set_id=made.id,
        name=name,
        sha256=sha,
        base=base,
        gone=gone,
        saved_at=now,
        saved_by=actor.label,
        saved_by_id=actor.account_id,
    )


def _file_before(
    session: Session, file: ChangeFile, change: ChangeSet, made: ChangeSet, actor: Actor, now: datetime
) -> None:
    """Put the content that was in force before the change set back into the library; a new file is gone again."""
    row = session.scalars(
        select(LibraryFile).where(LibraryFile.change_set_id == change.id, LibraryFile.name == file.name)
    ).first()
    if row is None:  # it brought what was there already
        return
    before = session.scalars(
        select(LibraryFile)
        .where(
            LibraryFile.key == row.key,
            LibraryFile.id != row.id,
            LibraryFile.effective_from <= row.effective_from,
            deployments.counts(LibraryFile.change_set_id),
            LibraryFile.id < row.id,
        )
        .order_by(LibraryFile.effective_from.desc(), LibraryFile.id.desc())
        .limit(1)
    ).first()
    gone = before is None or before.gone
    sha = row.sha256 if before is None else before.sha256
    name = row.name if before is None else before.name
    session.add(_entry(made, row.key, name, sha, actor, now, since=now, gone=gone))
    session.add(_brought(made, file.name, sha, row.sha256, actor, now, gone=gone))
    session.flush()


def _publication_before(session: Session, act: Publication, change: ChangeSet) -> Publication | None:
    found = session.scalars(
        select(Publication)
        .where(
            Publication.process_id == act.process_id,
            Publication.effective_from <= act.effective_from,
            Publication.id < act.id,
            deployments.counts(Publication.change_set_id),
        )
        .order_by(Publication.effective_from.desc(), Publication.id.desc())
        .limit(1)
    ).first()
    return None if found is None or found.kind == "ended" else found
