"""What must not be lost: jobs and messages between areas, kept as rows written in the caller's own transaction.

The rows are the truth. Whoever carries them claims one at a time (`FOR UPDATE SKIP LOCKED` on PostgreSQL,
`BEGIN IMMEDIATE` on SQLite), leases it, works in a transaction of its own and only then strikes it off: at least
once, so every task and receiver must be safe to repeat. What fails comes back after 1, 4, 15, 60 ... seconds and
is an incident after its last try.

Two clocks. When something is *meant* to happen (`run_at`, `expires_at`) is domain time and may come from the
virtual clock. Leases and the pauses between tries follow the machine's clock, or a virtual clock that stands
still would stop the retries.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Index,
    String,
    UniqueConstraint,
    and_,
    delete,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from server import audit, clock, incidents
from server.accounts.actor import Actor
from server.config import Settings
from server.db import Base, Database, Instant, Json, after_commit, mark
from server.errors import Conflict, DomainError, Invalid, NotFound
from server.incidents import Incident

log = logging.getLogger(__name__)

PAUSES = (1, 4, 15, 60, 240, 900, 3600)  # seconds before the second, third ... try
MAX_TRIES = len(PAUSES) + 1
LEASE = timedelta(seconds=120)
# What a task may raise and be tried again for. Exits, interrupts and MemoryError are not among them: they end the
# worker, the lease runs out, and the try has been counted when it was claimed.
FAILURES = (
    DomainError,
    SQLAlchemyError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
Payload = dict[str, Any]


class Job(Base):
    """Something to do. A job done is deleted; `stuck` means that it waits for a person, see its incident.

    owner: what it belongs to ('instance:7'), so that it can be taken back together with it.
    """

    __tablename__ = "job_jobs"
    __table_args__ = (
        UniqueConstraint("name", "key", name="uq_job_jobs_name_key"),
        Index("ix_job_jobs_due", "state", "run_at"),
        Index("ix_job_jobs_owner", "owner"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str | None] = mapped_column(String(200))
    owner: Mapped[str | None] = mapped_column(String(100))
    payload: Mapped[Payload] = mapped_column(Json)
    run_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(10), default="open")  # open | stuck
    tries: Mapped[int] = mapped_column(default=0)
    max_tries: Mapped[int | None]  # before it is an incident; None: MAX_TRIES
    rest_until: Mapped[datetime | None] = mapped_column(Instant)  # machine clock: lease or pause
    lease: Mapped[str | None] = mapped_column(String(100))


class Message(Base):
    """A message from one area to another. It stays as evidence of the hand-off, and says who took it and when."""

    __tablename__ = "job_messages"
    __table_args__ = (Index("ix_job_messages_state", "state", "name", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[Payload] = mapped_column(Json)
    source: Mapped[str] = mapped_column(String(100), default="")
    posted_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(10), default="open")  # open | waiting | taken | stuck | abandoned
    tries: Mapped[int] = mapped_column(default=0)
    rest_until: Mapped[datetime | None] = mapped_column(Instant)
    lease: Mapped[str | None] = mapped_column(String(100))
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    taken_by: Mapped[str | None] = mapped_column(String(100))
    deliveries: Mapped[int] = mapped_column(default=0)  # how often it was handed over and taken


@dataclass(frozen=True)
class Work:
    """What a task, a receiver or a scanner works with; `session` is committed by whoever called it."""

    session: Session
    settings: Settings
    now: datetime


@dataclass(frozen=True)
class Received:
    """A message as its receiver sees it. The same id may come again."""

    id: int
    name: str
    key: str
    payload: Payload
    posted_at: datetime
    source: str = ""


@dataclass(frozen=True)
class Task:
    run: Callable[..., None]
    prepare: Callable[[Work, Payload], Any] | None


@dataclass(frozen=True)
class Scanner:
    run: Callable[[Work], None]
    due: Callable[[Work], bool]


Router = Callable[[Work, Received], str | None]
F = TypeVar("F", bound=Callable[..., Any])
Row = TypeVar("Row", Job, Message)
TASKS: dict[str, Task] = {}
RECEIVERS: dict[str, Callable[[Work, Received], None]] = {}
SCANNERS: dict[str, Scanner] = {}
_routers: list[Router] = []
_bells: list[Callable[[], None]] = []


def task(name: str, *, prepare: Callable[[Work, Payload], Any] | None = None) -> Callable[[F], F]:
    """Register `f(work, payload)` as what does the jobs of this name.

    With `prepare`, `prepare(work, payload)` runs first, in a reading session and outside the writing transaction
    (a PDF takes a third of a second, and SQLite has one writer); `f(work, payload, prepared)` stores its result.
    """

    def register(function: F) -> F:
        if name in TASKS:
            raise ValueError(f"two tasks are called {name}")
        TASKS[name] = Task(function, prepare)
        return function

    return register


def receiver(name: str) -> Callable[[F], F]:
    """Register `f(work, message)` as the one who takes the messages of this name. It must bear to get one twice."""

    def register(function: F) -> F:
        if name in RECEIVERS:
            raise ValueError(f"two receivers for {name}")
        RECEIVERS[name] = function
        return function

    return register


def scanner(name: str, due: Callable[[Work], bool]) -> Callable[[F], F]:
    """Register `f(work)`, run by every sweep in a writing transaction of its own, if `due(work)`, reading only, says so."""

    def register(function: F) -> F:
        SCANNERS[name] = Scanner(function, due)
        return function

    return register


def router(function: Router) -> Router:
    """Register who is asked about messages without a receiver: it names the taker, or None when nobody waits for it."""
    _routers.append(function)
    return function


def connect_bell(ring: Callable[[], None] | None) -> None:
    """Say how the worker is woken (None: not at all, its sweep finds everything a second later)."""
    _bells[:] = [ring] if ring else []


def wake() -> None:
    """Tell the worker that there is something to do. Losing this costs a second, never a job."""
    for ring in _bells:
        ring()


def enqueue(
    session: Session,
    name: str,
    payload: Payload,
    now: datetime,
    *,
    run_at: datetime | None = None,
    key: str | None = None,
    owner: str | None = None,
    tries: int = 0,
    max_tries: int | None = None,
    pause: timedelta | None = None,
) -> None:
    """Write down a job in the caller's transaction; with a key, only if none of this (name, key) is open.

    run_at: domain time before which it is not meant to run. tries, pause: tries it has already behind it, and the
    rest before the next. max_tries: those it has in all before it is an incident, MAX_TRIES if not given.
    """
    row = {
        "name": name,
        "key": key,
        "owner": owner,
        "payload": payload,
        "run_at": run_at or now,
        "state": "open",
        "tries": tries,
        "max_tries": max_tries,
        "rest_until": machine_time() + pause if pause else None,
    }
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Job).values(**row).on_conflict_do_nothing(index_elements=["name", "key"]))
    after_commit(session, wake)


def post(
    session: Session,
    name: str,
    key: str,
    payload: Payload,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    source: str = "",
) -> Message:
    """Write down a message to another area in the caller's transaction. key: whom it concerns, e.g. a filing number.

    expires_at: domain time at which a message that nobody waited for becomes an incident (None: it waits for good).
    """
    message = Message(
        name=name, key=key, payload=payload, source=source, posted_at=now, expires_at=expires_at, state="open", tries=0
    )
    session.add(message)
    session.flush()
    after_commit(session, wake)
    return message


def take_waiting(session: Session, wanted: Iterable[tuple[str, str]], taker: str, now: datetime) -> Received | None:
    """The oldest message nobody has taken yet of these (name, key), now taken by `taker`; None when there is none.

    For whoever begins to wait for one. Messages with a receiver of their own never wait here.
    """
    pairs = [pair for pair in wanted if pair[0] not in RECEIVERS]
    if not pairs:
        return None
    found = session.scalars(
        select(Message)
        .where(Message.state.in_(("open", "waiting")), tuple_(Message.name, Message.key).in_(pairs))
        .order_by(Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if found is None:
        return None
    _take(found, taker, now)
    return _received(found)


def look_again(session: Session, message_ids: Iterable[int]) -> None:
    """Have waiting messages carried once more, since somebody seems to wait for them now."""
    session.execute(
        update(Message)
        .where(Message.id.in_(list(message_ids)), Message.state == "waiting")
        .values(state="open", tries=0, rest_until=None)
    )
    after_commit(session, wake)


def drop_owned(session: Session, owner: str, resolution: str, now: datetime, actor: Actor | None = None) -> int:
    """Take back the jobs of an owner, open or stuck, and close their incidents; says how many."""
    ids = list(session.scalars(select(Job.id).where(Job.owner == owner).with_for_update()))
    for job_id in ids:
        incidents.close(session, f"job:{job_id}", resolution, now, actor)
    if ids:
        session.execute(delete(Job).where(Job.id.in_(ids)))
    return len(ids)


def give_up(session: Session, name: str, key: str, reason: str, now: datetime) -> None:
    """Make one open job an incident at once: it had its only try where it was written down."""
    for job in session.scalars(select(Job).where(Job.name == name, Job.key == key, Job.state == "open")):
        _stick(session, job, reason, now)
    session.flush()


def drop(session: Session, name: str, key: str, resolution: str, now: datetime) -> None:
    """Take back one job, open or stuck, and close its incident."""
    for job_id in session.scalars(select(Job.id).where(Job.name == name, Job.key == key)).all():
        incidents.close(session, f"job:{job_id}", resolution, now)
        session.execute(delete(Job).where(Job.id == job_id))


def run_due(database: Database, settings: Settings, *, limit: int = 1000) -> int:
    """Carry what is due, one at a time, each in its own transaction; returns how many were tried. Commits."""
    lease = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    tried = 0
    while tried < limit:
        turns = (_next_message, _next_job) if tried % 2 == 0 else (_next_job, _next_message)
        if not (turns[0](database, settings, lease) or turns[1](database, settings, lease)):
            break
        tried += 1
    return tried


def scan(database: Database, settings: Settings) -> None:
    """Run every scanner that has something to do, each in its own transaction. Commits."""
    for name, found in list(SCANNERS.items()):
        subject = f"scanner:{name}"
        try:
            with database.reading() as session:
                if not found.due(Work(session, settings, clock.now(session, settings))):
                    continue
            with database.writing() as session:
                now = clock.now(session, settings)
                found.run(Work(session, settings, now))
                incidents.close(session, subject, "又正常运行", now)
        except FAILURES as error:
            log.warning("scanner %s failed", name, exc_info=True)
            with database.writing() as session:
                now = clock.now(session, settings)
                incidents.report(session, "scanner", subject, name, reason_of(error), {}, now)


def release_leases(database: Database) -> None:
    """Forget all leases. Only for a worker that knows itself to be the only one. Commits."""
    with database.writing() as session:
        for kind in (Job, Message):
            session.execute(update(kind).where(kind.lease.is_not(None)).values(lease=None, rest_until=None))


def retry(session: Session, incident: Incident, actor: Actor, now: datetime) -> None:
    """Have a stuck job or message tried again from its first try."""
    row = _stuck_row(session, incident)
    row.state, row.tries, row.rest_until, row.lease = "open", 0, None, None
    incidents.close(session, incident.subject, "重试", now, actor)
    audit.append(session, actor, "incident.retried", incident.subject, {"name": incident.name}, now)
    after_commit(session, wake)


def messages(session: Session, name: str, key: str | None = None, limit: int = 50) -> list[Message]:
    """Messages of a name, the newest first; with a key, those about one thing."""
    query = select(Message).where(Message.name == name)
    if key is not None:
        query = query.where(Message.key == key)
    return list(session.scalars(query.order_by(Message.id.desc()).limit(limit)))


def redeliver(session: Session, message_id: int, reason: str, actor: Actor, now: datetime) -> Message:
    """Hand a message that was taken to its receiver once more, who takes it as the repetition it is.

    For whoever doubts that a hand-off arrived. Raises NotFound, Invalid without a reason, Conflict while it is still
    under way and for messages a process waited for (those are taken once and have no receiver of their own).
    """
    message = session.scalars(select(Message).where(Message.id == message_id).with_for_update()).one_or_none()
    if message is None:
        raise NotFound("没有这条消息。请刷新消息列表。", code="MESSAGE_UNKNOWN")
    if not reason.strip():
        raise Invalid("请写明为什么重新投递。", fields={"reason": ["请写明为什么重新投递"]}, code="REASON_MISSING")
    if message.state != "taken" or message.name not in RECEIVERS:
        raise Conflict("这条消息还没有送达，或者不能重新投递。没有送达的会自动再试。", code="NOT_REDELIVERABLE")
    message.state, message.tries, message.rest_until, message.lease = "open", 0, None, None
    details = {"name": message.name, "key": message.key, "reason": reason.strip()}
    audit.append(session, actor, "message.redelivered", f"message:{message.id}", details, now)
    session.flush()
    after_commit(session, wake)
    return message


def abandon(session: Session, incident: Incident, reason: str, actor: Actor, now: datetime) -> None:
    """Give up a stuck job or message for good, with a reason; the incident keeps what it was."""
    row = _stuck_row(session, incident)
    if isinstance(row, Message):
        row.state = "abandoned"
    else:
        session.delete(row)
    incidents.close(session, incident.subject, f"放弃：{reason}", now, actor)
    audit.append(session, actor, "incident.abandoned", incident.subject, {"name": incident.name, "reason": reason}, now)


def machine_time() -> datetime:
    """The machine's time, for leases and pauses only."""
    return datetime.now(UTC)


