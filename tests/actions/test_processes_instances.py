"""A process runs to its next rest in the caller's transaction; what fails there is set aside and never lost."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from builders_processes import (
    CITY,
    CLERK,
    COLLEAGUE,
    DISTRICT,
    NOW,
    OFFICER,
    OWNER,
    Model,
    one_task,
    publish,
)
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from server import audit, clock, incidents, jobs
from server.config import Settings
from server.db import Database
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.jobs import Job, Message
from server.processes import handlers, instances, work_items
from server.processes.handlers import BpmnError, JobContext
from server.processes.models import Assignment, Instance, Subscription, Timer
from server.processes.work_items import WorkItem

LANE = OFFICER.unit or ""
WINDOW = CLERK.unit or ""


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HANDLERS", "THROWN", "ARRIVALS"):
        monkeypatch.setattr(handlers, name, {})
    monkeypatch.setattr("server.processes.running.HANDLERS", handlers.HANDLERS)
    monkeypatch.setattr("server.processes.running.THROWN", handlers.THROWN)
    monkeypatch.setattr(jobs, "RECEIVERS", {})


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock runs far ahead at every look, so that no rest between tries holds anything up."""
    ticks = iter(range(1, 1_000_000))
    monkeypatch.setattr(jobs, "machine_time", lambda: NOW + timedelta(days=next(ticks)))


@pytest.fixture
def virtual(database: Database, settings: Settings) -> Iterator[None]:
    with database.writing() as session:
        clock.set_virtual(session, settings, NOW)
    yield


def begin(session: Session, process_id: str = "review", **variables: object) -> instances.Run:
    return instances.start(
        session,
        process_id,
        area="approval",
        subject="case:12",
        variables={"case_id": "12"} | variables,
        actor=CLERK,
        now=NOW,
        owner_organisation_id=9,
        district=DISTRICT,
    )


def task(session: Session, element: str = "") -> WorkItem:
    (found,) = [item for item in work_items.for_subject(session, "case:12") if element in ("", item.element)]
    return found


def stored(session: Session) -> Instance:
    session.expire_all()
    return session.scalars(select(Instance)).one()


def open_elements(session: Session) -> list[str]:
    return [item.element for item in work_items.for_subject(session, "case:12")]


def test_a_started_process_waits_in_the_inbox_of_its_lane(session: Session) -> None:
    publish(session, one_task())
    run = begin(session)
    assert (run.status, run.area, run.subject, run.district) == ("running", "approval", "case:12", DISTRICT)
    (item,) = work_items.open_for(session, OFFICER)
    assert (item.element, item.unit, item.form_id, item.subject, item.area) == (
        "decide",
        LANE,
        "opinion",
        "case:12",
        "approval",
    )
    assert (item.opened_at, item.district, item.claimed_by) == (NOW, DISTRICT, None)
    assert work_items.open_for(session, CLERK) == []


def test_completing_the_last_task_ends_the_process_and_leaves_no_projection(session: Session) -> None:
    publish(session, one_task())
    begin(session)
    run = instances.complete(session, task(session), {"outcome": "pass"}, OFFICER, NOW)
    assert run.status == "completed"
    assert open_elements(session) == []
    row = stored(session)
    assert (row.state, row.status, row.ended_at, row.shadows) == (b"", "completed", NOW, 0)
    assert set(row.trail["e"]) == {"start", "decide", "end"}


def test_the_model_decides_where_an_outcome_leads(session: Session) -> None:
    model = (
        Model()
        .start(LANE)
        .person("intake", WINDOW, intake="=outcome")
        .gateway("how", LANE, default="how_refused")
        .person("decide", LANE)
        .end(LANE)
        .end(LANE, "refused")
        .flow("start", "intake", "how", '?=intake = "admit"', "decide", "end")
        .flow("how", "refused")
    )
    publish(session, model)
    begin(session)
    instances.complete(session, task(session), {"outcome": "admit"}, CLERK, NOW)
    assert open_elements(session) == ["decide"]
    assert instances.variables(session, task(session).instance_id)["intake"] == "admit"


