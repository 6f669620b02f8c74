"""Refusals about what is set on an element: zeebe extensions, multi-instance, what a kind of task needs, expressions."""

import re
from collections.abc import Callable, Iterable

from .feel import check
from .rules_events import named_event
from .source import NS, ZEEBE, B, Xml, Z, extension, extensions, namespace, tag
from .vocabulary import ACTIVITIES, FLOW_NODES, Report, condition_of

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


def settings(element: Xml, definitions: Xml, report: Report) -> None:
    """What is set on a flow node."""
    _extensions(element, report)
    _multi_instance(element, report)
    special = _SPECIAL.get(tag(element))
    if special is not None:
        special(element, definitions, report)


def any_element(element: Xml, report: Report) -> None:
    """What no element of a model may bear."""
    _foreign(element, report)
    _quantities(element, report)


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
    named_event(element, "message", element.get("messageRef"), definitions, report)


def _send(element: Xml, definitions: Xml, report: Report) -> None:
    if element.get("messageRef") is not None or extension(element, "taskDefinition") is None:
        named_event(element, "message", element.get("messageRef"), definitions, report)


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


def expressions(process: Xml, report: Report) -> None:
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
        condition = condition_of(flow)
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
