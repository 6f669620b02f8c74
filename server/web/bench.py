"""For the benchmark alone (GCB_BENCH=1, refused in production): a one-task process through our own ways, and the floor.

The floor answers the same three requests by hand-written SQL on two tables, in the same server: what is left of it is the
price of sign-in, access check, model, inbox and audit record.
"""

import resource
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from server import audit
from server.accounts.actor import Actor
from server.processes import instances
from server.processes.work_items import WorkItem
from server.web.access import PUBLIC, Access, roles
from server.web.api import work_items
from server.web.edge import current, edge

PROCESS = "bench"
ACCESS: dict[str, Access] = {
    "bench.create": roles("dept_approver"),
    "bench.floor_create": PUBLIC,
    "bench.floor_inbox": PUBLIC,
    "bench.floor_complete": PUBLIC,
    "bench.figures": PUBLIC,
}
FLOOR = (
    "CREATE TABLE IF NOT EXISTS bench_cases (id INTEGER PRIMARY KEY, state TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS bench_tasks (id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL, unit TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ix_bench_tasks ON bench_tasks (unit, id)",
)
blueprint = Blueprint("bench", __name__, url_prefix="/api/v1/bench")
_statements = [0]


def install(app: Flask) -> None:
    """Register the routes, the desk of area 'bench', and a counter of statements."""
    engine = edge_of(app)
    with engine.begin() as connection:
        for statement in FLOOR:
            connection.execute(text(statement))
    event.listen(engine, "before_cursor_execute", _count)
    work_items.desk("bench", decide, lambda _session, _subject: 0)
    app.register_blueprint(blueprint)


def edge_of(app: Flask) -> Any:
    """The engine of an application."""
    return app.extensions["gcb"].database.engine


def _count(*_of: object) -> None:
    _statements[0] += 1


def decide(
    session: Session,
    actor: Actor,
    work_item: WorkItem,
    outcome: str,
    answers: Mapping[str, Any],
    seen_revision: int,
    now: datetime,
) -> instances.Run:
    """What an area's action does at least: a record of the act, and the process goes on."""
    audit.append(session, actor, "bench.decided", work_item.subject, {"outcome": outcome}, now)
    return instances.complete(session, work_item, {"outcome": outcome}, actor, now)


@blueprint.post("/cases")
def create() -> ResponseReturnValue:
    """Start a case: the process in force to its first rest, and a record of the act."""
    session, actor, now = current.session, current.person, current.now
    run = instances.start(session, PROCESS, area="bench", subject="bench", variables={}, actor=actor, now=now)
    audit.append(session, actor, "bench.started", f"bench:{run.id}", {}, now)
    return jsonify(id=run.id), 201


@blueprint.post("/floor")
def floor_create() -> ResponseReturnValue:
    """Two rows."""
    session = current.session
    made = session.execute(
        text("INSERT INTO bench_cases (state, at) VALUES ('open', :at) RETURNING id"), {"at": str(current.now)}
    ).scalar_one()
    session.execute(text("INSERT INTO bench_tasks (case_id, unit) VALUES (:id, 'u')"), {"id": made})
    return jsonify(id=made), 201


@blueprint.get("/floor")
def floor_inbox() -> ResponseReturnValue:
    """The open tasks of a unit."""
    rows = current.session.execute(text("SELECT id, case_id FROM bench_tasks WHERE unit = 'u' ORDER BY id LIMIT 500"))
    return jsonify([{"id": row[0], "case": row[1]} for row in rows])


@blueprint.post("/floor/<int:task_id>")
def floor_complete(task_id: int) -> ResponseReturnValue:
    """One row less, one row changed."""
    session = current.session
    case = session.execute(
        text("DELETE FROM bench_tasks WHERE id = :id RETURNING case_id"), {"id": task_id}
    ).scalar_one_or_none()
    if case is None:
        return jsonify(status="gone"), 409
    session.execute(text("UPDATE bench_cases SET state = 'done' WHERE id = :id"), {"id": case})
    return jsonify(status="completed")


@blueprint.get("/figures")
def figures() -> ResponseReturnValue:
    """What this process has used so far: CPU ms, peak memory in KiB, SQL statements."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return jsonify(
        cpu_ms=time.process_time() * 1000,
        peak_kib=usage.ru_maxrss,
        statements=_statements[0],
        bench=edge().settings.bench,
    )
