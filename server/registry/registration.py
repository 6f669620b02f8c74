"""Writes a first registration into the book: the right on the whole parcel, every unit, common parts, annotations, and
what goes along from the land; then issues the one certificate. All in the transaction of the registrar's confirmation.

Whole parcel, one certificate; units are booked without a certificate each; common parts are booked and never certified;
civil defence is an annotation, not a right (domain.md §6.2).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.models import Organisation
from server.clock import legal_date
from server.config import City
from server.contracts import AcceptanceFiled
from server.documents import numbering, papers
from server.registry import book, codes, evidence, facts
from server.registry.book import Writing, Written
from server.registry.facts import ZERO
from server.registry.findings import square_metres
from server.registry.models import (
    LAND_AND_HOUSE,
    Annotation,
    Application,
    Building,
    Certificate,
    CommonPart,
    Notice,
    Parcel,
    Party,
    PlannedBuilding,
    Restriction,
    Right,
    Unit,
)
from server.registry.recording import subject

RIGHT = "国有建设用地使用权/房屋所有权"
COMMON_PART = "物业用房"
CIVIL_DEFENCE = "人民防空工程，由投资者使用管理收益，不登记所有权"
KINDS = {
    "land_use": "国有建设用地使用权首次登记",
    "first_registration": "首次登记（整宗）",
    "unit_right": "首次登记（单元）",
    "common_part": "建筑物区分所有权业主共有部分",
    "civil_defence": "人防工程附记",
    "restriction": "限制登记",
    "restriction_carried": "限制随土地转记到单元",
    "mortgage_converted": "在建建筑物抵押转现房抵押",
    "restriction_ended": "限制解除",
}


@dataclass(frozen=True)
class Booked:
    """What a first registration put into the book."""

    certificate: Certificate
    written: Written
    units: int


@dataclass(frozen=True)
class _Standing:
    """One building of the filing beside its pre-numbered row and units."""

    planned: PlannedBuilding
    measured: facts.Building
    units: list[Unit]


@dataclass(frozen=True)
class _Registration:
    """What every part of one registration shares."""

    session: Session
    application: Application
    filed: AcceptanceFiled
    parcel: Parcel
    owner: Party
    number: str
    buildings: list[_Standing]
    registrar: Actor
    now: datetime

    @property
    def units(self) -> list[Unit]:
        return [unit for one in self.buildings for unit in one.units]

    @property
    def land(self) -> str:
        return codes.land_unit(self.parcel.code)

    @property
    def area(self) -> Decimal:
        return sum((one.measured.property_area for one in self.buildings), ZERO)


def register(session: Session, application: Application, registrar: Actor, now: datetime) -> Booked:
    """Write the registration of a checked application; the parcel's row must be locked by the caller."""
    filed = evidence.message_of(application)
    parcel = session.scalars(select(Parcel).where(Parcel.code == application.parcel_code)).one()
    picture = evidence.picture(session, application, now)
    this = _Registration(
        session=session,
        application=application,
        filed=filed,
        parcel=parcel,
        owner=party(session, filed.owner_uscc, filed.owner_name),
        number=numbering.certificate_number(session, city_of(application), legal_date(now).year),
        buildings=_standing(session, filed, picture.buildings),
        registrar=registrar,
        now=now,
    )
    carried = [one for one in picture.restrictions if one.kind in (*facts.SEIZURES, "construction_mortgage")]
    written = book.append(
        session,
        parcel.code,
        [*_rights(this), *_common(this), *_civil_defence(this), *_carried(this, carried)],
        cause=f"竣工验收备案 {application.filing_number}，{application.number}",
        application_id=application.id,
        registrar=registrar.label,
        now=now,
    )
    _project(this, written, carried)
    return Booked(_certify(this, written), written, len(this.units))


def party(session: Session, uscc: str, name: str) -> Party:
    """The party with this credit code, entered when new."""
    found = session.scalar(select(Party).where(Party.uscc == uscc))
    if found is None:
        found = Party(uscc=uscc, name=name)
        session.add(found)
        session.flush()
    return found


def city_of(application: Application) -> City:
    """The city in whose name the application is registered, as noted at its receipt."""
    authority = application.authority
    return City(
        name=authority["city"],
        code=authority["code"],
        registry_authority=authority["name"],
        registry_short=authority["short"],
    )


def term_words(parcel: Parcel) -> str:
    """How long the land may be used, for the certificate and the pages."""
    if parcel.use_from is None or parcel.use_until is None:
        return "以土地出让合同或划拨决定书为准"
    return f"国有建设用地使用权 {_day(parcel.use_from)}起 {_day(parcel.use_until)}止"


