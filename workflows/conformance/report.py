"""Finds the suites below a folder, runs them, and says which of the promises made about them is broken."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workflows.conformance import bpmn, dmn, interchange, reject

MUST_SHARE = 0.95
LEVEL_3_SHARE = 0.80

#: Name in the report, the file by which a folder is known to be that suite, and what runs it.
SUITES: tuple[tuple[str, str, Callable[[Path], dict[str, Any]]], ...] = (
    ("bpmn", "cases.json", bpmn.run),
    ("reject", "reject.json", reject.run),
    ("dmn", "level2/index.json", dmn.run),
    ("interchange", "index.json", interchange.run),
)


class SuiteMissing(Exception):
    """There is no suite at the path; the sentence says what was looked for."""


def run(path: Path) -> dict[str, Any]:
    """The figures of every suite at `path` or in a folder of it. Raises SuiteMissing where there is none."""
    folders = [path, *sorted(child for child in path.glob("*") if child.is_dir())]
    report = {
        name: suite(folder)
        for name, file, suite in SUITES
        for folder in folders
        if (folder / file).is_file() and not (name == "interchange" and folder.parent.name == "dmn-tck")
    }
    if not report:
        wanted = "、".join(file for _, file, _ in SUITES)
        raise SuiteMissing(f"{path} 里没有公开测试集(找过 {wanted})")
    return {**report, "broken": list(broken(report))}


def broken(report: Mapping[str, Any]) -> Iterator[str]:
    """Every promise that the figures do not keep, in words."""
    if "bpmn" in report:
        yield from _bpmn(report["bpmn"])
    if "reject" in report:
        share = report["reject"]["must_own_reason"]
        if share < MUST_SHARE:
            yield f"reject: {share:.1%} of the models that must be refused are refused for their own reason, {MUST_SHARE:.0%} promised"
    if "dmn" in report:
        yield from _dmn(report["dmn"])
    if "interchange" in report:
        found = report["interchange"]
        if found["with_verdict"] != found["files"]:
            yield f"interchange: {found['files'] - found['with_verdict']} files without a verdict"


def _bpmn(found: Mapping[str, Any]) -> Iterator[str]:
    if found["wrong"]:
        yield f"bpmn: {len(found['wrong'])} cases with a wrong trace"
    common = found["without_needs"]
    if common["pass"] != common["cases"]:
        yield f"bpmn: {common['pass']} of {common['cases']} cases without needs pass"


def _dmn(levels: Mapping[str, Any]) -> Iterator[str]:
    if "level2" in levels:
        ours = levels["level2"]["ours"]
        if ours["passed"] != ours["results"]:
            yield f"dmn: {ours['passed']} of {ours['results']} results of level 2 are right"
    if "level3" in levels:
        ours = levels["level3"]["ours"]
        if ours["share_not_null"] < LEVEL_3_SHARE:
            yield f"dmn: {ours['share_not_null']:.1%} of level 3 is right, {LEVEL_3_SHARE:.0%} promised"
        for name, alone in levels["level3"]["feelin_alone"].items():
            if ours["passed_not_null"] < alone["passed_not_null"]:
                yield f"dmn: level 3 is below feelin alone ({name})"
