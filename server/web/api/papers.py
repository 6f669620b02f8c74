"""REST for papers: whether one is genuine and in force (for anybody), and its signed PDF (for its holder and staff)."""

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from server.documents import kinds, papers, words
from server.documents.models import Paper
from server.errors import NotFound
from server.files import store
from server.web.access import PUBLIC, SIGNED_IN, Access
from server.web.edge import current
from server.web.file_access import send
from server.web.security import LOOK_UP_RATE, limiter

ACCESS: dict[str, Access] = {"papers_api.OnePaper": PUBLIC, "papers_api.SignedPdf": SIGNED_IN}
blueprint = Blueprint("papers_api", __name__, url_prefix="/api/v1/papers", description="证照核验")


class PaperFactSchema(Schema):
    label = fields.String()
    value = fields.String()


class StandingSchema(Schema):
    """What the paper is worth at this moment."""

    state = fields.String()
    word = fields.String()
    sentence = fields.String()


class SignatureSchema(Schema):
    """Of the PDF: whose seal it bears, and whether the file kept is still the one that was signed."""

    signed_by = fields.String()
    intact = fields.Boolean()


class PaperSchema(Schema):
    """A paper as anybody may compare it with the one in hand."""

    kind = fields.String()
    title = fields.String()
    number = fields.String()
    verification_code = fields.String()
    version = fields.Integer()
    issuer = fields.String()
    issued_on = fields.Date()
    standing = fields.Nested(StandingSchema)
    facts = fields.List(fields.Nested(PaperFactSchema))
    signature = fields.Nested(SignatureSchema, allow_none=True, metadata={"description": "电子证照还在制作时是 null"})


@blueprint.route("/<path:code>")
class OnePaper(MethodView):
    @limiter.limit(LOOK_UP_RATE)
    @blueprint.response(200, PaperSchema)
    def get(self, code: str) -> dict[str, Any]:
        """Verify a paper by its number or the code beside its QR. 404 when this system did not issue it."""
        paper = papers.get(current.session, code)
        names = ("kind", "title", "number", "verification_code", "version", "issuer", "issued_on")
        facts = words.public_facts(kinds.kind_of(paper.kind), paper.data)
        return {name: getattr(paper, name) for name in names} | {
            "standing": papers.standing_of(current.session, paper, current.now),
            "facts": [{"label": label, "value": value} for label, value in facts],
            "signature": _signature(paper),
        }


def _signature(paper: Paper) -> dict[str, Any] | None:
    if paper.made is None:
        return None
    return {"signed_by": paper.made.signed_by, "intact": store.intact(current.settings, paper.made.file)}


@blueprint.route("/<code>/pdf")
class SignedPdf(MethodView):
    @blueprint.response(200, content_type="application/pdf")
    def get(self, code: str) -> Any:
        """The signed PDF, for its holder and for staff. 404 while it is being made."""
        paper = papers.get(current.session, code)
        if not papers.may_fetch(current.person, paper):
            raise NotFound("这份文书只有持证单位和工作人员能下载。", code="PAPER_UNKNOWN")
        if paper.made is None:
            raise NotFound("电子证照正在制作，一般几秒钟就好。请过一会儿再取。", code="PAPER_MAKING")
        return send(paper.made.file)
