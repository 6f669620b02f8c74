"""The inbox over REST: what is really one's own, taken, decided once, on what was seen."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from builders_processes import CLERK, COLLEAGUE, DISTRICT, NOW, OFFICER, one_task, publish
from flask import Flask
from sqlalchemy.orm import Session

from server import clock
from server.accounts import actions as accounts
from server.accounts.actor import Actor
from server.config import Settings
from server.db import Database
from server.errors import Conflict
from server.processes import instances
from server.processes.work_items import WorkItem
from server.web import access, api, edge, security
from server.web.api import work_items as rest

Call = Callable[..., Any]


def decide(
    session: Session,
    actor: Actor,
    work_item: WorkItem,
    outcome: str,
    answers: Mapping[str, Any],
    seen_revision: int,
    now: datetime,
) -> instances.Run:
    """An area's action, as small as can be."""
    if seen_revision != 3:
        raise Conflict("您看到的内容已经变了，请刷新。", code="STALE_REVISION")
    return instances.complete(session, work_item, {"outcome": outcome}, actor, now)


@pytest.fixture
def call(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setattr(rest, "DESKS", {"approval": rest.Desk(decide, lambda _session, _subject: 3)})
    app = Flask("server.web")
    app.config.update(SECRET_KEY="test", TESTING=True)
    edge.install(app, settings, database)
    security.install(app)
    api.install(app)
    access.install(app, *api.tables())
    with database.writing() as session:
        clock.set_virtual(session, settings, NOW)
        publish(session, one_task())
        instances.start(
            session,
            "review",
            area="approval",
            subject="case:12",
            variables={},
            actor=CLERK,
            now=NOW,
            district=DISTRICT,
        )
    people = {str(actor.account_id): actor for actor in (CLERK, OFFICER, COLLEAGUE)}
    monkeypatch.setattr(accounts, "actor_for_token", lambda _session, token, _now: people.get(token))
    client = app.test_client()

    def request(actor: Actor, method: str, path: str, **more: Any) -> Any:
        return client.open(
            f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {actor.account_id}"}, **more
        )

    return request


def mine(call: Call) -> int:
    (item,) = call(OFFICER, "GET", "/work-items").json
    return int(item["id"])


def answer(revision: int = 3) -> dict[str, Any]:
    return {"outcome": "pass", "answers": {"opinion": "同意"}, "seen_revision": revision}


def test_an_inbox_holds_what_is_really_ones_own(call: Call) -> None:
    (item,) = call(OFFICER, "GET", "/work-items?subject=case:12").json
    assert (item["unit"], item["subject"], item["claimed_by"]) == (OFFICER.unit, "case:12", None)
    assert call(OFFICER, "GET", "/work-items?subject=case:13").json == []
    assert call(CLERK, "GET", "/work-items").json == []
    assert call(CLERK, "GET", f"/work-items/{item['id']}").status_code == 404


def test_a_task_comes_with_its_form_and_the_revision_to_name(call: Call) -> None:
    task = call(OFFICER, "GET", f"/work-items/{mine(call)}").json
    assert task["form"]["id"] == "opinion"
    assert task["revision"] == 3


def test_a_task_taken_by_a_colleague_cannot_be_decided(call: Call) -> None:
    item = mine(call)
    assert call(OFFICER, "POST", f"/work-items/{item}/claim").json["claimed_by"] == OFFICER.label
    refused = call(COLLEAGUE, "POST", f"/work-items/{item}/decision", json=answer())
    assert (refused.status_code, refused.json["code"]) == (409, "CLAIMED")
    assert call(OFFICER, "DELETE", f"/work-items/{item}/claim").json["claimed_by"] is None
    assert call(COLLEAGUE, "POST", f"/work-items/{item}/decision", json=answer()).json == {"status": "completed"}


def test_a_task_is_decided_once_and_only_on_what_was_seen(call: Call) -> None:
    item = mine(call)
    stale = call(OFFICER, "POST", f"/work-items/{item}/decision", json=answer(2))
    assert (stale.status_code, stale.json["code"]) == (409, "STALE_REVISION")
    assert call(OFFICER, "POST", f"/work-items/{item}/decision", json=answer()).status_code == 200
    again = call(OFFICER, "POST", f"/work-items/{item}/decision", json=answer())
    assert (again.status_code, again.json["code"]) == (409, "WORK_ITEM_GONE")


def test_a_decision_without_an_outcome_names_the_field(call: Call) -> None:
    refused = call(OFFICER, "POST", f"/work-items/{mine(call)}/decision", json={"seen_revision": 3})
    assert refused.status_code == 422
    assert refused.json["errors"] == {"outcome": ["请填写这一项。"]}
