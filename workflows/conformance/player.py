"""Plays one case of the public BPMN conformance suite (its README says how) with a virtual clock."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workflows import commands, timers
from workflows.deployment import Deployment, deploy
from workflows.errors import Refused
from workflows.step import Job, Step

START = datetime(2026, 1, 1, tzinfo=UTC)
#: Seconds of virtual time after which nothing more is expected of a case that names no end.
QUIESCENCE = 10**8


class Forgot(Exception):
    """The step read again from its bytes shows other open things than the step that wrote them."""


class Player:
    """`stored`: every command begins with the bytes of the one before, read again; else what is open is kept from the step."""

    def __init__(self, deployment: Deployment, *, stored: bool) -> None:
        self.deployment, self.stored = deployment, stored
        self.words: list[str] = []
        self.waits: dict[int, datetime] = {}
        self.now = START

    def kept(self, step: Step) -> Step:
        if not self.stored:
            return step
        again = commands.open_step(self.deployment, step.state, self.now)
        if _open(again) != _open(step):
            raise Forgot(f"{_open(step)} became {_open(again)}")
        return again

    def play(self, variables: Mapping[str, Any], end: datetime) -> tuple[list[str], Step, list[str]]:
        """The words that the jobs wrote (sorted), the last step, the incidents on the way."""
        step = self.kept(commands.start(self.deployment, variables, self.now))
        incidents = [incident.message_zh for incident in step.incidents]
        while True:
            live = {job.id for job in step.jobs}
            self.waits = {key: due for key, due in self.waits.items() if key in live}
            failed = {incident.task_id for incident in step.incidents}
            new = [job for job in step.jobs if job.id not in self.waits and job.id not in failed]
            if new:
                step = self.kept(self.work(min(new, key=lambda job: job.id), step))
            else:
                moments = sorted([timer.due for timer in step.timers] + list(self.waits.values()))
                if not moments or moments[0] > end:
                    return sorted(self.words), step, incidents
                self.now = moments[0]
                step = self.end_waits(self.kept(commands.wake(self.deployment, step.state, self.now)))
            incidents.extend(incident.message_zh for incident in step.incidents)

    def end_waits(self, step: Step) -> Step:
        for key in [key for key, due in self.waits.items() if due <= self.now]:
            if key in {job.id for job in step.jobs}:
                del self.waits[key]
                step = self.kept(commands.complete(self.deployment, step.state, key, {}, self.now))
        return step

    def work(self, job: Job, step: Step) -> Step:
        headers = job.headers
        done: dict[str, Any] = {}
        match job.type:
            case "wait":
                self.waits[job.id] = timers.due(headers["duration"], self.now)
                return step
            case "fail":
                return commands.fail(self.deployment, step.state, job.id, headers["errorCode"], "", self.now)
            case "increment":
                done = {headers["variable"]: job.variables[headers["variable"]] + 1}
            case "set-data":
                done = {headers["variable"]: headers["value"]}
        if "say" in headers:
            good = job.type != "log-data" or job.variables.get(headers["variable"]) == headers["value"]
            self.words.append(headers["say"] if good else "data-wrong")
        return commands.complete(self.deployment, step.state, job.id, done, self.now)


def _open(step: Step) -> tuple[object, ...]:
    return step.user_tasks, step.jobs, step.timers, step.subscriptions


def verdict(folder: Path, case: Mapping[str, Any], *, stored: bool) -> tuple[str, tuple[str, ...]]:
    """('pass' | 'refused' | 'wrong', why)."""
    try:
        deployment = deploy({case["file"]: (folder / case["file"]).read_bytes()}, case["process"])
    except Refused as refused:
        said = tuple(str(problem) for problem in refused.findings)
        good = all(problem.message_zh and problem.cure_zh for problem in refused.findings)
        return ("refused", said) if good else ("wrong", ("refused without a sentence", *said))
    end = START + timedelta(seconds=case.get("delay_s") or QUIESCENCE)
    try:
        words, step, incidents = Player(deployment, stored=stored).play(case["variables"], end)
    except Forgot as forgot:
        return "wrong", (str(forgot),)
    if case["expect_error"]:
        stopped = bool(step.incidents) and not step.completed
        return ("pass", ()) if stopped else ("wrong", ("no incident",))
    got = (words, step.completed, bool(step.incidents))
    expected = (case["expect"], case["completes"], False)
    return ("pass", ()) if got == expected else ("wrong", (f"{got} instead of {expected}", *incidents))
