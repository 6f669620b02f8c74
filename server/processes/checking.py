"""May this model be published? The linter and the check of its paths, told what exists around it."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import jobs
from server.accounts.models import Unit
from server.errors import Invalid
from server.processes import deployments
from server.processes.definitions import main_file
from server.processes.form_fields import load
from server.processes.handlers import HANDLERS, PROCEDURES, SENT, THROWN, TRANSITIONS
from server.processes.models import Version
from server.processes.work_items import OWNER_LANE
from workflows import paths
from workflows.lint import Finding, HandlerInfo, Known, errors, lint


def findings(session: Session, process_id: str, files: Mapping[str, bytes]) -> list[Finding]:
    """Everything wrong with a model, errors first. files: the whole closure, the process itself in its main file."""
    around = known(session, files)
    found = lint(files, main_file(process_id), around)
    procedure = PROCEDURES.get(process_id)
    if errors(found):
        return found
    law = procedure.rules if procedure else None
    found += paths.check(files, process_id, law or paths.Rules(), around)
    return sorted(found, key=lambda finding: finding.severity != "error")


def known(session: Session, files: Mapping[str, bytes]) -> Known:
    """What exists around a model: handlers, forms (the library's and those given), units, messages, processes."""
    forms = deployments.contents(
        session, {key: sha for key, (name, sha) in deployments.library(session).items() if name.endswith(".form")}
    )
    forms |= {deployments.key_of(name, data): data for name, data in files.items() if name.endswith(".form")}
    return Known(
        handlers={
            name: HandlerInfo(required_headers=one.headers, acts=one.acts, returns=one.returns)
            for name, one in HANDLERS.items()
        },
        forms={key: _answers(data) for key, data in forms.items()},
        units=frozenset({OWNER_LANE, *session.scalars(select(Unit.name))}),
        transitions=frozenset(TRANSITIONS) or None,
        messages=frozenset(SENT | THROWN.keys() | jobs.RECEIVERS.keys()),
        throws=frozenset(THROWN),
        processes=frozenset(session.scalars(select(Version.process_id).distinct())),
        start_variables={p.process_id: p.start_variables for p in PROCEDURES.values() if p.start_variables},
    )


def as_data(found: Iterable[Finding]) -> list[dict[str, object]]:
    """Findings as plain data for a problem's `findings` and for the designer's page."""
    return [
        {
            "severity": one.severity,
            "code": one.code,
            "element": one.element,
            "name": one.name,
            "message": one.message,
            "cure": one.cure,
            "path": list(one.path),
        }
        for one in found
    ]


def _answers(data: bytes) -> frozenset[str] | None:
    """The variables a form gives: the first part of every answer's key. None when it cannot be read."""
    try:
        return frozenset(str(field.key).split(".")[0] for field in load(data).answers())
    except Invalid:  # lint of forms says what is wrong with it
        return None
