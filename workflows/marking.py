"""The token game on an outline: from where the tokens of a case stand, every way it may go on.

Nothing is computed and nobody is asked: a task may be finished at any time, a message, timer or error may come at any time,
and of a condition both answers are possible unless variables set by literals decide it. So it shows more than can happen,
never less, with these limits: a non-interrupting event happens twice at most, a multi-instance activity counts as one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice, product
from types import MappingProxyType

from workflows import conditions
from workflows.conditions import Known as Value
from workflows.findings import Known
from workflows.lint_data import ANYTHING, answers, writes
from workflows.lint_flow import closure, entrances, link_targets, targets
from workflows.outline import ACTIVITIES, SUBPROCESSES, Flow, Node, Outline

MAX_ALTERNATIVES = 2_000  # ways through the gateways between two rests
MAX_TOKENS = 3  # at one place
MAX_REPEATS = 2  # of a non-interrupting event
RESTS = ACTIVITIES - SUBPROCESSES | {"eventBasedGateway"}
WAITS = "<"  # "join<flow": a token that came by a flow and waits at a join
OUTCOME = "outcome"  # the field of a form that holds what a person decided
NONE: Mapping[str, bool] = MappingProxyType({})
NOT_TOLD = "*"  # the outcome of a form that nobody described


def _found(results: Mapping[str, bool], name: str) -> Value | None:
    return ("is", frozenset({results[name]})) if name in results else None


class TooManyWays(Exception):
    """There are more alternatives than can be looked at; `element` is where."""

    def __init__(self, element: str) -> None:
        super().__init__(element)
        self.element = element


@dataclass(frozen=True, slots=True)
class Marking:
    """Where the tokens are and what is known of the variables. Tokens: ids of resting nodes and of open subprocesses, `join<flow`."""

    tokens: tuple[str, ...]
    values: tuple[tuple[str, Value], ...] = ()
    fired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that happens: `node` is finished (or its event comes); then the case runs on to `after`."""

    node: Node
    after: Marking
    passed: tuple[str, ...]
    uncaught: str | None = None  # an error end event that nobody catches
    results: tuple[tuple[str, bool], ...] = ()  # what a handler found, of what is either so or not
    answer: str | None = None  # the outcome a person chose; NOT_TOLD; None: no person, or a form without outcome


@dataclass(frozen=True, slots=True)
class _Run:
    """In the middle of a move: tokens at rest, arrivals still to be placed as (node, flow)."""

    tokens: tuple[str, ...]
    values: tuple[tuple[str, Value], ...]
    fired: tuple[str, ...]
    arrivals: tuple[tuple[str, str], ...]
    passed: tuple[str, ...]
    uncaught: str | None = None

    def using(self, values: Mapping[str, Value]) -> "_Run":
        return replace(self, values=tuple(sorted(values.items(), key=lambda item: item[0])))

    def after(self, *ids: str) -> "_Run":
        return replace(self, passed=(*self.passed, *ids))

    def resting(self, token: str) -> "_Run":
        return replace(self, tokens=tuple(sorted((*self.tokens, token))))

    def without(self, *tokens: str) -> "_Run":
        rest = list(self.tokens)
        for token in tokens:
            rest.remove(token)
        return replace(self, tokens=tuple(rest))

    def going(self, *arrivals: tuple[str, str]) -> "_Run":
        return replace(self, arrivals=(*self.arrivals, *arrivals))


