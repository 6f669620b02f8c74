"""All tables in one place: importing this module makes ``Base.metadata`` complete (for alembic and the tests)."""

from server import audit, clock, jobs
from server.accounts import models as accounts
from server.db import Base
from server.processes import models as processes

MODULES = (accounts, audit, clock, jobs, processes)
metadata = Base.metadata
