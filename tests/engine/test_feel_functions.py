"""The published list of FEEL functions is true: every example gives what is printed, and no function is left out."""

import re
from datetime import UTC, datetime

import pytest

from workflows import feel
from workflows.feel_functions import FUNCTIONS, GROUPS

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
NO_FUNCTION_OF_A_DESIGNER = {"@"}


@pytest.mark.parametrize("one", FUNCTIONS, ids=[one.name for one in FUNCTIONS])
def test_an_example_gives_what_the_list_says(one) -> None:
    found = feel.answer(one.example, {}, now=NOW)
    expected = feel.answer(one.result, {}, now=NOW)
    assert found.value is not None
    assert (found.value, found.warnings, expected.warnings) == (expected.value, (), ())
    assert type(found.value) is type(expected.value)


@pytest.mark.parametrize("one", FUNCTIONS, ids=[one.name for one in FUNCTIONS])
def test_an_example_passes_the_linter_and_uses_what_it_shows(one) -> None:
    names = dict.fromkeys(re.findall(r"[\u4e00-\u9fff]+", one.example), 1)
    assert feel.doubt(f"={one.example}", names) is None
    if re.fullmatch(r"[a-z ]+", one.name):
        assert one.name in one.example


def test_every_entry_belongs_to_a_group_and_is_told_in_chinese() -> None:
    assert {one.group for one in FUNCTIONS} == set(GROUPS)
    assert len({(one.group, one.name) for one in FUNCTIONS}) == len(FUNCTIONS)
    assert [one.name for one in FUNCTIONS if not re.search(r"[\u4e00-\u9fff]", one.says)] == []


def test_the_list_holds_every_function_of_the_interpreter_and_no_other() -> None:
    known = set(feel.functions())
    called = {one.name for one in FUNCTIONS if re.fullmatch(r"[a-z][a-z ]*", one.name)}
    words = {"if", "and", "or", "between", "in", "for", "some", "every", "instance of", "function"}
    assert called - words - known == set()
    assert known - NO_FUNCTION_OF_A_DESIGNER - called == set()
