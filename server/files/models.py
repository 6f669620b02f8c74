"""What was stored: one row a file somebody handed in, or one we made. The bytes lie under their hash."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db import AppendOnly, Base, Instant


class StoredFile(Base, AppendOnly):
    """A file as handed in: its name, its content by hash, who brought it. ``size`` in bytes.

    ``organisation_id`` is the uploader's; a paper we made ourselves has none.
    """

    __tablename__ = "fil_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("acc_organisations.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("acc_accounts.id"))
    stored_at: Mapped[datetime] = mapped_column(Instant)
