"""A process with everything it calls and decides by, parsed once, immutable, shared by all instances and threads."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from . import closure, dialect, dmn, feel, rules, timers
from .errors import Problem, Refused, Stuck
from .nodes import ElementInfo, Node
from .source import B, Xml, namespace, parse, tag


@dataclass(frozen=True, slots=True)
class StartTimer:
    """A timer start event: its id, ISO text or FEEL, and whether it repeats."""

    element: str
    text: str
    cycle: bool

    def due(self, published: datetime, started: int = 0) -> datetime | None:
        """When the next instance is to start, `started` being already there; None when there is no further.

        published: the instant from which the process is in force; durations and cycles count from it. Raises FeelError for
        an expression without an answer, ValueError for an answer that is no time.
        """
        value = feel.evaluate(self.text, {}, now=published) if self.text.startswith("=") else self.text
        try:
            return timers.nth_start(value, published.astimezone(UTC), started, cycle=self.cycle)
        except Stuck as stuck:
            raise ValueError(str(stuck)) from stuck


@dataclass(frozen=True, slots=True)
class Deployment:
    process_id: str
    name: str
    #: sha256 (hex) over what the process needs, see closure.py. Contents of forms are the caller's to add.
    closure_hash: str
    #: First characters of the address that a state of this deployment bears: of today's, and of the way before.
    state_tags: tuple[str, str]
    needed_files: tuple[str, ...]
    form_ids: tuple[str, ...]
    job_types: tuple[str, ...]
    #: Names of the messages that start the process.
    start_messages: tuple[str, ...]
    #: Names of the signals that start it.
    start_signals: tuple[str, ...]
    #: The timers that start it: the caller starts an instance (`start(..., timer=element)`) when one is due.
    start_timers: tuple[StartTimer, ...]
    elements: Mapping[str, ElementInfo]
    spec: Any = field(repr=False)
    subprocess_specs: Mapping[str, Any] = field(repr=False)
    decisions: "dmn.Decisions" = field(repr=False)


def deploy(files: Mapping[str, bytes], process_id: str) -> Deployment:
    """Deploys `process_id` from the *.bpmn and *.dmn among `files`; what it does not need may be faulty.

    Raises Refused with every reason why the engine could not run it right.
    """
    sources = _Sources(files)
    needed = sources.closure(process_id)
    known: dict[str, Node] = {}
    trees: dict[str, Xml] = {}
    own: dict[str, Node] = {}
    for key in needed:
        name, root = sources.processes[key]
        copy = trees.setdefault(name, deepcopy(root))
        process = next(p for p in copy.iterfind(f"{B}process") if p.get("id") == key)
        found = dialect.nodes(process, root)
        own = own or dict(found)
        _no_clash(known, found, own)
        dialect.normalise(process, found)
        known.update(found)
    for copy in trees.values():
        _keep_only(copy, needed)
    decided = sorted({node.decision for node in known.values() if node.decision and not node.info.job_type})
    decisions, decision_files = sources.decisions(decided, known)
    spec, specs = dialect.parse(sorted(trees.items()), known, process_id)
    files_needed = tuple(sorted({*trees, *decision_files}))
    infos = {node.info.id: node.info for node in (*known.values(), *own.values())}
    forms = tuple(sorted({info.form for info in infos.values() if info.form}))
    address = closure.address(
        process_id,
        [(sources.roots[name], needed) for name in trees],
        [(root, closure.needed_of(root, decisions.program)) for root in sources.decision_roots(decision_files)],
        forms,
    )
    return Deployment(
        process_id=process_id,
        name=sources.process(process_id).get("name") or process_id,
        closure_hash=address,
        state_tags=(address[:16], closure.former_address(process_id, [files[n] for n in files_needed], forms)[:16]),
        needed_files=files_needed,
        form_ids=forms,
        job_types=tuple(sorted({info.job_type for info in infos.values() if info.job_type})),
        start_messages=_started_by(spec, "message"),
        start_signals=_started_by(spec, "signal"),
        start_timers=tuple(
            StartTimer(start.name, start.node.event.name or "", start.node.event.cycle)
            for start in spec.starts
            if start.node.event and start.node.event.kind == "timer"
        ),
        elements=MappingProxyType(infos),
        spec=spec,
        subprocess_specs=MappingProxyType(specs),
        decisions=decisions,
    )


def _started_by(spec: Any, kind: str) -> tuple[str, ...]:
    return tuple(start.node.event.name for start in spec.starts if start.node.event and start.node.event.kind == kind)


def _no_clash(known: Mapping[str, Node], found: Mapping[str, Node], own: Mapping[str, Node]) -> None:
    """Ids are the names of tokens and the keys of nodes: processes that call one another must not share them."""
    if found.keys() == own.keys() and not known:
        return
    clashes = sorted(known.keys() & found.keys())
    if clashes:
        raise Refused(
            Problem(key, f"元素{found[key].info.label}的编号在被调用的流程里也有。", "请给其中一个换编号。")
            for key in clashes
        )


def _keep_only(root: Xml, needed: list[str]) -> None:
    for child in list(root):
        if (
            (tag(child) == "process" and child.get("id") not in needed)
            or tag(child) in ("collaboration", "dataStore")
            or namespace(child) != namespace(root)
            or tag(child).startswith("global")
        ):
            root.remove(child)


class _Sources:
    """The files, read on demand: a faulty one harms only who needs it."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.unreadable: list[Problem] = []
        self.roots: dict[str, Xml] = {}
        self.processes: dict[str, tuple[str, Xml]] = {}
        self.twice: dict[str, list[str]] = {}
        for name in sorted(files):
            if name.endswith(".bpmn"):
                self._read(name)

    def _read(self, name: str) -> None:
        try:
            root = parse(self.files[name], name)
        except Refused as refused:
            self.unreadable.extend(refused.findings)
            return
        self.roots[name] = root
        for process in root.iterfind(f"{B}process"):
            key = process.get("id") or ""
            if key in self.processes:
                self.twice.setdefault(key, [self.processes[key][0]]).append(name)
            self.processes.setdefault(key, (name, root))

    def decision_roots(self, names: list[str]) -> list[Xml]:
        return [parse(self.files[name], name) for name in names]

    def process(self, key: str) -> Xml:
        _, root = self.processes[key]
        return next(p for p in root.iterfind(f"{B}process") if p.get("id") == key)

    def closure(self, process_id: str) -> list[str]:
        """The process and all that it calls, callers first. Raises Refused."""
        needed: list[str] = []
        problems: list[Problem] = []

        def visit(key: str, caller: Xml | None, path: tuple[str, ...]) -> None:
            if key in path:
                problems.append(Problem(key, f"流程“{key}”直接或间接调用了自己。", "请改用循环。"))
                return
            if not self._present(key, caller, problems) or key in needed:
                return
            needed.append(key)
            process = self.process(key)
            _, root = self.processes[key]
            problems.extend(rules.problems(process, root))
            if process.get("isExecutable") == "false":
                problems.append(Problem(key, f"流程“{key}”没有标为可执行。", "请在属性面板勾选“可执行”。"))
            for call in process.iter(f"{B}callActivity"):
                called = dialect.called_process(call)
                if called:
                    visit(called, call, (*path, key))

        visit(process_id, None, ())
        if problems:
            raise Refused(problems)
        return needed

    def _present(self, key: str, caller: Xml | None, problems: list[Problem]) -> bool:
        element = "" if caller is None else caller.get("id") or ""
        if key in self.twice:
            problems.append(
                Problem(element, f"流程“{key}”在几个文件里都有:{'、'.join(self.twice[key])}。", "请只保留一个。")
            )
            return False
        if key not in self.processes:
            problems.append(Problem(element, f"找不到流程“{key}”。", "请上传含有它的文件,或改正编号。"))
            problems.extend(self.unreadable)
            return False
        return True

    def decisions(self, needed: list[str], known: Mapping[str, Node]) -> tuple["dmn.Decisions", list[str]]:
        """What the needed decisions rest on, and the files they stand in. Raises Refused, naming the task."""
        sources = {name: data for name, data in self.files.items() if name.endswith(".dmn")} if needed else {}
        decisions, problems = dmn.load(sources, needed)
        if problems:
            by_decision = {node.decision: node.info for node in known.values() if node.decision}
            raise Refused(
                Problem(by_decision[key].id, f"{by_decision[key].label}的决策:{problem.message_zh}", problem.cure_zh)
                if key in by_decision
                else problem
                for key, problem in problems
            )
        return decisions, list(decisions.files)
