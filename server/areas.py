"""Importing this module makes known what the areas register: handlers, receivers, scanners, procedures.

For every process that runs models or carries rows (web, worker, commands); `server.schema` is the same for tables. The
task that makes papers is not here: it loads WeasyPrint, and only the worker imports it.
"""

from server.approval import acts as approval_acts
from server.approval import deadlines
from server.approval import messages as approval_messages
from server.processes import carrying
from server.registry import acts as registry_acts
from server.registry import messages as registry_messages

MODULES = (carrying, approval_acts, approval_messages, deadlines, registry_acts, registry_messages)
