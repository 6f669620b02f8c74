"""Walking a process by hand: every role, the real forms, nothing real behind; taken back, started over, kept as a test."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders_changes import begin_change, files_in, put_file, type_draft
from builders_processes import COLLEAGUE, DESIGNER, NOW, OFFICER, PUBLISHER, Model, form, publish
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import workflows
from server import areas, jobs
from server.accounts import actions as accounts
from server.accounts.actor import SYSTEM
from server.documents import numbering, papers
from server.errors import Conflict, Invalid, NotFound
from server.processes import (
    definitions,
    deployments,
    handlers,
    publishing,
    running,
    seeding,
    walk_course,
    walks,
    work_items,
)
from server.processes.walk_models import Walk, WalkFile
from server.processes.walks import Walking
from server.schema import metadata
from workflows import cases, trials
from workflows.outline import read

ROOT = Path(__file__).parents[2]
LANE, WINDOW = OFFICER.unit or "", "政务大厅·综合窗口"
LOADED = areas
PERMIT: dict[str, Any] = {"case_id": "'12'", "matter": "C05", "phase": "P3", "civil_defence": "true", "special_fire": "true"} | {
    "supervision_required": "true",
    "p1_requires_planning_permit": "true",
}


def put_permit_in_force(session: Session) -> None:
    """The shipped construction permit, its forms and its model tests, past the checks."""
    names = [*(ROOT / "bpmn").iterdir(), *(ROOT / "forms").glob("*.form")]
    files = {path.name: path.read_bytes() for path in names if path.suffix in (".bpmn", ".dmn", ".form", ".yaml")}
    deployments.add_to_library(session, files, NOW)
    closure, deployment = definitions.closure(session, "construction-permit", files, None, NOW)
    version = definitions.add_version(
        session, "construction-permit", closure, name=deployment.name, origin="disk", note="", by="", by_id=DESIGNER.account_id, now=NOW
    )
    publishing.put_in_force(session, version, "publish", "", PUBLISHER, NOW)


def begun(session: Session, process_id: str = "review", *, by_hand: bool = False, **given: str) -> Walking:
    walk = walks.begin(session, process_id, None, given, None, DESIGNER, NOW, by_hand=by_hand)
    return walks.walking(session, walk.id, DESIGNER)


def permit(session: Session) -> Walking:
    put_permit_in_force(session)
    return begun(session, "construction-permit", **PERMIT)


def done(session: Session, found: Walking, element: str, place: int = 1, **answers: object) -> Walking:
    return walks.do_task(session, found.walk.id, element, place, answers, found.seen, DESIGNER)


def open_tasks(found: Walking) -> list[str]:
    return [one.element for one in found.standing.tasks]


def rows_of_all_tables(session: Session) -> dict[str, int]:
    session.flush()
    counted = {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables
    }
    return {name: count for name, count in counted.items() if not name.startswith("pro_walk")}


@pytest.fixture
def trapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything a walk must never reach raises when it is touched."""

    def trap(name: str) -> Callable[..., Any]:
        def touched(*_: object, **__: object) -> Any:
            raise AssertionError(f"the sandbox reached {name}")

        return touched

    for name, one in list(handlers.HANDLERS.items()):
        monkeypatch.setitem(handlers.HANDLERS, name, dataclasses.replace(one, run=trap(f"handler {name}")))
    for name in list(handlers.THROWN):
        monkeypatch.setitem(handlers.THROWN, name, trap(f"thrown {name}"))  # type: ignore[arg-type]
    for module in (numbering, papers):
        for name, value in list(vars(module).items()):
            own = callable(value) and getattr(value, "__module__", "") == module.__name__
            if own and not name.startswith("_") and not isinstance(value, type):
                monkeypatch.setattr(module, name, trap(f"{module.__name__}.{name}"))
    for module, name in ((running, "run_on"), (running, "perform"), (jobs, "enqueue"), (jobs, "post")):
        monkeypatch.setattr(module, name, trap(f"{module.__name__}.{name}"))


