"""What the dialect reads from one element of a model, in the engine's own words. Immutable, shared by all instances."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

EventKind = Literal["message", "signal", "timer", "error", "escalation", "terminate"]
#: Header of an event that throws a message: how long the message waits for somebody, an ISO duration.
LIFE_HEADER = "timeToLive"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ElementInfo:
    """What others may know of an element. `kind` is its BPMN tag; `lane` the innermost lane's name or ''."""

    id: str
    name: str
    kind: str
    lane: str = ""
    form: str | None = None
    job_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    properties: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def label(self) -> str:
        """For sentences: “收件审查”(task_intake)."""
        return f"“{self.name}”({self.id})" if self.name else f"“{self.id}”"


@dataclass(frozen=True, slots=True)
class Event:
    """`name`: of the message or signal, the error's or escalation's code, the timer's text. `key`: a message's."""

    kind: EventKind
    name: str | None
    key: str | None = None
    cycle: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """Multi-instance. `output_name` is set where the output element is a plain variable name."""

    collection: str
    item: str | None
    output: str | None
    output_collection: str | None
    output_name: str | None
    condition: str | None


class Flow(NamedTuple):
    """A sequence flow. `target` is a spec of the same process; `invented` flows are not in the diagram."""

    id: str
    target: Any
    condition: str | None
    default: bool
    invented: bool


@dataclass(frozen=True, slots=True)
class Node:
    info: ElementInfo
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    event: Event | None = None
    loop: Loop | None = None
    #: Tries of a job before it is an incident; None: the model does not say.
    retries: int | None = None
    decision: str | None = None
    result_variable: str | None = None
    called: str | None = None
    propagate_parent: bool = True
    propagate_child: bool = True
    interrupting: bool = True
    event_subprocess: bool = False
    #: Made by the dialect (the gateway behind several flows leaving a task); `info.id` is then the element it serves.
    invented: bool = False
