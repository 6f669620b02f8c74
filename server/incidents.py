"""Incidents: what stands still until a person looks at it. Nothing is swallowed: it is here, with reason and cure."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.accounts.actor import Actor
from server.db import Base, Instant, Json
from server.errors import NotFound


class Incident(Base):
    """Something that stands still until a person looks at it: a job, a message, or a place in a process.

    subject names it: 'job:4', 'message:9', 'instance:7/12' (instance and task). It is closed, never deleted.
    """

    __tablename__ = "job_incidents"
    __table_args__ = (
        Index(
            "ix_job_incidents_open",
            "subject",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))  # job | message | process | scanner
    subject: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(200))
    resolution: Mapped[str | None] = mapped_column(Text)


def report(
    session: Session, kind: str, subject: str, name: str, reason: str, payload: dict[str, Any], now: datetime
) -> None:
    """Note that something stands still; at most one open incident a subject."""
    if not session.scalar(select(Incident.id).where(Incident.subject == subject, Incident.closed_at.is_(None))):
        session.add(Incident(kind=kind, subject=subject, name=name, reason=reason, payload=payload, opened_at=now))
        session.flush()


def close(session: Session, subject: str, resolution: str, now: datetime, actor: Actor | None = None) -> None:
    """Close the open incident of a subject, if there is one."""
    session.execute(
        update(Incident)
        .where(Incident.subject == subject, Incident.closed_at.is_(None))
        .values(closed_at=now, resolution=resolution, closed_by=actor.label if actor else None)
    )


def get(session: Session, incident_id: int) -> Incident:
    """One incident, open or closed; NotFound."""
    found = session.get(Incident, incident_id)
    if found is None:
        raise NotFound("没有这条异常记录，请从异常列表重新进入。", code="INCIDENT_UNKNOWN")
    return found


def still_open(session: Session) -> list[Incident]:
    """All that stands still, the oldest first."""
    return list(session.scalars(select(Incident).where(Incident.closed_at.is_(None)).order_by(Incident.id)))


def open_under(session: Session, prefix: str) -> list[str]:
    """Subjects of the open incidents that begin so ('instance:7/')."""
    query = select(Incident.subject).where(
        Incident.closed_at.is_(None), Incident.subject.startswith(prefix, autoescape=True)
    )
    return list(session.scalars(query))
