"""Which condition of a permit phase is met by what. The DMN says which conditions a phase has, and why; this says whether.

A condition this file does not know is never met by default: the officer is asked to look.
"""

from collections.abc import Callable
from dataclasses import dataclass

from server.approval.phases import out_of_order
from server.approval.picture import Picture, Wanted


@dataclass(frozen=True)
class Required:
    """A condition as the decision table returned it."""

    key: str
    reason: str


@dataclass(frozen=True)
class Condition:
    """One condition of a phase. met None: not known here, a person decides. evidence: what proves it; cure: what to do;
    material: the code of the material that would prove it, where one would."""

    key: str
    words: str
    reason: str
    met: bool | None
    evidence: str
    cure: str
    material: str = ""


Found = str | None
Test = Callable[[Picture, Wanted], Found]


def _result(*codes: str) -> Test:
    def test(picture: Picture, _wanted: Wanted) -> Found:
        found = picture.result(*codes)
        return f"《{found.title}》{found.number}" if found else None

    return test


def _material(code: str, fact: str | None = None) -> Test:
    def test(picture: Picture, wanted: Wanted) -> Found:
        if fact is not None and not str(wanted.facts.get(fact) or "").strip():
            return None
        if code in wanted.materials:
            return "本次提交的材料"
        held = picture.held.get(code)
        return held.origin if held else None

    return test


def _full_drawings(picture: Picture, _wanted: Wanted) -> Found:
    found = picture.result("C01")
    if found is None or found.data.get("scope", "full") != "full":
        return None
    return f"《{found.title}》{found.number}"


def _previous_phase(picture: Picture, wanted: Wanted) -> Found:
    if wanted.phase is None or any(out_of_order(picture, wanted)):
        return None
    numbers = [one.number for one in picture.permits if one.in_force and one.buildings & set(wanted.buildings)]
    return f"施工许可证 {'、'.join(numbers)}" if numbers else "首个阶段，没有前置"


@dataclass(frozen=True)
class Known:
    """What a condition is called, how it is tested, what to do when it is not met."""

    words: str
    test: Test
    cure: str
    material: str = ""


KNOWN: dict[str, Known] = {
    "land_approval": Known("用地手续已办", _result("A08", "A07"), "先办建设用地规划许可证或土地登记，由窗口凭文件录入"),
    "planning_permit": Known("已取得建设工程规划许可证", _result("B02"), "先办建设工程规划许可证，由窗口凭文件录入"),
    "pit_design": Known("有基坑支护设计", _material("M20"), "上传基坑支护设计与专家论证（M20）", "M20"),
    "survey_review": Known("勘察文件审查合格", _material("M21"), "上传勘察文件审查合格书（M21）", "M21"),
    "basement_drawings": Known("地下结构图审合格", _result("C01"), "先完成施工图审查，由窗口凭合格书录入"),
    "full_drawings": Known("全套施工图审查合格", _full_drawings, "先完成全套施工图审查，由窗口凭合格书录入"),
    "special_fire_review": Known(
        "特殊建设工程消防设计审查合格", _result("C02"), "先办特殊建设工程消防设计审查，由窗口凭文件录入"
    ),
    "contractor": Known("施工单位已定", _material("M13", "contractor"), "填施工单位，上传施工合同（M13）", "M13"),
    "supervision": Known("监理单位已定", _material("M14", "supervisor"), "填监理单位，上传监理合同（M14）", "M14"),
    "funds": Known("资金已有安排", _material("M16"), "上传建设资金落实承诺书（M16）", "M16"),
    "measures": Known("有质量安全措施", _material("M17"), "上传质量安全措施等材料（M17）", "M17"),
    "site": Known("场地具备施工条件", _material("M19"), "上传场地条件承诺书（M19）", "M19"),
    "civil_defence": Known("防空地下室已报建", _result("B04"), "先办防空地下室报建审批，由窗口凭文件录入"),
    "previous_phase": Known("前置阶段已发证且有效", _previous_phase, "先取得前一阶段的施工许可证"),
}


def evaluate(required: list[Required], picture: Picture, wanted: Wanted) -> list[Condition]:
    """Hold the conditions against the picture, in the order of the decision table."""
    return [_evaluate(one, picture, wanted) for one in required]


def _evaluate(required: Required, picture: Picture, wanted: Wanted) -> Condition:
    known = KNOWN.get(required.key)
    if known is None:
        return Condition(
            required.key, required.reason or required.key, required.reason, None, "", "系统没有这项的数据，请人工核对"
        )
    found = known.test(picture, wanted)
    cure = "" if found else known.cure
    return Condition(required.key, known.words, required.reason, found is not None, found or "", cure, known.material)
