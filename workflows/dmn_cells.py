"""What the cells of a decision table let through: each column as a short row of sample values that tell all its cells apart.

Understood are literals (numbers, texts, true and false, dates), comparisons, ranges, lists of these, `not(...)`, `-` and empty.
Anything else is undecided, never guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from workflows.conditions import Token, tokens

Value: TypeAlias = Decimal | str | bool | date
Sign = Literal["=", "<", "<=", ">", ">="]
STEP = Decimal(1)


@dataclass(frozen=True)
class Span:
    """All values for which every (sign, literal) holds."""

    tests: tuple[tuple[Sign, Value], ...]

    def holds(self, value: Value) -> bool:
        return all(_compare(sign, value, literal) for sign, literal in self.tests)


@dataclass(frozen=True)
class Cell:
    """A cell: one of its spans holds, or none of them when `negated`. No span: anything."""

    spans: tuple[Span, ...] = ()
    negated: bool = False

    def holds(self, value: Value | None) -> bool:
        """value: None for any text or thing the column does not name."""
        if not self.spans:
            return True
        found = value is not None and any(span.holds(value) for span in self.spans)
        return found is not self.negated

    @property
    def literals(self) -> Iterable[Value]:
        return (literal for span in self.spans for _, literal in span.tests)


@dataclass(frozen=True)
class Point:
    """A sample value of a column: a text for people, and the FEEL of a cell that lets through all it stands for."""

    value: Value | None
    words: str
    feel: str


def _compare(sign: Sign, value: Value, literal: Value) -> bool:
    if type(value) is not type(literal):
        return False
    match sign:
        case "=":
            return value == literal
        case "<":
            return value < literal  # type: ignore[operator]
        case "<=":
            return value <= literal  # type: ignore[operator]
        case ">":
            return value > literal  # type: ignore[operator]
        case ">=":
            return value >= literal  # type: ignore[operator]


# -- reading a cell


def read(text: str) -> Cell | None:
    """What a cell says; None when that is not understood."""
    parts = tokens(text)
    if not parts or [p.text for p in parts] == ["-"]:
        return Cell()
    negated = parts[0].text == "not" and len(parts) > 2 and parts[1].text == "(" and parts[-1].text == ")"
    if negated:
        parts = parts[2:-1]
    spans = [_span(part) for part in _split(parts)]
    return None if not spans or None in spans else Cell(tuple(s for s in spans if s), negated)


def _split(parts: Sequence[Token]) -> list[list[Token]]:
    """At the commas outside all brackets; a bracket that opens a range may be any of `[ ] (`."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in parts:
        if token.kind == "sign" and token.text == "(":
            depth += 1
        elif token.kind == "sign" and token.text == ")":
            depth -= 1
        if token.text == "," and token.kind == "sign" and depth <= 0:
            found.append([])
        else:
            found[-1].append(token)
    return found


def _span(parts: Sequence[Token]) -> Span | None:
    texts = [p.text if p.kind == "sign" else "" for p in parts]
    if ".." in texts:
        at = texts.index("..")
        low, high = _literal(parts[1:at]), _literal(parts[at + 1 : -1])
        if low is None or high is None or texts[0] not in ("[", "]", "(") or texts[-1] not in ("[", "]", ")"):
            return None
        return Span(((">=" if texts[0] == "[" else ">", low), ("<=" if texts[-1] == "]" else "<", high)))
    sign: Sign = "="
    if texts and texts[0] in ("<", "<=", ">", ">=", "="):
        sign, parts = texts[0], parts[1:]  # type: ignore[assignment]
    literal = _literal(parts)
    return None if literal is None else Span(((sign, literal),))


def _literal(parts: Sequence[Token]) -> Value | None:
    texts = [p.text for p in parts]
    if len(parts) == 4 and texts[:2] == ["date", "("] and parts[2].kind == "string" and texts[3] == ")":
        try:
            return date.fromisoformat(texts[2][1:-1])
        except ValueError:
            return None
    if len(parts) == 2 and texts[0] == "-" and parts[1].kind == "number":
        return -Decimal(texts[1])
    if len(parts) != 1:
        return None
    if parts[0].kind == "number":
        return Decimal(texts[0])
    if parts[0].kind == "string":
        return texts[0][1:-1]
    return {"true": True, "false": False}.get(texts[0])


# -- a column as sample values


def points(cells: Iterable[Cell], allowed: Cell | None) -> list[Point] | None:
    """Samples that tell all cells of a column apart; None when it mixes kinds. allowed: the values the column may hold."""
    literals = {x for cell in (*cells, *([allowed] if allowed else [])) for x in cell.literals}
    kinds = {type(x) for x in literals}
    if not literals:
        return [Point(None, "任何值", "-")]
    if len(kinds) > 1:
        return None
    found = _samples(literals, kinds.pop())
    return [p for p in found if p.value is not None and allowed.holds(p.value)] if allowed and allowed.spans else found


def _samples(literals: set[Value], kind: type) -> list[Point]:
    if kind is bool:
        return [Point(True, "是", "true"), Point(False, "否", "false")]
    if kind is str:
        texts = sorted(str(x) for x in literals)
        others = Point(None, "别的文字", f"not({', '.join(written(t) for t in texts)})")
        return [*(Point(t, f"“{t}”", written(t)) for t in texts), others]
    ordered = sorted(literals)  # type: ignore[type-var]
    found = [Point(_moved(ordered[0], -1), f"小于 {_words(ordered[0])}", f"< {written(ordered[0])}")]
    for one, other in zip(ordered, [*ordered[1:], None], strict=True):
        found.append(Point(one, _words(one), written(one)))
        if other is None:
            found.append(Point(_moved(one, 1), f"大于 {_words(one)}", f"> {written(one)}"))
        elif (between := _between(one, other)) is not None:
            words = f"{_words(one)} 和 {_words(other)} 之间"
            found.append(Point(between, words, f"({written(one)}..{written(other)})"))
    return found


def _moved(value: Value, step: int) -> Value:
    if isinstance(value, date):
        return value + timedelta(days=step)
    return value + step * STEP  # type: ignore[operator, return-value]


def _between(one: Value, other: Value) -> Value | None:
    if isinstance(one, date) and isinstance(other, date):
        return one + timedelta(days=1) if other - one > timedelta(days=1) else None
    return (one + other) / 2  # type: ignore[operator, return-value]


def written(value: Value) -> str:
    """A literal in FEEL."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case date():
            return f'date("{value.isoformat()}")'
    return f"{value.normalize():f}"


def _words(value: Value) -> str:
    return value.isoformat() if isinstance(value, date) else written(value)
