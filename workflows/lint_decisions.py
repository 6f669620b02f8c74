"""What is wrong with decisions: those of one DMN file, and those a process decides by, shown on the task that asks them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from workflows import dmn
from workflows.deployment import Deployment
from workflows.errors import Refused
from workflows.feel import doubt
from workflows.findings import Finding
from workflows.lint_tables import Table, one_table, table_findings, tables
from workflows.outline import Node
from workflows.source import parse

SUFFIX = ".dmn"


def tables_of(files: Mapping[str, bytes]) -> dict[str, Table]:
    """The decision tables in all DMN files that can be read, by id of the decision."""
    found: dict[str, Table] = {}
    for name in sorted(files):
        if name.endswith(SUFFIX):
            try:
                root = parse(files[name], name)
            except Refused:
                continue
            found |= {table.decision: table for table in tables(root)}
    return found


def of_file(files: Mapping[str, bytes], name: str) -> Iterator[Finding]:
    """Everything wrong with the DMN file `name`, which may require decisions of the others. Nothing is raised."""
    found = list(table_findings(files, name))
    yield from found
    if any(one.code == "refused" for one in found):
        return
    try:
        own, _ = dmn.everything({name: files[name]})
        sources = {file: data for file, data in files.items() if file.endswith(SUFFIX) and _readable(data, file)}
        decisions, problems = dmn.load(sources, own.program["decisions"])
    except Refused as refused:
        problems, decisions = [("", problem) for problem in refused.findings], None
    for key, problem in problems:
        yield Finding(
            "error", "refused", key or None, key or name, problem.message_zh.rstrip("。"), problem.cure_zh.rstrip("。")
        )
    if decisions is not None:
        told = {one.element for one in found if one.code == "cell-feel"}
        yield from (one for one in _expressions(decisions) if one.element not in told and one.element in own.names)


def _readable(data: bytes, name: str) -> bool:
    try:
        parse(data, name)
    except Refused:
        return False
    return True


def of_process(deployment: Deployment, nodes: list[Node], known: Mapping[str, Table]) -> Iterator[Finding]:
    """What is wrong with the decisions a process uses, on the task that asks them: the engine meets a faulty cell only when
    a case comes to it."""
    asking = {n.decision: n for n in nodes if n.kind == "businessRuleTask"}
    one = next(iter(asking.values()), None)
    found = list(_expressions(deployment.decisions))
    for key in deployment.decisions.names:
        if key in known:
            found += [f for f in one_table(known[key]) if f.code != "cell-feel"]
    for finding in found:
        task = asking.get(finding.element or "", one)
        yield replace(finding, element=task.id if task else None)


def _expressions(decisions: dmn.Decisions) -> Iterator[Finding]:
    """Cells and expressions that are no FEEL."""
    for key, text, unary in dmn.texts(decisions):
        wrong = doubt(text if unary else f"={text}", unary=unary)
        if wrong:
            name = decisions.names.get(key, key)
            message = " ".join(f"决策“{name}”里的“{text}”{wrong}".split()).replace(":", "：").rstrip("。")
            yield Finding("error", "decision-feel", key, name, message, "在决策表里改正这一格")
