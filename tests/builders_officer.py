"""A city whose officers sit down at the pages, in a browser without scripts."""

import re
from collections.abc import Callable
from typing import Any

from builders_approval import OFFICERS, Desk
from builders_web import token_of, words_of
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server.accounts.actor import Actor
from server.accounts.models import Account, AccountRole, Unit
from server.approval.models import Case, CaseRecord
from server.approval.states import State
from server.clock import set_virtual
from server.config import Settings
from server.db import Database

WINDOW, QUALITY, APPROVER = "政务大厅·综合窗口", "住建局·质量安全科", "住建局·审批科"


def a_city(database: Database, settings: Settings) -> Desk:
    """A committed city whose officers have their units and roles."""
    with database.writing() as session:
        made = Desk(session, settings)
        for unit, officer in OFFICERS.items():
            place = Unit(name=unit, organisation_id=made.desks, district=officer.district)
            session.add(place)
            session.flush()
            session.get_one(Account, officer.account_id).unit_id = place.id
        for who in (made.owner, *OFFICERS.values()):
            session.add_all(AccountRole(account_id=who.account_id, role=role) for role in who.roles)
        set_virtual(session, settings, made.now)
    return made


class Pages:
    """A browser without scripts, in which people sit down one after another."""

    def __init__(self, client: FlaskClient, database: Database, settings: Settings) -> None:
        self.client, self.database, self.settings = client, database, settings
        self.desk = a_city(database, settings)

    def as_(self, who: str | Actor) -> "Pages":
        """This person, signed in."""
        actor = OFFICERS[who] if isinstance(who, str) else who
        with self.client.session_transaction() as browser:
            browser["account_id"] = actor.account_id
        return self

    def build(self, make: Callable[[Desk], Any]) -> Any:
        """Build something with the desk in a committed transaction; the clock follows."""
        with self.database.writing() as session:
            self.desk.session = session
            made = make(self.desk)
            set_virtual(session, self.settings, self.desk.now)
            return made

    def get(self, address: str, status: int = 200) -> str:
        """The page at an address."""
        answer = self.client.get(address)
        assert answer.status_code == status, words_of(answer.text)
        return answer.text

    def case(self, serial: str, **query: str) -> str:
        """A case's page."""
        return self.get(f"/officer/cases/{serial}" + "".join(f"?{key}={one}" for key, one in query.items()))

    def decide(self, serial: str, outcome: str, page: str | None = None, **answers: Any) -> TestResponse:
        """Send the form of a case's page as a browser would."""
        drawn = page or self.case(serial)
        action = re.search(rf'action="(/officer/cases/{serial}/tasks/\d+)[^"]*"', drawn)
        seen = re.search(r'name="seen_revision" value="(\d+)"', drawn)
        assert action and seen, words_of(drawn)
        data = {"csrf_token": token_of(drawn), "seen_revision": seen[1], "outcome": outcome}
        return self.client.post(action[1], data={**data, **{key.replace("__", "."): one for key, one in answers.items()}})


def counts(pages: Pages, *models: type) -> list[int]:
    """How many rows there are of each."""
    with pages.database.reading() as session:
        return [session.scalar(select(func.count()).select_from(one)) or 0 for one in models]


def state_of(pages: Pages, serial: str) -> State:
    """Where a case stands."""
    with pages.database.reading() as session:
        case = session.scalars(select(Case).where(Case.serial == serial)).one()
        return State(session.get_one(CaseRecord, case.last_record_id).state)