def _take(message: Message, taker: str, now: datetime) -> None:
    message.state, message.taken_by, message.taken_at = "taken", taker, now
    message.deliveries = (message.deliveries or 0) + 1
    message.lease = message.rest_until = None


def _received(row: Message) -> Received:
    return Received(row.id, row.name, row.key, row.payload, row.posted_at, row.source)


def _due(kind: type[Job] | type[Message], now: datetime) -> ColumnElement[bool]:
    rested = or_(kind.rest_until.is_(None), kind.rest_until <= machine_time())
    if kind is Job:
        return and_(Job.state == "open", Job.run_at <= now, rested)
    expired = and_(Message.state == "waiting", Message.expires_at <= now)
    return and_(or_(Message.state == "open", expired), rested)


def _next_message(database: Database, settings: Settings, lease: str) -> bool:
    message_id = _claim(database, settings, Message, lease)
    if message_id is None:
        return False
    try:
        _deliver(database, settings, message_id, lease)
    except FAILURES as error:
        _failed(database, settings, Message, message_id, lease, error)
    return True


def _next_job(database: Database, settings: Settings, lease: str) -> bool:
    job_id = _claim(database, settings, Job, lease)
    if job_id is None:
        return False
    try:
        _do(database, settings, job_id, lease)
    except FAILURES as error:
        _failed(database, settings, Job, job_id, lease, error)
    return True


