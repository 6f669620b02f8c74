"""What registrars look at of the procedure: applications, one case with its checks, its way from filing to book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from server import calendar
from server.accounts.actor import Actor
from server.accounts.models import Organisation
from server.contracts import AcceptanceFiled
from server.processes import instances, work_items
from server.processes.work_items import WorkItem
from server.registry import evidence, recording, steps
from server.registry.bridge import Bridge, bridge
from server.registry.facts import Restriction
from server.registry.findings import Outcome
from server.registry.land import REGISTRARS
from server.registry.models import (
    Application,
    Certificate,
    CheckResult,
    CheckRun,
    Notice,
    SiteVisit,
    Step,
)
from server.registry.steps import Step as Kind

Row = TypeVar("Row", CheckRun, Notice, SiteVisit)
HANDLING = frozenset({Kind.RECEIVED, Kind.PRE_ADMITTED, Kind.CHECKED, Kind.CURED, Kind.ADMITTED, Kind.REVIEWED})


@dataclass(frozen=True)
class ChainStep:
    """One step of the way from filing to book. tone and icon as in ui.md §4.16; a stuck one carries its cure."""

    tone: str
    icon: str
    title: str
    at: datetime | None
    note: str


@dataclass(frozen=True)
class Limit:
    """The limit of an admitted application in business time: due, used and left; ``over`` when it has passed."""

    admitted_at: datetime
    due: datetime
    used: timedelta
    left: timedelta
    over: bool
    closed_at: datetime | None


@dataclass(frozen=True)
class Line:
    """An application in a list. ``task``: the open task of whoever asked, if it is theirs."""

    application: Application
    state: Kind
    since: datetime
    note: str
    due: datetime | None
    task: WorkItem | None = None


@dataclass(frozen=True)
class Case:
    """One application entirely, as it is now."""

    application: Application
    filed: AcceptanceFiled
    state: Kind
    steps: Sequence[Step]
    run: CheckRun | None
    results: Sequence[CheckResult]
    runs: Sequence[CheckRun]
    notices: Sequence[Notice]
    visits: Sequence[SiteVisit]
    restrictions: Sequence[Restriction]
    bridge: Bridge
    certificate: Certificate | None
    tasks: Sequence[WorkItem]
    chain: Sequence[ChainStep]
    limit: Limit | None
    revision: int
    instance_id: int | None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """What an actor may see: one owner's applications, or those of a district (a city's …00: of all its districts)."""

    owner_uscc: str | None = None
    district: str | None = None

    def has(self, application: Application) -> bool:
        """Whether an application lies within it."""
        if self.owner_uscc is not None and application.owner_uscc != self.owner_uscc:
            return False
        if self.district is None or application.district == self.district:
            return True
        return self.district.endswith("00") and application.district[:4] == self.district[:4]


ALL = Scope()
STAFF = (*REGISTRARS, "auditor", "admin")


def scope_of(session: Session, actor: Actor) -> Scope:
    """Staff see their district, everybody else what its organisation owns."""
    if actor.has(*STAFF):
        return Scope(district=actor.district)
    organisation = session.get(Organisation, actor.organisation_id) if actor.organisation_id is not None else None
    return Scope(owner_uscc=(organisation.uscc if organisation else None) or "")


def applications(
    session: Session,
    scope: Scope = ALL,
    *,
    states: frozenset[Kind] | None = None,
    project_code: str | None = None,
    filing_number: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Line]:
    """Applications within a scope, the newest first, each with its last step."""
    query = _lines(scope)
    if states is not None:
        query = query.where(Step.kind.in_([state.value for state in states]))
    if project_code is not None:
        query = query.where(Application.project_code == project_code)
    if filing_number is not None:
        query = query.where(Application.filing_number == filing_number)
    rows = session.execute(query.order_by(Application.id.desc()).limit(limit).offset(offset))
    return [_line(session, application, step) for application, step in rows]


def count(session: Session, scope: Scope = ALL, *, states: frozenset[Kind] | None = None) -> int:
    """How many applications such a list has in all."""
    query = _lines(scope)
    if states is not None:
        query = query.where(Step.kind.in_([state.value for state in states]))
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def inbox(session: Session, actor: Actor) -> list[Line]:
    """What waits for this registrar, the most urgent first: by due instant, then by arrival."""
    found = []
    for task in work_items.open_for(session, actor):
        if task.area != "registry":
            continue
        application = recording.of_subject(session, task.subject)
        step = recording.last_step(session, application)
        if step is not None:
            line = _line(session, application, step)
            found.append(Line(line.application, line.state, line.since, line.note, line.due, task))
    return sorted(found, key=lambda line: (line.due or line.since, line.application.id))


def by_number(session: Session, number: str, now: datetime, scope: Scope = ALL) -> Case:
    """One case by its number. NotFound, also for one outside the scope."""
    application = recording.by_number(session, number)
    if not scope.has(application):
        raise recording.unknown(number)
    return case(session, application, now)


def case(session: Session, application: Application, now: datetime) -> Case:
    """Everything about an application on one page."""
    all_steps = recording.steps_of(session, application)
    run = recording.last_run(session, application)
    results = recording.results_of(session, run) if run else ()
    picture = evidence.picture(session, application, now)
    certificate = session.scalar(select(Certificate).where(Certificate.application_id == application.id))
    subject = recording.subject(application)
    runs = instances.runs_of(session, subject)
    state = Kind(all_steps[-1].kind)
    return Case(
        application=application,
        filed=evidence.message_of(application),
        state=state,
        steps=all_steps,
        run=run,
        results=results,
        runs=_of(session, CheckRun, application),
        notices=_of(session, Notice, application),
        visits=_of(session, SiteVisit, application),
        restrictions=picture.restrictions,
        bridge=bridge(picture.buildings, picture.rules),
        certificate=certificate,
        tasks=work_items.for_subject(session, subject),
        chain=_chain(application, all_steps, results),
        limit=_limit(all_steps, now),
        revision=all_steps[-1].sequence,
        instance_id=runs[-1].id if runs else None,
        counts={outcome.value: sum(one.outcome == outcome for one in results) for outcome in Outcome},
    )


def notices_to(session: Session, uscc: str) -> list[tuple[Notice, Application]]:
    """What an owner was told about its registrations and has not been cured yet, the newest first."""
    rows = session.execute(
        select(Notice, Application)
        .join(Application, Application.id == Notice.application_id)
        .where(Application.owner_uscc == uscc)
        .order_by(Notice.id.desc())
    )
    held = {
        line.application.id for line in applications(session, Scope(owner_uscc=uscc), states=frozenset({Kind.HELD}))
    }
    return [(notice, app) for notice, app in rows if "owner" in notice.recipients and app.id in held]


def search(session: Session, text: str, scope: Scope = ALL, limit: int = 20) -> list[Application]:
    """Applications whose number, filing, project, owner or parcel contains the text."""
    wanted = text.strip()
    if not wanted:
        return []
    escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = f"%{escaped}%"
    columns = (
        Application.number,
        Application.filing_number,
        Application.project_name,
        Application.project_code,
        Application.owner_name,
        Application.parcel_code,
    )
    query = _lines(scope).where(or_(*(column.like(like, escape="\\") for column in columns)))
    return [row[0] for row in session.execute(query.order_by(Application.id.desc()).limit(limit))]


def _lines(scope: Scope) -> Select[Application, Step]:
    last = select(Step.application_id, func.max(Step.sequence).label("sequence")).group_by(Step.application_id)
    newest = last.subquery()
    query = (
        select(Application, Step)
        .join(newest, newest.c.application_id == Application.id)
        .join(Step, (Step.application_id == Application.id) & (Step.sequence == newest.c.sequence))
    )
    if scope.owner_uscc is not None:
        query = query.where(Application.owner_uscc == scope.owner_uscc)
    if scope.district is not None:
        whole_city = scope.district.endswith("00")
        query = query.where(
            Application.district.like(f"{scope.district[:4]}%")
            if whole_city
            else Application.district == scope.district
        )
    return query


def _line(session: Session, application: Application, last: Step) -> Line:
    admitted = session.scalar(
        select(Step)
        .where(Step.application_id == application.id, Step.kind == Kind.ADMITTED.value)
        .order_by(Step.sequence.desc())
        .limit(1)
    )
    state = Kind(last.kind)
    running = state not in steps.FINAL and state is not Kind.HELD
    due = _due(recording.steps_of(session, application), last.at) if admitted and running else None
    return Line(application, state, last.at, last.text, due)


def _of(session: Session, model: type[Row], application: Application) -> Sequence[Row]:
    query = select(model).where(model.application_id == application.id).order_by(model.id)
    return session.scalars(query).all()


def _limit(all_steps: Sequence[Step], now: datetime) -> Limit | None:
    """Business time from admission to the book; what a hold takes in between is not used (domain.md §6.1, S9)."""
    admitted = next((step for step in reversed(all_steps) if step.kind == Kind.ADMITTED), None)
    if admitted is None:
        return None
    known = calendar.current()
    due = _due(all_steps, now)
    end = next((step.at for step in all_steps if Kind(step.kind) in steps.FINAL), None)
    used, since = timedelta(), admitted.at
    for step in all_steps[all_steps.index(admitted) :]:
        if step.kind == Kind.HELD:
            used += known.business_time_between(since, step.at)
            since = now
        elif step.kind == Kind.CURED:
            since = step.at
    used += known.business_time_between(since, end or now)
    seen = end or now
    return Limit(admitted.at, due, used, known.business_time_between(seen, due), seen > due, end)


def _due(all_steps: Sequence[Step], now: datetime) -> datetime:
    """When an admitted application is to be in the book: the instant told at admission, later by what it was held."""
    admitted = next(step for step in reversed(all_steps) if step.kind == Kind.ADMITTED)
    known, held, since = calendar.current(), timedelta(), None
    for step in all_steps[all_steps.index(admitted) :]:
        if step.kind == Kind.HELD:
            since = step.at
        elif since is not None:
            held += known.business_time_between(since, step.at)
            since = None
    if since is not None:
        held += known.business_time_between(since, now)
    told = datetime.fromisoformat(admitted.details["due"])
    return known.add_business_time(told, held) if held else told


def _chain(application: Application, all_steps: Sequence[Step], results: Sequence[CheckResult]) -> list[ChainStep]:
    """The seven steps of the hand-off with time and result; those to come are dashed."""
    filed = evidence.message_of(application)
    at = {step.kind: step for step in all_steps}
    state = Kind(all_steps[-1].kind)
    received = at[Kind.RECEIVED]
    chain = [
        ChainStep("done", "check", "竣工验收备案办结", filed.filed_at, filed.filing_number),
        ChainStep("done", "check", "发出推送", application.sent_at, f"第 {application.filing_version} 版"),
        ChainStep("done", "check", "登记接收", received.at, "预受理" if Kind.PRE_ADMITTED in at else ""),
    ]
    checked = at.get(Kind.CHECKED)
    holding = [f"第 {one.position} 项" for one in results if one.outcome == Outcome.HOLD]
    if state is Kind.HELD or (checked is not None and holding):
        stopped = at[Kind.HELD] if state is Kind.HELD else at[Kind.CHECKED]
        chain.append(ChainStep("action", "hand-stop", "核验 12 项", stopped.at, f"{'、'.join(holding)}挂起"))
    elif checked is not None:
        warned = sum(one.outcome == Outcome.WARN for one in results)
        note = f"{warned} 项提示，没有挂起" if warned else "12 项通过"
        chain.append(ChainStep("done", "check", "核验 12 项", checked.at, note))
    else:
        chain.append(_to_come("核验 12 项", ""))
    admitted = at.get(Kind.ADMITTED)
    chain.append(_done("正式受理", admitted, admitted.actor) if admitted else _to_come("正式受理", "没有挂起后"))
    if state is Kind.REFUSED:
        refused = at[Kind.REFUSED]
        chain.append(ChainStep("failed", "ban", "不予登记", refused.at, refused.details["registrar"]))
        return chain
    if state is Kind.SUPERSEDED:
        chain.append(ChainStep("neutral", "archive", "被新版备案替代", at[Kind.SUPERSEDED].at, ""))
        return chain
    booked = at.get(Kind.BOOKED)
    chain.append(_done("登簿", booked, booked.actor) if booked else _to_come("登记人员确认登簿", "须本人确认"))
    chain.append(
        _done("证书回传项目", booked, booked.details["certificate"]) if booked else _to_come("证书回传项目", "项目办结")
    )
    return chain


def _done(title: str, step: Step, note: str) -> ChainStep:
    return ChainStep("done", "check", title, step.at, note)


def _to_come(title: str, note: str) -> ChainStep:
    return ChainStep("neutral", "circle-dashed", title, None, note)