class Game:
    """The moves of one process of an outline."""

    def __init__(self, outline: Outline, process: str, known: Known | None = None) -> None:
        self.outline, self.process, self.known = outline, process, known or Known()
        self.following = {n.id: list(targets(outline, n)) for n in outline.nodes.values()}
        self.reach = lru_cache(None)(self._reach)
        self.unset: dict[tuple[str, str], None] = {}  # (node, variable) asked before anybody wrote it, in order

    def starts(self, values: Mapping[str, Value]) -> Iterator[Move]:
        """What the case is after each of the ways to start it."""
        told = self.known.start_variables.get(self.process)
        if told is not None:
            values = {**dict.fromkeys(self._asked_anywhere - told, conditions.UNSET), **values}
        for node in self.outline.inside(self.process):
            if node.kind == "startEvent":
                run = _Run((), (), (), (), (node.id,)).using(self._assigned(node, values))
                yield from self._settle(node, self._forked(run, node))

    def moves(self, marking: Marking) -> Iterator[Move]:
        """Everything that can happen next. Raises TooManyWays."""
        start = _Run(marking.tokens, marking.values, marking.fired, (), ())
        for token in dict.fromkeys(marking.tokens):
            node = self.outline.nodes.get(token)
            if node is None:
                continue  # waits at a join
            if node.kind == "eventBasedGateway":
                for flow in self.outline.outgoing(token):
                    caught = self.outline.nodes.get(flow.target)
                    if caught:
                        run = self._left(start.without(token).after(token, flow.id, caught.id), caught)
                        yield from self._settle(caught, self._forked(run, caught))
            elif node.kind not in SUBPROCESSES:
                for answer in self._outcomes(node):
                    for results in self._results(node):
                        run = self._left(start.without(token).after(token), node, answer, results)
                        for move in self._settle(node, self._forked(run, node)):
                            yield replace(move, answer=answer, results=results) if answer or results else move
            for boundary in self.outline.boundaries(token):
                yield from self._boundary(start, node, boundary)
        if marking.tokens:
            yield from self._event_subprocesses(start)

    # -- events that interrupt or accompany

    def _boundary(self, start: _Run, host: Node, boundary: Node) -> Iterator[Move]:
        if (
            boundary.event
            and boundary.event.kind in ("error", "escalation")
            and host.kind in ("userTask", "receiveTask")
        ):
            return  # neither throws
        if boundary.interrupting:
            run = self._killed(start.without(host.id), host.id)
        elif start.fired.count(boundary.id) < MAX_REPEATS:
            run = replace(start, fired=tuple(sorted((*start.fired, boundary.id))))
        else:
            return
        run = self._left(run.after(host.id, boundary.id), boundary)
        yield from self._settle(boundary, self._forked(run, boundary))

    def _event_subprocesses(self, start: _Run) -> Iterator[Move]:
        for scope in [self.process, *dict.fromkeys(t for t in start.tokens if t in self.outline.nodes)]:
            for sub in self.outline.inside(scope):
                if sub.kind in SUBPROCESSES and sub.on_event and sub.id not in start.tokens:
                    for begin in self.outline.inside(sub.id):
                        if begin.kind == "startEvent":
                            yield from self._open_event_subprocess(start, scope, sub, begin)

    def _open_event_subprocess(self, start: _Run, scope: str, sub: Node, begin: Node) -> Iterator[Move]:
        if begin.interrupting:
            start = self._killed(start, scope)
        elif start.fired.count(sub.id) >= MAX_REPEATS:
            return
        run = replace(start, fired=tuple(sorted((*start.fired, sub.id)))).resting(sub.id).after(sub.id, begin.id)
        yield from self._settle(begin, self._forked(self._left(run, begin), begin))

    def _killed(self, run: _Run, scope: str) -> _Run:
        return replace(
            run,
            tokens=tuple(t for t in run.tokens if not self._within(t, scope)),
            arrivals=tuple(a for a in run.arrivals if not self._within(a[0], scope)),
        )

    def _within(self, token: str, scope: str) -> bool:
        at = self.outline.nodes[token.split(WAITS)[0]].scope
        while at != scope:
            if at not in self.outline.nodes:
                return False
            at = self.outline.nodes[at].scope
        return True

    # -- variables

    def _outcomes(self, node: Node) -> tuple[str | None, ...]:
        """What a person may choose at a task; (None,) where there is nothing to choose."""
        if node.kind != "userTask":
            return (None,)
        choices = (self.known.choices or {}).get(node.form)
        if choices is None or node.loop:
            return (NOT_TOLD,)
        return tuple(sorted(choices[OUTCOME])) if choices.get(OUTCOME) else (None,)

    def _results(self, node: Node) -> Iterator[tuple[tuple[str, bool], ...]]:
        """What the handler of a job may find, of what is either so or not."""
        info = (self.known.handlers or {}).get(node.handler) if node.kind in ("serviceTask", "sendTask") else None
        flags = sorted(info.flags) if info else []
        yield from (tuple(zip(flags, found, strict=True)) for found in product((True, False), repeat=len(flags)))

    def _left(
        self, run: _Run, node: Node, answer: str | None = None, results: tuple[tuple[str, bool], ...] = ()
    ) -> _Run:
        return run.using(self._assigned(node, dict(run.values), answer, dict(results)))

    def _assigned(
        self, node: Node, values: Mapping[str, Value], answer: str | None = None, results: Mapping[str, bool] = NONE
    ) -> Mapping[str, Value]:
        chosen: Value | None = ("is", frozenset({answer})) if answer not in (None, NOT_TOLD) else None
        given = answers(node, self.known)  # hides variables of the same names
        seen: Mapping[str, Value] = {} if given == ANYTHING else values
        for name in given - ANYTHING | ({OUTCOME} if chosen else frozenset()):
            seen = conditions.assign(seen, name, chosen if name == OUTCOME else _found(results, name))
        for source, target in node.outputs:
            name = target.split(".")[0]
            values = conditions.assign(values, name, conditions.told(source, seen) if name == target else None)
        if not node.outputs:
            written = writes(node, self.known)
            if "*" in written:
                values = {name: value for name, value in values.items() if value != conditions.UNSET}
            if written == ANYTHING and (node.kind == "callActivity" or node.handler in (self.known.handlers or {})):
                return {}
            for name in written - ANYTHING:
                values = conditions.assign(values, name, chosen if name == OUTCOME else _found(results, name))
        return values

    # -- running on to the next rest

    def _forked(self, run: _Run, node: Node) -> Iterator[_Run]:
        """A node without gateway is left: all its flows, or those whose conditions hold."""
        flows = self.outline.outgoing(node.id)
        if any(f.condition for f in flows):
            yield from self._inclusive(run, node)
            return
        if node.event and node.event.kind == "link":
            yield run.going(*((other, node.id) for other in link_targets(self.outline, node)))
            return
        yield run.going(*((f.target, f.id) for f in flows))

    def _settle(self, node: Node, runs: Iterator[_Run]) -> Iterator[Move]:
        seen: set[tuple[object, ...]] = set()
        pending = list(runs)
        while pending:
            run = pending.pop()
            key = (run.tokens, run.values, run.arrivals, run.uncaught)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > MAX_ALTERNATIVES:
                raise TooManyWays(node.id)
            following = self._advance(run)
            if following is None:
                values = self._useful(run)
                fired = tuple(f for f in run.fired if self._still(f, run.tokens))
                yield Move(node, Marking(run.tokens, values, fired), run.passed, run.uncaught)
            else:
                pending.extend(following)

    def _still(self, fired: str, tokens: tuple[str, ...]) -> bool:
        host = self.outline.nodes[fired].host
        return host is None or host in tokens

    def _useful(self, run: _Run) -> tuple[tuple[str, Value], ...]:
        """Only what a condition ahead can still ask: keeps the number of different markings small."""
        asked: set[str] = set(self._asked_anywhere) if self._has_event_subprocess else set()
        for token in run.tokens:
            asked |= self._asked(token.split(WAITS)[0])
        return tuple((n, v) for n, v in run.values if (conditions.names(n) if n.startswith("=") else {n}) & asked)

    @cached_property
    def _has_event_subprocess(self) -> bool:
        return any(n.on_event for n in self.outline.nodes.values())

    @cached_property
    def _asked_anywhere(self) -> frozenset[str]:
        return frozenset(name for f in self.outline.flows.values() for name in conditions.names(f.condition or ""))

    @cached_property
    def _asked_cache(self) -> dict[str, frozenset[str]]:
        return {}

    def _asked(self, node: str) -> frozenset[str]:
        if node not in self._asked_cache:
            ahead = self.reach(node) | {node}
            at: str = self.outline.nodes[node].scope
            while at in self.outline.nodes:
                ahead |= self.reach(at)
                at = self.outline.nodes[at].scope
            self._asked_cache[node] = frozenset(
                name for n in ahead for f in self.outline.outgoing(n) for name in conditions.names(f.condition or "")
            )
        return self._asked_cache[node]

    def _reach(self, node: str, without: str | None = None) -> frozenset[str]:
        following = self.following if without is None else {k: v for k, v in self.following.items() if k != without}
        return frozenset(closure(self.following.get(node, ()), following))

    def _advance(self, run: _Run) -> list[_Run] | None:
        """The ways one step further; None when the case rests."""
        if run.arrivals:
            (id_, flow), rest = run.arrivals[0], run.arrivals[1:]
            run = replace(run, arrivals=rest).after(*((flow,) if flow in self.outline.flows else ()))
            node = self.outline.nodes.get(id_)
            return [run] if node is None else list(self._arrive(run, node, flow))
        for token in run.tokens:
            if (
                token in self.outline.nodes
                and self.outline.nodes[token].kind in SUBPROCESSES
                and not any(self._within(t, token) for t in run.tokens)
            ):
                node = self.outline.nodes[token]
                run = self._left(run.without(token), node)
                return [run] if node.on_event else list(self._forked(run, node))
        return self._inclusive_join(run)

    def _arrive(self, run: _Run, node: Node, flow: str) -> Iterator[_Run]:
        joins = len(self.outline.incoming(node.id)) > 1
        if node.kind not in RESTS:
            run = run.after(node.id)  # the others are passed when they are finished
        match node.kind:
            case "exclusiveGateway":
                yield from self._exclusive(run, node)
            case "inclusiveGateway" if joins:
                yield self._bounded(run, f"{node.id}{WAITS}{flow}", node)
            case "inclusiveGateway":
                yield from self._inclusive(run, node)
            case "parallelGateway" if joins:
                yield from self._parallel_join(self._bounded(run, f"{node.id}{WAITS}{flow}", node), node)
            case "parallelGateway" | "startEvent":
                yield from self._forked(run, node)
            case "intermediateThrowEvent":
                yield from self._forked(self._left(run, node), node)
            case "intermediateCatchEvent" if node.event and node.event.kind == "link":
                yield run.going(*((f.target, f.id) for f in self.outline.outgoing(node.id)))
            case "endEvent":
                yield from self._end(run, node)
            case kind if kind in SUBPROCESSES:
                values = dict(run.values)
                for source, target in node.inputs:
                    values = conditions.assign(values, target, conditions.literal(source))
                begins = [e for e in entrances(self.outline, node.id) if self.outline.nodes[e].kind == "startEvent"]
                run = self._bounded(run, node.id, node).using(values)
                yield run.going(*((e, "") for e in begins))
            case "intermediateCatchEvent":
                yield self._bounded(replace(run, passed=run.passed[:-1]), node.id, node)
            case _:
                yield self._bounded(run, node.id, node)

    def _bounded(self, run: _Run, token: str, node: Node) -> _Run:
        if run.tokens.count(token) >= MAX_TOKENS:
            raise TooManyWays(node.id)
        return run.resting(token)

    def _end(self, run: _Run, node: Node) -> Iterator[_Run]:
        kind = node.event.kind if node.event else ""
        if kind == "terminate":
            yield self._killed(run, node.scope)
        elif kind == "error":
            yield from self._error(run, node)
        else:
            yield run

    def _error(self, run: _Run, node: Node) -> Iterator[_Run]:
        code = node.event.code if node.event else ""
        scope = node.scope
        while True:
            for sub in self.outline.inside(scope):
                for begin in self.outline.inside(sub.id) if sub.on_event else ():
                    if begin.event and begin.event.kind == "error" and begin.event.code in ("", code):
                        caught = self._killed(run, scope).resting(sub.id).after(sub.id, begin.id)
                        yield from self._forked(self._left(caught, begin), begin)
                        return
            host = self.outline.nodes.get(scope)
            if host is None:
                yield replace(self._killed(run, self.process), uncaught=node.id)
                return
            for boundary in self.outline.boundaries(scope):
                if boundary.event and boundary.event.kind == "error" and boundary.event.code in ("", code):
                    caught = self._killed(run.without(scope), scope).after(boundary.id)
                    yield from self._forked(self._left(caught, boundary), boundary)
                    return
            scope = host.scope

    # -- gateways

    def _answers(self, flow: Flow, values: Mapping[str, Value], at: Node) -> list[tuple[bool, Mapping[str, Value]]]:
        condition = conditions.parse(flow.condition or "true")
        try:
            found = list(islice(conditions.outcomes(condition, values), MAX_ALTERNATIVES + 1))
        except conditions.Unset as missing:
            self.unset[at.id, missing.name] = None
            return [(True, values), (False, values)]
        if len(found) > MAX_ALTERNATIVES:
            raise TooManyWays(at.id)
        return found

    def _exclusive(self, run: _Run, node: Node) -> Iterator[_Run]:
        flows = self.outline.outgoing(node.id)
        if len(flows) == 1 and not flows[0].condition:
            yield run.going((flows[0].target, flows[0].id))
            return
        open_: list[Mapping[str, Value]] = [dict(run.values)]
        for flow in (f for f in flows if f.id != node.default):
            still: list[Mapping[str, Value]] = []
            for values in open_:
                for holds, after in self._answers(flow, values, node):
                    if holds:
                        yield run.using(after).going((flow.target, flow.id))
                    else:
                        still.append(after)
            open_ = still
        for flow in (f for f in flows if f.id == node.default):
            for values in open_:
                yield run.using(values).going((flow.target, flow.id))

    def _inclusive(self, run: _Run, node: Node) -> Iterator[_Run]:
        flows = self.outline.outgoing(node.id)
        ways: list[tuple[tuple[Flow, ...], Mapping[str, Value]]] = [((), dict(run.values))]
        for flow in (f for f in flows if f.id != node.default):
            ways = [
                ((*taken, flow) if holds else taken, after)
                for taken, values in ways
                for holds, after in self._answers(flow, values, node)
            ]
            if len(ways) > MAX_ALTERNATIVES:
                raise TooManyWays(node.id)
        default = tuple(f for f in flows if f.id == node.default)
        for taken, values in ways:
            if taken or default:
                yield run.using(values).going(*((f.target, f.id) for f in taken or default))

    def _parallel_join(self, run: _Run, node: Node) -> Iterator[_Run]:
        needed = [f"{node.id}{WAITS}{f.id}" for f in self.outline.incoming(node.id)]
        if all(t in run.tokens for t in needed):
            run = run.without(*needed).going(*((f.target, f.id) for f in self.outline.outgoing(node.id)))
        yield run

    def _inclusive_join(self, run: _Run) -> list[_Run] | None:
        """When nothing else moves: a join fires unless a token elsewhere can still reach an input that is missing and none
        that has arrived (the engine's own rule)."""
        joins = dict.fromkeys(t.split(WAITS)[0] for t in run.tokens if WAITS in t)
        for id_ in joins:
            node = self.outline.nodes[id_]
            if node.kind != "inclusiveGateway":
                continue
            here = [t for t in run.tokens if t.startswith(f"{id_}{WAITS}")]
            arrived = {t.split(WAITS)[1] for t in here}
            if not any(self._blocks(t, node, arrived) for t in run.tokens if t not in here):
                run = run.without(*dict.fromkeys(here))
                if len(self.outline.outgoing(id_)) > 1:
                    return list(self._inclusive(run, node))
                return [run.going(*((f.target, f.id) for f in self.outline.outgoing(id_)))]
        return None

    def _blocks(self, token: str, join: Node, arrived: set[str]) -> bool:
        at = token.split(WAITS)[0]
        if at == join.id:
            return False
        ahead = self.reach(at, join.id) | {at}
        sources = {f.id: f.source for f in self.outline.incoming(join.id)}
        reaches = {f for f, source in sources.items() if source in ahead}
        return bool(reaches - arrived) and not reaches & arrived
