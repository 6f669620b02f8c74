"""The owner's projects: the list, what is asked of her, one project's home, its certificates."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.models import Organisation
from server.approval import access
from server.approval.matters import FLOW_TYPES, MODES, catalogue
from server.approval.models import Application, Building, Case, CaseRecord, Project, Result
from server.approval.queries import due, waiting
from server.approval.states import CLOSED, State
from server.documents import papers
from server.documents.models import Paper
from server.processes import work_items
from server.web import diagram_view, navigation
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner.desk import OWNER, blueprint, project_at
from server.web.shell import stand_at
from server.web.status import for_state

ACCESS: dict[str, Access] = dict.fromkeys(
    ("owner.projects", "owner.todo", "owner.project", "owner.certificates"), OWNER
)
STAGES = (("A", "立项用地规划许可"), ("B", "工程建设许可"), ("C", "施工许可"), ("D", "竣工验收"))
CERTIFICATES = ("construction-permit", "acceptance-filing", "property-certificate", "acceptance-opinion")
RECENT = 6


@dataclass(frozen=True)
class Standing:
    """A case where it stands now: its last record, its limit, what it waits for."""

    case: Case
    title: str
    status: str
    open: bool
    last: CaseRecord
    due: due.DueView | None
    waiting: list[waiting.Waiting]


def standings(session: Session, project_ids: list[int], now: datetime) -> list[Standing]:
    """The cases of these projects, the newest first; waiting is asked for the open ones alone."""
    rows = session.execute(
        select(Case, CaseRecord)
        .join(CaseRecord, CaseRecord.id == Case.last_record_id)
        .where(Case.project_id.in_(project_ids))
        .order_by(Case.id.desc())
    ).all()
    limits = due.dues_of(session, [case.id for case, _ in rows], now)
    found = []
    for case, record in rows:
        matter = catalogue().matter(case.matter)
        running = State(record.state) not in CLOSED
        waits = waiting.why_waiting(session, case, now) if running or case.matter == "D07" else []
        status = for_state(record.state, permit=matter.kind == "P")
        limit = limits.get(case.id) if running else None
        found.append(Standing(case, matter.title(case.phase), status, running, record, limit, waits))
    return found


@dataclass(frozen=True)
class Task:
    """Something only the owner can do: what, a hint, where."""

    title: str
    hint: str
    until: date | None
    label: str
    endpoint: str
    values: dict[str, object]
    project: Project


def tasks_of(cases: list[Standing], drafts: list[Application], projects: dict[int, Project]) -> list[Task]:
    """Open tasks of the owner's lane first, then what she began to fill in."""
    found = [
        Task(
            one.what,
            f"{standing.title}等您办，{one.clock}。",
            one.until,
            "去办",
            "owner.corrections",
            {"serial": standing.case.serial},
            projects[standing.case.project_id],
        )
        for standing in cases
        for one in standing.waiting
        if one.whose == "owner"
    ]
    found += [
        Task(
            f"填好{catalogue().matter(draft.matter).title(draft.phase)}申请",
            "还是草稿，没有提交，审批人员看不到。",
            None,
            "继续填写",
            "owner.application",
            {"application_id": draft.id},
            projects[draft.project_id],
        )
        for draft in drafts
    ]
    return found


def drafts_of(session: Session, project_ids: list[int]) -> list[Application]:
    """What was begun and not submitted, the newest first."""
    return list(
        session.scalars(
            select(Application)
            .where(Application.project_id.in_(project_ids), Application.case_id.is_(None))
            .order_by(Application.id.desc())
        )
    )


def _projects(session: Session, actor: Actor) -> dict[int, Project]:
    rows = session.scalars(select(Project).where(access.visible(actor, Project)).order_by(Project.id.desc()))
    return {one.id: one for one in rows}


@navigation.counted("owner.todo")
def count_tasks(session: Session, actor: Actor, _now: datetime) -> int:
    """What the page lists: open tasks in the owner's lane, and drafts she began."""
    drafts = session.scalar(
        select(func.count(Application.id))
        .join(Project, Project.id == Application.project_id)
        .where(access.visible(actor, Project), Application.case_id.is_(None))
    )
    return len(work_items.open_for(session, actor)) + (drafts or 0)


@blueprint.get("/projects")
def projects() -> ResponseReturnValue:
    """Find a project; each says on whom it waits."""
    mine = _projects(current.session, current.person)
    by_project: dict[int, list[Standing]] = {key: [] for key in mine}
    for one in standings(current.session, list(mine), current.now):
        by_project[one.case.project_id].append(one)
    rows = [(project, [one for one in by_project[key] if one.waiting]) for key, project in mine.items()]
    return render_template("owner/projects.html", rows=rows)


