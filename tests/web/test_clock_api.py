"""The clock and the number series over REST: moved forward only, by administrators, and nowhere in production."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders_web import PASSWORD
from flask.testing import FlaskClient

from server import clock
from server.app import create_app
from server.config import ConfigurationError, Settings
from server.db import Database

API = "/api/v1"
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
SERIES = {"district": "150500", "day": "2026-01-01", "period": "year", "next": 18642}
Person = Callable[..., int]


def headers(client: FlaskClient, login: str) -> dict[str, str]:
    answer = client.post(f"{API}/tokens", json={"login": login, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.get_json()['token']}"}


@pytest.fixture
def admin(client: FlaskClient, person: Person, web_database: Database, settings: Settings) -> dict[str, str]:
    """Headers of an administrator, on a server whose clock stands at BEGIN."""
    with web_database.writing() as session:
        clock.set_virtual(session, settings, BEGIN)
    person("admin", "admin")
    return headers(client, "admin")


def stands(database: Database, settings: Settings) -> datetime:
    """What the worker takes for the time: the row in the database."""
    with database.reading() as session:
        return clock.now(session, settings)


def test_the_moved_clock_is_the_workers_too_and_the_legal_date_is_chinas(
    client: FlaskClient, admin: dict[str, str], web_database: Database, settings: Settings
) -> None:
    moved = client.put(f"{API}/clock", json={"now": "2026-03-03T00:30:00+08:00"}, headers=admin)
    expected = {"now": "2026-03-02T16:30:00+00:00", "legal_date": "2026-03-03", "virtual": True}
    assert moved.get_json() == expected
    assert client.get(f"{API}/clock", headers=headers(client, "admin")).get_json() == expected
    assert stands(web_database, settings) == datetime(2026, 3, 2, 16, 30, tzinfo=UTC)


def test_the_clock_never_goes_back(
    client: FlaskClient, admin: dict[str, str], web_database: Database, settings: Settings
) -> None:
    back = client.put(f"{API}/clock", json={"now": "2026-03-02T00:00:00+08:00"}, headers=admin)
    assert (back.status_code, back.mimetype, back.get_json()["code"]) == (
        409,
        "application/problem+json",
        "CLOCK_BACK",
    )
    assert "2026-03-02 09:00:00" in back.get_json()["detail"]
    assert stands(web_database, settings) == BEGIN


@pytest.mark.parametrize(
    "now",
    [
        "2026-03-04T00:00:00",  # whose noon?
        "9999-12-31T23:59:59+00:00",
        "0001-01-01T00:00:00+14:00",
        "明天",
        1772413200,
        None,
    ],
)
def test_a_moment_that_cannot_be_is_refused_at_its_field_in_chinese(
    client: FlaskClient, admin: dict[str, str], now: object
) -> None:
    answer = client.put(f"{API}/clock", json={"now": now}, headers=admin)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    (sentence,) = answer.get_json()["errors"]["now"]
    assert any("一" <= letter <= "鿿" for letter in sentence)


def test_only_an_administrator_moves_the_clock(
    client: FlaskClient, admin: dict[str, str], person: Person, web_database: Database, settings: Settings
) -> None:
    person("wang", "dept_approver", "auditor")
    wang = headers(client, "wang")
    answer = client.put(f"{API}/clock", json={"now": "2026-03-04T00:00:00+08:00"}, headers=wang)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "ROLE")
    assert client.get(f"{API}/clock", headers=wang).status_code == 200
    assert client.put(f"{API}/clock", json={"now": "2026-03-04T00:00:00+08:00"}).status_code == 401
    assert stands(web_database, settings) == BEGIN


def test_the_systems_clock_cannot_be_moved(settings: Settings, web_database: Database, person: Person) -> None:
    person("admin", "admin")
    client = create_app(replace(settings, clock="system"), web_database).test_client()
    answer = client.put(f"{API}/clock", json={"now": "2031-03-04T00:00:00+08:00"}, headers=headers(client, "admin"))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "CLOCK_IS_THE_SYSTEMS")
    assert "系统时钟" in answer.get_json()["detail"]
    assert client.get(f"{API}/clock", headers=headers(client, "admin")).get_json()["virtual"] is False


@pytest.mark.parametrize("more", [{"GCB_CLOCK": "virtual"}, {"GCB_CRASH_AT": "filed"}, {"GCB_BENCH": "1"}])
def test_production_refuses_to_start_with_what_only_tests_may_have(tmp_path: Path, more: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="refused in production"):
        Settings.from_env({"GCB_DATA": str(tmp_path), "GCB_ENV": "production", **more})
    assert Settings.from_env({"GCB_DATA": str(tmp_path), **more}).environment == "demo"


def test_a_number_series_goes_on_where_it_is_set_and_never_back(client: FlaskClient, admin: dict[str, str]) -> None:
    path = f"{API}/numbering/property-certificate"
    assert client.put(path, json=SERIES, headers=admin).get_json() == SERIES
    again = client.put(path, json={**SERIES, "next": 5}, headers=admin)
    assert (again.status_code, again.get_json()["code"]) == (409, "NUMBER_USED")
    assert again.get_json()["errors"]["next"] == ["请填 18642 或更大的数。"]


@pytest.mark.parametrize(
    ("series", "wrong", "status", "field"),
    [
        ("property-certificate", {"next": 0}, 422, "next"),
        ("property-certificate", {"next": "18642"}, 422, "next"),
        ("property-certificate", {"district": "1"}, 422, "district"),
        ("property-certificate", {"district": "1505001"}, 422, "district"),
        ("property-certificate", {"district": "１５０５００"}, 422, "district"),
        ("property-certificate", {"district": "150502"}, 422, "district"),  # counted by the city
        ("acceptance-filing", {"district": "110101"}, 422, "district"),  # not of this city
        ("property-certificate", {"period": "day"}, 422, "period"),
        ("construction-permit", {"period": "year"}, 422, "period"),
        ("property-certificate", {"day": "2026-02-30"}, 422, "day"),
        ("certificates", {}, 404, None),
        ("letter:", {}, 404, None),
        ("grant-decision", {}, 404, None),
    ],
)
def test_a_row_that_no_number_would_be_drawn_from_is_not_made(
    client: FlaskClient, admin: dict[str, str], series: str, wrong: dict[str, object], status: int, field: str | None
) -> None:
    answer = client.put(f"{API}/numbering/{series}", json=SERIES | wrong, headers=admin)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert field is None or field in answer.get_json()["errors"]


def test_letters_and_permits_can_be_set_too(client: FlaskClient, admin: dict[str, str]) -> None:
    for series, body in (
        ("letter:grant-decision", {**SERIES, "district": "150502"}),
        ("construction-permit", {**SERIES, "district": "150502", "period": "day", "next": 7}),
    ):
        assert client.put(f"{API}/numbering/{series}", json=body, headers=admin).get_json() == body


def test_only_an_administrator_sets_a_series(client: FlaskClient, admin: dict[str, str], person: Person) -> None:
    person("wang", "registrar_register")
    answer = client.put(f"{API}/numbering/property-certificate", json=SERIES, headers=headers(client, "wang"))
    assert answer.status_code == 403
