"""Lists of accounts."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.models import Account, AccountRole, Organisation, Unit


@dataclass(frozen=True)
class Listed:
    """An open account as lists show it. ``unit`` is a lane's name or empty."""

    id: int
    login: str
    name: str
    organisation: str
    unit: str
    roles: frozenset[str]


def login_of(session: Session, actor: Actor) -> str | None:
    """What an actor types to sign in; the system has no login."""
    return session.scalar(select(Account.login).where(Account.id == actor.account_id))


def open_accounts(session: Session) -> list[Listed]:
    """Every open account, in the order it was made."""
    rows = session.execute(
        select(Account.id, Account.login, Account.name, Organisation.name, Unit.name, AccountRole.role)
        .join(Organisation, Organisation.id == Account.organisation_id)
        .outerjoin(Unit, Unit.id == Account.unit_id)
        .outerjoin(AccountRole, AccountRole.account_id == Account.id)
        .where(Account.closed_at.is_(None))
        .order_by(Account.id)
    ).all()
    found: dict[int, Listed] = {}
    for account_id, login, name, organisation, unit, role in rows:
        roles = (found[account_id].roles if account_id in found else frozenset()) | ({role} if role else frozenset())
        found[account_id] = Listed(account_id, login, name, organisation, unit or "", roles)
    return list(found.values())
