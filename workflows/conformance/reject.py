"""Models that break the standard: is each refused, and for its own reason? Told together with what the same linter accepts."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workflows.conformance.faults import FAULTS
from workflows.findings import Finding, Known, errors
from workflows.lint import lint

#: What our house wants of a model and no plain BPMN file has: says nothing about these models.
OURS_ALONE = frozenset({"unknown-signal", "no-diagram", "no-lane", "no-form", "not-executable"})
LEVELS = ("must", "lint", "wide")


def run(folder: Path) -> dict[str, Any]:
    """Per level, of the models without other faults: refused at all, and refused (must) or found (lint) for their own reason."""
    tallies = {level: {"models": 0, "refused": 0, "own_reason": 0} for level in LEVELS}
    others = {level: {"models": 0, "own_reason": 0} for level in LEVELS}
    unnamed: dict[str, Any] = {}
    for entry in json.loads((folder / "reject.json").read_bytes()):
        found = findings_of(folder / entry["file"])
        level = entry["level"]
        heeded = errors(found) if level == "must" else found
        named = names_fault(entry["rule"], heeded)
        if entry.get("other_faults"):
            others[level]["models"] += 1
            others[level]["own_reason"] += named
            continue
        tally = tallies[level]
        tally["models"] += 1
        tally["refused"] += bool(errors(found))
        tally["own_reason"] += named
        if not named and level != "wide":
            said = [f"{finding.element}: {finding.message}" for finding in found]
            unnamed[entry["file"]] = {"level": level, "reason": entry["reason"], "said": said}
    must = tallies["must"]
    return {
        "levels": tallies,
        "with_other_faults": others,
        "must_own_reason": round(must["own_reason"] / max(must["models"], 1), 4),
        "not_named": unnamed,
        **_accepted(folder),
    }


def findings_of(path: Path) -> list[Finding]:
    """What the linter says of one file, without what only our house asks for."""
    return [f for f in lint({path.name: path.read_bytes()}, path.name, Known()) if f.code not in OURS_ALONE]


def names_fault(rule: str, findings: Iterable[Finding]) -> bool:
    """Whether one of the findings names the fault of that rule, at its element."""
    fault = FAULTS.get(rule)
    return fault is not None and any(
        finding.code == code and words in finding.message and bool(finding.element)
        for finding in findings
        if not fault.elements or finding.element in fault.elements
        for code, words in fault.says
    )


def _accepted(folder: Path) -> dict[str, Any]:
    """The models of `cases.json`, which are good: the share of them that the same linter lets pass."""
    cases = json.loads((folder / "cases.json").read_bytes())
    common = {case["file"] for case in cases if not case.get("needs")}
    refusals = {
        file: sorted({finding.code for finding in errors(findings_of(folder / file))})
        for file in sorted({case["file"] for case in cases})
    }
    passed = [file for file, codes in refusals.items() if not codes]
    return {
        "models_of_cases": {"without_needs": len(common), "all": len(refusals)},
        "models_of_cases_accepted": {"without_needs": len(common & set(passed)), "all": len(passed)},
        "models_of_cases_refused": {file: codes for file, codes in refusals.items() if codes and file in common},
    }
