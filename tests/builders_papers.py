"""Facts of papers, with the figures of scenario S1 (domain.md §10)."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.models import Organisation
from server.approval.models import Case, Permit, Project

ISSUED = datetime(2025, 6, 17, 2, 0, tzinfo=UTC)
SPECIALS = [
    {"name": name, "unit": unit, "outcome": "合格", "decided_on": "2026-09-24"}
    for name, unit in (
        ("规划核实", "自然资源局·规划科"),
        ("消防验收", "住建局·消防人防科"),
        ("人防验收", "人防办·审批科"),
        ("城建档案验收", "城建档案馆·验收科"),
        ("不动产实地确认", "不动产登记中心·实地查看岗"),
    )
]


def a_permit(**other: Any) -> dict[str, Any]:
    """施工许可证 of phase P3."""
    return {
        "owner": "通辽市蒙岳置业",
        "project_name": "河湾府",
        "project_code": "2503-150502-04-01-382716",
        "address": "内蒙古自治区通辽市科尔沁区，宗地 150502003012GB00035",
        "area": "53820.86",
        "scale_note": "计容 42,580.36㎡，地下 11,240.50㎡",
        "contract_price": "138600000.00",
        "period_from": "2025-10-14",
        "period_to": "2026-09-30",
        "surveyor": {"name": "地勘岩土", "leader": "韩勘察"},
        "designer": {"name": "北原", "leader": "白设计"},
        "contractor": {"name": "诚筑建设", "leader": "陈建设"},
        "supervisor": {"name": "衡信", "leader": "何监理"},
        "phase": "P3",
        "phase_name": "第三阶段·地上主体",
        "scope": "±0.000 以上至竣工",
        "buildings": ["1#", "2#", "3#", "4#", "5#", "车库"],
        "related": [
            {"phase_name": "第一阶段·基坑", "number": "150502202506170101"},
            {"phase_name": "第二阶段·地下室", "number": "150502202508130101"},
        ],
        "issued_on": "2025-10-13",
        **other,
    }


def a_filing(**other: Any) -> dict[str, Any]:
    """竣工验收备案表."""
    measured = ["9968.40", "9971.05", "9966.72", "9972.30"]
    towers = [
        {"name": f"{n}#", "use": "住宅", "floors": "地上 23 层", "planned_area": "9953.11", "measured_area": area}
        for n, area in enumerate(measured, start=1)
    ]
    return {
        "owner": "通辽市蒙岳置业",
        "owner_uscc": "91150502MA0N4T7K7D",
        "project_name": "河湾府",
        "project_code": "2503-150502-04-01-382716",
        "address": "内蒙古自治区通辽市科尔沁区，宗地 150502003012GB00035",
        "scope": "1#至5#、地下车库，全部内容",
        "permits": ["150502202506170101", "150502202508130101", "150502202510130101"],
        "commenced_on": "2025-06-20",
        "completed_on": "2026-09-10",
        "qualified_on": "2026-09-24",
        "filed_on": "2026-09-28",
        "filed_at": "15:20",
        "actual_cost": "138600000.00",
        "total_area": "53820.86",
        "above_ground_area": "42580.36",
        "underground_area": "11240.50",
        "civil_defence_area": "3204.00",
        "joint_acceptance": True,
        "parties_changed": False,
        "archive": "已移交",
        "parties": [{"role": "建设单位", "name": "通辽市蒙岳置业", "leader": "孟岳"}],
        "buildings": [
            *towers,
            {"name": "5#", "use": "商业", "floors": "2 层", "planned_area": "2767.92", "measured_area": "2776.65"},
            {"name": "车库", "use": "车库", "floors": "1 层", "planned_area": "11240.50", "measured_area": "11240.50"},
        ],
        "specials": SPECIALS,
        **other,
    }


def a_certificate(**other: Any) -> dict[str, Any]:
    """不动产权证书 of the whole parcel."""
    code = "150502003012GB00035F"
    towers = [
        {
            "name": f"{n}#",
            "unit_code": f"{code}{n:04d}0000",
            "use": "住宅",
            "floors": "23 层",
            "units": 92,
            "area": "9940.14",
        }
        for n in range(1, 5)
    ]
    return {
        "right_holder": "通辽市蒙岳置业",
        "right_holder_uscc": "91150502MA0N4T7K7D",
        "co_ownership": "单独所有",
        "location": "通辽市科尔沁区霍林河大街以北 河湾府",
        "unit_code": "150502003012GB00035W00000000",
        "right_type": "国有建设用地使用权／房屋所有权",
        "right_nature": "出让／自建房",
        "use": "城镇住宅用地、商业用地／住宅、商业、车库",
        "land_area": "21460.00",
        "building_area": "53760.66",
        "term": "住宅 2025年4月24日至 2095年4月23日",
        "other": ["物业用房 861.00㎡为业主共有，记入登记簿，不另发证。"],
        "notes": ["人防地下室 3,204.00㎡，由投资者依法使用管理，不登记所有权。"],
        "buildings": [
            *towers,
            {
                "name": "5#",
                "unit_code": f"{code}00050000",
                "use": "商业",
                "floors": "2 层",
                "units": 22,
                "area": "2759.60",
            },
            {
                "name": "车库",
                "unit_code": f"{code}00060000",
                "use": "车库",
                "floors": "1 层",
                "units": 210,
                "area": "11240.50",
            },
        ],
        "booked_on": "2026-09-28",
        **other,
    }


def a_letter(**other: Any) -> dict[str, Any]:
    """Any paper in words."""
    return {
        "addressee": "通辽市蒙岳置业",
        "case_serial": "150502-20260916-D01-00001",
        "matter": "竣工联合验收",
        "project_name": "河湾府",
        "paragraphs": ["贵单位的申请已于 2026年9月16日受理。"],
        "issued_on": "2026-09-16",
        **other,
    }


def a_refusal(**other: Any) -> dict[str, Any]:
    """A letter that says no."""
    return a_letter(
        reasons=["基坑阶段的施工许可证还没有发。"], remedy="可以自收到之日起六十日内申请行政复议。", **other
    )


def items(count: int = 2) -> list[dict[str, str]]:
    """Things asked for."""
    return [
        {"title": f"场地条件承诺（第 {n} 份）", "request": "请补交", "basis": "建筑工程施工许可管理办法"}
        for n in range(1, count + 1)
    ]


def in_the_register(session: Session, *numbers: str) -> None:
    """Permits of these numbers, in force, as approval's own register has them."""
    owner = Organisation(name="蒙岳置业", kind="owner", district="150502")
    session.add(owner)
    session.flush()
    project = Project(
        code="2503-150502-04-01-382716",
        owner_organisation_id=owner.id,
        flow_type="SOC_GENERAL",
        name="河湾府",
        address="河湾路",
        district="150502",
        created_at=ISSUED,
        created_by="-",
    )
    session.add(project)
    session.flush()
    for place, number in enumerate(numbers):
        case = Case(
            serial=f"150502-20250617-C051-{place:05d}",
            query_code=f"CODE{place:04d}",
            matter="C05",
            phase=f"P{place + 1}",
            project_id=project.id,
            owner_organisation_id=owner.id,
            district="150502",
            application_id=place,
            facts={},
            promise=1,
            promise_unit="working_days",
            received_at=ISSUED,
            applicant="-",
        )
        session.add(case)
        session.flush()
        session.add(
            Permit(
                number=number,
                project_id=project.id,
                case_id=case.id,
                phase=f"P{place + 1}",
                scope="-",
                combines=[],
                status="ACTIVE",
                issued_on=ISSUED.date(),
                paper_id=0,
            )
        )
    session.flush()
