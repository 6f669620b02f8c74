"""What the approval's REST routes take and give. Areas (㎡) and money (yuan) are decimal text; days are legal dates."""

from marshmallow import Schema, fields, validate

from server.web.api.schemas_registry import decimal, optional, text

DAY = {"type": "string", "format": "date", "example": "2026-03-02"}


class ProjectInSchema(Schema):
    """A new project. The owner is named by its credit code; a window clerk also names one the system does not know."""

    code = text(24, metadata={"description": "项目代码", "example": "2503-150502-04-01-382716"})
    name = text()
    owner_uscc = text(40, metadata={"description": "建设单位统一社会信用代码"})
    owner_name = optional()
    flow_type = text(30, metadata={"description": "流程类型，例如 SOC_GENERAL"})
    address = text(300)
    parcel_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    works_code = optional(40)


class BuildingSchema(Schema):
    """A building of the planning permit."""

    number = fields.String()
    use = fields.String()
    floors_above = fields.Integer()
    floors_below = fields.Integer()
    planned_area = decimal()
    common_area = decimal()
    civil_defence_area = decimal()
    shared_area = decimal()
    unit_count = fields.Integer()


class ResultSchema(Schema):
    """A result the project has."""

    code = fields.String()
    origin = fields.String(metadata={"description": "historical（凭文件录入）或 issued（本系统作出）"})
    number = fields.String()
    title = fields.String()
    authority = fields.String()
    issued_on = fields.Date()
    valid_until = fields.Date(allow_none=True)
    file_id = fields.Integer(allow_none=True)


class PermitSchema(Schema):
    """A construction permit of one phase."""

    number = fields.String()
    phase = fields.String()
    scope = fields.String()
    status = fields.String()
    status_words = fields.String()
    issued_on = fields.Date()
    buildings = fields.List(fields.String())
    combines = fields.List(fields.String())
    case = fields.String()
    commenced_on = fields.Date(allow_none=True)
    commencement_due = fields.Date(allow_none=True)


class DueSchema(Schema):
    """A limit as the ledger comes to it on this legal day."""

    kind = fields.String()
    words = fields.String()
    start = fields.Date()
    promised = fields.Integer()
    unit = fields.String()
    left = fields.Integer()
    used = fields.Integer()
    stopped = fields.Integer()
    over = fields.Integer()
    date = fields.Date(allow_none=True)
    level = fields.String()
    closed = fields.Date(allow_none=True)
    calendar_version = fields.String()
    note = fields.String()


class WaitingSchema(Schema):
    """One thing that is waited for: on whom, for what, until when, whose clock runs."""

    whom = fields.String()
    what = fields.String()
    until = fields.Date(allow_none=True)
    whose = fields.String()
    clock = fields.String()
    why_no_date = fields.String()
    work_item_id = fields.Integer(allow_none=True)


class CaseLineSchema(Schema):
    """A case in a list."""

    serial = fields.String()
    matter = fields.String()
    phase = fields.String(allow_none=True)
    title = fields.String()
    project_code = fields.String()
    project_name = fields.String()
    state = fields.Integer(metadata={"description": "国家交换标准的办件状态代码 1–16"})
    state_name = fields.String()
    state_words = fields.String()
    received_at = fields.DateTime()
    due = fields.Nested(DueSchema, allow_none=True)


class ProjectLineSchema(Schema):
    """A project in a list."""

    code = fields.String()
    name = fields.String()
    address = fields.String()
    flow_type = fields.String()
    district = fields.String()
    parcel_code = fields.String(allow_none=True)
    permit_mode = fields.String(allow_none=True)
    closed_at = fields.DateTime(allow_none=True)


class ProjectSchema(ProjectLineSchema):
    """A project with everything it has."""

    owner_name = fields.String()
    owner_uscc = fields.String()
    buildings = fields.List(fields.Nested(BuildingSchema))
    results = fields.List(fields.Nested(ResultSchema))
    permits = fields.List(fields.Nested(PermitSchema))
    cases = fields.List(fields.Nested(CaseLineSchema))
    qualified_on = fields.Date(allow_none=True)
    filing_due = fields.Date(allow_none=True)
    consent_signed = fields.Boolean()


