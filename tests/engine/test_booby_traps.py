"""The traps of conftest.py are set in every test of this folder, and they snap."""

import builtins
import types
from collections.abc import Callable

import pytest
from lxml import etree
from models import END, START, Run, process, user
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

import workflows

PYTHON = '__import__("os").getpid() > 0'
BODY = START + '<exclusiveGateway id="g" default="g_b"/>' + user("a") + user("b") + END


def called_from(module: str, act: Callable[[], object]) -> Callable[[], object]:
    """The function, as if it stood in that module."""
    return types.FunctionType(act.__code__, {"__name__": module, "__builtins__": builtins})


@pytest.mark.parametrize("act", [lambda: eval("1"), lambda: exec("1"), lambda: compile("1", "x", "eval")])  # noqa: S307, S102
def test_neither_the_library_nor_the_engine_may_evaluate_text(act: Callable[[], object]) -> None:
    for module in ("SpiffWorkflow.bpmn.script_engine.python_environment", "workflows.elements"):
        with pytest.raises(AssertionError, match="was called by"):
            called_from(module, act)()
    called_from("elsewhere", act)()


def test_the_plain_library_runs_into_the_trap_where_ours_does_not() -> None:
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(process(BODY, f"s > g\n g >[{PYTHON}] a > e\n g > b > e")), filename="p")
    plain = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))
    with pytest.raises(Exception, match="script engine was asked"):
        plain.do_engine_steps()


def test_python_in_a_condition_is_refused_and_as_feel_it_is_no_python() -> None:
    with pytest.raises(workflows.Refused):
        Run(process(BODY, f"s > g\n g >[{PYTHON}] a > e\n g > b > e"))
    try:
        run = Run(process(BODY, f"s > g\n g >[={PYTHON}] a > e\n g > b > e"))
    except workflows.Refused:
        return
    assert run.step.incidents and not run.open()


def test_every_test_here_has_the_traps_set(request: pytest.FixtureRequest) -> None:
    assert "no_python_of_a_model" in request.fixturenames
    here = request.path.parent
    mine = [item for item in request.session.items if item.path.is_relative_to(here)]
    assert all("no_python_of_a_model" in getattr(item, "fixturenames", ()) for item in mine)
