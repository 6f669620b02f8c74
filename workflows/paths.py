"""Which orders of recorded acts a model permits, held against rules that a caller brings (this package knows no permit).

An act is a service task with a header `transition`: the state of the case it records. The model is played on its static graph
(`marking`) in every order, breadth first, so that the path shown for a finding is one of the shortest. What cannot be played
to the end is a finding itself, never a pass.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from workflows.conditions import Scalar
from workflows.errors import Refused
from workflows.findings import Finding, Known
from workflows.lint_flow import error, warning, whole
from workflows.marking import WAITS, Game, Marking, Move, TooManyWays
from workflows.outline import SUBPROCESSES, Node, Outline, read, title

MAX_STATES = 40_000
TRANSITION = "transition"
PAPER = "paper"


@dataclass(frozen=True)
class Rules:
    """What the recorded acts of a case must obey. With an empty table only the structure is checked: no case gets stuck.

    initial: the state that must be recorded first. table: state -> the states that may follow it; after_admission replaces
    rows of it once `admission` has been recorded. names: Chinese names of states. terminal: states in which a case may end.
    person_required_before: states that need a person of the authority before them (since admission when person_since_admission).
    separate_lanes: who admits is not who decides. admitted_before_review: nothing but one desk before admission.
    one_correction_before_admission: the second round of `correction` is unlawful. notice_and_remedy: states that need a paper.
    owner_lanes: lanes of the applicant, no persons of the authority. values: variables known at the start.
    sources: code of a finding -> where the rule comes from, in Chinese.
    """

    initial: str | None = None
    table: Mapping[str, frozenset[str]] = field(default_factory=dict)
    after_admission: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    terminal: frozenset[str] = frozenset()
    admission: str = "admitted"
    review: str = "in_review"
    correction: str = "correction_started"
    person_required_before: frozenset[str] = frozenset()
    person_since_admission: bool = True
    separate_lanes: bool = True
    admitted_before_review: bool = True
    one_correction_before_admission: bool = True
    notice_and_remedy: frozenset[str] = frozenset()
    owner_lanes: frozenset[str] = frozenset()
    values: Mapping[str, Scalar] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """What has been recorded so far, as far as a rule looks at it."""

    record: str | None = None
    admitted: bool = False
    corrections: int = 0
    desk: str | None = None  # lane of the first person of the authority
    admitting: str | None = None  # lane of the person who decided on admission
    person: str | None = None  # id of the last task of the authority that counts


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
        self.parents: dict[Place, tuple[Place | None, tuple[str, ...]]] = {}
        self.found: dict[tuple[str, str | None], Finding] = {}

    def findings(self) -> Iterator[Finding]:
        self._unexplorable()
        pending: deque[Place] = deque()
        values = {name: ("is", frozenset({value})) for name, value in self.rules.values.items()}
        try:
            for move in self.game.starts(values):
                self._take(None, Case(), move, pending)
            while pending:
                place = pending.popleft()
                if len(self.parents) > MAX_STATES:
                    raise TooManyWays("")
                moved = False
                for move in self.game.moves(place[0]):
                    moved = True
                    self._take(place, place[1], move, pending)
                if not moved and place[0].tokens:
                    self._stuck(place)
        except TooManyWays as problem:
            self._too_many(problem.element)
        yield from self.found.values()

    # -- one move

    def _take(self, before: Place | None, case: Case, move: Move, pending: deque[Place]) -> None:
        after = self._happened(before, case, move)
        if after is None:
            return  # unlawful: nothing beyond it counts
        place = (move.after, after)
        if place in self.parents:
            return
        self.parents[place] = (before, move.passed)
        self._piled_up(place)
        if move.uncaught:
            node = self.outline.nodes[move.uncaught]
            message = f"{title(node)}抛出的错误没有人接，办件会变成异常"
            self._add("uncaught", node, place, (), message, "在外层的边上接住这个错误")
        elif not move.after.tokens:
            self._ended(place, move)
        else:
            pending.append(place)

    def _happened(self, before: Place | None, case: Case, move: Move) -> Case | None:
        """The case after a task was finished; None when that broke a rule."""
        node = move.node
        if node.kind == "userTask" and node.lane not in self.rules.owner_lanes:
            return self._person(before, case, node)
        if node.kind in ("serviceTask", "sendTask") and node.headers.get(TRANSITION) and move.passed[:1] == (node.id,):
            return self._act(before, case, node)
        return case

    def _person(self, before: Place | None, case: Case, node: Node) -> Case:
        rules, lane = self.rules, node.lane or ""
        early = rules.admitted_before_review and not case.admitted and case.record not in rules.terminal
        if rules.table and early and case.desk not in (None, lane):
            message = f"受理之前，“{case.desk}”收件以后又由“{lane}”办{title(node)}：没有受理就开始审查"
            cure = f"先放一个记录“{self._word(rules.admission)}”的自动任务，再到这里"
            self._add("review-before-admission", node, before, (node.id,), message, cure)
        return replace(case, desk=case.desk or lane, person=node.id)

    def _act(self, before: Place | None, case: Case, node: Node) -> Case | None:
        """The case after an act was recorded; None when it must not be recorded here."""
        rules, state = self.rules, node.headers[TRANSITION].strip()
        here = (node.id,)
        if state == rules.correction and not case.admitted:
            case = replace(case, corrections=min(2, case.corrections + 1))
            if rules.one_correction_before_admission and case.corrections > 1:
                message = f"受理之前可以走到{title(node)}第二次：补正要一次告知"
                cure = "在通往补正的条件里加上 not(corrected)，补正以后把 corrected 设为 true"
                self._add("second-correction", node, before, here, message, cure)
                return None
        if rules.table and state not in (allowed := self._allowed(case)):
            following = "、".join(f"“{self._word(s)}”" for s in sorted(allowed))
            cure = (
                f"按状态表调整先后，或者换成这里允许的状态：{following}"
                if allowed
                else "办件到前一步已经结束，删去这一步"
            )
            self._add("act-order", node, before, here, self._order(case, node, state), cure)
            return None
        if state in rules.notice_and_remedy and not node.headers.get(PAPER, "").strip():
            message = f"{title(node)}记录“{self._word(state)}”，却不出具文书：当事人得不到书面理由和救济途径"
            self._add("no-paper", node, before, here, message, "在任务头里加上“paper”，写明文书的种类")
        if state in rules.person_required_before and not self._decided(before, case, node, state):
            return None
        if state == rules.admission:
            lane = self.outline.nodes[case.person].lane if case.person else None
            person = None if rules.person_since_admission else case.person
            return replace(case, record=state, admitted=True, admitting=lane, person=person)
        return replace(case, record=state)

    def _decided(self, before: Place | None, case: Case, node: Node, state: str) -> bool:
        """Whether a person decided; says so when nobody did, or the one who admitted."""
        decider = self.outline.nodes[case.person] if case.person else None
        if decider is None:
            since = "受理以后" if case.admitted and self.rules.person_since_admission else ""
            message = f"走到{title(node)}，{since}没有任何人作过决定，就记录“{self._word(state)}”"
            self._add("no-person", node, before, (node.id,), message, "在它前面放一个由审批科室办理的任务")
            return False
        if self.rules.separate_lanes and decider.lane and decider.lane == case.admitting:
            message = f"受理和决定都由“{decider.lane}”办：受理人和批准人要分开"
            self._add("same-lane", decider, before, (node.id,), message, f"把{title(decider)}移到另一个科室的泳道")
        return True

    def _allowed(self, case: Case) -> frozenset[str]:
        if case.record is None:
            return frozenset({self.rules.initial}) if self.rules.initial else frozenset(self.rules.table)
        if case.admitted and case.record in self.rules.after_admission:
            return self.rules.after_admission[case.record]
        return self.rules.table.get(case.record, frozenset())

    def _order(self, case: Case, node: Node, state: str) -> str:
        if case.record is None:
            return f"{title(node)}要记录“{self._word(state)}”，可是还没有记录“{self._word(self.rules.initial or '')}”"
        reason = (
            ""
            if case.admitted or state in (self.rules.admission, *self.rules.table.get(case.record, ()))
            else "，还没有受理"
        )
        return f"{title(node)}要记录“{self._word(state)}”，这时办件还在“{self._word(case.record)}”{reason}：不能这样接"

    # -- where a case comes to rest for ever

    def _ended(self, place: Place, move: Move) -> None:
        record = place[1].record
        if not self.rules.table or record in self.rules.terminal:
            return
        last = self.outline.nodes.get(move.passed[-1] if move.passed else move.node.id, move.node)
        state = f"还在“{self._word(record)}”" if record else "没有记录过任何状态"
        message = f"办件走到{title(last)}就结束了，状态{state}，没有办结"
        self._add("no-final", last, place, (), message, "在结束之前记录一个办结的状态")

    def _stuck(self, place: Place) -> None:
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
            if node.loop and (node.headers.get(TRANSITION) or (node.kind in SUBPROCESSES and self._records(node.id))):
                message = f"{title(node)}是多实例，里面记录办件状态，会记录几次无法确定"
                self._add("not-explored", node, None, (), message, "把记录状态的任务移到多实例外面")
            if node.kind == "callActivity" and node.called in self.outline.processes and self._records(node.called):
                message = f"{title(node)}调用的流程里记录办件状态，从这里看不出先后"
                self._add("not-explored", node, None, (), message, "把记录状态的任务移到本流程里")

    def _records(self, scope: str) -> bool:
        return any(
            n.headers.get(TRANSITION) or (n.kind in SUBPROCESSES and self._records(n.id))
            for n in self.outline.inside(scope)
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

    def _word(self, state: str | None) -> str:
        return self.rules.names.get(state or "", state or "")

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
