"""The demo leaves something before every desk, whatever day it is begun on."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from server import areas, incidents, jobs
from server.accounts import demo as accounts
from server.accounts.actor import SYSTEM
from server.approval import demo
from server.approval.models import Project
from server.config import ROOT, Settings
from server.db import Database, make_engine
from server.documents import making
from server.processes import seeding
from server.processes.models import WorkItem
from server.registry import demo as land
from server.schema import metadata

LOADED = (areas, making)  # publishing asks which handlers there are; the worker makes the papers
DESKS = {
    "住建局·质量安全科",
    "住建局·消防人防科",
    "住建局·审批科",
    "政务大厅·综合窗口",
    "建设单位",
    "不动产登记中心·实地查看岗",
    "不动产登记中心·受理岗",
}


@pytest.mark.parametrize("day", ["2026-03-01", "2026-10-05", "2026-11-24", "2031-06-01"])
def test_the_demo_gives_every_desk_something_and_no_incident(settings: Settings, day: str) -> None:
    engine = make_engine(settings.database_url, synchronous="OFF")
    metadata.create_all(engine)
    database = Database(engine)
    now = datetime.fromisoformat(f"{day}T02:00:00").replace(tzinfo=UTC)
    with database.writing() as session:
        accounts.seed(session)
        seeding.seed_from_disk(session, ROOT / "bpmn", ROOT / "forms", SYSTEM, now)
        land.seed(session, now)
        assert demo.seed(session, settings, now)
        assert not demo.seed(session, settings, now)
    jobs.run_due(database, settings)
    with database.reading() as session:
        assert set(session.scalars(select(WorkItem.unit))) == DESKS
        assert len(session.scalars(select(Project)).all()) == 5
        assert [one.reason for one in incidents.still_open(session)] == []
    engine.dispose()
