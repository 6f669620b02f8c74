"""The check of a change set: what stops it, what it changes, whom it leaves where, and who lets it into force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server import clock
from server.errors import DomainError, Invalid
from server.processes import change_checks, change_sets, releasing
from server.processes.change_checks import Check, CheckedFile, Found, Touched
from server.processes.change_sets import ChangeLine
from server.processes.differences import Change
from server.web import running_names, shell
from server.web.access import Access
from server.web.diagram_view import Diagram, Element, elements_of
from server.web.edge import current
from server.web.filters import date_words
from server.web.pages import studio_frame as frame
from server.web.pages.studio_frame import DESIGNER, PUBLISHER, READER, blueprint

RUNNING_SHOWN = 20
ACCESS: dict[str, Access] = {
    "studio.check": READER,
    "studio.submit": DESIGNER,
    "studio.take_back": DESIGNER,
    "studio.review": PUBLISHER,
    "studio.publish": PUBLISHER,
    "studio.revert": PUBLISHER,
}


@dataclass(frozen=True)
class Shown:
    """A finding as the page says it. way: names of the steps that lead there; show: the address that draws it."""

    severity: str
    what: str
    cure: str
    file: str
    way: tuple[str, ...] = ()
    show: str = ""
    shown: bool = False
    edit: str = ""
    rebase: str = ""


@dataclass(frozen=True)
class Result:
    """Everything the check says, fail before warn before pass."""

    failed: tuple[Shown, ...]
    warned: tuple[Shown, ...]
    passed: tuple[str, ...]
    unseen: tuple[str, ...]
    files: int


@dataclass(frozen=True)
class Part:
    """What is changed in one file; of a model with its diagram. walk: the steps of the finding that is drawn, in words."""

    name: str
    title: str
    summary: str
    lines: tuple[Change, ...]
    same: str
    view: Diagram | None = None
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    walk_title: str = ""
    walk: tuple[Element, ...] = ()
    unwalked: tuple[str, ...] = ()
    coverage: str = ""
    shows_coverage: bool = False


@dataclass(frozen=True)
class Running:
    """A case that runs while this is let into force."""

    name: str
    stands: str
    process: str
    number: int


@dataclass(frozen=True)
class RunningList:
    """The cases that run on processes this touches: they stay where they are."""

    total: int
    lines: tuple[Running, ...]


@dataclass(frozen=True)
class May:
    """What the person who looks may do with the change set now."""

    edit: bool
    submit: bool
    take_back: bool
    review: bool
    publish: bool
    revert: bool


@blueprint.get("/changes/<int:change_id>/check")
def check(change_id: int) -> ResponseReturnValue:
    """Look at a whole change set. ?show= draws the way of one finding, ?coverage= the flows no case walks."""
    return _page(change_id)


@blueprint.post("/changes/<int:change_id>/submit")
def submit(change_id: int) -> ResponseReturnValue:
    """Hand it to a second person."""
    try:
        change_sets.submit(current.session, change_id, current.person, current.now, revision=_revision())
    except DomainError as error:
        return _refused(change_id, error)
    flash("已送审，另一位审阅人会在“等审阅”里看到。", "done")
    return redirect(url_for("studio.check", change_id=change_id))


@blueprint.post("/changes/<int:change_id>/take-back")
def take_back(change_id: int) -> ResponseReturnValue:
    """The designer takes back what she handed over, to change it further."""
    try:
        change_sets.send_back(
            current.session,
            change_id,
            request.form.get("word", "").strip() or "起草人收回修改",
            current.person,
            current.now,
        )
    except DomainError as error:
        return _refused(change_id, error)
    return redirect(url_for("studio.change", change_id=change_id))


@blueprint.post("/changes/<int:change_id>/review")
def review(change_id: int) -> ResponseReturnValue:
    """The second person passes it, or sends it back; both with a word."""
    word = request.form.get("word", "").strip()
    sends_back = request.form.get("decision") == "return"
    session, actor, now = current.session, current.person, current.now
    try:
        if not word:
            said = "请写退回的原因，起草人照着改。" if sends_back else "请写一句审阅意见，例如：和局务会定的一致。"
            raise Invalid("还差一句审阅意见。", fields={"word": [said]})
        if sends_back:
            change_sets.send_back(session, change_id, word, actor, now)
        else:
            change_sets.review(session, change_id, actor, now, revision=_revision(), note=word)
    except DomainError as error:
        return _refused(change_id, error, {"word": word})
    return redirect(url_for("studio.check", change_id=change_id))


@blueprint.post("/changes/<int:change_id>/publish")
def publish(change_id: int) -> ResponseReturnValue:
    """Say from which day on it is in force."""
    text = request.form.get("effective_on", "").strip()
    try:
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise Invalid("生效日期没有填对。", fields={"effective_on": ["请选从哪一天起生效。"]}) from error
        if day < clock.legal_date(current.now):
            raise Invalid("生效日期过了。", fields={"effective_on": ["这一天已经过了，请选今天或以后。"]})
        releasing.publish(
            current.session, change_id, current.person, current.now, effective_on=day, revision=_revision()
        )
    except DomainError as error:
        return _refused(change_id, error, {"effective_on": text})
    return redirect(url_for("studio.check", change_id=change_id))


@blueprint.post("/changes/<int:change_id>/revert")
def revert(change_id: int) -> ResponseReturnValue:
    """Take a change set back: what was in force before it is in force again."""
    reason = request.form.get("reason", "").strip()
    try:
        if not reason:
            raise Invalid("请写为什么退回。", fields={"reason": ["请写为什么退回，以后查起来看它。"]})
        made = releasing.revert(current.session, change_id, reason, current.person, current.now)
    except DomainError as error:
        return _refused(change_id, error, {"reason": reason})
    flash("已退回到这次变更以前，新办件从现在起按以前的办。", "done")
    return redirect(url_for("studio.check", change_id=made.id))


def _revision() -> int | None:
    """The revision that the page showed."""
    return request.form.get("revision", type=int)


def _refused(change_id: int, error: DomainError, given: Mapping[str, str] | None = None) -> ResponseReturnValue:
    return frame.refused(_page, change_id, error, given)


# -- drawing


def _page(change_id: int, error: DomainError | None = None, given: Mapping[str, str] | None = None) -> str:
    shell.stand_at("studio.changes")
    session, now = current.session, current.now
    line = change_sets.line(session, change_id, now)
    shown = frame.view(line)
    looked = change_checks.check(session, change_id, now)
    drawn = _drawn(looked)
    result = _result(looked, drawn)
    planned = shown.effective_on or clock.legal_date(now)
    may = _may(line)
    return render_template(
        "studio/check.html",
        change=shown,
        result=result,
        parts=_parts(looked, drawn),
        running=_running(session, looked, now),
        rail=frame.way(line, len(result.failed) if shown.state == "draft" else None),
        after=_after(line, looked, now),
        may=may,
        why_not=_why_not(line, result, may),
        checked_at=now,
        took=f"{looked.seconds:.1f} 秒",
        error=error,
        given={
            "word": "",
            "reason": "",
            "effective_on": max(planned, clock.legal_date(now)).isoformat(),
            **(given or {}),
        },
    )


def _may(line: ChangeLine) -> May:
    actor = current.person
    designs, publishes, state = frame.designs(actor), frame.publishes(actor), line.state
    return May(
        edit=designs and state == "draft",
        submit=designs and state == "draft",
        take_back=designs and state in ("submitted", "reviewed"),
        review=publishes and state == "submitted" and line.may_review(actor),
        publish=publishes and state == "reviewed",
        revert=publishes and state in ("published", "scheduled") and not line.reverted_by,
    )


def _why_not(line: ChangeLine, result: Result, may: May) -> str:
    failed, publishes = len(result.failed), frame.publishes(current.person)
    if line.state == "draft":
        if not line.files:
            return "还没有文件，先加一个"
        return f"改好 {failed} 项不通过才能送审" if failed else "没有不通过的" if may.submit else "起草人还没有送审"
    if line.state == "submitted" and publishes and not may.review:
        return "您起草或改过的，要另一位审阅人审阅"
    if failed and line.state in ("submitted", "reviewed"):
        return f"改好 {failed} 项不通过才能{'审阅通过' if line.state == 'submitted' else '生效'}"
    if line.state == "submitted" and not publishes:
        return "等审阅人审阅，您这边没有要办的"
    if line.state == "reviewed" and not publishes:
        return "等审阅人定生效日期，您这边没有要办的"
    return "" if failed else "没有不通过的"


def _drawn(looked: Check) -> int | None:
    """Which finding's way is drawn: the one asked for, else the first that stops and has a way."""
    wanted = request.args.get("show", type=int)
    if wanted is not None and 0 <= wanted < len(looked.found):
        return wanted
    return next(
        (at for at, one in enumerate(looked.found) if one.finding.severity == "error" and one.finding.path), None
    )


