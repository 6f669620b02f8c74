"""The public DMN TCK by result node; and, in the same run, what feelin is worth without what this project adds to it.

'alone' is measured twice: `literals` (a decision that is one FEEL expression, over inputs and required decisions; nothing else has
an answer) and `with_our_decisions` (tables, boxed expressions, services by our code, but FEEL and types as feelin has them).
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workflows import dmn
from workflows.conformance import tck
from workflows.errors import DecisionError
from workflows.source import Xml, parse, tag

MISSING = object()
LEVELS = ("level2", "level3")
ALONE = {"literals": "literals", "with_our_decisions": "decisions"}


@dataclass(frozen=True, slots=True)
class Result:
    """One result node. `not_null`: something but null is expected; `text`: the FEEL of the decision, to tell a reason by."""

    case: str
    node: str
    not_null: bool
    passed: bool
    expected: str
    got: str
    text: str


def run(folder: Path) -> dict[str, Any]:
    """Per level present: ours, feelin alone, and what is left grouped by reason."""
    return {level: _level(folder / level) for level in LEVELS if (folder / level).is_dir()}


def _level(folder: Path) -> dict[str, Any]:
    results = list(results_of(folder))
    left: defaultdict[str, list[str]] = defaultdict(list)
    for result in results:
        if not result.passed:
            said = f"{result.case} {result.node}: {result.got[:120]} instead of {result.expected[:120]}"
            left[reason(result)].append(said)
    groups = {
        why: {"results": len(found), "examples": found[:3]}
        for why, found in sorted(left.items(), key=lambda pair: -len(pair[1]))
    }
    return {
        "ours": _tally(results),
        "feelin_alone": {name: _tally(list(results_of(folder, how))) for name, how in ALONE.items()},
        "left": groups,
    }


def _tally(results: list[Result]) -> dict[str, Any]:
    counts = Counter((result.not_null, result.passed) for result in results)
    asked = counts[True, True] + counts[True, False]
    return {
        "results": len(results),
        "passed": counts[True, True] + counts[False, True],
        "results_not_null": asked,
        "passed_not_null": counts[True, True],
        "share_not_null": round(counts[True, True] / max(asked, 1), 4),
        "results_null": len(results) - asked,
        "passed_null": counts[False, True],
    }


def results_of(level: Path, alone: str = "") -> Iterator[Result]:
    """Every result node of a level, one after the other."""
    for folder in sorted(path for path in level.iterdir() if path.is_dir()):
        models = {path.name: path.read_bytes() for path in sorted(folder.glob("*.dmn"))}
        for test in sorted(folder.glob("*-test-*.xml")):
            name, cases = tck.cases(test)
            yield from _Model(name, models[name], alone).results(cases)


class _Model:
    """One model of the suite, its decisions and services by name."""

    def __init__(self, name: str, data: bytes, alone: str) -> None:
        self.name = name
        root = parse(data, name)
        self.decisions = _by_name(root, "decision")
        self.services = _by_name(root, "decisionService")
        texts = {key: " ".join(_texts(element)) for key, element in _elements(root, "decision")}
        self.texts = {name: texts[key] for name, key in self.decisions.items()}
        keys = [*self.decisions.values(), *self.services.values()]
        program, _ = dmn.load({name: data}, keys)
        self.program = _measuring(program, alone) if alone else program

    def results(self, cases: list[tck.Case]) -> Iterator[Result]:
        for case in cases:
            for node, expected in case.expected:
                got = self._value(case, node)
                passed = got is not MISSING and tck.equal(expected, got)
                text = self.texts.get(node, "")
                what = "an error" if got is MISSING else repr(got)
                yield Result(f"{self.name}/{case.id}", node, expected is not None, passed, repr(expected), what, text)

    def _value(self, case: tck.Case, node: str) -> Any:
        try:
            if not case.service:
                key = self.decisions.get(node, "")
                return dmn.decide(self.program, key, case.inputs, strict=False).value
            got = dmn.serve(self.program, self.services.get(case.service, ""), case.inputs, strict=False)
        except DecisionError:
            return MISSING
        return got[node] if isinstance(got, dict) and node in got else got


def _measuring(program: dmn.Decisions, alone: str) -> dmn.Decisions:
    marked: Mapping[str, Any] = {**program.program, "alone": alone}
    return replace(program, program=marked, hash=hashlib.sha256(f"{alone}{program.hash}".encode()).hexdigest())


def _elements(root: Xml, kind: str) -> Iterator[tuple[str, Xml]]:
    yield from ((element.get("id") or "", element) for element in root if tag(element) == kind)


def _by_name(root: Xml, kind: str) -> dict[str, str]:
    return {element.get("name") or "": key for key, element in _elements(root, kind)}


def _texts(element: Xml) -> Iterator[str]:
    yield from (" ".join((one.text or "").split()) for one in element.iter() if tag(one) == "text")


#: Why a result differs, told by the model, the decision's FEEL and the values; the first that fits.
_REASONS: tuple[tuple[str, str], ...] = (
    (r"@[A-Z][A-Za-z]+/[A-Z]", "a named time zone other than UTC and China's: the interpreter has no zone data"),
    (r'"-\d{4,}-\d\d|\d{5,}-\d\d-\d\d', "a year below zero or beyond 9999"),
    (r"19:00\"\)|-19:00", "an offset beyond 18 hours is let pass"),
    (r"\binstance of\b", "instance of a type the model defines, or of a list or context with inner types"),
    (r"^0084-", "iteration over ranges of dates and times; over ranges that must not be iterated"),
    (r"^0082-", "a result that does not fit its declared type where FEEL itself declares it"),
    (r"^0085-", "a decision service called with wrong arguments"),
    (r"^0086-", "a model imported by namespace"),
    (r"^0099-", "the negative of a duration"),
    (r"^(0021|0069)-", "singleton lists turned into their item and back"),
    (r"\bnull(\.\.|[)\]])", "membership in a range with a null end"),
    (r"round (up|down)\(|decimal\(", "a scale that is out of range or not whole"),
)


def reason(result: Result) -> str:
    """In words, one of a few."""
    told = f"{result.case} {result.text} {result.expected}"
    return next((why for pattern, why in _REASONS if re.search(pattern, told)), "other")
