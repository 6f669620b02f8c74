"""REST for incidents: what stands still and waits for a person; trying it again, or giving it up with a reason."""

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from server import incidents
from server.incidents import Incident
from server.processes import instances
from server.web.access import Access, roles
from server.web.edge import current

ACCESS: dict[str, Access] = {
    "incidents_api.Incidents": roles("admin", "auditor"),
    "incidents_api.Retry": roles("admin"),
    "incidents_api.Abandon": roles("admin"),
}
blueprint = Blueprint("incidents_api", __name__, url_prefix="/api/v1/incidents", description="异常")


class IncidentSchema(Schema):
    """Something that stands still. kind: job, message, process or scanner."""

    id = fields.Integer()
    kind = fields.String()
    subject = fields.String()
    name = fields.String()
    reason = fields.String()
    opened_at = fields.DateTime()


class AbandonSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


@blueprint.route("")
class Incidents(MethodView):
    @blueprint.response(200, IncidentSchema(many=True))
    def get(self) -> list[Incident]:
        """Everything that stands still now, the oldest first."""
        return incidents.still_open(current.session)


@blueprint.route("/<int:incident_id>/retry")
class Retry(MethodView):
    @blueprint.response(204)
    def post(self, incident_id: int) -> None:
        """Try it again. 409 when somebody already did."""
        instances.retry_incident(current.session, incident_id, current.person, current.now)


@blueprint.route("/<int:incident_id>/abandon")
class Abandon(MethodView):
    @blueprint.arguments(AbandonSchema)
    @blueprint.response(204)
    def post(self, given: dict[str, Any], incident_id: int) -> None:
        """Give it up for good. A step of a running case cannot be given up, only tried again or ended with it."""
        instances.abandon_incident(current.session, incident_id, given["reason"], current.person, current.now)
