"""The form of an open task at a staff desk: drawn, read and named the same for officers and registrars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.errors import DomainError
from server.processes import definitions, instances
from server.processes import forms as rules
from server.processes.forms import Form
from server.processes.work_items import WorkItem
from server.web import forms
from server.web.forms import Given, Shown

OUTCOME = "outcome"
ADDRESSED = "decide"
"""Id of the pane itself: where a refusal that names no field on the page is led to."""


@dataclass(frozen=True)
class TaskForm:
    """What a task asks, as the running case is bound to it, and what its process knows."""

    form: Form
    variables: Mapping[str, Any]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes the form offers."""
        return tuple(one.value for field in self.form.walk() if field.key == OUTCOME for one in field.options)

    def label(self, outcome: str) -> str:
        """The outcome in the words of the form."""
        options = [one for field in self.form.walk() if field.key == OUTCOME for one in field.options]
        return next((one.label for one in options if one.value == outcome), outcome)

    def asks(self, key: str) -> bool:
        """Whether the form has a field of this key."""
        return any(field.key == key for field in self.form.walk())

    def read(self, given: Given) -> dict[str, Any]:
        """What was posted, unchecked."""
        return forms.read(self.form, given)

    def pressed(self, given: Given) -> dict[str, Any] | None:
        """The answers to draw again; None when the task was submitted."""
        return forms.pressed(self.form, given)

    def draw(
        self,
        answers: Mapping[str, Any],
        errors: Mapping[str, Sequence[str]] | None = None,
        off: Mapping[str, str] | None = None,
    ) -> tuple[Shown, ...]:
        """The visible fields. off: outcomes that are impossible now, each with its reason. The only outcome there is, is
        chosen."""
        given = dict(answers)
        possible = [one for one in self.outcomes if one not in (off or {})]
        if not given.get(OUTCOME) and len(self.outcomes) == 1 and possible:
            given[OUTCOME] = possible[0]
        drawn = forms.draw(self.form, given, self.variables, errors)
        return tuple(_without(one, off) if off and one.field.key == OUTCOME else one for one in drawn)


def _without(shown: Shown, off: Mapping[str, str]) -> Shown:
    choices = tuple(replace(one, off=one.off or off.get(one.value)) for one in shown.choices)
    return replace(shown, choices=choices)


def of(session: Session, item: WorkItem, now: datetime) -> TaskForm:
    """The form of an open task, in the version its case runs on; an empty one for a task without."""
    variables = instances.variables(session, item.instance_id, item.task_id)
    if item.form_id is None:
        return TaskForm(Form("", ()), variables)
    version_id = instances.run(session, item.instance_id).version_id
    return TaskForm(rules.load(definitions.form(session, item.form_id, version_id, now=now)), variables)


def problems(shown: Sequence[Shown], error: DomainError | None) -> list[tuple[str, str]]:
    """(id of the field, sentence) for the error summary; the refusal itself where it names no field that is shown."""
    if error is None:
        return []
    return forms.summary(shown) or [(ADDRESSED, error.message)]
