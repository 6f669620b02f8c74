"""The kinds of paper, and the facts each one must bring.

A paper's data is plain JSON, checked here when the paper is issued, so that the job which draws it cannot fail for want
of a fact. Areas are ㎡ and money is yuan, both decimal text with at most two places; days are ISO dates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.errors import Invalid


def _two_places(value: Decimal) -> None:
    if -value.as_tuple().exponent > 2:  # type: ignore[operator]  # allow_nan=False: never 'n' or 'F'
        raise ValidationError("最多两位小数")


def _text(**more: Any) -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1), **more)


def _optional() -> fields.String:
    return fields.String(load_default="")


def _area(required: bool = True) -> fields.Decimal:
    more: dict[str, Any] = {} if required else {"load_default": None, "allow_none": True}
    return fields.Decimal(required=required, as_string=True, allow_nan=False, validate=_two_places, **more)


class Party(Schema):
    """A party to the works and the person who answers for it."""

    role = _optional()
    name = _text()
    leader = _optional()


class PermitRelated(Schema):
    phase_name = _text()
    number = _text()


class ConstructionPermit(Schema):
    """施工许可证 (domain.md §2.4). ``scope`` is the limit of the phase, ``buildings`` the names it covers."""

    owner = _text()
    project_name = _text()
    project_code = _text()
    address = _text()
    area = _area(required=False)
    scale_note = _optional()  # 计容 …, 地下 …, or the length of a road
    contract_price = _area()
    period_from = fields.Date(required=True)
    period_to = fields.Date(required=True)
    surveyor = fields.Nested(Party, required=True)
    designer = fields.Nested(Party, required=True)
    contractor = fields.Nested(Party, required=True)
    supervisor = fields.Nested(Party, load_default=None, allow_none=True)  # not every project needs supervision
    phase = fields.String(required=True, validate=validate.OneOf(["P0", "P1", "P2", "P12", "P3"]))
    phase_name = _text()
    scope = _text()
    buildings = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    related = fields.List(fields.Nested(PermitRelated), load_default=list)
    notes = fields.List(fields.String(), load_default=list)
    issued_on = fields.Date(required=True)


class FiledBuilding(Schema):
    name = _text()
    use = _text()
    floors = _text()
    planned_area = _area()
    measured_area = _area()


class Special(Schema):
    """One special acceptance and what it came to."""

    name = _text()
    unit = _text()
    outcome = _text()
    document = _optional()
    decided_on = fields.Date(load_default=None, allow_none=True)


class AcceptanceFiling(Schema):
    """竣工验收备案表, by the key columns of the exchange standard (domain.md §5, SPGL_JSGCJGYSBAXXB_V3)."""

    owner = _text()
    owner_uscc = _text()
    project_name = _text()
    project_code = _text()
    address = _text()
    scope = _text()
    permits = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    drawing_review_number = _optional()
    planning_permit_number = _optional()
    commenced_on = fields.Date(required=True)
    completed_on = fields.Date(required=True)
    qualified_on = fields.Date(required=True)
    filed_on = fields.Date(required=True)
    filed_at = _optional()  # 15:20
    actual_cost = _area()
    total_area = _area()
    above_ground_area = _area()
    underground_area = _area()
    civil_defence_area = _area(required=False)
    joint_acceptance = fields.Boolean(required=True)
    parties_changed = fields.Boolean(required=True)
    archive = _text()
    parties = fields.List(fields.Nested(Party), required=True, validate=validate.Length(min=1))
    buildings = fields.List(fields.Nested(FiledBuilding), required=True, validate=validate.Length(min=1))
    specials = fields.List(fields.Nested(Special), required=True)
    version = fields.Integer(load_default=1, strict=True)
    notes = fields.List(fields.String(), load_default=list)


class RegisteredBuilding(Schema):
    name = _text()
    unit_code = _optional()
    use = _text()
    floors = _text()
    structure = _optional()
    units = fields.Integer(required=True, strict=True)
    area = _area()
    completed_on = fields.Date(load_default=None, allow_none=True)


class PropertyCertificate(Schema):
    """不动产权证书: the page of rights, the other circumstances, the note page and the table of buildings."""

    right_holder = _text()
    right_holder_uscc = _text()
    co_ownership = _text()
    location = _text()
    unit_code = _text()
    right_type = _text()
    right_nature = _text()
    use = _text()
    land_area = _area()
    building_area = _area()
    term = _text()
    other = fields.List(fields.String(), load_default=list)
    notes = fields.List(fields.String(), load_default=list)
    buildings = fields.List(fields.Nested(RegisteredBuilding), load_default=list)
    booked_on = fields.Date(required=True)


class Item(Schema):
    """One thing asked for, found or decided; a correction item names its object, request and basis."""

    title = _text()
    request = _optional()
    basis = _optional()
    source = _optional()


class Fact(Schema):
    label = _text()
    value = _text()


class Letter(Schema):
    """Every paper in words: title and office come from the kind, the words from the area that issues it."""

    addressee = _text()
    case_serial = _optional()
    matter = _optional()
    project_name = _optional()
    project_code = _optional()
    facts = fields.List(fields.Nested(Fact), load_default=list)
    paragraphs = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    items_title = _optional()
    items = fields.List(fields.Nested(Item), load_default=list)
    specials = fields.List(fields.Nested(Special), load_default=list)
    closing = fields.List(fields.String(), load_default=list)
    reasons = fields.List(fields.String(), load_default=list)
    remedy = _optional()
    contact = _optional()
    issued_on = fields.Date(required=True)


class Refusal(Letter):
    """A no must say why and where one may complain (行政许可法, 不动产登记暂行条例)."""

    @validates_schema
    def says_why_and_what_can_be_done(self, data: Mapping[str, Any], **_more: Any) -> None:
        missing = {}
        if not data.get("reasons"):
            missing["reasons"] = ["请写明理由"]
        if not data.get("remedy"):
            missing["remedy"] = ["请写明不服怎么办（复议、诉讼的机关和期限）"]
        if missing:
            raise ValidationError(missing)


class Itemised(Letter):
    """A list that is handed over once: it cannot be empty."""

    @validates_schema
    def has_items(self, data: Mapping[str, Any], **_more: Any) -> None:
        if not data.get("items"):
            raise ValidationError({"items": ["请至少列出一项"]})


@dataclass(frozen=True)
class Kind:
    """``public`` names the facts that anyone who verifies the paper may compare: label, key, format."""

    name: str
    title: str
    template: str
    schema: type[Schema]
    public: tuple[tuple[str, str, str], ...] = ()


_LETTER_PUBLIC = (("当事人", "addressee", "text"), ("办件", "case_serial", "text"), ("事项", "matter", "text"),
                  ("项目", "project_name", "text"), ("日期", "issued_on", "day"))  # fmt: skip


def _letter(name: str, title: str, schema: type[Schema] = Letter) -> Kind:
    return Kind(name, title, "letter.html", schema, _LETTER_PUBLIC)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "construction-permit",
                "建筑工程施工许可证",
                "construction-permit.html",
                ConstructionPermit,
                (
                    ("建设单位", "owner", "text"),
                    ("工程名称", "project_name", "text"),
                    ("建设地址", "address", "text"),
                    ("建设规模", "area", "area"),
                    ("合同价格", "contract_price", "wan"),
                    ("阶段", "phase_name", "text"),
                    ("许可范围", "scope", "text"),
                    ("单体", "buildings", "list"),
                    ("勘察单位", "surveyor.name", "text"),
                    ("设计单位", "designer.name", "text"),
                    ("施工单位", "contractor.name", "text"),
                    ("监理单位", "supervisor.name", "text"),
                    ("发证日期", "issued_on", "day"),
                ),
            ),
            Kind(
                "acceptance-filing",
                "房屋建筑工程竣工验收备案表",
                "acceptance-filing.html",
                AcceptanceFiling,
                (
                    ("建设单位", "owner", "text"),
                    ("工程名称", "project_name", "text"),
                    ("建设地址", "address", "text"),
                    ("备案范围", "scope", "text"),
                    ("总建筑面积", "total_area", "area"),
                    ("施工许可证", "permits", "list"),
                    ("竣工验收合格日期", "qualified_on", "day"),
                    ("备案日期", "filed_on", "day"),
                ),
            ),
            Kind(
                "property-certificate",
                "不动产权证书",
                "property-certificate.html",
                PropertyCertificate,
                (
                    ("权利人", "right_holder", "text"),
                    ("坐落", "location", "text"),
                    ("不动产单元号", "unit_code", "unit"),
                    ("权利类型", "right_type", "text"),
                    ("用途", "use", "text"),
                    ("登记日期", "booked_on", "day"),
                ),
            ),
            _letter("grant-decision", "准予行政许可决定书"),
            _letter("refusal-decision", "不予行政许可决定书", Refusal),
            _letter("admission-notice", "受理通知书"),
            _letter("correction-notice", "补正材料一次性告知书", Itemised),
            _letter("not-admitted", "不受理通知书", Refusal),
            _letter("admission-refused", "不予受理通知书", Refusal),
            _letter("acceptance-opinion", "竣工联合验收意见书"),
            _letter("rectification-list", "竣工联合验收一次性整改清单", Itemised),
            _letter("withdrawal-notice", "准予撤回申请通知书"),
            _letter("registration-admission", "不动产登记受理通知书"),
            _letter("registration-notice", "不动产登记补正告知书", Itemised),
            _letter("registration-refusal", "不动产登记不予登记告知书", Refusal),
        )
    }
)


def kind_of(name: str) -> Kind:
    """The kind by its name; ``Invalid`` for a name nobody has."""
    try:
        return KINDS[name]
    except KeyError:
        raise Invalid(f"没有“{name}”这种文书", code="PAPER_KIND") from None


def checked(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` as it will be stored: plain JSON, complete for its kind. ``Invalid`` names what is missing."""
    schema = kind_of(name).schema()
    try:
        loaded = schema.load(plain(data))
    except ValidationError as error:
        messages = dict(_flat(error.normalized_messages()))
        raise Invalid(
            f"{KINDS[name].title}的内容不全：{'、'.join(messages)}", fields=messages, code="PAPER_DATA"
        ) from error
    return dict(schema.dump(loaded))


def plain(value: Any) -> Any:
    """Decimals and days as text, tuples as lists, all the way down; floats are refused: they have no cents."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        raise TypeError("a paper's figures are Decimal or text, never float")
    return value


def _flat(messages: Any, path: str = "") -> list[tuple[str, list[str]]]:
    if isinstance(messages, list):
        return [(path, [str(message) for message in messages])]
    return [pair for key, inner in messages.items() for pair in _flat(inner, f"{path}.{key}" if path else str(key))]
