"""The studio through its pages: a change set from its first file to the day it is in force, and back."""

import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from builders_processes import Model, form, one_task, publish
from builders_web import PASSWORD, token_of, words_of
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server import clock
from server.config import ROOT
from server.db import Database
from server.processes import change_sets, definitions

UNIT = "住建局·审批科"
PROCESS = "review"
LONG = "把施工许可和联合验收里所有要改的都放在一起，" * 8
Desk = Callable[[str], FlaskClient]


@pytest.fixture
def published(web_database: Database, person: Callable[..., int]) -> Iterator[None]:
    """One process in force, and a unit to do its task."""
    person("officer", "dept_approver", unit=UNIT)
    with web_database.writing() as session:
        publish(session, one_task(), opinion=form())
    yield


@pytest.fixture
def desks(app: Flask, person: Callable[..., int], published: None) -> Desk:
    """A browser of its own for each designer and reviewer."""
    person("designer", "process_designer", organisation="数据局")
    person("other", "process_designer", organisation="大数据局")
    person("publisher", "process_publisher", organisation="政务局")
    person("both", "process_designer", "process_publisher", organisation="营商局")

    def at(login: str) -> FlaskClient:
        client: FlaskClient = app.test_client()
        token = token_of(client.get("/sign-in").text)
        client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": token})
        return client

    return at


def two_tasks(second: str = "decide") -> bytes:
    model = Model(PROCESS).start(UNIT).person("check", UNIT).person(second, UNIT).end(UNIT)
    return model.flow("start", "check", second, "end").xml()


def faulty() -> bytes:
    model = Model(PROCESS).start(UNIT).person("lost", UNIT, form="absent").end(UNIT)
    return model.flow("start", "lost", "end").xml()


