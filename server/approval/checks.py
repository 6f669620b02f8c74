"""What is looked at before an application is submitted and before it is admitted or granted. Pure: picture in, findings out.

Blocked is only what can never be right (no such building, a phase out of order, a second permit). What is merely missing is
named, but an authority must accept the application and ask for it once (行政许可法): level `ask`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from server.approval import conditions, phases
from server.approval.conditions import Condition, Required
from server.approval.matters import Asked, Catalogue, Matter
from server.approval.picture import BuildingView, Finding, Picture, Wanted

THRESHOLDS = ((Decimal(1000), 5), (Decimal(5000), 3), (Decimal(10000), 2))
"""Permitted area up to ㎡ → tolerated difference in percent; above the last 1 % (domain 6.3)."""

LARGEST = Decimal(10) ** 10
"""No area, price or depth is as large; beyond it text like 1e50 is no number of ours."""


@dataclass(frozen=True)
class MaterialLine:
    """A material of the application. state: attached, held (the system has it, nobody asks), missing."""

    code: str
    name: str
    key: bool
    state: str
    origin: str


@dataclass(frozen=True)
class Check:
    """The result of looking at an application."""

    findings: tuple[Finding, ...]
    conditions: tuple[Condition, ...]
    materials: tuple[MaterialLine, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What keeps it from being submitted."""
        return tuple(one for one in self.findings if one.level == "block")

    @property
    def asked(self) -> tuple[Finding, ...]:
        """What the window will ask for."""
        return tuple(one for one in self.findings if one.level == "ask")

    @property
    def missing(self) -> tuple[MaterialLine, ...]:
        """Materials that are neither attached nor held."""
        return tuple(one for one in self.materials if one.state == "missing")

    @property
    def unmet(self) -> tuple[Condition, ...]:
        """Conditions that are known not to be met."""
        return tuple(one for one in self.conditions if one.met is False)


def circumstances(catalogue: Catalogue, picture: Picture, wanted: Wanted) -> dict[str, Any]:
    """What the decision table and the conditional materials turn on.

    excavation_depth in metres, 0 when not stated. special_fire: stated, or a review of it is on file.
    """
    chosen = [one for one in picture.buildings if one.number in wanted.buildings]
    depth = _decimal(wanted.facts.get("excavation_depth")) or Decimal(0)
    return {
        "phase": wanted.phase or "",
        "mode": phases.mode_of(wanted.phase or "", picture.permit_mode) or "",
        "has_basement": any(one.has_basement for one in chosen),
        "civil_defence": any(one.civil_defence_area for one in chosen) or "B04" in picture.results,
        "special_fire": wanted.facts.get("special_fire") is True or "C02" in picture.results,
        "supervision_required": picture.flow_type != "SOC_SMALL_LOWRISK",
        "excavation_depth": float(depth),
        "p1_requires_planning_permit": catalogue.p1_requires_planning_permit,
    }


def look(catalogue: Catalogue, matter: Matter, picture: Picture, wanted: Wanted, required: list[Required]) -> Check:
    """Everything there is to say about an application before anybody decides. required: the phase's conditions (DMN)."""
    found: list[Finding] = []
    if picture.closed:
        found.append(_state("PROJECT_CLOSED", "这个项目已经办结。", "不能再申请，如有疑问请找窗口。", "project_code"))
    found += _already(picture, wanted, matter)
    found += phases.findings(picture, wanted, matter)
    if matter.code == "D01":
        found += _acceptance(picture, wanted)
    if matter.code == "D07":
        found += _filing(picture, wanted)
    met = conditions.evaluate(required, picture, wanted)
    lines = _materials(catalogue, matter, picture, wanted)
    lacking = {one.code for one in lines if one.state == "missing"}
    found += [
        Finding("ask", "CONDITION", f"“{one.words}”没有满足：{one.reason}。", f"{one.cure}。", f"conditions.{one.key}")
        for one in met
        if one.met is False and one.key != "previous_phase" and one.material not in lacking  # said by the material
    ]
    found += [
        Finding("ask", "MATERIAL_MISSING", f"缺{one.name}（{one.code}）。", "请上传。", f"materials.{one.code}")
        for one in lines
        if one.state == "missing"
    ]
    return Check(tuple(found), tuple(met), tuple(lines))


def _already(picture: Picture, wanted: Wanted, matter: Matter) -> Iterator[Finding]:
    if matter.phases:
        return
    done = picture.done(matter.code)
    if done:
        yield _state("ALREADY_DONE", f"{matter.name}已于 {done.on} 办结（{done.number}）。", "不用再申请。", "matter")
    for case in picture.open_cases:
        if case.matter == matter.code and case.serial != wanted.serial:
            yield _state(
                "CASE_OPEN", f"{matter.name}正在办理（{case.serial}）。", "请等这一件办结，或先撤回它。", "matter"
            )


