"""What one looks up in the book: parcels, buildings as a grid of floors and units, a unit, entries, whether it is intact.

Every view takes the instant it is asked for, so that the book can be read as it stood on any day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from server.clock import legal_date
from server.errors import NotFound
from server.registry import book, codes, land
from server.registry.book import Verdict
from server.registry.facts import MORTGAGES, SEIZURES, ZERO
from server.registry.models import (
    LAND_AND_HOUSE,
    LAND_USE,
    Annotation,
    Application,
    Building,
    Certificate,
    CommonPart,
    Entry,
    Parcel,
    Party,
    Payment,
    PlannedBuilding,
    Restriction,
    RestrictionEnd,
    Right,
    Step,
    Unit,
)
from server.registry.steps import Step as Kind

# state of a unit → the one character in its cell and the words beside it; the strictest wins, from top to bottom.
STATES: Mapping[str, tuple[str, str]] = {
    "seal": ("封", "查封"),
    "mort": ("抵", "有抵押"),
    "sold": ("转", "已转移"),
    "pre": ("售", "网签已售"),
    "own": ("初", "首次登记"),
    "common": ("共", "业主共有"),
    "wait": ("预", "预编号，还没有登记"),
}


@dataclass(frozen=True)
class Cell:
    """One unit in the grid."""

    code: str
    label: str
    state: str
    area: Decimal
    use: str


@dataclass(frozen=True)
class Floor:
    """One floor of a building; ``number`` negative below ground. ``others``: rooms that are no units."""

    number: int
    cells: tuple[Cell, ...]
    others: tuple[tuple[str, Decimal], ...] = ()

    @property
    def name(self) -> str:
        """`12 层`, `地下 1 层`."""
        return f"{self.number} 层" if self.number > 0 else f"地下 {-self.number} 层"


@dataclass(frozen=True)
class Grid:
    """A building seen from outside: top floor first, the ground line before the first floor below it."""

    building: PlannedBuilding
    survey: Building | None
    floors: tuple[Floor, ...]

    @property
    def cells(self) -> list[Cell]:
        """All units, top floor first."""
        return [cell for floor in self.floors for cell in floor.cells]

    @property
    def width(self) -> int:
        """Units of its widest floor."""
        return max((len(floor.cells) for floor in self.floors), default=0)

    @property
    def units_area(self) -> Decimal:
        """The sum of the unit areas, ㎡."""
        return sum((cell.area for cell in self.cells), ZERO)


@dataclass(frozen=True)
class ParcelView:
    """A parcel with everything in its book."""

    parcel: Parcel
    land_right: Right | None
    holder: Party | None
    certificates: Sequence[Certificate]
    payments: Sequence[Payment]
    buildings: Sequence[Grid]
    common_parts: Sequence[tuple[CommonPart, PlannedBuilding]]
    annotations: Sequence[tuple[Annotation, PlannedBuilding]]
    restrictions: Sequence[tuple[Restriction, RestrictionEnd | None]]
    applications: Sequence[Application]
    entries: int
    units: int


@dataclass(frozen=True)
class UnitView:
    """One unit with its rights, restrictions and entries, the newest first."""

    unit: Unit
    building: PlannedBuilding
    state: str
    right: Right | None
    holder: Party | None
    restrictions: Sequence[Restriction]
    entries: Sequence[Entry]
    may: str


def parcels(session: Session, text: str = "", limit: int = 50, offset: int = 0) -> list[tuple[Parcel, str]]:
    """Parcels with the name of who may use the land; ``text`` filters by code, place or holder."""
    query = (
        select(Parcel, Party.name)
        .join(Right, (Right.parcel_id == Parcel.id) & (Right.kind == LAND_USE) & (Right.version == 1))
        .join(Party, Party.id == Right.party_id)
    )
    if text.strip():
        plain = text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        like, code = f"%{plain}%", f"%{codes.normalise(plain)[:19]}%"
        query = query.where(
            or_(
                Parcel.code.like(code, escape="\\"),
                Parcel.location.like(like, escape="\\"),
                Party.name.like(like, escape="\\"),
            )
        )
    return [(row[0], row[1]) for row in session.execute(query.order_by(Parcel.id.desc()).limit(limit).offset(offset))]


def parcel(session: Session, code: str, moment: datetime) -> ParcelView:
    """Everything in a parcel's book at an instant. Invalid for a malformed code, NotFound for one not in the book."""
    found = land.find(session, code)
    right = session.scalar(
        select(Right).where(Right.parcel_id == found.id, Right.kind == LAND_USE).order_by(Right.version.desc()).limit(1)
    )
    grids = skyline(session, found.code, moment)
    common = select(CommonPart, PlannedBuilding).join(PlannedBuilding, PlannedBuilding.id == CommonPart.building_id)
    remarks = select(Annotation, PlannedBuilding).join(PlannedBuilding, PlannedBuilding.id == Annotation.building_id)
    limits = (
        select(Restriction, RestrictionEnd)
        .outerjoin(RestrictionEnd, RestrictionEnd.restriction_id == Restriction.id)
        .where(Restriction.parcel_id == found.id, Restriction.origin_id.is_(None), Restriction.recorded_at <= moment)
        .order_by(Restriction.id.desc())
    )
    certificates = session.scalars(
        select(Certificate)
        .where(Certificate.parcel_id == found.id, Certificate.issued_at <= moment)
        .order_by(Certificate.id)
    ).all()
    booked = {one.application_id for one in certificates}
    return ParcelView(
        parcel=found,
        land_right=right,
        holder=session.get(Party, right.party_id) if right else None,
        certificates=certificates,
        payments=session.scalars(
            select(Payment).where(Payment.parcel_id == found.id, Payment.recorded_at <= moment).order_by(Payment.id)
        ).all(),
        buildings=grids,
        common_parts=[
            (part, building)
            for part, building in session.execute(common.where(CommonPart.parcel_id == found.id))
            if part.application_id in booked
        ],
        annotations=[
            (note, building)
            for note, building in session.execute(remarks.where(Annotation.parcel_id == found.id))
            if note.application_id in booked
        ],
        restrictions=[
            (one, end if end is not None and end.recorded_at <= moment else None)
            for one, end in session.execute(limits)
        ],
        applications=session.scalars(
            select(Application)
            .where(Application.parcel_code == found.code, Application.received_at <= moment)
            .order_by(Application.id.desc())
        ).all(),
        entries=book.count(session, found.code, moment),
        units=sum(len(grid.cells) for grid in grids),
    )


