"""A change set comes into force by two people, whole, from its day on; nobody undoes a colleague unseen; one act goes back."""

import dataclasses
import threading
from datetime import date, datetime, timedelta

import pytest
from builders_processes import (
    CITY,
    CLERK,
    DESIGNER,
    DISTRICT,
    NOW,
    OFFICER,
    PUBLISHER,
    Model,
    form,
    one_task,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import clock
from server.accounts.models import Organisation, Unit
from server.db import Database
from server.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from server.processes import (
    change_checks,
    change_sets,
    checking,
    definitions,
    deployments,
    handlers,
    instances,
    library,
    releasing,
    surroundings,
)
from server.processes.models import ChangeSet, LibraryFile, Publication, Version

LANE, WINDOW = OFFICER.unit or "", CLERK.unit or ""
AUTHOR = dataclasses.replace(DESIGNER, account_id=25, name="钱设计", roles=frozenset({"process_designer"}))
TODAY = clock.legal_date(NOW)
TOMORROW = TODAY + timedelta(days=1)
NEXT_DAY = clock.at(TOMORROW)


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, empty in (("HANDLERS", {}), ("PROCEDURES", {}), ("TRANSITIONS", set())):
        for module in (handlers, checking, surroundings):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, empty)


def furnish(session: Session) -> None:
    organisation = Organisation(name="科尔沁区住建局", kind="department", district=DISTRICT)
    session.add(organisation)
    session.flush()
    for name in (LANE, WINDOW):
        session.add(Unit(name=name, organisation_id=organisation.id, district=DISTRICT))
    session.flush()


@pytest.fixture
def desk(session: Session) -> Session:
    """A session of a database in which the units exist and nothing is in force."""
    furnish(session)
    return session


def two_tasks(process_id: str = "review") -> Model:
    model = one_task(process_id).person("second", WINDOW)
    model.links.clear()
    return model.flow("start", "decide", "second", "end")


def three_tasks() -> Model:
    model = two_tasks().person("third", LANE)
    model.links.clear()
    return model.flow("start", "decide", "second", "third", "end")


def begun(session: Session, title: str = "改一步", now: datetime = NOW, **files: bytes) -> ChangeSet:
    """A draft with these files: review_bpmn=… is review.bpmn."""
    change = change_sets.begin(session, title, "试行", AUTHOR, now)
    for name, data in files.items():
        change_sets.put_file(session, change.id, name.replace("_", ".", 1), data, AUTHOR, now)
    return change


def passed(session: Session, change: ChangeSet, now: datetime = NOW) -> ChangeSet:
    change_sets.submit(session, change.id, AUTHOR, now)
    return change_sets.review(session, change.id, PUBLISHER, now)


def published(session: Session, now: datetime = NOW, on: date | None = None, **files: bytes) -> ChangeSet:
    change = passed(session, begun(session, "改一步", now, **files), now)
    return releasing.publish(session, change.id, PUBLISHER, now, effective_on=on)


def first(session: Session) -> ChangeSet:
    return published(session, review_bpmn=one_task().xml(), opinion_form=form())


def number(session: Session, now: datetime = NOW, process_id: str = "review") -> int:
    return definitions.current(session, process_id, now).number


def state(session: Session, change: ChangeSet, now: datetime = NOW) -> str:
    return change_sets.line(session, change.id, now).state


def start(session: Session, subject: str, now: datetime = NOW) -> instances.Run:
    return instances.start(
        session, "review", area="approval", subject=subject, variables={}, actor=CLERK, now=now, district=CITY
    )


def test_a_change_set_comes_into_force_by_submitting_and_a_second_person(desk: Session) -> None:
    change = begun(desk, "新流程", review_bpmn=one_task().xml(), opinion_form=form())
    assert state(desk, change) == "draft"
    with pytest.raises(NotFound):
        definitions.current(desk, "review", NOW)
    with pytest.raises(Conflict):
        releasing.publish(desk, change.id, PUBLISHER, NOW)
    passed(desk, change)
    assert state(desk, change) == "reviewed"
    releasing.publish(desk, change.id, PUBLISHER, NOW)
    assert (state(desk, change), number(desk)) == ("published", 1)
    assert library.content(desk, "opinion.form", NOW) == form()
    (line,) = [one for one in library.files_in_force(desk, NOW) if one.name == "opinion.form"]
    assert (line.by_person, line.processes) == (True, ("review",))
    kinds = [act.kind for act in change_sets.line(desk, change.id, NOW).acts]
    assert kinds == ["began", "saved", "saved", "submitted", "reviewed", "published"]


