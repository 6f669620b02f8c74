"""May this model be published? The linter and the check of its paths, told what exists around it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Unit
from server.errors import Invalid
from server.processes import deployments, surroundings
from server.processes.definitions import main_file
from server.processes.form_fields import lint_form, load
from server.processes.handlers import PROCEDURES
from server.processes.models import Version
from server.processes.work_items import OWNER_LANE
from workflows import Refused, paths
from workflows.lint import Finding, Known, errors, lint
from workflows.outline import read, title


def findings(session: Session, process_id: str, files: Mapping[str, bytes], now: datetime) -> list[Finding]:
    """Everything wrong with a model, errors first. files: the whole closure, the process itself in its main file."""
    around = known(session, files, now)
    found = lint(files, main_file(process_id), around)
    found += form_findings(files, _tasks_of_forms(files.get(main_file(process_id))))
    found += _started_by_nobody(process_id, files.get(main_file(process_id)))
    procedure = PROCEDURES.get(process_id)
    if errors(found):
        return sorted(found, key=lambda finding: finding.severity != "error")
    law = procedure.rules if procedure else None
    found += paths.check(files, process_id, law or paths.Rules(), around)
    return sorted(found, key=lambda finding: finding.severity != "error")


def form_findings(files: Mapping[str, bytes], tasks: Mapping[str, tuple[str, str]] | None = None) -> Iterator[Finding]:
    """What is wrong with the forms among the files. tasks: form id -> (element, name) of the task that shows the fault."""
    for name, data in sorted(files.items()):
        if not name.endswith(".form"):
            continue
        form_id = deployments.key_of(name, data)
        element, task = (tasks or {}).get(form_id, (None, name))
        try:
            faults = lint_form(load(data))
        except Invalid as error:
            yield Finding(
                "error", "form-unreadable", element, task, f"表单“{form_id}”打不开：{error.message}", "重新上传表单"
            )
            continue
        for fault in faults:
            yield replace(fault, element=element, name=task, message=f"表单“{form_id}”的{fault.message}")


def _started_by_nobody(process_id: str, data: bytes | None) -> Iterator[Finding]:
    """The engine can begin a process by signal or timer; here an area begins it, plainly or by message."""
    try:
        nodes = read(data).nodes.values() if data else ()
    except Refused:  # lint has said why
        return
    for node in nodes:
        kind = node.event.kind if node.event else ""
        if node.kind == "startEvent" and node.scope == process_id and kind in ("signal", "timer"):
            word = {"signal": "信号", "timer": "定时"}[kind]
            yield Finding(
                "error",
                "started-by-nobody",
                node.id,
                node.name or node.id,
                f"{title(node)}等{word}才开始，本系统的办件由申请或消息开始，这个流程永远不会开始",
                "换成无类型的开始事件，或者换成消息开始事件",
            )


def _tasks_of_forms(data: bytes | None) -> dict[str, tuple[str, str]]:
    """form id -> the first task of the model that uses it."""
    try:
        nodes = read(data).nodes.values() if data else ()
    except Refused:  # lint has said why
        return {}
    found: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if node.form:
            found.setdefault(node.form, (node.id, node.name or node.id))
    return found


def known(session: Session, files: Mapping[str, bytes], now: datetime) -> Known:
    """What exists around a model: handlers, forms (the library's and those given), units, messages, processes."""
    forms = deployments.contents(
        session, {key: sha for key, (name, sha) in deployments.library(session, now).items() if name.endswith(".form")}
    )
    forms |= {deployments.key_of(name, data): data for name, data in files.items() if name.endswith(".form")}
    return surroundings.known(
        forms,
        units=frozenset({OWNER_LANE, *session.scalars(select(Unit.name))}),
        processes=frozenset(session.scalars(select(Version.process_id).distinct())),
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
            "rule": one.rule,
            "column": one.column,
            "missing": list(one.missing),
        }
        for one in found
    ]
