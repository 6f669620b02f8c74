"""The owner's projects: the list, what is asked of her, one project's home, its certificates."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.approval import states
from server.approval.catalogues import catalogue
from server.approval.matters import FLOW_TYPES, MODES
from server.approval.models import CaseRecord
from server.approval.queries import dossier, lookup
from server.approval.states import State
from server.documents import papers
from server.documents.models import Paper
from server.web import diagram_view
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner import road
from server.web.pages.owner.desk import OWNER, blueprint, project_at
from server.web.pages.owner.standing import Standing, most_urgent, standings, tasks_of
from server.web.shell import stand_at

ACCESS: dict[str, Access] = dict.fromkeys(
    ("owner.projects", "owner.todo", "owner.project", "owner.certificates"), OWNER
)
CERTIFICATES = ("construction-permit", "acceptance-filing", "property-certificate", "acceptance-opinion")
RECENT = 6
PAGE = 50
SEARCHED_FROM = 10
"""Projects from which a search field helps more than it takes room."""


@blueprint.get("/projects")
def projects() -> ResponseReturnValue:
    """Find a project; each says on whom it waits."""
    session, actor = current.session, current.person
    asked = request.args.get("q", "").strip()
    page = max(request.args.get("page", 1, type=int), 1)
    total = lookup.count_projects(session, actor, asked)
    if page > 1 and (page - 1) * PAGE >= total:
        return redirect(url_for("owner.projects", q=asked or None))
    listed = lookup.projects(session, actor, asked, PAGE, (page - 1) * PAGE)
    by_project: dict[int, list[Standing]] = {one.id: [] for one in listed}
    for one in standings(session, actor, current.now, list(by_project)):
        by_project[one.case.project_id].append(one)
    return render_template(
        "owner/projects.html",
        rows=[(one, most_urgent(by_project[one.id])) for one in listed],
        asked=asked,
        total=total,
        first=(page - 1) * PAGE + 1,
        page=page,
        last=total <= page * PAGE,
        searchable=bool(asked) or total >= SEARCHED_FROM,
    )


@blueprint.get("/todo")
def todo() -> ResponseReturnValue:
    """Only what the owner must do, over all projects."""
    session, actor = current.session, current.person
    cases = standings(session, actor, current.now)
    drafts, owed = lookup.drafts(session, actor), lookup.commencements_owed(session, actor)
    wanted = {one.project_id for one in drafts} | {one.case.project_id for one in cases if one.waiting}
    known = {one.id: one for one in lookup.projects_by_id(session, actor, wanted)}
    tasks = tasks_of(catalogue(session, current.now), cases, drafts, owed, known | {one.id: one for _, one, _ in owed})
    return render_template("owner/todo.html", tasks=tasks, waits=most_urgent(cases))


@blueprint.get("/projects/<code>")
def project(code: str) -> ResponseReturnValue:
    """Where the project is, why, and what comes next."""
    stand_at("owner.projects")
    session, actor, found = current.session, current.person, project_at(code)
    rules = catalogue(session, current.now)
    seen = dossier.project_view(session, actor, found, current.now)
    cases = standings(session, actor, current.now, [found.id])
    drafts = lookup.drafts(session, actor, [found.id])
    owed = lookup.commencements_owed(session, actor, [found.id])
    waits = most_urgent(cases)
    running = waits[0] if waits else None
    view = None
    if running is not None:
        view = diagram_view.of_subject(session, f"case:{running.case.id}", f"{running.title}流程图")
    return render_template(
        "owner/project.html",
        project=found,
        owner=seen.owner,
        flow_type=FLOW_TYPES[found.flow_type],
        mode=MODES.get(found.permit_mode or "", ""),
        area=sum((one.planned_area for one in seen.buildings), start=0) or None,
        buildings=len(seen.buildings),
        tasks=tasks_of(rules, cases, drafts, owed, {found.id: found}),
        waits=waits,
        running=running,
        view=view,
        stages=road.stages(rules, seen.results, cases, drafts, found.closed_at is not None),
        recent=_recent(session, cases),
        owed={permit.number: last for permit, _, last in owed},
        papers=[
            (one, papers.standing_of(session, one, current.now))
            for one in _papers_of(session, cases)
            if one.kind in CERTIFICATES
        ],
    )


def _papers_of(session: Session, cases: list[Standing]) -> list[Paper]:
    subjects = [f"case:{one.case.id}" for one in cases]
    return list(session.scalars(select(Paper).where(Paper.subject.in_(subjects)).order_by(Paper.id.desc())))


def _recent(session: Session, cases: list[Standing]) -> list[tuple[CaseRecord, str, Standing]]:
    known = {one.case.id: one for one in cases}
    rows = session.scalars(
        select(CaseRecord).where(CaseRecord.case_id.in_(known)).order_by(CaseRecord.id.desc()).limit(RECENT)
    )
    return [(one, states.WORDS[State(one.state)], known[one.case_id]) for one in rows]


@blueprint.get("/certificates")
def certificates() -> ResponseReturnValue:
    """Every certificate of the organisation, with what it is worth now."""
    session, actor = current.session, current.person
    rows = session.scalars(
        select(Paper)
        .where(Paper.organisation_id == actor.organisation_id, Paper.kind.in_(CERTIFICATES))
        .order_by(Paper.id.desc())
    )
    return render_template(
        "owner/certificates.html",
        rows=[(one, papers.standing_of(session, one, current.now)) for one in rows],
        owed={permit.number: last for permit, _, last in lookup.commencements_owed(session, actor)},
    )
