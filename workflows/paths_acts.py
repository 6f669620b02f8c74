"""The rules of law, one by one, on what happens to a case: who has decided what when an act is recorded.

Knows nothing of how the case came here: `paths` plays the model, this says what one move means and which rule it breaks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from workflows.law import PAPER, Rules
from workflows.marking import NOT_TOLD, Marking, Move
from workflows.outline import SUBPROCESSES, Node, Outline, title

JOBS = frozenset({"serviceTask", "sendTask"})
AT_ONCE = JOBS | {"businessRuleTask", "scriptTask", "task", "manualTask", "callActivity"}
WAITING = frozenset({"intermediateCatchEvent", "receiveTask", "boundaryEvent"})
SOMEBODY = "#somebody"
"""A person of the authority where it matters to no rule who it was: cases that differ in nothing else are one."""


class Word(NamedTuple):
    """An outcome that a person of the authority chose, and the task."""

    outcome: str
    task: str


@dataclass(frozen=True, slots=True)
class Case:
    """What has been recorded and decided so far, as far as a rule looks at it."""

    record: str | None = None
    admitted: bool = False
    corrections: int = 0
    desk: str | None = None  # lane of the first person of the authority
    admitting: str | None = None  # lane of the person who decided on admission
    person: str | None = None  # id of the last task of the authority that counts, or SOMEBODY
    words: tuple[tuple[frozenset[str], Word], ...] = ()
    good: frozenset[str] = frozenset()  # reviews whose last outcome was good
    bad: frozenset[str] = frozenset()
    evaluated: frozenset[str] = frozenset()
    waited: bool = False  # for somebody else, since the case was received
    found: frozenset[tuple[str, bool]] = frozenset()  # what handlers found last


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule broken at a node. ends: nothing beyond it counts."""

    code: str
    node: Node
    message: str
    cure: str
    ends: bool = False


Allowed = Callable[[Case], frozenset[str]]


