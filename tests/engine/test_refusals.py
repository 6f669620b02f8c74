"""What the engine cannot run right it refuses at deployment, in Chinese, naming the element and the cure; hostile XML too."""

import re

import pytest

import workflows
from models import END, HEAD, START, ext, job, message, process, sub, user
from workflows import Refused
from workflows.source import parse

GOOD = START + user("t") + END
TIMER = "<timerEventDefinition>{}</timerEventDefinition>"


def boundary(inner: str, more: str = "") -> str:
    return (
        START
        + user("t")
        + f'<boundaryEvent id="x" attachedToRef="t" {more}>{inner}</boundaryEvent><endEvent id="e2"/>'
        + END
    )


ON = "s > t > e\n x > e2"
CASES = {
    "script": (START + '<scriptTask id="x"><script>1</script></scriptTask>' + END, "s > x > e", "x", "服务任务"),
    "complex gateway": (START + '<complexGateway id="x"/>' + END, "s > x > e", "x", "包容网关"),
    "transaction": (START + '<transaction id="x"/>' + END, "s > x > e", "x", "子流程"),
    "ad hoc": (START + '<adHocSubProcess id="x"/>' + END, "s > x > e", "x", "并行"),
    "standard loop": (START + user("x", more="<standardLoopCharacteristics/>") + END, "s > x > e", "x", "循环"),
    "service task without type": (START + '<serviceTask id="x"/>' + END, "s > x > e", "x", "任务类型"),
    "dynamic type": (START + job("x", "=kind") + END, "s > x > e", "x", "任务类型"),
    "rule without decision": (START + '<businessRuleTask id="x"/>' + END, "s > x > e", "x", "决策"),
    "call of nothing": (START + '<callActivity id="x"/>' + END, "s > x > e", "x", "被调用的流程"),
    "call of the unknown": (
        START + '<callActivity id="x" calledElement="nope"/>' + END,
        "s > x > e",
        "x",
        "找不到流程",
    ),
    "conditional event": (boundary("<conditionalEventDefinition/>"), ON, "x", "条件"),
    "compensation": (boundary("<compensateEventDefinition/>"), ON, "x", "补偿"),
    "cancel": (boundary("<cancelEventDefinition/>"), ON, "x", "取消"),
    "non-interrupting error": (boundary("<errorEventDefinition/>", 'cancelActivity="false"'), ON, "x", "中断"),
    "two definitions": (
        boundary(TIMER.format("<timeDuration>PT1H</timeDuration>") + "<errorEventDefinition/>"),
        ON,
        "x",
        "多个事件",
    ),
    "bad duration": (boundary(TIMER.format("<timeDuration>P1H</timeDuration>")), ON, "x", "ISO 8601"),
    "no time": (boundary(TIMER.format("")), ON, "x", "时间"),
    "cycle that interrupts": (boundary(TIMER.format("<timeCycle>R/PT1H</timeCycle>")), ON, "x", "循环"),
    "cron": (boundary(TIMER.format("<timeCycle>0 0 * * *</timeCycle>"), 'cancelActivity="false"'), ON, "x", "R3/PT1H"),
    "message without name": (boundary('<messageEventDefinition messageRef="none"/>'), ON, "x", "不存在"),
    "no message": (
        START + '<intermediateCatchEvent id="x"><messageEventDefinition/></intermediateCatchEvent>' + END,
        "s > x > e",
        "x",
        "消息",
    ),
    "error start": ('<startEvent id="x"><errorEventDefinition/></startEvent>' + user("t") + END, "x > t > e", "x", "错误"),
    "escalation start": (
        '<startEvent id="x"><escalationEventDefinition/></startEvent>' + user("t") + END,
        "x > t > e",
        "x",
        "升级",
    ),
    "two plain starts": (START + '<startEvent id="x"/>' + user("t") + END, "s > t > e\n x > t", "x", "无法区分"),
    "no start": (user("t") + END, "t > e", "p", "开始事件"),
    "unreachable": (GOOD + user("x"), "s > t > e\n x > e", "x", "永远不会执行"),
    "flow without condition": (
        START + '<exclusiveGateway id="g" default="g_t"/>' + user("t") + user("u") + END,
        "s > g > t > e\n g > u > e",
        "g_u",
        "默认流向",
    ),
    "condition that is none": (
        START + '<exclusiveGateway id="g" default="g_t"/>' + user("t") + user("u") + END,
        "s > g > t > e\n g >[true] u > e",
        "g_u",
        "=",
    ),
    "condition with a fault": (
        START + '<exclusiveGateway id="g" default="g_t"/>' + user("t") + user("u") + END,
        "s > g > t > e\n g >[=1 +] u > e",
        "g_u",
        "FEEL",
    ),
    "condition behind a parallel gateway": (
        START + '<parallelGateway id="g"/>' + user("t") + user("u") + END,
        "s > g > t > e\n g >[=true] u > e",
        "g_u",
        "条件",
    ),
    "task behind an event gateway": (
        START + '<eventBasedGateway id="g"/>' + user("x") + user("u") + END,
        "s > g > x > e\n g > u > e",
        "x",
        "捕获",
    ),
    "two starts in a subprocess": (
        START
        + sub("x", '<startEvent id="a"/><startEvent id="b"/>' + user("t") + '<endEvent id="c"/>', "a > t > c\n b > t")
        + END,
        "s > x > e",
        "x",
        "合并",
    ),
    "multi-instance without a collection": (
        START + user("x", more="<multiInstanceLoopCharacteristics/>") + END,
        "s > x > e",
        "x",
        "输入集合",
    ),
    "mapping to no name": (
        START + user("x", '<zeebe:ioMapping><zeebe:output source="=1" target="a-b"/></zeebe:ioMapping>') + END,
        "s > x > e",
        "x",
        "变量名",
    ),
    "embedded form": (
        START + user("x", '<zeebe:formDefinition formKey="camunda-forms:bpmn:f"/>') + END,
        "s > x > e",
        "x",
        "formId",
    ),
    "listener": (START + user("x", "<zeebe:executionListeners/>") + END, "s > x > e", "x", "扩展"),
    "another engine": (
        START + '<userTask id="x" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" camunda:assignee="a"/>' + END,
        "s > x > e",
        "x",
        "Camunda 8",
    ),
    "token quantity": (START + '<userTask id="x" startQuantity="2"/>' + END, "s > x > e", "x", "令牌"),
    "id like ours": (START + user("x.fork") + END, "s > x.fork > e", "x.fork", "编号"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_element_and_cure(name):
    body, lines, element, word = CASES[name]
    with pytest.raises(Refused) as refused:
        workflows.deploy({"p.bpmn": process(body, lines)}, "p")
    mine = [f for f in refused.value.findings if f.element == element]
    assert mine, refused.value.findings
    assert any(word in f.message_zh + f.cure_zh for f in mine), mine
    assert all(f.message_zh and f.cure_zh.endswith("。") for f in refused.value.findings)


def test_everything_is_reported_at_once():
    with pytest.raises(Refused) as refused:
        workflows.deploy(
            {"p.bpmn": process(START + '<scriptTask id="x"/><complexGateway id="y"/>' + END, "s > x > y > e")}, "p"
        )
    assert {f.element for f in refused.value.findings} >= {"x", "y"}


def test_a_process_that_calls_itself_and_one_that_stands_in_two_files_are_refused():
    calls = process(START + '<callActivity id="c" calledElement="p"/>' + END, "s > c > e")
    with pytest.raises(Refused, match="调用了自己"):
        workflows.deploy({"p.bpmn": calls}, "p")
    good = process(GOOD, "s > t > e")
    with pytest.raises(Refused, match="几个文件"):
        workflows.deploy({"p.bpmn": good, "q.bpmn": good}, "p")
    with pytest.raises(Refused, match="找不到流程“zz”"):
        workflows.deploy({"p.bpmn": good}, "zz")


def test_two_processes_that_share_an_id_are_refused_when_one_calls_the_other():
    child = process(GOOD, "s > t > e", key="child")
    with pytest.raises(Refused, match="编号在被调用的流程里也有"):
        workflows.deploy(
            {
                "p.bpmn": process(START + '<callActivity id="c" calledElement="child"/>' + END, "s > c > e"),
                "c.bpmn": child,
            },
            "p",
        )


HOSTILE = {
    "doctype": b'<!DOCTYPE definitions [<!ENTITY x "y">]>' + process(GOOD, "s > t > e"),
    "external": b'<!DOCTYPE d SYSTEM "file:///etc/passwd">' + process(GOOD, "s > t > e"),
    "bomb": b'<!DOCTYPE d [<!ENTITY a "'
    + b"x" * 1000
    + b'"><!ENTITY b "'
    + b"&a;" * 1000
    + b'">]>'
    + process(GOOD, "s > t > e").replace("试验".encode(), b"&b;"),
    "utf-16 doctype": (
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE d [<!ENTITY x "y">]>' + HEAD + "</definitions>"
    ).encode("utf-16"),
    "deep": HEAD.encode() + b"<a>" * 300 + b"</a>" * 300 + b"</definitions>",
    "big": b"<a>" + b" " * (5 * 1024 * 1024) + b"</a>",
    "cut off": process(GOOD, "s > t > e")[:200],
    "empty": b"",
    "no xml": b"\x00\x01\x02PK",
    "text": "流程".encode(),
    "unknown encoding": b'<?xml version="1.0" encoding="klingon"?><a/>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused(name):
    with pytest.raises(Refused) as refused:
        workflows.deploy({"p.bpmn": HOSTILE[name]}, "p")
    assert any("文件“p.bpmn”" in f.message_zh for f in refused.value.findings)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_files_in_other_encodings_are_read(encoding):
    text = process(GOOD, "s > t > e").decode().replace("试验", "x").replace("任务", "")
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    data = f'<?xml version="1.0" encoding="{declared}"?>{text}'.encode(encoding)
    assert workflows.deploy({"p.bpmn": data}, "p").process_id == "p"


def test_lanes_forms_headers_and_properties_are_what_the_model_says():
    lanes = (
        '<laneSet><lane id="l1" name="住建局"><flowNodeRef>t</flowNodeRef><flowNodeRef>box</flowNodeRef><childLaneSet>'
        '<lane id="l2" name="住建局·审批科"><flowNodeRef>t</flowNodeRef></lane></childLaneSet></lane>'
        '<lane id="l3" name="外"><flowNodeRef>j</flowNodeRef></lane></laneSet>'
    )
    inner = (
        '<zeebe:formDefinition formId="permit-intake"/><zeebe:properties><zeebe:property name="k" value="v"/></zeebe:properties>'
        '<zeebe:taskHeaders><zeebe:header key="transition" value="received"/></zeebe:taskHeaders>'
    )
    box = sub("box", '<startEvent id="is"/>' + user("in") + '<endEvent id="ie"/>', "is > in > ie")
    dep = workflows.deploy(
        {"p.bpmn": process(lanes + START + user("t", inner) + job("j", "record") + box + END, "s > t > j > box > e")},
        "p",
    )
    assert (
        dep.elements["t"].lane == "住建局·审批科"
        and dep.elements["in"].lane == "住建局"
        and dep.elements["j"].lane == "外"
    )
    assert (
        dep.elements["t"].form == "permit-intake"
        and dep.form_ids == ("permit-intake",)
        and dep.job_types == ("record",)
    )
    assert dep.elements["t"].headers == {"transition": "received"} and dep.elements["t"].properties == {"k": "v"}
    assert dep.name == "试验" and dep.elements["t"].kind == "userTask"


def test_the_hash_follows_everything_that_is_needed_and_nothing_else():
    one = {"p.bpmn": process(GOOD, "s > t > e")}
    base = workflows.deploy(one, "p").closure_hash
    assert (
        len(base) == 64
        and workflows.deploy({**one, "other.bpmn": process(GOOD, "s > t > e", key="q")}, "p").closure_hash == base
    )
    assert workflows.deploy({"p.bpmn": process(GOOD.replace("t任务", "别名"), "s > t > e")}, "p").closure_hash != base


def test_a_send_task_is_a_throw_if_it_names_a_message_and_a_job_if_it_names_a_type():
    extra = message("m", "x")
    thrown = workflows.deploy(
        {
            "p.bpmn": process(
                START
                + '<sendTask id="t" messageRef="m">'
                + ext('<zeebe:taskDefinition type="k"/>')
                + "</sendTask>"
                + END,
                "s > t > e",
                extra=extra,
            )
        },
        "p",
    )
    assert thrown.job_types == ()
    worked = workflows.deploy(
        {
            "p.bpmn": process(
                START + '<sendTask id="t">' + ext('<zeebe:taskDefinition type="k"/>') + "</sendTask>" + END, "s > t > e"
            )
        },
        "p",
    )
    assert worked.job_types == ("k",)


@pytest.mark.parametrize("data", [b"no xml", b"\x00", b'<?xml version="1.0" encoding="klingon"?><a/>', b"<a><b></a>"])
def test_what_is_no_xml_is_refused_in_our_own_words(data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        parse(data, "x.bpmn")
    assert "从第 1 行起读不懂" in str(caught.value)
    assert not re.search(r"[a-z]{4,}", str(caught.value).replace("x.bpmn", "").replace("Camunda Modeler", ""))
