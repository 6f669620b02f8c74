"""Gateways, joins (in loops too), implicit forks, links and the trail."""

from models import END, START, Run, flows, job, process, sub, user

import workflows

FORKS = '<parallelGateway id="split"/><parallelGateway id="join"/>'


def test_a_task_waits_and_the_end_completes():
    run = Run(process(START + user("t") + END, "s > t > e"), {"a": 1})
    assert run.open() == ["t"] and not run.step.completed
    assert run.complete("t", b=2).step.completed
    assert run.variables() == {"a": 1, "b": 2}


def test_the_first_true_condition_in_document_order_wins():
    body = START + '<exclusiveGateway id="g" default="g_c"/>' + user("a") + user("b") + user("c") + END
    source = process(body, "s > g\n g >[=n > 1] a > e\n g >[=n > 0] b > e\n g > c > e")
    assert Run(source, {"n": 2}).open() == ["a"]
    assert Run(source, {"n": 1}).open() == ["b"]
    assert Run(source, {"n": 0}).open() == ["c"]


def test_an_inclusive_gateway_takes_every_true_flow_and_its_join_waits_for_just_those():
    body = (
        START
        + '<inclusiveGateway id="g" default="g_c"/><inclusiveGateway id="j"/>'
        + user("a")
        + user("b")
        + user("c")
        + user("after")
        + END
    )
    source = process(body, "s > g\n g >[=x] a > j\n g >[=y] b > j\n g > c > j\n j > after > e")
    run = Run(source, {"x": True, "y": True})
    assert run.open() == ["a", "b"]
    assert run.complete("a").open() == ["b"]
    assert run.complete("b").open() == ["after"]
    assert Run(source, {"x": False, "y": False}).open() == ["c"]
    assert Run(source, {"x": True, "y": False}).complete("a").open() == ["after"]


def test_an_inclusive_join_waits_for_a_token_that_a_boundary_event_may_still_send():
    body = (
        START
        + '<parallelGateway id="g"/><inclusiveGateway id="j"/>'
        + user("a")
        + user("b")
        + user("after")
        + END
        + '<endEvent id="e2"/><boundaryEvent id="late" attachedToRef="b"><timerEventDefinition>'
        "<timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>"
    )
    run = Run(process(body, "s > g\n g > a > j\n g > b > e2\n late > j > after > e"))
    assert run.complete("a").open() == ["b"]
    assert run.complete("b").open() == ["after"]


def test_a_parallel_join_in_a_loop_tells_one_round_from_the_next():
    body = (
        START
        + FORKS
        + '<exclusiveGateway id="m"/><exclusiveGateway id="x" default="x_e"/>'
        + user("a")
        + user("b")
        + END
    )
    source = process(body, "s > m > split\n split > a > join\n split > b > join\n join > x\n x >[=again] m\n x > e")
    run = Run(source, {"again": True})
    for _ in range(30):
        assert run.complete("a").open() == ["b"]
        assert run.complete("b").open() == ["a", "b"]
    size = len(run.step.state)
    assert size < 300
    run.complete("b").complete("a", again=False)
    assert run.step.completed


def test_two_tokens_on_one_flow_do_not_fire_a_parallel_join():
    body = (
        START
        + '<exclusiveGateway id="m"/><parallelGateway id="g"/><task id="t1"/><task id="t2"/>'
        + FORKS
        + user("a")
        + user("b")
        + user("c")
        + END
    )
    run = Run(
        process(
            body, "s > split\n split > g\n g > t1 > m\n g > t2 > m\n m > a > join\n split > b > join\n join > c > e"
        )
    )
    assert run.open() == ["a", "a", "b"]
    run.complete("a").complete("a")
    assert run.open() == ["b"]
    assert run.complete("b").open() == ["c"]  # the surplus token waits on
    assert not run.complete("c").step.completed


def test_several_flows_leaving_a_task_all_go_and_conditional_ones_as_they_hold():
    every = Run(process(START + user("t") + user("a") + user("b") + END, "s > t > a > e\n t > b > e"))
    assert every.complete("t").open() == ["a", "b"]
    body = START + '<userTask id="t" default="t_c"/>' + user("a") + user("b") + user("c") + END
    some = process(body, "s > t\n t >[=x > 0] a > e\n t >[=x > 1] b > e\n t > c > e")
    assert Run(some).complete("t", x=1).open() == ["a"]
    assert Run(some).complete("t", x=2).open() == ["a", "b"]
    assert Run(some).complete("t", x=0).open() == ["c"]


