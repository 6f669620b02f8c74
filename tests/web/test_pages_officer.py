"""The officer's inbox and decision page on real rows: what waits and in which order, deciding, refusals that keep what was
typed, withdrawals. The number of statements does not grow with the number of rows."""

import re
from typing import Any

import pytest
from builders_approval import CODE, OFFICERS, Desk
from builders_officer import APPROVER, QUALITY, WINDOW, Pages, counts, state_of
from builders_web import token_of, words_of
from flask.testing import FlaskClient
from sqlalchemy import event, select

from server.accounts.actor import Actor
from server.accounts.models import Account, AccountRole, Unit
from server.approval import actions
from server.approval.models import Case, CaseRecord, Deadline, Decision, NoticeItem
from server.approval.queries import inbox
from server.approval.states import State
from server.config import Settings
from server.db import Database
from server.processes import work_items
from server.processes.models import WorkItem

LONG = "通辽市科尔沁区东部片区老旧小区配套热力管网、换热站及附属设施改造提升工程（二标段）"


@pytest.fixture
def pages(client: FlaskClient, web_database: Database, settings: Settings) -> Pages:
    return Pages(client, web_database, settings)


def applied(desk: Desk) -> str:
    return desk.applied(desk.ready(), "P1").serial


def several(desk: Desk, number: int) -> None:
    """As many applications of one project each, each building of its own."""
    for place in range(number):
        code = f"2503-150502-04-01-{100000 + place}"
        project = desk.project(code, name=f"项目{place}")
        for kind in ("A07", "A08", "B02", "B04", "C01", "C02"):
            desk.result(project, kind)
        desk.applied(project, "P1")


# -- inbox


def test_an_empty_inbox_says_what_comes_next(pages: Pages) -> None:
    page = pages.as_(WINDOW).get("/officer/")
    assert "现在没有要您办的" in page
    assert "新件就到这里" in page
    for view in ("mine", "free", "soon", "late", "withdrawals", "colleagues", "done"):
        assert 'class="gb-empty"' in pages.get(f"/officer/?view={view}")


def test_the_inbox_shows_only_what_my_unit_is_asked_with_its_day(pages: Pages) -> None:
    serial = pages.build(applied)
    page = words_of(pages.as_(WINDOW).get("/officer/"))
    assert "河湾府" in page
    assert "收件审查" in page
    assert "剩 5 日" in page
    assert "现在没有要您办的" in pages.as_(QUALITY).get("/officer/")
    assert serial in pages.as_(WINDOW).get("/officer/")


def test_two_permits_of_one_project_are_told_apart_by_their_buildings(pages: Pages) -> None:
    def make(desk: Desk) -> list[str]:
        project = desk.ready()
        return [desk.applied(project, "P1", [number]).serial for number in ("1#", "车库")]

    serials: list[str] = pages.build(make)
    page = pages.as_(WINDOW).get("/officer/")
    for serial, number in zip(serials, ("1#", "车库"), strict=True):
        assert f"收件审查 · {number}" in words_of(page.partition(serial)[2])[:200]
        assert number in words_of(pages.case(serial).partition("<h1>")[2].partition("gb-tabs")[0])


def test_rows_stand_by_urgency_and_an_overdue_one_is_on_top(pages: Pages) -> None:
    def make(desk: Desk) -> None:
        several(desk, 1)
        desk.at("2025-03-18")
        desk.applied(desk.ready(), "P1")

    pages.build(make)
    page = words_of(pages.as_(WINDOW).get("/officer/").partition("看新件")[0].partition("按期限排")[2])
    assert page.index("已逾期") < page.index("项目0") < page.index("以后") < page.index("河湾府")
    assert "逾期 1 日" in page
    late = words_of(pages.get("/officer/?view=late"))
    assert "项目0" in late
    assert "河湾府" not in late


def test_rows_can_be_narrowed_to_a_matter_and_the_next_case_keeps_to_it(pages: Pages) -> None:
    def make(desk: Desk) -> None:
        several(desk, 1)
        project = desk.ready()
        desk.granted(project, "P1")
        desk.applied(project, "P2", ["车库"])

    pages.build(make)
    page = pages.as_(WINDOW).get("/officer/?matter=施工许可·地下室")
    rows = re.findall(r'class="gb-row" href="([^"]+)"', page)
    assert len(rows) == 1
    assert "matter=" in rows[0]
    assert "第 1 件，共 1 件" in pages.get(rows[0].replace("&amp;", "&"))


