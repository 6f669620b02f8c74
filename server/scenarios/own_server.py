"""A server of one's own for a scenario: a fresh database in a temporary folder, a virtual clock, stopped at the end."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import requests

STARTING = 60.0  # seconds a fresh server may take


class NotStarted(RuntimeError):
    """The server did not come up; says what it printed."""


@contextmanager
def started(begin: datetime) -> Iterator[str]:
    """Start `gcb serve` with a virtual clock standing at `begin`; gives its address, stops it in the end."""
    with tempfile.TemporaryDirectory(prefix="gcb-scenario-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GCB_")},
            "GCB_DATA": folder,
            "GCB_CLOCK": "virtual",
            "GCB_CLOCK_BEGIN": begin.isoformat(),
        }
        log = Path(folder) / "server.log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "server.cli", "serve", "--port", str(port)],
                env=environ,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            base_url = f"http://127.0.0.1:{port}"
            _wait(process, base_url, log)
            yield base_url
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", base_url: str, log: Path) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{base_url}/health", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise NotStarted(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")
