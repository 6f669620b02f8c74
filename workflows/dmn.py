"""Decisions: DMN 1.3 to 1.5 files -> programs for vendor/src/decision.js, which evaluates them over FEEL.

Decision tables with every hit policy, literal and boxed expressions, knowledge models, decision services, the requirement
graph. A missing input variable, overlapping rules under UNIQUE or ANY and a faulty cell are errors, never a silent null.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from . import feel
from .boxed import BOXED, Boxed, Types, first
from .errors import DecisionError, FeelError, Problem, Refused
from .source import Xml, namespace, parse, tag

_NAMESPACES = (
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
    "https://www.omg.org/spec/DMN/20240513/MODEL/",
)
@dataclass(frozen=True, slots=True)
class DecisionResult:
    """`matched`: decision id -> ids of the rules that hit, for every table on the way: the reason for the value."""

    decision: str
    value: Any
    matched: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Decisions:
    """A program, closed under requirements. `names`: id -> name of each decision; `labels`: also of its functions."""

    program: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False)
    hash: str
    names: Mapping[str, str]
    labels: Mapping[str, str]
    files: tuple[str, ...]


def load(sources: Mapping[str, bytes], needed: Iterable[str]) -> tuple[Decisions, list[tuple[str, Problem]]]:
    """The decisions and services `needed` and what they require, from DMN files by name. Problems come with the decision they harm;
    a file that nobody needs may be faulty."""
    problems: list[tuple[str, Problem]] = []
    library = _Library()
    unreadable: list[Problem] = []
    for name in sorted(sources):
        try:
            library.read(name, parse(sources[name], name))
        except Refused as refused:
            unreadable.extend(refused.findings)
    for key in needed:
        if key not in library.elements or tag(library.elements[key][1]) not in ("decision", "decisionService"):
            problems.append((key, Problem(key, f"找不到决策“{key}”。", "请上传含有它的 DMN 文件,或改正编号。")))
            problems.extend((key, problem) for problem in unreadable)
            continue
        problems.extend((key, problem) for problem in library.need(key))
    return library.decisions(), problems


def everything(sources: Mapping[str, bytes]) -> tuple[Decisions, list[tuple[str, Problem]]]:
    """As `load`, of every decision in the files: for a linter and for decisions used without a process."""
    keys = [
        element.get("id") or ""
        for name in sorted(sources)
        for element in parse(sources[name], name)
        if tag(element) == "decision"
    ]
    return load(sources, keys)


def decide(
    decisions: Decisions,
    decision: str,
    variables: Mapping[str, Any],
    *,
    now: datetime | None = None,
    strict: bool = True,
) -> DecisionResult:
    """Raises DecisionError with a Chinese sentence. `strict`: a name without a value, or a value that is not of its declared
    type, is an error, not null."""
    if decision not in decisions.program["decisions"]:
        raise DecisionError(f"没有编号为“{decision}”的决策")
    reply = _ask(
        decisions,
        {
            "command": "decide",
            "decision": decision,
            "variables": feel.mentioned(decisions.text, variables),
            "now": feel.milliseconds(now),
        },
    )
    if strict:
        _refuse_gaps(decisions, reply)
    matched = {key: tuple(rules) for key, rules in reply["matched"].items()}
    return DecisionResult(decision, reply["value"], MappingProxyType(matched))


def texts(decisions: Decisions) -> Iterator[tuple[str, str, bool]]:
    """(decision or knowledge model, FEEL text, whether it is the test of a rule) of everything that is evaluated."""
    for part in ("decisions", "knowledge"):
        for key, one in decisions.program[part].items():
            stack: list[Any] = [one["body"]]
            while stack:
                body = stack.pop()
                if isinstance(body, list):
                    stack += body
                elif isinstance(body, dict) and body.get("kind") == "literal":
                    yield key, body["text"], False
                elif isinstance(body, dict) and body.get("kind") == "table":
                    yield from ((key, text, False) for text in body["inputs"])
                    yield from ((key, t, True) for rule in body["rules"] for t in rule["tests"] if t not in ("", "-"))
                    yield from ((key, text, False) for rule in body["rules"] for text in rule["outputs"])
                    yield from ((key, one["otherwise"], False) for one in body["outputs"] if one["otherwise"])
                    yield from ((key, one["values"], True) for one in body["outputs"] if one["values"])
                elif isinstance(body, dict):
                    stack += body.values()


def _refuse_gaps(decisions: Decisions, reply: Mapping[str, Any]) -> None:
    """Where DMN puts null: a name without a value, a value that is not of its declared type."""
    if reply["missing"]:
        owner, name = reply["missing"][0]
        raise DecisionError(f"决策“{decisions.labels.get(owner, owner)}”缺少输入“{name}”")
    if reply["mistyped"]:
        owner, what, wanted = reply["mistyped"][0]
        name = decisions.labels.get(owner, owner)
        raise DecisionError(f"决策“{name}”的{_ROLES.get(what, f'“{what}”')}应当是{_KINDS.get(wanted, wanted)}")


_ROLES = {"": "结果", "()": "某处调用的函数或参数"}
_KINDS = {
    "number": "数",
    "string": "文字",
    "boolean": "真或假",
    "date": "日期",
    "time": "时刻",
    "date and time": "日期和时间",
    "days and time duration": "时长(天、时、分、秒)",
    "years and months duration": "时长(年、月)",
    "list": "列表",
    "context": "上下文,并含有类型里的每一项",
    "function": "函数",
    "allowed": "允许的值之一",
    "arguments": "与函数的定义相符的",
    "comparable": "能与输入的值比较的",
}


def serve(decisions: Decisions, service: str, variables: Mapping[str, Any], *, strict: bool = True) -> Any:
    """The value of a decision service, given its inputs by name; of several output decisions a dictionary by name.

    Raises DecisionError. `strict`: as for `decide`.
    """
    if service not in decisions.program["services"]:
        raise DecisionError(f"没有编号为“{service}”的决策服务")
    command = {"command": "decide", "service": service, "variables": feel.mentioned(decisions.text, variables)}
    reply = _ask(decisions, {**command, "now": None})
    if strict:
        _refuse_gaps(decisions, reply)
    return reply["value"]


def _ask(decisions: Decisions, command: dict[str, Any]) -> dict[str, Any]:
    try:
        reply = feel.ask({**command, "hash": decisions.hash})
        if reply.get("error") == "unlearnt":  # a new thread, or a context renewed after it ran out of memory
            feel.ask({"command": "learn", "hash": decisions.hash, "program": decisions.program, "now": None})
            reply = feel.ask({**command, "hash": decisions.hash})
    except FeelError as error:
        raise DecisionError(f"决策无法计算:{error}") from error
    if reply.get("error") == "decision":
        raise DecisionError(_failure(decisions, reply["failure"]))
    return reply


def _failure(decisions: Decisions, failure: Mapping[str, Any]) -> str:
    name = decisions.labels.get(failure["decision"], failure["decision"])
    match failure["kind"]:
        case "overlap":
            return f"决策“{name}”的第 {'、'.join(map(str, failure['rules']))} 条规则同时成立,无法决定用哪一条"
        case "cell":
            return f"决策“{name}”第 {failure['rule']} 条规则第 {failure['column']} 列“{failure['text']}”无法计算"
        case "aggregate":
            return f"决策“{name}”的输出不能汇总:要汇总的都得是数,或同一种日期、时长"
        case "cycle":
            return f"决策“{name}”直接或间接地以自己为前提"
    return f"决策“{name}”含有无法计算的内容({failure.get('text', '')})"


class _Library:
    """The DMN elements by id, and the program made so far of those needed."""

    def __init__(self) -> None:
        self.elements: dict[str, tuple[str, Xml]] = {}
        self.types: dict[str, Types] = {}
        self.twice: set[str] = set()
        self.files: set[str] = set()
        self.program: dict[str, dict[str, Any]] = {"decisions": {}, "knowledge": {}, "services": {}}

    def read(self, file: str, root: Xml) -> None:
        if namespace(root) not in _NAMESPACES:
            raise Refused(
                [Problem("", f"文件“{file}”不是 DMN 1.3 以上的决策模型。", "请用 Camunda Modeler 重新保存。")]
            )
        self.types[file] = Types(root)
        for element in root:
            key = element.get("id")
            if key and tag(element) in ("decision", "inputData", "businessKnowledgeModel", "decisionService"):
                if key in self.elements:
                    self.twice.add(key)
                self.elements[key] = file, element

    def decisions(self) -> Decisions:
        text = json.dumps(self.program, sort_keys=True, ensure_ascii=False)
        names = {key: self.name(key) for key in self.program["decisions"]}
        labels = {key: self.name(key) for part in self.program.values() for key in part}
        return Decisions(
            self.program,
            text,
            hashlib.sha256(text.encode()).hexdigest(),
            MappingProxyType(names),
            MappingProxyType(labels),
            tuple(sorted(self.files)),
        )

    def name(self, key: str) -> str:
        element = self.elements[key][1]
        variable = first(element, "variable")
        return " ".join(
            ((variable.get("name") if variable is not None else None) or element.get("name") or key).split()
        )

    def need(self, key: str) -> list[Problem]:
        """Adds the element and all it requires to the program."""
        problems: list[Problem] = []
        stack = [key]
        while stack:
            key = stack.pop()
            if any(key in part for part in self.program.values()):
                continue
            if key not in self.elements:
                problems.append(Problem(key, f"决策引用的“{key}”不存在。", "请在决策图里重新连接。"))
                continue
            if key in self.twice:
                problems.append(Problem(key, f"编号“{key}”在决策文件里重复。", "请给其中一个换编号。"))
            file, element = self.elements[key]
            self.files.add(file)
            stack.extend(self._add(key, element, problems))
        return problems

    def _add(self, key: str, element: Xml, problems: list[Problem]) -> list[str]:
        kind = tag(element)
        if kind == "decisionService":
            return self._add_service(key, element)
        if kind == "inputData":
            return []
        requires = [self._requirement(reference) for reference in _references(element)]
        types = self._types(key)
        boxed = Boxed(key, types, problems)
        if kind == "decision":
            body = next((one for one in element if tag(one) in BOXED), None)
            self.program["decisions"][key] = {
                "requires": [r for r in requires if r],
                "body": boxed(body),
                "type": types.variable(element),
            }
        else:
            logic = first(element, "encapsulatedLogic")
            self.program["knowledge"][key] = {
                "requires": [r for r in requires if r],
                "body": boxed.function(logic),
            }
        return [
            reference
            for reference in _references(element)
            if reference not in self.elements or tag(self.elements[reference][1]) != "inputData"
        ]

    def _types(self, key: str) -> Types:
        return self.types[self.elements[key][0]]

    def _typed(self, key: str) -> dict[str, Any]:
        return {"name": self.name(key), "type": self._types(key).variable(self.elements[key][1])}

    def _requirement(self, key: str) -> dict[str, Any] | None:
        if key not in self.elements:
            return None  # need() reports it
        kinds = {
            "inputData": "input",
            "decision": "decision",
            "businessKnowledgeModel": "knowledge",
            "decisionService": "service",
        }
        return {"kind": kinds[tag(self.elements[key][1])], "id": key, **self._typed(key)}

    def _add_service(self, key: str, element: Xml) -> list[str]:
        def ids(name: str) -> list[str]:
            return [_reference(child) for child in element if tag(child) == name]

        outputs, inputs = ids("outputDecision"), [*ids("inputDecision"), *ids("inputData")]
        self.program["services"][key] = {
            "parameters": [self._typed(k) for k in (*ids("inputData"), *ids("inputDecision")) if k in self.elements],
            "type": self._types(key).variable(element),
            "outputs": [{"id": k, "name": self.name(k)} for k in outputs if k in self.elements],
        }
        return [
            k
            for k in (*outputs, *ids("encapsulatedDecision"), *inputs)
            if k not in self.elements or tag(self.elements[k][1]) != "inputData"
        ]


def _references(element: Xml) -> list[str]:
    return [
        _reference(child)
        for requirement in element
        if tag(requirement) in ("informationRequirement", "knowledgeRequirement")
        for child in requirement
        if child.get("href") is not None
    ]


def _reference(element: Xml) -> str:
    return (element.get("href") or "").rpartition("#")[2]
