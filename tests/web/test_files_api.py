"""Uploads over REST: what is wrong with a file is said at `file`, nothing of it is kept, strangers find nothing."""

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders_files import WORD, a_pdf, a_picture
from builders_web import PASSWORD
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from server.app import create_app
from server.config import Settings
from server.db import Database
from server.files.models import StoredFile

API = "/api/v1"
Person = Callable[..., int]


def signed_in(client: FlaskClient, login: str) -> dict[str, str]:
    answer = client.post(f"{API}/tokens", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.get_json()['token']}"}


def upload(
    client: FlaskClient, headers: dict[str, str], content: bytes, name: str, field: str = "file"
) -> TestResponse:
    return client.post(f"{API}/files", data={field: (io.BytesIO(content), name)}, headers=headers)


def kept(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(StoredFile)) or 0


def test_a_file_is_kept_under_its_hash_and_given_back(client: FlaskClient, person: Person) -> None:
    person("wang", "applicant", organisation="蒙岳")
    headers = signed_in(client, "wang")
    content = a_pdf()
    made = upload(client, headers, content, "施工合同.pdf")
    assert made.status_code == 201
    told = made.get_json()
    assert (told["name"], told["size"], told["media_type"]) == ("施工合同.pdf", len(content), "application/pdf")
    assert client.get(f"{API}/files/{told['id']}", headers=headers).get_json() == told
    back = client.get(f"{API}/files/{told['id']}/content", headers=headers)
    assert back.data == content
    assert back.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (a_picture(), "合同.pdf"),  # a lying name
        (a_pdf(), "照片.png"),
        (WORD, "合同.docx"),
        (b"MZ\x90\x00" + b"\0" * 200, "合同.pdf"),
        (b"<html><script>alert(1)</script></html>", "合同.pdf"),
        (b"", "空.pdf"),
        (a_pdf()[:80], "断.pdf"),
        (a_pdf(), "没有后缀"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason_and_nothing_is_kept(
    client: FlaskClient, person: Person, web_database: Database, settings: Settings, content: bytes, name: str
) -> None:
    person("wang", "applicant", organisation="蒙岳")
    answer = upload(client, signed_in(client, "wang"), content, name)
    if name == "没有后缀" and answer.status_code == 201:  # the ending is put there after the content
        assert answer.get_json()["name"].endswith(".pdf")
        return
    told = answer.get_json()
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert told["errors"]["file"]
    assert told["code"].startswith("FILE")
    assert kept(web_database) == 0
    assert not [one for one in (settings.data_dir / "files").rglob("*") if one.is_file()]


def test_a_file_over_the_limit_is_refused(settings: Settings, web_database: Database, person: Person) -> None:
    person("wang", "applicant", organisation="蒙岳")
    client = create_app(replace(settings, upload_limit=300), web_database).test_client()
    headers = signed_in(client, "wang")
    answer = upload(client, headers, a_pdf(), "大.pdf")
    huge = upload(client, headers, b"%PDF-1.7" + b"0" * (2 * 1024 * 1024), "巨.pdf")
    for one, begin in ((answer, "“大.pdf”超过了 300 字节"), (huge, "这次上传的内容超过了 300 字节")):
        told = one.get_json()
        assert (one.status_code, one.mimetype, told["code"]) == (413, "application/problem+json", "FILE_TOO_LARGE")
        assert told["errors"]["file"] == [told["detail"]]
        assert told["detail"].startswith(begin)
    assert kept(web_database) == 0


class WatchedBody(io.BytesIO):
    """A request's body that, while it comes in, tries whether somebody else could write to the database."""

    def __init__(self, content: bytes, database: Path) -> None:
        super().__init__(content)
        self.database, self.could_write = database, 0

    def read(self, size: int | None = -1) -> bytes:
        with closing(sqlite3.connect(self.database, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
        self.could_write += 1
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def test_a_slow_sender_holds_no_lock(client: FlaskClient, person: Person, settings: Settings) -> None:
    person("wang", "applicant", organisation="蒙岳")
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    content = head + a_pdf() + b"\r\n--B--\r\n"
    body = WatchedBody(content, settings.data_dir / "gcb.db")
    answer = client.post(
        f"{API}/files",
        input_stream=body,
        content_type="multipart/form-data; boundary=B",
        content_length=len(content),
        headers=signed_in(client, "wang"),
    )
    assert answer.status_code == 201, answer.text
    assert body.could_write


def test_a_request_without_a_file_says_so(client: FlaskClient, person: Person) -> None:
    person("wang", "applicant", organisation="蒙岳")
    headers = signed_in(client, "wang")
    assert upload(client, headers, a_pdf(), "a.pdf", field="other").get_json()["errors"]["file"]
    assert client.post(f"{API}/files", json={}, headers=headers).status_code == 422


def test_a_stranger_does_not_learn_that_a_file_exists(client: FlaskClient, person: Person) -> None:
    person("wang", "applicant", organisation="蒙岳")
    person("li", "applicant", organisation="科源")
    made = upload(client, signed_in(client, "wang"), a_pdf(), "合同.pdf").get_json()
    li = signed_in(client, "li")
    for path in (f"/files/{made['id']}", f"/files/{made['id']}/content", "/files/99999"):
        answer = client.get(API + path, headers=li)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "FILE_UNKNOWN")
    assert client.get(f"{API}/files/{10**22}", headers=li).status_code == 404  # larger than any database counts
    assert client.get(f"{API}/files/{made['id']}").status_code == 401


def test_a_slow_sender_does_not_hold_the_write_lock(app: Flask, web_database: Database) -> None:
    """The body is read before a writing session is opened, on every route."""

    class Slow(io.BytesIO):
        """A body during whose reading somebody else writes."""

        def read(self, size: int | None = -1) -> bytes:
            with web_database.writing() as session:
                session.execute(update(StoredFile).values(name="x"))
            return super().read(size)

    for path in ("/api/v1/tokens", "/api/v1/projects", "/sign-in"):
        body = b'{"login": "nobody", "password": "wrong"}'
        answer = app.test_client().post(
            path,
            input_stream=Slow(body),
            content_type="application/json",
            content_length=len(body),
            headers={"Authorization": "Bearer made-up"},
        )
        assert answer.status_code in (401, 403, 422), (path, answer.text)
