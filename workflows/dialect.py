# mypy: allow-subclassing-any
"""A BPMN process in the zeebe dialect -> spec objects that elements.py brings to life.

Three steps: `nodes` reads what each element says; `normalise` rewrites the XML into what SpiffWorkflow's parser accepts
(links become flows, several or conditional flows leaving a task an inserted gateway, data objects go); `parse` has that
parser make the specs, our classes in place of its own, and connects them. Connecting is ours: the library's recursion
dies on a chain of 500 elements and orders flows by the height of the shapes; we go by the order in the document.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser import event_parsers, task_parsers
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, full_tag
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from . import elements as e
from .nodes import ElementInfo, Event, Flow, Loop, Node
from .source import NS, B, Xml, event_definitions, extension, extensions, flows_of, tag
from .vocabulary import FLOW_NODES

_FORKING = FLOW_NODES - {"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "endEvent"}
_DROPPED = (
    "dataStore",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "ioSpecification",
    "property",
    "dataInputAssociation",
    "dataOutputAssociation",
    "correlationProperty",
    "collaboration",
    "laneSet",
)
_PLAIN_NAME = re.compile(r"=\s*([^\W\d]\w*)\s*")


# -- what the elements say


def nodes(process: Xml, definitions: Xml) -> dict[str, Node]:
    lanes = _lanes(process)
    return {
        node.get("id") or "": _node(node, lanes, definitions)
        for node in process.iter(*(B + name for name in FLOW_NODES))
    }


def _lanes(process: Xml) -> dict[str, str]:
    """Element id -> name of its innermost lane. What lies in a subprocess belongs to the subprocess's lane."""
    lanes: dict[str, tuple[int, str]] = {}
    for lane in process.iter(f"{B}lane"):
        depth = sum(1 for _ in lane.iterancestors(f"{B}lane"))
        for reference in lane.iterfind(f"{B}flowNodeRef"):
            key = (reference.text or "").strip()
            if depth >= lanes.get(key, (-1, ""))[0]:
                lanes[key] = depth, (lane.get("name") or "").strip()
    return {key: name for key, (_, name) in lanes.items()}


def _node(xml: Xml, lanes: Mapping[str, str], definitions: Xml) -> Node:
    job, form = extension(xml, "taskDefinition"), extension(xml, "formDefinition")
    called, decision = extension(xml, "calledElement"), extension(xml, "calledDecision")
    info = ElementInfo(
        id=xml.get("id") or "",
        name=" ".join((xml.get("name") or "").split()),
        kind=tag(xml),
        lane=_lane_of(xml, lanes),
        form=None if form is None else form.get("formId"),
        job_type=None if job is None or _throws(xml) else (job.get("type") or "").strip(),
        headers=_pairs(xml, "taskHeaders", "key"),
        properties=_pairs(xml, "properties", "name"),
    )
    mapping = [child for holder in extensions(xml) if tag(holder) == "ioMapping" for child in holder]
    return Node(
        info=info,
        inputs=tuple((m.get("target") or "", m.get("source") or "") for m in mapping if tag(m) == "input"),
        outputs=tuple((m.get("target") or "", m.get("source") or "") for m in mapping if tag(m) == "output"),
        event=_event(xml, definitions),
        loop=_loop(xml),
        retries=int((job.get("retries") or "").strip() or 0) or None if job is not None else None,
        decision=None if decision is None else decision.get("decisionId"),
        result_variable=None if decision is None else decision.get("resultVariable"),
        called=called_process(xml) if tag(xml) == "callActivity" else None,
        propagate_parent=called is None or called.get("propagateAllParentVariables") != "false",
        propagate_child=called is None or called.get("propagateAllChildVariables") != "false",
        interrupting=xml.get("cancelActivity") != "false" and xml.get("isInterrupting") != "false",
        event_subprocess=xml.get("triggeredByEvent") == "true",
    )


def called_process(call: Xml) -> str | None:
    """The id of the process that a call activity calls."""
    called = extension(call, "calledElement")
    key: str | None = called.get("processId") if called is not None else call.get("calledElement")
    return key


