"""Rules about answers and what is made of them: a condition asks for an outcome no form offers, a key no decision gives."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from workflows import conditions
from workflows.conditions import Both, Condition, Either, Equal, Not
from workflows.findings import Finding, Known
from workflows.lint_flow import warning
from workflows.lint_names import nearest
from workflows.lint_tables import Table
from workflows.marking import OUTCOME
from workflows.outline import Node, Outline, title

LISTS = frozenset({"COLLECT", "RULE ORDER", "OUTPUT ORDER"})


@dataclass(frozen=True)
class Offer:
    """The texts a variable may hold, and who gives them."""

    texts: frozenset[str]
    giver: str


def outcome_rules(outline: Outline, nodes: list[Node], known: Known, tables: Mapping[str, Table]) -> Iterator[Finding]:
    """tables: decision id -> its table, of the decisions at hand."""
    for process in dict.fromkeys(outline.process_of(n.id) for n in nodes):
        mine = [n for n in nodes if outline.process_of(n.id) == process]
        offers = _offers(mine, known, known.start_variables.get(process, frozenset()), tables)
        yield from _never(outline, mine, known, offers)
        yield from _alike(outline, mine, known)
        yield from _keys(outline, mine, tables)


# -- what a variable may hold


def _offers(nodes: Iterable[Node], known: Known, told: frozenset[str], tables: Mapping[str, Table]) -> dict[str, Offer]:
    """Of the variables of which every writer is known to give one of a closed list of texts."""
    found: dict[str, Offer | None] = dict.fromkeys(told)
    for node in nodes:
        for name, offer in _given(node, known, tables):
            before = found.get(name)
            if name in found and (before is None or offer is None):
                found[name] = None
            elif before is not None and offer is not None:
                found[name] = Offer(before.texts | offer.texts, before.giver)
            else:
                found[name] = offer
    return {name: offer for name, offer in found.items() if offer is not None}


def _given(node: Node, known: Known, tables: Mapping[str, Table]) -> Iterator[tuple[str, Offer | None]]:
    own = _answers(node, known)
    for source, target in node.outputs:
        copied = conditions.copied(source)
        if copied is not None and copied in own:
            yield target, own[copied]
        else:
            literal = conditions.literal(source)
            value = next(iter(literal[1])) if literal else None
            yield target, Offer(frozenset({value}), title(node)) if isinstance(value, str) else None
    if node.outputs:
        return
    if node.kind == "userTask":
        yield from own.items()
        for name in (known.answers(node.form) or frozenset()) - own.keys():
            yield name, None
    elif node.kind == "businessRuleTask" and node.result:
        yield node.result, _results(tables.get(node.decision))


def _answers(node: Node, known: Known) -> dict[str, Offer]:
    """The closed questions of a task's form."""
    choices = (known.choices or {}).get(node.form, {}) if node.kind == "userTask" else {}
    return {name: Offer(texts, f"表单“{node.form}”") for name, texts in choices.items() if texts}


def _results(table: Table | None) -> Offer | None:
    """The texts that a table of one column gives."""
    if table is None or len(table.outputs) != 1 or table.outputs[0][1] or table.policy in LISTS:
        return None
    values = [conditions.literal(f"={rule.outputs[0]}") for rule in table.rules if rule.outputs]
    texts = [next(iter(v[1])) for v in values if v]
    if len(texts) < len(table.rules):
        return None
    found = frozenset(t for t in texts if isinstance(t, str))
    return Offer(found, f"决策“{table.name}”") if len(found) == len(set(texts)) else None


# -- what is asked


def _asked(condition: Condition) -> Iterator[Equal]:
    match condition:
        case Equal():
            yield condition
        case Not(inner):
            yield from _asked(inner)
        case Both(first, second) | Either(first, second):
            yield from _asked(first)
            yield from _asked(second)


def _texts(outline: Outline, node: Node) -> Iterator[tuple[str, str, str, str]]:
    """(FEEL, where, id, name) of what a node asks: conditions of its flows, sources of its outputs."""
    for flow in outline.outgoing(node.id):
        if (flow.condition or "").strip().startswith("="):
            yield str(flow.condition), "条件", flow.id, flow.name or node.name or flow.id
    for source, target in node.outputs:
        if source.startswith("="):
            yield source, f"输出“{target}”", node.id, node.name or node.id


def _never(outline: Outline, nodes: list[Node], known: Known, offers: Mapping[str, Offer]) -> Iterator[Finding]:
    for node in nodes:
        own = _answers(node, known)
        for text, where, id_, name in _texts(outline, node):
            for one in _asked(conditions.parse(text)):
                offer = own.get(one.name) if where != "条件" and one.name in own else offers.get(one.name)
                if offer is not None and isinstance(one.value, str) and one.value not in offer.texts:
                    offered = "、".join(f"“{t}”" for t in sorted(offer.texts))
                    yield Finding(
                        "error",
                        "never-equal",
                        id_,
                        name,
                        f"“{name}”的{where}问“{one.name}”是不是“{one.value}”，{offer.giver}从来不给这个答案"
                        + nearest(one.value, offer.texts),
                        f"改成给得出的答案：{offered}",
                    )


def _alike(outline: Outline, nodes: list[Node], known: Known) -> Iterator[Finding]:
    """Several outcomes of one task that no condition tells apart, where others are told apart."""
    asked: dict[str, set[object]] = {}
    for node in nodes:
        for text, _, _, _ in _texts(outline, node):
            for one in _asked(conditions.parse(text)):
                asked.setdefault(one.name, set()).add(one.value)
    for node in nodes:
        offer = _answers(node, known).get(OUTCOME)
        for source, target in node.outputs:
            if offer is None or conditions.copied(source) != OUTCOME or target not in asked:
                continue
            alike = sorted(offer.texts - asked[target])
            if len(alike) > 1:
                told = "”“".join(alike)
                yield warning(
                    "outcomes-alike",
                    node,
                    f"{title(node)}的决定“{told}”没有连线分开，都走默认出口",
                    "给要分开办的决定各画一条带条件的连线",
                )


def _keys(outline: Outline, nodes: list[Node], tables: Mapping[str, Table]) -> Iterator[Finding]:
    """Keys of a decision's result that its table never gives."""
    results = {
        n.result: tables[n.decision]
        for n in nodes
        if n.kind == "businessRuleTask" and n.result and not n.outputs and n.decision in tables
    }
    for node in nodes:
        for text, where, id_, name in _texts(outline, node):
            for result, key in _paths(text):
                table = results.get(result)
                given = [output for output, _ in table.outputs] if table else []
                if table is None or (len(given) > 1 and key in given):
                    continue
                told = "、".join(f"“{g}”" for g in given) if len(given) > 1 else f"一个值，直接写 {result}"
                yield Finding(
                    "error",
                    "unknown-result",
                    id_,
                    name,
                    f"“{name}”的{where}要读“{result}.{key}”，决策“{table.name}”从来不给“{key}”{nearest(key, given)}",
                    f"它给的是{told}",
                )


def _paths(text: str) -> Iterator[tuple[str, str]]:
    """`a.b` in an expression, first step only."""
    parts = conditions.tokens(conditions.body(text))
    for at, (first, dot, second) in enumerate(zip(parts, parts[1:], parts[2:], strict=False)):
        if (first.kind, dot.text, second.kind) == ("name", ".", "name") and (at == 0 or parts[at - 1].text != "."):
            yield first.text, second.text
