"""Legal time: working days, natural days, months and business hours. Pure; days are dates in Asia/Shanghai.

Sources: Civil Code art. 201–203, Administrative Licensing Law art. 82; the national notices on public holidays.
A day count never counts its first day; a natural-day or month limit whose last day is a day off rolls over to the
next working day; a year without a published calendar is an error, never a guess.
"""

import calendar as months
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from server.errors import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
DATA = Path(__file__).parent / "data" / "working-calendar.json"
BUSINESS_HOURS = ((time(8, 30), time(12, 0)), (time(14, 30), time(17, 30)))
STRIP_LIMIT = 20


class CalendarYearMissing(Invalid):
    """2027 年的工作日历还没有导入，算不出期限。"""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"{year} 年的工作日历还没有导入，期限算不出来。国务院办公厅公布 {year} 年放假安排后，由管理员导入。",
            code="CALENDAR_YEAR_MISSING",
        )
        self.year = year


class Unit(StrEnum):
    """How a limit is counted."""

    WORKING_DAYS = "working_days"
    NATURAL_DAYS = "natural_days"
    MONTHS = "months"
    IMMEDIATE = "immediate"


@dataclass(frozen=True)
class Year:
    """One published year: which notice it comes from, and whether someone compared it with the notice."""

    year: int
    edition: int
    source: str
    checked: bool


@dataclass(frozen=True)
class Calendar:
    """Days off and make-up working days of the years that were published. `version` is stored with each ledger."""

    version: str
    years: dict[int, Year]
    holidays: dict[date, str]
    makeup_workdays: frozenset[date]

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday and no holiday, or a make-up day. Raises CalendarYearMissing."""
        if day.year not in self.years:
            raise CalendarYearMissing(day.year)
        if day in self.makeup_workdays:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def why_off(self, day: date) -> str:
        """`春节放假` or `周末`; empty for a working day."""
        if self.is_working_day(day):
            return ""
        return f"{self.holidays[day]}放假" if day in self.holidays else "周末"

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        day += timedelta(days=1)
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def roll_over(self, day: date) -> date:
        """`day` itself, or the next working day when it is a day off (Civil Code art. 203)."""
        return day if self.is_working_day(day) else self.next_working_day(day)

    def previous_working_day(self, day: date) -> date:
        """The last working day before `day`."""
        day -= timedelta(days=1)
        while not self.is_working_day(day):
            day -= timedelta(days=1)
        return day

    def add_working_days(self, start: date, n: int) -> date:
        """The n-th working day after `start`; n = 0 is `start` itself (即办)."""
        if n < 0:
            raise ValueError("a limit is not negative")
        day = start
        for _ in range(n):
            day = self.next_working_day(day)
        return day

    def working_days_after(self, start: date, end: date) -> int:
        """How many working days lie in (start, end]; 0 when end is not after start."""
        return sum(1 for day in days_between(start + timedelta(days=1), end) if self.is_working_day(day))

    def natural_due(self, start: date, n: int) -> date:
        """n natural days after `start`, rolled over."""
        return self.roll_over(start + timedelta(days=n))

    def months_due(self, start: date, n: int) -> date:
        """The corresponding day n months later, or the month's last day (Civil Code art. 202), rolled over."""
        return self.roll_over(add_months(start, n))

    def due(self, start: date, n: int, unit: Unit) -> date:
        """The last day of a limit without stops."""
        if unit is Unit.WORKING_DAYS:
            return self.add_working_days(start, n)
        if unit is Unit.NATURAL_DAYS:
            return self.natural_due(start, n)
        if unit is Unit.MONTHS:
            return self.months_due(start, n)
        return start

    def add_business_time(self, instant: datetime, length: timedelta) -> datetime:
        """The instant after `length` of business time (working days 8:30–12:00, 14:30–17:30). Aware in, UTC out."""
        left = length
        for opens, closes in self._business_spans(instant):
            begin = max(opens, instant)
            if begin >= closes:
                continue
            if left <= closes - begin:
                return (begin + left).astimezone(UTC)
            left -= closes - begin
        raise AssertionError("business spans never end")

    def business_time_between(self, begin: datetime, end: datetime) -> timedelta:
        """Business time in [begin, end]; zero when end is not after begin."""
        total = timedelta()
        if end <= begin:
            return total
        for opens, closes in self._business_spans(begin):
            if opens >= end:
                break
            total += max(timedelta(), min(closes, end) - max(opens, begin))
        return total

    def registry_due(self, admitted: datetime) -> datetime:
        """When a first registration is to be in the book: admitted before 16:00, the same day 17:30; later, the next
        working day 12:00 (domain 6.1). What is admitted on a day off counts from the next working day's opening."""
        local = admitted.astimezone(SHANGHAI)
        day = local.date()
        if not self.is_working_day(day):
            return _at(self.next_working_day(day), time(17, 30))
        if local.time() < time(16, 0):
            return _at(day, time(17, 30))
        return _at(self.next_working_day(day), time(12, 0))

    def _business_spans(self, start: datetime) -> "Iterable[tuple[datetime, datetime]]":
        day = start.astimezone(SHANGHAI).date()
        while True:
            if self.is_working_day(day):
                for opens, closes in BUSINESS_HOURS:
                    yield _at(day, opens), _at(day, closes)
            day += timedelta(days=1)


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, SHANGHAI).astimezone(UTC)


