"""Runs an instance to its next rest and writes down what is open there: the one writer of instances and projections.

A step of the engine hands out service tasks as jobs. They are done inline, each in a savepoint: one that fails is rolled
back to it and stays behind as a job row with a pause, so the decision that led there stands. Then thrown messages are
posted and messages that waited for a new subscription are taken, until nothing moves any more.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

import workflows
from server import incidents, jobs
from server.accounts.actor import Actor
from server.errors import NotFound
from server.processes import deployments, models
from server.processes.handlers import HANDLERS, THROWN, BpmnError, JobContext, variables_of
from server.processes.work_items import ITEMS, OWNER_LANE
from workflows.timers import due, is_duration

log = logging.getLogger(__name__)

Status = Literal["running", "completed", "cancelled"]
WORK_ITEMS, SUBSCRIPTIONS, TIMERS, JOBS, INCIDENTS = 1, 2, 4, 8, 16
JOB_TASK, THROW_TASK = "processes.job", "processes.throw"
MESSAGE_LIFE = timedelta(days=30)
"""How long a message that a model throws waits for a process to take it, unless the event's header timeToLive says so.

Then it is an incident, with its content. A hand-off to another area (a message with a receiver) never expires."""
INSTANCES: Table = models.Instance.__table__  # type: ignore[assignment]
VERSIONS: Table = models.Version.__table__  # type: ignore[assignment]
SUBSCRIBED: Table = models.Subscription.__table__  # type: ignore[assignment]
TIMED: Table = models.Timer.__table__  # type: ignore[assignment]
COLUMNS = (
    INSTANCES.c.id,
    VERSIONS.c.process_id,
    INSTANCES.c.version_id,
    VERSIONS.c.closure_hash,
    INSTANCES.c.area,
    INSTANCES.c.subject,
    INSTANCES.c.district,
    INSTANCES.c.organisation_id,
    INSTANCES.c.status,
    INSTANCES.c.started_at,
    INSTANCES.c.state,
    INSTANCES.c.trail,
    INSTANCES.c.shadows,
)


@dataclass(frozen=True)
class Run:
    """An instance as its area sees it. subject is the area's own name for what it is about ('case:12')."""

    id: int
    process_id: str
    version_id: int
    area: str
    subject: str
    district: str
    organisation_id: int | None
    status: Status


@dataclass
class Loaded:
    """An instance in hand for one command. id is 0 until it is stored; shadows: which projections have rows."""

    id: int
    process_id: str
    version_id: int
    closure_hash: str
    area: str
    subject: str
    district: str
    organisation_id: int | None
    status: Status
    started_at: datetime
    state: bytes = b""
    trail: dict[str, dict[str, Any]] = field(default_factory=dict)
    shadows: int = 0

    @property
    def owner(self) -> str:
        """How its jobs and messages name it."""
        return f"instance:{self.id}"

    def deployment(self, session: Session) -> workflows.Deployment:
        """The model it started on."""
        return deployments.of_version(session, self.version_id, self.process_id, self.closure_hash)

    def as_run(self) -> Run:
        """What callers get."""
        return Run(
            self.id,
            self.process_id,
            self.version_id,
            self.area,
            self.subject,
            self.district,
            self.organisation_id,
            self.status,
        )


def load(session: Session, instance_id: int, *, lock: bool = True) -> Loaded:
    """The instance, its row locked for this transaction. NotFound."""
    query = (
        select(*COLUMNS).join(VERSIONS, VERSIONS.c.id == INSTANCES.c.version_id).where(INSTANCES.c.id == instance_id)
    )
    row = session.execute(query.with_for_update(of=INSTANCES) if lock else query).first()
    if row is None:
        raise NotFound("没有这个流程实例。", code="INSTANCE_UNKNOWN")
    return Loaded(*row)


def run_on(session: Session, run: Loaded, step: workflows.Step, actor: Actor, now: datetime) -> Run:
    """From a step to the next rest, then everything is written down. The caller has the instance's lock."""
    return _Course(session, run, actor, now).to_rest(step)