def test_only_the_lanes_unit_of_the_district_or_the_city_may_complete(session: Session) -> None:
    publish(session, one_task())
    begin(session)
    item = task(session)
    elsewhere = dataclasses.replace(OFFICER, account_id=31, district="150521")
    city = dataclasses.replace(OFFICER, account_id=32, district=CITY)
    for stranger in (CLERK, OWNER, elsewhere):
        with pytest.raises(Forbidden, match="住建局·审批科"):
            instances.complete(session, item, {"outcome": "pass"}, stranger, NOW)
        assert not work_items.may_act(stranger, item)
        assert work_items.open_for(session, stranger) == []
    assert [one.id for one in work_items.open_for(session, city)] == [item.id]
    assert instances.complete(session, item, {"outcome": "pass"}, city, NOW).status == "completed"


def test_a_task_in_the_owners_lane_belongs_to_the_organisation_of_the_subject(session: Session) -> None:
    model = Model().start("建设单位").person("correct", "建设单位").end("建设单位").flow("start", "correct", "end")
    publish(session, model)
    begin(session)
    (item,) = work_items.open_for(session, OWNER)
    assert item.organisation_id == OWNER.organisation_id
    other_owner = dataclasses.replace(OWNER, account_id=41, organisation_id=10)
    assert work_items.open_for(session, other_owner) == []
    with pytest.raises(Forbidden, match="申请单位"):
        instances.complete(session, item, {}, other_owner, NOW)
    assert instances.complete(session, item, {}, OWNER, NOW).status == "completed"


def test_a_task_is_completed_once(session: Session) -> None:
    publish(session, one_task())
    begin(session)
    item = task(session)
    instances.complete(session, item, {"outcome": "pass"}, OFFICER, NOW)
    with pytest.raises(Conflict, match="已经办完"):
        instances.complete(session, item, {"outcome": "pass"}, OFFICER, NOW)
    with pytest.raises(NotFound):
        work_items.get(session, item.id)


def test_two_officers_deciding_at_once_make_one_decision(database: Database) -> None:
    with database.writing() as session:
        publish(session, one_task())
        begin(session)
    with database.reading() as session:
        item = task(session)
    with database.writing() as session:
        instances.complete(session, item, {"outcome": "pass"}, OFFICER, NOW)
    with database.writing_session() as late, pytest.raises(Conflict):
        instances.complete(late, item, {"outcome": "fail"}, COLLEAGUE, NOW)


def test_the_id_of_a_task_done_never_names_another(session: Session) -> None:
    publish(session, one_task())
    begin(session)
    first = task(session)
    instances.complete(session, first, {"outcome": "pass"}, OFFICER, NOW)
    begin(session)
    assert task(session).id != first.id


def test_a_claim_keeps_colleagues_away_and_outlives_other_steps_of_the_process(session: Session) -> None:
    model = (
        Model()
        .start(LANE)
        .parallel("split", LANE)
        .person("quality", LANE)
        .person("fire", WINDOW)
        .parallel("join", LANE)
        .end(LANE)
        .flow("start", "split", "quality", "join", "end")
        .flow("split", "fire", "join")
    )
    publish(session, model)
    begin(session)
    quality = task(session, "quality")
    work_items.claim(session, quality.id, OFFICER, NOW)
    work_items.claim(session, quality.id, OFFICER, NOW)
    instances.complete(session, task(session, "fire"), {"outcome": "pass"}, CLERK, NOW)
    assert task(session, "quality").claimed_name == OFFICER.label
    for act in (work_items.claim, work_items.release):
        with pytest.raises(Conflict, match="王批准"):
            act(session, quality.id, COLLEAGUE, NOW)
    with pytest.raises(Conflict, match="王批准"):
        instances.complete(session, quality, {"outcome": "pass"}, COLLEAGUE, NOW)
    work_items.release(session, quality.id, OFFICER, NOW)
    work_items.claim(session, quality.id, COLLEAGUE, NOW)
    kinds = [(one.account_id, one.kind) for one in session.scalars(select(Assignment).order_by(Assignment.id))]
    assert kinds == [(12, "claimed"), (12, "released"), (13, "claimed")]


