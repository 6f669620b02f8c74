"""What a model says, read tolerantly from its XML: a faulty model gives an outline too, so that all its faults can be named.

The engine has its own, strict reading (`deployment`). This one never runs anything and knows nothing of SpiffWorkflow.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from workflows.errors import Problem, Refused
from workflows.source import Xml, parse

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
COLOURS = ("http://bpmn.io/schema/bpmn/biocolor/1.0", "http://www.omg.org/spec/BPMN/non-normative/color/1.0")
LOOP_KEYS = ("inputCollection", "inputElement", "outputCollection", "outputElement")
MAX_ELEMENTS = 40_000

ACTIVITIES = frozenset(
    {
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
    }
)
SUBPROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "complexGateway"})
EVENTS = frozenset(
    {
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "implicitThrowEvent",
    }
)
NODES = ACTIVITIES | GATEWAYS | EVENTS
ARTIFACTS = frozenset(
    {"textAnnotation", "group", "association", "dataObject", "dataObjectReference", "dataStoreReference"}
)


@dataclass(frozen=True)
class Timer:
    kind: str  # timeDuration, timeDate, timeCycle
    text: str


@dataclass(frozen=True)
class Event:
    """An event definition: its kind ('message', 'timer', ...) and what it names."""

    kind: str
    name: str = ""  # of message, signal, error, escalation or link
    reference: str = ""  # id of the message, signal ... it refers to
    code: str = ""  # error or escalation code
    key: str = ""  # correlation key of the message
    timer: Timer | None = None
    condition: str = ""


@dataclass(frozen=True)
class Loop:
    kind: str  # standard, parallel, sequential
    collection: str = ""
    element: str = ""
    output_collection: str = ""
    output_element: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Node:
    id: str
    kind: str
    name: str
    scope: str  # id of the process or subprocess it lies in
    events: tuple[Event, ...] = ()
    host: str | None = None  # of a boundary event
    interrupting: bool = True
    default: str | None = None
    lanes: tuple[str, ...] = ()  # names; one where all is well
    form: str = ""
    handler: str = ""
    retries: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    decision: str = ""
    result: str = ""
    called: str = ""
    inputs: tuple[tuple[str, str], ...] = ()  # (source, target)
    outputs: tuple[tuple[str, str], ...] = ()
    groups: str = ""
    assignee: str = ""
    key: str = ""  # correlation key of a receive task
    message: str = ""  # of a receive or send task
    loop: Loop | None = None
    on_event: bool = False  # event subprocess
    compensation: bool = False
    direction: str = ""
    instantiates: bool = False
    listed_in: frozenset[str] = frozenset()
    listed_out: frozenset[str] = frozenset()

    @property
    def event(self) -> Event | None:
        return self.events[0] if self.events else None

    @property
    def lane(self) -> str | None:
        return self.lanes[-1] if self.lanes else None


@dataclass(frozen=True)
class Flow:
    id: str
    source: str
    target: str
    name: str
    scope: str
    condition: str | None = None


@dataclass(frozen=True)
class Process:
    id: str
    name: str
    executable: bool


@dataclass(frozen=True)
class Outline:
    """One file: processes, nodes and flows by id, messages, and what the drawing shows."""

    processes: Mapping[str, Process]
    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]
    lanes: tuple[tuple[str, str, tuple[str, ...]], ...]  # (id, name, ids of its nodes)
    ids: Mapping[str, str]  # id -> kind of element, of the whole file
    duplicates: tuple[str, ...]
    shapes: frozenset[str]
    edges: frozenset[str]
    coloured: tuple[str, ...]
    has_diagram: bool

    def outgoing(self, node: str) -> tuple[Flow, ...]:
        return self._out.get(node, ())

    def incoming(self, node: str) -> tuple[Flow, ...]:
        return self._in.get(node, ())

    def __post_init__(self) -> None:
        out: dict[str, list[Flow]] = defaultdict(list)
        into: dict[str, list[Flow]] = defaultdict(list)
        for flow in self.flows.values():
            out[flow.source].append(flow)
            into[flow.target].append(flow)
        inside: dict[str, list[Node]] = defaultdict(list)
        hosted: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes.values():
            inside[node.scope].append(node)
            if node.host:
                hosted[node.host].append(node)
        for name, index in (("_out", out), ("_in", into), ("_inside", inside), ("_hosted", hosted)):
            object.__setattr__(self, name, {key: tuple(found) for key, found in index.items()})

    _out: Mapping[str, tuple[Flow, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _in: Mapping[str, tuple[Flow, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _inside: Mapping[str, tuple[Node, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _hosted: Mapping[str, tuple[Node, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def inside(self, scope: str) -> tuple[Node, ...]:
        """The nodes that lie directly in a process or subprocess."""
        return self._inside.get(scope, ())

    def boundaries(self, host: str) -> tuple[Node, ...]:
        return self._hosted.get(host, ())

    def process_of(self, node: str) -> str:
        scope = self.nodes[node].scope
        while scope in self.nodes:
            scope = self.nodes[scope].scope
        return scope


def title(node: Node) -> str:
    """What a sentence calls a node: kind in Chinese and name, or the id when it has none."""
    return f"{KINDS.get(node.kind, '图元')}“{node.name or node.id}”"


KINDS = {
    "userTask": "任务",
    "serviceTask": "自动任务",
    "businessRuleTask": "决策任务",
    "task": "任务",
    "manualTask": "手工任务",
    "sendTask": "发送任务",
    "receiveTask": "接收任务",
    "scriptTask": "脚本任务",
    "callActivity": "调用活动",
    "subProcess": "子流程",
    "transaction": "事务子流程",
    "adHocSubProcess": "特别子流程",
    "exclusiveGateway": "网关",
    "inclusiveGateway": "包容网关",
    "parallelGateway": "并行网关",
    "eventBasedGateway": "事件网关",
    "complexGateway": "复杂网关",
    "startEvent": "开始事件",
    "endEvent": "结束事件",
    "intermediateCatchEvent": "等待事件",
    "intermediateThrowEvent": "抛出事件",
    "boundaryEvent": "边界事件",
}


def read(data: bytes, name: str = "流程") -> Outline:
    """The outline of one file. Raises Refused for a file that is hostile, too large, no XML or no BPMN."""
    root = parse(data, name)
    if root.tag != f"{{{BPMN}}}definitions":
        raise Refused([Problem("", f"文件“{name}”不是 BPMN 2.0 流程。", "请上传由流程设计器导出的 .bpmn 文件。")])
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        raise Refused(
            [
                Problem(
                    "",
                    f"文件“{name}”里的图元太多，没有人能看懂，也检查不完。",
                    "把流程分成几个，用调用活动连起来。",
                )
            ]
        )
    return _Reader(root).outline()


def _tag(element: Xml) -> str:
    tag = element.tag
    return tag[len(BPMN) + 2 :] if isinstance(tag, str) and tag.startswith(f"{{{BPMN}}}") else ""


def _b(name: str) -> str:
    return f"{{{BPMN}}}{name}"


def _z(name: str) -> str:
    return f"{{{ZEEBE}}}{name}"


def _text(element: Xml | None) -> str:
    return "".join(str(t) for t in element.itertext()).strip() if element is not None else ""


def _reference(text: str) -> str:
    """A QName reference without its prefix."""
    return text.strip().rsplit(":", 1)[-1]


class _Reader:
    def __init__(self, root: Xml) -> None:
        self.root = root
        self.ids: dict[str, str] = {}
        self.duplicates: list[str] = []
        self.named: dict[str, Xml] = {}
        for element in root.iter(etree.Element):
            id_, kind = element.get("id"), _tag(element)
            if not id_:
                continue
            if id_ in self.ids:
                if kind:
                    self.duplicates.append(id_)
            else:
                self.ids[id_] = kind
                self.named[id_] = element
        self.lanes = [
            (
                lane.get("id", ""),
                (lane.get("name") or "").strip(),
                tuple(_text(r) for r in lane.findall(_b("flowNodeRef"))),
            )
            for lane in root.iter(_b("lane"))
        ]
        self.lanes_of: dict[str, tuple[str, ...]] = {}
        for lane in root.iter(_b("lane")):
            if (
                lane.find(_b("childLaneSet")) is not None
                and lane.find(f"{_b('childLaneSet')}/{_b('lane')}") is not None
            ):
                continue  # an outer lane repeats what its inner ones hold
            for reference in lane.findall(_b("flowNodeRef")):
                node = _reference(_text(reference))
                self.lanes_of[node] = (*self.lanes_of.get(node, ()), (lane.get("name") or "").strip())
        self.nodes: dict[str, Node] = {}
        self.flows: dict[str, Flow] = {}

    def outline(self) -> Outline:
        processes = {}
        for process in self.root.iter(_b("process")):
            id_ = process.get("id", "")
            processes[id_] = Process(
                id_, (process.get("name") or "").strip(), process.get("isExecutable") in ("true", "1")
            )
            self._scope(process, id_, ())
        shapes = {
            s.get("bpmnElement", "")
            for s in self.root.iter(f"{{{DI}}}BPMNShape")
            if s.find(f"{{{DC}}}Bounds") is not None
        }
        edges = {
            e.get("bpmnElement", "")
            for e in self.root.iter(f"{{{DI}}}BPMNEdge")
            if len(e.findall(f"{{{DD}}}waypoint")) > 1
        }
        coloured = [
            e.get("bpmnElement", "") or e.get("id", "")
            for e in self.root.iter(etree.Element)
            if any(str(a).startswith(tuple(f"{{{c}}}" for c in COLOURS)) for a in e.attrib)
        ]
        return Outline(
            processes,
            self.nodes,
            self.flows,
            tuple(self.lanes),
            self.ids,
            tuple(dict.fromkeys(self.duplicates)),
            frozenset(shapes),
            frozenset(edges),
            tuple(dict.fromkeys(coloured)),
            bool(shapes or edges),
        )

    def _scope(self, start: Xml, id_: str, lanes: tuple[str, ...]) -> None:
        pending = [(start, id_, lanes)]
        while pending:
            container, scope, outer = pending.pop()
            for element in container:
                kind = _tag(element)
                if kind == "sequenceFlow":
                    self._flow(element, scope)
                elif kind in NODES:
                    node = self._node(element, kind, scope, outer)
                    self.nodes.setdefault(node.id, node)
                    if kind in SUBPROCESSES:
                        pending.append((element, node.id, node.lanes))

    def _flow(self, element: Xml, scope: str) -> None:
        condition = element.find(_b("conditionExpression"))
        id_ = element.get("id", "")
        self.flows.setdefault(
            id_,
            Flow(
                id_,
                _reference(element.get("sourceRef", "")),
                _reference(element.get("targetRef", "")),
                (element.get("name") or "").strip(),
                scope,
                _text(condition) if condition is not None else None,
            ),
        )

    def _event(self, element: Xml) -> Event:
        kind = _tag(element).removesuffix("EventDefinition")
        reference = (
            _reference(element.get(f"{kind}Ref", "")) if kind in ("message", "signal", "error", "escalation") else ""
        )
        target = element if kind == "link" else self.named.get(reference)
        name, code = "", ""
        if target is not None:
            name = (target.get("name") or "").strip()
            code = (target.get("errorCode") or target.get("escalationCode") or "").strip()
        timer = None
        for child in element:
            if _tag(child) in ("timeDuration", "timeDate", "timeCycle"):
                timer = Timer(_tag(child), _text(child))
        return Event(kind, name, reference, code, self._key(target), timer, _text(element.find(_b("condition"))))

    @staticmethod
    def _key(message: Xml | None) -> str:
        found = message.find(f"{_b('extensionElements')}/{_z('subscription')}") if message is not None else None
        return (found.get("correlationKey") or "").strip() if found is not None else ""

    def _loop(self, element: Xml) -> Loop | None:
        if element.find(_b("standardLoopCharacteristics")) is not None:
            return Loop("standard")
        found = element.find(_b("multiInstanceLoopCharacteristics"))
        if found is None:
            return None
        zeebe = found.find(f"{_b('extensionElements')}/{_z('loopCharacteristics')}")
        values = {key: (zeebe.get(key) or "").strip() if zeebe is not None else "" for key in LOOP_KEYS}
        return Loop(
            "sequential" if found.get("isSequential") == "true" else "parallel",
            collection=values["inputCollection"],
            element=values["inputElement"],
            output_collection=values["outputCollection"],
            output_element=values["outputElement"],
            condition=_text(found.find(_b("completionCondition"))),
        )

    def _node(self, element: Xml, kind: str, scope: str, outer: tuple[str, ...]) -> Node:
        id_ = element.get("id", "")
        zeebe: dict[str, Xml] = {}
        extensions = element.find(_b("extensionElements"))
        for extension in extensions if extensions is not None else ():
            if isinstance(extension.tag, str) and extension.tag.startswith(f"{{{ZEEBE}}}"):
                zeebe.setdefault(extension.tag[len(ZEEBE) + 2 :], extension)

        def value(tag: str, attribute: str) -> str:
            return (zeebe[tag].get(attribute) or "").strip() if tag in zeebe else ""

        def mapped(which: str) -> tuple[tuple[str, str], ...]:
            found = zeebe["ioMapping"].findall(_z(which)) if "ioMapping" in zeebe else ()
            return tuple((m.get("source", "").strip(), m.get("target", "").strip()) for m in found)

        headers = zeebe["taskHeaders"].findall(_z("header")) if "taskHeaders" in zeebe else ()
        message = self.named.get(_reference(element.get("messageRef", "")))
        cancels = element.get("cancelActivity" if kind == "boundaryEvent" else "isInterrupting", "true")
        return Node(
            id_,
            kind,
            " ".join((element.get("name") or "").split()),
            scope,
            events=tuple(self._event(c) for c in element if _tag(c).endswith("EventDefinition")),
            host=_reference(element.get("attachedToRef", "")) if kind == "boundaryEvent" else None,
            interrupting=cancels not in ("false", "0"),
            default=_reference(element.get("default", "")) or None,
            lanes=self.lanes_of.get(id_, outer),
            form=value("formDefinition", "formId")
            or value("formDefinition", "externalReference")
            or value("formDefinition", "formKey"),
            handler=value("taskDefinition", "type"),
            retries=value("taskDefinition", "retries"),
            headers={h.get("key", ""): h.get("value", "") for h in headers},
            decision=value("calledDecision", "decisionId"),
            result=value("calledDecision", "resultVariable"),
            called=value("calledElement", "processId"),
            inputs=mapped("input"),
            outputs=mapped("output"),
            groups=value("assignmentDefinition", "candidateGroups"),
            assignee=value("assignmentDefinition", "assignee"),
            key=self._key(message),
            message=(message.get("name") or "").strip() if message is not None else "",
            loop=self._loop(element),
            on_event=element.get("triggeredByEvent") in ("true", "1"),
            compensation=element.get("isForCompensation") in ("true", "1"),
            direction=element.get("gatewayDirection", ""),
            instantiates=element.get("instantiate") in ("true", "1"),
            listed_in=frozenset(_reference(_text(e)) for e in element.findall(_b("incoming"))),
            listed_out=frozenset(_reference(_text(e)) for e in element.findall(_b("outgoing"))),
        )
