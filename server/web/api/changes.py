"""REST for change sets: files put together, checked, submitted, let through by a second person, and taken back."""

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from server.errors import Invalid
from server.processes import change_checks, change_sets, deployments, library, releasing
from server.web.access import DESIGNERS, Access, roles
from server.web.edge import current

READERS = roles(*DESIGNERS, "admin", "auditor")
DESIGNER, PUBLISHER = roles("process_designer"), roles("process_publisher")
ACCESS: dict[str, Access] = {
    "changes_api.Library": READERS,
    "changes_api.Changes": roles(*DESIGNERS, "admin", "auditor"),
    "changes_api.Change": roles(*DESIGNERS, "admin", "auditor"),
    "changes_api.File": roles(*DESIGNERS),
    "changes_api.CheckIt": roles(*DESIGNERS),
    "changes_api.Submit": DESIGNER,
    "changes_api.Review": PUBLISHER,
    "changes_api.SendBack": roles(*DESIGNERS),
    "changes_api.Abandon": DESIGNER,
    "changes_api.Publish": PUBLISHER,
    "changes_api.Revert": PUBLISHER,
    "changes_api.RevertTo": PUBLISHER,
}
blueprint = Blueprint("changes_api", __name__, url_prefix="/api/v1", description="变更：流程、决策表、表单和事项一起改")


class ChangeFileSchema(Schema):
    """A file of a change set."""

    name = fields.String()
    sha256 = fields.String()
    base = fields.String(allow_none=True, metadata={"description": "改动起始时在用内容的 sha256；新文件为空"})
    gone = fields.Boolean()
    saved_at = fields.DateTime()
    saved_by = fields.String()


class ChangeActSchema(Schema):
    """What was done with it, by whom."""

    kind = fields.String()
    at = fields.DateTime()
    by = fields.String()
    note = fields.String()
    file = fields.String(allow_none=True)
    revision = fields.Integer()


class ChangeSchema(Schema):
    """A change set as it stands."""

    id = fields.Integer(attribute="change.id")
    title = fields.String(attribute="change.title")
    reason = fields.String(attribute="change.reason")
    state = fields.String(
        metadata={"description": "draft、submitted、reviewed、scheduled、published、superseded、withdrawn 或 abandoned"}
    )
    revision = fields.Integer(attribute="change.revision")
    effective_on = fields.Date(attribute="change.effective_on", allow_none=True)
    effective_from = fields.DateTime(attribute="change.effective_from", allow_none=True)
    reverts = fields.Integer(attribute="change.reverts_id", allow_none=True)
    reverted_by = fields.Integer(allow_none=True)
    created_at = fields.DateTime(attribute="change.created_at")
    created_by = fields.String(attribute="change.created_by")
    files = fields.List(fields.Nested(ChangeFileSchema))
    acts = fields.List(fields.Nested(ChangeActSchema))


class NewChangeSchema(Schema):
    title = fields.String(required=True)
    reason = fields.String(load_default="")
    effective_on = fields.Date(load_default=None, allow_none=True)


class ChangeSeenSchema(Schema):
    """The revision that was looked at; the act is refused when there is another by now."""

    revision = fields.Integer(load_default=None, allow_none=True)


class ChangeReviewSchema(ChangeSeenSchema):
    note = fields.String(load_default="")


class ChangePublishSchema(ChangeSeenSchema):
    effective_on = fields.Date(load_default=None, allow_none=True)


class ChangeReasonSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(max=2000))


class LibraryFileSchema(Schema):
    """A file in force."""

    name = fields.String()
    kind = fields.String()
    title = fields.String()
    sha256 = fields.String()
    since = fields.DateTime()
    by_person = fields.Boolean()
    change = fields.Integer(attribute="change_set_id", allow_none=True)
    processes = fields.List(fields.String())


class ChangeCheckSchema(Schema):
    """What the check finds: errors first; what each file changes, in words; the processes that get a version."""

    change = fields.Integer()
    revision = fields.Integer()
    effective_from = fields.String()
    ok = fields.Boolean()
    found = fields.List(fields.Dict())
    files = fields.Dict(keys=fields.String(), values=fields.String())
    processes = fields.Dict(keys=fields.String(), values=fields.Integer())
    passed = fields.List(fields.String())
    unseen = fields.List(fields.String())


@blueprint.route("/library")
class Library(MethodView):
    @blueprint.response(200, LibraryFileSchema(many=True))
    def get(self) -> list[library.LibraryLine]:
        """Every file in force: models, decisions, forms, their tests, matters and materials."""
        return library.files_in_force(current.session, current.now)


@blueprint.route("/changes")
class Changes(MethodView):
    @blueprint.response(200, ChangeSchema(many=True))
    def get(self) -> list[change_sets.ChangeLine]:
        """All change sets, the newest first."""
        return change_sets.lines(current.session, current.now)

    @blueprint.arguments(NewChangeSchema)
    @blueprint.response(201, ChangeSchema)
    def post(self, given: dict[str, Any]) -> change_sets.ChangeLine:
        """Begin a change set, without files."""
        made = change_sets.begin(current.session, actor=current.person, now=current.now, **given)
        return _line(made.id)


@blueprint.route("/changes/<int:change_id>")
class Change(MethodView):
    @blueprint.response(200, ChangeSchema)
    def get(self, change_id: int) -> change_sets.ChangeLine:
        """One change set: its files, and what was done with it."""
        return _line(change_id)

    @blueprint.arguments(NewChangeSchema)
    @blueprint.response(200, ChangeSchema)
    def put(self, given: dict[str, Any], change_id: int) -> change_sets.ChangeLine:
        """Say anew what a draft is about and from when it is meant to be in force."""
        change_sets.describe(current.session, change_id, actor=current.person, now=current.now, **given)
        return _line(change_id)


