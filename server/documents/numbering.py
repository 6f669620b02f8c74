"""Numbers without gaps: drawn from a locked row in the transaction that uses them, given back when it fails."""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from server import audit
from server.accounts.access import require
from server.accounts.actor import Actor
from server.config import City
from server.documents.models import Series
from server.errors import Conflict, Invalid, NotFound

Period = Literal["day", "year"]

CONSTRUCTION_PERMIT, PROPERTY_CERTIFICATE, ACCEPTANCE_FILING = (
    "construction-permit",
    "property-certificate",
    "acceptance-filing",
)
PERIODS: dict[str, Period] = {
    CONSTRUCTION_PERMIT: "day",
    PROPERTY_CERTIFICATE: "year",
    ACCEPTANCE_FILING: "year",
}
# The word of a letter in its number, after the place.
_LETTERS = {
    "grant-decision": "住建许准",
    "refusal-decision": "住建许不",
    "admission-notice": "住建受",
    "correction-notice": "住建补",
    "not-admitted": "住建不受",
    "admission-refused": "住建不予受",
    "acceptance-opinion": "住建联验",
    "rectification-list": "住建整改",
    "withdrawal-notice": "住建撤",
    "registration-admission": "不登受",
    "registration-notice": "不登补",
    "registration-refusal": "不登不予",
}


def draw(session: Session, series: str, district: str, day: date, period: Period = "day") -> int:
    """The next number of a series, from 1, anew for each district and day or year.

    The row stays locked until the caller's transaction ends: two draws never meet, a rollback gives the number back,
    so there is no gap. Draw late in an act, and several series in one order, or two acts wait for one another.
    """
    scope = _scope(district, day, period)
    step = (
        update(Series)
        .where(Series.name == series, Series.scope == scope)
        .values(next=Series.next + 1)
        .returning(Series.next)
        .execution_options(synchronize_session=False)
    )
    following = session.execute(step).scalar_one_or_none()
    if following is None:
        _begin(session, series, scope)
        following = session.execute(step).scalar_one()
    return following - 1


def set_next(
    session: Session, series: str, district: str, day: date, period: Period, next: int, actor: Actor, now: datetime
) -> None:
    """Let a series go on at ``next`` (a register that was kept elsewhere before). Never backwards; on record.

    Raises Forbidden, NotFound for a series that is no paper's, Invalid for a number below 1 or a period by which the
    series is not counted, Conflict when ``next`` was already drawn.
    """
    require(actor, "admin")
    counted = period_of(series)
    if period != counted:
        word = {"day": "按日", "year": "按年"}[counted]
        raise Invalid(f"这个编号{word}编，不能按别的周期设。", fields={"period": [f"请填 {counted}。"]}, code="PERIOD")
    if next < 1:
        raise Invalid("起始号从 1 起。", fields={"next": ["请填 1 或更大的整数。"]}, code="NUMBER")
    scope = _scope(district, day, period)
    _begin(session, series, scope)
    row = session.execute(
        select(Series.next).where(Series.name == series, Series.scope == scope).with_for_update()
    ).scalar_one()
    if next < row:
        raise Conflict(
            f"这个号段已经编到第 {row - 1} 号，不能退回第 {next} 号，否则会重号。",
            fields={"next": [f"请填 {row} 或更大的数。"]},
            code="NUMBER_USED",
        )
    session.execute(
        update(Series)
        .where(Series.name == series, Series.scope == scope)
        .values(next=next)
        .execution_options(synchronize_session=False)
    )
    audit.append(session, actor, "numbering.set", f"series:{series}", {"scope": scope, "was": row, "next": next}, now)


def period_of(series: str) -> Period:
    """By what a series of papers is counted; letters are ``letter:<kind>``. NotFound for any other.

    Serials of cases and registry applications were never drawn elsewhere, so nobody sets where they go on.
    """
    if series in PERIODS:
        return PERIODS[series]
    if series.removeprefix("letter:") in _LETTERS and series.startswith("letter:"):
        return "year"
    known = "、".join((*PERIODS, *(f"letter:{kind}" for kind in _LETTERS)))
    raise NotFound(f"没有这种文书编号。可以设的有：{known}。", code="SERIES_UNKNOWN")


def check_district(series: str, district: str, city: City) -> None:
    """Invalid unless numbers of this series are drawn for this district: certificates are counted by the city."""
    if district not in dict(city.districts):
        problem = f"{city.name}没有代码是 {district} 的区划。请照区划代码表填 6 位数字。"
    elif series == PROPERTY_CERTIFICATE and district != city.code:
        problem = f"不动产权证书按全市编号，请填 {city.code}。"
    else:
        return
    raise Invalid(problem, fields={"district": [problem]}, code="DISTRICT")


def peek(session: Session, series: str, district: str, day: date, period: Period) -> int:
    """The number that the next draw would give; for pages, never for use."""
    scope = _scope(district, day, period)
    found = session.scalar(select(Series.next).where(Series.name == series, Series.scope == scope))
    return found or 1


def permit_number(session: Session, district: str, day: date, category: str = "01") -> str:
    """A construction permit's 18 digits: issuing district, day, number of the day, kind of works (domain.md §4.7)."""
    number = draw(session, CONSTRUCTION_PERMIT, district, day)
    if number > 99:
        raise Conflict(
            "今天这个发证地的施工许可证编号已用完（每日 99 个），请下一个工作日再发证。", code="NUMBERS_EXHAUSTED"
        )
    return f"{district}{day:%Y%m%d}{number:02d}{category}"


def certificate_number(session: Session, city: City, year: int) -> str:
    """A real estate certificate's number, counted by issuing city and year (domain.md §4.6), half-width brackets."""
    number = draw(session, PROPERTY_CERTIFICATE, city.code, date(year, 1, 1), "year")
    return f"{city.registry_short}({year}){city.name}不动产权第{number:07d}号"


def filing_number(session: Session, district: str, day: date, city: City) -> str:
    """An acceptance filing's number, counted by district and year."""
    number = draw(session, ACCEPTANCE_FILING, district, day, "year")
    return f"{_place(district, city)}住建竣备〔{day.year}〕第{number:04d}号"


def letter_number(session: Session, kind: str, district: str, day: date, city: City) -> str:
    """The number of a paper in words, counted by kind, district and year."""
    number = draw(session, f"letter:{kind}", district, day, "year")
    return f"{_place(district, city)}{_LETTERS[kind]}〔{day.year}〕第{number:04d}号"


def _place(district: str, city: City) -> str:
    """The place in a document number: 通 for the city itself, 科尔沁 for a district; no two districts share one."""
    return city.name[:1] if district == city.code else city.district_name(district).rstrip("区旗县市")


def _scope(district: str, day: date, period: Period) -> str:
    return f"{district}:{day.isoformat() if period == 'day' else day.year}"


def _begin(session: Session, series: str, scope: str) -> None:
    """The row of a scope's first number; another transaction may have been first, then ours waits and does nothing."""
    dialect = session.get_bind().dialect.name
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    session.execute(build(Series).values(name=series, scope=scope, next=1).on_conflict_do_nothing())