def days_between(first: date, last: date) -> Iterable[date]:
    """Each day from first to last, both included."""
    while first <= last:
        yield first
        first += timedelta(days=1)


def add_months(start: date, n: int) -> date:
    """The corresponding day n months later, or that month's last day; not rolled over."""
    index = start.year * 12 + start.month - 1 + n
    year, month = divmod(index, 12)
    return date(year, month + 1, min(start.day, months.monthrange(year, month + 1)[1]))


def parse(text: str) -> Calendar:
    """Read a calendar file. Raises Invalid when a listed day lies in a year the file does not declare."""
    raw = json.loads(text)
    years = {
        int(year): Year(int(year), one["edition"], one["source"], one["checked"]) for year, one in raw["years"].items()
    }
    holidays = {date.fromisoformat(day): name for day, name in raw["holidays"].items()}
    makeup = frozenset(date.fromisoformat(day) for day in raw["makeup_workdays"])
    for day in (*holidays, *makeup):
        if day.year not in years:
            raise Invalid(f"工作日历里有 {day} 这一天，但没有 {day.year} 年的来源。请补上这一年的通知名称。")
    for day in makeup & holidays.keys():
        raise Invalid(f"工作日历里 {day} 既是放假又是调休上班。请对照通知改正。")
    return Calendar(raw["version"], years, holidays, makeup)


