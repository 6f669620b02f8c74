"""The models we ship walk their roads: every case beside them ends where it says, and no flow is left unwalked."""

from datetime import UTC, datetime
from pathlib import Path
from time import thread_time

import pytest

import workflows
from workflows import cases, trials

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FILES = {path.name: path.read_bytes() for path in sorted((ROOT / "bpmn").glob("*.*mn"))}
MODELS = [name.removesuffix(".bpmn") for name in FILES if name.endswith(".bpmn")]


def stories_of(model: str) -> bytes:
    return (ROOT / "bpmn" / f"{model}{cases.SUFFIX}").read_bytes()


@pytest.mark.parametrize(
    ("model", "case"),
    [(model, case) for model in MODELS for case in cases.read(stories_of(model)).cases],
    ids=lambda one: getattr(one, "name", one),
)
def test_a_case_goes_its_road(model: str, case: cases.Case) -> None:
    result, _ = trials.play(workflows.deploy(FILES, model), case, cases.read(stories_of(model)).start)
    assert result.passed, result.sentence


@pytest.mark.parametrize("model", MODELS)
def test_no_flow_of_a_shipped_model_is_left_unwalked(model: str) -> None:
    report = trials.run(workflows.deploy(FILES, model), stories_of(model))
    assert report.unwalked == ()
    assert report.unvisited == ()
    assert report.findings == ()
    drawn = {piece.partition('"')[0] for piece in FILES[f"{model}.bpmn"].decode().split('<bpmn:sequenceFlow id="')[1:]}
    assert report.walked_by.keys() == drawn


def test_every_shipped_model_has_cases_and_every_file_of_cases_a_model() -> None:
    found = {path.name.removesuffix(cases.SUFFIX) for path in (ROOT / "bpmn").glob(f"*{cases.SUFFIX}")}
    assert found == set(MODELS)


def test_all_shipped_cases_are_played_within_two_seconds() -> None:
    began = thread_time()
    for model in MODELS:
        trials.run(workflows.deploy(FILES, model), stories_of(model))
    assert thread_time() - began < 2


def test_the_conditions_of_the_phase_are_there_when_the_window_looks() -> None:
    model = workflows.deploy(FILES, "construction-permit")
    step = workflows.start(model, cases.read(stories_of("construction-permit")).start, NOW)
    step = workflows.complete(model, step.state, step.jobs[0].id, {}, NOW)
    (task,) = step.user_tasks
    assert task.element == "task_intake"
    assert {"key", "reason"} <= set(task.variables["conditions"][0])
