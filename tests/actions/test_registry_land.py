"""What a registrar may enter of the land: nothing twice, nothing that says two things of one holder, code or certificate."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from builders_registry import ADMITTER, OTHER_NAME, OTHER_USCC, PARCEL, RECEIVED_AT, a_land_right
from sqlalchemy import text
from sqlalchemy.orm import Session

from server.errors import Conflict, Invalid
from server.registry import actions, book, browsing
from server.registry.land import RestrictionFact

OTHER_PARCEL = "150502003012GB00036"
SEIZURE = RestrictionFact(
    "seizure", OTHER_USCC, OTHER_NAME, "科尔沁区人民法院", "协助执行通知", RECEIVED_AT.date() - timedelta(days=3)
)


def test_a_code_in_full_width_is_the_same_parcel(session: Session) -> None:
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    with pytest.raises(Conflict, match="已在登记簿里"):
        actions.enter_parcel(session, a_land_right(parcel_code="150502003012ＧＢ０００３５"), ADMITTER, RECEIVED_AT)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"parcel_code": "150502003012GB00000"}, "parcel_code", "GB/T 37346"),
        ({"holder_name": OTHER_NAME}, "holder_name", "您填的是"),
        ({}, "certificate_number", "已经记在宗地"),
        ({"location": "长" * 301}, "location", "最多 300"),
        ({"area": D("1e15")}, "area", "太大"),
    ],
)
def test_what_says_something_else_than_the_book_is_refused_at_its_field(
    session: Session, changes: dict[str, Any], field: str, words: str
) -> None:
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    with pytest.raises(Invalid) as caught:
        actions.enter_parcel(session, replace(a_land_right(parcel_code=OTHER_PARCEL), **changes), ADMITTER, RECEIVED_AT)
    assert words in caught.value.fields[field][0]
    assert book.count(session, OTHER_PARCEL) == 0


def test_a_document_is_entered_once_until_it_is_lifted(session: Session) -> None:
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    first = actions.record_restriction(session, PARCEL, SEIZURE, ADMITTER, RECEIVED_AT)
    with pytest.raises(Conflict, match="第 2 条"):
        actions.record_restriction(session, PARCEL, SEIZURE, ADMITTER, RECEIVED_AT)
    actions.lift_restriction(session, first.id, "解封裁定", ADMITTER, RECEIVED_AT)
    actions.record_restriction(session, PARCEL, SEIZURE, ADMITTER, RECEIVED_AT)  # seized anew
    assert book.count(session, PARCEL) == 4


def test_a_restriction_does_not_begin_in_the_future(session: Session) -> None:
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    with pytest.raises(Invalid) as caught:
        actions.record_restriction(
            session, PARCEL, replace(SEIZURE, since=RECEIVED_AT.date() + timedelta(days=9)), ADMITTER, RECEIVED_AT
        )
    assert "since" in caught.value.fields


def test_a_seizure_cut_off_the_end_of_the_book_is_found(session: Session) -> None:
    actions.enter_parcel(session, a_land_right(), ADMITTER, RECEIVED_AT)
    actions.record_restriction(session, PARCEL, SEIZURE, ADMITTER, RECEIVED_AT)
    assert browsing.verify(session, PARCEL).intact
    session.execute(text("delete from reg_entries where sequence = 2"))
    verdict = browsing.verify(session, PARCEL)
    assert verdict.broken_at == 2
    assert "不见了" in verdict.why
