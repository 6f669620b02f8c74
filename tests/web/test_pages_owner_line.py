"""The owner's line through the pages: choose, fill in, attach, check, submit, correct, withdraw; begin work; a new project;
what anybody may see of a case. And what it costs: the same few statements however many projects there are."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from builders_approval import CODE, FACTS, OFFICERS, Desk, the_case
from builders_files import a_pdf
from builders_web import PASSWORD, token_of, words_of
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from server.accounts import actions as accounts
from server.accounts.models import Organisation
from server.approval.models import Application, Case, Permit, Project
from server.clock import set_virtual
from server.config import Settings
from server.db import Database
from server.processes import work_items

Enter = Callable[[str], FlaskClient]
Build = Callable[[Callable[[Desk], Any]], Any]


@pytest.fixture
def desk(web_database: Database, settings: Settings) -> Iterator[Desk]:
    """A city whose owner signs in as `owner`, and a stranger who signs in as `stranger`."""
    with web_database.writing() as session:
        made = Desk(session, settings)
        for login, actor in (("owner", made.owner), ("stranger", made.stranger)):
            mine = session.get_one(Organisation, actor.organisation_id)
            accounts.create_account(session, login, "经办人", PASSWORD, mine, ["applicant"])
        set_virtual(session, settings, made.now)
    yield made


@pytest.fixture
def build(desk: Desk, web_database: Database) -> Build:
    """Build something with the desk in a committed transaction."""

    def make(work: Callable[[Desk], Any]) -> Any:
        with web_database.writing() as session:
            desk.session = session
            return work(desk)

    return make


def post(client: FlaskClient, address: str, data: dict[str, Any], form_at: str = "") -> TestResponse:
    """Send a form with the token of the page that holds it."""
    token = token_of(client.get(form_at or address).text)
    return client.post(address, data={**data, "csrf_token": token}, content_type="multipart/form-data")


def upload(client: FlaskClient, draft: str, material: str, name: str = "材料.pdf", data: bytes = b"") -> TestResponse:
    file = (io.BytesIO(data or a_pdf()), name)
    return post(client, f"{draft}/materials/{material}", {"file": file}, draft)


def test_an_owner_applies_corrects_and_withdraws_through_the_pages(
    desk: Desk, build: Build, enter: Enter, web_database: Database
) -> None:
    build(lambda made: made.granted(made.ready(), "P1"))
    client = enter("owner")
    chosen = post(client, f"/projects/{CODE}/phases", {"phase": "P3", "building-P3": "1#"})
    assert chosen.status_code == 302, words_of(chosen.text)
    draft = chosen.location
    facts = {key: str(value) for key, value in FACTS.items()}
    assert post(client, f"{draft}/section", facts).status_code == 302
    page = words_of(client.get(f"{draft}/check").text)
    assert "预审发现 3 处，照现在提交会被要求补正" in page
    assert "（M16）" not in page
    for material in ("M16", "M17"):
        assert upload(client, draft, material).status_code == 302
    page = client.get(f"{draft}/check").text
    assert "13,860 万元" in words_of(page)
    assert "就这样提交申请" in page
    sent = post(client, f"{draft}/submit", {"declared": "yes"}, f"{draft}/check")
    assert sent.status_code == 302, words_of(sent.text)
    serial = sent.location.split("/")[2]
    assert "3月17日(周一)前" in words_of(client.get(sent.location).text)

    asked = {
        "items": [{"kind": "缺材料", "subject": "场地条件承诺书", "request": "请提交", "basis": "", "material": "M19"}]
    }

    def ask(made: Desk) -> None:
        case = the_case(made.session, serial)
        made.decide(case, "收件审查", "correct", asked)

    build(ask)
    assert "补正材料" in client.get("/todo").text
    address = f"/cases/{serial}/corrections"
    page = client.get(address).text
    revision = page.split('name="revision" value="')[1].split('"')[0]
    wrong = {"revision": revision, "text-1": "见附件", "file-1": (io.BytesIO(b"MZ not a pdf"), "承诺书.pdf")}
    refused = post(client, address, wrong)
    assert refused.status_code == 422
    assert 'href="#file-1"' in refused.text
    assert ">见附件</textarea>" in refused.text
    good = {"revision": revision, "text-1": "见附件", "file-1": (io.BytesIO(a_pdf()), "承诺书.pdf")}
    assert post(client, address, good).status_code == 302
    page = words_of(client.get(f"/cases/{serial}/exchange").text)
    assert "承诺书.pdf" in page
    assert "见附件" in page

    def admit(made: Desk) -> None:
        made.decide(the_case(made.session, serial), "收件审查", "admit")

    build(admit)
    page = client.get(f"/cases/{serial}/withdraw").text
    assert "先由承办科室确认退还材料" in page
    assert post(client, f"/cases/{serial}/withdraw", {"reason": "方案要改"}).status_code == 302
    page = words_of(client.get(f"/cases/{serial}").text)
    assert "撤件待确认" in page
    assert "撤回申请" not in page.split("往来")[0]


def test_changing_the_buildings_changes_the_draft_and_makes_no_second(
    desk: Desk, build: Build, enter: Enter, web_database: Database
) -> None:
    draft = build(lambda made: made.draft(made.ready(), "P1", ["1#"]).id)
    client = enter("owner")
    address = f"/projects/{CODE}/phases?draft={draft}"
    assert address.replace("&", "&amp;") in client.get(f"/applications/{draft}").text
    page = client.get(address).text
    assert page.count(" checked") == 1
    sent = {"draft": str(draft), "phase": "P1", "building-P1": ["1#", "车库"]}
    assert post(client, f"/projects/{CODE}/phases", sent, address).location == f"/applications/{draft}"
    with web_database.reading() as session:
        [one] = session.scalars(select(Application))
        assert one.buildings == ["1#", "车库"]
        assert one.facts["contractor"] == FACTS["contractor"]


def test_a_draft_of_another_project_cannot_be_changed_here(desk: Desk, build: Build, enter: Enter) -> None:
    def two(made: Desk) -> int:
        made.project(code="2503-150502-04-01-382724")
        return made.draft(made.ready(), "P1").id

    draft = build(two)
    answer = enter("owner").get(f"/projects/2503-150502-04-01-382724/phases?draft={draft}")
    assert answer.status_code == 404


def test_buildings_ticked_under_one_phase_and_sent_for_another_are_explained(
    desk: Desk, build: Build, enter: Enter
) -> None:
    build(lambda made: made.ready())
    answer = post(enter("owner"), f"/projects/{CODE}/phases", {"phase": "P2", "building-P1": "1#"})
    assert answer.status_code == 422
    assert "您勾的是基坑的楼栋" in answer.text
    assert " checked" in answer.text


def _many(count: int) -> list[dict[str, Any]]:
    group = {"first_floor": 1, "last_floor": 2, "use": "住宅", "areas": ["90.00"]}
    one = {"use": "住宅", "floors_above": 2, "floors_below": 0, "planned_area": "400.00", "units": [group]}
    rows = [{**one, "number": f"{number}#"} for number in range(1, count)]
    return [*rows, {**one, "number": "车库", "floors_above": 0, "floors_below": 1, "units": []}]


def test_thirty_buildings_are_folded_and_chosen_in_one_tick(
    desk: Desk, build: Build, enter: Enter, web_database: Database
) -> None:
    def plan(made: Desk) -> None:
        project = made.ready("A07", "A08")
        made.result(project, "B02", buildings=_many(30))

    build(plan)
    client = enter("owner")
    page = client.get(f"/projects/{CODE}/phases").text
    assert page.count('name="building-P1"') == 2
    assert "1# 至 29#" in page
    assert client.get(f"/projects/{CODE}/phases?each=1").text.count('name="building-P1"') == 30
    everything = "\r\n".join(f"{number}#" for number in range(1, 30))
    assert post(client, f"/projects/{CODE}/phases", {"phase": "P1", "building-P1": everything}).status_code == 302
    with web_database.reading() as session:
        assert len(session.scalars(select(Application)).one().buildings) == 29


def test_every_wrong_input_of_a_new_project_is_named_at_its_field(
    desk: Desk, enter: Enter, web_database: Database
) -> None:
    client = enter("owner")
    wrong = {"code": "2503-150599-04-01-382716", "name": "", "address": " ", "parcel_code": "150502"}
    answer = post(client, "/projects/new", wrong)
    assert answer.status_code == 422
    for place in ("code", "name", "address", "flow_type-GOV_BUILDING"):
        assert f'href="#{place}"' in answer.text, place
    assert 'value="2503-150599-04-01-382716"' in answer.text
    right = {"code": CODE, "name": "新工程", "address": "科尔沁区", "flow_type": "SOC_GENERAL"}
    answer = post(client, "/projects/new", {**right, "parcel_code": "150502"})
    assert 'href="#parcel_code"' in answer.text
    assert 'value="SOC_GENERAL" checked' in answer.text
    answer = post(client, "/projects/new", {**right, "name": "长" * 201})
    assert "最多 200 个字，现在有 201 个" in answer.text
    with web_database.reading() as session:
        assert session.scalars(select(Project)).all() == []


def test_a_new_project_belongs_to_the_owner_and_a_taken_code_is_said(desk: Desk, enter: Enter) -> None:
    client = enter("owner")
    assert "新建项目" in client.get("/projects").text
    right = {"code": CODE.replace("-", ""), "name": "新工程", "address": "科尔沁区", "flow_type": "SOC_GENERAL"}
    made = post(client, "/projects/new", right)
    assert made.location == f"/projects/{CODE}"
    assert "请先把规划许可等批准文件交窗口录入" in client.get(made.location).text
    again = post(client, "/projects/new", right)
    assert again.status_code == 409
    assert 'href="#code"' in again.text
    assert "新工程" in again.text


def test_commencement_is_asked_for_reported_once_and_within_its_days(
    desk: Desk, build: Build, enter: Enter, web_database: Database
) -> None:
    number = build(lambda made: made.session.get_one(Permit, _permit(made)).number)
    client = enter("owner")
    assert "报告开工" in client.get("/todo").text
    assert '要我办的 <span class="gb-count">1</span>' in client.get("/todo").text
    address = f"/permits/{number}/commencement"
    assert "6月10日(周二)" in words_of(client.get(address).text)
    for day, words in (("", "请填开工日期"), ("2025-03-09", "开工日期应在"), ("2025-03-11", "开工日期应在")):
        answer = post(client, address, {"commenced_on": day})
        assert answer.status_code == 422, day
        assert words in answer.text
        assert 'href="#commenced_on"' in answer.text
    assert post(client, address, {"commenced_on": "2025-03-10"}).status_code == 302
    assert "现在没有要您办的" in client.get("/todo").text
    page = client.get(address).text
    assert "您单位报告" in page
    assert "<form" not in page.split("<main")[1]


def _permit(made: Desk) -> int:
    case = made.granted(made.ready(), "P1")
    return made.session.scalars(select(Permit.id).where(Permit.case_id == case.id)).one()


def test_a_stranger_learns_nothing_of_a_permit(desk: Desk, build: Build, enter: Enter) -> None:
    number = build(lambda made: made.session.get_one(Permit, _permit(made)).number)
    client = enter("stranger")
    assert client.get(f"/permits/{number}/commencement").status_code == 404


def test_a_refused_case_says_why_and_what_can_be_done(desk: Desk, build: Build, enter: Enter) -> None:
    def refuse(made: Desk) -> str:
        case = made.reviewed(made.applied(made.ready(), "P1"))
        made.decide(case, "审批决定", "refuse", {"opinion": "安全措施不完整。"})
        return case.serial

    page = words_of(enter("owner").get(f"/cases/{build(refuse)}").text)
    assert "理由：安全措施不完整。" in page
    assert "重新申请" in page
    assert "今天到期" not in page


def test_a_limit_that_ended_shows_no_days_after_its_end(desk: Desk, build: Build, enter: Enter) -> None:
    serial = build(lambda made: made.reviewed(made.applied(made.ready(), "P1")).serial)
    ledger = words_of(enter("owner").get(f"/cases/{serial}/ledger").text.split("一次告知")[1])
    assert "预计" not in ledger


def test_anybody_with_the_query_code_sees_where_a_case_is_and_no_person(
    desk: Desk, build: Build, client: FlaskClient, web_database: Database
) -> None:
    def apply(made: Desk) -> str:
        case = made.applied(made.ready(), "P1")
        made.decide(case, "收件审查", "admit", {"opinion": "内部意见"})
        return case.query_code

    code = build(apply)
    asked = client.get(f"/track?code={code.lower()}", follow_redirects=True)
    assert asked.status_code == 200
    page = words_of(asked.text)
    assert "住建局·质量安全科在办“质量安全审查”" in page
    assert "3月11日(周二)前" in page
    for hidden in ("经办人", OFFICERS["政务大厅·综合窗口"].name, "内部意见", "蒙岳", ".pdf", "撤回"):
        assert hidden not in page, hidden


def test_an_unknown_query_code_is_said_without_a_hint_of_others(desk: Desk, client: FlaskClient) -> None:
    answer = client.get("/track/ABCDEFGH")
    assert answer.status_code == 404
    assert 'href="#code"' in answer.text
    assert 'value="ABCDEFGH"' in answer.text
    assert client.get("/track?code=").status_code == 422


def test_query_codes_cannot_be_tried_one_after_the_other(desk: Desk, client: FlaskClient) -> None:
    answers = [client.get(f"/track/AAAAAA{number:02d}").status_code for number in range(125)]
    assert answers[0] == 404
    assert answers[-1] == 429


def _statements(client: FlaskClient, database: Database, address: str) -> int:
    seen: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not re.search(r'pro_library\."?key"? IN', statement):  # read once a second and process, see processes.timelines
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)
    return len(seen)


def test_the_lists_cost_the_same_with_one_project_and_with_thirty(
    desk: Desk, build: Build, enter: Enter, web_database: Database
) -> None:
    def one(made: Desk, numbers: range) -> None:
        for number in numbers:
            project = made.project(code=f"2503-150502-04-01-4{number:05d}")
            for code in ("A07", "A08", "B02", "B04", "C01", "C02"):
                made.result(project, code)
            made.applied(project, "P1")
            made.draft(project, "P1")

    build(lambda made: one(made, range(1)))
    client = enter("owner")
    addresses = ("/projects", "/todo")
    few = [_statements(client, web_database, address) for address in addresses]
    build(lambda made: one(made, range(1, 30)))
    many = [_statements(client, web_database, address) for address in addresses]
    assert many == few
    assert max(few) <= 20
    assert "共 30 个" in words_of(client.get("/projects").text)


def test_projects_are_searched_by_name_code_and_address_and_turned_over(desk: Desk, build: Build, enter: Enter) -> None:
    def plenty(made: Desk) -> None:
        for number in range(60):
            made.project(code=f"2503-150502-04-01-4{number:05d}", name=f"工程{number:02d}")

    build(plenty)
    client = enter("owner")
    page = words_of(client.get("/projects").text)
    assert "第 1 至 50 个，共 60 个" in page
    assert "第 51 至 60 个，共 60 个" in words_of(client.get("/projects?page=2").text)
    assert client.get("/projects?page=9").status_code == 302
    assert "工程07" in client.get("/projects?q=400007").text
    assert "查到 1 个" in words_of(client.get("/projects?q=工程07").text)
    assert "没有查到“没有的”" in client.get("/projects?q=没有的").text


def test_the_task_counted_in_the_menu_is_the_one_on_the_page(desk: Desk, build: Build, web_database: Database) -> None:
    def ask(made: Desk) -> Case:
        case = made.applied(made.ready(), "P1")
        items = [{"kind": "缺材料", "subject": "甲", "request": "乙", "basis": "丙"}]
        made.decide(case, "收件审查", "correct", {"items": items})
        return case

    case = build(ask)
    with web_database.reading() as session:
        assert len(work_items.open_for(session, desk.owner)) == 1
        assert len(work_items.for_subjects(session, [f"case:{case.id}"])[f"case:{case.id}"]) == 1
    assert case.received_at.date() == date(2025, 3, 10)
