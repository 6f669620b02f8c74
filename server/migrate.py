"""Bring a database's tables to this release, by alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from server.db import Database


def upgrade(database: Database) -> None:
    """Run the migrations that are missing; safe to repeat."""
    command.upgrade(configuration(database), "head")


def configuration(database: Database) -> Config:
    """Alembic's configuration for this database; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = database.engine
    return config