def post(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    token = token_of(client.get("/studio/changes").text)
    return client.post(path, data={"csrf_token": token, **fields})


def begin(client: FlaskClient, title: str = "加一道核对", file: str = f"{PROCESS}.bpmn") -> int:
    answer = post(client, "/studio/changes/new", title=title, reason="局务会定的", file=file)
    assert answer.status_code == 302, words_of(answer.text)
    found = re.search(r"/changes/(\d+)", answer.headers["Location"])
    assert found is not None
    return int(found.group(1))


def put(client: FlaskClient, change: int, data: bytes, name: str = f"{PROCESS}.bpmn", **headers: str) -> TestResponse:
    token = token_of(client.get("/studio/changes").text)
    return client.put(
        f"/studio/changes/{change}/files/{name}/draft", data=data, headers={"X-CSRFToken": token, **headers}
    )


def edited(client: FlaskClient, data: bytes | None = None, title: str = "加一道核对") -> int:
    """A change set whose model has been changed and saved."""
    change = begin(client, title)
    assert put(client, change, data or two_tasks()).status_code == 204
    assert post(client, f"/studio/changes/{change}/files/{PROCESS}.bpmn/save", then="stay").status_code == 302
    return change


def lint(client: FlaskClient, change: int, data: bytes, name: str = f"{PROCESS}.bpmn") -> TestResponse:
    token = token_of(client.get("/studio/changes").text)
    return client.post(f"/studio/changes/{change}/files/{name}/lint", data=data, headers={"X-CSRFToken": token})


def today() -> str:
    from datetime import UTC, datetime

    return clock.legal_date(datetime.now(UTC)).isoformat()


def through(designer: FlaskClient, publisher: FlaskClient, change: int, day: str) -> TestResponse:
    """Hand over, review, publish from a day on."""
    assert post(designer, f"/studio/changes/{change}/submit").status_code == 302
    assert (
        post(publisher, f"/studio/changes/{change}/review", decision="pass", word="和会议纪要一致").status_code == 302
    )
    return post(publisher, f"/studio/changes/{change}/publish", effective_on=day)


# -- the list


@pytest.mark.parametrize(
    "view", ["mine", "review", "reviewed", "scheduled", "published", "superseded", "returned", "all"]
)
def test_every_empty_list_says_why_it_is_empty_and_what_comes_next(desks: Desk, view: str) -> None:
    page = desks("designer").get(f"/studio/changes?view={view}").text
    assert "gb-empty" in page


def test_a_list_of_four_hundred_is_drawn_page_by_page(desks: Desk, web_database: Database) -> None:
    from builders_processes import DESIGNER, NOW

    with web_database.writing() as session:
        for number in range(400):
            change_sets.begin(session, f"第 {number} 次", "试", DESIGNER, NOW)
    page = desks("designer").get("/studio/changes?view=all").text
    assert page.count('class="gb-row"') == 50
    assert "共 400 次" in words_of(page)
    assert "第 0 次" in desks("designer").get("/studio/changes?view=all&from=350").text


def test_what_waits_for_a_reviewer_is_counted_in_the_menu(desks: Desk) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    post(designer, f"/studio/changes/{change}/submit")
    assert re.search(r'aria-current="page"[^>]*>变更 <span class="gb-count">1<', publisher.get("/studio/changes").text)


# -- a new one


def test_a_new_change_without_title_and_reason_loses_nothing_that_was_typed(desks: Desk) -> None:
    answer = post(desks("designer"), "/studio/changes/new", title="", reason="  ", file=f"{PROCESS}.bpmn")
    assert answer.status_code == 422
    assert "请用一句话写改什么" in answer.text
    assert "请写为什么改" in answer.text
    assert re.search(rf'value="{PROCESS}.bpmn" selected', answer.text)


def test_a_very_long_title_is_refused_or_kept_whole_and_stays_on_the_page(desks: Desk) -> None:
    answer = post(desks("designer"), "/studio/changes/new", title=LONG, reason="试")
    page = answer.text if answer.status_code == 422 else desks("designer").get(answer.headers["Location"]).text
    assert LONG in page


def test_a_change_can_begin_with_a_file_chosen_on_its_page(desks: Desk) -> None:
    designer = desks("designer")
    page = designer.get(f"/studio/changes/new?file={PROCESS}.bpmn").text
    assert re.search(rf'value="{PROCESS}.bpmn" selected', page)
    change = begin(designer)
    assert "还没有改" in designer.get(f"/studio/changes/{change}").text


# -- its files


def test_a_file_is_added_uploaded_and_taken_out(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer, file="")
    assert "还没有文件" in designer.get(f"/studio/changes/{change}").text
    assert post(designer, f"/studio/changes/{change}/files", file="opinion.form").status_code == 302
    sent = post(designer, f"/studio/changes/{change}/upload", upload=(BytesIO(two_tasks()), "改好的.bpmn"))
    assert sent.status_code == 302
    page = designer.get(f"/studio/changes/{change}").text
    assert f"{PROCESS}.bpmn" in page
    assert "改了" in page
    assert post(designer, f"/studio/changes/{change}/files/opinion.form/drop").status_code == 302
    assert "/files/opinion.form/edit" not in designer.get(f"/studio/changes/{change}").text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.bpmn", b""),
        ("x.bpmn", b"not xml"),
        ("x.exe", b"MZ"),
        ("x.bpmn", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
    ],
)
def test_what_is_no_file_of_ours_is_refused_beside_the_field(desks: Desk, name: str, data: bytes) -> None:
    designer = desks("designer")
    change = begin(designer)
    answer = post(designer, f"/studio/changes/{change}/upload", upload=(BytesIO(data), name))
    assert answer.status_code == 422
    assert 'id="upload-err"' in answer.text


def test_adding_nothing_or_the_same_twice_is_refused(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer)
    assert post(designer, f"/studio/changes/{change}/files", file="").status_code == 422
    assert post(designer, f"/studio/changes/{change}/files", file=f"{PROCESS}.bpmn").status_code == 422
    assert post(designer, f"/studio/changes/{change}/files", file="nothing.form").status_code == 404


def test_a_colleagues_newer_file_is_told_and_taken_as_base(desks: Desk) -> None:
    designer, other, publisher = desks("designer"), desks("other"), desks("publisher")
    mine = edited(designer)
    theirs = edited(other, two_tasks("approve"), "另一处")
    assert through(other, publisher, theirs, today()).status_code == 302
    page = designer.get(f"/studio/changes/{mine}").text
    assert "在用的这一份后来又改过" in page
    assert "取最新为底" in designer.get(f"/studio/changes/{mine}/check").text
    assert post(designer, f"/studio/changes/{mine}/submit").status_code == 422
    assert post(designer, f"/studio/changes/{mine}/files/{PROCESS}.bpmn/rebase").status_code == 302
    assert "在用的这一份后来又改过" not in designer.get(f"/studio/changes/{mine}").text


