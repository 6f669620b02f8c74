"""The migrations make exactly the tables that the models describe, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server import migrate
from server.db import Database
from server.schema import metadata


def test_upgrading_a_database_leaves_nothing_to_migrate(database: Database) -> None:
    metadata.drop_all(database.engine)
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), metadata)
    assert difference == []
