"""Draws a form's fields on the server, and reads the browser's answers back. What is asked is in the `.form` file alone.

A page draws `{% import '_fields.html' as ff with context %}{{ ff.fields(shown, refresh=url_of_the_same_form) }}` inside its own
<form>. Without scripts the same page works: the buttons “再加一行” and “按所选重新显示” send the form, and the view answers
`if (answers := forms.pressed(form, request.form)) is not None:` by drawing them again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from server.processes import forms
from server.processes.forms import Field, Form

BUTTON = "_rows"
MOST_ROWS = 200


class Given(Protocol):
    """What a browser sent: werkzeug's MultiDict."""

    def getlist(self, key: str) -> list[str]: ...
    def __iter__(self) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer offered. off: why it is impossible now. key: the figure that picks it, 1 to 9."""

    value: str
    label: str
    chosen: bool
    off: str | None
    key: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as it is drawn now. name: `items.0.request`, as posted; id: the same for the page's anchors.

    steers: whether other fields depend on it. rows: a list's rows of fields. children: a group's fields.
    """

    field: Field
    name: str
    id: str
    value: Any
    errors: tuple[str, ...]
    required: bool
    steers: bool
    choices: tuple[Choice, ...] = ()
    children: tuple["Shown", ...] = ()
    rows: tuple[tuple["Shown", ...], ...] = ()

    @property
    def described_by(self) -> str:
        """Ids of hint and error, for aria-describedby."""
        return " ".join([f"{self.id}-hint"] * bool(self.field.hint) + [f"{self.id}-err"] * bool(self.errors))


def draw(
    form: Form,
    answers: Mapping[str, Any],
    variables: Mapping[str, Any],
    errors: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Shown, ...]:
    """The fields that are visible with these answers, each with its value and its errors, in the form's order.

    variables: what the process or the application knows. errors: `Invalid.fields` of the last try.
    """
    return _Drawing(errors or {}, _steering(form)).fields(form.fields, answers, variables, "")


def summary(shown: Iterable[Shown]) -> list[tuple[str, str]]:
    """(id of the field, sentence) in page order, for the error summary on top."""
    found: list[tuple[str, str]] = []
    for one in shown:
        place = f"{one.id}-{one.choices[0].value}" if one.field.type == "radio" and one.choices else one.id
        found += [(place, words) for words in one.errors]
        found += summary(one.children)
        for row in one.rows:
            found += summary(row)
    return found


def read(form: Form, given: Given) -> dict[str, Any]:
    """The answers in what a browser posted, unchecked: text as typed, checkboxes as booleans, lists as rows."""
    return _read(form.fields, given, "")


def pressed(form: Form, given: Given) -> dict[str, Any] | None:
    """The answers to draw again when a row was added or removed, or the form only refreshed; None: it was submitted."""
    button = next(iter(given.getlist(BUTTON)), "")
    if not button:
        return None
    answers = read(form, given)
    act, _, name = button.partition(":")
    lists = {one.key: one for one in form.walk() if one.type == "dynamiclist"}
    if act == "add" and name in lists:
        answers[name] = [*(answers.get(name) or [{}] * lists[name].least_rows), {}][:MOST_ROWS]
    elif act == "drop" and (found := re.fullmatch(r"([a-z0-9_]+)\.([0-9]{1,3})", name)) and found[1] in lists:
        rows = list(answers.get(found[1]) or [])
        answers[found[1]] = rows[: int(found[2])] + rows[int(found[2]) + 1 :]
    return answers


# -- drawing


def _steering(form: Form) -> frozenset[str]:
    """Keys that some condition mentions: only their change can change what is visible."""
    words = {word for one in form.walk() for text in one.expressions for word in re.findall(r"[a-z][a-z0-9_]*", text)}
    return frozenset(one.key for one in form.walk() if one.key in words and one.key)


@dataclass(frozen=True, slots=True)
class _Drawing:
    errors: Mapping[str, Sequence[str]]
    steering: frozenset[str]

    def fields(
        self, fields: tuple[Field, ...], answers: Mapping[str, Any], around: Mapping[str, Any], before: str
    ) -> tuple[Shown, ...]:
        return self._visible(fields, answers, forms.scope_of(fields, answers, around), before)

    def _visible(
        self, fields: tuple[Field, ...], answers: Mapping[str, Any], scope: Mapping[str, Any], before: str
    ) -> tuple[Shown, ...]:
        return tuple(self._one(one, answers, scope, before) for one in fields if not forms.hidden(one, scope))

    def _one(self, field: Field, answers: Mapping[str, Any], scope: Mapping[str, Any], before: str) -> Shown:
        name = f"{before}{field.key or field.id}"
        value = answers.get(field.key, field.default) if field.key else None
        children = self._visible(field.children, answers, scope, before) if field.type == "group" else ()
        return Shown(
            field=field,
            name=name,
            id=name.replace(".", "-"),
            value=value,
            errors=tuple(self.errors.get(name, ())),
            required=forms.required(field, scope),
            steers=field.key in self.steering,
            choices=self._choices(field, value, scope),
            children=children,
            rows=self._rows(field, value, scope, name) if field.type == "dynamiclist" else (),
        )

    def _choices(self, field: Field, value: Any, scope: Mapping[str, Any]) -> tuple[Choice, ...]:
        chosen = value if isinstance(value, list) else [value]
        return tuple(
            Choice(
                one.value,
                one.label,
                one.value in chosen,
                forms.off_reason(one, scope),
                place if place < 10 and field.key == "outcome" else None,
            )
            for place, one in enumerate(field.options, 1)
        )

    def _rows(self, field: Field, value: Any, scope: Mapping[str, Any], name: str) -> tuple[tuple[Shown, ...], ...]:
        rows = value if isinstance(value, list) and value else [{}] * field.least_rows
        return tuple(
            self.fields(field.children, row if isinstance(row, Mapping) else {}, scope, f"{name}.{place}.")
            for place, row in enumerate(rows)
        )


# -- reading


def _read(fields: tuple[Field, ...], given: Given, before: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        if field.type == "group":
            found |= _read(field.children, given, before)
        elif field.key and field.type == "dynamiclist":
            rows = _places(given, f"{before}{field.key}.")
            if rows:
                found[field.key] = [_read(field.children, given, f"{before}{field.key}.{place}.") for place in rows]
        elif field.key:
            sent = given.getlist(f"{before}{field.key}")
            if field.type == "checkbox":
                found[field.key] = "true" in sent
            elif field.type == "checklist":
                found[field.key] = sent
            elif sent:
                found[field.key] = sent[-1]
    return found


def _places(given: Given, before: str) -> list[int]:
    places = {name.removeprefix(before).partition(".")[0] for name in given if name.startswith(before)}
    return sorted(int(one) for one in places if one.isascii() and one.isdecimal() and len(one) <= 3)[:MOST_ROWS]
