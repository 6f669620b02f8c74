"""The gate against the engine: what breaks the law when it runs is refused before it runs, and what does not is let through."""

import random
import time

import pytest

from server import gate
from workflows import mutation
from workflows.deployment import deploy
from workflows.law import Rules, Said
from workflows.lint import lint
from workflows.mutation.changes import KINDS, mutate
from workflows.mutation.oracle import Record
from workflows.mutation.walks import Around, walk
from workflows.outline import read
from workflows.paths import check

SUBJECTS = gate.subjects()
STOCK = gate.stock()


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: s.process)
def test_no_random_walk_of_a_shipped_model_breaks_the_law(subject: mutation.Subject) -> None:
    outline = read(subject.files[subject.file])
    around = Around(subject.rules, subject.known, subject.examples)
    assert walk(deploy(subject.files, subject.process), outline, subject.process, around, seed=3, count=60) is None


def test_of_a_few_mutants_those_that_break_the_law_are_refused_and_most_others_are_not() -> None:
    report = mutation.measure(SUBJECTS, STOCK, seed=4, count=24, walks=40, processes=1)
    assert len(report.verdicts) == 24
    assert [v.as_data() for v in report.survivors] == []
    assert len(report.broken) > 8
    assert report.share_accepted > 0.6
    assert {v.mutant.process for v in report.verdicts} == {s.process for s in SUBJECTS}
    assert len({v.mutant.kind for v in report.verdicts}) > 5


def test_the_same_seed_makes_the_same_mutants() -> None:
    def made(seed: int) -> list[bytes]:
        return [mutant.data for _, mutant in mutation.mutants(SUBJECTS, STOCK, seed, 20)[0]]

    assert made(1) == made(1) != made(2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_changes_the_model_and_says_how(kind: str) -> None:
    found = [mutate(s.files[s.file], s.file, s.process, kind, STOCK, 1) for s in SUBJECTS]
    for subject, mutant in zip(SUBJECTS, found, strict=True):
        if mutant is not None:
            assert mutant.data != subject.files[subject.file]
            assert mutant.words
    assert any(found)


def test_models_with_many_faults_never_bring_the_checks_down() -> None:
    choice = random.Random(5)
    for round_ in range(20):
        subject = choice.choice(SUBJECTS)
        data = subject.files[subject.file]
        for step in range(choice.randint(2, 6)):
            made = mutate(data, subject.file, subject.process, choice.choice(list(KINDS)), STOCK, 100 * round_ + step)
            data = made.data if made else data
        files = {**subject.files, subject.file: data}
        began = time.process_time()
        for finding in lint(files, subject.file, subject.known) + check(
            files, subject.process, subject.rules, subject.known
        ):
            assert finding.message
            assert finding.cure
        assert time.process_time() - began < 15


RULES = Rules(
    initial="received",
    table={"received": frozenset({"admitted", "asked"}), "asked": frozenset({"admitted"})},
    after_admission={"admitted": frozenset({"completed"})},
    terminal=frozenset({"completed"}),
    said={
        "admitted": (Said(frozenset({"admit", "deny"}), frozenset({"admit"})),),
        "completed": (Said(frozenset({"grant", "refuse"}), frozenset({"grant"})),),
    },
    person_required_before=frozenset({"completed"}),
    correction="asked",
    correction_in_time=True,
    correction_expires="asked.expired",
    decided_first={"completed": frozenset({"conditions"})},
    owner_lanes=frozenset({"owner"}),
)


def lawful() -> Record:
    record = Record(RULES)
    record.act("a", "record", {"transition": "received"})
    record.person("t", "window", "form", "admit")
    record.act("b", "record", {"transition": "admitted"})
    record.decided("conditions")
    return record


def test_the_oracle_is_content_with_a_lawful_case() -> None:
    record = lawful()
    record.person("u", "office", "form", "grant")
    record.act("c", "record", {"transition": "completed"})
    record.ended("e")
    assert record.broken is None


def test_the_oracle_tells_each_rule_that_is_broken() -> None:
    def after(*acts: tuple[str, ...]) -> tuple[str, str] | None:
        record = lawful()
        for name, *arguments in acts:
            getattr(record, name)(*arguments)
        return record.broken

    def act(record: Record, state: str) -> None:
        record.act("x", "record", {"transition": state})

    record = lawful()
    act(record, "completed")
    assert record.broken == ("not-decided", "x")
    assert after(("ended", "e")) == ("no-final", "e")
    record = lawful()
    record.person("u", "window", "form", "grant")
    act(record, "completed")
    assert record.broken == ("same-lane", "x")
    record = lawful()
    record.person("u", "owner", "form", "grant")
    act(record, "completed")
    assert record.broken == ("not-decided", "x")
    record = lawful()
    record.person("u", "office", "form", "grant")
    record.decisions.clear()
    act(record, "completed")
    assert record.broken == ("no-conditions", "x")
    record = Record(RULES)
    act(record, "received")
    record.waited()
    act(record, "asked")
    assert record.broken == ("late-correction", "x")
    record = Record(RULES)
    act(record, "received")
    act(record, "asked")
    record.rests("t", frozenset())
    assert record.broken == ("correction-endless", "t")
