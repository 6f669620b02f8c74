"""Change sets: files that belong together, from the first edit to the moment a second person lets them through.

A person's unsaved typing is hers alone. Saving, submitting, reviewing and sending back are acts, kept for ever; nobody
overwrites what she has not seen. How a change set comes into force: releasing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import audit, clock
from server.accounts.access import require
from server.accounts.actor import Actor
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.processes import change_checks, deployments, library
from server.processes.change_reading import (
    STATE_WORDS,
    ChangeLine,
    State,
    files,
    get,
    line,
    lines,
    locked,
    newest,
    rows_of,
)
from server.processes.models import Blob, ChangeAct, ChangeFile, ChangeSet, Draft

__all__ = [
    "LARGEST",
    "NEWEST",
    "STATE_WORDS",
    "ChangeLine",
    "Opened",
    "State",
    "abandon",
    "act",
    "begin",
    "describe",
    "draft",
    "drop_draft",
    "files",
    "get",
    "keep_draft",
    "line",
    "lines",
    "locked",
    "newest",
    "open_file",
    "open_set",
    "put_file",
    "refuse_faulty",
    "remove_file",
    "review",
    "save_draft",
    "second_person",
    "seen",
    "send_back",
    "submit",
    "take_newest",
]
LONGEST_TITLE, LONGEST_TEXT = 100, 2000
LARGEST = 5 * 1024 * 1024
"""Bytes of one file, as the engine accepts them."""
MOST_FILES = 60


class _Newest:
    """Write over whatever the change set has by now."""


NEWEST = _Newest()


@dataclass(frozen=True)
class Opened:
    """A file as one person sees it: her draft, else the change set's, else the library's."""

    data: bytes
    sha256: str
    is_draft: bool
    kept_at: datetime | None
    in_set: bool


# -- writing


def begin(
    session: Session, title: str, reason: str, actor: Actor, now: datetime, *, effective_on: date | None = None
) -> ChangeSet:
    """A new, empty change set. Raises Invalid beside its fields."""
    require(actor, "process_designer")
    title, reason = _told(title, reason, effective_on, now)
    made = ChangeSet(
        title=title,
        reason=reason,
        state="draft",
        effective_on=effective_on,
        created_at=now,
        created_by=actor.label,
        created_by_id=actor.account_id,
    )
    session.add(made)
    session.flush()
    act(session, made, "began", actor, now)
    return made


def describe(
    session: Session, change_id: int, *, title: str, reason: str, effective_on: date | None, actor: Actor, now: datetime
) -> ChangeSet:
    """Say anew what a draft is about and from when it is meant to be in force."""
    require(actor, "process_designer")
    change = open_set(session, change_id)
    change.title, change.reason = _told(title, reason, effective_on, now)
    change.effective_on = effective_on
    act(session, change, "planned", actor, now)
    return change


def _told(title: str, reason: str, effective_on: date | None, now: datetime) -> tuple[str, str]:
    title, reason = " ".join(title.split()), reason.strip()
    wrong: dict[str, list[str]] = {}
    if not title:
        wrong["title"] = ["请用一句话写改什么。"]
    elif len(title) > LONGEST_TITLE:
        wrong["title"] = [f"这一句有 {len(title)} 个字，最多 {LONGEST_TITLE} 个；细的写在“为什么改”里。"]
    if len(reason) > LONGEST_TEXT:
        wrong["reason"] = [f"写了 {len(reason)} 个字，最多 {LONGEST_TEXT} 个。"]
    if effective_on is not None and effective_on < clock.legal_date(now):
        wrong["effective_on"] = ["这一天已经过了，请选今天或以后。"]
    if wrong:
        raise Invalid("还差几处没有填对。", fields=wrong)
    return title, reason


def open_set(session: Session, change_id: int) -> ChangeSet:
    """A change set that may still be changed. Raises NotFound, Conflict."""
    change = locked(session, change_id)
    if change.state != "draft":
        raise Conflict(f"这次变更{STATE_WORDS[change.state]}，不能再改。要改请先收回来。", code="CHANGE_STATE")
    return change


def act(
    session: Session,
    change: ChangeSet,
    kind: str,
    actor: Actor,
    now: datetime,
    *,
    note: str = "",
    file: str | None = None,
    sha256: str | None = None,
) -> ChangeAct:
    """Write down what was done, for the page and for the audit. What changes the content counts the revision up first."""
    row = ChangeAct(
        change_set_id=change.id,
        kind=kind,
        note=note,
        file=file,
        sha256=sha256,
        revision=change.revision,
        at=now,
        by=actor.label,
        by_id=actor.account_id,
    )
    session.add(row)
    session.flush()
    details = {"title": change.title, "file": file, "note": note, "revision": change.revision}
    audit.append(session, actor, f"change.{kind}", f"change:{change.id}", {k: v for k, v in details.items() if v}, now)
    return row


def put_file(
    session: Session,
    change_id: int,
    name: str,
    data: bytes,
    actor: Actor,
    now: datetime,
    *,
    over: str | _Newest | None = NEWEST,
) -> ChangeFile:
    """Put a content into the change set. over: the content the edit began with; Conflict when there is another by now."""
    require(actor, "process_designer")
    change = open_set(session, change_id)
    _acceptable(name, data)
    row = _row(session, change_id, name)
    newest = _newest(session, name)
    present = row.sha256 if row else newest
    if not isinstance(over, _Newest) and over != present:
        by = row.saved_by if row else "别人"
        raise Conflict(
            f"您改的时候，{by}已经存过这个文件。您改的都还在；先看看那一份，再决定怎么合。",
            code="FILE_MOVED",
            extra={"sha256": present, "by": by, "at": row.saved_at.isoformat() if row else None},
        )
    deployments.keep(session, [data])
    sha = deployments.sha256(data)
    if row is None:
        if len(rows_of(session, [change_id])) >= MOST_FILES:
            raise Invalid(
                f"一次变更最多 {MOST_FILES} 个文件，请分成几次。", code="FILE_COUNT", fields={"file": ["文件太多。"]}
            )
        row = ChangeFile(change_set_id=change_id, name=name, base=newest)
        session.add(row)
    row.sha256, row.gone = sha, False
    row.saved_at, row.saved_by, row.saved_by_id = now, actor.label, actor.account_id
    change.revision += 1
    act(session, change, "saved", actor, now, file=name, sha256=sha)
    return row


def remove_file(session: Session, change_id: int, name: str, actor: Actor, now: datetime) -> None:
    """Take a file out of the change set, with everybody's unsaved typing on it left to its writer until it ends."""
    require(actor, "process_designer")
    change = open_set(session, change_id)
    row = _own_row(session, change_id, name)
    session.delete(row)
    change.revision += 1
    act(session, change, "removed", actor, now, file=name, sha256=row.sha256)


