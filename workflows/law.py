"""The rules that the recorded acts of a case must obey, as data that a caller brings: this package knows no permit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workflows.conditions import Scalar

TRANSITION = "transition"
PAPER = "paper"


@dataclass(frozen=True)
class Said:
    """What a person must have decided: of the outcomes `among`, the last one anybody chose must be one of `wanted`."""

    among: frozenset[str]
    wanted: frozenset[str]


@dataclass(frozen=True)
class Verdicts:
    """Reviews that must all have come out well: tasks with this form, whose last outcome must be `good`.

    owed: ids of tasks that must have been done at all.
    """

    form: str
    good: str
    owed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rules:
    """What the recorded acts of a case must obey. With an empty table only the structure is checked: no case gets stuck.

    initial: the state that must be recorded first. table: state -> the states that may follow it; after_admission replaces
    rows of it once `admission` has been recorded. names: Chinese names of states. terminal: states in which a case may end.
    acts: handler -> the state it records by itself, without a header. recorded_by: state -> the handlers that may record it.
    records: handler -> the states it may record; any, when it is not named. needs: state -> what a handler must have found last,
    by the name of the variable it gives back.
    said: state -> what a person must have decided before it. verdicts: state -> reviews that must have come out well.
    decided_first: state -> decisions (DMN) that must have been evaluated before it.
    person_required_before: states that need a person of the authority before them (since admission when person_since_admission).
    separate_lanes: who admits is not who decides. admitted_before_review: nothing but one desk before admission.
    one_correction_before_admission: the second round of `correction` is unlawful. correction_in_time: before a correction
    is asked the case waits for nobody but that desk, so that it can be asked within its limit. correction_expires: the message
    that ends a correction nobody answers; a case in correction before admission always waits for it too.
    notice_and_remedy: states that need a paper; papers: state -> the kinds of paper that tell reason and remedy. owner_lanes: lanes of the applicant, no persons of the authority.
    values: variables known at the start. sources: code of a finding -> where the rule comes from, in Chinese.
    """

    initial: str | None = None
    table: Mapping[str, frozenset[str]] = field(default_factory=dict)
    after_admission: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    terminal: frozenset[str] = frozenset()
    acts: Mapping[str, str] = field(default_factory=dict)
    recorded_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    records: Mapping[str, frozenset[str]] = field(default_factory=dict)
    needs: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    said: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    verdicts: Mapping[str, Verdicts] = field(default_factory=dict)
    decided_first: Mapping[str, frozenset[str]] = field(default_factory=dict)
    admission: str = "admitted"
    review: str = "in_review"
    correction: str = "correction_started"
    person_required_before: frozenset[str] = frozenset()
    person_since_admission: bool = True
    separate_lanes: bool = True
    admitted_before_review: bool = True
    one_correction_before_admission: bool = True
    correction_in_time: bool = False
    correction_expires: str = ""
    notice_and_remedy: frozenset[str] = frozenset()
    papers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owner_lanes: frozenset[str] = frozenset()
    values: Mapping[str, Scalar] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def word(self, state: str | None) -> str:
        """What people call a state."""
        return self.names.get(state or "", state or "")

    def recorded(self, handler: str, headers: Mapping[str, str]) -> str:
        """The state that a job records, '' for none."""
        return headers.get(TRANSITION, "").strip() or self.acts.get(handler, "")
