"""Draws the picture that the checks look at, from the rows of one project: eight statements whatever its size."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.approval import deadlines
from server.approval.conditions import Required
from server.approval.matters import Catalogue, Matter
from server.approval.models import (
    Application,
    Building,
    Case,
    CaseBuilding,
    CaseMaterial,
    CaseRecord,
    Consent,
    Permit,
    PermitScope,
    Project,
    Result,
)
from server.approval.picture import (
    BuildingView,
    Held,
    OpenCase,
    Passed,
    PermitView,
    Picture,
    ResultView,
    Wanted,
)
from server.approval.states import CLOSED, State
from server.clock import legal_date
from server.errors import Conflict, NotFound
from server.processes import definitions

UPLOAD = "upload"
DECISION = "permit_phase_conditions"
DROPPED = frozenset({State.PULLED, State.NOT_ADMITTED, State.ADMISSION_REFUSED, State.WITHDRAWN, State.REVOKED})
PASSED = frozenset({State.COMPLETED, State.COMPLETED_TOLERANT})


def draw(session: Session, project: Project, now: datetime, rules: Catalogue) -> Picture:
    """The picture of a project on the legal day of `now`. rules: says which materials the system has already."""
    today = legal_date(now)
    buildings = list(
        session.scalars(select(Building).where(Building.project_id == project.id).order_by(Building.position))
    )
    numbers = {one.id: one.number for one in buildings}
    results = list(session.scalars(select(Result).where(Result.project_id == project.id).order_by(Result.id)))
    cases = _cases(session, project.id)
    filing = deadlines.filing_limit(session, project.id)
    return Picture(
        project_code=project.code,
        flow_type=project.flow_type,
        permit_mode=project.permit_mode,
        closed=project.closed_at is not None,
        today=today,
        buildings=tuple(_building(one) for one in buildings),
        permits=_permits(session, project.id, numbers),
        results=_results(results),
        open_cases=_open(session, cases, numbers),
        passed=_passed(cases, results),
        held=_held(session, project.id, cases, results, today, rules),
        consent_signed=session.scalar(select(Consent.id).where(Consent.project_id == project.id).limit(1)) is not None,
        qualified_on=filing.start if filing else None,
        filing_due=filing.due if filing else None,
    )


def wanted_by(application: Application) -> Wanted:
    """What a draft applies for."""
    return Wanted(
        matter=application.matter,
        phase=application.phase,
        buildings=tuple(application.buildings),
        facts=application.facts,
        materials=frozenset(one["code"] for one in application.materials),
    )


def wanted_in(session: Session, case: Case) -> Wanted:
    """What a case applies for, with the materials its dossier holds now."""
    numbers = session.scalars(
        select(Building.number)
        .join(CaseBuilding, CaseBuilding.building_id == Building.id)
        .where(CaseBuilding.case_id == case.id)
        .order_by(Building.position)
    )
    codes = session.scalars(select(CaseMaterial.code).where(CaseMaterial.case_id == case.id).distinct())
    return Wanted(case.matter, case.phase, tuple(numbers), case.facts, frozenset(codes), case.serial)


def required_for(
    session: Session,
    matter: Matter,
    variables: dict[str, object],
    now: datetime,
    version_id: int | None = None,
) -> list[Required]:
    """The conditions of a permit phase as the decision table in force (or of a case's version) lists them.

    A matter without phases has no table. Raises NotFound while none is published.
    """
    if not matter.phases:
        return []
    rows = definitions.decide(session, matter.process, DECISION, variables, now, version_id=version_id)
    if isinstance(rows, dict):
        rows = [rows]
    if not rows:  # a table that says nothing would let everything through
        raise Conflict("许可条件表没有给出这个阶段的条件，不能判断。请告诉流程设计员检查决策表。", code="NO_CONDITIONS")
    return [Required(str(one["key"]), str(one.get("reason") or "")) for one in rows or []]


def _building(one: Building) -> BuildingView:
    return BuildingView(
        one.number, one.use, one.floors_above, one.floors_below, one.planned_area, one.civil_defence_area
    )


def _permits(session: Session, project_id: int, numbers: dict[int, str]) -> tuple[PermitView, ...]:
    covers: dict[int, set[str]] = defaultdict(set)
    permits: dict[int, Permit] = {}
    for permit, building_id in session.execute(
        select(Permit, PermitScope.building_id)
        .join(PermitScope, PermitScope.permit_id == Permit.id)
        .where(Permit.project_id == project_id)
        .order_by(Permit.id)
    ):
        permits[permit.id] = permit
        covers[permit.id].add(numbers[building_id])
    return tuple(
        PermitView(one.number, one.phase, one.status, one.issued_on, frozenset(covers[one.id]))
        for one in permits.values()
    )


def _results(rows: Iterable[Result]) -> dict[str, ResultView]:
    return {
        one.code: ResultView(one.code, one.number, one.title, one.issued_on, one.valid_until, one.data) for one in rows
    }


Standing = tuple[Case, CaseRecord]


def _cases(session: Session, project_id: int) -> list[Standing]:
    rows = session.execute(
        select(Case, CaseRecord)
        .join(CaseRecord, CaseRecord.id == Case.last_record_id)
        .where(Case.project_id == project_id)
        .order_by(Case.id)
    )
    return [(case, record) for case, record in rows]


def _open(session: Session, cases: list[Standing], numbers: dict[int, str]) -> tuple[OpenCase, ...]:
    running = {case.id: case for case, record in cases if State(record.state) not in CLOSED}
    covers: dict[int, set[str]] = defaultdict(set)
    if running:
        query = select(CaseBuilding.case_id, CaseBuilding.building_id).where(CaseBuilding.case_id.in_(running))
        for case_id, building_id in session.execute(query):
            covers[case_id].add(numbers[building_id])
    return tuple(OpenCase(one.serial, one.matter, one.phase, frozenset(covers[one.id])) for one in running.values())


def _passed(cases: list[Standing], results: list[Result]) -> tuple[Passed, ...]:
    by_case = {one.case_id: one.number for one in results if one.case_id}
    return tuple(
        Passed(case.matter, case.serial, record.legal_date, by_case.get(case.id, case.serial))
        for case, record in cases
        if State(record.state) in PASSED and case.phase is None
    )


def _held(
    session: Session, project_id: int, cases: list[Standing], results: list[Result], today: date, rules: Catalogue
) -> dict[str, Held]:
    held: dict[str, Held] = {}
    kept = {case.id: case for case, record in cases if State(record.state) not in DROPPED}
    if kept:
        query = select(CaseMaterial.case_id, CaseMaterial.code, CaseMaterial.file_id).where(
            CaseMaterial.case_id.in_(kept), CaseMaterial.origin == UPLOAD
        )
        for case_id, code, file_id in session.execute(query.order_by(CaseMaterial.id)):
            material = rules.materials.get(code)
            if material is not None and material.reuse == "project":
                case = kept[case_id]
                origin = f"{rules.title(case.matter, case.phase)}时已提交（{case.serial}）"
                held[code] = Held(origin, file_id)
    for one in results:
        kind = rules.results.get(one.code)
        if kind and kind.material and (one.valid_until is None or one.valid_until >= today):
            held[kind.material] = Held(f"《{one.title}》{one.number}", one.file_id)
    return held


def building_rows(session: Session, project_id: int, numbers: Iterable[str]) -> list[Building]:
    """The rows of these buildings, in the permit's order. NotFound names the first unknown one."""
    asked = list(numbers)
    rows = list(
        session.scalars(
            select(Building)
            .where(Building.project_id == project_id, Building.number.in_(asked))
            .order_by(Building.position)
        )
    )
    unknown = set(asked) - {one.number for one in rows}
    if unknown:
        raise NotFound(f"规划许可证上没有“{min(unknown)}”。", code="BUILDING_UNKNOWN")
    return rows
