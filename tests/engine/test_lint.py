"""Each finding of the linter with a small model that deserves it, and a model that deserves none."""

import time

import pytest
from sketches import Sketch

from workflows import feel
from workflows.lint import Finding, HandlerInfo, Known, errors, lint

KNOWN = Known(
    handlers={
        "record": HandlerInfo(frozenset({"transition"}), acts=True, returns=frozenset()),
        "registry.run_checks": HandlerInfo(returns=frozenset({"hold"})),
    },
    forms={"form": frozenset({"outcome", "opinion"})},
    decisions=frozenset({"permit_phase_conditions"}),
    units=frozenset({"审批科", "质量安全科", "综合窗口"}),
    transitions=frozenset({"received", "admitted", "completed"}),
    messages=frozenset({"deadline.passed"}),
    throws=frozenset({"acceptance.filed"}),
    processes=frozenset({"other"}),
    start_variables={"sketch": frozenset({"case_id"})},
)


def found(sketch: Sketch, known: Known = KNOWN) -> list[Finding]:
    return lint({"sketch.bpmn": sketch.xml()}, "sketch.bpmn", known)


def one(sketch: Sketch, code: str, known: Known = KNOWN) -> Finding:
    """The only finding of that code."""
    matching = [f for f in found(sketch, known) if f.code == code]
    assert len(matching) == 1, found(sketch, known)
    return matching[0]


def good() -> Sketch:
    return (
        Sketch()
        .start()
        .job("a", transition="received")
        .person("t", "审查材料", out={"answer": "=outcome"})
        .gate("g", "齐全？", default="refused")
        .job("yes", transition="admitted")
        .end("end")
        .end("refused")
        .path("start", "a", "t", "g")
        .flow("g", "yes", '=answer = "admit"', "齐全")
        .flow("g", "refused", name="不收")
        .path("yes", "end")
    )


def test_a_sound_model_has_no_finding() -> None:
    assert found(good()) == []


def test_a_model_is_found_by_the_id_of_its_process() -> None:
    assert lint({"any.bpmn": good().xml()}, "sketch", KNOWN) == []
    assert lint({"any.bpmn": good().xml()}, "absent", KNOWN)[0].code == "unreadable"


def test_a_gateway_without_default_is_named_in_a_sentence() -> None:
    sketch = good()
    sketch.nodes = [(i, s, x.replace(' default="g_refused"', ""), k) for i, s, x, k in sketch.nodes]
    finding = one(sketch, "no-default")
    assert finding.element == "g"
    assert finding.message == "网关“齐全？”没有默认出口，办件会停在这里"
    assert finding.cure == "从出口里选一条设为默认"


def test_an_exit_without_condition_is_refused() -> None:
    sketch = good().end("third").flow("g", "third", name="再看")
    finding = one(sketch, "refused")
    assert (finding.element, finding.name) == ("g_third", "再看")
    assert finding.message == "连线“再看”从网关“齐全？”出发，却没有条件，也不是默认流向"


def test_a_line_without_name_is_called_by_its_ends() -> None:
    finding = one(good().end("third", name="另办").flow("g", "third"), "refused")
    assert finding.name == "“齐全？”到“另办”"
    assert finding.message.startswith("从“齐全？”到“另办”的连线从网关“齐全？”出发")


def test_a_dead_end_is_found() -> None:
    sketch = good().job("b", "白做", transition="completed").flow("g", "b", "=answer = 1", "白")
    finding = one(sketch, "dead-end")
    assert (finding.element, finding.name) == ("b", "白做")


def test_an_unreachable_loop_is_found_though_each_node_is_entered() -> None:
    sketch = good().job("x", transition="completed").job("y", transition="completed").path("x", "y", "x")
    assert {f.element for f in found(sketch) if f.code == "unreachable"} == {"x", "y"}


def test_a_loop_without_way_out_is_found() -> None:
    sketch = (
        Sketch()
        .start()
        .person("x")
        .person("y")
        .end("end")
        .person("z")
        .path("start", "x", "y", "x")
        .path("z", "end")
        .flow("start", "z")
    )
    assert {f.element for f in found(sketch) if f.code == "no-way-out"} == {"x", "y"}


