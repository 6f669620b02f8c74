"""What the areas lend to the models: handlers of service tasks, contents of thrown messages, facts the linter needs.

A model may name a handler but never say what it does. The areas register theirs here at import, so the linter knows
every name, and a model with an unknown one cannot be published.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from server.accounts.actor import Actor

Variables = Mapping[str, Any]


@dataclass(frozen=True)
class JobContext:
    """A service task to be done. subject is whose process it is ('case:12'); variables are those in its scope.

    actor: who moved the process here, so who the act is recorded for; the system for timers and messages.
    """

    session: Session
    instance_id: int
    process_id: str
    area: str
    subject: str
    element: str
    name: str
    headers: Mapping[str, str]
    variables: Variables
    actor: Actor
    now: datetime


class BpmnError(Exception):
    """The outcome of a service task that the model itself has a way out for: an error boundary with this code.

    It is no failure: what the handler wrote before raising it stands, and nothing is tried again.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


Result = Mapping[str, Any] | None
Run = Callable[[JobContext], Result]
RunT = TypeVar("RunT", bound=Run)


class Thrower(Protocol):
    """What a thrown message says: (key, payload), or None when this time there is nothing to say."""

    def __call__(
        self, session: Session, subject: str, variables: Variables, now: datetime
    ) -> tuple[str, dict[str, Any]] | None: ...


ThrowerT = TypeVar("ThrowerT", bound=Thrower)
Arrival = Callable[[Variables], dict[str, Any]]


@dataclass(frozen=True)
class Handler:
    """A registered handler. acts: it records an act of the case. returns: the variables it gives (None: not told). errors: codes
    of the `BpmnError`s it raises. flags: those of its variables that are true or false."""

    run: Run
    headers: frozenset[str]
    acts: bool
    returns: frozenset[str] | None
    errors: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Procedure:
    """A process that an area starts, with the variables it hands over and the law its paths are held against.

    rules: handed to `workflows.paths.check` as it is; None: no order of acts is prescribed. examples: what start variables may
    hold, for trying a model at random; a variable without any is a text.
    """

    process_id: str
    area: str
    start_variables: frozenset[str] = field(default_factory=frozenset)
    rules: Any = None
    examples: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


HANDLERS: dict[str, Handler] = {}
THROWN: dict[str, Thrower] = {}
ARRIVALS: dict[str, Arrival] = {}
SENT: set[str] = set()
TRANSITIONS: set[str] = set()
PAPERS: set[str] = set()
PROCEDURES: dict[str, Procedure] = {}


def handler(
    name: str,
    *,
    headers: Iterable[str] = (),
    acts: bool = False,
    returns: Collection[str] | None = None,
    errors: Iterable[str] = (),
    flags: Iterable[str] = (),
) -> Callable[[RunT], RunT]:
    """Register `f(context)` for service tasks of this type; what it returns are variables of the process.

    It may run twice (after a fault it is rolled back and tried again), and only flushes.
    """

    def register(function: RunT) -> RunT:
        if name in HANDLERS:
            raise ValueError(f"two handlers are called {name}")
        told = None if returns is None else frozenset(returns)
        HANDLERS[name] = Handler(function, frozenset(headers), acts, told, frozenset(errors), frozenset(flags))
        return function

    return register


def thrown(name: str) -> Callable[[ThrowerT], ThrowerT]:
    """Register who says what a message thrown by a model contains: the model only shows that it is sent."""

    def register(function: ThrowerT) -> ThrowerT:
        if name in THROWN:
            raise ValueError(f"two sources for the message {name}")
        THROWN[name] = function
        return function

    return register


def arrival(name: str) -> Callable[[Arrival], Arrival]:
    """Register which variables a message brings to the process waiting for it; else all short plain values do."""

    def register(function: Arrival) -> Arrival:
        ARRIVALS[name] = function
        return function

    return register


def sends(*names: str) -> None:
    """Declare messages that code posts or delivers, so that the linter lets a model wait for them."""
    SENT.update(names)


def transitions(*names: str) -> None:
    """Declare the names a service task's header `transition` may hold."""
    TRANSITIONS.update(names)


def headed(*kinds: str) -> None:
    """Declare the kinds of paper a service task's header `paper` may name."""
    PAPERS.update(kinds)


def procedure(
    process_id: str,
    area: str,
    *,
    start: Iterable[str] = (),
    rules: Any = None,
    examples: Mapping[str, tuple[Any, ...]] | None = None,
) -> None:
    """Declare a process that an area starts, the variables it hands over and the law for its paths."""
    PROCEDURES[process_id] = Procedure(process_id, area, frozenset(start), rules, examples or {})


def variables_of(name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What a message brings into a process. Bodies stay in their rows: only ids, outcomes and flags go in."""
    if name in ARRIVALS:
        return ARRIVALS[name](payload)
    return {
        key: value
        for key, value in payload.items()
        if isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= 100)
    }