def test_an_abandoned_change_can_be_read_but_not_edited(desks: Desk) -> None:
    designer = desks("designer")
    change = edited(designer)
    assert post(designer, f"/studio/changes/{change}/abandon", reason="不改了").status_code == 302
    page = designer.get(f"/studio/changes/{change}").text
    assert "不改了" in page
    assert "/files" not in re.findall(r'action="([^"]+)"', page)
    assert put(designer, change, two_tasks()).status_code == 409


# -- editing


def test_typing_is_kept_for_oneself_and_saved_only_when_asked(desks: Desk) -> None:
    designer, other = desks("designer"), desks("other")
    change = begin(designer)
    kept = put(designer, change, two_tasks())
    assert re.fullmatch(r"\d\d:\d\d", kept.headers["X-Kept-At"])
    mine = designer.get(f"/studio/changes/{change}/files/{PROCESS}.bpmn/draft")
    assert (mine.data, mine.headers["X-Draft"]) == (two_tasks(), "1")
    theirs = other.get(f"/studio/changes/{change}/files/{PROCESS}.bpmn/draft")
    assert theirs.data == one_task().xml()
    assert "X-Draft" not in theirs.headers
    assert "已经接着打开" in designer.get(f"/studio/changes/{change}/files/{PROCESS}.bpmn/edit").text
    post(designer, f"/studio/changes/{change}/files/{PROCESS}.bpmn/save", then="check")
    assert other.get(f"/studio/changes/{change}/files/{PROCESS}.bpmn/draft").data == two_tasks()


def test_two_windows_of_one_person_never_overwrite_each_other(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer)
    first = put(designer, change, two_tasks())
    assert put(designer, change, two_tasks("approve"), **{"If-Match": first.headers["ETag"]}).status_code == 204
    late = put(designer, change, one_task().xml(), **{"If-Match": first.headers["ETag"]})
    assert late.status_code == 409
    assert late.text


def test_a_save_over_a_colleagues_save_is_refused_and_the_typing_stays(desks: Desk) -> None:
    designer, other = desks("designer"), desks("other")
    change = begin(designer)
    put(designer, change, two_tasks())
    put(other, change, two_tasks("approve"))
    assert post(other, f"/studio/changes/{change}/files/{PROCESS}.bpmn/save", then="stay").status_code == 302
    refused = post(designer, f"/studio/changes/{change}/files/{PROCESS}.bpmn/save", then="check")
    assert refused.status_code == 409
    assert "您改的都还在" in refused.text
    assert designer.get(f"/studio/changes/{change}/files/{PROCESS}.bpmn/draft").data == two_tasks()


def test_dropped_typing_gives_back_what_the_change_has(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer)
    put(designer, change, two_tasks())
    assert post(designer, f"/studio/changes/{change}/files/{PROCESS}.bpmn/forget").status_code == 302
    assert designer.get(f"/studio/changes/{change}/files/{PROCESS}.bpmn/draft").data == one_task().xml()


def test_the_findings_of_an_edit_name_their_element_and_store_nothing(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer)
    answer = lint(designer, change, faulty())
    assert answer.status_code == 200
    assert 'data-element="lost"' in answer.text
    assert "怎么改" in answer.text
    assert "X-Draft" not in designer.get(f"/studio/changes/{change}/files/{PROCESS}.bpmn/draft").headers


def test_an_empty_or_huge_edit_is_refused_with_a_sentence(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer)
    assert put(designer, change, b"").status_code == 422
    assert put(designer, change, b"x" * (5 * 1024 * 1024 + 1)).status_code in (413, 422)


