"""What the engine refuses, because it could not run it right. Each rule appends Problems; none changes the model.

This is about execution only. Whether a model is lawful, complete and tidy is lint's business.
"""

import re
from collections.abc import Callable, Iterable

from . import timers
from .errors import Problem
from .feel import check
from .source import (
    BPMN,
    NS,
    ZEEBE,
    B,
    Xml,
    Z,
    event_definitions,
    extension,
    extensions,
    flows_of,
    label,
    namespace,
    tag,
)

TASKS = frozenset({"task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask"})
ACTIVITIES = TASKS | {"subProcess", "callActivity"}
GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
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
#: Which kinds of event may stand where. 'none' is the event without a definition.
_ALLOWED = {
    "process start": {"none", "message"},
    "subProcess start": {"none"},
    "event start": {"message", "signal", "timer", "error", "escalation"},
    "intermediateCatchEvent": {"message", "signal", "timer", "link"},
    "intermediateThrowEvent": {"none", "message", "signal", "escalation", "link"},
    "endEvent": {"none", "message", "signal", "error", "escalation", "terminate"},
    "boundaryEvent": {"message", "signal", "timer", "error", "escalation"},
}
_EVENT_ZH = {
    "none": "无类型",
    "message": "消息",
    "signal": "信号",
    "timer": "定时",
    "error": "错误",
    "escalation": "升级",
    "terminate": "终止",
    "link": "链接",
    "conditional": "条件",
    "compensate": "补偿",
    "cancel": "取消",
}
_ZEEBE_KNOWN = frozenset(
    {
        "taskDefinition",
        "taskHeaders",
        "header",
        "ioMapping",
        "input",
        "output",
        "properties",
        "property",
        "formDefinition",
        "userTask",
        "calledElement",
        "calledDecision",
        "loopCharacteristics",
        "subscription",
        "assignmentDefinition",
        "taskSchedule",
        "priorityDefinition",
        "versionTag",
    }
)
_FOREIGN_ENGINES = (
    "http://camunda.org/schema/1.0/bpmn",
    "http://activiti.org/bpmn",
    "http://flowable.org/bpmn",
    "http://spiffworkflow.org/bpmn/schema/1.0/core",
)
_VARIABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
#: Names the dialect gives to what it inserts; an id must not look like one.
INVENTED = (".fork", ".link", " [child]")

Report = Callable[[Xml, str, str], None]


def problems(process: Xml, definitions: Xml) -> list[Problem]:
    """Everything in one process that the engine refuses."""
    found: list[Problem] = []

    def report(element: Xml, message: str, cure: str) -> None:
        found.append(Problem(element.get("id") or "", f"{label(element)}{message}", cure))

    _ids(process, report)
    for scope in [process, *process.iter(f"{B}subProcess")]:
        _children(scope, report)
        _starts(scope, report)
        _flows(scope, report)
    for element in process.iter(*(B + name for name in FLOW_NODES)):
        _events(element, definitions, report)
        _extensions(element, report)
        _multi_instance(element, report)
        _SPECIAL.get(tag(element), _nothing)(element, definitions, report)
    for element in process.iter():
        _foreign(element, report)
        _quantities(element, report)
    _expressions(process, report)
    return found


def _nothing(element: Xml, definitions: Xml, report: Report) -> None:
    pass


def _ids(process: Xml, report: Report) -> None:
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


def _starts(scope: Xml, report: Report) -> None:
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
    names = [_message_name(start) for start in starts]
    for start, name in zip(starts, names, strict=True):
        if names.count(name) > 1:
            report(start, "与另一个开始事件无法区分。", "最多一个无类型开始事件,其余用不同的消息。")


def _message_name(event: Xml) -> str | None:
    definition = event.find(f"{B}messageEventDefinition")
    return None if definition is None else definition.get("messageRef")


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
            if _condition(flow) is None and flow.get("id") != default:
                report(flow, f"从网关{label(node)}出发,却没有条件,也不是默认流向。", "请填写条件,或设为默认流向。")
    if kind in ("parallelGateway", "eventBasedGateway"):
        for flow in outgoing:
            if _condition(flow) is not None:
                report(flow, f"从网关{label(node)}出发,条件不会起作用。", "请删除条件,或换成排他、包容网关。")


