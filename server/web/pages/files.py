"""Stored files and issued papers, to look at or to take away."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from server.documents import papers
from server.errors import NotFound
from server.web.access import SIGNED_IN, Access
from server.web.edge import current
from server.web.file_access import readable, send

ACCESS: dict[str, Access] = {"files.show": SIGNED_IN, "files.paper": SIGNED_IN}
blueprint = Blueprint("files", __name__)


@blueprint.get("/files/<int:file_id>")
def show(file_id: int) -> ResponseReturnValue:
    """A file of one's own organisation or project, or any file for staff; shown in the browser unless ``?download``."""
    return send(readable(file_id), inline="download" not in request.args)


@blueprint.get("/papers/<code>/pdf")
def paper(code: str) -> ResponseReturnValue:
    """The signed PDF of a paper, for its holder and for staff."""
    found = papers.get(current.session, code)
    if not papers.may_fetch(current.actor, found):
        raise NotFound("这份文书只有持证单位和工作人员能下载。任何人都可以在核验页对照内容。", code="PAPER_UNKNOWN")
    if found.made is None:
        raise NotFound("电子证照正在制作，一般几秒钟就好。请过一会儿再打开。", code="PAPER_MAKING")
    return send(found.made.file, inline="download" not in request.args)
