"""What the models' service tasks do here: record a transition, issue a permit, an opinion, a list, file an acceptance.

Each runs in a savepoint and may run again after a fault; each checks again what the model has no say in.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import audit, contracts
from server.accounts.actor import Actor
from server.approval import (
    deadlines,
    judging,
    lawful,
    letters,
    materials_check,
    matters_check,
    matters_differences,
    payloads,
    phases,
    records,
)
from server.approval.catalogues import catalogue_of
from server.approval.checks import registers
from server.approval.evidence import draw
from server.approval.letters import CITY, Subject
from server.approval.matters import MATERIALS, MATTERS
from server.approval.models import (
    AcceptanceFiling,
    Building,
    Case,
    CaseBuilding,
    Consent,
    Deadline,
    Decision,
    Permit,
    PermitEvent,
    PermitScope,
    Project,
    Result,
)
from server.approval.picture import IN_FORCE, STATUS_WORDS, Picture
from server.approval.states import CODES, State
from server.clock import legal_date
from server.db import mark
from server.documents import numbering, papers
from server.documents.models import Paper
from server.errors import Conflict, NotFound
from server.processes.handlers import JobContext, Variables, handler, headed, procedure, thrown, transitions
from server.processes.library_kinds import library_kind

library_kind(
    MATTERS, title="事项目录", check=matters_check.check_matters, difference=matters_differences.of_matters
)
library_kind(
    MATERIALS, title="材料字典", check=materials_check.check_materials, difference=matters_differences.of_materials
)
transitions(*CODES)
headed("admission-notice", "correction-notice", "withdrawal-notice", *letters.REFUSALS)
procedure(
    "construction-permit",
    "approval",
    start=(
        "case_id",
        "matter",
        "phase",
        "mode",
        "has_basement",
        "civil_defence",
        "special_fire",
        "supervision_required",
        "excavation_depth",
        "p1_requires_planning_permit",
    ),
    rules=lawful.PERMIT,
    examples={
        "phase": ("P0", "P1", "P12", "P2", "P3"),
        **dict.fromkeys(
            ("has_basement", "civil_defence", "special_fire", "supervision_required", "p1_requires_planning_permit"),
            (True, False),
        ),
    },
)
procedure(
    "joint-acceptance",
    "approval",
    start=("case_id", "matter", *(f"{special}_passed" for special in judging.SPECIALS)),
    rules=lawful.ACCEPTANCE,
    examples={
        f"{special}_passed": (False,) if special in ("planning", "fire", "archive") else (True, False)
        for special in judging.SPECIALS
    },
)
procedure(
    "acceptance-filing",
    "approval",
    start=("case_id", "matter", "registration_required"),
    rules=lawful.FILING,
    examples={"registration_required": (True, False)},
)


def case_of(session: Session, subject: str) -> Case:
    """The case a process is about ('case:12'). NotFound for anything else."""
    kind, _, number = subject.partition(":")
    case = session.get(Case, int(number)) if kind == "case" and number.isdigit() else None
    if case is None:
        raise NotFound("没有这一件办件。", code="CASE_UNKNOWN")
    return case


SAID: dict[State, tuple[frozenset[str], frozenset[str], str]] = {
    State.ADMITTED: (judging.INTAKE, judging.ADMITTING, "受理"),
    State.NOT_ADMITTED: (judging.INTAKE, judging.INTAKE - judging.ADMITTING, "不受理"),
    State.ADMISSION_REFUSED: (judging.INTAKE, frozenset({"refuse_jurisdiction"}), "不予受理"),
    State.CORRECTION_STARTED: (judging.INTAKE, frozenset({"correct"}), "一次告知补正"),
    State.REJECTED: (judging.DECIDING, frozenset({"refuse"}), "不予许可"),
}
"""What a person must have decided before a state may be recorded: among which outcomes the last word counts, which it must
be, and what the act is called. The model draws the way; it has no say in what was decided."""


def _said(session: Session, case: Case, among: frozenset[str], wanted: frozenset[str], act: str) -> None:
    """Conflict, and so an incident, when a model would record what nobody decided."""
    if judging.word(session, case.id, among) not in wanted:
        raise Conflict(
            f"没有人对这一件作过“{act}”的决定，流程却走到了这一步，不能记录。请检查流程图里决定之后的连线和条件。",
            code="NOT_DECIDED",
        )


def _record(context: JobContext, case: Case, decision: Decision | None, opinion: str = "") -> None:
    """Append the transition that the element's header names."""
    state = CODES[context.headers["transition"]]
    records.append(
        context.session,
        case,
        state,
        context.actor,
        context.now,
        opinion=opinion,
        element=context.element,
        decision=decision,
    )