class _Course:
    """One command on its way to rest."""

    def __init__(self, session: Session, run: Loaded, actor: Actor, now: datetime) -> None:
        self.session, self.run, self.actor, self.now = session, run, actor, now
        self.deployment = run.deployment(session)
        self.held = _held_jobs(session, run) if run.shadows & JOBS else set()
        self.deferred = bool(self.held)
        self.awaited: set[int] = set()
        if run.shadows & SUBSCRIPTIONS:
            query = select(SUBSCRIBED.c.task_id).where(SUBSCRIBED.c.instance_id == run.id)
            self.awaited = set(session.execute(query).scalars())

    def to_rest(self, step: workflows.Step) -> Run:
        if not self.run.id and (step.jobs or step.thrown or step.subscriptions or step.incidents):
            self.run.state = step.state
            self._insert()  # handlers and messages name the instance
        self._take_in(step)
        while True:
            moved = self._next(step)
            if moved is None:
                break
            step = moved
            self._take_in(step)
        self._write(step)
        return self.run.as_run()

    def _take_in(self, step: workflows.Step) -> None:
        """What happened in a step: the trail for the diagram, and messages that left."""
        _note_trail(self.run, step.trail, self.now)
        for thrown in step.thrown:
            self._throw(step, thrown)

    def _next(self, step: workflows.Step) -> workflows.Step | None:
        """One more thing that can move by itself, and what it led to; None at rest."""
        stuck = {incident.task_id for incident in step.incidents}
        for job in step.jobs:
            if job.id not in self.held and job.id not in stuck:
                done = self._attempt(step, job)
                if done is not None:
                    return done
        fresh = [one for one in step.subscriptions if one.id not in self.awaited]
        if not fresh:
            return None
        self.awaited |= {one.id for one in fresh}
        wanted = {(one.message, one.key or ""): one.id for one in reversed(fresh)}
        message = jobs.take_waiting(self.session, wanted, self.run.owner, self.now)
        if message is None:
            return None
        variables = variables_of(message.name, message.payload)
        subscription = wanted[message.name, message.key]
        self.awaited -= {one.id for one in fresh if one.id != subscription}
        return workflows.deliver(self.deployment, step.state, subscription, variables, self.now)

    def _attempt(self, step: workflows.Step, job: workflows.Job) -> workflows.Step | None:
        """Do a job in a savepoint; None when it failed and was written down for later."""
        try:
            with self.session.begin_nested():
                return perform(self.session, self.run, step, job, self.actor, self.now)
        except jobs.FAILURES as error:
            log.warning("job %s of %s failed", job.type, self.run.owner, exc_info=True)
            reason = jobs.reason_of(error)
        payload = {"instance": self.run.id, "task": job.id, "element": job.element, "name": job.name}
        jobs.enqueue(
            self.session,
            JOB_TASK,
            payload | {"type": job.type, "actor": pack_actor(self.actor)},
            self.now,
            key=f"{self.run.id}/{job.id}",
            owner=self.run.owner,
            tries=1,
            max_tries=job.retries,
            pause=jobs.pause_after(1),
        )
        if job.retries == 1:
            jobs.give_up(self.session, JOB_TASK, f"{self.run.id}/{job.id}", reason, self.now)
        self.held.add(job.id)
        self.deferred = True
        return None

    def _throw(self, step: workflows.Step, thrown: workflows.Thrown) -> None:
        """Post a message the model has thrown, its area saying what is in it; written down for later if that fails."""
        variables = dict(thrown.variables)
        if thrown.message in THROWN:  # it may look at all variables; without it only those mapped to the event travel
            variables = workflows.variables(self.deployment, step.state) | variables
        key = thrown.key or ""
        try:
            with self.session.begin_nested():
                post_thrown(self.session, self.run, thrown.message, key, variables, self.now, thrown.life)
            return
        except jobs.FAILURES:
            log.warning("message %s of %s not posted yet", thrown.message, self.run.owner, exc_info=True)
        payload = {"instance": self.run.id, "message": thrown.message, "key": key, "variables": variables}
        jobs.enqueue(
            self.session,
            THROW_TASK,
            payload | {"element": thrown.element, "life": thrown.life},
            self.now,
            owner=f"{self.run.owner}/thrown",
            tries=1,
            pause=jobs.pause_after(1),
        )

    # -- writing down

    def _insert(self) -> None:
        run = self.run
        values = {
            "version_id": run.version_id,
            "area": run.area,
            "subject": run.subject,
            "district": run.district,
            "organisation_id": run.organisation_id,
            "started_at": run.started_at,
            **self._changing(),
        }
        run.id = self.session.execute(insert(INSTANCES).values(values).returning(INSTANCES.c.id)).scalar_one()

    def _changing(self) -> dict[str, Any]:
        run = self.run
        return {
            "state": run.state,
            "status": run.status,
            "trail": run.trail,
            "shadows": run.shadows,
            "ended_at": None if run.status == "running" else self.now,
        }

    def _write(self, step: workflows.Step) -> None:
        run = self.run
        before = run.shadows
        run.status = "completed" if step.completed else "cancelled" if step.cancelled else "running"
        run.state = step.state if run.status == "running" else b""
        run.shadows = self._shadows(step) if run.status == "running" else 0
        if run.id:
            self.session.execute(update(INSTANCES).where(INSTANCES.c.id == run.id).values(self._changing()))
        else:
            self._insert()
        self._project(ITEMS, before & WORK_ITEMS, [self._item_row(one) for one in step.user_tasks])
        self._project(SUBSCRIBED, before & SUBSCRIPTIONS, [self._subscription_row(o) for o in step.subscriptions])
        self._project(TIMED, before & TIMERS, [self._timer_row(one) for one in step.timers])
        if before & JOBS or self.deferred:
            _drop_jobs(self.session, run, {job.id for job in step.jobs}, self.now)
        if before & INCIDENTS or step.incidents:
            self._report(step.incidents)

    def _shadows(self, step: workflows.Step) -> int:
        return (
            (WORK_ITEMS if step.user_tasks else 0)
            | (SUBSCRIPTIONS if step.subscriptions else 0)
            | (TIMERS if step.timers else 0)
            | (JOBS if any(job.id in self.held for job in step.jobs) else 0)
            | (INCIDENTS if step.incidents else 0)
        )

    def _project(self, table: Table, had: int, rows: list[dict[str, Any]]) -> None:
        """Make the table's rows of this instance those given; a row of a task still open stays as it is."""
        of_this = table.c.instance_id == self.run.id
        if had and rows:
            there = set(self.session.execute(select(table.c.task_id).where(of_this)).scalars())
            gone = there - {row["task_id"] for row in rows}
            rows = [row for row in rows if row["task_id"] not in there]
            if gone:
                self.session.execute(delete(table).where(of_this, table.c.task_id.in_(gone)))
        elif had:
            self.session.execute(delete(table).where(of_this))
        if rows:
            self.session.execute(insert(table), rows)

    def _item_row(self, task: workflows.UserTask) -> dict[str, Any]:
        run = self.run
        return {
            "instance_id": run.id,
            "task_id": task.id,
            "element": task.element,
            "name": task.name or task.element,
            "unit": task.lane,
            "organisation_id": run.organisation_id if task.lane == OWNER_LANE else None,
            "form_id": task.form,
            "area": run.area,
            "subject": run.subject,
            "district": run.district,
            "opened_at": self.now,
        }

    def _subscription_row(self, one: workflows.Subscription) -> dict[str, Any]:
        return {
            "instance_id": self.run.id,
            "task_id": one.id,
            "element": one.element,
            "name": one.message,
            "key": one.key or "",
        }

    def _timer_row(self, one: workflows.Timer) -> dict[str, Any]:
        return {"instance_id": self.run.id, "task_id": one.id, "element": one.element, "due": one.due}

    def _report(self, found: Iterable[workflows.Incident]) -> None:
        subjects = {f"{self.run.owner}/{one.task_id}": one for one in found}
        for known in incidents.open_under(self.session, f"{self.run.owner}/"):
            if known not in subjects:
                incidents.close(self.session, known, "流程已继续", self.now)
        for subject, one in subjects.items():
            payload = {"instance": self.run.id, "element": one.element, "process": self.run.process_id}
            incidents.report(
                self.session, "process", subject, one.name or one.element, one.message_zh, payload, self.now
            )


