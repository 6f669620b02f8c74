"""Tables of the approval side (apv_). What records a legal act is AppendOnly; what a row means now is read from its records.

Pointers that save a search (`Case.last_record_id`, `Permit.status`, `PermitScope.valid`) are rewritten only where the act
that changes them is appended, in the same transaction.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db import AppendOnly, Area, Base, Instant, Json


class Project(Base):
    """An investment project (or one works code of it) and its owner. permit_mode: THREE, TWO or SINGLE, locked when the
    first construction permit is admitted."""

    __tablename__ = "apv_projects"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    works_code: Mapped[str] = mapped_column(String(40), default="")
    owner_organisation_id: Mapped[int] = mapped_column(ForeignKey("acc_organisations.id"), index=True)
    flow_type: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300))
    district: Mapped[str] = mapped_column(String(6), index=True)
    parcel_code: Mapped[str | None] = mapped_column(String(19))
    permit_mode: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(200))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class Result(AppendOnly, Base):
    """A result the project has: entered by a clerk from its document (historical), or issued by a case here.

    data: what the result says beyond its number (for B02 the buildings and their units). Never changed: a newer one of
    the same code counts.
    """

    __tablename__ = "apv_results"
    __table_args__ = (UniqueConstraint("project_id", "code", "number", name="uq_apv_results_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("apv_projects.id"))
    code: Mapped[str] = mapped_column(String(10))
    origin: Mapped[str] = mapped_column(String(10))  # historical | issued
    number: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    authority: Mapped[str] = mapped_column(String(200))
    issued_on: Mapped[date]
    valid_until: Mapped[date | None]
    file_id: Mapped[int | None] = mapped_column(ForeignKey("fil_files.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("apv_cases.id"))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[str] = mapped_column(String(200))


class Building(Base):
    """A building of the planning permit. Areas in ㎡: planned after GB/T 50353, the others of the property measure.

    units: the unit groups as announced (contracts.UnitGroup), compact: 600 rows would say no more.
    """

    __tablename__ = "apv_buildings"
    __table_args__ = (UniqueConstraint("project_id", "number", name="uq_apv_buildings_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("apv_projects.id"))
    result_id: Mapped[int] = mapped_column(ForeignKey("apv_results.id"))
    position: Mapped[int]
    number: Mapped[str] = mapped_column(String(40))
    use: Mapped[str] = mapped_column(String(100))
    floors_above: Mapped[int]
    floors_below: Mapped[int]
    planned_area: Mapped[Decimal] = mapped_column(Area)
    common_area: Mapped[Decimal] = mapped_column(Area)
    civil_defence_area: Mapped[Decimal] = mapped_column(Area)
    shared_area: Mapped[Decimal] = mapped_column(Area)
    units: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    unit_count: Mapped[int]


class Application(Base):
    """What an owner is filling in. It may change until it is submitted; the case then keeps its own snapshot."""

    __tablename__ = "apv_applications"
    __table_args__ = (Index("ix_apv_applications_project", "project_id", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("apv_projects.id"))
    matter: Mapped[str] = mapped_column(String(10))
    phase: Mapped[str | None] = mapped_column(String(5))
    buildings: Mapped[list[str]] = mapped_column(Json)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    materials: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    revision: Mapped[int] = mapped_column(default=1)
    copied_from: Mapped[int | None] = mapped_column(ForeignKey("apv_applications.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("apv_cases.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(200))
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Case(Base):
    """One matter applied for once (办件). It has no status: `last_record_id` points at the record that says it.

    revision: of the dossier; grows when materials or facts change, so that nobody decides on what they have not seen.
    process_version_id: the model and forms it is bound to from its start. matters_sha, materials_sha: the contents of
    matters.yaml and materials.yaml it is bound to from 受理 on; None before; '' for a case admitted before they were kept
    (migration 0004): the oldest kept. promise, promise_unit: what was promised at 受理; before, what was when it was received.
    """

    __tablename__ = "apv_cases"
    __table_args__ = (
        Index("ix_apv_cases_project", "project_id", "id"),
        Index("ix_apv_cases_owner", "owner_organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(40), unique=True)
    query_code: Mapped[str] = mapped_column(String(8), unique=True)
    matter: Mapped[str] = mapped_column(String(10))
    phase: Mapped[str | None] = mapped_column(String(5))
    project_id: Mapped[int] = mapped_column(ForeignKey("apv_projects.id"))
    owner_organisation_id: Mapped[int] = mapped_column(ForeignKey("acc_organisations.id"))
    district: Mapped[str] = mapped_column(String(6))
    application_id: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    revision: Mapped[int] = mapped_column(default=1)
    promise: Mapped[int]
    promise_unit: Mapped[str] = mapped_column(String(20))
    matters_sha: Mapped[str | None] = mapped_column(String(64))
    materials_sha: Mapped[str | None] = mapped_column(String(64))
    process_version_id: Mapped[int | None]
    instance_id: Mapped[int | None] = mapped_column(index=True)
    last_record_id: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(Instant)
    applicant_id: Mapped[int | None]
    applicant: Mapped[str] = mapped_column(String(200))


class CaseBuilding(AppendOnly, Base):
    """A building a case applies for."""

    __tablename__ = "apv_case_buildings"

    case_id: Mapped[int] = mapped_column(ForeignKey("apv_cases.id"), primary_key=True)
    building_id: Mapped[int] = mapped_column(ForeignKey("apv_buildings.id"), primary_key=True, index=True)


class CaseMaterial(AppendOnly, Base):
    """A material as it was attached in a revision of the dossier; a later revision of the same code replaces it."""

    __tablename__ = "apv_case_materials"
    __table_args__ = (UniqueConstraint("case_id", "code", "revision", "file_id", name="uq_apv_case_materials"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("apv_cases.id"))
    code: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int]
    file_id: Mapped[int] = mapped_column(ForeignKey("fil_files.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(String(255))
    origin: Mapped[str] = mapped_column(String(100))  # upload, or whose result or earlier case it was taken from
    added_at: Mapped[datetime] = mapped_column(Instant)


class CaseRecord(AppendOnly, Base):
    """One entry of the case's record (办理记录): who recorded which transition, when, with what opinion."""

    __tablename__ = "apv_records"
    __table_args__ = (UniqueConstraint("case_id", "seq", name="uq_apv_records_seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("apv_cases.id"))
    seq: Mapped[int]
    state: Mapped[int]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("apv_decisions.id"))  # what led to it
    unit: Mapped[str] = mapped_column(String(100))
    actor_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(200))
    opinion: Mapped[str] = mapped_column(Text)
    element: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(Instant)
    legal_date: Mapped[date]


