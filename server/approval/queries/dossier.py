"""What a case, a permit, a filing and a project are, read together for whoever may see them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.models import Organisation
from server.approval import deadlines, states
from server.approval.catalogues import title_of
from server.approval.models import (
    AcceptanceFiling,
    Building,
    Case,
    CaseBuilding,
    CaseMaterial,
    CaseRecord,
    Consent,
    Deadline,
    Permit,
    PermitEvent,
    PermitScope,
    Project,
    RegistryAnswer,
    Result,
)
from server.approval.picture import STATUS_WORDS
from server.approval.queries import due, lookup, waiting
from server.approval.states import State
from server.documents import papers
from server.processes import instances


@dataclass(frozen=True)
class CaseLine:
    """A case in a list: where it stands and until when."""

    serial: str
    matter: str
    phase: str | None
    title: str
    project_code: str
    project_name: str
    state: int
    state_name: str
    state_words: str
    received_at: datetime
    due: due.DueView | None


@dataclass(frozen=True)
class PaperLine:
    """A paper the case led to. ready: its PDF is made."""

    kind: str
    number: str
    title: str
    verification_code: str
    issued_on: date
    ready: bool


@dataclass(frozen=True)
class Dossier(CaseLine):
    """A case entirely. revision: what a decision has to have seen."""

    revision: int
    buildings: list[str]
    facts: Mapping[str, Any]
    materials: list[CaseMaterial]
    waiting: list[waiting.Waiting]
    papers: list[PaperLine]
    process_status: str | None


def _line(case: Case, title: str, record: CaseRecord, project: Project, limit: due.DueView | None) -> CaseLine:
    state = State(record.state)
    return CaseLine(
        serial=case.serial,
        matter=case.matter,
        phase=case.phase,
        title=title,
        project_code=project.code,
        project_name=project.name,
        state=int(state),
        state_name=state.name.lower(),
        state_words=states.WORDS[state],
        received_at=case.received_at,
        due=limit,
    )


def lines(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    project_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[CaseLine]:
    """Cases this person may see, the newest first; three statements."""
    rows = lookup.cases(session, actor, project_id=project_id, limit=limit, offset=offset)
    limits = due.dues_of(session, [case.id for case, _, _ in rows], now)
    return [
        _line(case, title_of(session, case, now), record, project, limits.get(case.id)) for case, record, project in rows
    ]


def dossier(session: Session, case: Case, now: datetime) -> Dossier:
    """Everything about one case. The caller has looked whether the person may see it."""
    record = session.get_one(CaseRecord, case.last_record_id)
    project = session.get_one(Project, case.project_id)
    head = _line(case, title_of(session, case, now), record, project, due.due_of(session, case, now))
    numbers = session.scalars(
        select(Building.number)
        .join(CaseBuilding, CaseBuilding.building_id == Building.id)
        .where(CaseBuilding.case_id == case.id)
        .order_by(Building.position)
    )
    materials = session.scalars(
        select(CaseMaterial).where(CaseMaterial.case_id == case.id).order_by(CaseMaterial.code, CaseMaterial.id)
    )
    return Dossier(
        **{name: getattr(head, name) for name in CaseLine.__dataclass_fields__},
        revision=case.revision,
        buildings=list(numbers),
        facts=case.facts,
        materials=list(materials),
        waiting=waiting.why_waiting(session, case, now),
        papers=[
            PaperLine(one.kind, one.number, one.title, one.verification_code, one.issued_on, one.file_id is not None)
            for one in papers.of(session, f"case:{case.id}")
        ],
        process_status=instances.run(session, case.instance_id).status if case.instance_id else None,
    )


@dataclass(frozen=True)
class RecordLine:
    """One entry of the case's record, in words."""

    seq: int
    state: int
    state_name: str
    state_words: str
    unit: str
    actor: str
    opinion: str
    element: str
    at: datetime
    legal_date: date


def records(session: Session, case: Case) -> list[RecordLine]:
    """The record of a case (办理记录), oldest first."""
    return [
        RecordLine(
            seq=one.seq,
            state=one.state,
            state_name=State(one.state).name.lower(),
            state_words=states.WORDS[State(one.state)],
            unit=one.unit,
            actor=one.actor,
            opinion=one.opinion,
            element=one.element,
            at=one.at,
            legal_date=one.legal_date,
        )
        for one in deadlines.records_of(session, case.id)
    ]


