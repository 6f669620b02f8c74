"""People, the organisations they belong to, and the units (lanes) they work in."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base, Instant


class Organisation(Base):
    """An owner, department, registry, agency or contractor; ``kind`` says which."""

    __tablename__ = "acc_organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    district: Mapped[str] = mapped_column(String(6))


class Unit(Base):
    """A department's section: the lane of a model has its name."""

    __tablename__ = "acc_units"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("acc_organisations.id"))
    district: Mapped[str] = mapped_column(String(6))


class Account(Base):
    """One person's way in."""

    __tablename__ = "acc_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("acc_organisations.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("acc_units.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class AccountRole(Base):
    """A role of an account (domain.md §7)."""

    __tablename__ = "acc_account_roles"

    account_id: Mapped[int] = mapped_column(ForeignKey("acc_accounts.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(30), primary_key=True)


class Token(Base):
    """A bearer token for programs; only its hash is kept."""

    __tablename__ = "acc_tokens"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("acc_accounts.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInFailure(Base):
    """Failures in a row for a login that was typed, whether there is such an account or not: both rest the same way.

    login_sha256: what was typed, hashed, since people type passwords there too. since: the last failure.
    """

    __tablename__ = "acc_sign_in_failures"

    login_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    since: Mapped[datetime] = mapped_column(Instant, index=True)
