"""Models over REST: upload, refuse with findings, publish by a second person, take back."""

from collections.abc import Callable
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
        headers = {}
        if actor is not None:
            actors[actor.label.encode().hex()] = actor
            headers["Authorization"] = f"Bearer {actor.label.encode().hex()}"
        return client.open(path, method=method, headers=headers, **more)

    return request


def model(xml: bytes) -> dict[str, Any]:
    return {"xml": xml.decode(), "files": {"opinion.form": form().decode()}, "note": "增加一步"}


def test_a_model_is_uploaded_submitted_published_by_another_and_downloaded(call: Call) -> None:
    made = call(DESIGNER, "POST", f"{URL}/versions", json=model(one_task().xml()))
    assert (made.status_code, made.json["number"], made.json["state"]) == (201, 1, "draft")
    assert call(DESIGNER, "POST", f"{URL}/versions/1/submit").json["state"] == "submitted"
    refused = call(DESIGNER, "POST", f"{URL}/versions/1/publish")
    assert (refused.status_code, refused.mimetype, refused.json["code"]) == (
        403,
        "application/problem+json",
        "SECOND_PERSON",
    )
    assert call(PUBLISHER, "POST", f"{URL}/versions/1/publish").status_code == 201
    (line,) = call(PUBLISHER, "GET", f"{URL}/versions").json
    assert (line["state"], line["publications"][0]["by"]) == ("current", PUBLISHER.label)
    assert call(DESIGNER, "GET", "/api/v1/processes").json[0]["current"] == 1
    file = call(DESIGNER, "GET", f"{URL}/versions/1/xml")
    assert file.data == one_task().xml()
    assert "review-v1.bpmn" in file.headers["Content-Disposition"]


def test_a_faulty_model_is_refused_with_its_findings_and_nothing_is_changed(call: Call) -> None:
    faulty = one_task().job("act", OFFICER.unit or "", "no_such_handler")
    faulty.links.clear()
    faulty.flow("start", "decide", "act", "end")
    linted = call(DESIGNER, "POST", f"{URL}/lint", json=model(faulty.xml()))
    assert linted.status_code == 200
    assert "act" in {one["element"] for one in linted.json["findings"] if one["severity"] == "error"}
    assert call(DESIGNER, "GET", f"{URL}/versions").status_code == 404
    call(DESIGNER, "POST", f"{URL}/versions", json=model(faulty.xml()))
    refused = call(DESIGNER, "POST", f"{URL}/versions/1/submit")
    assert refused.status_code == 422
    assert {"act"} == {one["element"] for one in refused.json["findings"] if one["severity"] == "error"}
    assert call(DESIGNER, "GET", f"{URL}/versions").json[0]["state"] == "draft"


def test_going_back_needs_a_reason_in_chinese(call: Call) -> None:
    refused = call(PUBLISHER, "POST", f"{URL}/versions/1/revert", json={})
    assert refused.status_code == 422
    assert refused.json["errors"] == {"reason": ["请填写这一项。"]}


def test_an_upload_that_is_no_model_names_the_field(call: Call) -> None:
    refused = call(DESIGNER, "POST", f"{URL}/versions", json={"xml": "<html/>"})
    assert refused.status_code == 422
    assert "BPMN" in refused.json["detail"]
    unknown = call(DESIGNER, "POST", f"{URL}/versions", json={"xml": "<html/>", "files": {"../x.form": "{}"}})
    assert unknown.status_code == 422


def test_strangers_and_other_roles_stay_outside(call: Call) -> None:
    assert call(None, "GET", f"{URL}/versions").status_code == 401
    assert call(OFFICER, "GET", f"{URL}/versions").status_code == 403
    assert call(None, "GET", "/api/v1/openapi.json").json["openapi"] == "3.1.0"
