"""The cases of the public BPMN suite, each played in memory and again with save and load at every step."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from workflows.conformance.player import verdict


def run(folder: Path) -> dict[str, Any]:
    """Of the cases with common constructs only, and of those with others (`needs`): how many passed, were refused, were wrong."""
    cases = json.loads((folder / "cases.json").read_bytes())
    common: Counter[str] = Counter()
    needing: Counter[str] = Counter()
    wrong, refused, accepted = [], {}, set()
    for case in cases:
        memory, why = verdict(folder, case, stored=False)
        stored, why_stored = verdict(folder, case, stored=True)
        found = memory if memory == stored else "wrong"
        (needing if case.get("needs") else common)[found] += 1
        if found == "wrong":
            wrong.append({"case": case["id"], "in_memory": [memory, *why], "stored": [stored, *why_stored]})
        elif found == "refused":
            refused[case["id"]] = {"needs": case.get("needs"), "reasons": list(why)}
        if found != "refused":
            accepted.add(case["file"])
    models = {case["file"] for case in cases}
    return {
        "cases": len(cases),
        "without_needs": _counts(common),
        "with_needs": _counts(needing),
        "models": len(models),
        "models_accepted_by_the_engine": len(accepted),
        "wrong": wrong,
        "refused": refused,
    }


def _counts(counter: Counter[str]) -> dict[str, int]:
    return {"cases": counter.total(), **{name: counter[name] for name in ("pass", "refused", "wrong")}}
