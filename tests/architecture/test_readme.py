"""README's claims hold: every path it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_path_in_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    paths = re.findall(r"`((?:\./)?[\w.-]+(?:/[\w.-]*)*)`", text)
    assert len(paths) > 15
    named = [path for path in paths if "/" in path]
    assert [path for path in named if not (ROOT / path).exists()] == []
