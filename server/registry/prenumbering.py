"""Numbers units in advance, as soon as a planning permit announces its buildings (GB/T 37346-2019: building 4 + unit 4).

The parcel need not be in the book yet: codes hang on the parcel's code, so either may come first. A code given is never
given again; a permit announced twice changes nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from server.contracts import BuildingPlanned, UnitGroup
from server.contracts import PlannedBuilding as Announced
from server.errors import Conflict, Invalid
from server.registry import codes
from server.registry.models import PlannedBuilding, Unit


def pre_number(session: Session, planned: BuildingPlanned, now: datetime) -> int:
    """Enter the announced buildings and their units. Returns how many units are new.

    Raises Invalid for a malformed parcel code, Conflict when the permit was announced before with other content.
    """
    parcel_code = codes.check_parcel(planned.parcel_code)
    names = [one.number for one in planned.buildings]
    if len(set(names)) != len(names):
        raise Invalid("楼栋编号重复，请核对规划许可的楼栋表", code="BUILDING_DOUBLE")
    known = {
        row.name: row
        for row in session.scalars(
            select(PlannedBuilding).where(PlannedBuilding.planning_permit_number == planned.planning_permit_number)
        )
    }
    last = session.scalar(select(func.max(PlannedBuilding.number)).where(PlannedBuilding.parcel_code == parcel_code))
    number, new = last or 0, 0
    for announced in planned.buildings:
        if announced.number in known:
            _require_same(session, known[announced.number], announced, parcel_code)
            continue
        number += 1
        building = PlannedBuilding(
            parcel_code=parcel_code,
            number=number,
            project_code=planned.project_code,
            project_name=planned.project_name,
            planning_permit_number=planned.planning_permit_number,
            name=announced.number,
            use=announced.use,
            floors_above=announced.floors_above,
            floors_below=announced.floors_below,
            planned_area=announced.planned_area,
            common_area=announced.common_area,
            civil_defence_area=announced.civil_defence_area,
            shared_area=announced.shared_area,
            announced_at=now,
        )
        session.add(building)
        session.flush()
        rows = [
            {
                "code": codes.house_unit(parcel_code, number, serial),
                "building_id": building.id,
                "serial": serial,
                "floor": floor,
                "label": label,
                "use": use,
                "planned_area": area,
            }
            for serial, (floor, label, use, area) in enumerate(units_of(announced.units), 1)
        ]
        if rows:
            session.execute(insert(Unit), rows)
        new += len(rows)
    return new


def units_of(groups: Sequence[UnitGroup]) -> Iterator[tuple[int, str, str, Decimal]]:
    """Floor, label, use and planned area (㎡) of each unit, from the ground up, below ground last.

    Labels: 1202 for the second unit of the twelfth floor; below ground a plain number (017), told apart by its floor.
    """
    floors: dict[int, list[tuple[str, Decimal]]] = {}
    for group in groups:
        if group.first_floor > group.last_floor:
            raise Invalid("楼层范围前后颠倒，请核对楼盘表", code="FLOORS")
        for floor in range(group.first_floor, group.last_floor + 1):
            if floor != 0:
                floors.setdefault(floor, []).extend((group.use, area) for area in group.areas)
    for floor in sorted(floors, key=lambda one: (one < 0, abs(one))):
        units = floors[floor]
        width = 2 if len(units) < 100 else 3
        for place, (use, area) in enumerate(units, 1):
            yield floor, f"{floor}{place:0{width}d}" if floor > 0 else f"{place:03d}", use, area


def _require_same(session: Session, known: PlannedBuilding, announced: Announced, parcel_code: str) -> None:
    """A permit that comes again must say the same; else a person has to look (a changed permit has a new number)."""
    before = (
        known.parcel_code,
        known.use,
        known.floors_above,
        known.floors_below,
        known.planned_area,
        known.common_area,
        known.civil_defence_area,
        known.shared_area,
    )
    after = (
        parcel_code,
        announced.use,
        announced.floors_above,
        announced.floors_below,
        announced.planned_area,
        announced.common_area,
        announced.civil_defence_area,
        announced.shared_area,
    )
    numbered = session.execute(
        select(Unit.floor, Unit.label, Unit.use, Unit.planned_area)
        .where(Unit.building_id == known.id)
        .order_by(Unit.serial)
    )
    if before != after or [tuple(row) for row in numbered] != list(units_of(announced.units)):
        raise Conflict(
            f"规划许可 {known.planning_permit_number} 的 {known.name} 和先前收到的不一样。"
            "单元号终身不变：变更后的规划许可请用新证号推送，或请登记人员核对",
            code="PLANNED_CHANGED",
        )
