"""What the twelve checks measure against: thresholds, tolerances, required parts, each version of them as data.

An application is bound to the version in force when it was received; its check runs name it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from server.errors import NotFound

DATA = Path(__file__).parent / "data" / "first-registration-rules.json"
CHECKS = tuple(f"K{n}" for n in range(1, 13))


@dataclass(frozen=True)
class Basis:
    """A law or standard. The article is shown only after somebody compared it with the official text."""

    title: str
    article: str
    verified: bool

    @property
    def words(self) -> str:
        """`不动产登记暂行条例` or, when verified, with its article."""
        return f"{self.title}{self.article}" if self.verified and self.article else self.title


@dataclass(frozen=True)
class Band:
    """Up to `up_to` ㎡ permitted (None: without limit), `percent` per cent may differ."""

    up_to: Decimal | None
    percent: Decimal


@dataclass(frozen=True)
class Rules:
    """One version of the measure of first registration."""

    version: str
    effective: date
    area_bands: tuple[Band, ...]
    unit_sum_tolerance: Decimal
    required_specials: tuple[str, ...]
    civil_defence_special: str
    bases: Mapping[str, tuple[Basis, ...]]

    def percent_for(self, permitted: Decimal) -> Decimal:
        """The allowed difference of one building, in per cent of its permitted area (domain 6.3)."""
        for band in self.area_bands:
            if band.up_to is None or permitted <= band.up_to:
                return band.percent
        raise AssertionError("the last band has no upper end")

    def allowance(self, permitted: Decimal) -> Decimal:
        """The allowed difference of one building in ㎡, not rounded."""
        return permitted * self.percent_for(permitted) / 100


@lru_cache(maxsize=1)
def versions() -> tuple[Rules, ...]:
    """All versions shipped, oldest first."""
    raw = json.loads(DATA.read_text(encoding="utf-8"))
    return tuple(sorted((_parse(one) for one in raw["versions"]), key=lambda rules: rules.effective))


def in_force(day: date) -> Rules:
    """The version in force on a legal day. Raises NotFound for a day before the first version."""
    found = [rules for rules in versions() if rules.effective <= day]
    if not found:
        raise NotFound(f"{day} 还没有首次登记核验的阈值版本。请管理员导入那一天有效的版本。", code="RULES_MISSING")
    return found[-1]


def version(name: str) -> Rules:
    """The version an application is bound to."""
    for rules in versions():
        if rules.version == name:
            return rules
    raise NotFound(f"没有首次登记核验阈值的 {name} 版。请管理员把这一版补回来。", code="RULES_MISSING")


def _parse(raw: dict[str, Any]) -> Rules:
    bands = tuple(
        Band(Decimal(one["up_to"]) if one["up_to"] is not None else None, Decimal(one["percent"]))
        for one in raw["area_bands"]
    )
    if bands[-1].up_to is not None:
        raise ValueError(f"rules {raw['version']}: the last area band must have no upper end")
    bases = {code: tuple(Basis(**one) for one in raw["bases"][code]) for code in CHECKS}
    return Rules(
        version=raw["version"],
        effective=date.fromisoformat(raw["effective"]),
        area_bands=bands,
        unit_sum_tolerance=Decimal(raw["unit_sum_tolerance"]),
        required_specials=tuple(raw["required_specials"]),
        civil_defence_special=raw["civil_defence_special"],
        bases=bases,
    )
