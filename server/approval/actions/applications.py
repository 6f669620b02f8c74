"""An owner's application: drafted, saved as often as wanted, looked at, submitted once. Submitting makes the case."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import audit
from server.accounts.actor import Actor
from server.approval import access, checks, evidence, judging
from server.approval.catalogues import catalogue
from server.approval.checks import Check
from server.approval.matters import Catalogue, Matter
from server.approval.models import (
    Application,
    Building,
    Case,
    CaseBuilding,
    CaseMaterial,
    Project,
    SurveyArea,
)
from server.approval.picture import Finding, Picture, Wanted
from server.clock import legal_date
from server.documents import numbering
from server.errors import Conflict, DomainError, Invalid, NotFound
from server.files import store
from server.files.access import require_readable
from server.processes import definitions, forms, instances

QUERY_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def create_application(
    session: Session,
    actor: Actor,
    project: Project,
    *,
    matter: str,
    now: datetime,
    phase: str | None = None,
    buildings: Iterable[str] = (),
    facts: Mapping[str, Any] | None = None,
    materials: Iterable[Mapping[str, Any]] = (),
) -> Application:
    """A new draft. Only its shape is checked here; what is missing is `check`'s to say."""
    access.require_owner(actor, project.owner_organisation_id, "申请")
    rules = catalogue(session, now)
    rules.phase(rules.matter(matter), phase)
    draft = Application(
        project_id=project.id,
        matter=matter,
        phase=phase,
        buildings=list(dict.fromkeys(buildings)),
        facts=dict(facts or {}),
        materials=_materials(session, actor, materials, rules),
        created_at=now,
        created_by=actor.label,
        updated_at=now,
    )
    session.add(draft)
    session.flush()
    return draft


