"""What a check says: PASS, WARN or HOLD, with reason, evidence and, for a hold, each cause with its cure. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from server.registry.rules import Basis

WEEKDAYS = "一二三四五六日"
NOT_CONNECTED = "未接入"


class Outcome(StrEnum):
    """A machine says no more than this; a refusal is written by a registrar."""

    PASS = "PASS"  # noqa: S105
    WARN = "WARN"
    HOLD = "HOLD"


TITLES = {
    "K1": "主体一致",
    "K2": "宗地和单元号",
    "K3": "宗地有无查封",
    "K4": "土地、在建抵押",
    "K5": "异议、争议",
    "K6": "价款、契税",
    "K7": "面积差",
    "K8": "用途、栋数、层数、位置",
    "K9": "人防、物业用房",
    "K10": "验收与备案范围",
    "K11": "户面积合计",
    "K12": "授权与签名",
}


@dataclass(frozen=True)
class Evidence:
    """One fact seen: what, its value as text, and where it comes from."""

    label: str
    value: str
    source: str


@dataclass(frozen=True)
class Cause:
    """Why a check holds the case. ``key`` is stable over repeated runs, so that it is notified once."""

    key: str
    text: str
    cure: str
    notify: tuple[str, ...] = ("owner", "registrar")


@dataclass(frozen=True)
class Result:
    """The result of one of the twelve."""

    code: str
    outcome: Outcome
    reason: str
    evidence: tuple[Evidence, ...]
    causes: tuple[Cause, ...]
    basis: tuple[Basis, ...]

    @property
    def title(self) -> str:
        """What was checked, in words."""
        return TITLES[self.code]


class Findings:
    """Collects what one check sees; ``result`` is the worst of it."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.evidence: list[Evidence] = []
        self.causes: list[Cause] = []
        self.warnings: list[str] = []

    def saw(self, label: str, value: str, source: str) -> None:
        """Keep a fact."""
        self.evidence.append(Evidence(label, value, source))

    def hold(self, key: str, text: str, cure: str, notify: tuple[str, ...] = ("owner", "registrar")) -> None:
        """The case must not go on; `cure` says what would let it."""
        self.causes.append(Cause(f"{self.code}:{key}", text, cure, notify))

    def warn(self, text: str) -> None:
        """Worth knowing, does not stop the case."""
        self.warnings.append(text)

    def not_connected(self, what: str) -> None:
        """The source of a fact does not answer us yet: never a pass."""
        self.warn(f"{what}：{NOT_CONNECTED}")

    def result(self, passed: str, basis: tuple[Basis, ...]) -> Result:
        """HOLD if anything holds, WARN if anything warns, else PASS with the sentence `passed`."""
        if self.causes:
            outcome, reason = Outcome.HOLD, "；".join(cause.text for cause in self.causes)
        elif self.warnings:
            outcome, reason = Outcome.WARN, "；".join(self.warnings)
        else:
            outcome, reason = Outcome.PASS, passed
        return Result(self.code, outcome, reason, tuple(self.evidence), tuple(self.causes), basis)


def square_metres(value: Decimal | None) -> str:
    """`53,820.86㎡`, `-` when unknown."""
    return "-" if value is None else f"{value:,.2f}㎡"


def signed(value: Decimal) -> str:
    """`+74.76`, `-0.03`, `0.00`."""
    return f"{value:+,.2f}" if value else "0.00"


def day_words(day: date | None) -> str:
    """`2026年9月24日(周四)`."""
    return "-" if day is None else f"{day.year}年{day.month}月{day.day}日(周{WEEKDAYS[day.weekday()]})"


def listed(names: Iterable[str], limit: int = 3) -> str:
    """`1#、2#、3# 等 6 个`: the first few, and how many there are."""
    known = list(names)
    head = "、".join(known[:limit])
    return head if len(known) <= limit else f"{head} 等 {len(known)} 个"
