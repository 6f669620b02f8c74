"""The dictionary of fields: every answer the forms in force ask for, what it is called, and what its values are called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.errors import Invalid
from server.processes.form_fields import INPUTS, Field, load


@dataclass(frozen=True)
class Entry:
    """One field of the dictionary. values: (value, label) as the first form offers them; all_values: as any form does.

    forms: ids of the forms that ask for it.
    """

    key: str
    label: str
    type: str
    hint: str
    values: tuple[tuple[str, str], ...]
    all_values: tuple[tuple[str, str], ...]
    forms: tuple[str, ...]


def dictionary(forms: Iterable[bytes]) -> list[Entry]:
    """The fields of these forms by key, in the order of their labels; what a form cannot be read for is left out."""
    first: dict[str, Field] = {}
    used: dict[str, dict[str, None]] = {}
    offered: dict[str, dict[str, str]] = {}
    for data in forms:
        try:
            form = load(data)
        except Invalid:  # the check of the form says so
            continue
        for one in form.walk():
            if one.key and one.type in INPUTS:
                first.setdefault(one.key, one)
                used.setdefault(one.key, {})[form.id] = None
                for option in one.options:
                    offered.setdefault(one.key, {}).setdefault(option.value, option.label)
    entries = [
        Entry(
            key,
            one.label,
            one.type,
            one.hint,
            tuple((option.value, option.label) for option in one.options),
            tuple(offered.get(key, {}).items()),
            tuple(used[key]),
        )
        for key, one in first.items()
    ]
    return sorted(entries, key=lambda entry: (entry.label, entry.key))


def labels(entries: Iterable[Entry]) -> dict[str, Mapping[str, str]]:
    """key -> value -> what the value is called, of the fields that offer values."""
    return {entry.key: dict(entry.all_values) for entry in entries if entry.all_values}
