"""What cannot go on stops at its element with a sentence, loses nothing, and goes on after the cure."""

import pytest
from models import END, NOW, START, Run, ext, io, job, many, process, sub, user

import workflows
from workflows import NotOpen

GATE = START + user("t") + '<exclusiveGateway id="g" name="是否通过"/>' + user("a") + user("b") + END
ROUTES = "s > t > g\n g >[=outcome = &quot;admit&quot;] a > e\n g >[=outcome = &quot;correct&quot;] b > e".replace(
    "&quot;", '"'
)


def test_no_condition_holds_and_there_is_no_default():
    run = Run(process(GATE, ROUTES)).complete("t", outcome="other")
    incident = run.step.incidents[0]
    assert (incident.element, incident.name) == ("g", "是否通过")
    assert incident.message_zh == "“是否通过”(g):没有一个条件成立,也没有默认流向"
    assert run.variables()["outcome"] == "other"  # what the officer said is not lost
    assert not run.step.completed and not run.open()


def test_a_missing_variable_in_a_condition_names_expression_and_variable():
    run = Run(process(GATE, ROUTES)).complete("t")
    assert '“=outcome = "admit"”用到的变量“outcome”不存在' in run.step.incidents[0].message_zh


def test_a_condition_that_is_neither_true_nor_false_is_an_incident():
    body = START + '<exclusiveGateway id="g" default="g_b"/>' + user("a") + user("b") + END
    run = Run(process(body, "s > g\n g >[=n + 1] a > e\n g > b > e"), {"n": 1})
    assert "不是真或假" in run.step.incidents[0].message_zh


def test_a_fault_in_an_implicit_fork_is_shown_at_its_task():
    body = START + user("t") + user("a") + END
    run = Run(process(body, "s > t\n t >[=ok] a > e")).complete("t")
    assert run.step.incidents[0].element == "t" and "t任务" in run.step.incidents[0].message_zh


def test_other_branches_go_on_beside_an_incident():
    body = START + '<parallelGateway id="p1"/><exclusiveGateway id="g"/>' + user("a") + user("b") + END
    run = Run(process(body, "s > p1\n p1 > g\n g >[=nope] a > e\n p1 > b > e"))
    assert run.open() == ["b"] and [i.element for i in run.step.incidents] == ["g"]


DECIDE = START + '<exclusiveGateway id="g" default="g_b"/>' + user("a") + user("b")


@pytest.mark.parametrize("named", ["汇合", ""])
def test_a_join_that_nothing_can_reach_any_more_is_an_incident_not_a_silent_wait(named: str):
    body = DECIDE + f'<parallelGateway id="j" name="{named}"/>' + END
    run = Run(process(body, "s > g\n g >[=x] a > j > e\n g > b > j"), {"x": True})
    assert run.open() == ["a"] and not run.step.incidents
    run.complete("a")
    (incident,) = run.step.incidents
    assert incident.element == "j" and not run.step.completed and not run.open()
    assert "还在等另外 1 路" in incident.message_zh and "终止" in incident.message_zh
    assert workflows.open_step(run.dep, run.step.state, NOW).incidents == run.step.incidents
    with pytest.raises(NotOpen):
        run.retry("j")
    assert workflows.cancel(run.dep, run.step.state, NOW).cancelled


def test_a_join_that_can_still_fire_is_no_incident_while_anything_is_open():
    body = START + '<parallelGateway id="p1"/><parallelGateway id="j"/>' + user("a") + user("b") + END
    run = Run(process(body, "s > p1 > a > j > e\n p1 > b > j")).complete("a")
    assert not run.step.incidents
    assert run.complete("b").step.completed


def test_a_branch_that_ended_otherwise_leaves_the_join_as_an_incident_also_in_a_subprocess():
    late = '<boundaryEvent id="late" attachedToRef="b"><errorEventDefinition/></boundaryEvent>'
    gates = '<parallelGateway id="p1"/><parallelGateway id="j"/>'
    ends = '<startEvent id="s2"/><endEvent id="e2"/><endEvent id="e3"/>'
    lines = "s2 > p1 > a > j > e2\n p1 > b > e3\n late > x > j"
    body = START + sub("box", ends + gates + user("a") + user("b") + user("x") + late, lines) + END
    run = Run(process(body, "s > box > e")).complete("a")
    assert not run.step.incidents
    assert [i.element for i in run.complete("b").step.incidents] == ["j"]


