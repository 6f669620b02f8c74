"""Writes down what happened to an application: its steps, its check runs, the notices of a hold. Only appends."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import audit
from server.accounts.actor import Actor
from server.errors import NotFound
from server.registry import checks, evidence, steps
from server.registry.findings import Outcome, Result
from server.registry.models import Application, CheckResult, CheckRun, Decision, Step

SUBJECT = "registration:"


def subject(application: Application) -> str:
    """How processes and the audit name an application."""
    return f"{SUBJECT}{application.id}"


def of_subject(session: Session, name: str, *, lock: bool = False) -> Application:
    """The application behind ``registration:5``, its row locked if asked. NotFound."""
    query = select(Application).where(Application.id == int(name.removeprefix(SUBJECT)))
    application = session.scalar(query.with_for_update() if lock else query)
    if application is None:
        raise NotFound("没有这一件登记申请。", code="REGISTRATION_UNKNOWN")
    return application


def by_number(session: Session, number: str, *, lock: bool = False) -> Application:
    """The application with this number. NotFound."""
    query = select(Application).where(Application.number == number)
    application = session.scalar(query.with_for_update() if lock else query)
    if application is None:
        raise unknown(number)
    return application


def unknown(number: str) -> NotFound:
    """The refusal for a number nobody has, or may know."""
    return NotFound(f"没有登记受理编号 {number}。请核对编号。", code="REGISTRATION_UNKNOWN")


def steps_of(session: Session, application: Application) -> Sequence[Step]:
    """All steps, the first one first."""
    return session.scalars(select(Step).where(Step.application_id == application.id).order_by(Step.sequence)).all()


def last_step(session: Session, application: Application) -> Step | None:
    """The step that says how it stands."""
    return session.scalar(
        select(Step).where(Step.application_id == application.id).order_by(Step.sequence.desc()).limit(1)
    )


def add_step(
    session: Session,
    application: Application,
    kind: steps.Step,
    actor: Actor,
    now: datetime,
    text: str = "",
    details: Mapping[str, Any] | None = None,
) -> Step:
    """Append a step; raises Conflict when it may not follow the last one. The audit keeps it as well."""
    last = last_step(session, application)
    steps.check(steps.Step(last.kind) if last else None, kind)
    step = Step(
        application_id=application.id,
        sequence=last.sequence + 1 if last else 1,
        kind=kind.value,
        at=now,
        actor=actor.label,
        account_id=actor.account_id,
        text=text,
        details=dict(details or {}),
    )
    session.add(step)
    session.flush()
    audit.append(
        session, actor, f"registration.{kind.value.lower()}", subject(application), {"step": step.sequence}, now
    )
    return step


def decision_on(session: Session, application: Application, element: str) -> Decision | None:
    """The last answer to a task of the process, None when it was never answered."""
    return session.scalar(
        select(Decision)
        .where(Decision.application_id == application.id, Decision.element == element)
        .order_by(Decision.id.desc())
        .limit(1)
    )


def run_checks(
    session: Session, application: Application, occasion: str, actor: Actor, now: datetime
) -> tuple[CheckRun, tuple[Result, ...]]:
    """Run all twelve on the facts as they are now, keep every result, append CHECKED."""
    picture = evidence.picture(session, application, now)
    results = checks.run(picture)
    number = session.scalar(select(func.count()).where(CheckRun.application_id == application.id)) or 0
    run = CheckRun(
        application_id=application.id,
        sequence=number + 1,
        occasion=occasion,
        at=now,
        rules_version=picture.rules.version,
        digest=evidence.digest(picture),
        held=checks.holds(results),
    )
    session.add(run)
    session.flush()
    session.add_all(_row(run, position, result) for position, result in enumerate(results, 1))
    counted = {outcome.value: sum(one.outcome is outcome for one in results) for outcome in Outcome}
    holding = [one.code for one in results if one.outcome is Outcome.HOLD]
    details = {"run": run.sequence, "held": run.held, "holding": holding, **counted}
    add_step(session, application, steps.Step.CHECKED, actor, now, details=details)
    return run, results


def last_run(session: Session, application: Application) -> CheckRun | None:
    """The latest run of the twelve."""
    return session.scalar(
        select(CheckRun).where(CheckRun.application_id == application.id).order_by(CheckRun.sequence.desc()).limit(1)
    )


def results_of(session: Session, run: CheckRun) -> Sequence[CheckResult]:
    """The twelve results of a run, in order."""
    return session.scalars(select(CheckResult).where(CheckResult.run_id == run.id).order_by(CheckResult.position)).all()


def _row(run: CheckRun, position: int, result: Result) -> CheckResult:
    return CheckResult(
        run_id=run.id,
        position=position,
        code=result.code,
        title=result.title,
        outcome=result.outcome.value,
        reason=result.reason,
        evidence=[asdict(one) for one in result.evidence],
        causes=[{**asdict(one), "notify": list(one.notify)} for one in result.causes],
        basis=[asdict(one) for one in result.basis],
    )
