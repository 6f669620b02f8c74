"""What a version changes: against the one in force, element by element, in words; and whom it leaves on the old one."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import workflows
from server.processes.models import Instance, Version
from workflows.outline import Flow, Node, Outline, read, title

Kind = Literal["add", "mod", "gone"]


@dataclass(frozen=True)
class Change:
    """One element that is new, changed or gone. what: which of its sides changed, in Chinese; empty for new and gone."""

    kind: Kind
    element: str
    name: str
    what: tuple[str, ...] = ()


def changes(before: bytes, after: bytes) -> list[Change]:
    """Differences in meaning, not in layout: what is new first, then changed, then gone. [] when a file cannot be read."""
    try:
        old, new = read(before), read(after)
    except workflows.Refused:
        return []
    found = [*_nodes(old, new), *_flows(old, new), *_lanes(old, new)]
    order = {"add": 0, "mod": 1, "gone": 2}
    return sorted(found, key=lambda change: order[change.kind])


def counts(found: list[Change]) -> dict[str, int]:
    """How many of each kind."""
    return dict(Counter(change.kind for change in found))


def running(session: Session, process_id: str) -> dict[int, int]:
    """version number -> cases that are running on it."""
    rows = session.execute(
        select(Version.number, func.count())
        .join(Instance, Instance.version_id == Version.id)
        .where(Version.process_id == process_id, Instance.status == "running")
        .group_by(Version.number)
        .order_by(Version.number)
    )
    return {number: count for number, count in rows}


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


def _nodes(old: Outline, new: Outline) -> Iterator[Change]:
    for id_, node in new.nodes.items():
        if id_ not in old.nodes:
            yield Change("add", id_, title(node))
        else:
            what = tuple(word for side, word in SIDES.items() if getattr(node, side) != getattr(old.nodes[id_], side))
            if what:
                yield Change("mod", id_, title(node), what)
    for id_, node in old.nodes.items():
        if id_ not in new.nodes:
            yield Change("gone", id_, title(node))


def _flows(old: Outline, new: Outline) -> Iterator[Change]:
    for id_, flow in new.flows.items():
        before = old.flows.get(id_)
        if before is None:
            if not (_is_new(flow.source, old) or _is_new(flow.target, old)):
                yield Change("add", id_, _way(new, flow))
            continue
        sides = {
            "条件": (before.condition, flow.condition),
            "名称": (before.name, flow.name),
            "从哪到哪": ((before.source, before.target), (flow.source, flow.target)),
        }
        what = tuple(word for word, (one, other) in sides.items() if one != other)
        if what:
            yield Change("mod", id_, _way(new, flow), what)
    for id_, flow in old.flows.items():
        ends = flow.source in new.nodes and flow.target in new.nodes
        if id_ not in new.flows and ends:
            yield Change("gone", id_, _way(old, flow))


def _is_new(node: str, old: Outline) -> bool:
    return node not in old.nodes


def _lanes(old: Outline, new: Outline) -> Iterator[Change]:
    before = {id_: name for id_, name, _ in old.lanes}
    after = {id_: name for id_, name, _ in new.lanes}
    for id_, name in after.items():
        if id_ not in before:
            yield Change("add", id_, f"泳道“{name or id_}”")
        elif before[id_] != name:
            yield Change("mod", id_, f"泳道“{name or id_}”", ("名称",))
    for id_, name in before.items():
        if id_ not in after:
            yield Change("gone", id_, f"泳道“{name or id_}”")


def _way(outline: Outline, flow: Flow) -> str:
    def end(id_: str) -> str:
        node: Node | None = outline.nodes.get(id_)
        return (node.name or title(node)) if node else id_

    return f"连线“{flow.name}”" if flow.name else f"从“{end(flow.source)}”到“{end(flow.target)}”的连线"
