"""How dates, areas, money and codes are written (ui.md §3)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from server.web import filters

TODAY = date(2026, 9, 21)


def test_a_date_of_this_year_says_its_weekday_and_no_year() -> None:
    assert filters.date_words(date(2026, 9, 24), TODAY) == "9月24日(周四)"


def test_a_date_of_another_year_says_the_year() -> None:
    assert filters.date_words(date(2025, 10, 13), TODAY) == "2025年10月13日(周一)"


def test_an_instant_falls_on_the_chinese_day() -> None:
    late = datetime(2026, 9, 23, 17, 0, tzinfo=UTC)  # 01:00 on the 24th in China
    assert filters.day_words(late, TODAY) == "9月24日"
    assert filters.clock_words(late) == "01:00"


def test_tables_and_inbox_rows_have_their_own_short_forms() -> None:
    assert filters.iso_words("2026-07-08") == "2026-07-08"
    assert filters.short_words(date(2026, 7, 8)) == "7-08"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (filters.area_words(Decimal("53820.86")), "53,820.86㎡"),
        (filters.area_words("2767.9"), "2,767.90㎡"),
        (filters.money_words(Decimal("138600000.00")), "13,860.00 万元"),
        (filters.yuan_words("80"), "80.00 元"),
        (filters.difference_words("0.18"), "+0.18%"),
        (filters.difference_words("-1.2"), "-1.20%"),
        (filters.length_words("3200"), "3.2km"),
        (filters.size_words(1_363_149), "1.3 MB"),
        (filters.size_words(900), "1 KB"),
        (filters.span_words(timedelta(hours=2, minutes=5)), "2 小时 5 分"),
        (filters.span_words(timedelta(minutes=20)), "20 分"),
    ],
)
def test_figures_are_written_as_the_guide_says(written: str, shown: str) -> None:
    assert written == shown


def test_unit_codes_come_in_groups_and_other_codes_as_they_are() -> None:
    assert filters.code_words("150502003012GB00035F00010023") == "150502 003012 GB00035 F00010023"
    assert filters.code_words("150502003012GB00035") == "150502 003012 GB00035"
    assert filters.code_words("2503-150502-04-01-382716") == "2503-150502-04-01-382716"


def test_headings_keep_each_clause_on_one_line() -> None:
    assert str(filters.clauses("预演：现在提交，会被退回补正")) == (
        '<span class="gb-keep">预演：</span><span class="gb-keep">现在提交，</span><span class="gb-keep">会被退回补正</span>'
    )


def test_a_long_clause_may_wrap_because_it_would_not_fit_a_phone() -> None:
    name = "通辽市科尔沁区东部片区老旧小区配套热力管网改造提升工程"
    assert str(filters.clauses(name)) == name


def test_sentences_hold_dates_and_amounts_together_and_escape_the_rest() -> None:
    shown = str(filters.sentence("9月24日(周四)前出意见，剩 3 日 <b>"))
    assert shown == '<span class="gb-keep">9月24日(周四)前</span>出意见，剩 <span class="gb-keep">3 日</span> &lt;b&gt;'
    assert "53,820.86㎡</span>" in str(filters.sentence("共 53,820.86㎡。"))


def test_codes_a_designer_writes_are_marked_as_codes_and_the_rest_is_escaped() -> None:
    shown = str(filters.codes("等消息“correction.expired” → <办结>"))
    assert shown == "等消息“<code>correction.expired</code>” → &lt;办结&gt;"
