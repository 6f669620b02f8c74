"""`gcb bench engine`: what an instance of a large model costs to store and to move, ours against plain SpiffWorkflow.

    python tests/bench/engine.py

One model of 84 elements: six parallel branches that loop, each with tasks, a call activity and a timer. 400 tasks are
completed, in the same order on both sides. A completion is load + complete + save: ours from the bytes of a Step, plain
SpiffWorkflow with its own serialiser and the whole workflow in it. Times are medians of many repetitions of the very same
completion, the 10th and the 400th (each with its neighbours, since elements differ) measured in turns. Exit status 1 when a
bound is broken.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

import workflows
from workflows.state import unpack

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
BRANCHES, COMPLETIONS = 6, 400
#: Completions at the 10th and the 400th that are measured. A round of all branches is 36 completions: 400 is 4 a few rounds
#: later, so both windows move the same elements.
EARLY, LATE = range(4, 17), range(400, 413)
REPEATS, PLAIN_REPEATS = 40, 2
BOUNDS = {
    "fresh_bytes": 4096,
    "after_to_fresh": 1.5,
    "late_to_early_ms": 1.2,
    "ours_to_plain_late": 0.1,
}
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'targetNamespace="bench" id="d">'
)


def model(*, plain: bool) -> dict[str, bytes]:
    """The model and the process it calls; `plain`: in SpiffWorkflow's own dialect, where expressions are Python."""
    again, wait = ("again", "'P30D'") if plain else ("=again", "P30D")
    body: list[str] = []
    flows: list[tuple[str, str, str]] = []

    def line(*nodes: str) -> None:
        flows.extend((a, b, "") for a, b in zip(nodes, nodes[1:], strict=False))

    body.append('<startEvent id="start"/><parallelGateway id="split"/>')
    body.append('<parallelGateway id="join"/><userTask id="last"/><userTask id="filed"/><endEvent id="stop"/>')
    line("start", "split")
    line("join", "last", "filed", "stop")
    for number in range(BRANCHES):
        b = f"b{number}"
        body.append(f'<exclusiveGateway id="{b}_merge"/>')
        body += [f'<userTask id="{b}_t{i}"/>' for i in range(1, 6)]
        body.append(f'<callActivity id="{b}_call" calledElement="{b}_child"/>')
        body.append(
            f'<boundaryEvent id="{b}_timer" attachedToRef="{b}_t3" cancelActivity="false"><timerEventDefinition>'
            f"<timeDuration>{wait}</timeDuration></timerEventDefinition></boundaryEvent>"
        )
        body.append(f'<userTask id="{b}_note"/><endEvent id="{b}_noted"/>')
        body.append(f'<exclusiveGateway id="{b}_choice" default="{b}_choice_{b}_out"/>')
        body.append(f'<intermediateThrowEvent id="{b}_back"/><intermediateThrowEvent id="{b}_out"/>')
        line("split", f"{b}_merge", *(f"{b}_t{i}" for i in range(1, 6)), f"{b}_call", f"{b}_choice", f"{b}_out", "join")
        line(f"{b}_timer", f"{b}_note", f"{b}_noted")
        flows.append((f"{b}_choice", f"{b}_back", again))
        line(f"{b}_back", f"{b}_merge")
    made = "".join(
        f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}">'
        + (f"<conditionExpression>{condition}</conditionExpression>" if condition else "")
        + "</sequenceFlow>"
        for a, b, condition in flows
    )
    main = f'{HEAD}<process id="large" isExecutable="true">{"".join(body)}{made}</process></definitions>'
    children = {
        f"{b}.bpmn": (
            f'{HEAD}<process id="{b}_child" isExecutable="true"><startEvent id="{b}_cs"/><userTask id="{b}_ct"/>'
            f'<endEvent id="{b}_ce"/><sequenceFlow id="{b}_f1" sourceRef="{b}_cs" targetRef="{b}_ct"/>'
            f'<sequenceFlow id="{b}_f2" sourceRef="{b}_ct" targetRef="{b}_ce"/></process></definitions>'
        ).encode()
        for b in (f"b{number}" for number in range(BRANCHES))
    }
    return {"large.bpmn": main.encode(), **children}


class Ours:
    def __init__(self) -> None:
        self.deployment = workflows.deploy(model(plain=False), "large")
        self.state = workflows.start(self.deployment, {"again": True}, NOW).state

    def open(self) -> list[tuple[str, int]]:
        step = workflows.open_step(self.deployment, self.state, NOW)
        return sorted((task.element, task.id) for task in step.user_tasks)

    def complete(self, element: str) -> Callable[[], bytes]:
        """The completion of that open task; it may be called again and again."""
        state, task = self.state, dict(self.open())[element]
        return lambda: workflows.complete(self.deployment, state, task, {}, NOW).state


