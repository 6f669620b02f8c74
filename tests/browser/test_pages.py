"""Every page of every desk, at two widths and in two schemes: it fits, it is quiet, everybody can use it, it is Chinese."""

import os
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from looking import barriers, foreign_words, overflow
from persons import DESKTOP, PHONE, Person, picture
from playwright.sync_api import Browser, Page
from wandering import Found, Wanderer
from werkzeug.routing import Map

from server.accounts import demo
from server.app import create_app
from server.config import Settings
from server.web.navigation import DESKS

NOBODY = ""
LOOKS: tuple[tuple[Literal["light", "dark"], tuple[int, int]], ...] = (
    ("light", DESKTOP),
    ("dark", DESKTOP),
    ("light", PHONE),
    ("dark", PHONE),
)
"""A page is opened at each width, as its scripts look at it, and then darkened."""
THOROUGH = os.environ.get("GCB_PICTURES") == "1"
"""Ask axe in all four looks; else in the first and the last, which have each width and each scheme once."""
STARTS: dict[str, tuple[str, ...]] = {
    NOBODY: ("/sign-in?next=/studio", "/verify?number=150502202500000000", "/no-such-page"),
    "admit": ("/registry/search?q=GB00036",),
    "quality": ("/studio",),  # another desk's page: the refusal is a page too
}
"""Pages no link leads to: answers to a form, refusals."""
MAIN: dict[str, str] = {
    "accounts.sign_in": "sign-in",
    "public.verify": "verify",
    "public.verified": "verified",
    "owner.projects": "owner-projects",
    "owner.project": "owner-home",
    "owner.phases": "owner-phase-matrix",
    "owner.check": "owner-check-answers",
    "owner.case": "owner-case",
    "owner.case_ledger": "owner-ledger",
    "officer.inbox": "officer-inbox",
    "officer.case": "officer-decision",
    "registry.inbox": "registry-inbox",
    "registry.case": "registry-case",
    "registry.building": "registry-book",
    "registry.parcel": "registry-parcel",
    "studio.changes": "studio-changes",
    "studio.processes": "studio-processes",
    "studio.process": "studio-process",
    "studio.decision": "studio-decision",
    "studio.matters": "studio-matters",
    "studio.feel": "studio-feel",
}
"""Endpoint → name of its picture in docs/images."""


def _one_a_role() -> list[str]:
    seen: dict[tuple[str, ...], str] = {}
    for login, _name, _organisation, _unit, roles in demo.ACCOUNTS:
        seen.setdefault(roles, login)
    return [NOBODY, *seen.values()]


LOGINS = _one_a_role()


def desk_of(login: str) -> str:
    """Where this account works; "" for nobody and for roles without a desk."""
    roles = next((set(one[4]) for one in demo.ACCOUNTS if one[0] == login), set())
    return next((desk.key for desk in DESKS if desk.roles & roles), "")


class Town:
    """A running server, and what each role reaches there."""

    def __init__(self, address: str, urls: Map) -> None:
        self.address, self.urls = address, urls
        self._found: dict[str, Found] = {}

    def found(self, login: str) -> Found:
        """What this role reaches."""
        if login not in self._found:
            self._found[login] = Wanderer(self.address, self.urls, login).wander("/")
        return self._found[login]

    def pages_of(self, login: str) -> list[str]:
        """One page of each kind that no earlier role of the same desk reaches, and everybody's first page."""
        earlier = [one for one in LOGINS[: LOGINS.index(login)] if desk_of(one) == desk_of(login)]
        known = {endpoint for one in earlier for endpoint in self.found(one).pages}
        own = self.found(login)
        new = [addresses[0] for endpoint, addresses in own.pages.items() if endpoint not in known]
        return list(dict.fromkeys(["/", *new, *STARTS.get(login, ())]))


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Map:
    """Which addresses the program has."""
    folder = tmp_path_factory.mktemp("urls")
    key = b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    return create_app(Settings(folder, f"sqlite:///{folder / 'gcb.db'}", "test", key)).url_map


@pytest.fixture(scope="module")
def town(demo_address: str, urls: Map) -> Iterator[Town]:
    yield Town(demo_address, urls)


@pytest.mark.parametrize("login", LOGINS)
def test_no_link_leads_nowhere(town: Town, login: str) -> None:
    assert town.found(login).broken == {}


@pytest.mark.parametrize("login", LOGINS)
def test_pages_fit_are_quiet_usable_and_chinese(town: Town, urls: Map, browser: Browser, login: str) -> None:
    person = Person(browser, town.address, login)
    wrong: list[str] = []
    for address in town.pages_of(login):
        for scheme, size in LOOKS:
            person.page.emulate_media(color_scheme=scheme)
            person.page.set_viewport_size({"width": size[0], "height": size[1]})
            page = person.page if scheme == "dark" else person.go(address)
            usable = THOROUGH or (scheme == "dark") == (size == PHONE)
            wrong += [f"{address} {size[0]} {scheme}: {one}" for one in _wrong(page, usable)]
            _keep_picture(page, urls, address, size[0], scheme)
    person.forgive("status of 403")
    person.forgive("status of 404")
    person.leave()
    assert wrong == [], "\n".join(wrong)


def _wrong(page: Page, usable: bool) -> list[str]:
    """What is wrong with a page as it looks now; usable: ask axe too, which is slow."""
    found = [str(one) for one in barriers(page)] if usable else []
    if words := foreign_words(page):
        found.append(f"words that are not Chinese: {words}")
    if wider := overflow(page):
        found.append(f"{wider} px wider than the window")
    return found


def _keep_picture(page: Page, urls: Map, address: str, width: int, scheme: str) -> None:
    """Keep the light pictures of the main pages: what a desk of its own begins with is no picture of the home page."""
    if scheme == "dark" or address.startswith("/no-such-page"):
        return
    endpoint, _ = urls.bind("localhost").match(urlsplit(address).path)
    if endpoint in MAIN and urlsplit(page.url).path == urlsplit(address).path and "?" not in address:
        picture(page, f"{MAIN[endpoint]}-{width}")