def take_newest(
    session: Session, change_id: int, name: str, actor: Actor, now: datetime, *, keep_mine: bool
) -> ChangeFile:
    """Make the library's newest content the base; keep_mine False: take its content too, and begin anew from it."""
    require(actor, "process_designer")
    change = open_set(session, change_id)
    row = _own_row(session, change_id, name)
    newest = _newest(session, name)
    row.base = newest
    if not keep_mine and newest is not None:
        row.sha256 = newest
        row.saved_at, row.saved_by, row.saved_by_id = now, actor.label, actor.account_id
        drop_draft(session, change_id, name, actor)
    change.revision += 1
    act(session, change, "rebased", actor, now, file=name, sha256=row.sha256)
    return row


def _acceptable(name: str, data: bytes) -> None:
    if not library.allowed(name):
        raise Invalid(
            f"“{name}”不是变更里能放的文件。", code="FILE_NAME", fields={"file": [f"“{name}”不是变更里能放的文件。"]}
        )
    if not data or len(data) > LARGEST:
        said = "文件是空的。" if not data else "文件超过了 5 MB，请去掉嵌入的图片后重新导出。"
        raise Invalid(said, code="FILE_SIZE", fields={"file": [said]})


def _row(session: Session, change_id: int, name: str) -> ChangeFile | None:
    return session.scalars(
        select(ChangeFile).where(ChangeFile.change_set_id == change_id, ChangeFile.name == name)
    ).one_or_none()


def _own_row(session: Session, change_id: int, name: str) -> ChangeFile:
    row = _row(session, change_id, name)
    if row is None:
        raise NotFound(f"这次变更里没有“{name}”。", code="FILE_UNKNOWN")
    return row


def _newest(session: Session, name: str) -> str | None:
    return newest(session).get(name)


# -- private drafts


def draft(session: Session, change_id: int, name: str, actor: Actor) -> Draft | None:
    """What this person has typed and not saved."""
    return session.scalars(
        select(Draft).where(Draft.change_set_id == change_id, Draft.name == name, Draft.account_id == actor.account_id)
    ).one_or_none()


def keep_draft(
    session: Session, change_id: int, name: str, data: bytes, actor: Actor, now: datetime, *, over: str | None = None
) -> Draft:
    """Keep what is being typed. over: the content it follows (her draft, else what she opened); Conflict when another
    window of hers has kept another since."""
    require(actor, "process_designer")
    open_set(session, change_id)
    _acceptable(name, data)
    kept = draft(session, change_id, name, actor)
    if over is not None and kept is not None and deployments.sha256(kept.content) != over:
        raise Conflict("您在另一个窗口里也改了这个文件。请先看那一边，再刷新这里。", code="DRAFT_MOVED")
    if kept is None:
        row = _row(session, change_id, name)
        base = over or (row.sha256 if row else _newest(session, name))
        kept = Draft(change_set_id=change_id, name=name, account_id=actor.account_id, base=base)
        session.add(kept)
    kept.content, kept.kept_at = data, now
    session.flush()
    return kept


