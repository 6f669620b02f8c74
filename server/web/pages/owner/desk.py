"""The blueprint of the owner's pages, and how they find the project, case or draft an address names."""

from collections.abc import Mapping, Sequence

from flask import Blueprint
from sqlalchemy import select

from server.approval import access
from server.approval.models import Application, Case, Project
from server.web.access import OWNERS, roles
from server.web.edge import current

blueprint = Blueprint("owner", __name__)
OWNER = roles(*OWNERS)


def project_at(code: str) -> Project:
    """The project of this code. NotFound also for strangers."""
    found = current.session.scalar(select(Project).where(Project.code == code))
    access.require_visible(current.person, found, "您的单位没有这个项目。请从“我的项目”里打开。")
    assert found is not None  # noqa: S101 - require_visible refused None
    return found


def case_at(serial: str) -> tuple[Case, Project]:
    """The case of this serial number and its project. NotFound also for strangers."""
    found = current.session.scalar(select(Case).where(Case.serial == serial))
    access.require_visible(current.person, found, "您的单位没有这一件。请从项目里打开。")
    assert found is not None  # noqa: S101 - require_visible refused None
    return found, current.session.get_one(Project, found.project_id)


def draft_at(application_id: int) -> tuple[Application, Project]:
    """The application of this number and its project. NotFound also for strangers."""
    draft = current.session.get(Application, application_id)
    project = current.session.get(Project, draft.project_id) if draft else None
    access.require_visible(current.person, project, "您的单位没有这份申请。请从项目里打开。")
    assert draft is not None  # noqa: S101 - require_visible refused None
    assert project is not None  # noqa: S101
    return draft, project


def summary(fields: Mapping[str, Sequence[str]], anchors: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """The sentences of a refusal for the error summary: (id of the field on the page, sentence), in order."""
    places = anchors or {}
    return [(places.get(name, name), words) for name, sentences in fields.items() for words in sentences]
