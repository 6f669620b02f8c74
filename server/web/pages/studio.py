"""The designer's desk: which versions of a process there are, editing one with its findings, and who lets it into force."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server.errors import Conflict, DomainError, Forbidden, Invalid
from server.processes import changes, checking, definitions, publishing
from server.processes.definitions import VersionLine
from server.processes.form_uses import form_uses
from server.web import security, shell
from server.web.access import DESIGNERS, Access, roles
from server.web.diagram_view import Diagram
from server.web.edge import current

MODEL_LIMIT = 5 * 1024 * 1024
"""Bytes of one model file, as the engine accepts them."""

DESIGNER, PUBLISHER = roles("process_designer"), roles("process_publisher")
ACCESS: dict[str, Access] = {
    "studio.versions": roles(*DESIGNERS),
    "studio.process": roles(*DESIGNERS),
    "studio.check": roles(*DESIGNERS),
    "studio.source": roles(*DESIGNERS),
    "studio.model": DESIGNER,
    "studio.lint": DESIGNER,
    "studio.save": DESIGNER,
    "studio.submit": DESIGNER,
    "studio.publish": PUBLISHER,
    "studio.revert": PUBLISHER,
}
blueprint = Blueprint("studio", __name__, url_prefix="/studio")

STATES = {
    "draft": ("draft", "草稿"),
    "submitted": ("replied", "送审中"),
    "published": ("superseded", "用过"),
    "current": ("valid", "在用"),
}
"""State of a version → (key of STATUS, word)."""

PATH_CODES = frozenset(
    "act-order no-final no-person same-lane no-paper second-correction review-before-admission "
    "stuck twice piled-up not-explored uncaught".split()
)
CHECKS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "每条路都有去处，没有走不到的图元",
        frozenset({"dead-end", "unreachable", "no-way-out", "no-end", "lone-condition"}),
    ),
    ("分岔的网关都有默认出口", frozenset({"no-default", "default-condition"})),
    (
        "每个任务都有科室和表单",
        frozenset({"no-lane", "two-lanes", "unknown-unit", "no-form", "unknown-form", "groups-differ"}),
    ),
    ("自动任务都有处理程序，参数齐全", frozenset({"unknown-handler", "missing-header", "idle-transition", "retries"})),
    ("消息和信号都有人发、有人收", frozenset({"unknown-message", "unknown-signal", "no-key", "time-to-live"})),
    ("条件和决策表里的表达式都写对了", frozenset({"feel", "decision-feel"})),
    (
        "表单都画得出、核对得了",
        frozenset(
            "form-unreadable field-type field-key field-label field-options field-check field-pattern "
            "field-feel field-double".split()
        ),
    ),
    ("条件读的变量都有人写过，并行的任务不互相覆盖", frozenset({"unwritten", "written-late", "overwritten"})),
    ("决策表和被调用的流程都存在", frozenset({"unknown-decision", "unknown-called"})),
    ("图画全了，没有自带的颜色", frozenset({"no-diagram", "no-shape", "no-edge", "coloured"})),
    ("系统能照着运行", frozenset({"refused", "duplicate-id", "not-executable", "too-large", "joins-on-cycle"})),
    ("办件状态的先后都合规定，每条路都能办结", frozenset({"act-order", "no-final", "second-correction"})),
    ("每个决定都由人作出，受理和决定分开，不予的都有文书", frozenset({"no-person", "same-lane", "no-paper"})),
    ("受理之前没有部门先审", frozenset({"review-before-admission"})),
    ("并行的路都等得到，走法全部查完", frozenset({"stuck", "twice", "piled-up", "not-explored", "uncaught"})),
)
"""What the check looks at, and the codes of findings that say it is not so."""


@dataclass(frozen=True)
class Checked:
    """The findings of a version in the order of the page: what fails, what warns, what passed, what was not looked at."""

    failed: tuple[checking.Finding, ...]
    warned: tuple[checking.Finding, ...]
    passed: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def elements(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(f.element for f in self.failed if f.element))


def checked(findings: Iterable[checking.Finding]) -> Checked:
    """Sort findings for a page. Paths are not played while a model has other errors, so nothing is said of them then."""
    found = list(findings)
    failed = tuple(f for f in found if f.severity == "error")
    hidden = any(f.code not in PATH_CODES for f in failed) and not any(f.code in PATH_CODES for f in found)
    codes = {f.code for f in found}
    passed: list[Any] = []
    unseen: list[Any] = []
    for words, bad in CHECKS:
        if not bad & codes:
            (unseen if hidden and bad <= PATH_CODES else passed).append(words)
    return Checked(failed, tuple(f for f in found if f.severity != "error"), tuple(passed), tuple(unseen))


@blueprint.get("")
def versions() -> ResponseReturnValue:
    """All processes: what is in force since when and by whom, and what waits."""
    lines = []
    for in_force, process_id, _count in definitions.processes(current.session, current.now):
        found = definitions.versions(current.session, process_id, current.now)
        lines.append((process_id, in_force.name if in_force else found[0].version.name, found))
    return render_template("studio/versions.html", lines=lines, states=STATES)


@blueprint.get("/<process_id>")
def process(process_id: str) -> ResponseReturnValue:
    """One process: its versions with who and when, and the diagram of the one in force."""
    return _process_page(process_id)


@blueprint.get("/<process_id>/versions/<int:number>")
def check(process_id: str, number: int) -> ResponseReturnValue:
    """One version: what the check finds, what it changes, whom it concerns, who lets it through."""
    return _check_page(process_id, number)


@blueprint.get("/<process_id>/versions/<int:number>/model.bpmn")
def source(process_id: str, number: int) -> ResponseReturnValue:
    """The BPMN file of a version, to keep or to open in another tool."""
    version = definitions.version(current.session, process_id, number)
    answer = Response(definitions.xml(current.session, version.id), mimetype="application/xml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{process_id}-v{number}.bpmn"'
    return answer


@blueprint.get("/<process_id>/edit")
def model(process_id: str) -> ResponseReturnValue:
    """Edit a version in the browser; without ?from= the one in force."""
    return _editor(process_id)


@blueprint.post("/<process_id>/lint")
def lint(process_id: str) -> ResponseReturnValue:
    """The findings of a model that is being edited, drawn as the list below the canvas; nothing is stored."""
    data = _uploaded()
    current.session.rollback()  # an edit every second must not keep others from writing
    with current.database.reading() as session:
        findings = publishing.lint_draft(session, process_id, {definitions.main_file(process_id): data}, current.now)
        lines = definitions.versions(session, process_id, current.now)
        base = _in_force(lines) or lines[0]
        found = changes.changes(definitions.xml(session, base.version.id), data)
        return render_template(
            "studio/_findings.html",
            checked=checked(findings),
            changes=found,
            counts=changes.counts(found),
            base=base.version.number,
        )


@blueprint.post("/<process_id>/versions")
def save(process_id: str) -> ResponseReturnValue:
    """Keep an edited or uploaded model as a new version and show its check."""
    note = request.form.get("note", "")
    try:
        if not note.strip():
            raise Invalid("请写这次改了什么。", fields={"note": ["请写这次改了什么，审阅人靠它看懂这一版。"]})
        given = {definitions.main_file(process_id): _uploaded()}
        version = publishing.save_draft(current.session, process_id, given, note, current.person, current.now)
    except Invalid as error:
        return _process_page(process_id, error=error, note=note), error.status
    return redirect(url_for("studio.check", process_id=process_id, number=version.number))


@blueprint.post("/<process_id>/versions/<int:number>/submit")
def submit(process_id: str, number: int) -> ResponseReturnValue:
    """Hand a draft to a second person."""
    try:
        publishing.submit(current.session, process_id, number, current.person, current.now)
    except (Invalid, Conflict) as error:
        return _check_page(process_id, number, error=error), error.status
    return redirect(url_for("studio.check", process_id=process_id, number=number))


@blueprint.post("/<process_id>/versions/<int:number>/publish")
def publish(process_id: str, number: int) -> ResponseReturnValue:
    """Put a submitted version into force."""
    try:
        publishing.publish(current.session, process_id, number, current.person, current.now)
    except (Invalid, Conflict, Forbidden) as error:
        return _check_page(process_id, number, error=error), error.status
    return redirect(url_for("studio.check", process_id=process_id, number=number))


@blueprint.post("/<process_id>/versions/<int:number>/revert")
def revert(process_id: str, number: int) -> ResponseReturnValue:
    """Put an earlier version back into force, with a reason."""
    reason = request.form.get("reason", "")
    try:
        publishing.revert_to(current.session, process_id, number, reason, current.person, current.now)
    except (Invalid, Conflict) as error:
        return _check_page(process_id, number, error=error), error.status
    return redirect(url_for("studio.check", process_id=process_id, number=number))


def _uploaded() -> bytes:
    """The model that was sent. Raises Invalid when there is none or it is too large."""
    sent = request.files.get("model")
    data = sent.stream.read(MODEL_LIMIT + 1) if sent else b""
    if not data:
        raise Invalid("请选一个流程文件。", fields={"model": ["请选一个由流程设计器导出的 BPMN 文件。"]})
    if len(data) > MODEL_LIMIT:
        raise Invalid("文件太大。", fields={"model": ["流程文件不能超过 5 MB。请去掉嵌入的图片后重新导出。"]})
    return data


def _in_force(lines: list[VersionLine]) -> VersionLine | None:
    return next((line for line in lines if line.state == "current"), None)


def _process_page(process_id: str, error: DomainError | None = None, note: str = "") -> str:
    shell.stand_at("studio.versions")
    lines = definitions.versions(current.session, process_id, current.now)
    here = _in_force(lines) or lines[0]
    return render_template(
        "studio/process.html",
        process_id=process_id,
        name=here.version.name,
        lines=lines,
        here=here,
        view=_diagram(here),
        running=changes.running(current.session, process_id),
        states=STATES,
        error=error,
        note=note,
        designs="process_designer" in current.person.roles,
    )


def _check_page(process_id: str, number: int, error: DomainError | None = None) -> str:
    shell.stand_at("studio.versions")
    session, actor = current.session, current.person
    lines = definitions.versions(session, process_id, current.now)
    line = next((one for one in lines if one.version.number == number), None)
    if line is None:
        definitions.version(session, process_id, number)  # says that there is none
        raise AssertionError
    in_force = _in_force(lines)
    base = in_force if in_force is not line else _before(lines, line)
    found = _changes(base, line)
    result = checked(checking.findings(session, process_id, definitions.files(session, line.version), current.now))
    author = actor.account_id in (line.version.created_by_id, line.version.submitted_by_id)
    return render_template(
        "studio/check.html",
        process_id=process_id,
        line=line,
        version=line.version,
        in_force=in_force,
        base=base,
        result=result,
        changes=found,
        counts=changes.counts(found),
        view=_diagram(line, bad=result.elements),
        running=changes.running(session, process_id),
        states=STATES,
        error=error,
        designs="process_designer" in actor.roles,
        publishes="process_publisher" in actor.roles,
        author=author and actor.account_id is not None,
    )


def _before(lines: list[VersionLine], line: VersionLine) -> VersionLine | None:
    """The version that was in force before this one came into force, else the one with the number before."""
    acts = sorted((act.id, one) for one in lines for act in one.publications)
    mine = [index for index, (_, one) in enumerate(acts) if one is line]
    if mine and mine[-1] > 0:
        return acts[mine[-1] - 1][1]
    return next((one for one in lines if one.version.number < line.version.number), None)


def _changes(base: VersionLine | None, line: VersionLine) -> list[changes.Change]:
    if base is None:
        return []
    session = current.session
    return changes.changes(definitions.xml(session, base.version.id), definitions.xml(session, line.version.id))


def _diagram(line: VersionLine, bad: tuple[str, ...] = ()) -> Diagram:
    version = line.version
    return Diagram(
        address=url_for("diagrams.model", version_id=version.id),
        name=f"{version.name}第 {version.number} 版流程图",
        bad=bad,
    )


def _forms(process_id: str, ids: Iterable[str]) -> list[tuple[str, str]]:
    """(form id, what a person calls it): by the tasks that use it, those of this process first; others by their id."""
    uses = form_uses(current.session, process_id, current.now)
    named = {form: f"和“{'”“'.join(names[:3])}”用同一张" for form, names in uses.items()}
    known = set(ids)
    return [
        *((form, words) for form, words in named.items() if form in known),
        *((form, form) for form in sorted(known - set(named))),
    ]


def _editor(process_id: str) -> str:
    shell.stand_at("studio.versions")
    security.allow_style_elements()  # the FEEL editor of the properties panel makes its own
    session = current.session
    lines = definitions.versions(session, process_id, current.now)
    wanted = request.args.get("from", type=int)
    in_force = _in_force(lines)
    line = next((one for one in lines if one.version.number == wanted), None) or in_force or lines[0]
    known = checking.known(session, {}, current.now)
    return render_template(
        "studio/model.html",
        process_id=process_id,
        line=line,
        version=line.version,
        in_force=in_force,
        units=sorted(known.units or ()),
        forms=_forms(process_id, known.forms or ()),
        states=STATES,
    )