def _condition(flow: Xml) -> str | None:
    text: str | None = flow.findtext(f"{B}conditionExpression")
    return text


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


def _events(element: Xml, definitions: Xml, report: Report) -> None:
    kind = tag(element)
    if kind not in EVENTS:
        return
    found = [tag(definition).removesuffix("EventDefinition") for definition in event_definitions(element)]
    if element.find(f"{B}eventDefinitionRef") is not None:
        report(element, "引用了外部的事件定义。", "请直接在事件里选择类型。")
        return
    if len(found) > 1:
        report(element, "有多个事件定义。", "请拆成几个事件,每个一种类型。")
        return
    event = found[0] if found else "none"
    where = _where(element)
    if where not in _ALLOWED:
        return  # in a scope that is refused as a whole
    if event not in _ALLOWED[where]:
        report(
            element,
            f"不能是{_EVENT_ZH.get(event, event)}事件。",
            "可用类型:" + "、".join(_EVENT_ZH[name] for name in sorted(_ALLOWED[where])) + "。",
        )
        return
    if event == "error" and (element.get("cancelActivity") == "false" or element.get("isInterrupting") == "false"):
        report(element, "捕获错误,必须是中断的。", "请改为中断类型。")
    if found:
        _reference(element, event, event_definitions(element)[0], definitions, report)


def _where(element: Xml) -> str:
    if tag(element) != "startEvent":
        return tag(element)
    scope = element.getparent()
    return "event start" if scope.get("triggeredByEvent") == "true" else f"{tag(scope)} start"


def _reference(element: Xml, event: str, definition: Xml, definitions: Xml, report: Report) -> None:
    if event == "timer":
        _timer(element, definition, report)
    elif event == "link" and not definition.get("name"):
        report(element, "没有链接名称。", "请填写与另一端相同的名称。")
    elif event in ("message", "signal", "error", "escalation"):
        _named(element, event, definition.get(f"{event}Ref"), definitions, report)


def _named(element: Xml, event: str, key: str | None, definitions: Xml, report: Report) -> None:
    zh = _EVENT_ZH[event]
    catches_any = event in ("error", "escalation") and (
        tag(element) == "boundaryEvent" or _where(element) == "event start"
    )
    if key is None:
        if not catches_any:
            report(element, f"没有指定{zh}。", f"请在属性面板选择或新建一个{zh}。")
        return
    target = next((e for e in definitions.iterfind(f"{B}{event}") if e.get("id") == key), None)
    if target is None:
        report(element, f"引用的{zh}“{key}”不存在。", f"请重新选择{zh}。")
        return
    attribute = {"error": "errorCode", "escalation": "escalationCode"}.get(event, "name")
    value = (target.get(attribute) or "").strip()
    if not value and not (catches_any and attribute != "name"):
        report(element, f"使用的{zh}“{key}”没有{'代码' if attribute != 'name' else '名称'}。", "请在属性面板填写。")
    elif value.startswith("="):
        report(element, f"使用的{zh}“{key}”的{'代码' if attribute != 'name' else '名称'}是表达式。", "请改为固定文字。")


def _timer(element: Xml, definition: Xml, report: Report) -> None:
    texts = [child for child in definition if tag(child) in ("timeDate", "timeDuration", "timeCycle")]
    if len(texts) != 1 or not (texts[0].text or "").strip():
        report(element, "没有填写时间,或填了不止一种。", "请只填一种:时刻、时长或循环。")
        return
    kind, text = tag(texts[0]), (texts[0].text or "").strip()
    may_repeat = element.get("cancelActivity") == "false" or element.get("isInterrupting") == "false"
    if kind == "timeCycle" and not may_repeat:
        report(element, "不能用循环时间。", "循环只用于非中断的边界事件和事件子流程;这里请用时长或时刻。")
    good = {"timeDate": timers.is_instant, "timeDuration": timers.is_duration, "timeCycle": timers.is_cycle}[kind]
    if not text.startswith("=") and not good(text):
        report(element, f"的时间“{text}”无法识别。", "请用 ISO 8601,例如 2026-12-01T09:00:00+08:00、PT1H 或 R3/PT1H。")


