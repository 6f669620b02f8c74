"""Where the engine meets the database: published models, running instances and what they wait for.

Blobs, versions and publications say which model is in force; they are only added to. Change sets are how people come to
them: drafts until somebody else lets them through. Instances hold the engine's state.
Work items, subscriptions and timers are projections of that state, rewritten at every step and edited nowhere else: a row
that is gone is done. Who claimed a work item is truth of its own, kept in the assignments.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import AppendOnly, Base, Instant, Json


class Blob(Base):
    """A file of the library, named by the hash of what it says: *.bpmn, *.dmn, *.form, *.yaml."""

    __tablename__ = "pro_blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LibraryFile(Base):
    """A file that is in force from a moment on; of those begun by then, the last one counts. Only added to.

    key: the form's id for a form, the file's name otherwise. gone: from then on there is no such file (what a change set had
    brought was taken back). added_by_id: who published it; None: it came with the program. What a withdrawn change set had
    planned never counts.
    """

    __tablename__ = "pro_library"
    __table_args__ = (Index("ix_pro_library_key", "key", "effective_from", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(ForeignKey("pro_blobs.sha256"))
    added_at: Mapped[datetime] = mapped_column(Instant)
    effective_from: Mapped[datetime] = mapped_column(Instant)
    gone: Mapped[bool] = mapped_column(default=False)
    added_by_id: Mapped[int | None]
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("pro_change_sets.id"))


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


class Publication(Base, AppendOnly):
    """That a version comes into force at a moment: of those begun by then, the last one of a process counts.

    kind: 'publish', 'revert' (an earlier version again) or 'ended' (from then on no version is in force). What a withdrawn
    change set had planned never counts.
    """

    __tablename__ = "pro_publications"
    __table_args__ = (Index("ix_pro_publications_process", "process_id", "effective_from", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(100))
    version_id: Mapped[int] = mapped_column(ForeignKey("pro_versions.id"))
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime] = mapped_column(Instant)
    published_by: Mapped[str] = mapped_column(String(200))
    published_by_id: Mapped[int | None]
    effective_from: Mapped[datetime] = mapped_column(Instant)
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("pro_change_sets.id"))


class ChangeSet(Base):
    """Files that belong together on their way into force.

    state: draft | submitted | reviewed | published | abandoned | withdrawn (published, but taken back before its day).
    revision: counts what changed in it, so that nobody lets through what he has not seen. effective_on: the legal day it is
    meant for; None: the day it is published. reverts_id: the change set that this one takes back.
    """

    __tablename__ = "pro_change_sets"
    __table_args__ = (Index("ix_pro_change_sets_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int] = mapped_column(default=1)
    effective_on: Mapped[date | None]
    effective_from: Mapped[datetime | None] = mapped_column(Instant)
    reverts_id: Mapped[int | None] = mapped_column(ForeignKey("pro_change_sets.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(200))
    created_by_id: Mapped[int | None]


class ChangeFile(Base):
    """A file as the change set has it. base: the library's content the edit began with; None: the library had no such file.

    gone: the file is to leave the library (only when a change set that brought it is taken back).
    """

    __tablename__ = "pro_change_files"
    __table_args__ = (UniqueConstraint("change_set_id", "name", name="uq_pro_change_files_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("pro_change_sets.id"))
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(ForeignKey("pro_blobs.sha256"))
    base: Mapped[str | None] = mapped_column(String(64))
    gone: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime] = mapped_column(Instant)
    saved_by: Mapped[str] = mapped_column(String(200))
    saved_by_id: Mapped[int | None]


class ChangeAct(Base, AppendOnly):
    """What was done with a change set, by whom: also who wrote in it, who therefore may not let it through.

    kind: began | saved | removed | rebased | planned | submitted | returned | reviewed | published | reverted | withdrawn |
    abandoned. file: of saved, removed and rebased.
    """

    __tablename__ = "pro_change_acts"
    __table_args__ = (Index("ix_pro_change_acts_set", "change_set_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("pro_change_sets.id"))
    kind: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(Text, default="")
    file: Mapped[str | None] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    revision: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[int | None]


class Draft(Base):
    """What a person has typed and not saved: hers alone. base: the content it began with; None: the file was new."""

    __tablename__ = "pro_drafts"
    __table_args__ = (UniqueConstraint("change_set_id", "name", "account_id", name="uq_pro_drafts_account"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("pro_change_sets.id"))
    name: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    base: Mapped[str | None] = mapped_column(String(64))
    kept_at: Mapped[datetime] = mapped_column(Instant)


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
