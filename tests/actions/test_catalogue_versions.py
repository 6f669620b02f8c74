"""Matters and materials as versions: what is published from a day on changes that day's admissions, never a running case."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from builders_approval import ROOT, Desk
from sqlalchemy import event
from sqlalchemy.orm import Session

from server import clock
from server.accounts.actor import SYSTEM
from server.approval import deadlines, matters_editing
from server.approval.catalogues import catalogue, catalogue_of, title_of
from server.approval.matters import MATERIALS, MATTERS, Limit
from server.approval.models import Case
from server.approval.queries import outcomes
from server.approval.states import State
from server.calendar import Unit
from server.config import Settings
from server.db import Database
from server.errors import Conflict, Invalid
from server.processes import definitions, deployments, seeding, timelines

FILES = {name: (ROOT / "forms" / name).read_bytes() for name in (MATTERS, MATERIALS)}
TWO = matters_editing.with_promise(FILES[MATTERS], "C05.P1", Limit(2, Unit.WORKING_DAYS))
NAMED = matters_editing.with_name(TWO, "C05", "建筑工程施工许可")


@pytest.fixture
def desk(session: Session, settings: Settings) -> Desk:
    return Desk(session, settings)


def publish(desk: Desk, files: dict[str, bytes], day: str | None = None) -> None:
    """What publishing a change set does with its files, in force from the beginning of a day."""
    since = clock.at(date.fromisoformat(day), time(0)) if day else None
    deployments.add_to_library(desk.session, files, desk.now, effective_from=since, added_by_id=1)


def promise(case: Case) -> tuple[int, str]:
    return case.promise, case.promise_unit


def limit_of(desk: Desk, case: Case) -> tuple[int, date | None]:
    row = next(one for one in deadlines.for_case(desk.session, case.id) if one.kind == "promise")
    return row.n, row.due


def test_a_promise_published_from_tomorrow_on_changes_tomorrows_admissions_and_no_running_case(desk: Desk) -> None:
    desk.at("2025-06-16")
    project = desk.ready()
    early = desk.applied(project, "P1", ["1#"])
    desk.decide(early, "收件审查", "admit")
    publish(desk, {MATTERS: NAMED}, "2025-06-17")
    today = desk.applied(project, "P1", ["车库"])
    desk.decide(today, "收件审查", "admit")
    assert promise(early) == promise(today) == (1, "working_days")
    assert limit_of(desk, today) == (1, date(2025, 6, 17))

    desk.at("2025-06-17")
    assert promise(early) == (1, "working_days")
    assert limit_of(desk, early) == (1, date(2025, 6, 17))
    assert title_of(desk.session, early, desk.now) == "施工许可·基坑"
    other = desk.project("2503-150502-04-01-382717")
    for code in ("A07", "A08", "B02", "B04", "C01", "C02"):
        desk.result(other, code)
    late = desk.applied(other, "P1", ["1#"])
    desk.decide(late, "收件审查", "admit")
    assert promise(late) == (2, "working_days")
    assert limit_of(desk, late) == (2, date(2025, 6, 19))
    assert title_of(desk.session, late, desk.now) == "建筑工程施工许可·基坑"
    desk.decide(early, "质量安全审查", "pass")
    assert limit_of(desk, early) == (1, date(2025, 6, 17))


def test_a_case_that_was_only_received_follows_what_is_in_force_when_it_is_admitted(desk: Desk) -> None:
    desk.at("2025-06-16")
    case = desk.applied(desk.ready(), "P1")
    publish(desk, {MATTERS: NAMED}, "2025-06-17")
    desk.at("2025-06-17")
    task, rules = desk.task(case, "收件审查"), catalogue_of(desk.session, case, desk.now)
    said = outcomes.consequence(rules, case, task, "admit", 0, 0, desk.now)
    assert "承诺 2 个工作日" in said.words
    assert case.matters_sha is None
    desk.decide(case, "收件审查", "admit")
    assert promise(case) == (2, "working_days")
    assert case.matters_sha == deployments.sha256(NAMED)
    assert case.materials_sha == deployments.sha256(FILES[MATERIALS])


def test_a_material_asked_for_later_is_not_asked_of_a_case_admitted_before(desk: Desk) -> None:
    asked = FILES[MATTERS].replace(b"[M13, {M14: supervision}, M16, M17, M19, M20, ", b"[M02, M13, M16, M17, M19, M20, ")
    stricter = FILES[MATERIALS].replace("主体证照, key: false".encode(), "主体证照, key: true".encode())
    assert asked != FILES[MATTERS] and stricter != FILES[MATERIALS]
    desk.at("2025-06-16")
    project = desk.ready()
    admitted, received = desk.applied(project, "P1", ["1#"]), desk.applied(project, "P1", ["车库"])
    desk.reviewed(admitted)
    publish(desk, {MATTERS: asked, MATERIALS: stricter}, "2025-06-17")
    desk.at("2025-06-17")
    desk.decide(admitted, "审批决定", "grant", {"opinion": "准予许可。"})
    assert desk.state(admitted) is State.COMPLETED
    with pytest.raises(Conflict) as refused:
        desk.decide(received, "收件审查", "admit")
    assert "主体证照（M02）" in refused.value.message


def test_a_material_that_no_longer_counts_for_the_project_still_does_for_a_case_admitted_before(desk: Desk) -> None:
    every_time = FILES[MATERIALS].replace("监理合同, key: true, source: UPLOAD, reuse: project".encode(), "监理合同, key: true, source: UPLOAD, reuse: case".encode())
    assert every_time != FILES[MATERIALS]
    desk.at("2025-06-16")
    project = desk.ready()
    desk.granted(project, "P1", ["车库"])
    case = desk.applied(project, "P2", ["车库"])  # M14 was handed in for P1
    desk.reviewed(case)
    publish(desk, {MATERIALS: every_time}, "2025-06-17")
    desk.at("2025-06-17")
    desk.decide(case, "审批决定", "grant", {"opinion": "准予许可。"})
    assert desk.state(case) is State.COMPLETED


def test_a_case_admitted_before_versions_were_kept_goes_by_the_oldest_kept(desk: Desk) -> None:
    case = desk.applied(desk.ready(), "P1")
    desk.decide(case, "收件审查", "admit")
    case.matters_sha = case.materials_sha = ""  # as migration 0004 leaves it
    publish(desk, {MATTERS: NAMED})
    desk.later(hours=1)
    assert title_of(desk.session, case, desk.now) == "施工许可·基坑"
    assert catalogue(desk.session, desk.now).title("C05", "P1") == "建筑工程施工许可·基坑"


def test_what_came_first_counts_for_the_time_before_it_too(desk: Desk) -> None:
    publish(desk, {MATTERS: NAMED}, "2025-06-17")
    assert catalogue(desk.session, desk.now - timedelta(days=900)).matter("C05").name == "施工许可"


def test_without_the_files_the_error_says_what_is_missing_and_what_to_do(session: Session) -> None:
    with pytest.raises(Conflict) as refused:
        catalogue(session, datetime.fromisoformat("2025-06-17T00:00:00+00:00"))
    assert "缺 matters.yaml、materials.yaml" in refused.value.message


def test_a_restart_puts_back_neither_matters_nor_forms_that_a_person_published(
    desk: Desk, tmp_path: Path
) -> None:
    for folder in ("bpmn", "forms"):
        (tmp_path / folder).mkdir()
    form = (ROOT / "forms" / "result-entry.form").read_bytes()
    for name, data in {**FILES, "result-entry.form": form}.items():
        (tmp_path / "forms" / name).write_bytes(data)
    mine = form.replace("结果".encode(), "批复".encode())
    publish(desk, {MATTERS: NAMED, "result-entry.form": mine})
    newer = FILES[MATERIALS].replace("竣工图".encode(), "竣工图纸".encode())
    (tmp_path / "forms" / MATERIALS).write_bytes(newer)
    desk.later(hours=1)
    seeding.seed_from_disk(desk.session, tmp_path / "bpmn", tmp_path / "forms", SYSTEM, desk.now)
    rules = catalogue(desk.session, desk.now)
    assert rules.matter("C05").name == "建筑工程施工许可"
    assert definitions.form(desk.session, "result-entry", now=desk.now) == mine
    assert rules.materials["M28"].name == "竣工图纸"  # nobody has touched it here, so the newer release counts


def test_a_broken_file_on_disk_stops_the_start_and_says_where(desk: Desk, tmp_path: Path) -> None:
    for folder in ("bpmn", "forms"):
        (tmp_path / folder).mkdir()
    (tmp_path / "forms" / MATERIALS).write_bytes(FILES[MATERIALS].replace(b"reuse: case", b"reuse: never", 1))
    with pytest.raises(Invalid, match=r"materials.yaml 第 5 行"):
        seeding.seed_from_disk(desk.session, tmp_path / "bpmn", tmp_path / "forms", SYSTEM, desk.now)


# -- what it costs


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(*more: object) -> None:
        said.append(str(more[2]))

    event.listen(database.engine, "before_cursor_execute", hear)
    yield said
    event.remove(database.engine, "before_cursor_execute", hear)


def test_a_transaction_asks_once_and_a_page_not_at_all_within_a_second(
    database: Database, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.at(date(2025, 6, 16), time(9))
    monkeypatch.setattr(timelines, "FRESH", 600)
    with database.writing() as session:
        deployments.add_to_library(session, FILES, now)
    with database.reading() as session:
        catalogue(session, now)
    statements.clear()
    with database.writing_session() as session:
        for _ in range(20):
            assert catalogue(session, now).matter("C05").phases["P1"].promise.n == 1
    assert sum("pro_library" in one for one in statements) == 1
    statements.clear()
    for _ in range(20):
        with database.reading() as session:
            catalogue(session, now)
    assert [one for one in statements if "SELECT" in one] == []


def test_a_page_sees_what_this_process_just_published_and_another_process_within_a_second(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.at(date(2025, 6, 16), time(9))
    monkeypatch.setattr(timelines, "FRESH", 600)

    def shown() -> str:
        with database.reading() as session:
            return catalogue(session, now).matter("C05").name

    with database.writing() as session:
        deployments.add_to_library(session, FILES, now)
    assert shown() == "施工许可"
    with database.writing() as session:
        deployments.add_to_library(session, {MATTERS: NAMED}, now)
        assert catalogue(session, now).matter("C05").name == "建筑工程施工许可"
        assert shown() == "施工许可"  # not committed yet
    assert shown() == "建筑工程施工许可"

    elsewhere = Database(database.engine.execution_options())  # what another process does, ours is not told
    with Session(elsewhere.engine) as session:
        deployments.add_to_library(session, {MATTERS: FILES[MATTERS]}, now)
        session.commit()
    assert shown() == "建筑工程施工许可"
    monkeypatch.setattr(timelines, "FRESH", 0)
    assert shown() == "施工许可"


def test_an_act_goes_by_what_another_process_published_at_once(database: Database) -> None:
    now = clock.at(date(2025, 6, 16), time(9))
    with database.writing() as session:
        deployments.add_to_library(session, FILES, now)
    with database.reading() as session:
        catalogue(session, now)
    with Session(database.engine) as session:
        deployments.add_to_library(session, {MATTERS: NAMED}, now)
        session.commit()
    with database.writing_session() as session:
        assert catalogue(session, now).matter("C05").name == "建筑工程施工许可"
