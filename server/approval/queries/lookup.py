"""Find what a person names: a project by its code, a case by its serial, a permit by its number. Strangers find nothing."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval import access
from server.approval.models import (
    AcceptanceFiling,
    Application,
    Building,
    Case,
    CaseBuilding,
    CaseRecord,
    Deadline,
    Permit,
    Project,
)
from server.approval.picture import IN_FORCE
from server.errors import NotFound


def project(session: Session, actor: Actor, code: str) -> Project:
    """A project by its code. NotFound also for who may not see it."""
    found = session.scalar(select(Project).where(Project.code == code.strip().upper()))
    if found is None or not access.may_see(actor, found.owner_organisation_id, found.district):
        raise NotFound(f"没有查到项目 {code}。请核对项目代码，或从“项目”里打开。", code="PROJECT_UNKNOWN")
    return found


def case(session: Session, actor: Actor, serial: str) -> Case:
    """A case by its serial number. NotFound also for who may not see it."""
    found = session.scalar(select(Case).where(Case.serial == serial.strip().upper()))
    if found is None or not access.may_see(actor, found.owner_organisation_id, found.district):
        raise NotFound(f"没有查到办件 {serial}。请核对办件编号，或从项目里打开。", code="CASE_UNKNOWN")
    return found


def tracked(session: Session, query_code: str) -> Case | None:
    """The case of a query code, for anybody who holds the code (public.track): its pages show no person and no file."""
    return session.scalar(select(Case).where(Case.query_code == query_code.strip().upper()))


def application(session: Session, actor: Actor, application_id: int) -> tuple[Application, Project]:
    """An application and its project. NotFound also for who may not see it."""
    found = session.get(Application, application_id)
    about = session.get(Project, found.project_id) if found else None
    if found is None or about is None or not access.may_see(actor, about.owner_organisation_id, about.district):
        raise NotFound("没有这份申请。请从项目里打开。", code="APPLICATION_UNKNOWN")
    return found, about


def drafts(session: Session, actor: Actor, project_ids: Iterable[int] | None = None) -> list[Application]:
    """What this person's organisation began and has not submitted (for these projects), the newest first."""
    query = (
        select(Application)
        .join(Project, Project.id == Application.project_id)
        .where(access.visible(actor, Project), Application.case_id.is_(None))
        .order_by(Application.id.desc())
    )
    if project_ids is not None:
        query = query.where(Application.project_id.in_(list(project_ids)))
    return list(session.scalars(query))


def permit(session: Session, actor: Actor, number: str) -> tuple[Permit, Project]:
    """A construction permit and its project. NotFound also for who may not see it."""
    found = session.scalar(select(Permit).where(Permit.number == number.strip()))
    about = session.get(Project, found.project_id) if found else None
    if found is None or about is None or not access.may_see(actor, about.owner_organisation_id, about.district):
        raise NotFound(f"没有查到施工许可证 {number}。请核对 18 位证号。", code="PERMIT_UNKNOWN")
    return found, about


def commencements_owed(
    session: Session, actor: Actor, project_ids: Iterable[int] | None = None
) -> list[tuple[Permit, Project, date | None]]:
    """First permits of visible projects (or of these) under which no work was reported yet, with the last day
    to begin; None where that year has no calendar yet."""
    query = (
        select(Permit, Project, Deadline.due)
        .join(Deadline, Deadline.permit_id == Permit.id)
        .join(Project, Project.id == Permit.project_id)
        .where(Deadline.kind == "commencement", Deadline.closed_on.is_(None), Permit.status.in_(IN_FORCE))
        .where(access.visible(actor, Project))
        .order_by(Deadline.due, Permit.id)
    )
    if project_ids is not None:
        query = query.where(Project.id.in_(list(project_ids)))
    return [(one, about, last) for one, about, last in session.execute(query)]


def buildings_of(session: Session, case_ids: Iterable[int]) -> dict[int, list[str]]:
    """The numbers of the buildings each of these cases is about, by case: one statement."""
    query = (
        select(CaseBuilding.case_id, Building.number)
        .join(Building, Building.id == CaseBuilding.building_id)
        .where(CaseBuilding.case_id.in_(list(case_ids)))
        .order_by(Building.position)
    )
    found: dict[int, list[str]] = {}
    for case_id, number in session.execute(query):
        found.setdefault(case_id, []).append(number)
    return found


def filing(session: Session, actor: Actor, number: str) -> tuple[AcceptanceFiling, Project]:
    """The newest version of a completion filing and its project. NotFound also for who may not see it."""
    found = session.scalar(
        select(AcceptanceFiling)
        .where(AcceptanceFiling.number == number.strip())
        .order_by(AcceptanceFiling.version.desc())
        .limit(1)
    )
    about = session.get(Project, found.project_id) if found else None
    if found is None or about is None or not access.may_see(actor, about.owner_organisation_id, about.district):
        raise NotFound(f"没有查到备案 {number}。请核对备案编号。", code="FILING_UNKNOWN")
    return found, about


def projects(session: Session, actor: Actor, text: str = "", limit: int = 50, offset: int = 0) -> list[Project]:
    """Projects this person may see, the newest first; `text` is part of a code, a name or an address."""
    query = select(Project).where(_found_by(actor, text))
    return list(session.scalars(query.order_by(Project.id.desc()).limit(limit).offset(offset)))


def projects_by_id(session: Session, actor: Actor, ids: Iterable[int]) -> list[Project]:
    """Those of these projects that this person may see."""
    return list(session.scalars(select(Project).where(access.visible(actor, Project), Project.id.in_(list(ids)))))


def count_projects(session: Session, actor: Actor, text: str = "") -> int:
    """How many `projects` finds in all."""
    return session.scalar(select(func.count(Project.id)).where(_found_by(actor, text))) or 0


def _found_by(actor: Actor, text: str) -> ColumnElement[bool]:
    words, mine = text.strip(), access.visible(actor, Project)
    if not words:
        return mine
    columns = (Project.code, Project.name, Project.address)
    return and_(mine, or_(*(column.contains(words, autoescape=True) for column in columns)))


def cases(
    session: Session,
    actor: Actor,
    *,
    project_id: int | None = None,
    project_ids: Iterable[int] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[tuple[Case, CaseRecord, Project]]:
    """Cases this person may see (of one project, or of these) with the record that says where each stands, the newest
    first."""
    query = (
        select(Case, CaseRecord, Project)
        .join(CaseRecord, CaseRecord.id == Case.last_record_id)
        .join(Project, Project.id == Case.project_id)
        .where(access.visible(actor, Case))
    )
    if project_id is not None:
        query = query.where(Case.project_id == project_id)
    if project_ids is not None:
        query = query.where(Case.project_id.in_(list(project_ids)))
    rows = session.execute(query.order_by(Case.id.desc()).limit(limit).offset(offset))
    return [(one, record, about) for one, record, about in rows]
