"""REST of the registry: the land and its book, applications with their twelve checks, buildings, units, entries."""

from datetime import date, datetime, time
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server import clock
from server.registry import actions, browsing, codes, queries, recording
from server.registry.browsing import Grid, ParcelView, UnitView
from server.registry.land import LandRight, PaymentFact, RestrictionFact
from server.registry.models import Entry, Restriction
from server.registry.queries import Case, Line
from server.web.access import OWNERS, REGISTRARS, Access, roles
from server.web.api import work_items
from server.web.api.schemas_registry import (
    ApplicationSchema,
    CaseSchema,
    CureSchema,
    EntriesQuerySchema,
    EntrySchema,
    GridSchema,
    LiftSchema,
    MomentSchema,
    PageSchema,
    ParcelLineSchema,
    ParcelOutSchema,
    ParcelPaymentSchema,
    ParcelSchema,
    RestrictionOutSchema,
    RestrictionSchema,
    SearchSchema,
    UnitSchema,
    VerdictSchema,
    VisitSchema,
)
from server.web.edge import current

STAFF = roles(*REGISTRARS)
READERS = roles(*REGISTRARS, "auditor", "admin")
WITH_OWNERS = roles(*REGISTRARS, *OWNERS, "auditor", "admin")
ACCESS: dict[str, Access] = {
    "registry_api.Parcels": READERS,
    "registry_api.OneParcel": READERS,
    "registry_api.Verification": READERS,
    "registry_api.Payments": STAFF,
    "registry_api.Restrictions": STAFF,
    "registry_api.Lifting": STAFF,
    "registry_api.Applications": WITH_OWNERS,
    "registry_api.OneApplication": WITH_OWNERS,
    "registry_api.Cure": STAFF,
    "registry_api.SiteVisits": STAFF,
    "registry_api.BuildingGrid": READERS,
    "registry_api.OneUnit": READERS,
    "registry_api.Entries": READERS,
}
blueprint = Blueprint("registry_api", __name__, url_prefix="/api/v1/registry", description="不动产登记")


