"""Decisions beyond the plain table: boxed expressions, functions, services, types; and what is an error instead of a silent null."""

import re
from datetime import date
from typing import Any

import pytest

from test_dmn import DMN, decide, table
from workflows import DecisionError, dmn


def literal(text: str) -> str:
    return f"<literalExpression><text><![CDATA[{text}]]></text></literalExpression>"


def decision(body: str, key: str = "decide", name: str = "", requires: str = "", type_: str = "") -> str:
    variable = f'<variable name="{name or key}" typeRef="{type_}"/>' if type_ else ""
    return f'<decision id="{key}" name="{name or key}">{variable}{requires}{body}</decision>'


def needs(kind: str, key: str) -> str:
    requirement = "knowledgeRequirement" if kind == "Knowledge" else "informationRequirement"
    return f'<{requirement}><required{kind} href="#{key}"/></{requirement}>'


SQUARE = (
    '<businessKnowledgeModel id="f" name="平方"><encapsulatedLogic><formalParameter name="数 值" typeRef="number"/>'
    + literal("数 值 * 数 值")
    + "</encapsulatedLogic></businessKnowledgeModel>"
)
SERVICE = (
    '<decisionService id="s" name="服务"><outputDecision href="#o"/><encapsulatedDecision href="#e"/>'
    '<inputData href="#i"/></decisionService><inputData id="i" name="面积"><variable name="面积" typeRef="number"/></inputData>'
    + decision(literal("中间 + 1"), "o", requires=needs("Decision", "e"))
    + decision(literal("面积 * 2"), "e", "中间", needs("Input", "i"))
)
INVOCATION = (
    "<invocation>"
    + literal("平方")
    + f'<binding><parameter name="数 值"/>{literal("5")}</binding></invocation>'
)
KNOWS, SERVES = needs("Knowledge", "f"), needs("Knowledge", "s")
USES = (
    '<itemDefinition name="用途"><typeRef>string</typeRef><allowedValues><text>"住宅","商业"</text></allowedValues></itemDefinition>'
)
FLOORS = (
    '<itemDefinition name="楼层" isCollection="true"><itemComponent name="层"><typeRef>number</typeRef></itemComponent>'
    '<itemComponent name="用途"><typeRef>string</typeRef></itemComponent></itemDefinition>'
)
CONTEXT = (
    f'<context><contextEntry><variable name="长 度"/>{literal("3")}</contextEntry>'
    f'<contextEntry><variable name="面积"/>{literal("长 度 * 2")}</contextEntry></context>'
)
SCHEDULE = f'<relation><column name="甲"/><column name="乙 级"/><row>{literal("1")}{literal("2")}</row></relation>'
IF = f"<conditional><if>{literal('n > 1')}</if><then>{literal('1')}</then><else>{literal('2')}</else></conditional>"
FILTER = f"<filter><in>{literal('列')}</in><match>{literal('面积 > 2')}</match></filter>"
FOR = f'<for iteratorVariable="x"><in>{literal("列")}</in><return>{literal("x * 2")}</return></for>'
SOME = f'<some iteratorVariable="x"><in>{literal("列")}</in><satisfies>{literal("x > 2")}</satisfies></some>'
EVERY = SOME.replace("some ", "every ").replace("/some", "/every")


@pytest.mark.parametrize(
    ("parts", "inputs", "value"),
    [
        (decision(CONTEXT), {}, {"长 度": 3, "面积": 6}),
        (decision(SCHEDULE), {}, [{"甲": 1, "乙 级": 2}]),
        (decision(f"<list>{literal('n')}{literal('2')}</list>"), {"n": 1}, [1, 2]),
        (decision(IF), {"n": 2}, 1),
        (decision(FILTER), {"列": [{"面积": 1}, {"面积": 3}]}, [{"面积": 3}]),
        (decision(FOR), {"列": [1, 2]}, [2, 4]),
        (decision(SOME), {"列": [1, 3]}, True),
        (decision(EVERY), {"列": [1, 3]}, False),
        (decision(EVERY), {"列": []}, True),
        (decision(literal("平方(4)"), requires=KNOWS) + SQUARE, {}, 16),
        (decision(literal("平方(数 值: 4)"), requires=KNOWS) + SQUARE, {}, 16),
        (decision(literal("平方([4])"), requires=KNOWS) + SQUARE, {}, 16),
        (decision(INVOCATION, requires=KNOWS) + SQUARE, {}, 25),
        (decision(literal("服务(7)"), requires=SERVES) + SERVICE, {}, 15),
        (decision(literal("服务(面积: 7)"), requires=SERVES) + SERVICE, {}, 15),
        (USES + decision(literal("x"), type_="用途"), {"x": "住宅"}, "住宅"),
        (FLOORS + decision(literal("x"), type_="楼层"), {"x": {"层": 1, "用途": "a"}}, [{"层": 1, "用途": "a"}]),
        (decision(literal("x"), type_="feel:date"), {"x": date(2026, 1, 1)}, date(2026, 1, 1)),
    ],
)
def test_boxed_expressions_functions_and_services_give_their_values(parts, inputs, value):
    assert decide(parts, **inputs).value == value