def test_four_hundred_rows_take_pages_and_no_more_statements_than_one(pages: Pages) -> None:
    def rows_and_statements(number: int) -> tuple[int, int]:
        with pages.database.reading() as session:
            said: list[str] = []
            bind = session.get_bind()
            event.listen(bind, "before_cursor_execute", listener := lambda *more: said.append(more[2]))
            found = len(inbox.work(session, OFFICERS[WINDOW], pages.desk.now))
            event.remove(bind, "before_cursor_execute", listener)
            assert found == number
            return found, sum(1 for one in said if not re.search(r'pro_library\."?key"? IN', one))  # read once a second, see timelines

    pages.build(applied)
    _, one = rows_and_statements(1)
    pages.build(lambda desk: copies(desk, 399))
    _, many = rows_and_statements(400)
    assert one == many <= 6
    page = words_of(pages.as_(WINDOW).get("/officer/"))
    assert "第 1 至 50 件，共 400 件" in page
    last = words_of(pages.get("/officer/?from=350"))
    assert "第 351 至 400 件，共 400 件" in last


def copies(desk: Desk, number: int) -> None:
    """The one case with its record, limit and task again and again: rows, without walking the process each time."""
    session = desk.session
    case = session.scalars(select(Case)).one()
    record = session.scalars(select(CaseRecord)).one()
    limit = session.scalars(select(Deadline).where(Deadline.case_id == case.id)).one()
    item = session.scalars(select(WorkItem)).one()

    def again(row: Any, **changes: Any) -> Any:
        values = {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs if column.key != "id"}
        return type(row)(**{**values, **changes})

    for place in range(number):
        twin = again(case, serial=f"{case.serial}-{place}", query_code=f"Q{place:07}")
        session.add(twin)
        session.flush()
        entry = again(record, case_id=twin.id)
        session.add_all([entry, again(limit, case_id=twin.id)])
        session.flush()
        twin.last_record_id = entry.id
        session.add(again(item, subject=f"case:{twin.id}", task_id=1000 + place))
    session.flush()


def test_claiming_keeps_colleagues_off_and_giving_back_lets_them_on(pages: Pages) -> None:
    serial = pages.build(applied)
    colleague = pages.build(a_colleague)
    page = pages.as_(WINDOW).get("/officer/")
    claim = re.search(r'action="(/officer/tasks/\d+/claim)"', page)
    assert claim
    pages.client.post(claim[1], data={"csrf_token": token_of(page)})
    assert "项目" in pages.get("/officer/?view=mine")
    theirs = pages.as_(colleague).get("/officer/")
    assert "现在没有要您办的" in theirs
    assert "先领取了“收件审查”" in words_of(pages.case(serial))
    refused = pages.client.post(claim[1], data={"csrf_token": token_of(theirs)}, follow_redirects=True)
    assert "已由" in words_of(refused.text)
    mine = pages.as_(WINDOW).case(serial)
    pages.client.post(claim[1], data={"csrf_token": token_of(mine), "release": "1", "serial": serial})
    assert 'name="outcome"' in pages.as_(colleague).case(serial)


def a_colleague(desk: Desk) -> Actor:
    window = OFFICERS[WINDOW]
    unit = desk.session.scalars(select(Unit).where(Unit.name == WINDOW)).one()
    account = Account(id=90, login="a90", name="同事", password_hash="-", organisation_id=desk.desks, unit_id=unit.id)
    desk.session.add(account)
    desk.session.flush()
    desk.session.add(AccountRole(account_id=90, role="window_clerk"))
    return Actor(90, "同事", desk.desks, window.organisation, WINDOW, window.district, window.roles)


# -- the case


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("materials", "建设资金落实承诺书"),
        ("facts", "诚筑建设有限公司"),
        ("checks", "已取得建设工程规划许可证"),
        ("opinions", "还没有意见"),
        ("earlier", "建设用地规划许可证"),
        ("ledger", "时限台账"),
        ("diagram", "收件审查"),
        ("records", "接件"),
    ],
)
def test_every_tab_of_a_case_shows_what_it_is_about(pages: Pages, tab: str, words: str) -> None:
    serial = pages.build(applied)
    page = pages.as_(WINDOW).case(serial, tab=tab)
    assert words in page
    assert page.count("<h1") == 1
    assert 'target="_blank"' in page or tab not in ("materials", "earlier")


