"""Stored files and issued papers, to look at or to take away."""

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue

from server.documents import papers
from server.errors import NotFound
from server.files import headers, store
from server.files.models import StoredFile
from server.web.access import SIGNED_IN, Access
from server.web.edge import current
from server.web.file_access import readable

ACCESS: dict[str, Access] = {"files.show": SIGNED_IN, "files.paper": SIGNED_IN}
blueprint = Blueprint("files", __name__)


@blueprint.get("/files/<int:file_id>")
def show(file_id: int) -> ResponseReturnValue:
    """A file of one's own organisation or project, or any file for staff; shown in the browser unless ``?download``."""
    return _send(readable(file_id))


@blueprint.get("/papers/<code>/pdf")
def paper(code: str) -> ResponseReturnValue:
    """The signed PDF of a paper, for its holder and for staff."""
    found = papers.get(current.session, code)
    if not papers.may_fetch(current.actor, found):
        raise NotFound("这份文书只有持证单位和工作人员能下载。任何人都可以在核验页对照内容。", code="PAPER_UNKNOWN")
    if found.made is None:
        raise NotFound("电子证照正在制作，一般几秒钟就好。请过一会儿再打开。", code="PAPER_MAKING")
    return _send(found.made.file)


def _send(file: StoredFile) -> Response:
    answer = send_file(store.path_of(current.settings, file), mimetype=file.media_type, etag=False)
    answer.headers.update(headers.for_download(file, inline="download" not in request.args))
    return answer
