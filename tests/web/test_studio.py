"""The designer's desk through its pages: upload, findings, hand over, publish by a second person, go back."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from builders_processes import Model, form, one_task
from builders_web import token_of
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.accounts.actor import SYSTEM
from server.app import create_app
from server.config import Settings
from server.db import Database
from server.processes import definitions, publishing
from server.processes.changes import changes
from server.web import pages
from server.web.pages import studio

UNIT = "住建局·审批科"
PROCESS = "review"


@pytest.fixture
def app(settings: Settings, web_database: Database, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with the studio, whether or not the list of pages has it already."""
    if studio not in pages.MODULES:
        monkeypatch.setattr(pages, "MODULES", (*pages.MODULES, studio))
    return create_app(settings, web_database)


@pytest.fixture
def published(web_database: Database, person: Callable[..., int]) -> Iterator[None]:
    """One process in force, and a unit to do its task."""
    from builders_processes import NOW

    person("officer", "dept_approver", unit=UNIT)
    with web_database.writing() as session:
        files = {f"{PROCESS}.bpmn": one_task().xml(), "opinion.form": form()}
        closure, deployment = definitions.closure(session, PROCESS, files, None, NOW)
        version = definitions.add_version(
            session, PROCESS, closure, name=deployment.name, origin="disk", note="", actor=SYSTEM, now=NOW
        )
        publishing.put_in_force(session, version, "publish", "", SYSTEM, NOW)
    yield


def two_tasks() -> Model:
    model = Model(PROCESS).start(UNIT).person("check", UNIT).person("decide", UNIT).end(UNIT)
    return model.flow("start", "check", "decide", "end")


def send(client: FlaskClient, data: bytes, note: str = "加一道核对") -> TestResponse:
    token = token_of(client.get(f"/studio/{PROCESS}").text)
    return client.post(
        f"/studio/{PROCESS}/versions",
        data={"csrf_token": token, "note": note, "model": (BytesIO(data), "model.bpmn")},
    )


def press(client: FlaskClient, number: int, act: str, **fields: str) -> TestResponse:
    token = token_of(client.get(f"/studio/{PROCESS}/versions/{number}").text)
    return client.post(f"/studio/{PROCESS}/versions/{number}/{act}", data={"csrf_token": token, **fields})


@pytest.fixture
def desks(app: Flask, person: Callable[..., int], published: None) -> Callable[[str], FlaskClient]:
    """A browser of its own for the designer and for the publisher."""
    from builders_web import PASSWORD

    person("designer", "process_designer", organisation="数据局")
    person("publisher", "process_publisher", organisation="政务局")

    def at(login: str) -> FlaskClient:
        client: FlaskClient = app.test_client()
        token = token_of(client.get("/sign-in").text)
        client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": token})
        return client

    return at


def test_the_list_says_what_is_in_force_and_who_published_it(desks: Callable[[str], FlaskClient]) -> None:
    page = desks("designer").get("/studio").text
    assert "第 1 版，共 1 版" in page
    assert "系统" in page


def test_a_second_person_publishes_and_one_act_goes_back(desks: Callable[[str], FlaskClient]) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    assert send(designer, two_tasks().xml()).status_code == 302
    assert "新增" in designer.get(f"/studio/{PROCESS}/versions/2").text
    assert press(designer, 2, "submit").status_code == 302
    assert press(publisher, 2, "publish").status_code == 302
    assert "第 2 版在用" in designer.get(f"/studio/{PROCESS}").text
    assert press(publisher, 1, "revert", reason="先暂缓").status_code == 302
    page = designer.get(f"/studio/{PROCESS}").text
    assert "第 1 版在用" in page
    assert "先暂缓" in page


def test_going_back_without_a_reason_is_refused(desks: Callable[[str], FlaskClient]) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    send(designer, two_tasks().xml())
    press(designer, 2, "submit")
    press(publisher, 2, "publish")
    refused = press(publisher, 1, "revert", reason=" ")
    assert refused.status_code == 422
    assert "原因" in refused.text


def test_a_designer_may_not_publish(desks: Callable[[str], FlaskClient]) -> None:
    designer = desks("designer")
    send(designer, two_tasks().xml())
    press(designer, 2, "submit")
    assert press(designer, 2, "publish").status_code == 403


def test_a_faulty_model_is_kept_as_a_draft_but_cannot_be_handed_over(desks: Callable[[str], FlaskClient]) -> None:
    designer = desks("designer")
    send(
        designer,
        Model(PROCESS).start(UNIT).person("lost", UNIT, form="absent").end(UNIT).flow("start", "lost", "end").xml(),
    )
    page = designer.get(f"/studio/{PROCESS}/versions/2").text
    assert "系统里没有这张表单" in page
    assert "才能送审" in page
    assert press(designer, 2, "submit").status_code == 422


def test_the_findings_of_an_edit_name_their_element_and_store_nothing(desks: Callable[[str], FlaskClient]) -> None:
    designer = desks("designer")
    token = token_of(designer.get(f"/studio/{PROCESS}").text)
    model = Model(PROCESS).start(UNIT).person("lost", UNIT, form="absent").end(UNIT).flow("start", "lost", "end")
    answer = designer.post(
        f"/studio/{PROCESS}/lint", data={"model": (BytesIO(model.xml()), "m.bpmn")}, headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 200
    assert 'data-element="lost"' in answer.text
    assert "共 1 版" in designer.get("/studio").text


@pytest.mark.parametrize("data", [b"", b"not xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'])
def test_what_is_no_model_is_refused_with_a_sentence(desks: Callable[[str], FlaskClient], data: bytes) -> None:
    refused = send(desks("designer"), data)
    assert refused.status_code == 422
    assert "没有保存成功" in refused.text


def test_a_version_is_downloaded_as_it_was_sent(desks: Callable[[str], FlaskClient]) -> None:
    designer = desks("designer")
    send(designer, two_tasks().xml())
    answer = designer.get(f"/studio/{PROCESS}/versions/2/model.bpmn")
    assert answer.data == two_tasks().xml()
    assert "review-v2.bpmn" in answer.headers["Content-Disposition"]


def test_changes_are_told_by_meaning_not_by_layout() -> None:
    before = one_task().xml()
    assert changes(before, before.replace(b'x="2', b'x="3')) == []
    assert next((c.kind, c.element) for c in changes(before, two_tasks().xml())) == ("add", "check")
    assert [c.what for c in changes(before, before.replace(b'formId="opinion"', b'formId="other"'))] == [("表单",)]