def test_a_walk_reaches_no_handler_no_number_no_paper_and_no_other_table(session: Session, trapped: None) -> None:
    put_permit_in_force(session)
    before = rows_of_all_tables(session)
    found = begun(session, "construction-permit", **PERMIT)
    found = done(session, found, "task_intake", outcome="admit", opinion="齐全")
    found = done(session, found, "task_quality", outcome="pass", opinion="可以")
    found = done(session, found, "task_fire", outcome="pass", opinion="可以")
    found = done(session, found, "task_decide", outcome="grant", opinion="准予")
    (issue,) = found.standing.jobs
    assert dict(issue.suggested) == {"permit_number": ""}
    found = walks.do_job(session, found.walk.id, issue.element, 1, {"permit_number": "演练"}, None, found.seen, DESIGNER)
    while found.standing.tasks:
        found = done(session, found, found.standing.tasks[0].element, outcome="delivered", **DELIVERY)
    assert found.standing.completed
    assert found.standing.ends == ("end_granted",)
    assert found.standing.acts == ("received", "admitted", "in_review", "completed")
    assert rows_of_all_tables(session) == before


DELIVERY: dict[str, Any] = {"way": "window", "delivered_on": "2026-03-02", "receiver": "孙经办"}


def test_a_task_waits_in_its_lane_and_asks_its_real_form(session: Session) -> None:
    found = permit(session)
    (task,) = found.standing.tasks
    assert (task.element, task.lane, task.form_id) == ("task_intake", WINDOW, "permit-intake")
    assert {"key", "reason"} <= set(task.variables["conditions"][0])
    with pytest.raises(Invalid) as refused:
        done(session, found, "task_intake", outcome="")
    assert "outcome" in refused.value.fields
    assert walks.walking(session, found.walk.id, DESIGNER).seen == found.seen


def test_acts_are_listed_in_words_and_lawful_ones_are_not_marked(session: Session) -> None:
    found = permit(session)
    recorded = [(one.act, one.forbidden, one.auto) for one in found.standing.entries if one.act]
    assert recorded == [("接件", None, True)]


def test_what_the_state_table_forbids_is_shown_and_says_why(session: Session) -> None:
    model = Model("construction-permit").start(LANE)
    model.job("one", LANE, "record", {"transition": "received"}).job("two", LANE, "record", {"transition": "completed"})
    publish(session, model.end(LANE).flow("start", "one", "two", "end"))
    found = begun(session, "construction-permit")
    first, second = [one for one in found.standing.entries if one.act]
    assert first.forbidden is None
    assert second.forbidden is not None
    assert "办件在“接件”，不能记录“办结通过”" in second.forbidden
    assert "办件状态表" in second.forbidden


def test_an_end_without_a_final_state_is_marked(session: Session) -> None:
    model = Model("construction-permit").start(LANE).job("one", LANE, "record", {"transition": "received"})
    publish(session, model.end(LANE).flow("start", "one", "end"))
    found = begun(session, "construction-permit")
    assert found.standing.completed
    assert found.standing.entries[-1].forbidden == "结束时还在“接件”，没有办结"


def test_the_last_step_is_taken_back_with_all_that_followed(session: Session) -> None:
    found = permit(session)
    before = found.standing
    found = done(session, found, "task_intake", outcome="admit", opinion="齐全")
    assert open_tasks(found) == ["task_quality", "task_fire"]
    found = walks.undo(session, found.walk.id, found.seen, DESIGNER)
    assert open_tasks(found) == ["task_intake"]
    assert found.standing.entries == before.entries
    with pytest.raises(Conflict, match="已经在开头"):
        walks.undo(session, found.walk.id, found.seen, DESIGNER)


def test_it_starts_over_with_the_same_variables_and_may_ask_for_every_job(session: Session) -> None:
    found = permit(session)
    found = done(session, found, "task_intake", outcome="admit", opinion="齐全")
    found = walks.restart(session, found.walk.id, found.seen, DESIGNER, by_hand=True)
    assert found.seen == 0
    assert [one.act for one in found.standing.jobs] == ["接件"]
    found = walks.do_job(session, found.walk.id, "act_received", 1, {}, None, found.seen, DESIGNER)
    assert open_tasks(found) == ["task_intake"]


