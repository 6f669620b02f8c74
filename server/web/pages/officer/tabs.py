"""What the left half of a case page shows, a tab each: what the officer must see to decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.approval import judging, states
from server.approval.catalogues import catalogue, catalogue_of
from server.approval.checks import Check, MaterialLine, tolerated
from server.approval.matters import MODES
from server.approval.models import (
    Building,
    Case,
    CaseBuilding,
    CaseMaterial,
    Decision,
    Notice,
    NoticeItem,
    NoticeReply,
    Permit,
    Project,
    Result,
    SurveyArea,
)
from server.approval.queries import dossier, due, outcomes
from server.approval.states import State
from server.clock import legal_date
from server.processes import definitions, forms, work_items
from server.processes.forms import Field, Form
from server.web import diagram_view, ledger_view
from server.web.edge import current
from server.web.status import STATUS, for_state


@dataclass(frozen=True)
class Shown:
    """What every tab is built from. looked: the checks, while nothing is decided yet."""

    case: Case
    project: Project
    title: str
    looked: Check | None


@dataclass(frozen=True)
class MaterialRow:
    """A material with its files, the newest revision first. state: a key of STATUS."""

    code: str
    name: str
    key: bool
    state: str
    words: str
    files: list[CaseMaterial]
    new: bool


def materials(shown: Shown) -> dict[str, Any]:
    """Every material that is asked for or was handed in; what is missing first."""
    query = select(CaseMaterial).where(CaseMaterial.case_id == shown.case.id).order_by(CaseMaterial.id.desc())
    files: dict[str, list[CaseMaterial]] = {}
    for one in current.session.scalars(query):
        files.setdefault(one.code, []).append(one)
    asked = {one.code: one for one in shown.looked.materials} if shown.looked else {}
    rows = [_material(code, asked.get(code), files.get(code, []), shown) for code in dict.fromkeys([*asked, *files])]
    return {"rows": sorted(rows, key=lambda one: (one.state != "missing", not one.new))}


def _material(code: str, line: MaterialLine | None, files: list[CaseMaterial], shown: Shown) -> MaterialRow:
    known = catalogue_of(current.session, shown.case, current.now).materials[code]
    newest = files[0] if files else None
    new = newest is not None and newest.revision > 1 and newest.revision == shown.case.revision
    if newest is not None and newest.origin != "upload":
        return MaterialRow(code, known.name, known.key, "on_file", newest.origin, files, new)
    if newest is not None:
        words = f"第 {newest.revision} 版新交" if new else "本次提交"
        return MaterialRow(code, known.name, known.key, "uploaded", words, files, new)
    if line is not None and line.state == "held":
        return MaterialRow(code, known.name, known.key, "on_file", line.origin, files, new)
    words = "主件，不能容缺" if known.key else "没有提交"
    return MaterialRow(code, known.name, known.key, "missing", words, files, new)


@dataclass(frozen=True)
class Fact:
    """A field of the application with its value. kind: day, yes, list or text."""

    label: str
    value: Any
    kind: str
    unit: str


def facts(shown: Shown) -> dict[str, Any]:
    """What was applied for: buildings and the form's answers, section by section; the survey held against the permit."""
    session, case = current.session, shown.case
    matter = catalogue_of(session, case, current.now).matter(case.matter)
    form = forms.load(definitions.form(session, matter.form, now=current.now))
    buildings = session.scalars(
        select(Building)
        .join(CaseBuilding, CaseBuilding.building_id == Building.id)
        .where(CaseBuilding.case_id == case.id)
        .order_by(Building.position)
    ).all()
    survey = session.scalars(select(SurveyArea).where(SurveyArea.case_id == case.id).order_by(SurveyArea.id))
    measured = {one.building_id: one for one in survey}
    return {
        "buildings": buildings,
        "measured": measured,
        "tolerated": {one.id: tolerated(one.planned_area) for one in buildings},
        "sections": _sections(form, case.facts),
        "mode": MODES.get(shown.project.permit_mode or ""),
        "phase": matter.phases.get(case.phase or ""),
    }


def _sections(form: Form, answers: Mapping[str, Any]) -> list[tuple[str, list[Fact]]]:
    loose = [one for one in form.fields if one.type != "group"]
    found = [(one.label, _facts(one.children, answers)) for one in form.fields if one.type == "group"]
    rest = _facts(tuple(loose), answers)
    return [(name, rows) for name, rows in [*found, ("其他", rest)] if rows]


def _facts(fields: tuple[Field, ...], answers: Mapping[str, Any]) -> list[Fact]:
    found = []
    for field in fields:
        if field.key is None or field.type == "dynamiclist":
            continue
        value = answers.get(field.key)
        kind = {"datetime": "day", "checkbox": "yes"}.get(field.type, "text")
        if field.type == "select":
            value = next((one.label for one in field.options if one.value == value), value)
        found.append(Fact(field.label, value, kind, field.unit))
    return found


def checks(shown: Shown) -> dict[str, Any]:
    """The findings and the conditions of the phase with what proves each; what is open first."""
    if shown.looked is None:
        return {"findings": (), "missing": (), "conditions": ()}
    rank = {False: 0, None: 1, True: 2}
    unmet = "".join(one.cure for one in shown.looked.unmet)
    return {
        "findings": [one for one in shown.looked.findings if one.code not in ("CONDITION", "MATERIAL_MISSING")],
        "missing": [one for one in shown.looked.missing if f"（{one.code}）" not in unmet],
        "conditions": sorted(shown.looked.conditions, key=lambda one: rank[one.met]),
    }


