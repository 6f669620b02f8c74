"""What the checks look at: one frozen picture of a project and of what is applied for. Pure data, drawn by `evidence`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

IN_FORCE = frozenset({"ACTIVE", "EXTENDED", "RESUMED"})
"""Permit statuses under which work may go on (domain 2.3)."""
STATUS_WORDS = {
    "ACTIVE": "有效",
    "EXTENDED": "已延期",
    "SUSPENDED": "中止施工",
    "RESUMED": "已恢复",
    "SUPERSEDED": "已被替代",
    "CANCELLED": "已注销",
    "REVOKED": "已撤销",
    "LAPSED": "已废止",
    "COMPLETED": "已竣工",
}


@dataclass(frozen=True)
class BuildingView:
    """A building of the planning permit; areas in ㎡."""

    number: str
    use: str
    floors_above: int
    floors_below: int
    planned_area: Decimal
    civil_defence_area: Decimal = Decimal(0)

    @property
    def has_basement(self) -> bool:
        """It has floors below ±0.000."""
        return self.floors_below > 0

    @property
    def has_superstructure(self) -> bool:
        """It has floors above ±0.000."""
        return self.floors_above > 0

    def takes(self, phase: str) -> bool:
        """Whether a phase of the permit means anything for this building (domain 2.2)."""
        if phase == "P2":
            return self.has_basement
        if phase == "P3":
            return self.has_superstructure
        return True


@dataclass(frozen=True)
class PermitView:
    """A permit: its phase, its status and the buildings it covers."""

    number: str
    phase: str
    status: str
    issued_on: date
    buildings: frozenset[str]

    @property
    def in_force(self) -> bool:
        """Work may go on under it."""
        return self.status in IN_FORCE


@dataclass(frozen=True)
class ResultView:
    """The newest result of a code."""

    code: str
    number: str
    title: str
    issued_on: date
    valid_until: date | None
    data: Mapping[str, Any]


@dataclass(frozen=True)
class OpenCase:
    """A case nobody has finished yet."""

    serial: str
    matter: str
    phase: str | None
    buildings: frozenset[str]


@dataclass(frozen=True)
class Passed:
    """A matter that was completed for the project: the joint acceptance, the filing."""

    matter: str
    serial: str
    on: date
    number: str


@dataclass(frozen=True)
class Held:
    """A material the system has already: where from, and its file where there is one."""

    origin: str
    file_id: int | None = None


@dataclass(frozen=True)
class Picture:
    """The project as it stands. held: material code → what the system has of it. qualified_on: the day the filing's
    fifteen days run from, filing_due its last day (None: not computable or not running)."""

    project_code: str
    flow_type: str
    permit_mode: str | None
    closed: bool
    today: date
    buildings: tuple[BuildingView, ...] = ()
    permits: tuple[PermitView, ...] = ()
    results: Mapping[str, ResultView] = field(default_factory=dict)
    open_cases: tuple[OpenCase, ...] = ()
    passed: tuple[Passed, ...] = ()
    held: Mapping[str, Held] = field(default_factory=dict)
    consent_signed: bool = False
    qualified_on: date | None = None
    filing_due: date | None = None

    def building(self, number: str) -> BuildingView | None:
        """A building by its number."""
        return next((one for one in self.buildings if one.number == number), None)

    def result(self, *codes: str) -> ResultView | None:
        """The first of these results that is there and has not run out."""
        for code in codes:
            found = self.results.get(code)
            if found and (found.valid_until is None or found.valid_until >= self.today):
                return found
        return None

    def permits_for(self, building: str, phase: str) -> list[PermitView]:
        """All permits of a building and phase, in force or not, the newest last."""
        return [one for one in self.permits if one.phase == phase and building in one.buildings]

    def has_permit(self, building: str, phase: str) -> bool:
        """Whether a permit in force covers the building in this phase."""
        return any(one.in_force for one in self.permits_for(building, phase))

    def done(self, matter: str) -> Passed | None:
        """The completed case of a matter, if any."""
        return next((one for one in self.passed if one.matter == matter), None)


@dataclass(frozen=True)
class Wanted:
    """What is applied for. materials: codes attached now; facts: the form's values."""

    matter: str
    phase: str | None
    buildings: tuple[str, ...]
    facts: Mapping[str, Any]
    materials: frozenset[str]
    serial: str = ""
    """Of the case itself, when a case is checked again: it does not stand in its own way."""



Level = Literal["block", "ask", "doubt"]


@dataclass(frozen=True)
class Finding:
    """What a check says. level: block (cannot be submitted), ask (the window will ask for it), doubt (may be meant).

    code: short and stable; words: what is and why it matters; cure: what to do; field: the fact, material or building
    it is about; state: it is about the state of the project, not about what was filled in.
    """

    level: Level
    code: str
    words: str
    cure: str
    field: str
    state: bool = False

    @property
    def sentence(self) -> str:
        """Both halves as one text."""
        return f"{self.words}{self.cure}"