def _extensions(element: Xml, report: Report) -> None:
    holder = element.find(f"{B}extensionElements")
    for child in holder.iter() if holder is not None else ():
        if namespace(child) == ZEEBE and tag(child) not in _ZEEBE_KNOWN:
            report(element, f"使用了不支持的扩展 zeebe:{tag(child)}。", "请在属性面板删除这项设置。")
    form = extension(element, "formDefinition")
    if form is not None and (
        not form.get("formId") or form.get("formKey") or (form.get("formId") or "").startswith("=")
    ):
        report(element, "的表单没有用固定的表单编号指定。", "请把表单类型设为链接表单,填写表单编号(formId)。")
    job = extension(element, "taskDefinition")
    if job is not None:
        kind = (job.get("type") or "").strip()
        if not kind or kind.startswith("="):
            report(element, "的任务类型为空或是表达式。", "请填写固定的处理程序名称。")
        if not re.fullmatch(r"\s*[0-9]{0,4}\s*", job.get("retries") or ""):
            report(element, "的重试次数不是数字。", "请填写整数,例如 3。")
    for mapping in extensions(element):
        if mapping.tag == Z + "ioMapping":
            for one in mapping:
                if not _VARIABLE.fullmatch(one.get("target") or ""):
                    report(
                        element,
                        f"的变量映射目标“{one.get('target') or ''}”不是变量名。",
                        "变量名用文字、数字和下划线。",
                    )
                if one.get("source") is None:
                    report(element, "的变量映射没有来源。", "请填写来源,表达式以 = 开头。")


def _multi_instance(element: Xml, report: Report) -> None:
    loop = element.find(f"{B}multiInstanceLoopCharacteristics")
    if loop is None:
        return
    settings = extension(loop, "loopCharacteristics")
    if settings is None or not (settings.get("inputCollection") or "").startswith("="):
        report(element, "是多实例,但没有以 = 开头的输入集合。", "请在属性面板的多实例里填写输入集合。")
    elif bool(settings.get("outputCollection")) != bool(settings.get("outputElement")):
        report(element, "的多实例输出集合与输出元素只填了一个。", "请两个都填,或者都不填。")
    elif settings.get("outputElement") and not (settings.get("outputElement") or "").startswith("="):
        report(element, "的多实例输出元素不是表达式。", "请以 = 开头。")
    if loop.get("behavior", "All") != "All":
        report(element, "的多实例行为不是 All。", "请删除 behavior 设置。")
    if tag(element) == "subProcess" and element.get("triggeredByEvent") == "true":
        report(element, "是事件子流程,不能是多实例。", "请取消多实例。")
    condition = loop.findtext(f"{B}completionCondition")
    if condition is not None and not condition.strip().startswith("="):
        report(element, "的完成条件不是表达式。", "请以 = 开头。")


def _service(element: Xml, definitions: Xml, report: Report) -> None:
    if extension(element, "taskDefinition") is None:
        report(element, "没有任务类型。", "请在属性面板填写任务定义的类型,即处理程序的名称。")


def _rule(element: Xml, definitions: Xml, report: Report) -> None:
    called = extension(element, "calledDecision")
    if called is None:
        if extension(element, "taskDefinition") is None:
            report(element, "没有指定决策。", "请在属性面板填写决策编号和结果变量。")
    elif not called.get("decisionId") or (called.get("decisionId") or "").startswith("="):
        report(element, "的决策编号为空或是表达式。", "请填写固定的决策编号。")
    elif not _VARIABLE.fullmatch(called.get("resultVariable") or ""):
        report(element, "没有结果变量。", "请填写存放决策结果的变量名。")


