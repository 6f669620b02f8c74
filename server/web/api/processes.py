"""REST for models: what is in force, its versions and their diagrams. How one comes into force: changes."""

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from server.processes import definitions
from server.processes.definitions import VersionLine
from server.web.access import DESIGNERS, Access, roles
from server.web.edge import current

ACCESS: dict[str, Access] = {
    "processes_api.Processes": roles(*DESIGNERS, "admin", "auditor"),
    "processes_api.Versions": roles(*DESIGNERS, "admin", "auditor"),
    "processes_api.Xml": roles(*DESIGNERS, "admin", "auditor"),
}
blueprint = Blueprint("processes_api", __name__, url_prefix="/api/v1", description="流程模型")


class PublicationSchema(Schema):
    """That a version came into force."""

    kind = fields.String(metadata={"description": "publish、revert 或 ended"})
    effective_from = fields.DateTime()
    change = fields.Integer(attribute="change_set_id", allow_none=True)
    at = fields.DateTime(attribute="published_at")
    by = fields.String(attribute="published_by")
    reason = fields.String()


class VersionSchema(Schema):
    """A version: what it is, whose, and what became of it."""

    process_id = fields.String()
    number = fields.Integer()
    name = fields.String()
    state = fields.String(metadata={"description": "current、scheduled、published（生效过）或 draft"})
    origin = fields.String()
    note = fields.String()
    closure_hash = fields.String()
    created_at = fields.DateTime()
    created_by = fields.String()
    publications = fields.List(fields.Nested(PublicationSchema))


class ProcessSchema(Schema):
    """A process and the version in force."""

    process_id = fields.String()
    name = fields.String(allow_none=True)
    current = fields.Integer(allow_none=True, metadata={"description": "使用中的版本号"})
    versions = fields.Integer()


@blueprint.route("/processes")
class Processes(MethodView):
    @blueprint.response(200, ProcessSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """All processes and what is in force."""
        return [
            {
                "process_id": process_id,
                "name": found.name if found else None,
                "current": found.number if found else None,
                "versions": count,
            }
            for found, process_id, count in definitions.processes(current.session, current.now)
        ]


@blueprint.route("/processes/<process_id>/versions")
class Versions(MethodView):
    @blueprint.response(200, VersionSchema(many=True))
    def get(self, process_id: str) -> list[dict[str, Any]]:
        """All versions of a process, the newest first."""
        return [_line(line) for line in definitions.versions(current.session, process_id, current.now)]


@blueprint.route("/processes/<process_id>/versions/<int:number>/xml")
class Xml(MethodView):
    @blueprint.response(200, content_type="application/xml")
    def get(self, process_id: str, number: int) -> Response:
        """The BPMN file of a version."""
        version = definitions.version(current.session, process_id, number)
        answer = Response(definitions.xml(current.session, version.id), mimetype="application/xml")
        answer.headers["Content-Disposition"] = f'attachment; filename="{process_id}-v{number}.bpmn"'
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def _line(line: VersionLine) -> dict[str, Any]:
    names = (
        "process_id",
        "number",
        "name",
        "origin",
        "note",
        "closure_hash",
        "created_at",
        "created_by",
    )
    plain = {name: getattr(line.version, name) for name in names}
    return plain | {"state": line.state, "publications": list(line.publications)}
