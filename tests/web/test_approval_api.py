"""Approval over REST: bad input is named and changes nothing, strangers find nothing, every answer is problem details."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from builders_approval import OFFICERS, OWNER_USCC, WINDOW, Desk
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server.accounts import actions as accounts
from server.accounts.actor import Actor
from server.accounts.models import AccountRole, Unit
from server.approval.models import Application, Case, Decision, Project, Result
from server.clock import set_virtual
from server.config import Settings
from server.db import Database

API = "/api/v1"
Call = Callable[..., TestResponse]


@pytest.fixture
def desk(web_database: Database, settings: Settings) -> Iterator[Desk]:
    """A committed city; `desk.session` is one more session on it, for building and for looking."""
    with web_database.writing() as session:
        made = Desk(session, settings)
        for unit, officer in OFFICERS.items():
            place = Unit(name=unit, organisation_id=made.desks, district=officer.district)
            session.add(place)
            session.flush()
            account = session.get_one(accounts.Account, officer.account_id)
            account.unit_id = place.id
        for who in (made.owner, made.stranger, *OFFICERS.values()):
            session.add_all(AccountRole(account_id=who.account_id, role=role) for role in who.roles)
        set_virtual(session, settings, made.now)
    yield made


@pytest.fixture
def call(client: FlaskClient, desk: Desk, web_database: Database) -> Call:
    """``call(actor, 'post', '/projects', {...})``: as this person, with a token."""
    tokens: dict[int | None, str] = {}

    def request(actor: Actor | None, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {}
        if actor is not None:
            if actor.account_id not in tokens:
                with web_database.writing() as session:
                    tokens[actor.account_id] = accounts.issue_token(session, actor, desk.now)
            headers["Authorization"] = f"Bearer {tokens[actor.account_id]}"
        return client.open(API + path, method=method.upper(), json=body, headers=headers, **more)

    return request


def built(database: Database, desk: Desk, make: Callable[[Desk], Any]) -> Any:
    """Build something with the desk in a committed transaction."""
    with database.writing() as session:
        desk.session = session
        return make(desk)


def counts(database: Database, *models: type) -> list[int]:
    with database.reading() as session:
        return [session.scalar(select(func.count()).select_from(one)) or 0 for one in models]


def problem(answer: TestResponse, status: int, code: str, *fields: str) -> dict[str, Any]:
    """The answer is a refusal of this kind, in Chinese, naming these fields."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    found: dict[str, Any] = answer.get_json()
    assert found["code"] == code, found
    assert found["status"] == status
    assert any("一" <= letter <= "鿿" for letter in found["detail"])
    for field in fields:
        assert found["errors"][field], found
    return found


