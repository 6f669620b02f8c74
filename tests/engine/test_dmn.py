"""Decisions: hit policies, requirements, faults."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

import workflows
from models import END, START, Run, ext, process, user
from workflows import DecisionError, Refused, dmn

DMN = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="t">'


def table(
    rules: Sequence[tuple[str, ...]],
    policy: str = 'hitPolicy="UNIQUE"',
    inputs: tuple[str, ...] = ("n",),
    outputs: str = '<output id="o" name="r"/>',
    requires: str = "",
    key: str = "decide",
) -> str:
    columns = "".join(f"<input><inputExpression><text>{text}</text></inputExpression></input>" for text in inputs)
    rows = "".join(
        f'<rule id="r{i}">'
        + "".join(f"<inputEntry><text><![CDATA[{c}]]></text></inputEntry>" for c in cells[: len(inputs)])
        + "".join(f"<outputEntry><text>{c}</text></outputEntry>" for c in cells[len(inputs) :])
        + "</rule>"
        for i, cells in enumerate(rules, 1)
    )
    return (
        f'<decision id="{key}" name="决定{key}">{requires}<decisionTable {policy}>{columns}{outputs}{rows}'
        "</decisionTable></decision>"
    )


def decide(*parts: str, key: str = "decide", **variables):
    decisions, problems = dmn.load({"d.dmn": f"{DMN}{''.join(parts)}</definitions>".encode()}, [key])
    assert not problems, problems
    return dmn.decide(decisions, key, variables)


RULES = [("> 10", '"大"'), ("> 5", '"中"'), ("-", '"小"')]
PRIORITY = '<output name="r"><outputValues><text>"小","中","大"</text></outputValues></output>'


@pytest.mark.parametrize(
    ("policy", "outputs", "value"),
    [
        ("FIRST", None, "大"),
        ("RULE ORDER", None, ["大", "中", "小"]),
        ("COLLECT", None, ["大", "中", "小"]),
        ("PRIORITY", PRIORITY, "小"),
        ("OUTPUT ORDER", PRIORITY, ["小", "中", "大"]),
    ],
)
def test_hit_policies(policy, outputs, value):
    extra = {} if outputs is None else {"outputs": outputs}
    assert decide(table(RULES, f'hitPolicy="{policy}"', **extra), n=11).value == value


@pytest.mark.parametrize(("aggregation", "value"), [("SUM", 60), ("MIN", 10), ("MAX", 30), ("COUNT", 3)])
def test_collected_numbers_are_summed_and_counted(aggregation, value):
    rules = [("> 1", "10"), ("> 2", "20"), ("> 3", "30"), ("> 100", "99")]
    assert decide(table(rules, f'hitPolicy="COLLECT" aggregation="{aggregation}"'), n=Decimal("4.5")).value == value


def test_overlapping_rules_under_unique_are_an_error_that_names_them():
    with pytest.raises(DecisionError, match=r"决定decide”的第 1、2、3 条规则同时成立"):
        decide(table(RULES), n=11)
    result = decide(table([("> 10", "1"), ("<= 10", "2")]), n=11)
    assert (result.value, dict(result.matched)) == (1, {"decide": ("r1",)})


def test_any_allows_overlap_only_with_equal_results():
    assert decide(table([("> 1", "{a: 1}"), ("> 2", "{a: 1}")], 'hitPolicy="ANY"'), n=3).value == {"a": 1}
    with pytest.raises(DecisionError, match="同时成立"):
        decide(table([("> 1", "1"), ("> 2", "2")], 'hitPolicy="ANY"'), n=3)


def test_without_a_hit_the_default_counts_else_null():
    default = '<output name="r"><defaultOutputEntry><text>"默认"</text></defaultOutputEntry></output>'
    assert decide(table([("> 10", "1")], outputs=default), n=1).value == "默认"
    assert decide(table([("> 10", "1")]), n=1).value is None
    assert decide(table([("> 10", "1")], 'hitPolicy="COLLECT"'), n=1).value == []


def test_several_outputs_make_a_context():
    outputs = '<output name="条件"/><output name="原因"/>'
    assert decide(table([("[1..5]", '"C1"', '"因为"')], outputs=outputs), n=5).value == {"条件": "C1", "原因": "因为"}


def test_decisions_require_one_another_and_the_reason_names_every_table():
    requires = '<informationRequirement><requiredDecision href="#size"/></informationRequirement>'
    size = table([("> 10", '"大"'), ("<= 10", '"小"')], key="size").replace('name="决定size"', 'name="规模"')
    result = decide(size, table([('"大"', "1"), ('"小"', "2")], inputs=("规模",), requires=requires), n=3)
    assert result.value == 2 and dict(result.matched) == {"size": ("r2",), "decide": ("r2",)}


def test_a_missing_input_and_a_faulty_cell_are_errors_not_null():
    with pytest.raises(DecisionError, match="缺少输入“n”"):
        decide(table(RULES, 'hitPolicy="FIRST"'))
    with pytest.raises(DecisionError, match="第 1 条规则第 1 列"):
        decide(table([("> >)", "1")]), n=1)


def test_a_circle_of_requirements_is_an_error():
    requires = '<informationRequirement><requiredDecision href="#{}"/></informationRequirement>'
    parts = (table(RULES, key="a", requires=requires.format("b")), table(RULES, key="b", requires=requires.format("a")))
    with pytest.raises(DecisionError, match="以自己为前提"):
        decide(*parts, key="a", n=1)


TASK = (
    '<businessRuleTask id="rule">'
    + ext('<zeebe:calledDecision decisionId="decide" resultVariable="conditions"/>')
    + "</businessRuleTask>"
)


def files(dmn_text: str) -> dict[str, bytes]:
    return {
        "p.bpmn": process(START + TASK + user("t") + END, "s > rule > t > e"),
        "d.dmn": f"{DMN}{dmn_text}</definitions>".encode(),
        "other.dmn": b"<broken",
        "broken.bpmn": b"<!DOCTYPE x><x/>",
    }


def test_a_business_rule_task_puts_the_decision_into_its_variable():
    run = Run(files(table(RULES, 'hitPolicy="FIRST"')), {"n": 6})
    assert run.variables("t") == {"n": 6, "conditions": "中"}
    assert run.dep.needed_files == ("d.dmn", "p.bpmn")
    assert workflows.decide(run.dep, "decide", {"n": 1}).value == "小"


def test_a_failing_decision_is_an_incident_at_its_task():
    run = Run(files(table(RULES)), {"n": 11})
    assert run.step.incidents[0].element == "rule" and "同时成立" in run.step.incidents[0].message_zh


def test_a_decision_that_does_not_exist_refuses_the_model_naming_the_task():
    with pytest.raises(Refused) as refused:
        Run(files(table(RULES, key="elsewhere")))
    assert refused.value.findings[0].element == "rule"
    assert "找不到决策“decide”" in refused.value.findings[0].message_zh