def test_two_windows_do_not_walk_over_one_another(session: Session) -> None:
    found = permit(session)
    done(session, found, "task_intake", outcome="admit", opinion="齐全")
    with pytest.raises(Conflict, match="另一个窗口"):
        done(session, found, "task_intake", outcome="admit", opinion="齐全")


def test_messages_arrive_and_time_goes_on(session: Session) -> None:
    model = Model().start(LANE).catch("wait", LANE, "paid").timer("rest", LANE, "P3D").person("decide", LANE).end(LANE)
    publish(session, model.flow("start", "wait", "rest", "decide", "end"))
    found = begun(session, case_id="A-1")
    (message,) = found.standing.messages
    assert (message.message, message.key) == ("paid", "A-1")
    with pytest.raises(Conflict, match="没有人等消息"):
        walks.tell(session, found.walk.id, "other", None, {}, found.seen, DESIGNER)
    found = walks.tell(session, found.walk.id, "paid", "A-1", {"sum": "3"}, found.seen, DESIGNER)
    assert found.standing.variables["sum"] == 3
    found = walks.wake_days(session, found.walk.id, 2, found.seen, DESIGNER)
    assert found.standing.tasks == ()
    (timer,) = found.standing.timers
    found = walks.wake(session, found.walk.id, timer.due.isoformat(), found.seen, DESIGNER)
    assert open_tasks(found) == ["decide"]
    with pytest.raises(Conflict, match="倒退"):
        walks.wake(session, found.walk.id, NOW.isoformat(), found.seen, DESIGNER)


def test_a_job_that_may_fail_asks_and_its_error_takes_its_way(session: Session) -> None:
    model = Model().start(LANE).job("book", LANE, "anything").boundary("held", "book", LANE, "HOLD")
    model.person("decide", LANE).end(LANE)
    publish(session, model.flow("start", "book", "end").flow("held", "decide", "end"))
    found = begun(session)
    (job,) = found.standing.jobs
    assert job.errors == ("HOLD",)
    found = walks.do_job(session, found.walk.id, "book", 1, {}, "HOLD", found.seen, DESIGNER)
    assert open_tasks(found) == ["decide"]


def test_a_place_where_it_cannot_go_on_is_where_it_stands_until_the_step_is_taken_back(session: Session) -> None:
    model = Model().start(LANE).person("decide", LANE).gateway("gate", LANE, "gate_end").end(LANE)
    model.flow("start", "decide", "gate", "?=missing > 1", "decide").flow("gate", "end")
    publish(session, model)
    found = done(session, begun(session), "decide", outcome="pass")
    assert found.standing.stopped is not None
    assert "gate" in found.standing.stopped
    assert found.standing.bad == ("gate",)
    with pytest.raises(Invalid, match="走不下去"):
        walks.keep(session, found.walk.id, "坏的", 1, found.seen, DESIGNER, NOW)
    found = walks.undo(session, found.walk.id, found.seen, DESIGNER)
    assert found.standing.stopped is None


def test_only_what_real_cases_take_along_goes_into_the_process(session: Session) -> None:
    publish(session, Model().start(LANE).person("a", LANE).person("b", LANE).end(LANE).flow("start", "a", "b", "end"))
    found = done(session, begun(session), "a", outcome="pass", opinion="一段长长的话")
    assert found.standing.variables == {"outcome": "pass"}


def test_nobody_sees_anothers_walk(session: Session) -> None:
    found = permit(session)
    with pytest.raises(NotFound):
        walks.walking(session, found.walk.id, COLLEAGUE)


def test_a_model_the_engine_refuses_is_not_walked(session: Session) -> None:
    model = Model().start(LANE).person("decide", LANE).end(LANE).flow("start", "decide", "end")
    publish(session, model)
    change = begin_change(session, DESIGNER, NOW, "改")
    broken = model.xml().replace(b'targetRef="end"', b'targetRef="nowhere"')
    put_file(session, change.id, "review.bpmn", broken, DESIGNER, NOW)
    with pytest.raises(Invalid, match="还不能运行"):
        walks.begin(session, "review", change.id, {}, None, DESIGNER, NOW)


