"""A ledger as the pages draw it: the calendar, a week a row, and the same in lines. Arranges, computes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from server.calendar import LedgerDay


@dataclass(frozen=True)
class Cell:
    """One day of the calendar. kind: out, start, used, stop, left, off, due, over."""

    day: str
    word: str
    kind: str
    today: bool


@dataclass(frozen=True)
class Line:
    """One line of the table: a day or a span of days with the same meaning. ``number`` is its count in words or ``-``."""

    first: date
    last: date
    kind: str
    words: str
    number: str
    total: int


def weeks(days: Sequence[LedgerDay], today: date) -> list[list[Cell]]:
    """Whole weeks around the ledger's days; days outside it are ``out``. Empty for no days."""
    if not days:
        return []
    known = {one.day: one for one in days}
    first = days[0].day - timedelta(days=days[0].day.weekday())
    last = days[-1].day + timedelta(days=6 - days[-1].day.weekday())
    cells, day = [], first
    while day <= last:
        label = f"{day.month}月{day.day}" if day == first or day.day == 1 else str(day.day)
        one = known.get(day)
        cells.append(Cell(label, one.word, one.kind, day == today) if one else Cell(label, "", "out", False))
        day += timedelta(days=1)
    return [cells[at : at + 7] for at in range(0, len(cells), 7)]


def until(days: Sequence[LedgerDay], closed: date | None) -> list[LedgerDay]:
    """The days up to the one on which the thing was done: what would have followed did not happen."""
    return [one for one in days if closed is None or one.day <= closed]


def lines(days: Sequence[LedgerDay]) -> list[Line]:
    """The days in order, neighbours of one meaning taken together."""
    return [_line(list(span)) for _, span in groupby(days, key=_meaning)]


def days_off(days: Sequence[LedgerDay]) -> list[Line]:
    """The public holidays among the days, for the sentence below a deadline."""
    return [line for line in lines(days) if line.kind == "off" and "放假" in line.words]


def _meaning(day: LedgerDay) -> tuple[object, ...]:
    alone = day.kind in ("start", "due") or day.word in ("停表", "恢复") or (day.kind == "used" and not day.projected)
    return (day.day,) if alone else (day.kind, day.reason if day.kind in ("off", "stop") else "", day.projected)


def _line(span: list[LedgerDay]) -> Line:
    first, last = span[0], span[-1]
    return Line(first.day, last.day, first.kind, _words(first, last), _number(span), last.total)


def _words(first: LedgerDay, last: LedgerDay) -> str:
    if first.kind == "left":
        numbers = f"{first.count}" if first.count == last.count else f"{first.count} 至 {last.count}"
        return f"预计办理第 {numbers} 日"
    if first.kind == "stop" and first.word == "停表":
        return f"停表：{first.reason}"
    if first.kind == "stop" and first.word == "恢复":
        return f"恢复，当日不计：{first.reason}"
    if first.kind == "stop":
        return f"{first.reason}，不计"
    if first.kind == "due" and first.projected:
        return f"预计{first.reason}"
    return first.reason


def _number(span: list[LedgerDay]) -> str:
    kind, size = span[0].kind, len(span)
    if kind == "stop":
        return "停" if size == 1 else f"停 {size}"
    if kind == "over":
        return f"逾 {size}"
    return str(size) if kind in ("used", "left", "due") else "-"


def in_words(first: date, last: date) -> Iterator[str]:
    """``4月28日``, ``至 30日`` or ``、26日``: the parts of a span of days, the month said once."""
    yield f"{first.month}月{first.day}日"
    if last == first:
        return
    end = f"{last.day}日" if last.month == first.month else f"{last.month}月{last.day}日"
    yield f"、{end}" if (last - first).days == 1 else f"至 {end}"