@blueprint.route("/parcels")
class Parcels(MethodView):
    @blueprint.arguments(SearchSchema, location="query")
    @blueprint.response(200, ParcelLineSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """Parcels in the book, by code, place or holder."""
        return [
            {
                "parcel_code": parcel.code,
                "location": parcel.location,
                "use": parcel.use,
                "area": parcel.area,
                "holder_name": holder,
            }
            for parcel, holder in browsing.parcels(current.session, wanted["q"], wanted["limit"], wanted["offset"])
        ]

    @blueprint.arguments(ParcelSchema)
    @blueprint.response(201, ParcelOutSchema)
    def post(self, given: dict[str, Any]) -> ParcelView:
        """Enter a parcel and its land right; the first entry of its book. 409 when it is in the book."""
        land = LandRight(**{**given, "price": _payment(given["price"]), "deed_tax": _payment(given["deed_tax"])})
        parcel = actions.enter_parcel(current.session, land, current.person, current.now)
        return browsing.parcel(current.session, parcel.code, current.now)


@blueprint.route("/parcels/<code>")
class OneParcel(MethodView):
    @blueprint.response(200, ParcelOutSchema)
    def get(self, code: str) -> ParcelView:
        """A parcel with everything in its book."""
        return browsing.parcel(current.session, code, current.now)


@blueprint.route("/parcels/<code>/verification")
class Verification(MethodView):
    @blueprint.response(200, VerdictSchema)
    def get(self, code: str) -> browsing.Verdict:
        """Recompute the chain of hashes of a parcel's book."""
        return browsing.verify(current.session, codes.check_parcel(code))


@blueprint.route("/parcels/<code>/payments")
class Payments(MethodView):
    @blueprint.arguments(ParcelPaymentSchema)
    @blueprint.response(201, ParcelPaymentSchema)
    def post(self, given: dict[str, Any], code: str) -> dict[str, Any]:
        """Record what is now known of the price or the deed tax."""
        fact = PaymentFact(given["paid"], given["voucher"], given["amount"])
        actions.record_payment(current.session, code, given["kind"], fact, current.person, current.now)
        return given


@blueprint.route("/parcels/<code>/restrictions")
class Restrictions(MethodView):
    @blueprint.arguments(RestrictionSchema)
    @blueprint.response(201, RestrictionOutSchema)
    def post(self, given: dict[str, Any], code: str) -> Restriction:
        """Enter a seizure, mortgage, objection or dispute."""
        fact = RestrictionFact(**given)
        return actions.record_restriction(current.session, code, fact, current.person, current.now)


@blueprint.route("/restrictions/<int:restriction_id>/lifting")
class Lifting(MethodView):
    @blueprint.arguments(LiftSchema)
    @blueprint.response(204)
    def post(self, given: dict[str, Any], restriction_id: int) -> None:
        """Enter that a restriction has ended, with its document."""
        actions.lift_restriction(current.session, restriction_id, given["document"], current.person, current.now)


@blueprint.route("/applications")
class Applications(MethodView):
    @blueprint.arguments(PageSchema, location="query")
    @blueprint.response(200, ApplicationSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[Line]:
        """Applications, the newest first; owners see their own."""
        return queries.applications(current.session, queries.scope_of(current.session, current.person), **wanted)


@blueprint.route("/applications/<number>")
class OneApplication(MethodView):
    @blueprint.response(200, CaseSchema)
    def get(self, number: str) -> Case:
        """One application with its checks, steps, notices and area table."""
        scope = queries.scope_of(current.session, current.person)
        return queries.by_number(current.session, number, current.now, scope)


@blueprint.route("/applications/<number>/cure")
class Cure(MethodView):
    @blueprint.arguments(CureSchema)
    @blueprint.response(200, CaseSchema)
    def post(self, given: dict[str, Any], number: str) -> Case:
        """Record what cures a hold, then run all twelve again. 409 when nothing is held."""
        payments = {kind: _payment(given[kind]) for kind in ("price", "deed_tax")}
        actions.cure(
            current.session,
            number,
            current.person,
            current.now,
            note=given["note"],
            document=given["document"],
            lifts=tuple(given["lifts"]),
            payments={kind: fact for kind, fact in payments.items() if fact is not None},
        )
        return queries.by_number(current.session, number, current.now)


@blueprint.route("/applications/<number>/site-visits")
class SiteVisits(MethodView):
    @blueprint.arguments(VisitSchema)
    @blueprint.response(201, VisitSchema)
    def post(self, given: dict[str, Any], number: str) -> dict[str, Any]:
        """Record a visit the registry made itself; the checks run again with the next cure."""
        actions.record_site_visit(
            current.session,
            number,
            given["visited_on"],
            given["as_described"],
            given["text"],
            current.person,
            current.now,
        )
        return given


@blueprint.route("/buildings/<int:building_id>/grid")
class BuildingGrid(MethodView):
    @blueprint.arguments(MomentSchema, location="query")
    @blueprint.response(200, GridSchema)
    def get(self, wanted: dict[str, Any], building_id: int) -> Grid:
        """A building as floors and units, each with its state, on any day."""
        return browsing.grid(current.session, building_id, moment(wanted["on"]))


@blueprint.route("/units/<code>")
class OneUnit(MethodView):
    @blueprint.arguments(MomentSchema, location="query")
    @blueprint.response(200, UnitSchema)
    def get(self, wanted: dict[str, Any], code: str) -> UnitView:
        """One unit with its right, restrictions and entries, on any day."""
        return browsing.unit(current.session, code, moment(wanted["on"]))


@blueprint.route("/entries")
class Entries(MethodView):
    @blueprint.arguments(EntriesQuerySchema, location="query")
    @blueprint.response(200, EntrySchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[Entry]:
        """Entries of a parcel's book in their order, those behind number `after`."""
        code = codes.check_parcel(wanted["parcel_code"])
        return list(
            browsing.entries(
                current.session, code, after=wanted["after"], limit=wanted["limit"], unit_code=wanted["unit_code"]
            )
        )


def _revision(session: Session, subject: str) -> int:
    return actions.revision_of(session, recording.of_subject(session, subject))


work_items.desk("registry", actions.decide, _revision)


def moment(on: date | None) -> datetime:
    """The end of a legal day, or now."""
    return current.now if on is None else clock.at(on, time(23, 59, 59))


def _payment(given: dict[str, Any] | None) -> PaymentFact | None:
    return None if given is None else PaymentFact(given["paid"], given["voucher"], given["amount"])