@dataclass(frozen=True)
class Lawful:
    """The rules, applied to the nodes of one outline."""

    outline: Outline
    rules: Rules
    _groups: frozenset[frozenset[str]] = field(init=False, default=frozenset())
    _who: bool = field(init=False, default=True)  # some rule asks who decided, and no outcome tells

    def __post_init__(self) -> None:
        groups = frozenset(s.among for said in self.rules.said.values() for s in said)
        object.__setattr__(self, "_groups", groups)
        recorded = {self.state_of(n) for n in self.outline.nodes.values()}
        asked = self.rules.person_required_before | {self.rules.admission}
        who = self.rules.separate_lanes and bool(recorded & asked - self.rules.said.keys())
        object.__setattr__(self, "_who", who)

    def state_of(self, node: Node) -> str:
        """The state that a node records, '' for none."""
        return self.rules.recorded(node.handler, node.headers) if node.kind in JOBS else ""

    def happened(self, case: Case, move: Move) -> tuple[Case, list[Breach]]:
        """The case after a move, and the rules broken by it."""
        node = move.node
        for name, value in move.results:
            if any(name in needed for needed in self.rules.needs.values()):
                case = replace(case, found=case.found - {(name, not value)} | {(name, value)})
        if node.kind in WAITING and case.record == self.rules.initial:
            case = replace(case, waited=True)
        if node.kind == "userTask" and move.passed[:1] == (node.id,):
            if node.lane in self.rules.owner_lanes:
                return replace(case, waited=case.waited or case.record == self.rules.initial), []
            return self._person(case, node, move.answer)
        if node.kind == "businessRuleTask" and any(node.decision in d for d in self.rules.decided_first.values()):
            return replace(case, evaluated=case.evaluated | {node.decision}), []
        if self.state_of(node) and move.passed[:1] == (node.id,):
            return self._act(case, node)
        return case, []

    # -- a person

    def _person(self, case: Case, node: Node, answer: str | None) -> tuple[Case, list[Breach]]:
        rules, lane = self.rules, node.lane or ""
        breaches = []
        early = rules.admitted_before_review and not case.admitted and case.record not in rules.terminal
        if rules.table and early and case.desk not in (None, lane):
            message = f"受理之前，“{case.desk}”收件以后又由“{lane}”办{title(node)}：没有受理就开始审查"
            cure = f"先放一个记录“{rules.word(rules.admission)}”的自动任务，再到这里"
            breaches.append(Breach("review-before-admission", node, message, cure))
        words = dict(case.words)
        for among in self._groups:
            if answer is not None and (answer == NOT_TOLD or answer in among):
                words[among] = Word(answer, node.id)
        good, bad = case.good, case.bad
        for verdicts in self.rules.verdicts.values():
            if node.form == verdicts.form and answer is not None:
                passed = answer in (verdicts.good, NOT_TOLD)
                good = good | {node.id} if passed else good - {node.id}
                bad = bad - {node.id} if passed else bad | {node.id}
        told = tuple(sorted(words.items(), key=lambda item: sorted(item[0])))
        person = node.id if self._who else SOMEBODY
        desk = None if case.admitted else case.desk or lane
        return replace(case, desk=desk, person=person, words=told, good=good, bad=bad), breaches

    # -- an act

    def _act(self, case: Case, node: Node) -> tuple[Case, list[Breach]]:
        rules, state = self.rules, self.state_of(node)
        found: list[Breach] = []
        if state == rules.correction and not case.admitted:
            case = replace(case, corrections=min(2, case.corrections + 1))
            found += self._correction(case, node)
        if rules.table and not any(b.ends for b in found):
            found += self._order(case, node, state)
        if any(b.ends for b in found):
            return case, found
        found += self._how(case, node, state)
        if state in rules.person_required_before:
            found += self._decided(case, node, state)
        found += self._said(case, node, state)
        if state == rules.admission:
            word = next((dict(case.words).get(s.among) for s in rules.said.get(state, ())), None)
            decider = word.task if word else case.person
            at = self.outline.nodes.get(decider or "")
            lane = at.lane if at else None
            person = None if rules.person_since_admission else case.person
            # what only counts before admission is forgotten: cases that differ in nothing else are one
            after = replace(case, record=state, admitted=True, admitting=lane, person=person)
            return replace(after, waited=False, corrections=0, desk=None), found
        return replace(case, record=state, waited=False), found

    def _correction(self, case: Case, node: Node) -> Iterator[Breach]:
        if self.rules.one_correction_before_admission and case.corrections > 1:
            message = f"受理之前可以走到{title(node)}第二次：补正要一次告知"
            cure = "在通往补正的条件里加上 not(corrected)，补正以后把 corrected 设为 true"
            yield Breach("second-correction", node, message, cure, ends=True)
        if self.rules.correction_in_time and case.waited:
            message = (
                f"收件以后先等别人或者等一件事，才走到{title(node)}：等的时候告知补正的期限可能已过，过了就视为受理"
            )
            cure = "收件以后由收件的科室直接告知补正，把等待移到受理以后"
            yield Breach("late-correction", node, message, cure)

    def _order(self, case: Case, node: Node, state: str) -> Iterator[Breach]:
        allowed = self.allowed(case)
        if state in allowed:
            return
        following = "、".join(f"“{self.rules.word(s)}”" for s in sorted(allowed))
        cure = (
            f"按状态表调整先后，或者换成这里允许的状态：{following}" if allowed else "办件到前一步已经结束，删去这一步"
        )
        yield Breach("act-order", node, self._disorder(case, node, state), cure, ends=True)

    def allowed(self, case: Case) -> frozenset[str]:
        """The states that may be recorded next."""
        if case.record is None:
            return frozenset({self.rules.initial}) if self.rules.initial else frozenset(self.rules.table)
        if case.admitted and case.record in self.rules.after_admission:
            return self.rules.after_admission[case.record]
        return self.rules.table.get(case.record, frozenset())

    def _disorder(self, case: Case, node: Node, state: str) -> str:
        word = self.rules.word
        if case.record is None:
            return f"{title(node)}要记录“{word(state)}”，可是还没有记录“{word(self.rules.initial)}”"
        known = case.admitted or state in (self.rules.admission, *self.rules.table.get(case.record, ()))
        reason = "" if known else "，还没有受理"
        return f"{title(node)}要记录“{word(state)}”，这时办件还在“{word(case.record)}”{reason}：不能这样接"

    def _how(self, case: Case, node: Node, state: str) -> Iterator[Breach]:
        """By whom, with which paper, and after which decisions an act is recorded."""
        rules, word = self.rules, self.rules.word(state)
        if state in rules.recorded_by and node.handler not in rules.recorded_by[state]:
            handlers = "、".join(sorted(rules.recorded_by[state]))
            message = f"{title(node)}用处理程序“{node.handler}”记录“{word}”，却没有发出这一状态要有的证照或文书"
            yield Breach("nothing-issued", node, message, f"换成处理程序“{handlers}”")
        if state not in rules.records.get(node.handler, {state}):
            own = "、".join(f"“{rules.word(s)}”" for s in sorted(rules.records[node.handler]))
            message = f"{title(node)}用处理程序“{node.handler}”记录“{word}”，它只能记录{own}"
            yield Breach("wrong-handler", node, message, "换成记录这一状态的处理程序，例如“record”")
        paper = node.headers.get(PAPER, "").strip()
        if state in rules.notice_and_remedy and not paper:
            message = f"{title(node)}记录“{word}”，却不出具文书：当事人得不到书面理由和救济途径"
            yield Breach("no-paper", node, message, "在任务头里加上“paper”，写明文书的种类")
        elif state in rules.papers and paper not in rules.papers[state]:
            kinds = "、".join(sorted(rules.papers[state]))
            message = f"{title(node)}记录“{word}”，出具的却是“{paper}”，里面没有这一决定的理由和救济途径"
            yield Breach("no-paper", node, message, f"把任务头里的“paper”换成“{kinds}”")
        for name, value in sorted(rules.needs.get(state, {}).items()):
            if (name, not value) in case.found:
                message = f"走到{title(node)}记录“{word}”，前面查出的“{name}”却是{'否' if value else '是'}"
                yield Breach("found-otherwise", node, message, f"检查问“{name}”的条件，是和否不要接反")
        for decision in sorted(rules.decided_first.get(state, frozenset()) - case.evaluated):
            message = f"走到{title(node)}记录“{word}”，还没有按决策“{decision}”定出要满足哪些条件"
            yield Breach("no-conditions", node, message, f"在前面放一个决策任务，调用“{decision}”")
        verdicts = rules.verdicts.get(state)
        if verdicts and (case.bad or not case.good):
            failed = [self.outline.nodes[id_] for id_ in sorted(case.bad)]
            reason = f"{title(failed[0])}没有通过" if failed else "没有一项审查通过"
            message = f"走到{title(node)}记录“{word}”，{reason}"
            yield Breach("review-failed", node, message, "只让全部通过的办件走到这里")
        elif verdicts and (missing := sorted(verdicts.owed - case.good)):
            names = "、".join(title(self.outline.nodes[m]) if m in self.outline.nodes else f"“{m}”" for m in missing)
            message = f"走到{title(node)}记录“{word}”，{names}还没有办过"
            yield Breach("review-missing", node, message, "让每一项必办的审查都办到")

    def _decided(self, case: Case, node: Node, state: str) -> Iterator[Breach]:
        """Whether a person decided at all, and another than the one who admitted."""
        told = dict(case.words)
        words = [told[s.among] for s in self.rules.said.get(state, ()) if s.among in told]
        deciders = [self.outline.nodes.get(id_) for id_ in ([w.task for w in words] or [case.person or ""])]
        if not case.person:
            since = "受理以后" if case.admitted and self.rules.person_since_admission else ""
            message = f"走到{title(node)}，{since}没有任何人作过决定，就记录“{self.rules.word(state)}”"
            yield Breach("no-person", node, message, "在它前面放一个由审批科室办理的任务", ends=True)
            return
        for decider in deciders:
            if self.rules.separate_lanes and decider and decider.lane and decider.lane == case.admitting:
                message = f"受理和决定都由“{decider.lane}”办：受理人和批准人要分开"
                yield Breach("same-lane", decider, message, f"把{title(decider)}移到另一个科室的泳道")

    def _said(self, case: Case, node: Node, state: str) -> Iterator[Breach]:
        """Whether the act says what a person decided last."""
        for said in self.rules.said.get(state, ()):
            word = dict(case.words).get(said.among)
            if word is None:
                message = f"走到{title(node)}记录“{self.rules.word(state)}”，没有人作过这样的决定"
                yield Breach("not-decided", node, message, "在它前面放一个由科室办理的任务，由人来决定")
            elif word.outcome not in said.wanted and word.outcome != NOT_TOLD:
                task = self.outline.nodes[word.task]
                message = (
                    f"{title(task)}的决定是“{word.outcome}”，这条路却走到{title(node)}记录“{self.rules.word(state)}”"
                )
                yield Breach("not-decided", node, message, "检查决定之后的连线和条件，让每个决定走到它自己的结果")

    # -- while the case rests

    def resting(self, case: Case, marking: Marking) -> Iterator[Breach]:
        """What must hold while a case waits: a correction can run out."""
        rules = self.rules
        if not rules.correction_expires or case.admitted or case.record != rules.correction:
            return
        nodes = [self.outline.nodes[t] for t in marking.tokens if t in self.outline.nodes]
        if any(n.kind in AT_ONCE for n in nodes) or any(self._expires(n) for n in nodes):
            return
        at = next((n for n in nodes if n.kind not in SUBPROCESSES), None)
        if at is not None:
            message = f"补正的时候办件停在{title(at)}，补正期满却没有路可走：不补正的办件永远不会结束"
            cure = f"在{title(at)}的边上等消息“{rules.correction_expires}”，期满后记录“{rules.word('pulled')}”"
            yield Breach("correction-endless", at, message, cure)

    def _expires(self, node: Node) -> bool:
        """Whether the message that ends a correction is waited for here or around."""
        name, outline = self.rules.correction_expires, self.outline

        def is_it(one: Node) -> bool:
            return one.message == name or any(e.kind == "message" and e.name == name for e in one.events)

        if is_it(node) or any(is_it(b) and b.interrupting for b in outline.boundaries(node.id)):
            return True
        if node.kind == "eventBasedGateway":
            return any(is_it(outline.nodes[f.target]) for f in outline.outgoing(node.id) if f.target in outline.nodes)
        scope = node.scope
        while True:
            for sub in outline.inside(scope):
                if sub.on_event and any(is_it(s) and s.interrupting for s in outline.inside(sub.id)):
                    return True
            if scope not in outline.nodes:
                return False
            if any(is_it(b) and b.interrupting for b in outline.boundaries(scope)):
                return True
            scope = outline.nodes[scope].scope
