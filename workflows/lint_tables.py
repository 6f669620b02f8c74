"""Rules about decision tables: rules that hit together, inputs that no rule hits, cells left empty, results nobody gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, TypeAlias

from workflows import feel
from workflows.dmn_cells import Cell, Point, points, read
from workflows.errors import Refused
from workflows.findings import Finding
from workflows.source import Xml, namespace, parse, tag

DMN = "https://www.omg.org/spec/DMN/"
MAX_STEPS = 20_000
ONE_ANSWER = frozenset({"UNIQUE", "ANY", "FIRST", "PRIORITY"})
"""Hit policies that give one result, so that an input no rule hits gives none."""

ANYTHING = (Point(None, "任何值", "-"),)


@dataclass(frozen=True)
class Column:
    """An input: what people call it, and its sample values (None: not understood)."""

    name: str
    points: tuple[Point, ...] | None


@dataclass(frozen=True)
class Rule:
    """number: from 1. cells: None where a cell is not understood. lets: of each column the samples let through, as bits."""

    number: int
    cells: tuple[Cell | None, ...]
    texts: tuple[str, ...]
    outputs: tuple[str, ...]
    lets: tuple[int, ...] = ()


@dataclass(frozen=True)
class Table:
    """A decision table as far as the linter looks at it. outputs: (name, has a default)."""

    decision: str
    name: str
    policy: str
    columns: tuple[Column, ...]
    outputs: tuple[tuple[str, bool], ...]
    rules: tuple[Rule, ...]


def table_findings(files: Mapping[str, bytes], name: str) -> Iterator[Finding]:
    """Everything wrong with the decision tables of one DMN file. Any bytes get a verdict; nothing is raised."""
    try:
        root = parse(files[name], name)
    except Refused as refused:
        for problem in refused.findings:
            yield Finding("error", "refused", None, name, problem.message_zh.rstrip("。"), problem.cure_zh.rstrip("。"))
        return
    if tag(root) != "definitions" or not namespace(root).startswith(DMN):
        message = f"文件“{name}”不是 DMN 1.3 以上的决策模型"
        yield Finding("error", "refused", None, name, message, "请用 Camunda Modeler 重新保存")
        return
    for table in tables(root):
        yield from one_table(table)


def tables(root: Xml) -> Iterator[Table]:
    """The decision tables of a file, one a decision."""
    for decision in root:
        if tag(decision) == "decision":
            for element in decision:
                if tag(element) == "decisionTable":
                    yield _table(decision, element)


def _text(element: Xml | None, name: str) -> str:
    found = next((child for child in element if tag(child) == name), None) if element is not None else None
    text = next((child for child in found if tag(child) == "text"), None) if found is not None else None
    return ((text.text if text is not None else None) or "").strip()


def _own(element: Xml) -> str:
    text = next((child for child in element if tag(child) == "text"), None)
    return ((text.text if text is not None else None) or "").strip()


def _table(decision: Xml, element: Xml) -> Table:
    inputs = [child for child in element if tag(child) == "input"]
    outputs = [child for child in element if tag(child) == "output"]
    rules = []
    for number, row in enumerate((child for child in element if tag(child) == "rule"), 1):
        texts = tuple(_own(cell) for cell in row if tag(cell) == "inputEntry")
        results = tuple(_own(cell) for cell in row if tag(cell) == "outputEntry")
        rules.append(Rule(number, tuple(read(text) for text in texts), texts, results))
    columns = []
    for index, column in enumerate(inputs):
        cells = [rule.cells[index] for rule in rules if index < len(rule.cells)]
        allowed_text = _text(column, "inputValues")
        allowed = read(allowed_text) if allowed_text else None
        understood = None if allowed_text and allowed is None else points([c for c in cells if c], allowed)
        label = (column.get("label") or _text(column, "inputExpression") or f"第 {index + 1} 列").strip()
        columns.append(Column(label, tuple(understood) if understood else None))
    return Table(
        decision.get("id") or "",
        " ".join((decision.get("name") or decision.get("id") or "").split()),
        element.get("hitPolicy", "UNIQUE"),
        tuple(columns),
        tuple((o.get("name") or o.get("label") or "", bool(_text(o, "defaultOutputEntry"))) for o in outputs),
        tuple(replace(rule, lets=_lets(rule, columns)) for rule in rules),
    )


def _lets(rule: Rule, columns: list[Column]) -> tuple[int, ...]:
    return tuple(
        sum(1 << n for n, point in enumerate(column.points or ANYTHING) if cell is None or cell.holds(point.value))
        for cell, column in zip(rule.cells, columns, strict=False)
    )


def one_table(table: Table) -> Iterator[Finding]:
    """The rules of this file over one table."""
    if not table.rules:
        yield _finding(table, "empty-table", "一条规则也没有，什么结果都不给", "至少写一条规则")
        return
    broken = False
    for rule in table.rules:
        if len(rule.cells) != len(table.columns) or len(rule.outputs) != len(table.outputs):
            broken = True
            yield _finding(
                table, "ragged-table", f"第 {rule.number} 条规则的格数和列数不一样", "补齐或者删去多出的格", rule.number
            )
        for index, text in enumerate(rule.outputs):
            if not text:
                message = f"第 {rule.number} 条规则没有写结果“{table.outputs[min(index, len(table.outputs) - 1)][0]}”"
                column = len(table.columns) + index + 1
                yield _finding(table, "empty-cell", message, "写上结果，没有结果就写 null", rule.number, column)
        for index, text in enumerate(rule.texts):
            wrong = feel.doubt(text, unary=True) if text not in ("", "-") else None
            if wrong:
                message = f"第 {rule.number} 条规则第 {index + 1} 列“{text}”{wrong}"
                yield _finding(table, "cell-feel", message, "在决策表里改正这一格", rule.number, index + 1)
                broken = True
    if broken:
        return
    yield from _overlaps(table)
    if table.policy in ONE_ANSWER and not any(default for _, default in table.outputs):
        yield from _gaps(table)


def _finding(
    table: Table,
    code: str,
    message: str,
    cure: str,
    rule: int | None = None,
    column: int | None = None,
    severity: Literal["error", "warning"] = "error",
    missing: tuple[str, ...] = (),
) -> Finding:
    sentence = f"决策“{table.name}”{message}"
    return Finding(severity, code, table.decision, table.name, sentence, cure, (), rule, column, missing)


# -- two rules at once


def _overlaps(table: Table) -> Iterator[Finding]:
    for one, other in combinations(table.rules, 2):
        if table.policy == "FIRST":
            if _covers(table, one, other):
                message = f"第 {other.number} 条规则永远轮不到：第 {one.number} 条总在它前面成立"
                yield _finding(
                    table, "shadowed-rule", message, "调换两条的先后，或者删去这一条", other.number, None, "warning"
                )
            continue
        if (table.policy == "ANY" and one.outputs == other.outputs) or table.policy not in ("UNIQUE", "ANY"):
            continue
        example, sure = _both(table, one, other)
        if example is None:
            continue
        if sure:
            when = _when(table, example)
            message = f"第 {one.number} 条和第 {other.number} 条规则会同时成立，例如{when}，这时决策给不出结果"
            yield _finding(table, "table-overlap", message, "把其中一条的条件收窄，让它们不相交", other.number)
        else:
            column = next(
                (i for i, cells in enumerate(zip(one.cells, other.cells, strict=True), 1)
                 if None in cells or table.columns[i - 1].points is None), 1,
            )  # fmt: skip
            message = f"第 {one.number} 条和第 {other.number} 条规则会不会同时成立，从第 {column} 列看不出来"
            cure = "改成数、文字、日期的比较或范围，或者自己核对这两条不会同时成立"
            yield _finding(table, "table-undecided", message, cure, other.number, column, "warning")


def _samples(table: Table, index: int) -> tuple[Point, ...]:
    return table.columns[index].points or ANYTHING


def _both(table: Table, one: Rule, other: Rule) -> tuple[tuple[Point, ...] | None, bool]:
    """A row of samples that both rules let through, and whether that is sure."""
    found: list[Point] = []
    sure = True
    for index in range(len(table.columns)):
        first, second = one.cells[index], other.cells[index]
        if one.texts[index] == other.texts[index] and (first is None or second is None):
            found.append(Point(None, f"符合“{one.texts[index]}”的值", one.texts[index]))
            continue
        if first is None or second is None or table.columns[index].points is None:
            sure = sure and _any(first) and _any(second)
            found.append(Point(None, "任何值", "-"))
            continue
        common = one.lets[index] & other.lets[index]
        if not common:
            return None, True
        found.append(_samples(table, index)[(common & -common).bit_length() - 1])
    return tuple(found), sure


def _any(cell: Cell | None) -> bool:
    return cell is not None and not cell.spans


def _covers(table: Table, one: Rule, other: Rule) -> bool:
    """Whether whatever the other lets through, the one lets through too."""
    for index in range(len(table.columns)):
        first, second = one.cells[index], other.cells[index]
        if _any(first) or one.texts[index] == other.texts[index]:
            continue
        if first is None or second is None or table.columns[index].points is None:
            return False
        if other.lets[index] & ~one.lets[index]:
            return False
    return True


def _when(table: Table, example: tuple[Point, ...]) -> str:
    told = [f"{c.name}是{p.words}" for c, p in zip(table.columns, example, strict=True) if p.words != "任何值"]
    return "、".join(told) or "任何输入"


# -- no rule at all


Sample: TypeAlias = tuple[int, Point]


class _TooMany(Exception):
    pass


def _gaps(table: Table) -> Iterator[Finding]:
    understood = [
        rule for rule in table.rules
        if all(c is not None and (table.columns[i].points is not None or _any(c)) for i, c in enumerate(rule.cells))
    ]  # fmt: skip
    try:
        gap = _Gaps(table, understood).first()
    except _TooMany:
        yield _finding(
            table,
            "table-undecided",
            "的组合太多，看不出是不是每种输入都有规则",
            "给结果一个缺省值，或者把表拆小",
            severity="warning",
        )
        return
    if gap is None:
        return
    if len(understood) < len(table.rules):
        message = f"的有些格看不懂，不能确定每种输入都有规则，例如{_when(table, gap)}"
        yield _finding(
            table,
            "table-undecided",
            message,
            "给结果一个缺省值，或者改成数、文字、日期的比较或范围",
            severity="warning",
        )
        return
    missing = tuple("" if p.words == "任何值" else p.feel for p in gap)
    unnamed = any(p.words == "别的文字" for p in gap)
    message = f"没有一条规则管到：{_when(table, gap)}，这时决策没有结果"
    cure = "补一条规则，或者给结果一个缺省值"
    if unnamed:
        cure += "；如果这一列只有这几种文字，就给它写上允许的值"
    severity: Literal["error", "warning"] = "warning" if unnamed else "error"
    yield _finding(table, "table-gap", message, cure, severity=severity, missing=missing)


class _Gaps:
    """Looks for a row of samples that no rule lets through; a gap among named values before one of other texts."""

    def __init__(self, table: Table, rules: list[Rule]) -> None:
        self.table, self.rules, self.steps = table, rules, 0
        self.samples = [
            sorted(enumerate(_samples(table, index)), key=lambda p: p[1].value is None)
            for index in range(len(table.columns))
        ]

    def first(self) -> tuple[Point, ...] | None:
        named = [[p for p in column if p[1].value is not None] or column for column in self.samples]
        gap = self._search(named, 0, self.rules, ()) or self._search(self.samples, 0, self.rules, ())
        return self._widened(gap) if gap else None

    def _search(
        self, samples: list[list[Sample]], at: int, alive: list[Rule], chosen: tuple[Sample, ...]
    ) -> tuple[Sample, ...] | None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _TooMany
        if not alive:
            return chosen + tuple(column[0] for column in samples[at:])
        if any(all(_any(c) for c in rule.cells[at:]) for rule in alive):
            return None
        tried: set[tuple[int, ...]] = set()
        for point in samples[at]:
            left = [rule for rule in alive if rule.lets[at] >> point[0] & 1]
            key = tuple(rule.number for rule in left)
            if key not in tried:
                tried.add(key)
                found = self._search(samples, at + 1, left, (*chosen, point))
                if found:
                    return found
        return None

    def _widened(self, gap: tuple[Sample, ...]) -> tuple[Point, ...]:
        """The same gap with every column that does not matter set to any value."""
        wide = [1 << number for number, _ in gap]
        for index in range(len(wide)):
            anything = (1 << len(self.samples[index])) - 1
            if not any(
                all(rule.lets[i] & bits for i, bits in enumerate([*wide[:index], anything, *wide[index + 1 :]]))
                for rule in self.rules
            ):
                wide[index] = anything
        return tuple(
            point if bits == 1 << number else ANYTHING[0] for bits, (number, point) in zip(wide, gap, strict=True)
        )
