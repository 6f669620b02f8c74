"""What the worker does for processes: jobs tried again, timers that came due, messages on their way to an instance."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

import workflows
from server import jobs
from server.accounts.actor import SYSTEM
from server.processes import running
from server.processes.handlers import variables_of
from server.processes.models import Subscription, Timer

WAKE_TASK = "processes.wake"
AT_ONCE = 200  # instances a sweep wakes, so that no transaction grows without bound


def deliver(session: Session, name: str, key: str, variables: Mapping[str, Any], now: datetime) -> int:
    """Hand a message to every instance that waits for this name and key; returns how many took it."""
    return len(_deliver(session, name, key, variables, now))


def _deliver(session: Session, name: str, key: str, variables: Mapping[str, Any], now: datetime) -> list[str]:
    waiting = session.execute(
        select(Subscription.instance_id, Subscription.task_id)
        .where(Subscription.name == name, Subscription.key == key)
        .order_by(Subscription.instance_id, Subscription.task_id)
    ).all()
    takers: list[str] = []
    for instance_id, task_id in waiting:
        run = running.load(session, instance_id)
        if run.status != "running" or run.owner in takers:
            continue
        try:
            step = workflows.deliver(run.deployment(session), run.state, task_id, variables, now)
        except workflows.NotOpen:  # it went another way while we waited for its lock
            continue
        running.run_on(session, run, step, SYSTEM, now)
        takers.append(run.owner)
    return takers


@jobs.router
def route(work: jobs.Work, message: jobs.Received) -> str | None:
    """Who of the instances takes a message that has no receiver of its own."""
    variables = variables_of(message.name, message.payload)
    takers = _deliver(work.session, message.name, message.key, variables, work.now)
    return ",".join(takers)[:100] or None


@jobs.task(running.JOB_TASK)
def try_job_again(work: jobs.Work, payload: Mapping[str, Any]) -> None:
    """A service task that failed before: in the worker's own transaction, in the name of who led there."""
    run = running.load(work.session, payload["instance"])
    if run.status != "running":
        return
    step = workflows.open_step(run.deployment(work.session), run.state, work.now)
    job = next((one for one in step.jobs if one.id == payload["task"]), None)
    if job is None:
        return
    actor = running.unpack_actor(payload["actor"])
    done = running.perform(work.session, run, step, job, actor, work.now)
    running.run_on(work.session, run, done, actor, work.now)


@jobs.task(running.THROW_TASK)
def throw_again(work: jobs.Work, payload: Mapping[str, Any]) -> None:
    """A thrown message whose content could not be said before."""
    run = running.load(work.session, payload["instance"], lock=False)
    running.post_thrown(
        work.session, run, payload["message"], payload["key"], payload["variables"], work.now, payload.get("life")
    )


@jobs.task(WAKE_TASK)
def wake(work: jobs.Work, payload: Mapping[str, Any]) -> None:
    """An instance whose timers are due."""
    run = running.load(work.session, payload["instance"])
    if run.status != "running":
        return
    step = workflows.wake(run.deployment(work.session), run.state, work.now)
    running.run_on(work.session, run, step, SYSTEM, work.now)


def _timers_due(work: jobs.Work) -> bool:
    return work.session.scalar(select(Timer.id).where(Timer.due <= work.now).limit(1)) is not None


@jobs.scanner("processes.timers", due=_timers_due)
def wake_due(work: jobs.Work) -> None:
    """A job for every instance with a timer that is due; each wakes in a transaction of its own."""
    due = select(Timer.instance_id).where(Timer.due <= work.now).distinct().limit(AT_ONCE)
    for instance_id in work.session.scalars(due).all():
        owner = f"instance:{instance_id}"
        jobs.enqueue(work.session, WAKE_TASK, {"instance": instance_id}, work.now, key=str(instance_id), owner=owner)


_met = select(jobs.Message.id).join(
    Subscription, and_(Subscription.name == jobs.Message.name, Subscription.key == jobs.Message.key)
)


def _messages_met(work: jobs.Work) -> bool:
    return work.session.scalar(_met.where(jobs.Message.state == "waiting").limit(1)) is not None


@jobs.scanner("processes.messages", due=_messages_met)
def carry_met(work: jobs.Work) -> None:
    """Messages that wait although somebody waits for them: the two were written at the same moment (PostgreSQL)."""
    jobs.look_again(work.session, work.session.scalars(_met.where(jobs.Message.state == "waiting")).all())