@dataclass(frozen=True)
class Opinion:
    """A department's word, or that it has not spoken. outcome: in the words of its form; tone: a key of STATUS."""

    task: str
    who: str
    status: str
    outcome: str
    at: Any
    text: str
    items: list[dict[str, Any]]
    again: str = ""
    """How a special is looked at after the rectification."""


@dataclass(frozen=True)
class Listed:
    """A list that was sent once, with its answers."""

    notice: Notice
    items: list[tuple[NoticeItem, list[NoticeReply]]]


STATUSES = {"pass": "pass", "grant": "pass", "admit": "pass", "file": "pass", "fail": "rejected", "refuse": "refused"}


def opinions(shown: Shown) -> dict[str, Any]:
    """What was decided on the case task by task, who has not spoken yet, and the lists sent with their answers."""
    session, case = current.session, shown.case
    spoken = [_opinion(one, case) for one in outcomes.last_of(session, case).values() if one.unit != case.applicant]
    waiting = [
        Opinion(one.name, one.unit, "waiting_other", f"{one.claimed_name}在办" if one.claimed_name else "还没有意见", None, "", [])
        for one in work_items.for_subject(session, f"case:{case.id}")
        if not work_items.may_act(current.person, one)
    ]
    return {"opinions": waiting + spoken, "lists": _lists(case), "joint": case.matter == "D01"}


def _opinion(decision: Decision, case: Case) -> Opinion:
    label = decision.outcome
    if decision.form_id and case.process_version_id:
        form = forms.load(definitions.form(current.session, decision.form_id, case.process_version_id, now=current.now))
        options = [one for field in form.walk() if field.key == "outcome" for one in field.options]
        label = next((one.label for one in options if one.value == label), label)
    return Opinion(
        decision.name,
        decision.actor,
        STATUSES.get(decision.outcome, "filled"),
        label,
        decision.at,
        decision.opinion,
        items := outcomes.opinion_words(decision.answers),
        _again(decision, len(items)),
    )


def _again(decision: Decision, items: int) -> str:
    if decision.form_id != judging.SPECIAL_FORM:
        return ""
    return "保留，不再验" if decision.outcome == "pass" else f"只复验这 {max(items, 1)} 条"


def _lists(case: Case) -> list[Listed]:
    session = current.session
    items = session.execute(
        select(Notice, NoticeItem)
        .join(NoticeItem, NoticeItem.notice_id == Notice.id)
        .where(Notice.case_id == case.id)
        .order_by(Notice.id.desc(), NoticeItem.number)
    ).all()
    replies: dict[int, list[NoticeReply]] = {}
    query = select(NoticeReply).where(NoticeReply.item_id.in_([item.id for _, item in items]))
    for one in session.scalars(query.order_by(NoticeReply.id)):
        replies.setdefault(one.item_id, []).append(one)
    found: dict[int, Listed] = {}
    for notice, item in items:
        listed = found.setdefault(notice.id, Listed(notice, []))
        listed.items.append((item, replies.get(item.id, [])))
    return list(found.values())


def earlier(shown: Shown) -> dict[str, Any]:
    """What the project already has: results on file, permits, its other cases."""
    session, project = current.session, shown.project
    results = session.scalars(
        select(Result).where(Result.project_id == project.id).order_by(Result.issued_on.desc(), Result.id.desc())
    )
    permits = session.scalars(select(Permit).where(Permit.project_id == project.id).order_by(Permit.id.desc()))
    cases = dossier.lines(session, current.person, current.now, project_id=project.id, limit=50)
    return {
        "results": list(results),
        "permits": dossier.permit_lines(session, permits),
        "cases": [one for one in cases if one.serial != shown.case.serial],
        "phases": catalogue(session, current.now).matter("C05").phases,
        "today": legal_date(current.now),
    }


def ledger(shown: Shown) -> dict[str, Any]:
    """How each limit is counted, day by day."""
    today = legal_date(current.now)
    return {
        "limits": [
            (
                one.due,
                ledger_view.weeks(one.ledger.days, today) if one.ledger else [],
                ledger_view.lines(one.ledger.days) if one.ledger else [],
            )
            for one in reversed(due.ledgers(current.session, shown.case, current.now))
        ]
    }


def diagram(shown: Shown) -> dict[str, Any]:
    """Where it stands on the model it runs on."""
    return {"view": diagram_view.of_subject(current.session, f"case:{shown.case.id}", f"{shown.title}流程图")}


@dataclass(frozen=True)
class Entry:
    """One line of the record."""

    tone: str
    icon: str
    record: dossier.RecordLine


def records(shown: Shown) -> dict[str, Any]:
    """The record of the case, oldest first."""
    permit = catalogue_of(current.session, shown.case, current.now).licence(shown.case.matter)
    found = []
    for one in dossier.records(current.session, shown.case):
        status = STATUS[for_state(one.state, permit=permit, officer=True)]
        found.append(Entry(status.tone, status.icon, one))
    return {"entries": found}


TABS: dict[str, tuple[str, Callable[[Shown], dict[str, Any]]]] = {
    "materials": ("材料", materials),
    "facts": ("申请内容", facts),
    "checks": ("系统核查", checks),
    "opinions": ("各方意见", opinions),
    "earlier": ("前期结果", earlier),
    "ledger": ("时限", ledger),
    "diagram": ("流程图", diagram),
    "records": ("办理记录", records),
}


def first(state: State, form_id: str | None) -> str:
    """The tab a page opens with: what the task is about."""
    if state is State.CORRECTION_ENDED or form_id in ("acceptance-summary", "permit-decision") or state in states.CLOSED:
        return "opinions"
    return "materials"