@lru_cache(maxsize=1)
def current() -> Calendar:
    """The calendar that is shipped with this version."""
    return parse(DATA.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Stop:
    """A clock stop: the stop day and the resume day, both not counted (domain 3.2, rule 2). `end` None: still stopped;
    `expected` is then what was announced, and the projection assumes it (today, when that is already past)."""

    start: date
    reason: str
    end: date | None = None
    expected: date | None = None


@dataclass(frozen=True)
class LedgerDay:
    """One day of the ledger. kind: out | start | off | used | stop | left | due | over. count: which day of the limit it
    is, 0 where it is none. projected: after today."""

    day: date
    kind: str
    word: str
    reason: str
    count: int
    total: int
    projected: bool


@dataclass(frozen=True)
class Ledger:
    """What a limit amounts to on `today`. used counts today; left = working days after today up to the due day; over =
    working days after the due day up to today; stopped = stopped working days so far. All in `unit`'s days.
    level: ok | yellow | red | black | stopped (domain 3.1). strip: one letter a working day (u t s l o), '' when more
    than 20. expected: the due day rests on an announced, not yet happened resumption."""

    start: date
    promised: int
    unit: Unit
    due: date
    used: int
    left: int
    stopped: int
    over: int
    level: str
    strip: str
    expected: bool
    is_stopped: bool
    closed: date | None
    days: tuple[LedgerDay, ...] = field(repr=False)
    calendar_version: str = ""


def ledger(
    calendar: Calendar,
    start: date,
    n: int,
    stops: Sequence[Stop] = (),
    unit: Unit = Unit.WORKING_DAYS,
    *,
    today: date,
    closed: date | None = None,
    started: str = "受理",
) -> Ledger:
    """The day-by-day account of a limit of n `unit` that began on `start`, seen on `today`.

    `closed`: the day the thing was done; nothing runs after it. Stops apply to working-day limits only and must not
    overlap. Raises CalendarYearMissing, and Invalid for overlapping stops.
    """
    ordered = _without_overlap(stops)
    seen = min(today, closed) if closed else today
    if unit is Unit.WORKING_DAYS:
        due, days = _working_days(calendar, start, n, ordered, seen, started)
    else:
        due, days = _plain_days(calendar, start, calendar.due(start, n, unit), seen, started)
    return _summary(calendar, start, n, ordered, unit, seen, closed, due, days)


def _without_overlap(stops: Sequence[Stop]) -> list[Stop]:
    ordered = sorted(stops, key=lambda stop: stop.start)
    for earlier, later in pairwise(ordered):
        if earlier.end is None or later.start < earlier.end:
            raise Invalid("停表的日子重叠了：前一次停表还没有恢复。请先恢复，再停表。")
    return ordered


def _stop_on(day: date, stops: Sequence[Stop], seen: date) -> Stop | None:
    for stop in stops:
        end = stop.end or max(stop.expected or seen, seen)
        if stop.start <= day <= end:
            return stop
    return None


def _working_days(
    calendar: Calendar, start: date, n: int, stops: Sequence[Stop], seen: date, started: str
) -> tuple[date, tuple[LedgerDay, ...]]:
    days = [LedgerDay(start, "start", started, f"{started}，当日不计", 0, 0, start > seen)]
    day, count, due = start, 0, start if n == 0 else None
    while due is None or day < seen:
        day += timedelta(days=1)
        projected = day > seen
        stop = _stop_on(day, stops, seen)
        if not calendar.is_working_day(day):
            why = calendar.why_off(day)
            days.append(LedgerDay(day, "off", "放假" if "放假" in why else "周末", why, 0, count, projected))
        elif stop is not None:
            word = "停表" if day == stop.start else "恢复" if day == stop.end else "停"
            reason = stop.reason if day not in calendar.makeup_workdays else f"{stop.reason}（调休上班，仍在停表）"
            days.append(LedgerDay(day, "stop", word, reason, 0, count, projected))
        elif due is not None:
            days.append(LedgerDay(day, "over", "逾期", "超过到期日", 0, count, projected))
        else:
            count += 1
            makeup = "，调休上班" if day in calendar.makeup_workdays else ""
            if count == n:
                due = day
                days.append(
                    LedgerDay(day, "due", "到期", f"第 {count} 日，24:00 到期{makeup}", count, count, projected)
                )
            else:
                kind = "left" if projected else "used"
                days.append(LedgerDay(day, kind, f"第{count}日", f"办理第 {count} 日{makeup}", count, count, projected))
    return due, tuple(days)


def _plain_days(
    calendar: Calendar, start: date, due: date, seen: date, started: str
) -> tuple[date, tuple[LedgerDay, ...]]:
    days = [LedgerDay(start, "start", started, f"{started}，当日不计", 0, 0, start > seen)]
    for day in days_between(start + timedelta(days=1), max(due, min(seen, due + timedelta(days=400)))):
        count = (day - start).days
        projected = day > seen
        if day == due:
            days.append(LedgerDay(day, "due", "到期", f"第 {count} 日，24:00 到期", count, count, projected))
        elif day > due:
            days.append(LedgerDay(day, "over", "逾期", "超过到期日", 0, (due - start).days, projected))
        else:
            kind = "left" if projected else "used"
            days.append(LedgerDay(day, kind, f"第{count}日", f"第 {count} 日（自然日）", count, count, projected))
    return due, tuple(days)


def _summary(
    calendar: Calendar,
    start: date,
    n: int,
    stops: Sequence[Stop],
    unit: Unit,
    seen: date,
    closed: date | None,
    due: date,
    days: tuple[LedgerDay, ...],
) -> Ledger:
    counted = [one for one in days if one.count]
    used = sum(1 for one in counted if not one.projected)
    left = sum(1 for one in counted if one.projected)
    stopped = sum(1 for one in days if one.kind == "stop" and not one.projected)
    over = sum(1 for one in days if one.kind == "over" and not one.projected)
    open_stop = next((stop for stop in stops if stop.end is None and stop.start <= seen), None)
    is_stopped = open_stop is not None and closed is None
    return Ledger(
        start=start,
        promised=n,
        unit=unit,
        due=due,
        used=used,
        left=left,
        stopped=stopped,
        over=over,
        level=_level(is_stopped, seen, due, left, n, unit, over),
        strip=_strip(days, seen) if unit is Unit.WORKING_DAYS else "",
        expected=is_stopped,
        is_stopped=is_stopped,
        closed=closed,
        days=days,
        calendar_version=calendar.version,
    )


def _level(is_stopped: bool, seen: date, due: date, left: int, n: int, unit: Unit, over: int) -> str:
    """domain 3.1: red on the due day; yellow when left ≤ 1 working day or ≤ 30 % of the promise; black past it."""
    if is_stopped:
        return "stopped"
    if over or seen > due:
        return "black"
    if seen == due:
        return "red"
    if left <= 1 or (unit is Unit.WORKING_DAYS and left * 10 <= n * 3):
        return "yellow"
    if unit is not Unit.WORKING_DAYS and left <= 5:
        return "yellow"
    return "ok"


def _strip(days: Sequence[LedgerDay], seen: date) -> str:
    letters = []
    for one in days:
        if one.kind in ("off", "start", "out"):
            continue
        if one.kind == "stop":
            letters.append("s")
        elif one.kind == "over":
            letters.append("o")
        elif one.projected:
            letters.append("l")
        else:
            letters.append("t" if one.day == seen else "u")
    return "" if len(letters) > STRIP_LIMIT else "".join(letters)


def weeks(result: Ledger) -> list[list[LedgerDay]]:
    """The ledger's days filled up to whole weeks, Monday first, for a page's calendar; days outside are `out`."""
    first = result.days[0].day
    last = result.days[-1].day
    known = {one.day: one for one in result.days}
    day = first - timedelta(days=first.weekday())
    end = last + timedelta(days=6 - last.weekday())
    filled = [known.get(one) or LedgerDay(one, "out", "", "", 0, 0, False) for one in days_between(day, end)]
    return [filled[i : i + 7] for i in range(0, len(filled), 7)]
