"""REST for signing in: a bearer token for login and password, who it stands for, and ending it."""

from typing import Any

from flask import g, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from server.accounts import actions, queries
from server.accounts.actor import Actor
from server.errors import Forbidden, Invalid
from server.web.access import PUBLIC, SIGNED_IN, Access
from server.web.edge import current
from server.web.security import limit_failures

ACCESS: dict[str, Access] = {
    "accounts_api.Tokens": PUBLIC,
    "accounts_api.OwnToken": SIGNED_IN,
    "accounts_api.Me": SIGNED_IN,
}
blueprint = Blueprint("accounts_api", __name__, url_prefix="/api/v1", description="登录")


class CredentialsSchema(Schema):
    login = fields.String(required=True, validate=validate.Length(min=1, max=100))
    password = fields.String(required=True, validate=validate.Length(min=1, max=200))


class PersonSchema(Schema):
    """Who acts."""

    login = fields.String()
    name = fields.String()
    label = fields.String(metadata={"description": "单位·科室·姓名，记录里就是这样写的"})
    organisation = fields.String()
    unit = fields.String(allow_none=True)
    district = fields.String()
    roles = fields.List(fields.String())


class TokenSchema(Schema):
    """A bearer token, told once, and whom it stands for."""

    token = fields.String()
    expires_at = fields.DateTime()
    account = fields.Nested(PersonSchema)


@blueprint.route("/tokens")
class Tokens(MethodView):
    @limit_failures
    @blueprint.arguments(CredentialsSchema)
    @blueprint.response(201, TokenSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """A token valid for 12 hours. The same 403 for every kind of wrong; after five an account rests 5 minutes."""
        session, now = current.session, current.now
        try:
            actor = actions.sign_in(session, given["login"], given["password"], now)
        except Forbidden:
            g.keep_on_error = True  # the failure is counted
            raise
        token = actions.issue_token(session, actor, now)
        return {"token": token, "expires_at": now + actions.TOKEN_LIFE, "account": _person(actor)}


@blueprint.route("/tokens")
class OwnToken(MethodView):
    @blueprint.response(204)
    def delete(self) -> None:
        """End the token this request carries."""
        if not current.by_token:
            raise Invalid("这次请求没有带令牌。请在 Authorization 里写上要作废的令牌。", code="TOKEN_MISSING")
        token = request.headers["Authorization"].removeprefix("Bearer ").strip()
        actions.revoke_token(current.session, token, current.now)


@blueprint.route("/me")
class Me(MethodView):
    @blueprint.response(200, PersonSchema)
    def get(self) -> dict[str, Any]:
        """Whom the token stands for."""
        return _person(current.person)


def _person(actor: Actor) -> dict[str, Any]:
    names = ("name", "label", "organisation", "unit", "district")
    login = queries.login_of(current.session, actor)
    return {"login": login, "roles": sorted(actor.roles)} | {name: getattr(actor, name) for name in names}
