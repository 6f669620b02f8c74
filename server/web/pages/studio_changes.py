"""Change sets: the list, a new one, what one contains, and what may be done with its files."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import DomainError, Invalid, NotFound
from server.processes import change_sets, library
from server.processes.change_sets import ChangeLine
from server.web import shell
from server.web.access import Access
from server.web.edge import current
from server.web.navigation import counted
from server.web.pages import studio_frame as frame
from server.web.pages.studio_frame import DESIGNER, READER, blueprint

FILE_LIMIT = 5 * 1024 * 1024
"""Bytes of one file, as the engine accepts them."""
PAGE = 50
ACCESS: dict[str, Access] = {
    "studio.home": READER,
    "studio.changes": READER,
    "studio.change": READER,
    "studio.source": READER,
    "studio.new": DESIGNER,
    "studio.add": DESIGNER,
    "studio.upload": DESIGNER,
    "studio.drop": DESIGNER,
    "studio.rebase": DESIGNER,
    "studio.abandon": DESIGNER,
}

Empty = tuple[str, str]


@dataclass(frozen=True)
class Shelf:
    """One list of change sets. states: what it lists; mine: only those of the person who looks."""

    name: str
    icon: str
    states: frozenset[str]
    empty: Empty
    mine: bool = False


SHELVES: Mapping[str, Shelf] = {
    "mine": Shelf(
        "我起草的",
        "pencil",
        frozenset({"draft", "submitted", "reviewed"}),
        ("您现在没有正在改的", "要改流程、决策表、表单或者事项，先新建一次变更，把要一起改的放在一处。"),
        True,
    ),
    "review": Shelf(
        "等审阅",
        "user-check",
        frozenset({"submitted"}),
        ("没有等您审阅的", "起草人送审以后，另一个人在这里看差异和检查结果，再放行。"),
    ),
    "reviewed": Shelf(
        "等定日期", "calendar", frozenset({"reviewed"}), ("没有等定日期的", "审阅通过的在这里定从哪一天起生效。")
    ),
    "scheduled": Shelf(
        "已排定",
        "hourglass",
        frozenset({"scheduled"}),
        ("没有排定的", "定了以后某一天生效的，到那天零点以前在这里，还能收回。"),
    ),
    "published": Shelf(
        "在用", "shield-check", frozenset({"published"}), ("还没有变更生效过", "现在用的都是随程序带来的。")
    ),
    "superseded": Shelf(
        "已被替代",
        "archive",
        frozenset({"superseded"}),
        ("没有被替代的", "后来的变更生效以后，以前的移到这里，随时能看。"),
    ),
    "returned": Shelf(
        "退回修改", "arrow-back-up", frozenset({"draft"}), ("没有被退回的", "审阅人退回的在这里，写着为什么。")
    ),
    "all": Shelf("全部", "list", frozenset(), ("还没有变更", "第一次变更从“新建变更”开始。")),
}
"""View → what it lists, in the order of the page."""


@dataclass(frozen=True)
class Row:
    """A change set in the list."""

    id: int
    title: str
    tag: tuple[str, str]
    files: str
    author: str
    when: datetime


@dataclass(frozen=True)
class FileLine:
    """A file of a change set. moved: what happened to the one in force since the edit began; '' when nothing did."""

    name: str
    title: str
    kind: str
    what: str
    by: str
    at: datetime
    moved: str
    unsaved: bool


@dataclass(frozen=True)
class May:
    """What the person who looks may do on the page of a change set."""

    edit: bool
    abandon: bool


@blueprint.get("")
def home() -> ResponseReturnValue:
    """Where the studio begins."""
    return redirect(url_for("studio.changes"))


@blueprint.get("/changes")
def changes() -> ResponseReturnValue:
    """Change sets by what they wait for; for a reviewer first what waits for him."""
    actor = current.person
    wanted = request.args.get("view", "")
    key = wanted if wanted in SHELVES else ("mine" if frame.designs(actor) else "review")
    everything = change_sets.lines(current.session, current.now)
    shelves = {name: [line for line in everything if _on(shelf, name, line, actor)] for name, shelf in SHELVES.items()}
    first = max(request.args.get("from", 0, type=int) or 0, 0)
    lines = shelves[key][first : first + PAGE]

    def page_at(at: int) -> str:
        offset: dict[str, Any] = {"from": at}
        return url_for("studio.changes", view=key, **offset)

    total = len(shelves[key])
    pager = {
        "size": PAGE,
        "first": first + 1,
        "last": first + len(lines),
        "total": total,
        "earlier": page_at(max(first - PAGE, 0)) if first else None,
        "later": page_at(first + PAGE) if first + PAGE < total else None,
    }
    return render_template(
        "studio/changes.html",
        views={name: (shelf.name, shelf.icon) for name, shelf in SHELVES.items()},
        counts={name: len(found) for name, found in shelves.items()},
        view=key,
        lines=[_row(line) for line in lines],
        empty=SHELVES[key].empty,
        pager=pager,
        designs=frame.designs(actor),
    )


@counted("studio.changes")
def waiting(session: Session, actor: Actor, now: datetime) -> int:
    """What waits for this person: a reviewer's reviews and dates, a designer's drafts."""
    states: Collection[Any] = {"submitted", "reviewed"} if frame.publishes(actor) else {"draft"}
    found = change_sets.lines(session, now, states=states)
    if frame.publishes(actor):
        return sum(line.state == "reviewed" or line.may_review(actor) for line in found)
    return sum(line.change.created_by_id == actor.account_id for line in found)


@blueprint.route("/changes/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Begin a change set, with a first file if one wants."""
    shell.stand_at("studio.changes")
    given = {name: request.values.get(name, "").strip() for name in ("title", "reason", "file")}
    if request.method == "GET":
        return _new_page(given)
    session, actor, now = current.session, current.person, current.now
    try:
        missing = {}
        if not given["reason"]:
            missing["reason"] = ["请写为什么改，审阅人靠它判断。"]
        if not given["title"]:
            missing["title"] = ["请用一句话写改什么。"]
        if missing:
            raise Invalid("还差几处没有填。", fields=missing)
        change = change_sets.begin(session, given["title"], given["reason"], actor, now)
        if given["file"]:
            change_sets.put_file(
                session, change.id, given["file"], library.content(session, given["file"], now), actor, now
            )
    except (Invalid, NotFound) as error:
        session.rollback()
        return _new_page(given, error), error.status
    if given["file"]:
        return redirect(url_for("studio.edit", change_id=change.id, name=given["file"]))
    return redirect(url_for("studio.change", change_id=change.id))


