"""The whole engine suite runs with booby traps: no Python of a model, and no machine clock, may ever be asked."""

import builtins
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment, TaskDataEnvironment

TRAPPED = ("SpiffWorkflow", "workflows")


def _trap(real: Any, name: str) -> Any:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.partition(".")[0] in TRAPPED:
            raise AssertionError(f"{name} was called by {caller}")
        return real(*args, **kwargs)

    return guarded


def _never(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("the Python script engine was asked")


@pytest.fixture(autouse=True)
def no_python_of_a_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("eval", "exec", "compile"):
        monkeypatch.setattr(builtins, name, _trap(getattr(builtins, name), name))
    for owner in (PythonScriptEngine, BasePythonScriptEngineEnvironment, TaskDataEnvironment):
        for name in ("evaluate", "execute", "call_service"):
            monkeypatch.setattr(owner, name, _never, raising=False)
    yield
