"""Hypothesis strategies: structured models of every construct, nested, and unstructured graphs of tasks and gateways."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st
from models import END, START, ext, flows, job, many, message, process, user

EXTRA = (
    '<signal id="sig" name="信号"/><error id="err" errorCode="X"/><escalation id="esc" escalationCode="UP"/>'
    + message("m", "note", "=key")
)
MESSAGE = '<messageEventDefinition messageRef="m"/>'
ERROR = '<errorEventDefinition errorRef="err"/>'
ESCALATION = '<escalationEventDefinition escalationRef="esc"/>'
SIGNAL = '<signalEventDefinition signalRef="sig"/>'
ROUNDS = 12
SIMPLE = ("task", "work", "silent")
NESTED = (
    *(
        "sequence",
        "exclusive",
        "inclusive",
        "parallel",
        "race",
        "several",
        "loop",
        "embedded",
        "called",
        "instances",
        "collected",
    ),
    *("guarded", "reminded", "escalated", "on_event", "terminated", "tried"),
)


@dataclass
class Model:
    """Files, and what the test has to know of them. `collected`: elements whose results are collected -> the variable."""

    files: dict[str, bytes] = field(default_factory=dict)
    collected: dict[str, str] = field(default_factory=dict)
    #: user tasks of the main process outside multi-instance: each writes a variable of its own
    writers: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)


class Builder:
    """One scope of blocks; each block has one way in and one way out. `plain`: outside called processes and instances."""

    def __init__(self, draw: st.DrawFn, model: Model, names: list[int], plain: bool) -> None:
        self.draw, self.model, self.names, self.plain = draw, model, names, plain
        self.body: list[str] = []
        self.lines: list[str] = []

    def name(self, kind: str) -> str:
        self.names[0] += 1
        return f"{kind}{self.names[0]}"

    def pick(self, *choices: str) -> str:
        return str(self.draw(st.sampled_from(choices)))

    def yes(self) -> bool:
        return bool(self.draw(st.booleans()))

    def add(self, kind: str, xml: str) -> str:
        name = self.name(kind)
        self.body.append(xml.replace("@", name))
        return name

    def block(self, depth: int) -> tuple[str, str]:
        deep = depth > 0 and self.names[0] < 50
        kind = self.pick(*(SIMPLE if depth < 3 or not deep else ()), *(NESTED if deep else ()))
        self.model.kinds.add(kind)
        made: tuple[str, str] = getattr(self, f"_{kind}")(depth - 1)
        return made

    def handler(self, guard: str) -> None:
        """What follows an event that does not interrupt: a task and an end of its own."""
        task, end = self.task(), self.add("e", '<endEvent id="@"/>')
        self.lines.append(f"{guard} > {task} > {end}")

    def task(self) -> str:
        name = self.name("t")
        self.body.append(user(name))
        if self.plain:
            self.model.writers.add(name)
        return name

    def merge(self, *ends: str) -> str:
        name = self.add("m", '<exclusiveGateway id="@"/>')
        self.lines += [f"{end} > {name}" for end in ends]
        return name

    def _task(self, depth: int) -> tuple[str, str]:
        name = self.task()
        return name, name

    def _work(self, depth: int) -> tuple[str, str]:
        name = self.name("w")
        self.body.append(job(name))
        return name, name

    def _silent(self, depth: int) -> tuple[str, str]:
        name = self.add("p", '<task id="@"/>')
        return name, name

    def _sequence(self, depth: int) -> tuple[str, str]:
        (a, b), (c, d) = self.block(depth), self.block(depth)
        self.lines.append(f"{b} > {c}")
        return a, d

    def split(self, kind: str, depth: int) -> tuple[str, str]:
        branches = [self.block(depth) for _ in range(2 + self.yes())]
        fork, conditions = self.name("f"), kind != "parallelGateway"
        default = f'default="{fork}_{branches[0][0]}"' if conditions else ""
        self.body.append(f'<{kind} id="{fork}" {default}/>')
        join = self.add("j", f'<{kind} id="@"/>')
        for number, (begin, end) in enumerate(branches):
            condition = f"[={self.pick('yes', 'no', 'modulo(rounds, 2) = 0')}]" if conditions and number else ""
            self.lines += [f"{fork} >{condition} {begin}", f"{end} > {join}"]
        return fork, join

    def _exclusive(self, depth: int) -> tuple[str, str]:
        return self.split("exclusiveGateway", depth)

    def _inclusive(self, depth: int) -> tuple[str, str]:
        return self.split("inclusiveGateway", depth)

    def _parallel(self, depth: int) -> tuple[str, str]:
        return self.split("parallelGateway", depth)

    def _several(self, depth: int) -> tuple[str, str]:
        """A task that several flows leave: all of them, or as their conditions hold."""
        (a, b), (c, d) = self.block(depth), self.block(depth)
        name, some = self.name("t"), self.yes()
        join = self.add("j", f'<{"inclusiveGateway" if some else "parallelGateway"} id="@"/>')
        default = f' default="{name}_{a}"' if some else ""
        self.body.append(f'<userTask id="{name}"{default}/>')
        self.lines += [f"{name} > {a}", f"{name} >{'[=' + self.pick('yes', 'no') + ']' if some else ''} {c}"]
        self.lines += [f"{b} > {join}", f"{d} > {join}"]
        return name, join

    def _race(self, depth: int) -> tuple[str, str]:
        gate = self.add("g", '<eventBasedGateway id="@"/>')
        ends = []
        for _ in range(2 + self.yes()):
            what = self.pick(MESSAGE, _timer("PT1H"), _timer("PT2H"))
            event = self.add("c", f'<intermediateCatchEvent id="@">{what}</intermediateCatchEvent>')
            begin, end = self.block(depth)
            self.lines += [f"{gate} > {event} > {begin}"]
            ends.append(end)
        return gate, self.merge(*ends)

    def _loop(self, depth: int) -> tuple[str, str]:
        begin, end = self.block(depth)
        merge, last = self.add("m", '<exclusiveGateway id="@"/>'), self.add("p", '<task id="@"/>')
        out, count = self.name("x"), self.name("n")
        self.body += [
            f'<exclusiveGateway id="{out}" default="{out}_{last}"/>',
            user(count, '<zeebe:ioMapping><zeebe:output source="=rounds + 1" target="rounds"/></zeebe:ioMapping>'),
        ]
        self.lines += [f"{merge} > {begin}", f"{end} > {count} > {out}", f"{out} > {last}"]
        self.lines += [f"{out} >[=modulo(rounds, 3) > 0 and rounds < {ROUNDS}] {merge}"]
        return merge, last

    def inner(self, depth: int, more: Callable[["Builder"], str] | str = "", plain: bool = True) -> str:
        """A subprocess with a block in it; `more`: what is added to its XML."""
        inside = Builder(self.draw, self.model, self.names, self.plain and plain)
        begin, end = inside.block(depth)
        start, stop = inside.add("s", '<startEvent id="@"/>'), inside.add("e", '<endEvent id="@"/>')
        added = more if isinstance(more, str) else more(inside)
        inside.lines += [f"{start} > {begin}", f"{end} > {stop}"]
        text = "".join(inside.body) + flows("\n".join(inside.lines))
        return self.add("b", f'<subProcess id="@">{text}{added}</subProcess>')

    def _embedded(self, depth: int) -> tuple[str, str]:
        name = self.inner(depth)
        return name, name

    def _called(self, depth: int) -> tuple[str, str]:
        child = Builder(self.draw, self.model, self.names, plain=False)
        begin, end = child.block(depth)
        key = self.name("child")
        start, stop = child.add("s", '<startEvent id="@"/>'), child.add("e", '<endEvent id="@"/>')
        child.lines += [f"{start} > {begin}", f"{end} > {stop}"]
        self.model.files[f"{key}.bpmn"] = process("".join(child.body), "\n".join(child.lines), key=key, extra=EXTRA)
        inside = f'<zeebe:calledElement processId="{key}" propagateAllChildVariables="{str(self.yes()).lower()}"/>'
        loop = many("", self.yes(), "", inputCollection="=[1, 2]", inputElement="item") if self.yes() else ""
        name = self.add("k", f'<callActivity id="@">{ext(inside)}{loop}</callActivity>')
        return name, name

    def _instances(self, depth: int) -> tuple[str, str]:
        loop = many("", self.yes(), "", inputCollection="=[1, 2]", inputElement="item")
        name = self.inner(depth, loop, plain=False)
        return name, name

    def _collected(self, depth: int) -> tuple[str, str]:
        name, early = self.name("t"), self.yes()
        settings = {"inputCollection": "=[1, 2, 3]", "inputElement": "item", "outputElement": "=result"}
        condition = "=numberOfCompletedInstances = 2" if early else ""
        self.body.append(user(name, "", many("", self.yes(), condition, outputCollection=f"out_{name}", **settings)))
        if self.plain:
            self.model.collected[name] = f"out_{name}"
        return name, name

    def boundary(self, host: str, what: str, stops: bool) -> str:
        return self.add(
            "g",
            f'<boundaryEvent id="@" attachedToRef="{host}" cancelActivity="{str(stops).lower()}">{what}</boundaryEvent>',
        )

    def _guarded(self, depth: int) -> tuple[str, str]:
        host = self.inner(depth) if self.yes() else self.task()
        guard = self.boundary(host, self.pick(_timer("PT1H"), _timer("PT3H"), MESSAGE), stops=True)
        begin, end = self.block(depth)
        self.lines.append(f"{guard} > {begin}")
        return host, self.merge(host, end)

    def _reminded(self, depth: int) -> tuple[str, str]:
        host = self.inner(depth) if self.yes() else self.task()
        for _ in range(1 + self.yes()):
            what = self.pick(MESSAGE, _timer("PT1H"), _timer("R2/PT1H", "timeCycle"))
            self.handler(self.boundary(host, what, stops=False))
        return host, host

    def _escalated(self, depth: int) -> tuple[str, str]:
        stops = self.yes()
        inside = Builder(self.draw, self.model, self.names, self.plain)
        begin, end = inside.block(depth)
        start, stop = inside.add("s", '<startEvent id="@"/>'), inside.add("e", '<endEvent id="@"/>')
        up = inside.add("u", f'<intermediateThrowEvent id="@">{ESCALATION}</intermediateThrowEvent>')
        inside.lines += [f"{start} > {up} > {begin}", f"{end} > {stop}"]
        host = self.add(
            "b", f'<subProcess id="@">{"".join(inside.body)}{flows(chr(10).join(inside.lines))}</subProcess>'
        )
        guard = self.boundary(host, ESCALATION, stops)
        if not stops:
            self.handler(guard)
            return host, host
        begin, end = self.block(depth)
        self.lines.append(f"{guard} > {begin}")
        return host, self.merge(host, end)

    def _on_event(self, depth: int) -> tuple[str, str]:
        stops, what = self.yes(), self.pick(MESSAGE, _timer("PT1H"), ERROR, SIGNAL)
        stops = stops or what == ERROR

        def more(inside: Builder) -> str:
            handler = Builder(self.draw, self.model, self.names, self.plain)
            begin, end = handler.block(depth - 1)
            on = handler.add("s", f'<startEvent id="@" isInterrupting="{str(stops).lower()}">{what}</startEvent>')
            stop = handler.add("e", '<endEvent id="@"/>')
            handler.lines += [f"{on} > {begin}", f"{end} > {stop}"]
            text = "".join(handler.body) + flows("\n".join(handler.lines))
            key = self.name("v")
            return f'<subProcess id="{key}" triggeredByEvent="true">{text}</subProcess>'

        name = self.inner(depth, more)
        return name, name

    def _terminated(self, depth: int) -> tuple[str, str]:
        inside = Builder(self.draw, self.model, self.names, self.plain)
        (a, b), (c, d) = inside.block(depth), inside.block(depth)
        start, fork = inside.add("s", '<startEvent id="@"/>'), inside.add("f", '<parallelGateway id="@"/>')
        what = self.pick("<terminateEventDefinition/>", SIGNAL)
        stop, over = inside.add("e", '<endEvent id="@"/>'), inside.add("e", f'<endEvent id="@">{what}</endEvent>')
        inside.lines += [f"{start} > {fork} > {a}", f"{b} > {stop}", f"{fork} > {c}", f"{d} > {over}"]
        name = self.add(
            "b", f'<subProcess id="@">{"".join(inside.body)}{flows(chr(10).join(inside.lines))}</subProcess>'
        )
        return name, name

    def _tried(self, depth: int) -> tuple[str, str]:
        name = self.name("w")
        self.body.append(job(name))
        guard = self.boundary(name, ERROR, stops=True)
        begin, end = self.block(depth)
        self.lines.append(f"{guard} > {begin}")
        return name, self.merge(name, end)


def _timer(text: str, kind: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


@st.composite
def structured(draw: st.DrawFn, depth: int = 4) -> Model:
    """A model of nested blocks under the process id `p`."""
    model = Model()
    builder = Builder(draw, model, [0], plain=True)
    begin, end = builder.block(depth)
    builder.lines += [f"s > {begin}", f"{end} > e"]
    model.files["p.bpmn"] = process(START + "".join(builder.body) + END, "\n".join(builder.lines), extra=EXTRA)
    return model


@st.composite
def unstructured(draw: st.DrawFn) -> dict[str, bytes]:
    """Any graph of tasks and gateways whose nodes are all on some way from the start."""
    count = int(str(draw(st.integers(3, 9))))
    kinds = [
        str(
            draw(
                st.sampled_from(
                    ("userTask", "inclusiveGateway", "inclusiveGateway", "parallelGateway", "exclusiveGateway")
                )
            )
        )
        for _ in range(count)
    ]
    nodes = [f"n{i}" for i in range(count)]
    out: dict[str, list[str]] = {}
    for number, node in enumerate(nodes):
        back = draw(st.sampled_from((False, False, False, True)))
        others = [*nodes[0 if back else number + 1 :], "e"]
        size = 1 if kinds[number] == "userTask" else int(str(draw(st.integers(1, 2))))
        out[node] = [
            str(one) for one in draw(st.lists(st.sampled_from(others), min_size=1, max_size=size, unique=True))
        ]
    for number, node in enumerate(nodes[1:], 1):  # whoever nobody leads to follows a node before it
        if not any(node in targets for targets in out.values()):
            out[nodes[int(str(draw(st.integers(0, number - 1))))]].append(node)
    body, lines = [START, END], [f"s > {nodes[0]}"]
    for kind, node in zip(kinds, nodes, strict=True):
        choosing = kind in ("inclusiveGateway", "exclusiveGateway") and len(out[node]) > 1
        default = f' default="{node}_{out[node][0]}"' if choosing else ""
        body.append(f'<{kind} id="{node}"{default}/>')
        for place, target in enumerate(out[node]):
            condition = f"[={draw(st.sampled_from(('yes', 'no')))}]" if choosing and place else ""
            lines.append(f"{node} >{condition} {target}")
    return {"p.bpmn": process("".join(body), "\n".join(lines))}
