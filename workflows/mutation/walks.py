"""Random walks of one model through the real engine, judged by the oracle: does any of them break the law, or never end?"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workflows import commands
from workflows.deployment import Deployment
from workflows.findings import Known
from workflows.law import Rules
from workflows.mutation.oracle import Record
from workflows.outline import Outline, title
from workflows.step import Job, Step, UserTask

NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
MOST_MOVES = 150
TRIES_TO_END = 25


@dataclass(frozen=True)
class Around:
    """What a walk draws from: the law, what exists around the model, examples of start variables."""

    rules: Rules
    known: Known
    examples: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def start_variables(self, process: str, choice: random.Random) -> dict[str, Any]:
        return {
            name: self.something(name, choice) for name in sorted(self.known.start_variables.get(process, frozenset()))
        }

    def something(self, name: str, choice: random.Random) -> Any:
        """A value for a variable of that name."""
        return choice.choice(self.examples[name]) if name in self.examples else f"{name}-1"


@dataclass(frozen=True)
class Broken:
    """A walk that broke a rule: code and element of it, and the names passed on the way."""

    code: str
    element: str
    walk: tuple[str, ...]


class _Walk:
    def __init__(self, dep: Deployment, outline: Outline, process: str, around: Around, choice: random.Random) -> None:
        self.dep, self.outline, self.around, self.choice = dep, outline, around, choice
        self.record = Record(around.rules)
        self.area = around.known.areas.get(process, "")
        self.passed: list[str] = []
        variables = around.start_variables(process, choice)
        messages = dep.start_messages
        self.over = False
        self._took(commands.start(dep, variables, NOW, message=choice.choice(sorted(messages)) if messages else None))

    def fork(self, choice: random.Random) -> "_Walk":
        """The same case, going on by other chances."""
        other = object.__new__(_Walk)
        other.__dict__.update(self.__dict__)
        other.record, other.passed, other.choice = self.record.copy(), list(self.passed), choice
        return other

    def run(self, moves: int = MOST_MOVES) -> None:
        for _ in range(moves):
            if self.over or self.record.broken:
                return
            self._move()

    def _took(self, step: Step) -> None:
        self.step = step
        for one in step.trail:
            node = self.outline.nodes.get(one.element)
            if one.kind == "entered" and node is not None:
                if node.kind != "userTask" and node.kind not in ("serviceTask", "sendTask") and node.name:
                    self.passed.append(title(node))
            elif one.kind == "left" and node is not None and node.kind == "businessRuleTask":
                self.record.decided(node.decision)
        last = next((t.element for t in reversed(step.trail) if t.element in self.outline.nodes), "")
        if step.incidents:
            self.record.breaks("stuck", step.incidents[0].element)
        elif step.completed:
            self.over = True
            self.record.ended(last)
        elif not step.jobs:
            heard = frozenset(s.message for s in step.subscriptions)
            self.record.rests(step.user_tasks[0].element if step.user_tasks else last, heard)
            if not (step.user_tasks or step.timers or any(self._comes(m) for m in heard)):
                self.record.breaks("stuck", last)

    def _comes(self, message: str) -> bool:
        """Whether somebody sends it now. What ends a correction is sent while one is open."""
        rules, known = self.around.rules, self.around.known.messages
        if message == rules.correction_expires:
            return self.record.last == rules.correction
        return known is None or message in known

    def _move(self) -> None:
        """One thing that may happen, by chance. Jobs do not wait, so mostly they come first."""
        step, choice = self.step, self.choice
        arriving = [s for s in step.subscriptions if self._comes(s.message)]
        if step.jobs and choice.random() < 0.9:
            self._job(choice.choice(step.jobs))
        elif arriving and (not step.user_tasks or choice.random() < 0.25):
            one = choice.choice(arriving)
            self.record.waited()
            self.passed.append(f"收到“{one.message}”")
            self._took(commands.deliver(self.dep, step.state, one.id, {}, NOW))
        elif step.timers and (not step.user_tasks or choice.random() < 0.2):
            self.record.waited()
            self.passed.append("到时间")
            due = choice.choice(step.timers).due
            self._took(commands.wake(self.dep, step.state, due))
        elif step.user_tasks:
            self._task(choice.choice(step.user_tasks))
        elif step.jobs:
            self._job(choice.choice(step.jobs))

    def _job(self, job: Job) -> None:
        info = (self.around.known.handlers or {}).get(job.type)
        if info is not None and info.errors and self.choice.random() < 0.3:
            code = self.choice.choice(sorted(info.errors))
            self.passed.append(f"自动任务“{job.name}”出错 {code}")
            self._took(commands.fail(self.dep, self.step.state, job.id, code, "", NOW))
            return
        if info is not None and info.area and self.area and info.area != self.area:
            self.record.breaks("stuck", job.element)  # it looks for a case of its own area and never finds one
            return
        if self.choice.random() < 0.05:
            return  # it failed and stays: tried again later, the case as it was
        names = (info.returns if info is not None else None) or ()
        self.passed.append(f"自动任务“{job.name}”")
        if info is None or info.acts:
            self.record.act(job.element, job.type, job.headers)
        flags = info.flags if info is not None else frozenset()
        given = {
            name: self.choice.random() < 0.5 if name in flags else self.around.something(name, self.choice)
            for name in sorted(names)
        }
        self.record.gave(given)
        self._took(commands.complete(self.dep, self.step.state, job.id, given, NOW))

    def _task(self, task: UserTask) -> None:
        known, form = self.around.known, task.form or ""
        answers: dict[str, Any] = dict.fromkeys(sorted(known.answers(form) or ()), "x")
        for name, offered in sorted((known.choices or {}).get(form, {}).items()):
            if offered:
                answers[name] = self.choice.choice(sorted(offered))
        outcome = str(answers.get("outcome", ""))
        self.passed.append(f"任务“{task.name}”{outcome}")
        self.record.person(task.element, task.lane, form, outcome)
        self._took(commands.complete(self.dep, self.step.state, task.id, answers, NOW))


def walk(dep: Deployment, outline: Outline, process: str, around: Around, seed: int, count: int) -> Broken | None:
    """The first of `count` random walks that breaks a rule; None when all are lawful."""
    unended: list[_Walk] = []
    for number in range(count):
        one = _Walk(dep, outline, process, around, random.Random(f"{seed}/{number}"))  # noqa: S311
        one.run()
        if one.record.broken:
            return Broken(*one.record.broken, tuple(one.passed))
        if not one.over:
            unended.append(one)
    for one in unended[:3]:
        if not any(_ends(one, f"{seed}/again/{number}") for number in range(TRIES_TO_END)):
            at = next((t.element for t in one.step.user_tasks), "")
            return Broken("endless", at, tuple(one.passed[:40]))
    return None


def _ends(walk: _Walk, seed: str) -> bool:
    one = walk.fork(random.Random(seed))  # noqa: S311
    one.run(2 * MOST_MOVES)
    return one.over
