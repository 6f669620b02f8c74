"""README's claims hold: every path it names exists, every command and option it names is there, no folder is left out."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from server import cli

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text()
QUOTED = re.findall(r"`([^`\n]+)`", TEXT)
COMMANDS = QUOTED + [line.split("#")[0].strip() for block in re.findall(r"```\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_path_in_the_readme_exists() -> None:
    paths = [word for word in QUOTED if re.fullmatch(r"(\./)?[\w.*-]+(/[\w.*-]*)+|[\w-]+\.(cfg|toml|txt|sh|md)", word)]
    assert len(paths) > 15
    # What a start makes is not there in a fresh clone.
    made = {".venv/bin/gcb", "var/"}
    assert [path for path in paths if path not in made and not list(ROOT.glob(path.removeprefix("./")))] == []


def test_every_picture_and_link_in_the_readme_exists() -> None:
    targets = re.findall(r"\]\(([^)#]+)", TEXT) + re.findall(r'(?:src|srcset|href)="([^"#]+)"', TEXT)
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


def test_the_folder_map_names_every_folder_of_the_project() -> None:
    known = [row[0].strip("`").rstrip("/") for row in rows("Folders")]
    hidden = {"server/data", "server/migrations"}  # a table of holidays; what alembic wants
    made = {"var", "build", "gongchengbang.egg-info", "__pycache__"}
    top = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")} - made
    areas = {f"server/{path.name}" for path in (ROOT / "server").iterdir() if path.is_dir() and path.name not in made}
    assert (top | areas) - hidden - set(known) == set()


def test_where_do_i_put_names_a_place_for_everything() -> None:
    places = rows("Where do I put…")
    assert len(places) > 15
    assert [what for what, where in places if not re.search(r"`[\w./-]+`", where)] == []


def test_every_command_in_the_readme_is_one_the_program_has(capsys: pytest.CaptureFixture[str]) -> None:
    named = {match for text in COMMANDS for match in re.findall(r"\bgcb ([a-z]+)", text)}
    assert {"serve", "scenario", "bench"} <= named
    for name in sorted(named):
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])
        assert ended.value.code == 0, name
    capsys.readouterr()


def test_every_option_in_the_readme_is_one_the_command_has(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["serve", "--help"])
    helped = {"run": capsys.readouterr().out, "test": (ROOT / "test").read_text()}
    used = {(script, option) for text in COMMANDS for script, rest in re.findall(r"\./(run|test)\b([^&|]*)", text)
            for option in re.findall(r"--[a-z-]+", rest)}
    assert ("run", "--fresh") in used
    assert [(script, option) for script, option in used if option not in helped[script]] == []


def test_every_setting_in_the_readme_is_read_by_the_program() -> None:
    read = (ROOT / "server" / "config.py").read_text()
    names = set(re.findall(r"`(GCB_[A-Z_]+|DATABASE_URL)", TEXT))
    assert "GCB_DATA" in names
    assert [name for name in names if f'"{name}"' not in read] == []


def test_every_python_package_asked_for_is_pinned() -> None:
    pinned = {re.split(r"[=\[]", line)[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    block = (ROOT / "setup.cfg").read_text().partition("install_requires =")[2].partition("[options.packages.find]")[0]
    asked = {re.split(r"[=\[;]", line.strip())[0].lower() for line in block.splitlines() if re.match(r"    [A-Za-z]", line)}
    assert len(asked) > 30
    assert asked - pinned - {"tzdata"} == set()  # asked for on Windows alone


def test_the_program_says_what_it_can_do_as_a_module_too() -> None:
    done = subprocess.run([sys.executable, "-m", "server.cli", "--help"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0