def _acceptance(picture: Picture, wanted: Wanted) -> Iterator[Finding]:
    if not picture.buildings:
        yield _state(
            "BUILDINGS_UNKNOWN", "还没有录入建设工程规划许可证。", "请把规划许可证交窗口录入。", "project_code"
        )
        return
    open_ones = [one.number for one in picture.buildings if not phases.covered(picture, one)]
    if open_ones:
        yield _state(
            "PERMIT_COVERAGE",
            f"{'、'.join(open_ones)}没有施工到竣工的有效施工许可证。",
            "验收前许可证要覆盖工程全部内容，请先补办许可。",
            "buildings",
        )
    if picture.result("WYYS") is None:
        yield _state(
            "COMPLETION_MISSING",
            "还没有五方竣工验收合格的记录。",
            "请建设、勘察、设计、施工、监理五方验收合格后，把竣工验收报告交窗口录入。",
            "project_code",
        )
    yield from _survey(picture, wanted.facts.get("survey"))


def survey_rows(raw: Any) -> dict[str, Mapping[str, Any]]:
    """The survey's rows by building; empty for anything that is no list of rows."""
    if not isinstance(raw, list):
        return {}
    return {str(one.get("building")): one for one in raw if isinstance(one, Mapping)}


def _survey(picture: Picture, raw: Any) -> Iterator[Finding]:
    rows = survey_rows(raw)
    for number in rows:
        if picture.building(number) is None:
            yield Finding("block", "SURVEY", f"规划许可证上没有“{number}”。", "请核对测绘成果里的幢号。", "survey")
    for building in picture.buildings:
        row = rows.get(building.number)
        measured = {key: _area(row.get(key)) for key in ("planning_measured", "property_measured")} if row else {}
        if not measured or None in measured.values():
            yield Finding(
                "block",
                "SURVEY",
                f"{building.number}缺竣工规划测量面积或房产测绘面积。",
                "请照多测合一报告填写，单位㎡，最多两位小数。",
                "survey",
            )
            continue
        yield from _difference(building, measured["planning_measured"] or Decimal(0))


def _difference(building: BuildingView, measured: Decimal) -> Iterator[Finding]:
    if not building.has_superstructure:
        return
    difference = measured - building.planned_area
    limit = tolerated(building.planned_area)
    if abs(difference) > limit:
        yield Finding(
            "doubt",
            "AREA_DIFFERENCE",
            f"{building.number}竣工测量 {measured}㎡，规划许可 {building.planned_area}㎡，"
            f"相差 {difference:+}㎡，超过 {limit}㎡。",
            "规划核实可能不通过：可以先变更规划并补缴价款，或依法处理后再核实。",
            "survey",
        )


def tolerated(permitted: Decimal) -> Decimal:
    """How many ㎡ the measured area of a single building may differ from the permitted one (domain 6.3)."""
    percent = next((one for limit, one in THRESHOLDS if permitted <= limit), 1)
    return (permitted * percent / 100).quantize(Decimal("0.01"))


def _filing(picture: Picture, wanted: Wanted) -> Iterator[Finding]:
    if picture.done("D01") is None:
        yield _state(
            "ACCEPTANCE_MISSING",
            "竣工联合验收还没有通过。",
            "联合验收通过后才能备案；现在可以先填好。",
            "matter",
        )
    if picture.filing_due and picture.today > picture.filing_due:
        yield Finding(
            "doubt",
            "FILING_LATE",
            f"验收合格日 {picture.qualified_on}，备案期限到 {picture.filing_due}，已经超过。",
            "仍可备案，但可能被责令改正并处罚。",
            "matter",
        )
    if not picture.consent_signed and registers(picture):
        yield Finding(
            "ask",
            "CONSENT_MISSING",
            "还没有签署首次登记授权，备案后不会自动登簿。",
            "请在项目页签署授权。",
            "consent",
        )


def registers(picture: Picture) -> bool:
    """Whether a filing leads to a first registration: linear works have no units to register (domain S14)."""
    return picture.flow_type != "MUNI_LINEAR"


def _materials(catalogue: Catalogue, matter: Matter, picture: Picture, wanted: Wanted) -> list[MaterialLine]:
    about = circumstances(catalogue, picture, wanted)
    holds = {
        "special_fire": about["special_fire"],
        "civil_defence": about["civil_defence"],
        "supervision": about["supervision_required"],
    }
    return [
        _line(catalogue, one, picture, wanted)
        for one in matter.materials_for(wanted.phase)
        if one.when is None or holds[one.when]
    ]


def _line(catalogue: Catalogue, asked: Asked, picture: Picture, wanted: Wanted) -> MaterialLine:
    material = catalogue.materials[asked.code]
    if asked.code in wanted.materials:
        return MaterialLine(asked.code, material.name, material.key, "attached", "本次提交")
    held = picture.held.get(asked.code)
    state, origin = ("held", held.origin) if held else ("missing", "")
    return MaterialLine(asked.code, material.name, material.key, state, origin)


def _state(code: str, words: str, cure: str, field: str) -> Finding:
    return Finding("block", code, words, cure, field, state=True)


def _decimal(raw: Any) -> Decimal | None:
    if raw is None or isinstance(raw, bool):
        return None
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < LARGEST else None


def area(raw: Any, otherwise: Decimal | None = None) -> Decimal | None:
    """An area as a form holds it, ㎡ with at most two decimals; `otherwise` for what is none."""
    found = _area(raw)
    return otherwise if found is None else found


def _area(raw: Any) -> Decimal | None:
    value = _decimal(raw)
    if value is None or value < 0 or value != value.quantize(Decimal("0.01")):
        return None
    return value
