"""REST for the messages between areas: which were handed over, to whom and when; handing one over again."""

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from server import jobs
from server.jobs import Message
from server.web.access import Access, roles
from server.web.edge import current

ACCESS: dict[str, Access] = {
    "messages_api.Messages": roles("admin", "auditor"),
    "messages_api.Redelivery": roles("admin"),
}
blueprint = Blueprint("messages_api", __name__, url_prefix="/api/v1/messages", description="区域之间的消息")


class MessageFilterSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=100))
    key = fields.String(load_default=None, validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class MessageSchema(Schema):
    """A message without its content, which is the receiver's. deliveries: how often it was taken."""

    id = fields.Integer()
    name = fields.String()
    key = fields.String()
    source = fields.String()
    state = fields.String(metadata={"description": "open、waiting、taken、stuck 或 abandoned"})
    posted_at = fields.DateTime()
    taken_at = fields.DateTime(allow_none=True)
    taken_by = fields.String(allow_none=True)
    deliveries = fields.Integer()


class RedeliverySchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


@blueprint.route("")
class Messages(MethodView):
    @blueprint.arguments(MessageFilterSchema, location="query")
    @blueprint.response(200, MessageSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[Message]:
        """Messages of a name, the newest first."""
        return jobs.messages(current.session, wanted["name"], wanted["key"], wanted["limit"])


@blueprint.route("/<int:message_id>/redelivery")
class Redelivery(MethodView):
    @blueprint.arguments(RedeliverySchema)
    @blueprint.response(202, MessageSchema)
    def post(self, given: dict[str, Any], message_id: int) -> Message:
        """Hand a message over once more; its receiver takes it as the repetition it is."""
        return jobs.redeliver(current.session, message_id, given["reason"], current.person, current.now)
