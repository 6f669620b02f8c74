"""How dates, areas, money and codes are written (ui.md §3). Pure functions; ``install`` makes them template filters.

What must not be torn at a line's end comes out as ``<span class="gb-keep">``. A missing value is ``-``.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from flask import Flask
from markupsafe import Markup, escape

from server import clock
from server.accounts.codes import mask_person_id
from server.web.edge import current

MISSING = "-"
_WEEKDAYS = "一二三四五六日"
_CLAUSE_LIMIT = 16
"""A longer clause is not kept together: at 390 px it would stick out."""


def as_day(value: date | datetime | str) -> date:
    """The legal day of an instant, a date or an ISO text."""
    if isinstance(value, datetime):
        return clock.legal_date(value)
    return date.fromisoformat(value) if isinstance(value, str) else value


def keep(text: object) -> Markup:
    """Hold a text together on one line."""
    return Markup('<span class="gb-keep">{}</span>').format(text)


def day_words(value: date | datetime | str, today: date) -> str:
    """``9月16日``; the year comes first when it is not that of ``today``."""
    day = as_day(value)
    year = f"{day.year}年" if day.year != today.year else ""
    return f"{year}{day.month}月{day.day}日"


def date_words(value: date | datetime | str, today: date) -> str:
    """``9月24日(周四)``: a date in a sentence, and every deadline, says its weekday."""
    return f"{day_words(value, today)}(周{_WEEKDAYS[as_day(value).weekday()]})"


def clock_words(instant: datetime) -> str:
    """``15:20``, in China."""
    return instant.astimezone(clock.CHINA).strftime("%H:%M")


def iso_words(value: date | datetime | str) -> str:
    """``2026-09-24``, for tables."""
    return as_day(value).isoformat()


def short_words(value: date | datetime | str) -> str:
    """``7-08``, for inbox rows."""
    day = as_day(value)
    return f"{day.month}-{day.day:02d}"


def area_words(value: Decimal | str) -> str:
    """``53,820.86㎡``."""
    return f"{Decimal(value):,.2f}㎡"


def money_words(yuan: Decimal | str) -> str:
    """Yuan as ``13,860.00 万元``."""
    return f"{Decimal(yuan) / 10_000:,.2f} 万元"


def yuan_words(yuan: Decimal | str) -> str:
    """``80.00 元``, for fees."""
    return f"{Decimal(yuan):,.2f} 元"


def difference_words(percent: Decimal | str) -> str:
    """``+0.18%``: a percentage that is a difference carries its sign."""
    return f"{Decimal(percent):+.2f}%"


def length_words(metres: Decimal | str) -> str:
    """``3.2km``."""
    kilometres = f"{Decimal(metres) / 1000:.3f}".rstrip("0").rstrip(".")
    return f"{kilometres}km"


def code_words(code: str) -> str:
    """Parcel and unit codes in groups 6-6-7-9 (GB/T 37346); any other code as it is. Copying drops the spaces."""
    if re.fullmatch(r"\d{12}[A-Z]{2}\d{5}([A-Z]\d{8})?", code):
        return " ".join(part for part in (code[:6], code[6:12], code[12:19], code[19:]) if part)
    return code


def size_words(size: int) -> str:
    """Bytes as ``1.3 MB`` or ``12 KB``."""
    return f"{size / 1024 / 1024:.1f} MB" if size >= 100 * 1024 else f"{max(1, round(size / 1024))} KB"


def span_words(span: timedelta) -> str:
    """Business time as ``2 小时 5 分``."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} 小时 {minutes} 分" if hours else f"{minutes} 分"


def clauses(text: str) -> Markup:
    """A heading whose clauses are not torn: each piece up to ``，：、`` is held together."""
    pieces = re.findall(r"[^，：；、]+[，：；、]?", text)
    return Markup("").join(keep(piece) if len(piece) <= _CLAUSE_LIMIT else escape(piece) for piece in pieces)


_UNTORN = re.compile(
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:\(周[一二三四五六日]\))?(?: ?\d{1,2}:\d{2})?前?"  # a date, its hour, 前
    r"|[\d,]+\.\d{2}(?:㎡| 万元| 元)"
    r"|\d+ (?:个工作日|日|件|份|项|栋|处|小时|分)"
    r"|\d{3,4}-\d{5,8}"  # a telephone
    r"|.\(\d{4}\)[^第\s]{2,6}不动产权第\d{7}号"
)


def sentence(text: str) -> Markup:
    """A sentence with its dates, amounts and counted things held together."""
    result, end = Markup(""), 0
    for match in _UNTORN.finditer(text):
        result += escape(text[end : match.start()]) + keep(match.group())
        end = match.end()
    return result + escape(text[end:])


_CODE = re.compile(r"(?<![A-Za-z0-9_.])[a-z][A-Za-z0-9_.]*[A-Za-z0-9](?![A-Za-z0-9_.])")


def codes(text: str) -> Markup:
    """A text with the codes in it that a designer writes (message names, values of a table) marked as codes."""
    result, end = Markup(""), 0
    for match in _CODE.finditer(text):
        result += escape(text[end : match.start()]) + Markup("<code>") + match.group() + Markup("</code>")
        end = match.end()
    return result + escape(text[end:])


def _today() -> date:
    return clock.legal_date(current.now)


def _moment(instant: datetime) -> str:
    return f"{day_words(instant, _today())} {clock_words(instant)}"


def _code(code: str) -> Markup:
    if not code.isascii():  # 蒙(2026)… reads as a name, not as digits
        return keep(code)
    return Markup('<span class="gb-code">{}</span>').format(code_words(code))


def install(app: Flask) -> None:
    """Make the filters: each takes None or an empty text and gives ``-``."""
    writers = {
        "date": lambda value: keep(date_words(value, _today())),
        "day": lambda value: keep(day_words(value, _today())),
        "moment": lambda value: keep(_moment(value)),
        "clock": clock_words,
        "isodate": lambda value: keep(iso_words(value)),
        "shortdate": short_words,
        "area": lambda value: keep(area_words(value)),
        "money": lambda value: keep(money_words(value)),
        "yuan": lambda value: keep(yuan_words(value)),
        "difference": difference_words,
        "length_km": lambda value: keep(length_words(value)),
        "code": _code,
        "filesize": lambda value: keep(size_words(value)),
        "span": lambda value: keep(span_words(value)),
        "person_id": mask_person_id,
        "clauses": clauses,
        "sentence": sentence,
        "codes": codes,
        "keep": keep,
        "or_dash": lambda value: value,
    }
    for name, write in writers.items():
        app.add_template_filter(lambda value, write=write: MISSING if value in (None, "") else write(value), name)
