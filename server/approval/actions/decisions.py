"""An officer (or the owner) does a task: everything that could make the step fail is looked at first, then the decision is
appended and the process goes on. Down once, up once; one commit at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import audit
from server.accounts.access import require
from server.accounts.actor import Actor
from server.approval import acts, evidence, judging, records
from server.approval.actions.applications import add_material, as_plain, look, refuse_blocking
from server.approval.catalogues import catalogue_of
from server.approval.models import Case, Decision, NoticeReply, Project
from server.approval.states import State
from server.errors import Conflict, Invalid
from server.files import store
from server.files.access import require_readable
from server.processes import definitions, forms, instances, work_items
from server.processes.instances import Run
from server.processes.work_items import WorkItem

ADMITTERS = ("window_clerk", "dept_handler", "dept_approver", "stage_lead", "joint_acceptance_lead")
APPROVERS = ("dept_approver",)
"""Who may admit and who may grant or refuse, whatever lane a model puts the task in (domain 7)."""
WITH_REASON = {
    "not_admit": "不受理",
    "refuse_jurisdiction": "不予受理",
    "refuse": "不予许可",
}


@dataclass(frozen=True)
class Decided:
    """What a decision led to. open_items: what is asked of whom next, empty when the process has ended."""

    run: Run
    case: Case
    decision: Decision
    open_items: list[WorkItem]


def decide(
    session: Session,
    actor: Actor,
    item: WorkItem,
    outcome: str,
    answers: Mapping[str, Any],
    seen_revision: int,
    now: datetime,
) -> Decided:
    """Decide a task on the revision of the dossier that was seen.

    Raises Conflict when the dossier, the task or the law has moved on, Forbidden when it is somebody else's task, Invalid
    when the form is not filled in.
    """
    subject = acts.case_of(session, item.subject)
    case = session.scalars(
        select(Case).where(Case.id == subject.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    work_items.require_may_act(actor, item)
    if seen_revision != case.revision:
        raise Conflict(
            "这一件的材料在您打开之后又变了。请刷新，看过新的材料再决定；您写的意见还在。",
            code="STALE_REVISION",
            extra={"revision": case.revision},
        )
    history = records.history(session, case.id)
    if history[-1] is State.WITHDRAWAL_PENDING:
        raise Conflict("申请单位要求撤回这一件。请先确认或者拒绝撤回，再继续办。", code="WITHDRAWAL_PENDING")
    filled = _validated(session, case, item, outcome, answers, actor, now)
    opinion = str(filled.get("opinion") or "").strip()
    _guard(session, actor, case, item, outcome, filled, opinion, history, now)
    decision = Decision(
        case_id=case.id,
        work_item_id=item.id,
        element=item.element,
        name=item.name,
        form_id=item.form_id,
        outcome=outcome,
        opinion=opinion,
        answers=filled,
        seen_revision=seen_revision,
        unit=actor.unit or actor.organisation,
        actor_id=actor.account_id,
        actor=actor.label,
        at=now,
    )
    session.add(decision)
    session.flush()
    if item.unit == work_items.OWNER_LANE:
        _take_answers(session, actor, case, filled, now)
    details = {"serial": case.serial, "element": item.element, "outcome": outcome, "revision": seen_revision}
    audit.append(session, actor, "case.decided", f"case:{case.id}", details, now)
    run = instances.complete(session, item, {"outcome": outcome, **_flags(filled)}, actor, now)
    return Decided(run, case, decision, work_items.for_subject(session, item.subject))


def _validated(
    session: Session, case: Case, item: WorkItem, outcome: str, answers: Mapping[str, Any], actor: Actor, now: datetime
) -> dict[str, Any]:
    """The answers as the form has them; lists of items, replies and files that it has no field for are kept as sent."""
    given = {**answers, "outcome": outcome}
    if item.form_id is None:
        return given
    form = forms.load(definitions.form(session, item.form_id, case.process_version_id, now=now))
    variables = instances.variables(session, item.instance_id, item.task_id)
    kept = {key: answers[key] for key in ("items", "replies", "materials") if isinstance(answers.get(key), list)}
    return {**kept, **forms.validate(form, given, variables)}


def _flags(filled: Mapping[str, Any]) -> dict[str, Any]:
    """What goes into the process: yes-or-no and counts. Opinions and lists stay in our own rows."""
    return {key: value for key, value in filled.items() if isinstance(value, bool | int) and key != "outcome"}


def _guard(
    session: Session,
    actor: Actor,
    case: Case,
    item: WorkItem,
    outcome: str,
    filled: Mapping[str, Any],
    opinion: str,
    history: list[State],
    now: datetime,
) -> None:
    if outcome in WITH_REASON and not opinion:
        words = f"请写明{WITH_REASON[outcome]}的理由，它会写进给申请人的文书"
        raise Invalid("还没有写理由。", fields={"opinion": [words]}, code="REASON_MISSING")
    if outcome in judging.ASKING and not judging.items_in(filled, opinion, item.name):
        raise Invalid(
            "还没有写清要补什么、改什么。",
            fields={"items": ["请至少写一项，说清要怎么补、怎么改"]},
            code="ITEMS_MISSING",
        )
    if outcome == "correct" and judging.corrected(history):
        raise Conflict("补正只能一次告知，这一件已经告知过。请按现有材料决定受理或者不受理。", code="SECOND_CORRECTION")
    if outcome in judging.INTAKE:
        require(actor, *ADMITTERS)
    if outcome in judging.DECIDING:
        require(actor, *APPROVERS)
    if outcome in judging.ADMITTING:
        _lawful_to_admit(session, case, now)
    if outcome in judging.DECIDING:
        _other_person(session, actor, case)
    if outcome == "grant":
        _lawful_to_grant(session, case, now)


def _other_person(session: Session, actor: Actor, case: Case) -> None:
    """Who admits does not approve (domain 7)."""
    if judging.admitted_by(judging.decisions(session, case.id), actor):
        raise Conflict("这一件是您受理的，受理和批准要由两个人办。请交给另一位批准人。", code="SAME_PERSON")


def _lawful_to_admit(session: Session, case: Case, now: datetime) -> None:
    """Admission: no second permit, phases in order, every key material there, every condition met."""
    result = _looked_at(session, case, now)
    refuse_blocking(result)
    missing = [one for one in result.missing if one.key]
    if missing or result.unmet:
        what = [f"{one.name}（{one.code}）" for one in missing] + [one.words for one in result.unmet]
        raise Conflict(
            f"还不能受理，没有齐的有：{'、'.join(what)}。可以一次告知补正；补正过仍不齐的，不受理。",
            code="ADMISSION_BLOCKED",
            extra={"findings": [as_plain(one) for one in result.findings]},
        )


def _lawful_to_grant(session: Session, case: Case, now: datetime) -> None:
    """Grant: as at admission, and no department has said no."""
    failed = judging.failed_reviews(judging.decisions(session, case.id))
    if failed:
        raise Conflict(f"{'、'.join(failed)}没有通过，不能准予许可。", code="REVIEW_FAILED")
    _lawful_to_admit(session, case, now)


def _looked_at(session: Session, case: Case, now: datetime) -> Any:
    project = session.scalars(select(Project).where(Project.id == case.project_id).with_for_update()).one()
    rules = catalogue_of(session, case, now)
    picture = evidence.draw(session, project, now, rules)
    wanted = evidence.wanted_in(session, case)
    return look(session, rules, picture, wanted, now, case.process_version_id)


def _take_answers(session: Session, actor: Actor, case: Case, filled: Mapping[str, Any], now: datetime) -> None:
    """What the owner sent back: replies to the items, new files. The dossier gets a new revision."""
    case.revision += 1
    known = catalogue_of(session, case, now).materials
    notice = judging.last_notice(session, case.id, "correction" if case.phase else _kind(session, case))
    items = {one.number: one for one in notice[1]} if notice else {}
    for i, one in enumerate(filled.get("replies") or []):
        number = one.get("number") if isinstance(one, Mapping) else None
        if number not in items:
            words = {f"replies[{i}].number": ["告知书里没有这一项"]}
            raise Invalid("回复对不上告知书。", fields=words, code="REPLY_UNKNOWN")
        file_id = _file(session, actor, one.get("file_id"), f"replies[{i}].file_id")
        text = str(one.get("text") or "").strip()
        session.add(NoticeReply(item_id=items[number].id, text=text, file_id=file_id, actor=actor.label, at=now))
        material = one.get("material") or items[number].material
        if file_id is not None and material in known:
            add_material(session, case, material, file_id, evidence.UPLOAD, now)
    for i, one in enumerate(filled.get("materials") or []):
        code = one.get("code") if isinstance(one, Mapping) else None
        if code not in known:
            words = {f"materials[{i}].code": ["材料字典里没有这个编码"]}
            raise Invalid(f"没有“{code}”这种材料。", fields=words, code="MATERIAL_UNKNOWN")
        file_id = _file(session, actor, one.get("file_id"), f"materials[{i}].file_id")
        if file_id is None:
            raise Invalid("材料没有文件。", fields={f"materials[{i}].file_id": ["请先上传文件"]}, code="FILE_UNKNOWN")
        add_material(session, case, code, file_id, evidence.UPLOAD, now)
    session.flush()


def _kind(session: Session, case: Case) -> str:
    """Which list the owner is answering: the rectification while its stop runs, else the correction."""
    running = records.history(session, case.id)[-1] is State.SPECIAL_STARTED
    return "rectification" if running else "correction"


def _file(session: Session, actor: Actor, file_id: Any, field: str) -> int | None:
    if file_id in (None, ""):
        return None
    if type(file_id) is not int:
        raise Invalid("文件编号不对。", fields={field: ["请先上传文件"]}, code="FILE_UNKNOWN")
    require_readable(actor, store.get(session, file_id))
    return file_id
