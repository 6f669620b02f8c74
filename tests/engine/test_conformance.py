"""The public BPMN conformance cases (uniba-dsg/betsy): common constructs run right, the others right or not at all."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

import workflows
from bpmn_player import verdict

SUITE = Path(os.environ.get("GCB_SUITES", Path(__file__).parents[3] / "shared" / "suites")) / "bpmn-conformance"
CASES = json.loads((SUITE / "cases.json").read_text(encoding="utf-8")) if (SUITE / "cases.json").exists() else []

needs_suite = pytest.mark.skipif(not CASES, reason=f"the public BPMN suite is not at {SUITE} (set GCB_SUITES)")


@needs_suite
@pytest.mark.parametrize("stored", [False, True], ids=["in-memory", "saved-and-loaded"])
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_public_case_leaves_its_trace_or_is_refused(case, stored):
    found = verdict(SUITE, case, stored)
    assert not found.startswith("wrong"), found
    if not case.get("needs"):
        assert found == "pass"


@needs_suite
def test_report_of_the_public_cases(record_property):
    counts = Counter(("with needs" if case.get("needs") else "common", verdict(SUITE, case, True)) for case in CASES)
    report = {f"{kind}: {found}": count for (kind, found), count in sorted(counts.items())}
    record_property("bpmn-conformance", json.dumps(report))
    print("bpmn-conformance", report)
    assert report["common: pass"] == 63


def refused(file: str) -> bool:
    """Whether no process of the file can be deployed."""
    data = (SUITE / file).read_bytes()
    keys = [
        process.get("id")
        for process in etree.fromstring(data).iter("{http://www.omg.org/spec/BPMN/20100524/MODEL}process")
    ]
    for key in keys:
        try:
            workflows.deploy({"model.bpmn": data}, key)
        except workflows.Refused:
            return True
    return not keys


@needs_suite
def test_models_whose_execution_would_break_are_refused(record_property):
    """Together with the share of runnable models above, which are accepted: 64 of 103."""
    models = json.loads((SUITE / "reject.json").read_text(encoding="utf-8"))
    counts = Counter((model["level"], refused(model["file"])) for model in models)
    record_property("bpmn-reject", json.dumps({f"{level} refused={found}": n for (level, found), n in counts.items()}))
    assert sum(counts.values()) == len(models) == 151
    assert counts["must", False] == 0
