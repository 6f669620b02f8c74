"""The words of the dialect that more than one module speaks: which elements it runs, and how a rule reports."""

from collections.abc import Callable

from .source import B, Xml

TASKS = frozenset({"task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask"})
ACTIVITIES = TASKS | {"subProcess", "callActivity"}
GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
EVENT_ZH = {
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
#: Names the dialect gives to what it inserts; an id must not look like one.
INVENTED = (".fork", ".link", " [child]")

#: (element, what is wrong with it, the cure): the sentence begins with the element's label
Report = Callable[[Xml, str, str], None]


def condition_of(flow: Xml) -> str | None:
    text: str | None = flow.findtext(f"{B}conditionExpression")
    return text
