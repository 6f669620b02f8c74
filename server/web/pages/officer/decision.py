"""One case for the officer: everything needed for the decision on one page, and the decision itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from server.accounts.models import Organisation
from server.approval import actions, judging, records, states
from server.approval.actions.withdrawal import CONFIRMING
from server.approval.catalogues import catalogue_of, title_of
from server.approval.checks import Check
from server.approval.models import Case, CaseRecord, Decision, Project
from server.approval.queries import due, lookup, outcomes, waiting
from server.approval.queries.outcomes import Consequence
from server.approval.states import State
from server.documents import papers
from server.errors import Conflict, DomainError, Invalid
from server.processes import work_items
from server.processes.work_items import OWNER_LANE, WorkItem
from server.web import task_forms
from server.web.access import Access
from server.web.edge import current
from server.web.forms import Shown
from server.web.pages.officer import tabs
from server.web.pages.officer.desk import (
    OFFICER,
    READERS,
    Place,
    blueprint,
    case_at,
    chosen,
    next_after,
    place_of,
)
from server.web.shell import stand_at
from server.web.status import for_state
from server.web.task_forms import TaskForm

ACCESS: dict[str, Access] = {"officer.case": READERS} | dict.fromkeys(
    ("officer.task", "officer.decide", "officer.withdrawal_page", "officer.withdrawal"), OFFICER
)


@dataclass(frozen=True)
class Head:
    """What stands above a case whatever tab is open."""

    case: Case
    project: Project
    owner: str
    title: str
    state: State
    status: str
    due: due.DueView | None
    withdrawal: CaseRecord | None
    """What the owner said when asking for the case back, while that waits for an answer."""
    buildings: list[str]
    """What a permit is asked for; empty where the matter is about the whole project."""


@dataclass(frozen=True)
class Pane:
    """The right half: what is asked of this officer. consequence: what the chosen outcome leads to."""

    task: WorkItem
    shown: tuple[Shown, ...]
    outcome: str
    button: str
    consequence: Consequence | None
    once: bool
    """Only one such list may be sent."""


def _head(case: Case, project: Project) -> Head:
    session = current.session
    rules = catalogue_of(session, case, current.now)
    record = session.get_one(CaseRecord, case.last_record_id)
    state = State(record.state)
    return Head(
        case,
        project,
        session.get_one(Organisation, case.owner_organisation_id).name,
        rules.title(case.matter, case.phase),
        state,
        for_state(record.state, permit=rules.licence(case.matter), officer=True),
        due.due_of(session, case, current.now),
        record if state is State.WITHDRAWAL_PENDING else None,
        lookup.buildings_of(session, [case.id]).get(case.id, []) if case.phase else [],
    )


@blueprint.get("/cases/<serial>")
def case(serial: str) -> ResponseReturnValue:
    """The case, and the form of the task that is open for this officer."""
    found, project = case_at(serial)
    return _page(found, project, request.args.get("task", type=int))


@blueprint.get("/cases/<serial>/tasks/<int:item_id>")
def task(serial: str, item_id: int) -> ResponseReturnValue:
    """Where a refused form was drawn anew: opened again, it is the case's page."""
    return redirect(url_for("officer.case", serial=serial, task=item_id, **chosen().query))