def _standing(session: Session, filed: AcceptanceFiled, measured: tuple[facts.Building, ...]) -> list[_Standing]:
    planned = {
        one.name: one
        for one in session.scalars(
            select(PlannedBuilding).where(PlannedBuilding.planning_permit_number == filed.planning_permit_number)
        )
    }
    units: dict[int, list[Unit]] = {}
    ids = [one.id for one in planned.values()]
    for unit in session.scalars(select(Unit).where(Unit.building_id.in_(ids)).order_by(Unit.building_id, Unit.serial)):
        units.setdefault(unit.building_id, []).append(unit)
    return [_Standing(planned[one.name], one, units.get(planned[one.name].id, [])) for one in measured]


def _rights(this: _Registration) -> list[Writing]:
    """The right on the whole parcel first, then one entry a unit."""
    holder = {"name": this.owner.name, "uscc": this.owner.uscc}
    whole = Writing(
        "first_registration",
        this.land,
        {
            "right": RIGHT,
            "holder": holder,
            "certificate": this.number,
            "land_area": this.parcel.area,
            "building_area": this.area,
            "units": len(this.units),
            "filing": {"number": this.filed.filing_number, "version": this.filed.filing_version},
            "buildings": [
                {
                    "name": one.planned.name,
                    "number": one.planned.number,
                    "use": one.measured.use,
                    "floors_above": one.measured.floors_above,
                    "floors_below": one.measured.floors_below,
                    "permitted": one.measured.permitted_area,
                    "planning_measured": one.measured.planning_area,
                    "property_measured": one.measured.property_area,
                    "units": len(one.units),
                }
                for one in this.buildings
            ],
        },
    )
    units = [
        Writing(
            "unit_right",
            unit.code,
            {
                "right": RIGHT,
                "holder": holder,
                "certificate": this.number,
                "building": one.planned.name,
                "floor": unit.floor,
                "label": unit.label,
                "use": unit.use,
                "area": unit.planned_area,
            },
        )
        for one in this.buildings
        for unit in one.units
    ]
    return [whole, *units]


def _common(this: _Registration) -> list[Writing]:
    return [
        Writing(
            "common_part",
            this.land,
            {
                "right": "业主共有（FDCQ3）",
                "building": one.planned.name,
                "name": COMMON_PART,
                "area": one.measured.common,
            },
        )
        for one in this.buildings
        if one.measured.common
    ]


def _civil_defence(this: _Registration) -> list[Writing]:
    return [
        Writing(
            "civil_defence",
            this.land,
            {"building": one.planned.name, "text": CIVIL_DEFENCE, "area": one.measured.civil_defence},
        )
        for one in this.buildings
        if one.measured.civil_defence
    ]


def _carried(this: _Registration, restrictions: list[facts.Restriction]) -> list[Writing]:
    """One entry a restriction: it now lies on every unit of this registration, its rank unchanged."""
    return [
        Writing(
            "mortgage_converted" if one.kind == "construction_mortgage" else "restriction_carried",
            this.land,
            {
                "kind": one.kind,
                "document": one.document,
                "holder": one.holder,
                "since": one.since,
                "until": one.until,
                "units": len(this.units),
            },
        )
        for one in restrictions
    ]


def _project(this: _Registration, written: Written, carried: list[facts.Restriction]) -> None:
    """Rows for queries, each naming its entry: buildings as they stand, rights, common parts, annotations, restrictions."""
    session, application, parcel = this.session, this.application, this.parcel
    shared = {"parcel_id": parcel.id, "application_id": application.id}
    session.add_all(
        Building(
            planned_id=one.planned.id,
            application_id=application.id,
            use=one.measured.use,
            floors_above=one.measured.floors_above,
            floors_below=one.measured.floors_below,
            planning_area=one.measured.planning_area,
            property_area=one.measured.property_area,
            common_area=one.measured.common,
            civil_defence_area=one.measured.civil_defence,
            shared_area=one.measured.shared,
            survey_report=this.filed.survey_report_number,
        )
        for one in this.buildings
    )
    before = session.scalar(
        select(func.max(Right.version)).where(Right.unit_code == this.land, Right.kind == LAND_AND_HOUSE)
    )
    right = {
        **shared,
        "kind": LAND_AND_HOUSE,
        "party_id": this.owner.id,
        "certificate_number": this.number,
        "contract_number": "",
        "since": this.now,
    }
    entry = written.first
    rows: list[dict[str, Any]] = [
        {
            **right,
            "unit_code": this.land,
            "unit_id": None,
            "version": (before or 0) + 1,
            "area": this.parcel.area,
            "entry": entry,
        }
    ]
    for unit in this.units:
        entry += 1
        rows.append(
            {
                **right,
                "unit_code": unit.code,
                "unit_id": unit.id,
                "version": 1,
                "area": unit.planned_area,
                "entry": entry,
            }
        )
    session.execute(insert(Right), rows)
    for one in this.buildings:
        if one.measured.common:
            entry += 1
            session.add(
                CommonPart(
                    **shared, building_id=one.planned.id, name=COMMON_PART, area=one.measured.common, entry=entry
                )
            )
    for one in this.buildings:
        if one.measured.civil_defence:
            entry += 1
            session.add(
                Annotation(
                    **shared,
                    building_id=one.planned.id,
                    kind="civil_defence",
                    text=CIVIL_DEFENCE,
                    area=one.measured.civil_defence,
                    entry=entry,
                )
            )
    for restriction in carried:
        entry += 1
        _carry(this, restriction, entry)
    session.flush()


