"""Papers over REST: anybody compares facts and standing, the holder and staff fetch the signed PDF."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from builders_papers import a_certificate, a_filing, a_permit, in_the_register
from builders_web import PASSWORD
from flask.testing import FlaskClient

from server import jobs
from server.accounts.actions import actor_for_account
from server.accounts.actor import SYSTEM
from server.clock import set_virtual
from server.config import Settings
from server.db import Database
from server.documents import making, papers
from server.documents.models import Paper
from server.files import store

API = "/api/v1"
NOW = datetime(2025, 11, 3, 2, 26, tzinfo=UTC)
NUMBER = "150502202510130101"
WORKER = making  # what the worker knows how to do
Person = Callable[..., int]


def headers(client: FlaskClient, login: str) -> dict[str, str]:
    answer = client.post(f"{API}/tokens", json={"login": login, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.get_json()['token']}"}


@pytest.fixture
def permit(web_database: Database, settings: Settings, person: Person) -> Paper:
    """A permit of 蒙岳 (its agent signs in as 'wang'), issued a moment ago; its PDF is not made yet."""
    account_id = person("wang", "applicant", organisation="蒙岳")
    with web_database.writing() as session:
        set_virtual(session, settings, NOW)
        holder = actor_for_account(session, account_id)
        assert holder is not None
        in_the_register(session, NUMBER)
        return papers.issue(
            session,
            "construction-permit",
            NUMBER,
            a_permit(),
            "case:1",
            SYSTEM,
            NOW,
            issuer="科尔沁区住建局",
            organisation_id=holder.organisation_id,
        )


def test_anybody_compares_a_paper_by_its_number_or_its_code(client: FlaskClient, permit: Paper) -> None:
    by_number = client.get(f"{API}/papers/{NUMBER}")
    by_code = client.get(f"{API}/papers/{permit.verification_code.replace('-', '').lower()}")
    told = by_number.get_json()
    assert by_code.get_json() == told
    assert (told["number"], told["issued_on"], told["standing"]["word"]) == (NUMBER, "2025-11-03", "有效")
    assert {"label": "建设规模", "value": "53,820.86㎡"} in told["facts"]
    assert told["signature"] is None


def test_a_stranger_learns_no_person_by_a_paper(client: FlaskClient, web_database: Database, permit: Paper) -> None:
    with web_database.writing() as session:
        for kind, number, data in (
            ("acceptance-filing", "通住建竣备〔2026〕第0001号", a_filing()),
            ("property-certificate", "蒙(2026)通辽市不动产权第0018642号", a_certificate()),
        ):
            papers.issue(session, kind, number, data, "case:1", SYSTEM, NOW, issuer="发证机关")
    for number in (NUMBER, "通住建竣备〔2026〕第0001号", "蒙(2026)通辽市不动产权第0018642号"):
        answer = client.get(f"{API}/papers/{number}")
        assert answer.status_code == 200
        told = json.dumps(answer.get_json(), ensure_ascii=False)
        for leader in ("韩勘察", "白设计", "陈建设", "何监理", "孟岳"):
            assert leader not in told
        assert "subject" not in answer.get_json()
        assert "issued_by" not in answer.get_json()


def test_a_revoked_paper_says_so_at_once_without_its_reason(client: FlaskClient, web_database: Database) -> None:
    number = "蒙(2026)通辽市不动产权第0018642号"
    with web_database.writing() as session:
        issued = papers.issue(
            session, "property-certificate", number, a_certificate(), "registration:1", SYSTEM, NOW, issuer="登记中心"
        )
        papers.mark(session, issued, "revoked", "骗取", SYSTEM, NOW)
    answer = client.get(f"{API}/papers/{number}")
    standing = answer.get_json()["standing"]
    assert (standing["state"], standing["word"]) == ("revoked", "已撤销")
    assert "骗取" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("code", ["150502209901010101", "AAAA-AAAA-AAAA-AAAA", "%00", "a/b", "1505%0002", "x" * 2000])
def test_what_was_never_issued_is_told_in_plain_words(client: FlaskClient, code: str) -> None:
    answer = client.get(f"{API}/papers/{code}")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["code"] == "PAPER_UNKNOWN"
    assert "没有查到" in answer.get_json()["detail"]


def test_nobody_looks_up_numbers_in_bulk(client: FlaskClient) -> None:
    answers = [client.get(f"{API}/papers/{number}") for number in range(121)]
    assert [answers[0].status_code, answers[-1].status_code] == [404, 429]
    assert answers[-1].mimetype == "application/problem+json"


def test_the_signed_pdf_is_for_its_holder_and_staff_once_it_is_made(
    client: FlaskClient, web_database: Database, settings: Settings, permit: Paper, person: Person
) -> None:
    person("li", "applicant", organisation="科源")
    person("approver", "dept_approver", organisation="住建局")
    address = f"{API}/papers/{permit.verification_code}/pdf"
    assert client.get(address).status_code == 401
    holder = headers(client, "wang")
    waiting = client.get(address, headers=holder)
    assert (waiting.status_code, waiting.get_json()["code"]) == (404, "PAPER_MAKING")

    jobs.run_due(web_database, settings)
    fetched = client.get(address, headers=holder)
    assert fetched.data.startswith(b"%PDF-")
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(address, headers=headers(client, "approver")).data == fetched.data
    stranger = client.get(address, headers=headers(client, "li"))
    assert (stranger.status_code, stranger.get_json()["code"]) == (404, "PAPER_UNKNOWN")

    assert client.get(f"{API}/papers/{NUMBER}").get_json()["signature"]["intact"] is True
    with web_database.reading() as session:
        made = papers.get(session, NUMBER).made
        assert made is not None
        path = store.path_of(settings, made.file)
    path.chmod(0o600)
    path.write_bytes(fetched.data + b" ")
    assert client.get(f"{API}/papers/{NUMBER}").get_json()["signature"]["intact"] is False
