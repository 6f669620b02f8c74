"""What is in force: processes with their versions, decision tables, forms, matters; and the functions expressions may use."""

from datetime import datetime

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server import clock
from server.errors import DomainError, Invalid
from server.processes import (
    change_checks,
    change_sets,
    coverage,
    decision_tables,
    definitions,
    deployments,
    differences,
    feel_functions,
    field_dictionary,
    form_fields,
    library,
    releasing,
)
from server.processes.definitions import VersionLine
from server.processes.library import LibraryLine
from server.web import forms, running_names, shell
from server.web.access import Access
from server.web.diagram_view import Diagram
from server.web.edge import current
from server.web.pages import studio_frame as frame
from server.web.pages import studio_matters, studio_trials
from server.web.pages.studio_changes import as_file
from server.web.pages.studio_frame import PUBLISHER, READER, blueprint

RUNNING_SHOWN = 50
ACCESS: dict[str, Access] = {
    "studio.versions": READER,
    "studio.process": READER,
    "studio.version": READER,
    "studio.version_source": READER,
    "studio.decisions": READER,
    "studio.decision": READER,
    "studio.forms": READER,
    "studio.form": READER,
    "studio.matters": READER,
    "studio.in_force": READER,
    "studio.feel": READER,
    "studio.revert_to": PUBLISHER,
}
STATES = {
    "draft": ("draft", "没有用过"),
    "submitted": ("draft", "没有用过"),
    "scheduled": ("waiting_other", "已排定"),
    "published": ("superseded", "用过"),
    "current": ("valid", "在用"),
}
"""State of a version → (key of STATUS, word)."""
OPEN = frozenset({"draft", "submitted", "reviewed", "scheduled"})


@blueprint.get("/processes")
def versions() -> ResponseReturnValue:
    """All processes: what is in force since when, and what waits."""
    session, now = current.session, current.now
    lines = []
    for in_force, process_id, count in definitions.processes(session, now):
        name = in_force.name if in_force else process_id
        lines.append((process_id, name, in_force, count, _open_changes(f"{process_id}.bpmn", now)))
    return render_template("studio/versions.html", lines=lines)


@blueprint.get("/processes/<process_id>")
def process(process_id: str) -> ResponseReturnValue:
    """One process: its versions with who and when, the diagram in force with what its cases walk, and what runs."""
    session, now = current.session, current.now
    shell.stand_at("studio.versions")
    lines = definitions.versions(session, process_id, now)
    here = next((line for line in lines if line.state == "current"), None) or lines[0]
    covered = request.args.get("coverage") is not None
    report = coverage.of_process(session, process_id, now)
    return render_template(
        "studio/process.html",
        process_id=process_id,
        name=here.version.name,
        lines=lines,
        here=here,
        states=STATES,
        view=_diagram(here),
        marks={"unwalked": report.unwalked} if covered and report else {},
        covered=covered,
        report=report,
        cases=_cases(process_id, here, now),
        running=change_checks.running(session, process_id),
        standing=[
            (
                running_names.of_subject(session, one.subject),
                "、".join(one.places) or "系统正在处理",
                one.version_number,
            )
            for one in change_checks.running_cases(session, process_id, now, limit=RUNNING_SHOWN)
        ],
        waiting=_open_changes(f"{process_id}.bpmn", now),
        designs=frame.designs(current.person),
    )


@blueprint.get("/processes/<process_id>/versions/<int:number>")
def version(process_id: str, number: int) -> ResponseReturnValue:
    """One version: its diagram, what it changed against the one before, and the way back to it."""
    return _version_page(process_id, number)


@blueprint.get("/processes/<process_id>/versions/<int:number>/source")
def version_source(process_id: str, number: int) -> ResponseReturnValue:
    """The BPMN file of a version, to keep or to open in another tool."""
    found = definitions.version(current.session, process_id, number)
    return as_file(f"{process_id}-v{number}.bpmn", definitions.xml(current.session, found.id))


@blueprint.post("/processes/<process_id>/versions/<int:number>/revert")
def revert_to(process_id: str, number: int) -> ResponseReturnValue:
    """Put an earlier version back into force, with a reason."""
    reason = request.form.get("reason", "").strip()
    try:
        if not reason:
            raise Invalid("请写为什么退回。", fields={"reason": ["请写为什么退回，以后查起来看它。"]})
        releasing.revert_to(current.session, process_id, number, reason, current.person, current.now)
    except DomainError as error:
        if error.status == 404:
            raise
        current.session.rollback()
        return _version_page(process_id, number, error, reason), error.status
    flash(f"从现在起新办件按第 {number} 版办，在办的不变。", "done")
    return redirect(url_for("studio.process", process_id=process_id))


@blueprint.get("/decisions")
def decisions() -> ResponseReturnValue:
    """The decision tables in force."""
    return _list_page("decision")


