"""The registrars' pages in a browserless client: what they say, what they refuse, and that forms do what they promise."""

import re
from collections.abc import Callable

import pytest
from builders_registry import (
    ADMITTED_AT,
    ADMITTER,
    BOOKED_AT,
    OTHER_NAME,
    OTHER_USCC,
    PARCEL,
    RECEIVED_AT,
    a_land_right,
    answer,
    filed,
    planned,
    publish_model,
    receive,
    s1_booked,
    s1_received,
    the_application,
    the_owner,
)
from builders_web import PASSWORD, token_of
from flask.testing import FlaskClient
from sqlalchemy import select

from server import clock
from server.accounts import actions as accounts
from server.config import Settings
from server.db import Database
from server.registry import actions, codes
from server.registry.land import PaymentFact
from server.registry.models import Application, Parcel, Step

SEATS = {
    "admit": ("李受理", "不动产登记中心·受理岗", "registrar_admit"),
    "review": ("赵审核", "不动产登记中心·审核岗", "registrar_review"),
    "register": ("孙登簿", "不动产登记中心·登簿岗", "registrar_register"),
}


@pytest.fixture
def seats(web_database: Database, settings: Settings) -> None:
    """The registry's three desks, and the virtual clock at the moment of receipt."""
    with web_database.writing() as session:
        clock.set_virtual(session, settings, RECEIVED_AT)
        centre = accounts.create_organisation(session, "通辽市不动产登记中心", "registry", "150500")
        for login, (name, unit, role) in SEATS.items():
            place = accounts.create_unit(session, unit, centre)
            accounts.create_account(session, login, name, PASSWORD, centre, (role,), unit=place)
        the_owner(session)


def at(database: Database, settings: Settings, work: Callable[..., object]) -> str:
    """Let the registry do something in one transaction; the application's number."""
    with database.writing() as session:
        work(session, settings)
        number: str = session.scalars(select(Application.number)).one()
        return number


