"""Plays a walk on the engine: what was done so far -> where it stands. Pure; nothing here can reach the running system.

The engine alone moves. A job is never handed to its handler: the walk answers it, by itself where nothing depends on the
answer, else as its walker says. Of the handlers only their names and what they promise to hand back are known here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import workflows
from server.errors import Conflict, Invalid
from server.processes.deployments import key_of
from server.processes.form_fields import load
from server.processes.handlers import HANDLERS, PROCEDURES
from server.processes.rules import Rules
from workflows import cases, trials
from workflows.cases import Done, Told, Woken

Files = Mapping[str, bytes]
START = "start"
TASK, JOB, MESSAGE, WAKE = "task", "job", "message", "wake"
MOST_MOVES = cases.MAX_STEPS
SAID = {"是": True, "否": False}
"""What people type for yes and no."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that happened, as it is stored.

    given: variables as typed (`cases.value_of`). answers: a task's form as it was filled in; brought: what of it goes into
    the process. by: the lane acted for. auto: the walk answered a job by itself. at: of wake, an instant.
    """

    kind: str
    element: str = ""
    place: int = 1
    by: str = ""
    given: Mapping[str, str] | None = None
    answers: Mapping[str, Any] | None = None
    brought: Mapping[str, Any] | None = None
    error: str | None = None
    message: str = ""
    key: str | None = None
    at: str = ""
    auto: bool = False

    def stored(self) -> dict[str, Any]:
        """As JSON, without what says nothing."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        kept = {name: value for name, value in plain.items() if value not in ("", None, False)}
        return {name: value for name, value in kept.items() if (name, value) != ("place", 1)}


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A person is waited for. place: which of several of the same element, from 1. form: the file, None without one."""

    element: str
    place: int
    name: str
    lane: str
    form_id: str | None
    form: bytes | None
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job that waits for its walker. suggested: variable -> value as typed. errors: codes that the model catches here."""

    element: str
    place: int
    name: str
    suggested: Mapping[str, str]
    errors: tuple[str, ...]
    act: str | None


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A message that is waited for."""

    element: str
    name: str
    message: str
    key: str | None
    suggested: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenTimer:
    element: str
    name: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of what happened. kind: of the move, or `thrown`, `end`. act: the state recorded, in words; forbidden: why not.

    code: names of the model (a message with its key, variables with their values), to be shown as such.
    """

    kind: str
    name: str
    by: str = ""
    words: str = ""
    code: str = ""
    at: datetime | None = None
    auto: bool = False
    act: str | None = None
    forbidden: str | None = None


@dataclass(frozen=True)
class Standing:
    """Where a walk stands. stopped: why it cannot go on, in a sentence. Marks are ids of elements and flows."""

    process_id: str
    name: str
    now: datetime
    completed: bool
    stopped: str | None
    tasks: tuple[OpenTask, ...]
    jobs: tuple[OpenJob, ...]
    messages: tuple[OpenMessage, ...]
    timers: tuple[OpenTimer, ...]
    entries: tuple[Entry, ...]
    variables: Mapping[str, Any]
    done: tuple[str, ...]
    here: tuple[str, ...]
    bad: tuple[str, ...]
    flows: tuple[str, ...]
    never: tuple[str, ...]
    ends: tuple[str, ...]
    acts: tuple[str, ...]
    thrown: tuple[tuple[str, str | None], ...]
    waiting: tuple[str, ...]
    human: int
    """How many moves the walker made himself: what can be taken back."""

    def task(self, element: str, place: int) -> OpenTask:
        """One of the open tasks. Conflict when it is not open (any more)."""
        found = next((one for one in self.tasks if (one.element, one.place) == (element, place)), None)
        if found is None:
            raise Conflict("这项任务现在没有打开，可能在另一个窗口走过了。请看右边现在等的是谁。", code="WALK_MOVED")
        return found

    @property
    def lanes(self) -> tuple[str, ...]:
        """Whose turn it is."""
        return tuple(dict.fromkeys(one.lane for one in self.tasks))


def deployed(files: Files, process_id: str) -> workflows.Deployment:
    """The model that is walked. Invalid with the engine's sentences when it cannot run."""
    try:
        return _deployed(process_id, _models(files))
    except workflows.Refused as refused:
        raise Invalid(f"这个流程还不能运行，走不了：{refused}", code="REFUSED") from refused


