"""The web edge: one session a request, one commit, one mapping from refusals to HTTP.

GET, HEAD and OPTIONS get a reading session and never write. Everything else gets a writing session, committed after the
view returned well and before the answer leaves. Who may call what is the access table's business (``access.py``).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response, current_app, g, jsonify, request
from flask import session as browser
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from server import clock
from server.accounts import actions as accounts
from server.accounts.actor import Actor
from server.config import Settings
from server.db import Database
from server.errors import DomainError
from server.files import store

READING = ("GET", "HEAD", "OPTIONS")
LOCATIONS = ("json", "query", "form", "files")
ErrorPage = Callable[[int, str, str], ResponseReturnValue]
"""Draws the page for a refusal from status, title and sentence."""


@dataclass
class Edge:
    """What hangs on the application: its settings, its database, and who draws a refusal for people."""

    settings: Settings
    database: Database
    error_page: ErrorPage | None


def edge() -> Edge:
    """The edge of the running application."""
    found: Edge = current_app.extensions["gcb"]
    return found


class _Current:
    """What the present request acts with; the only request global, and only for ``server.web``."""

    @property
    def settings(self) -> Settings:
        return edge().settings

    @property
    def database(self) -> Database:
        return edge().database

    @property
    def session(self) -> Session:
        if "session" not in g:
            database = edge().database
            if request.method in READING or not _body_is_here():
                g.session = database.reading_session()
            else:
                g.session = database.writing_session()
        session: Session = g.session
        return session

    @property
    def now(self) -> datetime:
        if "now" not in g:
            g.now = clock.now(self.session, self.settings)
        instant: datetime = g.now
        return instant

    @property
    def actor(self) -> Actor | None:
        """Who acts: by bearer token, else by the signed-in session; None when nobody."""
        if "actor" not in g:
            g.actor = self._actor()
        found: Actor | None = g.actor
        return found

    @property
    def person(self) -> Actor:
        """Who acts, in views that the access table closes to strangers."""
        actor = self.actor
        if actor is None:
            raise RuntimeError("the access table let a stranger into a closed view")
        return actor

    @property
    def by_token(self) -> bool:
        """The request carries a bearer token, so it needs no CSRF token."""
        return request.headers.get("Authorization", "").startswith("Bearer ")

    def _actor(self) -> Actor | None:
        if self.by_token:
            token = request.headers["Authorization"].removeprefix("Bearer ").strip()
            return accounts.actor_for_token(self.session, token, self.now)
        account_id = signed_in_account()
        return None if account_id is None else accounts.actor_for_account(self.session, account_id)


_turn = threading.RLock()
"""One request is worked on at a time. Python runs one thread anyway, and SQLite has one writer, which threads that wait
for each other by polling make slower (p95 at concurrency 4: 72 ms with turns, 223 ms without). Reading a body from a slow
line is not work: it happens before the turn, in one of the server's other threads."""


def _take_turn() -> None:
    if request.method not in READING and request.endpoint is not None:
        _body_is_here()
    _turn.acquire()
    g.turn = True


def _body_is_here() -> bool:
    """Read the whole body, once, before any lock is taken: a slow sender must stop nobody else.

    False for a body that is too large or broken off: the request is about to be refused and writes nothing.
    """
    if "refused_body" not in g:
        try:
            request.get_data(parse_form_data=True)
            g.refused_body = None
        except HTTPException as error:
            g.refused_body = error
    return g.refused_body is None


def require_body() -> None:
    """Refuse a request whose body could not be read, after its sender is known to be allowed here."""
    if request.method not in READING and request.endpoint is not None and not _body_is_here():
        raise g.refused_body


current = _Current()


def signed_in_account() -> int | None:
    """The account of the browser session, or None."""
    found = browser.get("account_id")
    return found if isinstance(found, int) else None


def is_api() -> bool:
    """The request wants problem details, not a page."""
    return request.path.startswith("/api/")


def install(app: Flask, settings: Settings, database: Database, error_page: ErrorPage | None = None) -> None:
    """Hang the edge on an application: session, commit, refusals. Without ``error_page`` all are problem details."""
    app.extensions["gcb"] = Edge(settings, database, error_page)
    app.before_request(_take_turn)
    app.after_request(_end)
    app.teardown_request(_close)
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(HTTPException, _http)


def _end(response: Response) -> Response:
    """Commit what the view did; a refused act leaves nothing, unless its view says that the failure itself counts."""
    session: Session | None = g.get("session")
    kept = response.status_code < 400 or g.get("keep_on_error")
    if kept and session is not None and request.method not in READING:
        edge().database.commit(session)
    return response


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("session", None)
    try:
        if session is not None:
            session.close()
    finally:
        if g.pop("turn", False):
            _turn.release()


def _refused(error: DomainError) -> ResponseReturnValue:
    draw = edge().error_page
    if draw is not None and not is_api():
        return draw(error.status, error.title, error.message)
    return problem(error.status, error.title, error.message, code=error.code, errors=error.fields, **error.extra)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is not None and error.code < 400:
        return error
    status = error.code or 500
    if status == 413:
        return _refused(store.too_large("这次上传的内容", edge().settings.upload_limit))
    title, detail = HTTP_WORDS.get(status, ("请求没有被接受", "这个请求办不了，请检查后再试。"))
    draw = edge().error_page
    if draw is not None and not is_api():
        return draw(status, title, detail)
    data = getattr(error, "data", None) or {}
    fields = _flat(data.get("messages", {})) if status == 422 else {}  # a body that is no JSON has no fields
    answer = problem(status, title, detail, code=f"HTTP_{status}", errors=fields)
    if isinstance(allow := getattr(error, "valid_methods", None), (list, tuple, set)):
        answer.headers["Allow"] = ", ".join(sorted(allow))
    return answer


def _flat(messages: object, prefix: str = "") -> dict[str, list[str]]:
    """webargs' nested messages as {field path: sentences}."""
    if isinstance(messages, dict):
        found: dict[str, list[str]] = {}
        for key, value in messages.items():
            where_sent = not prefix and key in LOCATIONS  # no part of the field's name
            found |= _flat(value, "" if where_sent else f"{prefix}.{key}".strip("."))
        return found
    if isinstance(messages, list):
        return {prefix or "request": [str(one) for one in messages]}
    return {prefix or "request": [str(messages)]}


def problem(status: int, title: str, detail: str, *, code: str, errors: object = None, **extra: object) -> Response:
    """Problem details (RFC 9457) with our ``code``, and ``errors`` as {field: [sentences]}."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code, **extra}
    if errors:
        body["errors"] = errors
    answer = jsonify(body)
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    return answer


HTTP_WORDS = {
    400: ("请求读不懂", "发来的内容读不懂，请检查格式后再试。"),
    401: ("请先登录", "办这件事要先登录。"),
    403: ("不能办理", "您的账号不能办这件事。"),
    404: ("没有找到", "没有这个地址，或者内容已经移走。请从首页重新进入。"),
    405: ("不能这样访问", "这个地址不支持这种访问方式。"),
    415: ("格式不支持", "请用 JSON 或表单格式发送。"),
    422: ("填写的内容有问题", "有些内容不对，请按提示修改。"),
    429: ("太频繁了", "尝试得太频繁，请过一分钟再试。"),
    500: ("没有办成", "系统这边出了错，没有办成，您填的内容没有丢。请稍后再试，或打服务电话。"),
}