def test_a_department_that_is_not_asked_may_look_but_not_decide(pages: Pages) -> None:
    serial = pages.build(applied)
    page = pages.as_(APPROVER).case(serial)
    assert "您可以看，不能决定" in page
    assert 'name="outcome"' not in page


def test_a_case_of_another_district_is_not_there(pages: Pages) -> None:
    serial = pages.build(applied)

    def moved(desk: Desk) -> None:
        desk.session.scalars(select(Unit).where(Unit.name == APPROVER)).one().district = "150521"

    pages.build(moved)
    pages.as_(APPROVER).get(f"/officer/cases/{serial}", status=404)


def test_an_owner_is_kept_out(pages: Pages) -> None:
    serial = pages.build(applied)
    for address in ("/officer/", f"/officer/cases/{serial}", "/officer/results", "/officer/search"):
        pages.as_(pages.desk.owner).get(address, status=403)


def test_four_desks_grant_a_permit_through_the_pages(pages: Pages) -> None:
    serial = pages.build(applied)
    for unit, outcome in ((WINDOW, "admit"), (QUALITY, "pass"), ("住建局·消防人防科", "pass"), (APPROVER, "grant")):
        answer = pages.as_(unit).decide(serial, outcome)
        assert answer.status_code == 302, words_of(answer.text)
    assert state_of(pages, serial) is State.COMPLETED
    delivery = pages.as_(WINDOW).case(serial)
    assert "送达" in delivery
    assert pages.decide(serial, "delivered", delivery, method="electronic").status_code == 302
    assert "送达" in pages.get("/officer/?view=done")


def test_after_a_decision_comes_the_next_case(pages: Pages) -> None:
    pages.build(lambda desk: several(desk, 3))
    first = re.findall(r'class="gb-row" href="([^"?]+)', pages.as_(WINDOW).get("/officer/"))
    answer = pages.decide(first[0].rsplit("/", 1)[1], "admit")
    assert answer.status_code == 302
    assert first[1] in answer.location
    page = words_of(pages.get(answer.location))
    assert "接着是下一件" in page
    assert "第 1 件，共 2 件" in page


def test_a_case_whose_checks_fail_cannot_be_admitted_and_the_reason_is_beside_the_outcome(pages: Pages) -> None:
    serial = pages.build(lambda desk: desk.submit(desk.draft(desk.ready(), "P1", materials=("M13", "M14"))).serial)
    page = pages.as_(WINDOW).case(serial)
    assert re.search(r'id="outcome-admit"[^>]*disabled', page)
    assert "处系统核查没有过" in page
    answer = pages.decide(serial, "admit", page)
    assert answer.status_code == 409
    assert "还不能受理" in words_of(answer.text)
    assert counts(pages, Decision) == [0]


def test_choosing_a_correction_brings_what_the_checks_miss_as_items(pages: Pages) -> None:
    serial = pages.build(lambda desk: desk.submit(desk.draft(desk.ready(), "P1", materials=("M13", "M14"))).serial)
    page = pages.as_(WINDOW).case(serial)
    shown = pages.decide(serial, "correct", page, _rows="refresh").text
    assert "请提交建设资金落实承诺书" in shown
    assert "只能告知这一次" in shown
    assert re.search(r"发出补正告知（\d 项）", shown)
    assert counts(pages, Decision) == [0]


def test_a_correction_is_sent_item_by_item(pages: Pages) -> None:
    serial = pages.build(applied)
    items = {
        "items.0.kind": "缺签章",
        "items.0.subject": "承诺书",
        "items.0.request": "请加盖电子签章",
        "items.1.kind": "图纸问题",
        "items.1.subject": "基坑图",
        "items.1.request": "请补剖面",
    }
    answer = pages.as_(WINDOW).decide(serial, "correct", **items)
    assert answer.status_code == 302, words_of(answer.text)
    assert state_of(pages, serial) is State.CORRECTION_STARTED
    with pages.database.reading() as session:
        found = session.scalars(select(NoticeItem).order_by(NoticeItem.number)).all()
        assert [(one.number, one.kind, one.request) for one in found] == [
            (1, "缺签章", "请加盖电子签章"),
            (2, "图纸问题", "请补剖面"),
        ]
    assert "请补剖面" in pages.case(serial, tab="opinions")