def test_whoever_wrote_in_it_may_neither_review_nor_publish_it(desk: Session) -> None:
    change = begun(desk, review_bpmn=one_task().xml())
    change_sets.put_file(desk, change.id, "opinion.form", form(), DESIGNER, NOW)  # holds both roles
    change_sets.submit(desk, change.id, AUTHOR, NOW)
    for stranger in (DESIGNER, AUTHOR, OFFICER):
        with pytest.raises(Forbidden):
            change_sets.review(desk, change.id, stranger, NOW)
    change_sets.review(desk, change.id, PUBLISHER, NOW)
    with pytest.raises(Forbidden, match="另一位"):
        releasing.publish(desk, change.id, DESIGNER, NOW)
    releasing.publish(desk, change.id, PUBLISHER, NOW)


def test_who_has_seen_an_older_revision_lets_nothing_through(desk: Session) -> None:
    change = begun(desk, review_bpmn=one_task().xml(), opinion_form=form())
    change_sets.submit(desk, change.id, AUTHOR, NOW)
    seen = change.revision
    change_sets.send_back(desk, change.id, "意见改必填", PUBLISHER, NOW)
    change_sets.put_file(desk, change.id, "opinion.form", form("opinion", "pass"), AUTHOR, NOW)
    change_sets.submit(desk, change.id, AUTHOR, NOW)
    with pytest.raises(Conflict) as moved:
        change_sets.review(desk, change.id, PUBLISHER, NOW, revision=seen)
    assert moved.value.code == "REVISION"
    change_sets.review(desk, change.id, PUBLISHER, NOW, revision=change.revision)


def test_a_faulty_set_is_refused_with_its_findings_and_stays_a_draft(desk: Session) -> None:
    faulty = one_task().job("act", LANE, "no_such_handler")
    faulty.links.clear()
    change = begun(desk, review_bpmn=faulty.flow("start", "decide", "act", "end").xml(), opinion_form=form())
    with pytest.raises(Invalid, match="no_such_handler") as refused:
        change_sets.submit(desk, change.id, AUTHOR, NOW)
    errors = [one for one in refused.value.extra["findings"] if one["severity"] == "error"]
    assert {(one["file"], one["element"], one["code"]) for one in errors} == {("review.bpmn", "act", "unknown-handler")}
    assert state(desk, change) == "draft"


def test_it_is_checked_again_when_it_is_reviewed_and_when_it_is_published(desk: Session) -> None:
    model = one_task().job("act", LANE, "record")
    model.links.clear()
    handlers.handler("record")(lambda context: None)
    change = begun(desk, review_bpmn=model.flow("start", "decide", "act", "end").xml(), opinion_form=form())
    change_sets.submit(desk, change.id, AUTHOR, NOW)
    kept = dict(handlers.HANDLERS)
    handlers.HANDLERS.clear()
    with pytest.raises(Invalid, match="record"):
        change_sets.review(desk, change.id, PUBLISHER, NOW)
    handlers.HANDLERS.update(kept)
    change_sets.review(desk, change.id, PUBLISHER, NOW)
    handlers.HANDLERS.clear()
    with pytest.raises(Invalid, match="record"):
        releasing.publish(desk, change.id, PUBLISHER, NOW)


def test_a_set_without_a_change_is_not_handed_on(desk: Session) -> None:
    first(desk)
    empty = begun(desk)
    same = begun(desk, opinion_form=form())
    for change in (empty, same):
        with pytest.raises(Invalid) as refused:
            change_sets.submit(desk, change.id, AUTHOR, NOW)
        assert refused.value.code == "EMPTY"


def test_two_designers_on_one_file_lose_nothing(desk: Session) -> None:
    first(desk)
    change = begun(desk)
    opened = change_sets.open_file(desk, change.id, "review.bpmn", AUTHOR, NOW)
    change_sets.keep_draft(desk, change.id, "review.bpmn", two_tasks().xml(), AUTHOR, NOW, over=opened.sha256)
    change_sets.keep_draft(desk, change.id, "review.bpmn", three_tasks().xml(), DESIGNER, NOW, over=opened.sha256)
    assert change_sets.open_file(desk, change.id, "review.bpmn", AUTHOR, NOW).data == two_tasks().xml()
    change_sets.save_draft(desk, change.id, "review.bpmn", DESIGNER, NOW)
    with pytest.raises(Conflict) as moved:
        change_sets.save_draft(desk, change.id, "review.bpmn", AUTHOR, NOW)
    assert (moved.value.code, moved.value.extra["by"]) == ("FILE_MOVED", DESIGNER.label)
    mine = change_sets.draft(desk, change.id, "review.bpmn", AUTHOR)
    assert mine is not None
    assert mine.content == two_tasks().xml()
    assert change_sets.files(desk, change.id) == {"review.bpmn": three_tasks().xml()}


