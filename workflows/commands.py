"""The commands: (deployment, state, command) -> Step. Pure: nothing is read but the arguments, no clock, no database."""

from datetime import datetime
from typing import Any

from . import dmn
from .deployment import Deployment
from .engine import PLAINLY, Occasion
from .live import Live
from .step import Step, Variables


def start(
    dep: Deployment,
    variables: Variables,
    now: datetime,
    *,
    message: str | None = None,
    signal: str | None = None,
    timer: str | None = None,
) -> Step:
    """A new instance. `message`, `signal`: begin at the start event of that name; `timer`: at the start event of that id
    (see `Deployment.start_messages`, `start_signals`, `start_timers`). ValueError if there is no such start, or for two."""
    given: list[Occasion] = [
        (kind, name) for kind, name in (("message", message), ("signal", signal), ("timer", timer)) if name is not None
    ]
    if len(given) > 1:
        raise ValueError("an instance starts for one reason")
    return Live.started(dep, variables, now, given[0] if given else PLAINLY).step()


def complete(dep: Deployment, state: bytes, task_id: int, variables: Variables, now: datetime) -> Step:
    """A user task or job is done and brings `variables`. NotOpen if it is not open."""
    live = Live.loaded(dep, state, now)
    live.complete(task_id, variables, now)
    return live.step()


def fail(dep: Deployment, state: bytes, task_id: int, error_code: str, message: str, now: datetime) -> Step:
    """The user task or job raises a BPMN error. If nobody catches it, the task stays open with an incident."""
    live = Live.loaded(dep, state, now)
    live.fail(task_id, error_code, message, now)
    return live.step()


def deliver(dep: Deployment, state: bytes, subscription_id: int, variables: Variables, now: datetime) -> Step:
    """A message arrives at that waiting element. NotOpen if it no longer waits."""
    live = Live.loaded(dep, state, now)
    live.deliver(subscription_id, variables, now)
    return live.step()


def wake(dep: Deployment, state: bytes, now: datetime) -> Step:
    """Runs every timer that is due, in the order of due times, to rest."""
    live = Live.loaded(dep, state, now)
    live.wake(now)
    return live.step()


def cancel(dep: Deployment, state: bytes, now: datetime) -> Step:
    """Ends the instance and releases everything; the trail names what was cancelled."""
    live = Live.loaded(dep, state, now)
    live.cancel(now)
    return live.step()


def retry(dep: Deployment, state: bytes, task_id: int, now: datetime) -> Step:
    """Goes on where an incident stopped. NotOpen if the task has none."""
    live = Live.loaded(dep, state, now)
    live.retry(task_id, now)
    return live.step()


def open_step(dep: Deployment, state: bytes, now: datetime) -> Step:
    """What is open; nothing moves."""
    return Live.loaded(dep, state, now).step(state)


def variables(dep: Deployment, state: bytes, task_id: int | None = None) -> dict[str, Any]:
    """The variables that the task sees, inner scopes first; without a task those of the process."""
    run = Live.loaded(dep, state, _ANY_TIME).run
    return dict(run.scopes["0"]) if task_id is None else run.names(run.token(task_id))


def decide(dep: Deployment, decision_id: str, variables: Variables, now: datetime | None = None) -> dmn.DecisionResult:
    """A decision that belongs to the deployment. DecisionError with a Chinese sentence."""
    return dmn.decide(dep.decisions, decision_id, variables, now=now)


_ANY_TIME = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
