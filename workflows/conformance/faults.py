"""What a finding must say to count as naming the fault of a model of `reject.json`.

A model can be refused by accident: no start event, a script task. So for each rule of the source: the codes of the linter, or words
of the engine's sentence (code 'refused'), of which one has to stand at one of the elements listed (empty: at any element). Read
from the rule's text, not from what we happen to find; a rule that is missing here counts as not named.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`says`: pairs (code of the finding, words its sentence must hold)."""

    says: tuple[tuple[str, str], ...]
    elements: frozenset[str] = frozenset()


def _fault(*says: tuple[str, str], at: str = "") -> Fault:
    return Fault(says, frozenset(at.split()))


_ENDS = ("refused", "的一端没有连到同一层的元素")
_CHOREOGRAPHY = (
    ("choreography", ""),
    ("refused", "(choreographyTask)"),
    ("refused", "(subChoreography)"),
    ("refused", "(callChoreography)"),
)
_NOT_THIS_KIND = (("refused", "不能是"), ("trigger", ""))

FAULTS: dict[str, Fault] = {
    "EXT002": _fault(("duplicate-id", ""), at="DUPLICATE"),
    "EXT006": _fault(_ENDS, at="_8"),
    "EXT007": _fault(_ENDS, at="_4"),
    "EXT011": _fault(("refused", "没有指定升级"), ("refused", "没有代码")),
    "EXT012": _fault(("refused", "不是表达式"), ("refused", "无法识别")),
    "EXT013": _fault(("refused", "没有填写时间"), ("refused", "对应键")),
    "EXT017": _fault(("direction", "")),
    "EXT018": _fault(("direction", "")),
    "EXT019": _fault(("direction", "")),
    "EXT022": _fault(("refused", "是事件子流程，却连着顺序流")),
    "EXT023": _fault(("flow-lists", "")),
    "EXT025": _fault(("lone-condition", "")),
    "EXT026": _fault(("refused", "默认流向不是从它出发的线"), at="_9"),
    "EXT028": _fault(_ENDS, at="_8"),
    "EXT036": _fault(*_CHOREOGRAPHY, at="_3_CT _3_SC"),
    "EXT037": _fault(("refused", "令牌数量")),
    "EXT041": _fault(("refused", "standardLoopCharacteristics")),
    "EXT056": _fault(*_CHOREOGRAPHY, at="_3_CT _3_SC"),
    "EXT057": _fault(("refused", "是事件子流程，却连着顺序流"), at="_5"),
    "EXT058": _fault(("refused", "没有开始事件"), at="_5"),
    "EXT059": _fault(*_NOT_THIS_KIND, ("refused", "必须是中断的"), at="_9"),
    "EXT062": _fault(("ad-hoc-content", "")),
    "EXT071": _fault(("refused", "的完成条件不是表达式")),
    "EXT095": _fault(("shared-definition", ""), at="_2"),
    "EXT097": _fault(("refused", "没有开始事件"), at="PROCESS_1"),
    "EXT098": _fault(*_NOT_THIS_KIND, at="_2"),
    "EXT100": _fault(*_NOT_THIS_KIND),
    "EXT101": _fault(("dead-end", ""), ("flow-lists", "")),
    "EXT104": _fault(("refused", "不能有离开的顺序流"), at="_3"),
    "EXT105": _fault(("no-end", "")),
    "EXT107": _fault(("unreachable", ""), ("flow-lists", "")),
    "EXT110": _fault(*_NOT_THIS_KIND, ("refused", "必须是中断的"), at="_7"),
    "EXT112": _fault(("refused", "不能有进入的顺序流"), at="_7"),
    "EXT113": _fault(("dead-end", ""), ("refused", "没有后续"), at="_7"),
    "EXT116": _fault(("dead-end", ""), at="_4"),
    "EXT124": _fault(("unreachable", ""), ("refused", "的链接"), at="_5"),
    "EXT126": _fault(("refused", "在这一层没有唯一的另一端"), at="_12 _16"),
    "EXT127": _fault(("refused", "没有指定消息"), at="_3 _16"),
    "EXT134": _fault(("refused", "无法识别"), at="_3"),
    "EXT135": _fault(("idle-gateway", ""), ("dead-end", ""), ("unreachable", "")),
    "EXT137": _fault(("refused", "条件不会起作用"), at="_6"),
    "EXT138": _fault(("race-target", ""), ("refused", "却不是等待的事件"), at="_7"),
    "EXT139": _fault(("mixed-race", "")),
    "EXT140": _fault(("race-boundary", "")),
    "EXT141": _fault(("refused", "不能再有别的进入线")),
    "EXT142": _fault(("instantiates-inside", "")),
    "EXT143": _fault(("no-compensation", ""), at="_3"),
    "EXT144": _fault(("not-for-compensation", ""), at="_9"),
    "EXT146": _fault(*_NOT_THIS_KIND, at="_3"),
    "EXT148": _fault(*_NOT_THIS_KIND, at="_3"),
    "EXT149": _fault(*_NOT_THIS_KIND, at="_3"),
    "EXT150": _fault(("unreachable", "")),
    "EXT151": _fault(("dead-end", "")),
    "EXT152": _fault(_ENDS),
    "REF_3": _fault(_ENDS),
    "REF_4": _fault(("refused", "默认流向不是从它出发的线")),
    "REF_12": _fault(("no-definition", "")),
}