def _result(looked: Check, drawn: int | None) -> Result:
    titles = {file.name: f"{file.kind}“{file.title}”" if file.title else file.name for file in looked.files}
    models = _models(looked)
    shown = [_shown(looked, at, one, titles, models, drawn) for at, one in enumerate(looked.found)]
    return Result(
        tuple(one for one in shown if one.severity == "error"),
        tuple(one for one in shown if one.severity != "error"),
        looked.passed,
        looked.unseen,
        len(looked.files),
    )


def _shown(
    looked: Check,
    at: int,
    one: Found,
    titles: Mapping[str, str],
    models: Mapping[str, tuple[str, bytes]],
    drawn: int | None,
) -> Shown:
    finding, in_set = one.finding, one.file in titles
    what, _, _told = finding.message.partition("。走法：")
    process = _process_of(one, looked)
    way = _steps(models[process][1], finding.path) if process in models else ()
    has_place = process in models and bool(finding.path or finding.element)
    anchor = f"part-{_anchor(looked, process)}" if has_place else None
    return Shown(
        finding.severity,
        what.rstrip("。"),
        finding.cure.rstrip("。"),
        titles.get(one.file, ""),
        tuple(step.name for step in way),
        url_for("studio.check", change_id=looked.change_id, show=at, _anchor=anchor) if anchor else "",
        at == drawn,
        url_for("studio.edit", change_id=looked.change_id, name=one.file, _anchor=finding.element) if in_set else "",
        url_for("studio.rebase", change_id=looked.change_id, name=one.file)
        if finding.code == "base-moved" and in_set
        else "",
    )


