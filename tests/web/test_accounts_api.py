"""Tokens, and what a sign-in over REST gives away: nothing."""

from collections.abc import Callable

import pytest
from builders_web import PASSWORD, token_of
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

API = "/api/v1"
Person = Callable[..., int]


def ask(client: FlaskClient, login: str, password: str = PASSWORD) -> TestResponse:
    return client.post(f"{API}/tokens", json={"login": login, "password": password})


def headers(client: FlaskClient, login: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {ask(client, login).get_json()['token']}"}


def test_a_token_stands_for_its_person_until_it_is_ended(client: FlaskClient, person: Person) -> None:
    person("wang", "dept_approver", unit="住建局·审批科")
    told = ask(client, "wang").get_json()
    assert told["account"] == {
        "login": "wang",
        "name": "王批准",
        "label": "住建局·审批科·王批准",
        "organisation": "住建局",
        "unit": "住建局·审批科",
        "district": "150502",
        "roles": ["dept_approver"],
    }
    bearer = {"Authorization": f"Bearer {told['token']}"}
    assert client.get(f"{API}/me", headers=bearer).get_json() == told["account"]
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
    refused = [ask(client, f"guess{number}", "x" * 10) for number in range(40)][-1]
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert "太频繁" in refused.get_json()["detail"]


def test_after_many_failures_too_nobody_learns_which_logins_exist(client: FlaskClient, person: Person) -> None:
    person("wang", "dept_approver")

    def answers(login: str) -> list[tuple[int, str | None, object]]:
        return [
            (one.status_code, one.mimetype, one.get_json()) for one in (ask(client, login, "wrong") for _ in range(7))
        ]

    known, unknown = answers("wang"), answers("nobody")
    assert known == unknown
    assert [told["code"] for _, _, told in known if isinstance(told, dict)] == ["SIGN_IN"] * 5 + ["LOCKED"] * 2


def test_a_resting_login_is_refused_with_the_right_password_too(client: FlaskClient, person: Person) -> None:
    person("wang", "dept_approver")
    for _ in range(5):
        ask(client, "wang", "wrong")
    answer = ask(client, "wang")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "LOCKED")


@pytest.mark.parametrize("text", ["wang\\u0000", "\\ud800", "wang\\u2028"])
@pytest.mark.parametrize("field", ["login", "password"])
def test_text_that_no_database_takes_is_a_wrong_login_like_any_other(
    client: FlaskClient, person: Person, field: str, text: str
) -> None:
    person("wang", "dept_approver")
    given = {"login": "wang", "password": "wrong"} | {field: text}
    body = "{" + ",".join(f'"{name}":"{value}"' for name, value in given.items()) + "}"
    answer = client.post(f"{API}/tokens", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "SIGN_IN")


def test_a_token_is_ended_by_whoever_carries_one(client: FlaskClient, person: Person) -> None:
    person("wang", "dept_approver")
    assert client.delete(f"{API}/tokens").status_code == 401
    assert client.delete(f"{API}/tokens", headers={"Authorization": "Bearer made-up"}).status_code == 401
    token = ask(client, "wang").get_json()["token"]
    padded = {"Authorization": f"Bearer  {token} "}
    assert client.delete(f"{API}/tokens", headers=padded).status_code == 204
    assert client.get(f"{API}/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_browser_session_has_no_token_to_end(
    client: FlaskClient, person: Person, enter: Callable[[str], FlaskClient]
) -> None:
    person("wang", "dept_approver")
    page = enter("wang").get("/").text
    answer = client.delete(f"{API}/tokens", headers={"X-CSRFToken": token_of(page)})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "TOKEN_MISSING")