def perform(
    session: Session, run: Loaded, step: workflows.Step, job: workflows.Job, actor: Actor, now: datetime
) -> workflows.Step:
    """Call a job's handler and go on with what it returns, or with the error it names as its outcome."""
    handler = HANDLERS.get(job.type)
    if handler is None:
        raise LookupError(f"没有名为“{job.type}”的处理程序")
    context = JobContext(
        session=session,
        instance_id=run.id,
        process_id=run.process_id,
        area=run.area,
        subject=run.subject,
        element=job.element,
        name=job.name,
        headers=job.headers,
        variables=job.variables,
        actor=actor,
        now=now,
    )
    deployment = run.deployment(session)
    try:
        result = handler.run(context)
    except BpmnError as error:
        session.flush()
        return workflows.fail(deployment, step.state, job.id, error.code, error.message, now)
    session.flush()
    return workflows.complete(deployment, step.state, job.id, result or {}, now)


def post_thrown(
    session: Session,
    run: Loaded,
    name: str,
    key: str,
    variables: Mapping[str, Any],
    now: datetime,
    life: str | None = None,
) -> None:
    """Post a message a model has thrown: the area says what is in it, else the variables it carries.

    life: how long it waits for a process to take it, an ISO duration; MESSAGE_LIFE if not given.
    """
    source = THROWN.get(name)
    said = source(session, run.subject, variables, now) if source else (key, dict(variables))
    if said is not None:
        ends = due(life, now) if life and is_duration(life) else now + MESSAGE_LIFE
        expires_at = None if name in jobs.RECEIVERS else ends
        jobs.post(session, name, said[0], said[1], now, expires_at=expires_at, source=run.owner)


