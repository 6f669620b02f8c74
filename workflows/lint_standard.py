"""Faults against the BPMN standard itself which stay hidden because the engine refuses the element around them, or refuses it
for another reason: a designer who cures only the first sentence should not meet the next one afterwards.
"""

from collections import defaultdict
from collections.abc import Iterator

from workflows.findings import Finding
from workflows.rules import FLOW_NODES
from workflows.source import BPMN, B, Xml, event_definitions, namespace, tag
from workflows.vocabulary import EVENT_ZH

_SCOPES = ("process", "subProcess", "transaction", "adHocSubProcess")
_CHOREOGRAPHY = frozenset({"choreographyTask", "subChoreography", "callChoreography"})
#: Triggers the standard allows, by place (BPMN 2.0.2, tables 10.84 to 10.93); what our engine runs is less.
_MAY_START = {
    "process": frozenset({"message", "timer", "conditional", "signal"}),
    "event": frozenset({"message", "timer", "conditional", "signal", "error", "escalation", "compensate"}),
    "sub": frozenset[str](),
}
_MAY_END = frozenset({"message", "signal", "error", "escalation", "terminate", "compensate", "cancel"})
_THROWS = ("intermediateThrowEvent", "endEvent")


def standard_rules(root: Xml, executable: set[str]) -> Iterator[Finding]:
    """All rules of this file over the executable processes of a definitions element."""
    definitions = {
        element.get("id"): element
        for element in root.iter()
        if isinstance(element.tag, str) and tag(element).endswith("EventDefinition") and element.get("id")
    }
    for process in root.iterfind(f"{B}process"):
        if process.get("id") not in executable:
            continue
        for scope in process.iter(*(B + name for name in _SCOPES)):
            yield from _contents(scope)
            yield from _gateways(scope)
            yield from _compensation(scope)
        for element in process.iter(f"{B}startEvent", f"{B}endEvent"):
            yield from _triggers(element, definitions)
        yield from _references(process, root, definitions)


def _contents(scope: Xml) -> Iterator[Finding]:
    for child in scope:
        if namespace(child) != BPMN:
            continue
        kind = tag(child)
        if kind in _CHOREOGRAPHY and tag(scope) in ("transaction", "adHocSubProcess"):
            yield _error("choreography", child, "是编排活动，流程和子流程里都不能放", "改成任务或调用活动")
        if tag(scope) == "adHocSubProcess" and kind in {"startEvent", "endEvent"} | _CHOREOGRAPHY:
            what = "编排活动" if kind in _CHOREOGRAPHY else "开始事件" if kind == "startEvent" else "结束事件"
            yield _error("ad-hoc-content", child, f"在特别子流程里，那里不能有{what}", f"删除这个{what}")


def _triggers(element: Xml, definitions: dict[str | None, Xml]) -> Iterator[Finding]:
    """Of starts and ends whose trigger is one of several, or lies elsewhere, or whose scope is refused as a whole."""
    own = event_definitions(element)
    referred = [definitions.get((one.text or "").strip()) for one in element.iterfind(f"{B}eventDefinitionRef")]
    scope = element.getparent()
    if len(own) + len(referred) < 2 and not referred and tag(scope) != "transaction":
        return
    kinds = [tag(one).removesuffix("EventDefinition") for one in [*own, *referred] if one is not None]
    if tag(element) == "endEvent":
        where, allowed = "结束事件", _MAY_END
    elif tag(scope) == "process":
        where, allowed = "流程的开始事件", _MAY_START["process"]
    elif scope.get("triggeredByEvent") == "true":
        where, allowed = "事件子流程的开始事件", _MAY_START["event"]
    else:
        where, allowed = "子流程的开始事件", _MAY_START["sub"]
    for kind in kinds:
        if kind not in allowed:
            cure = "删除这个触发条件" if not allowed else f"换成{'、'.join(sorted(EVENT_ZH[name] for name in allowed))}"
            yield _error("trigger", element, f"由{EVENT_ZH.get(kind, kind)}触发，{where}不能这样", cure)


def _references(process: Xml, root: Xml, definitions: dict[str | None, Xml]) -> Iterator[Finding]:
    users = defaultdict(list)
    for reference in root.iter(f"{B}eventDefinitionRef"):
        users[(reference.text or "").strip()].append(reference.getparent())
    for key, events in users.items():
        target = definitions.get(key)
        thrown = target is not None and tag(target.getparent()) in _THROWS
        for event in events:
            if not any(above is process for above in event.iterancestors()):
                continue
            if target is None:
                yield _error("no-definition", event, f"引用的“{key}”不是事件定义", "直接在事件里选择类型，删除这个引用")
            elif thrown and target.getparent() is not event:
                owner = _label(target.getparent())
                yield _error("shared-definition", event, f"借用了抛出事件{owner}的事件定义", "让两个事件各有自己的定义")


def _compensation(scope: Xml) -> Iterator[Finding]:
    associated = {one.get("sourceRef"): one.get("targetRef") for one in scope.iterfind(f"{B}association")}
    nodes = {child.get("id"): child for child in scope}
    for event in scope.iterfind(f"{B}boundaryEvent"):
        if event.find(f"{B}compensateEventDefinition") is None:
            continue
        target = nodes.get(associated.get(event.get("id")) or "")
        if target is None:
            yield _error("no-compensation", event, "捕获补偿，却没有连到补偿任务", "改用错误边界事件，画出失败后的去向")
        elif target.get("isForCompensation") != "true":
            yield _error(
                "not-for-compensation", target, "是补偿事件所连的任务，却没有标为补偿任务", "改用错误边界事件处理失败"
            )


def _gateways(scope: Xml) -> Iterator[Finding]:
    nodes = {child.get("id"): child for child in scope if namespace(child) == BPMN}
    flows = scope.findall(f"{B}sequenceFlow")
    hosts = {event.get("attachedToRef"): event for event in scope.iterfind(f"{B}boundaryEvent")}
    for gateway in scope.iterfind(f"{B}eventBasedGateway"):
        key = gateway.get("id")
        targets = [
            nodes[flow.get("targetRef")]
            for flow in flows
            if flow.get("sourceRef") == key and flow.get("targetRef") in nodes
        ]
        if gateway.get("instantiate") == "true" and any(flow.get("targetRef") == key for flow in flows):
            yield _error("instantiates-inside", gateway, "要自己开启办件，前面却还有连线", "去掉“开启办件”的设置")
        receives = [one for one in targets if tag(one) == "receiveTask"]
        if receives and any(one.find(f"{B}messageEventDefinition") is not None for one in targets):
            yield _error(
                "mixed-race", gateway, "后面既有接收任务，又有消息事件，标准不许混用", "把接收任务都换成消息事件"
            )
        for one in receives:
            if one.get("id") in hosts:
                yield _error(
                    "race-boundary",
                    hosts[one.get("id")],
                    f"附着在事件网关后面的接收任务{_label(one)}上",
                    "把接收任务换成消息事件，另画一条定时或错误的路",
                )
        for one in targets:
            if tag(one) not in FLOW_NODES:  # of those it knows the engine says so itself
                yield _error(
                    "race-target",
                    one,
                    f"跟在事件网关{_label(gateway)}后面，却不等待任何事件",
                    "换成消息、信号或定时事件",
                )


def _label(element: Xml) -> str:
    return f"“{' '.join((element.get('name') or element.get('id') or tag(element)).split())}”"


def _error(code: str, element: Xml, message: str, cure: str) -> Finding:
    name = _label(element)
    return Finding("error", code, element.get("id"), name[1:-1], f"{name}{message}", cure)
