"""The end of a project: joint acceptance and filing, and the authorisation of the first registration."""

import hashlib

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from server.accounts.models import Organisation
from server.approval import actions, evidence, phases
from server.approval.catalogues import catalogue
from server.approval.models import Consent, Project
from server.approval.queries import lookup
from server.documents.signer import make_signer
from server.errors import Conflict
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner.desk import OWNER, blueprint, project_at
from server.web.pages.owner.standing import some_of
from server.web.shell import stand_at

ACCESS: dict[str, Access] = dict.fromkeys(
    ("owner.acceptance", "owner.acceptance_begin", "owner.consent", "owner.consent_sign"), OWNER
)


@blueprint.get("/projects/<code>/acceptance")
def acceptance(code: str) -> ResponseReturnValue:
    """Acceptance, filing, registration: what is done, what is next, what it still needs."""
    stand_at("owner.projects")
    project = project_at(code)
    rules = catalogue(current.session, current.now)
    picture = evidence.draw(current.session, project, current.now, rules)
    uncovered = [one.number for one in picture.buildings if not phases.covered(picture, one)]
    return render_template(
        "owner/acceptance.html",
        project=project,
        picture=picture,
        uncovered=some_of(uncovered),
        completion=picture.result("WYYS"),
        accepted=picture.done("D01"),
        filed=picture.done("D07"),
        running={one.matter: one.serial for one in picture.open_cases},
        matters=rules.matters,
    )


@blueprint.post("/projects/<code>/acceptance")
def acceptance_begin(code: str) -> ResponseReturnValue:
    """Begin (or go on with) the application for joint acceptance or filing; nothing is submitted."""
    project = project_at(code)
    matter = "D07" if request.form.get("matter") == "D07" else "D01"
    drafts = lookup.drafts(current.session, current.person, [project.id])
    draft = next((one for one in drafts if one.matter == matter), None) or actions.create_application(
        current.session, current.person, project, matter=matter, now=current.now
    )
    return redirect(url_for("owner.application", application_id=draft.id))


@blueprint.get("/projects/<code>/consent")
def consent(code: str) -> ResponseReturnValue:
    """The text to be signed, or the one that was signed."""
    return _consent_page(project_at(code), "")


@blueprint.post("/projects/<code>/consent")
def consent_sign(code: str) -> ResponseReturnValue:
    """Sign the application for first registration, as it was shown."""
    project = project_at(code)
    if request.form.get("agreed") != "yes":
        return _consent_page(project, "请先勾选，确认您看过全文并有权代表单位签署"), 422
    try:
        actions.sign_consent(
            current.session,
            current.person,
            project,
            make_signer(current.settings),
            current.now,
            seen_sha256=request.form.get("sha256"),
        )
    except Conflict as refusal:
        return _consent_page(project, refusal.message), refusal.status
    flash("已签署首次登记授权。备案办结后，首次登记会自动开始，您不用再跑。", "done")
    return redirect(url_for("owner.project", code=project.code))


def _consent_page(project: Project, problem: str) -> str:
    stand_at("owner.projects")
    owner = current.session.get_one(Organisation, project.owner_organisation_id)
    text = actions.consent_text(project, owner)
    signed = current.session.scalar(select(Consent).where(Consent.project_id == project.id))
    return render_template(
        "owner/consent.html",
        project=project,
        owner=owner,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        signed=signed,
        problem=problem,
    )