@blueprint.get("/decisions/<name>")
def decision(name: str) -> ResponseReturnValue:
    """A decision file in force, read."""
    session, now = current.session, current.now
    shell.stand_at("studio.decisions")
    data = library.content(session, name, now)
    labels = field_dictionary.labels(field_dictionary.dictionary(_forms(now)))
    try:
        file = decision_tables.read(data, labels)
    except decision_tables.Refused as refused:
        raise Invalid(f"“{name}”读不出来：{refused}") from refused
    return render_template(
        "studio/decision.html", file=file, line=_line(name, now), policies=decision_tables.POLICIES, **_use(name, now)
    )


@blueprint.get("/forms", endpoint="forms")
def forms_() -> ResponseReturnValue:
    """The forms in force."""
    return _list_page("form")


@blueprint.get("/forms/<name>")
def form(name: str) -> ResponseReturnValue:
    """A form in force, as those who fill it in see it."""
    session, now = current.session, current.now
    shell.stand_at("studio.forms")
    loaded = form_fields.load(library.content(session, name, now))
    return render_template(
        "studio/form.html", shown=forms.draw(loaded, {}, {}), line=_line(name, now), **_use(name, now)
    )


@blueprint.get("/matters")
def matters() -> ResponseReturnValue:
    """The matters and materials in force."""
    now = current.now
    return render_template(
        "studio/matters.html",
        outline=studio_matters.in_force(),
        waiting=_open_changes(studio_matters.MATTERS, now) + _open_changes(studio_matters.MATERIALS, now),
        designs=frame.designs(current.person),
    )


@blueprint.get("/files/<name>/source")
def in_force(name: str) -> Response:
    """A file in force, to keep or to open in another tool."""
    return as_file(name, library.content(current.session, name, current.now))


@blueprint.get("/feel")
def feel() -> ResponseReturnValue:
    """The functions that expressions may use, each with an example that is evaluated by the tests."""
    shell.stand_at("studio.changes")
    return render_template("studio/feel.html", groups=feel_functions.groups())


# -- drawing


def _list_page(kind: str) -> str:
    session, now = current.session, current.now
    lines = frame.named(one for one in library.files_in_force(session, now) if one.kind == kind)
    names = {process_id: one.name for process_id, one in definitions.all_in_force(session, now).items()}
    return render_template(
        "studio/files.html",
        kind=kind,
        words=library.KIND_WORDS[kind],
        lines=[
            (line, tuple((one, names.get(one, one)) for one in line.processes), _open_changes(line.name, now))
            for line in lines
        ],
        designs=frame.designs(current.person),
    )


def _line(name: str, now: datetime) -> LibraryLine:
    return next(one for one in frame.named(library.files_in_force(current.session, now)) if one.name == name)


def _use(name: str, now: datetime) -> dict[str, object]:
    line = _line(name, now)
    names = {process_id: one.name for process_id, one in definitions.all_in_force(current.session, now).items()}
    return {
        "uses": tuple((one, names.get(one, one)) for one in line.processes),
        "waiting": _open_changes(name, now),
        "designs": frame.designs(current.person),
    }


def _open_changes(name: str, now: datetime) -> list[frame.ChangeView]:
    """The change sets under way that have this file."""
    lines = change_sets.lines(current.session, now, states=OPEN)
    return [frame.view(line) for line in lines if any(file.name == name for file in line.files)]


def _forms(now: datetime) -> list[bytes]:
    session = current.session
    shas = {key: sha for key, (name, sha) in deployments.library(session, now).items() if name.endswith(".form")}
    return list(deployments.contents(session, shas).values())


def _cases(process_id: str, here: VersionLine, now: datetime) -> list[coverage.CaseLine]:
    known = deployments.library(current.session, now).get(coverage.tests_name(process_id))
    if known is None:
        return []
    data = deployments.contents(current.session, {"tests": known[1]})["tests"]
    model = definitions.xml(current.session, here.version.id)
    try:
        return coverage.told(data, model, studio_trials.outcome_words(), studio_trials.TRANSITION_WORDS)
    except Invalid:  # a file that cannot be read is a finding of the check
        return []


def _diagram(line: VersionLine) -> Diagram:
    one = line.version
    return Diagram(url_for("diagrams.model", version_id=one.id), f"{one.name}第 {one.number} 版流程图")


def _version_page(process_id: str, number: int, error: DomainError | None = None, reason: str = "") -> str:
    session, now = current.session, current.now
    shell.stand_at("studio.versions")
    lines = definitions.versions(session, process_id, now)
    definitions.version(session, process_id, number)
    line = next(one for one in lines if one.version.number == number)
    here = next((one for one in lines if one.state == "current"), None)
    base = here if here is not line else next((one for one in lines if one.version.number < number), None)
    found = differences.difference(
        f"{process_id}.bpmn",
        definitions.xml(session, base.version.id) if base else None,
        definitions.xml(session, line.version.id),
    )
    return render_template(
        "studio/version.html",
        process_id=process_id,
        line=line,
        version=line.version,
        here=here,
        base=base,
        difference=found,
        marks={kind: found.of(kind) for kind in ("add", "mod", "moved")} if base else {},
        view=_diagram(line),
        running=change_checks.running(session, process_id),
        states=STATES,
        error=error,
        reason=reason,
        may_revert=line.state == "published" and frame.publishes(current.person),
        today=clock.legal_date(now),
    )
