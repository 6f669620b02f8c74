"""The owner's pages on real rows: list, home, matrix, draft, check, consent, access by strangers."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from builders_web import PASSWORD, token_of, words_of
from flask.testing import FlaskClient

from server.accounts import actions as accounts
from server.accounts.actor import SYSTEM
from server.accounts.models import Unit
from server.approval import actions
from server.approval.models import Building, Consent, Project, Result
from server.clock import set_virtual
from server.config import Settings
from server.db import Database
from server.processes import seeding, work_items

ROOT = Path(__file__).resolve().parents[2]
UNITS = (
    "政务大厅·综合窗口",
    "住建局·质量安全科",
    "住建局·消防人防科",
    "住建局·审批科",
    "住建局·联合验收科",
    "住建局·备案科",
    "自然资源局·规划科",
    "人防办·审批科",
    "城建档案馆·验收科",
    "不动产登记中心·实地查看岗",
    "不动产登记中心·受理岗",
    "不动产登记中心·审核岗",
    "不动产登记中心·登簿岗",
)
NOW = datetime(2025, 6, 16, 2, 0, tzinfo=UTC)
CODE = "2503-150502-04-01-382716"
LONG = "通辽市科尔沁区东部片区老旧小区配套热力管网、换热站及附属设施改造提升工程（二标段）"


@pytest.fixture
def project(web_database: Database, settings: Settings) -> str:
    """河湾府 with a tower that has a basement and shops that have none, its owner's person `owner`, and a stranger."""
    with web_database.writing() as session:
        set_virtual(session, settings, NOW)
        office = accounts.create_organisation(session, "政务服务局", "department", "150502")
        for unit in UNITS:
            accounts.create_unit(session, unit, office)
        seeding.seed_from_disk(session, ROOT / "bpmn", ROOT / "forms", SYSTEM, NOW)
        mine = accounts.create_organisation(session, "通辽市蒙岳置业", "owner", "150502", uscc="91150502MA0N4T7K7D")
        other = accounts.create_organisation(session, "通辽市科源城投", "owner", "150502", uscc="91150500MA0PW3R8XM")
        accounts.create_account(session, "owner", "经办人", PASSWORD, mine, ["applicant"])
        accounts.create_account(session, "stranger", "经办人", PASSWORD, other, ["applicant"])
        row = Project(
            code=CODE,
            owner_organisation_id=mine.id,
            flow_type="SOC_GENERAL",
            name="河湾府",
            address="科尔沁区",
            district="150502",
            parcel_code="150502003012GB00035",
            created_at=NOW,
            created_by="系统",
        )
        session.add(row)
        session.flush()
        permit = Result(
            project_id=row.id,
            code="B02",
            origin="historical",
            number="建字第1号",
            title="建设工程规划许可证",
            authority="自然资源局",
            issued_on=date(2025, 5, 21),
            data={},
            entered_at=NOW,
            entered_by="窗口",
        )
        session.add(permit)
        session.flush()
        for position, (number, below) in enumerate((("1#", 1), ("5#", 0)), start=1):
            session.add(
                Building(
                    project_id=row.id,
                    result_id=permit.id,
                    position=position,
                    number=number,
                    use="住宅",
                    floors_above=23,
                    floors_below=below,
                    planned_area=Decimal("9953.11"),
                    common_area=Decimal(0),
                    civil_defence_area=Decimal(0),
                    shared_area=Decimal(0),
                    units=[],
                    unit_count=92,
                )
            )
    return CODE


Enter = Callable[[str], FlaskClient]


def test_the_list_shows_my_projects_and_nobody_elses(project: str, enter: Enter) -> None:
    assert "河湾府" in enter("owner").get("/projects").text


def test_a_stranger_may_not_learn_that_a_project_exists(project: str, enter: Enter) -> None:
    client = enter("stranger")
    assert "还没有项目" in client.get("/projects").text
    for page in ("", "/phases", "/acceptance", "/consent"):
        answer = client.get(f"/projects/{project}{page}")
        assert answer.status_code == 404
        assert "河湾府" not in answer.text


def test_the_home_says_what_is_on_file_and_that_nothing_is_owed(project: str, enter: Enter) -> None:
    page = enter("owner").get(f"/projects/{project}").text
    assert "现在没有要您办的" in page
    assert "建设工程规划许可证" in page
    assert "19,906.22㎡" in page


def test_the_matrix_offers_what_can_be_applied_for_and_says_why_the_rest_cannot(project: str, enter: Enter) -> None:
    page = enter("owner").get(f"/projects/{project}/phases").text
    assert page.count('name="building-P1"') == 2
    assert 'name="building-P2"' not in page
    assert "等基坑发证" in page
    assert "没有地下室" in page
    assert "6月17日(周二)前" in words_of(page)


