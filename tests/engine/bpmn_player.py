"""Plays one case of the public BPMN conformance suite (its README says how) with a virtual clock."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import workflows
from workflows import Deployment, Job, Step, timers

START = datetime(2026, 1, 1, tzinfo=UTC)


class Player:
    """`stored`: every command begins with the bytes of the one before; else what is open is kept from the Step. Both go
    through bytes (the interface has nothing else), so `stored` also loads and saves once more between the commands."""

    def __init__(self, deployment: Deployment, stored: bool) -> None:
        self.deployment, self.stored = deployment, stored
        self.words: list[str] = []
        self.waits: dict[int, datetime] = {}
        self.now = START

    def kept(self, step: Step) -> Step:
        if not self.stored:
            return step
        again = workflows.open_step(self.deployment, step.state, self.now)
        assert (again.user_tasks, again.jobs, again.timers, again.subscriptions) == (
            step.user_tasks,
            step.jobs,
            step.timers,
            step.subscriptions,
        )
        return again

    def play(self, variables: Mapping[str, Any], end: datetime) -> tuple[list[str], Step]:
        step = self.kept(workflows.start(self.deployment, variables, self.now))
        incidents = list(step.incidents)
        while True:
            live = {job.id for job in step.jobs}
            self.waits = {key: due for key, due in self.waits.items() if key in live}
            new = [
                job
                for job in step.jobs
                if job.id not in self.waits and job.id not in {i.task_id for i in step.incidents}
            ]
            if new:
                step = self.kept(self.work(min(new, key=lambda job: job.id), step))
            else:
                moments = sorted([timer.due for timer in step.timers] + list(self.waits.values()))
                if not moments or moments[0] > end:
                    return sorted(self.words), step
                self.now = moments[0]
                step = self.kept(workflows.wake(self.deployment, step.state, self.now))
                for key in [key for key, due in self.waits.items() if due <= self.now]:
                    if key in {job.id for job in step.jobs}:
                        del self.waits[key]
                        step = self.kept(workflows.complete(self.deployment, step.state, key, {}, self.now))
            incidents.extend(step.incidents)

    def work(self, job: Job, step: Step) -> Step:
        headers = job.headers
        done: dict[str, Any] = {}
        match job.type:
            case "wait":
                self.waits[job.id] = timers.due(headers["duration"], self.now)
                return step
            case "fail":
                return workflows.fail(self.deployment, step.state, job.id, headers["errorCode"], "", self.now)
            case "increment":
                done = {headers["variable"]: job.variables[headers["variable"]] + 1}
            case "set-data":
                done = {headers["variable"]: headers["value"]}
        if "say" in headers:
            good = job.type != "log-data" or job.variables.get(headers["variable"]) == headers["value"]
            self.words.append(headers["say"] if good else "data-wrong")
        return workflows.complete(self.deployment, step.state, job.id, done, self.now)


def verdict(folder: Path, case: Mapping[str, Any], stored: bool) -> str:
    """'pass', 'refused' or 'wrong: …'."""
    try:
        deployment = workflows.deploy({case["file"]: (folder / case["file"]).read_bytes()}, case["process"])
    except workflows.Refused as refused:
        good = all(problem.message_zh and problem.cure_zh for problem in refused.findings)
        return "refused" if good else "wrong: refused without a sentence"
    end = START + timedelta(seconds=case.get("delay_s") or 10**8)
    words, step = Player(deployment, stored).play(case["variables"], end)
    if case["expect_error"]:
        return "pass" if step.incidents and not step.completed else "wrong: no incident"
    got = (words, step.completed, bool(step.incidents))
    expected = (case["expect"], case["completes"], False)
    return "pass" if got == expected else f"wrong: {got} instead of {expected} {[i.message_zh for i in step.incidents]}"
