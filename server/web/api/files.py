"""REST for files: bring one, see what it is, take it away."""

from typing import Any

from flask import request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from server.errors import Invalid
from server.files import store
from server.files.models import StoredFile
from server.web.access import SIGNED_IN, Access
from server.web.edge import current
from server.web.file_access import readable, send

ACCESS: dict[str, Access] = {
    "files_api.Files": SIGNED_IN,
    "files_api.OneFile": SIGNED_IN,
    "files_api.Content": SIGNED_IN,
}
blueprint = Blueprint("files_api", __name__, url_prefix="/api/v1/files", description="文件")


class FileSchema(Schema):
    """A stored file."""

    id = fields.Integer()
    sha256 = fields.String()
    name = fields.String()
    size = fields.Integer(metadata={"description": "字节"})
    media_type = fields.String()
    stored_at = fields.DateTime()


@blueprint.route("")
class Files(MethodView):
    @blueprint.response(201, FileSchema)
    @blueprint.doc(
        requestBody={
            "content": {
                "multipart/form-data": {
                    "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
                }
            }
        }
    )
    def post(self) -> StoredFile:
        """Upload a PDF, JPEG or PNG in the part `file`. 422 names what is wrong with it, 413 when it is too large."""
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            raise Invalid("没有收到文件。", fields={"file": ["请选择一个文件再上传"]}, code="FILE_MISSING")
        received = store.receive(current.settings, upload.stream, upload.filename)
        return store.record(current.session, received, current.person, current.now)


@blueprint.route("/<int:file_id>")
class OneFile(MethodView):
    @blueprint.response(200, FileSchema)
    def get(self, file_id: int) -> StoredFile:
        """What a file is, for its own organisation, the owner of its project, and staff."""
        return readable(file_id)


@blueprint.route("/<int:file_id>/content")
class Content(MethodView):
    @blueprint.response(200, content_type="application/octet-stream")
    def get(self, file_id: int) -> Any:
        """The bytes of a file."""
        return send(readable(file_id))
