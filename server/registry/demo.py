"""Demo land: parcels with their rights, so that a demo project has ground to stand on. Fictitious; idempotent."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import SYSTEM
from server.registry import land
from server.registry.land import LandRight, PaymentFact
from server.registry.models import Parcel


def _allotted(code: str, area: str, use: str, location: str, tail: int) -> LandRight:
    """Land allotted (划拨) to the city's investment company."""
    return LandRight(
        parcel_code=code,
        area=Decimal(area),
        use=use,
        nature="划拨",
        location=location,
        holder_uscc="91150500MA0PW3R8XM",
        holder_name="通辽市科源城市投资有限公司",
        certificate_number=f"蒙(2024)通辽市不动产权第00021{tail:02d}号",
        contract_number=f"通自然资划拨〔2024〕{tail}号",
    )


# Not S1's parcel (…GB00035): the scenario enters that one itself, over the API.
PARCELS = (
    LandRight(
        parcel_code="150502003012GB00036",
        area=Decimal("18632.50"),
        use="城镇住宅用地兼商业用地",
        nature="出让",
        location="科尔沁区河湾路北、滨河大街东",
        holder_uscc="91150502MA0N4T7K7D",
        holder_name="通辽市蒙岳置业有限公司",
        certificate_number="蒙(2025)通辽市不动产权第0003601号",
        contract_number="1505022025B00036",
        price=PaymentFact(True, "蒙财非税 2025-0036"),
        deed_tax=PaymentFact(True, "蒙税契 2025-1201"),
        use_from=date(2025, 4, 10),
        use_until=date(2095, 4, 9),
    ),
    _allotted("150502003015GB00008", "12480.00", "教育用地", "科尔沁区建国路南", 8),
    _allotted("150502003015GB00009", "5260.00", "公共管理与公共服务用地", "科尔沁区建国路南、新兴街东", 9),
    _allotted("150502003015GB00011", "42600.00", "教育用地", "科尔沁区滨河大街北、创业路东", 11),
    _allotted("150502003015GB00010", "4890.00", "医疗卫生用地", "科尔沁区建国路南、新兴街西", 10),
)


def seed(session: Session, now: datetime) -> int:
    """Enter the demo parcels that are not in the book yet; how many were new."""
    known = set(session.scalars(select(Parcel.code)))
    new = [one for one in PARCELS if one.parcel_code not in known]
    for one in new:
        land.enter_parcel(session, one, SYSTEM, now)
    return len(new)
