"""The catalogue of matters, results and materials: what `matters.yaml` and `materials.yaml` say, immutable.

Both are files of the library: published like models, in force from a date on. Which version counts when, and for which
case, is `catalogues`' to say; what may stand in them is `matters_check`'s.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from server.approval import plain_yaml
from server.calendar import Unit
from server.errors import Invalid, NotFound

MATTERS, MATERIALS = "matters.yaml", "materials.yaml"
MODES = {"THREE": "三个阶段", "TWO": "两个阶段", "SINGLE": "不分阶段"}
FLOW_TYPES = {
    "GOV_BUILDING": "政府投资房建",
    "SOC_GENERAL": "社会投资房建",
    "SOC_SMALL_LOWRISK": "小型低风险",
    "IND_STANDARD_LAND": "工业标准地",
    "MUNI_LINEAR": "市政线性",
}
WITHOUT_UNITS = frozenset({"MUNI_LINEAR"})
"""Flow types whose completion leads to no first registration (domain 1.1)."""


@dataclass(frozen=True)
class Limit:
    """A promised or lawful span."""

    n: int
    unit: Unit

    @property
    def words(self) -> str:
        """`3 个工作日`, `15 日（自然日）`, `3 个月`, `当日`."""
        if self.unit is Unit.WORKING_DAYS:
            return f"{self.n} 个工作日"
        if self.unit is Unit.NATURAL_DAYS:
            return f"{self.n} 日（自然日）"
        if self.unit is Unit.MONTHS:
            return f"{self.n} 个月"
        return "当日办结"


@dataclass(frozen=True)
class Asked:
    """A material that a matter asks for. when: only if this holds (special_fire, civil_defence, supervision)."""

    code: str
    when: str | None = None


CIRCUMSTANCES = {
    "special_fire": "特殊建设工程",
    "civil_defence": "有防空地下室",
    "supervision": "须监理",
}


@dataclass(frozen=True)
class Phase:
    """One phase of the staged permit. mode: the permit mode that only this phase belongs to, or None."""

    key: str
    code: str
    name: str
    short: str
    identifier: str
    mode: str | None
    promise: Limit
    scope: str
    materials: tuple[Asked, ...]


KINDS = {"P": "行政许可", "F": "备案", "T": "技术审查", "Z": "中介服务", "U": "市政公用", "Q": "其他"}
"""Kinds of matters (domain 1.2)."""


@dataclass(frozen=True)
class Matter:
    """One matter. kind: of KINDS. `phases` only for the staged permit."""

    code: str
    name: str
    kind: str
    department: str
    process: str
    form: str
    basis: str
    promise: Limit | None
    statutory: Limit | None
    materials: tuple[Asked, ...]
    phases: dict[str, Phase]

    def promise_for(self, phase: str | None) -> Limit:
        """The promise of the matter, or of the phase where it has phases."""
        return self.phases[phase].promise if phase else self._own_promise()

    def materials_for(self, phase: str | None) -> tuple[Asked, ...]:
        """What is to be attached, before what the system holds is taken off."""
        return self.phases[phase].materials if phase else self.materials

    def title(self, phase: str | None) -> str:
        """`施工许可·基坑`."""
        return f"{self.name}·{self.phases[phase].short}" if phase else self.name

    def serial_code(self, phase: str | None) -> str:
        """The matter's part of a serial number: `C051`, `C0512`, `D01`."""
        return (self.phases[phase].code if phase else self.code).replace("-", "")

    def _own_promise(self) -> Limit:
        if self.promise is None:
            raise Invalid(f"{self.name}要先选阶段。", fields={"phase": ["请选阶段"]}, code="PHASE_MISSING")
        return self.promise


@dataclass(frozen=True)
class ResultKind:
    """A result that a project may already have. material: which material it is."""

    code: str
    name: str
    authority: str
    material: str | None


SOURCES = {"UPLOAD": "上传", "E_CERT": "电子证照", "PREV_RESULT": "上一环节的结果", "SHARED_DATA": "数据共享"}
REUSES = {"project": "同一项目交过一次就不再要", "case": "每次申请都要新的"}


@dataclass(frozen=True)
class Material:
    """One material of the dictionary. key: it cannot be done without; source: of SOURCES; reuse: of REUSES."""

    code: str
    name: str
    key: bool
    source: str
    reuse: str


