"""Which step of an application may follow which: the only truth about its state. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from server.errors import Conflict


class Step(StrEnum):
    """A step of a first registration, as recorded."""

    RECEIVED = "RECEIVED"
    PRE_ADMITTED = "PRE_ADMITTED"
    CHECKED = "CHECKED"
    HELD = "HELD"
    CURED = "CURED"
    ADMITTED = "ADMITTED"
    REVIEWED = "REVIEWED"
    CONFIRMED = "CONFIRMED"
    BOOKED = "BOOKED"
    REFUSED = "REFUSED"
    SUPERSEDED = "SUPERSEDED"


WORDS: Mapping[Step, str] = MappingProxyType(
    {
        Step.RECEIVED: "登记接收",
        Step.PRE_ADMITTED: "预受理",
        Step.CHECKED: "12 项核验",
        Step.HELD: "挂起",
        Step.CURED: "补正已到",
        Step.ADMITTED: "正式受理",
        Step.REVIEWED: "审核",
        Step.CONFIRMED: "登簿人员确认",
        Step.BOOKED: "登簿",
        Step.REFUSED: "不予登记",
        Step.SUPERSEDED: "被新版备案替代",
    }
)

# A run of the checks at booking that holds leads from CONFIRMED by CHECKED to HELD; cured and checked again, the case
# comes back to the registrar who confirms. Until the entry stands, a newer version of the filing may take its place.
FOLLOWS: Mapping[Step | None, frozenset[Step]] = MappingProxyType(
    {
        None: frozenset({Step.RECEIVED}),
        Step.RECEIVED: frozenset({Step.PRE_ADMITTED, Step.SUPERSEDED}),
        Step.PRE_ADMITTED: frozenset({Step.CHECKED, Step.SUPERSEDED}),
        Step.CHECKED: frozenset({Step.HELD, Step.ADMITTED, Step.CONFIRMED, Step.BOOKED, Step.SUPERSEDED}),
        Step.HELD: frozenset({Step.CURED, Step.SUPERSEDED}),
        Step.CURED: frozenset({Step.CHECKED, Step.SUPERSEDED}),
        Step.ADMITTED: frozenset({Step.REVIEWED, Step.SUPERSEDED}),
        Step.REVIEWED: frozenset({Step.CONFIRMED, Step.REFUSED, Step.SUPERSEDED}),
        Step.CONFIRMED: frozenset({Step.CHECKED}),
        Step.BOOKED: frozenset(),
        Step.REFUSED: frozenset(),
        Step.SUPERSEDED: frozenset(),
    }
)
FINAL = frozenset(step for step, after in FOLLOWS.items() if step is not None and not after)


def check(before: Step | None, after: Step) -> None:
    """Raise Conflict when `after` may not follow `before`."""
    if after not in FOLLOWS[before]:
        now = WORDS[before] if before else "还没有收到"
        raise Conflict(f"这一件现在是“{now}”，不能记“{WORDS[after]}”。请刷新后再看。", code="REGISTRATION_STEP")
