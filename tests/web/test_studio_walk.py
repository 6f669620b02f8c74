"""The designer walks a process through its pages: begin, the real form, messages, back, over, keep as a model test."""

from collections.abc import Callable

import pytest
from builders_changes import begin_change, files_in, put_file
from builders_processes import DESIGNER, NOW, Model, form, publish
from builders_web import token_of, words_of
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.app import create_app
from server.config import Settings
from server.db import Database
from server.web import pages
from server.web.pages import studio_walk

UNIT = "住建局·审批科"


@pytest.fixture
def app(settings: Settings, web_database: Database, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with these pages, whether or not the list of pages has them already."""
    if studio_walk not in pages.MODULES:
        monkeypatch.setattr(pages, "MODULES", (*pages.MODULES, studio_walk))
    return create_app(settings, web_database)


@pytest.fixture
def change(web_database: Database) -> int:
    """A process in force, and a change set that nobody has written in."""
    model = Model().start(UNIT).person("check", UNIT).gateway("gate", UNIT, "gate_end").catch("wait", UNIT, "paid").end(UNIT)
    model.flow("start", "check", "gate", '?=outcome = "fail"', "wait", "end").flow("gate", "end")
    with web_database.writing() as session:
        publish(session, model)
        return begin_change(session, DESIGNER, NOW, "加核对").id


@pytest.fixture
def designer(person: Callable[..., int], enter: Callable[[str], FlaskClient], change: int) -> FlaskClient:
    person("designer", "process_designer")
    return enter("designer")


def begin(client: FlaskClient, change: int, **fields: str) -> str:
    """The address of a new walk."""
    page = client.get(f"/studio/changes/{change}/walk/review")
    answer = client.post(
        f"/studio/changes/{change}/walk/review",
        data={"csrf_token": token_of(page.text), "more": "case_id: A-1\nnone：x", **fields},
    )
    assert answer.status_code == 302, words_of(answer.text)
    return str(answer.location)


def seen(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def press(client: FlaskClient, address: str, act: str, **fields: str) -> TestResponse:
    page = client.get(address).text
    return client.post(f"{address}/{act}", data={"csrf_token": token_of(page), "seen": seen(page), **fields})


def test_a_walk_begins_with_variables_and_shows_whose_turn_it_is(designer: FlaskClient, change: int) -> None:
    page = designer.get(begin(designer, change)).text
    words = words_of(page)
    assert "演练" in words
    assert "不取编号，不出文书，不发消息" in words
    assert "审批科" in words
    assert 'name="outcome"' in page
    assert 'data-now="check"' in page
    assert "data-unwalked=" in page


def test_the_version_in_force_is_walked_too(designer: FlaskClient) -> None:
    page = designer.get("/studio/processes/review/walk")
    answer = designer.post("/studio/processes/review/walk", data={"csrf_token": token_of(page.text)})
    assert "第 1 版（在用）" in words_of(designer.get(answer.location).text)


def test_the_real_form_refuses_what_it_would_refuse(designer: FlaskClient, change: int) -> None:
    address = begin(designer, change)
    refused = press(designer, address, "task/check/1", opinion="没选")
    assert refused.status_code == 422
    assert "请选结论" in words_of(refused.text)
    assert "没选" in refused.text


def test_answers_lead_on_and_the_way_is_told(designer: FlaskClient, change: int) -> None:
    address = begin(designer, change)
    assert press(designer, address, "task/check/1", outcome="fail").status_code == 302
    words = words_of(designer.get(address).text)
    assert "消息 paid，键 A-1" in words
    assert press(designer, address, "message", message="paid", key="A-1").status_code == 302
    assert "走完了" in words_of(designer.get(address).text)
    assert press(designer, address, "undo").status_code == 302
    assert "消息 paid，键 A-1" in words_of(designer.get(address).text)
    assert press(designer, address, "restart").status_code == 302
    assert "走了 0 步" in words_of(designer.get(address).text)


def test_a_step_that_another_window_took_is_refused_with_a_sentence(designer: FlaskClient, change: int) -> None:
    address = begin(designer, change)
    page = designer.get(address).text
    fields = {"csrf_token": token_of(page), "seen": seen(page), "outcome": "pass"}
    assert designer.post(f"{address}/task/check/1", data=fields).status_code == 302
    again = designer.post(f"{address}/task/check/1", data=fields)
    assert again.status_code == 409
    assert "另一个窗口" in words_of(again.text)


def test_a_walk_is_kept_as_a_model_test(designer: FlaskClient, change: int, web_database: Database) -> None:
    address = begin(designer, change)
    press(designer, address, "task/check/1", outcome="pass")
    refused = press(designer, address, "keep", name="", change=str(change))
    assert refused.status_code == 422
    assert "请用一句话说这次走的是哪条路" in words_of(refused.text)
    assert press(designer, address, "keep", name="一次通过", change=str(change)).status_code == 302
    assert "已经存成用例“一次通过”" in words_of(designer.get(address).text)
    with web_database.reading() as session:
        kept = files_in(session, change)["review.tests.yaml"].decode()
    assert "name: 一次通过" in kept
    assert "- check: pass" in kept


def test_a_value_that_cannot_be_read_is_said_where_it_was_typed(designer: FlaskClient, change: int) -> None:
    page = designer.get(f"/studio/changes/{change}/walk/review")
    answer = designer.post(
        f"/studio/changes/{change}/walk/review", data={"csrf_token": token_of(page.text), "more": "n: [1, "}
    )
    assert answer.status_code == 422
    assert "不是有效的 YAML" in words_of(answer.text)
    assert "n: [1," in answer.text


def test_time_goes_on_by_days_only(designer: FlaskClient, change: int) -> None:
    address = begin(designer, change)
    assert press(designer, address, "clock", days="x").status_code == 422
    assert press(designer, address, "clock", days="3").status_code == 302
    assert "时间往前拨" in words_of(designer.get(address).text)


def test_a_publisher_may_walk_but_not_keep(
    person: Callable[..., int], enter: Callable[[str], FlaskClient], change: int
) -> None:
    person("publisher", "process_publisher")
    client = enter("publisher")
    address = begin(client, change)
    assert "存成用例" not in words_of(client.get(address).text)
    assert press(client, address, "keep", name="x", change=str(change)).status_code == 403


def test_what_does_not_exist_is_not_found(designer: FlaskClient, change: int) -> None:
    for address in ("/studio/walks/99", "/studio/changes/99/walk/review", "/studio/processes/absent/walk"):
        assert designer.get(address).status_code == 404
    assert designer.get("/studio/walks/99/model.bpmn").status_code == 404


def test_the_diagram_is_the_model_that_is_walked(designer: FlaskClient, change: int) -> None:
    answer = designer.get(begin(designer, change) + "/model.bpmn")
    assert answer.mimetype == "application/xml"
    assert b'id="check"' in answer.data


def test_a_draft_that_cannot_run_yet_says_so(designer: FlaskClient, change: int, web_database: Database) -> None:
    broken = Model().start(UNIT).person("check", UNIT).end(UNIT).flow("start", "check", "end").xml()
    with web_database.writing() as session:
        data = broken.replace(b'targetRef="end"', b'targetRef="nowhere"')
        put_file(session, change, "review.bpmn", data, DESIGNER, NOW)
    answer = designer.get(f"/studio/changes/{change}/walk/review")
    assert answer.status_code == 200
    assert "这个流程还不能运行" in words_of(answer.text)


def test_form_without_a_file_is_answered_in_words(designer: FlaskClient, change: int, web_database: Database) -> None:
    model = Model().start(UNIT).person("check", UNIT, form="absent").end(UNIT).flow("start", "check", "end")
    with web_database.writing() as session:
        put_file(session, change, "review.bpmn", model.xml(), DESIGNER, NOW)
        put_file(session, change, "other.form", form("other"), DESIGNER, NOW)
    address = begin(designer, change)
    assert "表单“absent”不在这次变更里" in words_of(designer.get(address).text)
    fields = {"name-0": "outcome", "given-0": "pass"}
    assert press(designer, address, "task/check/1", **fields).status_code == 302
    assert "走完了" in words_of(designer.get(address).text)