def recorded(process_id: str = "review") -> Model:
    """intake → record → decide"""
    return (
        Model(process_id)
        .start(LANE)
        .person("intake", WINDOW)
        .job("act", LANE, "record", {"transition": "admitted"}, number="=number")
        .person("decide", LANE)
        .end(LANE)
        .flow("start", "intake", "act", "decide", "end")
    )


def test_a_service_task_is_done_by_its_handler_in_the_name_of_who_led_there(session: Session) -> None:
    seen: list[JobContext] = []

    @handlers.handler("record", headers=("transition",), acts=True)
    def record(context: JobContext) -> dict[str, object]:
        seen.append(context)
        return {"number": 7}

    publish(session, recorded())
    begin(session)
    instances.complete(session, task(session), {"outcome": "admit"}, CLERK, NOW)
    (context,) = seen
    assert (context.subject, context.area, context.headers["transition"]) == ("case:12", "approval", "admitted")
    assert (context.actor, context.variables["case_id"], context.now) == (CLERK, "12", NOW)
    assert open_elements(session) == ["decide"]
    assert instances.variables(session, context.instance_id)["number"] == 7


@pytest.mark.usefixtures("virtual", "later")
def test_a_failing_handler_is_undone_while_the_decision_stands_and_is_tried_again_by_the_worker(
    database: Database, settings: Settings
) -> None:
    broken = [True]

    @handlers.handler("record")
    def record(context: JobContext) -> dict[str, object]:
        audit.append(context.session, context.actor, "recorded", context.subject, {}, context.now)
        context.session.flush()
        if broken[0]:
            raise ZeroDivisionError
        return {"number": 8}

    with database.writing() as session:
        publish(session, recorded())
        begin(session)
        jobs.enqueue(session, "written before", {}, NOW, run_at=NOW + timedelta(days=9))
        run = instances.complete(session, task(session), {"outcome": "admit"}, CLERK, NOW)
        assert run.status == "running"
    with database.reading() as session:
        assert open_elements(session) == []
        assert acts(session) == []
        assert {job.name for job in session.scalars(select(Job))} == {"written before", "processes.job"}
    broken[0] = False
    jobs.run_due(database, settings)
    with database.reading() as session:
        assert open_elements(session) == ["decide"]
        assert acts(session) == [("recorded", CLERK.label)]
        assert {job.name for job in session.scalars(select(Job))} == {"written before"}


def acts(session: Session) -> list[tuple[str, str]]:
    found = session.scalars(select(audit.Entry).where(audit.Entry.act == "recorded"))
    return [(entry.act, entry.actor) for entry in found]


@pytest.mark.usefixtures("virtual", "later")
def test_a_handler_that_never_works_is_an_incident_with_its_reason_and_goes_on_after_a_retry(
    database: Database, settings: Settings
) -> None:
    broken = [True]

    @handlers.handler("record")
    def record(context: JobContext) -> dict[str, object]:
        if broken[0]:
            raise Invalid("许可证编号规则没有配置。")
        return {"number": 9}

    with database.writing() as session:
        publish(session, recorded())
        begin(session)
        instances.complete(session, task(session), {"outcome": "admit"}, CLERK, NOW)
    for _ in range(10):
        jobs.run_due(database, settings)
    with database.reading() as session:
        (incident,) = incidents.still_open(session)
        assert incident.reason == "许可证编号规则没有配置。"
        assert incident.payload["element"] == "act"
    broken[0] = False
    with database.writing() as session:
        with pytest.raises(Conflict, match="不能放弃"):
            instances.abandon_incident(session, incident.id, "不要了", CLERK, NOW)
        instances.retry_incident(session, incident.id, CLERK, NOW)
    jobs.run_due(database, settings)
    with database.reading() as session:
        assert open_elements(session) == ["decide"]
        assert incidents.still_open(session) == []