@blueprint.post("/cases/<serial>/tasks/<int:item_id>")
def decide(serial: str, item_id: int) -> ResponseReturnValue:
    """Decide the task; a refusal draws the page anew with everything that was typed."""
    session, actor = current.session, current.person
    found, project = case_at(serial)
    task = _open(found, item_id)
    if task is None:
        gone = Conflict(_gone(found, item_id), code="WORK_ITEM_GONE")
        return _page(found, project, item_id, error=gone), gone.status
    form = task_forms.of(session, task, current.now)
    again = form.pressed(request.form)
    if again is not None:
        return _page(found, project, item_id, answers=again)
    answers = form.read(request.form)
    outcome = str(answers.get("outcome") or "")
    wanted = chosen()
    place = place_of(item_id, wanted)
    try:
        seen = request.form.get("seen_revision", -1, type=int)
        actions.decide(session, actor, task, outcome, answers, seen, current.now)
    except DomainError as refusal:
        session.rollback()
        return _page(found, project, item_id, answers=answers, error=refusal), refusal.status
    following = next_after(place.at, wanted) if place else None
    done = f"{project.name} {title_of(session, found, current.now)}：“{form.label(outcome)}”已记下。"
    if following is None:
        flash(f"{done}这里没有别的要办了。", "done")
        return redirect(url_for("officer.inbox", **wanted.query))
    flash(f"{done}接着是下一件。", "done")
    task_id = following.task.id if following.task else None
    return redirect(url_for("officer.case", serial=following.serial, task=task_id, arrived="", **wanted.query))


@blueprint.get("/cases/<serial>/withdrawal")
def withdrawal_page(serial: str) -> ResponseReturnValue:
    """Where a refused answer was drawn anew: opened again, it is the case's page."""
    return redirect(url_for("officer.case", serial=serial, **chosen().query))


@blueprint.post("/cases/<serial>/withdrawal")
def withdrawal(serial: str) -> ResponseReturnValue:
    """Answer a withdrawal: confirm that the materials go back, or refuse with a reason."""
    found, project = case_at(serial)
    answer, opinion = request.form.get("answer", ""), request.form.get("opinion", "")
    if answer not in ("confirm", "refuse"):
        unsaid = Invalid("请按“确认撤回”或者“不准撤回，接着办”。", code="ANSWER")
        return _page(found, project, None, error=unsaid, opinion=opinion), unsaid.status
    confirmed = answer == "confirm"
    act = actions.confirm_withdrawal if confirmed else actions.refuse_withdrawal
    try:
        act(current.session, current.person, found, opinion, current.now)
    except DomainError as refusal:
        current.session.rollback()
        return _page(found, project, None, error=refusal, opinion=opinion), refusal.status
    words = "已确认撤回，材料退回了建设单位的草稿。" if confirmed else "已答复不准撤回，这一件接着办。"
    flash(words, "done")
    if confirmed:
        return redirect(url_for("officer.inbox", **chosen().query))
    return redirect(url_for("officer.case", serial=serial))


def _open(found: Case, item_id: int) -> WorkItem | None:
    """A task of this case that is still open."""
    items = work_items.for_subject(current.session, f"case:{found.id}")
    return next((one for one in items if one.id == item_id), None)


def _gone(found: Case, item_id: int) -> str:
    """Who was quicker, or what ended the task."""
    done = current.session.scalar(select(Decision).where(Decision.work_item_id == item_id, Decision.case_id == found.id))
    if done is not None:
        whose = "您" if done.actor_id == current.person.account_id else done.actor
        return f"“{done.name}”已由{whose}办完。这一次没有再记，左边是现在的情况。"
    state = states.WORDS[records.now_in(current.session, found)]
    return f"这项任务已经不在了，这一件现在是“{state}”。左边是现在的情况。"


