"""Plays commands told as data on a Run, and tells in plain JSON what is open then."""

from datetime import datetime, timedelta
from typing import Any

import workflows
from models import Run


def play(run: Run, command: list[Any], begun: datetime) -> None:
    """["complete", element, variables] · ["deliver", …] · ["fail", element, code] · ["retry", element] · ["wake", seconds
    after `begun`] · ["cancel"]. Of several open ones of an element the first made."""
    match command:
        case ["complete", element, variables]:
            run.complete(element, **variables)
        case ["deliver", element, variables]:
            run.deliver(element, **variables)
        case ["fail", element, code]:
            run.fail(element, code)
        case ["retry", element]:
            run.retry(element)
        case ["wake", seconds]:
            run.wake(begun + timedelta(seconds=seconds))
        case ["cancel"]:
            run.step = workflows.cancel(run.dep, run.step.state, run.now)
        case _:
            raise ValueError(f"unknown command {command}")


def told(run: Run) -> dict[str, Any]:
    """What is open, by element; variables as their repr, so that a Decimal is no float."""
    step = workflows.open_step(run.dep, run.step.state, run.now)
    return {
        "ended": "completed" if step.completed else "cancelled" if step.cancelled else "",
        "tasks": [[t.id, t.element, seen(t.variables)] for t in step.user_tasks],
        "jobs": [[j.id, j.element, seen(j.variables)] for j in step.jobs],
        "timers": [[t.id, t.element, t.due.isoformat()] for t in step.timers],
        "subscriptions": [[s.id, s.element, s.message, s.key] for s in step.subscriptions],
        "incidents": [[i.task_id, i.element] for i in step.incidents],
        "variables": seen(run.variables()),
    }


def seen(variables: dict[str, Any]) -> dict[str, str]:
    return {name: repr(variables[name]) for name in sorted(variables)}