def _lane_of(xml: Xml, lanes: Mapping[str, str]) -> str:
    for element in (xml, *xml.iterancestors(f"{B}subProcess")):
        if element.get("id") in lanes:
            return lanes[element.get("id") or ""]
        if tag(element) == "boundaryEvent" and element.get("attachedToRef") in lanes:
            return lanes[element.get("attachedToRef") or ""]
    return ""


def _throws(xml: Xml) -> bool:
    """Its message leaves as a message, whatever job it may also name (stock Camunda 8 has one)."""
    return tag(xml) != "serviceTask" and (bool(event_definitions(xml)) or xml.get("messageRef") is not None)


def _pairs(xml: Xml, holder: str, key: str) -> Mapping[str, str]:
    found = extension(xml, holder)
    pairs = {one.get(key) or "": one.get("value") or "" for one in found} if found is not None else {}
    return MappingProxyType(pairs)


def _event(xml: Xml, definitions: Xml) -> Event | None:
    found = event_definitions(xml)
    if found:
        kind = tag(found[0]).removesuffix("EventDefinition")
        definition = found[0]
    elif xml.get("messageRef") is not None and tag(xml) in ("sendTask", "receiveTask"):
        kind, definition = "message", xml
    else:
        return None
    if kind == "timer":
        text = next(child for child in definition if tag(child).startswith("time"))
        return Event("timer", (text.text or "").strip(), cycle=tag(text) == "timeCycle")
    if kind == "link":
        return None  # normalise() makes a flow of it
    if kind == "terminate":
        return Event("terminate", None)
    target = next(
        (one for one in definitions.iterfind(f"{B}{kind}") if one.get("id") == definition.get(f"{kind}Ref")), None
    )
    attribute = {"error": "errorCode", "escalation": "escalationCode"}.get(kind, "name")
    name = None if target is None else (target.get(attribute) or "").strip() or None
    subscription = extension(target, "subscription") if target is not None else None
    key = None if subscription is None else (subscription.get("correlationKey") or "").strip() or None
    return Event(kind, name, key)  # type: ignore[arg-type]  # rules.py has let no other kind pass


def _loop(xml: Xml) -> Loop | None:
    loop = xml.find(f"{B}multiInstanceLoopCharacteristics")
    settings = extension(loop, "loopCharacteristics") if loop is not None else None
    if loop is None or settings is None:
        return None
    output = settings.get("outputElement") or None
    plain = _PLAIN_NAME.fullmatch(output or "")
    return Loop(
        collection=settings.get("inputCollection") or "",
        item=settings.get("inputElement") or None,
        output=output,
        output_collection=settings.get("outputCollection") or None,
        output_name=plain[1] if plain else None,
        condition=(loop.findtext(f"{B}completionCondition") or "").strip() or None,
    )


# -- XML -> what the parser accepts; what is added here is also added to the nodes


def normalise(process: Xml, known: dict[str, Node]) -> None:
    for name in _DROPPED:
        for element in list(process.iter(B + name)):
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
    _link_flows(process)
    for loop in process.iter(f"{B}multiInstanceLoopCharacteristics"):
        for child in list(loop):
            loop.remove(child)
        _make(loop, "loopCardinality").text = "1"  # the parser demands one; the settings are in the node
    for node in list(process.iter(*(B + name for name in _FORKING))):
        _implicit_gateway(node, known)
    for call in process.iter(f"{B}callActivity"):
        call.set("calledElement", known[call.get("id") or ""].called or "")


def _make(parent: Xml, name: str, **attributes: str) -> Xml:
    return etree.SubElement(parent, B + name, {key: value for key, value in attributes.items() if value})


def _link_flows(process: Xml) -> None:
    for definition in list(process.iter(f"{B}linkEventDefinition")):
        node = definition.getparent()
        scope = node.getparent()
        if scope is None or tag(node) != "intermediateThrowEvent":
            continue
        for other in scope.iterfind("b:intermediateCatchEvent/b:linkEventDefinition", NS):
            catcher = other.getparent()
            if catcher is not None and other.get("name") == definition.get("name"):
                _make(
                    scope,
                    "sequenceFlow",
                    id=f"{node.get('id')}.link",
                    sourceRef=node.get("id") or "",
                    targetRef=catcher.get("id") or "",
                )


