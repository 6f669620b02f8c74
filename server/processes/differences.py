"""What differs between two contents of a file, in meaning: elements of a diagram, cells of a table, fields of a form."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import workflows
from server.processes import decision_tables
from server.processes.decision_tables import Table
from server.processes.library import kind_of
from server.processes.library_kinds import LIBRARY_KINDS
from workflows import cases
from workflows.outline import Flow, Node, Outline, read, title
from workflows.source import parse

Kind = Literal["add", "mod", "gone", "moved"]
WORDS: Mapping[Kind, str] = {"add": "新增", "mod": "修改", "gone": "去掉", "moved": "挪动"}
SIDES: Mapping[str, str] = {
    "name": "名称",
    "lanes": "由谁来办",
    "form": "表单",
    "handler": "处理程序",
    "headers": "任务头",
    "retries": "尝试次数",
    "inputs": "输入",
    "outputs": "结果去向",
    "decision": "决策表",
    "result": "结果变量",
    "called": "被调用的流程",
    "events": "等的或抛出的事件",
    "interrupting": "是否中断",
    "default": "默认出口",
    "loop": "多实例",
    "kind": "种类",
    "host": "贴在哪里",
}
PLAIN = frozenset({"name", "lanes", "form", "handler", "decision", "called", "result", "retries"})
"""Sides whose values people can read."""


@dataclass(frozen=True)
class Side:
    """One side of what changed: what it is called, what it was, what it is; '' where there is nothing."""

    words: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One thing that is new, changed, gone or only moved. element: an id of the diagram, of a decision, a field's key.

    what: its sides that changed, in Chinese; rows: the same with their values. rule, column: of a table, from 1.
    """

    kind: Kind
    element: str
    name: str
    what: tuple[str, ...] = ()
    rows: tuple[Side, ...] = ()
    rule: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class Difference:
    """All that differs. unreadable: one of the contents cannot be read, so nothing can be told."""

    kind: str
    changes: tuple[Change, ...]
    unreadable: bool = False

    def of(self, kind: Kind) -> tuple[str, ...]:
        """Ids of what is new, changed, gone or moved."""
        return tuple(dict.fromkeys(one.element for one in self.changes if one.kind == kind))

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return dict(Counter(one.kind for one in self.changes))

    @property
    def words(self) -> str:
        """The counts in words."""
        counts = self.counts()
        return "，".join(f"{word} {counts[kind]}" for kind, word in WORDS.items() if kind in counts) or "没有不同"


def difference(name: str, before: bytes | None, after: bytes | None) -> Difference:
    """What `after` changes; None: there is no such file before or after."""
    kind = kind_of(name)
    if before == after or before is None or after is None:
        return Difference(kind, ())
    try:
        found = list(_of(name, kind, before, after))
    except (workflows.Refused, ValueError, KeyError, TypeError, AttributeError, cases.Unreadable):
        return Difference(kind, (), unreadable=True)
    order = list(WORDS)
    return Difference(kind, tuple(sorted(found, key=lambda one: order.index(one.kind))))


def _of(name: str, kind: str, before: bytes, after: bytes) -> Iterable[Change]:
    if kind == "model":
        return models(before, after)
    if kind == "decision":
        return _tables(decision_tables.read(before).tables, decision_tables.read(after).tables)
    if kind == "form":
        return _fields(_form(before), _form(after))
    if kind == "trials":
        return _cases(before, after)
    own = LIBRARY_KINDS.get(name)
    kinds: dict[str, Kind] = {"added": "add", "removed": "gone", "changed": "mod"}
    rows = own.difference(before, after) if own else []
    return (
        Change(kinds[one.kind], one.key, one.of, (one.field,), (Side(one.field, one.before, one.after),))
        for one in rows
    )


# -- diagrams


def models(before: bytes, after: bytes) -> Iterator[Change]:
    """Elements, flows and lanes; what only lies elsewhere comes as moved."""
    old, new = read(before), read(after)
    told = [*_nodes(old, new), *_flows(old, new), *_lanes(old, new)]
    yield from told
    known = {one.element for one in told}
    places = _places(before)
    for id_, place in _places(after).items():
        if id_ in places and places[id_] != place and id_ not in known and id_ in new.nodes:
            yield Change("moved", id_, title(new.nodes[id_]))


