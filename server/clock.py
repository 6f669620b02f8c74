"""What time it is. The system's clock, or, for a server started for a scenario, a row in its database.

A virtual clock exists only in a process started with ``GCB_CLOCK=virtual`` (refused together with production), and its
time is a row so that web and worker agree. Legal days are dates in Asia/Shanghai.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.config import Settings
from server.db import Base, Instant
from server.errors import Conflict

CHINA = ZoneInfo("Asia/Shanghai")


class VirtualTime(Base):
    """The one row that holds the virtual clock's time."""

    __tablename__ = "sys_virtual_time"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


def now(session: Session, settings: Settings) -> datetime:
    """The present instant, aware UTC; the virtual one where these settings say so."""
    if settings.clock == "virtual":
        row = session.get(VirtualTime, 1, populate_existing=True)
        if row is not None:
            return row.at
    return datetime.now(UTC)


def set_virtual(session: Session, settings: Settings, at: datetime) -> None:
    """Move the virtual clock. Raises RuntimeError where the clock is the system's."""
    if settings.clock != "virtual":
        raise RuntimeError("the clock of this server is the system's")
    row = session.get(VirtualTime, 1)
    if row is None:
        session.add(VirtualTime(id=1, at=at))
    else:
        row.at = at
    session.flush()


def move(session: Session, settings: Settings, to: datetime) -> None:
    """Move the virtual clock forward. Conflict where the clock is the system's, and for a moment that has passed: what
    was recorded stays in its order."""
    if settings.clock != "virtual":
        raise Conflict(
            "这台服务器用的是系统时钟，不能拨动。演练请用 gcb scenario 另起一台。", code="CLOCK_IS_THE_SYSTEMS"
        )
    session.scalar(select(VirtualTime.id).with_for_update())  # of two who move it, the second sees the first
    stands = now(session, settings)
    if to < stands:
        shown = stands.astimezone(CHINA)
        raise Conflict(
            f"时钟只能往后拨，现在是 {shown:%Y-%m-%d %H:%M:%S}。",
            fields={"now": [f"请填写 {shown.isoformat()} 或更晚的时刻。"]},
            code="CLOCK_BACK",
        )
    set_virtual(session, settings, to)


def begin_virtual(session: Session, at: datetime) -> None:
    """Put a virtual clock at `at` where it does not stand anywhere yet."""
    if session.get(VirtualTime, 1) is None:
        session.add(VirtualTime(id=1, at=at))
        session.flush()


def legal_date(instant: datetime) -> date:
    """The date on which an instant falls in law: in Asia/Shanghai."""
    return instant.astimezone(CHINA).date()


def at(day: date, clock_time: time = time(9, 0)) -> datetime:
    """The instant of a wall-clock time in China, as aware UTC."""
    return datetime.combine(day, clock_time, CHINA).astimezone(UTC)
