"""What a task may lead to, said before it is decided: why an outcome is impossible now, what follows from one, and what a
correction would have to ask for. The law itself is asked again when it is decided (`actions.decisions`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import calendar
from server.accounts.actor import Actor
from server.approval import evidence, judging
from server.approval.actions.applications import look
from server.approval.catalogues import catalogue_of
from server.approval.checks import Check
from server.approval.conditions import Condition
from server.approval.judging import ADMITTING, DECIDING
from server.approval.matters import Catalogue, Limit
from server.approval.models import Case, Decision, Project
from server.calendar import CalendarYearMissing
from server.clock import legal_date
from server.processes.work_items import WorkItem


def checked(session: Session, case: Case, project: Project, now: datetime) -> Check:
    """The checks of a case on what its dossier holds now, by the decision table of its own version."""
    rules = catalogue_of(session, case, now)
    picture = evidence.draw(session, project, now, rules)
    wanted = evidence.wanted_in(session, case)
    return look(session, rules, picture, wanted, now, case.process_version_id)


def troubles(looked: Check) -> list[str]:
    """What stands in the way of admission, in words."""
    codes = [one.code for one in looked.missing]
    missing = [f"缺{one.name}（{one.code}）" for one in looked.missing if one.key]
    unmet = [f"“{one.words}”没有满足" for one in looked.unmet if not _named(one, codes)]
    return [one.sentence for one in looked.blocking] + missing + unmet


def impossible(
    session: Session, actor: Actor, case: Case, outcomes: Iterable[str], looked: Check
) -> dict[str, str]:
    """The outcomes that cannot be chosen now, each with its reason."""
    offered, found = frozenset(outcomes), dict[str, str]()
    if not offered & (ADMITTING | DECIDING):
        return found
    decided = judging.decisions(session, case.id)
    wrong = troubles(looked)
    if wrong:
        found |= dict.fromkeys(offered & (ADMITTING | {"grant"}), f"还有 {len(wrong)} 处系统核查没有过")
    failed = judging.failed_reviews(decided)
    if failed and "grant" in offered:
        found["grant"] = f"{'、'.join(failed)}没有通过"
    if judging.admitted_by(decided, actor):
        found |= dict.fromkeys(offered & DECIDING, "这一件是您受理的，要由另一人决定")
    return found


@dataclass(frozen=True)
class Consequence:
    """What an outcome leads to. until: the day a limit would end if it were decided now; None: none runs, or `words` says
    why it is not known."""

    words: str
    until: date | None = None


def consequence(
    rules: Catalogue, case: Case, task: WorkItem, outcome: str, items: int, failing: int, now: datetime
) -> Consequence:
    """What follows, in one sentence, by the catalogue the case goes by. items: how many things are asked for; failing:
    specials that did not pass."""
    promise, today = rules.matter(case.matter).promise_for(case.phase), legal_date(now)
    if outcome == "correct":
        until = _end(rules.correction, today)
        return Consequence(f"建设单位补正，限 {rules.correction.words}，期间不计办理时限；过期按撤件处理。", until)
    if outcome == "admit":
        until = _end(promise, today)
        unknown = "" if until else f"{today.year + 1} 年的工作日历还没有公布，到期日等公布后算出。"
        return Consequence(f"正式受理，承诺 {promise.words}。{unknown}", until)
    if outcome == "conclude":
        if failing:
            return Consequence(f"一次性发出整改清单，{items} 条；整改期间停表，之后只复验没有通过的 {failing} 项。")
        return Consequence("出具竣工联合验收意见书，这一件办结。")
    words = {
        "file": "记为备案，生成备案编号；建设单位签了首次登记授权的，自动转登记中心。",
        "not_admit": "这一件结束，出不受理通知书；材料退回建设单位草稿。",
        "refuse_jurisdiction": "这一件结束，出不予受理决定书，写明应当去的机关。",
        "grant": "编证号，制电子证照，转窗口送达；作出后不能撤回。",
        "refuse": "出不予许可决定书，写明理由和救济途径；作出后不能撤回。",
        "pass": "记下意见，等其他部门；都到齐后转下一步。",
        "fail": "记下问题，等其他部门；都到齐后转下一步。",
        "delivered": "记下送达，这一件的流程结束。",
        "handled": "记下处理，这一件的流程结束。",
    }
    return Consequence(words.get(outcome, f"记下“{task.name}”的结果，流程走到下一步。"))


def _end(limit: Limit, today: date) -> date | None:
    try:
        return calendar.current().due(today, limit.n, limit.unit)
    except CalendarYearMissing:
        return None


def suggested_items(looked: Check, basis: str) -> list[dict[str, Any]]:
    """What a correction would ask for, one item a material or condition the checks miss; the officer rewords or drops."""
    asked: dict[str, dict[str, Any]] = {}
    for one in looked.missing:
        asked[one.code] = _item("缺材料", one.name, f"请提交{one.name}。", basis, one.code)
    for condition in looked.unmet:
        if not _named(condition, asked) and condition.key != "previous_phase":
            asked[condition.key] = _item("缺材料", condition.words, f"请{condition.cure}。", basis, "")
    return list(asked.values())


def _named(condition: Condition, codes: Iterable[str]) -> bool:
    """Whether the condition is unmet because one of these materials is missing, which is said already."""
    return condition.material in set(codes)


def _item(kind: str, subject: str, request: str, basis: str, material: str) -> dict[str, Any]:
    return {"kind": kind, "subject": subject[:100], "request": request, "basis": basis, "material": material}


def opinion_words(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items a decision asked for."""
    rows = answers.get("items")
    return [dict(one) for one in rows if isinstance(one, Mapping)] if isinstance(rows, list) else []


def last_of(session: Session, case: Case) -> dict[str, Decision]:
    """The newest decision of each task of a case, by element."""
    query = select(Decision).where(Decision.case_id == case.id).order_by(Decision.id)
    return {one.element: one for one in session.scalars(query)}
