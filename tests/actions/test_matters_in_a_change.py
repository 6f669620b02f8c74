"""A change set that carries matters.yaml: checked, told by field, let through by a second person, in force from tomorrow on."""

from datetime import date

import pytest
from builders_approval import ROOT, Desk
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval import matters_editing
from server.approval.catalogues import catalogue
from server.approval.matters import MATTERS, Limit
from server.calendar import Unit
from server.config import Settings
from server.errors import Invalid
from server.processes import change_checks, change_sets
from server.processes import releasing as publishing

FILE = (ROOT / "forms" / MATTERS).read_bytes()
DESIGNER = Actor(900, "设计员", 2, "营商办", "营商办", "150502", frozenset({"designer", "process_designer"}))
PUBLISHER = Actor(901, "发布人", 2, "营商办", "营商办", "150502", frozenset({"publisher", "process_publisher"}))


def test_a_change_set_brings_a_promise_into_force_from_tomorrow_on(session: Session, settings: Settings) -> None:
    desk = Desk(session, settings).at("2025-06-16")
    made = change_sets.begin(session, "基坑承诺改为两天", "调平", DESIGNER, desk.now, effective_on=date(2025, 6, 17))
    longer = FILE.replace(b"promise: {working_days: 1}", b"promise: {working_days: 9}")
    change_sets.put_file(session, made.id, MATTERS, longer, DESIGNER, desk.now)
    assert any(one.finding.code == "promise-too-long" for one in change_checks.check(session, made.id, desk.now).errors)
    with pytest.raises(Invalid):
        change_sets.submit(session, made.id, DESIGNER, desk.now)
    two = matters_editing.with_promise(FILE, "C05.P1", Limit(2, Unit.WORKING_DAYS))
    change_sets.put_file(session, made.id, MATTERS, two, DESIGNER, desk.now)
    looked = change_checks.check(session, made.id, desk.now)
    assert looked.ok
    [changed] = looked.files[0].difference.changes
    assert (changed.element, changed.name, changed.rows[0].before, changed.rows[0].after) == (
        "C05.P1.promise",
        "C05 施工许可·基坑",
        "1 个工作日",
        "2 个工作日",
    )
    change_sets.submit(session, made.id, DESIGNER, desk.now)
    change_sets.review(session, made.id, PUBLISHER, desk.now)
    publishing.publish(session, made.id, PUBLISHER, desk.now)
    assert catalogue(session, desk.now).matter("C05").phases["P1"].promise.n == 1
    tomorrow = desk.at("2025-06-17").now
    assert catalogue(session, tomorrow).matter("C05").phases["P1"].promise.n == 2
    publishing.revert(session, made.id, "先不改", PUBLISHER, tomorrow)
    assert catalogue(session, tomorrow).matter("C05").phases["P1"].promise.n == 1
