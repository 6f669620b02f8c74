"""Pages for anybody: the front page, whether a certificate is genuine and in force now, where a case is."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.approval import deadlines, states
from server.approval.catalogues import catalogue_of, title_of
from server.approval.models import Case
from server.approval.queries import due, lookup, waiting
from server.approval.states import State
from server.config import Settings
from server.documents import kinds, papers, words
from server.documents.models import Paper
from server.documents.papers import Standing
from server.files import store
from server.web.access import PUBLIC, Access
from server.web.edge import current
from server.web.security import LOOK_UP_RATE, limiter
from server.web.shell import stand_at
from server.web.status import STATUS, for_state

ACCESS: dict[str, Access] = dict.fromkeys(
    ("public.home", "public.verify", "public.verified", "public.track", "public.tracked"), PUBLIC
)
blueprint = Blueprint("public", __name__)

ICONS = {
    "done": "shield-check",
    "stopped": "player-pause",
    "failed": "ban",
    "neutral": "archive",
    "warn": "alert-triangle",
}


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """What can be done here."""
    return render_template("public/home.html")


@blueprint.get("/track")
def track() -> ResponseReturnValue:
    """Ask for a query code; with one, go to what may be said about the case."""
    asked = request.args.get("code", "").strip()
    if "code" not in request.args:
        return render_template("public/track.html", asked="", error="")
    if not asked:
        return render_template("public/track.html", asked="", error="请填办件查询码，收件回执上有"), 422
    return redirect(url_for("public.tracked", code=asked))


@dataclass(frozen=True)
class Step:
    """One record of a case as anybody may see it: what, when, never who."""

    tone: str
    icon: str
    day: object
    words: str


@blueprint.get("/track/<path:code>")
@limiter.limit(LOOK_UP_RATE)
def tracked(code: str) -> ResponseReturnValue:
    """Where the case of this query code is: its state, whom it waits on, until when. No person, no opinion, no file."""
    stand_at("public.track")
    session, now = current.session, current.now
    case = lookup.tracked(session, "".join(code.split()))
    if case is None:
        error = "没有这个查询码的办件。请照着回执逐位核对，8 位，没有数字 0 和 1，也没有字母 I 和 O"
        return render_template("public/track.html", asked=code, error=error), 404
    history = deadlines.records_of(session, case.id)
    limit = due.due_of(session, case, now)
    return render_template(
        "public/tracked.html",
        case=case,
        title=title_of(session, case, now),
        status=_status(case, history[-1].state),
        over=State(history[-1].state) in states.CLOSED,
        last=history[-1].legal_date,
        due=limit if limit is not None and limit.closed is None else None,
        waiting=waiting.why_waiting(session, case, now),
        steps=[_step(case, one.state, one.legal_date) for one in reversed(history)],
        now=now,
    )


def _status(case: Case, state: int) -> str:
    return for_state(state, permit=catalogue_of(current.session, case, current.now).licence(case.matter))


def _step(case: Case, state: int, day: object) -> Step:
    shown = STATUS[_status(case, state)]
    return Step(shown.tone, shown.icon, day, states.WORDS[State(state)])


@blueprint.get("/verify")
def verify() -> ResponseReturnValue:
    """Ask for a number or a verification code; with one, go to what is known about it."""
    asked = request.args.get("number", "").strip()
    if "number" not in request.args:
        return render_template("public/verify.html", asked="", error="")
    if not asked:
        return render_template("public/verify.html", asked="", error="请填证照上的编号，或二维码旁边的核验码"), 422
    return redirect(url_for("public.verified", code=asked))


@blueprint.get("/verify/<path:code>")
@limiter.limit(LOOK_UP_RATE)
def verified(code: str) -> ResponseReturnValue:
    """What this paper is worth at this moment, and the facts to compare with the paper in one's hand."""
    stand_at("public.verify")
    paper = papers.find(current.session, code)
    if paper is None:
        return render_template("public/unknown_paper.html", asked=code), 404
    standing = papers.standing_of(current.session, paper, current.now)
    return render_template(
        "public/verified.html",
        paper=paper,
        standing=standing,
        icon_name=ICONS[standing.tone],
        facts=words.public_facts(kinds.kind_of(paper.kind), paper.data),
        scope=_scope(current.session, paper, current.now),
        proofs=_proofs(current.settings, paper, standing),
        by_code=code.strip().upper() == paper.verification_code,
        may_fetch=papers.may_fetch(current.actor, paper) and paper.made is not None,
        now=current.now,
    )


@dataclass(frozen=True)
class Phase:
    """A permit of the same works: its phase, number, day and standing now."""

    name: str
    number: str
    issued_on: object
    standing: Standing | None
    this: bool


@dataclass(frozen=True)
class Scope:
    """How far a construction permit lets one build, and the permits below it."""

    buildings: str
    limit: str
    phases: list[Phase]


def _scope(session: Session, paper: Paper, now: datetime) -> Scope | None:
    if paper.kind != "construction-permit":
        return None
    phases = []
    for one in paper.data.get("related", []):
        other = papers.find(session, one["number"])
        standing = papers.standing_of(session, other, now) if other else None
        phases.append(Phase(one["phase_name"], one["number"], other and other.issued_on, standing, False))
    own = papers.standing_of(session, paper, now)
    phases.append(Phase(paper.data["phase_name"], paper.number, paper.issued_on, own, True))
    return Scope("、".join(paper.data["buildings"]), paper.data["scope"], phases)


def _proofs(settings: Settings, paper: Paper, standing: Standing) -> list[tuple[str, str, str]]:
    """How it was verified: (tone, icon, sentence)."""
    lines = []
    if paper.made is None:
        lines.append(("progress", "clock", "电子证照正在制作，做好以后这里会核对它的签章"))
    elif store.intact(settings, paper.made.file):
        lines.append(("done", "check", f"电子证照由{paper.made.signed_by}签章，签章以后没有改动"))
    else:
        lines.append(("failed", "x", "存档的电子证照和签章时不一样，请向发证机关核实"))
    lines.append(
        ("done", "check", "编号在册，没有撤销、注销、废止、中止")
        if standing.in_force
        else (standing.tone, ICONS[standing.tone], f"编号在册，现在{standing.word}")
    )
    return lines
