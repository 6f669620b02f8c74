"""Draws the picture the twelve checks look at: from the message as it came, the book as it stands and the rules."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from server import contracts
from server.clock import legal_date
from server.contracts import AcceptanceFiled, MeasuredBuilding, SpecialResult
from server.documents import papers
from server.registry import book, facts, rules
from server.registry.models import (
    LAND_AND_HOUSE,
    LAND_USE,
    Application,
    Parcel,
    Party,
    Payment,
    PlannedBuilding,
    Restriction,
    RestrictionEnd,
    Right,
    SiteVisit,
    Unit,
)

ONSITE = "onsite"


def message_of(application: Application) -> AcceptanceFiled:
    """The filing as it was handed over."""
    return cast(AcceptanceFiled, contracts.parse("acceptance.filed", application.payload))


def picture(session: Session, application: Application, now: datetime) -> facts.CheckInput:
    """All facts the checks may know about an application, as they are now."""
    filed = message_of(application)
    parcel = session.scalar(select(Parcel).where(Parcel.code == filed.parcel_code))
    planned = list(
        session.scalars(
            select(PlannedBuilding)
            .where(PlannedBuilding.planning_permit_number == filed.planning_permit_number)
            .order_by(PlannedBuilding.number)
        )
    )
    return facts.CheckInput(
        rules=rules.version(application.rules_version),
        filing_number=filed.filing_number,
        filed_on=legal_date(filed.filed_at),
        owner=facts.Person(filed.owner_uscc, filed.owner_name),
        parcel_code=filed.parcel_code,
        parcel=_parcel(session, parcel) if parcel else None,
        buildings=_buildings(session, filed.buildings, planned),
        permitted_buildings=tuple(one.name for one in planned),
        joint_opinion=filed.joint_opinion_number,
        survey_report=filed.survey_report_number,
        specials=tuple(
            facts.Special(one.special, one.name, one.passed, _by(one), legal_date(one.decided_at))
            for one in filed.specials
            if one.special != ONSITE
        ),
        site_visit=_site_visit(session, application, filed),
        consent=_consent(application, filed),
        licences=_licences(session, filed, now),
        restrictions=tuple(restrictions_in_force(session, parcel, legal_date(now))) if parcel else (),
    )


def digest(picture: facts.CheckInput) -> str:
    """The hash of what was looked at; equal facts and rules give equal hashes."""
    flat: dict[str, Any] = asdict(replace(picture, rules=cast(Any, None)))
    return hashlib.sha256(book.canonical({**flat, "rules": picture.rules.version}).encode()).hexdigest()


def in_force(day: date) -> ColumnElement[bool]:
    """The condition on ``Restriction`` for being in force on a legal day: neither it nor its origin was lifted."""
    ended = select(RestrictionEnd.restriction_id)
    return (
        Restriction.id.not_in(ended)
        & or_(Restriction.origin_id.is_(None), Restriction.origin_id.not_in(ended))
        & (Restriction.since <= day)
        & or_(Restriction.until.is_(None), Restriction.until >= day)
    )


def restrictions_in_force(session: Session, parcel: Parcel, day: date) -> Sequence[facts.Restriction]:
    """The restrictions on a parcel and its units, without those that were only carried over from the land."""
    rows = session.scalars(
        select(Restriction)
        .where(Restriction.parcel_id == parcel.id, Restriction.origin_id.is_(None), in_force(day))
        .order_by(Restriction.id)
    )
    return [
        facts.Restriction(
            row.id,
            row.kind,
            row.unit_code or parcel.code,
            facts.Person(row.against_uscc, row.against_name),
            row.holder,
            row.document,
            row.since,
            row.until,
            row.demand,
        )
        for row in rows
    ]


def _parcel(session: Session, parcel: Parcel) -> facts.Parcel:
    newer = aliased(Right)
    rights = session.execute(
        select(Party.uscc, Party.name, Right.certificate_number)
        .join(Party, Party.id == Right.party_id)
        .where(Right.parcel_id == parcel.id, Right.kind == LAND_USE)
        .where(
            ~select(newer.id)
            .where(newer.unit_code == Right.unit_code, newer.kind == Right.kind, newer.version > Right.version)
            .exists()
        )
        .order_by(Right.id)
    ).all()
    return facts.Parcel(
        code=parcel.code,
        area=parcel.area,
        use=parcel.use,
        location=parcel.location,
        holders=tuple(facts.Person(row.uscc, row.name) for row in rights),
        certificate_number=rights[0].certificate_number if rights else "",
        price=_payment(session, parcel, "price"),
        deed_tax=_payment(session, parcel, "deed_tax"),
    )


def _payment(session: Session, parcel: Parcel, kind: str) -> facts.Payment | None:
    row = session.scalar(
        select(Payment).where(Payment.parcel_id == parcel.id, Payment.kind == kind).order_by(Payment.id.desc()).limit(1)
    )
    return facts.Payment(row.paid, row.voucher, legal_date(row.recorded_at)) if row else None


def _buildings(
    session: Session, measured: Sequence[MeasuredBuilding], planned: Sequence[PlannedBuilding]
) -> tuple[facts.Building, ...]:
    by_name = {one.name: one for one in planned}
    units = _units(session, planned)
    return tuple(
        facts.Building(
            name=one.number,
            use=one.use,
            floors_above=one.floors_above,
            floors_below=one.floors_below,
            stated_permitted=one.permitted,
            planning_area=one.planning_measured,
            property_area=one.property_measured,
            permitted=_permitted(by_name.get(one.number)),
            units=tuple(units.get(by_name[one.number].id, ())) if one.number in by_name else (),
            common=one.common_area,
            civil_defence=one.civil_defence_area,
            shared=one.shared_area,
        )
        for one in measured
    )


def _permitted(planned: PlannedBuilding | None) -> facts.Permitted | None:
    if planned is None:
        return None
    return facts.Permitted(
        planned.name,
        planned.use,
        planned.floors_above,
        planned.floors_below,
        planned.planned_area,
        planned.common_area,
        planned.civil_defence_area,
        planned.parcel_code,
    )


def _units(session: Session, planned: Sequence[PlannedBuilding]) -> dict[int, list[facts.Unit]]:
    """The pre-numbered units of these buildings, each with whose right is on it."""
    rows = session.execute(
        select(Unit.building_id, Unit.code, Unit.floor, Unit.label, Unit.planned_area, Right.certificate_number)
        .outerjoin(Right, (Right.unit_code == Unit.code) & (Right.kind == LAND_AND_HOUSE) & (Right.version == 1))
        .where(Unit.building_id.in_([one.id for one in planned]))
        .order_by(Unit.building_id, Unit.serial)
    )
    units: dict[int, list[facts.Unit]] = {}
    for building_id, code, floor, label, area, certificate in rows:
        units.setdefault(building_id, []).append(facts.Unit(code, floor, label, Decimal(area), certificate or ""))
    return units


def _by(result: SpecialResult) -> str:
    """Unit and officer; a sender that puts the unit before the officer's name is not repeated."""
    officer = result.officer
    return officer if officer.startswith(result.unit) else f"{result.unit}·{officer}"