def test_an_item_without_a_request_is_named_and_nothing_is_lost(pages: Pages) -> None:
    serial = pages.build(applied)
    answer = pages.as_(WINDOW).decide(
        serial, "correct", **{"items.0.kind": "缺签章", "items.0.subject": "承诺书", "items.0.request": ""}
    )
    assert answer.status_code == 422
    assert 'href="#items-0-request"' in answer.text
    assert 'value="承诺书"' in answer.text
    assert counts(pages, Decision) == [0]


def test_rows_are_added_and_dropped_without_scripts(pages: Pages) -> None:
    serial = pages.build(applied)
    page = pages.as_(WINDOW).case(serial)
    row = {"items.0.kind": "缺签章", "items.0.subject": "承诺书", "items.0.request": "请加盖"}
    two = pages.decide(serial, "correct", page, _rows="add:items", **row).text
    assert "第 2 项，共 2 项" in two
    assert 'value="承诺书"' in two
    assert "发出补正告知（2 项）" in two
    one = pages.decide(serial, "correct", two, _rows="drop:items.0", **row, **{"items.1.subject": "图纸"}).text
    assert 'value="图纸"' in one
    assert 'value="承诺书"' not in one


def test_a_second_correction_is_off_with_its_reason(pages: Pages) -> None:
    def make(desk: Desk) -> str:
        case = desk.applied(desk.ready(), "P1")
        desk.decide(case, "收件审查", "correct", {"items": [{"kind": "缺签章", "subject": "承诺书", "request": "请盖章"}]})
        desk.decide(case, "补正材料", "answered", {"replies": [{"number": 1, "text": "盖好了"}]})
        return case.serial

    serial = pages.build(make)
    page = pages.as_(WINDOW).case(serial)
    assert re.search(r'id="outcome-correct"[^>]*disabled', page)
    assert "已经一次告知过" in page
    assert "盖好了" in page
    assert "补正已回" in pages.get("/officer/")


@pytest.mark.parametrize("outcome", ["not_admit", "refuse_jurisdiction"])
def test_a_refusal_needs_its_reason(pages: Pages, outcome: str) -> None:
    serial = pages.build(applied)
    answer = pages.as_(WINDOW).decide(serial, outcome, competent_authority="自然资源局")
    assert answer.status_code == 422
    assert 'href="#opinion"' in answer.text
    assert re.search(rf'id="outcome-{outcome}"[^>]*checked', answer.text)
    assert counts(pages, Decision) == [0]
    assert pages.decide(serial, outcome, answer.text, opinion="不属于本机关").status_code == 302


def test_no_outcome_at_all_is_named(pages: Pages) -> None:
    serial = pages.build(applied)
    answer = pages.as_(WINDOW).decide(serial, "", opinion="写了一半")
    assert answer.status_code == 422
    assert 'href="#outcome-admit"' in answer.text
    assert "写了一半" in answer.text


def test_a_decision_on_an_old_revision_is_refused_with_the_new_state_and_the_text(pages: Pages) -> None:
    serial = pages.build(applied)
    page = pages.as_(WINDOW).case(serial)

    def changed(desk: Desk) -> None:
        case = desk.session.scalars(select(Case)).one()
        case.revision += 1
        actions.applications.add_material(desk.session, case, "M16", desk.file(desk.owner, "新承诺书.pdf"), "upload", desk.now)

    pages.build(changed)
    answer = pages.decide(serial, "not_admit", page, opinion="写了一半的理由")
    assert answer.status_code == 409
    assert "写了一半的理由" in answer.text
    assert "又变了" in answer.text
    assert "新承诺书.pdf" in answer.text
    assert "第 2 版新交" in words_of(answer.text)
    assert counts(pages, Decision) == [0]
    assert pages.decide(serial, "not_admit", answer.text, opinion="写了一半的理由").status_code == 302


def test_a_task_that_a_colleague_finished_meanwhile_says_who_and_keeps_the_text(pages: Pages) -> None:
    serial = pages.build(applied)
    page = pages.as_(WINDOW).case(serial)
    assert pages.decide(serial, "admit", page).status_code == 302
    item = {"items.0.kind": "缺签章", "items.0.subject": "承诺书", "items.0.request": "请盖好再来"}
    answer = pages.decide(serial, "correct", page, opinion="写了一半的理由", **item)
    assert answer.status_code == 409
    assert "请盖好再来" in answer.text
    assert "“收件审查”已由您办完" in words_of(answer.text)
    assert "写了一半的理由" in answer.text
    assert counts(pages, Decision) == [1]


