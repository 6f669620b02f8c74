"""What the registry's REST routes take and give. Areas (㎡) and money (yuan) are decimal text with two places."""

import unicodedata
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate


def _two_places(value: Decimal) -> None:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2:
        raise ValidationError("最多两位小数")
    if abs(value) >= Decimal(10) ** 12:
        raise ValidationError("数字太大")


def decimal(**more: Any) -> fields.Decimal:
    """A decimal as text, at most two places, never rounded silently."""
    return fields.Decimal(
        as_string=True, allow_nan=False, validate=_two_places, metadata={"type": "string", "format": "decimal"}, **more
    )


def visible(value: str) -> None:
    """Refuse what nobody sees: control and direction characters make two names look alike."""
    if any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn") for one in value):
        raise ValidationError("里面有看不见的字符，请删掉后重填")


def text(limit: int = 200, **more: Any) -> fields.String:
    """Required text."""
    return fields.String(required=True, validate=[validate.Length(min=1, max=limit), visible], **more)


def optional(limit: int = 200) -> fields.String:
    """Text that may be left out."""
    return fields.String(load_default="", validate=[validate.Length(max=limit), visible])


class PaymentSchema(Schema):
    """Whether a payment was made, and the voucher that proves it."""

    paid = fields.Boolean(required=True)
    voucher = optional(100)
    amount = decimal(load_default=None, allow_none=True)


class ParcelSchema(Schema):
    """A parcel with its right to use land (A08), as a registrar enters it."""

    parcel_code = text(40, metadata={"description": "宗地代码，19 位", "example": "150502003012GB00035"})
    area = decimal(required=True)
    use = text(100)
    nature = text(20, metadata={"example": "出让"})
    location = text(300)
    holder_name = text()
    holder_uscc = text(40)
    certificate_number = text(60)
    contract_number = optional(100)
    use_from = fields.Date(load_default=None, allow_none=True)
    use_until = fields.Date(load_default=None, allow_none=True)
    price = fields.Nested(PaymentSchema, load_default=None, allow_none=True)
    deed_tax = fields.Nested(PaymentSchema, load_default=None, allow_none=True)


class ParcelPaymentSchema(PaymentSchema):
    kind = fields.String(required=True, validate=validate.OneOf(["price", "deed_tax"]))


class RestrictionSchema(Schema):
    """A seizure, mortgage, objection or dispute as its document says it."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(
            ["seizure", "provisional_seizure", "mortgage", "construction_mortgage", "objection", "dispute"]
        ),
    )
    against_name = text()
    against_uscc = text(40)
    holder = text()
    document = text()
    since = fields.Date(required=True)
    until = fields.Date(load_default=None, allow_none=True)
    demand = optional(300)
    unit_code = optional(40)


class RestrictionOutSchema(Schema):
    id = fields.Integer()
    kind = fields.String()
    against_name = fields.String()
    against_uscc = fields.String()
    holder = fields.String()
    document = fields.String()
    since = fields.Date()
    until = fields.Date(allow_none=True)
    demand = fields.String()
    unit_code = fields.String()
    entry = fields.Integer()
    lifted_by = fields.String(allow_none=True)


class LiftSchema(Schema):
    document = text()


class CureSchema(Schema):
    """A document that cures a hold: what it ends, what it pays; all twelve run again."""

    note = text(1000)
    document = optional()
    lifts = fields.List(fields.Integer(strict=True, validate=validate.Range(1, 2**31 - 1)), load_default=list)
    price = fields.Nested(PaymentSchema, load_default=None, allow_none=True)
    deed_tax = fields.Nested(PaymentSchema, load_default=None, allow_none=True)


class VisitSchema(Schema):
    """A visit the registry made itself."""

    visited_on = fields.Date(required=True)
    as_described = fields.Boolean(required=True)
    text = text(2000)


class ApplicationSchema(Schema):
    """An application in a list."""

    number = fields.String(attribute="application.number")
    filing_number = fields.String(attribute="application.filing_number")
    filing_version = fields.Integer(attribute="application.filing_version")
    project_code = fields.String(attribute="application.project_code")
    project_name = fields.String(attribute="application.project_name")
    owner_name = fields.String(attribute="application.owner_name")
    parcel_code = fields.String(attribute="application.parcel_code")
    received_at = fields.DateTime(attribute="application.received_at")
    state = fields.String()
    since = fields.DateTime()
    note = fields.String()
    due = fields.DateTime(allow_none=True)


class PageSchema(Schema):
    """Which part of a list; ``project_code`` and ``filing_number`` narrow it."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 10**6))
    project_code = fields.String(load_default=None, validate=validate.Length(max=40))
    filing_number = fields.String(load_default=None, validate=validate.Length(max=100))


