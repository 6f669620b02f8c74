"""An instance at rest, told as a Step: what is open, what waits, what is stuck."""

from collections.abc import Iterator
from datetime import datetime

from SpiffWorkflow.util.task import TaskState

from .elements import Catch, EventSub, Inclusive, Parallel, User
from .elements import Job as JobElement
from .engine import CANCELLED, COMPLETED, RUNNING, Instance, Token
from .step import Incident, Job, Step, Subscription, Timer, UserTask


def step_of(run: Instance, state: bytes) -> Step:
    """What is open in `run`, and what happened in it since its last command began. `state`: its bytes."""
    users, jobs, timers, subscriptions, incidents = [], [], [], [], []
    for token in run.all_live():
        spec, data = token.task_spec, token.internal_data
        info, stuck = spec.node.info, data.get("stuck")
        if stuck is not None:
            incidents.append(Incident(token.id, info.id, info.name, f"{info.label}:{stuck[1]}"))
            if stuck[0] != "fail":
                continue
        if isinstance(spec, User) and token.state == TaskState.READY:
            users.append(_user_task(run, token))
        elif isinstance(spec, JobElement) and token.state == TaskState.READY:
            jobs.append(_job(run, token))
        elif isinstance(spec, Catch) and token.state == TaskState.WAITING and spec.event is not None:
            if spec.event.kind == "timer":
                timers.append(Timer(token.id, info.id, datetime.fromisoformat(data["due"])))
            elif spec.event.kind == "message":
                subscriptions.append(Subscription(token.id, info.id, spec.event.name or "", data.get("key")))
    if run.end == RUNNING and not (users or jobs or timers or subscriptions or incidents):
        incidents = list(_forsaken(run))
    return Step(
        state=state,
        completed=run.end == COMPLETED,
        cancelled=run.end == CANCELLED,
        user_tasks=tuple(users),
        jobs=tuple(jobs),
        timers=tuple(timers),
        subscriptions=tuple(subscriptions),
        thrown=tuple(run.thrown),
        incidents=tuple(incidents),
        trail=tuple(run.trail),
    )


def _user_task(run: Instance, token: Token) -> UserTask:
    info = token.task_spec.node.info
    return UserTask(
        token.id,
        info.id,
        info.name,
        info.lane,
        info.form,
        dict(info.headers),
        dict(info.properties),
        run.names(token),
    )


def _job(run: Instance, token: Token) -> Job:
    node = token.task_spec.node
    info = node.info
    return Job(
        token.id,
        info.id,
        info.name,
        info.job_type or "",
        dict(info.headers),
        node.retries,
        info.lane,
        run.names(token),
    )


def _forsaken(run: Instance) -> Iterator[Incident]:
    """Nothing is open and nothing can come any more, yet the instance has not ended: where its tokens wait for ever."""
    told: set[int] = set()
    for token in run.all_live():
        spec, data = token.task_spec, token.internal_data
        if token.state != TaskState.WAITING or isinstance(spec, EventSub) or "at" in data or id(spec) in told:
            continue
        told.add(id(spec))
        info = spec.node.info
        if isinstance(spec, Parallel | Inclusive):
            here = [t for t in token.workflow.live() if t.task_spec is spec]
            came = {t.internal_data.get("came") for t in here}
            missing = len([flow for flow in spec.incoming if flow not in came])
            what = f"还在等另外 {missing} 路,可是那边已经没有事项在办,等不到了"
        else:
            what = "在等的事不会再发生:流程里已经没有别的事项在办"
        yield Incident(
            token.id, info.id, info.name, f"{info.label}:{what}。请终止这个办件重新办理,并请流程设计人员改正流程"
        )