A_PROJECT = {
    "code": "2503-150502-04-01-382716",
    "name": "河湾府",
    "owner_uscc": OWNER_USCC,
    "flow_type": "SOC_GENERAL",
    "address": "河湾路",
}


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"owner_uscc": "91150502MA0N4T7K7"}, 422, "USCC", "owner_uscc"),
        ({"owner_uscc": "91150502MA0N4T7K7O"}, 422, "USCC", "owner_uscc"),
        ({"owner_uscc": "91150502MA0N4T7K7A"}, 422, "USCC", "owner_uscc"),
        ({"code": "2503-150502-04-01-38271"}, 422, "PROJECT_CODE", "code"),
        ({"flow_type": "X"}, 422, "", "flow_type"),
        ({"parcel_code": "123"}, 422, "PARCEL_CODE", "parcel_code"),
        ({"name": ""}, 422, "", "name"),
        ({"name": None}, 422, "", "name"),
        ({"nonsense": 1}, 422, "", "nonsense"),
    ],
)
def test_a_wrong_project_is_refused_at_its_field(
    call: Call, web_database: Database, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    answer = call(WINDOW, "post", "/projects", {**A_PROJECT, **change})
    found = answer.get_json()
    problem(answer, status, found["code"], field)
    assert counts(web_database, Project) == [0]


def test_a_project_nobody_has_is_not_found(call: Call) -> None:
    problem(call(WINDOW, "get", "/projects/2503-150502-04-01-000000"), 404, "PROJECT_UNKNOWN")
    answer = call(
        WINDOW,
        "post",
        "/projects/2503-150502-04-01-000000/results",
        {"code": "A08", "number": "1", "issued_on": "2025-03-01", "file_id": 1},
    )
    problem(answer, 404, "PROJECT_UNKNOWN")


def test_another_owner_sees_nothing_of_it(call: Call, desk: Desk, web_database: Database) -> None:
    code = built(web_database, desk, lambda d: d.ready().code)
    assert call(desk.owner, "get", f"/projects/{code}").status_code == 200
    problem(call(desk.stranger, "get", f"/projects/{code}"), 404, "PROJECT_UNKNOWN")
    assert call(desk.stranger, "get", "/projects").get_json() == []
    answer = call(desk.stranger, "post", "/applications", {"project": code, "matter": "C05", "phase": "P1"})
    problem(answer, 404, "PROJECT_UNKNOWN")


def test_nobody_gets_in_without_a_token(call: Call) -> None:
    problem(call(None, "get", "/projects"), 401, "UNAUTHENTICATED")
    problem(call(None, "post", "/projects", A_PROJECT), 401, "UNAUTHENTICATED")


def test_an_owner_cannot_enter_results(call: Call, desk: Desk, web_database: Database) -> None:
    code = built(web_database, desk, lambda d: d.project().code)
    body = {"code": "A08", "number": "1", "issued_on": "2025-03-01", "file_id": 1}
    problem(call(desk.owner, "post", f"/projects/{code}/results", body), 403, "ROLE")


def test_a_result_without_its_document_is_refused(call: Call, desk: Desk, web_database: Database) -> None:
    code = built(web_database, desk, lambda d: d.project().code)
    body = {"code": "A08", "number": "1", "issued_on": "2025-03-01", "file_id": 999}
    answer = call(WINDOW, "post", f"/projects/{code}/results", body)
    assert answer.status_code in (404, 422)
    assert counts(web_database, Result) == [0]


def test_p2_before_p1_answers_409_and_makes_no_case(call: Call, desk: Desk, web_database: Database) -> None:
    draft = built(web_database, desk, lambda d: d.draft(d.ready(), "P2", ["车库"]).id)
    looked = call(desk.owner, "get", f"/applications/{draft}/check").get_json()
    assert not looked["ready"]
    found = problem(call(desk.owner, "post", f"/applications/{draft}/submit"), 409, "PHASE_ORDER", "phase")
    assert "PHASE_ORDER" in [one["code"] for one in found["findings"]]
    assert counts(web_database, Case, Application) == [0, 1]


def test_a_second_permit_for_a_building_and_phase_answers_409(call: Call, desk: Desk, web_database: Database) -> None:
    def make(desk: Desk) -> int:
        project = desk.ready()
        desk.granted(project, "P1", ["1#"])
        return desk.draft(project, "P1", ["1#"]).id

    draft = built(web_database, desk, make)
    problem(call(desk.owner, "post", f"/applications/{draft}/submit"), 409, "PERMIT_EXISTS", "buildings")
    assert counts(web_database, Case) == [1]


def test_a_stale_decision_answers_409_and_keeps_the_case_as_it_is(
    call: Call, desk: Desk, web_database: Database
) -> None:
    serial = built(web_database, desk, lambda d: d.applied(d.ready(), "P1").serial)
    before = call(WINDOW, "get", f"/cases/{serial}").get_json()
    item = call(WINDOW, "get", "/work-items").get_json()[0]
    body = {"outcome": "admit", "answers": {}, "seen_revision": 0}
    found = problem(call(WINDOW, "post", f"/work-items/{item['id']}/decision", body), 409, "STALE_REVISION")
    assert found["revision"] == 1
    assert call(WINDOW, "get", f"/cases/{serial}").get_json() == before
    assert counts(web_database, Decision) == [0]


@pytest.mark.parametrize(
    "body",
    [
        {"outcome": "approve-it", "answers": {}, "seen_revision": 1},
        {"outcome": "not_admit", "answers": {}, "seen_revision": 1},
        {"outcome": "correct", "answers": {"items": "all"}, "seen_revision": 1},
        {"outcome": "correct", "answers": {"items": [{"kind": "缺材料"}]}, "seen_revision": 1},
        {"answers": {}, "seen_revision": 1},
        {"outcome": "admit", "answers": [], "seen_revision": 1},
        {"outcome": "admit", "answers": {}},
        {"outcome": "admit", "answers": {}, "seen_revision": "1"},
        [],
        None,
    ],
)
def test_a_malformed_decision_is_refused_and_nothing_is_decided(
    call: Call, desk: Desk, web_database: Database, body: Any
) -> None:
    built(web_database, desk, lambda d: d.applied(d.ready(), "P1").serial)
    item = call(WINDOW, "get", "/work-items").get_json()[0]
    answer = call(WINDOW, "post", f"/work-items/{item['id']}/decision", body)
    assert answer.status_code in (400, 415, 422), answer.text
    assert answer.mimetype == "application/problem+json"
    assert counts(web_database, Decision) == [0]


@pytest.mark.parametrize(
    "change",
    [
        {"matter": "Z99"},
        {"phase": "P9"},
        {"phase": None},
        {"matter": "D01"},
        {"materials": [{"code": "M99", "file_id": 1}]},
        {"materials": [{"code": "M13", "file_id": 12345}]},
        {"materials": [{"code": "M13"}]},
        {"buildings": "1#"},
        {"facts": []},
    ],
)
def test_a_malformed_application_is_refused_and_nothing_is_kept(
    call: Call, desk: Desk, web_database: Database, change: dict[str, Any]
) -> None:
    code = built(web_database, desk, lambda d: d.ready().code)
    body = {"project": code, "matter": "C05", "phase": "P1", "buildings": ["1#"], **change}
    answer = call(desk.owner, "post", "/applications", body)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.mimetype == "application/problem+json"
    assert counts(web_database, Application) == [0]


@pytest.mark.parametrize(
    "facts", [{"contract_price": "很多"}, {"contract_price": -1}, {"period_from": "昨天"}, {"contractor": 5}]
)
def test_wrong_facts_stay_in_the_draft_and_are_named_at_submission(
    call: Call, desk: Desk, web_database: Database, facts: dict[str, Any]
) -> None:
    draft = built(web_database, desk, lambda d: d.draft(d.ready(), "P1", **facts).id)
    answer = call(desk.owner, "post", f"/applications/{draft}/submit")
    problem(answer, 422, answer.get_json()["code"], *facts)
    kept = call(desk.owner, "get", f"/applications/{draft}").get_json()["facts"]
    assert {key: kept[key] for key in facts} == facts
    assert counts(web_database, Case) == [0]


def test_what_was_submitted_can_be_followed_and_withdrawn(call: Call, desk: Desk, web_database: Database) -> None:
    draft = built(web_database, desk, lambda d: d.draft(d.ready(), "P1").id)
    made = call(desk.owner, "post", f"/applications/{draft}/submit").get_json()
    case = call(desk.owner, "get", f"/cases/{made['case']}").get_json()
    assert (case["state_words"], case["waiting"][0]["whom"]) == ("接件", "政务大厅·综合窗口")
    assert [one["state"] for one in call(desk.owner, "get", f"/cases/{made['case']}/records").get_json()] == [1]
    limits = call(desk.owner, "get", f"/cases/{made['case']}/ledger").get_json()
    assert limits[0]["due"]["kind"] == "intake"
    assert limits[0]["days"]
    problem(call(desk.owner, "post", f"/cases/{made['case']}/withdrawal", {"reason": ""}), 422, "HTTP_422", "reason")
    done = call(desk.owner, "post", f"/cases/{made['case']}/withdrawal", {"reason": "资料有误"}).get_json()
    assert (done["state"], done["state_words"]) == (2, "撤件")
    assert call(desk.owner, "get", f"/applications/{done['draft']}").get_json()["facts"]["contractor"]


def test_a_file_of_another_organisation_cannot_be_attached(call: Call, desk: Desk, web_database: Database) -> None:
    code, theirs = built(web_database, desk, lambda d: (d.ready().code, d.file(d.stranger)))
    body = {"project": code, "matter": "C05", "phase": "P1", "materials": [{"code": "M13", "file_id": theirs}]}
    assert call(desk.owner, "post", "/applications", body).status_code in (403, 404)


def test_the_openapi_document_names_every_route(client: FlaskClient) -> None:
    paths = client.get(f"{API}/openapi.json").get_json()["paths"]
    for path in ("/projects", "/applications/{application_id}/submit", "/cases/{serial}", "/permits/{number}"):
        assert f"{API}{path}" in paths, sorted(paths)


def test_numbers_no_table_can_hold_are_no_address_and_no_file(call: Call, desk: Desk, web_database: Database) -> None:
    code = built(web_database, desk, lambda d: d.ready().code)
    for number in (2**31, 2**63, 10**30):
        assert call(desk.owner, "get", f"/applications/{number}").status_code == 404
        assert call(WINDOW, "post", f"/work-items/{number}/claim").status_code == 404
        body = {"project": code, "matter": "C05", "phase": "P1", "materials": [{"code": "M13", "file_id": number}]}
        assert call(desk.owner, "post", "/applications", body).status_code == 404


def test_a_body_that_is_no_json_is_said_in_chinese(client: FlaskClient) -> None:
    answer = client.post(f"{API}/tokens", data=b"{", content_type="application/json")
    assert answer.status_code == 400
    assert not any("a" <= letter <= "z" for letter in answer.get_json()["detail"])
    assert "errors" not in answer.get_json()
