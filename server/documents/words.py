"""How figures and days read on a paper and on the verification page (ui.md §3). Pure."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from server.documents.kinds import Kind


def day(value: str | None) -> str:
    """``2025年10月13日``."""
    if not value:
        return "-"
    then = date.fromisoformat(value)
    return f"{then.year}年{then.month}月{then.day}日"


def area(value: str | None) -> str:
    """``53,820.86㎡``."""
    return f"{Decimal(value):,.2f}㎡" if value else "-"


def plain_area(value: str | None) -> str:
    """``53,820.86`` for a column whose head names the unit."""
    return f"{Decimal(value):,.2f}" if value else "-"


def wan(value: str | None) -> str:
    """Yuan as ``13,860.00 万元``; an amount that is not whole in 0.01 万 keeps its figures."""
    if not value:
        return "-"
    amount = Decimal(value) / 10000
    shown = amount.quantize(Decimal("0.01")) if amount == amount.quantize(Decimal("0.01")) else amount.normalize()
    return f"{shown:,f} 万元"


def unit_code(value: str | None) -> str:
    """A real property unit code in groups 6-6-7-9."""
    if not value:
        return "-"
    return " ".join(part for part in (value[:6], value[6:12], value[12:19], value[19:]) if part)


def several(value: list[str] | None) -> str:
    """``1#、2#、3#``."""
    return "、".join(value) if value else "-"


FORMATS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {"text": lambda value: value or "-", "day": day, "area": area, "wan": wan, "unit": unit_code, "list": several}
)


def public_facts(kind: Kind, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and text of every fact that a stranger may compare with the paper in his hand; absent ones are left out."""
    facts = []
    for label, key, form in kind.public:
        value: Any = data
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value:
            facts.append((label, FORMATS[form](value)))
    return facts