@pytest.mark.parametrize(
    ("parts", "inputs", "words"),
    [
        (decision(literal('平方("a")'), requires=KNOWS) + SQUARE, {}, "应当是数"),
        (decision(literal("平方()"), requires=KNOWS) + SQUARE, {}, "与函数的定义相符"),
        (decision(literal("平方(1, 2)"), requires=KNOWS) + SQUARE, {}, "与函数的定义相符"),
        (decision(INVOCATION.replace("数 值", "数值"), requires=KNOWS) + SQUARE, {}, "与函数的定义相符"),
        (decision(literal('服务("a")'), requires=SERVES) + SERVICE, {}, "“服务”.*应当是数"),
        (decision(literal("服务(7)"), requires=SERVES) + SERVICE.replace("面积 * 2", "缺"), {}, "“中间”缺少输入“缺”"),
        (USES + decision(literal("x"), type_="用途"), {"x": "工业"}, "允许的值之一"),
        (FLOORS + decision(literal("x"), type_="楼层"), {"x": [{"层": 1}]}, "应当是列表"),
        (decision(literal("1"), type_="string"), {}, "“decide”的结果应当是文字"),
        (table([("-", "1")], outputs='<output name="级" typeRef="string"/>'), {"n": 1}, "“级”应当是文字"),
        (table([("-", "o.缺")]), {"n": 1, "o": {"有": 1}}, "缺少输入“缺”"),
    ],
)
def test_what_dmn_would_answer_with_null_is_an_error(parts, inputs, words):
    with pytest.raises(DecisionError, match=words):
        decide(parts, **inputs)


def serve(parts: str, **inputs: Any) -> Any:
    decisions, problems = dmn.load({"d.dmn": f"{DMN}{parts}</definitions>".encode()}, ["s"])
    assert problems == []
    return dmn.serve(decisions, "s", inputs)


def test_a_service_is_called_from_outside_by_the_names_of_its_inputs():
    assert serve(SERVICE, 面积=3) == 7
    with pytest.raises(DecisionError, match="应当是数"):
        serve(SERVICE, 面积="三")
    with pytest.raises(DecisionError, match="与函数的定义相符"):
        serve(SERVICE)


@pytest.mark.parametrize(
    ("cells", "inputs", "value"),
    [
        ([('"住宅"', "1"), ('"商业"', "2")], "商业", 2),
        ([('"住宅", "商业"', "1"), ('not("住宅", "商业")', "2")], "工业", 2),
        ([('list contains(?, "消防")', "1"), ('not(list contains(?, "消防"))', "0")], ["消防", "人防"], 1),
        ([('"消防"', "1"), ('not("消防")', "0")], ["消防", "人防"], 0),
        ([("[1..5], [10..15]", "1"), ("(5..10)", "2")], 10, 1),
        ([("[1..5], [10..15]", "1"), ("(5..10)", "2")], 5, 1),
        ([("[1..5]", "1"), ("-", "2")], "x", 2),
        ([('date("2026-01-01")', "1"), ('> date("2026-01-01")', "2")], date(2026, 5, 1), 2),
        ([("null", "1"), ("not(null)", "2")], None, 1),
        ([("null", "1"), ("not(null)", "2")], 0, 2),
        ([("true", "1"), ("false", "2")], False, 2),
        ([("other", "1"), ("not(other)", "2")], False, 2),
        ([("? or other", "1")], False, 1),
    ],
)
def test_cells_test_the_value_of_their_column(cells, inputs, value):
    policy = 'hitPolicy="FIRST"' if ("-", "2") in cells else 'hitPolicy="UNIQUE"'
    found = decide(table(cells, policy, inputs=("项目 用途",)), **{"项目 用途": inputs, "other": True})
    assert found.value == value


