"""Rules about the drawing: whoever follows a case looks at it, so everything must be on it, and in no colour of its own."""

from collections.abc import Iterator

from workflows.findings import Finding
from workflows.lint_flow import error, whole
from workflows.outline import Node, Outline, title


def diagram_rules(outline: Outline, nodes: list[Node]) -> Iterator[Finding]:
    if not outline.has_diagram:
        yield whole("no-diagram", "文件里没有图，办件人和建设单位看不到流程", "在设计器里画出来再上传")
        return
    for node in nodes:
        if node.id not in outline.shapes:
            yield error("no-shape", node, f"{title(node)}没有画在图上", "在设计器里补画，或者删去它")
    for flow in outline.flows.values():
        if flow.id not in outline.edges and flow.source in outline.nodes and flow.target in outline.nodes:
            ends = f"{title(outline.nodes[flow.source])}到{title(outline.nodes[flow.target])}"
            yield whole("no-edge", f"从{ends}的连线没有画在图上", "在设计器里补画，或者删去它", flow.id, flow.name)
    for id_, name, _ in outline.lanes:
        if id_ not in outline.shapes:
            yield Finding("warning", "no-shape", id_, name, f"泳道“{name or id_}”没有画在图上", "在设计器里补画")
    for id_ in outline.coloured:
        drawn = outline.nodes.get(id_)
        word = title(drawn) if drawn else f"图元“{id_}”"
        yield Finding(
            "warning",
            "coloured",
            id_,
            drawn.name if drawn else id_,
            f"{word}在文件里着了色，办理状态的颜色会看不清",
            "去掉颜色，颜色由系统按办理状态给",
        )