def _site_visit(session: Session, application: Application, filed: AcceptanceFiled) -> facts.SiteVisit | None:
    """The registry's own last visit, else the confirmation that came with the joint acceptance."""
    own = session.scalar(
        select(SiteVisit).where(SiteVisit.application_id == application.id).order_by(SiteVisit.id.desc()).limit(1)
    )
    if own is not None:
        return facts.SiteVisit(own.visitor, own.visited_on, own.as_described, "登记中心实地查看记录")
    for one in filed.specials:
        if one.special == ONSITE:
            return facts.SiteVisit(_by(one), legal_date(one.decided_at), one.passed, f"联合验收·{one.name}")
    return None


def _consent(application: Application, filed: AcceptanceFiled) -> facts.Consent | None:
    given = filed.consent
    if given is None:
        return None
    return facts.Consent(
        applicant=facts.Person(filed.owner_uscc, filed.owner_name),
        signed_by=given.signer,
        signed_at=given.signed_at,
        digest=given.sha256,
        intact=hashlib.sha256(given.text.encode()).hexdigest() == given.sha256.lower(),
        signature_valid=application.signature_valid,
    )


def _licences(session: Session, filed: AcceptanceFiled, now: datetime) -> tuple[facts.Licence, ...]:
    """The construction permits, each with what the register of papers says of it now."""
    found = []
    for number in filed.construction_permits:
        paper = papers.find(session, number)
        word = None
        if paper is not None:
            standing = papers.standing_of(session, paper, now)
            word = facts.VALID if standing.in_force else standing.word
        found.append(facts.Licence("施工许可证", number, word))
    return tuple(found)
