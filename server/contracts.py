"""Messages between areas: frozen dataclasses, each with a JSON Schema that both ends check.

``approval`` and ``registry`` know each other only by these. The wire form is plain JSON, so that the other side may be
another vendor's system: areas are strings with two decimals, days ISO dates, instants ISO UTC. A message that breaks
the contract raises ``Invalid`` naming the field.
"""

import re
import types
import typing
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from server.errors import Invalid


@dataclass(frozen=True)
class UnitGroup:
    """Equal floors of a building: ``areas`` are the planned areas (㎡) of the units of one floor, in order."""

    first_floor: int
    last_floor: int
    use: str
    areas: tuple[Decimal, ...]


@dataclass(frozen=True)
class PlannedBuilding:
    """A building as permitted by the planning permit. ``planned_area`` follows GB/T 50353 (计容), ㎡.

    ``common_area``: rooms of all owners (物业用房 …), ``civil_defence_area`` (人防) and ``shared_area`` (公用部分, not
    in any unit), all in ㎡ of the property survey's measure.
    """

    number: str
    use: str
    floors_above: int
    floors_below: int
    planned_area: Decimal
    units: tuple[UnitGroup, ...] = ()
    common_area: Decimal = Decimal(0)
    civil_defence_area: Decimal = Decimal(0)
    shared_area: Decimal = Decimal(0)


@dataclass(frozen=True)
class BuildingPlanned:
    """``building.planned``: a planning permit (B02) is in force; the registry numbers units in advance."""

    project_code: str
    project_name: str
    owner_name: str
    owner_uscc: str
    parcel_code: str
    planning_permit_number: str
    buildings: tuple[PlannedBuilding, ...]


@dataclass(frozen=True)
class MeasuredBuilding:
    """A building as measured after completion (多测合一), areas in ㎡.

    ``planning_measured``: GB/T 50353, to be held against ``permitted``; ``property_measured``: GB/T 17986.
    """

    number: str
    use: str
    floors_above: int
    floors_below: int
    permitted: Decimal
    planning_measured: Decimal
    property_measured: Decimal
    common_area: Decimal = Decimal(0)
    civil_defence_area: Decimal = Decimal(0)
    shared_area: Decimal = Decimal(0)


@dataclass(frozen=True)
class SpecialResult:
    """The result of one special review of the joint acceptance: ``special`` planning, fire, civil_defence, archive, onsite."""

    special: str
    name: str
    passed: bool
    unit: str
    officer: str
    decided_at: datetime


@dataclass(frozen=True)
class ConsentGiven:
    """The owner's signed application for first registration (registration begins on application only)."""

    text: str
    sha256: str
    signer: str
    signed_at: datetime
    signature: str


@dataclass(frozen=True)
class AcceptanceFiled:
    """``acceptance.filed``: an acceptance filing (D07) is complete. Idempotency key: filing number + version."""

    filing_number: str
    filing_version: int
    filed_at: datetime
    project_code: str
    works_code: str
    project_name: str
    owner_name: str
    owner_uscc: str
    parcel_code: str
    planning_permit_number: str
    completion_accepted_on: date
    joint_opinion_number: str
    survey_report_number: str
    buildings: tuple[MeasuredBuilding, ...]
    specials: tuple[SpecialResult, ...]
    consent: ConsentGiven | None
    construction_permits: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegistrationCompleted:
    """``registration.completed``: the registry has booked the first registration."""

    filing_number: str
    filing_version: int
    application_number: str
    certificate_number: str
    booked_at: datetime
    registrar: str
    units: int
    entries: int


@dataclass(frozen=True)
class RegistrationRefused:
    """``registration.refused``: a registrar decided in writing not to register."""

    filing_number: str
    filing_version: int
    application_number: str
    reason: str
    remedy: str
    refused_at: datetime
    registrar: str


CONTRACTS: dict[str, type] = {
    "building.planned": BuildingPlanned,
    "acceptance.filed": AcceptanceFiled,
    "registration.completed": RegistrationCompleted,
    "registration.refused": RegistrationRefused,
}
VERSION = 1


