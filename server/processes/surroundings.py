"""What exists around a model, told to the linter and the check of its paths: the handlers, messages, papers and procedures that
the areas registered, and the forms at hand. Needs no database; units and processes are known only to who brings them.
"""

from collections.abc import Mapping

from server import jobs
from server.errors import Invalid
from server.processes.form_fields import CHOICES, load
from server.processes.handlers import HANDLERS, PAPERS, PROCEDURES, SENT, THROWN, TRANSITIONS
from workflows.findings import HandlerInfo, Known


def known(
    forms: Mapping[str, bytes], *, units: frozenset[str] | None = None, processes: frozenset[str] | None = None
) -> Known:
    """forms: form id -> content. units: names of lanes. processes: ids that a model may call."""
    return Known(
        handlers={
            name: HandlerInfo(one.headers, one.acts, one.returns, one.errors, _area(one.run.__module__), one.flags)
            for name, one in HANDLERS.items()
        },
        forms={key: _answers(data) for key, data in forms.items()},
        choices={key: found for key, data in forms.items() if (found := _choices(data)) is not None},
        units=units,
        transitions=frozenset(TRANSITIONS) or None,
        papers=frozenset(PAPERS) or None,
        messages=frozenset(SENT | THROWN.keys() | jobs.RECEIVERS.keys()),
        throws=frozenset(THROWN),
        processes=processes,
        areas={p.process_id: p.area for p in PROCEDURES.values()},
        start_variables={p.process_id: p.start_variables for p in PROCEDURES.values() if p.start_variables},
    )


def _area(module: str) -> str:
    """The area whose cases a handler of that module serves: `server.registry.acts` → registry."""
    root, _, rest = module.partition(".")
    return rest.partition(".")[0] if root == "server" else ""


def _answers(data: bytes) -> frozenset[str] | None:
    """The variables a form gives: the first part of every answer's key. None when it cannot be read."""
    try:
        return frozenset(str(field.key).split(".")[0] for field in load(data).answers())
    except Invalid:  # lint of forms says what is wrong with it
        return None


def _choices(data: bytes) -> dict[str, frozenset[str]] | None:
    """The answers that each closed question of a form offers. None when it cannot be read."""
    try:
        fields = list(load(data).answers())
    except Invalid:
        return None
    single = CHOICES - {"checklist"}
    return {str(one.key): frozenset(o.value for o in one.options) for one in fields if one.type in single}
