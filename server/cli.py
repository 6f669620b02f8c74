"""``gcb``: the command line. Each command is an edge of its own."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

from server import areas, clock, migrate, scenarios
from server.accounts import demo
from server.accounts.actor import SYSTEM
from server.config import ROOT, Settings
from server.db import open_database
from server.processes import seeding
from server.registry import demo as registry_demo

CLOCK_KEEPER = "admin"
LOADED = areas  # publishing a model asks which handlers there are


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="gcb", description="工程帮")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="create the database, then serve until Ctrl-C")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    web = commands.add_parser("web", help="the web process alone")
    web.add_argument("--host", default="127.0.0.1")
    web.add_argument("--port", type=int, default=8000)
    commands.add_parser("migrate", help="bring the database's tables to this release")
    bench = commands.add_parser("bench", help="measure this program; prints JSON")
    bench.add_argument("what", choices=("web",))
    bench.add_argument("--cases", type=int, default=1000)
    scenario = commands.add_parser("scenario", help="play a scenario through the HTTP API of a running server")
    scenario.add_argument("name", help="S1, or the path of a scenario file")
    scenario.add_argument("--server", help="a server with a virtual clock; left out: one is started for it")
    scenario.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = parser.parse_args(arguments)
    if chosen.command == "scenario":
        return _scenario(chosen.name, chosen.server, as_json=chosen.json)
    if chosen.command == "bench":
        script = ROOT / "tests" / "bench" / f"{chosen.what}.py"
        return subprocess.run([sys.executable, str(script), "--cases", str(chosen.cases)], check=False).returncode  # noqa: S603
    if chosen.command == "migrate":
        migrate.upgrade(open_database(Settings.from_env()))
        return 0
    if chosen.command == "web":
        return _web(chosen.host, chosen.port)
    return _serve(chosen.host, chosen.port)


def _web(host: str, port: int) -> int:
    """One granian process with one blocking thread: threads lose to the GIL, more processes are for more cores."""
    Granian(
        "server.app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=1,
        log_access=False,
        log_level="warning",  # type: ignore[arg-type]
    ).serve()
    return 0


def _serve(host: str, port: int) -> int:
    """Database, then the processes, started and stopped together."""
    base_url = os.environ.setdefault("GCB_BASE_URL", f"http://{host}:{port}")
    settings = replace(Settings.from_env(), base_url=base_url)
    database = open_database(settings)
    migrate.upgrade(database)
    with database.writing() as session:
        if settings.clock == "virtual" and settings.clock_begin is not None:
            clock.begin_virtual(session, settings.clock_begin)
        now = clock.now(session, settings)
        if settings.demo:
            demo.seed(session)
        seeding.seed_from_disk(session, ROOT / "bpmn", ROOT / "forms", SYSTEM, now)
        if settings.demo and settings.clock == "system":  # a scenario brings its own cases and its own land
            registry_demo.seed(session, now)
    database.engine.dispose()
    commands = {
        "web": [sys.executable, "-m", "server.cli", "web", "--host", host, "--port", str(port)],
        "worker": [sys.executable, "-m", "server.worker"],
    }
    running = {name: subprocess.Popen(command) for name, command in commands.items()}  # noqa: S603
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    if _answers(base_url, running["web"]):
        print(f"工程帮 已启动：{base_url}（Ctrl-C 结束）", flush=True)
        if settings.demo:
            print(f"演示账号（密码都是 {demo.PASSWORD}）：", flush=True)
            for login, name, place, section, _ in demo.ACCOUNTS:
                print(f"  {login:<11}{place}{'·' + section if section else ''} {name}", flush=True)
    while not asked.wait(0.2):
        if running["web"].poll() is not None:
            break
        if running["worker"].poll() is not None:  # nothing is lost with it: its rows wait for the next one
            running["worker"] = subprocess.Popen(commands["worker"])  # noqa: S603
            asked.wait(1)
    for process in running.values():
        process.terminate()
    for process in running.values():
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
    return 0 if asked.is_set() else 1


def _scenario(name: str, server: str | None, *, as_json: bool) -> int:
    """Play a scenario; 0 only when everything came as expected."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else ROOT / "tests" / "scenarios" / f"{name}.yaml"
    try:
        story = scenarios.load(path)
        return scenarios.run(story, demo.PASSWORD, CLOCK_KEEPER, server=server, as_json=as_json)
    except (scenarios.StoryError, scenarios.NotStarted) as error:
        print(error, file=sys.stderr)
        return 2


def _answers(base_url: str, web: "subprocess.Popen[bytes]") -> bool:
    """Wait up to 30 s until the server answers."""
    for _ in range(300):
        if web.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(f"{base_url}/health", timeout=2):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


if __name__ == "__main__":
    sys.exit(main())