def test_an_unknown_handler_is_named_with_the_nearest_known_one() -> None:
    finding = one(
        good().job("b", "登记", type="recrod", transition="completed").path("t", "b", "end"), "unknown-handler"
    )
    assert finding.element == "b"
    assert "是不是“record”" in finding.message
    assert finding.cure == "换成已有的处理程序：record"


def test_a_missing_header_is_named() -> None:
    finding = one(good().job("b", "记录").path("t", "b", "end"), "missing-header")
    assert (finding.element, "“transition”" in finding.message) == ("b", True)


@pytest.mark.parametrize(
    ("retries", "code"),
    [("0", "retries"), ("21", "retries"), ("drei", "refused"), ("-1", "refused"), ("=3", "refused"), ("²", "refused")],
)
def test_a_number_of_tries_that_makes_no_sense_is_found(retries: str, code: str) -> None:
    sketch = good().job("b", transition="completed", retries=retries).path("t", "b", "end")
    (finding,) = [f for f in found(sketch) if f.element == "b" and f.code in ("retries", "refused")]
    assert (finding.code, finding.severity, "重试次数" in finding.message) == (code, "error", True)


def test_a_sensible_number_of_tries_is_none() -> None:
    sketch = good().job("b", transition="completed", retries="5").path("t", "b", "end")
    assert {f.code for f in found(sketch)} & {"retries", "refused"} == set()


def test_an_unknown_transition_is_found() -> None:
    assert one(good().job("b", transition="admited").path("t", "b", "end"), "unknown-transition").element == "b"


def test_a_transition_on_a_handler_that_records_nothing_is_found() -> None:
    sketch = good().job("b", type="registry.run_checks", transition="admitted").path("t", "b", "end")
    assert one(sketch, "idle-transition").element == "b"


def test_an_unknown_form_is_found_and_a_task_without_form() -> None:
    sketch = good().person("u", form="absent").person("v", form="").path("start", "u", "v", "end")
    assert one(sketch, "unknown-form").element == "u"
    assert one(sketch, "no-form").element == "v"


def test_a_lane_that_is_no_unit_is_found() -> None:
    finding = one(good().person("u", lane="园林科").path("t", "u", "end"), "unknown-unit")
    assert (finding.element, finding.name) == ("lane_1", "园林科")
    assert "没有“园林科”这个科室" in finding.message


def test_a_task_outside_every_lane_is_found() -> None:
    assert one(good().person("u", lane="").path("t", "u", "end"), "no-lane").element == "u"


def test_candidate_groups_must_not_contradict_the_lane() -> None:
    assert one(good().person("u", groups="质量安全科").path("t", "u", "end"), "groups-differ").element == "u"
    assert "groups-differ" not in {f.code for f in found(good().person("u", groups="审批科").path("t", "u", "end"))}


def test_a_nameless_task_and_a_nameless_gateway_are_found() -> None:
    sketch = (
        good()
        .person("u", "")
        .gate("h", "", default="end")
        .path("t", "u", "h", "end")
        .flow("h", "refused", "=answer = 2")
    )
    assert {(f.element, f.severity) for f in found(sketch) if f.code == "no-name"} == {("u", "error"), ("h", "warning")}


def test_an_unknown_decision_is_found() -> None:
    ext = '<zeebe:calledDecision decisionId="permit_phase_condition" resultVariable="conditions"/>'
    finding = one(good().add("businessRuleTask", "b", "判断", ext=ext).path("t", "b", "end"), "unknown-decision")
    assert "是不是“permit_phase_conditions”" in finding.message


def test_an_unknown_called_process_is_found() -> None:
    sketch = (
        good().add("callActivity", "b", "调用", ext='<zeebe:calledElement processId="othr"/>').path("t", "b", "end")
    )
    assert one(sketch, "unknown-called").element == "b"


def test_waiting_for_a_message_nobody_sends_is_found() -> None:
    sketch = good().catch("w", "nobody.sends").catch("v", "deadline.passed").path("t", "w", "v", "end")
    assert one(sketch, "unknown-message").element == "w"


