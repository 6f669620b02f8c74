"""Jobs and messages: rows that survive, are done at least once, and end as incidents, never in silence."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server import audit, clock, incidents, jobs
from server.accounts.actor import Actor
from server.config import Settings
from server.db import Database
from server.errors import Conflict, Invalid
from server.incidents import Incident
from server.jobs import Job, Message

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ADMIN = Actor(1, "管理员", 1, "大数据局", None, "150500", frozenset({"admin"}))


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test knows only its own tasks, receivers and scanners."""
    monkeypatch.setattr(jobs, "TASKS", {})
    monkeypatch.setattr(jobs, "RECEIVERS", {})
    monkeypatch.setattr(jobs, "SCANNERS", {})
    monkeypatch.setattr(jobs, "_routers", [])


class Machine:
    """The machine's clock, moved by the test."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def forward(self, **delta: int) -> None:
        self.now += timedelta(**delta)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(jobs, "machine_time", lambda: made.now)
    return made


@pytest.fixture
def today(database: Database, settings: Settings) -> Iterator[datetime]:
    """The virtual clock stands at NOW."""
    with database.writing() as session:
        clock.set_virtual(session, settings, NOW)
    yield NOW


def enqueue(database: Database, name: str, **more: object) -> None:
    with database.writing() as session:
        jobs.enqueue(session, name, {"n": 1}, NOW, **more)  # type: ignore[arg-type]


def post(database: Database, name: str, key: str = "k", **more: object) -> None:
    with database.writing() as session:
        jobs.post(session, name, key, {"n": 1}, NOW, **more)  # type: ignore[arg-type]


def left(database: Database) -> list[Job]:
    with database.reading() as session:
        return list(session.scalars(select(Job).order_by(Job.id)))


def the_message(database: Database) -> Message:
    with database.reading() as session:
        return session.scalars(select(Message)).one()


def open_incidents(database: Database) -> list[Incident]:
    with database.reading() as session:
        return incidents.still_open(session)


def test_a_job_is_done_once_and_then_gone(database: Database, settings: Settings, today: datetime) -> None:
    seen: list[dict[str, int]] = []
    jobs.task("count")(lambda work, payload: seen.append(payload))
    enqueue(database, "count")
    assert jobs.run_due(database, settings) == 1
    assert jobs.run_due(database, settings) == 0
    assert seen == [{"n": 1}]
    assert left(database) == []


def test_a_job_written_in_a_transaction_that_is_rolled_back_never_was(
    database: Database, settings: Settings, today: datetime
) -> None:
    with database.writing_session() as session:
        jobs.enqueue(session, "count", {}, NOW)
        session.rollback()
    assert left(database) == []


def test_one_key_has_one_open_job(database: Database, settings: Settings, today: datetime) -> None:
    for _ in range(3):
        enqueue(database, "count", key="paper 7")
    enqueue(database, "count", key="paper 8")
    assert [job.key for job in left(database)] == ["paper 7", "paper 8"]


def test_a_job_waits_for_its_time_on_the_domain_clock(database: Database, settings: Settings, today: datetime) -> None:
    seen: list[datetime] = []
    jobs.task("later")(lambda work, payload: seen.append(work.now))
    enqueue(database, "later", run_at=NOW + timedelta(days=5))
    assert jobs.run_due(database, settings) == 0
    with database.writing() as session:
        clock.set_virtual(session, settings, NOW + timedelta(days=5))
    assert jobs.run_due(database, settings) == 1
    assert seen == [NOW + timedelta(days=5)]


def test_what_fails_leaves_nothing_behind_rests_and_is_an_incident_after_the_eighth_try(
    database: Database, settings: Settings, today: datetime, machine: Machine
) -> None:
    tries: list[datetime] = []

    @jobs.task("fails")
    def fails(work: jobs.Work, payload: dict[str, int]) -> None:
        tries.append(machine.now)
        jobs.post(work.session, "half.written", "x", {}, work.now)
        raise Invalid("模板缺少附件页。")

    enqueue(database, "fails")
    assert jobs.run_due(database, settings) == 1
    for pause in (1, 4, 15, 60, 240, 900, 3600):
        machine.forward(seconds=pause - 1)
        assert jobs.run_due(database, settings) == 0
        machine.forward(seconds=1)
        assert jobs.run_due(database, settings) == 1
    machine.forward(days=30)
    assert jobs.run_due(database, settings) == 0
    assert len(tries) == jobs.MAX_TRIES == 8
    with database.reading() as session:
        assert session.scalars(select(Message)).all() == []
    (incident,) = open_incidents(database)
    assert (incident.kind, incident.name, incident.reason) == ("job", "fails", "模板缺少附件页。")
    assert incident.payload == {"n": 1}


def test_a_stuck_job_is_retried_from_the_page_and_the_incident_closes(
    database: Database, settings: Settings, today: datetime, machine: Machine
) -> None:
    broken = [True]

    @jobs.task("mended")
    def mended(work: jobs.Work, payload: dict[str, int]) -> None:
        if broken[0]:
            raise ValueError("no font")

    enqueue(database, "mended")
    exhaust(database, settings, machine)
    (incident,) = open_incidents(database)
    assert "no font" in incident.reason
    broken[0] = False
    with database.writing() as session:
        jobs.retry(session, incidents.get(session, incident.id), ADMIN, NOW)
    assert jobs.run_due(database, settings) == 1
    assert left(database) == []
    assert open_incidents(database) == []
    with database.reading() as session:
        acts = [entry.act for entry in session.scalars(select(audit.Entry))]
    assert acts == ["incident.retried"]


def test_a_stuck_job_can_be_abandoned_once_and_its_incident_keeps_what_it_was(
    database: Database, settings: Settings, today: datetime, machine: Machine
) -> None:
    enqueue(database, "nobody does this")
    exhaust(database, settings, machine)
    (incident,) = open_incidents(database)
    with database.writing() as session:
        jobs.abandon(session, incidents.get(session, incident.id), "纸质件已另行送达", ADMIN, NOW)
    assert left(database) == []
    with database.writing_session() as session:
        closed = incidents.get(session, incident.id)
        assert closed.payload == {"n": 1}
        assert closed.closed_by == ADMIN.label
        with pytest.raises(Conflict, match="已经处理过"):
            jobs.retry(session, closed, ADMIN, NOW)


def exhaust(database: Database, settings: Settings, machine: Machine) -> None:
    for _ in range(jobs.MAX_TRIES):
        jobs.run_due(database, settings)
        machine.forward(hours=2)


def test_a_worker_killed_in_the_middle_loses_nothing_once_its_lease_is_over(
    database: Database, settings: Settings, today: datetime, machine: Machine
) -> None:
    class Killed(BaseException):
        pass

    seen: list[int] = []

    @jobs.task("kills")
    def kills(work: jobs.Work, payload: dict[str, int]) -> None:
        if not seen:
            seen.append(0)
            raise Killed
        seen.append(1)

    enqueue(database, "kills")
    with pytest.raises(Killed):
        jobs.run_due(database, settings)
    assert jobs.run_due(database, settings) == 0
    machine.forward(seconds=121)
    assert jobs.run_due(database, settings) == 1
    assert seen == [0, 1]


def test_the_only_worker_forgets_the_leases_of_its_predecessor(
    database: Database, settings: Settings, today: datetime
) -> None:
    enqueue(database, "done later")
    jobs.task("done later")(lambda work, payload: None)
    assert jobs._claim(database, settings, Job, "dead worker") is not None
    assert jobs.run_due(database, settings) == 0
    jobs.release_leases(database)
    assert jobs.run_due(database, settings) == 1


def test_a_job_that_kills_every_worker_becomes_an_incident(
    database: Database, settings: Settings, today: datetime, machine: Machine
) -> None:
    enqueue(database, "poison")
    for _ in range(jobs.MAX_TRIES):
        assert jobs._claim(database, settings, Job, "dead worker") is not None
        machine.forward(hours=1)
    jobs.run_due(database, settings)
    (incident,) = open_incidents(database)
    assert "中途退出" in incident.reason


def test_a_slow_worker_whose_lease_another_took_over_does_not_strike_the_job_off(
    database: Database, settings: Settings, today: datetime, machine: Machine
) -> None:
    seen: list[str] = []
    jobs.task("slow")(lambda work, payload: seen.append("ran"))
    enqueue(database, "slow")
    job_id = jobs._claim(database, settings, Job, "slow worker")
    assert job_id is not None
    machine.forward(seconds=121)
    assert jobs._claim(database, settings, Job, "other worker") == job_id
    jobs._do(database, settings, job_id, "slow worker")
    assert seen == []
    assert len(left(database)) == 1


def test_preparation_happens_outside_the_writing_transaction(
    database: Database, settings: Settings, today: datetime
) -> None:
    seen: list[str] = []

    def draw(work: jobs.Work, payload: dict[str, int]) -> str:
        with database.writing() as other:  # SQLite has one writer: this would wait for 30 s inside the task
            jobs.enqueue(other, "meanwhile", {}, NOW, run_at=NOW + timedelta(days=1))
        return f"pdf {payload['n']}"

    @jobs.task("paper", prepare=draw)
    def paper(work: jobs.Work, payload: dict[str, int], drawn: str) -> None:
        seen.append(drawn)

    enqueue(database, "paper")
    assert jobs.run_due(database, settings) == 1
    assert seen == ["pdf 1"]


def test_a_message_reaches_its_receiver_once_and_stays_as_evidence(
    database: Database, settings: Settings, today: datetime
) -> None:
    seen: list[jobs.Received] = []
    jobs.receiver("test.planned")(lambda work, message: seen.append(message))
    post(database, "test.planned", "2503-150502-04-01-382716", source="approval")
    jobs.run_due(database, settings)
    jobs.run_due(database, settings)
    assert [(m.name, m.key, m.payload, m.source) for m in seen] == [
        ("test.planned", "2503-150502-04-01-382716", {"n": 1}, "approval")
    ]
    message = the_message(database)
    assert (message.state, message.taken_by, message.taken_at) == ("taken", "test.planned", NOW)


def test_a_receiver_that_fails_writes_nothing_and_gets_the_message_again(
    database: Database, settings: Settings, today: datetime, machine: Machine
) -> None:
    tries: list[int] = []

    @jobs.receiver("filed")
    def filed(work: jobs.Work, message: jobs.Received) -> None:
        jobs.enqueue(work.session, "from the receiver", {}, work.now, run_at=NOW + timedelta(days=1))
        tries.append(message.id)
        if len(tries) == 1:
            raise RuntimeError("registry is down")

    post(database, "filed")
    jobs.run_due(database, settings)
    assert left(database) == []
    machine.forward(seconds=1)
    jobs.run_due(database, settings)
    assert len(left(database)) == 1
    assert len(set(tries)) == 1
    assert the_message(database).state == "taken"


def test_a_message_nobody_waits_for_waits_in_its_row_and_is_an_incident_when_it_expires(
    database: Database, settings: Settings, today: datetime
) -> None:
    post(database, "nobody.waits", expires_at=NOW + timedelta(days=30))
    assert jobs.run_due(database, settings) == 1
    assert jobs.run_due(database, settings) == 0
    assert the_message(database).state == "waiting"
    with database.writing() as session:
        clock.set_virtual(session, settings, NOW + timedelta(days=30))
    jobs.run_due(database, settings)
    (incident,) = open_incidents(database)
    assert (incident.kind, incident.name) == ("message", "nobody.waits")
    assert "没有" in incident.reason


def test_who_begins_to_wait_takes_the_oldest_message_of_its_key(
    database: Database, settings: Settings, today: datetime
) -> None:
    post(database, "done", "a")
    post(database, "done", "b")
    post(database, "done", "b")
    with database.writing() as session:
        taken = jobs.take_waiting(session, [("done", "b"), ("refused", "b")], "instance:1", NOW)
        assert taken is not None
        assert (taken.id, taken.key) == (2, "b")
    with database.writing() as session:
        assert jobs.take_waiting(session, [("done", "c")], "instance:1", NOW) is None
        again = jobs.take_waiting(session, [("done", "b")], "instance:2", NOW)
        assert again is not None
        assert again.id == 3


def test_a_scanner_runs_only_when_it_has_something_to_do_and_its_failure_is_an_incident_until_it_works(
    database: Database, settings: Settings, today: datetime
) -> None:
    state = {"due": False, "broken": True}
    ran: list[datetime] = []

    @jobs.scanner("deadlines", due=lambda work: state["due"])
    def deadlines(work: jobs.Work) -> None:
        ran.append(work.now)
        if state["broken"]:
            raise LookupError("no calendar for 2031")

    jobs.scan(database, settings)
    assert ran == []
    state["due"] = True
    jobs.scan(database, settings)
    jobs.scan(database, settings)
    (incident,) = open_incidents(database)
    assert "2031" in incident.reason
    state["broken"] = False
    jobs.scan(database, settings)
    assert open_incidents(database) == []
    assert ran == [NOW] * 3


def test_the_bell_rings_after_the_commit_and_not_for_a_rollback(
    database: Database, settings: Settings, today: datetime
) -> None:
    rung: list[int] = []

    def ring() -> None:
        with database.reading() as session:
            rung.append(len(session.scalars(select(Job)).all()))

    jobs.connect_bell(ring)
    try:
        with database.writing() as session:
            jobs.enqueue(session, "a", {}, NOW)
            jobs.enqueue(session, "b", {}, NOW)
            assert rung == []
        assert rung == [2]
    finally:
        jobs.connect_bell(None)


def test_times_of_the_machine_do_not_depend_on_the_virtual_clock(
    database: Database, settings: Settings, today: datetime
) -> None:
    assert abs((jobs.machine_time() - datetime.now(UTC)).total_seconds()) < 5
    assert replace(settings, clock="system").clock == "system"
