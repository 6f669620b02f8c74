"""What every answer and every form is protected by: CSRF, response headers, and a brake on signing in."""

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from server.web.edge import READING, current, is_api, signed_in_account

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)

LOOK_UP_RATE = "120 per minute"
SIGN_IN_RATE = "30 per minute"
"""Failures of one address and process: a whole office behind one address may sign in at nine o'clock. A single account
rests after five failures (accounts.actions)."""

limit_failures = limiter.limit(SIGN_IN_RATE, deduct_when=lambda answer: bool(answer.status_code >= 400))
"""A brake on guessing: only answers that refuse count."""

_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-src": "'self'",
    "frame-ancestors": "'none'",
}


def install(app: Flask) -> None:
    """Protect an application. Tokens of forms live as long as the browser session: a form may lie open for hours."""
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_check_form)
    app.after_request(_headers)


def allow_style_elements() -> None:
    """For pages whose editors make <style> elements (the FEEL editor of the properties panel)."""
    g.style_elements = True


def _check_form() -> None:
    """Every writing request of a browser carries the token; a program's bearer token needs none, and without a
    browser session there is nothing that could be abused through the API."""
    if request.method in READING or current.by_token or request.endpoint is None:
        return
    if is_api() and signed_in_account() is None:
        return
    csrf.protect()


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if response.mimetype == "text/html":
        policy = dict(_POLICY)
        if g.get("style_elements"):
            policy["style-src"] = "'self' 'unsafe-inline'"
        headers.setdefault("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items()))
        headers.setdefault("Cache-Control", "no-store")
    else:
        headers.setdefault("Content-Security-Policy", "frame-ancestors 'self'")
    return response
