"""What arrives from the registry: the registration is completed, or refused. Each may come again; it counts once."""

from typing import Any

from sqlalchemy import select

from server import audit, contracts
from server.accounts.actor import SYSTEM
from server.approval.models import AcceptanceFiling, RegistryAnswer
from server.contracts import RegistrationCompleted, RegistrationRefused
from server.errors import Conflict, NotFound
from server.jobs import Received, Work, receiver
from server.processes import instances
from server.processes.handlers import sends

COMPLETED, REFUSED = "registration.completed", "registration.refused"
sends(COMPLETED, REFUSED)


@receiver(COMPLETED)
def on_registration_completed(work: Work, message: Received) -> None:
    """The registry has booked: the waiting filing goes on and closes the project."""
    answer: RegistrationCompleted = contracts.parse(COMPLETED, message.payload)
    _take(work, COMPLETED, answer.filing_number, answer.filing_version, message.payload)


@receiver(REFUSED)
def on_registration_refused(work: Work, message: Received) -> None:
    """A registrar decided in writing not to register: the filing office gets a task."""
    answer: RegistrationRefused = contracts.parse(REFUSED, message.payload)
    _take(work, REFUSED, answer.filing_number, answer.filing_version, message.payload)


def _take(work: Work, name: str, number: str, version: int, payload: dict[str, Any]) -> None:
    """Keep the answer and hand it to the waiting case. NotFound and Conflict make it an incident, with reason and retry."""
    session = work.session
    filing = session.scalars(
        select(AcceptanceFiling)
        .where(AcceptanceFiling.number == number, AcceptanceFiling.version == version)
        .with_for_update()
    ).one_or_none()
    if filing is None:
        raise NotFound(f"登记机构答复的备案 {number} 第 {version} 版不存在。", code="FILING_UNKNOWN")
    known = select(RegistryAnswer.id).where(RegistryAnswer.filing_id == filing.id, RegistryAnswer.name == name)
    if session.scalar(known) is not None:
        return
    session.add(RegistryAnswer(filing_id=filing.id, name=name, payload=payload, received_at=work.now))
    session.flush()
    if not instances.deliver(session, name, number, {"filing_version": version}, work.now):
        raise Conflict(f"备案 {number} 的流程没有在等登记答复。", code="NOBODY_WAITS")
    audit.append(session, SYSTEM, name, f"case:{filing.case_id}", {"filing": number, "version": version}, work.now)
