"""The file of model tests: read strictly, refused in Chinese with place and cure, written back without loss."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from workflows import cases
from workflows.cases import Case, Done, Expected, Told, Unreadable, Woken

WHOLE = """\
# 开头的话
start: {case_id: "12"}
cases:
  - name: 一条
    start: {phase: P3, day: 2026-03-02}
    message: acceptance.filed
    now: 2026-04-01T08:00:00+08:00
    steps:
      - task_a: pass
      - task_a[2]: {outcome: fail, n: 2}
      - act_b: {bpmn_error: HOLD}
      - act_c: {}
      - message: m
      - message: {name: m, key: 7, variables: {ok: true}}
      - wake: P3D
      - wake: 2026-12-01T09:00:00+08:00
    expect:
      acts: [received]
      thrown: [sent, told: F-87]
      ends: [end]
      passes: [task_a, act_b]
      avoids: [x]
      open: []
      variables: {n: 2}
"""
CASE = Case(
    name="一条",
    start={"phase": "P3", "day": date(2026, 3, 2)},
    message="acceptance.filed",
    now=datetime.fromisoformat("2026-04-01T08:00:00+08:00"),
    steps=(
        Done("task_a", {"outcome": "pass"}),
        Done("task_a", {"outcome": "fail", "n": 2}, 2),
        Done("act_b", {}, 1, "HOLD"),
        Done("act_c"),
        Told("m"),
        Told("m", "7", {"ok": True}),
        Woken("P3D"),
        Woken("2026-12-01T09:00:00+08:00"),
    ),
    expect=Expected(
        acts=("received",),
        thrown=(("sent", None), ("told", "F-87")),
        ends=("end",),
        passes=("task_a", "act_b"),
        avoids=("x",),
        open=(),
        variables={"n": 2},
    ),
)


def test_a_file_says_everything_a_case_may_say() -> None:
    found = cases.read(WHOLE.encode())
    assert found.start == {"case_id": "12"}
    assert found.cases == (CASE,)


def test_an_empty_file_holds_no_cases() -> None:
    assert cases.read(b"").cases == ()
    assert cases.read(b"cases: []").cases == ()


def test_a_case_is_added_at_the_end_and_the_rest_stays_to_the_letter() -> None:
    more = Case("另一条", steps=(Done("task_a", {"outcome": "pass"}), Woken("P3D")), expect=Expected(open=("task_b",)))
    after = cases.with_case(WHOLE.encode(), more)
    assert after.startswith(WHOLE.encode())
    assert cases.read(after).cases == (CASE, more)


@pytest.mark.parametrize("data", [None, b"", b"# nothing yet\n", b"start: {a: 1}\n", b"cases: []\nstart: {a: 1}\n"])
def test_a_case_is_added_to_any_file(data: bytes | None) -> None:
    after = cases.read(cases.with_case(data, CASE))
    assert after.cases == (CASE,)
    assert after.start == cases.read(data or b"").start


def test_what_is_written_is_what_is_read() -> None:
    odd = Case('怪: 名字 # "x"', start={"yes": "no", "x": "1", "t": "true", "n": None, "l": [1, {"a": [2]}]}, message="m")
    assert cases.read(cases.with_case(None, odd)).cases == (odd,)


def test_a_decimal_is_written_as_the_number_feel_reckons_with() -> None:
    case = Case("面积", steps=(Done("t", {"area": Decimal("18642.30"), "n": Decimal("3")}),))
    (read,) = cases.read(cases.with_case(None, Case("面积", steps=(Done("t", {"area": 18642.3, "n": 3}),)))).cases
    assert cases.as_plain(case) == cases.as_plain(read)


def test_a_name_is_given_once() -> None:
    with pytest.raises(Unreadable, match="已经有一条用例叫“一条”"):
        cases.with_case(WHOLE.encode(), CASE)


BOMB = b"a: &a [x, x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (98 + i, 98 + i, 97 + i, 97 + i) for i in range(20))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"cases: {", "不是有效的 YAML"),
        (b"\xff\xfe", "UTF-8"),
        (BOMB, "锚点"),
        (b"cases: !!python/object/apply:os.system [ls]", "类型标记"),
        (b"cases: !!set {a}", "类型标记"),
        (b"[" * 100_000, "套得太深"),
        (b"start: {a: 1}\nstart: {a: 2}", "写了两次"),
        (b"cases: [{name: a, steps: [], steps: []}]", "写了两次"),
        (b"? [a]\n: 1", "不是文字"),
        (b"x" * (cases.MAX_BYTES + 1), "256 KB"),
        (b"just text", "名字: 内容"),
        (b"tests: []", "“tests”不认识"),
        (b"cases: 3", "一列用例"),
        (b"cases: [{steps: []}]", "没有名字"),
        (b"cases: [{name: 7}]", "没有名字"),
        (b"cases: [{name: a}, {name: a}]", "都叫“a”"),
        (b"cases: [{name: a, stesp: []}]", "“stesp”不认识"),
        (b"cases: [{name: a, steps: [x]}]", "第 1 步应写成"),
        (b"cases: [{name: a, steps: [{x: 1, y: 2}]}]", "一步一行"),
        (b"cases: [{name: a, steps: [{x: 1}]}]", "一个词"),
        (b"cases: [{name: a, steps: [{x: {bpmn_error: A, n: 1}}]}]", "“n”不认识"),
        (b"cases: [{name: a, steps: [{x y: pass}]}]", "不是图元编号"),
        (b"cases: [{name: a, steps: [{wake: soon}]}]", "时长或时刻"),
        (b"cases: [{name: a, steps: [{message: {key: 1}}]}]", "应是文字"),
        (b"cases: [{name: a, start: {x: .inf}}]", "不能用"),
        (b"cases: [{name: a, start: {x: 123456789012345678901234567890}}]", "不能用"),
        (b"cases: [{name: a, start: [x]}]", "名字: 值"),
        (b"cases: [{name: a, start: {x: 2026-02-31}}]", "不成立"),
        (b"cases: [{name: a, now: never}]", "应是时刻"),
        (b"cases: [{name: a, message: m, signal: s}]", "只写一个"),
        (b"cases: [{name: a, expect: {acts: received}}]", "应是一列"),
        (b"cases: [{name: a, expect: {act: [x]}}]", "“act”不认识"),
        (b"cases: [{name: a, expect: {ends: [true]}}]", "加引号"),
    ],
)
def test_what_is_no_file_of_cases_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        cases.read(data, "x.tests.yaml")