def test_a_form_is_previewed_with_its_conditions_by_the_servers_own_renderer(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer, file="opinion.form")
    schema = json.loads(form())
    schema["components"][1]["conditional"] = {"hide": '=outcome != "fail"'}
    token = token_of(designer.get("/studio/changes").text)

    def drawn(answers: dict[str, Any]) -> str:
        return designer.post(
            f"/studio/changes/{change}/files/opinion.form/preview",
            json={"form": schema, "answers": answers},
            headers={"X-CSRFToken": token},
        ).text

    assert "意见" not in drawn({"outcome": "pass"})
    assert "意见" in drawn({"outcome": "fail"})


def test_a_form_that_cannot_be_read_is_said_in_the_preview(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer, file="opinion.form")
    token = token_of(designer.get("/studio/changes").text)
    answer = designer.post(
        f"/studio/changes/{change}/files/opinion.form/preview", data=b"{broken", headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 200
    assert "损坏" in answer.text


def test_rows_are_tried_on_the_table_as_it_is_typed(desks: Desk) -> None:
    designer = desks("designer")
    change = begin(designer, file="")
    data = (ROOT / "bpmn" / "permit-phase-conditions.dmn").read_bytes()
    post(designer, f"/studio/changes/{change}/upload", upload=(BytesIO(data), "permit-phase-conditions.dmn"))
    address = f"/studio/changes/{change}/files/permit-phase-conditions.dmn"
    assert "试 2" in designer.get(f"{address}/edit").text
    fields = {
        f"try.permit_phase_conditions.0.{at}": value
        for at, value in enumerate(["P1", "false", "false", "true", "true"])
    }
    page = post(designer, f"{address}/attempt", model=data.decode(), **fields)
    assert page.status_code == 200
    assert "规则 1、2、4" in words_of(page.text)


# -- the check and the way into force


def test_a_faulty_model_is_stopped_with_a_sentence_and_a_cure(desks: Desk) -> None:
    designer = desks("designer")
    change = edited(designer, faulty())
    page = designer.get(f"/studio/changes/{change}/check").text
    assert "系统里没有这张表单" in page
    assert "不通过才能送审" in page
    assert re.search(r"<button[^>]*aria-disabled=\"true\"[^>]*>送审阅人", page)
    refused = post(designer, f"/studio/changes/{change}/submit")
    assert refused.status_code == 422
    assert "没有办成" in refused.text


def test_fail_stands_before_warn_and_warn_before_pass(desks: Desk) -> None:
    designer = desks("designer")
    change = edited(designer, faulty())
    section = (
        designer.get(f"/studio/changes/{change}/check")
        .text.partition('class="gb-checks"')[2]
        .partition("</section>")[0]
    )
    tones = re.findall(r'<li data-tone="(\w+)"', section)
    assert tones == sorted(tones, key=["failed", "warn", "done", "neutral"].index)


def test_a_second_person_lets_it_through_and_it_is_in_force(desks: Desk, web_database: Database) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    assert "check" in designer.get(f"/studio/changes/{change}/check").text
    assert through(designer, publisher, change, today()).status_code == 302
    page = words_of(publisher.get(f"/studio/changes/{change}/check").text)
    assert "在用" in page
    assert "和会议纪要一致" in page
    assert "第 2 版" in words_of(designer.get(f"/studio/processes/{PROCESS}").text)


def test_the_author_cannot_review_her_own_change(desks: Desk) -> None:
    both = desks("both")
    change = edited(both)
    post(both, f"/studio/changes/{change}/submit")
    assert "要另一位审阅人" in both.get(f"/studio/changes/{change}/check").text
    assert post(both, f"/studio/changes/{change}/review", decision="pass", word="好").status_code == 403


def test_a_reviewer_may_not_edit_and_a_designer_may_not_publish(desks: Desk) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    assert put(publisher, change, two_tasks()).status_code == 403
    assert post(designer, f"/studio/changes/{change}/review", decision="pass", word="好").status_code == 403
    assert post(designer, f"/studio/changes/{change}/publish", effective_on=today()).status_code == 403


def test_a_review_without_a_word_is_refused(desks: Desk) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    post(designer, f"/studio/changes/{change}/submit")
    for decision in ("pass", "return"):
        answer = post(publisher, f"/studio/changes/{change}/review", decision=decision, word=" ")
        assert answer.status_code == 422
        assert 'id="word-err"' in answer.text


def test_what_is_sent_back_lies_with_its_reason_among_the_returned(desks: Desk) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    post(designer, f"/studio/changes/{change}/submit")
    assert post(publisher, f"/studio/changes/{change}/review", decision="return", word="名称不对").status_code == 302
    assert "加一道核对" in designer.get("/studio/changes?view=returned").text
    assert "名称不对" in designer.get(f"/studio/changes/{change}").text


def test_the_designer_takes_back_what_she_handed_over(desks: Desk) -> None:
    designer = desks("designer")
    change = edited(designer)
    post(designer, f"/studio/changes/{change}/submit")
    assert post(designer, f"/studio/changes/{change}/take-back").status_code == 302
    assert put(designer, change, two_tasks("approve")).status_code == 204


@pytest.mark.parametrize("day", ["", "明天", "2001-01-01"])
def test_a_day_that_is_none_or_gone_is_refused_and_stays_in_the_field(desks: Desk, day: str) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    answer = through(designer, publisher, change, day)
    assert answer.status_code == 422
    assert 'id="effective_on-err"' in answer.text


def test_from_a_later_day_on_it_waits_and_can_be_taken_back_before(desks: Desk) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    assert through(designer, publisher, change, "2199-01-02").status_code == 302
    assert "加一道核对" in publisher.get("/studio/changes?view=scheduled").text
    assert "第 1 版" in words_of(designer.get("/studio/processes").text)
    refused = post(publisher, f"/studio/changes/{change}/revert", reason="")
    assert refused.status_code == 422
    assert post(publisher, f"/studio/changes/{change}/revert", reason="先不改").status_code == 302
    assert "加一道核对" not in publisher.get("/studio/changes?view=scheduled").text


def test_one_act_with_a_reason_goes_back_and_leaves_both_versions(desks: Desk, web_database: Database) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    through(designer, publisher, change, today())
    assert post(publisher, f"/studio/changes/{change}/revert", reason="先暂缓").status_code == 302
    page = words_of(designer.get(f"/studio/processes/{PROCESS}").text)
    assert "第 1 版在用" in page
    assert "先暂缓" in page


def test_an_earlier_version_is_put_back_from_its_own_page(desks: Desk, web_database: Database) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    change = edited(designer)
    through(designer, publisher, change, today())
    path = f"/studio/processes/{PROCESS}/versions/1"
    assert "退回第 1 版" in publisher.get(path).text
    assert "退回第 1 版" not in designer.get(path).text
    assert post(publisher, f"{path}/revert", reason=" ").status_code == 422
    assert post(publisher, f"{path}/revert", reason="先暂缓").status_code == 302
    with web_database.reading() as session:
        from datetime import UTC, datetime

        assert definitions.current(session, PROCESS, datetime.now(UTC)).number == 1


# -- what is in force


@pytest.mark.parametrize(
    "path",
    [
        "/studio/processes",
        "/studio/decisions",
        "/studio/forms",
        f"/studio/processes/{PROCESS}",
        "/studio/forms/opinion.form",
        "/studio/feel",
    ],
)
def test_what_is_in_force_can_be_read_by_designers_and_reviewers(desks: Desk, path: str) -> None:
    for login in ("designer", "publisher"):
        assert desks(login).get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/studio/processes/nothing",
        "/studio/changes/999",
        "/studio/forms/nothing.form",
        f"/studio/processes/{PROCESS}/versions/9",
        "/studio/changes/999/files/x.bpmn/edit",
    ],
)
def test_what_is_not_there_is_a_page_of_its_own(desks: Desk, path: str) -> None:
    answer = desks("designer").get(path)
    assert answer.status_code == 404
    assert "<h1" in answer.text


def test_an_officer_has_no_business_here(app: Flask, desks: Desk) -> None:
    assert desks("officer").get("/studio/changes").status_code == 403


def test_a_version_is_downloaded_as_it_was_sent(desks: Desk) -> None:
    designer, publisher = desks("designer"), desks("publisher")
    through(designer, publisher, edited(designer), today())
    answer = designer.get(f"/studio/processes/{PROCESS}/versions/2/source")
    assert answer.data == two_tasks()
    assert "review-v2.bpmn" in answer.headers["Content-Disposition"]
