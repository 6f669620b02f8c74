"""Where the public suites are (environment GCB_SUITES, else beside the project); they are not part of it."""

import os
from pathlib import Path

SUITES = Path(os.environ.get("GCB_SUITES") or Path(__file__).parents[2] / "shared" / "suites")
NAMES = ("bpmn-conformance", "dmn-tck", "bpmn-interchange")


def missing(folder: Path = SUITES) -> str:
    """One line about the suites that are not there, or ''."""
    absent = [name for name in NAMES if not (folder / name).is_dir()]
    return f"public suites not at {folder}, not run (set GCB_SUITES): {', '.join(absent)}" if absent else ""
