"""Playing model tests: what passes, and the sentence of everything that does not."""

from pathlib import Path

import pytest
from models import END, START, job, many, message, process, sub, user

import workflows
from server import trying
from workflows import trials
from workflows.trials import TrialReport

GATE = '<exclusiveGateway id="g" name="通过？" default="g_e"/>'
CHOICE = process(START + user("a") + GATE + user("b") + END, "s > a > g >[=outcome = &quot;fail&quot;] b > e\ng > e".replace("&quot;", '"'))
RECORDS = job("act", inner='<zeebe:taskHeaders><zeebe:header key="transition" value="received"/></zeebe:taskHeaders>')


def played(model: bytes, *lines: str, **files: bytes) -> TrialReport:
    """The cases given as YAML, each without its name."""
    text = "cases:\n" + "".join(f"  - {{name: {place}, {line}}}\n" for place, line in zip("甲乙丙丁", lines, strict=False))
    return trials.run(workflows.deploy({"p.bpmn": model, **files}, "p"), text.encode())


def sentence(report: TrialReport) -> str:
    return next(one.sentence for one in report.results if not one.passed)


def test_flows_nobody_walks_are_warnings_that_name_both_ends() -> None:
    report = played(CHOICE, "steps: [a: pass], expect: {ends: [e]}")
    assert [one.passed for one in report.results] == [True]
    assert report.unwalked == ("g_b", "b_e")
    assert report.unvisited == ("b",)
    assert report.walked_by["g_e"] == ("甲",)
    assert [(one.severity, one.code, one.element) for one in report.findings] == [
        ("warning", "never-walked", "g_b"),
        ("warning", "never-walked", "b_e"),
    ]
    assert "从“通过？”(g)到“b任务”(b)" in report.findings[0].message
    assert not report.passed


def test_all_cases_together_walk_everything() -> None:
    report = played(CHOICE, "steps: [a: pass], expect: {ends: [e]}", "steps: [a: fail, b: done], expect: {ends: [e]}")
    assert report.passed
    assert report.findings == ()
    assert report.walked_by["s_a"] == ("甲", "乙")


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("steps: [b: pass]", "用例“甲”第 1 步：“b任务”(b)现在没有打开，现在等的是：任务“a任务”(a)"),
        ("steps: [x: pass]", "流程里没有图元“x”"),
        ("steps: ['a[2]': pass]", "第 2 个“a任务”(a)现在没有打开"),
        ("steps: [a: pass, a: pass]", "第 2 步：“a任务”(a)现在没有打开，流程已经结束"),
        ("steps: [message: m]", "没有人等消息“m”"),
        ("steps: [a: fail]", "流程却没有结束，现在等的是：任务“b任务”(b)"),
        ("steps: [a: pass]", "应到达结束（没有），实际到达“e”"),
        ("steps: [a: pass], expect: {ends: [e], open: [b]}", "应停在“b任务”，实际停在（没有）"),
        ("steps: [a: pass], expect: {ends: [e], acts: [received]}", "应记录“received”，实际记录（没有），从第 1 个起不同"),
        ("steps: [a: pass], expect: {ends: [e], thrown: [m]}", "应发出消息“m”，实际发出（没有）"),
        ("steps: [a: pass], expect: {ends: [e], passes: [a, b]}", "没有走到“b任务”(b)"),
        ("steps: [a: pass], expect: {ends: [e], avoids: [g]}", "不应走到“通过？”(g)"),
        ("steps: [a: pass], expect: {ends: [e], variables: {outcome: fail}}", "最后应是 'fail'，实际是 'pass'"),
        ("steps: [a: {n: 1}], expect: {ends: [e]}", "停住了"),
        ("message: m", "没有由消息“m”开始"),
        ("steps: [wake: 2020-01-01]", "时间不能倒退"),
        ("start: {a: 1}, steps: [a: {bpmn_error: X}]", "没有任何边界事件"),
    ],
)
def test_a_case_that_goes_otherwise_says_where_what_was_expected_and_what_came(case: str, words: str) -> None:
    report = played(CHOICE, case)
    assert words in sentence(report)
    assert report.findings[0].code == "trial-failed"
    assert report.findings[0].message == sentence(report)


def test_a_failure_carries_its_way_for_the_diagram() -> None:
    report = played(CHOICE, "steps: [a: fail]")
    assert report.results[0].path == ("s", "s_a", "a", "a_g", "g", "g_b", "b", "b")
    assert report.findings[0].path == report.results[0].path
    assert report.findings[0].element == "b"


def test_acts_are_recorded_by_jobs_and_told_whole() -> None:
    model = process(START + RECORDS + END, "s > act > e")
    assert played(model, "expect: {acts: [received], ends: [e]}").passed
    assert "应记录（没有），实际记录“received”" in sentence(played(model, "expect: {ends: [e]}"))


def test_a_job_hands_back_what_its_step_says_and_waits_for_it() -> None:
    model = process(START + job("j") + GATE + user("b") + END, 's > j > g >[=outcome = "fail"] b > e\ng > e')
    both = ("steps: [j: {outcome: fail}, b: x], expect: {ends: [e]}", "steps: [j: {outcome: y}], expect: {ends: [e]}")
    assert played(model, *both).passed
    assert "停住了" in sentence(played(model, "expect: {ends: [e]}"))  # a job nobody answers hands nothing back


def test_a_job_can_end_in_a_bpmn_error() -> None:
    boundary = '<boundaryEvent id="x" attachedToRef="j"><errorEventDefinition errorRef="err"/></boundaryEvent>'
    model = process(START + job("j") + boundary + END, "s > j > e\nx > e", extra='<error id="err" errorCode="HOLD"/>')
    assert played(model, "steps: [j: {bpmn_error: HOLD}], expect: {ends: [e]}", "expect: {ends: [e]}").passed