def save_application(
    session: Session,
    actor: Actor,
    draft: Application,
    now: datetime,
    *,
    seen_revision: int | None = None,
    phase: str | None = None,
    buildings: Iterable[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    materials: Iterable[Mapping[str, Any]] | None = None,
) -> Application:
    """Save what was filled in; what is None stays. Conflict when somebody saved in between, or it was submitted."""
    project, rules = _open_draft(session, actor, draft), catalogue(session, now)
    if seen_revision is not None and seen_revision != draft.revision:
        raise Conflict(
            "这份申请刚刚被同事改过。请刷新看看改了什么，再保存。",
            code="STALE_REVISION",
            extra={"revision": draft.revision},
        )
    if phase is not None:
        rules.phase(rules.matter(draft.matter), phase)
        draft.phase = phase
    if buildings is not None:
        draft.buildings = list(dict.fromkeys(buildings))
    if facts is not None:
        draft.facts = {**draft.facts, **facts}
    if materials is not None:
        draft.materials = _materials(session, actor, materials, rules)
    draft.revision += 1
    draft.updated_at = now
    session.flush()
    audit.append(session, actor, "application.saved", f"project:{project.id}", {"application": draft.id}, now)
    return draft


def _open_draft(session: Session, actor: Actor, draft: Application) -> Project:
    project = session.get(Project, draft.project_id)
    if project is None:
        raise NotFound("没有这份申请。", code="APPLICATION_UNKNOWN")
    access.require_owner(actor, project.owner_organisation_id, "申请")
    if draft.case_id is not None:
        raise Conflict("这份申请已经提交，不能再改。要补内容，请等窗口的补正告知。", code="SUBMITTED")
    return project


def _materials(
    session: Session, actor: Actor, rows: Iterable[Mapping[str, Any]], rules: Catalogue
) -> list[dict[str, Any]]:
    """Each attached file with its hash and name. Invalid for a material that is not in the dictionary."""
    known = rules.materials
    found: list[dict[str, Any]] = []
    for i, row in enumerate(rows):
        code, file_id = row.get("code"), row.get("file_id")
        if code not in known:
            field = {f"materials[{i}].code": ["材料字典里没有这个编码"]}
            raise Invalid(f"没有“{code}”这种材料。", fields=field, code="MATERIAL_UNKNOWN")
        if type(file_id) is not int:
            raise Invalid("材料没有文件。", fields={f"materials[{i}].file_id": ["请先上传文件"]}, code="FILE_UNKNOWN")
        file = store.get(session, file_id)
        require_readable(actor, file)
        found.append({"code": code, "file_id": file.id, "sha256": file.sha256, "filename": file.name})
    return found


def check(session: Session, draft: Application, now: datetime) -> Check:
    """What would happen if it were submitted now; writes nothing."""
    project = session.get(Project, draft.project_id)
    if project is None:
        raise NotFound("没有这份申请。", code="APPLICATION_UNKNOWN")
    rules = catalogue(session, now)
    picture, wanted = evidence.draw(session, project, now, rules), evidence.wanted_by(draft)
    result = look(session, rules, picture, wanted, now)
    try:
        _validated(session, rules, picture, wanted, now)
    except Invalid as error:
        unfilled = tuple(
            Finding("block", "FACT", f"{'；'.join(words)}", "", f"facts.{key}") for key, words in error.fields.items()
        )
        return Check(result.findings + unfilled, result.conditions, result.materials)
    return result


def look(
    session: Session,
    rules: Catalogue,
    picture: Picture,
    wanted: Wanted,
    now: datetime,
    version_id: int | None = None,
) -> Check:
    """The checks by a catalogue, with the phase's conditions as the decision table lists them."""
    matter, variables = rules.matter(wanted.matter), checks.circumstances(rules, picture, wanted)
    required = evidence.required_for(session, matter, variables, now, version_id)
    return checks.look(rules, matter, picture, wanted, required)


def _validated(
    session: Session, rules: Catalogue, picture: Picture, wanted: Wanted, now: datetime
) -> dict[str, Any]:
    """The facts as the application form has them. Keys the form does not know (the survey's rows) are kept."""
    form = forms.load(definitions.form(session, rules.matter(wanted.matter).form, now=now))
    about = checks.circumstances(rules, picture, wanted)
    return {**wanted.facts, **forms.validate(form, dict(wanted.facts), about)}


def submit_application(session: Session, actor: Actor, draft: Application, now: datetime) -> Case:
    """Make the case and start its process. Nothing is made when a check blocks: Conflict about the project's state
    (PHASE_ORDER, PERMIT_EXISTS …), Invalid about what was filled in; `extra.findings` lists all."""
    session.refresh(draft, with_for_update=True)
    project = _open_draft(session, actor, draft)
    project = session.scalars(
        select(Project).where(Project.id == project.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    rules = catalogue(session, now)
    matter = rules.matter(draft.matter)
    picture, wanted = evidence.draw(session, project, now, rules), evidence.wanted_by(draft)
    result = look(session, rules, picture, wanted, now)
    refuse_blocking(result)
    facts = _validated(session, rules, picture, wanted, now)
    case = _make_case(session, actor, draft, project, matter, facts, now)
    buildings = _buildings(session, project, draft, matter)
    session.add_all(CaseBuilding(case_id=case.id, building_id=one.id) for one in buildings)
    _attach(session, case, draft, matter, picture, now)
    if draft.matter == "D01":
        _survey(session, case, buildings, facts)
    session.flush()
    run = instances.start(
        session,
        matter.process,
        area="approval",
        subject=f"case:{case.id}",
        variables=_start_variables(case, rules, picture, wanted, buildings),
        actor=actor,
        now=now,
        owner_organisation_id=project.owner_organisation_id,
        district=project.district,
    )
    case.instance_id, case.process_version_id = run.id, run.version_id
    draft.case_id = case.id
    session.flush()
    if case.last_record_id is None:
        raise Conflict("这次没有收件成功，您填的都在。请稍后再提交。", code="NOT_RECEIVED")
    audit.append(session, actor, "case.submitted", f"case:{case.id}", {"serial": case.serial}, now)
    return case


def refuse_blocking(result: Check) -> None:
    """Raise the refusal that the blocking findings amount to, if any."""
    if not result.blocking:
        return
    first = next((one for one in result.blocking if one.state), result.blocking[0])
    fields: dict[str, list[str]] = {}
    for one in result.blocking:
        fields.setdefault(one.field, []).append(one.sentence)
    kind: type[DomainError] = Conflict if first.state else Invalid
    raise kind(first.sentence, code=first.code, fields=fields, extra={"findings": [as_plain(one) for one in result.findings]})


def as_plain(one: Finding) -> dict[str, Any]:
    """A finding for an answer."""
    return {"level": one.level, "code": one.code, "words": one.words, "cure": one.cure, "field": one.field}


def _make_case(
    session: Session,
    actor: Actor,
    draft: Application,
    project: Project,
    matter: Matter,
    facts: dict[str, Any],
    now: datetime,
) -> Case:
    promise, day = matter.promise_for(draft.phase), legal_date(now)
    kind = matter.serial_code(draft.phase)
    number = numbering.draw(session, f"case:{kind}", project.district, day)
    case = Case(
        serial=f"{project.district}-{day:%Y%m%d}-{kind}-{number:05d}",
        query_code="".join(secrets.choice(QUERY_ALPHABET) for _ in range(8)),
        matter=draft.matter,
        phase=draft.phase,
        project_id=project.id,
        owner_organisation_id=project.owner_organisation_id,
        district=project.district,
        application_id=draft.id,
        facts=facts,
        promise=promise.n,
        promise_unit=promise.unit.value,
        received_at=now,
        applicant_id=actor.account_id,
        applicant=actor.label,
    )
    session.add(case)
    session.flush()
    return case


def _buildings(session: Session, project: Project, draft: Application, matter: Matter) -> list[Building]:
    """The chosen buildings; a matter without phases is about all of them."""
    if matter.phases:
        return evidence.building_rows(session, project.id, draft.buildings)
    query = select(Building).where(Building.project_id == project.id).order_by(Building.position)
    return list(session.scalars(query))


def _attach(
    session: Session, case: Case, draft: Application, matter: Matter, picture: Picture, now: datetime
) -> None:
    """What was uploaded, and what the system holds of what is asked: the officer sees both in one list."""
    attached = {one["code"] for one in draft.materials}
    for one in draft.materials:
        add_material(session, case, one["code"], one["file_id"], evidence.UPLOAD, now)
    for asked in matter.materials_for(draft.phase):
        held = picture.held.get(asked.code)
        if asked.code not in attached and held is not None and held.file_id is not None:
            add_material(session, case, asked.code, held.file_id, held.origin, now)


def add_material(session: Session, case: Case, code: str, file_id: int, origin: str, now: datetime) -> None:
    """Append a file to the dossier, in its present revision; the same one twice is one."""
    there = select(CaseMaterial.id).where(
        CaseMaterial.case_id == case.id,
        CaseMaterial.code == code,
        CaseMaterial.revision == case.revision,
        CaseMaterial.file_id == file_id,
    )
    if session.scalar(there) is not None:
        return
    file = store.get(session, file_id)
    session.add(
        CaseMaterial(
            case_id=case.id,
            code=code,
            revision=case.revision,
            file_id=file.id,
            sha256=file.sha256,
            filename=file.name,
            origin=origin,
            added_at=now,
        )
    )


def _survey(session: Session, case: Case, buildings: list[Building], facts: Mapping[str, Any]) -> None:
    rows = checks.survey_rows(facts.get("survey"))
    for one in buildings:
        row = rows[one.number]
        session.add(
            SurveyArea(
                case_id=case.id,
                building_id=one.id,
                revision=case.revision,
                report_number=str(facts.get("survey_report_number") or ""),
                planning_measured=checks.area(row["planning_measured"]),
                property_measured=checks.area(row["property_measured"]),
                common_area=checks.area(row.get("common_area"), one.common_area),
                civil_defence_area=checks.area(row.get("civil_defence_area"), one.civil_defence_area),
                shared_area=checks.area(row.get("shared_area"), one.shared_area),
            )
        )


def _start_variables(
    case: Case, rules: Catalogue, picture: Picture, wanted: Wanted, buildings: list[Building]
) -> dict[str, Any]:
    """Ids, outcomes and flags only: what the models' conditions and the decision table turn on."""
    found: dict[str, Any] = {"case_id": case.id, "matter": case.matter}
    if case.phase is not None:
        return found | checks.circumstances(rules, picture, wanted)
    if case.matter == "D01":
        flags = {f"{special}_passed": False for special in judging.SPECIALS}
        flags["civil_defence_passed"] = not any(one.civil_defence_area for one in buildings)
        flags["onsite_passed"] = not checks.registers(picture)
        return found | flags
    return found | {"registration_required": checks.registers(picture)}
