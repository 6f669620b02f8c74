"""A server of one's own for a scenario: a fresh database in a temporary folder, a virtual clock, stopped at the end."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests

STARTING = 60.0  # seconds a fresh server may take


class NotStarted(RuntimeError):
    """The server did not come up; says what it printed."""


@dataclass(frozen=True)
class Server:
    """A running `gcb serve` with its web and worker processes."""

    base_url: str
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End all its processes at once, without any clean-up (kill -9)."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(folder: Path, begin: datetime, **environ: str) -> Server:
    """Start `gcb serve` on a data folder with a virtual clock, standing at `begin` where the folder is new.

    environ: more of the environment, for fault tests. Raises NotStarted.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("GCB_")}
    ours = {"GCB_DATA": str(folder), "GCB_CLOCK": "virtual", "GCB_CLOCK_BEGIN": begin.isoformat(), **environ}
    log = folder / "server.log"
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "server.cli", "serve", "--port", str(port)],
            env=surroundings | ours,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process)
    try:
        _wait(process, server.base_url, log)
    except BaseException:
        server.kill()
        raise
    return server


@contextmanager
def started(begin: datetime) -> Iterator[str]:
    """A server on a fresh database in a temporary folder; gives its address, stops it in the end."""
    with tempfile.TemporaryDirectory(prefix="gcb-scenario-") as folder:
        server = start(Path(folder), begin)
        try:
            yield server.base_url
        finally:
            server.stop()


def _wait(process: "subprocess.Popen[bytes]", base_url: str, log: Path) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{base_url}/health", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise NotStarted(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")