@pytest.mark.usefixtures("virtual", "later")
@pytest.mark.parametrize(("retries", "expected"), [(1, 1), (3, 3), (12, 12), (None, jobs.MAX_TRIES)])
def test_a_model_says_how_often_a_job_is_tried_before_it_is_an_incident(
    database: Database, settings: Settings, retries: int | None, expected: int
) -> None:
    tries: list[int] = []

    @handlers.handler("record")
    def record(context: JobContext) -> None:
        tries.append(1)
        raise Invalid("编号规则没有配置。")

    model = Model().start(LANE).job("act", LANE, "record", retries=retries).end(LANE).flow("start", "act", "end")
    with database.writing() as session:
        publish(session, model)
        run = begin(session)
    for _ in range(30):
        jobs.run_due(database, settings, limit=1)
    with database.reading() as session:
        (incident,) = incidents.still_open(session)
        assert (len(tries), incident.reason) == (expected, "编号规则没有配置。")
        assert run.status == "running"
    with database.writing() as session:
        instances.retry_incident(session, incident.id, CLERK, NOW)
    for _ in range(30):
        jobs.run_due(database, settings, limit=1)
    with database.reading() as session:
        assert len(incidents.still_open(session)) == 1


@pytest.mark.usefixtures("virtual", "later")
def test_another_step_of_the_process_does_not_run_a_job_that_waits_for_its_next_try(
    database: Database, settings: Settings
) -> None:
    tries: list[int] = []

    @handlers.handler("record")
    def record(context: JobContext) -> None:
        tries.append(1)
        raise OSError("disk full")

    model = (
        Model()
        .start(LANE)
        .parallel("split", LANE)
        .job("act", LANE, "record")
        .person("fire", WINDOW)
        .person("again", WINDOW)
        .parallel("join", LANE)
        .end(LANE)
        .flow("start", "split", "act", "join", "end")
        .flow("split", "fire", "again", "join")
    )
    with database.writing() as session:
        publish(session, model)
        begin(session)
        assert len(tries) == 1
        instances.complete(session, task(session), {}, CLERK, NOW)
        instances.complete(session, task(session), {}, CLERK, NOW)
        assert len(tries) == 1
        assert session.scalars(select(Job)).one().tries == 1


def test_a_bpmn_error_takes_the_models_own_way_out_and_what_was_written_before_stands(session: Session) -> None:
    @handlers.handler("book")
    def book(context: JobContext) -> None:
        audit.append(context.session, context.actor, "recorded", context.subject, {}, context.now)
        raise BpmnError("HOLD", "第 7 项核验未通过")

    model = (
        Model()
        .start(LANE)
        .job("book", LANE, "book")
        .boundary("held", "book", LANE, "HOLD")
        .person("cure", WINDOW)
        .end(LANE)
        .end(LANE, "cured")
        .flow("start", "book", "end")
        .flow("held", "cure", "cured")
    )
    publish(session, model)
    begin(session)
    audit.write_pending(session) if hasattr(audit, "write_pending") else session.flush()
    assert open_elements(session) == ["cure"]
    assert acts(session) == [("recorded", CLERK.label)]
    assert session.scalars(select(Job)).all() == []


def test_a_bpmn_error_nobody_catches_is_an_incident_and_runs_again_only_on_retry(session: Session) -> None:
    tries: list[int] = []

    @handlers.handler("book")
    def book(context: JobContext) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise BpmnError("HOLD", "第 7 项核验未通过")

    model = Model().start(LANE).job("book", LANE, "book").end(LANE).flow("start", "book", "end")
    publish(session, model)
    run = begin(session)
    assert run.status == "running"
    (incident,) = incidents.still_open(session)
    assert incident.kind == "process"
    assert "HOLD" in incident.reason
    assert instances.progress(session, run.id).stuck == ("book",)
    assert len(tries) == 1
    instances.retry_incident(session, incident.id, CLERK, NOW)
    assert len(tries) == 2
    assert stored(session).status == "completed"
    assert incidents.still_open(session) == []


