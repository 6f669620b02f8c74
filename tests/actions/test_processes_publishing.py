"""Versions of models: what is one and what is none, what the check finds, and the ones that come with the program."""

import dataclasses
from pathlib import Path

import pytest
from builders_processes import (
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

from server.accounts.actor import SYSTEM
from server.accounts.models import Organisation, Unit
from server.db import AppendOnlyViolation
from server.errors import Invalid
from server.processes import (
    change_checks,
    change_sets,
    checking,
    definitions,
    handlers,
    library,
    releasing,
    surroundings,
)
from server.processes.handlers import JobContext
from server.processes.models import Blob, ChangeSet, Publication
from server.processes.seeding import seed_from_disk
from workflows.lint import errors
from workflows.paths import Rules

AUTHOR = dataclasses.replace(DESIGNER, account_id=25, roles=frozenset({"process_designer"}))
LANE, WINDOW = OFFICER.unit or "", CLERK.unit or ""


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, empty in (("HANDLERS", {}), ("PROCEDURES", {}), ("TRANSITIONS", set())):
        for module in (handlers, surroundings, checking):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, empty)


@pytest.fixture
def desk(session: Session) -> Session:
    """A session of a database in which the units of the lanes exist."""
    organisation = Organisation(name="科尔沁区住建局", kind="department", district=DISTRICT)
    session.add(organisation)
    session.flush()
    for name in (LANE, WINDOW):
        session.add(Unit(name=name, organisation_id=organisation.id, district=DISTRICT))
    session.flush()
    return session


def begun(session: Session, **files: bytes) -> ChangeSet:
    """A change set with these files: review_bpmn=… is review.bpmn."""
    change = change_sets.begin(session, "改一步", "", AUTHOR, NOW)
    for name, data in files.items():
        change_sets.put_file(session, change.id, name.replace("_", ".", 1), data, AUTHOR, NOW)
    return change


def put_in_force(session: Session, change: ChangeSet) -> None:
    change_sets.submit(session, change.id, AUTHOR, NOW)
    change_sets.review(session, change.id, PUBLISHER, NOW)
    releasing.publish(session, change.id, PUBLISHER, NOW)


def published(session: Session, model: Model) -> ChangeSet:
    change = begun(session, review_bpmn=model.xml(), opinion_form=form())
    put_in_force(session, change)
    return change


def two_tasks() -> Model:
    model = one_task().person("second", WINDOW)
    model.links.clear()
    return model.flow("start", "decide", "second", "end")


def states(session: Session) -> dict[int, str]:
    return {line.version.number: line.state for line in definitions.versions(session, "review", NOW)}


def test_the_same_closure_is_no_new_version_and_stored_once(desk: Session) -> None:
    published(desk, one_task())
    published(desk, two_tasks())
    put_in_force(desk, begun(desk, review_bpmn=one_task().xml()))
    assert states(desk) == {2: "published", 1: "current"}
    assert desk.scalar(select(func.count()).select_from(Blob)) == 3  # two models, one form


def test_an_edit_takes_the_forms_of_the_version_in_force(desk: Session) -> None:
    published(desk, one_task())
    put_in_force(desk, begun(desk, review_bpmn=two_tasks().xml()))
    edited = definitions.version(desk, "review", 2)
    assert set(edited.files) == {"review.bpmn", "opinion.form"}
    assert definitions.form(desk, "opinion", edited.id, now=NOW) == form()
    assert definitions.xml(desk, edited.id) == two_tasks().xml()


def test_a_publication_is_never_changed(desk: Session) -> None:
    published(desk, one_task())
    act = desk.scalars(select(Publication)).one()
    act.reason = "改写历史"
    with pytest.raises(AppendOnlyViolation):
        desk.flush()


@pytest.mark.parametrize(
    ("faulty", "code", "said"),
    [
        (form("opinion").replace(b'"textarea"', b'"html"'), "field-type", "“html”不能用"),
        (form("opinion").replace(b'"key": "opinion"', b'"key": "outcome"'), "field-double", "用了两次"),
        (b'{"id": "opinion", "components": 7}', "form-unreadable", "打不开"),
    ],
)
def test_a_faulty_form_keeps_a_model_from_publishing_and_marks_its_task(
    desk: Session, faulty: bytes, code: str, said: str
) -> None:
    change = begun(desk, review_bpmn=one_task().xml(), opinion_form=faulty)
    shown, *_ = [one.finding for one in change_checks.check(desk, change.id, NOW).errors if one.finding.code == code]
    assert (shown.element, "表单“opinion”" in shown.message, said in shown.message) == ("decide", True, True)
    with pytest.raises(Invalid, match=said) as refused:
        change_sets.submit(desk, change.id, AUTHOR, NOW)
    assert code in {one["code"] for one in refused.value.extra["findings"]}


def test_what_the_engine_refuses_is_a_finding_too(desk: Session) -> None:
    model = one_task().add("scriptTask", "script", lane=LANE)
    model.links.clear()
    model.flow("start", "decide", "script", "end")
    change = begun(desk, review_bpmn=model.xml(), opinion_form=form())
    assert "script" in {one.finding.element for one in change_checks.check(desk, change.id, NOW).errors}
    live = change_checks.check_edit(desk, change.id, "review.bpmn", model.xml(), NOW)
    assert "script" in {one.element for one in live.findings}


