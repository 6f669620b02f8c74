"""The area table building by building: permitted → measured for planning → measured for the book → its parts. Pure.

Two measurements of one building by two standards never agree; the table names each difference, and its last column, the
residual, is what no part of the building accounts for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from server.registry.facts import ZERO, Building
from server.registry.rules import Rules

HUNDREDTH = Decimal("0.01")
# The names of the two differences: the first is measured against the threshold, the second never is.
BUILT_DIFFERENCE = "规划测量与许可之差（同为 GB/T 50353）"
STANDARD_DIFFERENCE = "房产实测与规划测量之差（GB/T 17986 与 GB/T 50353 的口径差）"


@dataclass(frozen=True)
class Row:
    """One building or a total, all ㎡. ``built_difference`` = planning − permitted, ``percent`` of permitted, allowed up
    to ``allowance`` (None for a total). ``standard_difference`` = measured − planning. ``residual`` = measured − units −
    common − civil defence − shared."""

    name: str
    permitted: Decimal
    planning: Decimal
    built_difference: Decimal
    percent: Decimal
    allowance: Decimal | None
    allowance_percent: Decimal | None
    measured: Decimal
    standard_difference: Decimal
    unit_count: int
    units: Decimal
    common: Decimal
    civil_defence: Decimal
    shared: Decimal
    residual: Decimal

    @property
    def within(self) -> bool:
        """Whether the planning measurement lies within the threshold."""
        return self.allowance is None or abs(self.built_difference) <= self.allowance


@dataclass(frozen=True)
class Bridge:
    """All buildings; the total of what counts for the plot ratio; the total of everything."""

    rows: tuple[Row, ...]
    counted: Row
    total: Row

    @property
    def residual(self) -> Decimal:
        """The sum of the absolute residuals: 0.00 when every ㎡ has a name."""
        return sum((abs(row.residual) for row in self.rows), ZERO)


def percent(difference: Decimal, of: Decimal) -> Decimal:
    """`difference` in per cent of `of`, two decimals; 0.00 of nothing."""
    if not of:
        return ZERO
    return (difference * 100 / of).quantize(HUNDREDTH, ROUND_HALF_UP)


def bridge(buildings: Sequence[Building], rules: Rules) -> Bridge:
    """The area table of these buildings."""
    rows = tuple(_row(one.name, (one,), rules) for one in buildings)
    counted = _row("计容合计", tuple(one for one in buildings if one.counted), None)
    return Bridge(rows, counted, _row("合计", tuple(buildings), None))


def _row(name: str, buildings: Sequence[Building], rules: Rules | None) -> Row:
    def total(of: str) -> Decimal:
        return sum((getattr(one, of) for one in buildings), ZERO)

    permitted, planning, measured = total("permitted_area"), total("planning_area"), total("property_area")
    units, common, civil_defence, shared = (
        total("units_area"), total("common"), total("civil_defence"), total("shared"),
    )  # fmt: skip
    return Row(
        name=name,
        permitted=permitted,
        planning=planning,
        built_difference=planning - permitted,
        percent=percent(planning - permitted, permitted),
        allowance=rules.allowance(permitted) if rules else None,
        allowance_percent=rules.percent_for(permitted) if rules else None,
        measured=measured,
        standard_difference=measured - planning,
        unit_count=sum(len(one.units) for one in buildings),
        units=units,
        common=common,
        civil_defence=civil_defence,
        shared=shared,
        residual=measured - units - common - civil_defence - shared,
    )
