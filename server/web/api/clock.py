"""REST for the clock: what time it is here; and, where the clock is virtual, moving it."""

from datetime import UTC, datetime
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields

from server import clock
from server.accounts.access import require
from server.web.access import SIGNED_IN, Access
from server.web.edge import current

ACCESS: dict[str, Access] = {"clock_api.Clock": SIGNED_IN}
blueprint = Blueprint("clock_api", __name__, url_prefix="/api/v1/clock", description="时钟")


def _within_reach(moment: datetime) -> None:
    if not 2000 <= moment.year < 2100:
        raise ValidationError("请填写 2000 年到 2099 年之间的时刻。")


class MomentInSchema(Schema):
    """An instant with its offset: a wall-clock time alone says nothing."""

    now = fields.AwareDateTime(
        required=True,
        default_timezone=None,
        validate=_within_reach,
        error_messages={"invalid_awareness": "请写上时区，例如 2026-03-02T09:00:00+08:00。"},
    )


class TimeSchema(Schema):
    """legal_date: the date in law, in Asia/Shanghai. virtual: it stands still until it is moved."""

    now = fields.DateTime()
    legal_date = fields.Date()
    virtual = fields.Boolean()


def _time(now: datetime) -> dict[str, Any]:
    return {"now": now, "legal_date": clock.legal_date(now), "virtual": current.settings.clock == "virtual"}


@blueprint.route("")
class Clock(MethodView):
    @blueprint.response(200, TimeSchema)
    def get(self) -> dict[str, Any]:
        """The time by which limits run here."""
        return _time(current.now)

    @blueprint.arguments(MomentInSchema)
    @blueprint.response(200, TimeSchema)
    def put(self, given: dict[str, Any]) -> dict[str, Any]:
        """Move the virtual clock forward; for administrators. 409 where the clock is the system's, or backwards."""
        require(current.person, "admin")
        now = given["now"].astimezone(UTC)
        clock.move(current.session, current.settings, now)
        return _time(now)
