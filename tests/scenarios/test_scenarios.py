"""Every scenario file is played through the HTTP API of a server of its own, and what comes differently fails it."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.scenarios import playing, story
from server.scenarios.client import People, Refused
from server.scenarios.story import CHINA, Step, Story, StoryError

HERE = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(HERE.glob("*.yaml")), ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "scenario", str(path), "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    wrong = [one for one in told["played"] if not one["ok"]]
    assert (told["ok"], wrong, done.returncode) == (True, [], 0)
    assert len(told["played"]) == told["steps"]


# -- the runner itself, against made-up answers


class Answer:
    def __init__(self, status: int, body: Any) -> None:
        self.status_code, self.body, self.ok, self.content, self.text = status, body, status < 400, b"x", str(body)

    def json(self) -> Any:
        return self.body


class MadeUp(People):
    """People whose every call gets the next of the prepared answers."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__("http://nowhere", "-")
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str, Any]] = []

    def call(self, login: str, method: str, path: str, body: Any = None, files: Any = None) -> Any:
        if path == "/clock":
            return Answer(200, {"legal_date": "2026-03-02", "now": ""})
        self.asked.append((login, method, path, body))
        if not self.answers:
            raise Refused("no more answers")
        return self.answers.pop(0)


def told(tmp_path: Path, *steps: str) -> Story:
    text = "scenario: T\ntitle: t\naccounts: {甲: a}\nvalues: {x: 7}\nsteps:\n" + "".join(
        f"  - {{who: 甲, what: s, {one}}}\n" for one in steps
    )
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    return story.load(path)


def play(told: Story, *answers: Answer) -> list[playing.Played]:
    return playing.play(told, MadeUp(*answers), "admin", lambda _: None)


def test_what_comes_differently_is_a_difference_and_ends_the_play(tmp_path: Path) -> None:
    done = play(told(tmp_path, "get: /a, expect: {n: 1}", "get: /b"), Answer(200, {"n": 2}))
    assert [one.ok for one in done] == [False]
    assert (done[0].differences[0].what, done[0].differences[0].expected, done[0].differences[0].got) == ("n", 1, 2)


@pytest.mark.parametrize(("status", "wanted"), [(500, ""), (404, ""), (200, "status: 409, "), (409, "status: 404, ")])
def test_another_status_is_a_difference(tmp_path: Path, status: int, wanted: str) -> None:
    done = play(told(tmp_path, f"{wanted}get: /a"), Answer(status, {}))
    assert not done[0].ok


def test_a_value_that_is_missing_is_a_difference_not_a_null(tmp_path: Path) -> None:
    assert not play(told(tmp_path, "get: /a, keep: {n: nothing}"), Answer(200, {}))[0].ok


def test_what_is_kept_goes_into_later_steps_with_its_type(tmp_path: Path) -> None:
    people = MadeUp(Answer(201, {"id": 5}), Answer(200, {"five": 5}))
    story_ = told(
        tmp_path, "post: /a, send: {x: '${x}'}, keep: {five: id}", "get: '/b/${five}', expect: {five: '${five}'}"
    )
    done = playing.play(story_, people, "admin", lambda _: None)
    assert [one.ok for one in done] == [True, True]
    assert people.asked == [("a", "post", "/a", {"x": 7}), ("a", "get", "/b/5", None)]


def test_an_unknown_name_is_said(tmp_path: Path) -> None:
    done = play(told(tmp_path, "get: '/a/${nobody}'"), Answer(200, {}))
    assert "nobody" in str(done[0].differences)


def test_a_task_that_is_not_in_the_inbox_is_said(tmp_path: Path) -> None:
    done = play(told(tmp_path, "task: 收件审查, outcome: admit"), Answer(200, []))
    assert "收件审查" in str(done[0].differences)


def test_until_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing.time, "sleep", lambda _: None)
    done = play(told(tmp_path, "get: /a, until: true, expect: {n: 2}"), Answer(200, {"n": 1}), Answer(200, {"n": 2}))
    assert done[0].ok


def test_until_ends_when_patience_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "PATIENCE", -1)
    assert not play(told(tmp_path, "get: /a, until: true, expect: {n: 2}"), Answer(200, {"n": 1}))[0].ok


@pytest.mark.parametrize(
    "step",
    [
        "get: /a, post: /b",
        "nothing: 1",
        "get: /a, expect: {'a[': 1}",
        "get: /a, at: yesterday",
        "what: '', get: /a",
        "who: 乙, get: /a",
    ],
)
def test_a_step_that_cannot_be_played_is_refused_at_once(tmp_path: Path, step: str) -> None:
    with pytest.raises(StoryError, match="step 1"):
        told(tmp_path, step)


def test_times_without_offset_are_those_of_china(tmp_path: Path) -> None:
    [step] = told(tmp_path, "get: /a, at: 2026-03-02 09:30").steps
    assert step.at == datetime(2026, 3, 2, 9, 30, tzinfo=CHINA)
    assert replace(step, at=None) != step
    assert isinstance(step, Step)


def test_a_scenario_that_is_not_there_ends_with_two() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "scenario", "S99"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "S99" in done.stderr
