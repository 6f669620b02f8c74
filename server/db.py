"""The database: column types, sessions, and the one place that commits.

Three edges commit (a web request, one worker item, one command); everything else only flushes. SQLite writes run under
``BEGIN IMMEDIATE``: with the driver's own transactions two read-then-write threads lose updates silently.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Engine, Text, create_engine, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, Session, UOWTransaction
from sqlalchemy.types import TypeDecorator

from server.config import Settings


class Base(DeclarativeBase):
    """Root of all tables; prefixes name the area: acc_ job_ aud_ fil_ doc_ pro_ apv_ reg_ sys_."""


class AppendOnly:
    """Mark of a table whose rows record a legal act: appended, never updated or deleted (guarded at flush)."""


class AppendOnlyViolation(RuntimeError):
    """Code tried to change or delete a row that records a legal act."""


class _Hundredths(TypeDecorator[Decimal]):
    """A Decimal with two places, stored as an integer so that SQLite and PostgreSQL agree to the last digit."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("areas and money are Decimal, never float")
        hundredths = Decimal(value) * 100
        if hundredths != hundredths.to_integral_value():
            raise ValueError(f"more than two decimal places: {value}")
        return int(hundredths)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class Area(_Hundredths):
    """Square metres with two decimals, stored as 0.01 ㎡."""

    cache_ok = True


class Money(_Hundredths):
    """Yuan with two decimals, stored as 分."""

    cache_ok = True


class Instant(TypeDecorator[datetime]):
    """A moment: timezone-aware UTC in Python, UTC without zone in the database. Naive values are refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)  # type: ignore[no-any-return]

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Json(TypeDecorator[Any]):
    """Plain data as JSON text, keys in the order given (JSONB would reorder them). Decimals become strings."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def dumps(value: Any) -> str:
    """Compact JSON of plain data; Decimal and dates as text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"not plain data: {type(value).__name__}")


def make_engine(url: str, *, synchronous: str = "FULL") -> Engine:
    """An engine for SQLite (WAL, foreign keys, BEGIN IMMEDIATE for writers) or PostgreSQL."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=5, max_overflow=10, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("gcb_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


class Database:
    """An engine with the two kinds of session: ``reading`` never commits, ``writing`` is committed by its edge."""

    def __init__(self, engine: Engine, *, crash_at: str = "") -> None:
        self.engine = engine
        self.crash_at = crash_at
        self._reading = engine.execution_options(gcb_reading=True)

    def reading_session(self) -> Session:
        """A session for questions; on SQLite it takes no write lock."""
        return Session(self._reading, expire_on_commit=False)

    def writing_session(self) -> Session:
        """A session for one act; only ``commit`` below may end it with success."""
        return Session(self.engine, expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A reading session, closed afterwards; nothing is kept."""
        with self.reading_session() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction at an edge: committed when the block ends well, rolled back otherwise."""
        with self.writing_session() as session:
            yield session
            self.commit(session)

    def commit(self, session: Session) -> None:
        """Commit at an edge, pass its crash points, then run what waits for the commit."""
        marks: list[str] = session.info.pop("gcb_marks", [])
        if marks:
            session.flush()
        for name in marks:
            self.crash_point(f"{name}.before_commit")
        session.commit()
        for name in marks:
            self.crash_point(f"{name}.after_commit")
        callbacks: list[Callable[[], None]] = session.info.pop("gcb_after_commit", [])
        for callback in callbacks:
            callback()

    def crash_point(self, name: str) -> None:
        """Die here without any clean-up when the fault tests ask for it (``GCB_CRASH_AT``, refused in production)."""
        if self.crash_at == name:
            os.kill(os.getpid(), signal.SIGKILL)


def open_database(settings: Settings) -> Database:
    """The database of these settings."""
    return Database(make_engine(settings.database_url), crash_at=settings.crash_at)


def mark(session: Session, name: str) -> None:
    """Name the commit this session is going to, for crash points ``name.before_commit`` and ``name.after_commit``."""
    marks: list[str] = session.info.setdefault("gcb_marks", [])
    if name not in marks:
        marks.append(name)


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run ``callback`` once the edge has committed; for waking the worker, never for work that must not be lost."""
    callbacks: list[Callable[[], None]] = session.info.setdefault("gcb_after_commit", [])
    if callback not in callbacks:
        callbacks.append(callback)


@event.listens_for(Session, "before_flush")
def _guard_append_only(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    for row in session.deleted:
        if isinstance(row, AppendOnly):
            raise AppendOnlyViolation(f"{type(row).__name__} is append-only: no delete")
    for row in session.dirty:
        if isinstance(row, AppendOnly) and session.is_modified(row):
            raise AppendOnlyViolation(f"{type(row).__name__} is append-only: no update")
