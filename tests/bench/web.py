"""`gcb bench web`: create → inbox → complete of a one-task process over HTTP, against the floor, as JSON.

    python tests/bench/web.py [--cases 1000]

One granian process on SQLite with synchronous=FULL, the worker beside it, a client at concurrency 1 and 4.
"""

import argparse
import http.client
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from builders_processes import DISTRICT, OFFICER, one_task, publish

from server.accounts import actions
from server.config import Settings
from server.db import open_database
from server.schema import metadata

API = "/api/v1"
LIMITS = {"ratio": 0.2, "web_mib": 250, "worker_mib": 350}


class Client:
    """One kept connection."""

    def __init__(self, port: int, token: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body)
        self.connection.request(method, API + path, data, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status == 409:
            return None
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()[:500]}")
        return json.loads(text)


def ours(client: Client) -> None:
    """One cycle through sign-in, access check, engine and audit; the case taken is the oldest that is still there."""
    client.call("POST", "/bench/cases", {})
    done = None
    while done is None:
        for item in client.call("GET", "/work-items"):
            answer = {"outcome": "pass", "answers": {}, "seen_revision": 0}
            done = client.call("POST", f"/work-items/{item['id']}/decision", answer)
            if done is not None:
                break


def floor(client: Client) -> None:
    """The same by hand-written SQL."""
    client.call("POST", "/bench/floor", {})
    done = None
    while done is None:
        for item in client.call("GET", "/bench/floor"):
            done = client.call("POST", f"/bench/floor/{item['id']}", {})
            if done is not None:
                break


def measure(port: int, token: str, cycle: Any, cases: int, concurrency: int) -> dict[str, float]:
    """Run `cases` cycles; a cycle is three requests (a few more when two clients reach for one task)."""
    times: list[float] = []
    faults: list[BaseException] = []
    share = cases // concurrency

    def run() -> None:
        try:
            client = Client(port, token)
            for _ in range(share):
                begun = time.perf_counter()
                cycle(client)
                times.append(time.perf_counter() - begun)
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            faults.append(error)

    looker = Client(port)
    before = looker.call("GET", "/bench/figures")
    begun = time.perf_counter()
    threads = [threading.Thread(target=run) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    if faults:
        raise faults[0]
    after = looker.call("GET", "/bench/figures")
    times.sort()
    return {
        "cycles_per_second": round(len(times) / took, 1),
        "p50_ms": round(statistics.median(times) * 1000, 2),
        "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 2),
        "server_cpu_ms_per_cycle": round((after["cpu_ms"] - before["cpu_ms"]) / len(times), 2),
        "statements_per_request": round((after["statements"] - before["statements"]) / (3 * len(times)), 2),
    }


def seed(environ: dict[str, str]) -> str:
    """Tables, one unit, one officer and the one-task process; returns the officer's token."""
    database = open_database(Settings.from_env(environ))
    metadata.create_all(database.engine)
    now = datetime.now(UTC)
    with database.writing() as session:
        organisation = actions.create_organisation(session, "住建局", "department", DISTRICT)
        unit = actions.create_unit(session, OFFICER.unit or "", organisation)
        account = actions.create_account(
            session, "bench", "王批准", "bench-Password-1", organisation, ["dept_approver"], unit=unit
        )
        officer = actions.actor_for_account(session, account.id)
        assert officer is not None
        token = actions.issue_token(session, officer, now)
        publish(session, one_task("bench"))
    database.engine.dispose()
    return token


def file_bytes(data: Path) -> int:
    """Size of the database without its free pages."""
    copy = data / "copy.db"
    copy.unlink(missing_ok=True)
    with sqlite3.connect(data / "gcb.db", timeout=30) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    return copy.stat().st_size


def memory(process: "subprocess.Popen[bytes]") -> float:
    """MiB of a process and its children, each counted with its resident pages."""
    root = psutil.Process(process.pid)
    return round(sum(one.memory_info().rss for one in [root, *root.children(recursive=True)]) / 2**20, 1)


def main() -> int:
    """Run, print JSON, exit 1 when a limit is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1000)
    cases = parser.parse_args().cases
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="gcb-bench-") as folder:
        data = Path(folder)
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GCB_") and k != "DATABASE_URL"}
        environ |= {"GCB_DATA": folder, "GCB_BENCH": "1", "PYTHONPATH": str(ROOT)}
        token = seed(environ)
        web = subprocess.Popen([sys.executable, "-m", "server.cli", "web", "--port", str(port)], env=environ, cwd=ROOT)
        worker = subprocess.Popen([sys.executable, "-m", "server.worker"], env=environ, cwd=ROOT)
        try:
            wait_for(port)
            for cycle in (ours, floor):
                measure(port, token, cycle, 20, 1)
            empty = file_bytes(data)
            result: dict[str, Any] = {"ours": {}, "floor": {}}
            for concurrency in (1, 4):
                result["ours"][concurrency] = measure(port, token, ours, cases // 2, concurrency)
            result["bytes_per_finished_case"] = round((file_bytes(data) - empty) / (2 * (cases // 2)))
            result |= {"web_mib": memory(web), "worker_mib": memory(worker)}
            for concurrency in (1, 4):
                result["floor"][concurrency] = measure(port, "", floor, cases // 2, concurrency)
            result["ratio"] = {
                n: round(result["ours"][n]["cycles_per_second"] / result["floor"][n]["cycles_per_second"], 3)
                for n in (1, 4)
            }
        finally:
            for process in (web, worker):
                process.terminate()
                process.wait(30)
    result["limits"] = LIMITS
    result["passed"] = (
        min(result["ratio"].values()) >= LIMITS["ratio"]
        and result["web_mib"] <= LIMITS["web_mib"]
        and result["worker_mib"] <= LIMITS["worker_mib"]
    )
    print(json.dumps(result, indent=2))
    return 0 if result["passed"] else 1


def wait_for(port: int) -> None:
    """Until the server answers, 30 s at most."""
    for _ in range(300):
        try:
            Client(port).call("GET", "/bench/figures")
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
