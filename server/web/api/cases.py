"""REST for cases: where one stands, its record, its limits, its withdrawal; and how tasks of the approval are decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval import actions, acts, states
from server.approval.queries import dossier, due, lookup
from server.processes.instances import Run
from server.processes.work_items import WorkItem
from server.web.access import OFFICERS, OWNERS, SUPERVISORS, Access, roles
from server.web.api import work_items
from server.web.api.schemas_approval import (
    CaseFilterSchema,
    CaseLedgerSchema,
    CaseLineSchema,
    DossierSchema,
    RecordSchema,
    WithdrawalDecisionSchema,
    WithdrawalInSchema,
    WithdrawnSchema,
)
from server.web.edge import current

READERS = roles(*OWNERS, *OFFICERS, *SUPERVISORS, "admin")
ACCESS: dict[str, Access] = {
    "cases_api.Cases": READERS,
    "cases_api.OneCase": READERS,
    "cases_api.Records": READERS,
    "cases_api.Ledgers": READERS,
    "cases_api.Withdrawal": roles(*OWNERS),
    "cases_api.WithdrawalDecision": roles(*OFFICERS),
}
blueprint = Blueprint("cases_api", __name__, url_prefix="/api/v1/cases", description="办件")


@blueprint.route("")
class Cases(MethodView):
    @blueprint.arguments(CaseFilterSchema, location="query")
    @blueprint.response(200, CaseLineSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[dossier.CaseLine]:
        """Cases the caller may see, the newest first."""
        session, actor = current.session, current.person
        project_id = lookup.project(session, actor, wanted["project"]).id if wanted["project"] else None
        return dossier.lines(
            session, actor, current.now, project_id=project_id, limit=wanted["limit"], offset=wanted["offset"]
        )


@blueprint.route("/<serial>")
class OneCase(MethodView):
    @blueprint.response(200, DossierSchema)
    def get(self, serial: str) -> dossier.Dossier:
        """A case with its dossier, what it waits for, and its papers."""
        case = lookup.case(current.session, current.person, serial)
        return dossier.dossier(current.session, case, current.now)


@blueprint.route("/<serial>/records")
class Records(MethodView):
    @blueprint.response(200, RecordSchema(many=True))
    def get(self, serial: str) -> list[dossier.RecordLine]:
        """The record of the case (办理记录), oldest first."""
        return dossier.records(current.session, lookup.case(current.session, current.person, serial))


@blueprint.route("/<serial>/ledger")
class Ledgers(MethodView):
    @blueprint.response(200, CaseLedgerSchema(many=True))
    def get(self, serial: str) -> list[dict[str, Any]]:
        """Every limit of the case with each of its days; no days where the calendar of a year is missing."""
        found = due.ledgers(current.session, lookup.case(current.session, current.person, serial), current.now)
        return [{"due": one.due, "days": one.ledger.days if one.ledger else []} for one in found]


def _withdrawn(done: actions.Withdrawn) -> dict[str, Any]:
    return {
        "state": int(done.state),
        "state_words": states.WORDS[done.state],
        "draft": done.draft.id if done.draft else None,
    }


@blueprint.route("/<serial>/withdrawal")
class Withdrawal(MethodView):
    @blueprint.arguments(WithdrawalInSchema)
    @blueprint.response(201, WithdrawnSchema)
    def post(self, given: dict[str, Any], serial: str) -> dict[str, Any]:
        """The owner takes the application back. 409 once it is decided."""
        session, actor = current.session, current.person
        case = lookup.case(session, actor, serial)
        return _withdrawn(actions.withdraw(session, actor, case, given["reason"], current.now))


@blueprint.route("/<serial>/withdrawal/decision")
class WithdrawalDecision(MethodView):
    @blueprint.arguments(WithdrawalDecisionSchema)
    @blueprint.response(200, WithdrawnSchema)
    def post(self, given: dict[str, Any], serial: str) -> dict[str, Any]:
        """An officer confirms that the materials were returned, or refuses with a reason."""
        session, actor = current.session, current.person
        case = lookup.case(session, actor, serial)
        act = actions.confirm_withdrawal if given["outcome"] == "confirm" else actions.refuse_withdrawal
        return _withdrawn(act(session, actor, case, given["opinion"], current.now))


def _decide(
    session: Session,
    actor: Actor,
    work_item: WorkItem,
    outcome: str,
    answers: Mapping[str, Any],
    seen_revision: int,
    now: datetime,
) -> Run:
    return actions.decide(session, actor, work_item, outcome, answers, seen_revision, now).run


def _revision(session: Session, subject: str) -> int:
    return acts.case_of(session, subject).revision


work_items.desk("approval", _decide, _revision)
