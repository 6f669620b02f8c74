"""Numbers are gapless and never drawn twice, also when many draw at once and some give up."""

import threading
from datetime import date

import pytest
from sqlalchemy import select

from server import audit, clock
from server.accounts.actor import SYSTEM, Actor
from server.audit import Entry
from server.config import City
from server.documents import numbering
from server.errors import Conflict, Forbidden, Invalid

CITY = City()
DAY = date(2025, 6, 17)
NOW = clock.at(date(2026, 1, 5))
ADMIN = Actor(1, "管理员", 1, "政务局", None, "150500", frozenset({"admin"}))


def test_the_permits_of_a_day_are_numbered_from_one(session):
    assert numbering.permit_number(session, "150502", DAY) == "150502202506170101"
    assert numbering.permit_number(session, "150502", DAY) == "150502202506170201"
    assert numbering.permit_number(session, "150502", date(2025, 8, 13)) == "150502202508130101"
    assert numbering.permit_number(session, "150581", DAY, "02") == "150581202506170102"


def test_the_hundredth_permit_of_a_day_waits_for_the_next_day(session):
    numbering.set_next(session, numbering.CONSTRUCTION_PERMIT, "150502", DAY, "day", 99, SYSTEM, NOW)
    assert numbering.permit_number(session, "150502", DAY) == "150502202506179901"
    with pytest.raises(Conflict, match="已用完"):
        numbering.permit_number(session, "150502", DAY)


def test_a_certificate_goes_on_where_the_administrator_said(session):
    year = date(2026, 1, 1)
    numbering.set_next(session, numbering.PROPERTY_CERTIFICATE, CITY.code, year, "year", 18642, ADMIN, NOW)
    assert numbering.peek(session, numbering.PROPERTY_CERTIFICATE, CITY.code, year, "year") == 18642
    assert numbering.certificate_number(session, CITY, 2026) == "蒙(2026)通辽市不动产权第0018642号"
    assert numbering.certificate_number(session, CITY, 2026) == "蒙(2026)通辽市不动产权第0018643号"
    assert numbering.certificate_number(session, CITY, 2027) == "蒙(2027)通辽市不动产权第0000001号"
    audit.write_pending(session)
    assert session.scalar(select(Entry.details).where(Entry.act == "numbering.set")) is not None


def test_a_series_is_never_set_back(session):
    for _ in range(3):
        numbering.certificate_number(session, CITY, 2026)
    with pytest.raises(Conflict, match="已经编到第 3 号"):
        numbering.set_next(session, numbering.PROPERTY_CERTIFICATE, CITY.code, date(2026, 1, 1), "year", 3, ADMIN, NOW)
    with pytest.raises(Invalid):
        numbering.set_next(session, numbering.PROPERTY_CERTIFICATE, CITY.code, date(2026, 1, 1), "year", 0, ADMIN, NOW)


def test_only_the_administrator_sets_a_series(session):
    clerk = Actor(2, "窗口", 1, "政务局", None, "150500", frozenset({"window_clerk"}))
    with pytest.raises(Forbidden):
        numbering.set_next(session, numbering.PROPERTY_CERTIFICATE, CITY.code, DAY, "year", 9, clerk, NOW)


def test_no_two_districts_share_a_document_number(session):
    numbers = {numbering.filing_number(session, code, DAY, CITY) for code, _ in CITY.districts}
    assert len(numbers) == len(CITY.districts)
    assert "通住建竣备〔2025〕第0001号" in numbers
    assert "科尔沁住建竣备〔2025〕第0001号" in numbers


def test_letters_are_counted_by_kind(session):
    assert numbering.letter_number(session, "correction-notice", "150500", DAY, CITY) == "通住建补〔2025〕第0001号"
    assert numbering.letter_number(session, "refusal-decision", "150500", DAY, CITY) == "通住建许不〔2025〕第0001号"


def test_a_number_of_an_act_that_failed_is_given_to_the_next(database):
    class GaveUp(Exception):
        pass

    with database.writing() as session:
        assert numbering.draw(session, "s", "150502", DAY) == 1

    def fail() -> None:
        with database.writing() as session:
            assert numbering.draw(session, "s", "150502", DAY) == 2
            raise GaveUp

    with pytest.raises(GaveUp):
        fail()
    with database.writing() as session:
        assert numbering.draw(session, "s", "150502", DAY) == 2


def test_many_at_once_leave_no_gap_and_no_double(database):
    """Four threads draw 15 each, every fifth act fails after drawing; 48 numbers stay, 1 to 48."""
    drawn: list[int] = []
    start = threading.Barrier(4)

    class GaveUp(Exception):
        pass

    def act(fails: bool) -> None:
        with database.writing() as session:
            number = numbering.draw(session, "s", "150502", DAY)
            if fails:
                raise GaveUp
        drawn.append(number)

    def work() -> None:
        start.wait()
        for turn in range(15):
            try:
                act(fails=turn % 5 == 4)
            except GaveUp:
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(drawn) == list(range(1, 49))
