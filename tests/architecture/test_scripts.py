"""The two commands: plain POSIX sh, and what they say on a machine that lacks everything and has no root."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("run", "test", "setup-python.sh")


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_script_is_posix_sh_and_short(script: str) -> None:
    assert subprocess.run(["sh", "-n", str(ROOT / script)], check=False).returncode == 0
    text = (ROOT / script).read_text()
    assert len(text.splitlines()) < 80
    assert [word for word in ("[[", "function ", "local ", "source ", "<<<", "pipefail") if word in text] == []


def test_the_two_commands_and_ci_can_be_executed_and_ci_runs_the_tests() -> None:
    assert [name for name in ("run", "test", ".ci/run") if not os.access(ROOT / name, os.X_OK)] == []
    assert "exec ./test" in (ROOT / ".ci" / "run").read_text()


@pytest.fixture
def bare_machine(tmp_path: Path) -> dict[str, str]:
    """An environment as an ordinary user of a bare Debian has it: no python3, no sudo, no package of ours."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "cksum", "grep", "flock"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    for name, answer in (("id", "echo 1000"), ("dpkg-query", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{answer}\n")
        (tools / name).chmod(0o755)
    for name in SCRIPTS:
        shutil.copy(ROOT / name, tmp_path)
    return {"PATH": str(tools)}


@pytest.mark.parametrize(
    ("command", "also"), [("run", ()), ("test", ("chromium", "poppler-utils"))], ids=["run", "test"]
)
def test_an_ordinary_user_gets_the_whole_apt_line_once_and_nothing_is_begun(
    command: str, also: tuple[str, ...], bare_machine: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [str(tmp_path / command)], env=bare_machine, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("apt-get update && apt-get install -y --no-install-recommends ")
    packages = {"python3", "python3-venv", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-noto-cjk", *also}
    assert set(line.split("recommends ")[1].split()) == packages
    assert not (tmp_path / ".venv").exists()