def test_two_windows_of_one_person_do_not_overwrite_each_other(desk: Session) -> None:
    first(desk)
    change = begun(desk)
    opened = change_sets.open_file(desk, change.id, "review.bpmn", AUTHOR, NOW)
    change_sets.keep_draft(desk, change.id, "review.bpmn", two_tasks().xml(), AUTHOR, NOW, over=opened.sha256)
    with pytest.raises(Conflict) as moved:
        change_sets.keep_draft(desk, change.id, "review.bpmn", three_tasks().xml(), AUTHOR, NOW, over=opened.sha256)
    assert moved.value.code == "DRAFT_MOVED"


def test_what_a_colleague_published_meanwhile_is_not_undone_unseen(desk: Session) -> None:
    first(desk)
    mine = begun(desk, "加一步", review_bpmn=two_tasks().xml())
    published(desk, review_bpmn=three_tasks().xml())
    with pytest.raises(Invalid) as refused:
        change_sets.submit(desk, mine.id, AUTHOR, NOW)
    assert [one["code"] for one in refused.value.extra["findings"] if one["severity"] == "error"] == ["base-moved"]
    change_sets.take_newest(desk, mine.id, "review.bpmn", AUTHOR, NOW, keep_mine=True)
    change_sets.submit(desk, mine.id, AUTHOR, NOW)


def test_two_sets_reviewed_side_by_side_do_not_both_come_into_force(desk: Session) -> None:
    first(desk)
    one = passed(desk, begun(desk, review_bpmn=two_tasks().xml()))
    other = passed(desk, begun(desk, review_bpmn=three_tasks().xml()))
    releasing.publish(desk, one.id, PUBLISHER, NOW)
    with pytest.raises(Invalid) as refused:
        releasing.publish(desk, other.id, PUBLISHER, NOW)
    assert refused.value.extra["findings"][0]["code"] == "base-moved"
    assert definitions.xml(desk, definitions.current(desk, "review", NOW).version_id) == two_tasks().xml()


def test_two_people_publishing_one_set_at_once_publish_it_once(database: Database) -> None:
    with database.writing() as session:
        furnish(session)
        change = passed(session, begun(session, review_bpmn=one_task().xml(), opinion_form=form()))
    said: list[str] = []
    gate = threading.Barrier(2)

    def go(account: int) -> None:
        who = dataclasses.replace(PUBLISHER, account_id=account)
        with database.writing_session() as mine:
            gate.wait()
            try:
                releasing.publish(mine, change.id, who, NOW)
                database.commit(mine)
                said.append("done")
            except DomainError as error:
                said.append(error.code)

    people = [threading.Thread(target=go, args=(account,)) for account in (16, 26)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(said) == ["CHANGE_STATE", "done"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Publication)) == 1


def test_a_planned_set_comes_into_force_when_its_day_begins_without_a_restart(desk: Session) -> None:
    first(desk)
    change = published(desk, on=TOMORROW, review_bpmn=two_tasks().xml(), opinion_form=form("opinion", "pass"))
    begins = datetime.combine(TOMORROW, datetime.min.time(), clock.CHINA)
    before = begins - timedelta(seconds=1)
    assert (state(desk, change, before), number(desk, before)) == ("scheduled", 1)
    assert (state(desk, change, begins), number(desk, begins)) == ("published", 2)
    assert definitions.form(desk, "opinion", now=before) == form()
    assert definitions.form(desk, "opinion", now=begins) == form("opinion", "pass")
    running = start(desk, "case:1", before)
    later = start(desk, "case:2", begins)
    assert running.version_id != later.version_id
    assert instances.run(desk, running.id).version_id == running.version_id
    (case,) = [one for one in change_checks.running_cases(desk, "review", begins) if one.subject == "case:1"]
    assert (case.version_number, case.places) == (1, ("decide",))
    assert "第 1 版" in case.stays


def test_a_day_that_has_passed_is_refused_beside_its_field(desk: Session) -> None:
    change = passed(desk, begun(desk, review_bpmn=one_task().xml(), opinion_form=form()))
    with pytest.raises(Invalid) as refused:
        releasing.publish(desk, change.id, PUBLISHER, NOW, effective_on=TODAY - timedelta(days=1))
    assert "effective_on" in refused.value.fields