@blueprint.get("/changes/<int:change_id>")
def change(change_id: int) -> ResponseReturnValue:
    """One change set: its files, who changed what when, and who lets it through."""
    return _page(change_id)


@blueprint.get("/changes/<int:change_id>/files/<name>/source")
def source(change_id: int, name: str) -> ResponseReturnValue:
    """A file as the change set has it, to keep, to draw or to open in another tool."""
    files = change_sets.files(current.session, change_id)
    if name not in files:
        raise NotFound(f"这次变更里没有“{name}”。", code="FILE_UNKNOWN")
    return as_file(name, files[name])


def as_file(name: str, data: bytes) -> Response:
    """A file to keep."""
    answer = Response(
        data, mimetype="application/xml" if name.endswith((".bpmn", ".dmn")) else "application/octet-stream"
    )
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.post("/changes/<int:change_id>/files")
def add(change_id: int) -> ResponseReturnValue:
    """Take a file of those in force into the change set, to change it there."""
    name = request.form.get("file", "")
    session, actor, now = current.session, current.person, current.now
    try:
        if not name:
            raise Invalid("请选一个文件。", fields={"file": ["请选要改的文件。"]})
        if name in change_sets.files(session, change_id):
            raise Invalid("这个文件已经在变更里了。", fields={"file": ["这个文件已经在变更里了，直接去改它。"]})
        change_sets.put_file(session, change_id, name, library.content(session, name, now), actor, now)
    except DomainError as error:
        return _refused(change_id, error, {"file": name})
    return redirect(url_for("studio.edit", change_id=change_id, name=name))


@blueprint.post("/changes/<int:change_id>/upload")
def upload(change_id: int) -> ResponseReturnValue:
    """Take files that were made with other tools."""
    session, actor, now = current.session, current.person, current.now
    sent = [one for one in request.files.getlist("upload") if one.filename]
    try:
        if not sent:
            raise Invalid("请选文件。", fields={"upload": ["请选一个或几个文件。"]})
        taken, called = [], frame.titles()
        for one in sent:
            data = one.stream.read(FILE_LIMIT + 1)
            said = _upload_fault(str(one.filename), data)
            if said:
                raise Invalid(said, fields={"upload": [said]})
            name = library.name_for(session, str(one.filename), data, now)
            change_sets.put_file(session, change_id, name, data, actor, now)
            taken.append(called.get(name) or library.title_of(name, data))
    except DomainError as error:
        if isinstance(error, Invalid) and "upload" not in error.fields:
            words = [words for found in error.fields.values() for words in found] or [error.message]
            error = Invalid(error.message, fields={"upload": words})
        return _refused(change_id, error)
    flash(f"收到 {len(taken)} 个文件：{'、'.join(taken)}。", "done")
    return redirect(url_for("studio.change", change_id=change_id))


