"""Rules about expressions and variables: has somebody written what they read, do parallel branches overwrite."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workflows import conditions, feel
from workflows.findings import Finding, Known
from workflows.lint_flow import closure, error, warning
from workflows.lint_names import nearest
from workflows.outline import SUBPROCESSES, Node, Outline, title

MAX_EXPRESSIONS = 1_500
ANYTHING = frozenset({"*"})  # a set of names nobody told us


@dataclass(frozen=True)
class Expression:
    """A FEEL text, where it stands, and whether it sees only what the process holds (else also answers of the task)."""

    text: str
    where: str
    element: str
    name: str
    outer: bool = True
    local: frozenset[str] = frozenset()


def data_rules(outline: Outline, nodes: list[Node], known: Known) -> Iterator[Finding]:
    expressions = [e for n in nodes for e in _expressions(outline, n)]
    if len(expressions) > MAX_EXPRESSIONS:
        yield Finding(
            "error",
            "too-large",
            None,
            "整个流程",
            f"流程里有 {len(expressions)} 个表达式，检查不完",
            "把流程分成几个，用调用活动连起来",
        )
        return
    for one in expressions:
        wrong = feel.doubt(one.text, {})
        if wrong and not feel.check(one.text):  # what does not parse at all the engine refuses
            yield Finding(
                "error",
                "feel",
                one.element,
                one.name,
                f"“{one.name}”的{one.where}“{one.text}”{wrong}",
                '改正写法，例如 =outcome = "pass" and not(corrected)',
            )
    for process in dict.fromkeys(outline.process_of(n.id) for n in nodes):
        mine = [n for n in nodes if outline.process_of(n.id) == process]
        yield from _variables(outline, process, mine, known)


def _expressions(outline: Outline, node: Node) -> Iterator[Expression]:
    def here(text: str, where: str, outer: bool = True, local: frozenset[str] = frozenset()) -> Iterator[Expression]:
        if text.startswith("="):
            yield Expression(text, where, node.id, node.name or node.id, outer, local)

    for flow in outline.outgoing(node.id):
        if (flow.condition or "").strip().startswith("="):
            yield Expression(str(flow.condition).strip(), "条件", flow.id, flow.name or node.name or flow.id)
    inputs: set[str] = set()
    for source, target in node.inputs:
        yield from here(source, f"输入“{target}”", local=frozenset(inputs))
        inputs.add(target)
    for source, target in node.outputs:
        yield from here(source, f"输出“{target}”", outer=False, local=frozenset(inputs))
    yield from here(node.key, "消息的对应键")
    yield from here(node.decision, "决策的编号")
    yield from here(node.called, "被调用流程的编号")
    for event in node.events:
        yield from here(event.key, "消息的对应键")
        yield from here(event.condition, "条件")
        if event.timer:
            yield from here(event.timer.text, "时间")
    if node.loop:
        yield from here(node.loop.collection, "多实例的集合")
        yield from here(node.loop.condition, "多实例的完成条件", outer=False)
        yield from here(node.loop.output_element, "多实例的输出", outer=False)


def writes(node: Node, known: Known) -> frozenset[str]:
    """The variables of the process that a node writes; '*' among them: it may write others, nobody told us which."""
    if node.loop and node.loop.output_collection:
        return frozenset({node.loop.output_collection})
    if node.outputs:
        return frozenset(target.split(".")[0] for _, target in node.outputs)
    match node.kind:
        case "userTask":
            given = known.answers(node.form)
            return ANYTHING if given is None else given
        case "serviceTask" | "sendTask":
            info = (known.handlers or {}).get(node.handler)
            return ANYTHING if info is None or info.returns is None else info.returns
        case "businessRuleTask":
            return frozenset({node.result}) if node.result else frozenset()
        case "callActivity" | "receiveTask":
            return ANYTHING
        case "intermediateCatchEvent" | "boundaryEvent" if node.event and node.event.kind in (
            "message",
            "error",
        ):
            return ANYTHING
    return frozenset()


def _given(outline: Outline, node: Node) -> frozenset[str]:
    """Names a node's surroundings give it without anybody writing them: its own inputs, those of the subprocesses around it."""
    found: set[str] = set()
    at: Node | None = node
    while at is not None:
        found |= {target for _, target in at.inputs}
        if at.loop:
            found |= {"loopCounter", at.loop.element} - {""}
        at = outline.nodes.get(at.scope)
    return frozenset(found)


