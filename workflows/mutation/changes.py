"""Small faults that a designer may make in a model: each kind finds its places in the XML and applies itself to one of them.

What a fault cuts off is removed with it, as a tidy designer would: so that a mutant is refused for what it does, not for litter.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from workflows.outline import NODES
from workflows.source import B, Xml, Z, parse, tag

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
SWAPPED = {
    "exclusiveGateway": "parallelGateway",
    "parallelGateway": "exclusiveGateway",
    "inclusiveGateway": "parallelGateway",
}


@dataclass(frozen=True)
class Mutant:
    """A changed model. element: where; words: what was done, in Chinese; data: the file."""

    file: str
    process: str
    kind: str
    element: str
    words: str
    data: bytes


@dataclass(frozen=True)
class Stock:
    """What a changed name may be changed to: handlers, forms, kinds of papers, states."""

    handlers: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    states: tuple[str, ...] = ()


class Impossible(Exception):
    """The fault cannot be made at that place."""


def mutate(data: bytes, file: str, process: str, kind: str, stock: Stock, seed: int) -> Mutant | None:
    """One mutant of that kind at a random place; None when the model has no place for it."""
    choice = random.Random(f"{seed}/{file}/{kind}")  # noqa: S311
    model = _Model(parse(data, file), process)
    places = list(KINDS[kind][0](model))
    choice.shuffle(places)
    for place in places:
        model = _Model(parse(data, file), process)
        try:
            words = KINDS[kind][1](model, place, choice, stock)
        except Impossible:
            continue
        model.tidy()
        return Mutant(file, process, kind, place, words, etree.tostring(model.root, encoding="UTF-8"))
    return None


class _Model:
    """The XML of one process, with what a fault needs to ask and to do."""

    def __init__(self, root: Xml, process: str) -> None:
        self.root = root
        self.process = next(p for p in root.iter(f"{B}process") if p.get("id") == process)

    def nodes(self) -> list[Xml]:
        return [e for e in self.process if isinstance(e.tag, str) and e.tag.startswith(B) and tag(e) in NODES]

    def node(self, id_: str) -> Xml:
        return next(e for e in self.process.iter() if e.get("id") == id_)

    def flows(self) -> list[Xml]:
        return list(self.process.findall(f"{B}sequenceFlow"))

    def outgoing(self, id_: str) -> list[Xml]:
        return [f for f in self.flows() if f.get("sourceRef") == id_]

    def incoming(self, id_: str) -> list[Xml]:
        return [f for f in self.flows() if f.get("targetRef") == id_]

    def called(self, id_: str) -> str:
        node = self.node(id_)
        return f"“{node.get('name') or id_}”({id_})"

    def header(self, id_: str, key: str) -> Xml | None:
        return next((h for h in self.node(id_).iter(f"{Z}header") if h.get("key") == key), None)

    def lanes(self) -> list[Xml]:
        return [lane for lane in self.process.iter(f"{B}lane")]

    def remove(self, element: Xml) -> None:
        """An element, its picture and its places in lanes."""
        id_ = element.get("id") or ""
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
        for drawn in list(self.root.iter(f"{DI}BPMNShape", f"{DI}BPMNEdge")):
            if drawn.get("bpmnElement") == id_:
                plane = drawn.getparent()
                if plane is not None:
                    plane.remove(drawn)
        for reference in list(self.root.iter(f"{B}flowNodeRef")):
            if (reference.text or "").strip() == id_:
                lane = reference.getparent()
                if lane is not None:
                    lane.remove(reference)

    def without(self, id_: str) -> None:
        """A node is taken out: what led to it leads to what came after it."""
        out = self.outgoing(id_)
        target = out[0].get("targetRef") if out else None
        if target == id_:
            raise Impossible
        for flow in self.incoming(id_):
            if target is None:
                self.remove(flow)
            else:
                flow.set("targetRef", target)
        for flow in out:
            self.remove(flow)
        for boundary in [n for n in self.nodes() if n.get("attachedToRef") == id_]:
            for flow in self.outgoing(boundary.get("id") or ""):
                self.remove(flow)
            self.remove(boundary)
        self.remove(self.node(id_))

    def tidy(self) -> None:
        """Take out what no way reaches any more, and make incoming, outgoing and default say what is drawn."""
        while True:
            dead = self._dead()
            for node in dead:
                for flow in self.outgoing(node.get("id") or "") + self.incoming(node.get("id") or ""):
                    self.remove(flow)
                self.remove(node)
            if not dead:
                break
        for node in self.nodes():
            id_ = node.get("id") or ""
            out, into = self.outgoing(id_), self.incoming(id_)
            if node.get("default") not in {None, *(f.get("id") for f in out)}:
                del node.attrib["default"]
            if len(out) == 1 and tag(node).endswith("Gateway"):
                node.attrib.pop("default", None)
                for condition in out[0].findall(f"{B}conditionExpression"):
                    out[0].remove(condition)
            for child in [c for c in node if c.tag in (f"{B}incoming", f"{B}outgoing")]:
                node.remove(child)
            at = next((i for i, c in enumerate(node) if c.tag != f"{B}extensionElements"), len(node))
            for name, flows in (("outgoing", out), ("incoming", into)):
                for flow in reversed(flows):
                    child = etree.Element(f"{B}{name}")
                    child.text = flow.get("id")
                    node.insert(at, child)

    def _dead(self) -> list[Xml]:
        nodes = {n.get("id") or "": n for n in self.nodes()}
        pending = [i for i, n in nodes.items() if tag(n) == "startEvent" or n.get("triggeredByEvent") == "true"]
        seen: set[str] = set()
        while pending:
            id_ = pending.pop()
            if id_ in seen:
                continue
            seen.add(id_)
            pending += [f.get("targetRef") or "" for f in self.outgoing(id_)]
            pending += [i for i, n in nodes.items() if n.get("attachedToRef") == id_]
        return [n for i, n in nodes.items() if i not in seen]


Places = Callable[[_Model], Iterator[str]]
Make = Callable[[_Model, str, random.Random, Stock], str]


def _ids(*kinds: str) -> Places:
    def places(model: _Model) -> Iterator[str]:
        for node in model.nodes():
            if not kinds or tag(node) in kinds:
                yield node.get("id") or ""

    return places


def _droppable(model: _Model) -> Iterator[str]:
    for node in model.nodes():
        if tag(node) != "startEvent" and not _records(model, node.get("id") or ""):
            yield node.get("id") or ""


def _records(model: _Model, id_: str) -> bool:
    return tag(model.node(id_)) == "serviceTask"


def _drop(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    words = f"去掉了{model.called(id_)}"
    model.without(id_)
    return words


def _flow_ids(model: _Model) -> Iterator[str]:
    for flow in model.flows():
        yield flow.get("id") or ""


def _move(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    flow = model.node(id_)
    behind_events = tag(model.node(flow.get("sourceRef") or "")) == "eventBasedGateway"
    if behind_events:
        raise Impossible
    around = {flow.get("sourceRef"), flow.get("targetRef")}
    targets = [
        n.get("id") or ""
        for n in model.nodes()
        if n.get("id") not in around and tag(n) not in ("startEvent", "boundaryEvent")
    ]
    target = choice.choice(targets)
    flow.set("targetRef", target)
    return f"把从{model.called(flow.get('sourceRef') or '')}出来的连线改连到{model.called(target)}"


def _conditional(model: _Model) -> Iterator[str]:
    for flow in model.flows():
        if flow.find(f"{B}conditionExpression") is not None:
            yield flow.get("id") or ""


def _negate(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    condition = model.node(id_).find(f"{B}conditionExpression")
    if condition is None:
        raise Impossible
    text = (condition.text or "").strip().removeprefix("=")
    condition.text = f"=not({text})"
    return f"把条件“{text}”改成相反的"


def _recorders(model: _Model) -> Iterator[str]:
    for node in model.nodes():
        if _records(model, node.get("id") or ""):
            yield node.get("id") or ""


def _lane(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    words = model.called(id_)
    at = next(r for r in model.root.iter(f"{B}flowNodeRef") if (r.text or "").strip() == id_)
    home = at.getparent()
    others = [lane for lane in model.lanes() if lane is not home]
    if home is None or not others:
        raise Impossible
    lane = choice.choice(others)
    home.remove(at)
    lane.append(at)
    return f"把{words}移到“{lane.get('name')}”的泳道"


def _forks(model: _Model) -> Iterator[str]:
    for node in model.nodes():
        if tag(node).endswith("Gateway") and len(model.outgoing(node.get("id") or "")) > 1:
            yield node.get("id") or ""


def _swap(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    one, other = choice.sample(model.outgoing(id_), 2)
    if one.get("targetRef") == other.get("targetRef"):
        raise Impossible
    first, second = one.get("targetRef") or "", other.get("targetRef") or ""
    one.set("targetRef", second)
    other.set("targetRef", first)
    return f"把{model.called(id_)}的两个出口“{one.get('name') or first}”和“{other.get('name') or second}”对调"


def _writers(model: _Model) -> Iterator[str]:
    for node in model.nodes():
        if next(node.iter(f"{Z}output"), None) is not None:
            yield node.get("id") or ""


def _output(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    found = choice.choice(list(model.node(id_).iter(f"{Z}output")))
    source, target = found.get("source") or "", found.get("target") or ""
    if source in ("=true", "=false") and choice.random() < 0.5:
        found.set("source", "=false" if source == "=true" else "=true")
        return f"把{model.called(id_)}存到“{target}”的值改成相反的"
    mapping = found.getparent()
    if mapping is not None:
        mapping.remove(found)
        if len(mapping) == 0 and (holder := mapping.getparent()) is not None:
            holder.remove(mapping)
    return f"{model.called(id_)}不再存“{target}”"


def _headed(model: _Model) -> Iterator[str]:
    for node in model.nodes():
        if next(node.iter(f"{Z}header"), None) is not None:
            yield node.get("id") or ""


def _header(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    found = choice.choice(list(model.node(id_).iter(f"{Z}header")))
    key, old = found.get("key") or "", found.get("value") or ""
    others = [o for o in (stock.papers if key == "paper" else stock.states) if o != old]
    if key == "paper" and choice.random() < 0.5:
        holder = found.getparent()
        if holder is not None:
            holder.remove(found)
        return f"{model.called(id_)}不再出具“{old}”"
    if not others:
        raise Impossible
    found.set("value", choice.choice(others))
    return f"把{model.called(id_)}的“{key}”从“{old}”改成“{found.get('value')}”"


def _gateway(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    node = model.node(id_)
    kind = SWAPPED[tag(node)]
    words = f"把{model.called(id_)}换成{'并行' if kind == 'parallelGateway' else '排他'}网关"
    if kind == "exclusiveGateway" and len(model.outgoing(id_)) > 1:
        first = model.outgoing(id_)[0]
        node.set("default", first.get("id") or "")
        for flow in model.outgoing(id_)[1:]:
            condition = etree.SubElement(flow, f"{B}conditionExpression")
            condition.text = "=true"
    else:
        node.attrib.pop("default", None)
        for flow in model.outgoing(id_):
            for condition in flow.findall(f"{B}conditionExpression"):
                flow.remove(condition)
    node.tag = f"{B}{kind}"
    return words


def _handler(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    found = next(model.node(id_).iter(f"{Z}taskDefinition"), None)
    others = [h for h in stock.handlers if found is not None and h != found.get("type")]
    if found is None or not others:
        raise Impossible
    old = found.get("type")
    found.set("type", choice.choice(others))
    return f"把{model.called(id_)}的处理程序从“{old}”换成“{found.get('type')}”"


def _form(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    found = next(model.node(id_).iter(f"{Z}formDefinition"), None)
    others = [f for f in stock.forms if found is not None and f != found.get("formId")]
    if found is None or not others:
        raise Impossible
    old = found.get("formId")
    found.set("formId", choice.choice(others))
    return f"把{model.called(id_)}的表单从“{old}”换成“{found.get('formId')}”"


def _reattach(model: _Model, id_: str, choice: random.Random, stock: Stock) -> str:
    node = model.node(id_)
    hosts = [
        n.get("id") or "" for n in model.nodes() if tag(n) == "userTask" and n.get("id") != node.get("attachedToRef")
    ]
    if not hosts:
        raise Impossible
    host = choice.choice(hosts)
    node.set("attachedToRef", host)
    return f"把边界事件{model.called(id_)}改挂到{model.called(host)}"


KINDS: dict[str, tuple[Places, Make]] = {
    "drop-element": (_droppable, _drop),
    "move-flow": (_flow_ids, _move),
    "negate-condition": (_conditional, _negate),
    "drop-recorder": (_recorders, _drop),
    "change-lane": (_ids("userTask"), _lane),
    "swap-branches": (_forks, _swap),
    "change-output": (_writers, _output),
    "change-header": (_headed, _header),
    "change-gateway": (_ids(*SWAPPED), _gateway),
    "change-handler": (_ids("serviceTask"), _handler),
    "change-form": (_ids("userTask"), _form),
    "move-boundary": (_ids("boundaryEvent"), _reattach),
}
