"""What a person sees when something was refused or broke: what happened, why, and the way out."""

from urllib.parse import urlsplit

from flask import Flask, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from server.web.edge import is_api, problem

ICONS = {
    403: "lock",
    404: "map-search",
    409: "refresh",
    413: "file-alert",
    429: "clock",
    500: "alert-circle",
    503: "clock",
}


def error_page(status: int, title: str, message: str, back: str = "") -> ResponseReturnValue:
    """The page for a refusal; it reads the database only where that can be trusted (not for 500). back: the address of the
    page on which the form stood."""
    broken = status >= 500
    answer = make_response(
        render_template(
            "error.html",
            status=status,
            title=title,
            message=message,
            icon_name=ICONS.get(status, "alert-circle"),
            tone="failed" if broken else "neutral",
            broken=broken,
            back=back,
        ),
        status,
    )
    return answer


def install(app: Flask) -> None:
    """Words for a form whose session has ended; every other refusal comes through the edge."""
    app.register_error_handler(CSRFError, _form_expired)


def _form_expired(error: CSRFError) -> ResponseReturnValue:
    if is_api():
        return problem(400, "请求缺少校验", "浏览器里调用接口要带 X-CSRFToken，程序请用令牌登录。", code="CSRF")
    return error_page(
        400,
        "登录过期了，这一次没有提交",
        "为了安全，登录过期以后不能再提交。回到刚才那一页，重新登录后再交一次；填过的会放回那一页上。",
        back=_came_from(),
    )


def _came_from() -> str:
    """Path and query of the page the form stood on, when the browser tells; '' when it is none of ours."""
    parts = urlsplit(request.referrer or "")
    return f"{parts.path}?{parts.query}".rstrip("?") if parts.netloc == request.host else ""
