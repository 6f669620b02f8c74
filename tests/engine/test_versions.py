"""A process is addressed by what it needs: nothing else in its files, and no other file, makes a new version of it."""

from typing import Any

import pytest
from models import END, HEAD, NOW, START, flows, message, user

import workflows
from workflows.state import pack, unpack

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
RULE = '<businessRuleTask id="r"><extensionElements><zeebe:calledDecision decisionId="used" resultVariable="x"/></extensionElements></businessRuleTask>'
CALL = '<callActivity id="c"><extensionElements><zeebe:calledElement processId="child"/></extensionElements></callActivity>'
FORM = user("t", '<zeebe:formDefinition formId="form-a"/>')
CATCH = '<receiveTask id="w" messageRef="m"/>'
SHAPE = (
    '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><bpmndi:BPMNPlane bpmnElement="both">'
    '<bpmndi:BPMNShape bpmnElement="t"><dc:Bounds x="10" y="1" width="1" height="1"/></bpmndi:BPMNShape>'
    '<bpmndi:BPMNShape bpmnElement="ot"><dc:Bounds x="20" y="2" width="1" height="1"/></bpmndi:BPMNShape>'
    "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
)
FILES = {
    "both.bpmn": (
        f'{HEAD}<collaboration id="both"><participant id="pp" name="甲" processRef="p"/></collaboration>'
        f"{message('m', 'filed', '=key')}{message('unused', 'other')}"
        f'<process id="p" name="试验" isExecutable="true">{START}{FORM}{RULE}{CALL}{CATCH}{END}{flows("s > t > r > c > w > e")}</process>'
        f'<process id="q" isExecutable="true"><startEvent id="os"/><userTask id="ot" name="别的任务"/><endEvent id="oe"/>'
        f"{flows('os > ot > oe')}</process>{SHAPE}</definitions>"
    ),
    "child.bpmn": (
        f'{HEAD}<process id="child" isExecutable="true"><startEvent id="cs"/><userTask id="ct" name="内层"/><endEvent id="ce"/>'
        f"{flows('cs > ct > ce')}</process></definitions>"
    ),
    "rules.dmn": (
        f'<definitions xmlns="{DMN}" id="dd" name="n" namespace="n"><inputData id="area" name="面积"><variable name="面积"/></inputData>'
        '<decision id="deep" name="前提"><literalExpression><text>1</text></literalExpression></decision>'
        '<decision id="used" name="used"><informationRequirement><requiredDecision href="#deep"/></informationRequirement>'
        '<informationRequirement><requiredInput href="#area"/></informationRequirement>'
        "<literalExpression><text>前提 + 面积</text></literalExpression></decision>"
        '<decision id="idle" name="idle"><literalExpression><text>3</text></literalExpression></decision></definitions>'
    ),
    "far.bpmn": f'{HEAD}<process id="far" isExecutable="true">{START}<userTask id="ft"/>{END}{flows("s > ft > e")}</process></definitions>',
}


def address(**changed: tuple[str, str]) -> str:
    files = dict(FILES)
    for name, (old, new) in changed.items():
        file = next(one for one in FILES if one.startswith(name + "."))
        assert old in files[file]
        files[file] = files[file].replace(old, new)
    return workflows.deploy({name: text.encode() for name, text in files.items()}, "p").closure_hash


BASE = address()
OTHERS: dict[str, dict[str, tuple[str, str]]] = {
    "a typo in another model": {"far": ('id="ft"', 'id="ft" name="错字"')},
    "a typo in another process of the same collaboration": {"both": ("别的任务", "别的任物")},
    "a moved shape of another process": {"both": ('x="20"', 'x="21"')},
    "the name of a participant": {"both": ('name="甲"', 'name="乙"')},
    "a message nobody here names": {"both": ('name="other"', 'name="another"')},
    "an unused decision": {"rules": ("<text>3</text>", "<text>4</text>")},
    "white space between elements": {"child": ("><userTask", ">\n  <userTask")},
    "a comment": {"child": ("><userTask", "><!-- 注 --><userTask")},
}
OWN: dict[str, dict[str, tuple[str, str]]] = {
    "the process": {"both": ('name="t任务"', 'name="改名"')},
    "its form": {"both": ("form-a", "form-b")},
    "its drawing": {"both": ('x="10"', 'x="11"')},
    "the message it waits for": {"both": ('name="filed"', 'name="filed.again"')},
    "the key of that message": {"both": ('"=key"', '"=other"')},
    "a process it calls": {"child": ("内层", "里层")},
    "a decision it asks": {"rules": ("前提 + 面积", "前提 - 面积")},
    "a decision that one rests on": {"rules": ("<text>1</text>", "<text>2</text>")},
    "an input of a decision": {"rules": ('id="area" name="面积"', 'id="area" name="面积" description="平方米"')},
}


@pytest.mark.parametrize("what", OTHERS)
def test_it_makes_no_new_version(what: str) -> None:
    assert address(**OTHERS[what]) == BASE


@pytest.mark.parametrize("what", OWN)
def test_it_makes_a_new_version(what: str) -> None:
    assert address(**OWN[what]) != BASE


def test_the_names_and_the_order_of_files_do_not_matter() -> None:
    renamed = {f"z-{name}": text.encode() for name, text in reversed(FILES.items())}
    assert workflows.deploy(renamed, "p").closure_hash == BASE


def test_an_instance_goes_on_when_something_it_does_not_need_changes_in_its_file() -> None:
    def deployed(files: dict[str, str]) -> Any:
        return workflows.deploy({name: text.encode() for name, text in files.items()}, "p")

    step = workflows.start(deployed(FILES), {}, NOW)
    other = FILES | {"both.bpmn": FILES["both.bpmn"].replace("别的任务", "别的任物")}
    assert [task.element for task in workflows.open_step(deployed(other), step.state, NOW).user_tasks] == ["t"]
    mine = FILES | {"both.bpmn": FILES["both.bpmn"].replace("t任务", "改名")}
    with pytest.raises(workflows.BadState):
        workflows.open_step(deployed(mine), step.state, NOW)


def test_a_state_that_bears_the_address_of_the_first_release_still_loads() -> None:
    dep = workflows.deploy({name: text.encode() for name, text in FILES.items()}, "p")
    state = workflows.start(dep, {}, NOW).state
    former = pack([dep.state_tags[1], *unpack(state)[1:]])
    assert former != state
    step = workflows.open_step(dep, former, NOW)
    assert [task.element for task in step.user_tasks] == ["t"]
    assert workflows.complete(dep, former, step.user_tasks[0].id, {"面积": 1}, NOW).state != former