def _carry(this: _Registration, origin: facts.Restriction, entry: int) -> None:
    """The land's restriction on every unit, and word to the court or mortgagee, once."""
    row = {
        "parcel_id": this.parcel.id,
        "kind": "mortgage" if origin.kind == "construction_mortgage" else origin.kind,
        "against_uscc": origin.against.uscc,
        "against_name": origin.against.name,
        "holder": origin.holder,
        "document": origin.document,
        "since": origin.since,
        "until": origin.until,
        "demand": origin.demand,
        "origin_id": origin.id,
        "entry": entry,
        "recorded_at": this.now,
        "recorded_by": this.registrar.label,
    }
    if this.units:
        this.session.execute(insert(Restriction), [{**row, "unit_code": unit.code} for unit in this.units])
    this.session.add(
        Notice(
            application_id=this.application.id,
            cause=f"carried:{origin.id}",
            recipients=[origin.holder],
            text=f"{origin.document} 所涉土地上的房屋已首次登记，限制转记到 {len(this.units)} 个单元",
            cure="",
            paper_id=None,
            at=this.now,
        )
    )


def _certify(this: _Registration, written: Written) -> Certificate:
    """Issue the paper and keep which entry it was issued on (the certificate follows the book)."""
    organisation = this.session.scalar(select(Organisation.id).where(Organisation.uscc == this.owner.uscc))
    paper = papers.issue(
        this.session,
        "property-certificate",
        this.number,
        _paper_data(this),
        subject(this.application),
        this.registrar,
        this.now,
        organisation_id=organisation,
        issuer=this.application.authority["name"],
    )
    certificate = Certificate(
        number=this.number,
        application_id=this.application.id,
        parcel_id=this.parcel.id,
        party_id=this.owner.id,
        paper_id=paper.id,
        verification_code=paper.verification_code,
        units=len(this.units),
        entry=written.first,
        issued_at=this.now,
    )
    this.session.add(certificate)
    this.session.flush()
    return certificate


def _paper_data(this: _Registration) -> dict[str, Any]:
    common = [one for one in this.buildings if one.measured.common]
    shelters = [one for one in this.buildings if one.measured.civil_defence]
    return {
        "right_holder": this.owner.name,
        "right_holder_uscc": this.owner.uscc,
        "co_ownership": "单独所有",
        "location": this.parcel.location,
        "unit_code": this.land,
        "right_type": RIGHT,
        "right_nature": this.parcel.nature,
        "use": this.parcel.use,
        "land_area": this.parcel.area,
        "building_area": this.area,
        "term": term_words(this.parcel),
        "other": [
            f"宗地内 {len(this.units)} 个不动产单元已登簿，未逐户缮证",
            f"竣工验收备案：{this.filed.filing_number}",
        ],
        "notes": [
            *(
                f"业主共有：{one.planned.name} {COMMON_PART} {square_metres(one.measured.common)}，只记登记簿"
                for one in common
            ),
            *(
                f"附记：{one.planned.name} {CIVIL_DEFENCE}，{square_metres(one.measured.civil_defence)}"
                for one in shelters
            ),
        ],
        "buildings": [
            {
                "name": one.planned.name,
                "use": one.measured.use,
                "floors": floors_words(one.measured.floors_above, one.measured.floors_below),
                "units": len(one.units),
                "area": one.measured.property_area,
                "completed_on": this.filed.completion_accepted_on,
            }
            for one in this.buildings
        ],
        "booked_on": legal_date(this.now),
    }


def floors_words(above: int, below: int) -> str:
    """`地上 23 层，地下 1 层`."""
    return "，".join(
        word for word in (f"地上 {above} 层" if above else "", f"地下 {below} 层" if below else "") if word
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
