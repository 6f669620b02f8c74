"""Where variables live: mappings, subprocesses, called processes, multi-instance."""

from decimal import Decimal

import workflows
from models import END, START, Run, ext, io, job, many, process, sub, user


def call(key: str, called: str, inner: str = "", attributes: str = "") -> str:
    return f'<callActivity id="{key}">{ext(f"<zeebe:calledElement processId={called!r} {attributes}/>" + inner)}</callActivity>'


def test_an_output_mapping_keeps_the_answer_of_the_form_to_the_task():
    run = Run(process(START + user("t", io(out_result="=outcome")) + END, "s > t > e"), {"outcome": "old"})
    run.complete("t", outcome="admit", secret=1)
    assert run.variables() == {"outcome": "old", "result": "admit"}


def test_an_input_mapping_is_seen_by_its_task_alone():
    run = Run(
        process(START + user("t", io(in_x="=a + 1", in_y="=x + 1", in_z="字面")) + user("u") + END, "s > t > u > e"),
        {"a": 1},
    )
    assert run.variables("t") == {"a": 1, "x": 2, "y": 3, "z": "字面"}
    assert run.complete("t").variables("u") == {"a": 1}


def test_a_mapping_may_set_a_part_of_a_context_and_leaves_the_rest():
    run = Run(
        process(
            START + user("t", '<zeebe:ioMapping><zeebe:output source="=n" target="case.n"/></zeebe:ioMapping>') + END,
            "s > t > e",
        ),
        {"case": {"id": 1}},
    )
    assert run.complete("t", n=2).variables() == {"case": {"id": 1, "n": 2}}


def test_parallel_branches_do_not_overwrite_each_other_with_what_they_inherited():
    body = START + '<parallelGateway id="g"/><parallelGateway id="j"/>' + user("a") + user("b") + user("z") + END
    run = Run(process(body, "s > g > a > j\n g > b > j\n j > z > e"), {"n": 0, "list": []})
    run.complete("b", n=2, list=[1, 2, 3]).complete("a", other=1)
    assert run.variables("z") == {"n": 2, "list": [1, 2, 3], "other": 1}


def test_a_variable_changes_where_it_is_defined():
    inner = '<startEvent id="is"/>' + user("i") + '<endEvent id="ie"/>'
    box = sub("box", ext(io(in_local="=1")) + inner, "is > i > ie")
    run = Run(process(START + box + user("after") + END, "s > box > after > e"), {"outer": 1})
    run.complete("i", local=5, outer=6, new=7)
    assert run.variables("after") == {"outer": 6, "new": 7}


CHILD = process('<startEvent id="cs"/>' + user("ct") + '<endEvent id="ce"/>', "cs > ct > ce", key="child")


def called(inner: str = "", attributes: str = "") -> dict[str, bytes]:
    return {
        "p.bpmn": process(START + call("c", "child", inner, attributes) + user("after") + END, "s > c > after > e"),
        "child.bpmn": CHILD,
    }


def test_a_called_process_gets_copies_and_gives_all_back_unless_told_otherwise():
    run = Run(called(), {"a": 1})
    assert run.variables("ct") == {"a": 1}
    assert run.complete("ct", a=2, b=3).variables("after") == {"a": 2, "b": 3}


def test_a_called_process_is_cut_off_when_the_mappings_say_so():
    run = Run(
        called(io(in_x="=a", out_y="=b"), 'propagateAllParentVariables="false" propagateAllChildVariables="false"'),
        {"a": 1},
    )
    assert run.variables("ct") == {"x": 1}
    assert run.complete("ct", a=9, b=3).variables("after") == {"a": 1, "y": 3}


def test_nothing_comes_back_from_a_call_that_propagates_nothing():
    run = Run(called("", 'propagateAllChildVariables="false"'), {"a": 1})
    assert run.complete("ct", a=9).variables("after") == {"a": 1}


def test_a_deployment_holds_the_closure_of_its_calls():
    run = Run(called())
    assert run.dep.needed_files == ("child.bpmn", "p.bpmn")
    assert {"c", "ct"} <= run.dep.elements.keys()


