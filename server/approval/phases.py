"""The phases of the staged permit: which building takes which, in what order, in which mode (domain.md 2.1, 2.2). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from server.approval.matters import MODES, Matter
from server.approval.picture import STATUS_WORDS, BuildingView, Finding, Picture, Wanted

OF_MODE = {"THREE": ("P1", "P2", "P3"), "TWO": ("P12", "P3"), "SINGLE": ("P0",)}


def mode_of(phase: str, locked: str | None) -> str | None:
    """The permit mode a phase belongs to; P3 belongs to two modes, so there the locked one counts."""
    return {"P1": "THREE", "P2": "THREE", "P12": "TWO", "P0": "SINGLE"}.get(phase, locked)


def predecessor(building: BuildingView, phase: str, mode: str | None) -> str | None:
    """The phase whose permit a building needs before this one; None for a first phase.

    A building without basement goes from P1 straight to P3.
    """
    if phase == "P2":
        return "P1"
    if phase == "P3":
        if mode == "TWO":
            return "P12"
        return "P2" if building.has_basement else "P1"
    return None


def last_phases(building: BuildingView) -> tuple[str, ...]:
    """Any one of these permits covers the building to its completion."""
    return ("P3", "P0") if building.has_superstructure else ("P2", "P12", "P0")


def covered(picture: Picture, building: BuildingView) -> bool:
    """Whether permits in force cover the building to its completion (the gate of the acceptance)."""
    return any(picture.has_permit(building.number, phase) for phase in last_phases(building))


def findings(picture: Picture, wanted: Wanted, matter: Matter) -> list[Finding]:
    """Everything that keeps these buildings from a permit of this phase."""
    if wanted.phase is None:
        return []
    found = list(_mode(picture, wanted, wanted.phase))
    found += _buildings(picture, wanted, wanted.phase, matter)
    return found or list(out_of_order(picture, wanted, matter))


def _mode(picture: Picture, wanted: Wanted, phase: str) -> Iterator[Finding]:
    mode, locked = mode_of(phase, picture.permit_mode), picture.permit_mode
    if locked and mode != locked:
        yield _state(
            "MODE_LOCKED",
            f"这个项目按“{MODES[locked]}”办理，首个阶段受理后不能改。",
            f"请申请{'、'.join(OF_MODE[locked])} 中的一个阶段。",
            "phase",
        )
    elif mode == "THREE" and picture.buildings and not any(one.has_basement for one in picture.buildings):
        yield _state(
            "MODE_WITHOUT_BASEMENT",
            "所有楼栋都没有地下室，不能按三个阶段办理。",
            "请选两个阶段，或者不分阶段；规模不大的，不分阶段最快。",
            "phase",
        )


def _buildings(picture: Picture, wanted: Wanted, phase: str, matter: Matter) -> Iterator[Finding]:
    if not picture.buildings:
        yield _state(
            "BUILDINGS_UNKNOWN",
            "还没有录入建设工程规划许可证，系统不知道有哪些楼栋。",
            "请把规划许可证交窗口录入，再申请施工许可。",
            "buildings",
        )
        return
    if not wanted.buildings:
        yield Finding("block", "BUILDINGS_MISSING", "还没有选楼栋。", "请至少选一栋。", "buildings")
    for number in wanted.buildings:
        building = picture.building(number)
        if building is None:
            known = "、".join(one.number for one in picture.buildings)
            yield Finding(
                "block", "BUILDING_UNKNOWN", f"规划许可证上没有“{number}”。", f"可选的楼栋：{known}。", "buildings"
            )
        elif not building.takes(phase):
            part = "地下室" if phase == "P2" else "地上部分"
            yield Finding(
                "block",
                "PHASE_NOT_APPLICABLE",
                f"{number}没有{part}，用不着{matter.phases[phase].name}阶段的许可。",
                f"请不要勾选{number}。",
                "buildings",
            )
        else:
            yield from _taken(picture, wanted, number, phase, matter)


def _taken(picture: Picture, wanted: Wanted, number: str, phase: str, matter: Matter) -> Iterator[Finding]:
    short = matter.phases[phase].short
    for permit in picture.permits_for(number, phase):
        if permit.in_force:
            yield _state(
                "PERMIT_EXISTS",
                f"{number}已经有有效的{short}许可证 {permit.number}。",
                f"同一栋同一阶段只能有一张，请不要勾选{number}。",
                "buildings",
            )
    for case in picture.open_cases:
        same = case.matter == wanted.matter and case.phase == phase and number in case.buildings
        if same and case.serial != wanted.serial:
            yield _state(
                "CASE_OPEN",
                f"{number}的{short}许可正在办理（{case.serial}）。",
                "请等这一件办结，或先撤回它。",
                "buildings",
            )


def out_of_order(picture: Picture, wanted: Wanted, matter: Matter | None = None) -> Iterator[Finding]:
    """PHASE_ORDER for each building whose phase before this one has no permit in force (domain S6)."""
    phase = wanted.phase or ""
    mode = mode_of(phase, picture.permit_mode)
    if phase == "P3" and mode is None:
        yield _state(
            "PHASE_ORDER",
            "地上主体是最后一个阶段，前面的阶段还没有许可证。",
            "请先申请基坑（三个阶段）或 ±0.000 以下（两个阶段）；想一次办完，选不分阶段。",
            "phase",
        )
        return
    waiting: dict[tuple[str, str], list[str]] = {}
    for number in wanted.buildings:
        building = picture.building(number)
        before = predecessor(building, phase, mode) if building else None
        if before is None or picture.has_permit(number, before):
            continue
        earlier = picture.permits_for(number, before)
        why = f"{earlier[-1].number} {STATUS_WORDS[earlier[-1].status]}" if earlier else ""
        waiting.setdefault((before, why), []).append(number)
    for (before, why), numbers in waiting.items():
        name = matter.phases[before].short if matter else before
        state = f"许可证 {why}，不能作为前置" if why else "许可证还没有发"
        unlocked = picture.permit_mode is None
        cure = f"请先取得{name}许可证。" + ("也可以改选两个阶段，±0.000 以下一次办。" if unlocked else "")
        yield _state("PHASE_ORDER", f"{'、'.join(numbers)}的{name}{state}，现在不能申请这个阶段。", cure, "phase")


def _state(code: str, words: str, cure: str, field: str) -> Finding:
    return Finding("block", code, words, cure, field, state=True)


CellState = Literal["issued", "running", "ready", "waiting", "not_applicable", "other_mode"]


@dataclass(frozen=True)
class Cell:
    """A building in a phase: what can be done there, and the reason in words."""

    building: str
    phase: str
    state: CellState
    words: str
    number: str = ""


@dataclass(frozen=True)
class Row:
    """A building and its cells, in the order of the columns."""

    building: BuildingView
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    """Building × phase (ui.md §4.14). mode: the one shown; locked: it cannot change any more; columns: phase keys."""

    mode: str
    locked: bool
    why: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def matrix(picture: Picture, matter: Matter, mode: str | None = None) -> Matrix:
    """The matrix in the locked mode, else in the asked one, else three phases where there is a basement."""
    basement = any(one.has_basement for one in picture.buildings)
    shown = picture.permit_mode or mode or ("THREE" if basement or not picture.buildings else "TWO")
    if picture.permit_mode:
        why = f"按“{MODES[shown]}”办理，首个阶段受理时确定，不能再改。"
    elif not basement and picture.buildings:
        why = "没有地下室，不能按三个阶段办理；可选两个阶段或者不分阶段。"
    else:
        why = "首个阶段受理后不能再改。"
    columns = OF_MODE[shown]
    rows = tuple(
        Row(one, tuple(_cell(picture, matter, one, phase, shown) for phase in columns)) for one in picture.buildings
    )
    return Matrix(shown, picture.permit_mode is not None, why, columns, rows)


def _cell(picture: Picture, matter: Matter, building: BuildingView, phase: str, mode: str) -> Cell:
    number = building.number
    if not building.takes(phase):
        return Cell(number, phase, "not_applicable", "没有地下室" if phase == "P2" else "没有地上部分")
    for permit in picture.permits_for(number, phase):
        if permit.in_force:
            return Cell(number, phase, "issued", "已发证", permit.number)
    for case in picture.open_cases:
        if case.matter == matter.code and case.phase == phase and number in case.buildings:
            return Cell(number, phase, "running", "办理中", case.serial)
    before = predecessor(building, phase, mode)
    if before and not picture.has_permit(number, before):
        return Cell(number, phase, "waiting", f"等{matter.phases[before].short}发证")
    if picture.closed:
        return Cell(number, phase, "waiting", "项目已办结")
    return Cell(number, phase, "ready", "可申请")
