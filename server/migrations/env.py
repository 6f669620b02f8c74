"""Alembic's environment: the engine comes from the settings, the tables from server.schema."""

from alembic import context

from server.config import Settings
from server.db import make_engine
from server.schema import metadata

engine = context.config.attributes.get("engine") or make_engine(Settings.from_env().database_url)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        user_module_prefix="server.db.",
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