def test_a_parallel_multi_instance_collects_in_the_order_of_its_input():
    task = user(
        "t",
        "",
        many(inputCollection="=items", inputElement="item", outputCollection="results", outputElement="=result"),
    )
    run = Run(process(START + task + user("after") + END, "s > t > after > e"), {"items": ["x", "y", "z"]})
    assert [(t.variables["item"], t.variables["loopCounter"]) for t in run.step.user_tasks] == [
        ("x", 1),
        ("y", 2),
        ("z", 3),
    ]
    for task_ in reversed(run.step.user_tasks):
        run.step = workflows.complete(
            run.dep, run.step.state, task_.id, {"result": task_.variables["item"] * 2}, run.now
        )
    assert run.variables("after") == {"items": ["x", "y", "z"], "results": ["xx", "yy", "zz"]}


def test_a_sequential_multi_instance_goes_one_by_one_and_may_end_early():
    task = user(
        "t",
        io(out_ok="=ok"),
        many(sequential=True, condition="=ok = false", inputCollection="=items", inputElement="item"),
    )
    run = Run(process(START + task + user("after") + END, "s > t > after > e"), {"items": [1, 2, 3], "ok": True})
    assert len(run.step.user_tasks) == 1
    run.complete("t", ok=True)
    assert run.variables("t")["item"] == 2
    assert run.complete("t", ok=False).open() == ["after"]


def test_an_empty_multi_instance_passes_with_an_empty_result():
    task = user("t", "", many(inputCollection="=[]", outputCollection="r", outputElement="=x"))
    run = Run(process(START + task + user("after") + END, "s > t > after > e"))
    assert run.variables("after") == {"r": []}


def test_a_completion_condition_cancels_the_instances_left():
    task = user(
        "t", "", many(condition="=numberOfCompletedInstances = 2", inputCollection="=[1,2,3]", inputElement="i")
    )
    run = Run(process(START + task + user("after") + END, "s > t > after > e"))
    run.complete("t").complete("t")
    assert run.open() == ["after"] and run.trail("cancelled") == ["t"]


def test_a_boundary_event_guards_the_whole_multi_instance():
    body = (
        START
        + job("t", "work", "", many(inputCollection="=[1,2]", inputElement="i"))
        + '<boundaryEvent id="b" attachedToRef="t"><errorEventDefinition errorRef="err"/></boundaryEvent>'
        + user("held")
        + END
    )
    run = Run(process(body, "s > t > e\n b > held > e", extra='<error id="err" errorCode="X"/>'))
    assert run.open() == ["t", "t"]
    assert run.fail("t", "X").open() == ["held"]


def test_a_multi_instance_subprocess_in_a_loop_starts_afresh():
    inner = '<startEvent id="is"/>' + user("i") + '<endEvent id="ie"/>'
    box = sub(
        "box",
        inner + many(inputCollection="=list", inputElement="x", outputCollection="out", outputElement="=x"),
        "is > i > ie",
    )
    body = START + '<exclusiveGateway id="m"/><exclusiveGateway id="g" default="g_e"/>' + box + END
    run = Run(process(body, "s > m > box > g\n g >[=again] m\n g > e"), {"list": [1, 2], "again": True})
    run.complete("i").complete("i")
    assert run.open() == ["i", "i"]
    run.complete("i", again=False).complete("i")
    assert run.step.completed and run.variables()["out"] == [1, 2]


def test_a_decimal_that_only_passes_a_mapping_stays_exact():
    run = Run(
        process(START + user("t", io(in_copy="=area")) + END, "s > t > e"), {"area": Decimal("1234567890123456.78")}
    )
    assert run.variables("t")["copy"] == Decimal("1234567890123456.78")


def test_a_called_process_gives_back_what_it_wrote_not_what_it_inherited():
    body = (
        START
        + '<parallelGateway id="f"/><parallelGateway id="j"/>'
        + call("c", "child")
        + user("b")
        + user("after")
        + END
    )
    lines = "s > f > c > j\n f > b > j\n j > after > e"
    run = Run({"p.bpmn": process(body, lines), "child.bpmn": CHILD}, {"n": 1, "list": []})
    run.complete("b", n=2, list=[1]).complete("ct", mine=3)
    assert run.variables("after") == {"n": 2, "list": [1], "mine": 3}


def test_a_called_process_gives_back_an_input_it_did_not_change():
    run = Run(called(io(in_x="=a"), 'propagateAllParentVariables="false"'), {"a": 1})
    assert run.complete("ct").variables("after") == {"a": 1, "x": 1}
