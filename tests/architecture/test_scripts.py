"""The two commands: plain POSIX sh, and what they say on a machine that lacks everything and has no root."""

import fcntl
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
    for name in ("sh", "dirname", "cat", "cksum", "grep", "flock", "mkdir", "mv", "rm", "chmod"):
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


PYTHON = """#!/bin/sh
case "$1 $2" in
    "-m venv") mkdir -p "$3/bin"; echo "command = python3 -m venv $3" > "$3/pyvenv.cfg"
        { echo "#!/bin/sh"; echo "echo pip >> calls"; } > "$3/bin/python"; chmod +x "$3/bin/python";;
esac
"""


@pytest.fixture
def installer(bare_machine: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same machine with a python3 that makes an environment whose pip only writes down that it was called."""
    (tmp_path / "bin" / "python3").write_text(PYTHON)
    (tmp_path / "bin" / "python3").chmod(0o755)
    for name in ("dpkg-query", "node"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\necho ii\n")
        (tmp_path / "bin" / name).chmod(0o755)
    for name in ("constraints.txt", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return bare_machine


def install(environ: dict[str, str], folder: Path) -> int:
    """Run the installation in ``folder``; how often pip was called since the folder is there."""
    subprocess.run(["sh", "-euc", '. ./setup-python.sh; install ""'], env=environ, cwd=folder, check=True)
    calls = folder / "calls"
    return len(calls.read_text().split()) if calls.exists() else 0


def test_a_second_start_installs_nothing_and_a_changed_list_of_packages_does(
    installer: dict[str, str], tmp_path: Path
) -> None:
    assert install(installer, tmp_path) == 1
    assert install(installer, tmp_path) == 1
    with (tmp_path / "constraints.txt").open("a") as constraints:
        constraints.write("another==1.0\n")
    assert install(installer, tmp_path) == 2


def test_an_environment_left_half_made_is_made_anew(installer: dict[str, str], tmp_path: Path) -> None:
    install(installer, tmp_path)
    (tmp_path / ".venv" / ".unfinished").touch()  # what a kill -9 in the middle of pip leaves
    (tmp_path / ".venv" / "half-a-package").touch()
    assert install(installer, tmp_path) == 2
    assert not (tmp_path / ".venv" / "half-a-package").exists()
    assert not (tmp_path / ".venv" / ".unfinished").exists()
    assert not (tmp_path / ".venv.old").exists()


def test_an_environment_that_was_moved_is_made_anew(installer: dict[str, str], tmp_path: Path) -> None:
    install(installer, tmp_path)
    moved = tmp_path / "工程 帮"
    moved.mkdir()
    for path in [path for path in tmp_path.iterdir() if path.name not in ("bin", moved.name)]:
        path.rename(moved / path.name)
    assert install(installer, moved) == 2
    assert str(moved) in (moved / ".venv" / "pyvenv.cfg").read_text()


def test_a_second_installer_waits_for_the_first(installer: dict[str, str], tmp_path: Path) -> None:
    first = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    script = '. ./setup-python.sh; install ""'
    with subprocess.Popen(
        ["sh", "-euc", script], env=installer, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as second:
        assert second.stdout is not None
        assert second.stdout.readline().startswith("另一个安装正在进行")
        assert not (tmp_path / ".venv").exists()
        os.close(first)
        assert second.wait(20) == 0
    assert (tmp_path / ".venv").exists()
