"""What the linter and the path check say about a model: values only, no rule and no XML."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a model.

    `message` and `cure` are Chinese sentences for the designer; `message` names the element. `element` is its id (None: the whole
    file), `name` what the designer calls it. `path` holds ids of elements and flows, in the order a case would pass them.
    Of a decision table: `rule` and `column` count from 1 (inputs, then outputs); `missing` is a row that no rule covers, the
    text of each input cell, '' for any.
    """

    severity: Severity
    code: str
    element: str | None
    name: str
    message: str
    cure: str
    path: tuple[str, ...] = ()
    rule: int | None = None
    column: int | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class HandlerInfo:
    """A job handler: headers it cannot work without, whether it records an act of the case, variables it hands back, codes of
    the BPMN errors it may raise, the area whose processes it serves ('' for any), those of its variables that are true or false."""

    required_headers: frozenset[str] = frozenset()
    acts: bool = False
    returns: frozenset[str] | None = None  # None: not told
    errors: frozenset[str] = frozenset()
    area: str = ""
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Known:
    """What exists around a model. A field that is None is not known, and nothing is checked against it.

    forms: form id -> the variables its answers give (None: not told).
    messages: names that somebody sends. throws: names that somebody carries further when a model throws them.
    start_variables: process id -> the variables a start hands over.
    choices: form id -> field -> the answers it offers, of the fields that offer a closed list. papers: kinds of papers that
    a job's header may name. areas: process id -> the area that starts it.
    """

    handlers: Mapping[str, HandlerInfo] | None = None
    forms: Mapping[str, frozenset[str] | None] | frozenset[str] | None = None
    decisions: frozenset[str] | None = None
    units: frozenset[str] | None = None
    transitions: frozenset[str] | None = None
    messages: frozenset[str] | None = None
    throws: frozenset[str] | None = None
    processes: frozenset[str] | None = None
    start_variables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, frozenset[str]]] | None = None
    papers: frozenset[str] | None = None
    areas: Mapping[str, str] = field(default_factory=dict)

    def answers(self, form: str) -> frozenset[str] | None:
        """The variables a form gives, None when not told."""
        return self.forms.get(form) if isinstance(self.forms, Mapping) else None


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those that forbid publishing."""
    return [f for f in findings if f.severity == "error"]