def _models(files: Files) -> tuple[tuple[str, bytes], ...]:
    return tuple(sorted((name, data) for name, data in files.items() if name.endswith((".bpmn", ".dmn"))))


@lru_cache(maxsize=32)
def _deployed(process_id: str, files: tuple[tuple[str, bytes], ...]) -> workflows.Deployment:
    return workflows.deploy(dict(files), process_id)


def suite(files: Files, process_id: str) -> cases.Suite:
    """The process's model tests; none when their file is missing or faulty (the check says so)."""
    try:
        return cases.read(files.get(f"{process_id}{cases.SUFFIX}", b""))
    except cases.Unreadable:
        return cases.Suite()


def parsed(given: Mapping[str, str] | None) -> dict[str, Any]:
    """Variables from what was typed; an empty one is left out. Invalid with a sentence a field."""
    found: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, text in (given or {}).items():
        try:
            value = SAID[text.strip()] if text.strip() in SAID else cases.value_of(text)
        except cases.Unreadable as problem:
            wrong[name] = [str(problem)]
            continue
        if value is not None:
            found[name] = value
    if wrong:
        raise Invalid("有的值读不懂。", fields=wrong, code="VALUE")
    return found


def brought(answers: Mapping[str, Any]) -> dict[str, Any]:
    """What of a form's answers goes into the process, as in real cases: the outcome, yes-or-no, counts; no texts, no lists."""
    return {key: value for key, value in answers.items() if key == "outcome" or isinstance(value, bool | int)}


