"""The registrars' desk: what waits, one case with its twelve checks, and how a hold is cured. The book: ``registry_book.py``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.clock import legal_date
from server.errors import DomainError, Invalid
from server.processes import work_items
from server.registry import actions, browsing, queries, recording
from server.registry.checks import RESTRICTION_WORDS
from server.registry.land import PAYMENTS, PaymentFact
from server.registry.queries import HANDLING, Case, Line
from server.registry.steps import WORDS
from server.registry.steps import Step as Kind
from server.web import diagram_view, shell, task_forms
from server.web.access import REGISTRARS, Access, roles
from server.web.edge import current
from server.web.forms import Shown
from server.web.navigation import counted

STAFF = roles(*REGISTRARS)
ACCESS: dict[str, Access] = {
    "registry.inbox": STAFF,
    "registry.search": STAFF,
    "registry.case": STAFF,
    "registry.decide": STAFF,
    "registry.cure": STAFF,
    "registry.visit": STAFF,
}
blueprint = Blueprint("registry", __name__, url_prefix="/registry")
PAGE = 50
ROW_ID = re.compile(r"[0-9]{1,9}")
# view of the inbox → its name, its icon, the states it lists (None: all; the first is the person's own tasks)
VIEWS: Mapping[str, tuple[str, str, frozenset[Kind] | None]] = {
    "mine": ("要我办的", "user-check", None),
    "held": ("挂起", "hand-stop", frozenset({Kind.HELD})),
    "running": ("在办", "clock", HANDLING),
    "booked": ("已登簿", "check", frozenset({Kind.BOOKED})),
    "all": ("全部", "list", None),
}
# state of an application → the key of STATUS that says it
TAGS: Mapping[Kind, str] = {
    Kind.RECEIVED: "received",
    Kind.PRE_ADMITTED: "received",
    Kind.CHECKED: "running",
    Kind.HELD: "hold",
    Kind.CURED: "replied",
    Kind.ADMITTED: "running",
    Kind.REVIEWED: "running",
    Kind.CONFIRMED: "running",
    Kind.BOOKED: "done",
    Kind.REFUSED: "rejected",
    Kind.SUPERSEDED: "superseded",
}
# state → the words of its tag, where the table's own would say less
TAG_WORDS: Mapping[Kind, str] = {
    Kind.CHECKED: "待受理",
    Kind.ADMITTED: "审核中",
    Kind.REVIEWED: "待登簿",
    Kind.BOOKED: "已登簿",
    Kind.REFUSED: "不予登记",
    Kind.SUPERSEDED: "被新版替代",
}


@dataclass(frozen=True)
class Group:
    """The rows of an inbox under one heading."""

    name: str
    lines: list[Line]


def tag_word(state: Kind, admitted: bool) -> str | None:
    """The word of an application's tag: checked again after its admission, it waits for the book, not for admission."""
    return TAG_WORDS[Kind.REVIEWED] if state is Kind.CHECKED and admitted else TAG_WORDS.get(state)


@counted("registry.inbox")
def open_work(session: Session, actor: Actor, now: datetime) -> int:
    """How many tasks wait for this registrar."""
    return sum(1 for item in work_items.open_for(session, actor) if item.area == "registry")


@blueprint.get("/")
def inbox() -> ResponseReturnValue:
    """What is mine, the most urgent first; what is held; what is running; what is in the book."""
    session, actor = current.session, current.person
    view = request.args.get("view", "mine")
    if view not in VIEWS:
        view = "mine"
    scope = queries.scope_of(session, actor)
    mine = queries.inbox(session, actor)
    counts = {key: queries.count(session, scope, states=states) for key, (_, _, states) in VIEWS.items()}
    counts["mine"] = len(mine)
    offset = max(0, request.args.get("from", 0, type=int))
    if view == "mine":
        groups = _by_due(mine, legal_date(current.now))
    else:
        lines = queries.applications(session, scope, states=VIEWS[view][2], limit=PAGE, offset=offset)
        groups = [Group(VIEWS[view][0], lines)] if lines else []
    return render_template(
        "registry/inbox.html",
        views=VIEWS,
        view=view,
        counts=counts,
        groups=groups,
        tags=TAGS,
        tag_word=tag_word,
        words=WORDS,
        offset=offset,
        page=PAGE,
    )


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """By unit, parcel, place, holder, project, number; a unit's or application's own number opens it at once."""
    session, text = current.session, request.args.get("q", "")
    unit = browsing.find_unit(session, text)
    if unit is not None:
        return redirect(url_for("registry.unit", code=unit.code))
    applications = queries.search(session, text, queries.scope_of(session, current.person))
    if len(applications) == 1 and applications[0].number == text.strip():
        return redirect(url_for("registry.case", number=applications[0].number))
    parcels = browsing.parcels(session, text, limit=20) if text.strip() else []
    shell.stand_at("registry.book")
    return render_template("registry/search.html", text=text, applications=applications, parcels=parcels)


