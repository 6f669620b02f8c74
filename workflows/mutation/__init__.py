"""Faulty models made on purpose, to measure the gate: of those that break the law when they run, how many does it refuse?

`changes` makes the faults, `walks` runs each mutant in the real engine against `oracle`, and the gate (`lint`, `paths`) judges it
without running it. The two judgements know nothing of one another.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from workflows.deployment import deploy
from workflows.errors import Refused
from workflows.findings import Known
from workflows.law import Rules
from workflows.lint import errors, lint
from workflows.mutation.changes import KINDS, Mutant, Stock, mutate
from workflows.mutation.walks import Around, Broken, walk
from workflows.outline import read
from workflows.paths import check

__all__ = ["ENOUGH", "Report", "Subject", "Verdict", "measure", "mutants"]

ENOUGH = 0.95
"""The share of the mutants that break the law which the gate must refuse."""
MOST_TRIES = 60


@dataclass(frozen=True)
class Subject:
    """A model to be mutated: its file among `files`, and what a walk of it draws from."""

    file: str
    process: str
    files: Mapping[str, bytes]
    rules: Rules
    known: Known
    examples: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """One mutant. broken: the walk that broke the law. refused: (code, sentence) of the first finding that forbids it."""

    mutant: Mutant
    broken: Broken | None
    refused: tuple[str, str] | None

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        one = self.mutant
        return {
            "model": one.process,
            "kind": one.kind,
            "element": one.element,
            "what": one.words,
            "breaks": None if self.broken is None else {"rule": self.broken.code, "at": self.broken.element},
            "walk": list(self.broken.walk) if self.broken else [],
            "refused": None if self.refused is None else {"code": self.refused[0], "message": self.refused[1]},
        }


@dataclass(frozen=True)
class Report:
    """The figures. unrunnable: mutants the engine would not even deploy; they are in no other figure."""

    seed: int
    verdicts: tuple[Verdict, ...]
    unrunnable: int

    @property
    def broken(self) -> list[Verdict]:
        return [v for v in self.verdicts if v.broken]

    @property
    def harmless(self) -> list[Verdict]:
        return [v for v in self.verdicts if not v.broken]

    @property
    def survivors(self) -> list[Verdict]:
        """They break the law, and the gate lets them through."""
        return [v for v in self.broken if not v.refused]

    @property
    def share_refused(self) -> float:
        return 1 - len(self.survivors) / len(self.broken) if self.broken else 1.0

    @property
    def share_accepted(self) -> float:
        """Of those no walk could break: a gate that refuses everything is of no use."""
        return sum(not v.refused for v in self.harmless) / len(self.harmless) if self.harmless else 1.0

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "seed": self.seed,
            "mutants": len(self.verdicts),
            "unrunnable": self.unrunnable,
            "broken": len(self.broken),
            "broken_refused": len(self.broken) - len(self.survivors),
            "share_refused": round(self.share_refused, 4),
            "harmless": len(self.harmless),
            "harmless_accepted": sum(not v.refused for v in self.harmless),
            "share_accepted": round(self.share_accepted, 4),
            "enough": self.share_refused >= ENOUGH,
            "survivors": [v.as_data() for v in self.survivors],
            "harmless_refused": [v.as_data() for v in self.harmless if v.refused],
        }


def mutants(subjects: Sequence[Subject], stock: Stock, seed: int, count: int) -> tuple[list[tuple[int, Mutant]], int]:
    """`count` different mutants that can run, evenly over models and kinds, with the index of their subject; and how many
    could not run."""
    found: list[tuple[int, Mutant]] = []
    seen: set[bytes] = {subject.files[subject.file] for subject in subjects}
    unrunnable, turn = 0, 0
    while len(found) < count and turn < MOST_TRIES * len(KINDS):
        kind = tuple(KINDS)[turn % len(KINDS)]
        for index, subject in enumerate(subjects):
            made = mutate(subject.files[subject.file], subject.file, subject.process, kind, stock, seed * 10_007 + turn)
            if made is None or made.data in seen or len(found) >= count:
                continue
            seen.add(made.data)
            if _runs(subject, made):
                found.append((index, made))
            else:
                unrunnable += 1
        turn += 1
    return found, unrunnable


def _runs(subject: Subject, mutant: Mutant) -> bool:
    try:
        deploy({**subject.files, subject.file: mutant.data}, subject.process)
    except Refused:
        return False
    return True


def measure(
    subjects: Sequence[Subject], stock: Stock, *, seed: int, count: int, walks: int, processes: int | None = None
) -> Report:
    """Make the mutants, walk and judge each. walks: random walks a mutant at most. Several processes, same result."""
    chosen, unrunnable = mutants(subjects, stock, seed, count)
    work = [(subjects[index], mutant, seed, walks) for index, mutant in chosen]
    workers = processes or min(2, os.cpu_count() or 1)
    if workers == 1:
        verdicts = [_judge(one) for one in work]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            verdicts = list(pool.map(_judge, work, chunksize=4))
    return Report(seed, tuple(verdicts), unrunnable)


def _judge(work: tuple[Subject, Mutant, int, int]) -> Verdict:
    subject, mutant, seed, walks = work
    files = {**subject.files, subject.file: mutant.data}
    outline = read(mutant.data, subject.file)
    around = Around(subject.rules, subject.known, subject.examples)
    broken = walk(deploy(files, subject.process), outline, subject.process, around, seed, walks)
    return Verdict(mutant, broken, _refused(subject, files))


def _refused(subject: Subject, files: Mapping[str, bytes]) -> tuple[str, str] | None:
    """As publishing does: the linter, and when it has no objection the paths."""
    found = errors(lint(files, subject.file, subject.known))
    found = found or errors(check(files, subject.process, subject.rules, subject.known))
    return (found[0].code, found[0].message) if found else None