def test_a_signal_nobody_can_throw_any_more_is_an_incident():
    wait = (
        '<intermediateCatchEvent id="w" name="等信号"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>'
    )
    run = Run(process(START + wait + END, "s > w > e", extra='<signal id="sig" name="信号"/>'))
    assert [(i.element, "不会再发生" in i.message_zh) for i in run.step.incidents] == [("w", True)]


def test_an_incident_survives_saving_and_goes_on_after_the_cure():
    body = START + job("bad", inner=io(in_x="=sum(list)")) + user("u") + END
    body = body.replace("=sum(list)", "=1 +")  # refused at deployment: so fail at run time instead
    with pytest.raises(workflows.Refused):
        Run(process(body, "s > bad > u > e"))
    loop = user("t", "", many(inputCollection="=items", inputElement="i"))
    run = Run(process(START + '<parallelGateway id="p1"/>' + loop + user("fix") + END, "s > p1 > t > e\n p1 > fix > e"))
    assert "不是列表" in run.step.incidents[0].message_zh
    run.step = workflows.open_step(run.dep, run.step.state, NOW)
    assert run.retry("t").step.incidents  # not yet cured
    run.complete("fix", items=[1, 2])
    assert run.retry("t").open() == ["t", "t"] and not run.step.incidents


def test_a_faulty_output_mapping_keeps_the_task_but_not_open_for_a_second_answer():
    loop = user("t", "", many(inputCollection="=[1]", outputCollection="out", outputElement="=x", condition="=done"))
    run = Run(process(START + '<parallelGateway id="p1"/>' + loop + user("fix") + END, "s > p1 > t > e\n p1 > fix > e"))
    number = run.id("t")
    run.complete("t", x=1)
    # one instance of one: the condition is not even asked
    assert not run.step.incidents
    with pytest.raises(NotOpen):
        workflows.complete(run.dep, run.step.state, number, {}, NOW)


def test_a_faulty_completion_condition_stops_its_instance_and_retry_finishes_it():
    loop = user("t", "", many(inputCollection="=[1, 2]", condition="=done"))
    run = Run(process(START + '<parallelGateway id="p1"/>' + loop + user("fix") + END, "s > p1 > t > e\n p1 > fix > e"))
    run.complete("t")
    assert run.open() == ["fix", "t"] and run.step.incidents[0].element == "t"
    with pytest.raises(NotOpen):
        workflows.complete(run.dep, run.step.state, run.step.incidents[0].task_id, {}, NOW)
    run.complete("fix", done=True).retry("t")
    assert run.step.completed


def test_a_loop_that_never_waits_ends_in_an_incident_not_in_a_hang():
    body = START + '<exclusiveGateway id="m"/><task id="x"/><exclusiveGateway id="g" default="g_e"/>' + END
    run = Run(process(body, "s > m > x > g\n g >[=true] m\n g > e"))
    assert "超过 10000 步" in run.step.incidents[0].message_zh
    assert not run.step.completed and len(run.step.state) < 400
    task = run.step.incidents[0].task_id
    assert workflows.retry(run.dep, run.step.state, task, NOW).incidents


def test_a_huge_multi_instance_is_an_incident():
    run = Run(
        process(START + user("t", "", many(inputCollection="=items")) + END, "s > t > e"), {"items": list(range(2000))}
    )
    assert "最多 1000 项" in run.step.incidents[0].message_zh


def test_a_message_without_a_key_is_an_incident_not_an_open_ear_for_all():
    body = (
        START + '<intermediateCatchEvent id="c"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>' + END
    )
    extra = f'<message id="m" name="x">{ext("<zeebe:subscription correlationKey=chr/>")}</message>'.replace(
        "chr", '"=key"'
    )
    run = Run(process(body, "s > c > e", extra=extra))
    assert not run.step.subscriptions and "关联键没有值" in run.step.incidents[0].message_zh


def test_a_timer_without_a_time_is_an_incident():
    body = (
        START + '<intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>=wait</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>" + END
    )
    run = Run(process(body, "s > c > e"), {"wait": "bald"})
    assert "“bald”不是时间" in run.step.incidents[0].message_zh


def test_retrying_what_has_no_incident_is_refused():
    run = Run(process(START + user("t") + END, "s > t > e"))
    with pytest.raises(NotOpen):
        workflows.retry(run.dep, run.step.state, run.id("t"), NOW)
    with pytest.raises(NotOpen):
        workflows.complete(run.dep, run.step.state, 99, {}, NOW)
