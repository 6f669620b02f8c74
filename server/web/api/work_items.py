"""REST for the inbox: open tasks, one task with its form, taking one, deciding one. The area of a task decides it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import Conflict, NotFound
from server.processes import definitions, instances, work_items
from server.processes.instances import Run
from server.processes.work_items import WorkItem
from server.web.access import SIGNED_IN, Access
from server.web.edge import current

ACCESS: dict[str, Access] = {
    "work_items_api.WorkItems": SIGNED_IN,
    "work_items_api.OneWorkItem": SIGNED_IN,
    "work_items_api.Claim": SIGNED_IN,
    "work_items_api.Decision": SIGNED_IN,
}
blueprint = Blueprint("work_items_api", __name__, url_prefix="/api/v1", description="待办")


class Decide(Protocol):
    """An area's action for an answered task."""

    def __call__(
        self,
        session: Session,
        actor: Actor,
        work_item: WorkItem,
        outcome: str,
        answers: Mapping[str, Any],
        seen_revision: int,
        now: datetime,
    ) -> Run: ...


@dataclass(frozen=True)
class Desk:
    """An area at which tasks are decided. revision: (session, subject) -> what a decision has to have seen."""

    decide: Decide
    revision: Callable[[Session, str], int]


DESKS: dict[str, Desk] = {}


def desk(area: str, decide: Decide, revision: Callable[[Session, str], int]) -> None:
    """Say how tasks of an area are decided. Each area's API module does so for its own."""
    DESKS[area] = Desk(decide, revision)


class WorkItemSchema(Schema):
    """An open task."""

    id = fields.Integer()
    element = fields.String()
    name = fields.String()
    unit = fields.String(metadata={"description": "科室（泳道）"})
    form_id = fields.String(allow_none=True)
    area = fields.String()
    subject = fields.String()
    district = fields.String()
    opened_at = fields.DateTime()
    claimed_by = fields.String(attribute="claimed_name", allow_none=True)


class WorkItemDetailSchema(WorkItemSchema):
    """An open task with its form and the revision to be named when deciding."""

    form = fields.Dict(allow_none=True)
    variables = fields.Dict()
    revision = fields.Integer()


class FilterSchema(Schema):
    subject = fields.String(load_default=None, validate=validate.Length(max=60))


class DecisionSchema(Schema):
    """An answer to a task, on the revision that was seen."""

    outcome = fields.String(required=True, validate=validate.Length(min=1, max=60))
    answers = fields.Dict(keys=fields.String(), load_default=dict)
    seen_revision = fields.Integer(required=True, strict=True)


class DecidedSchema(Schema):
    """What the decision led to."""

    status = fields.String(metadata={"description": "流程：running、completed 或 cancelled"})


@blueprint.route("/work-items")
class WorkItems(MethodView):
    @blueprint.arguments(FilterSchema, location="query")
    @blueprint.response(200, WorkItemSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[WorkItem]:
        """What waits for the caller's unit or organisation, the longest waiting first."""
        found = work_items.open_for(current.session, current.person)
        subject = wanted["subject"]
        return [item for item in found if subject in (None, item.subject)]


@blueprint.route("/work-items/<int:item_id>")
class OneWorkItem(MethodView):
    @blueprint.response(200, WorkItemDetailSchema)
    def get(self, item_id: int) -> dict[str, Any]:
        """One task, its form as the running case is bound to it, and the revision to name when deciding."""
        session = current.session
        item = _mine(item_id)
        form = None
        if item.form_id:
            version_id = instances.run(session, item.instance_id).version_id
            form = json.loads(definitions.form(session, item.form_id, version_id, now=current.now))
        plain = {name: getattr(item, name) for name in WorkItem.__dataclass_fields__}
        return plain | {
            "form": form,
            "variables": instances.variables(session, item.instance_id, item.task_id),
            "revision": _desk(item).revision(session, item.subject),
        }


@blueprint.route("/work-items/<int:item_id>/claim")
class Claim(MethodView):
    @blueprint.response(200, WorkItemSchema)
    def post(self, item_id: int) -> WorkItem:
        """Take a task, so that colleagues leave it alone."""
        return work_items.claim(current.session, item_id, current.person, current.now)

    @blueprint.response(200, WorkItemSchema)
    def delete(self, item_id: int) -> WorkItem:
        """Give a task back to the unit."""
        return work_items.release(current.session, item_id, current.person, current.now)


@blueprint.route("/work-items/<int:item_id>/decision")
class Decision(MethodView):
    @blueprint.arguments(DecisionSchema)
    @blueprint.response(200, DecidedSchema)
    def post(self, given: dict[str, Any], item_id: int) -> dict[str, Any]:
        """Decide a task. 409 when the case has moved on since `seen_revision`, or the task is done."""
        session, actor = current.session, current.person
        try:
            item = work_items.get(session, item_id)
        except NotFound as error:  # who decides has seen it: it is done
            raise Conflict(error.message, code="WORK_ITEM_GONE") from error
        run = _desk(item).decide(
            session, actor, item, given["outcome"], given["answers"], given["seen_revision"], current.now
        )
        return {"status": run.status}


def _mine(item_id: int) -> WorkItem:
    """A task the caller may act on; others are not there for them."""
    item = work_items.get(current.session, item_id)
    if not work_items.may_act(current.person, item):
        raise NotFound("这项任务不在您的待办里，或者已经办完了。请刷新待办列表。", code="WORK_ITEM_UNKNOWN")
    return item


def _desk(item: WorkItem) -> Desk:
    found = DESKS.get(item.area)
    if found is None:
        raise Conflict(f"“{item.name}”不能在这里办理，请从它的办件页面进入。", code="NO_DESK")
    return found
