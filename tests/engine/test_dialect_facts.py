"""What the library drops or mixes up, construct by construct: it runs, or it is refused. facts.yaml is the list."""

from datetime import timedelta

import pytest
from models import END, NOW, START, Run, ext, io, job, many, message, process, sub, user

import workflows
from workflows import Refused

HOUR = timedelta(hours=1)
EXTRA = (
    '<signal id="sig" name="信号"/><error id="err" errorCode="X"/><escalation id="esc" escalationCode="UP"/>'
    + message("m", "note", "=key")
)
DEFINITIONS = {
    "message": '<messageEventDefinition messageRef="m"/>',
    "signal": '<signalEventDefinition signalRef="sig"/>',
    "timer": "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
    "conditional": "<conditionalEventDefinition><condition>=true</condition></conditionalEventDefinition>",
    "error": '<errorEventDefinition errorRef="err"/>',
    "escalation": '<escalationEventDefinition escalationRef="esc"/>',
    "cancel": "<cancelEventDefinition/>",
    "terminate": "<terminateEventDefinition/>",
    "compensate": "<compensateEventDefinition/>",
    "link": '<linkEventDefinition name="L"/>',
}
PLACES = ("start", "catch", "throw", "end", "boundary", "event subprocess")
RUNS = {
    "message": set(PLACES),
    "signal": set(PLACES),
    "timer": {"start", "catch", "boundary", "event subprocess"},
    "conditional": set(),
    "error": {"end", "boundary", "event subprocess"},
    "escalation": {"throw", "end", "boundary", "event subprocess"},
    "cancel": set(),
    "terminate": {"end"},
    "compensate": set(),
    "link": {"catch", "throw"},
}


def placed(kind: str, place: str) -> bytes:
    """A model with that event, called `x`, at that place."""
    inner = DEFINITIONS[kind]
    plain = START + user("t") + END
    link = '<intermediateThrowEvent id="to"><linkEventDefinition name="L"/></intermediateThrowEvent>'
    back = '<intermediateCatchEvent id="from"><linkEventDefinition name="L"/></intermediateCatchEvent>'
    match place:
        case "start":
            return process(f'<startEvent id="x">{inner}</startEvent>' + user("t") + END, "x > t > e", extra=EXTRA)
        case "catch":
            body = START + f'<intermediateCatchEvent id="x">{inner}</intermediateCatchEvent>' + END
            if kind == "link":
                return process(body + link, "s > to\n x > e", extra=EXTRA)
            return process(body, "s > x > e", extra=EXTRA)
        case "throw":
            body = START + f'<intermediateThrowEvent id="x">{inner}</intermediateThrowEvent>' + END
            if kind == "link":
                return process(body + back, "s > x\n from > e", extra=EXTRA)
            return process(body, "s > x > e", extra=EXTRA)
        case "end":
            return process(START + f'<endEvent id="x">{inner}</endEvent>', "s > x", extra=EXTRA)
        case "boundary":
            guard = f'<boundaryEvent id="x" attachedToRef="t">{inner}</boundaryEvent>'
            return process(plain + guard, "s > t > e\n x > e", extra=EXTRA)
    start = f'<startEvent id="x">{inner}</startEvent>'
    box = sub("ev", start + user("h") + '<endEvent id="he"/>', "x > h > he", 'triggeredByEvent="true"')
    return process(plain + box, "s > t > e", extra=EXTRA)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", DEFINITIONS)
def test_each_event_at_each_place_is_itself_or_refused_never_a_none_event(kind: str, place: str) -> None:
    source = placed(kind, place)
    if place not in RUNS[kind]:
        with pytest.raises(Refused) as refused:
            workflows.deploy({"p.bpmn": source}, "p")
        assert any(f.element == "x" and f.cure_zh.endswith("。") for f in refused.value.findings)
        return
    dep = workflows.deploy({"p.bpmn": source}, "p")
    specs = [
        *dep.spec.task_specs.values(),
        *(s for one in dep.subprocess_specs.values() for s in one.task_specs.values()),
    ]
    node = next(spec for spec in specs if spec.name == ("ev" if place == "event subprocess" else "x"))
    found = node.event if place == "event subprocess" else node.node.event
    assert kind == "link" if found is None else found.kind == kind