def _claim(database: Database, settings: Settings, kind: type[Row], lease: str) -> int | None:
    """Lease the oldest thing that is due and count the try; None when there is none."""
    with database.reading() as session:  # an idle worker never takes SQLite's write lock
        due = _due(kind, clock.now(session, settings))
        if session.scalar(select(kind.id).where(due).limit(1)) is None:
            return None
    with database.writing() as session:
        now = clock.now(session, settings)
        query = select(kind).where(_due(kind, now)).order_by(kind.id).limit(1)
        row = session.scalars(query.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        if row.tries >= _tries_of(row):  # every try so far ended with the worker's death
            _stick(session, row, "处理进程多次中途退出，没有留下原因。请检查运行日志后重试。", now)
            return None
        row.lease, row.rest_until, row.tries = lease, machine_time() + LEASE, row.tries + 1
        return row.id


def _do(database: Database, settings: Settings, job_id: int, lease: str) -> None:
    with database.reading() as session:
        row = session.get(Job, job_id)
        if row is None:
            return
        name, payload = row.name, row.payload
        if name not in TASKS:
            raise LookupError(f"no task is called {name}")
        prepare = TASKS[name].prepare
        prepared = (prepare(Work(session, settings, clock.now(session, settings)), payload),) if prepare else ()
    with database.writing() as session:
        if _leased(session, Job, job_id, lease) is None:
            return
        TASKS[name].run(Work(session, settings, clock.now(session, settings)), payload, *prepared)
        session.execute(delete(Job).where(Job.id == job_id))
        mark(session, f"job.{name}")


def _deliver(database: Database, settings: Settings, message_id: int, lease: str) -> None:
    with database.writing() as session:
        row = _leased(session, Message, message_id, lease)
        if not isinstance(row, Message):
            return
        work = Work(session, settings, clock.now(session, settings))
        message = _received(row)
        if row.name in RECEIVERS:
            RECEIVERS[row.name](work, message)
            _take(row, row.name, work.now)
        elif taker := next((t for t in (route(work, message) for route in _routers) if t), None):
            _take(row, taker, work.now)
        elif row.expires_at is not None and row.expires_at <= work.now:
            _stick(session, row, "到期仍没有流程等待这条消息，也没有登记的接收方。", work.now)
        else:
            row.state, row.lease, row.rest_until, row.tries = "waiting", None, None, 0
        mark(session, "receipt")


def _failed(database: Database, settings: Settings, kind: type[Row], row_id: int, lease: str, error: Exception) -> None:
    log.warning("%s %s failed", kind.__tablename__, row_id, exc_info=not isinstance(error, DomainError))
    with database.writing() as session:
        row = _leased(session, kind, row_id, lease)
        if row is None:
            return
        if row.tries >= _tries_of(row):
            _stick(session, row, reason_of(error), clock.now(session, settings))
        else:
            row.lease, row.rest_until = None, machine_time() + pause_after(row.tries)


def _tries_of(row: Job | Message) -> int:
    return (row.max_tries if isinstance(row, Job) else None) or MAX_TRIES


def pause_after(tries: int) -> timedelta:
    """The rest before the next try, after so many that failed."""
    return timedelta(seconds=PAUSES[min(tries, len(PAUSES)) - 1])


def _leased(session: Session, kind: type[Row], row_id: int, lease: str) -> Row | None:
    """The row, locked, if the lease is still ours: another worker may have taken over a slow one."""
    row = session.get(kind, row_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.lease == lease else None


def _stick(session: Session, row: Job | Message, reason: str, now: datetime) -> None:
    row.state, row.lease, row.rest_until = "stuck", None, None
    kind = "job" if isinstance(row, Job) else "message"
    incidents.report(session, kind, f"{kind}:{row.id}", row.name, reason, row.payload, now)


def _stuck_row(session: Session, incident: Incident) -> Job | Message:
    kind, _, row_id = incident.subject.partition(":")
    row: Job | Message | None = None
    if kind == "job":
        row = session.get(Job, int(row_id), with_for_update=True)
    elif kind == "message":
        row = session.get(Message, int(row_id), with_for_update=True)
    else:
        raise Conflict("这条异常不是任务或消息，请到流程中处理。", code="INCIDENT_KIND")
    if row is None or row.state != "stuck" or incident.closed_at is not None:
        raise Conflict("这条异常已经处理过了，请刷新页面。", code="INCIDENT_CLOSED")
    return row


def reason_of(error: Exception) -> str:
    """A sentence for the incident page: the domain's own, or what broke in the program."""
    if isinstance(error, DomainError):
        return error.message
    return f"程序出错（{type(error).__name__}）：{error}"[:2000]