def test_a_task_claimed_by_a_colleague_meanwhile_is_refused_and_the_text_is_kept(pages: Pages) -> None:
    serial = pages.build(applied)
    page = pages.as_(WINDOW).case(serial)

    def claimed(desk: Desk) -> None:
        colleague = a_colleague(desk)
        item = work_items.open_for(desk.session, colleague)[0]
        work_items.claim(desk.session, item.id, colleague, desk.now)

    pages.build(claimed)
    answer = pages.decide(serial, "not_admit", page, opinion="写了一半的理由")
    assert answer.status_code == 409
    assert "先领取了“收件审查”" in words_of(answer.text)
    assert "写了一半的理由" in answer.text
    assert counts(pages, Decision) == [0]


def test_who_admitted_cannot_approve(pages: Pages) -> None:
    serial = pages.build(lambda desk: desk.reviewed(desk.applied(desk.ready(), "P1")).serial)

    def moved(desk: Desk) -> None:
        unit = desk.session.scalars(select(Unit).where(Unit.name == APPROVER)).one()
        clerk = desk.session.get_one(Account, OFFICERS[WINDOW].account_id)
        clerk.unit_id = unit.id
        desk.session.add(AccountRole(account_id=clerk.id, role="dept_approver"))

    pages.build(moved)
    page = pages.as_(WINDOW).case(serial)
    assert re.search(r'id="outcome-grant"[^>]*disabled', page)
    assert "这一件是您受理的" in page
    answer = pages.decide(serial, "grant", page)
    assert answer.status_code == 409
    assert "受理和批准要由两个人办" in words_of(answer.text)


def test_a_grant_is_off_when_a_department_said_no(pages: Pages) -> None:
    def make(desk: Desk) -> str:
        case = desk.applied(desk.ready(), "P1")
        desk.decide(case, "收件审查", "admit")
        desk.decide(case, "质量安全审查", "fail", {"opinion": "措施不全", "items": []})
        desk.decide(case, "消防人防审查", "pass")
        return case.serial

    page = pages.as_(APPROVER).case(pages.build(make))
    assert re.search(r'id="outcome-grant"[^>]*disabled', page)
    assert "质量安全审查没有通过" in page
    assert "措施不全" in page


# -- joint acceptance


def test_specials_answer_and_the_lead_sends_one_list(pages: Pages) -> None:
    serial = pages.build(lambda desk: desk.acceptance(desk.built()).serial)
    assert pages.as_("住建局·联合验收科").decide(serial, "admit").status_code == 302
    found = {"items.0.kind": "现场不符", "items.0.subject": "防火门", "items.0.request": "请更换闭门器"}
    for unit, outcome, items in (
        ("自然资源局·规划科", "pass", {}),
        ("住建局·消防人防科", "fail", found),
        ("人防办·审批科", "pass", {}),
        ("城建档案馆·验收科", "pass", {}),
        ("不动产登记中心·实地查看岗", "pass", {}),
    ):
        answer = pages.as_(unit).decide(serial, outcome, **items)
        assert answer.status_code == 302, words_of(answer.text)
    page = pages.as_("住建局·联合验收科").case(serial)
    assert "请更换闭门器" in page
    assert "发出整改清单（1 条）" in page
    assert pages.decide(serial, "conclude", page).status_code == 302
    assert state_of(pages, serial) is State.SPECIAL_STARTED
    assert "防火门" in pages.case(serial, tab="opinions")


# -- withdrawals


def withdrawing(desk: Desk) -> str:
    case = desk.applied(desk.ready(), "P1")
    desk.decide(case, "收件审查", "admit")
    actions.withdraw(desk.session, desk.owner, case, "要改方案", desk.now)
    return case.serial


def test_a_withdrawal_stands_on_top_and_takes_the_place_of_the_form(pages: Pages) -> None:
    serial = pages.build(withdrawing)
    page = words_of(pages.as_(QUALITY).get("/officer/"))
    assert "撤件待确认" in page
    assert "确认撤回" in page
    shown = pages.case(serial)
    assert "要改方案" in shown
    assert 'name="outcome"' not in shown
    assert serial in pages.as_(WINDOW).get("/officer/?view=withdrawals")


