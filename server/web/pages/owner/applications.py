"""Applying: fill in, attach, look at everything once more, submit."""

import re
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server import calendar
from server.approval import actions
from server.approval.catalogues import catalogue, title_of
from server.approval.checks import Check
from server.approval.models import Application, Case, Project
from server.clock import legal_date
from server.errors import Conflict, Invalid
from server.files import store
from server.web import answer_words
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner.answers import form_of
from server.web.pages.owner.desk import OWNER, blueprint, case_at, draft_at, summary
from server.web.shell import stand_at

MATERIAL_CODE = re.compile(r"（M\d+）")
ACCESS: dict[str, Access] = dict.fromkeys(
    (
        "owner.application",
        "owner.attach",
        "owner.check",
        "owner.submit",
        "owner.submitted",
    ),
    OWNER,
)


@blueprint.get("/applications/<int:application_id>")
def application(application_id: int) -> ResponseReturnValue:
    """The task list of an application."""
    draft, project = draft_at(application_id)
    if draft.case_id is not None:
        return redirect(url_for("owner.case", serial=current.session.get_one(Case, draft.case_id).serial))
    return _application_page(draft, project, [])


def _application_page(draft: Application, project: Project, problems: list[tuple[str, str]]) -> str:
    stand_at("owner.projects")
    looked = actions.check(current.session, draft, current.now)
    matter = catalogue(current.session, current.now).matter(draft.matter)
    return render_template(
        "owner/application.html",
        draft=draft,
        project=project,
        title=matter.title(draft.phase),
        looked=looked,
        unfilled=[one for one in looked.findings if one.field.startswith("facts.")],
        attached={one["code"]: one for one in draft.materials},
        problems=problems,
    )


@blueprint.post("/applications/<int:application_id>/materials/<material>")
def attach(application_id: int, material: str) -> ResponseReturnValue:
    """Attach the file of one material; a newer one takes the place of the older."""
    draft, project = draft_at(application_id)
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _application_page(draft, project, [(f"m-{material}", "还没有选文件。请选一个 PDF 再上传")]), 422
    try:
        file = store.save(
            current.session, current.settings, upload.stream, upload.filename, current.person, current.now
        )
        kept = [{"code": one["code"], "file_id": one["file_id"]} for one in draft.materials if one["code"] != material]
        rows = [*kept, {"code": material, "file_id": file.id}]
        actions.save_application(current.session, current.person, draft, current.now, materials=rows)
    except (Invalid, Conflict) as refusal:
        return _application_page(draft, project, [(f"m-{material}", refusal.message)]), refusal.status
    return redirect(url_for("owner.application", application_id=draft.id, _anchor=f"m-{material}"))


@blueprint.get("/applications/<int:application_id>/check")
def check(application_id: int) -> ResponseReturnValue:
    """Everything once more before it is submitted."""
    draft, project = draft_at(application_id)
    return _check_page(draft, project, [])


def _check_page(draft: Application, project: Project, refused: list[tuple[str, str]]) -> str:
    stand_at("owner.projects")
    matter = catalogue(current.session, current.now).matter(draft.matter)
    form, variables = form_of(draft, project)
    looked: Check = actions.check(current.session, draft, current.now)
    said = answer_words.sections(form, draft.facts, variables)
    wrong: dict[str, list[str]] = {}
    for one in looked.findings:
        area, _, rest = one.field.partition(".")
        if area in ("facts", "survey"):
            wrong.setdefault(rest.partition(".")[0] or area, []).append(one.sentence)
    return render_template(
        "owner/check.html",
        draft=draft,
        project=project,
        matter=matter,
        title=matter.title(draft.phase),
        phase=matter.phases.get(draft.phase or ""),
        sections=said,
        wrong=wrong,
        looked=looked,
        blocking=[(_place(one.field), one.sentence) for one in looked.blocking],
        asked=_asked(looked),
        intake=_intake(legal_date(current.now)),
        attached={one["code"]: one["filename"] for one in draft.materials},
        refused=refused,
        organisation=current.person.organisation,
    )


def _asked(looked: Check) -> list[tuple[str, str]]:
    """What the window would ask for. Codes of the materials' dictionary are not for owners."""
    return [(_place(one.field), MATERIAL_CODE.sub("", one.sentence)) for one in looked.asked]


def _intake(received: date) -> date | None:
    """The day until which the window answers what is received on ``received``; None without a calendar of that year."""
    try:
        limit = catalogue(current.session, current.now).intake
        return calendar.current().due(received, limit.n, limit.unit)
    except calendar.CalendarYearMissing:
        return None


def _place(field: str) -> str:
    """Where on the check page the thing is that a finding speaks of: the id of its line."""
    area, _, key = field.partition(".")
    if area == "facts":
        return f"f-{key.partition('.')[0]}"
    if area == "survey":
        return "f-survey"
    if area == "conditions":
        return "s3"
    return f"c-{key}" if area == "materials" else "s1"


@blueprint.post("/applications/<int:application_id>/submit")
def submit(application_id: int) -> ResponseReturnValue:
    """Submit: makes the case, or says why it cannot be."""
    draft, project = draft_at(application_id)
    if request.form.get("declared") != "yes":
        return _check_page(draft, project, [("declared", "请先勾选声明，再提交")]), 422
    try:
        case = actions.submit_application(current.session, current.person, draft, current.now)
    except (Invalid, Conflict) as refusal:
        places = {name: _place(name if "." in name else f"facts.{name}") for name in refusal.fields}
        problems = summary(refusal.fields, places) or [("", refusal.message)]
        return _check_page(draft, project, problems), refusal.status
    flash("已提交，正在收件。", "done")
    return redirect(url_for("owner.submitted", serial=case.serial))


@blueprint.get("/cases/<serial>/submitted")
def submitted(serial: str) -> ResponseReturnValue:
    """What happens next, and the receipt number."""
    stand_at("owner.projects")
    case, project = case_at(serial)
    return render_template(
        "owner/submitted.html",
        case=case,
        project=project,
        title=title_of(current.session, case, current.now),
        intake=_intake(legal_date(case.received_at)),
    )
