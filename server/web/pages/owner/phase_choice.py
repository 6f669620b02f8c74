"""Choosing the phase and the buildings of a permit (building × phase), for a new application or one being drafted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server import calendar
from server.approval import actions, evidence, phases
from server.approval.catalogues import catalogue
from server.approval.matters import MODES
from server.approval.models import Application, Project
from server.approval.phases import Cell, Row
from server.approval.queries import lookup
from server.clock import legal_date
from server.errors import Conflict, Invalid, NotFound
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner.desk import OWNER, blueprint, project_at
from server.web.pages.owner.standing import some_of
from server.web.shell import stand_at

ACCESS: dict[str, Access] = dict.fromkeys(("owner.phases", "owner.phases_send"), OWNER)
FOLDED_FROM = 13
"""Buildings from which neighbours that do not differ share a line (ui.md §4.14: over 12)."""


@dataclass(frozen=True)
class Line:
    """A row of the matrix: one building, or neighbours that do not differ. cells: those of the first."""

    name: str
    about: str
    area: Decimal
    numbers: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def value(self) -> str:
        """What the checkbox sends: the numbers, one a line."""
        return "\n".join(self.numbers)


def lines(rows: Iterable[Row], fold: bool, apart: frozenset[str] = frozenset()) -> list[Line]:
    """The rows, folded where asked; a building of ``apart`` never shares a line with one that is not of it."""
    if not fold:
        return [_line([row]) for row in rows]
    alike = groupby(rows, key=lambda row: (_sort(row), row.building.number in apart))
    return [_line(list(group)) for _, group in alike]


def _sort(row: Row) -> tuple[object, ...]:
    return (row.building.use, row.building.planned_area, *((one.state, one.words) for one in row.cells))


def _line(rows: list[Row]) -> Line:
    first, last = rows[0].building, rows[-1].building
    name = first.number if len(rows) == 1 else f"{first.number} 至 {last.number}"
    about = first.use if len(rows) == 1 else f"{len(rows)} 栋，{first.use}，每栋"
    return Line(name, about, first.planned_area, tuple(one.building.number for one in rows), rows[0].cells)


@blueprint.get("/projects/<code>/phases", endpoint="phases")
def phases_page(code: str) -> ResponseReturnValue:
    """Building × phase: what can be applied for, and why the rest cannot."""
    project = project_at(code)
    draft = _draft(project)
    return _page(project, draft, draft.phase if draft else None, draft.buildings if draft else (), [])


@blueprint.post("/projects/<code>/phases")
def phases_send(code: str) -> ResponseReturnValue:
    """Begin the application for the chosen buildings, or change those of a draft; nothing is submitted."""
    project = project_at(code)
    draft = _draft(project)
    phase = request.form.get("phase", "")
    chosen = [one for value in request.form.getlist(f"building-{phase}") for one in value.splitlines() if one]
    matter = catalogue(current.session, current.now).matter("C05")
    problem = "请至少勾选一栋。勾好以后再按这个阶段的申请按钮"
    if chosen and phase in matter.phases:
        try:
            if draft is not None:
                actions.save_application(
                    current.session, current.person, draft, current.now, phase=phase, buildings=chosen
                )
            else:
                draft = actions.create_application(
                    current.session,
                    current.person,
                    project,
                    matter="C05",
                    phase=phase,
                    buildings=chosen,
                    now=current.now,
                )
            return redirect(url_for("owner.application", application_id=draft.id))
        except (Invalid, Conflict) as refusal:
            problem = refusal.message
    elif others := [key for key in matter.phases if key != phase and request.form.getlist(f"building-{key}")]:
        problem = f"您勾的是{matter.phases[others[0]].short}的楼栋，请按{matter.phases[others[0]].short}的申请按钮"
        phase = others[0]
        chosen = [one for value in request.form.getlist(f"building-{phase}") for one in value.splitlines() if one]
    return _page(project, draft, phase or None, chosen, [("matrix", problem)]), 422


def _draft(project: Project) -> Application | None:
    """The draft whose buildings are to be changed. NotFound for one of another project."""
    asked = request.values.get("draft", type=int)
    if asked is None:
        return None
    draft, about = lookup.application(current.session, current.person, asked)
    if about.id != project.id or draft.matter != "C05" or draft.case_id is not None:
        raise NotFound("这份草稿不在这个项目里，或者已经提交。请从项目里打开。", code="APPLICATION_UNKNOWN")
    return draft


def _page(
    project: Project,
    draft: Application | None,
    phase: str | None,
    chosen: Iterable[str],
    problems: list[tuple[str, str]],
) -> str:
    stand_at("owner.projects")
    rules = catalogue(current.session, current.now)
    matter, picture = rules.matter("C05"), evidence.draw(current.session, project, current.now, rules)
    asked = request.values.get("mode") or phases.mode_of(phase or "", None)
    matrix = phases.matrix(picture, matter, asked if asked in MODES else None)
    many = len(matrix.rows) >= FOLDED_FROM
    folded = many and request.args.get("each") is None
    picked = frozenset(chosen)
    others = [one for one in lookup.drafts(current.session, current.person, [project.id]) if one.matter == "C05"]
    return render_template(
        "owner/phases.html",
        project=project,
        draft=draft,
        drafts=[] if draft else [(one, matter.title(one.phase), some_of(one.buildings)) for one in others],
        phase=phase,
        picked=picked,
        matrix=matrix,
        lines=lines(matrix.rows, folded, picked),
        many=many,
        folded=folded,
        modes=MODES,
        phases=[matter.phases[key] for key in matrix.columns],
        ready={
            key: [
                row.building.number
                for row in matrix.rows
                for one in row.cells
                if one.phase == key and one.state == "ready"
            ]
            for key in matrix.columns
        },
        due={key: promised(matter.phases[key].promise.n, matter.phases[key].promise.unit) for key in matrix.columns},
        problems=problems,
    )


def promised(n: int, unit: calendar.Unit) -> date | None:
    """The due day if it were admitted today; None where that year has no calendar yet."""
    try:
        return calendar.current().due(legal_date(current.now), n, unit)
    except calendar.CalendarYearMissing:
        return None
