"""What the owner writes: the application's form, and the one answer to a correction or rectification list."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.approval import actions, checks, evidence, judging
from server.approval.catalogues import catalogue, title_of
from server.approval.models import Application, Case, Notice, NoticeItem, Project
from server.approval.queries import due
from server.documents import papers
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.files import store
from server.processes import definitions, work_items
from server.processes import forms as rules
from server.processes.forms import Form
from server.processes.work_items import OWNER_LANE, WorkItem
from server.web import forms
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner.desk import OWNER, blueprint, case_at, draft_at
from server.web.shell import stand_at

ACCESS: dict[str, Access] = dict.fromkeys(
    ("owner.section", "owner.section_save", "owner.corrections", "owner.corrections_send"), OWNER
)
LETTERS = ("correction-notice", "rectification-list")
Errors = Mapping[str, Sequence[str]]


# -- the application's form


def form_of(draft: Application, project: Project) -> tuple[Form, dict[str, Any]]:
    """The form of an application, and what its conditions may speak of."""
    now, known = current.now, catalogue(current.session, current.now)
    form = rules.load(definitions.form(current.session, known.matter(draft.matter).form, now=now))
    picture = evidence.draw(current.session, project, now, known)
    return form, checks.circumstances(known, picture, evidence.wanted_by(draft))


def _with_buildings(draft: Application, project: Project) -> dict[str, Any]:
    """The answers so far; the survey begins with a row for each building of the planning permit."""
    if draft.matter != "D01" or draft.facts.get("survey"):
        return dict(draft.facts)
    known = catalogue(current.session, current.now)
    picture = evidence.draw(current.session, project, current.now, known)
    return {**draft.facts, "survey": [{"building": one.number} for one in picture.buildings]}


def _section_page(
    draft: Application,
    project: Project,
    answers: Mapping[str, Any],
    errors: Errors | None = None,
    stale: str = "",
) -> str:
    stand_at("owner.projects")
    form, variables = form_of(draft, project)
    shown = forms.draw(form, answers, variables, errors)
    return render_template(
        "owner/section.html",
        draft=draft,
        project=project,
        title=catalogue(current.session, current.now).title(draft.matter, draft.phase),
        shown=shown,
        problems=forms.summary(shown),
        stale=stale,
    )


@blueprint.get("/applications/<int:application_id>/section")
def section(application_id: int) -> ResponseReturnValue:
    """The fields of the application, drawn from the form's file."""
    draft, project = draft_at(application_id)
    return _section_page(draft, project, _with_buildings(draft, project))


@blueprint.post("/applications/<int:application_id>/section")
def section_save(application_id: int) -> ResponseReturnValue:
    """Save. ``keep``: as a draft, unchecked; else checked first, and nothing is saved while something is wrong."""
    draft, project = draft_at(application_id)
    form, variables = form_of(draft, project)
    again = forms.pressed(form, request.form)
    if again is not None:
        return _section_page(draft, project, again)
    answers = forms.read(form, request.form)
    try:
        facts = answers if "keep" in request.form else rules.validate(form, answers, variables)
        actions.save_application(
            current.session,
            current.person,
            draft,
            current.now,
            facts=facts,
            seen_revision=request.form.get("revision", type=int),
        )
    except Invalid as refusal:
        return _section_page(draft, project, answers, refusal.fields), 422
    except Conflict as refusal:  # a colleague was faster: what was typed stays on the page, to be compared
        return _section_page(draft, project, answers, stale=refusal.message), refusal.status
    return redirect(url_for("owner.application", application_id=draft.id))


# -- corrections


def _task_of(session: Session, case: Case) -> WorkItem:
    """The open task in the owner's lane. NotFound when nothing is asked of her."""
    tasks = work_items.for_subject(session, f"case:{case.id}")
    found = next((one for one in tasks if one.unit == OWNER_LANE), None)
    if found is None:
        raise NotFound("这一件现在没有要您答复的。可能已经发出，请回到这一件看进展。", code="NOTHING_ASKED")
    return found