class ProjectFilterSchema(Schema):
    q = fields.String(load_default="", validate=validate.Length(max=100))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    offset = fields.Integer(load_default=0, validate=validate.Range(0))


class CaseFilterSchema(Schema):
    project = fields.String(load_default=None, validate=validate.Length(max=40))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    offset = fields.Integer(load_default=0, validate=validate.Range(0))


class ResultInSchema(Schema):
    """A result entered from its document. B02 carries `data.buildings`; A07/A08 may carry `data.parcel_code`."""

    code = text(10)
    number = text(100)
    issued_on = fields.Date(required=True, metadata=DAY)
    valid_until = fields.Date(load_default=None, allow_none=True, metadata=DAY)
    file_id = fields.Integer(required=True, strict=True)
    authority = optional()
    data = fields.Dict(keys=fields.String(), load_default=dict)


class PhaseCellSchema(Schema):
    """A building in a phase."""

    building = fields.String()
    phase = fields.String()
    state = fields.String()
    words = fields.String()
    number = fields.String()


class MatrixSchema(Schema):
    """Building × phase."""

    mode = fields.String()
    locked = fields.Boolean()
    why = fields.String()
    columns = fields.List(fields.String())
    rows = fields.List(fields.List(fields.Nested(PhaseCellSchema)))


class ModeSchema(Schema):
    mode = fields.String(load_default=None, validate=validate.OneOf(["THREE", "TWO", "SINGLE"]))


class ConsentInSchema(Schema):
    """sha256: the hash of the text that the signer was shown (GET gives both)."""

    sha256 = text(64)


class ConsentSchema(Schema):
    """The application for first registration, to be signed or signed."""

    text = fields.String()
    sha256 = fields.String()
    signed_at = fields.DateTime(allow_none=True)
    signer = fields.String(allow_none=True)


class AttachedSchema(Schema):
    """A material: its code in the dictionary and the uploaded file."""

    code = text(10)
    file_id = fields.Integer(required=True, strict=True)


class DraftInSchema(Schema):
    """A new draft."""

    project = text(40, metadata={"description": "项目代码"})
    matter = text(10, metadata={"description": "事项：C05 施工许可、D01 竣工联合验收、D07 竣工验收备案"})
    phase = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=5))
    buildings = fields.List(text(40), load_default=list, validate=validate.Length(max=500))
    facts = fields.Dict(keys=fields.String(), load_default=dict)
    materials = fields.List(fields.Nested(AttachedSchema), load_default=list, validate=validate.Length(max=200))


class DraftChangeSchema(Schema):
    """What is left out stays as it is. seen_revision: refuse when somebody saved in between."""

    seen_revision = fields.Integer(load_default=None, strict=True, allow_none=True)
    phase = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=5))
    buildings = fields.List(text(40), load_default=None, allow_none=True, validate=validate.Length(max=500))
    facts = fields.Dict(keys=fields.String(), load_default=None, allow_none=True)
    materials = fields.List(
        fields.Nested(AttachedSchema), load_default=None, allow_none=True, validate=validate.Length(max=200)
    )


class DraftSchema(Schema):
    """An application as it was last saved."""

    id = fields.Integer()
    project = fields.String()
    matter = fields.String()
    phase = fields.String(allow_none=True)
    buildings = fields.List(fields.String())
    facts = fields.Dict()
    materials = fields.List(fields.Dict())
    revision = fields.Integer()
    case = fields.String(allow_none=True, metadata={"description": "提交后的办件编号"})
    updated_at = fields.DateTime()


class CheckFindingSchema(Schema):
    """level: block (cannot be submitted), ask (the window will ask for it), doubt (may be meant)."""

    level = fields.String()
    code = fields.String()
    words = fields.String()
    cure = fields.String()
    field = fields.String()


