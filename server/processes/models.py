"""Where the engine meets the database: published models, running instances and what they wait for.

Blobs, versions and publications say which model is in force; they are only added to. Instances hold the engine's state.
Work items, subscriptions and timers are projections of that state, rewritten at every step and edited nowhere else: a row
that is gone is done. Who claimed a work item is truth of its own, kept in the assignments.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import AppendOnly, Base, Instant, Json


class Blob(Base):
    """A file of a model, named by the hash of what it says: *.bpmn, *.dmn or *.form."""

    __tablename__ = "pro_blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LibraryFile(Base):
    """A file every model may use by name (forms, decisions, called processes), as it was first seen; the last one counts.

    key: the form's id for a form, the file's name otherwise.
    """

    __tablename__ = "pro_library"
    __table_args__ = (Index("ix_pro_library_key", "key", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(ForeignKey("pro_blobs.sha256"))
    added_at: Mapped[datetime] = mapped_column(Instant)


class Version(Base):
    """A process with all it calls, decides and asks by. The closure's hash is what it is; the number is for people.

    files: name -> sha256 of each file of the closure. origin: 'disk' (bpmn/ and forms/) or 'designer'.
    """

    __tablename__ = "pro_versions"
    __table_args__ = (
        UniqueConstraint("process_id", "number", name="uq_pro_versions_number"),
        UniqueConstraint("process_id", "closure_hash", name="uq_pro_versions_closure"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(100))
    number: Mapped[int]
    closure_hash: Mapped[str] = mapped_column(String(64))
    files: Mapped[dict[str, str]] = mapped_column(Json)
    origin: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(200))
    created_by_id: Mapped[int | None]
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    submitted_by: Mapped[str | None] = mapped_column(String(200))
    submitted_by_id: Mapped[int | None]


class Publication(Base, AppendOnly):
    """That a version came into force: the last one of a process counts. kind: 'publish' or 'revert'."""

    __tablename__ = "pro_publications"
    __table_args__ = (Index("ix_pro_publications_process", "process_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(100))
    version_id: Mapped[int] = mapped_column(ForeignKey("pro_versions.id"))
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime] = mapped_column(Instant)
    published_by: Mapped[str] = mapped_column(String(200))
    published_by_id: Mapped[int | None]


class Instance(Base):
    """A running or finished process. state is the engine's and opaque here; a finished one needs none.

    subject: whose process it is, in the words of its area ('case:12'). trail: element -> [how often, when last], the time in
    seconds since started_at. shadows: which projections have rows, a sum of WORK_ITEMS, SUBSCRIPTIONS, ... of `rest`.
    """

    __tablename__ = "pro_instances"
    __table_args__ = (Index("ix_pro_instances_subject", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("pro_versions.id"))
    area: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(60))
    district: Mapped[str] = mapped_column(String(6))
    organisation_id: Mapped[int | None]
    state: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(10))  # running | completed | cancelled
    trail: Mapped[dict[str, Any]] = mapped_column(Json)
    shadows: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class WorkItem(Base):
    """An open task of a person: what the inbox lists. unit is the lane; organisation_id is set in the owner's lane only."""

    __tablename__ = "pro_work_items"
    __table_args__ = (
        UniqueConstraint("instance_id", "task_id", name="uq_pro_work_items_task"),
        Index("ix_pro_work_items_unit", "unit", "district", "opened_at"),
        Index("ix_pro_work_items_organisation", "organisation_id", "opened_at"),
        Index("ix_pro_work_items_claimed", "claimed_by", "opened_at"),
        Index("ix_pro_work_items_subject", "subject"),
        {"sqlite_autoincrement": True},
    )  # the id of a task done must never name another

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("pro_instances.id"))
    task_id: Mapped[int]
    element: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[int | None]
    form_id: Mapped[str | None] = mapped_column(String(100))
    area: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(60))
    district: Mapped[str] = mapped_column(String(6))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    claimed_by: Mapped[int | None]
    claimed_name: Mapped[str | None] = mapped_column(String(200))


class Assignment(Base, AppendOnly):
    """Who took a task or gave it back, only added to; the work item shows the last one."""

    __tablename__ = "pro_assignments"
    __table_args__ = (Index("ix_pro_assignments_task", "instance_id", "task_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int]
    task_id: Mapped[int]
    account_id: Mapped[int]
    account: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))  # claimed | released
    at: Mapped[datetime] = mapped_column(Instant)


class Subscription(Base):
    """A message an instance waits for, by name and key."""

    __tablename__ = "pro_subscriptions"
    __table_args__ = (
        Index("ix_pro_subscriptions_name", "name", "key"),
        Index("ix_pro_subscriptions_instance", "instance_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("pro_instances.id"))
    task_id: Mapped[int]
    element: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200))


class Timer(Base):
    """A technical wait of an instance. Legal limits are not here: they live in the ledgers of the areas."""

    __tablename__ = "pro_timers"
    __table_args__ = (Index("ix_pro_timers_due", "due"), Index("ix_pro_timers_instance", "instance_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("pro_instances.id"))
    task_id: Mapped[int]
    element: Mapped[str] = mapped_column(String(100))
    due: Mapped[datetime] = mapped_column(Instant)
