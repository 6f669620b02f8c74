"""A real `gcb serve` on a fresh database, Chromium, and people at its pages. Pictures only when GCB_PICTURES=1."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(sys.executable).with_name("node")))

from persons import Person
from playwright.sync_api import Browser, Playwright, sync_playwright

from server.clock import CHINA
from server.scenarios import own_server

BEGIN = datetime(2025, 3, 10, 9, tzinfo=CHINA)
"""Where the server's virtual clock stands at first: the morning on which the story S1 begins."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Ends with its module: while it runs, its event loop lives in this process."""
    with sync_playwright() as one:
        yield one


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("chromium is not installed; ./test installs it")
    one = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
    yield one
    one.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server of this module's own: web process and worker, stopped in the end."""
    with own_server.started(BEGIN) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def demo_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server as ./run starts it: the system's clock, and the demo's projects in the middle of their lives."""
    server = own_server.start(tmp_path_factory.mktemp("demo"), BEGIN, GCB_CLOCK="system")
    yield server.base_url
    server.stop()


@pytest.fixture
def at_desk(browser: Browser, address: str) -> Iterator[Callable[..., Person]]:
    """``at_desk('designer')``: that demo account in a browser of its own, signed in through the page."""
    opened: list[Person] = []

    def sit_down(login: str, **options: object) -> Person:
        person = Person(browser, address, login, **options)
        opened.append(person)
        return person

    yield sit_down
    for person in opened:
        person.leave()