def _process_of(one: Found, looked: Check) -> str:
    if one.process_id:
        return one.process_id
    return one.file.removesuffix(".bpmn") if one.file.endswith(".bpmn") else ""


def _models(looked: Check) -> dict[str, tuple[str, bytes]]:
    """process id → (file name, its model as it would be)."""
    found = {}
    for touched in looked.processes:
        name = f"{touched.process_id}.bpmn"
        if name in touched.files:
            found[touched.process_id] = (name, touched.files[name])
    for file in looked.files:
        if file.name.endswith(".bpmn"):
            found.setdefault(file.name.removesuffix(".bpmn"), (file.name, file.data))
    return found


def _steps(model: bytes, path: Iterable[str]) -> tuple[Element, ...]:
    """The nodes of a way in its order, without flows; each as people call it."""
    try:
        named = {one.id: one for one in elements_of(model)}
    except (SyntaxError, ValueError):  # no XML: the check has said so
        return ()
    return tuple(named[id_] for id_ in path if id_ in named and named[id_].name)


def _anchor(looked: Check, process_id: str) -> int:
    """The place of a process's diagram among the parts of the page, counted from 1."""
    return [name for name, _ in _drawn_files(looked)].index(f"{process_id}.bpmn") + 1


def _drawn_files(looked: Check) -> list[tuple[str, CheckedFile | Touched]]:
    """What the page has a part for: the files of the set, then the models that are not in it but have a finding."""
    parts: list[tuple[str, CheckedFile | Touched]] = [(file.name, file) for file in looked.files]
    known = {name for name, _ in parts}
    troubled = {_process_of(one, looked) for one in looked.found}
    for touched in looked.processes:
        if f"{touched.process_id}.bpmn" not in known and touched.process_id in troubled:
            parts.append((f"{touched.process_id}.bpmn", touched))
    return parts


def _parts(looked: Check, drawn: int | None) -> list[Part]:
    models = _models(looked)
    return [
        _part(looked, name, one, models, looked.found[drawn] if drawn is not None else None)
        for name, one in _drawn_files(looked)
    ]


