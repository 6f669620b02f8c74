"""The linter on models of other people: a verdict for every file, and the faulty ones of the public suite refused."""

import json
import os
import time
from pathlib import Path

import pytest

from workflows.lint import Known, errors, lint

SUITES = Path(os.environ.get("GCB_SUITES", Path(__file__).parents[3] / "shared" / "suites"))
CONFORMANCE, INTERCHANGE = SUITES / "bpmn-conformance", SUITES / "bpmn-interchange"
needs_suites = pytest.mark.skipif(not CONFORMANCE.exists(), reason="the public suites are not on this machine")

OURS_ALONE = frozenset({"unknown-signal", "no-diagram", "no-lane", "no-form"})
"""What our house wants of a model and no plain BPMN file has."""

ACCEPTED_THOUGH_LINT = {
    "constraints/EXT012_8_failure_timerEvent_timeDate.bpmn": "an ISO text without xsi:type is as good",
    "constraints/EXT078_1_failure_invalid_property.bpmn": "properties are ignored",
    "constraints/EXT101_1_fail.bpmn": "only the outgoing element is missing, which tools may leave out",
    "constraints/EXT107_1_fail.bpmn": "only the incoming element is missing, which tools may leave out",
}


@needs_suites
def test_every_file_of_other_tools_gets_a_verdict_in_half_a_second() -> None:
    slow = {}
    for file in INTERCHANGE.glob("**/*.bpmn"):
        began = time.perf_counter()
        for finding in lint({file.name: file.read_bytes()}, file.name, Known()):
            assert finding.message
            assert finding.cure
        slow[file.name] = time.perf_counter() - began
    assert len(slow) > 20
    assert max(slow.values()) < 0.5


@needs_suites
def test_models_that_break_the_standard_are_refused() -> None:
    accepted = set()
    for case in json.loads((CONFORMANCE / "reject.json").read_bytes()):
        found = lint({"m.bpmn": (CONFORMANCE / case["file"]).read_bytes()}, "m.bpmn", Known())
        if case["level"] != "wide" and not [f for f in found if f.code not in OURS_ALONE | {"not-executable"}]:
            accepted.add(case["file"])
    assert accepted == set(ACCEPTED_THOUGH_LINT)


@needs_suites
def test_models_of_common_constructs_are_accepted_but_for_a_missing_default() -> None:
    refused = {}
    for case in json.loads((CONFORMANCE / "cases.json").read_bytes()):
        if "needs" in case:
            continue
        found = errors(lint({"m.bpmn": (CONFORMANCE / case["file"]).read_bytes()}, "m.bpmn", Known()))
        codes = {f.code for f in found} - OURS_ALONE
        if codes:
            refused[case["file"]] = codes
    assert {code for codes in refused.values() for code in codes} <= {"no-default"}
    assert len(refused) < 10
