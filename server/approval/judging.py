"""What people decided on a case, read back: the last word of each task, the items they asked for, the specials' verdicts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.approval.models import Case, CaseRecord, Decision, Notice, NoticeItem
from server.approval.states import State

SPECIAL_FORM = "acceptance-special"
SPECIALS = {
    "planning": "规划核实",
    "fire": "消防验收",
    "civil_defence": "人防验收",
    "archive": "档案验收",
    "onsite": "不动产实地确认",
}
REVIEW_FORM = "permit-review"
ADMITTING = frozenset({"admit", "file"})
DECIDING = frozenset({"grant", "refuse"})
INTAKE = ADMITTING | {"correct", "not_admit", "refuse_jurisdiction"}
ASKING = frozenset({"correct", "fail"})
"""Outcomes that must say what is to be put right."""


@dataclass(frozen=True)
class Verdict:
    """The last word of a special review. special: planning, fire … or the task's own name for one added later."""

    special: str
    name: str
    passed: bool
    decision: Decision


def decisions(session: Session, case_id: int) -> list[Decision]:
    """All decisions of a case, oldest first."""
    return list(session.scalars(select(Decision).where(Decision.case_id == case_id).order_by(Decision.id)))


def fresh(session: Session, case_id: int) -> Decision | None:
    """The decision that led to the step now being recorded: the last one, unless a record names it already."""
    last = session.scalars(
        select(Decision).where(Decision.case_id == case_id).order_by(Decision.id.desc()).limit(1)
    ).first()
    if last is None:
        return None
    used = session.scalar(select(CaseRecord.id).where(CaseRecord.decision_id == last.id).limit(1))
    return last if used is None else None


def word(session: Session, case_id: int, among: frozenset[str]) -> str | None:
    """The last of these outcomes that a person decided on, whatever was decided about other things since."""
    return session.scalars(
        select(Decision.outcome)
        .where(Decision.case_id == case_id, Decision.outcome.in_(among))
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()


def failed_reviews(taken: Iterable[Decision]) -> list[str]:
    """The department reviews whose last word is no, by the task's name."""
    last = {one.element: one for one in taken if one.form_id == REVIEW_FORM}
    return [one.name for one in last.values() if one.outcome == "fail"]


def admitted_by(taken: Iterable[Decision], actor: Actor) -> bool:
    """Whether this person admitted the case: who admits does not approve (domain 7)."""
    if actor.account_id is None:
        return False
    return any(one.actor_id == actor.account_id for one in taken if one.outcome in ADMITTING)


def verdicts(session: Session, case_id: int) -> list[Verdict]:
    """The specials of a joint acceptance, each with its last decision, in the order of the contract."""
    last: dict[str, Verdict] = {}
    for one in decisions(session, case_id):
        if one.form_id == SPECIAL_FORM:
            special = one.element.removeprefix("task_")
            last[special] = Verdict(special, SPECIALS.get(special, one.name), one.outcome == "pass", one)
    known = list(SPECIALS)
    return sorted(last.values(), key=lambda one: known.index(one.special) if one.special in known else len(known))


def items_in(answers: Mapping[str, Any], opinion: str, title: str) -> list[dict[str, Any]]:
    """What a decision asks for: the rows of `items`, else its opinion as the one item."""
    rows = answers.get("items")
    listed = [one for one in rows if isinstance(one, Mapping)] if isinstance(rows, list) else []
    found = [
        {
            "kind": str(one.get("kind") or "内容不符"),
            "subject": str(one.get("subject") or title),
            "request": str(one.get("request") or "").strip(),
            "basis": str(one.get("basis") or ""),
            "material": str(one.get("material") or "") or None,
        }
        for one in listed
    ]
    found = [one for one in found if one["request"]]
    if not found and opinion:
        found = [{"kind": "内容不符", "subject": title, "request": opinion, "basis": "", "material": None}]
    return found


def send_notice(
    session: Session, case: Case, kind: str, sources: list[Decision], actor: Actor, now: datetime
) -> tuple[Notice, list[NoticeItem]]:
    """Append the one list of what the deciders ask for, numbered through."""
    earlier = session.scalar(
        select(func.count()).select_from(Notice).where(Notice.case_id == case.id, Notice.kind == kind)
    )
    notice = Notice(
        case_id=case.id,
        kind=kind,
        round=(earlier or 0) + 1,
        unit=actor.unit or actor.organisation,
        actor=actor.label,
        at=now,
    )
    session.add(notice)
    session.flush()
    items: list[NoticeItem] = []
    for decision in sources:
        for one in items_in(decision.answers, decision.opinion, decision.name):
            items.append(NoticeItem(notice_id=notice.id, number=len(items) + 1, source=decision.unit, **one))
    session.add_all(items)
    session.flush()
    return notice, items


def last_notice(session: Session, case_id: int, kind: str) -> tuple[Notice, list[NoticeItem]] | None:
    """The newest list of a kind, with its items."""
    notice = session.scalars(
        select(Notice).where(Notice.case_id == case_id, Notice.kind == kind).order_by(Notice.id.desc()).limit(1)
    ).first()
    if notice is None:
        return None
    items = session.scalars(select(NoticeItem).where(NoticeItem.notice_id == notice.id).order_by(NoticeItem.number))
    return notice, list(items)


def corrected(history: list[State]) -> bool:
    """Whether the one correction before admission has been asked for already."""
    return State.CORRECTION_STARTED in history
