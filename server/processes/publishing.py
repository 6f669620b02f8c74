"""That a version comes into force: the publication and its entry in the record. Who may, and when: releasing."""

from datetime import datetime

from sqlalchemy.orm import Session

from server import audit
from server.accounts.actor import Actor
from server.processes.models import Publication, Version


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


def subject(process_id: str) -> str:
    """How the audit record names a process."""
    return f"process:{process_id}"
