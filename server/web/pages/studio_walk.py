"""Walking a process by hand: a draft or the version in force, as any role, with the real forms and nothing real behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server.errors import DomainError, Invalid
from server.processes import definitions, forms, walks
from server.processes.forms import Form
from server.processes.walk_course import OpenTask, Standing
from server.processes.walks import Walking
from server.web.access import DESIGNERS, Access, roles
from server.web.diagram_view import Diagram
from server.web.edge import current
from server.web.forms import Shown
from server.web.shell import stand_at
from server.web.task_forms import TaskForm, problems

WALKERS, DESIGNER = roles(*DESIGNERS), roles("process_designer")
ACCESS: dict[str, Access] = {
    f"studio_walk.{view}": WALKERS
    for view in (
        "begin",
        "start",
        "begin_in_force",
        "start_in_force",
        "walk",
        "model",
        "task",
        "job",
        "message",
        "wake",
        "undo",
        "restart",
    )
} | {"studio_walk.keep": DESIGNER}
blueprint = Blueprint("studio_walk", __name__, url_prefix="/studio")
MOST_FIELDS = 100
"""Variables that one page asks for at most."""


@dataclass(frozen=True)
class Pane:
    """The task that is being filled in. shown: its fields; form: None when the file is missing or cannot be read."""

    task: OpenTask
    form: TaskForm | None
    shown: tuple[Shown, ...]
    trouble: str


# -- beginning


@blueprint.get("/changes/<int:change_id>/walk/<process_id>")
def begin(change_id: int, process_id: str) -> ResponseReturnValue:
    """What a walk of a change set's process begins with; my own unsaved drafts count."""
    return _beginning(process_id, change_id)


@blueprint.post("/changes/<int:change_id>/walk/<process_id>")
def start(change_id: int, process_id: str) -> ResponseReturnValue:
    """Begin it."""
    return _start(process_id, change_id)


@blueprint.get("/processes/<process_id>/walk")
def begin_in_force(process_id: str) -> ResponseReturnValue:
    """What a walk of the version in force begins with."""
    return _beginning(process_id, None)


@blueprint.post("/processes/<process_id>/walk")
def start_in_force(process_id: str) -> ResponseReturnValue:
    """Begin it."""
    return _start(process_id, None)


def _beginning(process_id: str, change_id: int | None, error: DomainError | None = None) -> str:
    stand_at("studio.versions" if change_id is None else "studio.changes")
    session, actor = current.session, current.person
    try:
        found = walks.beginning(session, process_id, change_id, actor, current.now)
    except Invalid as refused:  # a draft that the engine cannot run yet is an ordinary thing
        return render_template("studio/walk_refused.html", process_id=process_id, change_id=change_id, error=refused)
    earlier = [
        one for one in walks.mine(session, actor) if (one.process_id, one.change_set_id) == (process_id, change_id)
    ]
    called = {one.name: one.label for one in found.asked}
    values = _rows() if error is not None else [(one.name, one.value) for one in found.asked]
    return render_template(
        "studio/walk_begin.html",
        beginning=found,
        change_id=change_id,
        values=[(name, value, called.get(name, "")) for name, value in values],
        earlier=earlier[:3],
        error=error,
        by_hand="by_hand" in request.form,
        chosen=request.form.get("message", ""),
        more=request.form.get("more", ""),
    )


def _start(process_id: str, change_id: int | None) -> ResponseReturnValue:
    message = request.form.get("message") or None
    try:
        walk = walks.begin(
            current.session,
            process_id,
            change_id,
            _given(),
            message,
            current.person,
            current.now,
            by_hand="by_hand" in request.form,
        )
    except DomainError as refusal:
        current.session.rollback()
        if refusal.status == 404:
            raise
        return _beginning(process_id, change_id, refusal), refusal.status
    return redirect(url_for("studio_walk.walk", walk_id=walk.id))


# -- on the way


