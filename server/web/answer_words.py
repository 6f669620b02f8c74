"""What was answered in a form, in words: for pages that show answers and do not ask. Arranges, judges nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from server.processes import forms
from server.processes.forms import Field, Form
from server.web.filters import MISSING, iso_words


@dataclass(frozen=True)
class Said:
    """One question and its answer. rows: the answers of a list, a line each, instead of words."""

    key: str
    label: str
    words: str
    rows: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Something was answered."""
        return bool(self.rows) or self.words != MISSING


def sections(form: Form, answers: Mapping[str, Any], variables: Mapping[str, Any]) -> list[tuple[str, list[Said]]]:
    """The visible questions group by group, as the form has them; questions outside a group go together first."""
    scope = forms.scope_of(form.fields, answers, variables)
    loose = [one for one in form.fields if one.type != "group"]
    found = [("", _said(loose, answers, scope))]
    found += [
        (one.label, _said(one.children, answers, scope))
        for one in form.fields
        if one.type == "group" and not forms.hidden(one, scope)
    ]
    return [(name, lines) for name, lines in found if lines]


def _said(fields: Sequence[Field], answers: Mapping[str, Any], scope: Mapping[str, Any]) -> list[Said]:
    found = []
    for one in fields:
        if not one.key or one.by_page or forms.hidden(one, scope):
            continue
        value = answers.get(one.key)
        if one.type == "dynamiclist":
            rows = value if isinstance(value, list) else []
            lines = tuple(_row(one, row) for row in rows if isinstance(row, Mapping))
            found.append(Said(one.key, one.label, MISSING, lines))
        else:
            found.append(Said(one.key, one.label, words_of(one, value)))
    return found


def _row(field: Field, row: Mapping[str, Any]) -> str:
    parts = [(one, row.get(one.key or "")) for one in field.children if one.key]
    given = [(one, value) for one, value in parts if value not in (None, "")]
    if not given:
        return MISSING
    first, rest = given[0], given[1:]
    told = [f"{one.label} {words_of(one, value)}" for one, value in rest]
    return "，".join([words_of(*first), *told])


def words_of(field: Field, value: Any) -> str:
    """One answer as a page says it; `-` where there is none."""
    if field.type == "checkbox":
        return "是" if value is True else "否"
    if value in (None, "", []):
        return MISSING
    if field.options:
        names = {one.value: one.label for one in field.options}
        chosen = value if isinstance(value, list) else [value]
        return "、".join(names.get(str(one), str(one)) for one in chosen)
    if field.type == "datetime":
        return _day(str(value))
    if field.type == "number":
        return f"{_figure(str(value))}{field.unit if field.unit == '㎡' else ' ' + field.unit if field.unit else ''}"
    return str(value)


def _day(text: str) -> str:
    try:
        return iso_words(text)
    except ValueError:
        return text


def _figure(text: str) -> str:
    """``13,860.00``: thousands apart, the places as they were given; anything that is no number as it is."""
    if not text.replace(".", "", 1).isascii() or not text.replace(".", "", 1).isdigit():
        return text
    return f"{Decimal(text):,}"