class Plain:
    def __init__(self) -> None:
        parser = BpmnParser()
        for name, data in model(plain=True).items():
            parser.add_bpmn_xml(etree.fromstring(data), filename=name)
        spec, specs = parser.get_spec("large"), parser.get_subprocess_specs("large")
        workflow = BpmnWorkflow(spec, specs)
        workflow.task_tree.data.update(again=True)
        workflow.do_engine_steps()
        self.serializer = BpmnWorkflowSerializer()
        self.state: str = self.serializer.serialize_json(workflow)

    def open(self) -> list[tuple[str, Any]]:
        return self._open(self.serializer.deserialize_json(self.state))

    @staticmethod
    def _open(workflow: Any) -> list[tuple[str, Any]]:
        tasks = workflow.get_tasks(state=TaskState.READY, manual=True)
        return sorted((task.task_spec.bpmn_id or task.task_spec.name, task.id) for task in tasks)

    def complete(self, element: str) -> Callable[[], str]:
        state, task = self.state, dict(self.open())[element]

        def run() -> str:
            workflow = self.serializer.deserialize_json(state)
            workflow.get_task_from_id(task).run()
            workflow.do_engine_steps()
            text: str = self.serializer.serialize_json(workflow)
            return text

        return run


def walk(side: Ours | Plain) -> tuple[list[Callable[[], Any]], list[Callable[[], Any]], list[int], list[list[str]]]:
    """Completes the tasks; gives the completions to measure early and late, the sizes of all states, and what was open."""
    early, late, sizes, seen = [], [], [len(side.state)], []
    queue: list[str] = []  # whoever has waited longest is next: the branches go round together
    for number in range(1, LATE.stop):
        names = [name for name, _ in side.open()]
        seen.append(names)
        queue = [name for name in queue if name in names] + [name for name in names if name not in queue]
        act = side.complete(queue.pop(0))
        if number in EARLY:
            early.append(act)
        elif number in LATE:
            late.append(act)
        side.state = act()  # type: ignore[assignment]
        if number <= COMPLETIONS:
            sizes.append(len(side.state))
    return early, late, sizes, seen


def medians(early: list[Callable[[], Any]], late: list[Callable[[], Any]], repeats: int) -> tuple[float, float]:
    """Milliseconds of one completion, early and late, measured in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for acts, found in zip((early, late), times, strict=True):
            for act in acts:
                begun = time.perf_counter()
                act()
                found.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> int:
    ours, plain = Ours(), Plain()
    elements = len([e for e in etree.fromstring(model(plain=False)["large.bpmn"]).iter() if e.get("id")]) - 2
    nodes = elements - len(list(etree.fromstring(model(plain=False)["large.bpmn"]).iter("{*}sequenceFlow")))
    our_early, our_late, sizes, our_open = walk(ours)
    plain_early, plain_late, plain_sizes, plain_open = walk(plain)
    ten, four_hundred = medians(our_early, our_late, REPEATS)
    plain_ten, plain_four_hundred = medians(plain_early, plain_late, PLAIN_REPEATS)
    figures = {
        "fresh_bytes": sizes[0],
        "after_to_fresh": round(sizes[COMPLETIONS] / sizes[0], 3),
        "late_to_early_ms": round(four_hundred / ten, 3),
        "ours_to_plain_late": round(four_hundred / plain_four_hundred, 4),
    }
    broken = [name for name, bound in BOUNDS.items() if figures[name] > bound]
    if our_open != plain_open or nodes != 84:
        broken.append("the two sides did not do the same work")
    document = {
        "elements": nodes,
        "branches": BRANCHES,
        "completions": COMPLETIONS,
        "ours": {
            "bytes": {"fresh": sizes[0], "after_400": sizes[COMPLETIONS], "largest": max(sizes)},
            "bytes_uncompressed_after_400": len(json.dumps(unpack(ours.state), default=str)),
            "load_complete_save_ms": {"10th": round(ten, 4), "400th": round(four_hundred, 4)},
        },
        "plain": {
            "bytes": {"fresh": plain_sizes[0], "after_400": plain_sizes[COMPLETIONS], "largest": max(plain_sizes)},
            "load_complete_save_ms": {"10th": round(plain_ten, 3), "400th": round(plain_four_hundred, 3)},
        },
        "figures": figures,
        "bounds": BOUNDS,
        "broken": broken,
    }
    print(json.dumps(document, ensure_ascii=False, indent=1))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