@blueprint.get("/walks/<int:walk_id>")
def walk(walk_id: int) -> ResponseReturnValue:
    """Where the walk stands, and the form of one of the open tasks."""
    return _page(walks.walking(current.session, walk_id, current.person), _chosen())


@blueprint.get("/walks/<int:walk_id>/model.bpmn")
def model(walk_id: int) -> ResponseReturnValue:
    """The diagram that is walked; a walk's files never change, so a browser may keep it."""
    found = walks.walking(current.session, walk_id, current.person)
    files = walks.files_of(current.session, found.walk)
    answer = Response(files[definitions.main_file(found.walk.process_id)], mimetype="application/xml")
    answer.cache_control.private = True
    answer.cache_control.max_age = 60 * 60
    return answer


@blueprint.post("/walks/<int:walk_id>/task/<element>/<int:place>")
def task(walk_id: int, element: str, place: int) -> ResponseReturnValue:
    """Fill in an open task as whoever's turn it is."""
    session, actor = current.session, current.person
    found = walks.walking(session, walk_id, actor)
    open_task = next((one for one in found.standing.tasks if (one.element, one.place) == (element, place)), None)
    form = _form(open_task)[0] if open_task else None
    if form is not None and (again := form.pressed(request.form)) is not None:
        return _page(found, (element, place), answers=again)
    answers: Mapping[str, Any] = form.read(request.form) if form is not None else _given()
    try:
        walks.do_task(session, walk_id, element, place, answers, _seen(), actor)
    except DomainError as refusal:
        return _refused(walk_id, refusal, (element, place), answers)
    return _on(walk_id)


@blueprint.post("/walks/<int:walk_id>/job/<element>/<int:place>")
def job(walk_id: int, element: str, place: int) -> ResponseReturnValue:
    """Answer a job in place of the program."""
    error = request.form.get("error") or None
    given = {} if error else _given()
    try:
        walks.do_job(current.session, walk_id, element, place, given, error, _seen(), current.person)
    except DomainError as refusal:
        return _refused(walk_id, refusal)
    return _on(walk_id)


@blueprint.post("/walks/<int:walk_id>/message")
def message(walk_id: int) -> ResponseReturnValue:
    """A message arrives."""
    name, key = request.form.get("message", ""), request.form.get("key") or None
    try:
        walks.tell(current.session, walk_id, name, key, _given(), _seen(), current.person)
    except DomainError as refusal:
        return _refused(walk_id, refusal)
    return _on(walk_id)


@blueprint.post("/walks/<int:walk_id>/clock")
def wake(walk_id: int) -> ResponseReturnValue:
    """The clock goes on: to a timer, or by days."""
    session, actor, at = current.session, current.person, request.form.get("at", "")
    try:
        if at:
            walks.wake(session, walk_id, at, _seen(), actor)
        else:
            walks.wake_days(session, walk_id, request.form.get("days", 0, type=int), _seen(), actor)
    except DomainError as refusal:
        return _refused(walk_id, refusal)
    return _on(walk_id)


@blueprint.post("/walks/<int:walk_id>/undo")
def undo(walk_id: int) -> ResponseReturnValue:
    """Take the last step back."""
    try:
        walks.undo(current.session, walk_id, _seen(), current.person)
    except DomainError as refusal:
        return _refused(walk_id, refusal)
    return _on(walk_id)


@blueprint.post("/walks/<int:walk_id>/restart")
def restart(walk_id: int) -> ResponseReturnValue:
    """Back to the beginning; with `by_hand` = yes or no, the jobs are answered by the walker from now on, or not."""
    by_hand = {"yes": True, "no": False}.get(request.form.get("by_hand", ""))
    try:
        walks.restart(current.session, walk_id, _seen(), current.person, by_hand=by_hand)
    except DomainError as refusal:
        return _refused(walk_id, refusal)
    return _on(walk_id)


