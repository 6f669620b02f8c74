"""Serves the built files: names carry a hash, so they are kept for ever; .br and .gz were made at build time."""

import mimetypes

from flask import Blueprint, Response, request, send_from_directory
from werkzeug.exceptions import NotFound

from server.web.access import PUBLIC, Access
from server.web.assets import STATIC, manifest

ACCESS: dict[str, Access] = {"assets.file": PUBLIC, "assets.favicon": PUBLIC}
blueprint = Blueprint("assets", __name__)

FOR_EVER = 365 * 24 * 60 * 60
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


@blueprint.get("/static/<name>")
def file(name: str) -> Response:
    """One built file, compressed as the browser can take it."""
    if name.startswith(".") or name == "manifest.json" or name.endswith((".br", ".gz")):
        raise NotFound
    chosen, encoding = name, ""
    for accepted, ending in _ENCODINGS:
        if request.accept_encodings.quality(accepted) > 0 and (STATIC / f"{name}{ending}").is_file():
            chosen, encoding = f"{name}{ending}", accepted
            break
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    answer = send_from_directory(STATIC, chosen, mimetype=kind, max_age=FOR_EVER, etag=False)
    answer.cache_control.public = True
    answer.cache_control.immutable = True
    answer.vary.add("Accept-Encoding")
    if encoding:
        answer.headers["Content-Encoding"] = encoding
    return answer


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """The mark, for browsers that ask by the old name."""
    answer = file(manifest().files["mark.svg"])
    answer.cache_control.max_age = 24 * 60 * 60
    answer.cache_control.immutable = False
    return answer