def _nodes(old: Outline, new: Outline) -> Iterator[Change]:
    for id_, node in new.nodes.items():
        if id_ not in old.nodes:
            yield Change("add", id_, title(node))
            continue
        sides = [side for side in SIDES if getattr(node, side) != getattr(old.nodes[id_], side)]
        if sides:
            rows = tuple(
                Side(SIDES[side], _said(old.nodes[id_], side), _said(node, side)) for side in sides if side in PLAIN
            )
            yield Change(
                "mod", id_, title(node), tuple(SIDES[side] for side in sides), rows if len(rows) == len(sides) else ()
            )
    for id_, node in old.nodes.items():
        if id_ not in new.nodes:
            yield Change("gone", id_, title(node))


def _said(node: Node, side: str) -> str:
    value = getattr(node, side)
    text = "、".join(value) if isinstance(value, tuple) else str(value)
    return " ".join(text.split())


def _flows(old: Outline, new: Outline) -> Iterator[Change]:
    for id_, flow in new.flows.items():
        before = old.flows.get(id_)
        if before is None:
            if flow.source in old.nodes and flow.target in old.nodes:
                yield Change("add", id_, _way(new, flow))
            continue
        rows = [
            Side(words, one or "", other or "")
            for words, one, other in (
                ("条件", before.condition, flow.condition),
                ("名称", before.name, flow.name),
                ("从哪到哪", _ends(old, before), _ends(new, flow)),
            )
            if (one or "") != (other or "")
        ]
        if rows:
            yield Change("mod", id_, _way(new, flow), tuple(row.words for row in rows), tuple(rows))
    for id_, flow in old.flows.items():
        if id_ not in new.flows and flow.source in new.nodes and flow.target in new.nodes:
            yield Change("gone", id_, _way(old, flow))


def _lanes(old: Outline, new: Outline) -> Iterator[Change]:
    before = {id_: name for id_, name, _ in old.lanes}
    after = {id_: name for id_, name, _ in new.lanes}
    for id_, name in after.items():
        if id_ not in before:
            yield Change("add", id_, f"泳道“{name or id_}”")
        elif before[id_] != name:
            yield Change("mod", id_, f"泳道“{name or id_}”", ("名称",), (Side("名称", before[id_], name),))
    yield from (Change("gone", id_, f"泳道“{name or id_}”") for id_, name in before.items() if id_ not in after)


def _ends(outline: Outline, flow: Flow) -> str:
    def end(id_: str) -> str:
        node = outline.nodes.get(id_)
        return " ".join((node.name or title(node)).split()) if node else id_

    return f"从“{end(flow.source)}”到“{end(flow.target)}”"


def _way(outline: Outline, flow: Flow) -> str:
    return f"连线“{flow.name}”" if flow.name else f"{_ends(outline, flow)}的连线"


def _places(data: bytes) -> dict[str, tuple[str, ...]]:
    """id of an element -> where its shape lies."""
    found = {}
    for shape in parse(data, "流程").iter():
        if isinstance(shape.tag, str) and shape.tag.endswith("}BPMNShape"):
            bounds = next((one for one in shape if isinstance(one.tag, str) and one.tag.endswith("}Bounds")), None)
            if bounds is not None:
                found[shape.get("bpmnElement") or ""] = tuple(
                    f"{float(bounds.get(side) or 0):g}" for side in ("x", "y", "width", "height")
                )
    return found


# -- tables


def _tables(old: tuple[Table, ...], new: tuple[Table, ...]) -> Iterator[Change]:
    before, after = {one.id: one for one in old}, {one.id: one for one in new}
    for id_, table in after.items():
        if id_ not in before:
            yield Change("add", id_, f"决策表“{table.name}”")
        else:
            yield from _table(before[id_], table)
    yield from (Change("gone", id_, f"决策表“{one.name}”") for id_, one in before.items() if id_ not in after)


def _table(old: Table, new: Table) -> Iterator[Change]:
    heads = [
        Side(words, one, other)
        for words, one, other in (("名称", old.name, new.name), ("命中方式", _policy(old), _policy(new)))
        if one != other
    ]
    if heads:
        yield Change("mod", new.id, f"决策表“{new.name}”", tuple(row.words for row in heads), tuple(heads))
    columns = [(one.id, one.label, one.text) for one in (*old.inputs, *old.outputs)]
    now = [(one.id, one.label, one.text) for one in (*new.inputs, *new.outputs)]
    if columns != now:
        yield Change(
            "mod",
            new.id,
            f"“{new.name}”的列",
            ("列",),
            (Side("列", "、".join(one[1] for one in columns), "、".join(one[1] for one in now)),),
        )
    labels = [one.label for one in (*new.inputs, *new.outputs)]
    before = {one.id: one for one in old.rules}
    after = {one.id for one in new.rules}
    for rule in new.rules:
        cells = (*rule.conditions, *rule.results)
        if rule.id not in before:
            rows = tuple(
                Side(label, "", cell.words) for label, cell in zip(labels, cells, strict=False) if not cell.any
            )
            yield Change("add", new.id, f"“{new.name}”规则 {rule.number}", (), rows, rule.number)
            continue
        was = before[rule.id]
        pairs = list(zip(labels, (*was.conditions, *was.results), cells, strict=False))
        differing = [at for at, (_, one, other) in enumerate(pairs, 1) if one.text != other.text]
        rows = tuple(Side(pairs[at - 1][0], pairs[at - 1][1].words, pairs[at - 1][2].words) for at in differing)
        if rows:
            what = tuple(row.words for row in rows)
            yield Change("mod", new.id, f"“{new.name}”规则 {rule.number}", what, rows, rule.number, differing[0])
    for one in old.rules:
        if one.id not in after:
            rows = tuple(
                Side(label, cell.words, "")
                for label, cell in zip(labels, (*one.conditions, *one.results), strict=False)
                if not cell.any
            )
            yield Change("gone", new.id, f"“{old.name}”原来的规则 {one.number}", (), rows, one.number)