class ConditionSchema(Schema):
    """A condition of the phase. met null: the system has no data, a person decides."""

    key = fields.String()
    words = fields.String()
    reason = fields.String()
    met = fields.Boolean(allow_none=True)
    evidence = fields.String()
    cure = fields.String()


class MaterialLineSchema(Schema):
    """A material that is asked for. state: attached, held (the system has it), missing."""

    code = fields.String()
    name = fields.String()
    key = fields.Boolean()
    state = fields.String()
    origin = fields.String()


class CheckedSchema(Schema):
    """What would happen if it were submitted now."""

    ready = fields.Boolean()
    findings = fields.List(fields.Nested(CheckFindingSchema))
    conditions = fields.List(fields.Nested(ConditionSchema))
    materials = fields.List(fields.Nested(MaterialLineSchema))


class SubmittedSchema(Schema):
    """The case that was made. query_code: to ask how far it is, without signing in."""

    case = fields.String()
    query_code = fields.String()
    state = fields.Integer()
    state_words = fields.String()


class CaseMaterialSchema(Schema):
    """A file of the dossier, and in which revision it came."""

    code = fields.String()
    revision = fields.Integer()
    file_id = fields.Integer()
    filename = fields.String()
    sha256 = fields.String()
    origin = fields.String()
    added_at = fields.DateTime()


class PaperLineSchema(Schema):
    """A paper the case led to."""

    kind = fields.String()
    number = fields.String()
    title = fields.String()
    verification_code = fields.String()
    issued_on = fields.Date()
    ready = fields.Boolean(metadata={"description": "PDF 已经制好"})


class DossierSchema(CaseLineSchema):
    """A case with its dossier; revision is to be named when deciding."""

    revision = fields.Integer()
    buildings = fields.List(fields.String())
    facts = fields.Dict()
    materials = fields.List(fields.Nested(CaseMaterialSchema))
    waiting = fields.List(fields.Nested(WaitingSchema))
    papers = fields.List(fields.Nested(PaperLineSchema))
    process_status = fields.String(allow_none=True)


class RecordSchema(Schema):
    """One entry of the case's record."""

    seq = fields.Integer()
    state = fields.Integer()
    state_name = fields.String()
    state_words = fields.String()
    unit = fields.String()
    actor = fields.String()
    opinion = fields.String()
    element = fields.String()
    at = fields.DateTime()
    legal_date = fields.Date()


class LedgerDaySchema(Schema):
    day = fields.Date()
    word = fields.String()
    kind = fields.String()
    reason = fields.String()
    count = fields.Integer()
    total = fields.Integer()
    projected = fields.Boolean()


class CaseLedgerSchema(Schema):
    """A limit with every one of its days."""

    due = fields.Nested(DueSchema)
    days = fields.List(fields.Nested(LedgerDaySchema))


class WithdrawalInSchema(Schema):
    reason = text(500)


class WithdrawalDecisionSchema(Schema):
    """confirm: the materials were returned and the case ends; refuse: it goes on."""

    outcome = fields.String(required=True, validate=validate.OneOf(["confirm", "refuse"]))
    opinion = optional(500)


class WithdrawnSchema(Schema):
    """The state now, and the draft the materials went back to."""

    state = fields.Integer()
    state_words = fields.String()
    draft = fields.Integer(allow_none=True)


class CommencementSchema(Schema):
    commenced_on = fields.Date(required=True, metadata=DAY)


class FilingSchema(Schema):
    """A completion filing (竣工验收备案)."""

    number = fields.String()
    version = fields.Integer()
    project_code = fields.String()
    case = fields.String()
    qualified_on = fields.Date()
    due = fields.Date(allow_none=True)
    filed_at = fields.DateTime()
    filed_by = fields.String()
    answers = fields.List(fields.Dict(), metadata={"description": "登记机构的答复"})
