"""The four stages of a project as they were walked (办到哪了). Arranges what is on file; computes nothing legal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.approval.matters import Catalogue
from server.approval.models import Application, Result
from server.web.pages.owner.standing import Standing

STAGES = (("A", "立项用地规划许可"), ("B", "工程建设许可"), ("C", "施工许可"), ("D", "竣工验收"))


@dataclass(frozen=True)
class Stop:
    """One thing in a stage of the road map: a result on file or a case."""

    title: str
    status: str
    day: date | None
    serial: str
    draft: int


@dataclass(frozen=True)
class Stage:
    """A stage of the road map. state: done, run, or empty while nothing has begun."""

    name: str
    state: str
    stops: list[Stop]


def stages(
    rules: Catalogue, results: Iterable[Result], cases: list[Standing], drafts: list[Application], closed: bool
) -> list[Stage]:
    """The four stages: results by their code's letter, cases and drafts by their matter's."""
    stops: dict[str, list[Stop]] = {letter: [] for letter, _ in STAGES}
    for one in results:
        if one.case_id is None:
            letter = one.code[0] if one.code[0] in stops else "D"
            stops[letter].append(Stop(one.title, "done", one.issued_on, "", 0))
    for standing in reversed(cases):
        day = None if standing.open else standing.last.legal_date
        stops[standing.case.matter[0]].append(Stop(standing.title, standing.status, day, standing.case.serial, 0))
    for draft in drafts:
        title = rules.title(draft.matter, draft.phase)
        stops[draft.matter[0]].append(Stop(title, "draft", None, "", draft.id))
    reached = max((place for place, (letter, _) in enumerate(STAGES) if stops[letter]), default=-1)
    running = {one.case.matter[0] for one in cases if one.open} | {one.matter[0] for one in drafts}
    return [
        Stage(name, _state(bool(stops[letter]), closed or (place < reached and letter not in running)), stops[letter])
        for place, (letter, name) in enumerate(STAGES)
    ]


def _state(begun: bool, over: bool) -> str:
    if not begun:
        return ""
    return "done" if over else "run"