def test_a_boundary_event_for_a_message_nobody_sends_is_found() -> None:
    sketch = good().boundary("w", "t", "nobody.sends").path("w", "end")
    assert one(sketch, "unknown-message").element == "w"


def test_a_message_without_key_is_found() -> None:
    assert one(good().catch("w", "deadline.passed", key="").path("t", "w", "end"), "no-key").element == "w"


def test_throwing_a_message_nobody_carries_is_found() -> None:
    sketch = good().throw("w", "acceptance.field").throw("v", "acceptance.filed").path("t", "w", "v", "end")
    finding = one(sketch, "unknown-message")
    assert (finding.element, "是不是“acceptance.filed”" in finding.message) == ("w", True)


@pytest.mark.parametrize(("thrown", "codes"), [(False, {"unknown-signal"}), (True, set())])
def test_a_signal_that_nobody_throws_is_found(thrown: bool, codes: set[str]) -> None:
    body = '<bpmn:signalEventDefinition signalRef="sig"/>'
    sketch = good().add("intermediateCatchEvent", "w", "等", body=body).path("t", "w", "end")
    if thrown:
        sketch.add("endEvent", "s", "抛出", body=body).path("t", "s")
    xml = sketch.xml().replace(
        b"<bpmndi:BPMNDiagram", '<bpmn:signal id="sig" name="放行"/><bpmndi:BPMNDiagram'.encode()
    )
    findings = lint({"sketch.bpmn": xml}, "sketch.bpmn", KNOWN)
    assert {f.code for f in findings if f.element == "w"} == codes


@pytest.mark.parametrize(("life", "codes"), [("P30D", set()), ("30 Tage", {"time-to-live"}), ("=x", {"time-to-live"})])
def test_the_life_of_a_thrown_message_is_a_duration(life: str, codes: set[str]) -> None:
    sketch = good().throw("w", "acceptance.filed").path("t", "w", "end")
    head = f'<zeebe:taskHeaders><zeebe:header key="timeToLive" value="{life}"/></zeebe:taskHeaders>'
    ext = f"<bpmn:extensionElements>{head}</bpmn:extensionElements>"
    sketch.nodes = [
        (i, s, x.replace("<bpmn:messageEventDefinition", f"{ext}<bpmn:messageEventDefinition"), k)
        for i, s, x, k in sketch.nodes
    ]
    assert {f.code for f in found(sketch) if f.element == "w"} == codes


def test_a_catch_without_message_is_refused_by_the_engine() -> None:
    sketch = (
        good().add("intermediateCatchEvent", "w", "等", body="<bpmn:messageEventDefinition/>").path("t", "w", "end")
    )
    assert one(sketch, "refused").element == "w"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("=b = = 1", "“= 1”处比较符号写重了"),
        ("=b == 1", "“= 1”处比较符号写重了"),
        ("=b < > 1", "“> 1”处比较符号写重了"),
        ("=b <> 1", "“> 1”处比较符号写重了"),
        ("==answer", "“=answer”处比较符号写重了"),
        ("=a b", "把“a b”当成一个变量名"),
        ("=answer is null", "从“null”起无法理解"),
        ("=answer mod 2 = 1", "把“answer mod 2”当成一个变量名"),
        ("=answer.first name = 1", "把“first name”当成一个变量名"),
        ("=empty(answer)", "函数“empty”不存在"),
        ("=answer && b", "“&&”"),
        ('=answer = "x" "y"', "语法有误"),
        ("=!answer", "语法有误"),
        ("=answer ? 1 : 2", "语法有误"),
        ("=(answer", "没有写完"),
        ("=answer = 1;", "语法有误"),
        ("=answer = 'x'", "语法有误"),
    ],
)
def test_what_is_no_feel_is_found_on_its_flow_and_said_once(condition: str, said: str) -> None:
    sketch = good().end("third").flow("g", "third", condition, "再看")
    (finding,) = [f for f in found(sketch) if f.element == "g_third" and f.code in ("feel", "refused")]
    assert said in finding.message, finding.message
    assert "“再看”" in finding.message
    assert finding.cure


