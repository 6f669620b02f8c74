"""FEEL, the expression language of DMN, by `feelin` inside quickjs-ng: no file, no network, no clock, bounded memory.

Values cross the border as JSON. What JSON has not is tagged: dates, times, durations. Numbers become doubles inside and
come back as `int`, or as `Decimal` with the shortest text of the double; so never compute money or area here
(0.1+0.2 is 0.30000000000000004). Integers above 2**53 are refused, since they would change silently.
"""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from time import thread_time as time_of_thread
from typing import Any, TypeAlias

import quickjs

from .errors import FeelError

MEMORY_LIMIT = 128 * 1024 * 1024
STACK_LIMIT = 512 * 1024
#: Seconds of CPU that one expression may take of its own thread; the interpreter holds back all others meanwhile.
TIME_LIMIT = 1.0
#: Characters of one expression: what nobody can read, and what a parser takes seconds for.
MAX_LENGTH = 4_000
GREATEST_INTEGER = 2**53
#: The one named zone besides UTC that the interpreter knows; it has had this offset since 1991.
HOME_ZONE, HOME_OFFSET = "Asia/Shanghai", "+08:00"
TAG = "\x01"
_TAG_IN_JSON = '"\\u0001"'
_BUNDLE = Path(__file__).parent / "vendor" / "feelin.js"

Value: TypeAlias = Any
"""None, bool, int, Decimal, str, date, datetime, time, timedelta, FeelText, list and dict of these."""


@dataclass(frozen=True, slots=True)
class FeelText:
    """A FEEL value without a Python type of its own, by kind ('months', 'date', 'range', ...) and canonical text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A value, and what FEEL had to overlook to find it: (type, piece of the expression)."""

    value: Value
    warnings: tuple[tuple[str, str], ...]


_thread = threading.local()


def _interpreter() -> "quickjs.Object":
    """This thread's own interpreter: a context must not change threads. 20 ms at its first use."""
    call = getattr(_thread, "call", None)
    if call is None:
        context = quickjs.Context()
        context.set_memory_limit(MEMORY_LIMIT)
        context.set_max_stack_size(STACK_LIMIT)
        context.eval(_BUNDLE.read_text(encoding="utf-8"))
        _thread.context, call = context, context.get("feel")
        _thread.call = call
    return call


def ask(command: Mapping[str, Any]) -> dict[str, Any]:
    """One request to the interpreter (see vendor/src/main.js). Raises FeelError; never takes a failure for null."""
    length = len(command.get("text", ""))
    if length > MAX_LENGTH:
        raise FeelError(f"表达式有 {length} 个字,最多 {MAX_LENGTH} 个,请拆开写")
    request = to_json(command)
    try:
        reply = _run(request)
    except quickjs.StackOverflow as error:
        raise FeelError("表达式嵌套太深") from error
    except quickjs.JSException as error:
        raise FeelError(_failure(str(error))) from error
    answer: dict[str, Any] = from_json(reply)
    if answer.get("error") == "syntax":
        where = answer["text"].strip()[:40]
        raise FeelError(f"语法有误,从“{where}”起无法理解" if where else "语法有误,没有写完")
    if answer.get("error") == "clock":
        raise FeelError("表达式用到了 now() 或 today(),但这里没有时间可用,请改用流程变量")
    return answer


def _run(request: str) -> str:
    """The interpreter counts the CPU time of the whole process, so that busy neighbours use up an expression's time. It is
    interrupted for good only when its own thread has spent the limit; before that it is run again with a longer one."""
    call = _interpreter()
    granted = TIME_LIMIT * 1.1  # the interpreter alone in the process must reach the limit in one go
    while True:
        _thread.context.set_time_limit(granted)
        began = time_of_thread()
        try:
            return str(call(request))
        except quickjs.JSException as error:
            if "interrupted" not in str(error) or time_of_thread() - began >= TIME_LIMIT:
                raise
        granted *= 2


def _failure(text: str) -> str:
    if "interrupted" in text:
        return "表达式计算超时,请简化"
    if text.strip() in ("null", "") or "out of memory" in text.lower():
        del _thread.call  # a context that ran out of memory is not used again
        return "表达式占用内存过多,请简化"
    for sign, words in _KNOWN_FAILURES:
        if sign in text:
            return words
    return f"表达式无法计算({text.splitlines()[0][:120]})"


