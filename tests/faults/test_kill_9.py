"""The server is killed with -9 at every point where a hand-off could be lost, and restarted: it happens, and once.

S1 is played up to the filing once; each test goes on from a copy of that database, in real processes.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from server.accounts.demo import PASSWORD
from server.scenarios import own_server, playing, story
from server.scenarios.client import People
from server.scenarios.own_server import Server
from server.scenarios.playing import Played
from server.scenarios.story import Story

S1 = Path(__file__).resolve().parents[1] / "scenarios" / "S1.yaml"
KEEPER = "admin"


@dataclass(frozen=True)
class Reached:
    """How far the line has come: the story, its data folder, and what its steps have kept."""

    story: Story
    folder: Path
    begin: datetime
    known: dict[str, Any]

    def part(self, first: str, last: str = "") -> Story:
        """The steps from one (by what happens) up to, not including, another."""
        names = [one.what for one in self.story.steps]
        end = names.index(last) if last else len(names)
        return replace(self.story, steps=self.story.steps[names.index(first) : end])


FILING, BOOKING = "备案审查，准予备案", "登簿确认"
AFTER_FILING, AFTER_BOOKING = "备案办结，等登记中心", "已登簿，整宗一证"


def play(server: Server, part: Story, known: dict[str, Any]) -> list[Played]:
    """Play a part; every step must come as expected."""
    played = playing.play(part, People(server.base_url, PASSWORD), KEEPER, lambda _: None, known)
    assert all(one.ok for one in played), played[-1]
    return played


@pytest.fixture(scope="module")
def at_the_filing(tmp_path_factory: pytest.TempPathFactory) -> Reached:
    """S1 up to where the filing section has the case before it."""
    told = story.load(S1)
    folder = tmp_path_factory.mktemp("line")
    begin = next(one.at for one in told.steps if one.at is not None)
    reached = Reached(told, folder, begin, {})
    server = own_server.start(folder, begin)
    try:
        play(server, reached.part(told.steps[0].what, FILING), reached.known)
    finally:
        server.stop()
    return reached


@pytest.fixture
def line(at_the_filing: Reached, tmp_path: Path) -> Iterator[Reached]:
    """A copy of it, to be broken."""
    folder = tmp_path / "data"
    shutil.copytree(at_the_filing.folder, folder)
    yield replace(at_the_filing, folder=folder, known=dict(at_the_filing.known))
    for process in psutil.process_iter(["environ"]):
        assert (process.info["environ"] or {}).get("GCB_DATA") != str(folder), "a process was left running"


def dies(server: Server, part: Story, known: dict[str, Any]) -> None:
    """Play the step in which the server dies before it answers."""
    with pytest.raises(requests.ConnectionError):
        playing.play(part, People(server.base_url, PASSWORD), KEEPER, lambda _: None, known)


def the_worker(server: Server) -> psutil.Process | None:
    """The worker beside the web process, if one is alive."""
    children = psutil.Process(server.process.pid).children()
    return next((one for one in children if "server.worker" in one.cmdline()), None)


@pytest.mark.parametrize("point", ["filing.before_commit", "filing.after_commit"])
def test_killed_at_the_commit_of_the_filing(line: Reached, point: str) -> None:
    server = own_server.start(line.folder, line.begin, GCB_CRASH_AT=point)
    dies(server, line.part(FILING, AFTER_FILING), line.known)
    server.kill()
    again = own_server.start(line.folder, line.begin)
    try:
        play(again, line.part(FILING if point == "filing.before_commit" else AFTER_FILING), line.known)
    finally:
        again.stop()


@pytest.mark.parametrize("point", ["receipt.before_commit", "receipt.after_commit"])
def test_killed_at_the_commit_of_the_registrys_receipt(line: Reached, point: str) -> None:
    server = own_server.start(line.folder, line.begin, GCB_CRASH_AT=point)
    worker = the_worker(server)
    assert worker is not None
    play(server, line.part(FILING, AFTER_FILING), line.known)
    worker.wait(20)  # it takes the message and dies
    server.kill()
    again = own_server.start(line.folder, line.begin)
    try:
        play(again, line.part(AFTER_FILING), line.known)
    finally:
        again.stop()


@pytest.mark.parametrize("point", ["book.before_commit", "book.after_commit"])
def test_killed_at_the_commit_of_the_book_entry(line: Reached, point: str) -> None:
    server = own_server.start(line.folder, line.begin, GCB_CRASH_AT=point)
    play(server, line.part(FILING, BOOKING), line.known)
    dies(server, line.part(BOOKING, AFTER_BOOKING), line.known)
    server.kill()
    again = own_server.start(line.folder, line.begin)
    try:
        play(again, line.part(BOOKING if point == "book.before_commit" else AFTER_BOOKING), line.known)
    finally:
        again.stop()


def test_a_worker_killed_while_idle_is_replaced(line: Reached) -> None:
    server = own_server.start(line.folder, line.begin)
    try:
        worker = the_worker(server)
        assert worker is not None
        worker.kill()
        play(server, line.part(FILING), line.known)
    finally:
        server.stop()
