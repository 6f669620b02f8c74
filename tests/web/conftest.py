"""An application on a fresh SQLite database, and people who sign in through the page as a browser does."""

from collections.abc import Callable, Iterator

import pytest
from builders_web import PASSWORD, token_of
from flask import Flask
from flask.testing import FlaskClient

from server.accounts import actions
from server.app import create_app
from server.config import Settings
from server.db import Database, make_engine
from server.schema import metadata


@pytest.fixture
def web_database(settings: Settings) -> Iterator[Database]:
    engine = make_engine(settings.database_url, synchronous="OFF")
    metadata.create_all(engine)
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def app(settings: Settings, web_database: Database) -> Flask:
    return create_app(settings, web_database)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def person(web_database: Database) -> Callable[..., int]:
    """``person('wang', 'dept_approver', unit='住建局·审批科')`` makes an account and gives its id."""

    def make(login: str, *roles: str, unit: str = "", organisation: str = "住建局") -> int:
        with web_database.writing() as session:
            place = actions.create_organisation(session, organisation, "department", "150502")
            section = actions.create_unit(session, unit, place) if unit else None
            return actions.create_account(session, login, "王批准", PASSWORD, place, roles, unit=section).id

    return make


@pytest.fixture
def enter(client: FlaskClient) -> Callable[[str], FlaskClient]:
    """``enter('wang')``: the client, signed in through the page."""

    def sign_in(login: str) -> FlaskClient:
        page = client.get("/sign-in").text
        answer = client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": token_of(page)})
        assert answer.status_code == 302, answer.text
        return client

    return sign_in
