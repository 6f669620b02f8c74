"""Has this very case been handled lawfully? Judges one running case by what really happened to it, act by act.

Independent of `paths`: it shares the caller's table of states and nothing else, looks at no model, and knows only the past.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from workflows.law import Rules


class Chosen(NamedTuple):
    """What somebody of the authority decided: outcome, task, lane, form."""

    outcome: str
    task: str
    lane: str
    form: str


@dataclass
class Record:
    """The history of one case. `broken` holds (code, element) of the first rule that was broken, None while all is well."""

    rules: Rules
    states: list[str] = field(default_factory=list)
    people: list[Chosen] = field(default_factory=list)
    since_admission: int = 0  # how many people had decided when the case was admitted
    decisions: set[str] = field(default_factory=set)
    found: dict[str, object] = field(default_factory=dict)  # what handlers gave back last
    others: bool = False  # somebody else was waited for since the case was received
    broken: tuple[str, str] | None = None

    def copy(self) -> "Record":
        """A record that goes on by itself."""
        return Record(
            self.rules,
            list(self.states),
            list(self.people),
            self.since_admission,
            set(self.decisions),
            dict(self.found),
            self.others,
            self.broken,
        )

    @property
    def admitted(self) -> bool:
        return self.rules.admission in self.states

    @property
    def last(self) -> str | None:
        return self.states[-1] if self.states else None

    def breaks(self, code: str, element: str) -> None:
        """Only the first counts: what comes after an unlawful act proves nothing."""
        if self.broken is None:
            self.broken = code, element

    def waited(self) -> None:
        """A message or timer came."""
        self.others = self.others or self.last == self.rules.initial

    def gave(self, results: Mapping[str, object]) -> None:
        """What a handler gave back."""
        self.found.update(results)

    def decided(self, decision: str) -> None:
        self.decisions.add(decision)

    def person(self, task: str, lane: str, form: str, outcome: str) -> None:
        """Somebody finished a task."""
        rules = self.rules
        if lane in rules.owner_lanes:
            self.waited()
            return
        open_ = rules.table and rules.admitted_before_review and not self.admitted
        if open_ and self.last not in rules.terminal and self.people and self.people[0].lane != lane:
            self.breaks("review-before-admission", task)
        self.people.append(Chosen(outcome, task, lane, form))

    def act(self, element: str, handler: str, headers: Mapping[str, str]) -> None:
        """A job was done that records a state, or none."""
        rules = self.rules
        state = headers.get("transition", "").strip() or rules.acts.get(handler, "")
        if not state:
            return
        if rules.table:
            self._in_order(element, state)
        if handler not in rules.recorded_by.get(state, {handler}):
            self.breaks("nothing-issued", element)
        if state not in rules.records.get(handler, {state}):
            self.breaks("wrong-handler", element)
        if any(self.found.get(name) is (not value) for name, value in rules.needs.get(state, {}).items()):
            self.breaks("found-otherwise", element)
        paper = headers.get("paper", "").strip()
        if state in rules.notice_and_remedy and (not paper or paper not in rules.papers.get(state, {paper})):
            self.breaks("no-paper", element)
        if not rules.decided_first.get(state, frozenset()) <= self.decisions:
            self.breaks("no-conditions", element)
        self._by_whom(element, state)
        self._reviews(element, state)
        if state == rules.admission:
            self.since_admission = len(self.people)
        self.states.append(state)
        self.others = False

    def _in_order(self, element: str, state: str) -> None:
        rules, last = self.rules, self.last
        if state == rules.correction and not self.admitted:
            if rules.one_correction_before_admission and state in self.states:
                self.breaks("second-correction", element)
            if rules.correction_in_time and self.others:
                self.breaks("late-correction", element)
        if last is None:
            lawful = state == rules.initial
        elif self.admitted and last in rules.after_admission:
            lawful = state in rules.after_admission[last]
        else:
            lawful = state in rules.table.get(last, ())
        if not lawful:
            self.breaks("act-order", element)

    def _by_whom(self, element: str, state: str) -> None:
        rules = self.rules
        asked = rules.said.get(state, ())
        deciders = self.people[-1:] if not asked else []
        for said in asked:
            word = next((p for p in reversed(self.people) if p.outcome in said.among), None)
            if word is None or word.outcome not in said.wanted:
                self.breaks("not-decided", element)
            deciders += [word] if word else []
        if state not in rules.person_required_before:
            return
        counted = self.people[self.since_admission :] if rules.person_since_admission else self.people
        if not counted:
            self.breaks("no-person", element)
        admitting = self._admitting(self.people[: self.since_admission]) if self.admitted else None
        if rules.separate_lanes and admitting in [p.lane for p in deciders]:
            self.breaks("same-lane", element)

    def _admitting(self, people: list[Chosen]) -> str | None:
        asked = self.rules.said.get(self.rules.admission, ())
        among = asked[0].among if asked else None
        return next((p.lane for p in reversed(people) if among is None or p.outcome in among), None)

    def _reviews(self, element: str, state: str) -> None:
        verdicts = self.rules.verdicts.get(state)
        if verdicts is None:
            return
        last = {p.task: p.outcome for p in self.people if p.form == verdicts.form}
        if not last or any(outcome != verdicts.good for outcome in last.values()):
            self.breaks("review-failed", element)
        elif not verdicts.owed <= last.keys():
            self.breaks("review-missing", element)

    def rests(self, element: str, messages: frozenset[str]) -> None:
        """The case waits for people or messages, nothing else is to be done."""
        rules = self.rules
        correcting = rules.correction_expires and self.last == rules.correction and not self.admitted
        if correcting and rules.correction_expires not in messages:
            self.breaks("correction-endless", element)

    def ended(self, element: str) -> None:
        """Nothing of the case is left."""
        if self.rules.table and self.last not in self.rules.terminal:
            self.breaks("no-final", element)
