"""What stands around every page: menu, account, density, scheme. Computed when a template asks for it, once a request."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask import Flask, current_app, g, request
from flask import session as browser

from server import clock
from server.accounts.actor import Actor
from server.web import navigation
from server.web.edge import current
from server.web.navigation import Desk, Item
from server.web.status import STATUS, for_permit, for_state


@dataclass
class Shell:
    """The frame of one page. ``place`` names the menu item the page belongs to when it is not an item itself."""

    place: str | None = None

    @cached_property
    def actor(self) -> Actor | None:
        return current.actor

    @cached_property
    def desk(self) -> Desk:
        return navigation.desk_at(self.actor, request.blueprint, browser.get("desk"))

    @cached_property
    def other_desks(self) -> list[Desk]:
        """The desks a person with several roles can switch to."""
        return [desk for desk in navigation.desks_of(self.actor) if desk.key != self.desk.key]

    @property
    def density(self) -> str:
        return "compact" if self.desk.compact else "roomy"

    @property
    def home(self) -> str:
        """The endpoint where this desk begins."""
        return navigation.home_of(self.desk, current_app.view_functions)

    @cached_property
    def items(self) -> list[Item]:
        return navigation.items(
            self.desk,
            current_app.view_functions,
            self.place or request.endpoint,
            session=current.session,
            actor=self.actor,
            now=current.now,
        )

    @property
    def search(self) -> tuple[str, str] | None:
        endpoint, what = self.desk.search
        return (endpoint, what) if endpoint in current_app.view_functions else None

    @property
    def account_label(self) -> tuple[str, str]:
        """Organisation (hidden on phones) and name or unit."""
        actor = self.actor
        if actor is None:
            return "", ""
        organisation, _, unit = (actor.unit or "").partition("·")
        return (
            (organisation, f"{unit}·{actor.name}" if unit else actor.name)
            if actor.unit
            else (actor.organisation, actor.name)
        )

    @property
    def printed_at(self) -> datetime:
        """For the footer of a printed page."""
        return current.now

    def exists(self, endpoint: str) -> bool:
        """A page is there, so a link to it may be drawn."""
        return endpoint in current_app.view_functions


def stand_at(place: str) -> None:
    """Say which menu item the page being drawn belongs to."""
    shell().place = place


def shell() -> Shell:
    """The frame of the present request."""
    if "shell" not in g:
        g.shell = Shell()
    found: Shell = g.shell
    return found


def install(app: Flask) -> None:
    """Give templates the frame, the status table and the city's words."""
    app.jinja_env.globals["STATUS"] = STATUS
    app.add_template_global(for_state, "status_of_state")
    app.add_template_global(for_permit, "status_of_permit")
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def _frame() -> dict[str, object]:
        return {"shell": shell(), "settings": current.settings}

    @app.template_global("today")
    def _today() -> object:
        return clock.legal_date(current.now)
