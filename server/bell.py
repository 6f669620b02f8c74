"""How the web process wakes the worker: a huey queue that carries nothing but 'sweep now'.

The rows of `jobs` are the truth. huey deletes a task when it takes it and enqueues on a connection of its own, so it may
only ring; a ring that is lost costs the second until the worker's next sweep.
"""

import logging
import sqlite3
from collections.abc import Callable

import psycopg
from huey import Huey, PostgresHuey, SqliteHuey
from huey.exceptions import HueyException
from huey.serializer import SignedSerializer

from server import jobs
from server.config import Settings

log = logging.getLogger(__name__)

SWEEP = "sweep"


def queue(settings: Settings) -> Huey:
    """The queue of these settings: a file beside SQLite, tables with LISTEN and NOTIFY on PostgreSQL.

    Tasks are signed with the server's key: huey pickles, and who could write the queue unsigned could run code.
    """
    signed = SignedSerializer(secret=settings.secret_key)
    if settings.database_url.startswith("sqlite"):
        path = settings.data_dir / "bell.db"
        return SqliteHuey("gcb", filename=str(path), fsync=False, cache_mb=1, results=False, serializer=signed)
    dsn = settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    return PostgresHuey("gcb", dsn=dsn, table_prefix="job_bell", results=False, serializer=signed)


def ringing(settings: Settings) -> Callable[[], None]:
    """A function that wakes the worker, for `jobs.connect_bell`; it never fails the caller, whose commit is done."""
    made = queue(settings)
    sweep = made.task(name=SWEEP)(_never_run_here)

    def ring() -> None:
        try:
            if made.pending_count() == 0:
                sweep()
        except (HueyException, OSError, sqlite3.Error, psycopg.Error):
            log.warning("the worker was not woken; its next sweep finds the work", exc_info=True)

    return ring


def answer(made: Huey, sweep: Callable[[], None]) -> None:
    """Have the worker sweep when it is rung. huey knows a task by module and name, so the module has to be this one."""
    sweep.__module__ = __name__
    made.task(name=SWEEP)(sweep)


def connect(settings: Settings) -> None:
    """Have every commit with jobs or messages in it wake the worker."""
    jobs.connect_bell(ringing(settings))


def _never_run_here() -> None:
    raise RuntimeError("only the worker sweeps")
