import pytest

from server.approval import states
from server.approval.states import State
from server.errors import Conflict

# domain.md 3.3, written a second time by hand: before admission, then after it.
LAW = {
    (): {1},
    (1,): {2, 3, 4, 5, 6},
    (1, 6): {7, 2},
    (1, 6, 7): {3, 4},
    (1, 3): {8, 16},
    (1, 3, 8): {9, 11, 12, 13, 16, 6},
    (1, 3, 8, 6): {7, 8, 16},
    (1, 3, 8, 6, 7): {8},
    (1, 3, 8, 9): {10, 16},
    (1, 3, 8, 9, 10): {8},
    (1, 3, 16): {14, 3},
    (1, 3, 8, 16): {14, 8},
    (1, 3, 8, 9, 16): {14, 9},
    (1, 3, 8, 6, 16): {14, 6},
    (1, 3, 8, 11): {15},
    (1, 3, 8, 12): {15},
    (1, 2): set(),
    (1, 4): set(),
    (1, 5): set(),
    (1, 3, 8, 13): set(),
    (1, 3, 8, 16, 14): set(),
    (1, 3, 8, 11, 15): set(),
}


@pytest.mark.parametrize("history", LAW)
def test_a_case_may_go_where_the_law_lets_it_and_nowhere_else(history: tuple[int, ...]) -> None:
    past = [State(code) for code in history]
    for target in State:
        if int(target) in LAW[history]:
            states.check(past, target)
        else:
            with pytest.raises(Conflict):
                states.check(past, target)


def test_every_row_of_the_table_is_covered_by_the_law_above() -> None:
    covered = {(State(history[-1]) if history else None, 3 in history) for history in LAW if LAW[history]}
    assert set(states.TRANSITIONS) == covered


def test_the_names_of_the_models_are_the_codes_of_the_exchange_standard() -> None:
    assert states.CODES["received"] == 1
    assert states.CODES["in_review"] == 8
    assert states.CODES["withdrawal_pending"] == 16
    assert sorted(states.CODES.values()) == list(range(1, 17))
    assert set(states.WORDS) == set(State)


def test_a_refused_withdrawal_returns_to_where_it_came_from_even_twice() -> None:
    past = [State(code) for code in (1, 3, 8, 16, 8, 16)]
    assert states.before_withdrawal(past) is State.IN_REVIEW
    assert states.allowed(past) == {State.WITHDRAWN, State.IN_REVIEW}


def test_a_refused_step_says_from_where_to_where() -> None:
    with pytest.raises(Conflict, match="现在是“接件”，不能记为“办结通过”"):
        states.check([State.RECEIVED], State.COMPLETED)


def test_withdrawal_is_possible_until_the_decision() -> None:
    assert {
        State.ADMITTED,
        State.IN_REVIEW,
        State.SPECIAL_STARTED,
        State.CORRECTION_STARTED,
    } == states.WITHDRAWABLE_FROM