def test_refusing_a_withdrawal_needs_a_reason_and_the_case_goes_on(pages: Pages) -> None:
    serial = pages.build(withdrawing)
    page = pages.as_(QUALITY).case(serial)
    address, token = f"/officer/cases/{serial}/withdrawal", token_of(page)
    answer = pages.client.post(address, data={"csrf_token": token, "answer": "refuse", "opinion": " "})
    assert answer.status_code == 422
    assert 'href="#opinion"' in answer.text
    answer = pages.client.post(address, data={"csrf_token": token, "answer": "refuse", "opinion": "已经审完"})
    assert answer.status_code == 302
    assert state_of(pages, serial) is State.IN_REVIEW
    assert 'name="outcome"' in pages.case(serial)


def test_an_answer_to_a_withdrawal_that_is_neither_yes_nor_no_decides_nothing(pages: Pages) -> None:
    serial = pages.build(withdrawing)
    token = token_of(pages.as_(QUALITY).case(serial))
    for answer in ({}, {"answer": "bogus"}):
        sent = {"csrf_token": token, "opinion": "先看看", **answer}
        refused = pages.client.post(f"/officer/cases/{serial}/withdrawal", data=sent)
        assert refused.status_code == 422
        assert "请按“确认撤回”或者“不准撤回，接着办”" in words_of(refused.text)
        assert "先看看" in refused.text
    assert state_of(pages, serial) is State.WITHDRAWAL_PENDING


def test_confirming_a_withdrawal_ends_the_case_and_a_second_answer_is_refused(pages: Pages) -> None:
    serial = pages.build(withdrawing)
    address, token = f"/officer/cases/{serial}/withdrawal", token_of(pages.as_(QUALITY).case(serial))
    assert pages.client.post(address, data={"csrf_token": token, "answer": "confirm"}).status_code == 302
    assert state_of(pages, serial) is State.WITHDRAWN
    answer = pages.client.post(address, data={"csrf_token": token, "answer": "confirm"})
    assert answer.status_code == 409
    with pages.database.reading() as session:
        assert work_items.open_for(session, OFFICERS[QUALITY]) == []


# -- search, names, words


def test_searching_finds_by_any_name_and_a_number_opens_the_case(pages: Pages) -> None:
    serial = pages.build(applied)
    for text in ("河湾", "蒙岳", CODE, serial[:12]):
        assert serial in pages.as_(APPROVER).get(f"/officer/search?q={text}")
    assert pages.client.get(f"/officer/search?q={serial}").status_code == 302
    assert "没有找到" in pages.get("/officer/search?q=100%25_")


def test_a_hostile_or_long_name_stays_text(pages: Pages) -> None:
    def make(desk: Desk) -> str:
        project = desk.project(name=f"<script>alert(1)</script>{LONG}")
        for kind in ("A07", "A08", "B02", "B04", "C01", "C02"):
            desk.result(project, kind)
        return desk.applied(project, "P1").serial

    serial = pages.build(make)
    for page in (pages.as_(WINDOW).get("/officer/"), pages.case(serial)):
        assert "<script>alert" not in page
        assert "（二标段）" in words_of(page)


def test_no_english_stands_on_the_officers_pages(pages: Pages) -> None:
    serial = pages.build(lambda desk: desk.reviewed(desk.applied(desk.ready(), "P1")).serial)
    addresses = ["/officer/", "/officer/?view=done", "/officer/results", f"/officer/results/{CODE}", "/officer/search"]
    addresses += [f"/officer/results/{CODE}/new?kind=B02"]
    tabs = ("materials", "facts", "checks", "opinions", "earlier", "ledger", "diagram", "records")
    addresses += [f"/officer/cases/{serial}?tab={tab}" for tab in tabs]
    for who in (WINDOW, APPROVER):
        for address in addresses:
            answer = pages.as_(who).client.get(address)
            if answer.status_code == 403:
                continue
            body = re.search(r"<main[^>]*>(.*)</main>", answer.text, re.DOTALL)
            assert body
            shown = re.sub(r'<span class="gb-code[^>]*>.*?</span>', " ", body[1], flags=re.DOTALL)
            shown = re.sub(r"[0-9A-Za-z-]*[0-9][0-9A-Za-z-]*", " ", re.sub(r"<[^>]+>", " ", shown))
            assert set(re.findall(r"[A-Za-z]{2,}", shown)) <= {"GB", "PDF", "MB", "Enter", "pdf"}, address