@blueprint.get("/applications/<number>")
def case(number: str) -> ResponseReturnValue:
    """One application: chain, twelve checks, why it waits, area table, records."""
    return _case_page(number)


@blueprint.post("/applications/<number>/decide")
def decide(number: str) -> ResponseReturnValue:
    """Answer the task that is open for me."""
    session, actor = current.session, current.person
    answers: Mapping[str, Any] | None = None
    try:
        item = work_items.get(session, request.form.get("work_item", 0, type=int))
        if item.subject != recording.subject(recording.by_number(session, number)):
            raise Invalid("这项任务不属于这一件。请刷新后再办。")
        form = task_forms.of(session, item, current.now)
        if (again := form.pressed(request.form)) is not None:
            return _case_page(number, answers=again)
        answers = form.read(request.form)
        seen = request.form.get("seen_revision", -1, type=int)
        actions.decide(session, actor, item, str(answers.get("outcome") or ""), answers, seen, current.now)
    except DomainError as error:
        session.rollback()
        return _case_page(number, error, answers), error.status
    flash(f"“{item.name}”已记下。", "done")
    return redirect(url_for("registry.case", number=number))


@blueprint.post("/applications/<number>/cure")
def cure(number: str) -> ResponseReturnValue:
    """Record the document that cures the hold and run all twelve again."""
    form = request.form
    try:
        payments = {
            kind: PaymentFact(True, form.get(f"{kind}_voucher", ""))
            for kind in PAYMENTS
            if form.get(f"{kind}_voucher", "").strip()
        }
        application = actions.cure(
            current.session,
            number,
            current.person,
            current.now,
            note=form.get("note", ""),
            document=form.get("document", ""),
            lifts=tuple(int(one) for one in form.getlist("lifts") if ROW_ID.fullmatch(one)),
            payments=payments,
        )
    except DomainError as error:
        current.session.rollback()
        return _case_page(number, error), error.status
    last = recording.last_step(current.session, application)
    held = last is not None and last.kind == Kind.HELD
    flash("12 项重跑完了，还有挂起的。" if held else "12 项重跑完了，没有挂起。", "action" if held else "done")
    return redirect(url_for("registry.case", number=number))


@blueprint.post("/applications/<number>/visit")
def visit(number: str) -> ResponseReturnValue:
    """Record a visit of our own to the site."""
    form = request.form
    try:
        day = _day(form.get("visited_on", ""), "visited_on")
        found = form.get("as_described")
        if found not in ("yes", "no"):
            raise Invalid("请选查看结果", fields={"as_described": ["请选与申报是否一致"]})
        actions.record_site_visit(
            current.session, number, day, found == "yes", form.get("text", ""), current.person, current.now
        )
    except DomainError as error:
        current.session.rollback()
        return _case_page(number, error), error.status
    flash("实地查看已记下，请接着重跑 12 项。", "done")
    return redirect(url_for("registry.case", number=number))


def _case_page(number: str, error: DomainError | None = None, answers: Mapping[str, Any] | None = None) -> str:
    """The page; answers: what was typed into the task's form."""
    shell.stand_at("registry.inbox")
    session, actor = current.session, current.person
    found = queries.by_number(session, number, current.now, queries.scope_of(session, actor))
    task = next((one for one in found.tasks if work_items.may_act(actor, one)), None)
    subject = recording.subject(found.application)
    return render_template(
        "registry/case.html",
        case=found,
        results=_worst_first(found),
        task=task,
        shown=_shown(session, task, answers or {}, error) if task is not None else (),
        tags=TAGS,
        tag_word=tag_word,
        words=WORDS,
        restriction_words=RESTRICTION_WORDS,
        payments=PAYMENTS,
        diagram=diagram_view.of_subject(session, subject, "首次登记流程图"),
        error=error,
        given=request.form,
    )


def _shown(
    session: Session, task: work_items.WorkItem, answers: Mapping[str, Any], error: DomainError | None
) -> tuple[Shown, ...]:
    """The visible fields of a task's form, as the running case is bound to it."""
    return task_forms.of(session, task, current.now).draw(answers, error.fields if error else None)


def _worst_first(found: Case) -> list[Any]:
    """Holds, then warnings, then passes, each in the order of the twelve."""
    rank = {"HOLD": 0, "WARN": 1, "PASS": 2}
    return sorted(found.results, key=lambda result: (rank[result.outcome], result.position))


def _by_due(lines: list[Line], today: date) -> list[Group]:
    """Overdue, today, later, and what no limit runs for yet."""
    named: dict[str, list[Line]] = {"已逾期": [], "今天到期": [], "以后到期": [], "还没有起算": []}
    for line in lines:
        if line.due is None:
            named["还没有起算"].append(line)
        elif line.due < current.now:
            named["已逾期"].append(line)
        else:
            named["今天到期" if legal_date(line.due) == today else "以后到期"].append(line)
    return [Group(name, found) for name, found in named.items() if found]


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("日期写法不对", fields={field: ["请按 2026-09-28 的样子填日期"]}) from None
