"""One case entirely: how far it is, its diagram, its limits, its materials; and taking it back."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from server.approval import actions, deadlines, records, states
from server.approval.catalogues import catalogue_of
from server.approval.models import Case, CaseMaterial, CaseRecord, Notice, Project
from server.approval.queries import due, exchange, lookup, waiting
from server.approval.states import State
from server.clock import legal_date
from server.documents import papers
from server.errors import Conflict, Invalid
from server.web import diagram_view, ledger_view
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner.desk import OWNER, blueprint, case_at, summary
from server.web.shell import stand_at
from server.web.status import STATUS, for_state

ACCESS: dict[str, Access] = dict.fromkeys(
    (
        "owner.case",
        "owner.case_diagram",
        "owner.case_ledger",
        "owner.case_materials",
        "owner.case_exchange",
        "owner.withdraw",
        "owner.withdraw_send",
    ),
    OWNER,
)


@dataclass(frozen=True)
class Head:
    """What stands above every tab of a case. due: the limit that runs, None when none does; last: what it came to."""

    case: Case
    project: Project
    title: str
    buildings: list[str]
    status: str
    due: due.DueView | None
    last: CaseRecord
    materials: int
    notices: int
    can_withdraw: bool

    @property
    def over(self) -> bool:
        """Nothing more follows in the approval itself."""
        return State(self.last.state) in states.CLOSED

    @property
    def refused(self) -> bool:
        """It ended with a no, so the owner wants to know why and what she can do."""
        return State(self.last.state) in (State.NOT_ADMITTED, State.ADMISSION_REFUSED, State.REJECTED)


def head_of(serial: str) -> Head:
    """The head of a case's pages."""
    stand_at("owner.projects")
    case, project = case_at(serial)
    session, rules = current.session, catalogue_of(current.session, case, current.now)
    history = deadlines.records_of(session, case.id)
    seen = [State(one.state) for one in history]
    withdrawable = states.allowed(seen) & {State.WITHDRAWAL_PENDING, State.PULLED}
    materials = select(func.count(CaseMaterial.code.distinct())).where(CaseMaterial.case_id == case.id)
    limit = due.due_of(session, case, current.now)
    return Head(
        case,
        project,
        rules.title(case.matter, case.phase),
        lookup.buildings_of(session, [case.id]).get(case.id, []) if case.phase else [],
        for_state(int(seen[-1]), permit=rules.licence(case.matter)),
        limit if limit is not None and limit.closed is None else None,
        history[-1],
        session.scalar(materials) or 0,
        session.scalar(select(func.count(Notice.id)).where(Notice.case_id == case.id)) or 0,
        bool(withdrawable) and seen[-1] is not State.WITHDRAWAL_PENDING,
    )


@blueprint.get("/cases/<serial>")
def case(serial: str) -> ResponseReturnValue:
    """How far it is: what it waits for, what was recorded, the papers it led to."""
    head = head_of(serial)
    session = current.session
    return render_template(
        "owner/case.html",
        head=head,
        tab="case",
        waiting=waiting.why_waiting(session, head.case, current.now),
        entries=[_entry(one, head) for one in reversed(deadlines.records_of(session, head.case.id))],
        papers=papers.of(session, f"case:{head.case.id}"),
    )


@dataclass(frozen=True)
class Entry:
    """One line of the record as the timeline shows it."""

    tone: str
    icon: str
    at: object
    words: str
    actor: str
    opinion: str


def _entry(record: CaseRecord, head: Head) -> Entry:
    state = State(record.state)
    status = STATUS[for_state(record.state, permit=head.case.phase is not None)]
    return Entry(status.tone, status.icon, record.at, states.WORDS[state], record.actor, record.opinion)


@blueprint.get("/cases/<serial>/diagram")
def case_diagram(serial: str) -> ResponseReturnValue:
    """Where it stands on the model it runs on."""
    head = head_of(serial)
    view = diagram_view.of_subject(current.session, f"case:{head.case.id}", f"{head.title}流程图")
    return render_template("owner/case_diagram.html", head=head, tab="diagram", view=view)


@blueprint.get("/cases/<serial>/ledger")
def case_ledger(serial: str) -> ResponseReturnValue:
    """How each of its limits is counted, day by day."""
    head = head_of(serial)
    today = legal_date(current.now)
    limits = []
    for one in reversed(due.ledgers(current.session, head.case, current.now)):
        days = ledger_view.until(one.ledger.days, one.due.closed) if one.ledger else []
        limits.append((one.due, ledger_view.weeks(days, today), ledger_view.lines(days)))
    return render_template("owner/case_ledger.html", head=head, tab="ledger", limits=limits)


@blueprint.get("/cases/<serial>/materials")
def case_materials(serial: str) -> ResponseReturnValue:
    """The newest of each material in the dossier."""
    head = head_of(serial)
    rows = current.session.scalars(
        select(CaseMaterial).where(CaseMaterial.case_id == head.case.id).order_by(CaseMaterial.code, CaseMaterial.id)
    )
    newest = {one.code: one for one in rows}
    names = catalogue_of(current.session, head.case, current.now).materials
    return render_template(
        "owner/case_materials.html",
        head=head,
        tab="materials",
        rows=[(names[code].name, one) for code, one in newest.items()],
    )


@blueprint.get("/cases/<serial>/exchange")
def case_exchange(serial: str) -> ResponseReturnValue:
    """What was asked of the owner, and what she answered."""
    head = head_of(serial)
    listed = exchange.exchanges(current.session, head.case)
    return render_template("owner/case_exchange.html", head=head, tab="exchange", exchanges=listed)


@blueprint.get("/cases/<serial>/withdraw")
def withdraw(serial: str) -> ResponseReturnValue:
    """What taking it back means, before it is done."""
    return _withdraw_page(head_of(serial), "", [])


@blueprint.post("/cases/<serial>/withdraw")
def withdraw_send(serial: str) -> ResponseReturnValue:
    """Take it back."""
    head = head_of(serial)
    reason = request.form.get("reason", "")
    try:
        done = actions.withdraw(current.session, current.person, head.case, reason, current.now)
    except (Invalid, Conflict) as refusal:
        return _withdraw_page(head, reason, summary(refusal.fields) or [("", refusal.message)]), refusal.status
    if done.state is State.PULLED:
        flash("已撤件。材料退回成了草稿，下次不用重填。", "done")
    else:
        flash("已提出撤回。承办科室确认退还材料后，这一件就结束。", "done")
    return redirect(url_for("owner.case", serial=serial))


def _withdraw_page(head: Head, reason: str, problems: list[tuple[str, str]]) -> str:
    admitted = states.admitted(records.history(current.session, head.case.id))
    return render_template("owner/withdraw.html", head=head, reason=reason, problems=problems, admitted=admitted)