TWO = (
    '<output name="a"><outputValues><text>"高","低"</text></outputValues></output>'
    '<output name="b"><outputValues><text>1,2</text></outputValues></output>'
)
ROWS = [("> 1", '"低"', "1"), ("> 1", '"高"', "2"), ("> 1", '"高"', "1")]


def test_priorities_go_by_the_first_output_then_the_second():
    found = decide(table(ROWS, 'hitPolicy="OUTPUT ORDER"', outputs=TWO), n=2).value
    assert found == [{"a": "高", "b": 1}, {"a": "高", "b": 2}, {"a": "低", "b": 1}]
    assert decide(table(ROWS, 'hitPolicy="PRIORITY"', outputs=TWO), n=2).value == found[0]


def test_an_output_outside_the_allowed_values_is_an_error():
    with pytest.raises(DecisionError, match="“a”应当是允许的值之一"):
        decide(table([("> 1", '"中"', "1")], 'hitPolicy="FIRST"', outputs=TWO), n=2)


def test_the_latest_of_collected_dates_is_found_and_what_cannot_be_summed_is_an_error():
    dates = [("> 1", 'date("2026-02-01")'), ("> 0", 'date("2026-01-01")')]
    assert decide(table(dates, 'hitPolicy="COLLECT" aggregation="MAX"'), n=3).value == date(2026, 2, 1)
    with pytest.raises(DecisionError, match="不能汇总"):
        decide(table([("> 1", '"a"'), ("> 0", "2")], 'hitPolicy="COLLECT" aggregation="SUM"'), n=3)
    assert decide(table([("> 5", "1")], 'hitPolicy="COLLECT" aggregation="COUNT"'), n=3).value == 0
    assert decide(table([("> 5", "1")], 'hitPolicy="COLLECT" aggregation="SUM"'), n=3).value is None


def test_the_default_of_a_collecting_table_is_a_list_too():
    default = '<output name="r"><defaultOutputEntry><text>9</text></defaultOutputEntry></output>'
    assert decide(table([("> 5", "1")], 'hitPolicy="COLLECT"', outputs=default), n=3).value == [9]
    assert decide(table([("> 5", "1")], 'hitPolicy="UNIQUE"', outputs=default), n=3).value == 9


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (table([("-", "1")], 'hitPolicy="BOGUS"'), "无法识别"),
        (table([("-", "1")], 'hitPolicy="FIRST" aggregation="SUM"'), "不能汇总"),
        (table([("-", "1", "2")], 'hitPolicy="COLLECT" aggregation="SUM"', outputs=TWO), "多个输出列"),
        (table([("-", "1")], 'hitPolicy="PRIORITY"'), "先后次序"),
        (table([("-", "1")], inputs=("",)), "第 1 个输入列没有表达式"),
        (table([("-", "1", "2")]), "第 1 条规则的格数"),
        (decision(SCHEDULE.replace(literal("2"), "")), "第 1 行的格数"),
        (decision(""), "没有内容"),
        (decision(literal("1").replace("Expression>", 'Expression expressionLanguage="python">', 1)), "表达式语言 python"),
        (decision('<functionDefinition kind="Java"/>'), "非 FEEL"),
    ],
)
def test_a_decision_that_could_not_be_evaluated_right_is_refused_with_a_cure(parts, words):
    _, problems = dmn.load({"d.dmn": f"{DMN}{parts}</definitions>".encode()}, ["decide"])
    assert any(re.search(words, problem.message_zh) and problem.cure_zh for _, problem in problems)


def test_defaults_and_allowed_values_are_among_the_texts_a_linter_reads():
    outputs = (
        '<output name="r"><outputValues><text>1, 2</text></outputValues>'
        "<defaultOutputEntry><text>1 +</text></defaultOutputEntry></output>"
    )
    program, _ = dmn.load({"d.dmn": f"{DMN}{table([('> 1', '2')], outputs=outputs)}</definitions>".encode()}, ["decide"])
    assert sorted(dmn.texts(program)) == [
        ("decide", "1 +", False),
        ("decide", "1, 2", True),
        ("decide", "2", False),
        ("decide", "> 1", True),
        ("decide", "n", False),
    ]


def test_an_error_names_the_function_or_service_where_it_lies():
    parts = decision(literal("平方(缺)"), requires=KNOWS) + SQUARE
    with pytest.raises(DecisionError, match="“decide”缺少输入“缺”"):
        decide(parts)
