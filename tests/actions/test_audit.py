"""The record: chained, gapless under concurrency, silent about what was rolled back, cheap."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select, text

from server import audit
from server.accounts.actor import SYSTEM, Actor
from server.audit import Entry
from server.db import AppendOnlyViolation, Database

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CLERK = Actor(7, "王窗口", 1, "政务大厅", "政务大厅·综合窗口", "150502", frozenset({"window_clerk"}))


def act(session, name="case.decided", **details):
    audit.append(session, CLERK, name, "case:1", details, NOW)


def recorded(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Entry.act).order_by(Entry.number)))


def test_an_act_says_who_did_what_to_what_and_when(database):
    with database.writing() as session:
        act(session, 面积="53820.86")
    with database.reading() as session:
        entry = session.scalars(select(Entry)).one()
        assert (entry.number, entry.at, entry.account_id, entry.actor) == (1, NOW, 7, "政务大厅·综合窗口·王窗口")
        assert (entry.act, entry.subject, entry.details) == ("case.decided", "case:1", '{"面积":"53820.86"}')
        assert entry.previous == audit.GENESIS
        assert audit.verify_chain(session) == audit.Chain(1)


def test_an_act_that_was_rolled_back_is_not_on_record(database):
    class GaveUp(Exception):
        pass

    def fail():
        with database.writing() as session:
            act(session, "lost")
            raise GaveUp

    with pytest.raises(GaveUp):
        fail()
    with database.writing() as session:
        act(session, "kept")
    assert recorded(database) == ["kept"]


def test_a_rolled_back_savepoint_takes_its_acts_along_and_no_others(database):
    class Failed(Exception):
        pass

    def job(session):
        with session.begin_nested():
            act(session, "job failed")
            raise Failed

    def two_jobs(session):
        with session.begin_nested():
            with session.begin_nested():
                act(session, "inner well, outer failed")
            raise Failed

    with database.writing() as session:
        act(session, "before")
        with pytest.raises(Failed):
            job(session)
        with session.begin_nested():
            act(session, "job done")
        with pytest.raises(Failed):
            two_jobs(session)
        act(session, "after")
    assert recorded(database) == ["before", "job done", "after"]


def test_acts_are_seen_by_who_reads_the_record_in_the_same_transaction(session):
    act(session, "one")
    assert [entry.act for entry in session.scalars(select(Entry))] == ["one"]
    act(session, "two")
    assert audit.verify_chain(session).length == 2




def test_many_writers_at_once_make_one_unbroken_chain(database):
    start = threading.Barrier(4)
    failed: list[Exception] = []

    def work() -> None:
        start.wait()
        for _ in range(15):
            try:
                with database.writing() as session:
                    act(session)
                    act(session)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.reading() as session:
        assert audit.verify_chain(session) == audit.Chain(120)


@pytest.mark.parametrize(
    ("change", "broken_at", "words"),
    [
        ("update aud_entries set details = '{}' where number = 3", 3, "内容被改动过"),
        ("update aud_entries set actor = '别人' where number = 2", 2, "内容被改动过"),
        ("delete from aud_entries where number = 2", 2, "不见了"),
        ("delete from aud_entries where number = 4", 4, "应有 4 条，实有 3 条"),
        ("update aud_entries set previous = hash where number = 2", 2, "接不上"),
    ],
)
def test_the_chain_shows_where_somebody_altered_it(session, change, broken_at, words):
    for number in range(4):
        audit.append(session, SYSTEM, "case.recorded", f"case:{number}", {"面积": number}, NOW)
    assert audit.verify_chain(session).ok
    session.execute(text(change))
    found = audit.verify_chain(session)
    assert found.broken_at == broken_at
    assert words in found.reason


def test_code_cannot_change_or_delete_an_entry(session):
    act(session)
    entry = session.scalars(select(Entry)).one()
    entry.act = "case.undone"
    with pytest.raises(AppendOnlyViolation):
        session.flush()


def test_any_number_of_acts_costs_two_statements_once_the_chain_has_begun(database):
    with database.writing() as session:
        act(session)
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if "aud_" in statement:
            seen.append(statement.split()[0])

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        with database.writing() as session:
            for _ in range(5):
                act(session)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert seen == ["UPDATE", "INSERT"]
    assert recorded(database) == ["case.decided"] * 6
