"""Find what a person names: a project by its code, a case by its serial, a permit by its number. Strangers find nothing."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval import access
from server.approval.models import AcceptanceFiling, Application, Case, CaseRecord, Permit, Project
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


def application(session: Session, actor: Actor, application_id: int) -> tuple[Application, Project]:
    """An application and its project. NotFound also for who may not see it."""
    found = session.get(Application, application_id)
    about = session.get(Project, found.project_id) if found else None
    if found is None or about is None or not access.may_see(actor, about.owner_organisation_id, about.district):
        raise NotFound("没有这份申请。请从项目里打开。", code="APPLICATION_UNKNOWN")
    return found, about


def permit(session: Session, actor: Actor, number: str) -> tuple[Permit, Project]:
    """A construction permit and its project. NotFound also for who may not see it."""
    found = session.scalar(select(Permit).where(Permit.number == number.strip()))
    about = session.get(Project, found.project_id) if found else None
    if found is None or about is None or not access.may_see(actor, about.owner_organisation_id, about.district):
        raise NotFound(f"没有查到施工许可证 {number}。请核对 18 位证号。", code="PERMIT_UNKNOWN")
    return found, about


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
    query = select(Project).where(access.visible(actor, Project))
    if words := text.strip():
        query = query.where(
            or_(*(column.contains(words, autoescape=True) for column in (Project.code, Project.name, Project.address)))
        )
    return list(session.scalars(query.order_by(Project.id.desc()).limit(limit).offset(offset)))


def cases(
    session: Session, actor: Actor, *, project_id: int | None = None, limit: int = 50, offset: int = 0
) -> list[tuple[Case, CaseRecord, Project]]:
    """Cases this person may see with the record that says where each stands, the newest first."""
    query = (
        select(Case, CaseRecord, Project)
        .join(CaseRecord, CaseRecord.id == Case.last_record_id)
        .join(Project, Project.id == Case.project_id)
        .where(access.visible(actor, Case))
    )
    if project_id is not None:
        query = query.where(Case.project_id == project_id)
    rows = session.execute(query.order_by(Case.id.desc()).limit(limit).offset(offset))
    return [(one, record, about) for one, record, about in rows]