@handler("record", headers=("transition",), acts=True, returns=())
def record(context: JobContext) -> None:
    """Record the transition named in the header; issue the paper named there, if any."""
    session, actor, now = context.session, context.actor, context.now
    case = case_of(session, context.subject)
    state = CODES[context.headers["transition"]]
    if state in (State.COMPLETED, State.COMPLETED_TOLERANT):
        raise Conflict("办结随制证、出意见书或者备案一起记录，不能单独记。请换成相应的步骤。", code="NOTHING_ISSUED")
    if state in SAID:
        _said(session, case, *SAID[state])
    decision = judging.fresh(session, case.id)
    opinion = "补正期满没有补齐，按撤件处理。" if state is State.PULLED and decision is None else ""
    _record(context, case, decision, opinion)
    if state is State.ADMITTED:
        _lock_mode(session, case)
    items: list[Any] = []
    if state is State.CORRECTION_STARTED and decision is not None:
        _, items = judging.send_notice(session, case, "correction", [decision], actor, now)
    if kind := context.headers.get("paper"):
        reasons = [decision.opinion] if decision else [opinion]
        letters.issue(session, kind, letters.subject_of(session, case), actor, now, reasons=reasons, items=items)
    _audit(session, actor, f"case.{context.headers['transition']}", case, now, {"element": context.element})


def _lock_mode(session: Session, case: Case) -> None:
    """The first admitted permit decides the project's mode for good (domain 2.1)."""
    if case.phase is None:
        return
    project = session.scalars(select(Project).where(Project.id == case.project_id).with_for_update()).one()
    if project.permit_mode is None:
        project.permit_mode = phases.mode_of(case.phase, None)


def _audit(session: Session, actor: Actor, act: str, case: Case, now: datetime, details: dict[str, Any]) -> None:
    audit.append(session, actor, act, f"case:{case.id}", {"serial": case.serial, **details}, now)


@handler("issue_permit", headers=("transition",), acts=True, returns=("permit_number",))
def issue_permit(context: JobContext) -> dict[str, Any]:
    """Grant: the permit, the buildings it covers, its paper, its limit to begin work, and the end of the case."""
    session, actor, now = context.session, context.actor, context.now
    case = case_of(session, context.subject)
    if case.phase is None:
        raise Conflict("这一件没有许可阶段，不能制施工许可证。", code="NO_PHASE")
    _said(session, case, judging.DECIDING, frozenset({"grant"}), "准予许可")
    subject, day = letters.subject_of(session, case), legal_date(now)
    covered, rules = buildings_of(session, case), catalogue_of(session, case, now)
    earlier = _earlier(session, case, covered)
    decision = judging.fresh(session, case.id)
    _record(context, case, decision)
    number = numbering.permit_number(session, subject.project.district, day)
    paper = papers.issue(
        session,
        "construction-permit",
        number,
        payloads.permit_paper(rules, subject, covered, earlier, day),
        subject.key,
        actor,
        now,
        issuer=CITY.permit_authority,
        organisation_id=subject.owner.id,
    )
    permit = Permit(
        number=number,
        project_id=case.project_id,
        case_id=case.id,
        phase=case.phase,
        scope=rules.matter(case.matter).phases[case.phase].scope,
        combines=[one.number for one in earlier],
        status="ACTIVE",
        issued_on=day,
        paper_id=paper.id,
    )
    session.add(permit)
    session.flush()
    session.add_all(
        PermitScope(permit_id=permit.id, building_id=one.id, phase=case.phase, valid=True) for one in covered
    )
    session.add(PermitEvent(permit_id=permit.id, kind="issued", day=day, note="", actor=actor.label, at=now))
    session.flush()
    deadlines.permit_limit(session, subject.project, permit, rules.commencement)
    _audit(session, actor, "permit.issued", case, now, {"number": number})
    return {"permit_number": number}


def buildings_of(session: Session, case: Case) -> list[Building]:
    """The buildings of a case, in the planning permit's order."""
    query = (
        select(Building)
        .join(CaseBuilding, CaseBuilding.building_id == Building.id)
        .where(CaseBuilding.case_id == case.id)
        .order_by(Building.position)
    )
    return list(session.scalars(query))


