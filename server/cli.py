"""``gcb``: the command line. Each command is an edge of its own."""

import argparse
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import replace

from granian import Granian
from granian.constants import Interfaces

from server import migrate
from server.accounts import demo
from server.config import ROOT, Settings
from server.db import open_database


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
    chosen = parser.parse_args(arguments)
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
    if settings.demo:
        with database.writing() as session:
            demo.seed(session)
    database.engine.dispose()
    command = [sys.executable, "-m", "server.cli", "web", "--host", host, "--port", str(port)]
    web = subprocess.Popen(command)  # noqa: S603
    signal.signal(signal.SIGTERM, lambda *_: web.terminate())
    try:
        if _answers(base_url, web):
            print(f"工程帮 已启动：{base_url}（Ctrl-C 结束）", flush=True)
            if settings.demo:
                print(f"演示账号（密码都是 {demo.PASSWORD}）：", flush=True)
                for login, name, place, section, _ in demo.ACCOUNTS:
                    print(f"  {login:<11}{place}{'·' + section if section else ''} {name}", flush=True)
        return web.wait()
    except KeyboardInterrupt:
        web.send_signal(signal.SIGTERM)
        web.wait(10)
        return 0


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
