"""``gcb``: the command line. Each command is an edge of its own."""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from server import areas, gate, handing_in, migrate, scenarios, serving, trying
from server.accounts import demo
from server.config import ROOT, ConfigurationError, Settings
from server.db import open_database
from workflows import conformance

CLOCK_KEEPER = "admin"
LOADED = areas  # publishing a model asks which handlers there are


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="gcb", description="工程帮")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="create the database, then serve until Ctrl-C")
    serve.add_argument("--fresh", action="store_true", help="start over: removes the demo data")
    web = commands.add_parser("web", help="the web process alone")
    for command in (serve, web):
        command.add_argument("--host", default="127.0.0.1")
        command.add_argument("--port", type=_port, default=8000)
    commands.add_parser("migrate", help="bring the database's tables to this release")
    bench = commands.add_parser("bench", help="measure this program; prints JSON")
    bench.add_argument("what", choices=("engine", "web"))
    bench.add_argument("--cases", type=int, default=1000, help="of web: how many cycles")
    scenario = commands.add_parser("scenario", help="play a scenario through the HTTP API of a running server")
    scenario.add_argument("name", help="S1, or the path of a scenario file")
    scenario.add_argument("--server", help="a server with a virtual clock; left out: one is started for it")
    scenario.add_argument("--json", action="store_true", help="print one JSON document")
    trial = commands.add_parser("try", help="play the model tests beside models; exit 1 when one fails")
    trial.add_argument("paths", nargs="+", metavar="PATH", help="a .bpmn, a .tests.yaml, or a folder of them")
    trial.add_argument("--json", action="store_true", help="print one JSON document")
    publish = commands.add_parser(
        "publish", help="hand files in as a change set, or let one through; exit 1 if refused"
    )
    publish.add_argument("files", nargs="*", metavar="FILE", help="a .bpmn, .dmn, .form, .tests.yaml or matters file")
    publish.add_argument("--title", default="", help="what it changes, in a sentence")
    publish.add_argument("--reason", default="", help="why")
    publish.add_argument("--review", type=int, metavar="N", help="let change set N through, as somebody else")
    publish.add_argument("--as", dest="login", required=True, metavar="LOGIN", help="asks for the password")
    publish.add_argument("--effective-on", type=_day, metavar="YYYY-MM-DD", help="in force from this day")
    publish.add_argument("--json", action="store_true", help="print one JSON document")
    check = commands.add_parser("lint", help="check files as publishing does, without a database; exit 1 on errors")
    check.add_argument("paths", nargs="+", metavar="PATH", help="a .bpmn, .dmn or .form file, or a folder of them")
    check.add_argument("--json", action="store_true", help="print one JSON document")
    mutate = commands.add_parser("mutate", help="make faulty models and measure how many the check refuses")
    mutate.add_argument("--seed", type=int, default=1)
    mutate.add_argument("--count", type=int, default=200, help="how many faulty models")
    mutate.add_argument("--json", action="store_true", help="print one JSON document")
    suites = commands.add_parser("conformance", help="run the public suites over the engine; prints JSON")
    suites.add_argument("path", type=Path, help="the folder of the suites, or of one of them")
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen)
    except (ConfigurationError, serving.CannotStart) as error:
        print(error, file=sys.stderr)
        return 1


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "try":
        return trying.main(chosen.paths, as_json=chosen.json)
    if chosen.command == "publish":
        return _publish(chosen)
    if chosen.command == "lint":
        return gate.check_files(chosen.paths, as_json=chosen.json)
    if chosen.command == "mutate":
        return gate.mutate(seed=chosen.seed, count=chosen.count, as_json=chosen.json)
    if chosen.command == "scenario":
        return _scenario(chosen.name, chosen.server, as_json=chosen.json)
    if chosen.command == "bench":
        script = ROOT / "tests" / "bench" / f"{chosen.what}.py"
        options = ["--cases", str(chosen.cases)] if chosen.what == "web" else []
        return subprocess.run([sys.executable, str(script), *options], check=False).returncode  # noqa: S603
    if chosen.command == "conformance":
        return _conformance(chosen.path)
    if chosen.command == "migrate":
        migrate.upgrade(open_database(Settings.from_env()))
        return 0
    if chosen.command == "web":
        return serving.web(chosen.host, chosen.port)
    return serving.serve(chosen.host, chosen.port, fresh=chosen.fresh)


def _publish(chosen: argparse.Namespace) -> int:
    """Hand files in, or let a change set through."""
    if (chosen.review is None) == (not chosen.files):
        print("要么写文件，要么写 --review 编号。", file=sys.stderr)
        return 2
    settings, more = Settings.from_env(), {"login": chosen.login, "effective_on": chosen.effective_on}
    if chosen.review is not None:
        return handing_in.let_through(settings, chosen.review, as_json=chosen.json, **more)
    told = {"title": chosen.title, "reason": chosen.reason}
    return handing_in.hand_in(settings, chosen.files, as_json=chosen.json, **told, **more)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: a day is written 2026-12-01") from error


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text}: a port is a number from 1 to 65535")
    return int(text)


def _scenario(name: str, server: str | None, *, as_json: bool) -> int:
    """Play a scenario; 0 only when everything came as expected."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else ROOT / "tests" / "scenarios" / f"{name}.yaml"
    try:
        story = scenarios.load(path)
        return scenarios.run(story, demo.PASSWORD, CLOCK_KEEPER, server=server, as_json=as_json)
    except (scenarios.StoryError, scenarios.NotStarted) as error:
        print(error, file=sys.stderr)
        return 2


def _conformance(path: Path) -> int:
    """Print the figures of the public suites; 1 when they do not keep what the project promises of them."""
    try:
        report = conformance.run(path)
    except conformance.SuiteMissing as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 1 if report["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
