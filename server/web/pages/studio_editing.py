"""Editing a file inside its change set: what the three editors load, keep, ask and save; each person's typing is her own."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server import clock
from server.approval.states import CODES, WORDS
from server.documents import kinds
from server.errors import Conflict, DomainError, Invalid, NotFound
from server.processes import (
    change_checks,
    change_sets,
    checking,
    decision_tables,
    definitions,
    deployments,
    field_dictionary,
    form_fields,
    library,
)
from server.processes.change_checks import EditCheck
from server.processes.change_sets import Opened
from server.processes.decision_tables import Answer, Table
from server.processes.form_uses import form_uses
from server.processes.library_kinds import Finding
from server.web import forms, shell
from server.web.access import Access
from server.web.edge import current
from server.web.filters import clock_words, date_words
from server.web.pages import studio_frame as frame
from server.web.pages import studio_matters, studio_trials
from server.web.pages.studio_changes import FILE_LIMIT
from server.web.pages.studio_frame import DESIGNER, READER, blueprint
from server.web.security import allow_style_elements

ROWS_TO_TRY = 2
MOST_ROWS = 20
ACCESS: dict[str, Access] = {
    "studio.edit": READER,
    "studio.draft": READER,
    "studio.lint": READER,
    "studio.preview": READER,
    "studio.attempt": READER,
    "studio.keep": DESIGNER,
    "studio.save": DESIGNER,
    "studio.forget": DESIGNER,
}
HANDLER_WORDS: Mapping[str, str] = {
    "record": "记录状态",
    "issue_permit": "发施工许可证",
    "issue_opinion": "出联合验收意见",
    "issue_rectification": "发整改清单",
    "file_acceptance": "办竣工验收备案",
    "close_project": "项目收尾",
    "registry.pre_admit": "登记预受理",
    "registry.run_checks": "登记核验",
    "registry.hold": "登记挂起",
    "registry.admit": "登记受理",
    "registry.refuse": "登记不予受理",
    "registry.book": "登簿",
}
"""Handlers of service tasks in words, for the designer's choice; one that is not here stands under its name."""


@dataclass(frozen=True)
class EditedFile:
    """The file an editor is open on. base: which version in force it starts from, in words."""

    name: str
    title: str
    kind: str
    base: str
    others: str
    restored: bool
    moved: str
    editable: bool
    uses: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Checked:
    """The findings of a file while it is edited, what stops before what warns."""

    failed: tuple[Finding, ...]
    warned: tuple[Finding, ...]
    unseen: tuple[str, ...] = ()


@blueprint.get("/changes/<int:change_id>/files/<name>/edit")
def edit(change_id: int, name: str) -> ResponseReturnValue:
    """The editor for this kind of file."""
    return _editor(change_id, name)


@blueprint.get("/changes/<int:change_id>/files/<name>/draft")
def draft(change_id: int, name: str) -> ResponseReturnValue:
    """The file as this person last left it: her own unsaved typing, else what the change set has."""
    opened = change_sets.open_file(current.session, change_id, name, current.person, current.now)
    answer = Response(opened.data, mimetype="application/octet-stream")
    answer.cache_control.no_store = True
    if opened.is_draft:
        answer.headers["X-Draft"] = "1"
        answer.set_etag(opened.sha256)
    return answer


@blueprint.put("/changes/<int:change_id>/files/<name>/draft")
def keep(change_id: int, name: str) -> ResponseReturnValue:
    """Keep what is being typed, for this person alone. If-Match: the typing it follows."""
    data = _sent()
    over = next(iter(request.if_match.as_set()), None) if request.if_match else None
    try:
        kept = change_sets.keep_draft(current.session, change_id, name, data, current.person, current.now, over=over)
    except DomainError as error:
        return error.message, error.status, {"Content-Type": "text/plain; charset=utf-8"}
    answer = Response(status=204)
    answer.headers["X-Kept-At"] = clock_words(kept.kept_at)
    answer.set_etag(deployments.sha256(data))
    return answer


@blueprint.post("/changes/<int:change_id>/files/<name>/save")
def save(change_id: int, name: str) -> ResponseReturnValue:
    """Put what was typed into the change set, and go on to its check if wanted."""
    session, actor, now = current.session, current.person, current.now
    try:
        if change_sets.draft(session, change_id, name, actor) is not None:
            change_sets.save_draft(session, change_id, name, actor, now)
    except (Conflict, Invalid) as error:
        session.rollback()
        return _editor(change_id, name, error), error.status
    if request.form.get("then") == "check":
        return redirect(url_for("studio.check", change_id=change_id))
    flash("已存进变更。", "done")
    return redirect(url_for("studio.edit", change_id=change_id, name=name))


@blueprint.post("/changes/<int:change_id>/files/<name>/forget")
def forget(change_id: int, name: str) -> ResponseReturnValue:
    """Drop this person's unsaved typing."""
    change_sets.drop_draft(current.session, change_id, name, current.person)
    return redirect(url_for("studio.edit", change_id=change_id, name=name))


