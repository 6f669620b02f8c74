"""Conditions read statically: which variables an expression looks at, and what is known after it held or did not hold.

A small part of FEEL is understood (and, or, not, comparison of a name with a literal, membership in a list of literals);
everything else is one opaque question that may be answered either way. Nothing is evaluated by the FEEL engine here: that
needs values, and the path check has none.

Names joined by spaces count as one name, as FEEL allows ("项目 类型").
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/|(?P<string>"(?:\\.|[^"\\])*")|(?P<number>\d+(?:\.\d+)?|\.\d+)"""
    r"""|(?P<name>[^\W\d][\w?']*)|(?P<sign>\.\.|!=|<=|>=|->|\*\*|[-+*/=<>()\[\]{},:.@;|&%!?~^$#\\`'"])|(?P<odd>.)""",
    re.S,
)
_WORDS = """and or not true false null if then else for in return some every satisfies between instance of function
external item partial"""
KEYWORDS = frozenset(_WORDS.split())
SPACED_FUNCTIONS = re.compile(r"\b(date and time|years and months duration)(?=\s*\()")
MAX_LENGTH = 4_000
MAX_DEPTH = 40
MAX_TOKENS = 300

Scalar = bool | str | float | None
Known = tuple[str, frozenset[Scalar]]  # ('is', {one}), ('not', {some}) or UNSET
UNSET: Known = ("unset", frozenset())  # nobody has written the variable: a condition that asks it stops the case
Values = Mapping[str, Known]


class Unset(Exception):
    """A condition asks a variable that nobody has written; `name` is it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True)
class Constant:
    value: Scalar


@dataclass(frozen=True)
class Equal:
    """A variable equals a literal. A bare boolean name is `name = true`."""

    name: str
    value: Scalar


@dataclass(frozen=True)
class Not:
    inner: "Condition"


@dataclass(frozen=True)
class Both:
    first: "Condition"
    second: "Condition"


@dataclass(frozen=True)
class Either:
    first: "Condition"
    second: "Condition"


@dataclass(frozen=True)
class Opaque:
    text: str
    names: frozenset[str]


Condition = Constant | Equal | Not | Both | Either | Opaque


def body(text: str) -> str:
    """An expression without its leading '='."""
    return text.strip().removeprefix("=").strip()


def tokens(text: str) -> list[Token]:
    text = SPACED_FUNCTIONS.sub(lambda found: found[0].replace(" ", "_"), text[:MAX_LENGTH])
    found = []
    for match in TOKEN.finditer(text):
        if match.lastgroup:
            found.append(Token(match.lastgroup, match[0]))
    return found


@lru_cache(4096)
def names(text: str) -> frozenset[str]:
    """The variables an expression reads: no functions, no bound names, no keys of a context, of a.b only a."""
    found: set[str] = set()
    bound: set[str] = set()
    parts = tokens(body(text))
    at = 0
    while at < len(parts):
        token = parts[at]
        if token.kind != "name" or token.text in KEYWORDS:
            if token.text in ("for", "some", "every") and at + 1 < len(parts):
                bound.add(parts[at + 1].text)
            at += 1
            continue
        end = at + 1
        while end < len(parts) and parts[end].kind == "name" and parts[end].text not in KEYWORDS:
            end += 1
        name = " ".join(p.text for p in parts[at:end])
        following = parts[end].text if end < len(parts) else ""
        before = parts[at - 1].text if at else ""
        if following == "in" and before == ",":
            bound.add(name)  # for a in x, b in y
        elif following not in ("(", ":") and before != ".":
            found.add(name)
        at = end
    return frozenset(found - bound)


def literal(text: str) -> Known | None:
    """What a mapping's source is known to give: `=false` → ('is', {False}); None when it is no literal.

    A source without '=' is a text, as in Camunda 8.
    """
    if not text.strip().startswith("="):
        return "is", frozenset({text.strip()})
    parts = tokens(body(text))
    value = _scalar(parts)
    return ("is", frozenset({value[0]})) if value else None


def copied(text: str) -> str | None:
    """The variable that a mapping merely copies, if it does."""
    found = body(text)
    return found if text.strip().startswith("=") and names(text) == {found} else None


def told(text: str, values: Values) -> Known | None:
    """What a mapping's source is known to give where `values` is known: a literal, a copy, or a condition already decided."""
    if (known := literal(text)) is not None:
        return known
    if (name := copied(text)) is not None:
        return None if values.get(name) == UNSET else values.get(name)
    try:
        found = list(islice(outcomes(parse(text), values), 2))
    except Unset:  # in a mapping it is null
        return None
    settled = len(found) == 1 and not isinstance(parse(text), Opaque)
    return ("is", frozenset({found[0][0]})) if settled else None


@lru_cache(4096)
def parse(text: str) -> Condition:
    """The condition of a flow."""
    parts = tuple(tokens(body(text)))
    return _disjunction(parts, 0) if len(parts) <= MAX_TOKENS else _opaque(parts)


