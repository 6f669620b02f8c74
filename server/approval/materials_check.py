"""What may stand in materials.yaml, and whether matters.yaml still finds there all it asks for."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.approval.matters import MATERIALS, MATTERS, REUSES, SOURCES
from server.approval.plain_yaml import Path
from server.approval.yaml_report import as_map, data_of, opened, part_of, report_gone, report_twice, report_version
from server.processes.library_kinds import Files, Finding

_MATERIAL = re.compile(r"M[0-9]{2,3}\Z")


def check_materials(session: Session, files: Files, in_force: Files, now: datetime) -> list[Finding]:
    """What is wrong with materials.yaml, and whether matters.yaml still finds all it asks for."""
    report = opened(MATERIALS, files)
    if isinstance(report, Finding):
        return [report]
    report_twice(report)
    top = report.map((), report.document.data, ("version", "materials"))
    known = report.map(("materials",), top.get("materials", {})) if top and "materials" in top else None
    if top is None or known is None:
        return report.found
    report_version(report, top)
    report.codes(("materials",), known, _MATERIAL, "M41")
    for code, raw in known.items():
        path: Path = ("materials", code)
        one = report.map(path, raw, ("name", "key", "source", "reuse"))
        if one is None:
            continue
        for key, value in one.items():
            here = (*path, key)
            if key == "name":
                report.text(here, value)
            elif key == "key":
                report.switch(here, value)
            elif key in ("source", "reuse"):
                report.choice(here, value, SOURCES if key == "source" else REUSES)
    report_gone(report, ("materials",), part_of(data_of(MATERIALS, in_force), "materials"), known)
    for code, asking in sorted(_asked_for(data_of(MATTERS, files)).items()):
        if code not in known:
            report.add(("materials",), "unknown-material", f"里没有 {code}，{asking}要它", "加上这种材料，或者在事项里改掉")
    return report.found


def _asked_for(matters: Mapping[str, Any]) -> dict[str, str]:
    """code -> the first matter, phase or result that names it, in words."""
    found: dict[str, str] = {}
    for code, matter in part_of(matters, "matters").items():
        for owner, raw in ((code, matter), *((f"{code}.{key}", one) for key, one in part_of(as_map(matter), "phases").items())):
            for one in codes_in(as_map(raw).get("materials")):
                found.setdefault(one, owner)
    for code, result in part_of(matters, "results").items():
        if isinstance(as_map(result).get("material"), str):
            found.setdefault(as_map(result)["material"], f"结果 {code}")
    return found


def codes_in(raw: Any) -> Iterator[str]:
    for one in raw if isinstance(raw, list) else ():
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            yield from (key for key in one if isinstance(key, str))
