"""Change sets as they stand: their files, what was done with them and by whom, and how far each has come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import NotFound
from server.processes import deployments
from server.processes.models import ChangeAct, ChangeFile, ChangeSet, LibraryFile, Publication

State = Literal["draft", "submitted", "reviewed", "scheduled", "published", "superseded", "withdrawn", "abandoned"]
STATE_WORDS: Mapping[str, str] = {
    "draft": "草稿",
    "submitted": "等审阅",
    "reviewed": "审阅通过",
    "scheduled": "已排定",
    "published": "在用",
    "superseded": "已被替代",
    "withdrawn": "收回了",
    "abandoned": "放弃了",
}


@dataclass(frozen=True)
class ChangeLine:
    """A change set with its files and acts, oldest first. authors: who wrote in it. reverted_by: what took it back."""

    change: ChangeSet
    state: State
    files: tuple[ChangeFile, ...]
    acts: tuple[ChangeAct, ...]
    authors: frozenset[int]
    reverted_by: int | None

    @property
    def subject(self) -> str:
        """How a sentence names it."""
        return f"#{self.change.id} {self.change.title}"

    def last(self, kind: str) -> ChangeAct | None:
        """The last act of a kind."""
        return next((act for act in reversed(self.acts) if act.kind == kind), None)

    def may_review(self, actor: Actor) -> bool:
        """He wrote nothing in it."""
        return actor.has("process_publisher") and actor.account_id not in self.authors


def get(session: Session, change_id: int) -> ChangeSet:
    """One change set. NotFound."""
    found = session.get(ChangeSet, change_id)
    if found is None:
        raise NotFound("没有这次变更。", code="CHANGE_UNKNOWN")
    return found


def locked(session: Session, change_id: int) -> ChangeSet:
    """The same as it stands this moment; of two who act on it, the second waits for the first. NotFound."""
    found = session.get(ChangeSet, change_id, populate_existing=True, with_for_update=True)
    return found or get(session, change_id)


def line(session: Session, change_id: int, now: datetime) -> ChangeLine:
    """One change set as it stands at `now`. NotFound."""
    [found] = _lines(session, [get(session, change_id)], now)
    return found


def lines(session: Session, now: datetime, *, states: Collection[str] | None = None) -> list[ChangeLine]:
    """Change sets, the newest first; states: only these."""
    stored = {"scheduled", "superseded", "published"}
    query = select(ChangeSet).order_by(ChangeSet.id.desc())
    if states is not None:
        query = query.where(ChangeSet.state.in_({"published" if one in stored else one for one in states}))
    found = _lines(session, session.scalars(query).all(), now)
    return [one for one in found if states is None or one.state in states]


def files(session: Session, change_id: int) -> dict[str, bytes]:
    """name -> content, of what the change set brings."""
    rows = [row for row in rows_of(session, [get(session, change_id).id]) if not row.gone]
    return deployments.contents(session, {row.name: row.sha256 for row in rows})


def rows_of(session: Session, ids: Sequence[int]) -> list[ChangeFile]:
    """The files of these change sets, by name."""
    query = select(ChangeFile).where(ChangeFile.change_set_id.in_(ids)).order_by(ChangeFile.name)
    return list(session.scalars(query))


def _lines(session: Session, changes: Sequence[ChangeSet], now: datetime) -> list[ChangeLine]:
    ids = [one.id for one in changes]
    brought: dict[int, list[ChangeFile]] = {}
    for row in rows_of(session, ids):
        brought.setdefault(row.change_set_id, []).append(row)
    acts: dict[int, list[ChangeAct]] = {}
    for act in session.scalars(select(ChangeAct).where(ChangeAct.change_set_id.in_(ids)).order_by(ChangeAct.id)):
        acts.setdefault(act.change_set_id, []).append(act)
    back = {
        taken: by
        for by, taken in session.execute(
            select(ChangeSet.id, ChangeSet.reverts_id).where(
                ChangeSet.reverts_id.in_(ids), ChangeSet.state == "published"
            )
        )
    }
    counting = _counting(session, now) if any(one.state == "published" for one in changes) else frozenset()
    return [
        ChangeLine(
            one,
            _state(one, counting, now),
            tuple(brought.get(one.id, ())),
            tuple(acts.get(one.id, ())),
            frozenset(
                act.by_id
                for act in acts.get(one.id, ())
                if act.by_id is not None
                and act.kind in ("began", "saved", "removed", "rebased", "submitted", "planned")
            ),
            back.get(one.id),
        )
        for one in changes
    ]


def _state(change: ChangeSet, counting: Collection[int], now: datetime) -> State:
    if change.state != "published":
        return change.state  # type: ignore[return-value]
    if change.effective_from is not None and change.effective_from > now:
        return "scheduled"
    return "published" if change.id in counting else "superseded"


def _counting(session: Session, now: datetime) -> frozenset[int]:
    """Change sets of which something is in force at `now`."""
    last: dict[tuple[str, str], int | None] = {}
    for key, by in session.execute(
        select(LibraryFile.key, LibraryFile.change_set_id)
        .where(LibraryFile.effective_from <= now, deployments.counts(LibraryFile.change_set_id))
        .order_by(LibraryFile.effective_from, LibraryFile.id)
    ):
        last["file", key] = by
    for process_id, by in session.execute(
        select(Publication.process_id, Publication.change_set_id)
        .where(Publication.effective_from <= now, deployments.counts(Publication.change_set_id))
        .order_by(Publication.effective_from, Publication.id)
    ):
        last["process", process_id] = by
    return frozenset(by for by in last.values() if by is not None)


def newest(session: Session) -> dict[str, str]:
    """name -> sha256 of the library's last contents, planned ones too: what an edit must not undo unseen."""
    rows = session.execute(
        select(LibraryFile.key, LibraryFile.name, LibraryFile.sha256, LibraryFile.gone)
        .where(deployments.counts(LibraryFile.change_set_id))
        .order_by(LibraryFile.effective_from, LibraryFile.id)
    )
    last = {key: (name, sha, gone) for key, name, sha, gone in rows}
    return {name: sha for name, sha, gone in last.values() if not gone}
