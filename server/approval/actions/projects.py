"""Writes on a project itself: create it, enter what it already has, sign the consent to first registration."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import audit, contracts, jobs
from server.accounts.access import is_staff, require
from server.accounts.actions import create_organisation
from server.accounts.actor import Actor
from server.accounts.codes import check_project_code, check_uscc
from server.accounts.models import Organisation
from server.approval import access, deadlines
from server.approval.catalogues import catalogue
from server.approval.letters import CITY
from server.approval.matters import FLOW_TYPES
from server.approval.models import Building, Consent, Project, Result
from server.clock import legal_date
from server.contracts import BuildingPlanned, PlannedBuilding
from server.documents.signer import Signer
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.files import store
from server.files.access import require_readable

PARCEL = re.compile(r"\d{12}[A-Z]{2}\d{5}")
PLANNED = "building.planned"
COMPLETION = "WYYS"
LAND = ("A07", "A08")
EARLIEST = date(1949, 10, 1)
"""No result is older than the authorities that issue them."""
LARGEST_SHARE = Decimal("1.5")
"""Units are measured for property, buildings for planning: they differ, but half as much again is an error [推断]."""


def create_project(
    session: Session,
    actor: Actor,
    *,
    code: str,
    name: str,
    owner_uscc: str,
    flow_type: str,
    address: str,
    now: datetime,
    owner_name: str = "",
    parcel_code: str | None = None,
    works_code: str = "",
) -> Project:
    """A new project by its investment project code; its owner by credit code.

    An owner creates its own; a window clerk any, and names an owner the system does not know yet. Invalid names the
    field; Conflict when the code is taken.
    """
    code = check_project_code(code, "code", legal_date(now))
    uscc = check_uscc(owner_uscc, "owner_uscc")
    _required(name=name, address=address)
    if flow_type not in FLOW_TYPES:
        known = "、".join(f"{key} {word}" for key, word in FLOW_TYPES.items())
        raise Invalid(f"没有“{flow_type}”这种流程类型。", fields={"flow_type": [f"请从这里选：{known}"]})
    if parcel_code:
        _check_parcel(parcel_code, "parcel_code")
    district = code.split("-")[1]
    _of_this_city(actor, district)
    owner = _owner(session, actor, uscc, owner_name, district)
    if session.scalar(select(Project.id).where(Project.code == code)) is not None:
        raise Conflict(
            f"项目代码 {code} 已经建过项目。请在“我的项目”里打开它，或核对代码。",
            fields={"code": ["这个项目代码已经有了"]},
            code="PROJECT_EXISTS",
        )
    project = Project(
        code=code,
        works_code=works_code,
        owner_organisation_id=owner.id,
        flow_type=flow_type,
        name=name.strip(),
        address=address.strip(),
        district=district,
        parcel_code=parcel_code or None,
        created_at=now,
        created_by=actor.label,
    )
    session.add(project)
    session.flush()
    audit.append(session, actor, "project.created", f"project:{project.id}", {"code": code, "owner": uscc}, now)
    return project


def _of_this_city(actor: Actor, district: str) -> None:
    """A project lies in a district of this city; an officer makes those of the own district (a city's of all)."""
    places = dict(CITY.districts)
    if district not in places:
        words = f"代码里的行政区划 {district} 不属于{CITY.name}。请核对代码，或到项目所在地申请"
        raise Invalid("这个项目不在本市。", fields={"code": [words]}, code="OTHER_CITY")
    if is_staff(actor) and not access.covers(actor, district):
        words = f"这个项目在{places[district]}，请转当地窗口建项目"
        raise Forbidden(f"{words}。", fields={"code": [words]}, code="OTHER_DISTRICT")


def _check_parcel(text: Any, field: str) -> None:
    if not isinstance(text, str) or not PARCEL.fullmatch(text):
        words = ["宗地代码 19 位：12 位数字、2 位字母、5 位数字"]
        raise Invalid("宗地代码不对。", fields={field: words}, code="PARCEL_CODE")


def _required(**texts: str) -> None:
    words = {"name": "请填项目名称", "address": "请填建设地址", "number": "请填文号或证号", "title": "请填名称"}
    missing = {key: [words[key]] for key, text in texts.items() if not text.strip()}
    if missing:
        raise Invalid("还有没填的内容。", fields=missing, code="MISSING")


def _owner(session: Session, actor: Actor, uscc: str, name: str, district: str) -> Organisation:
    owner = session.scalars(select(Organisation).where(Organisation.uscc == uscc)).one_or_none()
    if actor.has("window_clerk", "admin", "system"):
        if owner is None and name.strip():
            return create_organisation(session, name.strip(), "owner", district, uscc=uscc)
        if owner is None:
            raise Invalid(
                "系统里还没有这家建设单位。",
                fields={"owner_name": ["请填建设单位名称，窗口为它建档"]},
                code="OWNER_UNKNOWN",
            )
        return owner
    require(actor, "applicant", "agent")
    if owner is None or owner.id != actor.organisation_id:
        raise Forbidden(
            "只能为自己的单位建项目：填的统一社会信用代码不是您单位的。",
            fields={"owner_uscc": ["请填您单位的统一社会信用代码"]},
            code="NOT_YOUR_ORGANISATION",
        )
    return owner


def enter_result(
    session: Session,
    actor: Actor,
    project: Project,
    *,
    code: str,
    number: str,
    issued_on: date,
    file_id: int,
    now: datetime,
    authority: str = "",
    valid_until: date | None = None,
    data: Mapping[str, Any] | None = None,
) -> Result:
    """A window clerk enters a result the project got elsewhere, from its document.

    B02 carries the buildings with their units (`data.buildings`, as contracts.PlannedBuilding; an entry of `areas` may be
    {area, count}) and announces them to the registry; WYYS (five-party acceptance) starts the filing's fifteen days.
    """
    require(actor, "window_clerk")
    access.require_visible(actor, project, "没有这个项目。")
    kind = catalogue(session, now).results.get(code)
    if kind is None:
        raise Invalid(f"没有“{code}”这种结果。", fields={"code": ["请从事项目录里选"]}, code="RESULT_UNKNOWN")
    _required(number=number)
    today = legal_date(now)
    if issued_on > today:
        words = [f"签发日期不能在今天（{today}）之后，请照文件上的日期填"]
        raise Invalid("签发日期在今天之后。", fields={"issued_on": words}, code="DATE")
    if issued_on < EARLIEST:
        raise Invalid("签发日期太早。", fields={"issued_on": [f"不能早于 {EARLIEST}，请核对年份"]}, code="DATE")
    if valid_until is not None and valid_until < issued_on:
        words = [f"有效期至不能早于签发日期 {issued_on}，请核对"]
        raise Invalid("有效期在签发之前就结束了。", fields={"valid_until": words}, code="DATE")
    require_readable(actor, store.get(session, file_id))
    session.scalars(select(Project.id).where(Project.id == project.id).with_for_update()).one()
    taken = select(Result.id).where(Result.project_id == project.id, Result.code == code, Result.number == number)
    if session.scalar(taken) is not None:
        words = [f"{kind.name} {number} 已经录入过，不用再录；文号写错的，请核对后重填"]
        raise Conflict(f"{kind.name} {number} 已经录入过。", fields={"number": words}, code="RESULT_EXISTS")
    result = Result(
        project_id=project.id,
        code=code,
        origin="historical",
        number=number.strip(),
        title=kind.name,
        authority=authority.strip() or kind.authority,
        issued_on=issued_on,
        valid_until=valid_until,
        file_id=file_id,
        data=dict(data or {}),
        entered_at=now,
        entered_by=actor.label,
    )
    session.add(result)
    session.flush()
    if code in LAND and project.parcel_code is None and result.data.get("parcel_code"):
        _check_parcel(result.data["parcel_code"], "data.parcel_code")
        project.parcel_code = result.data["parcel_code"]
    if code == "B02":
        _plan_buildings(session, project, result, now)
    if code == COMPLETION:
        deadlines.close(session, "filing", today, project_id=project.id)
        deadlines.open_limit(session, "filing", catalogue(session, now).filing_limit, issued_on, project_id=project.id)
    details = {"code": code, "number": number, "project": project.code}
    audit.append(session, actor, "result.entered", f"project:{project.id}", details, now)
    return result


def _plan_buildings(session: Session, project: Project, result: Result, now: datetime) -> None:
    if session.scalar(select(Building.id).where(Building.project_id == project.id).limit(1)) is not None:
        raise Conflict(
            "这个项目已经录入过建设工程规划许可证的楼栋。规划变更另走变更手续，不在这里重录。", code="BUILDINGS_EXIST"
        )
    if not project.parcel_code:
        raise Invalid(
            "项目还没有宗地代码，登记机构没法预编房屋单元。",
            fields={"parcel_code": ["录入建设用地规划许可证或土地证时补上宗地代码"]},
            code="PARCEL_CODE",
        )
    owner = session.get(Organisation, project.owner_organisation_id)
    if owner is None:
        raise NotFound("项目的建设单位不存在。", code="OWNER_UNKNOWN")
    rows = result.data.get("buildings")
    payload = {
        "project_code": project.code,
        "project_name": project.name,
        "owner_name": owner.name,
        "owner_uscc": owner.uscc or "",
        "parcel_code": project.parcel_code,
        "planning_permit_number": result.number,
        "buildings": [_expanded(one) for one in rows] if isinstance(rows, list) else rows,
    }
    try:
        planned: BuildingPlanned = contracts.parse(PLANNED, payload)
    except Invalid as error:
        fields = {key.replace(PLANNED, "data", 1): words for key, words in error.fields.items()}
        raise Invalid("楼栋的内容不对，请对照规划许可证改正。", fields=fields, code="BUILDINGS") from error
    _sensible(planned.buildings)
    for position, one in enumerate(planned.buildings, start=1):
        session.add(_row(project, result, position, one))
    session.flush()
    jobs.post(session, PLANNED, project.code, contracts.dump(planned), now, source="approval")


def _expanded(raw: Any) -> Any:
    """A building with `areas` entries {area, count} written out, as the contract has them."""
    if not isinstance(raw, dict):
        return raw
    units = raw.get("units", [])
    if not isinstance(units, list):
        return raw
    return {**raw, "units": [_expanded_group(one) for one in units]}


def _expanded_group(raw: Any) -> Any:
    if not isinstance(raw, dict) or not isinstance(raw.get("areas"), list):
        return raw
    areas: list[Any] = []
    for one in raw["areas"]:
        count = one.get("count") if isinstance(one, dict) else None
        if type(count) is int and 0 < count <= 9999:
            areas += [one.get("area")] * count
        else:
            areas.append(one)
    return {**raw, "areas": areas}


def _sensible(buildings: tuple[PlannedBuilding, ...]) -> None:
    """What the contract's shape cannot say: at least one building, each number once, floors within the building."""
    problems: dict[str, list[str]] = {}
    seen: set[str] = set()
    for i, one in enumerate(buildings):
        where = f"data.buildings[{i}]"
        if not one.number.strip() or one.number in seen:
            problems[f"{where}.number"] = ["幢号要填，而且不能重复"]
        seen.add(one.number)
        if one.floors_above < 0 or one.floors_below < 0 or one.floors_above + one.floors_below == 0:
            problems[f"{where}.floors_above"] = ["层数不对：地上、地下至少有一层"]
        if one.planned_area <= 0 or min(one.common_area, one.civil_defence_area, one.shared_area) < 0:
            problems[f"{where}.planned_area"] = ["面积要大于 0"]
        for j, group in enumerate(one.units):
            if not -one.floors_below <= group.first_floor <= group.last_floor <= one.floors_above:
                own = f"地上 {one.floors_above} 层、地下 {one.floors_below} 层"
                words = f"{group.first_floor} 至 {group.last_floor} 层超出了这一幢（{own}），请核对"
                problems[f"{where}.units[{j}].first_floor"] = [words]
            if not group.areas or min(group.areas) <= 0:
                problems[f"{where}.units[{j}].areas"] = ["每一户的面积都要大于 0"]
        total = _units_area(one) + one.common_area + one.civil_defence_area + one.shared_area
        if total > one.planned_area * LARGEST_SHARE:
            words = f"各户和公用部分合计 {total}㎡，比许可面积 {one.planned_area}㎡ 多得太多，请看看有没有重复的楼层"
            problems.setdefault(f"{where}.units", [words])
    if not buildings:
        problems["data.buildings"] = ["请至少填一幢"]
    if problems:
        raise Invalid("楼栋的内容不对，请对照规划许可证改正。", fields=problems, code="BUILDINGS")


def _units_area(one: PlannedBuilding) -> Decimal:
    """The planned area of all units of a building, ㎡."""
    return sum(
        (sum(group.areas, Decimal(0)) * _floors(group.first_floor, group.last_floor) for group in one.units), Decimal(0)
    )


def _row(project: Project, result: Result, position: int, one: PlannedBuilding) -> Building:
    return Building(
        project_id=project.id,
        result_id=result.id,
        position=position,
        number=one.number.strip(),
        use=one.use,
        floors_above=one.floors_above,
        floors_below=one.floors_below,
        planned_area=one.planned_area,
        common_area=one.common_area,
        civil_defence_area=one.civil_defence_area,
        shared_area=one.shared_area,
        units=[contracts.dump(group) for group in one.units],
        unit_count=sum(len(group.areas) * _floors(group.first_floor, group.last_floor) for group in one.units),
    )


def _floors(first: int, last: int) -> int:
    """How many floors lie from first to last: there is no floor 0."""
    return last - first + (0 if first < 0 < last else 1)


def consent_text(project: Project, owner: Organisation) -> str:
    """What the owner signs: the application for first registration (domain 6.3)."""
    return (
        f"{owner.name}（统一社会信用代码 {owner.uscc}）作为项目“{project.name}”（项目代码 {project.code}，宗地 "
        f"{project.parcel_code or '-'}）的建设单位，申请国有建设用地使用权及房屋所有权首次登记：本项目竣工验收备案办结后，"
        "由不动产登记机构凭共享的备案、测绘和规划核实成果直接办理，业主共有部分一并申请登记。"
        "本单位确认所报内容真实，已知登簿前可以撤回本申请。"
    )


def sign_consent(
    session: Session, actor: Actor, project: Project, signer: Signer, now: datetime, seen_sha256: str | None = None
) -> Consent:
    """The owner signs the application for first registration. seen_sha256: the hash of the text the signer was shown."""
    access.require_owner(actor, project.owner_organisation_id, "签署首次登记授权")
    owner = session.get(Organisation, project.owner_organisation_id)
    if owner is None:
        raise NotFound("项目的建设单位不存在。", code="OWNER_UNKNOWN")
    if session.scalar(select(Consent.id).where(Consent.project_id == project.id).limit(1)) is not None:
        raise Conflict("已经签署过首次登记授权，不用再签。", code="CONSENT_SIGNED")
    text = consent_text(project, owner)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if seen_sha256 is not None and seen_sha256 != sha256:
        raise Conflict("授权书的内容和您看到的不一样了，请重新打开再签。", code="CONSENT_CHANGED")
    consent = Consent(
        project_id=project.id,
        organisation_id=owner.id,
        text=text,
        sha256=sha256,
        signature=signer.sign_text(owner.name, text.encode()),
        signer_id=actor.account_id,
        signer=actor.label,
        signed_at=now,
    )
    session.add(consent)
    session.flush()
    audit.append(session, actor, "consent.signed", f"project:{project.id}", {"sha256": sha256}, now)
    return consent
