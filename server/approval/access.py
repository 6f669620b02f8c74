"""Who may see a project and what belongs to it: its owner, and those who work for an authority in its district."""

from sqlalchemy import ColumnElement, false, true

from server.accounts.access import is_staff
from server.accounts.actor import Actor
from server.approval.models import Case, Project
from server.errors import Forbidden, NotFound

EVERYWHERE = ("admin", "auditor", "system")
"""Roles that are not bound to a district."""


def may_see(actor: Actor, owner_organisation_id: int, district: str) -> bool:
    """The owner's own people; staff of the district, or of its city; administrators and auditors."""
    if not is_staff(actor):
        return actor.organisation_id == owner_organisation_id
    return covers(actor, district)


def covers(actor: Actor, district: str) -> bool:
    """Whether an officer works for this district: it is the own one, or the own is its city."""
    if actor.has(*EVERYWHERE):
        return True
    return actor.district == district or (actor.district.endswith("00") and actor.district[:4] == district[:4])


def visible(actor: Actor, model: type[Project] | type[Case]) -> ColumnElement[bool]:
    """The same as a condition of a query."""
    if not is_staff(actor):
        return model.owner_organisation_id == actor.organisation_id if actor.organisation_id else false()
    if actor.has(*EVERYWHERE):
        return true()
    if actor.district.endswith("00"):
        return model.district.like(f"{actor.district[:4]}%")
    return model.district == actor.district


def require_visible(actor: Actor, found: Project | Case | None, words: str) -> None:
    """NotFound for what is not there and for strangers alike: they may not learn that it exists."""
    if found is None or not may_see(actor, found.owner_organisation_id, found.district):
        raise NotFound(words, code="UNKNOWN")


def require_owner(actor: Actor, organisation_id: int, act: str) -> None:
    """Only the owner's own people may do this."""
    if actor.has("system"):
        return
    if actor.organisation_id != organisation_id or not actor.has("applicant", "agent"):
        raise Forbidden(f"{act}由建设单位自己办理，您的账号不能代办。", code="OWNER_ONLY")