class SearchSchema(Schema):
    q = fields.String(load_default="", validate=validate.Length(max=100))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 10**6))


class EntriesQuerySchema(Schema):
    parcel_code = text(40)
    unit_code = fields.String(load_default=None, validate=validate.Length(max=40))
    after = fields.Integer(load_default=0, validate=validate.Range(0, 10**9))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 1000))


class MomentSchema(Schema):
    on = fields.Date(load_default=None, metadata={"description": "看哪一天的登记簿；不给就是现在"})


class StepSchema(Schema):
    sequence = fields.Integer()
    kind = fields.String()
    at = fields.DateTime()
    actor = fields.String()
    text = fields.String()
    details = fields.Dict()


class CheckSchema(Schema):
    """What one of the twelve said in the last run."""

    code = fields.String()
    title = fields.String()
    outcome = fields.String(metadata={"description": "PASS、WARN 或 HOLD"})
    reason = fields.String()
    evidence = fields.List(fields.Dict())
    causes = fields.List(fields.Dict())
    basis = fields.List(fields.Dict())


class RunSchema(Schema):
    sequence = fields.Integer()
    occasion = fields.String()
    at = fields.DateTime()
    rules_version = fields.String()
    held = fields.Boolean()


class NoticeSchema(Schema):
    cause = fields.String()
    recipients = fields.List(fields.String())
    text = fields.String()
    cure = fields.String()
    at = fields.DateTime()


class AreaRowSchema(Schema):
    """A building's line of the area table, or a total; all ㎡."""

    name = fields.String()
    permitted = decimal()
    planning = decimal()
    built_difference = decimal()
    percent = decimal()
    allowance = fields.String(allow_none=True)
    measured = decimal()
    standard_difference = decimal()
    unit_count = fields.Integer()
    units = decimal()
    common = decimal()
    civil_defence = decimal()
    shared = decimal()
    residual = decimal()


class AreaTableSchema(Schema):
    rows = fields.List(fields.Nested(AreaRowSchema))
    counted = fields.Nested(AreaRowSchema)
    total = fields.Nested(AreaRowSchema)
    residual = decimal()


class CertificateSchema(Schema):
    number = fields.String()
    verification_code = fields.String()
    units = fields.Integer()
    entry = fields.Integer()
    issued_at = fields.DateTime()


class LimitSchema(Schema):
    admitted_at = fields.DateTime()
    due = fields.DateTime()
    over = fields.Boolean()
    closed_at = fields.DateTime(allow_none=True)


class CaseSchema(Schema):
    """One application entirely."""

    number = fields.String(attribute="application.number")
    subject = fields.Function(lambda case: f"registration:{case.application.id}")
    filing_number = fields.String(attribute="application.filing_number")
    filing_version = fields.Integer(attribute="application.filing_version")
    project_code = fields.String(attribute="application.project_code")
    project_name = fields.String(attribute="application.project_name")
    owner_name = fields.String(attribute="application.owner_name")
    owner_uscc = fields.String(attribute="application.owner_uscc")
    parcel_code = fields.String(attribute="application.parcel_code")
    received_at = fields.DateTime(attribute="application.received_at")
    state = fields.String()
    revision = fields.Integer()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    checks = fields.List(fields.Nested(CheckSchema), attribute="results")
    runs = fields.List(fields.Nested(RunSchema))
    steps = fields.List(fields.Nested(StepSchema))
    notices = fields.List(fields.Nested(NoticeSchema))
    areas = fields.Nested(AreaTableSchema, attribute="bridge")
    limit = fields.Nested(LimitSchema, allow_none=True)
    certificate = fields.Nested(CertificateSchema, allow_none=True)


class CellSchema(Schema):
    code = fields.String()
    label = fields.String()
    state = fields.String()
    area = decimal()
    use = fields.String()