def buildings(session: Session, parcel_code: str) -> Sequence[PlannedBuilding]:
    """The buildings numbered on a parcel, in the order of their numbers; the parcel need not be in the book yet."""
    return session.scalars(
        select(PlannedBuilding).where(PlannedBuilding.parcel_code == parcel_code).order_by(PlannedBuilding.number)
    ).all()


def skyline(session: Session, parcel_code: str, moment: datetime) -> list[Grid]:
    """All buildings of a parcel as grids, read in a handful of statements however many units there are."""
    planned = buildings(session, parcel_code)
    return _grids(session, parcel_code, planned, moment)


def grid(session: Session, building_id: int, moment: datetime) -> Grid:
    """One building. NotFound."""
    building = session.get(PlannedBuilding, building_id)
    if building is None:
        raise NotFound("没有这一幢楼。请从宗地重新进入。", code="BUILDING")
    return _grids(session, building.parcel_code, [building], moment)[0]


def unit(session: Session, code: str, moment: datetime) -> UnitView:
    """One unit by its 28-digit code, blanks allowed. Invalid, NotFound."""
    wanted = codes.check_unit(code)
    found = session.scalar(select(Unit).where(Unit.code == wanted))
    if found is None:
        raise NotFound(f"没有单元 {codes.grouped(wanted)}。请核对代码。", code="UNIT")
    building = session.get_one(PlannedBuilding, found.building_id)
    right = session.scalar(
        select(Right)
        .where(Right.unit_code == wanted, Right.kind == LAND_AND_HOUSE, Right.since <= moment)
        .order_by(Right.version.desc())
        .limit(1)
    )
    restrictions = session.scalars(
        select(Restriction).where(Restriction.unit_code == wanted, _restricts(moment)).order_by(Restriction.id.desc())
    ).all()
    state = _state(right.version if right else 0, {one.kind for one in restrictions})
    numbers = {one.entry for one in restrictions}
    entries = session.scalars(
        select(Entry)
        .where(
            Entry.book == building.parcel_code,
            Entry.at <= moment,
            or_(Entry.unit_code == wanted, Entry.sequence.in_(numbers)),
        )
        .order_by(Entry.sequence.desc())
    ).all()
    return UnitView(
        unit=found,
        building=building,
        state=state,
        right=right,
        holder=session.get(Party, right.party_id) if right else None,
        restrictions=restrictions,
        entries=entries,
        may=_may(state),
    )


def entries(
    session: Session, parcel_code: str, *, after: int = 0, limit: int = 50, unit_code: str | None = None
) -> Sequence[Entry]:
    """Entries of a parcel's book in their order, those behind number ``after``."""
    query = select(Entry).where(Entry.book == parcel_code, Entry.sequence > after)
    if unit_code is not None:
        query = query.where(Entry.unit_code == codes.check_unit(unit_code))
    return session.scalars(query.order_by(Entry.sequence).limit(limit)).all()


def verify(session: Session, parcel_code: str) -> Verdict:
    """Whether a parcel's book is intact: its chain, what each booking noted of its end, what rights and restrictions name."""
    booked = session.scalars(
        select(Step)
        .join(Application, Application.id == Step.application_id)
        .where(Application.parcel_code == parcel_code, Step.kind == Kind.BOOKED.value)
    )
    verdict = book.verify(session, parcel_code, {step.details["last"]: step.details["hash"] for step in booked})
    named = _last_named(session, parcel_code)
    if verdict.intact and named > verdict.entries:
        why = f"第 {named} 条不见了，权利或限制还引用着它"
        return Verdict(verdict.book, verdict.entries, verdict.entries + 1, why)
    return verdict


