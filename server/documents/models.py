"""Number series, papers, and what became of them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.db import AppendOnly, Base, Instant, Json
from server.files.models import StoredFile


class Series(Base):
    """The next number of a series within its scope (a district's day, a city's year); its row is the lock."""

    __tablename__ = "doc_series"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    scope: Mapped[str] = mapped_column(String(40), primary_key=True)
    next: Mapped[int] = mapped_column(default=1)


class Paper(Base, AppendOnly):
    """A paper that was issued: what it says, under which number, to whom. The PDF follows from it.

    ``subject`` names what it is about ('case:12', 'registration:5'); ``organisation_id`` is its holder.
    """

    __tablename__ = "doc_papers"
    __table_args__ = (UniqueConstraint("kind", "number", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(80), index=True)
    version: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(String(80))
    verification_code: Mapped[str] = mapped_column(String(19), unique=True)
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    subject: Mapped[str] = mapped_column(String(100), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("acc_organisations.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(200))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_on: Mapped[date] = mapped_column(Date)
    issued_by: Mapped[str] = mapped_column(String(200))

    made: Mapped["PaperFile | None"] = relationship(viewonly=True, lazy="select")
    marks: Mapped[list["PaperMark"]] = relationship(viewonly=True, order_by="PaperMark.id", lazy="select")

    @property
    def file_id(self) -> int | None:
        """The signed PDF, once the worker has made it."""
        return self.made.file_id if self.made else None


class PaperFile(Base, AppendOnly):
    """The one signed PDF of a paper; the primary key makes a second making harmless."""

    __tablename__ = "doc_paper_files"

    paper_id: Mapped[int] = mapped_column(ForeignKey("doc_papers.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("fil_files.id"))
    signed_by: Mapped[str] = mapped_column(String(200))
    certificate_sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(Instant)

    file: Mapped[StoredFile] = relationship(viewonly=True, lazy="joined")


class PaperMark(Base, AppendOnly):
    """A later act that touches a paper's force: revoked, superseded, suspended, resumed …; the last one counts."""

    __tablename__ = "doc_paper_marks"

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("doc_papers.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(String(200))
