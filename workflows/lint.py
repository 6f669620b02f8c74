"""The linter: everything that is wrong with a model, at once, each finding with its element and its cure.

Pure and tolerant: it reads the XML itself (`outline`), so that one fault does not hide the next. What the engine refuses
(`rules`, `deployment`) is among the findings, so that a model without errors can be deployed.
"""

import re
from collections.abc import Iterator, Mapping

from workflows import lint_decisions
from workflows.deployment import deploy
from workflows.errors import Problem, Refused
from workflows.findings import Finding, HandlerInfo, Known, errors
from workflows.lint_data import data_rules
from workflows.lint_decisions import tables_of
from workflows.lint_diagram import diagram_rules
from workflows.lint_flow import flow_rules, whole
from workflows.lint_names import name_rules, thrown_names
from workflows.lint_outcomes import outcome_rules
from workflows.lint_standard import standard_rules
from workflows.outline import Node, Outline, read, title
from workflows.rules import problems
from workflows.source import B, parse

__all__ = ["Finding", "HandlerInfo", "Known", "errors", "lint"]

MAX_NODES = 400
LABEL = re.compile(r"^“[^”]*”(\([^)]*\))?")
ID = re.compile(r"(?<=”)\([A-Za-z_][\w.-]*\)")
HALF_WIDTH = re.compile(r"(?<=[\u4e00-\u9fff”）)])[,:]|[,:](?=[\u4e00-\u9fff“])")


def lint(files: Mapping[str, bytes], name: str, known: Known) -> list[Finding]:
    """All findings about one model or decision file, errors first, else in the order of the rules.

    files: file name -> content, of the model and of all it may call or decide by. name: the file name of the model, or the
    id of its process. Any bytes get a verdict; nothing is raised.
    """
    if name.endswith(lint_decisions.SUFFIX) and name in files:
        return sorted(lint_decisions.of_file(files, name), key=lambda f: f.severity != "error")
    file = file_of(files, name)
    if file is None:
        return [whole("unreadable", f"找不到流程“{name}”的文件", "重新上传")]
    try:
        outline = read(files[file], file)
    except Refused as refused:
        return [_of_engine(problem, None) for problem in refused.findings]
    executable = {p.id for p in outline.processes.values() if p.executable}
    nodes = [n for n in outline.nodes.values() if outline.process_of(n.id) in executable]
    if len(nodes) > MAX_NODES:
        return [
            whole(
                "too-large",
                f"流程里有 {len(nodes)} 个图元，没有人能看懂，也检查不完",
                "把流程分成几个，用调用活动连起来",
            )
        ]
    found = list(_rules(outline, nodes, known, _outlines(files)))
    found += standard_rules(parse(files[file], file), executable)
    said = {f.element for f in found if f.code in ("unreachable", "duplicate-id")}
    found += [_of_engine(p, outline) for p in _refusals(files[file], file, executable) if p.element not in said]
    if not errors(found):
        found += [_of_engine(p, outline) for process in sorted(executable) for p in _undeployable(files, process)]
    if not errors(found):
        tables = tables_of(files)
        for process in sorted(executable):
            mine = [n for n in nodes if outline.process_of(n.id) == process]
            found += lint_decisions.of_process(deploy(files, process), mine, tables)
        found += outcome_rules(outline, nodes, known, tables)
    unique = {(f.code, f.element, f.message): f for f in found}
    return sorted(unique.values(), key=lambda f: f.severity != "error")


def file_of(files: Mapping[str, bytes], name: str) -> str | None:
    """The file that is called `name`, or that holds the process of that id."""
    if name in files:
        return name
    return next((file for file, outline in _outlines(files).items() if name in outline.processes), None)


def _outlines(files: Mapping[str, bytes]) -> dict[str, Outline]:
    """Of all models that can be read."""
    outlines = {}
    for file, data in files.items():
        if file.endswith(".bpmn"):
            try:
                outlines[file] = read(data, file)
            except Refused:
                continue
    return outlines


def _rules(outline: Outline, nodes: list[Node], known: Known, outlines: Mapping[str, Outline]) -> Iterator[Finding]:
    called = frozenset(p for o in outlines.values() for p in o.processes)
    yield from flow_rules(outline, nodes)
    signals = thrown_names(outlines, "signal")
    yield from name_rules(outline, nodes, known, thrown_names(outlines), signals, called)
    yield from data_rules(outline, nodes, known)
    yield from diagram_rules(outline, nodes)


def _refusals(data: bytes, file: str, executable: set[str]) -> list[Problem]:
    root = parse(data, file)
    return [
        problem
        for process in root.iterfind(f"{B}process")
        if process.get("id") in executable
        for problem in problems(process, root)
    ]


def _undeployable(files: Mapping[str, bytes], process: str) -> tuple[Problem, ...]:
    """What only shows when all files are put together: faulty decisions, ids that clash."""
    try:
        deploy(files, process)
    except Refused as refused:
        return refused.findings
    return ()


def _of_engine(problem: Problem, outline: Outline | None) -> Finding:
    """The engine names an element by name and id; a page says kind and name, and of a line where it leads."""
    node = outline.nodes.get(problem.element) if outline else None
    flow = outline.flows.get(problem.element) if outline else None
    name, called = problem.element, ""
    if node:
        name, called = node.name or node.id, title(node)
    elif flow and outline:
        name = flow.name or f"“{_short(outline, flow.source)}”到“{_short(outline, flow.target)}”"
        called = f"连线“{flow.name}”" if flow.name else f"从{name}的连线"
    message = _sentence(problem.message_zh)
    if called:
        message = LABEL.sub(lambda _: called, message, count=1)
    message = ID.sub("", message)
    cure = _sentence(problem.cure_zh)
    return Finding("error", "refused", problem.element or None, name or "整个流程", message, cure)


def _short(outline: Outline, id_: str) -> str:
    node = outline.nodes.get(id_)
    return (node.name or id_) if node else id_


def _sentence(text: str) -> str:
    """Full-width commas, no line breaks and no full stop, as our pages write."""
    return HALF_WIDTH.sub(lambda sign: "，" if sign[0] == "," else "：", " ".join(text.split())).rstrip("。")