class Decision(AppendOnly, Base):
    """What a person decided on a task, on which revision of the dossier. A special acceptance is one of these."""

    __tablename__ = "apv_decisions"
    __table_args__ = (Index("ix_apv_decisions_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("apv_cases.id"))
    work_item_id: Mapped[int] = mapped_column(unique=True)
    element: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    form_id: Mapped[str | None] = mapped_column(String(100))
    outcome: Mapped[str] = mapped_column(String(40))
    opinion: Mapped[str] = mapped_column(Text)
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    seen_revision: Mapped[int]
    unit: Mapped[str] = mapped_column(String(100))
    actor_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)


class Notice(AppendOnly, Base):
    """A list sent once: what to correct (correction) or to put right on site (rectification)."""

    __tablename__ = "apv_notices"
    __table_args__ = (Index("ix_apv_notices_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("apv_cases.id"))
    kind: Mapped[str] = mapped_column(String(20))  # correction | rectification
    round: Mapped[int]
    unit: Mapped[str] = mapped_column(String(100))
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)


class NoticeItem(AppendOnly, Base):
    """One thing asked for: kind, object, one request sentence, basis and who asks."""

    __tablename__ = "apv_notice_items"
    __table_args__ = (UniqueConstraint("notice_id", "number", name="uq_apv_notice_items_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("apv_notices.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    request: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    material: Mapped[str | None] = mapped_column(String(10))


class NoticeReply(AppendOnly, Base):
    """The owner's answer to one item."""

    __tablename__ = "apv_notice_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("apv_notice_items.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("fil_files.id"))
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)


class Permit(Base):
    """A construction permit of one phase. status is the last of its events (domain 2.3)."""

    __tablename__ = "apv_permits"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("apv_projects.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("apv_cases.id"), unique=True)
    phase: Mapped[str] = mapped_column(String(5))
    scope: Mapped[str] = mapped_column(String(200))
    combines: Mapped[list[str]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(20))
    issued_on: Mapped[date]
    paper_id: Mapped[int]


class PermitScope(Base):
    """A building a permit covers. The database itself keeps two valid permits off one building and phase."""

    __tablename__ = "apv_permit_scopes"
    __table_args__ = (
        UniqueConstraint("permit_id", "building_id", name="uq_apv_permit_scopes"),
        Index(
            "uq_apv_permit_scopes_valid",
            "building_id",
            "phase",
            unique=True,
            sqlite_where=text("valid = 1"),
            postgresql_where=text("valid"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(ForeignKey("apv_permits.id"))
    building_id: Mapped[int] = mapped_column(ForeignKey("apv_buildings.id"))
    phase: Mapped[str] = mapped_column(String(5))
    valid: Mapped[bool]


class PermitEvent(AppendOnly, Base):
    """What happened to a permit: issued, commenced … day: the legal day it names (for commenced, the day work began)."""

    __tablename__ = "apv_permit_events"
    __table_args__ = (Index("ix_apv_permit_events_permit", "permit_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(ForeignKey("apv_permits.id"))
    kind: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    note: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)


class SurveyArea(AppendOnly, Base):
    """What the completion survey (多测合一) measured for a building, ㎡: planning GB/T 50353, property GB/T 17986."""

    __tablename__ = "apv_survey_areas"
    __table_args__ = (UniqueConstraint("case_id", "building_id", "revision", name="uq_apv_survey_areas"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("apv_cases.id"))
    building_id: Mapped[int] = mapped_column(ForeignKey("apv_buildings.id"))
    revision: Mapped[int]
    report_number: Mapped[str] = mapped_column(String(100))
    planning_measured: Mapped[Decimal] = mapped_column(Area)
    property_measured: Mapped[Decimal] = mapped_column(Area)
    common_area: Mapped[Decimal] = mapped_column(Area)
    civil_defence_area: Mapped[Decimal] = mapped_column(Area)
    shared_area: Mapped[Decimal] = mapped_column(Area)


class AcceptanceFiling(AppendOnly, Base):
    """A completion filing (竣工验收备案). qualified_on: the day its fifteen days run from."""

    __tablename__ = "apv_filings"
    __table_args__ = (UniqueConstraint("number", "version", name="uq_apv_filings_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    project_id: Mapped[int] = mapped_column(ForeignKey("apv_projects.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("apv_cases.id"), unique=True)
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("apv_consents.id"))
    qualified_on: Mapped[date]
    filed_at: Mapped[datetime] = mapped_column(Instant)
    filed_by: Mapped[str] = mapped_column(String(200))
    paper_id: Mapped[int]


class Consent(AppendOnly, Base):
    """The owner's signed application for first registration; registration begins on application only (domain 6.3)."""

    __tablename__ = "apv_consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("apv_projects.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("acc_organisations.id"))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(Text)
    signer_id: Mapped[int | None]
    signer: Mapped[str] = mapped_column(String(200))
    signed_at: Mapped[datetime] = mapped_column(Instant)


class RegistryAnswer(AppendOnly, Base):
    """What the registry answered to a filing: once a filing and version."""

    __tablename__ = "apv_registry_answers"
    __table_args__ = (UniqueConstraint("filing_id", "name", name="uq_apv_registry_answers"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    filing_id: Mapped[int] = mapped_column(ForeignKey("apv_filings.id"))
    name: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    received_at: Mapped[datetime] = mapped_column(Instant)


class Deadline(Base):
    """A legal limit that runs: of a case, a permit or a project. The due day is what the ledger last came to.

    due None: the calendar of that year is not published yet; `note` says so and the scanner tries again. closed_on: the
    day the thing was done. near_sent, passed_sent: what the scanner has told, so that it tells once.
    """

    __tablename__ = "apv_deadlines"
    __table_args__ = (
        Index("ix_apv_deadlines_case", "case_id", "kind"),
        Index("ix_apv_deadlines_open", "closed_on", "due"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("apv_cases.id"))
    permit_id: Mapped[int | None] = mapped_column(ForeignKey("apv_permits.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("apv_projects.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))  # intake | promise | correction | filing | commencement
    start: Mapped[date]
    n: Mapped[int]
    unit: Mapped[str] = mapped_column(String(20))
    due: Mapped[date | None]
    calendar_version: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, default="")
    closed_on: Mapped[date | None]
    near_sent: Mapped[date | None]
    passed_sent: Mapped[date | None]
