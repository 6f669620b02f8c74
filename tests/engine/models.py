"""Small models for tests: elements as XML without prefixes, flows as 'a > b > c', one a line, `a >[condition] b`."""

import re
from datetime import UTC, datetime
from typing import Any

import workflows
from workflows import Deployment, Step

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'targetNamespace="t" id="d">'
)
_STEP = re.compile(r"\s*>(?:\[([^\]]*)\])?\s*")


def flows(text: str) -> str:
    made = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        first, *rest = _STEP.split(line)
        for condition, target in zip(rest[::2], rest[1::2], strict=True):
            inner = f"<conditionExpression><![CDATA[{condition}]]></conditionExpression>" if condition else ""
            made.append(
                f'<sequenceFlow id="{first}_{target}" sourceRef="{first}" targetRef="{target}">{inner}</sequenceFlow>'
            )
            first = target
    return "".join(made)


def process(body: str, lines: str, *, key: str = "p", extra: str = "") -> bytes:
    return f'{HEAD}{extra}<process id="{key}" name="试验" isExecutable="true">{body}{flows(lines)}</process></definitions>'.encode()


def sub(key: str, body: str, lines: str, attributes: str = "") -> str:
    return f'<subProcess id="{key}" {attributes}>{body}{flows(lines)}</subProcess>'


def ext(inner: str) -> str:
    return f"<extensionElements>{inner}</extensionElements>"


def io(**mappings: str) -> str:
    """io(in_x='=a', out_y='=b')"""
    made = "".join(
        f'<zeebe:{"input" if k[:3] == "in_" else "output"} source="{v}" target="{k.split("_", 1)[1]}"/>'
        for k, v in mappings.items()
    )
    return f"<zeebe:ioMapping>{made}</zeebe:ioMapping>"


def user(key: str, inner: str = "", more: str = "") -> str:
    return f'<userTask id="{key}" name="{key}任务">{ext(inner) if inner else ""}{more}</userTask>'


def job(key: str, kind: str = "work", inner: str = "", more: str = "") -> str:
    return f'<serviceTask id="{key}" name="{key}任务">{ext(f"<zeebe:taskDefinition type={kind!r}/>" + inner)}{more}</serviceTask>'


def many(inner: str = "", sequential: bool = False, condition: str = "", **settings: str) -> str:
    made = "".join(f' {key}="{value}"' for key, value in settings.items())
    done = f"<completionCondition>{condition}</completionCondition>" if condition else ""
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
        f"{ext(f'<zeebe:loopCharacteristics{made}/>')}{done}</multiInstanceLoopCharacteristics>"
    )


START, END = '<startEvent id="s"/>', '<endEvent id="e"/>'


def message(key: str, name: str, correlation: str = "") -> str:
    inner = ext(f'<zeebe:subscription correlationKey="{correlation}"/>') if correlation else ""
    return f'<message id="{key}" name="{name}">{inner}</message>'


class Run:
    """Holds the bytes of one instance; every command is a method that keeps the last Step."""

    def __init__(
        self,
        source: bytes | dict[str, bytes],
        variables: dict[str, Any] | None = None,
        *,
        key: str = "p",
        message: str | None = None,
        now: datetime = NOW,
    ) -> None:
        files = source if isinstance(source, dict) else {"p.bpmn": source}
        self.dep: Deployment = workflows.deploy(files, key)
        self.now = now
        self.step: Step = workflows.start(self.dep, variables or {}, now, message=message)

    def open(self) -> list[str]:
        """Elements of the open user tasks and jobs, in order."""
        every: tuple[Any, ...] = (*self.step.user_tasks, *self.step.jobs)
        return sorted(task.element for task in every)

    def id(self, element: str) -> int:
        every: tuple[Any, ...] = (*self.step.user_tasks, *self.step.jobs, *self.step.subscriptions, *self.step.timers)
        return next(item.id for item in every if item.element == element)

    def complete(self, element: str, **variables: Any) -> "Run":
        self.step = workflows.complete(self.dep, self.step.state, self.id(element), variables, self.now)
        return self

    def fail(self, element: str, code: str) -> "Run":
        self.step = workflows.fail(self.dep, self.step.state, self.id(element), code, "因为", self.now)
        return self

    def deliver(self, element: str, **variables: Any) -> "Run":
        self.step = workflows.deliver(self.dep, self.step.state, self.id(element), variables, self.now)
        return self

    def wake(self, now: datetime) -> "Run":
        self.now = now
        self.step = workflows.wake(self.dep, self.step.state, now)
        return self

    def retry(self, element: str) -> "Run":
        task = next(i.task_id for i in self.step.incidents if i.element == element)
        self.step = workflows.retry(self.dep, self.step.state, task, self.now)
        return self

    def variables(self, element: str | None = None) -> dict[str, Any]:
        return workflows.variables(self.dep, self.step.state, None if element is None else self.id(element))

    def trail(self, kind: str) -> list[str]:
        return [one.element for one in self.step.trail if one.kind == kind]
