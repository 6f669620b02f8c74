"""The models that diagrams draw, as files. A version never changes, so its file may be kept."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from server.processes import definitions
from server.web.access import SIGNED_IN, Access
from server.web.edge import current

ACCESS: dict[str, Access] = {"diagrams.model": SIGNED_IN}
blueprint = Blueprint("diagrams", __name__)


@blueprint.get("/diagrams/<int:version_id>.bpmn")
def model(version_id: int) -> ResponseReturnValue:
    """The BPMN file of one version."""
    answer = Response(definitions.xml(current.session, version_id), mimetype="application/xml")
    answer.cache_control.private = True
    answer.cache_control.max_age = 24 * 60 * 60
    return answer
