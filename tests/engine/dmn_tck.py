"""Runs the public DMN TCK: reads its test files, evaluates by `workflows.dmn`, compares by the rules of the suite's README."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from workflows import DecisionError, FeelText, dmn
from workflows.feel import duration_text

T = "{http://www.omg.org/spec/DMN/20160719/testcase}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
MISSING = object()
TOLERANCE = Decimal("1e-8")


class Result(NamedTuple):
    case: str
    node: str
    not_null: bool
    passed: bool
    got: str


def run(folder: Path) -> Iterator[Result]:
    sources = {path.name: path.read_bytes() for path in sorted(folder.glob("*.dmn"))}
    for test in sorted(folder.glob("*-test-*.xml")):
        root = etree.parse(test).getroot()
        name = root.findtext(f"{T}modelName")
        yield from _cases(root, name, {name: sources[name]})


def _cases(root: Any, name: str, sources: dict[str, bytes]) -> Iterator[Result]:
    model = etree.fromstring(sources[name])
    ids = {e.get("name"): e.get("id") for e in model if str(e.tag).endswith("}decision")}
    services = {e.get("name"): e.get("id") for e in model if str(e.tag).endswith("}decisionService")}
    program, problems = dmn.load(sources, list(ids.values()))
    for case in root.iterfind(f"{T}testCase"):
        inputs = {node.get("name"): value(node) for node in case.iterfind(f"{T}inputNode")}
        for node in case.iterfind(f"{T}resultNode"):
            expected = value(node.find(f"{T}expected"))
            try:
                if case.get("type") == "decisionService":
                    got = dmn.service(sources, services[case.get("invocableName")], inputs)
                    if isinstance(got, dict) and node.get("name") in got:
                        got = got[node.get("name")]
                else:
                    got = dmn.decide(program, ids[node.get("name")], inputs, strict=False).value
            except (DecisionError, KeyError) as error:
                got = MISSING, repr(error)
            yield Result(
                f"{name}/{case.get('id')}",
                node.get("name"),
                expected is not None,
                equal(expected, got),
                f"{got!r} instead of {expected!r}",
            )


def value(node: Any) -> Any:
    if node is None:
        return None
    inner = node.find(f"{T}value")
    if inner is not None:
        return (
            None if inner.get(NIL) == "true" else _typed(inner.text or "", (inner.get(TYPE) or "").rpartition(":")[2])
        )
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
        return canonical(expected) == canonical(got)
    return type(expected) is type(got) and expected == got


_DURATION = re.compile(r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")


def canonical(item: Any) -> Any:
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
        found = _DURATION.fullmatch(item.text)
        if not found:
            return item
        sign = -1 if found[1] else 1
        if item.kind == "months" or ((found[2] or found[3]) and not (found[4] or "T" in item.text)):
            return "months", sign * (int(found[2] or 0) * 12 + int(found[3] or 0))
        days, hours, minutes = (int(found[i] or 0) for i in (4, 5, 6))
        return "duration", sign * (((days * 24 + hours) * 60 + minutes) * 60 + Decimal(found[7] or 0))
    text = re.sub(r"(\.\d*?)0+(?=$|[Z+\-@])", r"\1", item.text)
    text = re.sub(r"\.(?=$|[Z+\-@])", "", text)
    return item.kind, re.sub(r"\+00:00$", "Z", text)