def test_a_signal_end_event_is_heard() -> None:
    wait = f'<intermediateCatchEvent id="w">{DEFINITIONS["signal"]}</intermediateCatchEvent>'
    body = (
        START
        + '<parallelGateway id="g"/>'
        + wait
        + user("t")
        + f'<endEvent id="se">{DEFINITIONS["signal"]}</endEvent>'
        + user("u")
        + END
    )
    assert Run(process(body, "s > g > w > u > e\n g > t > se", extra=EXTRA)).complete("t").open() == ["u"]


def test_an_escalation_end_event_is_caught_at_its_subprocess() -> None:
    box = sub("box", f'<startEvent id="is"/><endEvent id="ie">{DEFINITIONS["escalation"]}</endEvent>', "is > ie")
    guard = f'<boundaryEvent id="b" attachedToRef="box">{DEFINITIONS["escalation"]}</boundaryEvent>'
    body = START + box + guard + user("boss") + user("no") + END
    assert Run(process(body, "s > box > no > e\n b > boss > e", extra=EXTRA)).open() == ["boss"]


def test_an_escalation_nobody_hears_lets_the_process_go_on() -> None:
    body = (
        START + f'<intermediateThrowEvent id="u">{DEFINITIONS["escalation"]}</intermediateThrowEvent>' + user("t") + END
    )
    run = Run(process(body, "s > u > t > e", extra=EXTRA))
    assert run.open() == ["t"] and not run.step.incidents


@pytest.mark.parametrize("stops", [True, False])
@pytest.mark.parametrize("kind", ["signal", "timer", "escalation"])
def test_an_event_subprocess_of_each_kind_is_armed_and_hit(kind: str, stops: bool) -> None:
    start = f'<startEvent id="xs" isInterrupting="{str(stops).lower()}">{DEFINITIONS[kind]}</startEvent>'
    ev = sub("ev", start + user("x") + '<endEvent id="xe"/>', "xs > x > xe", 'triggeredByEvent="true"')
    throw = DEFINITIONS["signal" if kind == "timer" else kind]
    body = START + user("t") + f'<intermediateThrowEvent id="th">{throw}</intermediateThrowEvent>' + user("u") + END
    run = Run(process(body + ev, "s > t > th > u > e", extra=EXTRA))
    if kind == "timer":
        run.wake(NOW + HOUR)
        assert run.open() == (["x"] if stops else ["t", "x"])
    else:
        assert run.complete("t").open() == (["x"] if stops else ["u", "x"])


def test_an_interrupting_signal_boundary_stops_the_inner_task_before_it_runs() -> None:
    throw = f'<intermediateThrowEvent id="up">{DEFINITIONS["signal"]}</intermediateThrowEvent>'
    box = sub("box", '<startEvent id="is"/>' + throw + job("i") + '<endEvent id="ie"/>', "is > up > i > ie")
    guard = f'<boundaryEvent id="b" attachedToRef="box">{DEFINITIONS["signal"]}</boundaryEvent>'
    run = Run(process(START + box + guard + user("boss") + END, "s > box > e\n b > boss > e", extra=EXTRA))
    assert run.open() == ["boss"]


def test_a_process_starts_by_its_signal() -> None:
    source = process(
        f'<startEvent id="s">{DEFINITIONS["signal"]}</startEvent>' + user("t") + END, "s > t > e", extra=EXTRA
    )
    dep = workflows.deploy({"p.bpmn": source}, "p")
    assert dep.start_signals == ("信号",) and not dep.start_messages
    assert [t.element for t in workflows.start(dep, {}, NOW, signal="信号").user_tasks] == ["t"]
    for wrong in ({}, {"signal": "别的"}, {"message": "信号"}, {"signal": "信号", "message": "note"}):
        with pytest.raises(ValueError):
            workflows.start(dep, {}, NOW, **wrong)


