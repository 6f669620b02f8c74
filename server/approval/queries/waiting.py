"""Why a case waits: on whom, for what, until when, whose clock runs (ui.md §4.4)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy.orm import Session

from server.approval import records
from server.approval.models import Case
from server.approval.queries.due import DueView, due_of
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


def why_waiting(session: Session, case: Case, now: datetime) -> list[Waiting]:
    """Everything the case waits for, one entry an open place; empty when nothing is owed to anybody."""
    state = records.now_in(session, case)
    due = due_of(session, case, now)
    if state is State.WITHDRAWAL_PENDING:
        return [Waiting("承办科室", "确认撤回、退还材料", None, "department", "不计部门时限", "没有法定期限", None)]
    found = [_for(item, due, state) for item in work_items.for_subject(session, f"case:{case.id}")]
    if not found and _at_the_registry(session, case, state):
        reason = "首次登记自正式受理起当日办结"
        return [Waiting(REGISTRY, "办首次登记", None, "system", "登记机构的时限", reason, None)]
    return found


def _at_the_registry(session: Session, case: Case, state: State) -> bool:
    """Filed, and the process still runs without a task: it waits for the registry's answer."""
    if state not in CLOSED or case.instance_id is None:
        return False
    return instances.run(session, case.instance_id).status == "running"


def _for(item: WorkItem, due: DueView | None, state: State) -> Waiting:
    running = due if due is not None and due.closed is None else None
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