def _earlier(session: Session, case: Case, covered: list[Building]) -> list[Permit]:
    """The permits in force of other phases for any of these buildings: what the new one builds on."""
    query = (
        select(Permit)
        .join(PermitScope, PermitScope.permit_id == Permit.id)
        .where(PermitScope.building_id.in_([one.id for one in covered]), Permit.status.in_(IN_FORCE))
        .order_by(Permit.id)
        .distinct()
    )
    return list(session.scalars(query))


@papers.standing("construction-permit")
def standing(session: Session, paper: Paper, now: datetime) -> papers.Standing:
    """What a construction permit is worth now: the permit's own status, not a mark on its paper.

    A paper whose permit is not in our records is worth nothing.
    """
    permit = session.scalars(select(Permit).where(Permit.number == paper.number)).one_or_none()
    if permit is None:
        return papers.Standing(
            "unknown", "无法核实", "许可台账里没有这张证，不能据以施工，请向发证机关核实。", "failed"
        )
    status = permit.status
    if status in IN_FORCE:
        return papers.Standing(status.lower(), STATUS_WORDS[status], f"由{paper.issuer}发出，现在有效。", "done")
    if status == "COMPLETED":
        sentence = f"由{paper.issuer}发出，工程已经竣工，项目已经办结。"
        return papers.Standing(status.lower(), STATUS_WORDS[status], sentence, "done")
    tone: papers.Tone = {"SUSPENDED": "stopped", "REVOKED": "failed", "LAPSED": "failed"}.get(status, "neutral")  # type: ignore[assignment]
    sentence = f"{STATUS_WORDS[status]}，不能据以施工。"
    return papers.Standing(status.lower(), STATUS_WORDS[status], sentence, tone)


@handler("issue_opinion", headers=("transition",), acts=True, returns=("opinion_number",))
def issue_opinion(context: JobContext) -> dict[str, Any]:
    """All specials passed: the opinion of the joint acceptance. A special that failed cannot be talked away."""
    session, actor, now = context.session, context.actor, context.now
    case = case_of(session, context.subject)
    verdicts = judging.verdicts(session, case.id)
    subject = letters.subject_of(session, case)
    passed = {one.special for one in verdicts if one.passed}
    owed = specials_owed(buildings_of(session, case), registers(_picture(session, subject, now)))
    failed = [one.name for one in verdicts if not one.passed]
    failed += [judging.SPECIALS[one] for one in owed if one not in {one.special for one in verdicts}]
    if failed or not passed:
        raise Conflict(f"{'、'.join(failed) or '专项验收'}还没有通过，不能出联合验收意见书。", code="SPECIALS_OPEN")
    _record(context, case, judging.fresh(session, case.id))
    paper = letters.issue(
        session, "acceptance-opinion", subject, actor, now, specials=payloads.specials_lines(verdicts)
    )
    _result(session, subject, "D01", paper, {"paper": paper.id}, actor, now)
    if judging.last_notice(session, case.id, "rectification") is not None:
        _restart_filing_limit(session, case, now)
    _audit(session, actor, "acceptance.passed", case, now, {"number": paper.number})
    return {"opinion_number": paper.number}


def _picture(session: Session, subject: Subject, now: datetime) -> Picture:
    """The case's project, by the catalogue the case goes by."""
    return draw(session, subject.project, now, catalogue_of(session, subject.case, now))


def specials_owed(buildings: list[Building], to_register: bool) -> list[str]:
    """The specials a joint acceptance cannot do without, whatever its model asks (domain 1.2)."""
    left_out = set() if any(one.civil_defence_area for one in buildings) else {"civil_defence"}
    if not to_register:
        left_out.add("onsite")
    return [one for one in judging.SPECIALS if one not in left_out]


def _restart_filing_limit(session: Session, case: Case, now: datetime) -> None:
    """After a rectification the works count as accepted on the day of the re-test (domain 1.2, D07)."""
    day, limit = legal_date(now), catalogue_of(session, case, now).filing_limit
    deadlines.close(session, "filing", day, project_id=case.project_id)
    deadlines.open_limit(session, "filing", limit, day, project_id=case.project_id)


def _result(
    session: Session, subject: Subject, code: str, paper: Paper, data: dict[str, Any], actor: Actor, now: datetime
) -> None:
    kind = catalogue_of(session, subject.case, now).results[code]
    session.add(
        Result(
            project_id=subject.project.id,
            code=code,
            origin="issued",
            number=paper.number,
            title=kind.name,
            authority=CITY.permit_authority,
            issued_on=legal_date(now),
            case_id=subject.case.id,
            data=data,
            entered_at=now,
            entered_by=actor.label,
        )
    )
    session.flush()


