"""Withdrawing an application: a command guarded by the case's table, not an event in the model. It ends the process and says
what that releases."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import audit
from server.accounts.access import require
from server.accounts.actor import Actor
from server.approval import access, letters, records, states
from server.approval.models import Application, Case
from server.approval.states import State
from server.errors import Conflict, Invalid
from server.processes import instances
from server.processes.instances import Released

CONFIRMING = ("window_clerk", "dept_handler", "dept_approver", "joint_acceptance_lead", "stage_lead")


@dataclass(frozen=True)
class Withdrawn:
    """The state now; when it ended the case, what that released and the draft the materials went back to."""

    state: State
    released: Released | None
    draft: Application | None


def withdraw(session: Session, actor: Actor, case: Case, reason: str, now: datetime) -> Withdrawn:
    """The owner asks for the application back. Before admission it is pulled at once (撤件); after it, until the decision,
    an officer confirms that the materials were returned. Conflict once it is decided."""
    access.require_owner(actor, case.owner_organisation_id, "撤回申请")
    if not reason.strip():
        raise Invalid("还没有写撤回的原因。", fields={"reason": ["请写撤回的原因"]}, code="REASON_MISSING")
    case = _locked(session, case)
    history = records.history(session, case.id)
    following = states.allowed(history)
    if State.PULLED in following and not states.admitted(history):
        return _end(session, actor, case, State.PULLED, reason, now)
    if State.WITHDRAWAL_PENDING not in following:
        raise Conflict(_why_not(history[-1]), code="TOO_LATE")
    records.append(session, case, State.WITHDRAWAL_PENDING, actor, now, opinion=reason)
    _audit(session, actor, "case.withdrawal_asked", case, reason, now)
    return Withdrawn(State.WITHDRAWAL_PENDING, None, None)


def _why_not(state: State) -> str:
    if state in states.FINISHED:
        return "这一件已经作出决定，不能撤回。不再需要许可的，可以申请注销。"
    if state in states.CLOSED:
        return f"这一件已经是“{states.WORDS[state]}”，不用再撤回。"
    if state is State.WITHDRAWAL_PENDING:
        return "已经申请过撤回，等承办人确认材料退还。"
    return "补正材料已经交回，窗口正在审查，现在不能撤回；受理之后仍可以申请撤回。"


def confirm_withdrawal(session: Session, actor: Actor, case: Case, opinion: str, now: datetime) -> Withdrawn:
    """An officer confirms: the case ends as withdrawn (14), the materials are a draft again. Counts as no delay."""
    _officer(actor, case)
    case = _locked(session, case)
    states.check(records.history(session, case.id), State.WITHDRAWN)
    return _end(session, actor, case, State.WITHDRAWN, opinion or "材料已退还，准予撤回。", now)


def refuse_withdrawal(session: Session, actor: Actor, case: Case, reason: str, now: datetime) -> Withdrawn:
    """An officer refuses, with a reason: the case goes on in the state the withdrawal found it in."""
    _officer(actor, case)
    if not reason.strip():
        raise Invalid("还没有写理由。", fields={"opinion": ["请写明为什么不准撤回"]}, code="REASON_MISSING")
    case = _locked(session, case)
    history = records.history(session, case.id)
    if history[-1] is not State.WITHDRAWAL_PENDING:
        raise Conflict("这一件没有等待确认的撤回。请刷新页面。", code="NO_WITHDRAWAL")
    back = states.before_withdrawal(history)
    records.append(session, case, back, actor, now, opinion=reason)
    _audit(session, actor, "case.withdrawal_refused", case, reason, now)
    return Withdrawn(back, None, None)


def _officer(actor: Actor, case: Case) -> None:
    require(actor, *CONFIRMING)
    access.require_visible(actor, case, "没有这一件办件。")


def _locked(session: Session, case: Case) -> Case:
    query = select(Case).where(Case.id == case.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def _end(session: Session, actor: Actor, case: Case, state: State, opinion: str, now: datetime) -> Withdrawn:
    records.append(session, case, state, actor, now, opinion=opinion)
    released = instances.cancel(session, case.instance_id, actor, now) if case.instance_id else None
    subject = letters.subject_of(session, case)
    letters.issue(session, "withdrawal-notice", subject, actor, now, reasons=[opinion])
    draft = _back_to_draft(session, case, now)
    _audit(session, actor, f"case.{state.name.lower()}", case, opinion, now)
    return Withdrawn(state, released, draft)


def _back_to_draft(session: Session, case: Case, now: datetime) -> Application | None:
    """What was submitted becomes a new draft, so that nothing has to be filled in or uploaded again."""
    old = session.get(Application, case.application_id)
    if old is None:
        return None
    draft = Application(
        project_id=old.project_id,
        matter=old.matter,
        phase=old.phase,
        buildings=list(old.buildings),
        facts=dict(old.facts),
        materials=list(old.materials),
        copied_from=old.id,
        created_at=now,
        created_by=old.created_by,
        updated_at=now,
    )
    session.add(draft)
    session.flush()
    return draft


def _audit(session: Session, actor: Actor, act: str, case: Case, reason: str, now: datetime) -> None:
    audit.append(session, actor, act, f"case:{case.id}", {"serial": case.serial, "reason": reason}, now)