def _implicit_gateway(node: Xml, known: dict[str, Node]) -> None:
    """Several flows leaving a task all go; conditional ones like behind an inclusive gateway."""
    scope, key = node.getparent(), node.get("id") or ""
    flows = [flow for flow in flows_of(scope) if flow.get("sourceRef") == key]
    conditional = [flow for flow in flows if flow.find(f"{B}conditionExpression") is not None]
    if len(flows) < 2 and not conditional:
        return
    name = f"{key}.fork"
    for flow in flows:
        flow.set("sourceRef", name)
    _make(scope, "inclusiveGateway" if conditional else "parallelGateway", id=name, default=node.get("default") or "")
    _make(scope, "sequenceFlow", id=f"{name}.flow", sourceRef=key, targetRef=name)
    known[name] = Node(info=known[key].info, invented=True)


# -- SpiffWorkflow's parser, made to yield our classes


class ProcessSpec(BpmnProcessSpec):
    """Its helpers are called Start and End: an element with such an id would be swallowed. Ours begin with '#'."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        del self.task_specs["End"]
        for spec, name in (self.start, "#start"), (self.end, "#end"):
            self.task_specs[name] = self.task_specs.pop(spec.name)
            spec.name = name
        self.starts: list[e.Start] = []
        self.event_subs: list[e.EventSub] = []


class _Process(ProcessParser):
    def create_spec(self) -> ProcessSpec:
        return ProcessSpec(name=self.bpmn_id, description=self.get_name(), filename=self.filename)

    def add_tasks(self) -> None:
        parsers = [self.task_parser(child) for child in self.node if tag(child) in FLOW_NODES]
        for parser in parsers:
            parser.make()
        for parser in parsers:
            parser.join()
        _reach(self.spec)

    def task_parser(self, node: Xml) -> Any:
        parser, spec = self.parser._get_parser_class(node.tag)
        return parser(self, spec, node, self.nsmap, lane=self.lane)


class _Ours:
    """In every task parser, before the library's."""

    PARALLEL_MI_CLASS, SEQUENTIAL_MI_CLASS = e.MultiInstance, e.Sequential
    node: Xml
    process_parser: Any
    spec: Any
    task: Any

    def make(self) -> None:
        known = self.process_parser.parser.known[self.node.get("id")]
        self.task = self.create_task()  # type: ignore[attr-defined]
        self.task.node = known
        if known.loop is not None:
            loop = self.node.find(f"{B}multiInstanceLoopCharacteristics")
            self._add_multiinstance_task(loop)  # type: ignore[attr-defined]
            self.task.node = known
        if isinstance(self.task, e.Start):
            self.spec.starts.append(self.task)
        elif isinstance(self.task, e.EventSub):
            self.spec.event_subs.append(self.task)

    def join(self) -> None:
        key, specs = self.node.get("id"), self.spec.task_specs
        if isinstance(self.task, e.Boundary):
            specs[self.node.get("attachedToRef")].guards += (self.task,)
        for xml in self.process_parser.get_outgoing_sequence_flows(key):
            target = specs[xml.get("targetRef")]
            flow = Flow(
                xml.get("id"),
                target,
                (xml.findtext(f"{B}conditionExpression") or "").strip() or None,
                xml.get("id") == self.node.get("default"),
                xml.get("id").endswith((".fork.flow", ".link")),
            )
            self.task.connect(target)
            self.task.flows += (flow,)
            target.incoming += (flow.id,)


class _SubParser(_Ours, TaskParser):
    def create_task(self) -> Any:
        parser, key = self.process_parser.parser, self.node.get("id")
        parser.create_parser(self.node, filename=self.filename, lane=self.lane)
        parser.process_parsers[key].parent = self.process_parser
        if not parser.known[key].event_subprocess:
            return e.Sub(self.spec, key, subworkflow_spec=key, **self.bpmn_attributes)
        return e.EventSub(self.spec, key, subworkflow_spec=key, **self.bpmn_attributes)


class _WorkParser(_Ours, TaskParser):
    """A task that is a job if it names a type, a decision if it calls one, else nothing."""

    def create_task(self) -> Any:
        known = self.process_parser.parser.known[self.node.get("id")]
        kind = e.Job if known.info.job_type else e.Decision if known.decision else e.Plain
        return kind(self.spec, self.node.get("id"), **self.bpmn_attributes)


