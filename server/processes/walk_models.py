"""Walks: a designer tries a process by hand. What they touch lies in these two tables and nowhere else."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base, Instant, Json


class Walk(Base):
    """One walk through a process, told as what was done: where it stands follows from playing that again.

    change_set_id or version_number says where the files came from. start: name -> value as typed (`cases.value_of`).
    moves: what `walks.Move` says, oldest first. by_hand: every job asks its walker. kept_as: the model test made of it.
    """

    __tablename__ = "pro_walks"
    __table_args__ = (Index("ix_pro_walks_account", "account_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("pro_change_sets.id"))
    version_number: Mapped[int | None]
    account_id: Mapped[int]
    start: Mapped[dict[str, str]] = mapped_column(Json)
    message: Mapped[str | None] = mapped_column(String(100))
    begins_at: Mapped[datetime] = mapped_column(Instant)
    by_hand: Mapped[bool]
    moves: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    kept_as: Mapped[str | None] = mapped_column(String(200))
    begun_at: Mapped[datetime] = mapped_column(Instant)


class WalkFile(Base):
    """A file as it was when the walk began: a draft may be edited on, or never be saved, while somebody walks it."""

    __tablename__ = "pro_walk_files"

    walk_id: Mapped[int] = mapped_column(ForeignKey("pro_walks.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