_KNOWN_FAILURES = (
    ("too many arguments", "表达式要处理的数据太多,请简化"),
    ("unsupported range", "这种区间不能用在这里,请改用数或字母的区间"),
    ("negative date", "不支持公元前的日期"),
)


def evaluate(expression: str, variables: Mapping[str, Value], *, now: datetime | None = None) -> Value:
    """The value of a FEEL expression (with or without its leading '='). A missing variable is null, as FEEL has it.

    Raises FeelError with a Chinese sentence. `now` (aware) feeds now() and today(); without it they are errors.
    """
    return answer(expression, variables, now=now).value


def answer(expression: str, variables: Mapping[str, Value], *, now: datetime | None = None) -> Answer:
    """As `evaluate`, with the warnings."""
    text = body(expression)
    known, value = _simple(text, variables)
    if known:
        return Answer(value, ())
    found = ask(
        {
            "command": "evaluate",
            "mode": "e",
            "text": text,
            "variables": mentioned(text, variables),
            "now": milliseconds(now),
        }
    )
    return Answer(found["value"], tuple((w["type"], w["text"]) for w in found["warnings"]))


def condition(expression: str, variables: Mapping[str, Value], *, now: datetime | None = None) -> bool:
    """Whether the expression is true. Here a missing variable, or an answer neither true nor false, is a FeelError."""
    found = answer(expression, variables, now=now)
    for kind, piece in found.warnings:
        if kind in ("NO_VARIABLE_FOUND", "NO_CONTEXT_ENTRY_FOUND", "NO_PROPERTY_FOUND"):
            raise FeelError(f"条件“{expression}”用到的变量“{piece}”不存在")
    if not isinstance(found.value, bool):
        raise FeelError(f"条件“{expression}”的结果不是真或假")
    return found.value


def check(expression: str, names: Mapping[str, Value] | None = None, *, unary: bool = False) -> str | None:
    """What is wrong with the syntax, in Chinese, or None. `names`: names in scope, needed only if they hold blanks."""
    try:
        ask(
            {
                "command": "check",
                "mode": "u" if unary else "e",
                "text": body(expression),
                "variables": names or {},
                "now": None,
            }
        )
    except FeelError as error:
        return str(error)
    return None


_DOUBTS = {
    "operators": "在“{text}”处比较符号写重了，要写成一个完整的比较",
    "name": "把“{text}”当成一个变量名，变量名里没有空格:两个变量之间要写 and、or 或比较符号",
    "function": "用到的函数“{text}”不存在",
}


def doubt(expression: str, names: Mapping[str, Value] | None = None, *, unary: bool = False) -> str | None:
    """As `check`, and what the grammar lets pass though nobody means it: 'b = = 1', 'a b', a function nobody knows.

    For a linter; what runs asks `check` alone. names: those that hold blanks, {} in a process, where none does; None when
    they are not known (decisions name their inputs freely), so that any row of words may be one.
    """
    command = {
        "command": "doubt",
        "mode": "u" if unary else "e",
        "text": expression.strip() if unary else body(expression),
        "variables": names or {},
        "strict": names is not None,
        "now": None,
    }
    try:
        found = ask(command)["fault"]
    except FeelError as error:
        return str(error)
    return _DOUBTS[found["fault"]].format(text=found["text"][:40]) if found else None


def functions() -> list[str]:
    """Names of all functions that an expression may call."""
    names: list[str] = ask({"command": "functions", "now": None})["names"]
    return names


def body(expression: str) -> str:
    return expression.strip().removeprefix("=").strip()


def milliseconds(now: datetime | None) -> int | None:
    return None if now is None else int(now.timestamp() * 1000)


# -- what needs no interpreter: proven equal to it by tests/engine/test_feel.py

_NAME = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff]*", re.ASCII)
_WORDS = re.compile(r"[^\W_]+")
_RESERVED = frozenset(
    [
        "for",
        "if",
        "then",
        "else",
        "some",
        "every",
        "in",
        "return",
        "satisfies",
        "function",
        "between",
        "instance",
        "of",
        "and",
        "or",
        "not",
        "null",
        "true",
        "false",
        "external",
        "date",
        "time",
        "duration",
        "list",
        "context",
        "number",
        "string",
    ]
)
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}


def _simple(text: str, variables: Mapping[str, Value]) -> tuple[bool, Value]:
    """(True, value) for true, false, null and a lone variable that exists."""
    if text in _CONSTANTS:
        return (False, None) if text in variables else (True, _CONSTANTS[text])
    if text in variables and _NAME.fullmatch(text) and text not in _RESERVED:
        return True, variables[text]
    return False, None