@dataclass(frozen=True)
class PermitLine:
    """A permit with the buildings it covers. commencement_due: the last day to begin work, while that runs."""

    number: str
    phase: str
    scope: str
    status: str
    status_words: str
    issued_on: date
    buildings: list[str]
    combines: list[str]
    case: str
    commenced_on: date | None
    commencement_due: date | None


def permit_lines(session: Session, permits: Iterable[Permit]) -> list[PermitLine]:
    """Permits with their buildings, days and cases: four statements whatever their number."""
    rows = list(permits)
    ids = [one.id for one in rows]
    covered: dict[int, list[str]] = defaultdict(list)
    scopes = session.execute(
        select(PermitScope.permit_id, Building.number)
        .join(Building, Building.id == PermitScope.building_id)
        .where(PermitScope.permit_id.in_(ids))
        .order_by(Building.position)
    )
    for permit_id, number in scopes:
        covered[permit_id].append(number)
    begun = select(PermitEvent.permit_id, PermitEvent.day).where(
        PermitEvent.permit_id.in_(ids), PermitEvent.kind == "commenced"
    )
    running = select(Deadline.permit_id, Deadline.due).where(
        Deadline.permit_id.in_(ids), Deadline.kind == "commencement"
    )
    made_by = select(Case.id, Case.serial).where(Case.id.in_([one.case_id for one in rows]))
    commenced = {permit_id: day for permit_id, day in session.execute(begun)}
    limits = {permit_id: day for permit_id, day in session.execute(running)}
    serials = {case_id: serial for case_id, serial in session.execute(made_by)}
    return [
        PermitLine(
            number=one.number,
            phase=one.phase,
            scope=one.scope,
            status=one.status,
            status_words=STATUS_WORDS[one.status],
            issued_on=one.issued_on,
            buildings=covered[one.id],
            combines=one.combines,
            case=serials[one.case_id],
            commenced_on=commenced.get(one.id),
            commencement_due=limits.get(one.id),
        )
        for one in rows
    ]


@dataclass(frozen=True)
class FilingView:
    """A filing with what the registry answered."""

    number: str
    version: int
    project_code: str
    case: str
    qualified_on: date
    due: date | None
    filed_at: datetime
    filed_by: str
    answers: list[dict[str, Any]]


def filing_view(session: Session, filing: AcceptanceFiling, project: Project) -> FilingView:
    """A filing, its limit and its answers."""
    limit = deadlines.filing_limit(session, project.id)
    answers = session.scalars(
        select(RegistryAnswer).where(RegistryAnswer.filing_id == filing.id).order_by(RegistryAnswer.id)
    )
    return FilingView(
        number=filing.number,
        version=filing.version,
        project_code=project.code,
        case=session.get_one(Case, filing.case_id).serial,
        qualified_on=filing.qualified_on,
        due=limit.due if limit else None,
        filed_at=filing.filed_at,
        filed_by=filing.filed_by,
        answers=[{"name": one.name, **one.payload} for one in answers],
    )


@dataclass(frozen=True)
class ProjectView:
    """A project with everything it has."""

    project: Project
    owner: Organisation
    buildings: list[Building]
    results: list[Result]
    permits: list[PermitLine]
    cases: list[CaseLine]
    qualified_on: date | None
    filing_due: date | None
    consent_signed: bool


def project_view(session: Session, actor: Actor, project: Project, now: datetime) -> ProjectView:
    """Everything a project has. The caller has looked whether the person may see it."""
    limit = deadlines.filing_limit(session, project.id)
    permits = session.scalars(select(Permit).where(Permit.project_id == project.id).order_by(Permit.id))
    return ProjectView(
        project=project,
        owner=session.get_one(Organisation, project.owner_organisation_id),
        buildings=list(
            session.scalars(select(Building).where(Building.project_id == project.id).order_by(Building.position))
        ),
        results=list(
            session.scalars(select(Result).where(Result.project_id == project.id).order_by(Result.issued_on, Result.id))
        ),
        permits=permit_lines(session, permits),
        cases=lines(session, actor, now, project_id=project.id, limit=200),
        qualified_on=limit.start if limit else None,
        filing_due=limit.due if limit else None,
        consent_signed=session.scalar(select(Consent.id).where(Consent.project_id == project.id).limit(1)) is not None,
    )
