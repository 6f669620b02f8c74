"""The model tests of a process inside a change set: each case in words, whether it passes, and what none has walked."""

from collections.abc import Mapping
from typing import Any

from flask import render_template

from server.approval.states import CODES, WORDS
from server.errors import Invalid
from server.processes import change_checks, change_sets, coverage, definitions, deployments, field_dictionary
from server.web.edge import current

TRANSITION_WORDS: Mapping[str, str] = {code: WORDS[state] for code, state in CODES.items() if state in WORDS}
"""Code of a record → what it is called."""


def outcome_words() -> Mapping[str, str]:
    """What the outcomes of all forms in force are called."""
    session, now = current.session, current.now
    shas = {key: sha for key, (name, sha) in deployments.library(session, now).items() if name.endswith(".form")}
    entries = field_dictionary.dictionary(deployments.contents(session, shas).values())
    return field_dictionary.labels(entries).get("outcome", {})


def page(change_id: int, name: str, data: bytes, shared: Mapping[str, Any]) -> str:
    """The cases of one process as the change set has them."""
    session, now = current.session, current.now
    process_id = name.removesuffix(".tests.yaml")
    looked = change_checks.check_edit(session, change_id, name, data, now)
    report = looked.trials.get(process_id)
    said = ""
    try:
        lines = coverage.told(data, _model(change_id, process_id), outcome_words(), TRANSITION_WORDS)
    except Invalid as error:
        lines, said = [], error.message
    return render_template(
        "studio/edit_trials.html",
        lines=lines,
        results={one.name: one for one in report.results} if report else {},
        unwalked=[one for one in report.findings if one.code == "never-walked"] if report else [],
        process_id=process_id,
        said=said,
        **shared,
    )


def _model(change_id: int, process_id: str) -> bytes | None:
    """The model the cases walk: the change set's, else the one in force."""
    session, now = current.session, current.now
    own = change_sets.files(session, change_id).get(f"{process_id}.bpmn")
    found = definitions.in_force(session, process_id, now)
    return own or (definitions.xml(session, found.version_id) if found else None)