def at_booking(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        clock.set_virtual(session, settings, BOOKED_AT)


def held(session, settings) -> None:  # type: ignore[no-untyped-def]
    """A filing whose parcel owes its price and is seized for a debt of somebody else; nobody saw the site."""
    publish_model(session)
    actions.enter_parcel(session, a_land_right(price=PaymentFact(False, "")), ADMITTER, RECEIVED_AT)
    seizure = actions.RestrictionFact(
        "seizure", OTHER_USCC, OTHER_NAME, "科尔沁区人民法院", "协助执行通知", RECEIVED_AT.date()
    )
    actions.record_restriction(session, PARCEL, seizure, ADMITTER, RECEIVED_AT)
    receive(session, settings, "building.planned", planned())
    receive(session, settings, "acceptance.filed", filed(settings, specials=filed(settings).specials[:4]))


def text_of(html: str) -> str:
    """What a page says, without its marks and blanks."""
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", html))


def test_an_empty_inbox_says_what_comes_next(seats: None, enter: Callable[[str], FlaskClient]) -> None:
    page = enter("admit").get("/registry/")
    assert page.status_code == 200
    assert "竣工验收备案办结后，登记件自动到这里" in page.text


def test_the_inbox_shows_whose_turn_it_is(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, s1_received)
    mine = enter("admit").get("/registry/").text
    assert number in mine
    assert "受理登记申请" in mine
    assert "登记待办" in mine


def test_another_desk_sees_the_case_but_gets_no_form(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, s1_received)
    page = enter("review").get(f"/registry/applications/{number}").text
    assert "您可以看，不能决定" in page
    assert 'name="seen_revision"' not in page


def test_the_case_shows_twelve_results_the_worst_first_and_the_area_table(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, held)
    said = text_of(enter("admit").get(f"/registry/applications/{number}").text)
    assert all(f"K{n}" in said for n in range(1, 13))
    assert said.index("K3宗地有无查封") < said.index("K1主体一致")
    assert "42,655.12" in said
    assert "+74.76" in said
    assert "余数合计0.00㎡" in said
    assert "只通知一次" in said


def test_three_desks_bring_a_case_into_the_book_through_the_pages(
    seats: None, web_database: Database, settings: Settings, client: FlaskClient
) -> None:
    number = at(web_database, settings, s1_received)
    address = f"/registry/applications/{number}"
    for login, outcome in (("admit", "admit"), ("review", "pass"), ("register", "book")):
        page = client.get("/sign-in").text
        client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": token_of(page)})
        page = client.get(address).text
        answer_ = client.post(
            f"{address}/decide",
            data={
                "csrf_token": token_of(page),
                "work_item": _value(page, "work_item"),
                "seen_revision": _value(page, "seen_revision"),
                "outcome": outcome,
                "opinion": "核对无误",
            },
        )
        assert answer_.status_code == 302, text_of(answer_.text)
    with web_database.reading() as session:
        kinds = session.scalars(select(Step.kind).order_by(Step.sequence)).all()
    assert kinds[-1] == "BOOKED"
    page = client.get(address).text
    assert "600 个单元" in page


def test_a_decision_on_an_old_page_is_refused_and_the_text_is_kept(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, s1_received)
    client = enter("admit")
    page = client.get(f"/registry/applications/{number}").text
    refused = client.post(
        f"/registry/applications/{number}/decide",
        data={
            "csrf_token": token_of(page),
            "work_item": _value(page, "work_item"),
            "seen_revision": 1,
            "outcome": "admit",
            "opinion": "写了一半的意见",
        },
    )
    assert refused.status_code == 409
    assert "新的记录" in refused.text
    assert "写了一半的意见" in refused.text


def test_a_refusal_without_a_reason_names_the_field(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, s1_received)
    with web_database.writing() as session:
        answer(session, the_application(session), "task_admit", ADMITTED_AT)
    client = enter("review")
    page = client.get(f"/registry/applications/{number}").text
    refused = client.post(
        f"/registry/applications/{number}/decide",
        data={
            "csrf_token": token_of(page),
            "work_item": _value(page, "work_item"),
            "seen_revision": _value(page, "seen_revision"),
            "outcome": "refuse",
            "opinion": "",
        },
    )
    assert refused.status_code == 422
    assert 'href="#opinion"' in refused.text


def test_a_hold_is_cured_on_the_page_and_all_twelve_run_again(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, held)
    client = enter("admit")
    address = f"/registry/applications/{number}"
    page = client.get(address).text
    visit = {"csrf_token": token_of(page), "visited_on": "2026-09-28", "as_described": "yes", "text": "均已建成"}
    assert client.post(f"{address}/visit", data=visit).status_code == 302
    cured = client.post(
        f"{address}/cure",
        data={
            "csrf_token": token_of(page),
            "note": "收到解封裁定和缴款凭证",
            "document": "执保31号之一",
            "lifts": re.findall(r'name="lifts" value="(\d+)"', page),
            "price_voucher": "蒙财非税 2026-0907",
        },
        follow_redirects=True,
    )
    assert "没有挂起" in cured.text
    with web_database.reading() as session:
        assert session.scalars(select(Step.kind).order_by(Step.sequence.desc())).first() == "CHECKED"


def test_curing_with_nothing_said_is_refused_at_the_field(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, held)
    client = enter("admit")
    page = client.get(f"/registry/applications/{number}").text
    refused = client.post(f"/registry/applications/{number}/cure", data={"csrf_token": token_of(page), "note": " "})
    assert refused.status_code == 422
    assert "请写明收到了什么" in refused.text


def test_the_building_is_a_grid_of_floors_and_units_on_any_day(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    at(web_database, settings, s1_booked)
    at_booking(web_database, settings)
    client = enter("register")
    page = client.get("/registry/book/buildings/1").text
    assert page.count('<td data-u="own"><a ') == 92
    assert 'aria-label="2304，首次登记"' in page
    before = client.get("/registry/book/buildings/1?on=2026-09-27").text
    assert before.count('<td data-u="wait"><a ') == 92
    assert client.get("/registry/book/buildings/1?on=soon").status_code == 422


def test_a_unit_shows_its_entry_and_the_book_says_it_is_intact(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    at(web_database, settings, s1_booked)
    at_booking(web_database, settings)
    client = enter("register")
    unit = client.get(f"/registry/book/units/{codes.house_unit(PARCEL, 1, 23)}").text
    assert "首次登记（单元），第 25 条" in unit
    checked = client.get(f"/registry/book/parcels/{PARCEL}/entries?verify=1").text
    assert "604 条记载完整" in checked
    parcel = text_of(client.get(f"/registry/book/parcels/{PARCEL}").text)
    assert "5#物业用房861.00㎡，只记登记簿，不发证" in parcel
    assert "车库3,204.00㎡" in parcel


def test_a_parcel_is_entered_on_the_page_and_faults_are_named(
    seats: None, web_database: Database, enter: Callable[[str], FlaskClient]
) -> None:
    client = enter("admit")
    page = client.get("/registry/book/parcels/new").text
    land = {
        "csrf_token": token_of(page),
        "parcel_code": "150502 003012 GB00035",
        "area": "21,460.00",
        "use": "城镇住宅用地",
        "nature": "出让",
        "location": "河湾路",
        "holder_name": "通辽市蒙岳置业有限公司",
        "holder_uscc": "91150502MA0N4T7K7D",
        "certificate_number": "蒙(2025)通辽市不动产权第0003512号",
        "use_from": "2025-03-20",
        "use_until": "2095-03-19",
        "price_voucher": "0035",
    }
    refused = client.post("/registry/book/parcels/new", data={**land, "area": "很大", "use_from": "去年"})
    assert refused.status_code == 422
    assert 'href="#area"' in refused.text
    assert 'href="#use_from"' in refused.text
    wrong = client.post("/registry/book/parcels/new", data={**land, "holder_uscc": "91150502MA0N4T7K7E"})
    assert wrong.status_code == 422
    assert 'href="#holder_uscc"' in wrong.text
    assert client.post("/registry/book/parcels/new", data=land).status_code == 302
    with web_database.reading() as session:
        assert session.scalars(select(Parcel.code)).one() == PARCEL


def test_searching_a_units_code_opens_the_unit(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, s1_booked)
    client = enter("register")
    code = codes.house_unit(PARCEL, 1, 23)
    assert client.get(f"/registry/search?q={codes.grouped(code)}").headers["Location"].endswith(code)
    assert client.get(f"/registry/search?q={number}").headers["Location"].endswith(number)
    assert "没有找到" in client.get("/registry/search?q=100%25_").text
    assert "河湾府" in client.get("/registry/search?q=河湾").text


@pytest.mark.parametrize("address", ["/registry/", f"/registry/book/parcels/{PARCEL}", "/registry/search?q=x"])
def test_others_than_registrars_are_kept_out(
    person: Callable[..., int], enter: Callable[[str], FlaskClient], address: str
) -> None:
    person("wang", "dept_approver", unit="住建局·审批科")
    assert enter("wang").get(address).status_code == 403


def test_what_the_registry_shows_has_no_english_beside_names(
    seats: None, web_database: Database, settings: Settings, enter: Callable[[str], FlaskClient]
) -> None:
    number = at(web_database, settings, s1_booked)
    at_booking(web_database, settings)
    client = enter("register")
    allowed = {"GB", "Enter", "BPMN"}
    for address in (
        "/registry/",
        f"/registry/applications/{number}",
        "/registry/book/buildings/1",
        "/registry/book/buildings/6",
        f"/registry/book/parcels/{PARCEL}",
        f"/registry/book/parcels/{PARCEL}/entries",
        "/registry/book/",
    ):
        body = re.search(r"<main[^>]*>(.*)</main>", client.get(address).text, re.DOTALL)
        assert body is not None
        shown = re.sub(r'<(span|dd) class="gb-(?:code|hash)[^>]*>.*?</\1>', " ", body.group(1), flags=re.DOTALL)
        shown = re.sub(r"<[^>]+>", " ", shown)
        shown = re.sub(r"[0-9A-Za-z-]*[0-9][0-9A-Za-z-]*", " ", shown)  # codes of firms, parcels, cases; digests
        words = set(re.findall(r"[A-Za-z]{2,}", shown)) - allowed
        assert words == set(), (address, words)


def _value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="(\d+)"', page)
    assert found is not None, name
    return found.group(1)
