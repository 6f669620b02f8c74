"""Earlier results: what a project got elsewhere, entered by a window clerk from its document."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from server.approval import actions
from server.approval.catalogues import catalogue
from server.approval.matters import ResultKind
from server.approval.models import Building, Project, Result
from server.approval.queries import lookup
from server.clock import legal_date
from server.errors import Conflict, DomainError, Invalid, NotFound
from server.files import store
from server.processes import definitions
from server.processes import forms as rules
from server.processes.forms import Form
from server.web import forms
from server.web.access import Access, roles
from server.web.edge import current
from server.web.pages.officer.desk import OFFICER, PAGE, blueprint
from server.web.pages.officer.unit_lines import parse
from server.web.shell import stand_at

CLERK = roles("window_clerk")
ACCESS: dict[str, Access] = {
    "officer.results": OFFICER,
    "officer.project_results": OFFICER,
    "officer.result": CLERK,
    "officer.result_enter": CLERK,
}
FORM = "result-entry"
LAND = ("A07", "A08")
ISSUED_HERE = ("D01", "D07")
"""Results this system makes itself: nobody enters them from paper."""
_PLACE = re.compile(r"data\.buildings\[(\d+)\]\.(\w+)(?:\[(\d+)\])?")


@blueprint.get("/results")
def results() -> ResponseReturnValue:
    """Find the project; those with no result first seen last: the newest on top."""
    session, text = current.session, request.args.get("q", "")
    offset = max(0, request.args.get("from", 0, type=int))
    found = lookup.projects(session, current.person, text, limit=PAGE + 1, offset=offset)
    counts = session.execute(
        select(Result.project_id, func.count())
        .where(Result.project_id.in_([one.id for one in found]))
        .group_by(Result.project_id)
    )
    return render_template(
        "officer/results.html",
        text=text,
        projects=found[:PAGE],
        counts={project_id: number for project_id, number in counts},
        offset=offset,
        page=PAGE,
        more=len(found) > PAGE,
    )


@blueprint.get("/results/<code>")
def project_results(code: str) -> ResponseReturnValue:
    """What a project has, and what can be entered."""
    stand_at("officer.results")
    session = current.session
    project = lookup.project(session, current.person, code)
    rows = session.scalars(
        select(Result).where(Result.project_id == project.id).order_by(Result.issued_on.desc(), Result.id.desc())
    ).all()
    buildings = session.scalars(
        select(Building).where(Building.project_id == project.id).order_by(Building.position)
    ).all()
    return render_template(
        "officer/project_results.html",
        project=project,
        content={"results": rows, "today": legal_date(current.now)},
        buildings=buildings,
        kinds=_kinds(),
        clerk=bool(CLERK.roles & current.person.roles),
    )


def _kinds() -> list[ResultKind]:
    return [one for code, one in catalogue(current.session, current.now).results.items() if code not in ISSUED_HERE]


@blueprint.get("/results/<code>/new")
def result(code: str) -> ResponseReturnValue:
    """The form for one kind of result."""
    project = lookup.project(current.session, current.person, code)
    return _page(project, _kind(request.args.get("kind", "")), {}, None)


@blueprint.post("/results/<code>/new")
def result_enter(code: str) -> ResponseReturnValue:
    """Enter it with its document. Everything is checked before anything is kept."""
    session, actor, now = current.session, current.person, current.now
    project = lookup.project(session, actor, code)
    kind = _kind(request.form.get("kind", ""))
    form, variables = _form(project, kind)
    again = forms.pressed(form, request.form)
    if again is not None:
        return _page(project, kind, again, None)
    answers = forms.read(form, request.form)
    upload = request.files.get("file")
    try:
        filled, wrong = _checked(form, answers, variables)
        if upload is None or not upload.filename:
            wrong["file"] = ["请选这份文件的扫描件，PDF 或图片"]
        if wrong:
            raise Invalid(f"还有 {sum(map(len, wrong.values()))} 处要改。", fields=wrong, code="FORM")
        assert upload is not None  # noqa: S101 - its absence was refused above
        file = _saved(upload.stream, upload.filename or "")
        actions.enter_result(
            session,
            actor,
            project,
            code=kind.code,
            number=filled["number"],
            issued_on=date.fromisoformat(filled["issued_on"]),
            valid_until=date.fromisoformat(filled["valid_until"]) if filled.get("valid_until") else None,
            authority=filled.get("authority", ""),
            file_id=file,
            data={key: filled[key] for key in ("parcel_code", "scope", "buildings") if filled.get(key)},
            now=now,
        )
    except (Invalid, Conflict) as refusal:
        session.rollback()
        return _page(project, kind, answers, refusal), refusal.status
    flash(f"《{kind.name}》{filled['number']} 已录入。", "done")
    return redirect(url_for("officer.project_results", code=project.code))


def _kind(code: str) -> ResultKind:
    found = next((one for one in _kinds() if one.code == code), None)
    if found is None:
        raise NotFound("没有这种结果。请回到项目的前期结果，从列表里选。", code="RESULT_UNKNOWN")
    return found


def _form(project: Project, kind: ResultKind) -> tuple[Form, dict[str, Any]]:
    form = rules.load(definitions.form(current.session, FORM, now=current.now))
    return form, {"code": kind.code, "asks_parcel": kind.code in LAND and not project.parcel_code}


def _checked(
    form: Form, answers: Mapping[str, Any], variables: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The cleaned answers, the units of each building read from its lines; and every fault by field."""
    wrong = dict(rules.errors_of(form, answers, variables))
    filled = {} if wrong else rules.validate(form, answers, variables)
    buildings = filled.get("buildings") or answers.get("buildings") or []
    for place, one in enumerate(buildings):
        groups, faults = parse(str(one.get("units") or ""))
        if faults:
            wrong.setdefault(f"buildings.{place}.units", []).extend(faults)
        if filled:
            one["units"] = groups
    return filled, wrong


def _saved(stream: Any, name: str) -> int:
    """The number of the stored file. A refusal is led to the file field."""
    try:
        return store.save(current.session, current.settings, stream, name, current.person, current.now).id
    except DomainError as refusal:
        raise Invalid(refusal.message, fields={"file": [refusal.message]}, code=refusal.code) from refusal


def _places(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The contract's names of fields as the page has them: `data.buildings[0].units[1].areas` → `buildings.0.units`."""
    found: dict[str, list[str]] = {}
    for name, words in fields.items():
        match = _PLACE.match(name)
        line = f"第 {int(match[3]) + 1} 行：" if match and match[3] else ""
        place = f"buildings.{match[1]}.{match[2]}" if match else name.removeprefix("data.")
        found.setdefault(place, []).extend(f"{line}{one}" for one in words)
    return found


def _page(project: Project, kind: ResultKind, answers: Mapping[str, Any], refusal: DomainError | None) -> str:
    stand_at("officer.results")
    form, variables = _form(project, kind)
    errors = _places(refusal.fields) if refusal else {}
    shown = forms.draw(form, answers, variables, errors)
    problems = forms.summary(shown) + [("file", words) for words in errors.get("file", ())]
    if refusal is not None and not problems:
        problems = [("", words) for sentences in errors.values() for words in sentences] or [("", refusal.message)]
    return render_template(
        "officer/result.html",
        project=project,
        kind=kind,
        shown=shown,
        problems=problems,
        file_error="；".join(errors.get("file", ())),
    )
