"""What a person sees when something was refused or broke: what happened, why, and the way out."""

from flask import Flask, make_response, render_template
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


def error_page(status: int, title: str, message: str) -> ResponseReturnValue:
    """The page for a refusal; it reads the database only where that can be trusted (not for 500)."""
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
        "这一页放得太久了",
        "为了安全，登录过期以后不能再提交。请退回上一页，刷新，重新登录后再交一次；您打的字会留在那一页上。",
    )
