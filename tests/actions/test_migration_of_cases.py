"""Migration 0004: cases admitted before versions were kept are bound to the oldest kept, the others follow what is in force."""

from alembic import command
from sqlalchemy import text

from server import migrate
from server.db import Database
from server.schema import metadata

CASE = (
    "insert into apv_cases (id, serial, query_code, matter, project_id, owner_organisation_id, district, application_id, "
    "facts, revision, promise, promise_unit, catalogue_version, received_at, applicant) values "
    "(:id, :id, :id, 'C05', 1, 1, '150502', 1, '{}', 1, 3, 'working_days', 'abc', '2025-06-16 01:00:00', '甲')"
)
RECORD = (
    "insert into apv_records (case_id, seq, state, unit, actor, opinion, element, at, legal_date) values "
    "(:id, :seq, :state, '', '', '', '', '2025-06-16 01:00:00', '2025-06-16')"
)


def test_admitted_cases_are_bound_to_the_oldest_version_and_keep_their_promise(database: Database) -> None:
    metadata.drop_all(database.engine)
    command.upgrade(migrate.configuration(database), "0003")
    with database.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("pragma defer_foreign_keys = on"))
        organisation = "insert into acc_organisations (id, name, kind, district) values (1, '甲', 'owner', '150502')"
        connection.execute(text(organisation))
        project = (
            "insert into apv_projects (id, code, works_code, owner_organisation_id, flow_type, name, address, district, "
            "created_at, created_by) values (1, 'x', '', 1, 'SOC_GENERAL', 'x', 'x', '150502', '2025-06-16 01:00:00', '甲')"
        )
        connection.execute(text(project))
        for number, states in ((1, [1]), (2, [1, 3]), (3, [1, 6, 7, 3, 8, 11])):
            row = {"id": number, "serial": str(number)}
            connection.execute(text(CASE.replace("(:id, :id, :id,", "(:id, :serial, :serial,")), row)
            for seq, state in enumerate(states, 1):
                connection.execute(text(RECORD), {"id": number, "seq": seq, "state": state})
    command.upgrade(migrate.configuration(database), "0004")
    with database.engine.connect() as connection:
        rows = connection.execute(text("select id, matters_sha, materials_sha, promise from apv_cases order by id")).all()
    assert [tuple(row) for row in rows] == [(1, None, None, 3), (2, "", "", 3), (3, "", "", 3)]
