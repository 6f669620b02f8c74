"""Which orders of recorded acts a model permits, held against rules that a caller brings (this package knows no permit).

An act is a service task with a header `transition`: the state of the case it records (or one whose handler records a state by
itself). Whether a move is lawful says `paths_acts`. The model is played on its static graph
(`marking`) in every order, breadth first, so that the path shown for a finding is one of the shortest. What cannot be played
to the end is a finding itself, never a pass.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from workflows.errors import Refused
from workflows.findings import Finding, Known
from workflows.law import PAPER, TRANSITION, Rules, Said, Verdicts
from workflows.lint_flow import error, warning, whole
from workflows.marking import WAITS, Game, Marking, Move, TooManyWays
from workflows.outline import SUBPROCESSES, Node, Outline, read, title
from workflows.paths_acts import Case, Lawful

__all__ = ["MAX_STATES", "PAPER", "TRANSITION", "Rules", "Said", "Verdicts", "check"]

MAX_STATES = 24_000

Place = tuple[Marking, Case]
Maker = Callable[[str, Node, str, str, tuple[str, ...]], Finding]


def check(files: Mapping[str, bytes], process_id: str, rules: Rules, known: Known | None = None) -> list[Finding]:
    """Findings about the orders of acts that process `process_id` permits, one for each rule and element, with its path.

    A file that cannot be read gives one finding; `lint` says more about it.
    """
    for name, data in files.items():
        if not name.endswith(".bpmn"):
            continue
        try:
            outline = read(data, name)
        except Refused:
            continue
        if process_id in outline.processes:
            return list(_Search(outline, process_id, rules, known or Known()).findings())
    return [whole("not-explored", f"找不到流程“{process_id}”，不能证明它的每条路都合法", "先改好文件里的错误")]


class _Search:
    def __init__(self, outline: Outline, process: str, rules: Rules, known: Known) -> None:
        self.outline, self.process, self.rules = outline, process, rules
        self.game = Game(outline, process, known)
        self.law = Lawful(outline, rules)
        self.parents: dict[Place, tuple[Place | None, tuple[str, ...]]] = {}
        self.before: dict[Place, list[Place]] = {}
        self.over: list[Place] = []  # where a case came to its end, or where a finding tells already why not
        self.found: dict[tuple[str, str | None], Finding] = {}

    def findings(self) -> Iterator[Finding]:
        self._unexplorable()
        pending: deque[Place] = deque()
        values = {name: ("is", frozenset({value})) for name, value in self.rules.values.items()}
        try:
            for move in self.game.starts(values):
                self._take(None, Case(), move, pending)
            self._unset(None)
            while pending:
                place = pending.popleft()
                if len(self.parents) > MAX_STATES:
                    raise TooManyWays("")
                moved = False
                for move in self.game.moves(place[0]):
                    moved = True
                    self._take(place, place[1], move, pending)
                self._unset(place)
                if not moved and place[0].tokens:
                    self._stuck(place)
            if self.game.known.handlers is not None:  # else a handler may change what a condition asks
                self._endless()
        except TooManyWays as problem:
            self._too_many(problem.element)
        yield from self.found.values()

    # -- one move

    def _take(self, before: Place | None, case: Case, move: Move, pending: deque[Place]) -> None:
        after, breaches = self.law.happened(case, move)
        for one in breaches:
            self._add(one.code, one.node, before, (move.node.id,), one.message, one.cure)
        if any(one.ends for one in breaches):
            if before is not None:
                self.over.append(before)
            return  # nothing beyond it counts
        place = (move.after, after)
        if before is not None:
            self.before.setdefault(place, []).append(before)
        if place in self.parents:
            return
        self.parents[place] = (before, move.passed)
        self._piled_up(place)
        if move.uncaught:
            self.over.append(place)
            node = self.outline.nodes[move.uncaught]
            message = f"{title(node)}抛出的错误没有人接，办件会变成异常"
            self._add("uncaught", node, place, (), message, "在外层的边上接住这个错误")
        elif not move.after.tokens:
            self.over.append(place)
            self._ended(place, move)
        else:
            for one in self.law.resting(after, move.after):
                self._add(one.code, one.node, place, (), one.message, one.cure)
            pending.append(place)

    def _unset(self, place: Place | None) -> None:
        """Conditions met on the way from here that ask a variable which nobody has written on this path."""
        for id_, name in self.game.unset:
            node = self.outline.nodes[id_]
            message = f"走这条路到{title(node)}时还没有人写过“{name}”，它的条件没法判断，办件会停在这里"
            self._add("unset", node, place, (id_,), message, f"在开始事件的输出里给“{name}”一个初值")
        self.game.unset.clear()

    # -- where a case comes to rest for ever

    def _ended(self, place: Place, move: Move) -> None:
        record = place[1].record
        if not self.rules.table or record in self.rules.terminal:
            return
        last = self.outline.nodes.get(move.passed[-1] if move.passed else move.node.id, move.node)
        state = f"还在“{self.rules.word(record)}”" if record else "没有记录过任何状态"
        message = f"办件走到{title(last)}就结束了，状态{state}，没有办结"
        self._add("no-final", last, place, (), message, "在结束之前记录一个办结的状态")

    def _endless(self) -> None:
        """From every place a case can come to, an end can be reached."""
        ending: set[Place] = set()
        pending = list(self.over)
        while pending:
            place = pending.pop()
            if place not in ending:
                ending.add(place)
                pending += self.before.get(place, ())
        for place in self.parents:
            if place not in ending:
                at = next((self.outline.nodes[t] for t in place[0].tokens if t in self.outline.nodes), None)
                if at is not None:
                    message = f"走这条路到{title(at)}以后，无论怎么办都到不了结束，办件永远办不完"
                    self._add("endless", at, place, (), message, "给它一条能走到结束的路，检查回路的条件会不会变")
                    return

    def _stuck(self, place: Place) -> None:
        self.over.append(place)
        for token in (t for t in place[0].tokens if WAITS in t):
            join = self.outline.nodes[token.split(WAITS)[0]]
            arrived = {t.split(WAITS)[1] for t in place[0].tokens if t.startswith(f"{join.id}{WAITS}")}
            missing = [self.outline.nodes[f.source] for f in self.outline.incoming(join.id) if f.id not in arrived]
            if missing:
                message = f"走这条路，{title(join)}会一直等{title(missing[0])}那一路，等不到"
                self._add("stuck", join, place, (), message, "让分出去的路和汇合的路一样多，或者改用排他网关汇合")
            return

    def _piled_up(self, place: Place) -> None:
        tokens = place[0].tokens
        for token in dict.fromkeys(t for t in tokens if WAITS not in t and tokens.count(t) > 1):
            if token not in self.repeatable:
                node = self.outline.nodes[token]
                message = f"并行的几路没有汇合就走到{title(node)}，同一件会在这里办两次"
                self._add("twice", node, place, (), message, "在它前面加一个并行汇合", warning)

    # -- what cannot be played

    @cached_property
    def repeatable(self) -> frozenset[str]:
        """What a non-interrupting event may open several times on purpose."""
        begins = [
            n for n in self.outline.nodes.values() if not n.interrupting and n.kind in ("boundaryEvent", "startEvent")
        ]
        return frozenset(id_ for n in begins for id_ in self.game.reach(n.id))

    def _unexplorable(self) -> None:
        for node in self.outline.nodes.values():
            if self.outline.process_of(node.id) != self.process:
                continue
            if node.loop and (self.law.state_of(node) or (node.kind in SUBPROCESSES and self._records(node.id))):
                message = f"{title(node)}是多实例，里面记录办件状态，会记录几次无法确定"
                self._add("not-explored", node, None, (), message, "把记录状态的任务移到多实例外面")
            if node.kind == "callActivity" and node.called in self.outline.processes and self._records(node.called):
                message = f"{title(node)}调用的流程里记录办件状态，从这里看不出先后"
                self._add("not-explored", node, None, (), message, "把记录状态的任务移到本流程里")

    def _records(self, scope: str) -> bool:
        return any(
            self.law.state_of(n) or (n.kind in SUBPROCESSES and self._records(n.id)) for n in self.outline.inside(scope)
        )

    def _too_many(self, element: str) -> None:
        node = self.outline.nodes.get(element)
        if node is None:
            message = f"流程的走法超过 {MAX_STATES} 种，没有查完，不能证明每条路都合法"
            cure = "减少并行的路和互相影响的条件，或者分成几个流程"
            self.found["not-explored", None] = whole("not-explored", message, cure)
        else:
            message = f"{title(node)}处的走法太多或者会越积越多，没有查完，不能证明每条路都合法"
            cure = "检查并行分出去的路是不是都汇合了，回路是不是绕过了汇合"
            self._add("piled-up", node, None, (), message, cure)

    # -- words

    def _trail(self, place: Place | None) -> tuple[str, ...]:
        parts: list[tuple[str, ...]] = []
        while place is not None:
            place, passed = self.parents[place]
            parts.append(passed)
        return tuple(id_ for part in reversed(parts) for id_ in part)

    def _add(
        self,
        code: str,
        node: Node,
        place: Place | None,
        then: tuple[str, ...],
        message: str,
        cure: str,
        make: Maker = error,
    ) -> None:
        if (code, node.id) in self.found:
            return
        path = (*self._trail(place), *then)
        source = self.rules.sources.get(code)
        walked = _walked(self.outline, path)
        sentence = message + (f"（{source}）" if source else "") + (f"。走法：{walked}" if walked else "")
        self.found[code, node.id] = make(code, node, sentence, cure, path)


def _walked(outline: Outline, path: tuple[str, ...]) -> str:
    """The names along a path, gateways left out, the middle of a long one shortened."""
    names = [n.name for id_ in path if (n := outline.nodes.get(id_)) and n.name and not n.kind.endswith("Gateway")]
    if len(names) > 9:
        names = [*names[:3], "…", *names[-5:]]
    return " → ".join(names)
