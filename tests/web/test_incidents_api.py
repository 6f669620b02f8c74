"""What stands still, over REST: seen by administrators and auditors, handled once, on record."""

from collections.abc import Callable

import pytest
from builders_web import PASSWORD
from flask.testing import FlaskClient
from sqlalchemy import select

from server import audit, clock, incidents, jobs
from server.config import Settings
from server.db import Database
from server.jobs import Job

API = "/api/v1"
Person = Callable[..., int]


def headers(client: FlaskClient, login: str) -> dict[str, str]:
    answer = client.post(f"{API}/tokens", json={"login": login, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.get_json()['token']}"}


@pytest.fixture
def admin(client: FlaskClient, person: Person) -> dict[str, str]:
    person("admin", "admin")
    return headers(client, "admin")


@pytest.fixture
def stuck(web_database: Database, settings: Settings) -> int:
    """A job that was given up after its last try; gives the number of its incident."""
    with web_database.writing() as session:
        now = clock.now(session, settings)
        jobs.enqueue(session, "make_paper", {"paper_id": 7}, now)
        job = session.scalars(select(Job)).one()
        job.state, job.tries = "stuck", jobs.MAX_TRIES
        incidents.report(session, "job", f"job:{job.id}", job.name, "模板缺少附件页。", {"paper_id": 7}, now)
        return incidents.still_open(session)[0].id


def states(database: Database) -> list[tuple[str, int]]:
    with database.reading() as session:
        return [(job.state, job.tries) for job in session.scalars(select(Job))]


def acts(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        found = session.scalars(select(audit.Entry).order_by(audit.Entry.number))
        return [(entry.act, entry.actor) for entry in found if entry.act.startswith("incident.")]


def test_what_stands_still_is_listed_with_its_reason(
    client: FlaskClient, admin: dict[str, str], person: Person, stuck: int
) -> None:
    person("auditor", "auditor")
    for asked in (admin, headers(client, "auditor")):
        (one,) = client.get(f"{API}/incidents", headers=asked).get_json()
        assert (one["id"], one["kind"], one["name"], one["reason"]) == (stuck, "job", "make_paper", "模板缺少附件页。")


def test_a_retried_job_runs_from_its_first_try_once_and_on_record(
    client: FlaskClient, admin: dict[str, str], stuck: int, web_database: Database
) -> None:
    assert client.post(f"{API}/incidents/{stuck}/retry", headers=admin).status_code == 204
    assert states(web_database) == [("open", 0)]
    assert client.get(f"{API}/incidents", headers=admin).get_json() == []
    again = client.post(f"{API}/incidents/{stuck}/retry", headers=admin)
    assert (again.status_code, again.mimetype) == (409, "application/problem+json")
    assert acts(web_database) == [("incident.retried", "住建局·王批准")]


def test_a_job_is_given_up_with_a_reason_only(
    client: FlaskClient, admin: dict[str, str], stuck: int, web_database: Database
) -> None:
    path = f"{API}/incidents/{stuck}/abandon"
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": 5}, {"reason": "长" * 501}):
        refused = client.post(path, json=body, headers=admin)
        assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
        assert refused.get_json()["errors"]["reason"]
    assert states(web_database) == [("stuck", jobs.MAX_TRIES)]
    assert client.post(path, json={"reason": "纸质件已另行送达"}, headers=admin).status_code == 204
    assert states(web_database) == []
    assert acts(web_database) == [("incident.abandoned", "住建局·王批准")]
    assert client.post(path, json={"reason": "再来"}, headers=admin).status_code == 409


def test_only_administrators_handle_incidents(
    client: FlaskClient, person: Person, stuck: int, web_database: Database
) -> None:
    person("auditor", "auditor", "dept_approver")
    auditor = headers(client, "auditor")
    assert client.post(f"{API}/incidents/{stuck}/retry", headers=auditor).status_code == 403
    abandoned = client.post(f"{API}/incidents/{stuck}/abandon", json={"reason": "不要了"}, headers=auditor)
    assert abandoned.status_code == 403
    assert client.get(f"{API}/incidents").status_code == 401
    assert states(web_database) == [("stuck", jobs.MAX_TRIES)]


@pytest.mark.parametrize("number", [999, 10**22])
def test_an_unknown_incident_is_not_found(client: FlaskClient, admin: dict[str, str], number: int) -> None:
    for answer in (
        client.post(f"{API}/incidents/{number}/retry", headers=admin),
        client.post(f"{API}/incidents/{number}/abandon", json={"reason": "不要了"}, headers=admin),
    ):
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_scanner_that_fails_runs_again_by_itself(
    client: FlaskClient, admin: dict[str, str], web_database: Database, settings: Settings
) -> None:
    with web_database.writing() as session:
        now = clock.now(session, settings)
        incidents.report(session, "scanner", "scanner:deadlines", "deadlines", "没有 2031 年的日历。", {}, now)
        number = incidents.still_open(session)[0].id
    answer = client.post(f"{API}/incidents/{number}/retry", headers=admin)
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
