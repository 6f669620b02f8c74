"""The registry over REST: what the scenario runner and other systems may do, and what they are told when refused."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from builders_registry import (
    ADMITTED_AT,
    BOOKED_AT,
    OTHER_NAME,
    OTHER_USCC,
    OWNER_USCC,
    PARCEL,
    RECEIVED_AT,
    filed,
    planned,
    publish_model,
    receive,
    s1_booked,
    the_owner,
)
from builders_web import PASSWORD
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server import clock
from server.accounts import actions as accounts
from server.config import Settings
from server.db import Database

LAND: dict[str, Any] = {
    "parcel_code": PARCEL,
    "area": "21460.00",
    "use": "城镇住宅用地兼商业用地",
    "nature": "出让",
    "location": "科尔沁区河湾路",
    "holder_name": "通辽市蒙岳置业有限公司",
    "holder_uscc": OWNER_USCC,
    "certificate_number": "蒙(2025)通辽市不动产权第0003512号",
    "contract_number": "1505022025B00021",
    "use_from": "2025-03-20",
    "use_until": "2095-03-19",
    "price": {"paid": True, "voucher": "蒙财非税 2025-0035"},
    "deed_tax": {"paid": True, "voucher": "蒙税契 2025-1182"},
}
API = "/api/v1/registry"


class Caller:
    """Somebody with a bearer token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.token = client, token

    def __call__(self, method: str, path: str, json: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.open(path, method=method, json=json, headers=headers)


def token_for(session: Session, account_id: int) -> str:
    """A bearer token of this account."""
    actor = accounts.actor_for_account(session, account_id)
    assert actor is not None
    return accounts.issue_token(session, actor, RECEIVED_AT)


@pytest.fixture
def callers(web_database: Database, settings: Settings, client: FlaskClient) -> Iterator[Callable[[str], Caller]]:
    """``callers('admit')``: one of the registry's three desks or the owner, by token."""
    tokens: dict[str, str] = {}
    with web_database.writing() as session:
        clock.set_virtual(session, settings, RECEIVED_AT)
        centre = accounts.create_organisation(session, "通辽市不动产登记中心", "registry", "150500")
        for login, unit, role in (
            ("admit", "受理岗", "registrar_admit"),
            ("review", "审核岗", "registrar_review"),
            ("register", "登簿岗", "registrar_register"),
        ):
            place = accounts.create_unit(session, f"不动产登记中心·{unit}", centre)
            account = accounts.create_account(session, login, login, PASSWORD, centre, (role,), unit=place)
            tokens[login] = token_for(session, account.id)
        owner = the_owner(session)
        other = accounts.create_organisation(session, OTHER_NAME, "owner", "150502", uscc=OTHER_USCC)
        for login, firm in (("owner", owner), ("other", other)):
            account = accounts.create_account(session, login, login, PASSWORD, firm, ("applicant",))
            tokens[login] = token_for(session, account.id)
    yield lambda login: Caller(client, tokens[login])


def set_clock(database: Database, settings: Settings, at: datetime) -> None:
    with database.writing() as session:
        clock.set_virtual(session, settings, at)


def handed_over(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        publish_model(session)
        receive(session, settings, "building.planned", planned(), datetime(2025, 5, 21, 2, 0, tzinfo=UTC))
        receive(session, settings, "acceptance.filed", filed(settings))


def test_s1_runs_over_the_api_from_the_land_to_the_book(
    callers: Callable[[str], Caller], web_database: Database, settings: Settings
) -> None:
    entered = callers("admit")("POST", f"{API}/parcels", LAND)
    assert entered.status_code == 201, entered.text
    assert entered.json["entries"] == 1
    handed_over(web_database, settings)
    listed = callers("admit")("GET", f"{API}/applications").json
    number = listed[0]["number"]
    for login, outcome, at in (
        ("admit", "admit", ADMITTED_AT),
        ("review", "pass", ADMITTED_AT),
        ("register", "book", BOOKED_AT),
    ):
        set_clock(web_database, settings, at)
        call = callers(login)
        item = call("GET", "/api/v1/work-items").json[0]
        detail = call("GET", f"/api/v1/work-items/{item['id']}").json
        decided = call(
            "POST",
            f"/api/v1/work-items/{item['id']}/decision",
            {"outcome": outcome, "answers": {"opinion": "核对无误"}, "seen_revision": detail["revision"]},
        )
        assert decided.status_code == 200, decided.text
    case = callers("admit")("GET", f"{API}/applications/{number}").json
    assert case["state"] == "BOOKED"
    assert [check["code"] for check in case["checks"]] == [f"K{n}" for n in range(1, 13)]
    assert case["counts"]["HOLD"] == 0
    assert (case["areas"]["counted"]["planning"], case["areas"]["counted"]["built_difference"]) == (
        "42655.12",
        "74.76",
    )
    assert case["areas"]["residual"] == "0.00"
    assert case["certificate"]["units"] == 600
    assert case["limit"]["due"].startswith("2026-09-28T09:30")
    parcel = callers("admit")("GET", f"{API}/parcels/{PARCEL}").json
    assert parcel["common_parts"] == [{"building": "5#", "name": "物业用房", "area": "861.00", "entry": 603}]
    assert (parcel["annotations"][0]["area"], parcel["units"], parcel["entries"]) == ("3204.00", 600, 604)
    verified = callers("admit")("GET", f"{API}/parcels/{PARCEL}/verification").json
    assert verified == {"parcel_code": PARCEL, "entries": 604, "intact": True, "broken_at": None, "why": ""}


def test_the_grid_the_unit_and_the_entries_agree(
    callers: Callable[[str], Caller], web_database: Database, settings: Settings
) -> None:
    with web_database.writing() as session:
        s1_booked(session, settings)
    set_clock(web_database, settings, BOOKED_AT)
    call = callers("register")
    building = call("GET", f"{API}/parcels/{PARCEL}").json["buildings"][0]
    assert (building["name"], building["units"], building["registered"]) == ("1#", 92, 92)
    grid = call("GET", f"{API}/buildings/{building['id']}/grid").json
    assert [floor["number"] for floor in grid["floors"]] == list(range(23, 0, -1))
    assert grid["units_area"] == "9940.14"
    code = grid["floors"][0]["units"][0]["code"]
    unit = call("GET", f"{API}/units/{code}").json
    assert (unit["state"], unit["surveyed_area"], unit["label"]) == ("own", "112.36", "2301")
    entries = call("GET", f"{API}/entries?parcel_code={PARCEL}&limit=1000").json
    assert [entry["sequence"] for entry in entries] == list(range(1, 605))
    assert all(after["previous"] == before["hash"] for before, after in zip(entries, entries[1:], strict=False))
    earlier = call("GET", f"{API}/units/{code}?on=2026-09-27").json
    assert (earlier["state"], earlier["entries"]) == ("wait", [])


def test_an_owner_sees_its_own_applications_and_nobody_elses(
    callers: Callable[[str], Caller], web_database: Database, settings: Settings
) -> None:
    callers("admit")("POST", f"{API}/parcels", LAND)
    handed_over(web_database, settings)
    number = callers("owner")("GET", f"{API}/applications").json[0]["number"]
    assert callers("owner")("GET", f"{API}/applications/{number}").json["owner_uscc"] == OWNER_USCC
    assert callers("other")("GET", f"{API}/applications").json == []
    assert callers("other")("GET", f"{API}/applications/{number}").status_code == 404
    assert callers("owner")("GET", f"{API}/parcels/{PARCEL}").status_code == 403


def test_a_held_application_is_cured_over_the_api(
    callers: Callable[[str], Caller], web_database: Database, settings: Settings
) -> None:
    call = callers("admit")
    call("POST", f"{API}/parcels", {**LAND, "price": {"paid": False}})
    seizure = call(
        "POST",
        f"{API}/parcels/{PARCEL}/restrictions",
        {
            "kind": "seizure",
            "against_name": OTHER_NAME,
            "against_uscc": OTHER_USCC,
            "holder": "科尔沁区人民法院",
            "document": "(2026)内0502执保31号",
            "since": "2026-07-31",
        },
    )
    assert seizure.status_code == 201, seizure.text
    handed_over(web_database, settings)
    held = call("GET", f"{API}/applications").json[0]
    assert held["state"] == "HELD"
    cured = call(
        "POST",
        f"{API}/applications/{held['number']}/cure",
        {
            "note": "解封、缴清",
            "document": "裁定",
            "lifts": [seizure.json["id"]],
            "price": {"paid": True, "voucher": "0907"},
        },
    )
    assert cured.status_code == 200, cured.text
    assert (cured.json["state"], len(cured.json["runs"])) == ("CHECKED", 2)
    again = call("POST", f"{API}/applications/{held['number']}/cure", {"note": "再来"})
    assert (again.status_code, again.json["code"]) == (409, "NOT_HELD")


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"parcel_code": "150502"}, 422, "parcel_code"),
        ({"holder_uscc": "91150502MA0N4T7K7E"}, 422, "holder_uscc"),
        ({"area": "21460.001"}, 422, "area"),
        ({"area": "NaN"}, 422, "area"),
        ({"area": "很大"}, 422, "area"),
        ({"location": ""}, 422, "location"),
        ({"use_from": "去年"}, 422, "use_from"),
        ({"price": {"paid": True, "voucher": ""}}, 422, "voucher"),
        ({"colour": "红"}, 422, "colour"),
    ],
)
def test_a_wrong_parcel_is_refused_with_its_field_and_nothing_is_written(
    callers: Callable[[str], Caller], change: dict[str, Any], status: int, field: str
) -> None:
    call = callers("admit")
    refused = call("POST", f"{API}/parcels", {**LAND, **change})
    assert refused.status_code == status, refused.text
    assert refused.mimetype == "application/problem+json"
    assert field in refused.json["errors"]
    assert call("GET", f"{API}/parcels").json == []


def test_a_parcel_entered_twice_is_a_conflict(callers: Callable[[str], Caller]) -> None:
    call = callers("admit")
    assert call("POST", f"{API}/parcels", LAND).status_code == 201
    assert call("POST", f"{API}/parcels", LAND).status_code == 409


@pytest.mark.parametrize(
    "path", ["/parcels/150502003012GB00099", "/units/150502003012GB00035F00010001", "/applications/1"]
)
def test_what_is_not_there_is_404_and_says_so_in_chinese(callers: Callable[[str], Caller], path: str) -> None:
    answer = callers("admit")("GET", API + path)
    assert answer.status_code == 404
    assert "没有" in answer.json["detail"]


def test_a_stranger_is_asked_to_sign_in(client: FlaskClient) -> None:
    answer: Any = client.get(f"{API}/applications")
    assert (answer.status_code, answer.json["code"]) == (401, "UNAUTHENTICATED")
