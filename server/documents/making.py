"""The job that makes a paper's PDF: draw, sign, store. The worker imports this; the web process need not.

Drawing and signing happen before the write transaction; the file is on disk before its row. Run twice, or by two
workers at once, it yields one file: the paper's row in ``doc_paper_files`` has the paper as its key.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from server import audit, jobs
from server.accounts.actor import SYSTEM
from server.documents import pdf_signature, render
from server.documents.models import Paper, PaperFile
from server.documents.papers import MAKE_PAPER
from server.documents.signer import make_signer
from server.files import store
from server.files.kinds import PDF


@dataclass(frozen=True)
class Made:
    """A signed PDF on disk, without its row."""

    received: store.Received
    certificate_sha256: str


def draw(work: jobs.Work, payload: jobs.Payload) -> Made | None:
    """The paper drawn, signed and put on disk; None when it has its file already."""
    paper = work.session.get_one(Paper, payload["paper_id"])
    if paper.made is not None:
        return None
    unsigned = render.pdf(
        render.Sheet(
            kind=paper.kind,
            title=paper.title,
            number=paper.number,
            issuer=paper.issuer,
            data=paper.data,
            code=paper.verification_code,
            verify_url=f"{work.settings.base_url}/verify/{paper.verification_code}",
            demo=work.settings.demo,
        )
    )
    identity = make_signer(work.settings).identity(paper.issuer)
    signed = pdf_signature.sign(unsigned, identity, work.settings.city.name, paper.issued_at)
    name = f"{paper.title} {paper.number}.pdf".replace("/", "-")
    return Made(store.put(work.settings, signed, name, PDF), identity.certificate_sha256)


@jobs.task(MAKE_PAPER, prepare=draw)
def make_paper(work: jobs.Work, payload: jobs.Payload, made: Made | None) -> None:
    """Give the paper its file, once."""
    session = work.session
    paper = session.get_one(Paper, payload["paper_id"])
    if made is None or session.scalar(select(PaperFile.file_id).where(PaperFile.paper_id == paper.id)):
        return
    file = store.record(session, made.received, SYSTEM, work.now)
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        build(PaperFile)
        .values(
            paper_id=paper.id,
            file_id=file.id,
            signed_by=paper.issuer,
            certificate_sha256=made.certificate_sha256,
            made_at=work.now,
        )
        .on_conflict_do_nothing()
    )
    session.expire(paper, ["made"])
    details = {"paper": paper.id, "number": paper.number, "sha256": file.sha256}
    audit.append(session, SYSTEM, "paper.made", paper.subject, details, work.now)