@blueprint.post("/walks/<int:walk_id>/keep")
def keep(walk_id: int) -> ResponseReturnValue:
    """Make a model test of the walk, in a change set."""
    name, change_id = request.form.get("name", ""), request.form.get("change", 0, type=int)
    try:
        walks.keep(current.session, walk_id, name, change_id, _seen(), current.person, current.now)
    except DomainError as refusal:
        return _refused(walk_id, refusal)
    flash("已存成用例，照着走过一遍，通过。", "done")
    return _on(walk_id)


def _on(walk_id: int) -> ResponseReturnValue:
    return redirect(url_for("studio_walk.walk", walk_id=walk_id))


def _refused(
    walk_id: int,
    refusal: DomainError,
    chosen: tuple[str, int] | None = None,
    answers: Mapping[str, Any] | None = None,
) -> ResponseReturnValue:
    if refusal.status == 404:
        raise refusal
    current.session.rollback()
    found = walks.walking(current.session, walk_id, current.person)
    return _page(found, chosen, answers=answers, error=refusal), refusal.status


def _seen() -> int:
    return request.form.get("seen", -1, type=int)


def _chosen() -> tuple[str, int] | None:
    element = request.args.get("task")
    return (element, request.args.get("place", 1, type=int)) if element else None


# -- what was typed


def _rows() -> list[tuple[str, str]]:
    """Variables as they were typed, in the page's order."""
    sent = request.form
    return [(sent[f"name-{i}"], sent.get(f"given-{i}", "")) for i in range(MOST_FIELDS) if sent.get(f"name-{i}")]


def _given() -> dict[str, str]:
    """The variables that were typed, those of the free lines (`名字: 值`) too."""
    found = dict(_rows())
    for line in request.form.get("more", "").splitlines()[:MOST_FIELDS]:
        name, _, value = line.replace("：", ":", 1).partition(":")
        if name.strip():
            found[name.strip()] = value.strip()
    return found


# -- the page


def _form(task: OpenTask) -> tuple[TaskForm | None, str]:
    """The task's form, or why there is none."""
    if task.form_id is None:
        return None, "这项任务没有表单，直接写结果。"
    if task.form is None:
        return None, f"表单“{task.form_id}”不在这次变更里，系统里也没有。先直接写结果，再去补表单。"
    try:
        form: Form = forms.load(task.form)
    except DomainError as error:
        return None, f"表单“{task.form_id}”打不开：{error.message}"
    return TaskForm(form, task.variables), ""


def _pane(
    standing: Standing, chosen: tuple[str, int] | None, answers: Mapping[str, Any] | None, error: DomainError | None
) -> Pane | None:
    task = next((one for one in standing.tasks if (one.element, one.place) == chosen), None)
    task = task or next(iter(standing.tasks), None)
    if task is None or standing.stopped:
        return None
    form, trouble = _form(task)
    if form is None:
        return Pane(task, None, (), trouble)
    own = error is not None and chosen == (task.element, task.place)
    try:
        return Pane(task, form, form.draw(answers or {}, error.fields if own and error else None), "")
    except DomainError as problem:  # a condition of the form that has no answer
        return Pane(task, None, (), problem.message)


def _page(
    found: Walking,
    chosen: tuple[str, int] | None = None,
    *,
    answers: Mapping[str, Any] | None = None,
    error: DomainError | None = None,
) -> str:
    walk, standing = found.walk, found.standing
    stand_at("studio.versions" if walk.change_set_id is None else "studio.changes")
    pane = _pane(standing, chosen, answers, error)
    keeps = bool(DESIGNER.roles & current.person.roles)
    change = walks.change_of(current.session, walk)
    return render_template(
        "studio/walk.html",
        walk=walk,
        seen=found.seen,
        standing=standing,
        pane=pane,
        change=change,
        drafts=walks.drafts(current.session) if keeps else [],
        keeps=keeps,
        error=error,
        problems=problems(pane.shown if pane and chosen else (), error),
        name=request.form.get("name", ""),
        view=Diagram(
            address=url_for("studio_walk.model", walk_id=walk.id),
            name=f"{walk.name}流程图",
            done=standing.done,
            now=standing.here,
            bad=standing.bad,
            walked=standing.flows,
        ),
    )
