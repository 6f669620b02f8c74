"""What the studio's pages share: the blueprint, who may open them, and a change set in the words of the pages."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import Blueprint
from flask.typing import ResponseReturnValue

from server import clock
from server.accounts.actor import Actor
from server.approval import matters_editing
from server.errors import DomainError, Invalid, NotFound
from server.processes import change_sets, library
from server.processes.change_sets import ChangeLine
from server.processes.library import LibraryLine
from server.processes.models import ChangeAct
from server.web.access import DESIGNERS, roles
from server.web.edge import current
from server.web.filters import date_words

READER, DESIGNER, PUBLISHER = roles(*DESIGNERS), roles("process_designer"), roles("process_publisher")
blueprint = Blueprint("studio", __name__, url_prefix="/studio")

TAGS: Mapping[str, str] = {
    "draft": "draft",
    "submitted": "replied",
    "reviewed": "accepted",
    "scheduled": "waiting_other",
    "published": "valid",
    "superseded": "superseded",
    "withdrawn": "withdrawn",
    "abandoned": "cancelled",
}
"""State of a change set → key of STATUS."""

ACTS: Mapping[str, tuple[str, str, str]] = {
    "began": ("done", "check", "起草"),
    "submitted": ("done", "check", "送审"),
    "returned": ("action", "arrow-back-up", "退回修改"),
    "reviewed": ("done", "check", "审阅通过"),
    "published": ("done", "check", "定生效日期"),
    "reverted": ("action", "arrow-back-up", "退回到它以前"),
    "withdrawn": ("neutral", "arrow-back-up", "生效以前收回"),
    "abandoned": ("neutral", "minus", "放弃"),
}
"""Kind of act → (tone, icon, words), of those that decide the way of a change set."""


@dataclass(frozen=True)
class Step:
    """One line of who lets a change through. at: when it was; None: it is to come, and ``when`` says when."""

    tone: str
    icon: str
    words: str
    note: str = ""
    at: datetime | None = None
    when: str = ""


@dataclass(frozen=True)
class ChangeView:
    """A change set as a page heads it. returned: the act that sent it back, while it has not been handed over again."""

    id: int
    title: str
    reason: str
    state: str
    revision: int
    tag: tuple[str, str]
    author: str
    begun: datetime
    effective_on: date | None
    effective_from: datetime | None
    returned: ChangeAct | None
    reverted_by: int | None


def view(line: ChangeLine) -> ChangeView:
    """The head of a change set's pages."""
    change = line.change
    last = [act for act in line.acts if act.kind in ("submitted", "returned")]
    returned = last[-1] if last and last[-1].kind == "returned" and line.state == "draft" else None
    words = "退回修改" if returned else change_sets.STATE_WORDS[line.state]
    return ChangeView(
        change.id,
        change.title,
        change.reason,
        line.state,
        change.revision,
        ("correcting" if returned else TAGS[line.state], words),
        change.created_by,
        change.created_at,
        change.effective_on,
        change.effective_from,
        returned,
        line.reverted_by,
    )


def way(line: ChangeLine, failed: int | None = None) -> list[Step]:
    """Who let it through so far, and what is to come. failed: how many findings stop it; None: not checked on this page."""
    done = []
    for act in line.acts:
        if act.kind not in ACTS:
            continue
        tone, icon, words = ACTS[act.kind]
        note = act.note if act.kind in ("returned", "reviewed", "reverted", "abandoned", "withdrawn") else ""
        done.append(Step(tone, icon, f"{words}：{act.by}", note, act.at))
    saved = line.last("saved")
    if saved and len(done) == 1:
        done.append(Step("done", "check", f"最后修改：{saved.by}", "", saved.at))
    return done + list(_ahead(line, failed))


def _ahead(line: ChangeLine, failed: int | None) -> Iterable[Step]:
    state, change = line.state, line.change
    if state == "draft":
        if failed is not None:
            yield Step(
                "failed" if failed else "done",
                "x" if failed else "check",
                f"检查：还差 {failed} 项" if failed else "检查：通过",
                "",
                None,
                "刚才",
            )
        yield Step("", "circle-dashed", "送审", "", None, "检查通过后")
    if state in ("draft", "submitted"):
        yield Step("", "circle-dashed", "审阅：须是另一人", "", None, "送审后")
    if state in ("draft", "submitted", "reviewed"):
        yield Step("", "circle-dashed", "定生效日期", "", None, "审阅通过后")
        if change.effective_on:
            yield Step("", "circle-dashed", "生效", "", None, f"打算从{_day(change.effective_on)}起")
    if state == "scheduled" and change.effective_from:
        yield Step("", "hourglass", "生效", "", None, f"{_day(clock.legal_date(change.effective_from))}零点起")
    if state in ("published", "superseded") and change.effective_from:
        yield Step("done", "check", "生效", "", change.effective_from)
    if state == "superseded" and not line.reverted_by:
        yield Step("neutral", "archive", "已被后来的变更替代")


def _day(day: date) -> str:
    return date_words(day, clock.legal_date(current.now))


def titles(lines: Iterable[LibraryLine] | None = None) -> dict[str, str]:
    """File name → what people call it, of all files in force; a form no task uses is called after its matter."""
    session, now = current.session, current.now
    found = {one.name: one.title for one in (library.files_in_force(session, now) if lines is None else lines)}
    plain = {f"{one}.form": one for one in _forms_of_matters()}
    for name, form in plain.items():
        if found.get(name) == form:
            found[name] = f"“{_forms_of_matters()[form]}”申请表"
    return found


def _forms_of_matters() -> dict[str, str]:
    session, now = current.session, current.now
    try:
        matters, materials = (library.content(session, name, now) for name in ("matters.yaml", "materials.yaml"))
        lines = matters_editing.outline(matters, materials).matters
    except (Invalid, NotFound):  # a library without matters has no such forms
        return {}
    found: dict[str, str] = {}
    for line in lines:
        if line.form:
            found.setdefault(line.form, line.name)
    return found


def named(lines: Iterable[LibraryLine]) -> list[LibraryLine]:
    """Files in force under the names people call them by."""
    found = list(lines)
    called = titles(found)
    return [replace(one, title=called[one.name]) for one in found]


def by_kind(lines: Iterable[LibraryLine]) -> list[tuple[str, list[LibraryLine]]]:
    """The files in force, under the words of their kinds, in the order of the menu."""
    found: dict[str, list[LibraryLine]] = {}
    order = list(library.KIND_WORDS)
    for line in sorted(
        named(lines), key=lambda one: (order.index(one.kind) if one.kind in order else len(order), one.title)
    ):
        found.setdefault(library.kind_words(line.name), []).append(line)
    return list(found.items())


def refused(
    page: Callable[[int, DomainError | None, Mapping[str, str] | None], str],
    change_id: int,
    error: DomainError,
    given: Mapping[str, str] | None,
) -> ResponseReturnValue:
    """The same page with what was wrong; nothing of the refused act stays. What is not there at all is another page."""
    if error.code == "CHANGE_UNKNOWN":
        raise error
    current.session.rollback()
    return page(change_id, error, given), error.status


def designs(actor: Actor) -> bool:
    """She may change files."""
    return actor.has("process_designer")


def publishes(actor: Actor) -> bool:
    """He may let changes into force."""
    return actor.has("process_publisher")
