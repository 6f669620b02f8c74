"""Signing in, tokens, and making accounts. Resolving an actor is one statement: it is on the path of every request."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from server.accounts.access import ROLES
from server.accounts.actor import Actor
from server.accounts.codes import check_uscc
from server.accounts.models import Account, AccountRole, Organisation, SignInFailure, Token, Unit
from server.errors import Forbidden, Invalid

TOKEN_LIFE = timedelta(hours=12)
FREE_FAILURES = 5
LOCK = timedelta(minutes=5)
FORGOTTEN = timedelta(days=1)
_hasher = PasswordHasher()
_nobody = _hasher.hash(secrets.token_hex(16))  # so that an unknown login costs the same time as a known one


def sign_in(session: Session, login: str, password: str, now: datetime) -> Actor:
    """The actor behind login and password. Raises Forbidden with one sentence for every kind of wrong.

    After five failures a login rests for five minutes, whether it belongs to an account or not: how it answers tells
    nobody which logins exist. The caller must commit also when this raises, or failures are not counted.
    """
    login = login.strip()
    known = _failure(session, login)
    if known is not None and known.locked_until is not None and known.locked_until > now:
        raise Forbidden("这个用户名连续输错，已暂停登录 5 分钟。请稍后再试。", code="LOCKED")
    # What no database takes (a NUL, half a surrogate pair) is nobody's login, and costs the same time.
    account = session.scalar(select(Account).where(Account.login == login)) if login.isprintable() else None
    try:
        _hasher.verify(account.password_hash if account else _nobody, password.encode(errors="surrogatepass"))
        right = account is not None and account.closed_at is None
    except VerificationError:
        right = False
    if account is None or not right:
        _count_failure(session, login, now)
        raise Forbidden("用户名或密码不对，请检查后再试。", code="SIGN_IN")
    if known is not None:
        session.delete(known)
        session.flush()
    actor = actor_for_account(session, account.id)
    assert actor is not None  # noqa: S101 - read in the same transaction
    return actor


def _failure(session: Session, login: str) -> SignInFailure | None:
    return session.scalar(
        select(SignInFailure)
        .where(SignInFailure.login_sha256 == _hash(login))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _count_failure(session: Session, login: str, now: datetime) -> None:
    """One more failure of a login; rows older than a day go, so that guessing does not fill the table.

    Rows that another sign-in holds are left to the next failure: two that cleared each other's would never end.
    """
    old = select(SignInFailure.login_sha256).where(SignInFailure.since < now - FORGOTTEN)
    free = session.scalars(old.with_for_update(skip_locked=True)).all()
    session.execute(delete(SignInFailure).where(SignInFailure.login_sha256.in_(free)))
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"login_sha256": _hash(login), "failures": 0, "locked_until": None, "since": now}
    session.execute(insert(SignInFailure).values(**row).on_conflict_do_nothing())
    found = _failure(session, login)
    assert found is not None  # noqa: S101 - put there just now
    found.failures, found.since = found.failures + 1, now
    if found.failures >= FREE_FAILURES:
        found.failures, found.locked_until = 0, now + LOCK
    session.flush()


def actor_for_account(session: Session, account_id: int) -> Actor | None:
    """The actor of an open account, or None."""
    return _actor(session, Account.id == account_id)


def actor_for_token(session: Session, token: str, now: datetime) -> Actor | None:
    """The actor of a bearer token that is neither expired nor revoked, or None."""
    valid = select(Token.account_id).where(
        Token.sha256 == _hash(token), Token.expires_at > now, Token.revoked_at.is_(None)
    )
    return _actor(session, Account.id == valid.scalar_subquery())


def issue_token(session: Session, actor: Actor, now: datetime) -> str:
    """A new bearer token of this actor, valid for 12 hours; told once, kept as its hash."""
    token = secrets.token_urlsafe(32)
    session.add(Token(sha256=_hash(token), account_id=actor.account_id, expires_at=now + TOKEN_LIFE))
    session.flush()
    return token


def revoke_token(session: Session, token: str, now: datetime) -> None:
    """End a token; ending it twice is harmless."""
    found = session.get(Token, _hash(token))
    if found is not None and found.revoked_at is None:
        found.revoked_at = now
        session.flush()


def create_organisation(
    session: Session, name: str, kind: str, district: str, *, uscc: str | None = None
) -> Organisation:
    """A new organisation. Raises Invalid naming what is wrong with its unified social credit code."""
    code = check_uscc(uscc) if uscc else None
    if code and session.scalar(select(Organisation.id).where(Organisation.uscc == code)):
        raise Invalid("这个统一社会信用代码已经登记过。", fields={"uscc": ["已有单位使用这个代码，请直接选择它。"]})
    organisation = Organisation(name=name, kind=kind, uscc=code, district=district)
    session.add(organisation)
    session.flush()
    return organisation


def create_unit(session: Session, name: str, organisation: Organisation) -> Unit:
    """A new section of an organisation; its name is the lane's name."""
    unit = Unit(name=name, organisation_id=organisation.id, district=organisation.district)
    session.add(unit)
    session.flush()
    return unit


def create_account(
    session: Session,
    login: str,
    name: str,
    password: str,
    organisation: Organisation,
    roles: Iterable[str],
    *,
    unit: Unit | None = None,
) -> Account:
    """A new account. Raises Invalid for a short password, a taken login or an unknown role."""
    if len(password) < 8:
        raise Invalid("密码太短。", fields={"password": ["请用至少 8 个字符。"]})
    if session.scalar(select(Account.id).where(Account.login == login)):
        raise Invalid("这个用户名已经有人用了。", fields={"login": ["请换一个用户名。"]})
    wanted = sorted(set(roles))
    if unknown := [role for role in wanted if role not in ROLES]:
        raise Invalid(f"没有这个岗位：{unknown[0]}", fields={"roles": ["请从岗位表里选择。"]})
    account = Account(
        login=login,
        name=name,
        password_hash=_hasher.hash(password),
        organisation_id=organisation.id,
        unit_id=unit.id if unit else None,
    )
    session.add(account)
    session.flush()
    session.add_all(AccountRole(account_id=account.id, role=role) for role in wanted)
    session.flush()
    return account


def _actor(session: Session, which: "object") -> Actor | None:
    rows = session.execute(
        select(
            Account.id,
            Account.name,
            Organisation.id,
            Organisation.name,
            Unit.name,
            Organisation.district,
            Unit.district,
            AccountRole.role,
        )
        .join(Organisation, Organisation.id == Account.organisation_id)
        .outerjoin(Unit, Unit.id == Account.unit_id)
        .outerjoin(AccountRole, AccountRole.account_id == Account.id)
        .where(which, Account.closed_at.is_(None))  # type: ignore[arg-type]
    ).all()
    if not rows:
        return None
    account_id, name, organisation_id, organisation, unit, district, unit_district, _ = rows[0]
    roles = frozenset(row[-1] for row in rows if row[-1])
    return Actor(account_id, name, organisation_id, organisation, unit, unit_district or district, roles)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