def save_draft(session: Session, change_id: int, name: str, actor: Actor, now: datetime) -> ChangeFile:
    """Put what was typed into the change set. Conflict when somebody else saved in between: the typing stays."""
    kept = draft(session, change_id, name, actor)
    if kept is None:
        raise NotFound("没有要存的修改。", code="DRAFT_UNKNOWN")
    row = put_file(session, change_id, name, kept.content, actor, now, over=kept.base)
    session.delete(kept)
    session.flush()
    return row


def drop_draft(session: Session, change_id: int, name: str, actor: Actor) -> None:
    """Forget what was typed and not saved."""
    kept = draft(session, change_id, name, actor)
    if kept is not None:
        session.delete(kept)
        session.flush()


def open_file(session: Session, change_id: int, name: str, actor: Actor, now: datetime) -> Opened:
    """A file as this person sees it. NotFound."""
    get(session, change_id)
    row = _row(session, change_id, name)
    kept = draft(session, change_id, name, actor)
    if kept is not None:
        return Opened(kept.content, deployments.sha256(kept.content), True, kept.kept_at, row is not None)
    sha = row.sha256 if row is not None and not row.gone else _newest(session, name)
    if sha is None:
        raise NotFound(f"没有“{name}”这个文件。", code="FILE_UNKNOWN")
    data = session.scalars(select(Blob.content).where(Blob.sha256 == sha)).one()
    return Opened(data, sha, False, None, row is not None)


# -- the way through


def submit(session: Session, change_id: int, actor: Actor, now: datetime, *, revision: int | None = None) -> ChangeSet:
    """Hand it to a second person. Raises Invalid with the findings when something stops it."""
    require(actor, "process_designer")
    change = open_set(session, change_id)
    seen(change, revision)
    refuse_faulty(session, change, now)
    change.state = "submitted"
    act(session, change, "submitted", actor, now)
    return change


def review(
    session: Session, change_id: int, actor: Actor, now: datetime, *, revision: int | None = None, note: str = ""
) -> ChangeSet:
    """The second person passes it. Forbidden for whoever wrote in it."""
    require(actor, "process_publisher")
    change = locked(session, change_id)
    if change.state != "submitted":
        raise Conflict(f"这次变更现在是“{STATE_WORDS[change.state]}”，不能审阅。", code="CHANGE_STATE")
    second_person(session, change_id, actor, now)
    seen(change, revision)
    refuse_faulty(session, change, now)
    change.state = "reviewed"
    act(session, change, "reviewed", actor, now, note=_word(note))
    return change


def send_back(session: Session, change_id: int, word: str, actor: Actor, now: datetime) -> ChangeSet:
    """Back to its author, with a word; a designer may take it back herself."""
    change = locked(session, change_id)
    if not actor.has("process_publisher", "process_designer"):
        require(actor, "process_publisher")
    if change.state not in ("submitted", "reviewed"):
        raise Conflict(f"这次变更现在是“{STATE_WORDS[change.state]}”，退不回去。", code="CHANGE_STATE")
    if not word.strip():
        raise Invalid("请写退回的原因。", fields={"word": ["请写退回的原因，起草人照着改。"]})
    change.state = "draft"
    act(session, change, "returned", actor, now, note=_word(word))
    return change


def abandon(session: Session, change_id: int, reason: str, actor: Actor, now: datetime) -> ChangeSet:
    """Give it up before it was published."""
    require(actor, "process_designer")
    change = locked(session, change_id)
    if change.state not in ("draft", "submitted", "reviewed"):
        raise Conflict(f"这次变更{STATE_WORDS[change.state]}，不能放弃。", code="CHANGE_STATE")
    change.state = "abandoned"
    act(session, change, "abandoned", actor, now, note=_word(reason))
    return change


def second_person(session: Session, change_id: int, actor: Actor, now: datetime) -> None:
    """Forbidden for whoever wrote in it."""
    if actor.account_id is not None and actor.account_id in line(session, change_id, now).authors:
        raise Forbidden("起草或改过它的人不能自己放行，请另一位流程审阅人来。", code="SECOND_PERSON")


def seen(change: ChangeSet, revision: int | None) -> None:
    """Conflict when it is not the revision that was looked at."""
    if revision is not None and revision != change.revision:
        raise Conflict("您看的时候，这次变更又改过。请刷新，看过新的再办。", code="REVISION")


def _word(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise Invalid("写得太长。", fields={"word": [f"最多 {LONGEST_TEXT} 个字。"]})
    return text


def refuse_faulty(session: Session, change: ChangeSet, now: datetime) -> None:
    """Raises Invalid with the findings when something stops the change set."""
    if all(row.sha256 == row.base for row in rows_of(session, [change.id])):
        raise Invalid(
            "这次变更还没有改动任何文件。", code="EMPTY", fields={"file": ["先加一个要改的文件，改了再送审。"]}
        )
    looked = change_checks.check(session, change.id, now)
    if looked.errors:
        first = looked.errors[0].finding
        extra: dict[str, Any] = {"findings": looked.as_data()["found"]}
        raise Invalid(
            f"有 {len(looked.errors)} 项不通过。首先是：{first.message.rstrip('。')}。{first.cure.rstrip('。')}。",
            code="FINDINGS",
            extra=extra,
        )