def test_a_change_sets_files_are_walked_and_ones_own_drafts_over_them(session: Session) -> None:
    publish(session, Model().start(LANE).person("old", LANE).end(LANE).flow("start", "old", "end"))
    change = begin_change(session, DESIGNER, NOW, "改")
    saved = Model().start(LANE).person("saved", LANE).end(LANE).flow("start", "saved", "end").xml()
    typed = Model().start(LANE).person("typed", LANE).end(LANE).flow("start", "typed", "end").xml()
    put_file(session, change.id, "review.bpmn", saved, DESIGNER, NOW)
    type_draft(session, change.id, "review.bpmn", typed, DESIGNER, NOW)

    def first(change_id: int | None, actor: object) -> str:
        walk = walks.begin(session, "review", change_id, {}, None, actor, NOW)  # type: ignore[arg-type]
        return walks.walking(session, walk.id, actor).standing.tasks[0].element  # type: ignore[arg-type]

    assert first(None, DESIGNER) == "old"
    assert first(change.id, PUBLISHER) == "saved"
    assert first(change.id, DESIGNER) == "typed"


def test_what_is_edited_later_does_not_move_a_walk_that_began_before(session: Session) -> None:
    publish(session, Model().start(LANE).person("old", LANE).end(LANE).flow("start", "old", "end"))
    change = begin_change(session, DESIGNER, NOW, "改")
    walk = walks.begin(session, "review", change.id, {}, None, DESIGNER, NOW)
    later = Model().start(LANE).person("new", LANE).end(LANE).flow("start", "new", "end").xml()
    type_draft(session, change.id, "review.bpmn", later, DESIGNER, NOW)
    assert open_tasks(walks.walking(session, walk.id, DESIGNER)) == ["old"]


def test_a_walk_is_kept_as_a_model_test_that_passes(session: Session) -> None:
    found = permit(session)
    change = begin_change(session, DESIGNER, NOW, "加用例")
    items = [{"kind": "缺材料", "subject": "图纸", "request": "请补图纸"}]
    found = done(session, found, "task_intake", outcome="correct", opinion="缺件", items=items)
    (message,) = found.standing.messages
    assert found.standing.here == ("task_correct",)  # not at the event beside it
    found = walks.tell(session, found.walk.id, message.message, message.key, {}, found.seen, DESIGNER)
    assert found.standing.ends == ("end_pulled",)
    case = walks.keep(session, found.walk.id, "补正期满", change.id, found.seen, DESIGNER, NOW)
    data = files_in(session, change.id)["construction-permit.tests.yaml"]
    assert data.startswith((ROOT / "bpmn" / "construction-permit.tests.yaml").read_bytes().rstrip(b"\n"))
    assert cases.read(data).cases[-1] == case
    assert case.expect.acts == ("received", "correction_started", "pulled")
    files = {path.name: path.read_bytes() for path in (ROOT / "bpmn").iterdir()}
    report = trials.run(workflows.deploy(files, "construction-permit"), data)
    assert report.passed
    assert [one.name for one in report.results][-1] == "补正期满"
    with pytest.raises(Invalid, match="没有存成"):
        walks.keep(session, found.walk.id, "补正期满", change.id, found.seen, DESIGNER, NOW)


def test_a_walk_may_be_kept_where_it_stands(session: Session) -> None:
    publish(session, Model().start(LANE).person("a", LANE).person("b", LANE).end(LANE).flow("start", "a", "b", "end"))
    change = begin_change(session, DESIGNER, NOW, "加用例")
    found = done(session, begun(session), "a", outcome="pass")
    case = walks.keep(session, found.walk.id, " 停在  b ", change.id, found.seen, DESIGNER, NOW)
    assert (case.name, case.expect.open) == ("停在 b", ("b",))
    for name in ("", "长" * 101):
        with pytest.raises(Invalid, match="没有名字"):
            walks.keep(session, found.walk.id, name, change.id, found.seen, DESIGNER, NOW)


