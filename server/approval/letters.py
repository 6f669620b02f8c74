"""The words of the papers a case leads to: notices, decisions, opinions. Each brings its facts; `documents` prints them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.models import Organisation
from server.approval.catalogues import catalogue_of
from server.approval.matters import Limit
from server.approval.models import Case, NoticeItem, Project
from server.calendar import CalendarYearMissing, Unit, current
from server.clock import legal_date
from server.config import City
from server.documents import numbering, papers
from server.documents.models import Paper
from server.errors import NotFound

CITY = City()
REMEDY = (
    "不服本决定的，可以自收到之日起六十日内向本级人民政府申请行政复议，也可以自收到之日起六个月内依法向人民法院提起行政诉讼。"
)


@dataclass(frozen=True)
class Subject:
    """The case a paper is about, with what its words need."""

    case: Case
    project: Project
    owner: Organisation

    @property
    def key(self) -> str:
        """How papers and records name the case."""
        return f"case:{self.case.id}"


def subject_of(session: Session, case: Case) -> Subject:
    """The case with its project and owner."""
    project = session.get(Project, case.project_id)
    owner = session.get(Organisation, case.owner_organisation_id)
    if project is None or owner is None:
        raise NotFound("这一件的项目或建设单位不存在。", code="PROJECT_UNKNOWN")
    return Subject(case, project, owner)


def day_words(day: date) -> str:
    """`2025年6月17日(周二)`."""
    return f"{day.year}年{day.month}月{day.day}日(周{'一二三四五六日'[day.weekday()]})"


def issue(
    session: Session,
    kind: str,
    subject: Subject,
    actor: Actor,
    now: datetime,
    *,
    reasons: Iterable[str] = (),
    items: Iterable[NoticeItem] = (),
    specials: Iterable[Mapping[str, Any]] = (),
) -> Paper:
    """Issue the paper of this kind for the case, numbered by kind, district and year."""
    case, project, owner, today = subject.case, subject.project, subject.owner, legal_date(now)
    rules = catalogue_of(session, case, now)
    title = rules.title(case.matter, case.phase)
    why = [one for one in reasons if one]
    data: dict[str, Any] = {
        "addressee": owner.name,
        "case_serial": case.serial,
        "matter": title,
        "project_name": project.name,
        "project_code": project.code,
        "paragraphs": _paragraphs(kind, subject, title, today),
        "reasons": why,
        "items": [
            {"title": f"{one.kind}：{one.subject}", "request": one.request, "basis": one.basis, "source": one.source}
            for one in items
        ],
        "specials": list(specials),
        "remedy": REMEDY if kind in REFUSALS else "",
        "issued_on": today,
    }
    if kind == "correction-notice":
        data["items_title"] = "要补的内容"
        data["closing"] = ["以上是全部要补的内容，只告知这一次。" + _until(rules.correction, today, "前补齐")]
    number = numbering.letter_number(session, kind, project.district, today, CITY)
    return papers.issue(
        session,
        kind,
        number,
        data,
        subject.key,
        actor,
        now,
        issuer=CITY.permit_authority,
        organisation_id=owner.id,
    )


REFUSALS = frozenset({"refusal-decision", "not-admitted", "admission-refused"})


def _paragraphs(kind: str, subject: Subject, title: str, today: date) -> list[str]:
    case, project = subject.case, subject.project
    applied = f"你单位为“{project.name}”申请的{title}"
    if kind == "admission-notice":
        promise = Limit(case.promise, Unit(case.promise_unit))
        return [f"{applied}，经审查符合受理条件，自 {day_words(today)} 起受理。{_until(promise, today, '前作出决定')}"]
    if kind == "correction-notice":
        return [f"{applied}，经审查需要补正，现一次告知如下。"]
    if kind == "not-admitted":
        return [f"{applied}，经审查不符合受理条件，决定不受理。"]
    if kind == "admission-refused":
        return [f"{applied}，依法不由本机关受理，决定不予受理。"]
    if kind == "refusal-decision":
        return [f"{applied}，经审查不符合法定条件，决定不予许可。"]
    if kind == "withdrawal-notice":
        return [f"{applied}，已经撤下，材料退回你单位，可以在原来的基础上重新申请。"]
    if kind == "acceptance-opinion":
        return [f"{applied}，各专项验收均已合格，本工程通过竣工联合验收。"]
    if kind == "rectification-list":
        return [
            f"{applied}，下列事项不合格，一次列出。请整改后申请复验，复验只看未通过的专项，已经通过的不再重验。"
            "整改期间不计入办理时限。"
        ]
    return [f"{applied}，准予许可。"]


def _until(limit: Limit, start: date, act: str) -> str:
    """`请于…(自然日)前补齐。`; without a calendar only the length is said, never a guessed date."""
    try:
        due = current().due(start, limit.n, limit.unit)
    except CalendarYearMissing:
        return f"期限 {limit.words}。"
    return f"期限 {limit.words}，{day_words(due)}{act}。"
