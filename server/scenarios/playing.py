"""Plays a story step by step and compares what came with what was expected."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath

from server.scenarios.client import People, Refused
from server.scenarios.story import Step, Story

PATIENCE = 20.0  # seconds `until` waits for the worker
NAME = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Difference:
    """Something that did not come as expected."""

    what: str
    expected: Any
    got: Any


@dataclass(frozen=True)
class Played:
    """A step that was played. shown: what it kept and what it compared, for the reader of the list."""

    number: int
    what: str
    who: str
    legal_date: str
    status: int
    shown: dict[str, Any]
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """It came as expected."""
        return not self.differences


def play(
    story: Story,
    people: People,
    clock_keeper: str,
    tell: Callable[[Played], None],
    known: dict[str, Any] | None = None,
) -> list[Played]:
    """Play all steps; after the first that goes wrong the rest are not played, since they build on it.

    clock_keeper: the login that may move the clock. tell: called after each step. known: values from steps played
    before; what these steps keep is added to it.
    """
    known = {} if known is None else known
    for name, value in story.values.items():
        known.setdefault(name, value)
    done: list[Played] = []
    for number, step in enumerate(story.steps, start=1):
        played = _play(number, step, story, people, clock_keeper, known)
        done.append(played)
        tell(played)
        if not played.ok:
            break
    return done


def _play(number: int, step: Step, story: Story, people: People, clock_keeper: str, known: dict[str, Any]) -> Played:
    login = story.accounts[step.who]
    try:
        if step.at is not None:
            people.move_clock(clock_keeper, step.at)
        day = str(people.clock(clock_keeper)["legal_date"])
        for name, filename in step.files.items():
            known[name] = people.upload(login, filename)
        status, answer, differences = _asked(step, people, login, known)
    except (Refused, KeyError) as error:
        why = f"unknown name {error}" if isinstance(error, KeyError) else str(error)
        return Played(number, step.what, step.who, "", 0, {}, (Difference("runner", "", why),))
    shown = {name: jmespath.search(path, answer) for name, path in step.keep.items()}
    known.update(shown)
    lost = tuple(Difference(f"keep {name}", "a value", None) for name, value in shown.items() if value is None)
    compared = {path: jmespath.search(path, answer) for path in step.expect}
    return Played(number, step.what, step.who, day, status, shown | compared, differences + lost)


def _asked(step: Step, people: People, login: str, known: Mapping[str, Any]) -> tuple[int, Any, tuple[Difference, ...]]:
    """Ask, and while the step says `until`, ask again until it is as expected or patience ends."""
    end = time.monotonic() + PATIENCE
    while True:
        status, answer = _decide(step, people, login, known) if step.task else _call(step, people, login, known)
        differences = _compare(step, status, answer, known)
        if not differences or not step.until or time.monotonic() > end:
            return status, answer, differences
        time.sleep(0.1)


def _call(step: Step, people: People, login: str, known: Mapping[str, Any]) -> tuple[int, Any]:
    answer = people.call(login, step.method, filled(step.path, known), filled(step.send, known))
    return answer.status_code, answer.json() if answer.content else None


def _decide(step: Step, people: People, login: str, known: Mapping[str, Any]) -> tuple[int, Any]:
    """Decide the one task of this name in the person's inbox, having looked at it first."""
    subject = filled(step.subject, known)
    inbox = people.call(login, "get", "/work-items")
    if not inbox.ok:
        return inbox.status_code, inbox.json()
    found = [one for one in inbox.json() if one["name"] == step.task and subject in ("", one["subject"])]
    if len(found) != 1:
        names = [f"{one['name']} ({one['subject']})" for one in inbox.json()]
        raise Refused(f"{len(found)} tasks “{step.task}” in the inbox of {login}: {names}")
    item = people.call(login, "get", f"/work-items/{found[0]['id']}")
    if not item.ok:
        return item.status_code, item.json()
    decision = {
        "outcome": step.outcome,
        "answers": filled(step.answers, known),
        "seen_revision": item.json()["revision"],
    }
    answer = people.call(login, "post", f"/work-items/{found[0]['id']}/decision", decision)
    return answer.status_code, answer.json()


def _compare(step: Step, status: int, answer: Any, known: Mapping[str, Any]) -> tuple[Difference, ...]:
    as_wanted = status == step.status if step.status is not None else 200 <= status < 300
    if not as_wanted:
        return (Difference("status", step.status or "2xx", {"status": status, "answer": answer}),)
    found = []
    for path, value in step.expect.items():
        expected, got = filled(value, known), jmespath.search(path, answer)
        if got != expected:
            found.append(Difference(path, expected, got))
    return tuple(found)


def filled(raw: Any, known: Mapping[str, Any]) -> Any:
    """Put the known values where `${name}` stands; a text that is nothing else takes the value as it is."""
    if isinstance(raw, dict):
        return {key: filled(value, known) for key, value in raw.items()}
    if isinstance(raw, list):
        return [filled(one, known) for one in raw]
    if not isinstance(raw, str):
        return raw
    if whole := NAME.fullmatch(raw):
        return known[whole.group(1)]
    return NAME.sub(lambda found: str(known[found.group(1)]), raw)
