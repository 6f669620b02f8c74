"""What an area may do with a process: start it, complete a task, deliver a message, end it, look at it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import workflows
from server import audit, incidents, jobs
from server.accounts.actor import Actor
from server.errors import Conflict, Invalid
from server.processes import definitions, running
from server.processes.carrying import deliver
from server.processes.models import Instance, Subscription, Timer, Version, WorkItem
from server.processes.running import COLUMNS, INSTANCES, ITEMS, VERSIONS, Loaded, Run
from server.processes.work_items import COLUMNS as ITEM_COLUMNS
from server.processes.work_items import WorkItem as Item
from server.processes.work_items import require_may_act

__all__ = [
    "Progress",
    "Released",
    "Run",
    "abandon_incident",
    "cancel",
    "complete",
    "deliver",
    "diagram",
    "progress",
    "retry_incident",
    "run",
    "running_among",
    "runs_of",
    "start",
    "variables",
]


@dataclass(frozen=True)
class Released:
    """What ending an instance let go, for the record and for the sentence on the page."""

    work_items: tuple[str, ...]
    messages: tuple[str, ...]
    timers: int
    jobs: int
    incidents: int


@dataclass(frozen=True)
class Progress:
    """Where an instance has been and is, as ids of elements and flows of its diagram (`version_id`).

    past: element -> times entered; now: elements at which it waits; stuck: those of them that need a person.
    """

    version_id: int
    status: str
    past: Mapping[str, int]
    now: tuple[str, ...]
    flows: tuple[str, ...]
    stuck: tuple[str, ...]
    cancelled: tuple[str, ...]


def start(
    session: Session,
    process_id: str,
    *,
    area: str,
    subject: str,
    variables: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    message: str | None = None,
    owner_organisation_id: int | None = None,
    district: str | None = None,
) -> Run:
    """Start the version in force and run it to its first rest; it stays on this version.

    subject: whose process it is, in the area's words ('case:12'). message: the message start event to begin at.
    owner_organisation_id: to whom tasks in the owner's lane belong. district: six digits; the actor's if not given.
    """
    version = definitions.current(session, process_id, now)
    fresh = Loaded(
        id=0,
        process_id=process_id,
        version_id=version.version_id,
        closure_hash=version.closure_hash,
        area=area,
        subject=subject,
        district=actor.district if district is None else district,
        organisation_id=owner_organisation_id,
        status="running",
        started_at=now,
    )
    step = workflows.start(fresh.deployment(session), variables, now, message=message)
    return running.run_on(session, fresh, step, actor, now)


def complete(session: Session, work_item: Item, variables: Mapping[str, Any], actor: Actor, now: datetime) -> Run:
    """An officer (or the owner) has done a task; its outcome and flags go in, and the process runs to its next rest.

    Raises Forbidden when it is not the actor's task, Conflict when a colleague has it or it is done already.
    """
    row = session.execute(
        select(*COLUMNS, *ITEM_COLUMNS)
        .select_from(ITEMS)
        .join(INSTANCES, INSTANCES.c.id == ITEMS.c.instance_id)
        .join(VERSIONS, VERSIONS.c.id == INSTANCES.c.version_id)
        .where(ITEMS.c.id == work_item.id)
        .with_for_update(of=[INSTANCES, ITEMS])
    ).first()
    if row is None:
        raise _gone(work_item)
    found, item = Loaded(*row[: len(COLUMNS)]), Item(*row[len(COLUMNS) :])
    require_may_act(actor, item)
    try:
        step = workflows.complete(found.deployment(session), found.state, item.task_id, variables, now)
    except workflows.NotOpen as error:
        raise _gone(work_item) from error
    return running.run_on(session, found, step, actor, now)


def cancel(session: Session, instance_id: int, actor: Actor, now: datetime) -> Released:
    """End an instance for good, whatever it waits for, and say what that released. Conflict when it has ended."""
    found = running.load(session, instance_id)
    if found.status != "running":
        raise Conflict("这件事的流程已经结束，不能再终止。", code="INSTANCE_ENDED")
    here = instance_id
    items = session.scalars(select(WorkItem.name).where(WorkItem.instance_id == here).order_by(WorkItem.id))
    names = session.scalars(select(Subscription.name).where(Subscription.instance_id == here))
    timers = session.scalars(select(Timer.id).where(Timer.instance_id == here))
    stuck = incidents.open_under(session, f"{found.owner}/")
    released = (tuple(items), tuple(names), len(timers.all()))
    step = workflows.cancel(found.deployment(session), found.state, now)
    dropped = jobs.drop_owned(session, found.owner, "流程已终止", now, actor)
    for subject in stuck:
        incidents.close(session, subject, "流程已终止", now, actor)
    running.run_on(session, found, step, actor, now)
    return Released(*released, jobs=dropped, incidents=len(stuck))


def retry_incident(session: Session, incident_id: int, actor: Actor, now: datetime) -> None:
    """Try again what stands still: at once for a place in a process, by the worker for a job or a message."""
    incident = incidents.get(session, incident_id)
    if incident.kind != "process":
        jobs.retry(session, incident, actor, now)
        return
    instance_id, _, task_id = incident.subject.removeprefix("instance:").partition("/")
    found = running.load(session, int(instance_id))
    if incident.closed_at is not None or found.status != "running":
        raise Conflict("这条异常已经处理过了，请刷新页面。", code="INCIDENT_CLOSED")
    try:
        step = workflows.retry(found.deployment(session), found.state, int(task_id), now)
    except workflows.NotOpen as error:
        left = workflows.open_step(found.deployment(session), found.state, now).incidents
        if any(one.task_id == int(task_id) for one in left):
            raise Conflict(
                f"“{incident.name}”等的那一路不会再来，重试没有用。请终止这个办件重新办理，并请流程设计人员改正流程。",
                code="INCIDENT_FINAL",
            ) from error
        raise Conflict("流程已经离开这一步，请刷新页面。", code="INCIDENT_CLOSED") from error
    audit.append(session, actor, "incident.retried", incident.subject, {"name": incident.name}, now)
    running.run_on(session, found, step, actor, now)


def abandon_incident(session: Session, incident_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Give up a job or a message for good. What belongs to a running process can only be retried, or ended with it."""
    incident = incidents.get(session, incident_id)
    if not reason.strip():
        raise Invalid("请写明放弃的原因。", fields={"reason": ["请写明为什么不再办理这一项。"]})
    if incident.kind == "process" or incident.name == running.JOB_TASK:
        raise Conflict("它是办理流程的一步，不能放弃：请排除原因后重试，或终止该办件。", code="INCIDENT_KIND")
    jobs.abandon(session, incident, reason.strip(), actor, now)