@handler("issue_rectification", headers=("transition",), acts=True, returns=())
def issue_rectification(context: JobContext) -> None:
    """Some special failed: the one list of all departments, and the clock stops until the owner asks for the re-test."""
    session, actor, now = context.session, context.actor, context.now
    case = case_of(session, context.subject)
    failed = [one.decision for one in judging.verdicts(session, case.id) if not one.passed]
    _record(context, case, judging.fresh(session, case.id), "整改")
    _, items = judging.send_notice(session, case, "rectification", failed, actor, now)
    letters.issue(session, "rectification-list", letters.subject_of(session, case), actor, now, items=items)
    _audit(session, actor, "acceptance.rectification", case, now, {"items": len(items)})


@handler("file_acceptance", headers=("transition",), acts=True, returns=("filing_number", "filing_version"))
def file_acceptance(context: JobContext) -> dict[str, Any]:
    """Record the filing (备案): its number, its paper, the end of its limit. The hand-off to the registry starts here."""
    session, actor, now = context.session, context.actor, context.now
    case = case_of(session, context.subject)
    subject, day = letters.subject_of(session, case), legal_date(now)
    picture = _picture(session, subject, now)
    if picture.done("D01") is None or picture.qualified_on is None:
        raise Conflict("竣工联合验收还没有通过，不能备案。", code="ACCEPTANCE_MISSING")
    _said(session, case, judging.INTAKE, frozenset({"file"}), "备案")
    _record(context, case, judging.fresh(session, case.id))
    number = numbering.filing_number(session, subject.project.district, day, CITY)
    bundle = payloads.gather(session, subject, picture)
    paper = papers.issue(
        session,
        "acceptance-filing",
        number,
        payloads.filing_paper(bundle, now),
        subject.key,
        actor,
        now,
        issuer=CITY.permit_authority,
        organisation_id=subject.owner.id,
    )
    consent = session.scalars(
        select(Consent).where(Consent.project_id == case.project_id).order_by(Consent.id.desc()).limit(1)
    ).first()
    filing = AcceptanceFiling(
        number=number,
        version=1,
        project_id=case.project_id,
        case_id=case.id,
        consent_id=consent.id if consent else None,
        qualified_on=picture.qualified_on,
        filed_at=now,
        filed_by=actor.label,
        paper_id=paper.id,
    )
    session.add(filing)
    session.flush()
    _result(session, subject, "D07", paper, {"paper": paper.id}, actor, now)
    deadlines.close(session, "filing", day, project_id=case.project_id)
    mark(session, "filing")
    _audit(session, actor, "acceptance.filed", case, now, {"number": number})
    return {"filing_number": number, "filing_version": filing.version}


@thrown("acceptance.filed")
def acceptance_filed(
    session: Session, subject: str, variables: Variables, now: datetime
) -> tuple[str, dict[str, Any]] | None:
    """What the registry is told, drawn from the filing's own records. Nothing where there is nothing to register."""
    case = case_of(session, subject)
    filing = session.scalars(select(AcceptanceFiling).where(AcceptanceFiling.case_id == case.id)).one()
    about = letters.subject_of(session, case)
    picture = _picture(session, about, now)
    if not registers(picture):
        return None
    consent = session.get(Consent, filing.consent_id) if filing.consent_id else None
    message = payloads.acceptance_filed(payloads.gather(session, about, picture), filing, consent)
    return filing.number, contracts.dump(message)


@handler("close_project", acts=False, returns=())
def close_project(context: JobContext) -> None:
    """Everything is done (xmsfwqbj = 1): the project is closed and its permits count as completed. Safe to repeat."""
    session, now = context.session, context.now
    case = case_of(session, context.subject)
    project = session.scalars(select(Project).where(Project.id == case.project_id).with_for_update()).one()
    if project.closed_at is not None:
        return
    project.closed_at = now
    permits = session.scalars(
        select(Permit).where(Permit.project_id == project.id, Permit.status.in_(IN_FORCE)).order_by(Permit.id)
    )
    for permit in permits:
        permit.status = "COMPLETED"
        session.add(
            PermitEvent(
                permit_id=permit.id,
                kind="completed",
                day=legal_date(now),
                note="",
                actor=context.actor.label,
                at=now,
            )
        )
    open_limits = session.scalars(
        select(Deadline).where(Deadline.project_id == project.id, Deadline.closed_on.is_(None))
    )
    for limit in open_limits:
        limit.closed_on = legal_date(now)
    session.flush()
    audit.append(session, context.actor, "project.closed", f"project:{project.id}", {"code": project.code}, now)
