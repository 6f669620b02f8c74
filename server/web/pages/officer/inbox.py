"""The officer's inbox: what is mine, the most urgent first, and claiming."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval.queries import inbox as queries
from server.approval.queries.inbox import Handled, Line
from server.clock import legal_date
from server.errors import DomainError, NotFound
from server.processes import definitions, forms, work_items
from server.web.access import Access
from server.web.edge import current
from server.web.navigation import counted
from server.web.pages.officer.desk import DONE, OFFICER, PAGE, VIEWS, blueprint, chosen, in_view

ACCESS: dict[str, Access] = dict.fromkeys(("officer.inbox", "officer.claim"), OFFICER)
WARNINGS = {"已逾期": "alert-circle", "撤件待确认": "arrow-back-up", "停表中，不计时": "player-pause"}


@counted("officer.inbox")
def open_work(session: Session, actor: Actor, now: datetime) -> int:
    """How many tasks wait for this officer or for anybody of the unit."""
    return queries.count(session, actor)


@dataclass(frozen=True)
class Group:
    """The rows under one heading. total: how many there are on all pages."""

    name: str
    icon: str
    total: int
    lines: list[Line]


@blueprint.get("/")
def inbox() -> ResponseReturnValue:
    """What waits, grouped by due day; what a colleague has; what I did."""
    session, actor = current.session, current.person
    wanted = chosen()
    everything = queries.work(session, actor, current.now)
    offset = max(0, request.args.get("from", 0, type=int))
    counts = {view: sum(in_view(view, one) for one in everything) for view in VIEWS}
    seen = [one for one in everything if in_view(wanted.view, one)]
    lines = [one for one in seen if wanted.takes(one)]
    total, handled, words = len(lines), list[Handled](), dict[tuple[str, int, str], str]()
    if wanted.view == DONE:
        handled, total = queries.handled(session, actor, current.now, limit=PAGE, offset=offset)
        words = _outcome_words(session, handled)
        lines = []
    return render_template(
        "officer/inbox.html",
        views=VIEWS,
        wanted=wanted,
        counts=counts,
        titles=sorted(Counter(one.title for one in seen).items()),
        groups=_groups(lines, offset),
        handled=handled,
        words=words,
        offset=offset,
        page=PAGE,
        total=total,
    )


def _groups(lines: list[Line], offset: int) -> list[Group]:
    today = legal_date(current.now)
    names = [queries.group_of(one, today) for one in lines]
    totals = Counter(names)
    shown: dict[str, list[Line]] = {}
    for name, line in list(zip(names, lines, strict=True))[offset : offset + PAGE]:
        shown.setdefault(name, []).append(line)
    return [Group(name, WARNINGS.get(name, ""), totals[name], rows) for name, rows in shown.items()]


def _outcome_words(session: Session, rows: list[Handled]) -> dict[tuple[str, int, str], str]:
    """(form, version, outcome) → the outcome in the words of the form it was chosen on."""
    found: dict[tuple[str, int, str], str] = {}
    for form_id, version_id in {(one.form_id, one.version_id) for one in rows if one.form_id and one.version_id}:
        form = forms.load(definitions.form(session, form_id, version_id, now=current.now))
        for field in form.walk():
            if field.key == "outcome":
                found |= {(form_id, version_id, one.value): one.label for one in field.options}
    return found


@blueprint.post("/tasks/<int:item_id>/claim")
def claim(item_id: int) -> ResponseReturnValue:
    """Take a task, or give it back to the unit; then back to where it was pressed."""
    session, actor, wanted = current.session, current.person, chosen()
    serial = request.form.get("serial", "")
    back = (
        url_for("officer.case", serial=serial, task=item_id, **wanted.query)
        if serial
        else url_for("officer.inbox", **wanted.query)
    )
    try:
        if "release" in request.form:
            work_items.release(session, item_id, actor, current.now)
            flash("已退回科室，同事可以领取。", "done")
        else:
            work_items.claim(session, item_id, actor, current.now)
    except NotFound:
        flash("这项任务已经办完，不用领取了。", "warn")
    except DomainError as refusal:
        flash(refusal.message, "warn")
    return redirect(back)