def _variables(outline: Outline, process: str, nodes: list[Node], known: Known) -> Iterator[Finding]:
    told = known.start_variables.get(process)
    written = {n.id: writes(n, known) for n in nodes}
    everything = frozenset().union(*written.values(), told or ())
    sure = told is not None and "*" not in everything
    names = everything - ANYTHING
    for node in nodes:
        given = _given(outline, node)
        for expression in _expressions(outline, node):
            own = answers(node, known) if not expression.outer else frozenset()
            if own == ANYTHING:
                continue
            for name in sorted(conditions.names(expression.text) - names - given - expression.local - own):
                if told is None and not nearest(name, names | own):
                    continue  # probably handed over at the start
                yield Finding(
                    "error" if sure else "warning",
                    "unwritten",
                    expression.element,
                    expression.name,
                    f"“{expression.name}”的{expression.where}要读“{name}”，没有任务写过它{nearest(name, names | own)}，办件会停在这里",
                    f"改成已有的变量，或者在前面的任务里把结果存到“{name}”",
                )
    if told is not None:
        yield from _written_before(outline, process, nodes, written, told, names)
    yield from _overwritten(outline, nodes, written)


def answers(node: Node, known: Known) -> frozenset[str]:
    """What an output mapping may read besides the process: the answers of the form, the results of the handler."""
    if node.kind == "userTask":
        given = known.answers(node.form)
        return ANYTHING if given is None else given
    if node.kind in ("serviceTask", "sendTask"):
        info = (known.handlers or {}).get(node.handler)
        return ANYTHING if info is None or info.returns is None else info.returns
    if node.kind == "businessRuleTask":
        return frozenset({node.result}) if node.result else frozenset()
    if node.kind in SUBPROCESSES or node.kind.endswith("Gateway"):
        return frozenset()
    return frozenset() if node.kind == "startEvent" and not node.events else ANYTHING


def _written_before(
    outline: Outline,
    process: str,
    nodes: list[Node],
    written: Mapping[str, frozenset[str]],
    told: frozenset[str],
    names: frozenset[str],
) -> Iterator[Finding]:
    """On every way to a condition its variables have been written: a forward analysis, joins of parallel branches add up."""
    after: dict[str, frozenset[str]] = {n.id: names for n in nodes}

    def before(node: Node) -> frozenset[str]:
        if node.host:
            return arrive(outline.nodes[node.host]) if node.host in outline.nodes else names
        return arrive(node)

    def arrive(node: Node) -> frozenset[str]:
        if node.kind == "startEvent" or not outline.incoming(node.id):
            around = outline.nodes.get(node.scope)
            return (told if around is None else told if around.on_event else arrive(around)) & names
        arriving = [after.get(f.source, names) for f in outline.incoming(node.id)]
        return frozenset.union(*arriving) if node.kind == "parallelGateway" else frozenset.intersection(*arriving)

    changed = True
    rounds = 0
    while changed and rounds < 2 * len(nodes) + 2:
        changed, rounds = False, rounds + 1
        for node in nodes:
            new = names if "*" in written[node.id] else before(node) | (written[node.id] & names)
            if node.kind in SUBPROCESSES:
                ends = [after[n.id] for n in outline.inside(node.id) if n.kind == "endEvent" and n.id in after]
                new = (new | frozenset.intersection(*ends)) if ends else new
            if new != after[node.id]:
                after[node.id], changed = new, True
    for node in nodes:
        for flow in outline.outgoing(node.id):
            if flow.condition and flow.condition.strip().startswith("="):
                missing = (conditions.names(flow.condition) & names) - after[node.id] - _given(outline, node)
                for name in sorted(missing):
                    yield warning(
                        "written-late",
                        node,
                        f"走到{title(node)}时，有一条路还没有人写过“{name}”，办件会停在这里",
                        f"在开始事件的输出里给“{name}”一个初值",
                    )


def _overwritten(outline: Outline, nodes: list[Node], written: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Two tasks that may be open together write the same variable that somebody reads: the later answer wins."""
    read = {name for n in nodes for e in _expressions(outline, n) if e.outer for name in conditions.names(e.text)}
    following = {
        n.id: []
        if n.kind in ("parallelGateway", "inclusiveGateway") and len(outline.incoming(n.id)) > 1
        else [f.target for f in outline.outgoing(n.id)] + [b.id for b in outline.boundaries(n.id)]
        for n in nodes
    }
    told: set[tuple[str, str]] = set()
    for split in nodes:
        if split.kind not in ("parallelGateway", "inclusiveGateway") or len(outline.outgoing(split.id)) < 2:
            continue
        branches = [closure([f.target], following) for f in outline.outgoing(split.id)]
        count: dict[str, int] = defaultdict(int)
        for branch in branches:
            for id_ in branch:
                count[id_] += 1
        first: dict[str, tuple[int, str]] = {}
        for index, branch in enumerate(branches):
            for id_ in (n.id for n in nodes if n.id in branch and count[n.id] == 1):
                for name in sorted(written[id_] & read - ANYTHING):
                    other = first.setdefault(name, (index, id_))
                    if other[0] != index and (id_, name) not in told:
                        told.add((id_, name))
                        node, partner = outline.nodes[id_], outline.nodes[other[1]]
                        yield error(
                            "overwritten",
                            node,
                            f"{title(node)}和并行的“{partner.name or partner.id}”都存到“{name}”，后交的会盖掉先交的",
                            "在结果去向里给它们各自的变量名",
                        )
