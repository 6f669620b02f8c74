"""REST for numbers that were drawn elsewhere before: where a series goes on."""

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from server.documents import numbering
from server.web.access import Access, roles
from server.web.edge import current

ACCESS: dict[str, Access] = {"numbering_api.OneSeries": roles("admin")}
blueprint = Blueprint("numbering_api", __name__, url_prefix="/api/v1/numbering", description="编号")


class SeriesSchema(Schema):
    """Where a series goes on: counted by district and by day or year."""

    district = fields.String(required=True, validate=validate.Regexp(r"[0-9]{6}\Z", error="请填 6 位行政区划代码。"))
    day = fields.Date(required=True)
    period = fields.String(required=True, validate=validate.OneOf(["day", "year"]))
    next = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10**9))


@blueprint.route("/<series>")
class OneSeries(MethodView):
    @blueprint.arguments(SeriesSchema)
    @blueprint.response(200, SeriesSchema)
    def put(self, given: dict[str, Any], series: str) -> dict[str, Any]:
        """Let a series go on at `next`. 409 when that number was drawn already, 404 for a series that is none."""
        numbering.check_district(series, given["district"], current.settings.city)
        numbering.set_next(current.session, series, **given, actor=current.person, now=current.now)
        return given
