"""Files as the tools of many vendors write them: the linter must give every one of them a verdict, with reasons, soon."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from workflows.findings import Known, errors
from workflows.lint import lint


def run(folder: Path) -> dict[str, Any]:
    """Per file 'accepted' or how often each code was found; `mute`: findings without a sentence or a cure."""
    files: dict[str, Any] = {}
    seconds, mute, accepted = [], [], 0
    for entry in json.loads((folder / "index.json").read_bytes()):
        name = entry["file"]
        began = time.thread_time()
        found = lint({name: (folder / name).read_bytes()}, name, Known())
        seconds.append(time.thread_time() - began)
        accepted += not errors(found)
        mute += [f"{name}: {finding.code}" for finding in found if not (finding.message and finding.cure)]
        files[name] = {
            "verdict": "refused" if errors(found) else "accepted",
            "findings": dict(Counter(finding.code for finding in found)),
            "first": next((f"{finding.message}。{finding.cure}。" for finding in found), None),
        }
    return {
        "files": len(files),
        "with_verdict": len(files) - len({text.partition(":")[0] for text in mute}),
        "accepted": accepted,
        "slowest_s": round(max(seconds, default=0.0), 3),
        "mute": mute,
        "verdicts": files,
    }
