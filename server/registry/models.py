"""The registry's tables, in the words of LADM (ISO 19152): party, spatial unit, right, restriction; and its procedure.

What records a legal act is appended, never changed: a state is the last step, a restriction in force one without an end,
a surveyed area the last survey's. Areas are ㎡, money is yuan. The book itself is ``Entry``, chained by hashes.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import AppendOnly, Area, Base, Instant, Json, Money

LAND_USE = "land_use"
LAND_AND_HOUSE = "land_and_house"


class Party(Base):
    """LA_Party: who holds a right. An organisation is known by its unified social credit code."""

    __tablename__ = "reg_parties"

    id: Mapped[int] = mapped_column(primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(200))


class Parcel(Base, AppendOnly):
    """LA_SpatialUnit, a piece of land. Its row is the lock of its book."""

    __tablename__ = "reg_parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(19), unique=True)
    district: Mapped[str] = mapped_column(String(6))
    area: Mapped[Decimal] = mapped_column(Area)
    use: Mapped[str] = mapped_column(String(100))
    nature: Mapped[str] = mapped_column(String(20))  # 出让 | 划拨 …
    location: Mapped[str] = mapped_column(String(300))
    use_from: Mapped[date | None]
    use_until: Mapped[date | None]
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[str] = mapped_column(String(200))


class Payment(Base, AppendOnly):
    """What is known of a payment due for the land: the last row of a kind counts. kind: price | deed_tax."""

    __tablename__ = "reg_payments"
    __table_args__ = (Index("ix_reg_payments_parcel", "parcel_id", "kind", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("reg_parcels.id"))
    kind: Mapped[str] = mapped_column(String(20))
    paid: Mapped[bool]
    amount: Mapped[Decimal | None] = mapped_column(Money)
    voucher: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(200))


class PlannedBuilding(Base, AppendOnly):
    """A building of a planning permit, numbered in advance. ``number``: its four digits in the unit code."""

    __tablename__ = "reg_planned_buildings"
    __table_args__ = (
        UniqueConstraint("parcel_code", "number", name="uq_reg_planned_buildings_number"),
        UniqueConstraint("planning_permit_number", "name", name="uq_reg_planned_buildings_name"),
        Index("ix_reg_planned_buildings_project", "project_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_code: Mapped[str] = mapped_column(String(19))
    number: Mapped[int]
    project_code: Mapped[str] = mapped_column(String(30))
    project_name: Mapped[str] = mapped_column(String(200))
    planning_permit_number: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(60))
    use: Mapped[str] = mapped_column(String(100))
    floors_above: Mapped[int]
    floors_below: Mapped[int]
    planned_area: Mapped[Decimal] = mapped_column(Area)
    common_area: Mapped[Decimal] = mapped_column(Area)
    civil_defence_area: Mapped[Decimal] = mapped_column(Area)
    shared_area: Mapped[Decimal] = mapped_column(Area)
    announced_at: Mapped[datetime] = mapped_column(Instant)


class Unit(Base, AppendOnly):
    """LA_LegalSpaceBuildingUnit: a unit with its code for life. ``floor`` is negative below ground."""

    __tablename__ = "reg_units"
    __table_args__ = (
        UniqueConstraint("building_id", "serial", name="uq_reg_units_serial"),
        UniqueConstraint("building_id", "floor", "label", name="uq_reg_units_label"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(28), unique=True)
    building_id: Mapped[int] = mapped_column(ForeignKey("reg_planned_buildings.id"))
    serial: Mapped[int]
    floor: Mapped[int]
    label: Mapped[str] = mapped_column(String(20))  # 1202
    use: Mapped[str] = mapped_column(String(100))
    planned_area: Mapped[Decimal] = mapped_column(Area)


class Building(Base, AppendOnly):
    """A building as it stands, from the survey of the application that booked it."""

    __tablename__ = "reg_buildings"
    __table_args__ = (UniqueConstraint("planned_id", "application_id", name="uq_reg_buildings_survey"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    planned_id: Mapped[int] = mapped_column(ForeignKey("reg_planned_buildings.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"))
    use: Mapped[str] = mapped_column(String(100))
    floors_above: Mapped[int]
    floors_below: Mapped[int]
    planning_area: Mapped[Decimal] = mapped_column(Area)
    property_area: Mapped[Decimal] = mapped_column(Area)
    common_area: Mapped[Decimal] = mapped_column(Area)
    civil_defence_area: Mapped[Decimal] = mapped_column(Area)
    shared_area: Mapped[Decimal] = mapped_column(Area)
    survey_report: Mapped[str] = mapped_column(String(100))


class Right(Base, AppendOnly):
    """LA_Right on a unit code (land: …W00000000). The highest ``version`` of a unit is the one in force.

    kind: land_use (建设用地使用权) | land_and_house (国有建设用地使用权/房屋所有权). ``area``: the surveyed area of the unit,
    of the land for a right to land. ``entry``: its number in the parcel's book.
    """

    __tablename__ = "reg_rights"
    __table_args__ = (
        UniqueConstraint("unit_code", "kind", "version", name="uq_reg_rights_version"),
        Index("ix_reg_rights_parcel", "parcel_id"),
        Index("ix_reg_rights_application", "application_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("reg_parcels.id"))
    unit_code: Mapped[str] = mapped_column(String(28))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("reg_units.id"))
    kind: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    party_id: Mapped[int] = mapped_column(ForeignKey("reg_parties.id"))
    area: Mapped[Decimal] = mapped_column(Area)
    certificate_number: Mapped[str] = mapped_column(String(60))
    contract_number: Mapped[str] = mapped_column(String(100), default="")
    application_id: Mapped[int | None] = mapped_column(ForeignKey("reg_applications.id"))
    entry: Mapped[int]
    since: Mapped[datetime] = mapped_column(Instant)


class CommonPart(Base, AppendOnly):
    """FDCQ3: what all owners own together; entered in the book, never certified."""

    __tablename__ = "reg_common_parts"

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("reg_parcels.id"), index=True)
    building_id: Mapped[int] = mapped_column(ForeignKey("reg_planned_buildings.id"))
    name: Mapped[str] = mapped_column(String(60))
    area: Mapped[Decimal] = mapped_column(Area)
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"))
    entry: Mapped[int]


class Annotation(Base, AppendOnly):
    """A remark in the book that is no right. kind: civil_defence."""

    __tablename__ = "reg_annotations"

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("reg_parcels.id"), index=True)
    building_id: Mapped[int] = mapped_column(ForeignKey("reg_planned_buildings.id"))
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(300))
    area: Mapped[Decimal] = mapped_column(Area)
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"))
    entry: Mapped[int]


class Restriction(Base, AppendOnly):
    """LA_Restriction. kind: seizure | provisional_seizure | mortgage | construction_mortgage | objection | dispute.

    On the parcel when ``unit_code`` is empty. ``origin_id``: the land's restriction this one was carried over from.
    ``against_*``: debtor, mortgagor or the holder objected to. ``holder``: court, mortgagee, objector.
    """

    __tablename__ = "reg_restrictions"
    __table_args__ = (
        UniqueConstraint("origin_id", "unit_code", name="uq_reg_restrictions_carried"),
        Index("ix_reg_restrictions_unit", "unit_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("reg_parcels.id"), index=True)
    unit_code: Mapped[str] = mapped_column(String(28), default="")
    kind: Mapped[str] = mapped_column(String(30))
    against_uscc: Mapped[str] = mapped_column(String(18))
    against_name: Mapped[str] = mapped_column(String(200))
    holder: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(200))
    since: Mapped[date]
    until: Mapped[date | None]
    demand: Mapped[str] = mapped_column(String(300), default="")
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("reg_restrictions.id"))
    entry: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(200))


class RestrictionEnd(Base, AppendOnly):
    """That a restriction was lifted; those carried over from it end with it."""

    __tablename__ = "reg_restriction_ends"

    restriction_id: Mapped[int] = mapped_column(ForeignKey("reg_restrictions.id"), primary_key=True)
    document: Mapped[str] = mapped_column(String(200))
    entry: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(200))


class Application(Base, AppendOnly):
    """A first registration handed over by a filing. Its state is its last step; its content is the message as it came.

    ``signature_valid``: what verifying the owner's signature at receipt gave, None when it could not be verified.
    ``rules_version``: the thresholds it is bound to. ``authority``: {name, city, code, short} of whoever registers.
    """

    __tablename__ = "reg_applications"
    __table_args__ = (
        UniqueConstraint("filing_number", "filing_version", name="uq_reg_applications_filing"),
        Index("ix_reg_applications_parcel", "parcel_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    filing_number: Mapped[str] = mapped_column(String(100))
    filing_version: Mapped[int]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)
    district: Mapped[str] = mapped_column(String(6))
    project_code: Mapped[str] = mapped_column(String(30))
    project_name: Mapped[str] = mapped_column(String(200))
    owner_name: Mapped[str] = mapped_column(String(200))
    owner_uscc: Mapped[str] = mapped_column(String(18), index=True)
    parcel_code: Mapped[str] = mapped_column(String(19))
    rules_version: Mapped[str] = mapped_column(String(20))
    signature_valid: Mapped[bool | None]
    authority: Mapped[dict[str, str]] = mapped_column(Json)


class Step(Base, AppendOnly):
    """One step of an application; which may follow which stands in ``steps.py``."""

    __tablename__ = "reg_steps"
    __table_args__ = (UniqueConstraint("application_id", "sequence", name="uq_reg_steps_sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"))
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(Json)


class Decision(Base, AppendOnly):
    """What a registrar answered to a task of the process: outcome, the form's answers, who, when."""

    __tablename__ = "reg_decisions"
    __table_args__ = (Index("ix_reg_decisions_application", "application_id", "element"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"))
    element: Mapped[str] = mapped_column(String(100))
    task: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(40))
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    actor: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Instant)


