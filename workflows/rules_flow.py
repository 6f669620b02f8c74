"""Refusals about structure: ids, what may lie where, how flows, gateways and links connect."""

from .source import BPMN, NS, B, Xml, event_definitions, flows_of, label, namespace, tag
from .vocabulary import FLOW_NODES, INVENTED, Report, condition_of

_SILENT = frozenset(
    {
        "documentation",
        "extensionElements",
        "laneSet",
        "sequenceFlow",
        "incoming",
        "outgoing",
        "textAnnotation",
        "association",
        "group",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "property",
        "ioSpecification",
        "dataInputAssociation",
        "dataOutputAssociation",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "auditing",
        "monitoring",
        "supportedInterfaceRef",
        "correlationSubscription",
        "category",
        "multiInstanceLoopCharacteristics",
        "potentialOwner",
        "performer",
        "humanPerformer",
        "resourceRole",
        "rendering",
        "ioBinding",
    }
)
_UNKNOWN_CURE = {
    "scriptTask": "请改用服务任务,由后台处理程序完成。",
    "complexGateway": "请改用包容网关或排他网关。",
    "transaction": "请改用普通子流程,并用边界事件处理失败。",
    "adHocSubProcess": "请把其中的任务画成并行或多实例。",
    "standardLoopCharacteristics": "请用排他网关连回前面,画成循环。",
    "callChoreography": "请改用调用活动。",
}


def ids(process: Xml, report: Report) -> None:
    seen: set[str] = set()
    for element in process.iter(f"{B}sequenceFlow", f"{B}subProcess", *(B + name for name in FLOW_NODES)):
        key = element.get("id") or ""
        if not key:
            report(element, "没有编号(id)。", "请在属性面板填写。")
        elif key in seen or key == process.get("id"):
            report(element, "的编号在流程里重复。", "请给每个元素不同的编号。")
        elif key.startswith("#") or key.endswith(INVENTED):
            report(element, "的编号是引擎保留的形式。", "请换一个编号,只用字母、数字和下划线。")
        seen.add(key)


def scope(scope: Xml, definitions: Xml, report: Report) -> None:
    """What lies directly in a process or subprocess."""
    _children(scope, report)
    _starts(scope, definitions, report)
    _flows(scope, report)


def _children(scope: Xml, report: Report) -> None:
    for child in scope:
        name = tag(child)
        if namespace(child) == BPMN and name not in FLOW_NODES | _SILENT:
            report(child, f"是引擎不支持的元素({name})。", _UNKNOWN_CURE.get(name, "请删除或换成支持的元素。"))
    for node in scope:
        if namespace(node) != BPMN or tag(node) not in FLOW_NODES or tag(node) == "subProcess":
            continue
        for child in node:
            name = tag(child)
            if (
                namespace(child) == BPMN
                and name not in _SILENT
                and not name.endswith("EventDefinition")
                and name != "eventDefinitionRef"
            ):
                report(node, f"含有引擎不支持的内容({name})。", _UNKNOWN_CURE.get(name, "请删除这部分内容。"))


def _starts(scope: Xml, definitions: Xml, report: Report) -> None:
    starts = scope.findall(f"{B}startEvent")
    where = "流程" if tag(scope) == "process" else "子流程"
    if not starts:
        report(scope, "没有开始事件。", f"请在{where}里画一个开始事件。")
    if tag(scope) == "subProcess":
        if len(starts) > 1:
            report(scope, "有多个开始事件。", "子流程只能有一个开始事件,请合并。")
        if scope.get("triggeredByEvent") == "true" and _connected(scope):
            report(scope, "是事件子流程,却连着顺序流。", "请断开连线:事件子流程由它的开始事件触发。")
        return
    names = [_occasion(start, definitions) for start in starts]
    for start, name in zip(starts, names, strict=True):
        if names.count(name) > 1:
            report(start, "与另一个开始事件无法区分。", "最多一个无类型开始事件,其余用不同的消息或信号。")


def _occasion(start: Xml, definitions: Xml) -> tuple[str, str | None]:
    """By what the start event is told from others: the name of its message or signal; a timer by its own id."""
    for kind in ("message", "signal"):
        definition = start.find(f"{B}{kind}EventDefinition")
        if definition is not None:
            key = definition.get(f"{kind}Ref")
            named = next((one for one in definitions.iterfind(f"{B}{kind}") if one.get("id") == key), None)
            return kind, key if named is None else (named.get("name") or "").strip()
    if start.find(f"{B}timerEventDefinition") is not None:
        return "timer", start.get("id")
    return "none", None


