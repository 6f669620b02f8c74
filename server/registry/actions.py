"""What registrars do with an application: decide a task, cure a hold, record a visit. Entries of the land: ``land.py``."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import audit
from server.accounts import access
from server.accounts.actor import Actor
from server.clock import legal_date
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.processes import definitions, forms, instances, work_items
from server.processes.work_items import WorkItem
from server.registry import land, recording, steps
from server.registry.land import (
    REGISTRARS,
    LandRight,
    PaymentFact,
    RestrictionFact,
    enter_parcel,
    lift_restriction,
    record_payment,
    record_restriction,
)
from server.registry.models import Application, Decision, Restriction, SiteVisit, Step

__all__ = [
    "REGISTRARS",
    "LandRight",
    "PaymentFact",
    "RestrictionFact",
    "cure",
    "decide",
    "enter_parcel",
    "lift_restriction",
    "record_payment",
    "record_restriction",
    "record_site_visit",
    "revision_of",
]

# Who may answer which task of the model; a task a designer adds is for any registrar of its unit.
ROLES = {
    "task_admit": ("registrar_admit",),
    "task_review": ("registrar_review",),
    "task_book": ("registrar_register",),
}


def decide(
    session: Session,
    actor: Actor,
    work_item: WorkItem,
    outcome: str,
    answers: Mapping[str, Any],
    seen_revision: int,
    now: datetime,
) -> instances.Run:
    """A registrar answers a task. The answers are checked by the task's form; the process then runs to its next rest.

    Raises Forbidden (not this person's), Conflict (the case went on since it was seen), Invalid (fields named).
    """
    application = recording.of_subject(session, work_item.subject, lock=True)
    access.require(actor, *ROLES.get(work_item.element, REGISTRARS))
    work_items.require_may_act(actor, work_item)
    if seen_revision != revision_of(session, application):
        raise Conflict("您看到的内容之后又有了新的记录，请刷新后再决定。您填的内容没有提交。", code="STALE_REVISION")
    given = _validated(session, work_item, outcome, answers, now)
    if work_item.element == "task_review":
        _require_other_than_admitter(session, application, actor)
    if work_item.element == "task_review" and outcome == "refuse" and not str(given.get("opinion") or "").strip():
        raise Invalid("不予登记要写明理由", fields={"opinion": ["请写明不予登记的理由"]})
    session.add(
        Decision(
            application_id=application.id,
            element=work_item.element,
            task=work_item.name,
            outcome=outcome,
            answers=given,
            actor=actor.label,
            account_id=actor.account_id,
            at=now,
        )
    )
    session.flush()
    opinion = str(given.get("opinion") or "").strip()
    if work_item.element == "task_review":
        recording.add_step(session, application, steps.Step.REVIEWED, actor, now, opinion, {"outcome": outcome})
    elif work_item.element == "task_book":
        recording.add_step(session, application, steps.Step.CONFIRMED, actor, now, opinion, {"signed": actor.name})
    return instances.complete(session, work_item, {"outcome": outcome}, actor, now)


def revision_of(session: Session, application: Application) -> int:
    """Which state of the application one has seen: the number of its last step."""
    last = recording.last_step(session, application)
    return last.sequence if last else 0


def cure(
    session: Session,
    number: str,
    actor: Actor,
    now: datetime,
    *,
    note: str,
    document: str = "",
    lifts: tuple[int, ...] = (),
    payments: Mapping[str, PaymentFact] | None = None,
) -> Application:
    """A document that cures a hold has come: record it and what it changes, then run all twelve again.

    ``lifts``: restrictions the document ends. ``payments``: 'price' and/or 'deed_tax'. Nothing is filled in anew.
    """
    access.require(actor, *REGISTRARS)
    application = recording.by_number(session, number, lock=True)
    last = recording.last_step(session, application)
    if last is None or last.kind != steps.Step.HELD:
        raise Conflict("这一件没有挂起，不用重跑核验。", code="NOT_HELD")
    if not note.strip():
        raise Invalid("请写明收到了什么", fields={"note": ["请写明收到了什么，例如：法院解封裁定"]})
    for restriction_id in lifts:
        restriction = session.get(Restriction, restriction_id)
        parcel = land.find(session, application.parcel_code)
        if restriction is None or restriction.parcel_id != parcel.id:
            raise NotFound("这宗地上没有这一条限制。请刷新后再看。", code="RESTRICTION")
        lift_restriction(session, restriction_id, document, actor, now)
    for kind, fact in (payments or {}).items():
        record_payment(session, application.parcel_code, kind, fact, actor, now)
    details = {"document": document.strip(), "lifts": list(lifts), "payments": sorted(payments or {})}
    recording.add_step(session, application, steps.Step.CURED, actor, now, note.strip(), details)
    if not instances.deliver(session, "registration.cured", application.number, {}, now):
        raise Conflict("流程没有在等补正，请把这一件交给系统管理员看。", code="NOT_WAITING")
    return application


def record_site_visit(
    session: Session, number: str, visited_on: date, as_described: bool, text: str, actor: Actor, now: datetime
) -> SiteVisit:
    """Record a visit the registry made itself (实地查看); does not run the checks by itself."""
    access.require(actor, *REGISTRARS)
    application = recording.by_number(session, number, lock=True)
    if visited_on > legal_date(now):
        raise Invalid("查看日期不能晚于今天", fields={"visited_on": ["查看日期不能晚于今天"]})
    if not text.strip():
        raise Invalid("请写明看到的情况", fields={"text": ["请写明坐落和建成情况"]})
    visit = SiteVisit(
        application_id=application.id,
        visited_on=visited_on,
        visitor=actor.label,
        as_described=as_described,
        text=text.strip(),
        recorded_at=now,
    )
    session.add(visit)
    session.flush()
    audit.append(session, actor, "registration.site_visit", recording.subject(application), {"visit": visit.id}, now)
    return visit


def _validated(
    session: Session, work_item: WorkItem, outcome: str, answers: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The answers as the task's form accepts them; a task without a form takes none but the outcome."""
    if work_item.form_id is None:
        return {"outcome": outcome}
    version_id = instances.run(session, work_item.instance_id).version_id
    form = forms.load(definitions.form(session, work_item.form_id, version_id, now=now))
    variables = instances.variables(session, work_item.instance_id, work_item.task_id)
    return dict(forms.validate(form, {**answers, "outcome": outcome}, variables))


def _require_other_than_admitter(session: Session, application: Application, actor: Actor) -> None:
    """Who admitted a case does not review it (domain.md §7)."""
    admitter = session.scalars(
        select(Step.account_id).where(Step.application_id == application.id, Step.kind == steps.Step.ADMITTED.value)
    ).all()
    if actor.account_id is not None and actor.account_id in admitter:
        raise Forbidden("这一件是您受理的，请由另一位审核人员审核。", code="FOUR_EYES")
