"""Writes states of today's release for tests/engine/states/README.md: once for each version of the format, never again.

python tests/engine/states/write.py v2 [NAME]
"""

import base64
import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2])]

from models import END, NOW, START, Run, ext, io, job, many, message, process, sub, user  # noqa: E402
from stored import play, told  # noqa: E402

import workflows  # noqa: E402

EXTRA = (
    '<signal id="sig" name="信号"/><error id="err" errorCode="HOLD"/><escalation id="esc" escalationCode="UP"/>'
    + message("m", "filed", "=key")
)
MESSAGE = '<messageEventDefinition messageRef="m"/>'


def timer(text: str, kind: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


def boundary(key: str, host: str, definition: str, stops: bool = True) -> str:
    return f'<boundaryEvent id="{key}" attachedToRef="{host}" cancelActivity="{str(stops).lower()}">{definition}</boundaryEvent>'


def event_sub(key: str, definition: str, stops: bool) -> str:
    start = f'<startEvent id="{key}s" isInterrupting="{str(stops).lower()}">{definition}</startEvent>'
    return sub(
        key, f'{start}{user(key + "t")}<endEvent id="{key}e"/>', f"{key}s > {key}t > {key}e", 'triggeredByEvent="true"'
    )


Case = tuple[dict[str, bytes], dict[str, Any], list[list[Any]], list[list[Any]]]
#: name -> (files, variables at the start, commands before the state is kept, commands that follow)
CASES: dict[str, Callable[[], Case]] = {}


def case(make: Callable[[], Case]) -> Callable[[], Case]:
    CASES[make.__name__] = make
    return make


@case
def values() -> Case:
    variables = {
        "area": Decimal("1234.50"),
        "day": date(2026, 3, 2),
        "at": datetime(2026, 3, 2, 1, tzinfo=UTC),
        "clock": time(17, 30),
        "long": timedelta(days=-1, microseconds=3),
        "typename": "Decimal",
        "nested": {"typename": {"x": [None, True, 1.5, "中文"]}},
        "\x01": {"\x01": "date", "v": "x"},
        "months": workflows.FeelText("months", "P1Y2M"),
        "long_text": "长" * 2000,
    }
    files = {"p.bpmn": process(START + user("t", io(in_copy="=area")) + user("u") + END, "s > t > u > e")}
    return files, variables, [], [["complete", "t", {"x": 1}], ["complete", "u", {}]]


@case
def gateways() -> Case:
    body = (
        START
        + '<inclusiveGateway id="g" default="g_c"/><inclusiveGateway id="j"/><parallelGateway id="pf"/><parallelGateway id="pj"/>'
        + "".join(map(user, "abcxy"))
        + '<userTask id="f" default="f_q"/>'
        + user("q")
        + user("z")
        + END
    )
    lines = (
        "s > pf > g\n g >[=n > 0] a > j\n g >[=n > 1] b > j\n g > c > j\n j > pj\n pf > x > pj\n pj > f\n"
        "f >[=n > 1] y > e\n f >[=n > 1] z > e\n f > q > e"
    )
    follow: list[list[Any]] = [
        ["complete", "b", {}],
        ["complete", "x", {}],
        ["complete", "f", {}],
        ["complete", "z", {}],
        ["complete", "y", {}],
    ]
    return {"p.bpmn": process(body, lines)}, {"n": 2}, [["complete", "a", {}]], follow


@case
def events() -> Case:
    body = (
        START
        + '<parallelGateway id="pf"/><eventBasedGateway id="g"/>'
        + f'<intermediateCatchEvent id="m1">{MESSAGE}</intermediateCatchEvent>'
        + f'<intermediateCatchEvent id="t1">{timer("PT2H")}</intermediateCatchEvent>'
        + f'<intermediateCatchEvent id="t2">{timer("PT1H")}</intermediateCatchEvent>'
        + '<intermediateCatchEvent id="si"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>'
        + '<intermediateThrowEvent id="th"><signalEventDefinition signalRef="sig"/></intermediateThrowEvent>'
        + user("host")
        + boundary("bc", "host", timer("R3/PT30M", "timeCycle"), False)
        + boundary("bm", "host", MESSAGE, False)
        + boundary("be", "host", timer("PT9H"))
        + "".join(user(name) for name in ("a", "b", "c", "rem", "note", "late", "heard"))
        + END
    )
    lines = (
        "s > pf > g > m1 > a > e\n g > t1 > b > e\n g > t2 > c > th > e\n pf > host > e\n pf > si > heard > e\n"
        "bc > rem > e\n bm > note > e\n be > late > e"
    )
    follow: list[list[Any]] = [
        ["wake", 3600],
        ["deliver", "bm", {"n": 2}],
        ["complete", "c", {}],
        ["wake", 36000],
        ["complete", "late", {}],
    ]
    return (
        {"p.bpmn": process(body, lines, extra=EXTRA)},
        {"key": "BA-1"},
        [["wake", 1800], ["deliver", "bm", {"n": 1}]],
        follow,
    )


@case
def scopes() -> Case:
    inner = (
        '<startEvent id="is"/>'
        + user("i")
        + '<endEvent id="ie"/>'
        + event_sub("ev", MESSAGE, False)
        + event_sub("er", '<errorEventDefinition errorRef="err"/>', True)
    )
    box = sub("box", ext(io(in_local="=1")) + inner, "is > i > ie")
    call = (
        f'<callActivity id="c">{ext("<zeebe:calledElement processId=chr34childchr34 propagateAllChildVariables=chr34falsechr34/>".replace("chr34", chr(34)) + io(in_x="=key", out_y="=answer"))}'
        "</callActivity>"
    )
    child = process('<startEvent id="cs"/>' + user("ct") + '<endEvent id="ce"/>', "cs > ct > ce", key="child")
    body = START + '<parallelGateway id="pf"/><parallelGateway id="pj"/>' + box + call + user("after") + END
    files = {
        "p.bpmn": process(body, "s > pf > box > pj\n pf > c > pj\n pj > after > e", extra=EXTRA),
        "child.bpmn": child,
    }
    follow: list[list[Any]] = [
        ["deliver", "ev", {"local": 6}],
        ["complete", "ct", {"answer": 42}],
        ["fail", "i", "HOLD"],
        ["complete", "ert", {}],
        ["complete", "after", {}],
    ]
    return files, {"key": "k"}, [["deliver", "ev", {"local": 5}]], follow


@case
def multi_instance() -> Case:
    settings = {
        "inputCollection": "=items",
        "inputElement": "item",
        "outputCollection": "out",
        "outputElement": "=result",
    }
    par = user("par", "", many("", False, "", **settings))
    seq = job("seq", "work", "", many("", True, "=stop = true", **{**settings, "outputCollection": "made"}))
    inner = '<startEvent id="is"/>' + user("i") + '<endEvent id="ie"/>'
    box = sub("box", inner + many("", False, "", inputCollection="=items", inputElement="item"), "is > i > ie")
    body = START + '<parallelGateway id="pf"/><parallelGateway id="pj"/>' + par + seq + box + user("after") + END
    lines = "s > pf > par > pj\n pf > seq > pj\n pf > box > pj\n pj > after > e"
    follow: list[list[Any]] = [
        ["complete", "par", {"result": "eins"}],
        ["complete", "seq", {"result": 2, "stop": True}],
        ["complete", "i", {}],
        ["complete", "i", {}],
        ["complete", "par", {"result": "drei"}],
        ["complete", "after", {}],
    ]
    before: list[list[Any]] = [
        ["complete", "par", {"result": "zwei"}],
        ["complete", "seq", {"result": 1, "stop": False}],
        ["complete", "i", {}],
    ]
    return {"p.bpmn": process(body, lines)}, {"items": ["x", "y", "z"]}, before, follow


@case
def incidents() -> Case:
    body = (
        START
        + '<parallelGateway id="pf"/><exclusiveGateway id="g"/>'
        + job("j")
        + user("fix")
        + user("a")
        + '<intermediateThrowEvent id="to"><linkEventDefinition name="L"/></intermediateThrowEvent>'
        + '<intermediateCatchEvent id="from"><linkEventDefinition name="L"/></intermediateCatchEvent>'
        + END
    )
    lines = "s > pf > g\n g >[=ok] to\n from > a > e\n pf > j > e\n pf > fix > e"
    follow: list[list[Any]] = [
        ["complete", "fix", {"ok": True}],
        ["retry", "g"],
        ["retry", "j"],
        ["complete", "j", {}],
        ["complete", "a", {}],
    ]
    return {"p.bpmn": process(body, lines)}, {}, [["fail", "j", "NOBODY"]], follow


@case
def called() -> Case:
    """Calls that give back what they wrote, one of them in several instances."""
    child = process(
        f'<startEvent id="cs"/>{user("ct")}{user("cu")}<endEvent id="ce"/>', "cs > ct > cu > ce", key="child"
    )
    loop = many(sequential=True, inputCollection="=items", inputElement="item")
    element = '<zeebe:calledElement processId="child"/>'
    calls = (
        f'<callActivity id="c">{ext(element)}</callActivity><callActivity id="d">{ext(element)}{loop}</callActivity>'
    )
    body = START + '<parallelGateway id="pf"/><parallelGateway id="pj"/>' + calls + user("b") + user("after") + END
    files = {
        "p.bpmn": process(body, "s > pf > c > pj\n pf > d > pj\n pf > b > pj\n pj > after > e"),
        "child.bpmn": child,
    }
    follow: list[list[Any]] = [["complete", "b", {"n": 2}]]
    follow += [["complete", "cu", {"seen": True}], ["complete", "ct", {}], ["complete", "cu", {"last": 1}]]
    follow += [["complete", "ct", {}], ["complete", "cu", {}], ["complete", "after", {}]]
    return files, {"n": 1, "items": [1, 2]}, [["complete", "ct", {"mine": 1}]], follow


@case
def ended() -> Case:
    return {"p.bpmn": process(START + user("t") + END, "s > t > e")}, {"a": 1}, [["complete", "t", {"b": 2}]], []


@case
def cancelled() -> Case:
    return {"p.bpmn": process(START + user("t") + END, "s > t > e")}, {"a": 1}, [["cancel"]], []


def written(make: Callable[[], Case]) -> dict[str, Any]:
    files, variables, before, follow = make()
    run = Run(files, variables)
    for command in before:
        play(run, command, NOW)
    state = run.step.state
    after = [told(run)]
    for command in follow:
        play(run, command, NOW)
        after.append(told(run))
    return {
        "process": "p",
        "files": {name: data.decode() for name, data in files.items()},
        "state": base64.b64encode(state).decode(),
        "commands": follow,
        "told": after,
    }


def main(version: str, only: str = "") -> int:
    folder = HERE / version
    folder.mkdir(exist_ok=True)
    for name, make in CASES.items():
        path = folder / f"{name}.json"
        if only not in ("", name):
            continue
        if path.exists():
            print(f"{path} is there and stays as it is", file=sys.stderr)
            return 1
        path.write_text(json.dumps(written(make), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
