"""Who acts. A frozen value passed to every action; nobody reaches for a global."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person at a desk, or the system. ``unit`` is a lane's name (住建局·审批科); owners have none."""

    account_id: int | None
    name: str
    organisation_id: int | None
    organisation: str
    unit: str | None
    district: str
    roles: frozenset[str]

    def has(self, *names: str) -> bool:
        """Holds any of these roles."""
        return not self.roles.isdisjoint(names)

    @property
    def label(self) -> str:
        """How records name the actor: unit (or organisation) and name."""
        place = self.unit or self.organisation
        return f"{place}·{self.name}" if place != self.name else self.name


SYSTEM = Actor(None, "系统", None, "系统", None, "", frozenset({"system"}))
