"""Refusals about events: which kind may stand where, what they name, when a timer is due."""

from . import timers
from .source import B, Xml, event_definitions, tag
from .vocabulary import EVENT_ZH, EVENTS, Report

#: Which kinds of event may stand where. 'none' is the event without a definition.
_ALLOWED = {
    "process start": {"none", "message", "signal", "timer"},
    "subProcess start": {"none"},
    "event start": {"message", "signal", "timer", "error", "escalation"},
    "intermediateCatchEvent": {"message", "signal", "timer", "link"},
    "intermediateThrowEvent": {"none", "message", "signal", "escalation", "link"},
    "endEvent": {"none", "message", "signal", "error", "escalation", "terminate"},
    "boundaryEvent": {"message", "signal", "timer", "error", "escalation"},
}


def event(element: Xml, definitions: Xml, report: Report) -> None:
    """An event: one definition, of a kind that may stand there, complete."""
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
    kind = found[0] if found else "none"
    where = _where(element)
    if where not in _ALLOWED:
        return  # in a scope that is refused as a whole
    if kind not in _ALLOWED[where]:
        report(
            element,
            f"不能是{EVENT_ZH.get(kind, kind)}事件。",
            "可用类型:" + "、".join(EVENT_ZH[name] for name in sorted(_ALLOWED[where])) + "。",
        )
        return
    if kind == "error" and (element.get("cancelActivity") == "false" or element.get("isInterrupting") == "false"):
        report(element, "捕获错误,必须是中断的。", "请改为中断类型。")
    if found:
        _reference(element, kind, event_definitions(element)[0], definitions, report)


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
        named_event(element, event, definition.get(f"{event}Ref"), definitions, report)


def named_event(element: Xml, event: str, key: str | None, definitions: Xml, report: Report) -> None:
    zh = EVENT_ZH[event]
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
    beside = element.get("cancelActivity") == "false" or element.get("isInterrupting") == "false"
    may_repeat = beside or _where(element) == "process start"
    if kind == "timeCycle" and not may_repeat:
        report(
            element, "不能用循环时间。", "循环只用于流程的开始事件、非中断的边界事件和事件子流程;这里请用时长或时刻。"
        )
    good = {"timeDate": timers.is_instant, "timeDuration": timers.is_duration, "timeCycle": timers.is_cycle}[kind]
    if not text.startswith("=") and not good(text):
        report(element, f"的时间“{text}”无法识别。", "请用 ISO 8601,例如 2026-12-01T09:00:00+08:00、PT1H 或 R3/PT1H。")
