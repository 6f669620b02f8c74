"""Pages for anybody: the front page, and whether a certificate is genuine and in force now."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from server.web.access import PUBLIC, Access

ACCESS: dict[str, Access] = {"public.home": PUBLIC}
blueprint = Blueprint("public", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """What can be done here."""
    return render_template("public/home.html")
