"""Tokens, the clock and numbers over REST."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from builders_web import PASSWORD
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server import clock
from server.app import create_app
from server.config import Settings
from server.db import Database

API = "/api/v1"
Person = Callable[..., int]


def ask(client: FlaskClient, login: str, password: str = PASSWORD) -> TestResponse:
    return client.post(f"{API}/tokens", json={"login": login, "password": password})


def headers(client: FlaskClient, login: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {ask(client, login).get_json()['token']}"}


def test_a_token_stands_for_its_person_until_it_is_ended(client: FlaskClient, person: Person) -> None:
    person("wang", "dept_approver", unit="住建局·审批科")
    told = ask(client, "wang").get_json()
    assert told["account"]["roles"] == ["dept_approver"]
    bearer = {"Authorization": f"Bearer {told['token']}"}
    assert client.get(f"{API}/me", headers=bearer).get_json()["label"] == "住建局·审批科·王批准"
    assert client.delete(f"{API}/tokens", headers=bearer).status_code == 204
    assert client.get(f"{API}/me", headers=bearer).status_code == 401


def test_wrong_password_and_unknown_login_are_told_apart_by_nobody(client: FlaskClient, person: Person) -> None:
    person("wang", "dept_approver")
    answers = [ask(client, "wang", "wrong"), ask(client, "nobody", "wrong")]
    assert [one.status_code for one in answers] == [403, 403]
    assert answers[0].get_json() == answers[1].get_json()


def test_a_malformed_sign_in_names_its_fields(client: FlaskClient) -> None:
    answer = client.post(f"{API}/tokens", json={"login": 5})
    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]) == {"login", "password"}


def test_an_office_behind_one_address_may_sign_in_at_nine(client: FlaskClient, person: Person) -> None:
    person("wang", "dept_approver")
    assert {ask(client, "wang").status_code for _ in range(40)} == {201}


def test_guessing_is_braked(client: FlaskClient) -> None:
    assert 429 in {ask(client, f"guess{number}", "x" * 10).status_code for number in range(40)}


def test_the_virtual_clock_moves_forward_only_and_only_by_an_administrator(
    client: FlaskClient, person: Person, web_database: Database, settings: Settings
) -> None:
    begin = datetime(2026, 3, 2, 1, tzinfo=UTC)
    with web_database.writing() as session:
        clock.set_virtual(session, settings, begin)
    person("admin", "admin")
    person("wang", "dept_approver")
    admin = headers(client, "admin")
    moved = client.put(f"{API}/clock", json={"now": "2026-03-03T00:30:00+08:00"}, headers=admin)
    assert moved.get_json() == {"now": "2026-03-02T16:30:00+00:00", "legal_date": "2026-03-03", "virtual": True}
    back = client.put(f"{API}/clock", json={"now": "2026-03-02T00:00:00+08:00"}, headers=headers(client, "admin"))
    assert (back.status_code, back.get_json()["code"]) == (409, "CLOCK_BACK")
    naive = client.put(f"{API}/clock", json={"now": "2026-03-04T00:00:00"}, headers=headers(client, "admin"))
    assert naive.status_code == 422
    other = client.put(f"{API}/clock", json={"now": "2026-03-04T00:00:00+08:00"}, headers=headers(client, "wang"))
    assert other.status_code == 403


def test_the_systems_clock_cannot_be_moved(settings: Settings, web_database: Database, person: Person) -> None:
    person("admin", "admin")
    client = create_app(replace(settings, clock="system"), web_database).test_client()
    answer = client.put(f"{API}/clock", json={"now": "2031-03-04T00:00:00+08:00"}, headers=headers(client, "admin"))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "CLOCK_IS_THE_SYSTEMS")


def test_a_number_series_goes_on_where_it_is_set_and_never_back(client: FlaskClient, person: Person) -> None:
    person("admin", "admin")
    admin = headers(client, "admin")
    path = f"{API}/numbering/property-certificate"
    body = {"district": "150500", "day": "2026-01-01", "period": "year", "next": 18642}
    assert client.put(path, json=body, headers=admin).status_code == 200
    again = client.put(path, json={**body, "next": 5}, headers=admin)
    assert (again.status_code, again.get_json()["code"]) == (409, "NUMBER_USED")
    assert client.put(path, json={**body, "next": 0}, headers=admin).status_code == 422
    assert client.put(path, json={**body, "district": "1"}, headers=admin).status_code == 422
