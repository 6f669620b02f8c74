from datetime import date, datetime, timedelta

import pytest

from server.calendar import (
    SHANGHAI,
    CalendarYearMissing,
    Stop,
    Unit,
    add_months,
    current,
    days_between,
    ledger,
    parse,
    weeks,
)
from server.errors import Invalid

CALENDAR = current()


def day(text: str) -> date:
    return date.fromisoformat(text)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-02-12", 3, "2026-02-24"),
        ("2026-02-12", 7, "2026-02-28"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-09-18", 5, "2026-09-24"),
        ("2026-09-30", 7, "2026-10-15"),
        ("2025-09-26", 7, "2025-10-13"),
    ],
)
def test_the_golden_dates_of_the_domain_file(start: str, n: int, due: str) -> None:
    assert CALENDAR.add_working_days(day(start), n) == day(due)


@pytest.mark.parametrize(
    ("scenario", "start", "n", "due"),
    [
        ("S1 land planning permit", "2025-04-21", 5, "2025-04-27"),
        ("S1 works planning permit", "2025-05-12", 7, "2025-05-21"),
        ("S1 pit permit", "2025-06-16", 1, "2025-06-17"),
        ("S1 basement permit", "2025-08-11", 2, "2025-08-13"),
        ("S1 superstructure permit", "2025-10-09", 3, "2025-10-13"),
        ("S1 joint acceptance", "2026-09-16", 7, "2026-09-24"),
        ("S2 correction notice", "2026-02-11", 5, "2026-02-25"),
        ("S2 decision", "2026-02-26", 3, "2026-03-02"),
        ("S2 deemed admitted", "2026-02-11", 3, "2026-02-14"),
        ("S3 tolerant admission", "2026-05-06", 3, "2026-05-09"),
        ("S3 make good", "2026-05-06", 5, "2026-05-12"),
        ("S5 promise", "2026-07-06", 7, "2026-07-15"),
        ("S7 joint acceptance", "2026-06-08", 7, "2026-06-17"),
        ("S10 basement permit", "2026-08-10", 2, "2026-08-12"),
        ("S11 new permit", "2026-05-18", 3, "2026-05-21"),
        ("S11 lawful limit", "2026-05-18", 7, "2026-05-27"),
    ],
)
def test_the_working_day_limits_of_the_scenarios(scenario: str, start: str, n: int, due: str) -> None:
    assert CALENDAR.add_working_days(day(start), n) == day(due), scenario