def _part(
    looked: Check, name: str, one: CheckedFile | Touched, models: Mapping[str, tuple[str, bytes]], drawn: Found | None
) -> Part:
    if isinstance(one, CheckedFile):
        title, difference = one.title, one.difference
        summary = "新的文件" if one.before is None else difference.words
        lines = tuple(difference.changes)
        same = (
            "新的文件，没有可比的。"
            if one.before is None
            else "和在用的没有不同。"
            if not difference.unreadable
            else "这个文件读不出来，比不了。"
        )
        marks = {kind: tuple(difference.of(kind)) for kind in ("add", "mod", "moved")}
        address = url_for("studio.source", change_id=looked.change_id, name=name, r=looked.revision)
    else:
        title, summary, lines, same, marks = (
            one.name,
            "这次没有改它的图",
            (),
            "图和在用的一样；上面的问题是别的文件引起的。",
            {},
        )
        address = url_for("diagrams.model", version_id=one.in_force.version_id) if one.in_force else ""
    process_id = name.removesuffix(".bpmn")
    if not name.endswith(".bpmn") or process_id not in models or not address:
        return Part(name, title, summary, lines, same)
    bad = tuple(
        dict.fromkeys(
            found.finding.element
            for found in looked.found
            if found.finding.severity == "error" and found.finding.element and _process_of(found, looked) == process_id
        )
    )
    path = drawn.finding.path if drawn and _process_of(drawn, looked) == process_id else ()
    walk = _steps(models[process_id][1], path)
    trials = looked.trials.get(process_id)
    covered = request.args.get("coverage") == process_id
    unwalked = trials.unwalked if trials else ()
    view = Diagram(
        address=address,
        name=f"{title}流程图",
        bad=bad,
        now=tuple(dict.fromkeys(step.id for step in walk)),
        go=tuple(id_ for id_ in path if id_ not in {step.id for step in walk}),
    )
    if covered:
        marks = {**marks, "unwalked": tuple(unwalked)}
    toggle = None if covered else process_id
    return Part(
        name,
        title,
        summary,
        lines,
        same,
        view,
        {kind: ids for kind, ids in marks.items() if ids},
        f"走到“{drawn.finding.name or '这里'}”的一条路" if drawn and walk else "",
        walk,
        tuple(unwalked),
        url_for(
            "studio.check", change_id=looked.change_id, coverage=toggle, _anchor=f"part-{_anchor(looked, process_id)}"
        )
        if trials
        else "",
        covered,
    )


def _running(session: Session, looked: Check, now: datetime) -> RunningList:
    lines = []
    for touched in looked.processes:
        for one in change_checks.running_cases(session, touched.process_id, now, limit=RUNNING_SHOWN):
            name = running_names.of_subject(session, one.subject)
            lines.append(Running(name, "、".join(one.places) or "系统正在处理", touched.name, one.version_number))
    total = sum(sum(touched.running.values()) for touched in looked.processes)
    return RunningList(total, tuple(lines[:RUNNING_SHOWN]))


def _after(line: ChangeLine, looked: Check, now: datetime) -> list[tuple[str, str]]:
    today = clock.legal_date(now)
    change = line.change
    if change.effective_from and line.state not in ("draft", "submitted", "reviewed"):
        words = f"{date_words(change.effective_from, today)}{'零点起' if line.state == 'scheduled' else '起'}"
    elif change.effective_on:
        words = f"审阅通过后，打算从{date_words(change.effective_on, today)}起"
    else:
        words = "审阅通过后定日期"
    found = [("生效", words)]
    for touched in looked.processes:
        old = f"第 {touched.in_force.number} 版 → " if touched.in_force else ""
        if line.state in ("draft", "submitted", "reviewed"):
            found.append((touched.name, f"{old}第 {touched.next_number} 版，新办件用它"))
        elif touched.in_force:
            found.append((touched.name, f"现在用第 {touched.in_force.number} 版"))
    found.append(("在办", "都留在原来的版本，办完为止"))
    if line.state in ("draft", "submitted", "reviewed"):
        found.append(("退回", "生效以后随时可以一步退回到以前"))
    return found