def _asked(session: Session, case: Case) -> tuple[WorkItem, Notice, list[NoticeItem], Form]:
    task = _task_of(session, case)
    kind = "rectification" if task.form_id == "acceptance-rectify" else "correction"
    listed = judging.last_notice(session, case.id, kind)
    if listed is None or task.form_id is None:
        raise NotFound("没有找到告知您的清单，请打服务电话问承办人。", code="NO_NOTICE")
    form = rules.load(definitions.form(session, task.form_id, case.process_version_id, now=current.now))
    return task, listed[0], listed[1], form


@blueprint.get("/cases/<serial>/corrections")
def corrections(serial: str) -> ResponseReturnValue:
    """Every item of the list, to be answered and sent once."""
    case, project = case_at(serial)
    return _corrections_page(case, project, {}, [])


@blueprint.post("/cases/<serial>/corrections")
def corrections_send(serial: str) -> ResponseReturnValue:
    """Send all answers at once. Nothing is sent while an item has neither words nor a file."""
    case, project = case_at(serial)
    task, _, items, form = _asked(current.session, case)
    empty = [
        (f"text-{one.number}", f"第 {one.number} 项“{one.subject}”还没有答复：请写说明，或选一个文件")
        for one in items
        if not request.form.get(f"text-{one.number}", "").strip() and not _uploaded(one.number)
    ]
    if empty:
        return _corrections_page(case, project, request.form, empty), 422
    replies, unfit = _replies(items)
    if unfit:
        return _corrections_page(case, project, request.form, unfit), 422
    try:
        answers = {"replies": replies, **_days(form)}
        outcome = next(one.options[0].value for one in form.walk() if one.key == "outcome")
        seen = request.form.get("revision", type=int) or 0
        actions.decide(current.session, current.person, task, outcome, answers, seen, current.now)
    except (Invalid, Conflict, Forbidden) as refusal:
        asked = {one.key for one in form.walk()}
        problems = [
            (name if name in asked else "", words) for name, sentences in refusal.fields.items() for words in sentences
        ]
        return _corrections_page(case, project, request.form, problems or [("", refusal.message)]), refusal.status
    flash(f"已发出 {len(items)} 项答复。承办人收到后接着办。", "done")
    return redirect(url_for("owner.case", serial=serial))


def _uploaded(number: int) -> bool:
    upload = request.files.get(f"file-{number}")
    return upload is not None and bool(upload.filename)


def _replies(items: Sequence[NoticeItem]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The answers with their files stored, and which files cannot be taken, each at its item."""
    found: list[dict[str, Any]] = []
    unfit: list[tuple[str, str]] = []
    for one in items:
        reply: dict[str, Any] = {"number": one.number, "text": request.form.get(f"text-{one.number}", "").strip()}
        upload = request.files.get(f"file-{one.number}")
        if upload is not None and upload.filename:
            try:
                file = store.save(
                    current.session, current.settings, upload.stream, upload.filename, current.person, current.now
                )
                reply["file_id"] = file.id
            except Invalid as refusal:
                unfit.append(
                    (f"file-{one.number}", f"第 {one.number} 项“{one.subject}”的文件没有收下：{refusal.message}")
                )
        found.append(reply)
    return found, unfit


def _days(form: Form) -> dict[str, str]:
    """The day fields of the form (when the rectification was finished), as sent."""
    days = (one.key for one in form.walk() if one.type == "datetime" and one.key)
    return {key: request.form[key] for key in days if request.form.get(key)}


def _corrections_page(case: Case, project: Project, sent: Mapping[str, str], problems: list[tuple[str, str]]) -> str:
    stand_at("owner.todo")
    task, notice, items, form = _asked(current.session, case)
    return render_template(
        "owner/corrections.html",
        case=case,
        project=project,
        title=title_of(current.session, case, current.now),
        task=task,
        notice=notice,
        items=items,
        days=[one for one in form.walk() if one.type == "datetime" and one.key],
        due=due.due_of(current.session, case, current.now),
        letter=next(
            (one for one in reversed(papers.of(current.session, f"case:{case.id}")) if one.kind in LETTERS), None
        ),
        sent=sent,
        problems=problems,
        wrong=dict(problems),
    )