def outcomes(condition: Condition, values: Values) -> Iterator[tuple[bool, Values]]:
    """Every way a condition can turn out where `values` is known, each with what is known then. Raises Unset."""
    match condition:
        case Constant(value):
            yield value is True, values
        case Not(inner):
            for result, after in outcomes(inner, values):
                yield not result, after
        case Both(first, second):
            for result, after in outcomes(first, values):
                if result:
                    yield from outcomes(second, after)
                else:
                    yield False, after
        case Either(first, second):
            for result, after in outcomes(first, values):
                if result:
                    yield True, after
                else:
                    yield from outcomes(second, after)
        case Equal(name, value):
            yield from _compare(name, value, values)
        case Opaque(text, _):
            yield from _compare(f"={text}", True, values)


def assign(values: Values, name: str, known: Known | None) -> dict[str, Known]:
    """`values` after a variable was written; None: with something unknown."""
    after = {n: k for n, k in values.items() if n != name and not (n.startswith("=") and name in names(n))}
    if known is not None:
        after[name] = known
    return after


def _compare(name: str, value: Scalar, values: Values) -> Iterator[tuple[bool, Values]]:
    kind, known = values.get(name, ("not", frozenset()))
    if kind == "unset":
        raise Unset(name)
    if kind == "is":
        yield _same(next(iter(known)), value), values
    elif any(_same(k, value) for k in known):
        yield False, values
    else:
        yield True, {**values, name: ("is", frozenset({value}))}
        if isinstance(value, bool):  # what is compared with a boolean is a boolean
            yield False, {**values, name: ("is", frozenset({not value}))}
        else:
            yield False, {**values, name: ("not", known | {value})}


def _same(one: Scalar, other: Scalar) -> bool:
    return type(one) is type(other) and one == other


def _scalar(parts: list[Token] | tuple[Token, ...]) -> tuple[Scalar] | None:
    sign = 1.0
    if len(parts) == 2 and parts[0].text == "-" and parts[1].kind == "number":
        parts, sign = parts[1:], -1.0
    if len(parts) != 1:
        return None
    token = parts[0]
    if token.kind == "string":
        return (token.text[1:-1],)
    if token.kind == "number":
        return (sign * float(token.text),)
    constants: dict[str, Scalar] = {"true": True, "false": False, "null": None}
    return (constants[token.text],) if token.text in constants else None


def _split(parts: tuple[Token, ...], word: str) -> list[tuple[Token, ...]]:
    """Parts between a word that stands outside all brackets."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in parts:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}")) if token.kind == "sign" else 0
        if depth == 0 and token.text == word and token.kind != "string":
            found.append([])
        else:
            found[-1].append(token)
    return [tuple(part) for part in found]


def _opaque(parts: tuple[Token, ...]) -> Condition:
    text = " ".join(p.text for p in parts)
    return Opaque(text, names(f"={text}"))


def _disjunction(parts: tuple[Token, ...], depth: int) -> Condition:
    if depth > MAX_DEPTH or any(
        p.text in ("if", "for", "some", "every", "between", "function", "instance") and p.kind == "name" for p in parts
    ):
        return _opaque(parts)
    return _join(Either, [_join(Both, [_atom(c, depth) for c in _split(d, "and")]) for d in _split(parts, "or")])


def _join(kind: type[Both] | type[Either], conditions: list[Condition]) -> Condition:
    joined = conditions[-1]
    for condition in reversed(conditions[:-1]):
        joined = kind(condition, joined)
    return joined


def _wrapped(parts: tuple[Token, ...]) -> bool:
    """Whether one pair of parentheses embraces all."""
    if len(parts) < 3 or parts[0].text != "(" or parts[-1].text != ")":
        return False
    depth = 0
    for index, token in enumerate(parts):
        depth += (token.text == "(") - (token.text == ")") if token.kind == "sign" else 0
        if depth == 0 and index < len(parts) - 1:
            return False
    return True


def _name(parts: tuple[Token, ...]) -> str | None:
    good = parts and all(p.kind == "name" and p.text not in KEYWORDS for p in parts)
    return " ".join(p.text for p in parts) if good else None


def _atom(parts: tuple[Token, ...], depth: int) -> Condition:
    if _wrapped(parts):
        return _disjunction(parts[1:-1], depth + 1)
    if parts and parts[0].text == "not" and parts[0].kind == "name" and _wrapped(parts[1:]):
        return Not(_disjunction(parts[2:-1], depth + 1))
    if value := _scalar(parts):
        return Constant(value[0])
    if name := _name(parts):
        return Equal(name, True)
    for sign in ("=", "!="):
        sides = _split(parts, sign)
        if len(sides) == 2:
            for left, right in (sides, sides[::-1]):
                name, value = _name(left), _scalar(right)
                if name and value:
                    return Equal(name, value[0]) if sign == "=" else Not(Equal(name, value[0]))
    sides = _split(parts, "in")
    if len(sides) == 2 and (name := _name(sides[0])) and _wrapped(sides[1]):
        values = [_scalar(v) for v in _split(sides[1][1:-1], ",")]
        if all(values):
            return _join(Either, [Equal(name, v[0]) for v in values if v])
    return _opaque(parts)