@blueprint.post("/changes/<int:change_id>/files/<name>/lint")
def lint(change_id: int, name: str) -> ResponseReturnValue:
    """The findings of a file as it is being typed, as the list below the editor; nothing is stored."""
    data = _sent()
    now = current.now
    current.session.rollback()  # an edit every second must not keep others from writing
    with current.database.reading() as session:
        looked = change_checks.check_edit(session, change_id, name, data, now)
    return render_template(
        "studio/_findings.html",
        checked=_sorted(looked),
        marks={kind: looked.difference.of(kind) for kind in ("add", "mod", "gone", "moved")},
        unwalked=[flow for report in looked.trials.values() for flow in report.unwalked],
        difference=f"和在用的比：{looked.difference.words}" if not looked.difference.unreadable else "",
        whole=f"整个{library.kind_words(name)}",
        places=_places,
    )


@blueprint.post("/changes/<int:change_id>/files/<name>/preview")
def preview(change_id: int, name: str) -> ResponseReturnValue:
    """A form as those who fill it in see it, drawn by the same code; with answers, its conditions are at work."""
    answers: dict[str, Any] = {}
    data = _sent()
    if request.mimetype == "application/json":
        try:
            sent = json.loads(data)
            data, answers = json.dumps(sent["form"]).encode(), dict(sent.get("answers") or {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Invalid("没有收到表单。请刷新页面再试。") from error
    try:
        form = form_fields.load(data)
        given = forms.read(form, _Answers(answers))
        shown: Any = forms.draw(form, given, {}) if answers else forms.draw(form, {}, {})
        said = ""
    except DomainError as error:
        shown, said = (), error.message
    return render_template("studio/_preview.html", shown=shown, said=said)


@blueprint.post("/changes/<int:change_id>/files/<name>/attempt")
def attempt(change_id: int, name: str) -> ResponseReturnValue:
    """Rows of answers on the tables as they are being typed."""
    session, actor, now = current.session, current.person, current.now
    opened = change_sets.open_file(session, change_id, name, actor, now)
    typed = request.form.get("model", "")
    data = typed.encode() if typed else opened.data
    more = 1 if request.form.get("more") else 0
    if request.headers.get("HX-Request"):
        trying = _tried(data, request.form, more)
        return render_template(
            "studio/_trying.html", trying=trying, policies=decision_tables.POLICIES, address=_addresses(change_id, name)
        )
    return _editor(change_id, name, trying=_tried(data, request.form, more))


class _Answers:
    """Answers from a script in the shape a browser's form has."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = {name: value if isinstance(value, list) else [value] for name, value in answers.items()}

    def getlist(self, key: str) -> list[str]:
        return [str(one) for one in self.answers.get(key, [])]

    def __iter__(self) -> Any:
        return iter(self.answers)


def _sent() -> bytes:
    """The raw body. Raises Invalid when it is empty or too large."""
    data = request.get_data()
    if not data:
        raise Invalid("没有收到文件内容。请再试一次。", fields={"file": ["没有收到文件内容。"]})
    if len(data) > FILE_LIMIT:
        raise Invalid("文件超过了 5 MB。请去掉嵌入的图片。", fields={"file": ["文件不能超过 5 MB。"]})
    return data


def _sorted(looked: EditCheck) -> Checked:
    failed = tuple(one for one in looked.findings if one.severity == "error")
    return Checked(failed, tuple(one for one in looked.findings if one.severity != "error"))


def _places(finding: Finding) -> dict[str, str]:
    """Where a finding lies in a table: its row, its cell, or the row that is missing."""
    found: dict[str, str] = {}
    for attribute in ("decision", "rule", "column"):
        value = getattr(finding, attribute, None)
        if value is not None:
            found[f"data-{attribute}"] = str(value)
    missing = getattr(finding, "missing", ())
    if missing:
        found["data-gap"] = json.dumps(list(missing), ensure_ascii=False)
    if ("data-rule" in found or missing) and "data-decision" not in found and finding.element:
        found["data-decision"] = finding.element
    return found


def _addresses(change_id: int, name: str) -> dict[str, str]:
    names = ("draft", "lint", "save", "forget", "preview", "attempt")
    found = {one: url_for(f"studio.{one}", change_id=change_id, name=name) for one in names}
    if shell.shell().exists("studio_walk.begin") and name.endswith(".bpmn"):
        found["walk"] = url_for("studio_walk.begin", change_id=change_id, process_id=name.removesuffix(".bpmn"))
    return found


def _editor(
    change_id: int, name: str, error: DomainError | None = None, trying: list[tuple[Table, list[Any]]] | None = None
) -> str:
    session, actor, now = current.session, current.person, current.now
    line = change_sets.line(session, change_id, now)
    opened = change_sets.open_file(session, change_id, name, actor, now)
    kind = library.kind_of(name)
    editable = line.state == "draft" and frame.designs(actor)
    shell.stand_at("studio.changes")
    file = _file(change_id, name, opened, editable, now)
    shared = {"change": frame.view(line), "file": file, "address": _addresses(change_id, name), "error": error}
    if kind == "model":
        allow_style_elements()
        return render_template("studio/edit_model.html", around=_around_model(name, now), **shared)
    if kind == "decision":
        allow_style_elements()
        rows = trying if trying is not None else _tried(opened.data, {}, 0)
        return render_template("studio/edit_decision.html", trying=rows, policies=decision_tables.POLICIES, **shared)
    if kind == "form":
        allow_style_elements()
        entries = field_dictionary.dictionary(_library_forms(now))
        known = [
            {
                "key": one.key,
                "label": one.label,
                "type": one.type,
                "values": [{"value": v, "label": w} for v, w in one.values],
            }
            for one in entries
        ]
        return render_template("studio/edit_form.html", around={"dictionary": known}, **shared)
    if kind == "trials":
        return studio_trials.page(change_id, name, opened.data, shared)
    return studio_matters.page(change_id, name, opened.data, shared)


def _file(change_id: int, name: str, opened: Opened, editable: bool, now: datetime) -> EditedFile:
    session = current.session
    line = change_sets.line(session, change_id, now)
    if not opened.in_set and not opened.is_draft:
        raise NotFound(f"这次变更里没有“{name}”。请先把它加进来。", code="FILE_UNKNOWN")
    in_force = next((one for one in library.files_in_force(session, now) if one.name == name), None)
    own = next((one for one in line.files if one.name == name), None)
    newest = in_force.sha256 if in_force else None
    moved = (
        own is not None and newest not in (own.base, own.sha256) and line.state in ("draft", "submitted", "reviewed")
    )
    base = (
        f"从{date_words(in_force.since, clock.legal_date(now))}起在用的改起"
        if in_force and in_force.by_person
        else "从在用的改起"
        if in_force
        else "新的"
    )
    kinds_of: dict[str, int] = {}
    for one in line.files:
        if one.name != name:
            kinds_of[library.kind_words(one.name)] = kinds_of.get(library.kind_words(one.name), 0) + 1
    names = {process_id: one.name for process_id, one in definitions.all_in_force(session, now).items()}
    return EditedFile(
        name,
        frame.titles().get(name) or library.title_of(name, opened.data),
        library.kind_words(name),
        base,
        "，".join(f"{kind} {count}" for kind, count in kinds_of.items()),
        opened.is_draft,
        f"{date_words(in_force.since, clock.legal_date(now))}起换了新的一份"
        if moved and in_force
        else "在用的已经不同"
        if moved
        else "",
        editable,
        tuple((one, names.get(one, one)) for one in (in_force.processes if in_force else ())),
    )


def _library_forms(now: datetime) -> Iterable[bytes]:
    session = current.session
    shas = {key: sha for key, (name, sha) in deployments.library(session, now).items() if name.endswith(".form")}
    return deployments.contents(session, shas).values()


def _around_model(name: str, now: datetime) -> dict[str, list[Any]]:
    """What a model may name: units, forms, records, papers, handlers, decisions, other processes."""
    session = current.session
    known = checking.known(session, {}, now)
    process_id = name.removesuffix(".bpmn")
    uses = form_uses(session, process_id, now)
    form_ids = set(known.forms or ())
    told = [form for form in uses if form in form_ids]
    named = [[form, f"和“{'”“'.join(uses[form][:3])}”用同一张"] for form in told]
    decisions = []
    tables = {key: sha for key, (file, sha) in deployments.library(session, now).items() if file.endswith(".dmn")}
    for data in deployments.contents(session, tables).values():
        decisions += [[table.id, table.name] for table in decision_tables.read(data).tables]
    return {
        "units": sorted(known.units or ()),
        "forms": [*named, *([form, form] for form in sorted(form_ids - set(told)))],
        "transitions": [[code, WORDS[state]] for code, state in CODES.items() if state in WORDS],
        "papers": [[kind, one.title] for kind, one in kinds.KINDS.items()],
        "handlers": [[one, HANDLER_WORDS.get(one, one)] for one in sorted(known.handlers or ())],
        "decisions": decisions,
        "processes": [[one.process_id, one.name] for one in definitions.all_in_force(session, now).values()],
    }


def _tried(
    data: bytes, sent: Mapping[str, str], more: int
) -> list[tuple[Table, list[tuple[dict[int, str], Answer | None]]]]:
    """The tables of a file, each with its rows as typed and what each comes to."""
    try:
        tables = decision_tables.read(
            data, field_dictionary.labels(field_dictionary.dictionary(_library_forms(current.now)))
        ).tables
    except decision_tables.Refused:  # the check says so
        return []
    found = []
    for table in tables:
        rows: list[tuple[dict[int, str], Answer | None]] = []
        places = [
            int(key.split(".")[-2])
            for key in sent
            if key.startswith(f"try.{table.id}.") and key.split(".")[-2].isdigit()
        ]
        count = min(max([*places, -1]) + 1 + more if places else ROWS_TO_TRY, MOST_ROWS)
        for row in range(count):
            given = {at: sent.get(f"try.{table.id}.{row}.{at}", "") for at in range(len(table.inputs))}
            rows.append((given, decision_tables.attempt(data, table, given) if any(given.values()) else None))
        found.append((table, rows))
    return found