def _policy(table: Table) -> str:
    return decision_tables.POLICIES.get(table.policy, table.policy)


# -- forms, cases


FIELD_SIDES: Mapping[str, str] = {
    "label": "名称",
    "type": "种类",
    "description": "提示",
    "text": "文字",
    "values": "选项",
    "defaultValue": "一开始的值",
    "validate": "核对",
    "conditional": "什么时候不显示",
    "properties": "其他设定",
    "appearance": "单位",
}


def _form(data: bytes) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}

    def walk(parts: list[Any], around: str) -> None:
        for one in parts:
            key = f"{around}{one.get('key') or one.get('path') or one['id']}"
            found[key] = one
            walk(one.get("components") or [], f"{key}.")

    walk(json.loads(data)["components"], "")
    return found


def _fields(old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]) -> Iterator[Change]:
    for key, one in new.items():
        if key not in old:
            rows = tuple(
                Side(words, "", _text(one[side]))
                for side, words in FIELD_SIDES.items()
                if one.get(side) and side != "label"
            )
            yield Change("add", str(one.get("id") or key), f"字段“{one.get('label') or key}”", (), rows)
            continue
        rows = tuple(
            Side(words, _text(old[key].get(side)), _text(one.get(side)))
            for side, words in FIELD_SIDES.items()
            if old[key].get(side) != one.get(side)
        )
        if rows:
            what = tuple(row.words for row in rows)
            yield Change("mod", str(one.get("id") or key), f"字段“{one.get('label') or key}”", what, rows)
    for key, one in old.items():
        if key not in new:
            yield Change("gone", str(one.get("id") or key), f"字段“{one.get('label') or key}”")
    order, was = [key for key in new if key in old], [key for key in old if key in new]
    yield from (
        Change("moved", str(new[key].get("id") or key), f"字段“{new[key].get('label') or key}”")
        for key, other in zip(order, was, strict=True)
        if key != other
    )


TYPES = {
    "textfield": "一行文字",
    "textarea": "几行文字",
    "number": "数",
    "checkbox": "勾选",
    "radio": "单选",
    "select": "下拉",
    "checklist": "多选",
    "datetime": "日期",
    "group": "一组",
    "dynamiclist": "可加行",
    "text": "说明文字",
}
CHECKS: Mapping[str, str] = {
    "required": "必填",
    "minLength": "最短",
    "maxLength": "最长",
    "min": "最小",
    "max": "最大",
    "pattern": "格式",
}


def _text(value: Any) -> str:
    """A setting as people read it."""
    if value in (None, "", {}, []):
        return ""
    if isinstance(value, str):
        return TYPES.get(value, value)
    if isinstance(value, list):
        return "、".join(str((one.get("label") or one.get("value")) if isinstance(one, dict) else one) for one in value)
    if isinstance(value, dict):
        pieces: list[str] = []
        for key, one in value.items():
            if one is True:
                pieces.append(CHECKS.get(str(key), str(key)))
            elif one not in (None, "", False):
                pieces.append(str(one) if key == "hide" else f"{CHECKS.get(str(key), str(key))} {one}")
        return "，".join(pieces)
    return str(value)


def _cases(before: bytes, after: bytes) -> Iterator[Change]:
    old = {one.name: one for one in cases.read(before).cases}
    new = {one.name: one for one in cases.read(after).cases}
    yield from (Change("add", name, f"用例“{name}”") for name in new if name not in old)
    yield from (Change("mod", name, f"用例“{name}”") for name in new if name in old and new[name] != old[name])
    yield from (Change("gone", name, f"用例“{name}”") for name in old if name not in new)