def _page(
    found: Case,
    project: Project,
    item_id: int | None,
    *,
    answers: Mapping[str, Any] | None = None,
    error: DomainError | None = None,
    opinion: str = "",
) -> str:
    stand_at("officer.inbox")
    session, actor, now = current.session, current.person, current.now
    head, wanted = _head(found, project), chosen()
    open_tasks = work_items.for_subject(session, f"case:{found.id}")
    mine = [one for one in open_tasks if one.unit != OWNER_LANE and work_items.may_act(actor, one)]
    task = next((one for one in mine if one.id == item_id), mine[0] if mine else None)
    if task is not None and item_id not in (None, task.id):
        task = None if error else task  # what was typed belongs to a task that is gone
    looked = None if head.state in states.CLOSED else outcomes.checked(session, found, project, now)
    pane = None
    if task is not None and head.withdrawal is None and task.claimed_by in (None, actor.account_id):
        pane = _pane(found, task, looked, answers, error)
    seen = request.form.get("seen_revision", found.revision, type=int)
    tab = request.values.get("tab", "")
    tab = tab if tab in tabs.TABS else tabs.first(head.state, task.form_id if task else None)
    shown = tabs.Shown(found, project, head.title, looked)
    place: Place | None = place_of(task.id, wanted) if task is not None and actor.unit else None
    troubles = outcomes.troubles(looked) if looked else []
    return render_template(
        "officer/case.html",
        head=head,
        tab=tab,
        tabs=[(key, name, len(troubles) if key == "checks" and troubles else None) for key, (name, _) in tabs.TABS.items()],
        content=tabs.TABS[tab][1](shown),
        task=task,
        pane=pane,
        others=[one for one in mine if task is None or one.id != task.id],
        waiting=waiting.why_waiting(session, found, now),
        papers=papers.of(session, f"case:{found.id}"),
        place=place,
        wanted=wanted,
        error=error,
        gone=_gone(found, item_id) if item_id is not None and error is None and item_id not in [one.id for one in open_tasks] else "",
        typed=_typed() if error is not None and pane is None and not head.withdrawal else "",
        opinion=opinion,
        newer=found.revision > seen,
        problems=_problems(pane, error, head),
        may_answer=actor.has(*CONFIRMING),
        officer=bool(OFFICER.roles & actor.roles),
    )


def _typed() -> str:
    """Every text that was sent, for a page that has no form to put it back into."""
    ours = ("csrf_token", "seen_revision", "tab", "outcome", "view", "matter")
    texts = [text.strip() for name, text in request.form.items() if name not in ours and not name.endswith(".kind")]
    return "\n".join(text for text in texts if text)


def _problems(pane: Pane | None, error: DomainError | None, head: Head) -> list[tuple[str, str]]:
    if pane is not None:
        return task_forms.problems(pane.shown, error)
    if error is None:
        return []
    listed = [(field, words) for field, sentences in error.fields.items() for words in sentences]
    return listed if listed and head.withdrawal else [(task_forms.ADDRESSED, error.message)]


def _pane(
    found: Case, task: WorkItem, looked: Check | None, answers: Mapping[str, Any] | None, error: DomainError | None
) -> Pane:
    session, rules = current.session, catalogue_of(current.session, found, current.now)
    form = task_forms.of(session, task, current.now)
    given = dict(answers or {})
    if form.asks("items") and "correct" in form.outcomes and not given.get("items") and looked:
        suggested = outcomes.suggested_items(looked, rules.matter(found.matter).basis)
        given |= {"items": suggested} if suggested else {}
    off = outcomes.impossible(session, current.person, found, form.outcomes, looked) if looked else {}
    shown = form.draw(given, error.fields if error else None, off)
    outcome = _chosen_outcome(shown)
    items = sum(len(one.rows) for one in shown if one.field.key == "items")
    failing = 0
    if outcome == "conclude":
        bad = [one for one in judging.verdicts(session, found.id) if not one.passed]
        failing = len(bad)
        items = sum(len(judging.items_in(one.decision.answers, one.decision.opinion, one.name)) for one in bad)
    after = outcomes.consequence(rules, found, task, outcome, items, failing, current.now) if outcome else None
    return Pane(task, shown, outcome, _button(form, task, outcome, items, failing), after, outcome in judging.ASKING)


def _chosen_outcome(shown: tuple[Shown, ...]) -> str:
    fields = [one for one in shown if one.field.key == task_forms.OUTCOME]
    return next((one.value for field in fields for one in field.choices if one.chosen and not one.off), "")


def _button(form: TaskForm, task: WorkItem, outcome: str, items: int, failing: int) -> str:
    """The one filled button names the outcome."""
    if not outcome:
        return f"提交“{task.name}”"
    if outcome == "correct":
        return f"发出补正告知（{items} 项）"
    if outcome == "conclude":
        return f"发出整改清单（{items} 条）" if failing else "出具联合验收意见书"
    return form.label(outcome)
