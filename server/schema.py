"""All tables in one place: importing this module makes ``Base.metadata`` complete (for alembic and the tests)."""

from server import audit, clock, incidents, jobs
from server.accounts import models as accounts
from server.approval import models as approval
from server.db import Base
from server.documents import models as documents
from server.files import models as files
from server.processes import models as processes
from server.processes import walk_models as walks
from server.registry import models as registry

MODULES = (accounts, approval, audit, clock, documents, files, incidents, jobs, processes, registry, walks)
metadata = Base.metadata
