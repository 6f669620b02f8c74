"""The models we ship walk their roads: every case of models/*.yaml ends where it says, and no flow is left unwalked."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

import workflows
from workflows import Deployment, Step

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FILES = {path.name: path.read_bytes() for path in sorted((ROOT / "bpmn").glob("*.*mn"))}
CASES = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "models").glob("*.yaml"))
}
ALL = [(model, case) for model, cases in CASES.items() for case in cases]
AROUND: dict[str, dict[str, Any]] = {
    "construction-permit": {
        "case_id": "12",
        "matter": "C05",
        "phase": "P1",
        "civil_defence": True,
        "special_fire": True,
        "supervision_required": True,
        "p1_requires_planning_permit": True,
    },
    "joint-acceptance": {"case_id": "13", "matter": "D01"},
    "acceptance-filing": {"case_id": "14", "matter": "D07"},
    "first-registration": {"application_id": 5, "application_no": "D-5", "filing_number": "F-87"},
}


@dataclass
class Walk:
    """One case on its way; what happened is kept."""

    model: Deployment
    case: dict[str, Any]
    acts: list[str] = field(default_factory=list)
    thrown: list[list[str | None]] = field(default_factory=list)
    flows: set[str] = field(default_factory=set)
    ends: list[str] = field(default_factory=list)

    def run(self, around: dict[str, Any]) -> None:
        answers = {key: deque(found) for key, found in self.case.get("answers", {}).items()}
        results = {key: deque(found) for key, found in self.case.get("jobs", {}).items()}
        messages = deque(self.case.get("messages", ()))
        step = workflows.start(
            self.model, {**around, **self.case.get("start", {})}, NOW, message=self.case.get("message")
        )
        while not self.note(step).completed:
            job = next(iter(step.jobs), None)
            task = next((one for one in step.user_tasks if answers.get(one.element)), None)
            if job:
                step = self.perform(step, job, results.get(job.element))
            elif task:
                given = {"outcome": answers[task.element].popleft()}
                step = workflows.complete(self.model, step.state, task.id, given, NOW)
            else:
                name = messages.popleft()
                waiting = next(one for one in step.subscriptions if one.message == name)
                step = workflows.deliver(self.model, step.state, waiting.id, {}, NOW)
        assert not messages
        assert not [key for key, left in answers.items() if left], "answers nobody asked for"

    def perform(self, step: Step, job: workflows.Job, results: deque[dict[str, Any]] | None) -> Step:
        result = results.popleft() if results else {}
        if "error" in result:
            return workflows.fail(self.model, step.state, job.id, result["error"], "核验有挂起项", NOW)
        if "transition" in job.headers:
            self.acts.append(job.headers["transition"])
        return workflows.complete(self.model, step.state, job.id, result, NOW)

    def note(self, step: Step) -> Step:
        assert not step.incidents, step.incidents
        self.thrown += [[one.message, one.key] for one in step.thrown]
        self.flows |= {one.element for one in step.trail if one.kind == "flow"}
        self.ends += [one.element for one in step.trail if one.kind == "entered" and one.element.startswith("end_")]
        return step


def deployed(model: str) -> Deployment:
    return workflows.deploy(FILES, model)


@pytest.mark.parametrize(("model", "case"), ALL, ids=[f"{model}: {case['name']}" for model, case in ALL])
def test_a_case_goes_its_road(model: str, case: dict[str, Any]) -> None:
    walk = Walk(deployed(model), case)
    walk.run(AROUND[model])
    assert walk.ends == case["ends"]
    assert walk.acts == case.get("acts", [])
    assert walk.thrown == case.get("thrown", [])


@pytest.mark.parametrize("model", CASES)
def test_no_flow_of_a_shipped_model_is_left_unwalked(model: str) -> None:
    walked: set[str] = set()
    for case in CASES[model]:
        walk = Walk(deployed(model), case)
        walk.run(AROUND[model])
        walked |= walk.flows
    assert set(_flows(model)) - walked == set()


def test_every_shipped_model_has_cases() -> None:
    assert {f"{model}.bpmn" for model in CASES} == {name for name in FILES if name.endswith(".bpmn")}


def test_the_conditions_of_the_phase_are_there_when_the_window_looks() -> None:
    step = workflows.start(deployed("construction-permit"), AROUND["construction-permit"], NOW)
    step = workflows.complete(deployed("construction-permit"), step.state, step.jobs[0].id, {}, NOW)
    (task,) = step.user_tasks
    assert task.element == "task_intake"
    assert {"key", "reason"} <= set(task.variables["conditions"][0])


def _flows(model: str) -> Iterator[str]:
    for piece in FILES[f"{model}.bpmn"].decode().split('<bpmn:sequenceFlow id="')[1:]:
        yield piece.partition('"')[0]
