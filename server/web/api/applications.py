"""REST for an owner's applications: drafted, saved, looked at, submitted once. Submitting makes the case."""

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy import select

from server.approval import actions, states
from server.approval.actions.applications import as_plain
from server.approval.models import Application, Case, Project
from server.approval.queries import lookup
from server.web.access import OWNERS, Access, roles
from server.web.api.schemas_approval import (
    CaseFilterSchema,
    CheckedSchema,
    DraftChangeSchema,
    DraftInSchema,
    DraftSchema,
    SubmittedSchema,
)
from server.web.edge import current

OWNER = roles(*OWNERS)
ACCESS: dict[str, Access] = {
    "applications_api.Applications": OWNER,
    "applications_api.OneApplication": OWNER,
    "applications_api.Check": OWNER,
    "applications_api.Submission": OWNER,
}
blueprint = Blueprint("applications_api", __name__, url_prefix="/api/v1/applications", description="申请")


def _plain(draft: Application, project: Project) -> dict[str, Any]:
    case = current.session.get(Case, draft.case_id) if draft.case_id else None
    names = ("id", "matter", "phase", "buildings", "facts", "materials", "revision", "updated_at")
    found = {name: getattr(draft, name) for name in names}
    return found | {"project": project.code, "case": case.serial if case else None}


@blueprint.route("")
class Applications(MethodView):
    @blueprint.arguments(CaseFilterSchema, location="query")
    @blueprint.response(200, DraftSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """The organisation's drafts, the newest first; what was submitted is a case."""
        session, actor = current.session, current.person
        query = (
            select(Application, Project)
            .join(Project, Project.id == Application.project_id)
            .where(Project.owner_organisation_id == actor.organisation_id, Application.case_id.is_(None))
            .order_by(Application.id.desc())
        )
        if wanted["project"]:
            query = query.where(Project.id == lookup.project(session, actor, wanted["project"]).id)
        rows = session.execute(query.limit(wanted["limit"]).offset(wanted["offset"]))
        return [_plain(draft, project) for draft, project in rows]

    @blueprint.arguments(DraftInSchema)
    @blueprint.response(201, DraftSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Begin a draft; what is missing is said by its check, not here."""
        session, actor = current.session, current.person
        project = lookup.project(session, actor, given.pop("project"))
        return _plain(actions.create_application(session, actor, project, now=current.now, **given), project)


@blueprint.route("/<int:application_id>")
class OneApplication(MethodView):
    @blueprint.response(200, DraftSchema)
    def get(self, application_id: int) -> dict[str, Any]:
        """A draft as it was last saved."""
        return _plain(*lookup.application(current.session, current.person, application_id))

    @blueprint.arguments(DraftChangeSchema)
    @blueprint.response(200, DraftSchema)
    def put(self, given: dict[str, Any], application_id: int) -> dict[str, Any]:
        """Save what was filled in; what is left out stays. 409 when somebody saved in between, or it was submitted."""
        draft, project = lookup.application(current.session, current.person, application_id)
        actions.save_application(current.session, current.person, draft, current.now, **given)
        return _plain(draft, project)


@blueprint.route("/<int:application_id>/check")
class Check(MethodView):
    @blueprint.response(200, CheckedSchema)
    def get(self, application_id: int) -> dict[str, Any]:
        """What would happen if it were submitted now; writes nothing."""
        draft, _ = lookup.application(current.session, current.person, application_id)
        looked = actions.check(current.session, draft, current.now)
        return {
            "ready": not looked.blocking,
            "findings": [as_plain(one) for one in looked.findings],
            "conditions": looked.conditions,
            "materials": looked.materials,
        }


@blueprint.route("/<int:application_id>/submit")
class Submission(MethodView):
    @blueprint.response(201, SubmittedSchema)
    def post(self, application_id: int) -> dict[str, Any]:
        """Make the case and start its process. 409 or 422 when a check blocks; `findings` lists everything."""
        session, actor = current.session, current.person
        draft, _ = lookup.application(session, actor, application_id)
        case = actions.submit_application(session, actor, draft, current.now)
        state = states.State.RECEIVED
        return {
            "case": case.serial,
            "query_code": case.query_code,
            "state": int(state),
            "state_words": states.WORDS[state],
        }
