"""Wiring: which areas there are, and the Flask application around them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from werkzeug.routing import IntegerConverter, Map

from server import areas, bell
from server.config import Settings
from server.db import Database, open_database
from server.web import access, api, bench, edge, pages
from server.web.pages import errors

ACCESS = {"health": access.PUBLIC}
AREAS = areas  # what the models name has to be known here


class RowId(IntegerConverter):
    """A row's number in an address; what no table can hold is no address of ours."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:
        super().__init__(map, *args, **{"max": 2**31 - 1, **options})


def create_app(settings: Settings | None = None, database: Database | None = None) -> Flask:
    """The application. Guards every endpoint by the merged access tables."""
    settings = settings or Settings.from_env()
    database = database or open_database(settings)
    web = Path(__file__).parent / "web"
    app = Flask("server.web", static_folder=None, template_folder=str(web / "templates"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.upload_limit + 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters["int"] = RowId
    edge.install(app, settings, database, errors.error_page)
    app.add_url_rule("/health", "health", health)
    bell.connect(settings)
    pages.install(app)
    api.install(app)
    measured = {}
    if settings.bench:
        bench.install(app)
        measured = bench.ACCESS
    access.install(app, ACCESS, *pages.tables(), *api.tables(), measured)
    app.before_request(edge.require_body)  # behind the guard
    return app


def health() -> ResponseReturnValue:
    """The process answers and its database can be read."""
    edge.current.session.execute(text("select 1"))
    return jsonify(status="ok")