@pytest.mark.parametrize(
    ("kind", "text", "due"),
    [
        ("timeDate", "2026-12-01T09:00:00+08:00", ["2026-12-01T01:00:00+00:00"]),
        ("timeDuration", "PT1H", ["2026-03-02T02:00:00+00:00"]),
        ("timeCycle", "R2/PT1H", ["2026-03-02T02:00:00+00:00", "2026-03-02T03:00:00+00:00"]),
        ("timeDuration", '=duration("P1D")', ["2026-03-03T01:00:00+00:00"]),
    ],
)
def test_a_process_starts_by_its_timer_when_the_caller_says_it_is_due(kind: str, text: str, due: list[str]) -> None:
    start = f'<startEvent id="at"><timerEventDefinition><{kind}>{text.replace(chr(34), "&quot;")}</{kind}></timerEventDefinition></startEvent>'
    dep = workflows.deploy(
        {"p.bpmn": process(START + start + user("t") + user("u") + END, "s > u > e\n at > t > e")}, "p"
    )
    (timer,) = dep.start_timers
    assert timer.element == "at"
    for number, moment in enumerate(due):
        found = timer.due(NOW, number)
        assert found is not None and found.isoformat() == moment
    assert timer.due(NOW, len(due)) is None
    assert [t.element for t in workflows.start(dep, {}, NOW, timer="at").user_tasks] == ["t"]
    assert [t.element for t in workflows.start(dep, {}, NOW).user_tasks] == ["u"]


def test_a_start_timer_without_end_is_due_again_and_again() -> None:
    cycle = "<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>"
    dep = workflows.deploy(
        {"p.bpmn": process(f'<startEvent id="s">{cycle}</startEvent>' + user("t") + END, "s > t > e")}, "p"
    )
    assert dep.start_timers[0].due(NOW, 9) == NOW + timedelta(days=10)


def test_two_starts_of_one_signal_name_are_refused() -> None:
    two = "".join(f'<startEvent id="s{n}"><signalEventDefinition signalRef="g{n}"/></startEvent>' for n in (1, 2))
    extra = '<signal id="g1" name="同"/><signal id="g2" name="同"/>'
    with pytest.raises(Refused, match="无法区分"):
        workflows.deploy({"p.bpmn": process(two + user("t") + END, "s1 > t > e\n s2 > t", extra=extra)}, "p")