def test_a_model_with_an_unlawful_path_is_refused_and_the_path_named(desk: Session) -> None:
    @handlers.handler("record", headers=("transition",), acts=True)
    def record(context: JobContext) -> None:
        return None

    handlers.transitions("received", "completed")
    table = {"received": frozenset({"admitted"}), "admitted": frozenset({"completed"})}
    rules = Rules(initial="received", table=table, terminal=frozenset({"completed"}))
    handlers.procedure("review", "approval", rules=rules)
    model = one_task()
    model.job("receive", LANE, "record", {"transition": "received"})
    model.job("finish", LANE, "record", {"transition": "completed"})
    model.links.clear()
    flowing = model.flow("start", "receive", "decide", "finish", "end")
    change = begun(desk, review_bpmn=flowing.xml(), opinion_form=form())
    with pytest.raises(Invalid) as refused:
        change_sets.submit(desk, change.id, AUTHOR, NOW)
    (finding,) = [one for one in refused.value.extra["findings"] if one["element"] == "finish"]
    assert "receive" in finding["path"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"not xml", "XML"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "DOCTYPE"),
        (one_task("other").xml(), "流程编号"),
    ],
)
def test_a_file_that_is_no_model_of_its_process_is_refused(desk: Session, data: bytes, said: str) -> None:
    change = begun(desk, review_bpmn=data, opinion_form=form())
    with pytest.raises(Invalid, match=said):
        change_sets.submit(desk, change.id, AUTHOR, NOW)
    assert errors(change_checks.check_edit(desk, change.id, "review.bpmn", data, NOW).findings)


@pytest.fixture
def disk(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "bpmn", tmp_path / "forms"
    for folder in folders:
        folder.mkdir()
    (folders[0] / "review.bpmn").write_bytes(one_task().xml())
    (folders[1] / "opinion.form").write_bytes(form())
    (folders[1] / "application.form").write_bytes(form("application"))
    (folders[1] / "notes.yaml").write_text("- not a form")
    return folders


def test_models_on_disk_are_published_at_the_start_and_only_when_they_change(
    desk: Session, disk: tuple[Path, Path]
) -> None:
    assert seed_from_disk(desk, *disk, SYSTEM, NOW) == ["review v1"]
    assert seed_from_disk(desk, *disk, SYSTEM, NOW) == []
    assert definitions.form(desk, "application", now=NOW) == form("application")
    (disk[0] / "review.bpmn").write_bytes(two_tasks().xml())
    assert seed_from_disk(desk, *disk, SYSTEM, NOW) == ["review v2"]
    (disk[1] / "opinion.form").write_bytes(form("opinion", "pass", "fail", "later"))
    assert seed_from_disk(desk, *disk, SYSTEM, NOW) == ["review v3"]
    assert definitions.current(desk, "review", NOW).number == 3


def test_what_a_person_published_stays_in_force_whatever_lies_on_disk(desk: Session, disk: tuple[Path, Path]) -> None:
    seed_from_disk(desk, *disk, SYSTEM, NOW)
    published(desk, two_tasks())
    (disk[0] / "review.bpmn").write_bytes(one_task().person("third", LANE).flow("end", "third").xml())
    assert seed_from_disk(desk, *disk, SYSTEM, NOW) == []
    releasing.revert_to(desk, "review", 1, "先恢复", PUBLISHER, NOW)
    assert seed_from_disk(desk, *disk, SYSTEM, NOW) == []
    assert definitions.current(desk, "review", NOW).number == 1


def test_a_faulty_model_on_disk_stops_the_start_and_says_why(desk: Session, disk: tuple[Path, Path]) -> None:
    (disk[0] / "review.bpmn").write_bytes(one_task().person("lost", "没有的科室").xml())
    with pytest.raises(Invalid, match="review"):
        seed_from_disk(desk, *disk, SYSTEM, NOW)


def test_a_faulty_form_on_disk_stops_the_start_even_if_no_model_uses_it(desk: Session, disk: tuple[Path, Path]) -> None:
    (disk[1] / "application.form").write_bytes(form("application").replace(b'"textarea"', b'"html"'))
    with pytest.raises(Invalid, match=r"application.*html"):
        seed_from_disk(desk, *disk, SYSTEM, NOW)


def test_a_form_a_person_changed_keeps_its_model_from_moving_on_with_the_disk(
    desk: Session, disk: tuple[Path, Path]
) -> None:
    seed_from_disk(desk, *disk, SYSTEM, NOW)
    put_in_force(desk, begun(desk, opinion_form=form("opinion", "pass")))
    (disk[0] / "review.bpmn").write_bytes(two_tasks().xml())
    (disk[1] / "opinion.form").write_bytes(form("opinion", "pass", "fail", "later"))
    assert seed_from_disk(desk, *disk, SYSTEM, NOW) == []
    assert library.content(desk, "review.bpmn", NOW) == one_task().xml()
    assert library.content(desk, "opinion.form", NOW) == form("opinion", "pass")


def test_the_list_of_processes_tells_what_is_in_force(desk: Session) -> None:
    published(desk, one_task())
    put_in_force(desk, begun(desk, review_bpmn=two_tasks().xml(), other_bpmn=one_task("other").xml()))
    assert [(one.number if one else None, key, count) for one, key, count in definitions.processes(desk, NOW)] == [
        (1, "other", 1),
        (2, "review", 2),
    ]
