"""Why a case waits: on whom, for what, until when, whose clock runs (ui.md §4.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy.orm import Session

from server.approval import records
from server.approval.models import Case
from server.approval.queries import due
from server.approval.queries.due import DueView
from server.approval.states import CLOSED, State
from server.processes import instances, work_items
from server.processes.work_items import OWNER_LANE, WorkItem

Hand = Literal["owner", "department", "stopped", "system"]
REGISTRY = "不动产登记中心"


@dataclass(frozen=True)
class Waiting:
    """One thing a case waits for. whose: whose hand it is in; clock: whose time is running, in words; until None: no day
    is known, and `why_no_date` says why."""

    whom: str
    what: str
    until: date | None
    whose: Hand
    clock: str
    why_no_date: str
    work_item_id: int | None

    @property
    def sentence(self) -> str:
        """`住建局·审批科在作审批决定。`, without the date, which pages set in bold."""
        return f"{self.whom}在{self.what}"

    @property
    def clock_sentence(self) -> str:
        """`现在算部门的时限`: whose time is running, as part of a sentence."""
        if "停表" in self.clock:
            return "现在停表，不计部门的时限"
        return f"现在{self.clock}" if self.clock.startswith("不计") else f"现在算{self.clock}"


def why_waiting(session: Session, case: Case, now: datetime) -> list[Waiting]:
    """Everything the case waits for, one entry an open place; empty when nothing is owed to anybody."""
    state = records.now_in(session, case)
    return all_waiting(session, [(case, state)], due.dues_of(session, [case.id], now))[case.id]


def all_waiting(
    session: Session, cases: Iterable[tuple[Case, State]], limits: Mapping[int, DueView]
) -> dict[int, list[Waiting]]:
    """The same for many cases, by their ids: two statements. limits: their leading limits, as `due.dues_of` gives them."""
    rows = list(cases)
    tasks = work_items.for_subjects(session, [f"case:{case.id}" for case, _ in rows])
    closed = [case.instance_id for case, state in rows if state in CLOSED and case.instance_id is not None]
    running = instances.running_among(session, closed)
    found: dict[int, list[Waiting]] = {}
    for case, state in rows:
        if state is State.WITHDRAWAL_PENDING:
            waits = [
                Waiting("承办科室", "确认撤回、退还材料", None, "department", "不计部门时限", "没有法定期限", None)
            ]
        else:
            waits = [_for(item, limits.get(case.id), state) for item in tasks.get(f"case:{case.id}", ())]
        if not waits and state in CLOSED and case.instance_id in running:  # it waits for the registry's answer
            reason = "首次登记自正式受理起当日办结"
            waits = [Waiting(REGISTRY, "办首次登记", None, "system", "登记机构的时限", reason, None)]
        found[case.id] = waits
    return found


def _for(item: WorkItem, limit: DueView | None, state: State) -> Waiting:
    running = limit if limit is not None and limit.closed is None else None
    until = running.date if running else None
    no_date = running.note if running else "没有正在走的期限"
    if item.unit == OWNER_LANE:
        if state is State.SPECIAL_STARTED:
            why = "整改时间由您定，期间停表"
            return Waiting("您", item.name, None, "owner", "部门的时限停表", why, item.id)
        return Waiting("您", item.name, until, "owner", "您的补正期限", no_date, item.id)
    if running is not None and running.level == "stopped":
        return Waiting(item.unit, item.name, until, "stopped", "停表中", no_date, item.id)
    return Waiting(item.unit, item.name, until, "department", "部门的时限", no_date, item.id)
