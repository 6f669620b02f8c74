"""What a command returns: the new state, everything that is open in it, and what happened on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UserTask:
    """A person is waited for; `complete` takes its id. `lane` is the innermost lane's name, '' without lanes."""

    id: int
    element: str
    name: str
    lane: str
    form: str | None
    headers: dict[str, str]
    properties: dict[str, str]
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """Work for the handler registered under `type`; `complete` or `fail` takes its id.

    retries: how often it may be tried before it is an incident; None: the model does not say.
    """

    id: int
    element: str
    name: str
    type: str
    headers: dict[str, str]
    retries: int | None
    lane: str
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Timer:
    """`due` is an aware UTC instant, frozen when the timer was armed; `wake` runs it."""

    id: int
    element: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """A message of that name (and key, if there is one) is waited for; `deliver` takes its id."""

    id: int
    element: str
    message: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Thrown:
    """A message that left the instance during this command. life: the event's header `timeToLive`, an ISO duration."""

    element: str
    message: str
    key: str | None
    variables: dict[str, Any]
    life: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """The token at that element cannot go on until `retry`; everything else may.

    When nothing else is left at all, a join or event that nothing can reach any more is one too; no retry helps that.
    """

    task_id: int
    element: str
    name: str
    message_zh: str


@dataclass(frozen=True, slots=True)
class Trail:
    """One thing that happened during this command, in order. Of a flow, `element` is its id and `task_id` the task left."""

    element: str
    kind: Literal["entered", "left", "flow", "cancelled"]
    task_id: int


@dataclass(frozen=True, slots=True)
class Step:
    state: bytes
    completed: bool
    cancelled: bool
    user_tasks: tuple[UserTask, ...]
    jobs: tuple[Job, ...]
    timers: tuple[Timer, ...]
    subscriptions: tuple[Subscription, ...]
    thrown: tuple[Thrown, ...]
    incidents: tuple[Incident, ...]
    trail: tuple[Trail, ...]