REFUSED = {
    "cycle on an intermediate timer": (
        START
        + '<intermediateCatchEvent id="x"><timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition></intermediateCatchEvent>'
        + END,
        "s > x > e",
        "循环",
    ),
    "completion quantity": (START + '<userTask id="x" completionQuantity="2"/>' + END, "s > x > e", "令牌"),
    "several definitions": (
        START
        + f'<intermediateCatchEvent id="x">{DEFINITIONS["message"]}{DEFINITIONS["signal"]}</intermediateCatchEvent>'
        + END,
        "s > x > e",
        "多个事件",
    ),
    "parallel multiple": (
        START
        + f'<intermediateCatchEvent id="x" parallelMultiple="true">{DEFINITIONS["message"]}{DEFINITIONS["timer"]}</intermediateCatchEvent>'
        + END,
        "s > x > e",
        "多个事件",
    ),
    "compensation activity": (START + '<userTask id="x" isForCompensation="true"/>' + END, "s > x > e", "补偿"),
    "a link without an end": (
        START + f'<intermediateThrowEvent id="x">{DEFINITIONS["link"]}</intermediateThrowEvent>',
        "s > x",
        "链接",
    ),
    "a gateway that starts": (
        '<eventBasedGateway id="x" instantiate="true"/>' + START + END,
        "s > x > e",
        "启动",
    ),
    "a call of a global task": (START + '<callActivity id="x" calledElement="=which"/>' + END, "s > x > e", "固定"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_run_half_right_is_refused(name: str) -> None:
    body, lines, word = REFUSED[name]
    with pytest.raises(Refused) as refused:
        workflows.deploy({"p.bpmn": process(body, lines, extra=EXTRA)}, "p")
    assert any(f.element == "x" and word in f.message_zh + f.cure_zh for f in refused.value.findings), refused.value


def test_a_called_process_may_be_many_instances_each_with_its_own_result() -> None:
    child = process('<startEvent id="cs"/>' + user("ct") + '<endEvent id="ce"/>', "cs > ct > ce", key="child")
    inner = '<zeebe:calledElement processId="child" propagateAllParentVariables="false"/>' + io(
        in_x="=item", out_got="=answer"
    )
    loop = many(inputCollection="=[1,2]", inputElement="item", outputCollection="all", outputElement="=got")
    body = START + f'<callActivity id="c">{ext(inner)}{loop}</callActivity>' + user("after") + END
    run = Run({"p.bpmn": process(body, "s > c > after > e"), "child.bpmn": child})
    assert [t.variables for t in run.step.user_tasks] == [{"x": 1}, {"x": 2}]
    for task in reversed(run.step.user_tasks):
        run.step = workflows.complete(run.dep, run.step.state, task.id, {"answer": task.variables["x"] * 7}, NOW)
    assert run.variables("after")["all"] == [7, 14]


def test_timers_run_in_the_order_of_their_due_times_with_those_they_arm() -> None:
    def wait(key: str, text: str) -> str:
        return f'<intermediateCatchEvent id="{key}"><timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition></intermediateCatchEvent>'

    body = (
        START + '<parallelGateway id="g"/>' + wait("late", "PT3H") + wait("soon", "PT1H") + wait("then", "PT1H") + END
    )
    run = Run(process(body, "s > g > late > e\n g > soon > then > e")).wake(NOW + 9 * HOUR)
    assert run.step.completed
    assert [one for one in run.trail("left") if one in ("late", "soon", "then")] == ["soon", "then", "late"]


def test_a_wake_that_never_comes_to_rest_ends_in_an_incident() -> None:
    wait = '<intermediateCatchEvent id="w"><timerEventDefinition><timeDuration>PT0S</timeDuration></timerEventDefinition></intermediateCatchEvent>'
    body = START + '<exclusiveGateway id="m"/><exclusiveGateway id="g" default="g_m"/>' + wait + END
    run = Run(process(body, "s > m > w > g\n g >[=no] e\n g > m"), {"no": False}).wake(NOW + HOUR)
    assert run.step.incidents and "超过 10000 步" in run.step.incidents[0].message_zh


def test_several_links_lead_to_one_place() -> None:
    ends = "".join(f'<intermediateThrowEvent id="to{n}">{DEFINITIONS["link"]}</intermediateThrowEvent>' for n in (1, 2))
    body = (
        START
        + '<exclusiveGateway id="g" default="g_to2"/>'
        + ends
        + f'<intermediateCatchEvent id="from">{DEFINITIONS["link"]}</intermediateCatchEvent>'
        + user("a")
        + END
    )
    source = process(body, "s > g\n g >[=x] to1\n g > to2\n from > a > e")
    assert all(Run(source, {"x": x}).open() == ["a"] for x in (True, False))


def test_two_inclusive_joins_on_one_cycle_end_or_say_where_they_rest() -> None:
    joins = '<inclusiveGateway id="j1"/><inclusiveGateway id="j2" default="j2_e"/><parallelGateway id="g"/>'
    run = Run(
        process(
            START + joins + user("a") + user("b") + END, "s > g > a > j1 > j2\n g > b > j2\n j2 >[=no] j1\n j2 > e"
        ),
        {"no": False},
    )
    run.complete("a").complete("b")
    assert run.step.completed or run.step.incidents


def test_an_inclusive_join_of_an_earlier_round_never_counts_again() -> None:
    gates = (
        '<inclusiveGateway id="f" default="f_a"/><inclusiveGateway id="j"/><exclusiveGateway id="m"/>'
        '<exclusiveGateway id="x" default="x_e"/>'
    )
    lines = "s > m > f\n f >[=both] b > j\n f >[=both] c > j\n f > a > j\n j > x\n x >[=again] m\n x > e"
    source = process(START + gates + user("a") + user("b") + user("c") + END, lines)
    run = Run(source, {"both": True, "again": True})
    assert run.complete("b").open() == ["c"]
    assert run.complete("c", both=False).open() == ["a"]
    assert run.complete("a", both=True).open() == ["b", "c"]
    assert run.complete("c").open() == ["b"]
    assert run.complete("b", again=False).step.completed
