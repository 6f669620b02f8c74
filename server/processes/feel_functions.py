"""The functions expressions may use, in their groups, for the page that lists them."""

from dataclasses import dataclass

from workflows.feel_functions import FUNCTIONS, GROUPS, FeelFunctionInfo


@dataclass(frozen=True)
class Group:
    """Functions that belong together. key: its place on the page."""

    key: str
    title: str
    functions: tuple[FeelFunctionInfo, ...]


def groups() -> list[Group]:
    """All groups that have functions, in the order of the list."""
    found = [Group(key, title, tuple(one for one in FUNCTIONS if one.group == key)) for key, title in GROUPS.items()]
    return [group for group in found if group.functions]