def test_choosing_nothing_is_said_at_the_top(project: str, enter: Enter) -> None:
    client = enter("owner")
    address = f"/projects/{project}/phases"
    answer = client.post(address, data={"phase": "P1", "csrf_token": token_of(client.get(address).text)})
    assert answer.status_code == 422
    assert "请至少勾选一栋" in answer.text


def _draft(client: FlaskClient, project: str) -> str:
    address = f"/projects/{project}/phases"
    token = token_of(client.get(address).text)
    answer = client.post(address, data={"phase": "P1", "building-P1": ["1#"], "csrf_token": token})
    assert answer.status_code == 302, answer.text
    return answer.location


def test_a_choice_becomes_a_draft_that_the_home_offers_to_go_on_with(project: str, enter: Enter) -> None:
    client = enter("owner")
    page = client.get(_draft(client, project)).text
    assert "施工许可·基坑申请" in page
    assert "还没有提交" in page
    assert "继续填写" in client.get(f"/projects/{project}").text
    assert "填好施工许可·基坑申请" in client.get("/todo").text


def test_check_names_what_is_missing_and_does_not_submit(project: str, enter: Enter) -> None:
    client = enter("owner")
    draft = _draft(client, project)
    page = client.get(f"{draft}/check").text
    assert "现在还不能提交" in page
    answer = client.post(f"{draft}/submit", data={"csrf_token": token_of(page)})
    assert answer.status_code == 422
    assert "请先勾选声明" in answer.text
    answer = client.post(f"{draft}/submit", data={"declared": "yes", "csrf_token": token_of(page)})
    assert answer.status_code == 422
    assert "没有提交，您填的都在" in words_of(answer.text)


def test_a_stranger_may_not_open_a_draft(project: str, enter: Enter, app: object) -> None:
    draft = _draft(enter("owner"), project)
    assert enter("stranger").get(draft).status_code == 404


def test_an_upload_without_a_file_is_refused_beside_its_material(project: str, enter: Enter) -> None:
    client = enter("owner")
    draft = _draft(client, project)
    answer = client.post(f"{draft}/materials/M16", data={"csrf_token": token_of(client.get(draft).text)})
    assert answer.status_code == 422
    assert 'href="#m-M16"' in answer.text


def test_the_consent_is_signed_once_after_it_was_confirmed(project: str, enter: Enter, web_database: Database) -> None:
    client = enter("owner")
    address = f"/projects/{project}/consent"
    page = client.get(address).text
    token, sha = token_of(page), page.split('name="sha256" value="')[1].split('"')[0]
    assert client.post(address, data={"sha256": sha, "csrf_token": token}).status_code == 422
    assert client.post(address, data={"agreed": "yes", "sha256": "0", "csrf_token": token}).status_code == 409
    assert client.post(address, data={"agreed": "yes", "sha256": sha, "csrf_token": token}).status_code == 302
    assert "已签署" in client.get(address).text
    with web_database.reading() as session:
        assert session.query(Consent).count() == 1


def test_acceptance_says_which_buildings_lack_a_permit(project: str, enter: Enter) -> None:
    page = enter("owner").get(f"/projects/{project}/acceptance").text
    assert "1#、5#还没有施工到竣工的有效许可证" in page
    assert "申请联合验收" not in page


def test_a_long_name_is_shown_whole(project: str, enter: Enter, web_database: Database) -> None:
    with web_database.writing() as session:
        session.query(Project).one().name = LONG
    assert LONG in enter("owner").get(f"/projects/{project}").text


def test_the_menu_counts_what_the_page_lists(project: str, enter: Enter) -> None:
    client = enter("owner")
    _draft(client, project)
    page = client.get("/todo").text
    assert '要我办的 <span class="gb-count">1</span>' in page
    assert page.count(">继续填写<") == 1


def test_every_line_of_the_summary_leads_to_a_place_on_the_page(project: str, enter: Enter) -> None:
    client = enter("owner")
    page = client.get(f"{_draft(client, project)}/check").text
    errors = page.split('class="gb-errors"')[1].split("</section>")[0]
    targets = re.findall(r'href="#([^"]+)"', errors)
    assert targets
    for target in targets:
        assert f'id="{target}"' in page, target


def test_a_stage_in_which_nothing_happened_is_not_drawn_as_done(project: str, enter: Enter) -> None:
    road = enter("owner").get(f"/projects/{project}").text.split('class="gb-road"')[1]
    assert "<li><header>" in road.split("工程建设许可")[0]