@pytest.mark.parametrize(("year", "working_days"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_as_many_working_days_as_was_counted(year: int, working_days: int) -> None:
    assert sum(map(CALENDAR.is_working_day, days_between(date(year, 1, 1), date(year, 12, 31)))) == working_days


def test_a_limit_of_zero_days_ends_on_the_day_of_admission() -> None:
    assert CALENDAR.due(day("2026-09-28"), 0, Unit.WORKING_DAYS) == day("2026-09-28")
    assert CALENDAR.due(day("2026-09-28"), 0, Unit.IMMEDIATE) == day("2026-09-28")


def test_the_filing_limit_is_fifteen_natural_days() -> None:
    assert CALENDAR.natural_due(day("2026-09-14"), 15) == day("2026-09-29")
    assert CALENDAR.natural_due(day("2026-07-16"), 15) == day("2026-07-31")


def test_a_natural_day_limit_that_ends_in_the_holidays_rolls_over_to_the_next_working_day() -> None:
    assert CALENDAR.natural_due(day("2026-09-16"), 15) == day("2026-10-08")
    assert CALENDAR.natural_due(day("2026-01-30"), 15) == day("2026-02-14")  # a Saturday, but a make-up working day


def test_a_limit_in_months_ends_on_the_corresponding_day_or_the_months_last() -> None:
    assert CALENDAR.months_due(day("2025-06-17"), 3) == day("2025-09-17")
    assert CALENDAR.months_due(day("2026-02-27"), 3) == day("2026-05-27")
    assert CALENDAR.months_due(day("2026-05-27"), 3) == day("2026-08-27")
    assert CALENDAR.months_due(day("2026-08-27"), 3) == day("2026-11-27")
    assert add_months(day("2025-11-30"), 3) == day("2026-02-28")
    assert CALENDAR.months_due(day("2025-11-30"), 3) == day("2026-02-28")


def test_a_year_without_a_calendar_is_an_error_that_names_the_year() -> None:
    with pytest.raises(CalendarYearMissing, match="2027 年的工作日历还没有导入"):
        CALENDAR.add_working_days(day("2026-12-30"), 3)
    with pytest.raises(CalendarYearMissing, match="2027"):
        CALENDAR.natural_due(day("2026-12-25"), 15)
    with pytest.raises(CalendarYearMissing, match="2023"):
        CALENDAR.is_working_day(day("2023-06-01"))


def test_a_calendar_file_that_contradicts_itself_is_refused() -> None:
    year = '"years": {"2026": {"edition": 1, "source": "x", "checked": true}}'
    with pytest.raises(Invalid, match="既是放假又是调休上班"):
        parse(f'{{"version": "1", {year}, "holidays": {{"2026-01-01": "元旦"}}, "makeup_workdays": ["2026-01-01"]}}')
    with pytest.raises(Invalid, match="2027"):
        parse(f'{{"version": "1", {year}, "holidays": {{"2027-01-01": "元旦"}}, "makeup_workdays": []}}')


@pytest.mark.parametrize(
    ("admitted", "due"),
    [
        ("2026-09-28T15:30", "2026-09-28T17:30"),
        ("2026-09-28T15:59", "2026-09-28T17:30"),
        ("2026-09-28T16:00", "2026-09-29T12:00"),
        ("2026-09-30T16:30", "2026-10-08T12:00"),
        ("2026-10-01T09:00", "2026-10-08T17:30"),
    ],
)
def test_the_registry_books_on_the_day_of_admission(admitted: str, due: str) -> None:
    assert CALENDAR.registry_due(local(admitted)) == local(due)


def test_two_hours_of_business_time_skip_the_noon_break_the_night_and_the_holidays() -> None:
    two = timedelta(hours=2)
    assert CALENDAR.add_business_time(local("2026-09-28T09:00"), two) == local("2026-09-28T11:00")
    assert CALENDAR.add_business_time(local("2026-09-28T11:00"), two) == local("2026-09-28T15:30")
    assert CALENDAR.add_business_time(local("2026-09-28T13:00"), two) == local("2026-09-28T16:30")
    assert CALENDAR.add_business_time(local("2026-09-30T17:00"), two) == local("2026-10-08T10:00")
    assert CALENDAR.business_time_between(local("2026-09-28T11:00"), local("2026-09-29T09:30")) == timedelta(hours=5)
    assert CALENDAR.business_time_between(local("2026-10-01T11:00"), local("2026-10-02T09:30")) == timedelta()


def test_the_ledger_of_the_stop_scenario_counts_neither_the_stop_day_nor_the_resume_day() -> None:
    stops = [Stop(day("2026-04-27"), "公示", day("2026-05-12"))]
    done = ledger(CALENDAR, day("2026-04-23"), 5, stops, today=day("2026-05-18"))
    assert (done.due, done.used, done.left, done.stopped, done.over) == (day("2026-05-18"), 5, 0, 10, 0)
    assert done.level == "red"
    without = ledger(CALENDAR, day("2026-04-23"), 5, today=day("2026-04-24"))
    assert without.due == day("2026-04-30")


def test_a_running_stop_shows_used_stopped_and_left_and_the_expected_due_date() -> None:
    stops = [Stop(day("2026-04-27"), "公示", expected=day("2026-05-12"))]
    view = ledger(CALENDAR, day("2026-04-23"), 5, stops, today=day("2026-05-11"))
    assert (view.used, view.stopped, view.left, view.due) == (1, 9, 4, day("2026-05-18"))
    assert (view.level, view.expected, view.strip) == ("stopped", True, "u" + "s" * 10 + "l" * 4)
    by_day = {one.day: one for one in view.days}
    assert by_day[day("2026-05-09")].kind == "stop" and "调休上班" in by_day[day("2026-05-09")].reason
    assert by_day[day("2026-05-01")].reason == "劳动节放假"
    assert by_day[day("2026-05-10")].kind == "off"


def test_an_overrun_stop_moves_the_due_date_on_day_by_day() -> None:
    stops = [Stop(day("2026-04-27"), "公示", expected=day("2026-05-12"))]
    view = ledger(CALENDAR, day("2026-04-23"), 5, stops, today=day("2026-05-20"))
    assert view.due == day("2026-05-26")


def test_the_rectification_scenario_keeps_its_used_days() -> None:
    stops = [Stop(day("2026-06-12"), "整改", day("2026-07-13"))]
    view = ledger(CALENDAR, day("2026-06-08"), 7, stops, today=day("2026-07-16"))
    assert view.due == day("2026-07-17")
    assert ledger(CALENDAR, day("2026-06-08"), 7, stops, today=day("2026-06-12")).used == 3


@pytest.mark.parametrize(
    ("today", "level", "left", "over"),
    [
        ("2026-07-06", "ok", 7, 0),
        ("2026-07-10", "ok", 3, 0),
        ("2026-07-13", "yellow", 2, 0),
        ("2026-07-14", "yellow", 1, 0),
        ("2026-07-15", "red", 0, 0),
        ("2026-07-16", "black", 0, 1),
        ("2026-07-22", "black", 0, 5),
    ],
)
def test_the_colours_of_the_overdue_scenario(today: str, level: str, left: int, over: int) -> None:
    view = ledger(CALENDAR, day("2026-07-06"), 7, today=day(today))
    assert (view.level, view.left, view.over) == (level, left, over)


def test_the_strip_has_one_letter_a_working_day_and_none_when_long() -> None:
    assert ledger(CALENDAR, day("2026-07-06"), 7, today=day("2026-07-08")).strip == "utlllll"
    assert ledger(CALENDAR, day("2026-07-06"), 7, today=day("2026-07-17")).strip == "uuuuuuuoo"
    assert ledger(CALENDAR, day("2026-07-06"), 21, today=day("2026-07-08")).strip == ""
    assert ledger(CALENDAR, day("2026-09-14"), 15, unit=Unit.NATURAL_DAYS, today=day("2026-09-15")).strip == ""


def test_nothing_runs_after_the_matter_is_closed() -> None:
    view = ledger(CALENDAR, day("2026-07-06"), 7, today=day("2026-08-31"), closed=day("2026-07-08"))
    assert (view.used, view.left, view.over, view.level) == (2, 5, 0, "ok")


def test_overlapping_stops_are_refused() -> None:
    stops = [Stop(day("2026-04-27"), "公示", day("2026-05-12")), Stop(day("2026-05-06"), "整改", day("2026-05-20"))]
    with pytest.raises(Invalid, match="重叠"):
        ledger(CALENDAR, day("2026-04-23"), 5, stops, today=day("2026-05-20"))


def test_a_page_calendar_shows_whole_weeks() -> None:
    rows = weeks(ledger(CALENDAR, day("2026-04-23"), 5, today=day("2026-04-24")))
    assert {len(row) for row in rows} == {7}
    assert rows[0][0].day == day("2026-04-20") and rows[0][0].kind == "out"
