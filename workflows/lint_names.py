"""Rules about what a model names: units (lanes), forms, handlers and their headers, decisions, messages, other processes."""

import difflib
from collections.abc import Iterable, Iterator, Mapping

from workflows.findings import Finding, Known
from workflows.lint_flow import error, warning, whole
from workflows.nodes import LIFE_HEADER
from workflows.outline import ARTIFACTS, Node, Outline, title
from workflows.timers import is_duration

MOST_TRIES = 20
THROWING = ("intermediateThrowEvent", "endEvent")
WAITING = ("intermediateCatchEvent", "boundaryEvent", "receiveTask")


def nearest(name: str, names: Iterable[str]) -> str:
    """「，是不是“x”」 for a name that was probably meant, else nothing."""
    found = difflib.get_close_matches(name, list(names), 1, 0.6)
    return f"，是不是“{found[0]}”" if found else ""


def name_rules(
    outline: Outline,
    nodes: list[Node],
    known: Known,
    thrown: frozenset[str],
    signals: frozenset[str],
    called: frozenset[str],
) -> Iterator[Finding]:
    """`thrown`, `signals`: messages and signals thrown by any of the files; `called`: processes found in them."""
    yield from _lanes(outline, known)
    for node in nodes:
        if node.kind == "userTask":
            yield from _person(node, known)
        elif node.kind in ("serviceTask", "sendTask"):
            yield from _job(node, known)
            yield from _retries(node)
            yield from _raised(outline, node, known)
            yield from _foreign(outline, node, known)
        elif node.kind == "businessRuleTask":
            yield from _decision(node, known)
        elif node.kind == "callActivity":
            yield from _call(node, known, called)
        if node.event and node.event.kind == "signal" and node.kind not in THROWING and node.event.name not in signals:
            yield error(
                "unknown-signal",
                node,
                f"{title(node)}等信号“{node.event.name}”，流程里没有谁抛出它，会一直等下去",
                "在流程里画一个抛出它的事件，或者改等一条消息",
            )
        if node.kind == "receiveTask" or (node.event and node.event.kind == "message"):
            yield from _message(outline, node, known, thrown)


def _lanes(outline: Outline, known: Known) -> Iterator[Finding]:
    for id_, name, members in outline.lanes:
        if not name:
            yield whole("unknown-unit", f"泳道“{id_}”没有名字，不知道由谁来办", "用科室的名字给泳道命名", id_)
        elif (
            known.units is not None
            and name not in known.units
            and any(outline.nodes[m].kind == "userTask" for m in members if m in outline.nodes)
        ):
            yield whole(
                "unknown-unit",
                f"没有“{name}”这个科室{nearest(name, known.units)}，它的任务没有人能办",
                "用已有科室的名字给泳道命名，或者先请管理员建这个科室",
                id_,
                name,
            )
        for member in members:
            if member not in outline.nodes and outline.ids.get(member) not in ARTIFACTS:
                yield Finding(
                    "warning",
                    "lane-member",
                    id_,
                    name,
                    f"泳道“{name or id_}”登记的“{member}”不在流程里",
                    "在设计器里打开后重新保存一次",
                )


