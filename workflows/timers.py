"""When a timer is due: ISO 8601 text, or a date, date and time or duration that FEEL gave. Pure, without a clock.

A date, or a time without an offset, is meant in China (UTC+8). Months are counted in the calendar of UTC.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from .errors import Stuck
from .feel import FeelText

CHINA = timezone(timedelta(hours=8))
_DURATION = re.compile(
    r"P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?", re.I
)
_CYCLE = re.compile(r"R(\d*)/(?:([^/P][^/]*)/)?(P[^/]*)", re.I)


def is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text) is not None


def is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_cycle(text: str) -> bool:
    match = _CYCLE.fullmatch(text)
    return match is not None and is_duration(match[3]) and (not match[2] or is_instant(match[2]))


def due(value: Any, start: datetime) -> datetime:
    """The aware UTC instant meant by `value`, a duration being counted from `start`. Raises Stuck."""
    try:
        match value:
            case datetime():
                return _utc(value)
            case date():
                return _utc(datetime(value.year, value.month, value.day, tzinfo=CHINA))
            case timedelta():
                return start + value
            case FeelText(kind="months", text=text) | str(text) if is_duration(text):
                return _after(text, start)
            case str():
                return _utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        pass
    raise Stuck(f"“{value}”不是时间,应为 ISO 8601 的时刻或时长,例如 2026-12-01T09:00:00+08:00 或 PT1H")


def first_of_cycle(value: Any, start: datetime) -> tuple[datetime, str, int]:
    """(first due time, interval, number of rounds or -1 for no end) of `R3/PT1H` or `R/2026-12-01T00:00:00Z/P1D`."""
    match = _CYCLE.fullmatch(value) if isinstance(value, str) else None
    if not match or not is_duration(match[3]):
        raise Stuck(f"“{value}”不是循环时间,应写作 R3/PT1H 这样的形式")
    first = due(match[2], start) if match[2] else _after(match[3], start)
    return first, match[3], int(match[1]) if match[1] else -1


def nth_start(value: Any, start: datetime, before: int, *, cycle: bool) -> datetime | None:
    """When a timer that starts instances is due once more, `before` having gone before; None: no further. Raises Stuck."""
    if not cycle:
        return None if before else due(value, start)
    moment, every, rounds = first_of_cycle(value, start)
    if 0 <= rounds <= before:
        return None
    for _ in range(before):
        moment = due(every, moment)
    return moment


def _utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(UTC)


def _after(text: str, start: datetime) -> datetime:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in match.groups()[:6])
    seconds = float((match[7] or "0").replace(",", "."))
    year, month = divmod(start.year * 12 + start.month - 1 + years * 12 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    moved = start.replace(year=year, month=month + 1, day=day)
    return moved + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
