"""Where an owner's cases stand and what they ask of her: what the list, the project's home and 要我办的 have in common."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval.catalogues import catalogue_of, titles_of
from server.approval.matters import Catalogue
from server.approval.models import Application, Case, CaseRecord, Permit, Project
from server.approval.queries import due, lookup, waiting
from server.approval.states import CLOSED, State
from server.processes import work_items
from server.web import navigation
from server.web.status import for_state

MOST = 5000
"""Cases one owner can have on a page; more than any has."""


@dataclass(frozen=True)
class Standing:
    """A case where it stands now: its last record, its running limit, what it waits for, the owner's part first."""

    case: Case
    title: str
    status: str
    open: bool
    last: CaseRecord
    due: due.DueView | None
    waiting: list[waiting.Waiting]

    @property
    def asks_owner(self) -> bool:
        """Something in it waits for the owner."""
        return any(one.whose == "owner" for one in self.waiting)


def standings(
    session: Session, actor: Actor, now: datetime, project_ids: Iterable[int] | None = None
) -> list[Standing]:
    """The cases of this person's organisation (in these projects), the newest first; the same few statements however
    many there are."""
    rows = lookup.cases(session, actor, project_ids=project_ids, limit=MOST)
    cases = [(case, State(record.state)) for case, record, _ in rows]
    ids = [case.id for case, _ in cases]
    limits = due.dues_of(session, ids, now)
    waits = waiting.all_waiting(session, cases, limits)
    titles = _titles(session, [case for case, _ in cases], now)
    found = []
    for case, record, _ in rows:
        limit = limits.get(case.id)
        status = for_state(record.state, permit=catalogue_of(session, case, now).licence(case.matter))
        owed = sorted(waits[case.id], key=lambda one: one.whose != "owner")
        running = State(record.state) not in CLOSED
        shown = limit if limit is not None and limit.closed is None else None
        found.append(Standing(case, titles[case.id], status, running, record, shown, owed))
    return found


def _titles(session: Session, cases: list[Case], now: datetime) -> dict[int, str]:
    """What each case is called; two of one name in a project say which buildings they are about."""
    names = titles_of(session, cases, now)
    often = Counter((one.project_id, names[one.id]) for one in cases)
    alike = [one for one in cases if one.phase and often[one.project_id, names[one.id]] > 1]
    buildings = lookup.buildings_of(session, [one.id for one in alike])
    for one in alike:
        if one.id in buildings:
            names[one.id] += f"（{some_of(buildings[one.id])}）"
    return names


def some_of(numbers: list[str]) -> str:
    """``6#、7#``, or ``6# 等 8 栋`` where there are many."""
    return "、".join(numbers) if len(numbers) <= 3 else f"{numbers[0]} 等 {len(numbers)} 栋"


def most_urgent(cases: Iterable[Standing]) -> list[Standing]:
    """Those that wait for something: the owner's first, then by the day they are due."""
    waits = [one for one in cases if one.waiting]
    return sorted(waits, key=lambda one: (not one.asks_owner, (one.due and one.due.date) or date.max, -one.case.id))


@dataclass(frozen=True)
class Task:
    """Something only the owner can do: what, a hint, where."""

    title: str
    hint: str
    until: date | None
    label: str
    endpoint: str
    values: dict[str, object]
    project: Project


Owed = tuple[Permit, Project, date | None]


def tasks_of(
    rules: Catalogue,
    cases: Iterable[Standing],
    begun: Iterable[Application],
    owed: Iterable[Owed],
    projects: dict[int, Project],
) -> list[Task]:
    """Open tasks of the owner's lane first, then work to be reported as begun, then what she began to fill in."""
    found = [
        Task(
            one.what,
            f"{standing.title}等您办，{one.clock_sentence}。" + ("" if one.until else f"{one.why_no_date}。"),
            one.until,
            "去办",
            "owner.corrections",
            {"serial": standing.case.serial},
            projects[standing.case.project_id],
        )
        for standing in cases
        for one in standing.waiting
        if one.whose == "owner"
    ]
    found.sort(key=lambda task: task.until or date.max)
    found += [
        Task(
            "开工后报告开工日期",
            f"施工许可证 {permit.number} 已发，发证起 {rules.commencement.words}内开工，开工了就来报。",
            last,
            "报告开工",
            "owner.commencement",
            {"number": permit.number},
            project,
        )
        for permit, project, last in owed
    ]
    return found + [_to_go_on(rules, draft, projects[draft.project_id]) for draft in begun]


def _to_go_on(rules: Catalogue, draft: Application, project: Project) -> Task:
    about = f"{some_of(draft.buildings)}。" if draft.buildings else ""
    return Task(
        f"填好{rules.title(draft.matter, draft.phase)}申请",
        f"{about}还是草稿，没有提交，审批人员看不到。",
        None,
        "继续填写",
        "owner.application",
        {"application_id": draft.id},
        project,
    )


@navigation.counted("owner.todo")
def count_tasks(session: Session, actor: Actor, _now: datetime) -> int:
    """What the page lists: open tasks in the owner's lane, work to be reported, drafts she began."""
    tasks = len(work_items.open_for(session, actor))
    return tasks + len(lookup.commencements_owed(session, actor)) + len(lookup.drafts(session, actor))
