"""Which form is filled in at which tasks of the models in force: how a person tells forms apart, which have no title."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.processes import definitions
from workflows.outline import read


def form_uses(session: Session, process_id: str, now: datetime) -> dict[str, tuple[str, ...]]:
    """form id -> names of the tasks that use it, each once; the forms of ``process_id`` come first."""
    in_force = list(definitions.all_in_force(session, now).values())
    in_force.sort(key=lambda one: one.process_id != process_id)
    found: dict[str, dict[str, None]] = {}
    for one in in_force:
        for node in read(definitions.xml(session, one.version_id)).nodes.values():
            if node.form and node.name:
                found.setdefault(node.form, {})[node.name] = None
    return {form: tuple(names) for form, names in found.items()}