def test_what_is_planned_for_later_is_not_undermined_by_a_set_for_today(desk: Session) -> None:
    first(desk)
    published(desk, on=TOMORROW, opinion_form=form("opinion", "pass"))
    today = begun(desk, review_bpmn=two_tasks().xml())
    with pytest.raises(Invalid) as refused:
        change_sets.submit(desk, today.id, AUTHOR, NOW)
    assert "scheduled" in {one["code"] for one in refused.value.extra["findings"]}
    change_sets.describe(desk, today.id, title="明天起", reason="", effective_on=TOMORROW, actor=AUTHOR, now=NOW)
    passed(desk, today)
    releasing.publish(desk, today.id, PUBLISHER, NOW)
    version = definitions.current(desk, "review", NEXT_DAY)
    assert definitions.xml(desk, version.version_id) == two_tasks().xml()
    assert definitions.form(desk, "opinion", version.version_id, now=NEXT_DAY) == form("opinion", "pass")


def test_a_planned_set_is_withdrawn_before_its_day(desk: Session) -> None:
    first(desk)
    change = published(desk, on=TOMORROW, review_bpmn=two_tasks().xml())
    with pytest.raises(Invalid):
        releasing.revert(desk, change.id, " ", PUBLISHER, NOW)
    releasing.revert(desk, change.id, "再想想", PUBLISHER, NOW)
    assert (state(desk, change), number(desk, NEXT_DAY)) == ("withdrawn", 1)
    again = published(desk, review_bpmn=three_tasks().xml())
    assert (state(desk, again), number(desk, NEXT_DAY)) == ("published", 3)


def test_going_back_is_one_act_and_running_cases_stay(desk: Session) -> None:
    first(desk)
    change = published(desk, review_bpmn=two_tasks().xml(), opinion_form=form("opinion", "pass"))
    running = start(desk, "case:1")
    back = releasing.revert(desk, change.id, "园林审查暂缓", PUBLISHER, NOW)
    assert (number(desk), back.reverts_id, state(desk, back)) == (1, change.id, "published")
    line = change_sets.line(desk, change.id, NOW)
    assert (line.state, line.reverted_by) == ("superseded", back.id)
    assert library.content(desk, "opinion.form", NOW) == form()
    assert library.content(desk, "review.bpmn", NOW) == one_task().xml()
    assert instances.run(desk, running.id).version_id == running.version_id
    assert start(desk, "case:2").version_id != running.version_id
    with pytest.raises(Conflict):
        releasing.revert(desk, change.id, "再来", PUBLISHER, NOW)


def test_what_is_new_with_a_set_is_gone_when_it_is_taken_back(desk: Session) -> None:
    change = first(desk)
    releasing.revert(desk, change.id, "不用了", PUBLISHER, NOW)
    with pytest.raises(NotFound):
        definitions.current(desk, "review", NOW)
    assert library.files_in_force(desk, NOW) == []


def test_a_set_that_others_built_upon_goes_back_after_them(desk: Session) -> None:
    first(desk)
    lower = published(desk, opinion_form=form("opinion", "pass"))
    upper = published(desk, review_bpmn=two_tasks().xml())
    assert state(desk, lower) == "published"
    with pytest.raises(Conflict) as later:
        releasing.revert(desk, lower.id, "退", PUBLISHER, NOW)
    assert later.value.code == "LATER_CHANGE"
    releasing.revert(desk, upper.id, "退", PUBLISHER, NOW)
    releasing.revert(desk, lower.id, "退", PUBLISHER, NOW)
    assert number(desk) == 1


def test_an_earlier_version_that_cannot_run_any_more_does_not_come_back(desk: Session) -> None:
    model = one_task().job("act", LANE, "record")
    model.links.clear()
    handlers.handler("record")(lambda context: None)
    published(desk, review_bpmn=model.flow("start", "decide", "act", "end").xml(), opinion_form=form())
    change = published(desk, review_bpmn=one_task().xml())
    handlers.HANDLERS.clear()
    with pytest.raises(Invalid, match="record"):
        releasing.revert(desk, change.id, "退", PUBLISHER, NOW)
    with pytest.raises(Invalid, match="record"):
        releasing.revert_to(desk, "review", 1, "退", PUBLISHER, NOW)


