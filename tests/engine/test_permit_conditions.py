"""The decision on the conditions of a permit phase, against the matrix of domain.md §2.2."""

import re
from pathlib import Path

import pytest

import workflows

FILES = {path.name: path.read_bytes() for path in (Path(__file__).parents[2] / "bpmn").glob("*.*mn")}
ALWAYS = {"contractor", "supervision", "funds", "measures", "site"}
MATRIX = {
    "P1": {"land_approval", "planning_permit", "pit_design", "survey_review"},
    "P2": {"planning_permit", "basement_drawings", "civil_defence", "previous_phase"},
    "P3": {"planning_permit", "full_drawings", "special_fire_review", "previous_phase"},
}
MATRIX["P12"] = (MATRIX["P1"] | MATRIX["P2"]) - {"previous_phase"}
MATRIX["P0"] = (MATRIX["P1"] | MATRIX["P2"] | MATRIX["P3"]) - {"previous_phase", "basement_drawings"}


def conditions(phase: str, **changed: bool) -> set[str]:
    inputs = {"civil_defence": True, "special_fire": True, "supervision_required": True}
    variables = {"phase": phase, "p1_requires_planning_permit": True, **inputs, **changed}
    found = workflows.decide(workflows.deploy(FILES, "construction-permit"), "permit_phase_conditions", variables)
    assert all(row["reason"] and not re.search("第.+条", row["reason"]) for row in found.value)  # none was verified
    return {row["key"] for row in found.value}


@pytest.mark.parametrize("phase", MATRIX)
def test_a_phase_asks_for_what_the_matrix_says(phase: str) -> None:
    assert conditions(phase) == MATRIX[phase] | ALWAYS


def test_conditions_that_turn_on_the_project_fall_away_without_their_cause() -> None:
    assert "civil_defence" not in conditions("P2", civil_defence=False)
    assert "special_fire_review" not in conditions("P3", special_fire=False)
    assert "supervision" not in conditions("P3", supervision_required=False)
    assert "planning_permit" not in conditions("P1", p1_requires_planning_permit=False)
    assert "planning_permit" in conditions("P2", p1_requires_planning_permit=False)
