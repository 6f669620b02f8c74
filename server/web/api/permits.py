"""REST for what approval has issued: construction permits with the report of commencement, completion filings."""

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from server.approval import actions
from server.approval.queries import dossier, lookup
from server.web.access import OFFICERS, OWNERS, REGISTRARS, SUPERVISORS, Access, roles
from server.web.api.schemas_approval import CommencementSchema, FilingSchema, PermitSchema
from server.web.edge import current

READERS = roles(*OWNERS, *OFFICERS, *REGISTRARS, *SUPERVISORS, "admin")
ACCESS: dict[str, Access] = {
    "permits_api.OnePermit": READERS,
    "permits_api.Commencement": roles(*OWNERS),
    "permits_api.OneFiling": READERS,
}
blueprint = Blueprint("permits_api", __name__, url_prefix="/api/v1", description="许可证与备案")


@blueprint.route("/permits/<number>")
class OnePermit(MethodView):
    @blueprint.response(200, PermitSchema)
    def get(self, number: str) -> dossier.PermitLine:
        """A construction permit, what it covers and what it is worth now."""
        permit, _ = lookup.permit(current.session, current.person, number)
        return dossier.permit_lines(current.session, [permit])[0]


@blueprint.route("/permits/<number>/commencement")
class Commencement(MethodView):
    @blueprint.arguments(CommencementSchema)
    @blueprint.response(201, PermitSchema)
    def post(self, given: dict[str, Any], number: str) -> dossier.PermitLine:
        """The owner reports the day work began; the limit to begin ends with it."""
        session, actor = current.session, current.person
        permit, _ = lookup.permit(session, actor, number)
        actions.report_commencement(session, actor, permit, given["commenced_on"], current.now)
        return dossier.permit_lines(session, [permit])[0]


@blueprint.route("/filings/<path:number>")
class OneFiling(MethodView):
    @blueprint.response(200, FilingSchema)
    def get(self, number: str) -> dossier.FilingView:
        """A completion filing, its limit, and what the registry answered."""
        filing, project = lookup.filing(current.session, current.person, number)
        return dossier.filing_view(current.session, filing, project)