def test_the_trail_names_elements_and_flows_of_the_diagram_only():
    body = START + '<userTask id="t" default="t_b"/>' + user("a") + user("b") + END
    run = Run(process(body, "s > t\n t >[=x] a > e\n t > b > e"))
    run.complete("t", x=True)
    task = run.id("a")
    assert [(one.element, one.kind) for one in run.step.trail] == [("t", "left"), ("t_a", "flow"), ("a", "entered")]
    assert run.step.trail[-1].task_id == task


def test_a_link_is_a_flow():
    body = (
        START
        + user("a")
        + END
        + '<intermediateThrowEvent id="to"><linkEventDefinition name="L"/></intermediateThrowEvent>'
        '<intermediateCatchEvent id="from"><linkEventDefinition name="L"/></intermediateCatchEvent>'
    )
    assert Run(process(body, "s > to\n from > a > e")).open() == ["a"]


def test_elements_called_start_and_end_are_not_swallowed():
    body = '<startEvent id="Start"/>' + user("p.EndJoin") + '<endEvent id="End"/>'
    assert Run(process(body, "Start > p.EndJoin > End")).complete("p.EndJoin").step.completed


def test_a_chain_of_a_thousand_elements_can_be_deployed_and_run():
    names = [f"t{i}" for i in range(1000)]
    body = START + "".join(f'<task id="{name}"/>' for name in names) + END
    run = Run(process(body, " > ".join(["s", *names, "e"])))
    assert run.step.completed and len(run.step.trail) == 2 * 1002 + 1001


def test_moving_a_shape_does_not_change_which_condition_wins():
    di = (
        '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
        'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><bpmndi:BPMNPlane>'
        '<bpmndi:BPMNShape bpmnElement="a"><dc:Bounds x="0" y="900" width="1" height="1"/></bpmndi:BPMNShape>'
        '<bpmndi:BPMNShape bpmnElement="b"><dc:Bounds x="0" y="1" width="1" height="1"/></bpmndi:BPMNShape>'
        "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
    )
    body = START + '<exclusiveGateway id="g" default="g_e"/>' + user("a") + user("b") + END
    source = process(body, "s > g\n g >[=true] a > e\n g >[=true] b > e\n g > e")
    assert Run(source.replace(b"</definitions>", di.encode() + b"</definitions>")).open() == ["a"]


def test_a_terminate_end_ends_its_own_scope_only():
    inner = (
        '<startEvent id="is"/><parallelGateway id="ig"/>'
        + user("i1")
        + user("i2")
        + '<endEvent id="it"><terminateEventDefinition/></endEvent><endEvent id="ie"/>'
    )
    body = START + sub("box", inner, "is > ig\n ig > i1 > it\n ig > i2 > ie") + user("after") + END
    run = Run(process(body, "s > box > after > e"))
    assert run.open() == ["i1", "i2"]
    run.complete("i1")
    assert run.open() == ["after"]
    assert run.trail("cancelled") == ["i2"]
    assert len(run.step.state) < 200


def test_cancel_releases_everything_and_names_it():
    inner = '<startEvent id="is"/>' + user("i1") + '<endEvent id="ie"/>'
    timer = (
        '<boundaryEvent id="b" attachedToRef="box"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        "</timerEventDefinition></boundaryEvent>"
    )
    body = START + FORKS + sub("box", inner, "is > i1 > ie") + timer + job("j") + END + '<endEvent id="e2"/>'
    run = Run(process(body, "s > split\n split > box > join\n split > j > join\n join > e\n b > e2"))
    step = workflows.cancel(run.dep, run.step.state, run.now)
    assert step.cancelled and not step.completed
    assert not (step.user_tasks or step.jobs or step.timers or step.subscriptions)
    assert sorted(one.element for one in step.trail) == ["box", "i1", "j"]
    assert workflows.open_step(run.dep, step.state, run.now).cancelled


def test_flows_of_the_builder_are_what_they_say():
    assert flows("a >[=x > 1] b").count("conditionExpression") == 2