@blueprint.route("/changes/<int:change_id>/files/<name>")
class File(MethodView):
    @blueprint.response(200, content_type="application/octet-stream")
    def get(self, change_id: int, name: str) -> Response:
        """The file as the change set has it, or as it is in force; `ETag` is its sha256."""
        data = change_sets.files(current.session, change_id).get(name)
        if data is None:
            data = library.content(current.session, name, current.now)
        answer = Response(data, mimetype="application/octet-stream")
        answer.headers["Content-Disposition"] = "attachment"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.set_etag(deployments.sha256(data))
        return answer

    @blueprint.response(200, ChangeSchema)
    def put(self, change_id: int, name: str) -> change_sets.ChangeLine:
        """Put the raw bytes of a file in. With `If-Match` (the sha256 edited from): 409 when it is another by now."""
        _refuse_large()
        data = request.get_data()
        over: Any = change_sets.NEWEST
        if request.if_match:
            over = next(iter(request.if_match.as_set()), change_sets.NEWEST)
        change_sets.put_file(current.session, change_id, name, data, current.person, current.now, over=over)
        return _line(change_id)

    @blueprint.response(200, ChangeSchema)
    def delete(self, change_id: int, name: str) -> change_sets.ChangeLine:
        """Take a file out of the change set; what is in force stays."""
        change_sets.remove_file(current.session, change_id, name, current.person, current.now)
        return _line(change_id)


@blueprint.route("/changes/<int:change_id>/check")
class CheckIt(MethodView):
    @blueprint.response(200, ChangeCheckSchema)
    def post(self, change_id: int) -> dict[str, Any]:
        """Hold the whole set against everything around it on its day; nothing is stored."""
        return change_checks.check(current.session, change_id, current.now).as_data()


@blueprint.route("/changes/<int:change_id>/submit")
class Submit(MethodView):
    @blueprint.arguments(ChangeSeenSchema)
    @blueprint.response(200, ChangeSchema)
    def post(self, given: dict[str, Any], change_id: int) -> change_sets.ChangeLine:
        """Hand it to a second person. 422 with `findings` when it may not come into force."""
        change_sets.submit(current.session, change_id, current.person, current.now, **given)
        return _line(change_id)


@blueprint.route("/changes/<int:change_id>/review")
class Review(MethodView):
    @blueprint.arguments(ChangeReviewSchema)
    @blueprint.response(200, ChangeSchema)
    def post(self, given: dict[str, Any], change_id: int) -> change_sets.ChangeLine:
        """Pass it, as somebody who wrote nothing in it; the check runs again."""
        change_sets.review(current.session, change_id, current.person, current.now, **given)
        return _line(change_id)


@blueprint.route("/changes/<int:change_id>/send-back")
class SendBack(MethodView):
    @blueprint.arguments(ChangeReasonSchema)
    @blueprint.response(200, ChangeSchema)
    def post(self, given: dict[str, Any], change_id: int) -> change_sets.ChangeLine:
        """Back to a draft, with a word."""
        change_sets.send_back(current.session, change_id, given["reason"], current.person, current.now)
        return _line(change_id)


@blueprint.route("/changes/<int:change_id>/abandon")
class Abandon(MethodView):
    @blueprint.arguments(ChangeReasonSchema)
    @blueprint.response(200, ChangeSchema)
    def post(self, given: dict[str, Any], change_id: int) -> change_sets.ChangeLine:
        """Give it up before it is published."""
        change_sets.abandon(current.session, change_id, given["reason"], current.person, current.now)
        return _line(change_id)


@blueprint.route("/changes/<int:change_id>/publish")
class Publish(MethodView):
    @blueprint.arguments(ChangePublishSchema)
    @blueprint.response(200, ChangeSchema)
    def post(self, given: dict[str, Any], change_id: int) -> change_sets.ChangeLine:
        """Put a reviewed set into force, whole: at once, or from the beginning of a day."""
        releasing.publish(current.session, change_id, current.person, current.now, **given)
        return _line(change_id)


@blueprint.route("/changes/<int:change_id>/revert")
class Revert(MethodView):
    @blueprint.arguments(ChangeReasonSchema)
    @blueprint.response(201, ChangeSchema)
    def post(self, given: dict[str, Any], change_id: int) -> change_sets.ChangeLine:
        """Take a published set back, in one act: what was in force before is in force again."""
        made = releasing.revert(current.session, change_id, given["reason"], current.person, current.now)
        return _line(made.id)


@blueprint.route("/processes/<process_id>/versions/<int:number>/revert")
class RevertTo(MethodView):
    @blueprint.arguments(ChangeReasonSchema)
    @blueprint.response(201, ChangeSchema)
    def post(self, given: dict[str, Any], process_id: str, number: int) -> change_sets.ChangeLine:
        """Put an earlier version of a process back into force, in one act."""
        made = releasing.revert_to(current.session, process_id, number, given["reason"], current.person, current.now)
        return _line(made.id)


def _refuse_large() -> None:
    """Raises Invalid when more is announced than a file may have."""
    if (request.content_length or 0) > change_sets.LARGEST:
        sentence = "文件超过了 5 MB，请去掉嵌入的图片后重新导出。"
        raise Invalid(sentence, code="FILE_SIZE", fields={"file": [sentence]})


def _line(change_id: int) -> change_sets.ChangeLine:
    return change_sets.line(current.session, change_id, current.now)