def dump(message: Any) -> dict[str, Any]:
    """The wire form of a message: plain JSON data."""
    return {field.name: _dump(getattr(message, field.name)) for field in fields(message)}


def parse(name: str, payload: Any) -> Any:
    """The message called ``name`` from its wire form. Raises Invalid naming the field that breaks the contract."""
    if name not in CONTRACTS:
        raise Invalid(f"没有叫“{name}”的消息", code="CONTRACT")
    return _parse(CONTRACTS[name], payload, name)


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a message, made from the dataclass itself."""
    body = _schema(CONTRACTS[name])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, "version": VERSION, **body}


def _dump(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return dump(value)
    if isinstance(value, tuple):
        return [_dump(one) for one in value]
    if isinstance(value, Decimal):
        return format(value.quantize(Decimal("0.01")), "f")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def _optional(kind: Any) -> tuple[Any, bool]:
    if isinstance(kind, types.UnionType):
        return next(one for one in typing.get_args(kind) if one is not types.NoneType), True
    return kind, False


def _parse(kind: Any, value: Any, where: str) -> Any:
    kind, optional = _optional(kind)
    if value is None:
        if optional:
            return None
        raise _broken(where, "缺少内容")
    if is_dataclass(kind):
        return _parse_record(typing.cast(type, kind), value, where)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise _broken(where, "应当是列表")
        inner = typing.get_args(kind)[0]
        return tuple(_parse(inner, one, f"{where}[{i}]") for i, one in enumerate(value))
    return _parse_plain(kind, value, where)


def _parse_record(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _broken(where, "应当是一组字段")
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    for name in value:
        if name not in known:
            raise _broken(f"{where}.{name}", "契约里没有这个字段")
    arguments = {}
    for name, field in known.items():
        if name in value:
            arguments[name] = _parse(hints[name], value[name], f"{where}.{name}")
        elif field.default is MISSING:
            raise _broken(f"{where}.{name}", "缺少这个字段")
    return kind(**arguments)


def _parse_plain(kind: Any, value: Any, where: str) -> Any:
    if kind is bool or kind is int or kind is str:
        if type(value) is not kind:
            raise _broken(where, {bool: "应当是真或假", int: "应当是整数", str: "应当是文字"}[kind])
        return value
    if kind is Decimal:
        if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,12}(\.\d{1,2})?", value):
            raise _broken(where, "应当是最多两位小数的数字文本")
        try:
            return Decimal(value)
        except InvalidOperation:
            raise _broken(where, "不是数字") from None
    if not isinstance(value, str):
        raise _broken(where, "应当是日期文本")
    try:
        parsed = datetime.fromisoformat(value) if kind is datetime else date.fromisoformat(value)
    except ValueError:
        raise _broken(where, "日期写法不对") from None
    if isinstance(parsed, datetime) and parsed.tzinfo is None:
        raise _broken(where, "时间要带时区")
    return parsed


def _broken(where: str, reason: str) -> Invalid:
    return Invalid(f"消息不合契约：{where} {reason}", code="CONTRACT", fields={where: [reason]})


def _schema(kind: Any) -> dict[str, Any]:
    kind, optional = _optional(kind)
    body: dict[str, Any]
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        body = {
            "type": "object",
            "additionalProperties": False,
            "properties": {field.name: _schema(hints[field.name]) for field in fields(kind)},
            "required": [f.name for f in fields(kind) if f.default is MISSING],
        }
    elif typing.get_origin(kind) is tuple:
        body = {"type": "array", "items": _schema(typing.get_args(kind)[0])}
    elif kind is Decimal:
        body = {"type": "string", "pattern": r"^-?\d{1,12}(\.\d{1,2})?$"}
    elif kind is datetime:
        body = {"type": "string", "format": "date-time"}
    elif kind is date:
        body = {"type": "string", "format": "date"}
    else:
        body = {"type": {bool: "boolean", int: "integer", str: "string"}[kind]}
    return {"anyOf": [body, {"type": "null"}]} if optional else body