class Course:
    """A walk being played: begin, then move by move."""

    def __init__(self, files: Files, process_id: str, begins_at: datetime, by_hand: bool) -> None:
        self.files, self.process_id, self.by_hand = files, process_id, by_hand
        self.suite = suite(files, process_id)
        self.forms = {key_of(name, data): data for name, data in files.items() if name.endswith(".form")}
        self.deployment = deployed(files, process_id)
        self.course = trials.Course(self.deployment, begins_at, hold_all=True)
        procedure = PROCEDURES.get(process_id)
        self.rules: Rules | None = procedure.rules if procedure else None
        self.stopped: trials.Stopped | None = None
        self.entries: list[Entry] = []
        self.moves: list[Move] = []
        self.recorded: list[str] = []

    def begin(self, given: Mapping[str, str], message: str | None) -> None:
        """Invalid when the process cannot be started so."""
        variables = parsed(given)
        words = "由一条消息" if message else ""
        self.entries.append(Entry(START, "开始", words=words, code=message or "", at=self.course.now))
        self._guarded(lambda: self.course.begin(variables, message))
        self._after()

    def go(self, move: Move) -> None:
        """Take one move. Conflict when nothing waits for it; a place where it cannot go on is where it then stands."""
        if self.stopped:
            raise Conflict(f"走到这里走不下去了：{self.stopped}。请先退一步。", code="WALK_STOPPED")
        if len(self.moves) >= MOST_MOVES:
            raise Conflict(f"已经走了 {MOST_MOVES} 步。请存成用例，再从头走。", code="WALK_LONG")
        entry = self._entry(move)
        step = as_step(move)
        self._guarded(lambda: self.course.go(step))
        self.moves.append(move)
        self.entries.append(entry)
        self._after()

    def settle(self) -> None:
        """Answer the jobs on whose answer nothing depends, one after the other, as moves of their own."""
        while not self.stopped and not self.by_hand:
            plain = next((one for one in self._jobs() if not one.suggested and not one.errors), None)
            if plain is None or len(self.moves) >= MOST_MOVES:
                return
            self.go(Move(JOB, plain.element, plain.place, auto=True))

    def _guarded(self, act: Any) -> None:
        seen = len(self.course.thrown)
        try:
            act()
        except trials.Stopped as stopped:
            self.stopped = stopped
        except trials.Failed as failed:
            raise Conflict(f"{failed}。", code="WALK_MOVED") from failed
        except (TypeError, ValueError) as problem:
            raise Invalid(f"这样的值流程收不下：{problem}", code="VALUE") from problem
        self.fresh = self.course.thrown[seen:]

    # -- what happened, in words

    def _entry(self, move: Move) -> Entry:
        info = self.deployment.elements.get(move.element)
        name = (info.name or info.id) if info else move.element
        at = self.course.now
        if move.kind == MESSAGE:
            return Entry(MESSAGE, "消息到了", code=_with_key(move.message, move.key), at=at)
        if move.kind == WAKE:
            return Entry(WAKE, "时间往前拨", at=datetime.fromisoformat(move.at))
        if move.kind == TASK:
            outcome = str((move.brought or parsed(move.given)).get("outcome", ""))
            return Entry(TASK, name, move.by, self._label(info.form if info else None, outcome), at=at)
        if move.error:
            return Entry(JOB, name, words="出错", code=move.error, at=at, auto=move.auto)
        code = ", ".join(f"{key} = {value}" for key, value in (move.given or {}).items() if value.strip())
        transition = info.headers.get(trials.TRANSITION) if info else None
        if transition is None:
            return Entry(JOB, name, code=code, at=at, auto=move.auto)
        forbidden = forbidden_after(self.rules, self.recorded, transition)
        self.recorded.append(transition)
        act = _word(self.rules, transition)
        return Entry(JOB, name, code=code, at=at, auto=move.auto, act=act, forbidden=forbidden)

    def _label(self, form_id: str | None, outcome: str) -> str:
        """An outcome in the words of its form."""
        data = self.forms.get(form_id or "")
        try:
            fields = load(data).walk() if data else ()
            options = [one for field in fields if field.key == "outcome" for one in field.options]
        except Invalid:  # the task's page says so
            return outcome
        return next((one.label for one in options if one.value == outcome), outcome)

    def _after(self) -> None:
        for one in self.fresh:
            self.entries.append(
                Entry("thrown", "流程发出消息", code=_with_key(one.message, one.key), at=self.course.now)
            )
        if self.course.step.completed:
            names = [self.deployment.elements[one].name or one for one in self.course.ends[-1:]]
            forbidden = None
            if self.rules and self.rules.table and (not self.recorded or self.recorded[-1] not in self.rules.terminal):
                state = f"还在“{_word(self.rules, self.recorded[-1])}”" if self.recorded else "没有记录过任何状态"
                forbidden = f"结束时{state}，没有办结"
            self.entries.append(
                Entry("end", f"走完了，到达“{'、'.join(names)}”", at=self.course.now, forbidden=forbidden)
            )

    # -- what is open

    def _jobs(self) -> list[OpenJob]:
        caught = trials.errors_caught(self.deployment)
        found: list[OpenJob] = []
        for job in self.course.step.jobs:
            place = 1 + sum(one.element == job.element for one in found)
            handler = HANDLERS.get(job.type)
            returns = sorted(handler.returns or ()) if handler else []
            suggested = dict.fromkeys(returns, "") | self._example(job.element)
            act = job.headers.get(trials.TRANSITION)
            name = job.name or job.element
            errors = caught.get(job.element, ())
            found.append(OpenJob(job.element, place, name, suggested, errors, _word(self.rules, act) if act else None))
        return found

    def _example(self, element: str) -> dict[str, str]:
        """What a job handed back in a model test: the first one, as a proposal."""
        steps = (step for case in self.suite.cases for step in case.steps)
        found = next((s for s in steps if isinstance(s, Done) and s.element == element and s.variables), None)
        return {name: cases.text_of(value) for name, value in found.variables.items()} if found else {}

    def _told(self, message: str) -> dict[str, str]:
        steps = (step for case in self.suite.cases for step in case.steps)
        found = next((s for s in steps if isinstance(s, Told) and s.message == message and s.variables), None)
        return {name: cases.text_of(value) for name, value in found.variables.items()} if found else {}

    def standing(self) -> Standing:
        """Where it stands now, for a page."""
        course, step = self.course, self.course.step
        tasks: list[OpenTask] = []
        for task in step.user_tasks:
            place = 1 + sum(one.element == task.element for one in tasks)
            form = self.forms.get(task.form) if task.form else None
            name = task.name or task.element
            tasks.append(OpenTask(task.element, place, name, task.lane, task.form, form, task.variables))
        names = {key: one.name or key for key, one in self.deployment.elements.items()}
        stuck = [one.element for one in step.incidents]
        beside = {key for key, one in self.deployment.elements.items() if one.kind == "boundaryEvent"}
        here = [one for one in course.waiting if one not in stuck and one not in beside]  # it stands at the task
        walked = [one.element for one in course.trail if one.kind == "flow"]
        return Standing(
            process_id=self.process_id,
            name=self.deployment.name,
            now=course.now,
            completed=step.completed,
            stopped=str(self.stopped) if self.stopped else None,
            tasks=tuple(tasks),
            jobs=tuple(self._jobs()),
            messages=tuple(
                OpenMessage(one.element, names[one.element], one.message, one.key, self._told(one.message))
                for one in step.subscriptions
            ),
            timers=tuple(OpenTimer(one.element, names[one.element], one.due) for one in step.timers),
            entries=tuple(self.entries),
            variables=workflows.variables(self.deployment, step.state) if not step.completed else {},
            done=tuple(dict.fromkeys(one for one in course.entered if one not in here and one not in stuck)),
            here=tuple(dict.fromkeys(here)),
            bad=tuple(dict.fromkeys(stuck)),
            flows=tuple(dict.fromkeys(walked)),
            never=self._never(set(walked)),
            ends=tuple(course.ends),
            acts=tuple(one.transition for one in course.acts),
            thrown=tuple((one.message, one.key) for one in course.thrown),
            waiting=tuple(course.waiting),
            human=sum(not one.auto for one in self.moves),
        )

    def _never(self, walked: set[str]) -> tuple[str, ...]:
        """Flows that neither a model test nor this walk has come over."""
        tests = self.files.get(f"{self.process_id}{cases.SUFFIX}")
        unwalked = _unwalked(self.process_id, _models(self.files), tests)
        return tuple(one for one in unwalked if one not in walked)


