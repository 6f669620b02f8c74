"""REST for projects: create, find, enter results, building × phase, the consent to first registration."""

import hashlib
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy import select

from server.accounts.models import Organisation
from server.approval import actions, evidence, phases
from server.approval.catalogues import catalogue
from server.approval.models import Consent, Project, Result
from server.approval.phases import Matrix
from server.approval.queries import dossier, lookup
from server.approval.queries.dossier import ProjectView
from server.documents.signer import make_signer
from server.web.access import OFFICERS, OWNERS, REGISTRARS, SUPERVISORS, Access, roles
from server.web.api.schemas_approval import (
    ConsentInSchema,
    ConsentSchema,
    MatrixSchema,
    ModeSchema,
    ProjectFilterSchema,
    ProjectInSchema,
    ProjectLineSchema,
    ProjectSchema,
    ResultInSchema,
    ResultSchema,
)
from server.web.edge import current

READERS = roles(*OWNERS, *OFFICERS, *SUPERVISORS, "admin")
ACCESS: dict[str, Access] = {
    "projects_api.Projects": roles(*OWNERS, *OFFICERS, *REGISTRARS, *SUPERVISORS, "admin"),
    "projects_api.OneProject": READERS,
    "projects_api.Results": roles("window_clerk"),
    "projects_api.Phases": READERS,
    "projects_api.ConsentToRegister": roles(*OWNERS, *OFFICERS),
}
blueprint = Blueprint("projects_api", __name__, url_prefix="/api/v1/projects", description="项目")
PLAIN = tuple(ProjectLineSchema().fields)


def _plain(view: ProjectView) -> dict[str, Any]:
    """A project's view as its schema has it."""
    found = {name: getattr(view.project, name) for name in PLAIN}
    rest = ("buildings", "results", "permits", "cases", "qualified_on", "filing_due", "consent_signed")
    found |= {name: getattr(view, name) for name in rest}
    return found | {"owner_name": view.owner.name, "owner_uscc": view.owner.uscc or ""}


@blueprint.route("")
class Projects(MethodView):
    @blueprint.arguments(ProjectFilterSchema, location="query")
    @blueprint.response(200, ProjectLineSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[Project]:
        """Projects the caller may see, the newest first."""
        return lookup.projects(current.session, current.person, wanted["q"], wanted["limit"], wanted["offset"])

    @blueprint.arguments(ProjectInSchema)
    @blueprint.response(201, ProjectSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Create a project by its investment project code. 409 when the code is taken, 422 names each wrong field."""
        session, actor, now = current.session, current.person, current.now
        project = actions.create_project(session, actor, now=now, **given)
        return _plain(dossier.project_view(session, actor, project, now))


@blueprint.route("/<code>")
class OneProject(MethodView):
    @blueprint.response(200, ProjectSchema)
    def get(self, code: str) -> dict[str, Any]:
        """A project with its buildings, results, permits and cases."""
        session, actor = current.session, current.person
        project = lookup.project(session, actor, code)
        return _plain(dossier.project_view(session, actor, project, current.now))


@blueprint.route("/<code>/results")
class Results(MethodView):
    @blueprint.arguments(ResultInSchema)
    @blueprint.response(201, ResultSchema)
    def post(self, given: dict[str, Any], code: str) -> Result:
        """Enter a result the project got elsewhere, from its document; B02 carries the buildings with their units."""
        session, actor = current.session, current.person
        project = lookup.project(session, actor, code)
        return actions.enter_result(session, actor, project, now=current.now, **given)


@blueprint.route("/<code>/phases")
class Phases(MethodView):
    @blueprint.arguments(ModeSchema, location="query")
    @blueprint.response(200, MatrixSchema)
    def get(self, wanted: dict[str, Any], code: str) -> dict[str, Any]:
        """Building × phase: issued, running, ready, waiting (for what), not applicable."""
        session = current.session
        project = lookup.project(session, current.person, code)
        rules = catalogue(session, current.now)
        picture = evidence.draw(session, project, current.now, rules)
        found: Matrix = phases.matrix(picture, rules.matter("C05"), wanted["mode"])
        return {
            "mode": found.mode,
            "locked": found.locked,
            "why": found.why,
            "columns": found.columns,
            "rows": [row.cells for row in found.rows],
        }


@blueprint.route("/<code>/consent")
class ConsentToRegister(MethodView):
    @blueprint.response(200, ConsentSchema)
    def get(self, code: str) -> dict[str, Any]:
        """The application for first registration: its text, and who signed it."""
        return self._consent(lookup.project(current.session, current.person, code))

    @blueprint.arguments(ConsentInSchema)
    @blueprint.response(201, ConsentSchema)
    def post(self, given: dict[str, Any], code: str) -> dict[str, Any]:
        """Sign it, as it was shown. 409 when the text has changed since, or it is signed already."""
        session, actor = current.session, current.person
        project = lookup.project(session, actor, code)
        signer = make_signer(current.settings)
        actions.sign_consent(session, actor, project, signer, current.now, seen_sha256=given["sha256"])
        return self._consent(project)

    @staticmethod
    def _consent(project: Project) -> dict[str, Any]:
        session = current.session
        signed = session.scalar(select(Consent).where(Consent.project_id == project.id).order_by(Consent.id.desc()))
        if signed is not None:
            return {
                "text": signed.text,
                "sha256": signed.sha256,
                "signed_at": signed.signed_at,
                "signer": signed.signer,
            }
        text = actions.consent_text(project, session.get_one(Organisation, project.owner_organisation_id))
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        return {"text": text, "sha256": sha256, "signed_at": None, "signer": None}