def test_an_instance_whose_join_can_never_fire_is_an_incident_that_only_ending_it_cures(session: Session) -> None:
    model = (
        Model()
        .start(LANE)
        .gateway("which", LANE, default="which_other")
        .person("decide", LANE)
        .person("other", LANE)
        .parallel("join", LANE)
        .end(LANE)
        .flow("start", "which", "?=fast", "decide", "join", "end")
        .flow("which", "other", "join")
    )
    publish(session, model)
    run = begin(session, fast=True)
    assert instances.progress(session, run.id).stuck == ()
    instances.complete(session, task(session), {}, OFFICER, NOW)
    (incident,) = incidents.still_open(session)
    assert (incident.kind, incident.name) == ("process", "join")
    assert "等不到了" in incident.reason
    assert instances.progress(session, run.id).stuck == ("join",)
    with pytest.raises(Conflict, match="重试没有用"):
        instances.retry_incident(session, incident.id, CLERK, NOW)
    assert instances.cancel(session, run.id, CLERK, NOW).incidents == 1
    assert incidents.still_open(session) == []


def waiting(message: str = "correction.expired") -> Model:
    return Model("waits").start(LANE).catch("wait", LANE, message).end(LANE).flow("start", "wait", "end")


def test_a_message_reaches_the_instance_that_waits_for_its_name_and_key(session: Session) -> None:
    publish(session, waiting())
    begin(session, "waits")
    assert session.scalars(select(Subscription)).one().key == "12"
    assert instances.deliver(session, "correction.expired", "13", {}, NOW) == 0
    assert instances.deliver(session, "other", "12", {}, NOW) == 0
    assert instances.deliver(session, "correction.expired", "12", {"late": True}, NOW) == 1
    assert instances.deliver(session, "correction.expired", "12", {}, NOW) == 0
    assert session.scalars(select(Subscription)).all() == []
    assert stored(session).status == "completed"


@pytest.mark.usefixtures("virtual")
def test_a_message_that_came_before_its_subscription_is_taken_when_that_opens(
    database: Database, settings: Settings
) -> None:
    with database.writing() as session:
        publish(session, waiting("registration.completed"))
        jobs.post(session, "registration.completed", "12", {"entry": 5}, NOW)
    assert jobs.run_due(database, settings) == 1
    with database.writing() as session:
        assert session.scalars(select(Message)).one().state == "waiting"
        run = begin(session, "waits")
        assert run.status == "completed"
    with database.reading() as session:
        message = session.scalars(select(Message)).one()
        assert (message.state, message.taken_by) == ("taken", f"instance:{run.id}")


@pytest.mark.usefixtures("virtual")
def test_a_message_that_comes_after_its_subscription_is_carried_by_the_worker_and_taken_once(
    database: Database, settings: Settings
) -> None:
    with database.writing() as session:
        publish(session, waiting("registration.completed"))
        run = begin(session, "waits")
        for _ in range(2):
            jobs.post(session, "registration.completed", "12", {"entry": 5, "body": {"units": [1, 2]}}, NOW)
    jobs.run_due(database, settings)
    with database.reading() as session:
        states = [(m.state, m.taken_by) for m in session.scalars(select(Message).order_by(Message.id))]
        assert states == [("taken", f"instance:{run.id}"), ("waiting", None)]
        assert stored(session).status == "completed"


@pytest.mark.usefixtures("virtual")
def test_a_message_and_its_subscription_written_at_the_same_moment_still_meet(
    database: Database, settings: Settings
) -> None:
    with database.writing() as session:
        publish(session, waiting("registration.completed"))
        begin(session, "waits")
        message = jobs.post(session, "registration.completed", "12", {}, NOW)
        message.state = "waiting"  # as when neither transaction saw the other's row
    assert jobs.run_due(database, settings) == 0
    jobs.scan(database, settings)
    jobs.run_due(database, settings)
    with database.reading() as session:
        assert stored(session).status == "completed"


