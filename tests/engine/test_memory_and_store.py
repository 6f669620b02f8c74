"""Random models walked twice at once: kept in memory, and saved, pruned and loaded at every step. Both must agree at each.

The state holds live tasks only, so saving is pruning; `Live` is the seam that keeps an instance without bytes between.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from models import NOW, process
from random_models import Model, structured, unstructured

import workflows
from workflows import Deployment, Step
from workflows.live import Live

VARIABLES = {"yes": True, "no": False, "rounds": 0, "key": "k"}
QUIET = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


class Twins:
    """The same instance in memory and in bytes; every command goes to both."""

    def __init__(self, dep: Deployment) -> None:
        self.dep, self.now = dep, NOW
        self.live = Live.started(dep, VARIABLES, NOW)
        self.step = workflows.start(dep, VARIABLES, NOW)
        self.entered: Counter[tuple[str, int]] = Counter()
        self.gone: Counter[tuple[str, int]] = Counter()
        self.compare()

    def compare(self) -> None:
        memory = self.live.step()
        assert replace(memory, state=b"") == replace(self.step, state=b"")
        assert memory.state == self.step.state
        again = workflows.open_step(self.dep, self.step.state, self.now)
        assert replace(again, thrown=(), trail=()) == replace(self.step, thrown=(), trail=())
        assert workflows.variables(self.dep, self.step.state) == self.live.run.scopes["0"]
        for one in self.step.trail:
            self.entered[one.element, one.task_id] += one.kind == "entered"
            self.gone[one.element, one.task_id] += one.kind in ("left", "cancelled")

    def do(self, command: str, *arguments: Any) -> None:
        getattr(self.live, command)(*arguments, self.now)
        self.step = getattr(workflows, command)(self.dep, self.step.state, *arguments, self.now)
        self.compare()

    @property
    def ended(self) -> bool:
        return self.step.completed or self.step.cancelled


def choices(step: Step) -> list[tuple[str, Any]]:
    """What may happen next."""
    faulty = {incident.task_id for incident in step.incidents}
    may: list[tuple[str, Any]] = [("complete", task) for task in (*step.user_tasks, *step.jobs)]
    may += [("fail", one) for one in step.jobs if one.id not in faulty]
    may += [("deliver", one) for one in step.subscriptions]
    may += [("wake", one) for one in step.timers]
    return may + [("retry", one) for one in step.incidents]


class Walk:
    def __init__(self, model: Model, twins: Twins) -> None:
        self.model, self.twins, self.number = model, twins, 0
        self.expected: dict[str, int] = {}

    def act(self, kind: str, what: Any, code: str = "X") -> None:
        twins = self.twins
        self.number += 1
        if kind == "complete":
            brought: dict[str, Any] = {}
            if what.element in self.model.writers:
                self.expected[f"w_{what.element}"] = self.number
                brought[f"w_{what.element}"] = self.number
            if what.element.startswith("t") and "item" in what.variables:
                brought["result"] = what.variables["item"] * 10
            twins.do("complete", what.id, brought)
        elif kind == "fail":
            twins.do("fail", what.id, code, "")
        elif kind == "deliver":
            twins.do("deliver", what.id, {})
        elif kind == "wake":
            twins.now = max(twins.now, what.due)
            twins.do("wake")
        else:
            twins.do("retry", what.task_id)

    def finish(self) -> None:
        """Work off what is open until the end: none is stuck, nothing is left."""
        twins = self.twins
        for _ in range(600):
            if twins.ended:
                break
            step = twins.step
            assert {i.task_id for i in step.incidents} <= {job.id for job in step.jobs}, step.incidents
            tasks: list[Any] = [*step.user_tasks, *step.jobs]
            if tasks:
                self.act("complete", tasks[0])
            elif step.timers:
                self.act("wake", min(step.timers, key=lambda timer: timer.due))
            else:
                assert step.subscriptions, "stuck"
                self.act("deliver", step.subscriptions[0])
        assert twins.step.completed
        self.nothing_left()
        variables = workflows.variables(twins.dep, twins.step.state)
        for name, value in self.expected.items():
            assert variables[name] == value, f"{name} is stale"
        for name in self.model.collected.values():
            found = variables.get(name)
            assert found is None or all(one in (None, item * 10) for one, item in zip(found, (1, 2, 3), strict=True))

    def nothing_left(self) -> None:
        twins, step = self.twins, self.twins.step
        assert not (step.user_tasks or step.jobs or step.timers or step.subscriptions or step.incidents)
        assert not twins.live.run.all_live() and not twins.live.run.subprocesses
        assert set(twins.live.run.scopes) == {"0"}
        assert +twins.entered == +twins.gone and set(twins.entered.values()) <= {0, 1}


@settings(QUIET, max_examples=400)
@given(structured(), st.data())
def test_a_structured_model_moves_in_memory_as_it_does_from_bytes(model: Model, data: st.DataObject) -> None:
    walk = Walk(model, Twins(workflows.deploy(model.files, "p")))
    for kind in model.kinds:
        event(kind)
    for _ in range(data.draw(st.integers(0, 40))):
        may = choices(walk.twins.step)
        if walk.twins.ended or not may:
            break
        kind, what = may[data.draw(st.integers(0, len(may) - 1))]
        walk.act(kind, what, data.draw(st.sampled_from(("X", "Y"))) if kind == "fail" else "X")
    if not walk.twins.ended and data.draw(st.integers(0, 9)) == 0:
        walk.twins.do("cancel")
        walk.nothing_left()
    else:
        walk.finish()


@QUIET
@given(unstructured(), st.data())
def test_an_unstructured_graph_is_refused_or_ends_or_says_where_it_rests(
    files: dict[str, bytes], data: st.DataObject
) -> None:
    try:
        dep = workflows.deploy(files, "p")
    except workflows.Refused:
        event("refused")
        return
    twins = Twins(dep)
    for _ in range(30):
        step = twins.step
        if step.completed:
            event("ended")
            return
        if not step.user_tasks:
            assert step.incidents and all(one.message_zh for one in step.incidents)
            event("rests with an incident")
            return
        twins.do("complete", step.user_tasks[data.draw(st.integers(0, len(step.user_tasks) - 1))].id, {})
    event("goes on")


@pytest.mark.parametrize("hours", [1, 2, 5])
def test_waking_late_runs_the_same_in_memory(hours: int) -> None:
    body = (
        '<startEvent id="s"/><userTask id="t"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="false">'
        "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition></boundaryEvent>"
        '<userTask id="r"/><endEvent id="e"/>'
    )
    twins = Twins(workflows.deploy({"p.bpmn": process(body, "s > t > e\n b > r > e")}, "p"))
    twins.now = NOW + timedelta(hours=hours)
    twins.do("wake")
    assert len(twins.step.user_tasks) == 1 + min(hours, 3)