class CheckRun(Base, AppendOnly):
    """One run of all twelve. occasion: receipt | cured | booking. ``digest``: hash of the facts it looked at."""

    __tablename__ = "reg_check_runs"
    __table_args__ = (UniqueConstraint("application_id", "sequence", name="uq_reg_check_runs_sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"))
    sequence: Mapped[int]
    occasion: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant)
    rules_version: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    held: Mapped[bool]


class CheckResult(Base, AppendOnly):
    """What one of the twelve said in one run."""

    __tablename__ = "reg_check_results"
    __table_args__ = (UniqueConstraint("run_id", "code", name="uq_reg_check_results_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("reg_check_runs.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(4))
    title: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(4))
    reason: Mapped[str] = mapped_column(Text)
    evidence: Mapped[list[dict[str, str]]] = mapped_column(Json)
    causes: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    basis: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class Notice(Base, AppendOnly):
    """That a cause of a hold was told, once, to those who can cure it."""

    __tablename__ = "reg_notices"
    __table_args__ = (UniqueConstraint("application_id", "cause", name="uq_reg_notices_cause"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"))
    cause: Mapped[str] = mapped_column(String(100))
    recipients: Mapped[list[str]] = mapped_column(Json)
    text: Mapped[str] = mapped_column(Text)
    cure: Mapped[str] = mapped_column(Text)
    paper_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Instant)


class SiteVisit(Base, AppendOnly):
    """A visit the registry made itself, because the acceptance brought no confirmation."""

    __tablename__ = "reg_site_visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"), index=True)
    visited_on: Mapped[date]
    visitor: Mapped[str] = mapped_column(String(200))
    as_described: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class Entry(Base, AppendOnly):
    """One entry of a parcel's book, chained to the one before it. ``content`` is canonical JSON text, as hashed."""

    __tablename__ = "reg_entries"
    __table_args__ = (
        UniqueConstraint("book", "sequence", name="uq_reg_entries_sequence"),
        Index("ix_reg_entries_unit", "unit_code", "id"),
        Index("ix_reg_entries_application", "application_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[str] = mapped_column(String(19))
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(30))
    unit_code: Mapped[str] = mapped_column(String(28))
    content: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(String(300))
    application_id: Mapped[int | None] = mapped_column(ForeignKey("reg_applications.id"))
    registrar: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Certificate(Base, AppendOnly):
    """The one certificate of a first registration: the whole parcel; the units are only booked."""

    __tablename__ = "reg_certificates"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("reg_applications.id"), unique=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("reg_parcels.id"), index=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("reg_parties.id"))
    paper_id: Mapped[int]
    verification_code: Mapped[str] = mapped_column(String(40))
    units: Mapped[int]
    entry: Mapped[int]
    issued_at: Mapped[datetime] = mapped_column(Instant)
