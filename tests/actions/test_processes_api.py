"""Change sets over REST: put together, refused with findings, passed by a second person, in force from a day, taken back."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from builders_processes import DESIGNER, DISTRICT, NOW, OFFICER, PUBLISHER, form, one_task
from flask import Flask

from server import clock
from server.accounts import actions as accounts
from server.accounts.actor import Actor
from server.accounts.models import Organisation, Unit
from server.config import Settings
from server.db import Database
from server.web import access, api, edge, security

Call = Callable[..., Any]
URL = "/api/v1/processes/review"
COLLEAGUE = dataclasses.replace(DESIGNER, account_id=25, name="钱设计", roles=frozenset({"process_designer"}))


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    made = Flask("server.web")
    made.config.update(SECRET_KEY="test", TESTING=True)
    edge.install(made, settings, database)
    security.install(made)
    api.install(made)
    access.install(made, *api.tables())
    with database.writing() as session:
        clock.set_virtual(session, settings, NOW)
        organisation = Organisation(name="科尔沁区住建局", kind="department", district=DISTRICT)
        session.add(organisation)
        session.flush()
        session.add(Unit(name=OFFICER.unit, organisation_id=organisation.id, district=DISTRICT))
    return made


@pytest.fixture
def call(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Call:
    """call(actor, method, path, **kwargs): a request with this actor's bearer token."""
    actors: dict[str, Actor] = {}
    monkeypatch.setattr(accounts, "actor_for_token", lambda _session, token, _now: actors.get(token))
    client = app.test_client()

    def request(actor: Actor | None, method: str, path: str, **more: Any) -> Any:
        headers = more.pop("headers", {})
        if actor is not None:
            actors[actor.label.encode().hex()] = actor
            headers["Authorization"] = f"Bearer {actor.label.encode().hex()}"
        return client.open(path, method=method, headers=headers, **more)

    return request


def begun(call: Call, xml: bytes, **more: Any) -> str:
    """The address of a new change set with the model and its form."""
    made = call(DESIGNER, "POST", "/api/v1/changes", json={"title": "增加一步", "reason": "试行"} | more)
    assert made.status_code == 201
    address = f"/api/v1/changes/{made.json['id']}"
    for name, data in (("review.bpmn", xml), ("opinion.form", form())):
        assert call(DESIGNER, "PUT", f"{address}/files/{name}", data=data).status_code == 200
    return address


def test_a_set_is_submitted_passed_by_another_published_and_its_model_downloaded(call: Call) -> None:
    address = begun(call, one_task().xml())
    assert call(DESIGNER, "POST", f"{address}/check").json["ok"] is True
    submitted = call(DESIGNER, "POST", f"{address}/submit", json={}).json
    assert submitted["state"] == "submitted"
    refused = call(DESIGNER, "POST", f"{address}/review", json={})
    assert (refused.status_code, refused.mimetype, refused.json["code"]) == (
        403,
        "application/problem+json",
        "SECOND_PERSON",
    )
    stale = call(PUBLISHER, "POST", f"{address}/review", json={"revision": submitted["revision"] - 1})
    assert (stale.status_code, stale.json["code"]) == (409, "REVISION")
    assert call(PUBLISHER, "POST", f"{address}/review", json={"revision": submitted["revision"]}).status_code == 200
    assert call(PUBLISHER, "POST", f"{address}/publish", json={}).json["state"] == "published"
    (line,) = call(PUBLISHER, "GET", f"{URL}/versions").json
    assert (line["state"], line["publications"][0]["by"]) == ("current", PUBLISHER.label)
    assert call(DESIGNER, "GET", "/api/v1/processes").json[0]["current"] == 1
    file = call(DESIGNER, "GET", f"{URL}/versions/1/xml")
    assert file.data == one_task().xml()
    assert "review-v1.bpmn" in file.headers["Content-Disposition"]
    assert {one["name"] for one in call(DESIGNER, "GET", "/api/v1/library").json} == {"review.bpmn", "opinion.form"}
    back = call(PUBLISHER, "POST", f"{address}/revert", json={"reason": "暂缓"})
    assert (back.status_code, back.json["reverts"]) == (201, call(PUBLISHER, "GET", address).json["id"])
    assert call(DESIGNER, "GET", "/api/v1/processes").json[0]["current"] is None