class FloorSchema(Schema):
    number = fields.Integer()
    name = fields.String()
    units = fields.List(fields.Nested(CellSchema), attribute="cells")


class GridSchema(Schema):
    """A building as floors and units, the top floor first."""

    id = fields.Integer(attribute="building.id")
    name = fields.String(attribute="building.name")
    number = fields.Integer(attribute="building.number")
    use = fields.String(attribute="building.use")
    parcel_code = fields.String(attribute="building.parcel_code")
    planned_area = decimal(attribute="building.planned_area")
    units_area = decimal()
    floors = fields.List(fields.Nested(FloorSchema))


class BuildingLineSchema(Schema):
    id = fields.Integer(attribute="building.id")
    name = fields.String(attribute="building.name")
    number = fields.Integer(attribute="building.number")
    use = fields.String(attribute="building.use")
    units = fields.Function(lambda grid: len(grid.cells))
    registered = fields.Function(lambda grid: sum(cell.state != "wait" for cell in grid.cells))


class PartSchema(Schema):
    """Something entered in the book that is no unit: a common part or an annotation."""

    building = fields.String()
    name = fields.String()
    area = decimal()
    entry = fields.Integer()


class ParcelOutSchema(Schema):
    """A parcel with what stands in its book."""

    parcel_code = fields.String(attribute="parcel.code")
    district = fields.String(attribute="parcel.district")
    area = decimal(attribute="parcel.area")
    use = fields.String(attribute="parcel.use")
    nature = fields.String(attribute="parcel.nature")
    location = fields.String(attribute="parcel.location")
    holder_name = fields.String(attribute="holder.name")
    holder_uscc = fields.String(attribute="holder.uscc")
    land_certificate = fields.String(attribute="land_right.certificate_number")
    certificates = fields.List(fields.Nested(CertificateSchema))
    buildings = fields.List(fields.Nested(BuildingLineSchema))
    common_parts = fields.Function(lambda view: [_part(a, b, a.name) for a, b in view.common_parts])
    annotations = fields.Function(lambda view: [_part(a, b, a.text) for a, b in view.annotations])
    restrictions = fields.Function(lambda view: [restriction_out(a, b) for a, b in view.restrictions])
    units = fields.Integer()
    entries = fields.Integer()


class ParcelLineSchema(Schema):
    parcel_code = fields.String()
    location = fields.String()
    use = fields.String()
    area = decimal()
    holder_name = fields.String()


class EntrySchema(Schema):
    """One entry of the book, as hashed."""

    sequence = fields.Integer()
    kind = fields.String()
    unit_code = fields.String()
    content = fields.String(metadata={"description": "规范化的 JSON 文本，摘要由它算出"})
    cause = fields.String()
    registrar = fields.String()
    at = fields.DateTime()
    previous = fields.String()
    hash = fields.String()


class UnitSchema(Schema):
    """One unit with right, restrictions and entries."""

    code = fields.String(attribute="unit.code")
    building = fields.String(attribute="building.name")
    floor = fields.Integer(attribute="unit.floor")
    label = fields.String(attribute="unit.label")
    use = fields.String(attribute="unit.use")
    planned_area = decimal(attribute="unit.planned_area")
    surveyed_area = decimal(attribute="right.area")
    state = fields.String()
    holder_name = fields.String(attribute="holder.name")
    certificate_number = fields.String(attribute="right.certificate_number")
    may = fields.String()
    restrictions = fields.Function(lambda view: [restriction_out(one, None) for one in view.restrictions])
    entries = fields.List(fields.Nested(EntrySchema))


class VerdictSchema(Schema):
    """Whether a book is intact."""

    parcel_code = fields.String(attribute="book")
    entries = fields.Integer()
    intact = fields.Boolean()
    broken_at = fields.Integer(allow_none=True)
    why = fields.String()


def _part(row: Any, building: Any, name: str) -> dict[str, Any]:
    return dict(PartSchema().dump({"building": building.name, "name": name, "area": row.area, "entry": row.entry}))


def restriction_out(row: Any, end: Any) -> dict[str, Any]:
    """A restriction with the document that ended it, if any."""
    return dict(RestrictionOutSchema().dump(row)) | {"lifted_by": end.document if end else None}
