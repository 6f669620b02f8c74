"""REST for models: what is in force, versions and their diagrams, an edited one checked, published and taken back."""

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from server.processes import checking, definitions, publishing
from server.processes.definitions import VersionLine
from server.processes.models import Publication, Version
from server.web.access import DESIGNERS, Access, roles
from server.web.edge import current

MODEL_LIMIT = 5 * 1024 * 1024  # characters of one model, as the engine accepts them
DESIGNER, PUBLISHER = roles("process_designer"), roles("process_publisher")
ACCESS: dict[str, Access] = {
    "processes_api.Processes": roles(*DESIGNERS, "admin", "auditor"),
    "processes_api.Versions": roles(*DESIGNERS, "admin", "auditor"),
    "processes_api.Xml": roles(*DESIGNERS, "admin", "auditor"),
    "processes_api.Submit": DESIGNER,
    "processes_api.Publish": PUBLISHER,
    "processes_api.Revert": PUBLISHER,
    "processes_api.Lint": roles(*DESIGNERS),
}
blueprint = Blueprint("processes_api", __name__, url_prefix="/api/v1", description="流程模型")


class PublicationSchema(Schema):
    """That a version came into force."""

    kind = fields.String(metadata={"description": "publish 或 revert"})
    at = fields.DateTime(attribute="published_at")
    by = fields.String(attribute="published_by")
    reason = fields.String()


class VersionSchema(Schema):
    """A version: what it is, whose, and what became of it."""

    process_id = fields.String()
    number = fields.Integer()
    name = fields.String()
    state = fields.String(metadata={"description": "draft、submitted、published 或 current"})
    origin = fields.String()
    note = fields.String()
    closure_hash = fields.String()
    created_at = fields.DateTime()
    created_by = fields.String()
    submitted_at = fields.DateTime(allow_none=True)
    submitted_by = fields.String(allow_none=True)
    publications = fields.List(fields.Nested(PublicationSchema))


class ProcessSchema(Schema):
    """A process and the version in force."""

    process_id = fields.String()
    name = fields.String(allow_none=True)
    current = fields.Integer(allow_none=True, metadata={"description": "使用中的版本号"})
    versions = fields.Integer()


class ModelSchema(Schema):
    """An edited model: the text of its BPMN file, and of forms or decisions changed with it."""

    xml = fields.String(required=True, validate=validate.Length(min=1, max=MODEL_LIMIT))
    files = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"^[\w.-]{1,100}\.(dmn|form)$")),
        values=fields.String(validate=validate.Length(max=MODEL_LIMIT)),
        load_default=dict,
    )
    note = fields.String(load_default="", validate=validate.Length(max=500))


class ReasonSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(max=500))


class FindingSchema(Schema):
    """Something wrong with a model, at an element, with its cure."""

    severity = fields.String()
    code = fields.String()
    element = fields.String(allow_none=True)
    name = fields.String()
    message = fields.String()
    cure = fields.String()
    path = fields.List(fields.String())


class FindingsSchema(Schema):
    findings = fields.List(fields.Nested(FindingSchema))


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

    @blueprint.arguments(ModelSchema)
    @blueprint.response(201, VersionSchema)
    def post(self, model: dict[str, Any], process_id: str) -> dict[str, Any]:
        """Keep an edited model as a draft; the version there is when nothing in it is new."""
        version = publishing.save_draft(
            current.session, process_id, _uploads(process_id, model), model["note"], current.person, current.now
        )
        return _version(version)


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


@blueprint.route("/processes/<process_id>/versions/<int:number>/submit")
class Submit(MethodView):
    @blueprint.response(200, VersionSchema)
    def post(self, process_id: str, number: int) -> dict[str, Any]:
        """Hand a draft to a second person. 422 with `findings` when it may not be published as it is."""
        return _version(publishing.submit(current.session, process_id, number, current.person, current.now))


@blueprint.route("/processes/<process_id>/versions/<int:number>/publish")
class Publish(MethodView):
    @blueprint.response(201, PublicationSchema)
    def post(self, process_id: str, number: int) -> Publication:
        """Put a submitted version into force. Somebody else than its designer; 422 with `findings` when it may not."""
        return publishing.publish(current.session, process_id, number, current.person, current.now)


@blueprint.route("/processes/<process_id>/versions/<int:number>/revert")
class Revert(MethodView):
    @blueprint.arguments(ReasonSchema)
    @blueprint.response(201, PublicationSchema)
    def post(self, given: dict[str, Any], process_id: str, number: int) -> Publication:
        """Put an earlier version back into force, in one act."""
        return publishing.revert_to(current.session, process_id, number, given["reason"], current.person, current.now)


@blueprint.route("/processes/<process_id>/lint")
class Lint(MethodView):
    @blueprint.arguments(ModelSchema)
    @blueprint.response(200, FindingsSchema)
    def post(self, model: dict[str, Any], process_id: str) -> dict[str, Any]:
        """What is wrong with a model that is being edited; nothing is stored."""
        found = publishing.lint_draft(current.session, process_id, _uploads(process_id, model), current.now)
        return {"findings": checking.as_data(found)}


def _uploads(process_id: str, model: dict[str, Any]) -> dict[str, bytes]:
    files = {name: text.encode() for name, text in model["files"].items()}
    return files | {definitions.main_file(process_id): model["xml"].encode()}


def _version(version: Version) -> dict[str, Any]:
    lines = definitions.versions(current.session, version.process_id, current.now)
    return _line(next(line for line in lines if line.version.id == version.id))


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
        "submitted_at",
        "submitted_by",
    )
    plain = {name: getattr(line.version, name) for name in names}
    return plain | {"state": line.state, "publications": list(line.publications)}
