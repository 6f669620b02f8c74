"""REST under /api/v1: one module an area, each with its ``blueprint`` and its lines of the access table (``ACCESS``).

flask-smorest reads arguments, writes answers and draws up the OpenAPI 3.1 document; refusals are the edge's business.
"""

from collections.abc import Mapping

from flask import Flask
from flask_smorest import Api

from server.web import words
from server.web.access import PUBLIC, Access
from server.web.api import (
    accounts,
    applications,
    cases,
    changes,
    clock,
    files,
    incidents,
    messages,
    numbering,
    papers,
    permits,
    processes,
    projects,
    registry,
    work_items,
)

WORDS = words  # imported first: schemas take their words from it
MODULES = (
    accounts,
    applications,
    cases,
    changes,
    clock,
    files,
    incidents,
    messages,
    numbering,
    papers,
    permits,
    processes,
    projects,
    registry,
    work_items,
)
ACCESS: dict[str, Access] = {"api-docs.openapi_json": PUBLIC}


class Rest(Api):
    """flask-smorest without its error answers, which are no problem details and drop `Allow`."""

    def _register_error_handlers(self) -> None:
        pass


def tables() -> tuple[Mapping[str, Access], ...]:
    """Lines of the access table of all modules."""
    return (ACCESS, *(module.ACCESS for module in MODULES))


def install(app: Flask) -> None:
    """Give an application its REST face."""
    app.config.update(
        API_TITLE="工程帮",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    rest = Rest(app)
    rest.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for module in MODULES:
        rest.register_blueprint(module.blueprint)