def run(session: Session, instance_id: int) -> Run:
    """One instance. NotFound."""
    return running.load(session, instance_id, lock=False).as_run()


def running_among(session: Session, instance_ids: Iterable[int]) -> set[int]:
    """Those of these instances that have not ended: one statement, none for no ids."""
    wanted = list(instance_ids)
    if not wanted:
        return set()
    return set(session.scalars(select(Instance.id).where(Instance.id.in_(wanted), Instance.status == "running")))


def runs_of(session: Session, subject: str) -> list[Run]:
    """All instances of a case or registration, the oldest first."""
    ids = session.scalars(select(Instance.id).where(Instance.subject == subject).order_by(Instance.id))
    return [run(session, instance_id) for instance_id in ids.all()]


def progress(session: Session, instance_id: int) -> Progress:
    """Where it has been and is, for the diagram."""
    found = running.load(session, instance_id, lock=False)
    now: list[str] = []
    stuck: list[str] = []
    if found.status == "running":
        step = workflows.open_step(found.deployment(session), found.state, found.started_at)
        stuck = [one.element for one in step.incidents]
        now += [one.element for one in step.user_tasks]
        now += [one.element for one in step.jobs]
        now += [one.element for one in step.timers]
        now += [one.element for one in step.subscriptions] + stuck
    return Progress(
        version_id=found.version_id,
        status=found.status,
        past={element: seen[0] for element, seen in found.trail.get("e", {}).items()},
        now=tuple(dict.fromkeys(now)),
        flows=tuple(found.trail.get("f", {})),
        stuck=tuple(stuck),
        cancelled=tuple(found.trail.get("x", {})),
    )


def variables(session: Session, instance_id: int, task_id: int | None = None) -> dict[str, Any]:
    """The variables a task sees, or those of the whole process; none when it has ended. Conflict for a task that is done."""
    found = running.load(session, instance_id, lock=False)
    if found.status != "running":
        return {}
    try:
        return workflows.variables(found.deployment(session), found.state, task_id)
    except workflows.NotOpen as error:
        raise Conflict("这项任务已经办完，或已被撤回。请刷新待办列表。", code="WORK_ITEM_GONE") from error


def diagram(session: Session, instance_id: int) -> bytes:
    """The BPMN file of the version it runs on."""
    query = select(Version.id).join(Instance, Instance.version_id == Version.id).where(Instance.id == instance_id)
    return definitions.xml(session, session.scalars(query).one())


def _gone(work_item: Item) -> Conflict:
    return Conflict(f"“{work_item.name}”已经办完，或已被撤回。请刷新待办列表。", code="WORK_ITEM_GONE")