def _last_named(session: Session, parcel_code: str) -> int:
    """The greatest entry number that a right, a restriction or its end names: a cut-off end of the book shows by it."""
    of_parcel = select(Parcel.id).where(Parcel.code == parcel_code).scalar_subquery()
    ends = select(func.max(RestrictionEnd.entry)).join(Restriction, Restriction.id == RestrictionEnd.restriction_id)
    queries = (
        select(func.max(Right.entry)).where(Right.parcel_id == of_parcel),
        select(func.max(Restriction.entry)).where(Restriction.parcel_id == of_parcel),
        ends.where(Restriction.parcel_id == of_parcel),
    )
    return max(session.scalar(query) or 0 for query in queries)


def find_unit(session: Session, text: str) -> Unit | None:
    """The unit whose code this is, if it is one."""
    code = codes.normalise(text)
    return session.scalar(select(Unit).where(Unit.code == code)) if len(code) == 28 else None


def _grids(session: Session, parcel_code: str, planned: Sequence[PlannedBuilding], moment: datetime) -> list[Grid]:
    ids = [one.id for one in planned]
    newest = (
        select(Right.unit_code, func.max(Right.version).label("version"))
        .where(Right.kind == LAND_AND_HOUSE, Right.since <= moment, Right.unit_id.is_not(None))
        .group_by(Right.unit_code)
        .subquery()
    )
    rows = session.execute(
        select(Unit.building_id, Unit.code, Unit.floor, Unit.label, Unit.use, Unit.planned_area, newest.c.version)
        .outerjoin(newest, newest.c.unit_code == Unit.code)
        .where(Unit.building_id.in_(ids))
        .order_by(Unit.building_id, Unit.serial)
    ).all()
    limits: dict[str, set[str]] = {}
    for code, kind in session.execute(
        select(Restriction.unit_code, Restriction.kind)
        .join(Parcel, Parcel.id == Restriction.parcel_id)
        .where(Parcel.code == parcel_code, Restriction.unit_code != "", _restricts(moment))
    ):
        limits.setdefault(code, set()).add(kind)
    surveys = {
        one.planned_id: one
        for one in session.scalars(select(Building).where(Building.planned_id.in_(ids)).order_by(Building.id))
    }
    cells: dict[int, dict[int, list[Cell]]] = {}
    for building_id, code, floor, label, use, area, version in rows:
        state = _state(version or 0, limits.get(code, set()))
        cells.setdefault(building_id, {}).setdefault(floor, []).append(Cell(code, label, state, area, use))
    return [Grid(one, surveys.get(one.id), _floors(one, surveys.get(one.id), cells.get(one.id, {}))) for one in planned]


def _floors(building: PlannedBuilding, survey: Building | None, cells: dict[int, list[Cell]]) -> tuple[Floor, ...]:
    """Every floor the permit allows, also those without units, from the top down. Rooms that are no units are shown on
    the lowest floor above ground, or below ground in a building that is all below."""
    numbers = set(cells)
    numbers |= set(range(1, building.floors_above + 1)) | set(range(-building.floors_below, 0))
    areas = survey or building
    others = tuple(
        (name, area)
        for name, area in (
            ("物业用房等业主共有", areas.common_area),
            ("人防工程，附记", areas.civil_defence_area),
            ("公用部分", areas.shared_area),
        )
        if area
    )
    below = [number for number in numbers if number < 0]
    where = max(below) if below else min(numbers, default=0)
    return tuple(
        Floor(number, tuple(cells.get(number, ())), others if number == where else ())
        for number in sorted(numbers, reverse=True)
    )


def _restricts(moment: datetime) -> ColumnElement[bool]:
    """The condition on ``Restriction`` for having been in force at an instant."""
    ended = select(RestrictionEnd.restriction_id).where(RestrictionEnd.recorded_at <= moment)
    day = legal_date(moment)
    return (
        (Restriction.recorded_at <= moment)
        & Restriction.id.not_in(ended)
        & or_(Restriction.origin_id.is_(None), Restriction.origin_id.not_in(ended))
        & or_(Restriction.until.is_(None), Restriction.until >= day)
    )


def _state(version: int, restricted: set[str]) -> str:
    """The strictest state of a unit: 封 > 抵 > 转 > 初; 预 as long as nobody has a right."""
    if restricted & set(SEIZURES):
        return "seal"
    if restricted & set(MORTGAGES):
        return "mort"
    if version > 1:
        return "sold"
    return "own" if version == 1 else "wait"


def _may(state: str) -> str:
    """What can be applied for now, in words."""
    return {
        "seal": "只能办理解除查封",
        "mort": "可以办理抵押变更、注销；转移须按约定告知抵押权人",
        "wait": "还没有首次登记，先办竣工验收备案",
    }.get(state, "可以办理转移、抵押、变更")
