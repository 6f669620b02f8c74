"""The story S1 told to a running server piece by piece, through its HTTP API, so that pages have something to show."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from server.accounts import demo
from server.config import ROOT
from server.scenarios.client import People
from server.scenarios.playing import Played, play
from server.scenarios.story import load


class Tale:
    """S1 on a server of its own: what has happened so far, and what it knows (numbers of cases, permits)."""

    def __init__(self, address: str) -> None:
        self.people = People(address, demo.PASSWORD)
        self.story = load(ROOT / "tests" / "scenarios" / "S1.yaml")
        self.known: dict[str, Any] = dict(self.story.values)
        self._at = 0

    def until(self, what: str) -> None:
        """Play on, up to and with the next step of this name."""
        ahead = self.story.steps[self._at :]
        count = next(number for number, step in enumerate(ahead, start=1) if step.what.startswith(what))
        piece = replace(self.story, values=self.known, steps=ahead[:count])
        for played in play(piece, self.people, "admin", _went_well):
            self.known.update(played.shown)
        self._at += count

    def inbox(self, login: str) -> list[dict[str, Any]]:
        """The tasks that wait for this person."""
        answer = self.people.call(login, "get", "/work-items")
        assert answer.ok, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    def decide(self, login: str, task: str, outcome: str, answers: Mapping[str, Any] | None = None) -> None:
        """Decide the one task of this name that waits for this person."""
        (item,) = [one for one in self.inbox(login) if one["name"] == task]
        seen = self.people.call(login, "get", f"/work-items/{item['id']}").json()
        sent = {"outcome": outcome, "answers": dict(answers or {}), "seen_revision": seen["revision"]}
        answer = self.people.call(login, "post", f"/work-items/{item['id']}/decision", sent)
        assert answer.ok, answer.text


def _went_well(played: Played) -> None:
    assert played.ok, f"{played.what}: {played.differences}"