def test_a_set_may_be_meant_for_a_day_to_come(call: Call) -> None:
    day = (clock.legal_date(NOW) + timedelta(days=1)).isoformat()
    address = begun(call, one_task().xml(), effective_on=day)
    call(DESIGNER, "POST", f"{address}/submit", json={})
    call(PUBLISHER, "POST", f"{address}/review", json={})
    shown = call(PUBLISHER, "POST", f"{address}/publish", json={}).json
    assert (shown["state"], shown["effective_on"]) == ("scheduled", day)
    assert call(DESIGNER, "GET", "/api/v1/processes").json[0]["current"] is None


def test_a_faulty_set_is_refused_with_its_findings_and_stays_a_draft(call: Call) -> None:
    faulty = one_task().job("act", OFFICER.unit or "", "no_such_handler")
    faulty.links.clear()
    faulty.flow("start", "decide", "act", "end")
    address = begun(call, faulty.xml())
    refused = call(DESIGNER, "POST", f"{address}/submit", json={})
    assert refused.status_code == 422
    assert {"act"} == {one["element"] for one in refused.json["findings"] if one["severity"] == "error"}
    assert call(DESIGNER, "GET", address).json["state"] == "draft"
    assert call(DESIGNER, "GET", f"{URL}/versions").status_code == 404


def test_who_edited_an_older_content_overwrites_nobody(call: Call) -> None:
    address = begun(call, one_task().xml())
    etag = call(DESIGNER, "GET", f"{address}/files/opinion.form").headers["ETag"]
    mine = {"If-Match": etag}
    first = call(COLLEAGUE, "PUT", f"{address}/files/opinion.form", data=form("opinion", "pass"), headers=dict(mine))
    assert first.status_code == 200
    second = call(DESIGNER, "PUT", f"{address}/files/opinion.form", data=form("opinion", "fail"), headers=dict(mine))
    assert (second.status_code, second.json["code"]) == (409, "FILE_MOVED")
    assert call(DESIGNER, "GET", f"{address}/files/opinion.form").data == form("opinion", "pass")


def test_going_back_needs_a_reason_in_chinese(call: Call) -> None:
    refused = call(PUBLISHER, "POST", f"{URL}/versions/1/revert", json={})
    assert refused.status_code == 422
    assert refused.json["errors"] == {"reason": ["请填写这一项。"]}


def test_a_file_that_is_none_of_ours_names_the_field(call: Call) -> None:
    address = begun(call, one_task().xml())
    refused = call(DESIGNER, "PUT", f"{address}/files/notes.txt", data=b"x")
    assert (refused.status_code, "file" in refused.json["errors"]) == (422, True)


def test_a_file_is_taken_out_a_set_described_anew_and_given_up(call: Call) -> None:
    address = begun(call, one_task().xml())
    left = call(DESIGNER, "DELETE", f"{address}/files/opinion.form").json
    assert [one["name"] for one in left["files"]] == ["review.bpmn"]
    assert call(DESIGNER, "PUT", address, json={"title": "另一句"}).json["title"] == "另一句"
    assert call(DESIGNER, "POST", f"{address}/abandon", json={"reason": "不改了"}).json["state"] == "abandoned"
    assert call(DESIGNER, "PUT", f"{address}/files/opinion.form", data=form()).status_code == 409


def test_strangers_and_other_roles_stay_outside(call: Call) -> None:
    for path in ("/api/v1/changes", "/api/v1/library", f"{URL}/versions"):
        assert call(None, "GET", path).status_code == 401
        assert call(OFFICER, "GET", path).status_code == 403
    assert call(None, "GET", "/api/v1/openapi.json").json["openapi"] == "3.1.0"
