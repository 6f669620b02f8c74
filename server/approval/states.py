"""The states of a case and how they may follow one another: the one truth table (domain.md 3.3).

The codes 1–16 are those of the national exchange standard. A state is never a column: it is the last record of the case.
The table knows one thing more than the code, whether the case has been admitted, because a correction (6, 7) before and
after admission leads to different places.
"""

from enum import IntEnum

from server.errors import Conflict


class State(IntEnum):
    """Exchange code of a case's state; `.name.lower()` is its name in models and headers."""

    RECEIVED = 1
    PULLED = 2
    ADMITTED = 3
    NOT_ADMITTED = 4
    ADMISSION_REFUSED = 5
    CORRECTION_STARTED = 6
    CORRECTION_ENDED = 7
    IN_REVIEW = 8
    SPECIAL_STARTED = 9
    SPECIAL_ENDED = 10
    COMPLETED = 11
    COMPLETED_TOLERANT = 12
    REJECTED = 13
    WITHDRAWN = 14
    REVOKED = 15
    WITHDRAWAL_PENDING = 16


S = State

CODES: dict[str, State] = {state.name.lower(): state for state in State}

WORDS: dict[State, str] = {
    S.RECEIVED: "接件",
    S.PULLED: "撤件",
    S.ADMITTED: "受理",
    S.NOT_ADMITTED: "不受理",
    S.ADMISSION_REFUSED: "不予受理",
    S.CORRECTION_STARTED: "补正开始",
    S.CORRECTION_ENDED: "补正结束",
    S.IN_REVIEW: "部门开始办理",
    S.SPECIAL_STARTED: "特别程序开始",
    S.SPECIAL_ENDED: "特别程序结束",
    S.COMPLETED: "办结通过",
    S.COMPLETED_TOLERANT: "办结容缺通过",
    S.REJECTED: "办结不通过",
    S.WITHDRAWN: "撤回",
    S.REVOKED: "撤销",
    S.WITHDRAWAL_PENDING: "撤件待确认",
}

BEFORE, AFTER = False, True
TRANSITIONS: dict[tuple[State | None, bool], frozenset[State]] = {
    (None, BEFORE): frozenset({S.RECEIVED}),
    (S.RECEIVED, BEFORE): frozenset({S.PULLED, S.ADMITTED, S.NOT_ADMITTED, S.ADMISSION_REFUSED, S.CORRECTION_STARTED}),
    (S.CORRECTION_STARTED, BEFORE): frozenset({S.CORRECTION_ENDED, S.PULLED}),
    (S.CORRECTION_ENDED, BEFORE): frozenset({S.ADMITTED, S.NOT_ADMITTED}),
    (S.ADMITTED, AFTER): frozenset({S.IN_REVIEW, S.WITHDRAWAL_PENDING}),
    (S.IN_REVIEW, AFTER): frozenset(
        {
            S.SPECIAL_STARTED,
            S.COMPLETED,
            S.COMPLETED_TOLERANT,
            S.REJECTED,
            S.WITHDRAWAL_PENDING,
            S.CORRECTION_STARTED,
        }
    ),
    (S.CORRECTION_STARTED, AFTER): frozenset({S.CORRECTION_ENDED, S.IN_REVIEW, S.WITHDRAWAL_PENDING}),
    (S.CORRECTION_ENDED, AFTER): frozenset({S.IN_REVIEW}),
    (S.SPECIAL_STARTED, AFTER): frozenset({S.SPECIAL_ENDED, S.WITHDRAWAL_PENDING}),
    (S.SPECIAL_ENDED, AFTER): frozenset({S.IN_REVIEW}),
    (S.WITHDRAWAL_PENDING, AFTER): frozenset({S.WITHDRAWN}),  # and back: see `allowed`
    (S.COMPLETED, AFTER): frozenset({S.REVOKED}),
    (S.COMPLETED_TOLERANT, AFTER): frozenset({S.REVOKED}),
}
"""(state, admitted?) → what may be recorded next. A pair that is missing is an end."""

WITHDRAWABLE_FROM = frozenset(
    state for (state, _), following in TRANSITIONS.items() if state and S.WITHDRAWAL_PENDING in following
)
FINISHED = frozenset({S.COMPLETED, S.COMPLETED_TOLERANT, S.REJECTED})
TERMINAL = frozenset({S.PULLED, S.NOT_ADMITTED, S.ADMISSION_REFUSED, S.REJECTED, S.WITHDRAWN, S.REVOKED})
CLOSED = FINISHED | TERMINAL
"""Nobody works on the case any more."""
STOPS = {S.CORRECTION_STARTED: S.CORRECTION_ENDED, S.SPECIAL_STARTED: S.SPECIAL_ENDED}
"""What stops the clock of an admitted case, and what starts it again."""


def admitted(history: list[State]) -> bool:
    """Whether the case has been admitted (受理) at some time."""
    return S.ADMITTED in history


def allowed(history: list[State]) -> frozenset[State]:
    """What may be recorded after `history` (oldest first). A pending withdrawal may go back to the state before it."""
    last = history[-1] if history else None
    following = TRANSITIONS.get((last, admitted(history)), frozenset())
    if last is S.WITHDRAWAL_PENDING:
        return following | {before_withdrawal(history)}
    return following


def before_withdrawal(history: list[State]) -> State:
    """The state in which the pending withdrawal found the case."""
    return next(state for state in reversed(history) if state is not S.WITHDRAWAL_PENDING)


def check(history: list[State], following: State) -> None:
    """Raises Conflict naming both states when the table forbids the step."""
    if following not in allowed(history):
        now = WORDS[history[-1]] if history else "还没有收件"
        raise Conflict(
            f"这一件现在是“{now}”，不能记为“{WORDS[following]}”。请刷新页面，看清现在办到哪一步。",
            code="TRANSITION",
            extra={"from": history[-1] if history else 0, "to": int(following)},
        )