def throwing() -> Model:
    return Model("throws").start(LANE).throw("tell", LANE, "acceptance.filed").end(LANE).flow("start", "tell", "end")


def test_a_thrown_message_says_what_its_area_says(session: Session) -> None:
    @handlers.thrown("acceptance.filed")
    def filed(
        session: Session, subject: str, variables: handlers.Variables, now: datetime
    ) -> tuple[str, dict[str, object]]:
        return f"filing of {subject}", {"case": variables["case_id"]}

    publish(session, throwing())
    run = begin(session, "throws")
    message = session.scalars(select(Message)).one()
    assert (message.name, message.key, message.payload) == ("acceptance.filed", "filing of case:12", {"case": "12"})
    assert message.source == f"instance:{run.id}"
    assert run.status == "completed"


@pytest.mark.usefixtures("virtual")
@pytest.mark.parametrize(
    ("life", "expected"), [("", timedelta(days=30)), ("P2D", timedelta(days=2)), ("?", timedelta(days=30))]
)
def test_a_thrown_message_nobody_takes_is_an_incident_at_the_end_of_its_life(
    database: Database, settings: Settings, life: str, expected: timedelta
) -> None:
    model = Model().start(LANE).throw("say", LANE, "review.done").end(LANE).flow("start", "say", "end")
    if life:
        head = (
            f'<extensionElements><zeebe:taskHeaders><zeebe:header key="timeToLive" value="{life}"/></zeebe:taskHeaders>'
        )
        opening = '<intermediateThrowEvent id="say" name="say" >'
        model.parts = [part.replace(opening, f"{opening}{head}</extensionElements>") for part in model.parts]
    with database.writing() as session:
        publish(session, model)
        begin(session)
    jobs.run_due(database, settings)
    with database.reading() as session:
        (message,) = session.scalars(select(Message))
        assert (message.state, message.expires_at) == ("waiting", NOW + expected)
    with database.writing() as session:
        clock.set_virtual(session, settings, NOW + expected)
    jobs.run_due(database, settings)
    with database.reading() as session:
        (incident,) = incidents.still_open(session)
        assert (incident.kind, incident.name, "到期" in incident.reason) == ("message", "review.done", True)