def _person(node: Node, known: Known) -> Iterator[Finding]:
    if not node.name:
        yield error(
            "no-name",
            node,
            f"任务“{node.id}”没有名字，待办里只会是一行空白",
            "用动词开头给它命名，例如“审查方案”",
        )
    if not node.lanes:
        yield error("no-lane", node, f"{title(node)}不在任何泳道里，不知道由谁来办", "把它拖到科室的泳道里")
    elif len(set(node.lanes)) > 1:
        yield error(
            "two-lanes",
            node,
            f"{title(node)}同时登记在“{'”和“'.join(dict.fromkeys(node.lanes))}”的泳道里",
            "把它拖出来，再放回一个泳道",
        )
    if node.groups and node.groups.removeprefix("=").strip('" ') != (node.lane or ""):
        yield error(
            "groups-differ",
            node,
            f"{title(node)}的候选组“{node.groups}”和泳道“{node.lane or '无'}”不一致，以泳道为准",
            "删去候选组",
        )
    if node.assignee:
        yield warning(
            "assignee",
            node,
            f"{title(node)}指定了办理人“{node.assignee}”，系统按泳道分派，不看这一项",
            "删去指定的办理人",
        )
    if not node.form:
        yield error("no-form", node, f"{title(node)}没有表单，打开后没有可填的东西", "给它选一张表单")
    elif known.forms is not None and node.form not in known.forms:
        yield error(
            "unknown-form",
            node,
            f"{title(node)}要用表单“{node.form}”，系统里没有这张表单{nearest(node.form, known.forms)}",
            "换成已有的表单，或者先建这张表单",
        )


def _job(node: Node, known: Known) -> Iterator[Finding]:
    if not node.handler or node.handler.startswith("="):
        return  # the engine refuses it
    if known.handlers is not None and node.handler not in known.handlers:
        yield error(
            "unknown-handler",
            node,
            f"{title(node)}要用处理程序“{node.handler}”，系统里没有{nearest(node.handler, known.handlers)}",
            "换成已有的处理程序：" + "、".join(_likely(node.handler, known.handlers)),
        )
        return
    info = known.handlers[node.handler] if known.handlers is not None else None
    for header in sorted(info.required_headers if info else ()):
        if not node.headers.get(header, "").strip():
            yield error(
                "missing-header",
                node,
                f"{title(node)}缺少参数“{header}”，处理程序“{node.handler}”没有它不能工作",
                f"在任务头里加上“{header}”",
            )
    paper = node.headers.get("paper", "").strip()
    if known.papers is not None and paper and paper not in known.papers:
        yield error(
            "unknown-paper",
            node,
            f"{title(node)}要出具的文书“{paper}”不存在{nearest(paper, known.papers)}",
            "换成已有的文书：" + "、".join(_likely(paper, known.papers)),
        )
    transition = node.headers.get("transition")
    if transition is None:
        return
    if info is not None and not info.acts:
        yield error(
            "idle-transition",
            node,
            f"{title(node)}写着办件状态“{transition}”，但处理程序“{node.handler}”不记录办件状态",
            "改用“record”，或者删去这个参数",
        )
    elif (
        known.transitions is not None
        and transition not in known.transitions
        and (transition or not info or "transition" not in info.required_headers)
    ):
        yield error(
            "unknown-transition",
            node,
            f"{title(node)}要记录的办件状态“{transition}”不存在{nearest(transition, known.transitions)}",
            "换成状态表里的名字",
        )


def _raised(outline: Outline, node: Node, known: Known) -> Iterator[Finding]:
    """Every error that a handler may raise is caught, on the job or around it."""
    info = (known.handlers or {}).get(node.handler)
    for code in sorted(info.errors if info else ()):
        if not _caught(outline, node, code):
            yield error(
                "uncaught-error",
                node,
                f"{title(node)}的处理程序“{node.handler}”会以错误“{code}”结束，没有人接住它，办件会变成异常",
                f"在{title(node)}的边上画一个接住“{code}”的错误边界事件，连到之后要做的事",
            )


def _caught(outline: Outline, node: Node, code: str) -> bool:
    at: Node | None = node
    while at is not None:
        starts = [s for sub in outline.inside(at.scope) if sub.on_event for s in outline.inside(sub.id)]
        for one in (*outline.boundaries(at.id), *(s for s in starts if s.kind == "startEvent")):
            if one.event and one.event.kind == "error" and one.event.code in ("", code):
                return True
        at = outline.nodes.get(at.scope)
    return False