def _call(element: Xml, definitions: Xml, report: Report) -> None:
    called = extension(element, "calledElement")
    key = (called.get("processId") if called is not None else element.get("calledElement")) or ""
    if not key or key.startswith("="):
        report(element, "没有指定被调用的流程,或用了表达式。", "请填写固定的流程编号。")
    elif any(e.get("id") == key for e in definitions if tag(e).startswith("global")):
        report(element, f"调用的“{key}”是全局任务。", "请改为调用流程,或直接画成任务。")


def _receive(element: Xml, definitions: Xml, report: Report) -> None:
    _named(element, "message", element.get("messageRef"), definitions, report)


def _send(element: Xml, definitions: Xml, report: Report) -> None:
    if element.get("messageRef") is not None or extension(element, "taskDefinition") is None:
        _named(element, "message", element.get("messageRef"), definitions, report)


def _boundary(element: Xml, definitions: Xml, report: Report) -> None:
    scope = element.getparent()
    host = next((e for e in scope if e.get("id") == element.get("attachedToRef")), None)
    if host is None or tag(host) not in ACTIVITIES or host.get("triggeredByEvent") == "true":
        report(element, "没有附着在任务或子流程上。", "请把它拖到一个任务或子流程的边上。")


_SPECIAL: dict[str, Callable[[Xml, Xml, Report], None]] = {
    "serviceTask": _service,
    "businessRuleTask": _rule,
    "callActivity": _call,
    "receiveTask": _receive,
    "sendTask": _send,
    "boundaryEvent": _boundary,
}


def _foreign(element: Xml, report: Report) -> None:
    spaces = {namespace(element), *(key[1:].partition("}")[0] for key in element.attrib if str(key).startswith("{"))}
    if spaces & set(_FOREIGN_ENGINES):
        owner = next((e for e in [element, *element.iterancestors()] if e.get("id")), element)
        report(
            owner, "带有其他流程引擎的扩展(如 camunda 7、activiti、flowable)。", "请用 Camunda 8 (zeebe) 的设置代替。"
        )


def _quantities(element: Xml, report: Report) -> None:
    if element.get("startQuantity", "1") != "1" or element.get("completionQuantity", "1") != "1":
        report(element, "设置了令牌数量。", "请删除 startQuantity 和 completionQuantity。")
    if element.get("isForCompensation") == "true":
        report(element, "用于补偿。", "请改为普通任务,用边界事件处理失败。")


def _expressions(process: Xml, report: Report) -> None:
    for owner, text, must in _texts(process):
        if must and not text.startswith("="):
            report(owner, f"的条件“{text}”不是表达式。", "条件要以 = 开头。")
        elif text.startswith("="):
            wrong = check(text)
            if wrong:
                shown = text if len(text) <= 100 else f"{text[:100]}…"
                report(owner, f"的表达式 {shown} {wrong}。", "请检查 FEEL 的写法。")


def _texts(process: Xml) -> Iterable[tuple[Xml, str, bool]]:
    """(element, text, must be an expression) of everything in a model that may be FEEL."""
    for flow in process.iter(f"{B}sequenceFlow"):
        condition = _condition(flow)
        if condition is not None:
            yield flow, condition.strip(), True
    for node in process.iter(*(B + name for name in FLOW_NODES)):
        for mapping in node.iterfind("b:extensionElements/z:ioMapping/*", NS):
            yield node, (mapping.get("source") or "").strip(), False
        for settings in node.iterfind(
            "b:multiInstanceLoopCharacteristics/b:extensionElements/z:loopCharacteristics", NS
        ):
            yield from ((node, settings.get(name, "").strip(), False) for name in ("inputCollection", "outputElement"))
        for path in ("b:multiInstanceLoopCharacteristics/b:completionCondition", "b:timerEventDefinition/*"):
            for one in node.iterfind(path, NS):
                yield node, (one.text or "").strip(), False
