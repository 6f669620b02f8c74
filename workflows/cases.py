"""Model tests as data: the cases in `<process>.tests.yaml` beside a model, read strictly and written back in words.

A case is a story: what the process starts with, what people, jobs, messages and the clock do in order, and what must come
of it. `trials` plays it. The file::

    start: {case_id: "12"}            # variables every case starts with
    cases:
      - name: 补正一次后准予
        start: {phase: P3}            # on top of those above
        message: acceptance.filed     # the message start event to begin at (or signal: its name, timer: its id)
        now: 2026-03-02T09:00:00+08:00
        steps:
          - task_intake: correct                    # the person's outcome
          - task_correct: {outcome: answered, n: 2} # or several variables
          - task_review[2]: pass                    # the second open one of that name (multi-instance)
          - act_file: {number: F-87}                # what a job hands back
          - act_book: {bpmn_error: HOLD}            # the BPMN error it ends in
          - message: registration.completed         # or {name:, key:, variables:}
          - wake: P3D                               # or an instant: the clock goes on, timers that are due run
        expect:
          acts: [received, admitted]                # transitions recorded, in order
          thrown: [acceptance.filed: F-87]          # messages that left, with their key or without
          ends: [end_granted]                       # end events reached, in order
          passes: [task_quality, task_decide]       # elements entered in this order, among others
          avoids: [task_correct]                    # elements never entered
          open: [task_decide]                       # where it waits; left out: the case must have ended
          variables: {corrected: true}              # of the process, at the end

A job that no step to come names is done at once and hands nothing back; one that is named waits for its step.
acts, thrown and ends are told whole: what is left out must not happen.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import yaml

from .timers import is_duration, is_instant

SUFFIX = ".tests.yaml"
MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_CASES = 500
MAX_STEPS = 500
BPMN_ERROR = "bpmn_error"
MESSAGE, WAKE = "message", "wake"
BEGUN = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
"""When a case that does not say so begins."""
_PLACE = re.compile(r"([^\[\]\s]+)(?:\[([1-9][0-9]{0,2})\])?")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = frozenset({None, "!"})


class Unreadable(Exception):
    """The file holds no cases as they are written here; the message is a Chinese sentence with place and cure."""


@dataclass(frozen=True, slots=True)
class Done:
    """A task or job at `element` (the `place`-th of its name that is open) ends and brings `variables`, or a BPMN error."""

    element: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    place: int = 1
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A message arrives at what waits for it. key None: at the first that waits for that name."""

    message: str
    key: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Woken:
    """The clock goes on: by an ISO duration, or to an ISO instant."""

    until: str


Move = Done | Told | Woken


@dataclass(frozen=True, slots=True)
class Expected:
    """What must have happened. open None: the case must have ended."""

    acts: tuple[str, ...] = ()
    thrown: tuple[tuple[str, str | None], ...] = ()
    ends: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    open: tuple[str, ...] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One story. start: on top of the suite's. message, signal, timer: at most one; the start event it begins at."""

    name: str
    start: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None
    signal: str | None = None
    timer: str | None = None
    now: datetime = BEGUN
    steps: tuple[Move, ...] = ()
    expect: Expected = field(default_factory=Expected)


@dataclass(frozen=True, slots=True)
class Suite:
    """All cases of a process, and the variables each starts with."""

    start: Mapping[str, Any] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()


# -- reading


def read(data: bytes, name: str = "用例") -> Suite:
    """The cases in a file. Raises Unreadable, naming file, case and place."""
    return _Reader(name).suite(_plain(data, name))


