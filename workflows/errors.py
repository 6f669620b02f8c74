"""What the engine says when it will not or cannot: sentences in Chinese, each naming the element and the way out."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in a model that the engine refuses. `element` is the element's id ('' for the file as a whole)."""

    element: str
    message_zh: str
    cure_zh: str

    def __str__(self) -> str:
        return f"{self.message_zh}{self.cure_zh}"


class Refused(Exception):
    """The model cannot be deployed. `findings` holds every reason found, at least one."""

    def __init__(self, findings: Iterable[Problem]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class NotOpen(Exception):
    """The task, job or subscription addressed is not (any more) open in this state."""


class BadState(Exception):
    """The stored bytes are not a state of this deployment (wrong model, unknown version, damaged)."""


class FeelError(Exception):
    """An expression that has no answer: wrong syntax, a missing variable, no memory or time left."""


class DecisionError(Exception):
    """A decision without an answer: overlapping rules under UNIQUE, a faulty cell, a missing decision."""


class Stuck(Exception):
    """Inside the engine only: an element cannot go on; the runner turns it into an incident of that element."""