@blueprint.get("/todo")
def todo() -> ResponseReturnValue:
    """Only what the owner must do, over all projects."""
    mine = _projects(current.session, current.person)
    cases = standings(current.session, list(mine), current.now)
    tasks = tasks_of(cases, drafts_of(current.session, list(mine)), mine)
    waits = [(one, mine[one.case.project_id]) for one in cases if one.waiting]
    return render_template("owner/todo.html", tasks=tasks, waits=waits)


@dataclass(frozen=True)
class Stop:
    """One thing in a stage of the road map: a result on file or a case."""

    title: str
    status: str
    day: date | None
    serial: str
    draft: int


@dataclass(frozen=True)
class Stage:
    """A stage of the road map. state: done, run, or empty while nothing has begun."""

    name: str
    state: str
    stops: list[Stop]


def road(results: list[Result], cases: list[Standing], drafts: list[Application], closed: bool) -> list[Stage]:
    """The four stages as they were walked: results by their code's letter, cases and drafts by their matter's."""
    stops: dict[str, list[Stop]] = {letter: [] for letter, _ in STAGES}
    issued = {one.case_id for one in results if one.case_id}
    for one in results:
        letter = one.code[0] if one.code[0] in stops else "D"
        if one.case_id is None:
            stops[letter].append(Stop(one.title, "done", one.issued_on, "", 0))
    for standing in reversed(cases):
        done = standing.case.id in issued or not standing.open
        day = standing.last.legal_date if done else None
        stops[standing.case.matter[0]].append(Stop(standing.title, standing.status, day, standing.case.serial, 0))
    for draft in drafts:
        title = catalogue().matter(draft.matter).title(draft.phase)
        stops[draft.matter[0]].append(Stop(title, "draft", None, "", draft.id))
    reached = max((place for place, (letter, _) in enumerate(STAGES) if stops[letter]), default=-1)
    running = {one.case.matter[0] for one in cases if one.open}
    return [
        Stage(
            name,
            "done"
            if stops[letter] and (closed or (place < reached and letter not in running))
            else "run"
            if stops[letter]
            else "",
            stops[letter],
        )
        for place, (letter, name) in enumerate(STAGES)
    ]


@blueprint.get("/projects/<code>")
def project(code: str) -> ResponseReturnValue:
    """Where the project is, why, and what comes next."""
    stand_at("owner.projects")
    session, found = current.session, project_at(code)
    cases = standings(session, [found.id], current.now)
    drafts = drafts_of(session, [found.id])
    results = list(session.scalars(select(Result).where(Result.project_id == found.id).order_by(Result.issued_on)))
    buildings = list(session.scalars(select(Building).where(Building.project_id == found.id)))
    running = next((one for one in cases if one.waiting), None)
    view = None
    if running is not None:
        view = diagram_view.of_subject(session, f"case:{running.case.id}", f"{running.title}流程图")
    return render_template(
        "owner/project.html",
        project=found,
        owner=session.get_one(Organisation, found.owner_organisation_id),
        flow_type=FLOW_TYPES[found.flow_type],
        mode=MODES.get(found.permit_mode or "", ""),
        area=sum((one.planned_area for one in buildings), start=0) or None,
        buildings=len(buildings),
        tasks=tasks_of(cases, drafts, {found.id: found}),
        waits=[one for one in cases if one.waiting],
        running=running,
        view=view,
        stages=road(results, cases, drafts, found.closed_at is not None),
        recent=_recent(session, cases),
        papers=[one for one in papers_of(session, cases) if one.kind in CERTIFICATES],
    )


def papers_of(session: Session, cases: list[Standing]) -> list[Paper]:
    """The papers of these cases, the newest first."""
    subjects = [f"case:{one.case.id}" for one in cases]
    return list(session.scalars(select(Paper).where(Paper.subject.in_(subjects)).order_by(Paper.id.desc())))


def _recent(session: Session, cases: list[Standing]) -> list[tuple[CaseRecord, Standing]]:
    known = {one.case.id: one for one in cases}
    rows = session.scalars(
        select(CaseRecord).where(CaseRecord.case_id.in_(known)).order_by(CaseRecord.id.desc()).limit(RECENT)
    )
    return [(one, known[one.case_id]) for one in rows]


@blueprint.get("/certificates")
def certificates() -> ResponseReturnValue:
    """Every certificate of the organisation, with what it is worth now."""
    session = current.session
    rows = session.scalars(
        select(Paper)
        .where(Paper.organisation_id == current.person.organisation_id, Paper.kind.in_(CERTIFICATES))
        .order_by(Paper.id.desc())
    )
    listed = [(one, papers.standing_of(session, one, current.now)) for one in rows]
    return render_template("owner/certificates.html", rows=listed)