class _SendParser(_Ours, event_parsers.SendTaskParser):
    def create_task(self) -> Any:
        if self.process_parser.parser.known[self.node.get("id")].event is None:
            return e.Job(self.spec, self.node.get("id"), **self.bpmn_attributes)
        return super().create_task()


def _ours(parser: Any) -> Any:
    return type(parser.__name__, (_Ours, parser), {})


class _Parser(BpmnParser):
    PROCESS_PARSER_CLASS = _Process
    OVERRIDE_PARSER_CLASSES = {
        full_tag(name): (parser, spec)
        for name, parser, spec in [
            ("startEvent", _ours(event_parsers.StartEventParser), e.Start),
            ("endEvent", _ours(event_parsers.EndEventParser), e.End),
            ("boundaryEvent", _ours(event_parsers.BoundaryEventParser), e.Boundary),
            ("intermediateCatchEvent", _ours(event_parsers.IntermediateCatchEventParser), e.Intermediate),
            ("intermediateThrowEvent", _ours(event_parsers.IntermediateThrowEventParser), e.ThrowEvent),
            ("receiveTask", _ours(event_parsers.ReceiveTaskParser), e.Receive),
            ("sendTask", _SendParser, e.Send),
            ("userTask", _ours(TaskParser), e.User),
            ("serviceTask", _WorkParser, e.Job),
            ("businessRuleTask", _WorkParser, e.Decision),
            ("task", _ours(TaskParser), e.Plain),
            ("manualTask", _ours(TaskParser), e.Plain),
            ("subProcess", _SubParser, e.Sub),
            ("callActivity", _ours(task_parsers.CallActivityParser), e.Call),
            ("exclusiveGateway", _ours(task_parsers.ConditionalGatewayParser), e.Exclusive),
            ("inclusiveGateway", _ours(task_parsers.ConditionalGatewayParser), e.Inclusive),
            ("parallelGateway", _ours(task_parsers.GatewayParser), e.Parallel),
            ("eventBasedGateway", _ours(event_parsers.EventBasedGatewayParser), e.EventGateway),
        ]
    }

    def __init__(self, known: Mapping[str, Node]) -> None:
        super().__init__()
        self.known = known


def _reach(spec: ProcessSpec) -> None:
    """For each inclusive join: by which of its incoming flows may a token standing at a given element still come?"""
    before: dict[str, list[tuple[str, str]]] = {}  # element -> (flow into it, where that flow starts)
    hosts: dict[str, str] = {}
    for source in spec.task_specs.values():
        for flow in getattr(source, "flows", ()):
            before.setdefault(flow.target.name, []).append((flow.id, source.name))
        for guard in getattr(source, "guards", ()):
            hosts[guard.name] = source.name
    for join in spec.task_specs.values():
        if isinstance(join, e.Inclusive):
            reach: dict[str, set[str]] = {}
            for flow, source in before.get(join.name, ()):
                for name in _backwards(source, join.name, before, hosts):
                    reach.setdefault(name, set()).add(flow)
            join.reach = MappingProxyType({name: frozenset(flows) for name, flows in reach.items()})


def _backwards(
    name: str, stop: str, before: Mapping[str, list[tuple[str, str]]], hosts: Mapping[str, str]
) -> Iterator[str]:
    """The element and all from which it can be reached without passing `stop`; a host reaches its boundary events."""
    seen, stack = {stop}, [name]
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        stack.extend(source for _, source in before.get(name, ()))
        if name in hosts:
            stack.append(hosts[name])


def parse(definitions: list[tuple[str, Xml]], known: Mapping[str, Node], process_id: str) -> tuple[Any, dict[str, Any]]:
    """(spec of the process, specs of all that it calls and contains by id). `definitions`: file name and normalised root
    element, holding needed processes only."""
    parser = _Parser(known)
    for name, root in definitions:
        parser.add_bpmn_xml(root, filename=name)
    spec = parser.get_spec(process_id)
    specs = parser.get_subprocess_specs(process_id)
    for one in (spec, *specs.values()):
        for sub in one.event_subs:
            start = specs[sub.spec].starts[0]
            sub.start_node = start.node
            start.node = replace(start.node, event=None)
    return spec, specs
