"""Seeded random block models, walked at random: each ends, none is stuck, nothing is left over, and the trail is whole."""

import random
from collections import Counter

import pytest

import workflows
from models import END, NOW, START, flows, many, process, user


class Blocks:
    """Makes XML of nested blocks; every block has one way in and one way out."""

    def __init__(self, seed: int) -> None:
        self.random, self.count = random.Random(seed), 0
        self.body: list[str] = []
        self.lines: list[str] = []

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def node(self, xml: str, kind: str) -> str:
        name = self.name(kind)
        self.body.append(xml.format(name))
        return name

    def block(self, depth: int) -> tuple[str, str]:
        kinds = ["task", "pass", "sequence"] + (["xor", "and", "or", "loop", "sub", "many", "guarded"] if depth else [])
        made: tuple[str, str] = getattr(self, f"_{self.random.choice(kinds)}")(depth - 1)
        return made

    def _task(self, depth: int) -> tuple[str, str]:
        name = self.name("t")
        self.body.append(user(name))
        return name, name

    def _pass(self, depth: int) -> tuple[str, str]:
        name = self.node('<task id="{}"/>', "p")
        return name, name

    def _sequence(self, depth: int) -> tuple[str, str]:
        (a, b), (c, d) = self.block(max(depth, 0)), self.block(max(depth, 0))
        self.lines.append(f"{b} > {c}")
        return a, d

    def _split(self, depth: int, kind: str, conditions: bool) -> tuple[str, str]:
        branches = [self.block(depth) for _ in range(self.random.randint(2, 3))]
        fork, join = self.name("f"), self.name("j")
        default = f'default="{fork}_{branches[0][0]}"' if conditions else ""
        self.body += [f'<{kind} id="{fork}" {default}/>', f'<{kind} id="{join}"/>']
        for number, (begin, end) in enumerate(branches):
            condition = f"[={self.random.choice(['yes', 'no', 'yes and not(no)'])}]" if conditions and number else ""
            self.lines += [f"{fork} >{condition} {begin}", f"{end} > {join}"]
        return fork, join

    def _xor(self, depth: int) -> tuple[str, str]:
        return self._split(depth, "exclusiveGateway", True)

    def _and(self, depth: int) -> tuple[str, str]:
        return self._split(depth, "parallelGateway", False)

    def _or(self, depth: int) -> tuple[str, str]:
        return self._split(depth, "inclusiveGateway", True)

    def _loop(self, depth: int) -> tuple[str, str]:
        begin, end = self.block(depth)
        merge, out, last = self.name("m"), self.name("x"), self.name("p")
        counter = self.name("n")
        self.body += [
            f'<exclusiveGateway id="{merge}"/>',
            f'<exclusiveGateway id="{out}" default="{out}_{last}"/>',
            f'<task id="{last}"/>',
            user(counter, '<zeebe:ioMapping><zeebe:output source="=rounds + 1" target="rounds"/></zeebe:ioMapping>'),
        ]
        self.lines += [
            f"{merge} > {begin}",
            f"{end} > {counter} > {out}",
            f"{out} >[=modulo(rounds, 3) > 0 and rounds < 40] {merge}",
            f"{out} > {last}",
        ]
        return merge, last

    def _inside(self, depth: int, more: str) -> str:
        inner = Blocks(self.random.randrange(10**9))
        inner.count = self.count
        begin, end = inner.block(depth)
        self.count = inner.count
        name = self.name("s")
        start, stop = f"{name}a", f"{name}z"
        inner.lines += [f"{start} > {begin}", f"{end} > {stop}"]
        body = "".join(inner.body) + f'<startEvent id="{start}"/><endEvent id="{stop}"/>'
        self.body.append(f'<subProcess id="{name}">{body}{flows(chr(10).join(inner.lines))}{more}</subProcess>')
        return name

    def _sub(self, depth: int) -> tuple[str, str]:
        name = self._inside(depth, "")
        return name, name

    def _many(self, depth: int) -> tuple[str, str]:
        name = self._inside(
            depth, many(sequential=self.random.random() < 0.5, inputCollection="=[1, 2]", inputElement="item")
        )
        return name, name

    def _guarded(self, depth: int) -> tuple[str, str]:
        name = self._inside(depth, "")
        guard, end = self.name("g"), self.name("j")
        self.body += [
            f'<boundaryEvent id="{guard}" attachedToRef="{name}"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
            "</timerEventDefinition></boundaryEvent>",
            f'<exclusiveGateway id="{end}"/>',
        ]
        self.lines += [f"{name} > {end}", f"{guard} > {end}"]
        return name, end


@pytest.mark.parametrize("seed", range(150))
def test_a_random_block_model_runs_to_its_end(seed):
    blocks = Blocks(seed)
    begin, end = blocks.block(4)
    blocks.lines += [f"s > {begin}", f"{end} > e"]
    dep = workflows.deploy({"p.bpmn": process(START + "".join(blocks.body) + END, "\n".join(blocks.lines))}, "p")
    choice = random.Random(seed)
    step = workflows.start(dep, {"yes": True, "no": False, "rounds": 0}, NOW)
    entered: Counter[tuple[str, int]] = Counter()
    gone: Counter[tuple[str, int]] = Counter()
    for _ in range(3000):
        assert not step.incidents, step.incidents
        for one in step.trail:
            entered[one.element, one.task_id] += one.kind == "entered"
            gone[one.element, one.task_id] += one.kind in ("left", "cancelled")
        if step.completed:
            break
        if step.timers and choice.random() < 0.05:
            step = workflows.wake(dep, step.state, max(timer.due for timer in step.timers))
            continue
        assert step.user_tasks, "stuck"
        step = workflows.complete(dep, step.state, choice.choice(step.user_tasks).id, {}, NOW)
    assert step.completed
    assert +entered == +gone and set(entered.values()) <= {0, 1}
    assert not (step.user_tasks or step.timers or step.subscriptions) and len(step.state) < 120
