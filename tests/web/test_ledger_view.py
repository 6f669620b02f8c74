"""The ledger as calendar and as lines, on the golden dates of domain.md (S4, S2)."""

from datetime import date

from server import calendar
from server.web import ledger_view


def _s4() -> calendar.Ledger:
    """B01: promised 5, admitted 2026-04-23, stopped 04-27, to be resumed 05-12; seen on 05-11."""
    stop = calendar.Stop(date(2026, 4, 27), "方案公示", expected=date(2026, 5, 12))
    return calendar.ledger(calendar.current(), date(2026, 4, 23), 5, [stop], today=date(2026, 5, 11))


def test_the_calendar_has_whole_weeks_with_a_word_a_day() -> None:
    rows = ledger_view.weeks(_s4().days, date(2026, 5, 11))
    assert all(len(row) == 7 for row in rows)
    assert [cell.kind for cell in rows[0]] == ["out", "out", "out", "start", "used", "off", "off"]
    assert rows[0][0].day == "4月20"
    assert rows[0][4].word == "第1日"


def test_the_first_of_a_month_is_named_and_today_is_marked() -> None:
    cells = [cell for row in ledger_view.weeks(_s4().days, date(2026, 5, 11)) for cell in row]
    assert [cell.day for cell in cells if "月" in cell.day] == ["4月20", "5月1"]
    assert [cell.day for cell in cells if cell.today] == ["11"]


def test_neighbours_of_one_meaning_become_one_line() -> None:
    found = ledger_view.lines(_s4().days)
    assert (found[0].words, found[0].number) == ("受理，当日不计", "-")
    public = [line for line in found if line.words == "方案公示，不计"]
    assert (public[0].first, public[0].last, public[0].number) == (date(2026, 4, 28), date(2026, 4, 30), "停 3")
    ahead = [line for line in found if line.kind == "left"]
    assert [(line.words, line.number) for line in ahead] == [("预计办理第 2 至 4 日", "3")]
    assert found[-1].kind == "due"
    assert found[-1].total == 5


def test_the_lines_cover_every_day_once() -> None:
    days = _s4().days
    covered = [line for line in ledger_view.lines(days)]
    assert covered[0].first == days[0].day
    assert covered[-1].last == days[-1].day
    for earlier, later in zip(covered, covered[1:], strict=False):
        assert (later.first - earlier.last).days == 1


def test_a_holiday_is_named() -> None:
    ledger = calendar.ledger(calendar.current(), date(2026, 2, 12), 7, today=date(2026, 2, 12))
    [spring] = ledger_view.days_off(ledger.days)
    assert spring.first == date(2026, 2, 15)
    assert spring.last == date(2026, 2, 23)


def test_a_span_says_its_month_once() -> None:
    assert "".join(ledger_view.in_words(date(2026, 4, 28), date(2026, 4, 30))) == "4月28日至 30日"
    assert "".join(ledger_view.in_words(date(2026, 4, 25), date(2026, 4, 26))) == "4月25日、26日"
    assert "".join(ledger_view.in_words(date(2026, 4, 30), date(2026, 5, 5))) == "4月30日至 5月5日"