@lru_cache(maxsize=32)
def _unwalked(process_id: str, files: tuple[tuple[str, bytes], ...], tests: bytes | None) -> tuple[str, ...]:
    return trials.run(_deployed(process_id, files), tests).unwalked


def played(
    files: Files,
    process_id: str,
    given: Mapping[str, str],
    message: str | None,
    begins_at: datetime,
    moves: Iterable[Mapping[str, Any]],
    by_hand: bool,
) -> Course:
    """The walk as it was done so far."""
    course = Course(files, process_id, begins_at, by_hand)
    course.begin(given, message)
    for move in moves:
        course.go(Move(**move))
    return course


def as_step(move: Move) -> cases.Move:
    """The move as a step of a model test."""
    if move.kind == MESSAGE:
        return Told(move.message, move.key, parsed(move.given))
    if move.kind == WAKE:
        return Woken(move.at)
    variables = move.brought if move.kind == TASK and move.brought is not None else parsed(move.given)
    return Done(move.element, variables or {}, move.place, move.error)


def later(now: datetime, days: int) -> str:
    """The instant that many days on, as `Move.at`."""
    return (now + timedelta(days=days)).isoformat()


def forbidden_after(rules: Rules | None, recorded: list[str], state: str) -> str | None:
    """Why the state table forbids to record `state` after what was recorded; None when it is lawful, or nothing is prescribed."""
    if rules is None or not rules.table:
        return None
    admitted = rules.admission in recorded
    if not recorded:
        allowed = frozenset({rules.initial}) if rules.initial else frozenset(rules.table)
        before = "还没有收件"
    else:
        row = rules.after_admission if admitted and recorded[-1] in rules.after_admission else rules.table
        allowed = row.get(recorded[-1], frozenset())
        before = f"办件在“{_word(rules, recorded[-1])}”"
    second = state == rules.correction and not admitted and state in recorded and rules.one_correction_before_admission
    if state in allowed and not second:
        return None
    source = rules.sources.get("second-correction" if second else "act-order", "")
    words = "受理之前第二次要求补正" if second else f"{before}，不能记录“{_word(rules, state)}”"
    return f"{words}（{source}）" if source else words


def _with_key(message: str, key: str | None) -> str:
    return f"{message}: {key}" if key else message


def _word(rules: Rules | None, state: str) -> str:
    return rules.names.get(state, state) if rules else state