def test_a_job_answered_by_hand_is_kept_with_its_answer(session: Session) -> None:
    model = Model().start(LANE).job("ask", LANE, "anything").gateway("gate", LANE, "gate_end").person("b", LANE).end(LANE)
    model.flow("start", "ask", "gate", "?=hold", "b", "end").flow("gate", "end")
    publish(session, model)
    change = begin_change(session, DESIGNER, NOW, "加用例")
    found = begun(session, by_hand=True)
    found = walks.do_job(session, found.walk.id, "ask", 1, {"hold": "true"}, None, found.seen, DESIGNER)
    found = done(session, found, "b", outcome="pass")
    case = walks.keep(session, found.walk.id, "挂起", change.id, found.seen, DESIGNER, NOW)
    assert case.steps[0] == cases.Done("ask", {"hold": True})


def test_values_are_typed_as_one_writes_them(session: Session) -> None:
    given = {"n": "12", "s": "'12'", "yes": "true", "no": "否", "word": "P3", "empty": " ", "list": "[1, 二]"}
    assert walk_course.parsed(given) == {"n": 12, "s": "12", "yes": True, "no": False, "word": "P3", "list": [1, "二"]}
    with pytest.raises(Invalid) as refused:
        walk_course.parsed({"bad": "[1, "})
    assert list(refused.value.fields) == ["bad"]


def test_the_oldest_walks_of_a_person_are_forgotten(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "KEPT", 2)
    publish(session, Model().start(LANE).person("a", LANE).end(LANE).flow("start", "a", "end"))
    kept = [walks.begin(session, "review", None, {}, None, DESIGNER, NOW).id for _ in range(4)]
    assert [one.id for one in walks.mine(session, DESIGNER)] == kept[:1:-1]
    assert set(session.scalars(select(WalkFile.walk_id))) == set(kept[2:])
    assert session.scalar(select(func.count()).select_from(Walk)) == 2


def test_a_form_that_is_missing_does_not_stop_a_walk(session: Session) -> None:
    publish(session, Model().start(LANE).person("a", LANE).end(LANE).flow("start", "a", "end"))
    change = begin_change(session, DESIGNER, NOW, "改")
    other = Model().start(LANE).person("a", LANE, form="absent").end(LANE).flow("start", "a", "end").xml()
    put_file(session, change.id, "review.bpmn", other, DESIGNER, NOW)
    walk = walks.begin(session, "review", change.id, {}, None, DESIGNER, NOW)
    found = walks.walking(session, walk.id, DESIGNER)
    assert (found.standing.tasks[0].form_id, found.standing.tasks[0].form) == ("absent", None)
    assert done(session, found, "a", outcome="pass").standing.completed


def test_the_shipped_cases_come_into_the_library_with_the_models(session: Session) -> None:
    units = [path.read_bytes() for path in (ROOT / "bpmn").glob("*.bpmn")]
    lanes = {node.lane for data in units for node in read(data).nodes.values() if node.lane}
    place = accounts.create_organisation(session, "各局", "department", "150500")
    for lane in sorted(lanes - {work_items.OWNER_LANE}):
        accounts.create_unit(session, lane, place)
    seeding.seed_from_disk(session, ROOT / "bpmn", ROOT / "forms", SYSTEM, NOW)
    kept = {name for name in deployments.library(session, NOW) if name.endswith(cases.SUFFIX)}
    assert kept == {path.name for path in (ROOT / "bpmn").glob(f"*{cases.SUFFIX}")}
    found = begun(session, "construction-permit", **PERMIT)
    assert found.standing.never == ()


def test_what_only_a_page_can_fill_is_not_asked_in_the_sandbox(session: Session) -> None:
    plain = json.loads(form())
    plain["components"].append(
        {"type": "number", "key": "file_id", "label": "文件", "id": "f3", "validate": {"required": True}}
        | {"properties": {"filled_by": "page"}}
    )
    model = Model().start(LANE).person("a", LANE).end(LANE).flow("start", "a", "end")
    publish(session, model, opinion=json.dumps(plain).encode())
    assert done(session, begun(session), "a", outcome="pass").standing.completed
