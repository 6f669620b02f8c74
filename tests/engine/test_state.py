"""The stored state: small, without the model, faithful to every value, and refused when it is not ours."""

import threading
import time as clock
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from models import END, NOW, START, Run, io, job, process, sub, user

import workflows
from workflows import BadState, FeelText
from workflows.state import pack, unpack

VALUES = {
    "area": Decimal("1234.50"),
    "tiny": Decimal("1E-30"),
    "day": date(2026, 3, 2),
    "at": datetime(2026, 3, 2, 1, tzinfo=UTC),
    "local": datetime(2026, 3, 2, 1),
    "clock": time(17, 30),
    "long": timedelta(days=-1, microseconds=3),
    "months": FeelText("months", "P1Y2M"),
    "typename": "Decimal",
    "nested": {"typename": {"x": [None, True, 1.5, "中文"]}},
    "\x01": {"\x01": "date", "v": "x"},
    "list": [{"\x01": 1}, Decimal("0.10")],
    "big": 2**80,
    "v": "plain",
    "": [],
}


def test_every_value_survives_saving():
    assert unpack(pack([VALUES])) == [VALUES]
    assert repr(unpack(pack([VALUES]))[0]["area"]) == "Decimal('1234.50')"


def test_every_value_survives_a_whole_instance():
    values = {key: value for key, value in VALUES.items() if key}
    run = Run(process(START + user("t") + user("u") + END, "s > t > u > e"), values)
    assert run.complete("t", more=Decimal("2.0")).variables("u") == {**values, "more": Decimal("2.0")}


def test_what_is_no_data_cannot_become_a_variable():
    source = process(START + user("t") + END, "s > t > e")
    for value in ({1}, object(), float("nan")):
        with pytest.raises((TypeError, ValueError)):
            Run(source, {"x": value})
    with pytest.raises(ValueError):
        Run(source, {1: "x"})  # type: ignore[dict-item]


def test_a_state_is_small_and_does_not_grow_with_history():
    body = START + '<exclusiveGateway id="m"/><exclusiveGateway id="g" default="g_m"/>' + user("t") + END
    run = Run(process(body, "s > m > t > g\n g >[=done] e\n g > m"), {"done": False})
    sizes = set()
    for _ in range(400):
        run.complete("t")
        sizes.add(len(run.step.state))
    assert max(sizes) < 200


def test_task_ids_are_small_numbers_and_stay():
    run = Run(process(START + user("a") + user("b") + END, "s > a > b > e"))
    assert run.id("a") == 2
    run.complete("a")
    number = run.id("b")
    assert number == 3 and workflows.open_step(run.dep, run.step.state, NOW).user_tasks[0].id == number


def test_looking_moves_nothing():
    run = Run(process(START + user("a") + END, "s > a > e"))
    step = workflows.open_step(run.dep, run.step.state, NOW)
    assert step.state == run.step.state and step.user_tasks == run.step.user_tasks and not step.trail


def test_a_state_of_another_model_or_version_and_damaged_bytes_are_refused():
    run = Run(process(START + user("a") + END, "s > a > e"))
    other = workflows.deploy({"p.bpmn": process(START + user("b") + END, "s > b > e")}, "p")
    for dep, state in ((other, run.step.state), (run.dep, b"[99]"), (run.dep, b"\x00"), (run.dep, b"[1,2")):
        with pytest.raises(BadState):
            workflows.open_step(dep, state, NOW)


def test_the_format_of_version_1_can_still_be_read():
    """Ids, flows and the names that the dialect invents are stored: this state was written by the first release."""
    inner = '<startEvent id="is"/>' + user("i") + '<endEvent id="ie"/>'
    body = (
        START
        + '<userTask id="t" default="t_box"/>'
        + sub("box", inner, "is > i > ie")
        + user("x")
        + job("j")
        + '<boundaryEvent id="b" attachedToRef="box"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        "</timerEventDefinition></boundaryEvent>" + END
    )
    dep = workflows.deploy({"p.bpmn": process(body, "s > t\n t >[=x] x > e\n t > box > j > e\n b > e")}, "p")
    document = [
        dep.closure_hash[:16],
        9,
        0,
        [
            [0, [[4, "box", 32, 0, {"came": "t_box"}], [5, "b", 8, 0, {"at": 4, "due": "2026-03-02T02:00:00+00:00"}]]],
            [4, [[7, "i", 16, 0, {"came": "is_i"}]]],
        ],
        {"0": {"x": False}},
    ]
    step = workflows.open_step(dep, pack(document), NOW)
    assert [t.element for t in step.user_tasks] == ["i"] and step.timers[0].due == NOW + timedelta(hours=1)
    assert [j.element for j in workflows.complete(dep, pack(document), 7, {}, NOW).jobs] == ["j"]


def test_threads_share_one_deployment():
    body = (
        START
        + '<parallelGateway id="g"/><parallelGateway id="j"/><exclusiveGateway id="x" default="x_e"/>'
        + user("a", io(out_a="=n * 2"))
        + user("b")
        + user("c")
        + END
    )
    dep = workflows.deploy({"p.bpmn": process(body, "s > g > a > j\n g > b > j > x\n x >[=a > 10] c > e\n x > e")}, "p")
    wrong: list[object] = []

    def work(seed: int) -> None:
        for i in range(40):
            n = seed * 100 + i
            step = workflows.start(dep, {}, NOW)
            for task in step.user_tasks:
                step = workflows.complete(dep, step.state, task.id, {"n": n} if task.element == "a" else {}, NOW)
            if workflows.variables(dep, step.state)["a"] != 2 * n or step.completed != (2 * n <= 10):
                wrong.append((seed, i, step))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_data_nested_without_end_is_refused_not_a_crash():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        Run(process(START + user("t") + END, "s > t > e"), {"x": deep})


def test_a_one_task_process_starts_and_completes_in_well_under_a_millisecond():
    run = Run(process(START + user("t") + END, "s > t > e"))
    best = 1.0
    for _ in range(50):
        begin = clock.thread_time()
        step = workflows.start(run.dep, {"a": 1}, NOW)
        workflows.complete(run.dep, step.state, step.user_tasks[0].id, {"b": 2}, NOW)
        best = min(best, clock.thread_time() - begin)
    assert best < 0.0006  # measured 0.0001


def test_a_naive_now_is_refused():
    with pytest.raises(ValueError):
        Run(process(START + user("t") + END, "s > t > e"), now=datetime(2026, 1, 1))
