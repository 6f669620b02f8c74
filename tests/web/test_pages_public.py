"""Verification by anybody: what a paper is worth now."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from builders_papers import a_certificate, a_permit, in_the_register
from flask.testing import FlaskClient

from server.accounts.actor import SYSTEM
from server.clock import at, set_virtual
from server.config import Settings
from server.db import Database
from server.documents import papers
from server.documents.models import Paper

NOW = datetime(2025, 11, 3, 2, 26, tzinfo=UTC)


@pytest.fixture
def permit(web_database: Database, settings: Settings) -> Paper:
    """The three permits of S1, the last one returned; today is 2025-11-03."""
    with web_database.writing() as session:
        set_virtual(session, settings, NOW)
        in_the_register(session, "150502202506170101", "150502202510130101")
        for number, phase in (("150502202506170101", "第一阶段·基坑"), ("150502202510130101", "第三阶段·地上主体")):
            paper = papers.issue(
                session,
                "construction-permit",
                number,
                a_permit(
                    phase_name=phase,
                    related=[] if "一" in phase else [{"phase_name": "第一阶段·基坑", "number": "150502202506170101"}],
                ),
                "case:1",
                SYSTEM,
                at(NOW.date()),
                issuer="通辽市住房和城乡建设局",
            )
        return paper


def test_a_number_leads_to_what_the_paper_is_worth_now(client: FlaskClient, permit: Paper) -> None:
    page = client.get(f"/verify?number={permit.number}", follow_redirects=True).text
    assert "<h1>有效</h1>" in page
    assert "2025年" not in page.split('role="status"')[1].split("</section>")[0]  # this year is not said
    assert "53,820.86㎡" in page
    assert "13,860.00 万元" in page
    assert "±0.000 以上至竣工" in page
    assert "150502202506170101" in page


def test_the_code_of_the_picture_works_in_any_writing(client: FlaskClient, permit: Paper) -> None:
    plain = permit.verification_code.replace("-", "").lower()
    assert "<h1>有效</h1>" in client.get(f"/verify/{plain}").text


def test_a_revoked_paper_says_so_at_once(client: FlaskClient, web_database: Database) -> None:
    with web_database.writing() as session:
        number = "蒙(2026)通辽市不动产权第0018642号"
        paper = papers.issue(
            session,
            "property-certificate",
            number,
            a_certificate(),
            "registration:1",
            SYSTEM,
            NOW,
            issuer="通辽市不动产登记中心",
        )
        papers.mark(session, paper, "revoked", "骗取", SYSTEM, NOW)
    page = client.get(f"/verify/{paper.verification_code}").text
    assert "<h1>已撤销</h1>" in page
    assert 'data-tone="failed"' in page
    assert "没有撤销" not in page


def test_an_unknown_number_says_what_to_check(client: FlaskClient) -> None:
    answer = client.get("/verify/150502209901010101")
    assert answer.status_code == 404
    assert "没有查到" in answer.text
    assert "0475-12345" in answer.text


def test_an_empty_question_is_answered_beside_the_field(client: FlaskClient) -> None:
    answer = client.get("/verify?number=")
    assert answer.status_code == 422
    assert 'href="#number"' in answer.text


def test_the_paper_itself_is_for_its_holder_and_staff(
    client: FlaskClient, permit: Paper, person: Callable[..., int], enter: Callable[[str], FlaskClient]
) -> None:
    address = f"/papers/{permit.verification_code}/pdf"
    assert client.get(address).status_code == 302
    person("owner", "applicant", organisation="科源城投")
    assert "只有持证单位" in enter("owner").get(address).text


def test_a_number_with_a_slash_or_brackets_is_looked_up(client: FlaskClient) -> None:
    answer = client.get("/verify", query_string={"number": "蒙(2026)通辽市不动产权第0018642号"}, follow_redirects=True)
    assert "没有查到" in answer.text
    assert "蒙(2026)通辽市不动产权第0018642号" in answer.text
