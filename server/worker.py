"""The worker: carries the rows of `jobs`, wakes timers, looks at deadlines. Any number on PostgreSQL, one on SQLite.

    python -m server.worker

huey brings the process: a sweep every second, and one at once when the web process rings. SIGTERM and SIGINT end it after
the thing in hand; killed with -9 it loses nothing, since what it leased comes back.
"""

import fcntl
import logging
import signal
import sys
import time
from typing import IO

from huey import Huey
from huey.consumer import Consumer, Scheduler

from server import areas, bell, jobs
from server.config import Settings
from server.db import Database, open_database
from server.documents import making

log = logging.getLogger(__name__)

POLL = 0.1  # seconds between looks at the queue on SQLite; PostgreSQL notifies
PATIENCE = 20  # seconds a stop waits for the thing in hand
LOADED = (areas, making)  # what the rows name: tasks, receivers, handlers, scanners


class EverySecond(Scheduler):
    """huey's scheduler, which else looks at periodic tasks once a minute; it never piles up sweeps."""

    periodic_task_seconds = 1

    def enqueue_periodic_tasks(self, now: object) -> None:
        """A sweep, unless one waits already."""
        if self.huey.pending_count() == 0:
            super().enqueue_periodic_tasks(now)


class Worker(Consumer):
    """huey's consumer with one thread; both signals let it finish what it has in hand."""

    scheduler_class = EverySecond

    def __init__(self, queue: Huey) -> None:
        super().__init__(
            queue,
            workers=1,
            initial_delay=POLL,
            max_delay=POLL,
            scheduler_interval=1,
            shutdown_timeout=PATIENCE,
            graceful_signal="TERM",
        )
        self._signal_actions = {signal.SIGTERM: (False, True), signal.SIGINT: (False, True)}


def make(settings: Settings, database: Database) -> Worker:
    """A worker for these settings, not yet running."""
    queue = bell.queue(settings)

    def sweep() -> None:
        jobs.scan(database, settings)
        jobs.run_due(database, settings)

    bell.answer(queue, sweep)
    queue.periodic_task(lambda _moment: True, name="periodic_sweep")(sweep)
    return Worker(queue)


def main() -> int:
    """Run until told to stop; returns the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s worker %(name)s %(levelname)s %(message)s")
    settings = Settings.from_env()
    database = open_database(settings)
    lock = _only_one(settings)
    if lock is not None:
        jobs.release_leases(database)
    worker = make(settings, database)
    worker.run()
    database.engine.dispose()
    return 0


def _only_one(settings: Settings) -> IO[str] | None:
    """On SQLite, the lock that makes this the only worker, so that leases of a dead one can be forgotten at once.

    A predecessor that is being stopped gets the time to end. Exits when another one stays.
    """
    if not settings.database_url.startswith("sqlite"):
        return None
    file = (settings.data_dir / "worker.lock").open("w")
    for _ in range(10 * (PATIENCE + 5)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            time.sleep(0.1)
    sys.exit("another worker runs on this SQLite database; more than one needs PostgreSQL")


if __name__ == "__main__":
    sys.exit(main())
