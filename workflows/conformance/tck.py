"""The test files of the public DMN TCK: reading them, and when two values are equal (the rules of the suite's README)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from workflows.feel import FeelText, duration_text
from workflows.source import Xml, parse

T = "{http://www.omg.org/spec/DMN/20160719/testcase}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TOLERANCE = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class Case:
    """`service`: name of the decision service to call, '' where `expected` names decisions."""

    id: str
    service: str
    inputs: dict[str, Any]
    expected: tuple[tuple[str, Any], ...]


def cases(path: Path) -> tuple[str, list[Case]]:
    """(file name of the model, its cases)."""
    root = parse(path.read_bytes(), path.name)
    return root.findtext(f"{T}modelName") or "", list(_cases(root))


def _cases(root: Xml) -> Iterator[Case]:
    for case in root.iterfind(f"{T}testCase"):
        service = case.get("invocableName") if case.get("type") == "decisionService" else ""
        yield Case(
            case.get("id") or "",
            service or "",
            {node.get("name") or "": value(node) for node in case.iterfind(f"{T}inputNode")},
            tuple((n.get("name") or "", value(n.find(f"{T}expected"))) for n in case.iterfind(f"{T}resultNode")),
        )


def value(node: Xml | None) -> Any:
    """What a test file says of a value, as our engine's values; dates, times and durations always as FeelText."""
    if node is None:
        return None
    inner = node.find(f"{T}value")
    if inner is not None:
        kind = (inner.get(TYPE) or "").rpartition(":")[2]
        return None if inner.get(NIL) == "true" else _typed(inner.text or "", kind)
    items = node.find(f"{T}list")
    if items is not None:
        return None if items.get(NIL) == "true" else [value(item) for item in items.iterfind(f"{T}item")]
    components = node.findall(f"{T}component")
    return {c.get("name"): value(c) for c in components} if components else None


def _typed(text: str, kind: str) -> Any:
    match kind:
        case "decimal" | "double" | "integer":
            number = Decimal(text.strip())
            return int(number) if number == number.to_integral_value() else number
        case "boolean":
            return text.strip() == "true"
        case "date" | "time" | "duration":
            return FeelText(kind, text.strip())
        case "dateTime":
            return FeelText("datetime", text.strip())
    return text


def equal(expected: Any, got: Any) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool) or expected is None or got is None:
        return expected is got
    if isinstance(expected, int | Decimal) and isinstance(got, int | Decimal):
        return abs(Decimal(expected) - Decimal(got)) < TOLERANCE
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(equal, expected, got))
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(equal(expected[key], got[key]) for key in expected)
    if isinstance(expected, FeelText):
        return bool(_canonical(expected) == _canonical(got))
    return type(expected) is type(got) and bool(expected == got)


_DURATION = re.compile(r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")


def _canonical(item: Any) -> Any:
    match item:
        case datetime():
            item = FeelText("datetime", item.isoformat())
        case date():
            item = FeelText("date", item.isoformat())
        case time():
            item = FeelText("time", item.isoformat())
        case timedelta():
            item = FeelText("duration", duration_text(item))
    if not isinstance(item, FeelText):
        return item
    if item.kind in ("duration", "months"):
        return _length(item)
    text = re.sub(r"(\.\d*?)0+(?=$|[Z+\-@])", r"\1", item.text)
    text = re.sub(r"\.(?=$|[Z+\-@])", "", text)
    return item.kind, re.sub(r"\+00:00$", "Z", text)


def _length(item: FeelText) -> Any:
    found = _DURATION.fullmatch(item.text)
    if not found or (item.kind == "months" and found[4]):  # years and months have no days
        return item
    sign = -1 if found[1] else 1
    if item.kind == "months" or ((found[2] or found[3]) and not (found[4] or "T" in item.text)):
        return "months", sign * (int(found[2] or 0) * 12 + int(found[3] or 0))
    days, hours, minutes = (int(found[i] or 0) for i in (4, 5, 6))
    return "duration", sign * (((days * 24 + hours) * 60 + minutes) * 60 + Decimal(found[7] or 0))
