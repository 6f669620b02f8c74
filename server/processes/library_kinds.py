"""Library files that are neither model, decision nor form: the area they belong to registers what they are, at import.

A change set carries them like the others; what may be wrong with them and what changed in them only their area knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from workflows.findings import Finding as Finding

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class FieldChange:
    """One difference between two contents of a file, in words. kind: added | removed | changed.

    of: what it is about (“C05 施工许可·基坑”), key: where that is in the file (`C05.P1`); before, after: '' where there is
    nothing.
    """

    kind: str
    of: str
    key: str
    field: str
    before: str
    after: str


Check = Callable[[Session, Files, Files, datetime], list[Finding]]
Difference = Callable[[bytes | None, bytes | None], list[FieldChange]]


@dataclass(frozen=True)
class LibraryKind:
    """A file of an area. title: what it is called in the studio.

    check(session, files, in_force, now): what is wrong with it. files: everything at hand by name, a change set's over the
    library's; in_force: the library's alone; now: when it would come into force.
    """

    name: str
    title: str
    check: Check
    difference: Difference


LIBRARY_KINDS: dict[str, LibraryKind] = {}


def library_kind(name: str, *, title: str, check: Check, difference: Difference) -> None:
    """Register a file of this name."""
    LIBRARY_KINDS[name] = LibraryKind(name, title, check, difference)
