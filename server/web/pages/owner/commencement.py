"""Reporting the day on which work began under a construction permit (开工报告)."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server.approval import actions
from server.approval.catalogues import catalogue_of
from server.approval.models import Case, Permit, Project
from server.approval.queries import dossier, lookup
from server.errors import Conflict, Invalid
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner.desk import OWNER, blueprint
from server.web.shell import stand_at

ACCESS: dict[str, Access] = dict.fromkeys(("owner.commencement", "owner.commencement_send"), OWNER)


@blueprint.get("/permits/<number>/commencement")
def commencement(number: str) -> ResponseReturnValue:
    """The permit, what it allows, and until when work must begin."""
    return _page(*lookup.permit(current.session, current.person, number), "", "")


@blueprint.post("/permits/<number>/commencement")
def commencement_send(number: str) -> ResponseReturnValue:
    """Report the day; refused for a day before the permit or after today, and a second time."""
    permit, project = lookup.permit(current.session, current.person, number)
    sent = request.form.get("commenced_on", "").strip()
    try:
        day = date.fromisoformat(sent)
    except ValueError:
        words = "请填开工日期" if not sent else f"“{sent}”不是日期，请按 2026-03-02 的样子填"
        return _page(permit, project, sent, words), 422
    try:
        actions.report_commencement(current.session, current.person, permit, day, current.now)
    except (Invalid, Conflict) as refusal:
        told = refusal.fields.get("commenced_on") or [refusal.message]
        return _page(permit, project, sent, "；".join(told)), refusal.status
    flash(f"已报告 {day.month}月{day.day}日开工，开工期限不再走。", "done")
    return redirect(url_for("owner.project", code=project.code))


def _page(permit: Permit, project: Project, sent: str, problem: str) -> str:
    stand_at("owner.certificates")
    [line] = dossier.permit_lines(current.session, [permit])
    rules = catalogue_of(current.session, current.session.get_one(Case, permit.case_id), current.now)
    return render_template(
        "owner/commencement.html",
        permit=line,
        project=project,
        owed=any(
            one.id == permit.id
            for one, _, _ in lookup.commencements_owed(current.session, current.person, [project.id])
        ),
        limit=rules.commencement,
        phase=rules.matter("C05").phases[permit.phase],
        sent=sent,
        problem=problem,
    )
