"""gcb lint: files are checked as publishing does, without a database; hostile ones get their verdict too."""

import json
import shutil
import time
from pathlib import Path

import pytest

from server import cli
from server.config import ROOT

FORM = b'{"id": "x", "components": %s}'
HOSTILE = {
    "deep.form": FORM[:25] + b"[" * 100_000,
    "groups.form": FORM % (b'[{"type": "group", "components": ' * 5_000 + b"[]" + b"}]" * 5_000),
    "number.form": b"7",
    "deep.bpmn": b"<a>" * 10_000 + b"</a>" * 10_000,
    "bomb.dmn": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;</x>',
    "huge.dmn": b"<x>" + b" " * 20_000_000 + b"</x>",
    "entity.bpmn": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
}


def test_the_files_that_come_with_the_program_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lint", str(ROOT / "bpmn"), str(ROOT / "forms")]) == 0
    assert "construction-permit.bpmn：没有问题" in capsys.readouterr().out


def test_a_model_that_breaks_the_law_is_told_with_its_path_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "bpmn" / "construction-permit.bpmn").read_text(encoding="utf-8")
    changed = text.replace('=decision_outcome = "grant"', '=decision_outcome != "grant"')
    (tmp_path / "construction-permit.bpmn").write_text(changed, encoding="utf-8")
    assert cli.main(["lint", str(tmp_path), "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert told["file"].endswith("construction-permit.bpmn")
    assert {f["severity"] for f in told["findings"]} == {"error"}
    assert {(f["code"], f["element"]) for f in told["findings"]} == {
        ("not-decided", "act_issue"),
        ("not-decided", "act_refuse"),
    }
    assert all(f["cure"] and f["path"][-1] == f["element"] for f in told["findings"])


def test_what_a_model_refers_to_is_looked_for_beside_it_first(tmp_path: Path) -> None:
    for name in ("construction-permit.bpmn", "permit-phase-conditions.dmn"):
        shutil.copy(ROOT / "bpmn" / name, tmp_path / name)
    assert cli.main(["lint", str(tmp_path)]) == 0
    table = tmp_path / "permit-phase-conditions.dmn"
    table.write_text(table.read_text(encoding="utf-8").replace('"P1","P12"', '= = "P1"', 1), encoding="utf-8")
    assert cli.main(["lint", str(tmp_path / "construction-permit.bpmn")]) == 1


def test_a_path_with_nothing_to_check_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lint", str(tmp_path)]) == 2
    assert "没有可以检查的文件" in capsys.readouterr().err


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_within_a_second_of_our_time(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(HOSTILE[name])
    began = time.process_time()
    assert cli.main(["lint", str(tmp_path / name), "--json"]) == 1
    assert time.process_time() - began < 1
    (told,) = json.loads(capsys.readouterr().out)
    assert all(f["message"] and f["cure"] for f in told["findings"])