def pack_actor(actor: Actor) -> dict[str, Any]:
    """An actor as plain data, for a job that acts in its name later."""
    return asdict(actor) | {"roles": sorted(actor.roles)}


def unpack_actor(data: Mapping[str, Any]) -> Actor:
    """The actor packed before."""
    return Actor(**{**data, "roles": frozenset(data["roles"])})


def _note_trail(run: Loaded, trail: Iterable[workflows.Trail], now: datetime) -> None:
    """Count where the instance has been: e: element -> [times, seconds since its start], f: flow -> times, x: cancelled."""
    seconds = int((now - run.started_at).total_seconds())
    for one in trail:
        if one.kind == "entered":
            seen = run.trail.setdefault("e", {})
            seen[one.element] = [seen.get(one.element, [0])[0] + 1, seconds]
        elif one.kind == "flow":
            flows = run.trail.setdefault("f", {})
            flows[one.element] = flows.get(one.element, 0) + 1
        elif one.kind == "cancelled":
            cancelled = run.trail.setdefault("x", {})
            cancelled[one.element] = cancelled.get(one.element, 0) + 1


def _held_jobs(session: Session, run: Loaded) -> set[int]:
    """Tasks whose jobs wait in rows for their next try."""
    keys = session.scalars(select(jobs.Job.key).where(jobs.Job.owner == run.owner, jobs.Job.name == JOB_TASK))
    return {int(key.partition("/")[2]) for key in keys if key}


def _drop_jobs(session: Session, run: Loaded, still_open: set[int], now: datetime) -> None:
    """Take back the job rows of tasks that are no longer there."""
    for task_id in _held_jobs(session, run) - still_open:
        jobs.drop(session, JOB_TASK, f"{run.id}/{task_id}", "流程已继续", now)
