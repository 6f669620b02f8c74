"""The blueprint of the officer's pages, how they find a case, and the order in which an officer works through the inbox."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request

from server.approval.models import Case, Project
from server.approval.queries import inbox, lookup
from server.approval.queries.inbox import Line
from server.web.access import OFFICERS, SUPERVISORS, roles
from server.web.edge import current

blueprint = Blueprint("officer", __name__, url_prefix="/officer")
OFFICER = roles(*OFFICERS)
READERS = roles(*OFFICERS, *SUPERVISORS, "admin")
PAGE = 50

# view of the inbox → its name and its icon
VIEWS = {
    "todo": ("全部待办", "inbox"),
    "mine": ("我领取的", "user-check"),
    "free": ("科室待领", "users"),
    "soon": ("快到期", "clock"),
    "late": ("已逾期", "alert-circle"),
    "withdrawals": ("撤件待确认", "arrow-back-up"),
    "colleagues": ("同事在办", "hourglass"),
}
DONE = "done"


@dataclass(frozen=True)
class Filter:
    """Which rows of the inbox are looked at; it goes along from page to page, so that “next” keeps to it."""

    view: str
    title: str

    @property
    def query(self) -> dict[str, Any]:
        """As the query of an address; the defaults are left out."""
        return ({"view": self.view} if self.view != "todo" else {}) | ({"matter": self.title} if self.title else {})

    def takes(self, line: Line) -> bool:
        """Whether the row is one of these."""
        return in_view(self.view, line) and self.title in ("", line.title)


def chosen() -> Filter:
    """The filter of the present request."""
    view = request.values.get("view", "todo")
    return Filter(view if view in VIEWS or view == DONE else "todo", request.values.get("matter", ""))


def in_view(view: str, line: Line) -> bool:
    """Whether a row belongs to a view of the inbox."""
    actor = current.person
    colleague = line.held_by_colleague(actor)
    if view == "colleagues":
        return colleague
    if view == "mine":
        return line.held_by(actor)
    if view == "free":
        return line.task is not None and line.task.claimed_by is None
    if view == "soon":
        return not colleague and line.level in ("yellow", "red")
    if view == "late":
        return not colleague and line.level == "black"
    if view == "withdrawals":
        return line.withdrawing
    return not colleague


def case_at(serial: str) -> tuple[Case, Project]:
    """The case of this number and its project. NotFound also for who may not see it."""
    found = lookup.case(current.session, current.person, serial)
    return found, current.session.get_one(Project, found.project_id)


@dataclass(frozen=True)
class Place:
    """Where a task stands in the officer's order. at: from 1; earlier, later: its neighbours."""

    at: int
    total: int
    earlier: Line | None
    later: Line | None


def place_of(item_id: int, wanted: Filter) -> Place | None:
    """The place of a task among the rows of the filter; None when it is not one of them."""
    lines = [one for one in inbox.work(current.session, current.person, current.now) if wanted.takes(one)]
    for at, line in enumerate(lines):
        if line.task is not None and line.task.id == item_id:
            return Place(
                at + 1,
                len(lines),
                lines[at - 1] if at else None,
                lines[at + 1] if at + 1 < len(lines) else None,
            )
    return None


def next_after(at: int, wanted: Filter) -> Line | None:
    """What to work on after the task that stood at place `at` is done: what stands there now, else the first."""
    lines = [one for one in inbox.work(current.session, current.person, current.now) if wanted.takes(one)]
    if not lines:
        return None
    return lines[at - 1] if at <= len(lines) else lines[0]
