"""Getting in and out by the pages."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from builders_web import PASSWORD, token_of
from flask import Flask
from flask.testing import FlaskClient

from server.app import create_app
from server.config import Settings
from server.db import Database
from server.web.pages.accounts import is_local


def test_a_right_password_opens_the_desk(person: Callable[..., int], enter: Callable[[str], FlaskClient]) -> None:
    person("wang", "dept_approver", unit="住建局·审批科")
    page = enter("wang").get("/").text
    assert "审批科·王批准" in page
    assert 'data-density="compact"' in page


@pytest.mark.parametrize(("login", "password"), [("wang", "wrong"), ("nobody", PASSWORD)])
def test_every_kind_of_wrong_says_the_same(
    person: Callable[..., int], client: FlaskClient, login: str, password: str
) -> None:
    person("wang", "dept_approver")
    token = token_of(client.get("/sign-in").text)
    answer = client.post("/sign-in", data={"login": login, "password": password, "csrf_token": token})
    assert answer.status_code == 422
    assert "用户名或密码不对" in answer.text


def test_failures_are_counted_although_the_page_refuses(person: Callable[..., int], client: FlaskClient) -> None:
    person("wang", "dept_approver")
    token = token_of(client.get("/sign-in").text)
    for _ in range(5):
        client.post("/sign-in", data={"login": "wang", "password": "wrong", "csrf_token": token})
    answer = client.post("/sign-in", data={"login": "wang", "password": PASSWORD, "csrf_token": token})
    assert "已暂停登录" in answer.text


def test_empty_fields_are_named(client: FlaskClient) -> None:
    token = token_of(client.get("/sign-in").text)
    answer = client.post("/sign-in", data={"csrf_token": token})
    assert answer.status_code == 422
    assert 'href="#login"' in answer.text
    assert "请填密码" in answer.text


def test_a_form_without_its_token_is_refused_in_plain_words(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"login": "wang", "password": PASSWORD})
    assert answer.status_code == 400
    assert "登录过期了，这一次没有提交" in answer.text


def test_a_demo_person_enters_with_one_press(person: Callable[..., int], client: FlaskClient) -> None:
    account = person("wang", "dept_approver", unit="住建局·审批科")
    page = client.get("/sign-in").text
    assert "演示账号" in page
    client.post("/sign-in/demo", data={"account": account, "csrf_token": token_of(page)})
    assert "审批科·王批准" in client.get("/").text


def test_outside_the_demo_there_is_no_such_door(
    person: Callable[..., int], settings: Settings, web_database: Database
) -> None:
    account = person("wang", "dept_approver")
    client = create_app(replace(settings, demo=False), web_database).test_client()
    page = client.get("/sign-in").text
    assert "演示账号" not in page
    answer = client.post("/sign-in/demo", data={"account": account, "csrf_token": token_of(page)})
    assert answer.status_code == 404


def test_signing_out_ends_the_session_and_forgets_unsent_text(
    person: Callable[..., int], enter: Callable[[str], FlaskClient]
) -> None:
    person("wang", "dept_approver")
    client = enter("wang")
    answer = client.post("/sign-out", data={"csrf_token": token_of(client.get("/").text)}, follow_redirects=True)
    assert "data-forget-drafts" in answer.text
    assert "王批准" not in client.get("/").text


def test_a_person_with_two_desks_can_switch(person: Callable[..., int], enter: Callable[[str], FlaskClient]) -> None:
    person("wang", "dept_approver", "process_publisher")
    client = enter("wang")
    page = client.get("/").text
    assert "换到“流程设计”" in page
    client.post("/desk", data={"desk": "studio", "csrf_token": token_of(page)})
    assert "换到“审批”" in client.get("/").text


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:1", "", "/a\nb"]
)
def test_sign_in_leads_nowhere_else(address: str) -> None:
    assert not is_local(address)


def test_sign_in_returns_to_the_page_that_asked_for_it(person: Callable[..., int], client: FlaskClient) -> None:
    person("wang", "dept_approver")
    token = token_of(client.get("/sign-in?next=/signed-out").text)
    answer = client.post(
        "/sign-in", data={"login": "wang", "password": PASSWORD, "next": "/signed-out", "csrf_token": token}
    )
    assert answer.location == "/signed-out"


def test_pages_forbid_inline_code_and_framing(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_built_files_are_kept_for_ever_and_come_compressed(app: Flask, client: FlaskClient) -> None:
    address = client.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    small = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert "immutable" in plain.headers["Cache-Control"]
    assert plain.mimetype == "text/css"
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "br"
    assert len(small.data) < len(plain.data) / 4
    assert "Accept-Encoding" in small.headers["Vary"]


def test_the_manifest_and_hidden_files_are_not_served(client: FlaskClient) -> None:
    for name in ("manifest.json", ".stamp", "nothing.css"):
        assert client.get(f"/static/{name}").status_code == 404


def test_an_unknown_address_says_so_and_leads_home(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "没有找到" in answer.text
    assert "回到首页" in answer.text