def _plain(data: bytes, name: str) -> Any:
    """The YAML as plain values: no anchors, no tags, no depths, so that a small file is a small thing."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"“{name}”超过 {MAX_BYTES // 1024} KB。请删去多余的用例，或者分成几个流程。")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Unreadable(f"“{name}”不是 UTF-8 文字。请用 UTF-8 编码重新保存。") from problem
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise Unreadable(f"“{name}”第 {line} 行用了锚点（& 或 *）。请把内容直接写出来。")
            if getattr(event, "tag", None) not in _PLAIN_TAGS:
                raise Unreadable(f"“{name}”第 {line} 行有类型标记（!）。请去掉，只写文字、数字、true 或 false。")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise Unreadable(f"“{name}”第 {line} 行套得太深。请照用例的写法，最多套 {MAX_DEPTH} 层。")
        node = yaml.compose(text, Loader=_Loader)
        if node is not None:
            _no_key_twice(node, name)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, and no tags are left
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f"从第 {mark.line + 1} 行起" if mark else ""
        raise Unreadable(f"“{name}”{line}不是有效的 YAML。请检查缩进、冒号后的空格和引号。") from problem
    except (ValueError, OverflowError) as problem:  # 2026-02-31
        raise Unreadable(f"“{name}”里有一个日期或者数不成立：{problem}。请改正。") from problem


def _no_key_twice(node: Any, name: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable(f"“{name}”第 {key.start_mark.line + 1} 行的名字不是文字。请改成文字。")
            if key.value in seen:
                raise Unreadable(f"“{name}”第 {key.start_mark.line + 1} 行的“{key.value}”写了两次。请只留一个。")
            seen.add(key.value)
            _no_key_twice(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            _no_key_twice(one, name)


class _Reader:
    def __init__(self, name: str) -> None:
        self.where = f"“{name}”"

    def suite(self, plain: Any) -> Suite:
        if plain is None:
            return Suite()
        top = self.mapping(plain, self.where, ("start", "cases"))
        found = top.get("cases") or []
        if not isinstance(found, list):
            raise Unreadable(f"{self.where}的 cases 应是一列用例，每条以“- name:”开头。")
        if len(found) > MAX_CASES:
            raise Unreadable(f"{self.where}有 {len(found)} 条用例，最多 {MAX_CASES} 条。请删去重复的。")
        cases = tuple(self.case(one, place) for place, one in enumerate(found, 1))
        seen: set[str] = set()
        for case in cases:
            if case.name in seen:
                raise Unreadable(f"{self.where}有两条用例都叫“{case.name}”。请改一个名字。")
            seen.add(case.name)
        return Suite(self.variables(top.get("start"), f"{self.where}的 start"), cases)

    def case(self, plain: Any, place: int) -> Case:
        where = f"{self.where}的第 {place} 条用例"
        reasons = ("message", "signal", "timer")
        known = ("name", "start", *reasons, "now", "steps", "expect")
        given = self.mapping(plain, where, known)
        name = given.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > 200:
            raise Unreadable(f"{where}没有名字。请写 name，用一句话说它走哪条路，不超过 200 字。")
        where = f"用例“{name}”"
        steps = given.get("steps") or []
        if not isinstance(steps, list) or len(steps) > MAX_STEPS:
            raise Unreadable(f"{where}的 steps 应是一列步骤，最多 {MAX_STEPS} 步。")
        if sum(given.get(one) is not None for one in reasons) > 1:
            raise Unreadable(f"{where}写了几个开始的原因。message、signal、timer 只写一个。")
        why = {one: self.name(given[one], f"{where}的 {one}") for one in reasons if given.get(one) is not None}
        return Case(
            name=name.strip(),
            start=self.variables(given.get("start"), f"{where}的 start"),
            **why,
            now=self.instant(given["now"], f"{where}的 now") if given.get("now") is not None else BEGUN,
            steps=tuple(self.step(one, f"{where}第 {number} 步") for number, one in enumerate(steps, 1)),
            expect=self.expected(given.get("expect"), where),
        )

    def step(self, plain: Any, where: str) -> Move:
        if not isinstance(plain, dict) or len(plain) != 1:
            raise Unreadable(f"{where}应写成“图元编号: 结果”、“message: 消息名”或者“wake: 时长”，一步一行。")
        (key, value), *_ = plain.items()
        key = self.name(key, where)
        if key == WAKE:
            text = value.isoformat() if isinstance(value, date) else value
            if not isinstance(text, str) or not (is_duration(text) or is_instant(text)):
                raise Unreadable(f"{where}的 wake 应是时长或时刻，例如 P3D 或 2026-12-01T09:00:00+08:00。")
            return Woken(text)
        if key == MESSAGE:
            if isinstance(value, str):
                return Told(self.name(value, where))
            told = self.mapping(value, where, ("name", "key", "variables"))
            name, at = self.name(told.get("name"), f"{where}的 name"), told.get("key")
            return Told(name, None if at is None else str(at), self.variables(told.get("variables"), where))
        match = _PLACE.fullmatch(key)
        if match is None:
            raise Unreadable(f"{where}的“{key}”不是图元编号。请写图元编号，第二个同名的写成“编号[2]”。")
        place = int(match[2] or 1)
        if isinstance(value, dict) and BPMN_ERROR in value:
            self.mapping(value, where, (BPMN_ERROR,))
            return Done(match[1], {}, place, self.name(value[BPMN_ERROR], f"{where}的 {BPMN_ERROR}"))
        if value is None or isinstance(value, dict):
            return Done(match[1], self.variables(value, where), place)
        if isinstance(value, str):
            return Done(match[1], {"outcome": value}, place)
        raise Unreadable(f"{where}的结果应是一个词，或者几个变量，例如 {{outcome: pass}}。yes、no、数字要加引号。")

    def expected(self, plain: Any, where: str) -> Expected:
        where = f"{where}的 expect"
        known = ("acts", "thrown", "ends", "passes", "avoids", "open", "variables")
        given = self.mapping({} if plain is None else plain, where, known)
        return Expected(
            acts=self.names(given.get("acts"), f"{where}.acts"),
            thrown=tuple(self.thrown(one, where) for one in self.row(given.get("thrown"), f"{where}.thrown")),
            ends=self.names(given.get("ends"), f"{where}.ends"),
            passes=self.names(given.get("passes"), f"{where}.passes"),
            avoids=self.names(given.get("avoids"), f"{where}.avoids"),
            open=None if given.get("open") is None else self.names(given["open"], f"{where}.open"),
            variables=self.variables(given.get("variables"), f"{where}.variables"),
        )

    def thrown(self, plain: Any, where: str) -> tuple[str, str | None]:
        if isinstance(plain, dict) and len(plain) == 1:
            (name, key), *_ = plain.items()
            return self.name(name, where), None if key is None else str(key)
        return self.name(plain, f"{where}.thrown"), None

    def mapping(self, plain: Any, where: str, known: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(plain, dict):
            raise Unreadable(f"{where}应写成“名字: 内容”几行，可以写的有：{'、'.join(known)}。")
        for key in plain:
            if key not in known:
                raise Unreadable(f"{where}里的“{key}”不认识。可以写的有：{'、'.join(known)}。")
        return plain

    def variables(self, plain: Any, where: str) -> dict[str, Any]:
        if plain is None:
            return {}
        if not isinstance(plain, dict) or not all(isinstance(key, str) and key for key in plain):
            raise Unreadable(f"{where}里的变量应写成“名字: 值”，名字是文字；叫 yes、no、on、off 的要加引号。")
        for key, value in plain.items():
            if not _is_data(value):
                raise Unreadable(f"{where}里变量“{key}”的值不能用。请写文字、数、true、false、日期，或者它们的列表。")
        return dict(plain)

    def row(self, plain: Any, where: str) -> list[Any]:
        if plain is None:
            return []
        if not isinstance(plain, list):
            raise Unreadable(f"{where}应是一列，写在方括号里，用逗号分开。")
        return plain

    def names(self, plain: Any, where: str) -> tuple[str, ...]:
        return tuple(self.name(one, where) for one in self.row(plain, where))

    def name(self, plain: Any, where: str) -> str:
        if not isinstance(plain, str) or not plain.strip():
            raise Unreadable(f"{where}里的“{plain}”应是文字。数字和 true、false 要加引号。")
        return plain

    def instant(self, plain: Any, where: str) -> datetime:
        try:
            found = datetime.fromisoformat(plain.isoformat() if isinstance(plain, date) else str(plain))
        except ValueError as problem:
            raise Unreadable(f"{where}应是时刻，例如 2026-03-02T09:00:00+08:00。") from problem
        return found if found.tzinfo else found.replace(tzinfo=BEGUN.tzinfo)


def _is_data(value: Any) -> bool:
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor no number
    if isinstance(value, int):
        return abs(value) <= 2**53
    if isinstance(value, list):
        return all(_is_data(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_data(one) for key, one in value.items())
    return value is None or isinstance(value, str | date | time)


# -- writing


def with_case(data: bytes | None, case: Case) -> bytes:
    """The file with one more case at its end; what it held, comments too, stays as it was.

    Raises Unreadable when the file cannot be read, or has a case of that name already.
    """
    before = read(data) if data else Suite()
    if any(one.name == case.name for one in before.cases):
        raise Unreadable(f"已经有一条用例叫“{case.name}”。请换一个名字。")
    lines = _dump([as_plain(case)]).splitlines()
    added = "".join(f"  {line}\n" if line else "\n" for line in lines)
    text = (data or b"").decode("utf-8").rstrip("\n")
    for head in (f"{text}\n", f"{text}\ncases:\n" if text else "cases:\n"):
        whole = (head + added).encode()
        try:
            after = read(whole)
        except Unreadable:
            continue
        if after.cases[:-1] == before.cases and after.cases[-1:] == (case,) and after.start == before.start:
            return whole
    plain: dict[str, Any] = {"start": dict(before.start)} if before.start else {}
    plain["cases"] = [as_plain(one) for one in (*before.cases, case)]
    whole = _dump(plain).encode()
    read(whole)
    return whole


def as_plain(case: Case) -> dict[str, Any]:
    """A case as the file has it."""
    found: dict[str, Any] = {"name": case.name}
    if case.start:
        found["start"] = _written(case.start)
    for key in ("message", "signal", "timer"):
        if getattr(case, key):
            found[key] = getattr(case, key)
    if case.now != BEGUN:
        found["now"] = case.now.isoformat()
    found["steps"] = [_step(one) for one in case.steps]
    expect = case.expect
    found["expect"] = {
        key: value
        for key, value in (
            ("acts", list(expect.acts)),
            ("thrown", [name if key is None else {name: key} for name, key in expect.thrown]),
            ("ends", list(expect.ends)),
            ("passes", list(expect.passes)),
            ("avoids", list(expect.avoids)),
            ("open", list(expect.open or ())),
            ("variables", _written(expect.variables)),
        )
        if value or (key == "open" and expect.open is not None)
    }
    return found


def _step(move: Move) -> dict[str, Any]:
    match move:
        case Woken():
            return {WAKE: move.until}
        case Told(key=None) if not move.variables:
            return {MESSAGE: move.message}
        case Told():
            told: dict[str, Any] = {"name": move.message}
            if move.key is not None:
                told["key"] = move.key
            if move.variables:
                told["variables"] = _written(move.variables)
            return {MESSAGE: told}
    element = move.element if move.place == 1 else f"{move.element}[{move.place}]"
    if move.error is not None:
        return {element: {BPMN_ERROR: move.error}}
    outcome = move.variables.get("outcome")
    if move.variables.keys() == {"outcome"} and isinstance(outcome, str):
        return {element: outcome}
    return {element: _written(move.variables)}


def _written(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Values that YAML has: a decimal becomes a number, as FEEL reckons with it."""
    return {key: _value(value) for key, value in variables.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return _written(value)
    return [_value(one) for one in value] if isinstance(value, list | tuple) else value


def value_of(text: str) -> Any:
    """One value as a person types it: 12, true, a word, a list in brackets; '12' in quotes is a word. Raises Unreadable."""
    found = _plain(text.encode(), text) if text.strip() else None
    if not _is_data(found):
        raise Unreadable(f"“{text}”不能用。请写文字、数、true、false、日期，或者写在方括号里的列表。")
    return found


def text_of(value: Any) -> str:
    """A value as `value_of` reads it, on one line."""
    text: str = yaml.dump(_value(value), Dumper=_OneLine, allow_unicode=True, default_flow_style=True, width=10**9)
    return text.removesuffix("...\n").strip()


def elements_of(case: Case) -> Iterator[str]:
    """The elements whose tasks or jobs the steps do."""
    return (move.element for move in case.steps if isinstance(move, Done))


class _OneLine(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Dumper(yaml.SafeDumper):
    """Short lists and steps on one line, as a person writes them; no references."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _flow_row(dumper: _Dumper, value: list[Any]) -> Any:
    inline = all(not isinstance(one, dict | list) for one in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=inline)


def _flow_mapping(dumper: _Dumper, value: dict[str, Any]) -> Any:
    inline = not value.keys() & {"name", "cases", "acts", "ends", "open", "steps", "expect"} and not any(
        isinstance(one, dict) for one in value.values()
    )
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=inline and len(value) != 1)


_Dumper.add_representer(list, _flow_row)
_Dumper.add_representer(dict, _flow_mapping)


def _dump(plain: Any) -> str:
    text: str = yaml.dump(plain, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=118)
    return text
