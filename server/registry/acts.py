"""The service tasks of the model ``first-registration``: each records an act of the application, and only flushes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import calendar, contracts
from server.accounts.actor import Actor
from server.accounts.models import Organisation
from server.clock import CHINA, legal_date
from server.contracts import RegistrationCompleted, RegistrationRefused
from server.db import mark
from server.documents import numbering, papers
from server.errors import Conflict
from server.processes.handlers import BpmnError, JobContext, handler, procedure, sends, thrown
from server.registry import book, checks, lawful, recording, registration, steps
from server.registry.messages import PROCESS
from server.registry.models import Application, Certificate, CheckResult, Notice
from server.registry.models import Step as StepRow

REMEDY = "对不予登记不服的，可以自收到本告知书之日起 60 日内申请行政复议，或者 6 个月内向人民法院提起行政诉讼"
HOLD = "HOLD"

procedure(PROCESS, "registry", start=("application_id", "application_no", "filing_number"), rules=lawful.REGISTRATION)
sends("registration.cured")


@handler("registry.pre_admit", acts=True, returns=())
def pre_admit(context: JobContext) -> None:
    """预受理: the application exists, its limit does not run yet."""
    application = recording.of_subject(context.session, context.subject, lock=True)
    recording.add_step(context.session, application, steps.Step.PRE_ADMITTED, context.actor, context.now)


@handler("registry.run_checks", acts=True, returns=("hold",), flags=("hold",))
def run_checks(context: JobContext) -> Mapping[str, Any]:
    """All twelve on the facts as they are now, whatever passed before."""
    application = recording.of_subject(context.session, context.subject, lock=True)
    occasion = "receipt" if recording.last_run(context.session, application) is None else "cured"
    run, _ = recording.run_checks(context.session, application, occasion, context.actor, context.now)
    return {"hold": run.held}


@handler("registry.hold", acts=True, returns=())
def hold(context: JobContext) -> None:
    """The case waits; every cause is told once to those who can cure it."""
    application = recording.of_subject(context.session, context.subject, lock=True)
    causes = _causes(context.session, application)
    new = _notify(context, application, causes)
    text = "；".join(str(cause["text"]) for cause in causes)
    details = {"causes": [cause["key"] for cause in causes], "notified": new}
    recording.add_step(context.session, application, steps.Step.HELD, context.actor, context.now, text, details)


@handler("registry.admit", acts=True, returns=())
def admit(context: JobContext) -> None:
    """正式受理: the limit begins. 较复杂＝日办结: by 17:30, from 16:00 on by the next working day's noon (domain 6.1)."""
    session, now = context.session, context.now
    application = recording.of_subject(session, context.subject, lock=True)
    run = recording.last_run(session, application)
    if run is None or run.held:
        raise Conflict("12 项核验还有挂起的，不能受理。请先补齐并重跑核验。", code="CHECKS_HOLD")
    due = calendar.current().registry_due(now)
    decision = recording.decision_on(session, application, "task_admit")
    details = {"due": due.isoformat(), "calendar": calendar.current().version}
    text = str(decision.answers.get("opinion") or "") if decision else ""
    recording.add_step(session, application, steps.Step.ADMITTED, context.actor, now, text, details)
    local = due.astimezone(CHINA)
    letter = {
        "addressee": application.owner_name,
        "case_serial": application.number,
        "matter": "国有建设用地使用权及房屋所有权首次登记",
        "project_name": application.project_name,
        "project_code": application.project_code,
        "paragraphs": [
            f"依据竣工验收备案 {application.filing_number} 和你单位签署的首次登记授权，本中心受理首次登记申请。",
            f"办理时限至 {local:%Y年%-m月%-d日 %H:%M}。",
        ],
        "issued_on": legal_date(now),
    }
    _letter(session, application, "registration-admission", letter, context.actor, now)


@handler("registry.refuse", acts=True, returns=())
def refuse(context: JobContext) -> None:
    """不予登记: a registrar's written decision, with its reason and what may be done against it."""
    session, now = context.session, context.now
    application = recording.of_subject(session, context.subject, lock=True)
    decision = recording.decision_on(session, application, "task_review")
    reason = str(decision.answers.get("opinion") or "").strip() if decision else ""
    if decision is None or not reason:
        raise Conflict("不予登记要写明理由。请审核人员在意见里写清楚。", code="REASON_MISSING")
    details = {"registrar": decision.actor, "remedy": REMEDY}
    recording.add_step(session, application, steps.Step.REFUSED, context.actor, now, reason, details)
    letter = {
        "addressee": application.owner_name,
        "case_serial": application.number,
        "matter": "国有建设用地使用权及房屋所有权首次登记",
        "project_name": application.project_name,
        "project_code": application.project_code,
        "paragraphs": ["你单位的首次登记申请，经审核决定不予登记。"],
        "reasons": [reason],
        "remedy": REMEDY,
        "issued_on": legal_date(now),
    }
    _letter(session, application, "registration-refusal", letter, context.actor, now)