FACTS = {
    "contract_price": "13860.00",
    "period_from": "2025-06-20",
    "period_to": "2026-09-30",
    "contractor": "诚筑建设",
    "contractor_leader": "陈建设",
    "supervisor": "衡信",
    "supervisor_leader": "何监理",
    "designer": "北原",
    "designer_leader": "白设计",
    "surveyor": "地勘岩土",
    "surveyor_leader": "韩勘察",
    "excavation_depth": "5.8",
}


def test_the_form_is_filled_in_checked_and_kept(project: str, enter: Enter) -> None:
    client = enter("owner")
    address = f"{_draft(client, project)}/section"
    token = token_of(client.get(address).text)
    wrong = client.post(address, data={**FACTS, "contract_price": "很多", "csrf_token": token})
    assert wrong.status_code == 422
    assert 'href="#contract_price"' in wrong.text
    assert "诚筑建设" in wrong.text
    assert client.post(address, data={**FACTS, "csrf_token": token}).status_code == 302
    assert "诚筑建设" in client.get(address).text


def test_a_colleagues_newer_save_is_not_overwritten(project: str, enter: Enter) -> None:
    client = enter("owner")
    address = f"{_draft(client, project)}/section"
    token = token_of(client.get(address).text)
    data = {**FACTS, "csrf_token": token, "revision": "1"}
    assert client.post(address, data=data).status_code == 302
    stale = client.post(address, data={**data, "contractor": "另一家"})
    assert stale.status_code == 409
    assert "没有保存，您填的都在下面" in words_of(stale.text)
    assert "另一家" in stale.text


@pytest.fixture
def corrected(project: str, web_database: Database) -> str:
    """A case of which the window has asked two things; its serial."""
    with web_database.writing() as session:
        row = session.query(Project).one()
        owner = accounts.sign_in(session, "owner", PASSWORD, NOW)
        place = accounts.create_organisation(session, "政务大厅", "department", "150502")
        unit = session.query(Unit).filter_by(name="政务大厅·综合窗口").one()
        window = accounts.create_account(session, "window", "李窗口", PASSWORD, place, ["window_clerk"], unit=unit)
        clerk = accounts.actor_for_account(session, window.id)
        assert clerk is not None
        draft = actions.create_application(
            session, owner, row, matter="C05", phase="P1", buildings=["1#"], facts=FACTS, now=NOW
        )
        case = actions.submit_application(session, owner, draft, NOW)
        [item] = work_items.for_subject(session, f"case:{case.id}")
        asked = [
            {"kind": "缺材料", "subject": "场地条件承诺", "request": "请提交场地条件承诺", "basis": "施工许可管理办法"},
            {"kind": "缺签章", "subject": "资金落实承诺书", "request": "请盖章后重新上传", "basis": "施工许可管理办法"},
        ]
        actions.decide(session, clerk, item, "correct", {"items": asked, "opinion": "请补正"}, case.revision, NOW)
        return case.serial


def test_a_correction_is_answered_item_by_item_and_sent_once(corrected: str, enter: Enter) -> None:
    client = enter("owner")
    assert f"/cases/{corrected}/corrections" in client.get("/todo").text
    address = f"/cases/{corrected}/corrections"
    page = client.get(address).text
    assert "提交补正（2 项）" in page
    token, revision = token_of(page), page.split('name="revision" value="')[1].split('"')[0]
    half = client.post(address, data={"text-1": "已补", "revision": revision, "csrf_token": token})
    assert half.status_code == 422
    assert 'href="#text-2"' in half.text
    assert ">已补</textarea>" in half.text
    sent = client.post(address, data={"text-1": "已补", "text-2": "已盖", "revision": revision, "csrf_token": token})
    assert sent.status_code == 302, words_of(sent.text)
    assert "已发出 2 项答复" in words_of(client.get(f"/cases/{corrected}").text)
    assert client.get(address).status_code == 404


def test_an_answer_to_an_older_dossier_is_refused_with_its_text_kept(corrected: str, enter: Enter) -> None:
    client = enter("owner")
    address = f"/cases/{corrected}/corrections"
    token = token_of(client.get(address).text)
    stale = client.post(address, data={"text-1": "甲", "text-2": "乙", "revision": "99", "csrf_token": token})
    assert stale.status_code == 409
    assert ">甲</textarea>" in stale.text


def test_a_case_can_be_taken_back_with_a_reason(corrected: str, enter: Enter) -> None:
    client = enter("owner")
    address = f"/cases/{corrected}/withdraw"
    token = token_of(client.get(address).text)
    assert client.post(address, data={"reason": " ", "csrf_token": token}).status_code == 422
    assert client.post(address, data={"reason": "方案要改", "csrf_token": token}).status_code == 302
    assert "已撤件" in client.get(f"/cases/{corrected}").text
