"""REST for signing in: a bearer token for login and password, who it stands for, and ending it."""

from typing import Any

from flask import g, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from server.accounts import actions
from server.accounts.actor import Actor
from server.errors import Forbidden
from server.web.access import PUBLIC, SIGNED_IN, Access
from server.web.edge import current
from server.web.security import limit_failures

ACCESS: dict[str, Access] = {
    "accounts_api.Tokens": PUBLIC,
    "accounts_api.Me": SIGNED_IN,
}
blueprint = Blueprint("accounts_api", __name__, url_prefix="/api/v1", description="登录")


class CredentialsSchema(Schema):
    login = fields.String(required=True, validate=validate.Length(min=1, max=100))
    password = fields.String(required=True, validate=validate.Length(min=1, max=200))


class PersonSchema(Schema):
    """Who acts."""

    name = fields.String()
    label = fields.String(metadata={"description": "单位·科室·姓名，记录里就是这样写的"})
    organisation = fields.String()
    unit = fields.String(allow_none=True)
    district = fields.String()
    roles = fields.Function(lambda actor: sorted(actor.roles), metadata={"type": "array", "items": {"type": "string"}})


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
        return {"token": token, "expires_at": now + actions.TOKEN_LIFE, "account": actor}

    @blueprint.response(204)
    def delete(self) -> None:
        """End the token this request carries."""
        if current.by_token:
            actions.revoke_token(current.session, request.headers["Authorization"].removeprefix("Bearer "), current.now)


@blueprint.route("/me")
class Me(MethodView):
    @blueprint.response(200, PersonSchema)
    def get(self) -> Actor:
        """Whom the token stands for."""
        return current.person