def test_a_case_may_begin_at_a_signal_or_a_timer() -> None:
    starts = '<startEvent id="s"><signalEventDefinition signalRef="g1"/></startEvent>'
    starts += '<startEvent id="t"><timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition></startEvent>'
    model = process(starts + END, "s > e\nt > e", extra='<signal id="g1" name="alarm"/>')
    report = played(model, "signal: alarm, expect: {ends: [e]}", "timer: t, expect: {ends: [e]}")
    assert report.passed, report
    assert "没有由信号“x”开始" in sentence(played(model, "signal: x"))
    assert "不能直接开始" in sentence(played(model, "steps: []"))


def test_messages_go_to_the_key_that_waits() -> None:
    catch = '<intermediateCatchEvent id="c"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    model = process(START + catch + END, "s > c > e", extra=message("m", "paid", "=number"))
    start = "start: {number: A-1}"
    assert played(model, f"{start}, steps: [message: {{name: paid, key: A-1, variables: {{sum: 3}}}}], expect: {{ends: [e]}}").passed
    wrong = played(model, f"{start}, steps: [message: {{name: paid, key: B}}]")
    assert "等消息“paid”的键是“A-1”，不是“B”" in sentence(wrong)


def test_time_goes_on_and_timers_run() -> None:
    timer = '<intermediateCatchEvent id="t" name="公示"><timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition></intermediateCatchEvent>'
    model = process(START + timer + END, "s > t > e")
    assert played(model, "steps: [wake: P3D], expect: {ends: [e]}", "steps: [wake: 2026-03-05T09:00:00+08:00], expect: {ends: [e]}").passed
    assert "现在等的是：定时“公示”(t)" in sentence(played(model, "steps: [wake: P2D]"))


def test_instances_of_a_multi_instance_task_are_told_apart_by_their_place() -> None:
    body = user("a", more=many(inputCollection="=who", inputElement="one", outputCollection="got", outputElement="=outcome"))
    model = process(START + body + END, "s > a > e")
    story = "start: {who: [x, y]}, steps: ['a[2]': late, a: early], expect: {ends: [e], variables: {got: [early, late]}}"
    assert played(model, story).passed


def test_flows_inside_a_subprocess_count_but_not_those_of_a_called_process() -> None:
    inner = sub("u", '<startEvent id="is"/>' + user("ia") + '<endEvent id="ie"/>', "is > ia > ie")
    call = '<callActivity id="c"><extensionElements><zeebe:calledElement processId="q"/></extensionElements></callActivity>'
    model = process(START + inner + call + END, "s > u > c > e")
    other = process('<startEvent id="qs"/>' + user("qa") + '<endEvent id="qe"/>', "qs > qa > qe", key="q")
    report = played(model, "steps: [ia: x, qa: x], expect: {ends: [ie, qe, e]}", **{"q.bpmn": other})
    assert report.passed
    assert set(report.walked_by) == {"s_u", "u_c", "c_e", "is_ia", "ia_ie"}


def test_a_model_that_never_rests_ends_in_a_sentence() -> None:
    model = process(START + job("j") + END + GATE.replace("g_e", "g_j"), 's > j > g\ng >[=false] e\ng > j')
    assert "停不下来的循环" in sentence(played(model, "expect: {ends: [e]}"))


def test_a_file_that_cannot_be_read_is_one_finding() -> None:
    report = trials.run(workflows.deploy({"p.bpmn": CHOICE}, "p"), b"cases: [")
    assert [one.code for one in report.findings] == ["trials-unreadable"]
    assert "p.tests.yaml" in report.findings[0].message


def test_a_model_without_cases_is_one_warning_and_all_its_flows_are_unwalked() -> None:
    report = trials.run(workflows.deploy({"p.bpmn": CHOICE}, "p"), None)
    assert [(one.severity, one.code) for one in report.findings] == [("warning", "no-trials")]
    assert len(report.unwalked) == 5
    assert trials.unwalked({"p.bpmn": CHOICE}, "p", None) == report.unwalked
    assert trials.unwalked({"p.bpmn": b"<x/>"}, "p", None) == ()


def test_the_command_prints_every_case_and_fails_when_one_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.bpmn").write_bytes(CHOICE)
    (tmp_path / "p.tests.yaml").write_text("cases: [{name: 通过, steps: [a: pass], expect: {ends: [e]}}]")
    assert trying.main([str(tmp_path)]) == 0
    assert "用例 1 条，通过 1 条；连线 5 条，走过 3 条" in capsys.readouterr().out
    (tmp_path / "p.tests.yaml").write_text("cases: [{name: 错, steps: [b: pass], expect: {ends: [e]}}]")
    assert trying.main([str(tmp_path / "p.tests.yaml")], as_json=True) == 1
    assert '"passed": false' in capsys.readouterr().out
    assert trying.main([str(tmp_path / "absent.bpmn")]) == 2
    (tmp_path / "p.bpmn").write_bytes(b"<x/>")
    assert trying.main([str(tmp_path / "p.bpmn")]) == 1
    assert "不能运行" in capsys.readouterr().out


def test_the_states_that_acts_record_have_the_names_people_know() -> None:
    text = "cases: [{name: 甲, steps: [a: pass], expect: {ends: [e], acts: [received]}}]"
    report = trials.run(workflows.deploy({"p.bpmn": CHOICE}, "p"), text.encode(), words={"received": "接件"})
    assert "应记录“接件”，实际记录（没有）" in report.findings[0].message
