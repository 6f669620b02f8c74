"""`gcb publish`: files from disk go through the studio's gate, by two people who say who they are."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders_processes import CLERK, DISTRICT, OFFICER, Model, form, one_task

from server import cli, migrate
from server.accounts import demo
from server.accounts.models import Organisation, Unit
from server.config import Settings
from server.db import open_database

LANE, WINDOW = OFFICER.unit or "", CLERK.unit or ""
Run = Callable[..., tuple[int, dict[str, object]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """run(*arguments): the command with the demo password; its exit status and JSON."""
    monkeypatch.setenv("GCB_DATA", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    database = open_database(Settings.from_env())
    migrate.upgrade(database)
    with database.writing() as session:
        demo.seed(session)
        organisation = Organisation(name="审批用的单位", kind="department", district=DISTRICT)
        session.add(organisation)
        session.flush()
        known = {name for (name,) in session.execute(Unit.__table__.select().with_only_columns(Unit.name))}
        session.add_all(
            Unit(name=name, organisation_id=organisation.id, district=DISTRICT) for name in {LANE, WINDOW} - known
        )
    database.engine.dispose()

    def command(*arguments: str, password: str = demo.PASSWORD) -> tuple[int, dict[str, object]]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        status = cli.main(["publish", *arguments, "--json"])
        return status, json.loads(capsys.readouterr().out)

    return command


def written(folder: Path, model: Model) -> list[str]:
    (folder / "from-a-desktop-modeler.bpmn").write_bytes(model.xml())
    (folder / "any.form").write_bytes(form())
    return [str(folder / "from-a-desktop-modeler.bpmn"), str(folder / "any.form")]


def test_files_are_handed_in_by_one_and_let_through_by_another(run: Run, tmp_path: Path) -> None:
    files = written(tmp_path, one_task())
    status, told = run(*files, "--title", "新流程", "--as", "designer")
    assert (status, told["state"], told["files"]) == (0, "submitted", ["opinion.form", "review.bpmn"])
    number = str(told["change"])
    status, refused = run("--review", number, "--as", "designer")
    assert status == 1
    status, done = run("--review", number, "--as", "publisher")
    assert (status, done["state"]) == (0, "published")


def test_a_faulty_file_is_refused_with_findings_and_nothing_is_kept(run: Run, tmp_path: Path) -> None:
    files = written(tmp_path, one_task().person("lost", "没有的科室"))
    status, told = run(*files, "--title", "新流程", "--as", "designer")
    assert (status, told["code"]) == (1, "FINDINGS")
    assert told["findings"]
    good = written(tmp_path, one_task())
    assert run(*good, "--title", "改好了", "--as", "designer")[1]["change"] == 1


def test_a_wrong_password_publishes_nothing(run: Run, tmp_path: Path) -> None:
    files = written(tmp_path, one_task())
    status, told = run(*files, "--title", "新流程", "--as", "designer", password="nope")
    assert (status, told["code"]) == (1, "SIGN_IN")


def test_a_day_to_come_is_planned(run: Run, tmp_path: Path) -> None:
    files = written(tmp_path, one_task())
    day = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    _, told = run(*files, "--title", "新流程", "--as", "designer", "--effective-on", day)
    status, done = run("--review", str(told["change"]), "--as", "publisher")
    assert (status, done["state"]) == (0, "scheduled")
