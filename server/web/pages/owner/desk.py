"""The blueprint of the owner's pages, and how they find the project, case or draft an address names."""

from collections.abc import Mapping, Sequence

from flask import Blueprint

from server.approval.models import Application, Case, Project
from server.approval.queries import lookup
from server.web.access import OWNERS, roles
from server.web.edge import current

blueprint = Blueprint("owner", __name__)
OWNER = roles(*OWNERS)


def project_at(code: str) -> Project:
    """The project of this code. NotFound also for strangers."""
    return lookup.project(current.session, current.person, code)


def case_at(serial: str) -> tuple[Case, Project]:
    """The case of this serial number and its project. NotFound also for strangers."""
    found = lookup.case(current.session, current.person, serial)
    return found, current.session.get_one(Project, found.project_id)


def draft_at(application_id: int) -> tuple[Application, Project]:
    """The application of this number and its project. NotFound also for strangers."""
    return lookup.application(current.session, current.person, application_id)


def summary(fields: Mapping[str, Sequence[str]], anchors: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """The sentences of a refusal for the error summary: (id of the field on the page, sentence), in order."""
    places = anchors or {}
    return [(places.get(name, name), words) for name, sentences in fields.items() for words in sentences]
