"""Change sets for tests that need one and do not test them: rows as they lie there, past every check."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.processes import deployments
from server.processes.models import ChangeFile, ChangeSet, Draft


def begin_change(session: Session, actor: Actor, now: object, title: str = "改") -> ChangeSet:
    """An empty draft."""
    made = ChangeSet(
        title=title, reason="试", state="draft", created_at=now, created_by=actor.label, created_by_id=actor.account_id
    )
    session.add(made)
    session.flush()
    return made


def put_file(session: Session, change_id: int, name: str, data: bytes, actor: Actor, now: object) -> None:
    """A file that is new to the change set."""
    deployments.keep(session, [data])
    sha = deployments.sha256(data)
    session.add(ChangeFile(change_set_id=change_id, name=name, sha256=sha, saved_at=now, saved_by=actor.label))
    session.flush()


def type_draft(session: Session, change_id: int, name: str, data: bytes, actor: Actor, now: object) -> None:
    """What this person typed and did not save."""
    session.add(Draft(change_set_id=change_id, name=name, account_id=actor.account_id, content=data, kept_at=now))
    session.flush()


def files_in(session: Session, change_id: int) -> dict[str, bytes]:
    """name -> content of the change set's files."""
    rows = session.scalars(select(ChangeFile).where(ChangeFile.change_set_id == change_id)).all()
    return deployments.contents(session, {row.name: row.sha256 for row in rows})
