"""Messages, timers, signals, errors, escalations; boundary events, event gateways and event subprocesses."""

from datetime import timedelta

import pytest
from models import END, NOW, START, Run, ext, io, job, message, process, sub, user

import workflows
from workflows import NotOpen, Thrown

HOUR = timedelta(hours=1)


def timer(text: str, kind: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


def boundary(key: str, host: str, definition: str, interrupting: bool = True) -> str:
    return f'<boundaryEvent id="{key}" attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}">{definition}</boundaryEvent>'


MESSAGE = '<messageEventDefinition messageRef="m"/>'
SIGNAL = '<signalEventDefinition signalRef="sig"/>'
ERROR = '<errorEventDefinition errorRef="err"/>'
ESCALATION = '<escalationEventDefinition escalationRef="esc"/>'
EXTRA = (
    '<signal id="sig" name="信号"/><error id="err" errorCode="HOLD"/><error id="err2" errorCode="OTHER"/>'
    '<escalation id="esc" escalationCode="UP"/>' + message("m", "acceptance.filed", "=filing")
)


def test_a_message_catch_waits_under_its_name_and_key():
    body = START + f'<intermediateCatchEvent id="c">{MESSAGE}</intermediateCatchEvent>' + END
    run = Run(process(body, "s > c > e", extra=EXTRA), {"filing": "BA-1"})
    assert [(s.element, s.message, s.key) for s in run.step.subscriptions] == [("c", "acceptance.filed", "BA-1")]
    run.deliver("c", area=3)
    assert run.step.completed and run.variables()["area"] == 3


def test_a_message_cannot_be_delivered_twice():
    body = START + f'<intermediateCatchEvent id="c">{MESSAGE}</intermediateCatchEvent>' + user("t") + END
    run = Run(process(body, "s > c > t > e", extra=EXTRA), {"filing": 7})
    assert run.step.subscriptions[0].key == "7"
    number = run.id("c")
    run.deliver("c")
    with pytest.raises(NotOpen):
        workflows.deliver(run.dep, run.step.state, number, {}, NOW)


def test_a_receive_task_waits_like_a_catch():
    body = START + '<receiveTask id="c" messageRef="m"/>' + END
    assert Run(process(body, "s > c > e", extra=EXTRA), {"filing": "x"}).deliver("c").step.completed


def test_a_process_starts_by_its_message():
    body = f'<startEvent id="s">{MESSAGE}</startEvent>' + user("t") + END
    source = process(body, "s > t > e", extra=EXTRA)
    run = Run(source, {"filing": 1}, message="acceptance.filed")
    assert run.dep.start_messages == ("acceptance.filed",) and run.open() == ["t"]
    with pytest.raises(ValueError):
        Run(source)


def test_thrown_messages_leave_with_key_and_mapped_variables():
    throw = f'<intermediateThrowEvent id="th">{ext(io(in_units="=area"))}{MESSAGE}</intermediateThrowEvent>'
    body = START + throw + f'<endEvent id="e">{MESSAGE}</endEvent>'
    run = Run(process(body, "s > th > e", extra=EXTRA), {"filing": "BA-1", "area": 5})
    assert run.step.thrown == (
        Thrown("th", "acceptance.filed", "BA-1", {"units": 5}),
        Thrown("e", "acceptance.filed", "BA-1", {}),
    )
    assert run.variables() == {"filing": "BA-1", "area": 5}


def test_a_thrown_message_says_how_long_it_lives():
    head = '<zeebe:taskHeaders><zeebe:header key="timeToLive" value="P3D"/></zeebe:taskHeaders>'
    run = Run(process(START + f'<endEvent id="e">{ext(head)}{MESSAGE}</endEvent>', "s > e", extra=EXTRA))
    assert run.step.thrown[0].life == "P3D"


def test_a_thrown_message_whose_key_is_unknown_leaves_without_one():
    run = Run(process(START + f'<endEvent id="e">{MESSAGE}</endEvent>', "s > e", extra=EXTRA))
    assert run.step.thrown[0].key is None and run.step.completed


def test_a_timer_is_due_when_its_text_says_and_runs_at_wake():
    body = START + f'<intermediateCatchEvent id="c">{timer("PT1H")}</intermediateCatchEvent>' + END
    run = Run(process(body, "s > c > e"))
    assert run.step.timers[0].due == NOW + HOUR
    assert not run.wake(NOW + HOUR / 2).step.completed
    assert run.wake(NOW + HOUR).step.completed


@pytest.mark.parametrize(
    ("kind", "text", "variables", "due"),
    [
        ("timeDate", "2026-12-01T09:00:00+08:00", {}, "2026-12-01T01:00:00+00:00"),
        ("timeDate", "=when", {"when": "2026-12-01T09:00:00"}, "2026-12-01T01:00:00+00:00"),
        ("timeDate", "=date(day)", {"day": "2026-12-01"}, "2026-11-30T16:00:00+00:00"),
        ("timeDuration", '=duration("P1D")', {}, "2026-03-03T01:00:00+00:00"),
        ("timeDuration", "P1M", {}, "2026-04-02T01:00:00+00:00"),
        ("timeDuration", '=duration("P2M")', {}, "2026-05-02T01:00:00+00:00"),
    ],
)
def test_timers_understand_iso_texts_and_feel(kind, text, variables, due):
    body = (
        START
        + f'<intermediateCatchEvent id="c">{timer(text.replace(chr(34), "&quot;"), kind)}</intermediateCatchEvent>'
        + END
    )
    run = Run(process(body, "s > c > e"), variables)
    assert run.step.timers[0].due.isoformat() == due


def test_an_interrupting_boundary_timer_cancels_its_host():
    body = START + user("t") + boundary("b", "t", timer("PT1H")) + user("late") + END
    run = Run(process(body, "s > t > e\n b > late > e")).wake(NOW + HOUR)
    assert run.open() == ["late"]
    assert run.trail("cancelled") == ["t"] and run.trail("entered") == ["b", "late"]


def test_a_host_that_completes_disarms_its_boundary_events():
    body = START + user("t") + boundary("b", "t", timer("PT1H")) + user("late") + END
    run = Run(process(body, "s > t > e\n b > late > e")).complete("t")
    assert run.step.completed and not run.step.timers


def test_a_repeating_boundary_timer_fires_as_often_as_it_says():
    body = START + user("t") + boundary("b", "t", timer("R3/PT1H", "timeCycle"), False) + user("remind") + END
    run = Run(process(body, "s > t > e\n b > remind > e"))
    for hour in (1, 2, 3, 4):
        run.wake(NOW + hour * HOUR)
    assert run.open() == ["remind", "remind", "remind", "t"] and not run.step.timers


def test_missed_rounds_are_caught_up_in_order():
    body = START + user("t") + boundary("b", "t", timer("R/PT1H", "timeCycle"), False) + job("remind") + END
    run = Run(process(body, "s > t > e\n b > remind > e")).wake(NOW + 5 * HOUR)
    assert len(run.step.jobs) == 5 and run.step.timers[0].due == NOW + 6 * HOUR


def test_a_non_interrupting_message_boundary_can_be_hit_again():
    body = START + user("t") + boundary("b", "t", MESSAGE, False) + user("note") + END
    run = Run(process(body, "s > t > e\n b > note > e", extra=EXTRA), {"filing": "x"})
    run.deliver("b").deliver("b")
    assert run.open() == ["note", "note", "t"] and run.step.subscriptions[0].key == "x"


def test_an_event_gateway_takes_the_first_event_and_drops_the_others():
    body = (
        START
        + '<eventBasedGateway id="g"/>'
        + f'<intermediateCatchEvent id="m1">{MESSAGE}</intermediateCatchEvent>'
        + f'<intermediateCatchEvent id="t1">{timer("PT2H")}</intermediateCatchEvent>'
        + f'<intermediateCatchEvent id="t2">{timer("PT1H")}</intermediateCatchEvent>'
        + user("a")
        + user("b")
        + user("c")
        + END
    )
    source = process(body, "s > g > m1 > a > e\n g > t1 > b > e\n g > t2 > c > e", extra=EXTRA)
    run = Run(source, {"filing": "x"})
    assert run.wake(NOW + 5 * HOUR).open() == ["c"]
    assert not run.step.timers and not run.step.subscriptions
    assert Run(source, {"filing": "x"}).deliver("m1").open() == ["a"]


def test_a_signal_is_heard_by_all_who_wait_in_the_instance():
    body = (
        START
        + '<parallelGateway id="g"/>'
        + user("t")
        + user("host")
        + boundary("b", "host", SIGNAL)
        + f'<intermediateCatchEvent id="c">{SIGNAL}</intermediateCatchEvent>'
        + user("x")
        + user("y")
        + f'<intermediateThrowEvent id="th">{SIGNAL}</intermediateThrowEvent>'
        + END
    )
    run = Run(process(body, "s > g > t > th > e\n g > host > e\n g > c > x > e\n b > y > e", extra=EXTRA))
    assert run.complete("t").open() == ["x", "y"]


def test_an_error_end_is_caught_at_the_subprocess_by_its_code():
    inner = '<startEvent id="is"/>' + f'<endEvent id="ie">{ERROR}</endEvent>'
    other = boundary("b2", "box", '<errorEventDefinition errorRef="err2"/>')
    body = START + sub("box", inner, "is > ie") + other + boundary("b", "box", ERROR) + user("held") + user("no") + END
    assert Run(process(body, "s > box > e\n b > held > e\n b2 > no > e", extra=EXTRA)).open() == ["held"]


def test_a_catch_all_boundary_takes_what_no_exact_one_takes():
    body = (
        START
        + job("t")
        + boundary("any", "t", "<errorEventDefinition/>")
        + boundary("b", "t", ERROR)
        + user("held")
        + user("other")
        + END
    )
    source = process(body, "s > t > e\n b > held > e\n any > other > e", extra=EXTRA)
    assert Run(source).fail("t", "HOLD").open() == ["held"]
    assert Run(source).fail("t", "ELSE").open() == ["other"]


def test_an_uncaught_error_is_an_incident_and_the_job_stays_open():
    run = Run(process(START + job("t") + END, "s > t > e")).fail("t", "NO")
    assert run.open() == ["t"]
    assert "错误“NO”" in run.step.incidents[0].message_zh and "t任务" in run.step.incidents[0].message_zh
    again = workflows.open_step(run.dep, run.step.state, NOW)
    assert again.jobs == run.step.jobs and again.incidents == run.step.incidents
    assert not run.retry("t").step.incidents and run.open() == ["t"]
    assert run.complete("t").step.completed


def test_an_uncaught_error_end_event_does_not_complete_the_process():
    run = Run(process(START + f'<endEvent id="e">{ERROR}</endEvent>', "s > e", extra=EXTRA))
    assert not run.step.completed and run.step.incidents[0].element == "e"


def test_an_escalation_reaches_the_boundary_and_the_thrower_goes_on():
    inner = (
        '<startEvent id="is"/>'
        + f'<intermediateThrowEvent id="up">{ESCALATION}</intermediateThrowEvent>'
        + user("i")
        + '<endEvent id="ie"/>'
    )
    body = START + sub("box", inner, "is > up > i > ie") + boundary("b", "box", ESCALATION, False) + user("boss") + END
    assert Run(process(body, "s > box > e\n b > boss > e", extra=EXTRA)).open() == ["boss", "i"]


def test_an_interrupting_escalation_stops_the_inner_task_before_it_runs():
    inner = (
        '<startEvent id="is"/>'
        + f'<intermediateThrowEvent id="up">{ESCALATION}</intermediateThrowEvent>'
        + job("i")
        + '<endEvent id="ie"/>'
    )
    body = START + sub("box", inner, "is > up > i > ie") + boundary("b", "box", ESCALATION) + user("boss") + END
    assert Run(process(body, "s > box > e\n b > boss > e", extra=EXTRA)).open() == ["boss"]


def event_sub(definition: str, interrupting: bool) -> str:
    start = f'<startEvent id="xs" isInterrupting="{str(interrupting).lower()}">{definition}</startEvent>'
    return sub("ev", start + user("x") + '<endEvent id="xe"/>', "xs > x > xe", 'triggeredByEvent="true"')


def test_an_interrupting_event_subprocess_takes_the_place_of_its_scope():
    run = Run(process(START + user("t") + event_sub(MESSAGE, True) + END, "s > t > e", extra=EXTRA), {"filing": "x"})
    assert run.deliver("ev").open() == ["x"] and run.trail("cancelled") == ["t"]
    assert run.complete("x").step.completed


def test_a_non_interrupting_event_subprocess_may_run_several_times_beside():
    run = Run(process(START + user("t") + event_sub(MESSAGE, False) + END, "s > t > e", extra=EXTRA), {"filing": "x"})
    run.deliver("ev").deliver("ev")
    assert run.open() == ["t", "x", "x"]
    assert not run.complete("t").step.completed
    assert run.complete("x").complete("x").step.completed


def test_an_armed_event_subprocess_does_not_keep_its_scope_open():
    run = Run(process(START + user("t") + event_sub(MESSAGE, False) + END, "s > t > e", extra=EXTRA), {"filing": "x"})
    assert run.complete("t").step.completed and not run.step.subscriptions


def test_an_error_is_caught_by_the_event_subprocess_of_its_scope():
    run = Run(process(START + job("t") + event_sub(ERROR, True) + END, "s > t > e", extra=EXTRA))
    assert run.fail("t", "HOLD").open() == ["x"]


def test_instances_of_one_deployment_do_not_arm_one_another():
    source = process(START + user("t") + event_sub(MESSAGE, True) + END, "s > t > e", extra=EXTRA)
    first = Run(source, {"filing": "x"})
    first.deliver("ev")
    second = workflows.start(first.dep, {"filing": "y"}, NOW)
    assert [t.element for t in second.user_tasks] == ["t"] and [s.key for s in second.subscriptions] == ["y"]