@pytest.mark.parametrize(
    "text",
    [
        '=day of week(date("2026-01-01")) = "Friday" and string length(answer) > 1',
        "=for x in answer return x.kind",
        "=some x in answer satisfies x > 5",
        "=answer in (< 5, [7..9]) or answer between 1 and 2",
        '=date and time("2026-01-01T00:00:00") > now()',
        "={f: function(x) x + 1, y: f(2)}.y",
        '=if 建筑面积 > 5000 then "大" else "小"',
        "=answer instance of number",
        "=answer[1] != -3 // first",
        '={"long name": 1}.甲',
        "=not(answer) and list contains([1, 2], answer)",
    ],
)
def test_what_is_feel_is_left_alone(text: str) -> None:
    assert feel.doubt(text, {}) is None


def test_a_decision_may_name_its_inputs_with_blanks_but_not_double_a_comparison() -> None:
    assert feel.doubt('项目 类型 = "x"') is None
    assert feel.doubt("> 5, [1..3]", unary=True) is None
    assert "写重了" in (feel.doubt("> = 5", unary=True) or "")


def test_feel_that_does_not_parse_is_found_on_its_flow() -> None:
    finding = one(good().end("third").flow("g", "third", '=answer = "a" and and', "再看"), "refused")
    assert finding.element == "g_third"
    assert "and and" in finding.message
    assert not finding.message.endswith("。")


def test_a_condition_on_a_variable_nobody_writes_is_an_error_with_the_nearest_name() -> None:
    finding = one(good().end("third").flow("g", "third", '=anwser = "b"', "再看"), "unwritten")
    assert (finding.severity, finding.element) == ("error", "g_third")
    assert "是不是“answer”" in finding.message


def test_variables_of_the_start_and_results_of_handlers_count_as_written() -> None:
    sketch = good().job("r", type="registry.run_checks").end("third").end("more").path("a", "r", "t")
    sketch.flow("g", "third", "=case_id = 1", "甲").flow("g", "more", "=hold", "乙")
    assert "unwritten" not in {f.code for f in found(sketch)}


def test_an_output_may_read_only_what_form_or_process_gives() -> None:
    sketch = good().person("u", out={"x": "=outcom"}).path("t", "u", "end")
    finding = one(sketch, "unwritten")
    assert (finding.element, "是不是“outcome”" in finding.message) == ("u", True)


def test_a_variable_written_on_one_way_only_is_a_warning() -> None:
    sketch = (
        good()
        .end("third")
        .person("u", out={"more": "=outcome"})
        .path("start", "u", "g")
        .flow("g", "third", '=more = "x"', "再看")
    )
    finding = next(f for f in found(sketch) if f.code == "written-late" and "“more”" in f.message)
    assert (finding.severity, finding.element) == ("warning", "g")


def test_parallel_tasks_that_write_the_same_variable_are_found() -> None:
    sketch = (
        Sketch()
        .start()
        .split("fork")
        .person("x", "甲查", out={"v": "=outcome"})
        .person("y", "乙查", lane="质量安全科", out={"v": "=outcome"})
        .split("join")
        .gate("g", default="end")
        .end("end")
        .end("other")
        .path("start", "fork", "x", "join", "g")
        .path("fork", "y", "join")
        .flow("g", "end", name="是")
        .flow("g", "other", '=v = "pass"', "否")
    )
    finding = one(sketch, "overwritten")
    assert finding.element == "y"
    assert finding.message == "任务“乙查”和并行的“甲查”都存到“v”，后交的会盖掉先交的"


def test_what_the_diagram_lacks_is_found() -> None:
    sketch = good()
    sketch.undrawn = {"t", "a_t"}
    assert one(sketch, "no-shape").element == "t"
    assert one(sketch, "no-edge").element == "a_t"


def test_a_model_without_any_drawing_gets_one_finding_for_it() -> None:
    xml = good().xml()
    bare = xml[: xml.index(b"<bpmndi:BPMNDiagram")] + b"</bpmn:definitions>"
    assert [f.code for f in lint({"m.bpmn": bare}, "m.bpmn", KNOWN)] == ["no-diagram"]


