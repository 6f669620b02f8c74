"""The commands: (deployment, state, command) -> Step. Pure: nothing is read but the arguments, no clock, no database."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from . import dmn
from .deployment import Deployment
from .elements import Catch, EventSub, Inclusive, Parallel, User
from .elements import Job as JobElement
from .engine import CANCELLED, COMPLETED, RUNNING, Instance, Token
from .errors import NotOpen
from .state import pack, unpack
from .step import Incident, Job, Step, Subscription, Timer, UserTask, Variables


def start(dep: Deployment, variables: Variables, now: datetime, *, message: str | None = None) -> Step:
    """A new instance. `message`: begin at the start event of that message. ValueError if there is no such start."""
    run = Instance(dep, now)
    run.scopes["0"].update(_named(variables))
    run.begin(run, message)
    run.run()
    return _step(run)


def complete(dep: Deployment, state: bytes, task_id: int, variables: Variables, now: datetime) -> Step:
    """A user task or job is done and brings `variables`. NotOpen if it is not open."""
    run = _load(dep, state, now)
    token = _open(run, task_id)
    token.internal_data.pop("stuck", None)
    run.receive(token, _named(variables))
    run.finish(token)
    run.run()
    return _step(run)


def fail(dep: Deployment, state: bytes, task_id: int, error_code: str, message: str, now: datetime) -> Step:
    """The user task or job raises a BPMN error. If nobody catches it, the task stays open with an incident."""
    run = _load(dep, state, now)
    token = _open(run, task_id)
    if not run.throw("error", error_code, token.workflow, token):
        token.internal_data["stuck"] = ["fail", f"错误“{error_code}”没有任何边界事件或事件子流程处理。{message}"]
    run.run()
    return _step(run)


def deliver(dep: Deployment, state: bytes, subscription_id: int, variables: Variables, now: datetime) -> Step:
    """A message arrives at that waiting element. NotOpen if it no longer waits."""
    run = _load(dep, state, now)
    token = run.token(subscription_id)
    spec = token.task_spec
    if not (
        isinstance(spec, Catch) and token.state == TaskState.WAITING and spec.event and spec.event.kind == "message"
    ):
        raise NotOpen(f"任务 {subscription_id} 没有在等待消息")
    spec.hit(token, _named(variables))
    run.run()
    return _step(run)


def wake(dep: Deployment, state: bytes, now: datetime) -> Step:
    """Runs every timer that is due, in the order of due times, to rest."""
    run = _load(dep, state, now)
    run.wake()
    return _step(run)


def cancel(dep: Deployment, state: bytes, now: datetime) -> Step:
    """Ends the instance and releases everything; the trail names what was cancelled."""
    run = _load(dep, state, now)
    run.cancel_all()
    return _step(run)


def retry(dep: Deployment, state: bytes, task_id: int, now: datetime) -> Step:
    """Goes on where an incident stopped. NotOpen if the task has none."""
    run = _load(dep, state, now)
    token = run.token(task_id)
    stuck = token.internal_data.pop("stuck", None)
    if stuck is None:
        raise NotOpen(f"任务 {task_id} 没有异常需要重试")
    if stuck[0] == "enter":
        run.place(token)
    elif stuck[0] == "run":
        run.agenda.append(token)
    run.run()
    return _step(run)


def open_step(dep: Deployment, state: bytes, now: datetime) -> Step:
    """What is open; nothing moves."""
    return _step(_load(dep, state, now), state)


def variables(dep: Deployment, state: bytes, task_id: int | None = None) -> dict[str, Any]:
    """The variables that the task sees, inner scopes first; without a task those of the process."""
    run = _load(dep, state, _ANY_TIME)
    return dict(run.scopes["0"]) if task_id is None else run.names(run.token(task_id))


def decide(dep: Deployment, decision_id: str, variables: Variables, now: datetime | None = None) -> dmn.DecisionResult:
    """A decision that belongs to the deployment. DecisionError with a Chinese sentence."""
    return dmn.decide(dep.decisions, decision_id, variables, now=now)


_ANY_TIME = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _load(dep: Deployment, state: bytes, now: datetime) -> Instance:
    return Instance.restore(dep, unpack(state), now)


def _named(variables: Variables) -> Variables:
    if not all(isinstance(name, str) and name for name in variables):
        raise ValueError("names of variables must be text")
    return variables


def _open(run: Instance, task_id: int) -> Token:
    token = run.token(task_id)
    if (
        not token.task_spec.waits
        or token.state != TaskState.READY
        or token.internal_data.get("stuck", ["fail"])[0] != "fail"
    ):
        raise NotOpen(f"任务 {task_id} 已不在等待办理")
    return token


def _step(run: Instance, state: bytes | None = None) -> Step:
    users, jobs, timers, subscriptions, incidents = [], [], [], [], []
    for token in run.all_live():
        spec, data = token.task_spec, token.internal_data
        info, stuck = spec.node.info, data.get("stuck")
        if stuck is not None:
            incidents.append(Incident(token.id, info.id, info.name, f"{info.label}:{stuck[1]}"))
            if stuck[0] != "fail":
                continue
        if isinstance(spec, User) and token.state == TaskState.READY:
            users.append(
                UserTask(
                    token.id,
                    info.id,
                    info.name,
                    info.lane,
                    info.form,
                    dict(info.headers),
                    dict(info.properties),
                    run.names(token),
                )
            )
        elif isinstance(spec, JobElement) and token.state == TaskState.READY:
            jobs.append(
                Job(
                    token.id,
                    info.id,
                    info.name,
                    info.job_type or "",
                    dict(info.headers),
                    spec.node.retries,
                    info.lane,
                    run.names(token),
                )
            )
        elif isinstance(spec, Catch) and token.state == TaskState.WAITING and spec.event is not None:
            if spec.event.kind == "timer":
                timers.append(Timer(token.id, info.id, datetime.fromisoformat(data["due"])))
            elif spec.event.kind == "message":
                subscriptions.append(Subscription(token.id, info.id, spec.event.name or "", data.get("key")))
    if run.end == RUNNING and not (users or jobs or timers or subscriptions or incidents):
        incidents = list(_forsaken(run))
    return Step(
        state=pack(run.document()) if state is None else state,
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
