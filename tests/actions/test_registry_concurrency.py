"""Two registrars, two workers, one book: real transactions side by side, on both databases."""



from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from builders_registry import (
    ADMITTED_AT,
    BOOKED_AT,
    PARCEL,
    RECEIVED_AT,
    answer,
    filed,
    receive,
    s1_received,
)
from sqlalchemy import func, select

from server import jobs
from server.config import Settings
from server.db import Database
from server.errors import Conflict
from server.registry import browsing
from server.registry.models import Application, Certificate, Right, Step


def together(*acts: Callable[[], object]) -> list[object]:
    """Run the acts in threads at once; an act's refusal is its result."""

    def tried(act: Callable[[], object]) -> object:
        try:
            return act()
        except Conflict as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(tried, act) for act in acts]]


def test_two_bookings_of_the_same_parcel_at_once_give_one_certificate_and_one_chain(
    database: Database, settings: Settings
) -> None:
    with database.writing() as session:
        s1_received(session, settings)
        receive(session, settings, "acceptance.filed", filed(settings, filing_number="另一个备案号"), message_id=2)
        ids = session.scalars(select(Application.id).order_by(Application.id)).all()
        for one in ids:
            answer(session, session.get_one(Application, one), "task_admit", ADMITTED_AT)
            answer(session, session.get_one(Application, one), "task_review", ADMITTED_AT)

    def book(application_id: int) -> Callable[[], object]:
        def act() -> object:
            with database.writing() as session:
                return answer(session, session.get_one(Application, application_id), "task_book", BOOKED_AT).status

        return act

    together(*(book(one) for one in ids))
    with database.reading() as session:
        ends = session.scalars(select(Step.kind).where(Step.kind.in_(["BOOKED", "HELD"])).order_by(Step.kind)).all()
        assert ends == ["BOOKED", "HELD"]
        assert session.scalar(select(func.count()).select_from(Certificate)) == 1
        assert session.scalar(select(func.count()).select_from(Right)) == 602
        assert browsing.verify(session, PARCEL).intact


def test_one_confirmation_pressed_twice_books_once(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        application = s1_received(session, settings)
        answer(session, application, "task_admit", ADMITTED_AT)
        answer(session, application, "task_review", ADMITTED_AT)
        application_id = application.id

    def press() -> object:
        with database.writing() as session:
            return answer(session, session.get_one(Application, application_id), "task_book", BOOKED_AT).status

    results = []
    for result in together(_or_gone(press), _or_gone(press)):
        results.append("refused" if isinstance(result, Conflict | StopIteration) else result)
    assert sorted(map(str, results)) == ["completed", "refused"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Certificate)) == 1


def _or_gone(act: Callable[[], object]) -> Callable[[], object]:
    """The task may be gone from the list already when the second one looks."""

    def tried() -> object:
        try:
            return act()
        except StopIteration as gone:
            return gone

    return tried


def test_one_filing_received_by_two_workers_at_once_is_one_application(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        application = s1_received(session, settings, filing_number="先来的备案号")
        assert application.filing_number == "先来的备案号"

    def take(message_id: int) -> Callable[[], object]:
        def act() -> object:
            with database.writing() as session:
                receive(session, settings, "acceptance.filed", filed(settings), RECEIVED_AT, message_id)
            return None

        return act

    together(take(2), take(3))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Application)) == 2


def test_the_worker_carries_a_filing_to_the_registry_once(database: Database, settings: Settings) -> None:
    from server import contracts

    with database.writing() as session:
        s1_received(session, settings, filing_number="先来的备案号")
        for _ in range(3):
            jobs.post(session, "acceptance.filed", "备案", contracts.dump(filed(settings)), RECEIVED_AT)
    jobs.run_due(database, settings)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Application)) == 2
        taken = select(jobs.Message).where(jobs.Message.name == "acceptance.filed")
        assert {message.state for message in session.scalars(taken)} == {"taken"}
