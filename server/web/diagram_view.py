"""Where a case stands, for the diagram and for the list below it that says the same in words."""

from dataclasses import dataclass, field
from functools import lru_cache

from flask import url_for
from lxml import etree
from sqlalchemy.orm import Session

from server.processes import definitions, instances

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_SHOWN = {"userTask", "serviceTask", "businessRuleTask", "task", "callActivity", "subProcess"}
_WAITED_AT = _SHOWN | {"intermediateCatchEvent", "receiveTask", "eventBasedGateway"}


@dataclass(frozen=True)
class Element:
    """A node of a model: its kind, its Chinese name, the lane it lies in."""

    id: str
    kind: str
    name: str
    lane: str


@dataclass(frozen=True)
class Step:
    """One line below the diagram. status: done, running, waiting (for what it is named after), stopped (it needs a
    person's help)."""

    name: str
    unit: str
    status: str


@dataclass(frozen=True)
class Diagram:
    """What the macro ``diagram`` draws: the model's address, the marks, and the same in words."""

    address: str
    name: str
    done: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    walked: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    steps: tuple[Step, ...] = field(default=())


def of_subject(session: Session, subject: str, name: str) -> Diagram | None:
    """The diagram of the latest process of a case or registration; None when none was ever started."""
    runs = instances.runs_of(session, subject)
    return of_instance(session, runs[-1].id, name) if runs else None


def of_instance(session: Session, instance_id: int, name: str) -> Diagram:
    """The diagram of one process, on the version it runs on."""
    progress = instances.progress(session, instance_id)
    elements = elements_of(definitions.xml(session, progress.version_id))
    # A boundary event waits beside its task; the case stands at the task.
    beside = {one.id for one in elements if one.kind == "boundaryEvent"}
    now = set(progress.now) - beside
    past = [one for one in elements if one.id in progress.past and one.id not in now]
    done = tuple(one.id for one in past if one.id not in progress.cancelled)
    steps = []
    for one in elements:
        if one.id in now and one.kind in _WAITED_AT:
            at_work = "running" if one.kind in _SHOWN else "waiting"
            steps.append(Step(one.name, one.lane, "stopped" if one.id in progress.stuck else at_work))
        elif one.id in done and one.kind in _SHOWN:
            steps.append(Step(one.name, one.lane, "done"))
    return Diagram(
        address=url_for("diagrams.model", version_id=progress.version_id),
        name=name,
        done=done,
        now=tuple(one.id for one in elements if one.id in now and one.id not in progress.stuck),
        bad=progress.stuck,
        walked=progress.flows,
        steps=tuple(steps),
    )


@lru_cache(maxsize=64)
def elements_of(model: bytes) -> tuple[Element, ...]:
    """The nodes of a BPMN file in its own order, each with its lane."""
    root = etree.fromstring(model, etree.XMLParser(resolve_entities=False, no_network=True))
    lanes = {
        (reference.text or "").strip(): lane.get("name", "")
        for lane in root.iter(f"{_BPMN}lane")
        for reference in lane.iter(f"{_BPMN}flowNodeRef")
    }
    return tuple(
        Element(node.get("id"), node.tag.removeprefix(_BPMN), " ".join((node.get("name") or "").split()), lanes[node.get("id")])
        for node in root.iter()
        if isinstance(node.tag, str) and node.tag.startswith(_BPMN) and node.get("id") in lanes
    )