def _foreign(outline: Outline, node: Node, known: Known) -> Iterator[Finding]:
    """A handler serves the cases of its own area."""
    info, area = (known.handlers or {}).get(node.handler), known.areas.get(outline.process_of(node.id), "")
    if info and info.area and area and info.area != area:
        yield error(
            "foreign-handler",
            node,
            f"{title(node)}的处理程序“{node.handler}”不是给这类办件用的，运行时会出错",
            "换成这类办件自己的处理程序",
        )


def _retries(node: Node) -> Iterator[Finding]:
    if node.retries.isascii() and node.retries.isdigit() and not 1 <= int(node.retries) <= MOST_TRIES:
        yield error(
            "retries",
            node,
            f"{title(node)}的重试次数是 {node.retries}，应当在 1 到 {MOST_TRIES} 之间，它是转为异常之前总共试几次",
            "改成例如 3，或者删去这一项，由系统决定",
        )


def _likely(name: str, names: Iterable[str]) -> list[str]:
    """The few that may have been meant, else all."""
    return difflib.get_close_matches(name, list(names), 3, 0.6) or sorted(names)


def _decision(node: Node, known: Known) -> Iterator[Finding]:
    if (
        node.decision
        and not node.decision.startswith("=")
        and known.decisions is not None
        and node.decision not in known.decisions
    ):
        yield error(
            "unknown-decision",
            node,
            f"{title(node)}要用决策“{node.decision}”，系统里没有{nearest(node.decision, known.decisions)}",
            "换成已有的决策，或者先建这张决策表",
        )


def _call(node: Node, known: Known, called: frozenset[str]) -> Iterator[Finding]:
    if (
        node.called
        and not node.called.startswith("=")
        and known.processes is not None
        and node.called not in known.processes | called
    ):
        yield error(
            "unknown-called",
            node,
            f"{title(node)}要调用流程“{node.called}”，系统里没有{nearest(node.called, known.processes | called)}",
            "换成已有的流程",
        )


def _message(outline: Outline, node: Node, known: Known, thrown: frozenset[str]) -> Iterator[Finding]:
    name = node.message if node.kind == "receiveTask" else node.event.name if node.event else ""
    key = node.key if node.kind == "receiveTask" else node.event.key if node.event else ""
    if not name:
        return  # the engine refuses it
    if node.kind in THROWING:
        life = node.headers.get(LIFE_HEADER, "").strip()
        if life and not is_duration(life):
            yield error(
                "time-to-live",
                node,
                f"{title(node)}的任务头“{LIFE_HEADER}”是“{life}”，不是时长",
                "写成 ISO 8601 的时长，例如 P30D，或者删去这一项",
            )
        if known.throws is not None and name not in known.throws:
            yield error(
                "unknown-message",
                node,
                f"{title(node)}抛出消息“{name}”，没有人会转送它{nearest(name, known.throws)}",
                "换成业务已经约定的消息",
            )
        return
    waits = node.kind in WAITING or (node.kind == "startEvent" and node.scope in outline.nodes)
    if waits and not key:
        yield error(
            "no-key",
            node,
            f"{title(node)}等消息“{name}”，但没有填对应键，不知道哪一条是给这一件的",
            "在消息的订阅里填对应键，例如 =case_id",
        )
    if name.startswith("="):
        return
    if known.messages is not None and name not in known.messages | thrown:
        words = f"{title(node)}等消息“{name}”，系统里没有谁会发它{nearest(name, known.messages | thrown)}"
        if node.kind == "boundaryEvent":
            yield error("unknown-message", node, f"{words}，这条路永远走不到", "换成会有人发的消息")
        else:
            yield error("unknown-message", node, f"{words}，办件会一直等下去", "换成会有人发的消息")


def thrown_names(outlines: Mapping[str, Outline], kind: str = "message") -> frozenset[str]:
    """The messages (or signals) that models throw themselves."""
    return frozenset(
        n.event.name
        for o in outlines.values()
        for n in o.nodes.values()
        if n.event and n.event.kind == kind and n.kind in THROWING and n.event.name
    )
