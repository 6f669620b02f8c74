"""Those of the twelve that compare areas: K7, K9 and K11. Pure; ㎡ with two decimals."""

from collections.abc import Sequence
from decimal import Decimal

from server.registry.bridge import bridge, percent
from server.registry.facts import ZERO, Building, CheckInput
from server.registry.findings import Findings, Result, listed, signed, square_metres

REVERIFY = "回自然资源局规划核实：变更规划并补缴价款、依法处罚后核实，或拆除；不改实测值"
RESURVEY = "更正多测合一成果或楼盘表后重新推送"


def k7(facts: CheckInput) -> Result:
    """Measured against permitted, both by GB/T 50353, each building within its band; then what GB/T 17986 adds."""
    found = Findings("K7")
    worst: tuple[Decimal, str] = (ZERO, "")
    table = bridge(facts.buildings, facts.rules)
    for building, row in zip(facts.buildings, table.rows, strict=True):
        permitted = building.permitted
        if permitted is not None and permitted.area != building.stated_permitted:
            found.hold(
                f"permitted:{row.name}",
                f"{row.name} 备案写的许可面积 {square_metres(building.stated_permitted)}，"
                f"规划许可是 {square_metres(permitted.area)}",
                "住建局更正备案里的许可面积后重新推送",
            )
        if building.planning_area <= 0:
            found.hold(f"missing:{row.name}", f"{row.name} 没有竣工规划测量面积", "补交多测合一成果后重新推送")
            continue
        found.saw(
            row.name,
            f"许可 {square_metres(row.permitted)}，规划测量 {square_metres(row.planning)}，"
            f"差 {signed(row.built_difference)}㎡（{_percent(row.percent)}），阈值 {row.allowance_percent}%；"
            f"房产实测 {square_metres(row.measured)}，口径差 {signed(row.standard_difference)}㎡",
            f"多测合一成果 {facts.survey_report}",
        )
        if not worst[1] or abs(row.percent) > abs(worst[0]):
            worst = (row.percent, row.name)
        if not row.within:
            limit = (row.allowance or ZERO).quantize(Decimal("0.01"))
            found.hold(
                f"area:{row.name}",
                f"{row.name} 差 {signed(row.built_difference)}㎡（{_percent(row.percent)}），"
                f"超过阈值 {row.allowance_percent}%（{square_metres(limit)}）",
                REVERIFY,
            )
    if not facts.buildings:
        found.hold("none", "推送里没有楼栋面积", "核对推送内容后重新推送")
    total = table.counted
    whole = f"计容测量合计 {square_metres(total.planning)}，差 {signed(total.built_difference)}㎡（{_percent(total.percent)}）"
    found.saw("计容合计", whole, "逐栋相加")
    passed = f"{len(table.rows)} 幢均在阈值内，最大 {worst[1]} {_percent(worst[0])}；{whole}"
    return found.result(passed, facts.rules.bases["K7"])


def k9(facts: CheckInput) -> Result:
    """Civil defence and property-management rooms against the permit, by the bands of K7: a warning and a letter."""
    found = Findings("K9")
    words = [
        _against_permit(found, facts, "civil_defence", "人防", "附记并函告人防主管部门"),
        _against_permit(found, facts, "common", "物业用房", "附记并函告规划、住建主管部门"),
    ]
    return found.result("，".join(words), facts.rules.bases["K9"])


def _against_permit(found: Findings, facts: CheckInput, kind: str, word: str, then: str) -> str:
    """Compare one kind of area over all buildings; the sentence for a pass."""
    measured = sum((getattr(one, kind) for one in facts.buildings), ZERO)
    permits = [one.permitted for one in facts.buildings]
    permitted = sum((getattr(one, f"{kind}_area") for one in permits if one is not None), ZERO)
    if not measured and not permitted:
        return f"没有{word}"
    if None in permits:
        found.not_connected(f"有楼栋的规划许可没有推来，{word}的许可面积")
        return ""
    found.saw(word, f"许可 {square_metres(permitted)}，实测 {square_metres(measured)}", "规划许可与多测合一成果")
    difference = measured - permitted
    if abs(difference) > facts.rules.allowance(permitted):
        found.warn(
            f"{word}实测 {square_metres(measured)}，与许可 {square_metres(permitted)} 差 {signed(difference)}㎡"
            f"（{_percent(percent(difference, permitted))}），{then}"
        )
    return f"{word} {square_metres(measured)}，在阈值内"


def k11(facts: CheckInput) -> Result:
    """Units + common parts + civil defence + shared parts = the building, to the tolerance of the rules."""
    found = Findings("K11")
    tolerance = facts.rules.unit_sum_tolerance
    largest = ZERO
    if any(building.units for building in facts.buildings):
        found.saw("户面积", "取自楼盘表，推送的成果没有逐户明细", "预编的楼盘表")
    for building, row in zip(facts.buildings, bridge(facts.buildings, facts.rules).rows, strict=True):
        empty = [f"{unit.floor}层{unit.number}" for unit in building.units if unit.area <= 0]
        if empty:
            found.hold(f"empty:{row.name}", f"{row.name} 有 {len(empty)} 户没有面积（{listed(empty)}）", RESURVEY)
        if building.property_area <= 0:
            found.hold(f"missing:{row.name}", f"{row.name} 没有房产实测面积", "补交多测合一成果后重新推送")
            continue
        found.saw(row.name, _parts(row.unit_count, building, row.residual), f"多测合一成果 {facts.survey_report}")
        largest = max(largest, abs(row.residual))
        if abs(row.residual) > tolerance:
            found.hold(
                f"sum:{row.name}",
                f"{row.name} 各部分合计与幢面积差 {signed(row.residual)}㎡，超过 ±{tolerance}㎡",
                RESURVEY,
            )
    if not facts.buildings:
        found.hold("none", "推送里没有楼栋面积", "核对推送内容后重新推送")
    passed = f"{len(facts.buildings)} 幢各部分合计与幢面积的差最大 {largest:.2f}㎡，限差 {tolerance}㎡"
    return found.result(passed, facts.rules.bases["K11"])


def _parts(count: int, building: Building, residual: Decimal) -> str:
    parts: Sequence[tuple[str, Decimal]] = (
        (f"{count} 户", building.units_area),
        ("业主共有", building.common),
        ("人防", building.civil_defence),
        ("公用", building.shared),
    )
    words = "，".join(f"{word} {square_metres(area)}" for word, area in parts if area)
    return f"{words}；幢 {square_metres(building.property_area)}，差 {signed(residual)}㎡"


def _percent(value: Decimal) -> str:
    return f"{value:+.2f}%"
