"""Writes on an issued permit. First cut: the report that work has begun."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import audit
from server.accounts.actor import Actor
from server.approval import access, deadlines
from server.approval.models import Permit, PermitEvent, Project
from server.approval.picture import IN_FORCE, STATUS_WORDS
from server.clock import legal_date
from server.errors import Conflict, Invalid


def report_commencement(session: Session, actor: Actor, permit: Permit, day: date, now: datetime) -> PermitEvent:
    """The owner reports the day work began under a permit; the limit to begin ends with it (建筑法)."""
    project = session.scalars(select(Project).where(Project.id == permit.project_id).with_for_update()).one()
    access.require_owner(actor, project.owner_organisation_id, "报告开工")
    if permit.status not in IN_FORCE:
        raise Conflict(
            f"施工许可证 {permit.number} {STATUS_WORDS[permit.status]}，不能据以开工。", code="PERMIT_NOT_IN_FORCE"
        )
    known = select(PermitEvent).where(PermitEvent.permit_id == permit.id, PermitEvent.kind == "commenced")
    if (earlier := session.scalars(known).first()) is not None:
        raise Conflict(f"已经报告过 {earlier.day} 开工，不用再报。", code="COMMENCED")
    today = legal_date(now)
    if not permit.issued_on <= day <= today:
        raise Invalid(
            "开工日期不对。", fields={"commenced_on": [f"开工日期应在 {permit.issued_on} 至 {today} 之间"]}, code="DATE"
        )
    event = PermitEvent(permit_id=permit.id, kind="commenced", day=day, note="", actor=actor.label, at=now)
    session.add(event)
    session.flush()
    deadlines.close(session, "commencement", day, project_id=project.id)
    details = {"number": permit.number, "day": day.isoformat()}
    audit.append(session, actor, "permit.commenced", f"permit:{permit.id}", details, now)
    return event
