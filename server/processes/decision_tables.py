"""A decision file as people read it: its tables in words, rows to try, and what a row of answers comes to."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from server.errors import Invalid
from workflows import dmn
from workflows.errors import DecisionError
from workflows.errors import Refused as Refused
from workflows.source import parse, tag

POLICIES: Mapping[str, str] = {
    "UNIQUE": "唯一：每种情形恰好有一条",
    "FIRST": "从上往下，用最先命中的",
    "PRIORITY": "命中多条时，用结果排在最前的",
    "ANY": "可以命中多条，结果必须一样",
    "COLLECT": "收集：命中的都要",
    "RULE ORDER": "命中的都要，按规则的先后",
    "OUTPUT ORDER": "命中的都要，按结果的先后",
}
KINDS: Mapping[str, str] = {
    "string": "文字",
    "boolean": "是不是",
    "number": "数",
    "integer": "数",
    "long": "数",
    "double": "数",
    "date": "日期",
}
NUMBERS = frozenset({"number", "integer", "long", "double"})
ANY = frozenset({"", "-"})
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_LITERAL = re.compile(r'"([^"\\]*)"')

Labels = Mapping[str, Mapping[str, str]]
"""variable -> value -> what people call the value."""


@dataclass(frozen=True)
class Column:
    """A column of conditions or results. choices: (value, label) where only some values are possible."""

    id: str
    label: str
    text: str
    kind: str
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def kind_words(self) -> str:
        """What kind of answer it takes, in a word; '' when the file does not say."""
        return KINDS.get(self.kind, "")


@dataclass(frozen=True)
class Cell:
    """One cell: in words, and as it is written. ``any``: this condition does not matter."""

    words: str
    text: str

    @property
    def any(self) -> bool:
        return self.text in ANY


@dataclass(frozen=True)
class Rule:
    """One rule, numbered as people count."""

    number: int
    id: str
    conditions: tuple[Cell, ...]
    results: tuple[Cell, ...]
    note: str


@dataclass(frozen=True)
class Table:
    """One decision table."""

    id: str
    name: str
    policy: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[Rule, ...]

    def numbers(self, ids: Iterable[str]) -> tuple[int, ...]:
        """The numbers of the rules with these ids."""
        wanted = set(ids)
        return tuple(rule.number for rule in self.rules if rule.id in wanted)


@dataclass(frozen=True)
class File:
    """A decision file: its name, its tables, and the decisions in it that are written as an expression."""

    name: str
    tables: tuple[Table, ...]
    expressions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a row to try comes to: the rules that hit, the result in words, or why there is none."""

    tone: str
    rules: tuple[int, ...] = ()
    words: str = ""
    errors: Mapping[int, str] = field(default_factory=dict)


def read(data: bytes, labels: Labels | None = None) -> File:
    """The tables of a DMN file. Raises Refused when it is none."""
    root = parse(data, "决策表")
    tables, expressions = [], []
    for decision in root:
        if tag(decision) != "decision":
            continue
        body = _child(decision, "decisionTable")
        name = decision.get("name") or decision.get("id") or ""
        if body is not None:
            tables.append(_table(decision, body, labels or {}))
        elif (literal := _child(decision, "literalExpression")) is not None:
            expressions.append((name, _text(literal)))
    return File(root.get("name") or (tables[0].name if tables else "决策表"), tuple(tables), tuple(expressions))


def attempt(data: bytes, table: Table, given: Mapping[int, str]) -> Answer:
    """Ask one table with answers as they were typed, by column from 0; decisions before it are taken from the row too."""
    values, wrong = _values(table, given)
    if wrong:
        return Answer("failed", words="先改好这一行里填得不对的", errors=wrong)
    try:
        program, problems = dmn.load({"table.dmn": _alone(data, table)}, [table.id])
        if problems:
            return Answer("failed", words=problems[0][1].message_zh.rstrip("。"))
        result = dmn.decide(program, table.id, values)
    except (DecisionError, Refused) as error:
        return Answer("failed", words=str(error).rstrip("。"))
    hit = table.numbers(result.matched.get(table.id, ()))
    if not hit and result.value in (None, []):
        return Answer(
            "warn", words="没有规则命中，办件会停在这里" if table.policy != "COLLECT" else "没有规则命中，什么也不要"
        )
    return Answer("done", hit, _result_words(table, result.value))


# -- reading