@dataclass(frozen=True)
class Catalogue:
    """Both files together, each named by the hash of its content."""

    matters_sha: str
    materials_sha: str
    intake: Limit
    correction: Limit
    filing_limit: Limit
    commencement: Limit
    p1_requires_planning_permit: bool
    matters: dict[str, Matter]
    results: dict[str, ResultKind]
    materials: dict[str, Material]

    def matter(self, code: str) -> Matter:
        """Raises NotFound naming the matters there are."""
        if code not in self.matters:
            known = "、".join(f"{one.code} {one.name}" for one in self.matters.values())
            raise NotFound(f"没有“{code}”这个事项。现在能申请：{known}。", code="UNKNOWN_MATTER")
        return self.matters[code]

    def title(self, code: str, phase: str | None) -> str:
        """What a case or a draft is called in lists; its code where this catalogue does not know it."""
        matter = self.matters.get(code)
        if matter is None or (phase and phase not in matter.phases):
            return f"{code}·{phase}" if phase else code
        return matter.title(phase)

    def licence(self, code: str) -> bool:
        """Whether the matter is an administrative licence (行政许可), which is granted or refused."""
        return code in self.matters and self.matters[code].kind == "P"

    def phase(self, matter: Matter, key: str | None) -> Phase | None:
        """The phase of a matter that has phases. Raises Invalid when one is missing, unknown or not wanted."""
        if not matter.phases:
            if key:
                raise Invalid(
                    f"{matter.name}不分阶段，不用选阶段。", fields={"phase": ["这个事项不分阶段"]}, code="PHASE_UNKNOWN"
                )
            return None
        if key not in matter.phases:
            known = "、".join(f"{one.key} {one.name}" for one in matter.phases.values())
            raise Invalid(f"请选阶段：{known}。", fields={"phase": ["请选一个阶段"]}, code="PHASE_UNKNOWN")
        return matter.phases[key]


def limit(raw: dict[str, Any] | None) -> Limit | None:
    """`{working_days: 3}` → Limit(3, working days)."""
    if raw is None:
        return None
    [(key, value)] = raw.items()
    unit = Unit(key)
    return Limit(0 if unit is Unit.IMMEDIATE else int(value), unit)


def _required(raw: dict[str, Any]) -> Limit:
    found = limit(raw)
    if found is None:
        raise ValueError("a limit is missing in matters.yaml")
    return found


def read(matters: bytes, materials: bytes) -> Catalogue:
    """Both files → Catalogue. Raises ValueError for files that `matters_check` finds errors in."""
    raw = plain_yaml.load(matters).data
    catalogue = Catalogue(
        matters_sha=hashlib.sha256(matters).hexdigest(),
        materials_sha=hashlib.sha256(materials).hexdigest(),
        intake=_required(raw["intake"]),
        correction=_required(raw["correction"]),
        filing_limit=_required(raw["filing_limit"]),
        commencement=_required(raw["commencement"]),
        p1_requires_planning_permit=raw["rules"]["p1_requires_planning_permit"],
        matters={code: _matter(code, one) for code, one in raw["matters"].items()},
        results={
            code: ResultKind(code, one["name"], one["authority"], one.get("material"))
            for code, one in raw["results"].items()
        },
        materials={
            code: Material(code, one["name"], one["key"], one["source"], one["reuse"])
            for code, one in plain_yaml.load(materials).data["materials"].items()
        },
    )
    asked = [one for matter in catalogue.matters.values() for one in matter.materials]
    asked += [one for matter in catalogue.matters.values() for phase in matter.phases.values() for one in phase.materials]
    named = {one.code for one in asked} | {one.material for one in catalogue.results.values() if one.material}
    if named - catalogue.materials.keys():
        raise ValueError(f"materials.yaml does not define {sorted(named - catalogue.materials.keys())}")
    return catalogue


def _asked(raw: Iterable[str | dict[str, str]]) -> tuple[Asked, ...]:
    return tuple(Asked(one) if isinstance(one, str) else Asked(*next(iter(one.items()))) for one in raw)


def _matter(code: str, raw: dict[str, Any]) -> Matter:
    return Matter(
        code=code,
        name=raw["name"],
        kind=raw["kind"],
        department=raw["department"],
        process=raw["process"],
        form=raw["form"],
        basis=raw["basis"],
        promise=limit(raw.get("promise")),
        statutory=limit(raw.get("statutory")),
        materials=_asked(raw.get("materials", ())),
        phases={
            key: Phase(
                key=key,
                code=one["code"],
                name=one["name"],
                short=one["short"],
                identifier=one["identifier"],
                mode=one.get("mode"),
                promise=_required(one["promise"]),
                scope=one["scope"],
                materials=_asked(one["materials"]),
            )
            for key, one in raw.get("phases", {}).items()
        },
    )

