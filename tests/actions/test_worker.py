"""The worker process itself: it is woken, stops cleanly, and loses nothing when it is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from server import bell, jobs, worker
from server.config import Settings
from server.db import Database
from server.jobs import Message

T = TypeVar("T")
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def env(database: Database, tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "GCB_DATA": str(tmp_path),
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "GCB_SECRET_KEY": "test",
    }


@pytest.fixture
def start(env: dict[str, str]) -> Iterator[Start]:
    """Start a worker; what still runs at the end of the test is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def run(**more: str) -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen([sys.executable, "-m", "server.worker"], env=env | more))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def wait_for(look: Callable[[], T], seconds: float = 30) -> T:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing happened")


def post(database: Database, key: str = "k") -> None:
    with database.writing() as session:
        jobs.post(session, "nobody.receives", key, {}, datetime.now(UTC))


def states(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Message.state).order_by(Message.id)))


def test_the_worker_knows_the_task_that_the_web_process_rings_with(database: Database, env: dict[str, str]) -> None:
    settings = Settings.from_env(env)
    made = worker.make(settings, database)
    bell.ringing(settings)()
    rung = made.huey.dequeue()  # raises where huey does not know the task: the ring would be lost
    assert rung is not None and rung.name == bell.SWEEP


def test_a_worker_that_is_rung_carries_at_once_and_ends_cleanly_on_sigterm(
    database: Database, env: dict[str, str], start: Start
) -> None:
    worker = start()
    post(database)
    wait_for(lambda: states(database) == ["waiting"])
    bell.connect(Settings.from_env(env))
    try:
        begun = time.monotonic()
        post(database, "rung")
        wait_for(lambda: states(database) == ["waiting", "waiting"])
        assert time.monotonic() - begun < 2
    finally:
        jobs.connect_bell(None)
    worker.terminate()
    assert worker.wait(10) == 0


def test_what_a_killed_worker_had_in_hand_is_carried_by_the_next_one(
    database: Database, start: Start, request: pytest.FixtureRequest
) -> None:
    post(database)
    first = start(GCB_CRASH_AT="receipt.before_commit")
    assert first.wait(30) == -signal.SIGKILL
    assert states(database) == ["open"]
    if database.engine.dialect.name == "postgresql":  # there may be other workers: the lease has to run out
        with database.writing() as session:
            message = session.scalars(select(Message)).one()
            assert message.rest_until is not None
            assert message.rest_until > datetime.now(UTC) + timedelta(seconds=30)
            message.rest_until = datetime.now(UTC)
    start()
    wait_for(lambda: states(database) == ["waiting"])


def test_a_worker_killed_after_the_commit_does_not_carry_twice(database: Database, start: Start) -> None:
    post(database)
    first = start(GCB_CRASH_AT="receipt.after_commit")
    assert first.wait(30) == -signal.SIGKILL
    assert states(database) == ["waiting"]


def test_a_second_worker_on_sqlite_waits_for_the_first_to_end(database: Database, start: Start) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes as many workers as wanted")
    first = start()
    post(database)
    wait_for(lambda: states(database) == ["waiting"])
    second = start()
    time.sleep(1)
    assert second.poll() is None
    first.terminate()
    assert first.wait(10) == 0
    post(database, "second")
    wait_for(lambda: states(database) == ["waiting", "waiting"])