def _table(decision: Any, body: Any, labels: Labels) -> Table:
    inputs = [one for one in body if tag(one) == "input"]
    outputs = [one for one in body if tag(one) == "output"]
    notes = [one for one in body if tag(one) == "annotation"]
    rules = [one for one in body if tag(one) == "rule"]
    before = [_texts(rule, "inputEntry") for rule in rules]
    after = [_texts(rule, "outputEntry") for rule in rules]
    columns = tuple(_input(one, [row[at] for row in before if at < len(row)], labels) for at, one in enumerate(inputs))
    results = tuple(_output(one, labels) for one in outputs)
    return Table(
        decision.get("id") or "",
        decision.get("name") or decision.get("id") or "",
        body.get("hitPolicy") or "UNIQUE",
        columns,
        results,
        tuple(
            Rule(
                number,
                rule.get("id") or "",
                tuple(
                    Cell(_words(text, dict(column.choices), column.kind), text)
                    for text, column in zip(one, columns, strict=False)
                ),
                tuple(
                    Cell(_words(text, dict(column.choices), column.kind) if text else "", text)
                    for text, column in zip(other, results, strict=False)
                ),
                "；".join(
                    filter(
                        None, [_text(_child(rule, "description")), *(_texts(rule, "annotationEntry") if notes else [])]
                    )
                ),
            )
            for number, (rule, one, other) in enumerate(zip(rules, before, after, strict=True), 1)
        ),
    )


def _input(one: Any, cells: list[str], labels: Labels) -> Column:
    expression = _child(one, "inputExpression")
    text = _text(expression)
    kind = (expression.get("typeRef") if expression is not None else "") or ""
    known = labels.get(text.rsplit(".", 1)[-1], {})
    values = _LITERAL.findall(_text(_child(one, "inputValues")))
    if kind == "string" and not values:
        values = [value for cell in cells for value in _LITERAL.findall(cell)]
    choices = tuple((value, known.get(value, value)) for value in dict.fromkeys(values))
    return Column(one.get("id") or "", one.get("label") or text, text, kind, choices)


def _output(one: Any, labels: Labels) -> Column:
    name = one.get("name") or ""
    return Column(
        one.get("id") or "",
        one.get("label") or name,
        name,
        one.get("typeRef") or "",
        tuple(labels.get(name, {}).items()),
    )


def _words(text: str, labels: Mapping[str, str], kind: str) -> str:
    """A cell as people say it: 不论, 是, 基坑、地下室; a comparison stays as it is."""
    if text in ANY:
        return "不论"
    if kind == "boolean" and text in ("true", "false"):
        return "是" if text == "true" else "不是"
    plain = re.fullmatch(r'\s*"[^"\\]*"(\s*,\s*"[^"\\]*")*\s*', text)
    if plain:
        return "、".join(labels.get(value, value) for value in _LITERAL.findall(text))
    return text


def _texts(rule: Any, name: str) -> list[str]:
    return [_text(one) for one in rule if tag(one) == name]


def _child(element: Any, name: str) -> Any:
    return next((one for one in element if tag(one) == name), None)


def _text(element: Any) -> str:
    if element is None:
        return ""
    inner = _child(element, "text")
    return ((inner if inner is not None else element).text or "").strip()


# -- trying


def _alone(data: bytes, table: Table) -> bytes:
    """The file with this table asking its own row only: no decision before it, computed conditions by a name of their own."""
    root = deepcopy(parse(data, "决策表"))
    decision = next(one for one in root if tag(one) == "decision" and one.get("id") == table.id)
    for one in [one for one in decision if tag(one) == "informationRequirement"]:
        decision.remove(one)
    body = _child(decision, "decisionTable")
    for at, one in enumerate(child for child in body if tag(child) == "input"):
        if not _NAME.fullmatch(table.inputs[at].text):
            _child(_child(one, "inputExpression"), "text").text = f"gcb_column_{at}"
    return etree.tostring(root)


def _values(table: Table, given: Mapping[int, str]) -> tuple[dict[str, Any], dict[int, str]]:
    values: dict[str, Any] = {}
    wrong: dict[int, str] = {}
    for at, column in enumerate(table.inputs):
        try:
            value = _value(column, given.get(at, ""))
        except Invalid as error:
            wrong[at] = error.message
            continue
        name = column.text if _NAME.fullmatch(column.text) else f"gcb_column_{at}"
        place = values
        *outer, last = name.split(".")
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return values, wrong


def _value(column: Column, text: str) -> Any:
    text = text.strip()
    if not text:
        return None
    if column.kind == "boolean":
        return text == "true"
    if column.kind in NUMBERS:
        try:
            return Decimal(text)
        except InvalidOperation as error:
            raise Invalid(f"“{column.label}”要填数，例如 3.5。") from error
    if column.kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise Invalid(f"“{column.label}”要填日期，例如 2026-01-31。") from error
    return text


def _result_words(table: Table, value: Any) -> str:
    if isinstance(value, list):
        return "；".join(filter(None, (_result_words(table, one) for one in value)))
    if isinstance(value, Mapping):
        columns = {column.text: column for column in table.outputs}
        return "，".join(_one(columns.get(str(name)), one) for name, one in value.items() if one is not None)
    return _one(table.outputs[0] if len(table.outputs) == 1 else None, value)


def _one(column: Column | None, value: Any) -> str:
    if isinstance(value, bool):
        return f"{column.label}：{'是' if value else '不是'}" if column else ("是" if value else "不是")
    return dict(column.choices).get(str(value), str(value)) if column else str(value)