def test_a_version_of_long_ago_comes_back_in_one_act(desk: Session) -> None:
    first(desk)
    published(desk, review_bpmn=two_tasks().xml())
    published(desk, review_bpmn=three_tasks().xml())
    releasing.revert_to(desk, "review", 1, "都不要", PUBLISHER, NOW)
    assert number(desk) == 1
    assert library.content(desk, "review.bpmn", NOW) == one_task().xml()
    with pytest.raises(Conflict, match="正在使用"):
        releasing.revert_to(desk, "review", 1, "再来", PUBLISHER, NOW)


def test_a_set_is_superseded_when_all_it_brought_was_replaced(desk: Session) -> None:
    change = first(desk)
    published(desk, review_bpmn=two_tasks().xml())
    assert state(desk, change) == "published"  # its form is in force
    published(desk, opinion_form=form("opinion", "pass"))
    assert state(desk, change) == "superseded"


def test_a_shared_form_gives_every_process_that_uses_it_a_version(desk: Session) -> None:
    published(desk, review_bpmn=one_task().xml(), other_bpmn=one_task("other").xml(), opinion_form=form())
    change = begun(desk, opinion_form=form("opinion", "pass"))
    looked = change_checks.check(desk, change.id, NOW)
    assert [(one.process_id, one.next_number, one.is_new) for one in looked.processes] == [
        ("other", 2, False),
        ("review", 2, False),
    ]
    passed(desk, change)
    releasing.publish(desk, change.id, PUBLISHER, NOW)
    assert (number(desk), number(desk, process_id="other")) == (2, 2)


def test_nothing_is_half_published_when_one_process_fails(desk: Session) -> None:
    first(desk)
    faulty = two_tasks("other").person("lost", "没有的科室")
    change = begun(desk, review_bpmn=two_tasks().xml(), other_bpmn=faulty.xml())
    with pytest.raises(Invalid):
        change_sets.submit(desk, change.id, AUTHOR, NOW)
    change.state = "reviewed"  # as if a unit had been closed since
    desk.flush()
    with pytest.raises(Invalid):
        releasing.publish(desk, change.id, PUBLISHER, NOW)
    desk.expire_all()
    assert number(desk) == 1
    assert desk.scalar(select(func.count()).select_from(Version)) == 1
    assert desk.scalars(select(LibraryFile).where(LibraryFile.change_set_id == change.id)).all() == []


def test_a_new_process_is_told_as_new_and_a_wrong_name_as_an_error(desk: Session) -> None:
    change = begun(desk, review_bpmn=one_task().xml(), opinion_form=form(), wrong_bpmn=one_task("third").xml())
    looked = change_checks.check(desk, change.id, NOW)
    assert ("review", True) in [(one.process_id, one.is_new) for one in looked.processes]
    assert ("wrong.bpmn", "process-id") in [(one.file, one.finding.code) for one in looked.errors]


def test_a_file_the_library_cannot_hold_is_refused_beside_its_field(desk: Session) -> None:
    change = begun(desk)
    for name, data in (("../x.form", form()), ("notes.txt", b"x"), ("a.form", b"")):
        with pytest.raises(Invalid) as refused:
            change_sets.put_file(desk, change.id, name, data, AUTHOR, NOW)
        assert "file" in refused.value.fields


def test_a_form_that_changed_its_id_leaves_no_second_form_behind(desk: Session) -> None:
    published(desk, opinion_form=form("opinion"))
    published(desk, opinion_form=form("judgement"))
    assert set(deployments.library(desk, NOW)) == {"judgement"}


def test_an_abandoned_set_can_be_neither_changed_nor_submitted(desk: Session) -> None:
    change = begun(desk, opinion_form=form())
    change_sets.abandon(desk, change.id, "不改了", AUTHOR, NOW)
    with pytest.raises(Conflict):
        change_sets.put_file(desk, change.id, "opinion.form", form(), AUTHOR, NOW)
    with pytest.raises(Conflict):
        change_sets.submit(desk, change.id, AUTHOR, NOW)
    assert [one.change.id for one in change_sets.lines(desk, NOW, states=("abandoned",))] == [change.id]


def test_a_version_names_its_author_as_the_change_set_does(desk: Session) -> None:
    change = published(desk, review_bpmn=one_task().xml(), opinion_form=form())
    made = desk.scalars(select(Version).order_by(Version.id.desc())).first()
    assert made is not None
    assert (made.created_by, made.created_by_id) == (AUTHOR.label, AUTHOR.account_id)
    assert change.created_by == AUTHOR.label