def _upload_fault(name: str, data: bytes) -> str:
    if not data:
        return f"“{name}”是空的。请选由编辑工具导出的文件。"
    if len(data) > FILE_LIMIT:
        return f"“{name}”超过了 5 MB。请去掉嵌入的图片后重新导出。"
    return ""


@blueprint.post("/changes/<int:change_id>/files/<name>/drop")
def drop(change_id: int, name: str) -> ResponseReturnValue:
    """Take a file out of the change set; the one in force stays as it is."""
    try:
        change_sets.remove_file(current.session, change_id, name, current.person, current.now)
    except DomainError as error:
        return _refused(change_id, error)
    return redirect(url_for("studio.change", change_id=change_id))


@blueprint.post("/changes/<int:change_id>/files/<name>/rebase")
def rebase(change_id: int, name: str) -> ResponseReturnValue:
    """Begin again from the file that is in force by now, or keep one's own after having looked at the other."""
    keep = request.form.get("keep") == "mine"
    try:
        change_sets.take_newest(current.session, change_id, name, current.person, current.now, keep_mine=keep)
    except DomainError as error:
        return _refused(change_id, error)
    return redirect(
        url_for("studio.change", change_id=change_id)
        if keep
        else url_for("studio.edit", change_id=change_id, name=name)
    )


@blueprint.post("/changes/<int:change_id>/abandon")
def abandon(change_id: int) -> ResponseReturnValue:
    """Give a change set up."""
    try:
        change_sets.abandon(
            current.session, change_id, request.form.get("reason", "").strip(), current.person, current.now
        )
    except DomainError as error:
        return _refused(change_id, error)
    flash("已放弃这次变更，在用的不变。", "done")
    return redirect(url_for("studio.changes"))


# -- drawing


def _on(shelf: Shelf, name: str, line: ChangeLine, actor: Actor) -> bool:
    if name == "returned":
        return frame.view(line).returned is not None
    if name == "review":
        return line.state == "submitted" and (line.may_review(actor) or not frame.publishes(actor))
    if shelf.mine and line.change.created_by_id != actor.account_id and actor.account_id not in line.authors:
        return False
    return not shelf.states or line.state in shelf.states


def _row(line: ChangeLine) -> Row:
    shown = frame.view(line)
    kinds: dict[str, int] = {}
    for file in line.files:
        kinds[library.kind_words(file.name)] = kinds.get(library.kind_words(file.name), 0) + 1
    last = line.acts[-1].at if line.acts else line.change.created_at
    files = "，".join(f"{kind} {count}" for kind, count in kinds.items())
    return Row(shown.id, shown.title, shown.tag, files, shown.author, last)


def _new_page(given: Mapping[str, str], error: DomainError | None = None) -> str:
    lines = library.files_in_force(current.session, current.now)
    return render_template("studio/new.html", given=given, error=error, in_force=frame.by_kind(lines))


def _refused(change_id: int, error: DomainError, given: Mapping[str, str] | None = None) -> ResponseReturnValue:
    return frame.refused(_page, change_id, error, given)


def _page(change_id: int, error: DomainError | None = None, given: Mapping[str, str] | None = None) -> str:
    shell.stand_at("studio.changes")
    session, actor, now = current.session, current.person, current.now
    line = change_sets.line(session, change_id, now)
    in_force = library.files_in_force(session, now)
    contents = change_sets.files(session, change_id)
    editable = line.state == "draft" and frame.designs(actor)
    return render_template(
        "studio/change.html",
        change=frame.view(line),
        files=_file_lines(line, contents, actor, now),
        rail=frame.way(line),
        may=May(editable, frame.designs(actor) and line.state in ("draft", "submitted", "reviewed")),
        in_force=frame.by_kind(one for one in in_force if one.name not in contents) if editable else [],
        error=error,
        given=given or {},
    )


def _file_lines(line: ChangeLine, contents: Mapping[str, bytes], actor: Actor, now: datetime) -> list[FileLine]:
    session = current.session
    newest = change_sets.newest(session)
    called = frame.titles()
    found = []
    for file in line.files:
        data = contents.get(file.name, b"")
        open_still = line.state in ("draft", "submitted", "reviewed")
        present = newest.get(file.name)
        moved = open_still and present != file.base and present != file.sha256
        mine = change_sets.draft(session, line.change.id, file.name, actor) if line.state == "draft" else None
        found.append(
            FileLine(
                file.name,
                called.get(file.name) or library.title_of(file.name, data),
                library.kind_words(file.name),
                "不再用"
                if file.gone
                else "新的"
                if file.base is None
                else "还没有改"
                if file.base == file.sha256
                else "改了",
                file.saved_by,
                file.saved_at,
                "在用的这一份后来又改过，直接生效会盖掉别人的修改" if moved else "",
                mine is not None,
            )
        )
    return found
