"""What the engine refuses, because it could not run it right. Each rule appends Problems; none changes the model.

This is about execution only. Whether a model is lawful, complete and tidy is lint's business.
"""

from . import rules_events, rules_flow, rules_settings
from .errors import Problem
from .source import B, Xml, label
from .vocabulary import FLOW_NODES

__all__ = ["FLOW_NODES", "problems"]


def problems(process: Xml, definitions: Xml) -> list[Problem]:
    """Everything in one process that the engine refuses."""
    found: list[Problem] = []

    def report(element: Xml, message: str, cure: str) -> None:
        found.append(Problem(element.get("id") or "", f"{label(element)}{message}", cure))

    rules_flow.ids(process, report)
    for scope in [process, *process.iter(f"{B}subProcess")]:
        rules_flow.scope(scope, definitions, report)
    for element in process.iter(*(B + name for name in FLOW_NODES)):
        rules_events.event(element, definitions, report)
        rules_settings.settings(element, definitions, report)
    for element in process.iter():
        rules_settings.any_element(element, report)
    rules_settings.expressions(process, report)
    return found
