"""Rules about the shape of the flow that go beyond what the engine refuses (`rules`): whether every way leads somewhere."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from workflows.findings import Finding
from workflows.outline import GATEWAYS, SUBPROCESSES, Node, Outline, title


def error(code: str, node: Node, message: str, cure: str, path: tuple[str, ...] = ()) -> Finding:
    return Finding("error", code, node.id, node.name or node.id, message, cure, path)


def warning(code: str, node: Node, message: str, cure: str, path: tuple[str, ...] = ()) -> Finding:
    return Finding("warning", code, node.id, node.name or node.id, message, cure, path)


def whole(code: str, message: str, cure: str, element: str | None = None, name: str = "") -> Finding:
    return Finding("error", code, element, name or element or "整个流程", message, cure)


def flow_rules(outline: Outline, nodes: list[Node]) -> Iterator[Finding]:
    """All rules of this file over the nodes of the executable processes."""
    if not any(p.executable for p in outline.processes.values()):
        yield whole(
            "not-executable",
            "没有一个流程勾选了“可执行”，发布后不会有办件",
            "选中流程或泳池，在属性里勾选“可执行”",
        )
    for id_ in outline.duplicates:
        name = outline.nodes[id_].name if id_ in outline.nodes else ""
        yield whole(
            "duplicate-id",
            f"编号“{id_}”用了不止一次，办件走到这里分不清是哪一个",
            "给其中一个换新的编号",
            id_,
            name,
        )
    yield from _scopes(outline, nodes)
    for node in nodes:
        yield from _exits(outline, node)
        if node.instantiates:
            yield error(
                "instantiates",
                node,
                f"{title(node)}要自己开启办件，办件只从开始事件开启",
                "在它前面放一个消息开始事件，去掉这项设置",
            )
        if node.kind in GATEWAYS:
            yield from _gateway(outline, node)
        if _lists_other_flows(outline, node):
            yield warning(
                "flow-lists",
                node,
                f"{title(node)}登记的进出连线和实际的连线不一致，别的工具可能打不开",
                "在设计器里打开后重新保存一次",
            )
    yield from _reach(outline, nodes)
    yield from _inclusive_joins(outline, nodes)


def _scopes(outline: Outline, nodes: list[Node]) -> Iterator[Finding]:
    scopes = [(p.id, p.name) for p in outline.processes.values() if p.executable]
    scopes += [(n.id, n.name) for n in nodes if n.kind in SUBPROCESSES]
    for id_, name in scopes:
        inside = outline.inside(id_)
        if inside and not any(n.kind == "endEvent" for n in inside):
            yield whole(
                "no-end",
                f"“{name or id_}”没有结束事件，办件不会办结",
                "在每条路的尽头放一个结束事件",
                id_,
                name,
            )


def _exits(outline: Outline, node: Node) -> Iterator[Finding]:
    out = outline.outgoing(node.id)
    if (
        not out
        and node.kind != "endEvent"
        and not node.on_event
        and not node.compensation
        and not _is_link(node, "Throw")
    ):
        yield error(
            "dead-end",
            node,
            f"{title(node)}后面没有路，办件走到这里就停住，不会办结",
            "连到下一步，或者连到一个结束事件",
        )
    if len(out) == 1 and out[0].condition is not None and node.kind not in GATEWAYS:
        yield error(
            "lone-condition",
            node,
            f"{title(node)}唯一的出口带着条件，条件不成立时办件会停在这里",
            "删去条件，或者加一个网关和默认出口",
        )


def _is_link(node: Node, direction: str) -> bool:
    return direction in node.kind and node.event is not None and node.event.kind == "link"


def _lists_other_flows(outline: Outline, node: Node) -> bool:
    if not node.listed_in and not node.listed_out:
        return False  # many tools write none at all
    return node.listed_in != {f.id for f in outline.incoming(node.id)} or node.listed_out != {
        f.id for f in outline.outgoing(node.id)
    }


def _gateway(outline: Outline, node: Node) -> Iterator[Finding]:
    into, out = outline.incoming(node.id), outline.outgoing(node.id)
    if node.kind in ("exclusiveGateway", "inclusiveGateway") and len(out) > 1:
        if not node.default:
            yield error("no-default", node, f"{title(node)}没有默认出口，办件会停在这里", "从出口里选一条设为默认")
        for flow in out:
            if flow.id == node.default and flow.condition:
                yield warning(
                    "default-condition",
                    node,
                    f"{title(node)}的默认出口“{flow.name or flow.id}”带着条件，这个条件不起作用",
                    "删去这个条件",
                )
        if not node.name:
            yield warning(
                "no-name",
                node,
                "分岔的网关没有名字，看图的人不知道在问什么",
                "写成一个问题，例如“材料齐全？”",
            )
        elif node.kind == "exclusiveGateway" and not all(f.name for f in out):
            yield warning("no-name", node, f"{title(node)}有一条出口没有名字", "把出口写成这个问题的答案")
    if len(into) < 2 and len(out) < 2 and (into or out):
        yield warning("idle-gateway", node, f"{title(node)}只有一进一出，不起作用", "删去它，把前后直接连起来")
    wrong = {"Converging": len(out) > 1, "Diverging": len(into) > 1, "Mixed": len(into) < 2 or len(out) < 2}
    if wrong.get(node.direction):
        yield warning("direction", node, f"{title(node)}标明的方向和实际的连线不一致", "在设计器里打开后重新保存一次")


def targets(outline: Outline, node: Node) -> Iterable[str]:
    """Where a token may go from `node`, boundary events and the inside of a subprocess included."""
    for flow in outline.outgoing(node.id):
        if flow.target in outline.nodes:
            yield flow.target
    for boundary in outline.boundaries(node.id):
        yield boundary.id
    if node.kind in SUBPROCESSES:
        yield from entrances(outline, node.id)
    if _is_link(node, "Throw"):
        yield from link_targets(outline, node)


def link_targets(outline: Outline, node: Node) -> Iterator[str]:
    for other in outline.inside(node.scope):
        if _is_link(other, "Catch") and other.event and node.event and other.event.name == node.event.name:
            yield other.id


def entrances(outline: Outline, scope: str) -> Iterator[str]:
    """Where a process or subprocess begins: its start events, its event subprocesses."""
    for node in outline.inside(scope):
        if node.kind == "startEvent" or (node.kind in SUBPROCESSES and node.on_event):
            yield node.id


def closure(start: Iterable[str], following: Mapping[str, list[str]]) -> set[str]:
    """All that can be reached, the start included."""
    seen: set[str] = set()
    pending = list(start)
    while pending:
        at = pending.pop()
        if at not in seen:
            seen.add(at)
            pending.extend(following.get(at, ()))
    return seen


def _reach(outline: Outline, nodes: list[Node]) -> Iterator[Finding]:
    following = {n.id: list(targets(outline, n)) for n in nodes}
    seen = closure([e for p in outline.processes for e in entrances(outline, p)], following)
    before: dict[str, list[str]] = defaultdict(list)
    for source, follow in following.items():
        for target in follow:
            before[target].append(source)
    leads_out = closure([n.id for n in nodes if n.kind == "endEvent" or not following[n.id]], before)
    for node in nodes:
        if node.id not in seen and not node.compensation:
            yield error(
                "unreachable",
                node,
                f"没有路走到{title(node)}，它永远不会被办到",
                "从前一步连过来，或者删去它",
            )
        elif node.id in seen and node.id not in leads_out and node.scope in outline.processes:
            yield error("no-way-out", node, f"从{title(node)}出发，怎么走也到不了结束事件", "给这个回路一条出去的路")


def _inclusive_joins(outline: Outline, nodes: list[Node]) -> Iterator[Finding]:
    """Two inclusive joins on one cycle would wait for each other."""
    joins = [n for n in nodes if n.kind == "inclusiveGateway" and len(outline.incoming(n.id)) > 1]
    following = {n.id: list(targets(outline, n)) for n in nodes} if len(joins) > 1 else {}
    reach = {n.id: closure(following.get(n.id, ()), following) for n in joins}
    for index, one in enumerate(joins):
        for other in joins[index + 1 :]:
            if other.id in reach[one.id] and one.id in reach[other.id]:
                yield error(
                    "joins-on-cycle",
                    other,
                    f"包容汇合“{other.name or other.id}”和“{one.name or one.id}”在同一个回路上，会互相等下去",
                    "其中一个改用并行网关，或者让回路绕开它",
                )
