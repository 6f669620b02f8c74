"""What we rely on in SpiffWorkflow 3.2 beyond its documented face. If one fails after an upgrade, read elements.py first."""

import inspect
from typing import Any
from importlib.metadata import version

import pytest
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, full_tag
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

import workflows
from models import END, START, process, sub, user
from workflows import dialect, elements
from workflows.engine import Closed, Instance, Token


def source(thing: Any) -> str:
    return inspect.getsource(thing)


def test_the_version_is_the_one_the_hooks_were_proven_with():
    assert version("SpiffWorkflow").startswith("3.2.")


def test_a_task_takes_its_small_number_and_tells_its_parent():
    text = source(Task.__init__)
    assert "self.id = id or uuid4()" in text and "_child_added_notify" in text
    assert "workflow.tasks[self.id] = self" in text


def test_running_a_task_asks_its_spec_and_completes_it():
    assert "self.task_spec._run(self)" in source(Task.run) and "self.complete()" in source(Task.run)
    assert "self.task_spec._on_complete(self)" in source(Task.complete)
    assert "self.task_spec._on_ready(self)" in source(Task._ready)


def test_updating_and_readying_a_task_ask_our_hooks():
    assert "if self._update_hook(my_task):" in source(TaskSpec._update)
    assert "self._on_ready_hook(my_task)" in source(TaskSpec._on_ready) and "self.test()" in source(TaskSpec._on_ready)


@pytest.mark.parametrize(
    "hook", ["_predict", "_update_hook", "_on_ready_hook", "_run", "_run_hook", "_on_complete", "test", "connect"]
)
def test_each_hook_exists_and_ours_comes_first(hook):
    assert callable(getattr(TaskSpec, hook))
    ours = [
        cls
        for cls in vars(elements).values()
        if isinstance(cls, type) and issubclass(cls, TaskSpec) and issubclass(cls, elements.Element)
    ]
    assert len(ours) > 15
    for cls in ours:
        owner = next(c for c in cls.__mro__ if hook in vars(c))
        assert owner.__module__ == "workflows.elements", (cls, owner)


def test_states_are_the_numbers_that_are_stored():
    assert (TaskState.FUTURE, TaskState.WAITING, TaskState.READY, TaskState.STARTED, TaskState.COMPLETED) == (
        4,
        8,
        16,
        32,
        64,
    )


def test_a_workflow_can_be_made_without_a_first_task():
    assert "if not deserializing" in source(BpmnWorkflow.__mro__[2].__init__)
    assert list(inspect.signature(BpmnWorkflow.__init__).parameters)[1:4] == [
        "spec",
        "subprocess_specs",
        "script_engine",
    ]
    assert list(inspect.signature(BpmnSubWorkflow.__init__).parameters)[1:4] == [
        "spec",
        "parent_task_id",
        "top_workflow",
    ]
    assert "script_engine or PythonScriptEngine()" in source(BpmnWorkflow.__init__)
    assert bool(Closed())


def test_the_parser_lets_us_choose_classes_and_make_tasks():
    assert BpmnParser().OVERRIDE_PARSER_CLASSES == {} and full_tag("task") in BpmnParser.PARSER_CLASSES
    for owner, names in (
        (ProcessParser, ("create_spec", "add_tasks", "get_outgoing_sequence_flows")),
        (TaskParser, ("create_task", "_add_multiinstance_task", "_copy_task_attrs")),
        (BpmnParser, ("get_spec", "get_subprocess_specs", "create_parser", "_get_parser_class")),
    ):
        for name in names:
            assert callable(getattr(owner, name))
    assert "[child]" in source(TaskParser._copy_task_attrs)
    assert "self.add_tasks()" in source(ProcessParser._parse)


def test_every_node_of_the_dialect_is_made_by_our_classes():
    for name, (parser, spec) in dialect._Parser.OVERRIDE_PARSER_CLASSES.items():
        assert issubclass(parser, dialect._Ours) and issubclass(spec, elements.Element), name
    assert {name.rpartition("}")[2] for name in dialect._Parser.OVERRIDE_PARSER_CLASSES} == dialect.FLOW_NODES  # type: ignore[attr-defined]


def test_multi_instance_and_event_subprocess_take_our_settings():
    assert defaults.ParallelMultiInstanceTask in elements.MultiInstance.__mro__
    assert BpmnProcessSpec in dialect.ProcessSpec.__mro__


def test_specs_are_the_same_after_a_run():
    inner = '<startEvent id="is"/>' + user("i") + '<endEvent id="ie"/>'
    dep = workflows.deploy({"p.bpmn": process(START + sub("box", inner, "is > i > ie") + END, "s > box > e")}, "p")

    def picture() -> list[object]:
        return [
            (
                name,
                sorted(
                    (spec.name, tuple(spec._inputs), tuple(spec._outputs), len(getattr(spec, "flows", ())))
                    for spec in one.task_specs.values()
                ),
            )
            for name, one in (("p", dep.spec), *dep.subprocess_specs.items())
        ]

    before = picture()
    from models import NOW

    step = workflows.start(dep, {}, NOW)
    workflows.complete(dep, step.state, step.user_tasks[0].id, {}, NOW)
    assert picture() == before


def test_no_task_ever_holds_data_of_the_librarys_kind():
    from models import NOW

    dep = workflows.deploy({"p.bpmn": process(START + user("t") + END, "s > t > e")}, "p")
    run = Instance(dep, NOW)
    run.scopes["0"].update(a=1)
    run.begin(run)
    run.run()
    assert all(isinstance(task, Token) and task.data == {} for task in run.tasks.values())
    with pytest.raises(RuntimeError):
        run.script_engine.evaluate()