@lru_cache(maxsize=8192)
def _words(name: str) -> tuple[str, ...]:
    return tuple(_WORDS.findall(name))


def mentioned(text: str, variables: Mapping[str, Value]) -> dict[str, Value]:
    """The variables whose every word stands in the text: all that it can speak of, so that little crosses the border."""
    return {name: value for name, value in variables.items() if all(word in text for word in _words(name))}


# -- JSON with tags

_PARTS = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?")


def to_json(value: Value) -> str:
    """Raises FeelError for what FEEL cannot hold."""
    tags = 0

    def tagged(item: object) -> object:
        nonlocal tags
        if isinstance(item, Decimal):
            return _number(item)
        tags += 1
        match item:
            case datetime():
                return {TAG: "datetime", "v": item.isoformat()}
            case date():
                return {TAG: "date", "v": item.isoformat()}
            case time():
                return {TAG: "time", "v": item.isoformat()}
            case timedelta():
                return {TAG: "duration", "v": duration_text(item)}
            case FeelText():
                return {TAG: item.kind, "v": item.text}
        raise FeelError(f"表达式不能使用类型为 {type(item).__name__} 的值")

    try:
        text = json.dumps(value, default=tagged, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise FeelError("表达式不能使用无穷大或非数字") from error
    except RecursionError as error:
        raise FeelError("表达式用到的数据嵌套太深") from error
    if text.count(_TAG_IN_JSON) != tags:
        raise FeelError("变量名不能含有控制字符")
    if _BIG.search(text):
        _refuse_big(value)
    return text


_BIG = re.compile(r"\d{16}")


def _refuse_big(value: Value) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, int) and abs(item) > GREATEST_INTEGER:
            raise FeelError(f"整数 {item} 超出表达式能精确表示的范围")
        if isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)


def _number(item: Decimal) -> int | float:
    if not item.is_finite():
        raise FeelError("表达式不能使用无穷大或非数字")
    if abs(item) > GREATEST_INTEGER:
        raise FeelError(f"数 {item} 超出表达式能精确表示的范围")
    return int(item) if item == item.to_integral_value() else float(item)


def duration_text(item: timedelta) -> str:
    """ISO 8601, as FEEL writes it: P1DT2H, PT0S, -PT0.5S."""
    sign, item = ("-", -item) if item < timedelta() else ("", item)
    hours, rest = divmod(item.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f"{seconds}.{item.microseconds:06d}".rstrip("0") if item.microseconds else str(seconds)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M")) if n)
    clock += f"{fraction}S" if seconds or item.microseconds else ""
    days = f"{item.days}D" if item.days else ""
    return f"{sign}P{days}T{clock}" if clock else f"{sign}P{days}" if days else "PT0S"


def from_json(text: str) -> Value:
    return json.loads(text, object_hook=_untag, parse_float=_decimal)


def _decimal(text: str) -> int | Decimal:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number


def _untag(item: dict[str, Any]) -> Value:
    if TAG not in item:
        return item
    kind, text = item[TAG], item["v"]
    if kind in ("time", "datetime"):
        text = text.replace(f"@{HOME_ZONE}", HOME_OFFSET)  # what now() gives
    if kind == "function":
        raise FeelError("表达式的结果是函数,不能作为流程数据")
    if kind == "range":
        return FeelText("range", json.dumps(text, default=str, ensure_ascii=False))
    try:
        match kind:
            case "date":
                return date.fromisoformat(text) if len(text) == 10 else FeelText(kind, text)
            case "time" if _fits(text):
                return time.fromisoformat(text)
            case "datetime" if _fits(text):
                return datetime.fromisoformat(text)
            case "duration":
                return _timedelta(text)
    except (ValueError, OverflowError):
        pass  # FEEL knows years, fractions and zones which Python does not
    return FeelText(kind, text)


def _fits(text: str) -> bool:
    """No named zone, at most microseconds."""
    return "@" not in text and "[" not in text and not re.search(r"\.\d{7}", text)


def _timedelta(text: str) -> timedelta | FeelText:
    match = _PARTS.fullmatch(text)
    if not match or len(match[6] or "") > 6:
        return FeelText("duration", text)
    days, hours, minutes, seconds = (int(match[i] or 0) for i in (2, 3, 4, 5))
    length = timedelta(
        days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=int((match[6] or "0").ljust(6, "0"))
    )
    return -length if match[1] else length
