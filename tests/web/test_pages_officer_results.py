"""Earlier results: entered by the window from their documents, each fault led to its field, nothing half-entered."""

import io
from typing import Any

import pytest
from builders_approval import CODE
from builders_files import a_pdf
from builders_officer import APPROVER, WINDOW, Pages, counts
from builders_web import token_of, words_of
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.approval.models import Building, Result
from server.config import Settings
from server.db import Database
from server.web.pages.officer.unit_lines import parse


@pytest.fixture
def pages(client: FlaskClient, web_database: Database, settings: Settings) -> Pages:
    return Pages(client, web_database, settings)


def enter(pages: Pages, kind: str, **fields: Any) -> TestResponse:
    """Send the form of a result, with its scan unless `file` says otherwise."""
    address = f"/officer/results/{CODE}/new"
    page = pages.as_(WINDOW).get(f"{address}?kind={kind}")
    given: dict[str, Any] = {"csrf_token": token_of(page), "kind": kind, "number": f"{kind}号", "issued_on": "2025-03-07"}
    given |= {"file": (io.BytesIO(a_pdf()), "扫描件.pdf"), **fields}
    return pages.client.post(address, data={key: one for key, one in given.items() if one is not None})


B02 = {
    "buildings.0.number": "1#",
    "buildings.0.use": "住宅",
    "buildings.0.floors_above": "23",
    "buildings.0.floors_below": "0",
    "buildings.0.planned_area": "9953.11",
    "buildings.0.units": "1至23层 住宅 112.36 98.52×2 122.78",
    "buildings.1.number": "车库",
    "buildings.1.use": "地下车库",
    "buildings.1.floors_above": "0",
    "buildings.1.floors_below": "1",
    "buildings.1.planned_area": "11240.50",
    "buildings.1.civil_defence_area": "3204",
    "buildings.1.units": "地下1层 车位 31.80×210",
}


def test_a_clerk_enters_a_result_with_its_document(pages: Pages) -> None:
    pages.build(lambda desk: desk.project())
    answer = enter(pages, "A07", valid_until="2028-03-06")
    assert answer.status_code == 302, words_of(answer.text)
    page = pages.get(f"/officer/results/{CODE}")
    assert "A07号" in page
    assert "2028-03-06" in page
    twice = enter(pages, "A07")
    assert twice.status_code == 409
    assert 'href="#number"' in twice.text


def test_a_planning_permit_brings_buildings_and_units(pages: Pages) -> None:
    pages.build(lambda desk: desk.project())
    answer = enter(pages, "B02", **B02)
    assert answer.status_code == 302, words_of(answer.text)
    with pages.database.reading() as session:
        rows = session.scalars(select(Building).order_by(Building.position)).all()
        assert [(one.number, one.unit_count) for one in rows] == [("1#", 92), ("车库", 210)]
    assert "2 栋，302 个单元" in words_of(pages.get(f"/officer/results/{CODE}"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": ""}, "number"),
        ({"issued_on": "2025-13-01"}, "issued_on"),
        ({"issued_on": "2026-03-07"}, "issued_on"),
        ({"valid_until": "2024-01-01"}, "valid_until"),
        ({"file": None}, "file"),
        ({"file": (io.BytesIO(b"MZ nonsense"), "扫描件.pdf")}, "file"),
        ({"buildings.0.units": "一层到顶层"}, "buildings-0-units"),
        ({"buildings.0.units": "1至30层 住宅 90.00"}, "buildings-0-units"),
        ({"buildings.0.planned_area": "很大"}, "buildings-0-planned_area"),
        ({"buildings.1.number": "1#"}, "buildings-1-number"),
    ],
)
def test_a_fault_is_led_to_its_field_and_nothing_is_entered(pages: Pages, changes: dict[str, Any], field: str) -> None:
    pages.build(lambda desk: desk.project())
    answer = enter(pages, "B02", **{**B02, **changes})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "11240.50" in answer.text
    assert counts(pages, Result, Building) == [0, 0]


def test_only_the_window_enters_and_others_may_look(pages: Pages) -> None:
    pages.build(lambda desk: desk.ready())
    page = pages.as_(APPROVER).get(f"/officer/results/{CODE}")
    assert "建设工程规划许可证" in page
    assert "由政务大厅窗口凭原件录入" in page
    pages.get(f"/officer/results/{CODE}/new?kind=A07", status=403)
    pages.as_(WINDOW).get(f"/officer/results/{CODE}/new?kind=Z99", status=404)
    pages.get("/officer/results/2503-150502-04-01-000000", status=404)


def test_units_are_read_from_lines_as_a_clerk_writes_them() -> None:
    groups, wrong = parse("1-2层 商业 86.30×11，90\n\n地下2至地下1层 车位 31.8×3户\n-1 储藏 5 6")
    assert wrong == []
    assert [(one["first_floor"], one["last_floor"], one["use"]) for one in groups] == [
        (1, 2, "商业"),
        (-2, -1, "车位"),
        (-1, -1, "储藏"),
    ]
    assert groups[0]["areas"] == [{"area": "86.30", "count": 11}, "90.00"]
    assert groups[2]["areas"] == ["5.00", "6.00"]
    assert len(parse("顶层 住宅 90\n1层 住宅 九十\n0层 住宅 90")[1]) == 3
