"""A model comes into force by two people, after the checks; what runs keeps its version; one act goes back."""

from pathlib import Path

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

from server.accounts.actor import SYSTEM
from server.accounts.models import Organisation, Unit
from server.db import AppendOnlyViolation
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.processes import checking, definitions, handlers, instances, publishing, surroundings
from server.processes.handlers import JobContext
from server.processes.models import Blob, Publication, Version
from server.processes.seeding import seed_from_disk
from workflows.lint import errors
from workflows.paths import Rules

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


def save(session: Session, model: Model, note: str = "改一步", process_id: str = "review") -> Version:
    files = {"diagram.bpmn": model.xml(), "opinion.form": form()}
    return publishing.save_draft(session, process_id, files, note, DESIGNER, NOW)


def published(session: Session, model: Model) -> Version:
    version = save(session, model)
    publishing.submit(session, "review", version.number, DESIGNER, NOW)
    publishing.publish(session, "review", version.number, PUBLISHER, NOW)
    return version


def two_tasks() -> Model:
    model = one_task().person("second", WINDOW)
    model.links.clear()
    return model.flow("start", "decide", "second", "end")


def states(session: Session) -> dict[int, str]:
    return {line.version.number: line.state for line in definitions.versions(session, "review", NOW)}


def test_a_draft_comes_into_force_by_submitting_and_a_second_person(desk: Session) -> None:
    version = save(desk, one_task(), note="新流程")
    assert (version.number, version.name, version.created_by, version.note) == (1, "审查", DESIGNER.label, "新流程")
    assert states(desk) == {1: "draft"}
    with pytest.raises(NotFound, match="还没有发布"):
        definitions.current(desk, "review", NOW)
    publishing.submit(desk, "review", 1, DESIGNER, NOW)
    assert states(desk) == {1: "submitted"}
    act = publishing.publish(desk, "review", 1, PUBLISHER, NOW)
    assert (act.kind, act.published_by) == ("publish", PUBLISHER.label)
    assert states(desk) == {1: "current"}
    assert definitions.current(desk, "review", NOW).number == 1


def test_the_designer_cannot_publish_what_he_made_even_with_the_role(desk: Session) -> None:
    save(desk, one_task())
    publishing.submit(desk, "review", 1, DESIGNER, NOW)
    with pytest.raises(Forbidden, match="另一位"):
        publishing.publish(desk, "review", 1, DESIGNER, NOW)
    with pytest.raises(Forbidden):
        publishing.publish(desk, "review", 1, OFFICER, NOW)
    with pytest.raises(Forbidden):
        publishing.save_draft(desk, "review", {"a.bpmn": one_task().xml()}, "", PUBLISHER, NOW)


def test_a_draft_that_was_not_submitted_cannot_be_published(desk: Session) -> None:
    save(desk, one_task())
    with pytest.raises(Conflict, match="还没有送审"):
        publishing.publish(desk, "review", 1, PUBLISHER, NOW)


def test_the_same_closure_is_no_new_version_and_stored_once(desk: Session) -> None:
    first = save(desk, one_task())
    assert save(desk, one_task(), note="又存一次").id == first.id
    second = save(desk, two_tasks())
    assert (second.number, len(states(desk))) == (2, 2)
    assert desk.scalar(select(func.count()).select_from(Blob)) == 3  # two models, one form


def test_an_edit_takes_the_forms_of_the_version_in_force(desk: Session) -> None:
    published(desk, one_task())
    edited = publishing.save_draft(desk, "review", {"x.bpmn": two_tasks().xml()}, "", DESIGNER, NOW)
    assert set(edited.files) == {"review.bpmn", "opinion.form"}
    assert definitions.form(desk, "opinion", edited.id, now=NOW) == form()
    assert definitions.xml(desk, edited.id) == two_tasks().xml()


