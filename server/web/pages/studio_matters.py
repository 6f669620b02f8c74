"""Matters and materials as a page: what each is called and promises, changed line by line inside a change set."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server.approval import matters_editing
from server.errors import DomainError, Invalid, NotFound
from server.processes import change_checks, change_sets, library
from server.web import shell
from server.web.access import Access
from server.web.edge import current
from server.web.pages import studio_frame as frame
from server.web.pages.studio_frame import DESIGNER, blueprint

MATTERS, MATERIALS = "matters.yaml", "materials.yaml"
ACCESS: dict[str, Access] = {"studio.matter": DESIGNER}


@blueprint.route("/changes/<int:change_id>/files/<name>/lines/<key>", methods=["GET", "POST"])
def matter(change_id: int, name: str, key: str) -> ResponseReturnValue:
    """One matter, phase or material: its name, and what it promises."""
    session, actor, now = current.session, current.person, current.now
    opened = change_sets.open_file(session, change_id, name, actor, now)
    line = change_sets.line(session, change_id, now)
    if name not in (MATTERS, MATERIALS) or not opened.in_set:
        raise NotFound("没有这一行可以改。")
    one = _line(name, opened.data, key, change_id)
    promise = getattr(one, "promise", None)
    given = {"name": one.name, "n": str(promise.n) if promise else "", "unit": promise.unit if promise else ""}
    error: DomainError | None = None
    status = 200
    if request.method == "POST":
        given = {field: request.form.get(field, "").strip() for field in given}
        try:
            data = _edited(name, opened.data, key, given, promise is not None)
            change_sets.put_file(
                session, change_id, name, data, actor, now, over=request.form.get("over") or opened.sha256
            )
            return redirect(url_for("studio.edit", change_id=change_id, name=name, _anchor=f"line-{key}"))
        except DomainError as refused:
            session.rollback()
            error, status = refused, refused.status
    shell.stand_at("studio.changes")
    return (
        render_template(
            "studio/matter.html",
            change=frame.view(line),
            file={"name": name, "title": library.title_of(name, opened.data)},
            line=one,
            given=given,
            promises=promise is not None,
            units=matters_editing.UNITS,
            over=opened.sha256,
            editable=line.state == "draft",
            error=error,
        ),
        status,
    )


def page(change_id: int, name: str, data: bytes, shared: Mapping[str, Any]) -> str:
    """All matters or all materials, as the change set has them, with what the check says of them."""
    session, now = current.session, current.now
    looked = change_checks.check_edit(session, change_id, name, data, now)
    outline = _outline(name, data, change_id)
    return render_template(
        "studio/edit_matters.html",
        outline=outline,
        which=name,
        findings=sorted(looked.findings, key=lambda one: one.severity != "error"),
        changed={change.element for change in looked.difference.changes},
        difference=looked.difference,
        **shared,
    )


def in_force() -> matters_editing.Outline:
    """The matters and materials in force now."""
    session, now = current.session, current.now
    return matters_editing.outline(library.content(session, MATTERS, now), library.content(session, MATERIALS, now))


def _outline(name: str, data: bytes, change_id: int) -> matters_editing.Outline | None:
    """What the file says, its other half from the change set or from what is in force; None when it cannot be read."""
    session, now = current.session, current.now
    own = change_sets.files(session, change_id)
    files = {one: own.get(one) or library.content(session, one, now) for one in (MATTERS, MATERIALS)}
    files[name] = data
    try:
        return matters_editing.outline(files[MATTERS], files[MATERIALS])
    except Invalid:  # the findings beside it say why
        return None


def _line(name: str, data: bytes, key: str, change_id: int) -> Any:
    outline = _outline(name, data, change_id)
    lines: tuple[Any, ...] = () if outline is None else outline.matters if name == MATTERS else outline.materials
    found = next((one for one in lines if one.key == key), None)
    if found is None:
        raise NotFound(f"“{library.title_of(name, data)}”里没有“{key}”。")
    return found


def _edited(name: str, data: bytes, key: str, given: Mapping[str, str], promises: bool) -> bytes:
    if name == MATERIALS:
        return matters_editing.edited_material(data, key, name=given["name"])
    promise = matters_editing.limit_of(given["unit"], given["n"]) if promises else None
    return matters_editing.edited(data, key, name=given["name"], promise=promise)