def _connected(node: Xml) -> bool:
    scope = node.getparent()
    return any(node.get("id") in (flow.get("sourceRef"), flow.get("targetRef")) for flow in flows_of(scope))


def _flows(scope: Xml, report: Report) -> None:
    nodes = {node.get("id"): node for node in scope if namespace(node) == BPMN and tag(node) in FLOW_NODES}
    incoming: dict[str | None, list[Xml]] = {key: [] for key in nodes}
    outgoing: dict[str | None, list[Xml]] = {key: [] for key in nodes}
    for flow in flows_of(scope):
        source, target = flow.get("sourceRef"), flow.get("targetRef")
        if source not in nodes or target not in nodes:
            report(flow, "的一端没有连到同一层的元素。", "请删除这条线,重新连接。")
            continue
        outgoing[source].append(flow)
        incoming[target].append(flow)
    _links(scope, report)
    for key, node in nodes.items():
        _node_flows(node, incoming[key], outgoing[key], report)
        if tag(node) == "eventBasedGateway":
            _race(node, outgoing[key], nodes, incoming, report)


def _links(scope: Xml, report: Report) -> None:
    """A link stays in its scope; one catching end takes what any number of throwing ends send."""
    ends: dict[str, list[Xml]] = {}
    for definition in scope.iterfind("*/b:linkEventDefinition", NS):
        ends.setdefault(definition.get("name") or "", []).append(definition.getparent())
    for name, nodes in ends.items():
        kinds = [tag(node) for node in nodes]
        if kinds.count("intermediateCatchEvent") != 1 or "intermediateThrowEvent" not in kinds:
            for node in nodes:
                report(node, f"的链接“{name}”在这一层没有唯一的另一端。", "同名的链接要有一个捕获端和至少一个抛出端。")


def _node_flows(node: Xml, incoming: list[Xml], outgoing: list[Xml], report: Report) -> None:
    kind, links = tag(node), node.find(f"{B}linkEventDefinition") is not None
    event_subprocess = kind == "subProcess" and node.get("triggeredByEvent") == "true"
    free = kind in ("startEvent", "boundaryEvent") or event_subprocess or (links and kind == "intermediateCatchEvent")
    if free and incoming and not event_subprocess:
        report(node, "不能有进入的顺序流。", "请删除指向它的线。")
    if not free and not incoming:
        report(node, "没有进入的顺序流,永远不会执行。", "请把它连进流程,或者删除。")
    if outgoing and (kind == "endEvent" or (links and kind == "intermediateThrowEvent")):
        report(node, "不能有离开的顺序流。", "请删除从它出发的线。")
    if kind == "boundaryEvent" and not outgoing:
        report(node, "没有后续。", "请画出事件发生后的去向。")
    default = node.get("default")
    if default and default not in {flow.get("id") for flow in outgoing}:
        report(node, "的默认流向不是从它出发的线。", "请重新选择默认流向。")
    if kind in ("exclusiveGateway", "inclusiveGateway") and len(outgoing) > 1:
        for flow in outgoing:
            if condition_of(flow) is None and flow.get("id") != default:
                report(flow, f"从网关{label(node)}出发,却没有条件,也不是默认流向。", "请填写条件,或设为默认流向。")
    if kind in ("parallelGateway", "eventBasedGateway"):
        for flow in outgoing:
            if condition_of(flow) is not None:
                report(flow, f"从网关{label(node)}出发,条件不会起作用。", "请删除条件,或换成排他、包容网关。")


def _race(
    gateway: Xml,
    outgoing: list[Xml],
    nodes: dict[str | None, Xml],
    incoming: dict[str | None, list[Xml]],
    report: Report,
) -> None:
    if len(outgoing) < 2:
        report(gateway, "后面不足两个事件。", "事件网关至少等待两个事件。")
    if gateway.get("instantiate") == "true":
        report(gateway, "用来启动流程。", "请改用消息开始事件。")
    for flow in outgoing:
        target = nodes[flow.get("targetRef")]
        kinds = {tag(definition).removesuffix("EventDefinition") for definition in event_definitions(target)}
        catches = tag(target) == "intermediateCatchEvent" and kinds <= {"message", "signal", "timer"}
        if not catches and tag(target) != "receiveTask":
            report(target, f"跟在事件网关{label(gateway)}后面,却不是等待的事件。", "请换成消息、信号或定时捕获事件。")
        elif len(incoming[target.get("id")]) > 1:
            report(target, f"跟在事件网关{label(gateway)}后面,不能再有别的进入线。", "请删除其他进入的线。")