def test_going_back_is_one_act_and_starts_the_earlier_version_again(desk: Session) -> None:
    published(desk, one_task())
    published(desk, two_tasks())
    running = start(desk, "case:1")
    with pytest.raises(Invalid, match="原因"):
        publishing.revert_to(desk, "review", 1, " ", PUBLISHER, NOW)
    act = publishing.revert_to(desk, "review", 1, "园林审查暂缓", PUBLISHER, NOW)
    assert (act.kind, act.reason) == ("revert", "园林审查暂缓")
    assert states(desk) == {2: "published", 1: "current"}
    assert start(desk, "case:2").version_id != running.version_id
    assert instances.run(desk, running.id).version_id == running.version_id
    assert [p.kind for p in desk.scalars(select(Publication).order_by(Publication.id))] == [
        "publish",
        "publish",
        "revert",
    ]
    with pytest.raises(Conflict, match="正在使用"):
        publishing.revert_to(desk, "review", 1, "再来", PUBLISHER, NOW)
    with pytest.raises(Conflict, match="恢复到这一版"):
        publishing.publish(desk, "review", 2, PUBLISHER, NOW)


def start(session: Session, subject: str) -> instances.Run:
    return instances.start(
        session, "review", area="approval", subject=subject, variables={}, actor=CLERK, now=NOW, district=CITY
    )


def test_a_publication_is_never_changed(desk: Session) -> None:
    published(desk, one_task())
    act = desk.scalars(select(Publication)).one()
    act.reason = "改写历史"
    with pytest.raises(AppendOnlyViolation):
        desk.flush()


def test_a_faulty_model_is_kept_as_a_draft_but_refused_with_the_element_and_the_cure(desk: Session) -> None:
    faulty = one_task().job("act", LANE, "no_such_handler")
    faulty.links.clear()
    version = save(desk, faulty.flow("start", "decide", "act", "end"))
    with pytest.raises(Invalid, match="no_such_handler") as refused:
        publishing.submit(desk, "review", version.number, DESIGNER, NOW)
    (finding,) = [one for one in refused.value.extra["findings"] if one["severity"] == "error"]
    assert (finding["element"], finding["code"]) == ("act", "unknown-handler")
    assert finding["cure"]
    assert states(desk) == {version.number: "draft"}


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
    files = {"x.bpmn": one_task().xml(), "opinion.form": faulty}
    shown, *_ = [one for one in errors(publishing.lint_draft(desk, "review", files, NOW)) if one.code == code]
    assert (shown.element, "表单“opinion”" in shown.message, said in shown.message) == ("decide", True, True)
    version = publishing.save_draft(desk, "review", files, "", DESIGNER, NOW)
    with pytest.raises(Invalid, match=said) as refused:
        publishing.submit(desk, "review", version.number, DESIGNER, NOW)
    assert code in {one["code"] for one in refused.value.extra["findings"]}


def test_what_the_engine_refuses_is_a_finding_too(desk: Session) -> None:
    model = one_task().add("scriptTask", "script", lane=LANE)
    model.links.clear()
    model.flow("start", "decide", "script", "end")
    found = publishing.lint_draft(desk, "review", {"x.bpmn": model.xml(), "opinion.form": form()}, NOW)
    assert "script" in {one.element for one in errors(found)}
    assert save(desk, model).number == 1


def test_a_model_is_checked_again_on_the_day_it_is_published(desk: Session) -> None:
    model = one_task().job("act", LANE, "record")
    model.links.clear()
    handlers.handler("record")(lambda context: None)
    save(desk, model.flow("start", "decide", "act", "end"))
    publishing.submit(desk, "review", 1, DESIGNER, NOW)
    handlers.HANDLERS.clear()
    with pytest.raises(Invalid, match="record"):
        publishing.publish(desk, "review", 1, PUBLISHER, NOW)


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
    save(desk, model.flow("start", "receive", "decide", "finish", "end"))
    with pytest.raises(Invalid) as refused:
        publishing.submit(desk, "review", 1, DESIGNER, NOW)
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
def test_an_upload_that_is_no_model_of_this_process_is_refused(desk: Session, data: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        publishing.save_draft(desk, "review", {"x.bpmn": data}, "", DESIGNER, NOW)
    assert "file" in refused.value.fields
    assert errors(publishing.lint_draft(desk, "review", {"x.bpmn": data}, NOW))


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
    publishing.revert_to(desk, "review", 1, "先恢复", PUBLISHER, NOW)
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


def test_the_list_of_processes_tells_what_is_in_force(desk: Session) -> None:
    published(desk, one_task())
    save(desk, two_tasks())
    save(desk, one_task("other"), process_id="other")
    assert [
        (found.number if found else None, key, count) for found, key, count in definitions.processes(desk, NOW)
    ] == [
        (None, "other", 1),
        (1, "review", 2),
    ]
