"""Getting in and out: sign-in, the demo's accounts, switching the desk."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue

from server.accounts import actions, queries
from server.accounts.access import ROLES
from server.accounts.actor import Actor
from server.accounts.queries import Listed
from server.errors import Forbidden, NotFound
from server.web import navigation
from server.web.access import PUBLIC, SIGNED_IN, Access
from server.web.edge import current
from server.web.security import limit_failures

ACCESS: dict[str, Access] = {
    "accounts.sign_in": PUBLIC,
    "accounts.sign_in_send": PUBLIC,
    "accounts.demo_sign_in": PUBLIC,
    "accounts.sign_out": PUBLIC,
    "accounts.signed_out": PUBLIC,
    "accounts.choose_desk": SIGNED_IN,
}
blueprint = Blueprint("accounts", __name__)

DEMO_GROUPS = (
    ("项目单位", ("owner",)),
    ("审批", ("officer",)),
    ("登记", ("registry",)),
    ("流程和监督", ("studio", "supervision", "admin")),
)


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The form, and in a demo the accounts to try."""
    return _sign_in_page()


@blueprint.post("/sign-in")
@limit_failures
def sign_in_send() -> ResponseReturnValue:
    """Check login and password; the same words for every kind of wrong."""
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    missing = {
        name: words
        for name, value, words in (("login", login, "请填用户名"), ("password", password, "请填密码"))
        if not value
    }
    if missing:
        return _sign_in_page(login=login, errors=missing), 422
    try:
        actor = actions.sign_in(current.session, login, password, current.now)
    except Forbidden as refusal:
        g.keep_on_error = True  # the failure is counted
        return _sign_in_page(login=login, errors={"login": refusal.message}), 422
    return _enter(actor)


@blueprint.post("/sign-in/demo")
def demo_sign_in() -> ResponseReturnValue:
    """Enter as one of the demo's people, without a password. There is no such door outside the demo."""
    if not current.settings.demo:
        raise NotFound("没有这个地址。")
    chosen = request.form.get("account", type=int)
    actor = None if chosen is None else actions.actor_for_account(current.session, chosen)
    if actor is None:
        raise NotFound("没有这个演示账号，请回到登录页另选一个。")
    return _enter(actor)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the browser session."""
    browser.clear()
    return redirect(url_for("accounts.signed_out"))


@blueprint.get("/signed-out")
def signed_out() -> ResponseReturnValue:
    """Says so, and makes the browser forget unsent text."""
    return render_template("accounts/signed_out.html")


@blueprint.post("/desk")
def choose_desk() -> ResponseReturnValue:
    """Switch to another of the desks this person works at."""
    wanted = request.form.get("desk", "")
    desk = next((one for one in navigation.desks_of(current.actor) if one.key == wanted), None)
    if desk is None:
        raise NotFound("您没有这个岗位，请从账号菜单里另选一个。")
    browser["desk"] = desk.key
    return redirect(url_for(navigation.home_of(desk, current_app.view_functions)))


def _enter(actor: Actor) -> ResponseReturnValue:
    """Start a fresh browser session for this person and go where she wanted, or to her desk."""
    browser.clear()
    browser.permanent = True
    browser["account_id"] = actor.account_id
    wanted = request.form.get("next", "")
    if is_local(wanted):
        return redirect(wanted)
    desk = navigation.desk_at(actor, None, None)
    return redirect(url_for(navigation.home_of(desk, current_app.view_functions)))


def is_local(address: str) -> bool:
    """An address on this server: a path, not ``//elsewhere`` and nothing a browser would read as another host."""
    parts = urlsplit(address)
    plain = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return plain and not parts.scheme and not parts.netloc and address.isprintable()


def _sign_in_page(login: str = "", errors: dict[str, str] | None = None) -> str:
    wanted = request.values.get("next", "")
    return render_template(
        "accounts/sign_in.html",
        login=login,
        errors=errors or {},
        next=wanted if is_local(wanted) else "",
        demo=_demo_groups() if current.settings.demo else [],
    )


def _demo_groups() -> list[tuple[str, list[tuple[Listed, str]]]]:
    """The demo's people by desk, each with her roles in words."""
    everyone = queries.open_accounts(current.session)
    groups = []
    for title, desks in DEMO_GROUPS:
        roles = frozenset[str]().union(*(desk.roles for desk in navigation.DESKS if desk.key in desks))
        people = [
            (one, "、".join(ROLES[role] for role in ROLES if role in one.roles))
            for one in everyone
            if one.roles & roles
        ]
        if people:
            groups.append((title, people))
    return groups
