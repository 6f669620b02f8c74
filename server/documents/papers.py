"""Issuing a paper, finding it again, and what it is worth now.

Issuing is a row in the transaction of the act; the PDF, its signature and its file are the worker's (``making``).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import audit, jobs
from server.accounts.access import is_staff
from server.accounts.actor import Actor
from server.clock import legal_date
from server.documents import kinds
from server.documents.models import Paper, PaperMark
from server.errors import Invalid, NotFound

MAKE_PAPER = "make_paper"
# No letter or digit that is taken for another when read aloud or copied by hand.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
Tone = Literal["done", "stopped", "failed", "neutral", "warn"]


@dataclass(frozen=True)
class Standing:
    """What a paper is worth now: the stable state, the word for its tag, one sentence for who holds it."""

    state: str
    word: str
    sentence: str
    tone: Tone

    @property
    def in_force(self) -> bool:
        return self.tone == "done"


Resolver = Callable[[Session, Paper, datetime], Standing]
_resolvers: dict[str, Resolver] = {}

_STATES: Mapping[str, tuple[str, str, Tone]] = {
    "valid": ("有效", "由{issuer}发出，现在有效。", "done"),
    "resumed": ("有效", "由{issuer}发出，中止后已恢复，现在有效。", "done"),
    "suspended": ("中止", "已经中止，恢复之前不能据以施工或办事。", "stopped"),
    "superseded": ("已被替代", "已经由新的文书替代，请以新的为准。", "neutral"),
    "cancelled": ("已注销", "已经注销，不再有效。", "neutral"),
    "revoked": ("已撤销", "已经被{issuer}撤销，自始不能作为凭证。", "failed"),
    "lapsed": ("已废止", "已经自行废止，不再有效。", "failed"),
}
_FINAL = frozenset({"superseded", "cancelled", "revoked", "lapsed"})


def issue(
    session: Session,
    kind: str,
    number: str,
    data: Mapping[str, Any],
    subject: str,
    actor: Actor,
    now: datetime,
    *,
    issuer: str,
    organisation_id: int | None = None,
) -> Paper:
    """Issue a paper: its row, its verification code, its act on record, and the job that makes its PDF.

    ``data`` must be complete for the kind (``kinds.py``), else Invalid; ``issuer`` is the name on the seal;
    ``organisation_id`` the holder, who may fetch the PDF. The same kind and number again is its next version.
    """
    checked = kinds.checked(kind, data)
    version = session.scalar(
        select(func.coalesce(func.max(Paper.version), 0)).where(Paper.kind == kind, Paper.number == number)
    )
    paper = Paper(
        kind=kind,
        number=number,
        version=(version or 0) + 1,
        title=kinds.kind_of(kind).title,
        verification_code=_new_code(),
        data=checked,
        subject=subject,
        organisation_id=organisation_id,
        issuer=issuer,
        issued_at=now,
        issued_on=legal_date(now),
        issued_by=actor.label,
    )
    session.add(paper)
    session.flush()
    jobs.enqueue(session, MAKE_PAPER, {"paper_id": paper.id}, now, key=str(paper.id))
    audit.append(session, actor, "paper.issued", subject, {"kind": kind, "number": number, "paper": paper.id}, now)
    return paper


def find(session: Session, code_or_number: str) -> Paper | None:
    """A paper by its verification code (typed with or without dashes, in any case) or by its number, newest first."""
    typed = "".join(c for c in code_or_number if c.isprintable() and not c.isspace())
    code = _grouped("".join(c for c in typed.upper() if c.isascii() and c.isalnum()))
    found = session.scalar(select(Paper).where(Paper.verification_code == code))
    return found or session.scalar(
        select(Paper).where(Paper.number == typed).order_by(Paper.version.desc(), Paper.id.desc()).limit(1)
    )


def get(session: Session, code_or_number: str) -> Paper:
    """``find``, or NotFound with what to check."""
    found = find(session, code_or_number)
    if found is None:
        raise NotFound(
            "没有查到这份文书。请核对编号或核验码；还查不到，它可能不是本系统发出的，请向发证机关核实。",
            code="PAPER_UNKNOWN",
        )
    return found


def of(session: Session, subject: str) -> list[Paper]:
    """All papers about a subject, in the order they were issued."""
    return list(session.scalars(select(Paper).where(Paper.subject == subject).order_by(Paper.id)))


def mark(session: Session, paper: Paper, state: str, reason: str, actor: Actor, now: datetime) -> PaperMark:
    """Put a later act on a paper: suspended, resumed, superseded, cancelled, revoked or lapsed. Final ones stay final."""
    if state not in _STATES or state == "valid":
        raise Invalid(f"没有“{state}”这种状态。", code="PAPER_STATE")
    last = session.scalar(
        select(PaperMark.state).where(PaperMark.paper_id == paper.id).order_by(PaperMark.id.desc()).limit(1)
    )
    if last in _FINAL:
        raise Invalid(f"{paper.title} {paper.number} {_STATES[last][0]}，不能再改。", code="PAPER_FINAL")
    row = PaperMark(paper_id=paper.id, state=state, reason=reason, at=now, by=actor.label)
    session.add(row)
    session.flush()
    session.expire(paper, ["marks"])
    details = {"paper": paper.id, "number": paper.number, "state": state, "reason": reason}
    audit.append(session, actor, "paper.marked", paper.subject, details, now)
    return row


def standing(kind: str) -> Callable[[Resolver], Resolver]:
    """Register who knows the live state of a kind: the area that issues it. It is asked at every verification."""

    def register(resolver: Resolver) -> Resolver:
        _resolvers[kind] = resolver
        return resolver

    return register


def standing_of(session: Session, paper: Paper, now: datetime) -> Standing:
    """What the paper is worth now: by the area that issued it, else by its last mark, else valid."""
    resolver = _resolvers.get(paper.kind)
    return resolver(session, paper, now) if resolver else by_marks(paper)


def by_marks(paper: Paper) -> Standing:
    """The standing that the paper's own marks give."""
    return named(paper, paper.marks[-1].state if paper.marks else "valid")


def named(paper: Paper, state: str) -> Standing:
    """The standing of a state by its name (valid, suspended, resumed, superseded, cancelled, revoked, lapsed)."""
    word, sentence, tone = _STATES[state]
    return Standing(state, word, f"这份{paper.title}{sentence.format(issuer=paper.issuer)}", tone)


def may_fetch(actor: Actor | None, paper: Paper) -> bool:
    """Who may have the PDF: its holder and staff. Strangers compare facts on the verification page."""
    if actor is None:
        return False
    return is_staff(actor) or (paper.organisation_id is not None and paper.organisation_id == actor.organisation_id)


def _new_code() -> str:
    """16 random characters, 79 bits: nobody finds a paper by trying."""
    return _grouped("".join(secrets.choice(_ALPHABET) for _ in range(16)))


def _grouped(code: str) -> str:
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))