@pytest.mark.usefixtures("virtual")
def test_a_hand_off_to_another_area_never_expires(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    monkeypatch.setitem(jobs.RECEIVERS, "review.done", lambda work, message: taken.append(message.key))
    model = Model().start(LANE).throw("say", LANE, "review.done").end(LANE).flow("start", "say", "end")
    with database.writing() as session:
        publish(session, model)
        begin(session)
        assert session.scalars(select(Message)).one().expires_at is None
        clock.set_virtual(session, settings, NOW + timedelta(days=4000))
    jobs.run_due(database, settings)
    assert taken == ["12"]


@pytest.mark.usefixtures("virtual", "later")
def test_a_thrown_message_whose_area_fails_is_posted_later_by_the_worker(
    database: Database, settings: Settings
) -> None:
    broken = [True]

    @handlers.thrown("acceptance.filed")
    def filed(
        session: Session, subject: str, variables: handlers.Variables, now: datetime
    ) -> tuple[str, dict[str, object]]:
        if broken[0]:
            raise KeyError("filing")
        return "k", {}

    with database.writing() as session:
        publish(session, throwing())
        assert begin(session, "throws").status == "completed"
        assert session.scalars(select(Message)).all() == []
    broken[0] = False
    jobs.run_due(database, settings, limit=1)
    with database.reading() as session:
        assert session.scalars(select(Message)).one().key == "k"


@pytest.mark.usefixtures("virtual")
def test_a_timer_wakes_its_instance_when_it_is_due_and_not_before(database: Database, settings: Settings) -> None:
    model = Model("naps").start(LANE).timer("nap", LANE, "PT2H").end(LANE).flow("start", "nap", "end")
    with database.writing() as session:
        publish(session, model)
        begin(session, "naps")
        assert session.scalars(select(Timer)).one().due == NOW + timedelta(hours=2)
    for hours, status in ((1, "running"), (2, "completed")):
        with database.writing() as session:
            clock.set_virtual(session, settings, NOW + timedelta(hours=hours))
        jobs.scan(database, settings)
        jobs.run_due(database, settings)
        with database.reading() as session:
            assert stored(session).status == status


@pytest.mark.usefixtures("virtual", "later")
def test_cancelling_ends_everything_and_says_what_it_released(database: Database, settings: Settings) -> None:
    @handlers.handler("record")
    def record(context: JobContext) -> None:
        raise OSError("disk full")

    model = (
        Model()
        .start(LANE)
        .parallel("split", LANE)
        .job("act", LANE, "record")
        .person("fire", WINDOW)
        .timer("nap", LANE, "PT2H")
        .catch("wait", LANE, "registration.completed")
        .parallel("join", LANE)
        .end(LANE)
        .flow("start", "split", "act", "join", "end")
        .flow("split", "fire", "join")
        .flow("split", "nap", "join")
        .flow("split", "wait", "join")
    )
    with database.writing() as session:
        publish(session, model)
        run = begin(session)
        item = task(session)
        released = instances.cancel(session, run.id, OFFICER, NOW)
        assert (released.work_items, released.messages) == (("fire",), ("registration.completed",))
        assert (released.timers, released.jobs) == (1, 1)
        for table in (Job, Subscription, Timer):
            assert session.scalars(select(table)).all() == []
        assert stored(session).status == "cancelled"
        with pytest.raises(Conflict, match="已经结束"):
            instances.cancel(session, run.id, OFFICER, NOW)
        with pytest.raises(Conflict):
            instances.complete(session, item, {}, CLERK, NOW)


def test_a_running_instance_stays_on_the_version_it_started_on(session: Session) -> None:
    publish(session, one_task())
    first = begin(session)
    changed = one_task()
    changed.person("second", WINDOW)
    changed.links.clear()
    publish(session, changed.flow("start", "decide", "second", "end"))
    second = instances.start(session, "review", area="approval", subject="case:13", variables={}, actor=CLERK, now=NOW)
    assert first.version_id != second.version_id
    run = instances.complete(session, task(session), {}, OFFICER, NOW)
    assert run.status == "completed"
    (other,) = work_items.for_subject(session, "case:13")
    run = instances.complete(session, other, {}, OFFICER, NOW)
    assert run.status == "running"


def test_progress_shows_where_a_process_has_been_and_where_it_is(session: Session) -> None:
    handlers.handler("record")(lambda context: {"number": 1})
    publish(session, recorded())
    run = begin(session)
    instances.complete(session, task(session), {"outcome": "admit"}, CLERK, NOW)
    shown = instances.progress(session, run.id)
    assert dict(shown.past) == {"start": 1, "intake": 1, "act": 1, "decide": 1}
    assert shown.now == ("decide",)
    assert set(shown.flows) == {"start_intake", "intake_act", "act_decide"}
    assert instances.diagram(session, run.id).startswith(b"<?xml")


def test_an_unknown_process_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound, match="还没有发布"):
        begin(session, "nothing")


def test_start_and_complete_of_a_one_task_process_need_few_statements(database: Database) -> None:
    with database.writing() as session:
        publish(session, one_task())
        begin(session)
    said: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def say(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN"):
            said.append(statement)

    with database.writing() as session:
        instances.start(session, "review", area="approval", subject="case:14", variables={}, actor=CLERK, now=NOW)
        starting = list(said)
        said.clear()
        (item,) = work_items.for_subject(session, "case:14")
        said.clear()
        instances.complete(session, item, {"outcome": "pass"}, OFFICER, NOW)
        completing = list(said)
    assert len(starting) == 3, starting  # version in force, instance, work item
    assert len(completing) == 3, completing  # everything in one read, instance, work item gone
