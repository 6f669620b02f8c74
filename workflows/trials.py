"""Plays the model tests of a process (`cases`) on the real engine, and tells which flows no case has walked.

Nothing but the model decides where a case goes: a trial hands in what people, jobs, messages and the clock would bring.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import cases, commands
from .cases import Case, Done, Expected, Move, Suite, Told, Unreadable, Woken, elements_of
from .deployment import Deployment, deploy
from .elements import Call, EventSub, Sub
from .errors import NotOpen, Refused, Stuck
from .findings import Finding
from .nodes import ElementInfo
from .step import Job, Step, Subscription, Thrown, Timer, Trail, UserTask
from .timers import due

TRANSITION = "transition"
MOST_JOBS = 1_000
"""Jobs one step of a case may lead to; a model that makes jobs for ever ends in a sentence."""
MOST_MOVES = 10_000
"""Steps and jobs of all cases of a file together."""


class Failed(Exception):
    """A case did not go as told. The message is a Chinese sentence; `element`: where, if at an element."""

    def __init__(self, message: str, element: str | None = None) -> None:
        super().__init__(message)
        self.element = element


class Stopped(Failed):
    """The step was taken, but led to a place where the case cannot go on."""


@dataclass(frozen=True, slots=True)
class Act:
    """A transition that a service task recorded."""

    element: str
    transition: str


@dataclass(frozen=True)
class TrialResult:
    """How one case went. sentence: what was expected and what came, '' when it passed. path: the way, elements and flows."""

    name: str
    passed: bool
    sentence: str
    element: str | None
    path: tuple[str, ...]


@dataclass(frozen=True)
class TrialReport:
    """All cases of a process. unwalked and unvisited: ids of flows and elements that no case has come to."""

    process_id: str
    results: tuple[TrialResult, ...]
    unwalked: tuple[str, ...]
    unvisited: tuple[str, ...]
    walked_by: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """No case failed, and every flow was walked."""
        return not self.findings

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "process": self.process_id,
            "passed": self.passed,
            "cases": [
                {"name": one.name, "passed": one.passed, "sentence": one.sentence, "element": one.element}
                for one in self.results
            ],
            "unwalked": list(self.unwalked),
            "unvisited": list(self.unvisited),
            "walked_by": {flow: list(names) for flow, names in self.walked_by.items()},
            "findings": [
                {"severity": one.severity, "code": one.code, "element": one.element, "message": one.message}
                for one in self.findings
            ],
        }


@dataclass
class Course:
    """One case on its way through a model, step by step; what happened is kept. held: elements whose jobs wait for a step."""

    deployment: Deployment
    now: datetime
    held: frozenset[str] = frozenset()
    hold_all: bool = False
    words: Mapping[str, str] = field(default_factory=dict)  # what people call the states that acts record
    step: Step = field(init=False)
    acts: list[Act] = field(default_factory=list)
    thrown: list[Thrown] = field(default_factory=list)
    trail: list[Trail] = field(default_factory=list)
    moves: int = 0

    def begin(
        self,
        variables: Mapping[str, Any],
        message: str | None = None,
        *,
        signal: str | None = None,
        timer: str | None = None,
    ) -> None:
        """Start the process and run to the first rest. Raises Failed when there is no such start."""
        dep = self.deployment
        by = f"消息“{message}”" if message else f"信号“{signal}”" if signal else f"定时“{timer}”" if timer else ""
        timers = tuple(one.element for one in dep.start_timers)
        reasons = dep.start_messages if message else dep.start_signals if signal else timers
        if not ((message or signal or timer) in reasons if by else starts_plainly(dep)):
            how = f"没有由{by}开始的开始事件" if by else "不能直接开始，要由消息、信号或者定时开始"
            raise Failed(f"流程{how}，请改用例的 message、signal 或 timer")
        self._take(commands.start(dep, variables, self.now, message=message, signal=signal, timer=timer))
        self._rest()

    def go(self, move: Move) -> None:
        """Take one step of a story and run to the next rest. Raises Failed when nothing waits for it."""
        self.moves += 1
        match move:
            case Done():
                self._finish(move)
            case Told():
                self._tell(move)
            case Woken():
                self._wake(move)
        self._rest()

    def finish_job(self, job: Job, variables: Mapping[str, Any], error: str | None = None) -> None:
        """A job ends: with what it hands back, or in a BPMN error."""
        self.moves += 1
        state = self.step.state
        if error is not None:
            self._take(commands.fail(self.deployment, state, job.id, error, "", self.now))
            return
        if TRANSITION in job.headers:
            self.acts.append(Act(job.element, job.headers[TRANSITION]))
        self._take(commands.complete(self.deployment, state, job.id, variables, self.now))

    @property
    def ends(self) -> list[str]:
        """The end events reached, in order."""
        return [one for one in self.entered if self.deployment.elements[one].kind == "endEvent"]

    @property
    def entered(self) -> list[str]:
        return [one.element for one in self.trail if one.kind == "entered" and one.element in self.deployment.elements]

    @property
    def path(self) -> tuple[str, ...]:
        """Elements and flows in the order they were passed, without what was only left or cancelled."""
        return tuple(one.element for one in self.trail if one.kind in ("entered", "flow"))

    @property
    def waiting(self) -> list[str]:
        """The elements at which people, jobs, messages and timers are waited for."""
        step = self.step
        every: tuple[UserTask | Job | Subscription | Timer, ...]
        every = (*step.user_tasks, *step.jobs, *step.subscriptions, *step.timers)
        return [one.element for one in every]

    def label(self, element: str) -> str:
        """What a sentence calls an element: “质量审查”(task_quality)."""
        info = self.deployment.elements.get(element)
        return info.label if info else f"“{element}”"

    def called(self, elements: Iterable[str]) -> tuple[str, ...]:
        """The names of elements, their ids where they have none."""
        known = self.deployment.elements
        return tuple((known[one].name or one) if one in known else one for one in elements)

    def open_words(self) -> str:
        """What is waited for now, for a sentence."""
        step = self.step
        if step.completed:
            return "流程已经结束"
        words = [f"任务{self.label(one.element)}" for one in step.user_tasks]
        words += [f"自动任务{self.label(one.element)}" for one in step.jobs]
        words += [f"消息“{one.message}”" for one in step.subscriptions]
        words += [f"定时{self.label(one.element)}" for one in step.timers]
        return f"现在等的是：{'、'.join(words)}" if words else "现在什么也不等"

    # -- moving

    def _take(self, step: Step) -> None:
        self.step = step
        self.thrown += step.thrown
        self.trail += step.trail
        if step.incidents:
            incident = step.incidents[0]
            raise Stopped(f"走到{self.label(incident.element)}停住了：{incident.message_zh}", incident.element)

    def _rest(self) -> None:
        """Do the jobs that nobody wants to answer by hand."""
        for _ in range(MOST_JOBS):
            job = next((one for one in self.step.jobs if not self.hold_all and one.element not in self.held), None)
            if job is None:
                return
            self.finish_job(job, {})
        job = self.step.jobs[0]
        raise Stopped(f"自动任务{self.label(job.element)}不停地重来，流程里有停不下来的循环", job.element)

    def _finish(self, move: Done) -> None:
        every: tuple[UserTask | Job, ...] = (*self.step.user_tasks, *self.step.jobs)
        found = [one for one in every if one.element == move.element]
        if len(found) < move.place:
            known = move.element in self.deployment.elements
            which = f"第 {move.place} 个" if move.place > 1 else ""
            what = f"{which}{self.label(move.element)}现在没有打开" if known else f"流程里没有图元“{move.element}”"
            raise Failed(f"{what}，{self.open_words()}", move.element if known else None)
        one = found[move.place - 1]
        if isinstance(one, Job):
            self.finish_job(one, move.variables, move.error)
        elif move.error is not None:
            self._take(commands.fail(self.deployment, self.step.state, one.id, move.error, "", self.now))
        else:
            self._take(commands.complete(self.deployment, self.step.state, one.id, move.variables, self.now))

    def _tell(self, move: Told) -> None:
        waiting = [one for one in self.step.subscriptions if one.message == move.message]
        found: Subscription | None = next((one for one in waiting if move.key in (None, one.key)), None)
        if found is None:
            keys = "、".join(f"“{one.key}”" for one in waiting)
            what = (
                f"等消息“{move.message}”的键是{keys}，不是“{move.key}”" if waiting else f"没有人等消息“{move.message}”"
            )
            raise Failed(f"{what}，{self.open_words()}")
        self._take(commands.deliver(self.deployment, self.step.state, found.id, move.variables, self.now))

    def _wake(self, move: Woken) -> None:
        try:
            then = due(move.until, self.now)
        except Stuck as problem:
            raise Failed(str(problem)) from problem
        if then < self.now:
            raise Failed(f"时间不能倒退：现在是 {self.now.isoformat()}，要跳到 {then.isoformat()}")
        self.now = then
        self._take(commands.wake(self.deployment, self.step.state, then))


# -- a case, a file


def play(
    deployment: Deployment,
    case: Case,
    start: Mapping[str, Any] | None = None,
    words: Mapping[str, str] | None = None,
) -> tuple[TrialResult, Course]:
    """Play one case and hold what came against what it expects. words: Chinese names of the states acts record."""
    course = Course(deployment, case.now, _held(case.steps), words=words or {})
    number = 0
    try:
        variables = {**(start or {}), **case.start}
        course.begin(variables, case.message, signal=case.signal, timer=case.timer)
        for number, move in enumerate(case.steps, 1):
            course.held = _held(case.steps[number:])
            course.go(move)
        number = 0
        _compare(course, case.expect)
    except Failed as failed:
        where = f"第 {number} 步：" if number else ""
        path = course.path + ((failed.element,) if failed.element else ())
        return TrialResult(case.name, False, f"用例“{case.name}”{where}{failed}", failed.element, path), course
    except (NotOpen, TypeError, ValueError) as problem:  # values that cannot be a variable
        sentence = f"用例“{case.name}”的第 {number} 步不能这样办：{problem}"
        return TrialResult(case.name, False, sentence, None, course.path), course
    return TrialResult(case.name, True, "", None, course.path), course


def run(
    deployment: Deployment, data: bytes | None, *, name: str = "", words: Mapping[str, str] | None = None
) -> TrialReport:
    """Play all cases of a process. words: Chinese names of the states that acts record, for the findings. A faulty file is a finding, like a case that fails and a flow that none has walked."""
    name = name or f"{deployment.process_id}{cases.SUFFIX}"
    try:
        suite = cases.read(data, name) if data else Suite()
    except Unreadable as problem:
        found = Finding("error", "trials-unreadable", None, name, f"用例文件打不开：{problem}", "改好用例文件")
        return _report(deployment, [], {}, (found,))
    results: list[TrialResult] = []
    walked: dict[str, list[str]] = {}
    visited: set[str] = set()
    moves = 0
    for case in suite.cases:
        result, course = play(deployment, case, suite.start, words)
        results.append(result)
        visited |= set(course.entered)
        for flow in dict.fromkeys(one.element for one in course.trail if one.kind == "flow"):
            walked.setdefault(flow, []).append(case.name)
        moves += course.moves
        if moves > MOST_MOVES:
            message = f"用例太长：到“{case.name}”已经走了 {moves} 步，后面的没有走"
            found = Finding("error", "trials-too-long", None, name, message, "删去重复的用例，或者让它们更短")
            return _report(deployment, results, walked, (found,), visited)
    return _report(deployment, results, walked, (), visited)


def unwalked(files: Mapping[str, bytes], process_id: str, tests: bytes | None) -> tuple[str, ...]:
    """Ids of the flows that no case walks; none when the model cannot run at all."""
    try:
        return run(deploy(files, process_id), tests).unwalked
    except Refused:
        return ()


def _held(steps: tuple[Move, ...]) -> frozenset[str]:
    return frozenset(elements_of(Case("", steps=steps)))


def _report(
    deployment: Deployment,
    results: list[TrialResult],
    walked: Mapping[str, list[str]],
    faults: tuple[Finding, ...],
    visited: set[str] | None = None,
) -> TrialReport:
    flows = list(flows_of(deployment))
    never = [one for one in flows if one.id not in walked]
    touched = {end.id for one in flows if one.id in walked for end in (one.source, one.target)} | (visited or set())
    known = dict.fromkeys(end.id for one in flows for end in (one.source, one.target))
    found = [*faults, *(_failure(deployment, one) for one in results if not one.passed)]
    if not results and not faults:
        words = f"流程“{deployment.name}”还没有用例"
        cure = "走一遍，再“存成用例”，让每条连线都有用例走过"
        found.append(Finding("warning", "no-trials", None, deployment.name, words, cure))
    elif not faults:
        found += [_never(one) for one in never]
    return TrialReport(
        process_id=deployment.process_id,
        results=tuple(results),
        unwalked=tuple(one.id for one in never),
        unvisited=tuple(one for one in known if one not in touched),
        walked_by={one.id: tuple(walked[one.id]) for one in flows if one.id in walked},
        findings=tuple(found),
    )


def _failure(deployment: Deployment, result: TrialResult) -> Finding:
    info = deployment.elements.get(result.element or "")
    name = (info.name or info.id) if info else result.name
    cure = "流程错了就改流程；流程是对的，就改这条用例"
    return Finding("error", "trial-failed", info.id if info else None, name, result.sentence, cure, result.path)


def _never(flow: "DrawnFlow") -> Finding:
    message = f"没有用例走过从{flow.source.label}到{flow.target.label}的连线"
    return Finding("warning", "never-walked", flow.id, flow.id, message, "加一条走到这里的用例")


@dataclass(frozen=True, slots=True)
class DrawnFlow:
    """A sequence flow as the diagram has it."""

    id: str
    source: ElementInfo
    target: ElementInfo


def flows_of(deployment: Deployment) -> Iterator[DrawnFlow]:
    """The sequence flows of the process and of what is embedded in it, but not of processes it calls."""
    pending = [deployment.spec]
    while pending:
        spec = pending.pop(0)
        for task in spec.task_specs.values():
            if isinstance(task, Sub | EventSub) and not isinstance(task, Call):
                pending.append(deployment.subprocess_specs[task.spec])
            for flow in getattr(task, "flows", ()):
                if not flow.invented:
                    yield DrawnFlow(flow.id, task.node.info, flow.target.node.info)


def starts_plainly(deployment: Deployment) -> bool:
    """Whether it has a start event that waits for nothing."""
    return any(start.node.event is None for start in deployment.spec.starts)


def errors_caught(deployment: Deployment) -> dict[str, tuple[str, ...]]:
    """element -> codes of the BPMN errors that a boundary event on it catches; 'ERROR' where any code will do."""
    found = {}
    for spec in (deployment.spec, *deployment.subprocess_specs.values()):
        for task in spec.task_specs.values():
            events = [guard.event for guard in getattr(task, "guards", ())]
            codes = tuple(one.name or "ERROR" for one in events if one is not None and one.kind == "error")
            if codes:
                found[task.node.info.id] = codes
    return found


# -- what was expected


def _compare(course: Course, expect: Expected) -> None:
    """Raises Failed for the first thing that came otherwise."""
    if expect.open is None and not course.step.completed:
        raise Failed(f"走完了所有步骤，流程却没有结束，{course.open_words()}", next(iter(course.waiting), None))
    if expect.open is not None and sorted(set(expect.open)) != sorted(set(course.waiting)):
        raise Failed(
            f"应停在{_listed(course.called(expect.open))}，实际停在{_listed(course.called(course.waiting))}",
            next(iter(course.waiting), None),
        )
    acts = [one.transition for one in course.acts]
    if list(expect.acts) != acts:
        place = next((i for i, pair in enumerate(zip(acts, expect.acts, strict=False)) if pair[0] != pair[1]), None)
        place = min(len(acts), len(expect.acts)) if place is None else place
        element = course.acts[place].element if place < len(acts) else None
        wanted, recorded = ([course.words.get(one, one) for one in some] for some in (expect.acts, acts))
        raise Failed(f"应记录{_listed(wanted)}，实际记录{_listed(recorded)}，从第 {place + 1} 个起不同", element)
    if list(expect.ends) != course.ends:
        element = next(iter(course.ends[-1:]), None)
        expected, reached = course.called(expect.ends), course.called(course.ends)
        raise Failed(f"应到达结束{_listed(expected)}，实际到达{_listed(reached)}", element)
    _compare_thrown(course, expect)
    left = iter(course.entered)
    for one in expect.passes:
        if one not in left:
            raise Failed(f"应依次走过{_listed(course.called(expect.passes))}，实际没有走到{course.label(one)}", one)
    wrong = next((one for one in expect.avoids if one in course.entered), None)
    if wrong is not None:
        raise Failed(f"不应走到{course.label(wrong)}，实际走到了", wrong)
    if expect.variables:
        now = commands.variables(course.deployment, course.step.state)
        for name, value in expect.variables.items():
            if name not in now or now[name] != value:
                got = f"是 {now[name]!r}" if name in now else "没有值"
                raise Failed(f"变量“{name}”最后应是 {value!r}，实际{got}")


def _compare_thrown(course: Course, expect: Expected) -> None:
    came = [(one.message, one.key) for one in course.thrown]
    same = len(came) == len(expect.thrown) and all(
        name == got[0] and key in (None, got[1]) for (name, key), got in zip(expect.thrown, came, strict=False)
    )
    if not same:
        told = [name if key is None else f"{name}: {key}" for name, key in expect.thrown]
        got = [name if key is None else f"{name}: {key}" for name, key in came]
        element = next(iter([one.element for one in course.thrown][-1:]), None)
        raise Failed(f"应发出消息{_listed(told)}，实际发出{_listed(got)}", element)


def _listed(items: Any) -> str:
    return "、".join(f"“{one}”" for one in items) or "（没有）"