def test_colours_in_the_file_are_a_warning() -> None:
    sketch = good()
    sketch.extra_attribute["t"] = ' xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0" bioc:stroke="#f00"'
    assert (one(sketch, "coloured").element, one(sketch, "coloured").severity) == ("t", "warning")


def test_duplicate_ids_are_found_once() -> None:
    sketch = good().person("t", "又一个")
    assert one(sketch, "duplicate-id").element == "t"


def test_two_inclusive_joins_on_one_cycle_are_found() -> None:
    sketch = (
        Sketch()
        .start()
        .gate("j1", "甲", kind="inclusive", default="j2")
        .gate("j2", "乙", kind="inclusive", default="j1")
        .person("x", out={"a": "=outcome"})
        .person("y", out={"b": "=outcome"})
        .end("end")
        .path("start", "j1", "j2", "j1")
        .path("x", "j1")
        .path("y", "j2")
        .flow("j1", "x", '=a = "1"')
        .flow("j2", "y", '=b = "1"')
        .flow("j2", "end", '=b = "2"')
    )
    assert one(sketch, "joins-on-cycle").element in ("j1", "j2")


def test_constructs_the_engine_does_not_run_are_refused_with_element_and_cure() -> None:
    sketch = good().add("complexGateway", "c", "复杂").path("t", "c", "end")
    finding = next(f for f in found(sketch) if f.element == "c" and f.code == "refused")
    assert finding.severity == "error"
    assert finding.cure


def test_a_script_is_refused_and_never_run() -> None:
    sketch = (
        good().add("scriptTask", "s", "脚本", body="<bpmn:script>raise SystemExit</bpmn:script>").path("t", "s", "end")
    )
    assert "s" in {f.element for f in errors(found(sketch))}


def test_a_process_that_is_not_executable_is_found() -> None:
    assert "not-executable" in {f.code for f in lint({"m.bpmn": good().xml(executable=False)}, "m.bpmn", KNOWN)}


def test_all_faults_are_told_at_once() -> None:
    sketch = (
        good().person("u", lane="").job("b", type="nobody").person("v", form="absent").path("t", "u", "b", "v", "end")
    )
    assert {"no-lane", "unknown-handler", "unknown-form"} <= {f.code for f in found(sketch)}


def test_nothing_is_checked_against_what_is_not_known() -> None:
    sketch = (
        good()
        .job("b", type="anything", transition="whatever")
        .person("u", lane="任何科", form="any")
        .path("t", "b", "u", "end")
    )
    assert found(sketch, Known()) == []


HOSTILE = {
    "no xml": b"\x00\x01\x02",
    "empty": b"",
    "another language": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "bomb": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>',
    "bomb in UTF-16": '<!DOCTYPE x [<!ENTITY a "a">]><x>&a;</x>'.encode("utf-16"),
    "deep": b"<a>" * 100_000,
    "wide": b"<r>" + b"<a/>" * 1_000_000 + b"</r>",
    "huge": b"<!-- " + b"x" * 20_000_000 + b" -->",
    "unknown encoding": b'<?xml version="1.0" encoding="no-such"?><x/>',
    "attributes": b"<x " + b" ".join(b'a%d="1"' % n for n in range(200_000)) + b"/>",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_with_a_finding_within_a_second(data: bytes) -> None:
    """The second is of our own CPU time: it is what the file can make the server spend, while the wall's clock also
    measures who else uses the machine."""
    began = time.process_time()
    findings = lint({"m.bpmn": data}, "m.bpmn", KNOWN)
    assert time.process_time() - began < 1
    assert [f.severity for f in findings] == ["error"] * len(findings)
    assert findings
    assert all(f.message and f.cure for f in findings)


def test_a_model_too_large_to_be_read_by_people_is_refused_quickly() -> None:
    sketch = Sketch().start().end()
    for n in range(600):
        sketch.gate(f"g{n}", kind="inclusive")
    began = time.process_time()
    assert [f.code for f in found(sketch)] == ["too-large"]
    assert time.process_time() - began < 1