@handler("registry.book", acts=True, returns=("certificate_number",), errors=(HOLD,))
def enter(context: JobContext) -> Mapping[str, Any]:
    """登簿: with the parcel locked, all twelve once more, then the book. A HOLD is the model's way back, not a fault."""
    session, now = context.session, context.now
    application = recording.of_subject(session, context.subject, lock=True)
    book.lock(session, application.parcel_code)
    _, results = recording.run_checks(session, application, "booking", context.actor, now)
    if checks.holds(results):
        raise BpmnError(HOLD, "登簿前的核验有挂起")
    booked = registration.register(session, application, context.actor, now)
    details = {
        "certificate": booked.certificate.number,
        "units": booked.units,
        "first": booked.written.first,
        "last": booked.written.last,
        "hash": booked.written.hash,
    }
    recording.add_step(session, application, steps.Step.BOOKED, context.actor, now, details=details)
    mark(session, "book")
    return {"certificate_number": booked.certificate.number}


@thrown("registration.completed")
def completed(
    session: Session, subject: str, variables: Mapping[str, Any], now: datetime
) -> tuple[str, dict[str, Any]]:
    """What the approval side learns: the certificate's number and how much was booked."""
    application = recording.of_subject(session, subject)
    certificate = session.scalars(select(Certificate).where(Certificate.application_id == application.id)).one()
    step = _step(session, application, steps.Step.BOOKED)
    message = RegistrationCompleted(
        filing_number=application.filing_number,
        filing_version=application.filing_version,
        application_number=application.number,
        certificate_number=certificate.number,
        booked_at=step.at,
        registrar=step.actor,
        units=certificate.units,
        entries=step.details["last"] - step.details["first"] + 1,
    )
    return application.filing_number, contracts.dump(message)


@thrown("registration.refused")
def refused(session: Session, subject: str, variables: Mapping[str, Any], now: datetime) -> tuple[str, dict[str, Any]]:
    """What the approval side learns of a refusal: reason and remedy, in words."""
    application = recording.of_subject(session, subject)
    step = _step(session, application, steps.Step.REFUSED)
    message = RegistrationRefused(
        filing_number=application.filing_number,
        filing_version=application.filing_version,
        application_number=application.number,
        reason=step.text,
        remedy=step.details["remedy"],
        refused_at=step.at,
        registrar=step.details["registrar"],
    )
    return application.filing_number, contracts.dump(message)


def _step(session: Session, application: Application, kind: steps.Step) -> StepRow:
    query = select(StepRow).where(StepRow.application_id == application.id, StepRow.kind == kind.value)
    return session.scalars(query.order_by(StepRow.sequence.desc()).limit(1)).one()


def _causes(session: Session, application: Application) -> list[dict[str, Any]]:
    """All causes of the last run, in the order of the checks."""
    run = recording.last_run(session, application)
    if run is None:
        return []
    rows = session.scalars(select(CheckResult).where(CheckResult.run_id == run.id).order_by(CheckResult.position))
    return [cause for row in rows for cause in row.causes]


def _notify(context: JobContext, application: Application, causes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows for the causes not told before; the owner gets one letter with those that are the owner's to know."""
    session = context.session
    told = set(session.scalars(select(Notice.cause).where(Notice.application_id == application.id)))
    new = [cause for cause in causes if cause["key"] not in told]
    for_owner = [cause for cause in new if "owner" in cause["notify"]]
    paper_id = None
    if for_owner:
        letter = {
            "addressee": application.owner_name,
            "case_serial": application.number,
            "matter": "国有建设用地使用权及房屋所有权首次登记",
            "project_name": application.project_name,
            "project_code": application.project_code,
            "paragraphs": [
                "首次登记的预受理件核验后有下列事项挂起。备案本身有效；补齐后重跑全部 12 项，已交的材料不用重交。"
            ],
            "items_title": "挂起事项",
            "items": [{"title": cause["text"], "request": cause["cure"]} for cause in for_owner],
            "issued_on": legal_date(context.now),
        }
        paper_id = _letter(session, application, "registration-notice", letter, context.actor, context.now)
    session.add_all(
        Notice(
            application_id=application.id,
            cause=cause["key"],
            recipients=list(cause["notify"]),
            text=cause["text"],
            cure=cause["cure"],
            paper_id=paper_id if "owner" in cause["notify"] else None,
            at=context.now,
        )
        for cause in new
    )
    return [cause["key"] for cause in new]


def _letter(
    session: Session, application: Application, kind: str, data: dict[str, Any], actor: Actor, now: datetime
) -> int:
    """Issue a letter to the owner; its row's id."""
    day = legal_date(now)
    owner = session.scalar(select(Organisation.id).where(Organisation.uscc == application.owner_uscc))
    paper = papers.issue(
        session,
        kind,
        numbering.letter_number(session, kind, application.district, day, registration.city_of(application)),
        data,
        recording.subject(application),
        actor,
        now,
        organisation_id=owner,
        issuer=application.authority["name"],
    )
    return int(paper.id)
