"""States written by earlier releases load and go on as they did then. The files are read only: states/README.md says why."""

import base64
import json
from pathlib import Path

import pytest
from models import NOW, Run
from stored import play, told

import workflows
from workflows.state import VERSION

STATES = Path(__file__).parent / "states"
FILES = sorted(STATES.glob("v*/*.json"))


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def test_a_stored_state_loads_and_goes_on_as_it_did(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    files = {name: text.encode() for name, text in case["files"].items()}
    run = Run(files, {"n": 0, "key": "k", "items": []}, key=case["process"])
    run.step = workflows.open_step(run.dep, base64.b64decode(case["state"]), NOW)
    found = [told(run)]
    for command in case["commands"]:
        play(run, command, NOW)
        found.append(told(run))
    assert found == case["told"]


def test_every_version_of_the_format_up_to_todays_has_its_states() -> None:
    assert {path.parent.name for path in FILES} == {f"v{number}" for number in range(1, VERSION + 1)}
    assert len(FILES) >= 8
