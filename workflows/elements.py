# mypy: allow-subclassing-any
"""What each kind of element does when a token comes, runs and leaves: SpiffWorkflow's spec classes under our own hooks.

Only live tokens exist, flat under their scope's root, so nothing is predicted, `task.data` stays empty, and a join counts
tokens, not history. The hooks taken over (`_predict`, `_update_hook`, `_on_ready_hook`, `_run`, `_on_complete`, ...) are
private to SpiffWorkflow 3.2: tests/engine/test_spiff_contract.py says what we rely on.

A hook that finds no answer raises Stuck *before* it has changed anything; the runner makes it an incident.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.util.task import TaskState

from . import timers
from .errors import Stuck
from .nodes import Event, Flow, Loop, Node

if TYPE_CHECKING:
    from .engine import Instance, Scope, Token

MAX_INSTANCES = 1000


class Element:
    """Mixed in before every spec class. The dialect sets node, flows, incoming and guards once, at deployment."""

    waits: ClassVar[bool] = False  # READY until complete() or fail()
    maps: ClassVar[bool] = True  # has the element's own variable mappings
    name: str
    node: Node
    flows: tuple[Flow, ...] = ()
    incoming: tuple[str, ...] = ()
    guards: tuple["Boundary", ...] = ()

    # -- SpiffWorkflow's hooks

    def test(self) -> None:
        pass

    def connect(self, taskspec: Any) -> None:
        TaskSpec.connect(self, taskspec)  # past gateways that want one default, or take their events from their targets

    def _predict(self, *args: Any, **kwargs: Any) -> None:
        pass

    def _update_hook(self, task: "Token") -> bool:
        run = task.run_of
        run.disarm(task)
        if self.maps and self.node.inputs:
            local = run.scopes[str(task.id)] = {}
            for target, source in self.node.inputs:
                put(local, target, run.value(task, source), local)
        for guard in self.guards:
            run.place(run.add(task.workflow, guard, at=task.id))
        return self.enter(task)

    def _on_ready_hook(self, task: "Token") -> None:
        if not self.waits:
            task.run_of.agenda.append(task)

    def _run(self, task: "Token") -> bool | None:
        return self._run_hook(task)

    def _run_hook(self, task: "Token") -> bool | None:
        return True

    def _on_complete(self, task: "Token") -> None:
        run, scope = task.run_of, task.workflow
        values, flows = self.results(task), self.route(task)
        if isinstance(task.parent.task_spec, MultiInstance):
            task.parent.task_spec.instance_done(task.parent, task, values)
            return
        run.forget_variables(task)
        for name, value in values.items():
            run.assign(task, name, value)
        run.disarm(task)
        run.log(task, "left")
        tokens = [run.follow(task, flow, self.hands_on(task)) for flow in flows]
        run.drop(task)
        for token in tokens:
            if run.alive(token):
                run.place(token)
        run.settle(scope)

    # -- what the kinds differ in

    def enter(self, task: "Token") -> bool:
        """True: ready at once. False: waits, or runs something inside."""
        return True

    def route(self, task: "Token") -> tuple[Flow, ...]:
        return self.flows

    def hands_on(self, task: "Token") -> dict[str, Any]:
        return {}

    def results(self, task: "Token") -> dict[str, Any]:
        """The variables that leave the element: those of its output mappings."""
        values: dict[str, Any] = {}
        if self.maps:
            names = task.run_of.names(task)
            for target, source in self.node.outputs:
                put(values, target, task.run_of.value(task, source, {**names, **values}), names)
        return values


def put(into: dict[str, Any], target: str, value: Any, known: Mapping[str, Any]) -> None:
    """Sets `target`, which may be a path `a.b`: then a copy of the context `a` (as in `known`) with `b` set."""
    first, *path = target.split(".")
    if path:
        outer = into.get(first, known.get(first))
        inner = dict(outer) if isinstance(outer, Mapping) else {}
        put(inner, ".".join(path), value, inner)
        value = inner
    into[first] = value


class Fork(Element):
    """A gateway with conditions. Conditions are asked in document order."""

    def holding(self, task: "Token") -> list[Flow]:
        flows = []
        for flow in self.flows:
            if not flow.default and (flow.condition is None or task.run_of.holds(task, flow.condition)):
                flows.append(flow)
                if not self.takes_all:
                    break
        return flows

    takes_all: ClassVar[bool] = False

    def route(self, task: "Token") -> tuple[Flow, ...]:
        taken = self.holding(task) or [flow for flow in self.flows if flow.default]
        if not taken and self.flows:
            raise Stuck("没有一个条件成立,也没有默认流向")
        return tuple(taken)


class Exclusive(Fork, defaults.ExclusiveGateway):
    pass


class Parallel(Element, defaults.ParallelGateway):
    def enter(self, task: "Token") -> bool:
        """Fires when each incoming flow has brought a token; a second one of the same flow waits for the next round."""
        if len(self.incoming) < 2:
            return True
        task._set_state(TaskState.WAITING)
        first: dict[str, Token] = {}
        for token in task.workflow.tasks.values():
            if token.task_spec is self and token.state == TaskState.WAITING:
                first.setdefault(token.internal_data["came"], token)
        if len(first) < len(self.incoming):
            return False
        task.run_of.merge(list(first.values()))
        return False


class Inclusive(Fork, defaults.InclusiveGateway):
    takes_all = True
    #: spec name -> the incoming flows of this gateway that a token there may still come by, without passing the gateway
    reach: Mapping[str, frozenset[str]] = {}

    def enter(self, task: "Token") -> bool:
        if len(self.incoming) < 2:
            return True
        task._set_state(TaskState.WAITING)  # the runner asks try_fire when nothing else moves
        return False

    def try_fire(self, scope: "Scope | Instance") -> bool:
        """Fires unless a live token can still reach a flow that has brought none (and none that has; BPMN 2.0, 13.4.3)."""
        here = [t for t in scope.live() if t.task_spec is self and t.state == TaskState.WAITING]
        if not here:
            return False
        first: dict[str, Token] = {}
        for token in here:
            first.setdefault(token.internal_data["came"], token)
        arrived = frozenset(first)
        missing = frozenset(self.incoming) - arrived
        for token in scope.live():
            if token in here or "at" in token.internal_data:
                continue
            reached = self.reach.get(token.place_name, frozenset())
            if reached & missing and not reached & arrived:
                return False
        here[0].run_of.merge(list(first.values()))
        return True


class EventGateway(Element, defaults.EventBasedGateway):
    def hands_on(self, task: "Token") -> dict[str, Any]:
        return {"race": task.id}


class User(Element, defaults.UserTask):
    waits = True


class Job(Element, defaults.ServiceTask):
    waits = True


class Plain(Element, defaults.NoneTask):
    """A task without work: the token passes."""


class Decision(Element, defaults.NoneTask):
    """A business rule task that calls a decision."""

    def _run_hook(self, task: "Token") -> bool:
        value = task.run_of.decide(task, self.node.decision or "")
        task.run_of.receive(task, {self.node.result_variable or "result": value})
        return True


class Start(Element, defaults.StartEvent):
    pass


class Sub(Element, defaults.SubWorkflowTask):
    spec: str

    def enter(self, task: "Token") -> bool:
        task._set_state(TaskState.STARTED)
        task.run_of.begin(task.run_of.open_scope(task, self.spec))
        return False


class Call(Sub, defaults.CallActivity):
    """A called process sees its own variables only: copies of the caller's, or of the call's input mappings."""

    def enter(self, task: "Token") -> bool:
        run = task.run_of
        local = run.scopes.get(str(task.id), {})
        run.scopes[f"c{task.id}"] = run.names(task) if self.node.propagate_parent else dict(local)
        task.internal_data["wrote"] = list(local)  # what goes back: not what was copied in, which may be stale by then
        return super().enter(task)

    def results(self, task: "Token") -> dict[str, Any]:
        run = task.run_of
        theirs = run.scopes.get(f"c{task.id}", {})
        if not self.node.outputs:
            back = task.internal_data.get("wrote", theirs)  # states of the first release do not say: all
            return {name: theirs[name] for name in back} if self.node.propagate_child else {}
        names, values = {**run.names(task), **theirs}, dict[str, Any]()
        for target, source in self.node.outputs:
            put(values, target, run.value(task, source, {**names, **values}), run.names(task))
        return values


class MultiInstance(Element, defaults.ParallelMultiInstanceTask):
    """The body of a multi-instance activity; its instances are children of the body's token."""

    maps = False
    sequential: ClassVar[bool] = False
    task_spec: str

    @property
    def loop(self) -> Loop:
        found: Loop = self.node.loop  # type: ignore[assignment]  # the dialect makes this class only where there is one
        return found

    def enter(self, task: "Token") -> bool:
        items = task.run_of.value(task, self.loop.collection)
        if not isinstance(items, list | tuple):
            raise Stuck(f"多实例的输入集合 {self.loop.collection} 不是列表")
        if len(items) > MAX_INSTANCES:
            raise Stuck(f"多实例的输入集合有 {len(items)} 项,最多 {MAX_INSTANCES} 项")
        task.internal_data.update(items=list(items), next=0, done=0, out=[None] * len(items))
        if not items:
            return True
        task._set_state(TaskState.STARTED)
        for _ in items[:1] if self.sequential else items:
            self.spawn(task)
        return False

    def spawn(self, task: "Token") -> None:
        run, number, loop = task.run_of, task.internal_data["next"], self.loop
        task.internal_data["next"] += 1
        token = run.add(task.workflow, self._wf_spec.task_specs[self.task_spec], parent=task, i=number)
        local: dict[str, Any] = {"loopCounter": number + 1}
        if loop.item:
            local[loop.item] = task.internal_data["items"][number]
        if loop.output_name:
            local.setdefault(loop.output_name, None)  # its own in each instance: they do not overwrite one another
        run.scopes[f"m{token.id}"] = local
        run.place(token)

    def instance_done(self, task: "Token", token: "Token", values: dict[str, Any]) -> None:
        run, loop, data = task.run_of, self.loop, task.internal_data
        done, total = data["done"] + 1, len(data["items"])
        names = {
            **run.names(token),
            **values,
            "numberOfInstances": total,
            "numberOfCompletedInstances": done,
            "numberOfActiveInstances": data["next"] - done,
            "numberOfTerminatedInstances": 0,
        }
        output = run.value(token, loop.output, names) if loop.output else None
        finished = done == total or (loop.condition is not None and run.holds(token, loop.condition, names))

        data["done"], data["out"][token.internal_data["i"]] = done, output
        run.forget_variables(token)
        for name, value in values.items():
            run.assign(token, name, value)
        run.log(token, "left")
        run.drop(token)
        if finished:
            for other in task.children:
                run.kill(other)
            run.resume(task)
        elif self.sequential:
            self.spawn(task)

    def results(self, task: "Token") -> dict[str, Any]:
        loop = self.loop
        return {loop.output_collection: task.internal_data["out"]} if loop.output_collection else {}


class Sequential(MultiInstance, defaults.SequentialMultiInstanceTask):
    sequential = True


class Catch(Element):
    """Waits for its event. While it does, it may guard a host (`at`) or race with others behind a gateway (`race`)."""

    event_definition: Any

    @property
    def event(self) -> Event | None:
        return self.node.event

    def enter(self, task: "Token") -> bool:
        event, run, data = self.event, task.run_of, task.internal_data
        if event is None:
            return True
        if event.kind == "timer":
            value = run.value(task, event.name or "")
            if event.cycle:
                due, data["every"], data["left"] = timers.first_of_cycle(value, run.now)
            else:
                due = timers.due(value, run.now)
            data["due"] = due.isoformat()
        elif event.kind == "message" and event.key is not None:
            data["key"] = key_text(run.value(task, event.key))
        task._set_state(TaskState.WAITING)
        return False

    def again(self, task: "Token") -> None:
        """Arms once more what may come once more."""
        data = {
            key: task.internal_data[key] for key in ("at", "key", "due", "every", "left") if key in task.internal_data
        }
        if "due" in data:
            if data.get("left", 1) == 1:
                return
            data["left"] -= 1 if data["left"] > 0 else 0
            data["due"] = timers.due(data["every"], datetime.fromisoformat(data["due"])).isoformat()
        task.run_of.add(task.workflow, self, **data)._set_state(TaskState.WAITING)

    def hit(self, task: "Token", variables: Mapping[str, Any]) -> None:
        run, scope, data = task.run_of, task.workflow, task.internal_data
        host = data.get("at")
        if host is not None and not self.node.interrupting:
            self.again(task)
        data.pop("at", None)
        race = data.pop("race", None)
        run.log_entry(task)
        if host is not None and self.node.interrupting:
            run.kill(scope.tasks[host])
        if race is not None:
            for rival in [t for t in scope.live() if t.internal_data.get("race") == race]:
                run.kill(rival)
        run.receive(task, variables)
        task._ready()


class Intermediate(Catch, defaults.IntermediateCatchEvent):
    pass


class Receive(Catch, defaults.ReceiveTask):
    pass


class Boundary(Catch, defaults.BoundaryEvent):
    pass


class EventSub(Catch, defaults.EventSubprocess):
    """A waiting token of its scope; hit, it becomes a subprocess. Its event is that of its start event."""

    spec: str
    start_node: Node

    @property
    def event(self) -> Event | None:
        return self.start_node.event

    def hit(self, task: "Token", variables: Mapping[str, Any]) -> None:
        run, scope = task.run_of, task.workflow
        if not self.start_node.interrupting:
            self.again(task)
        else:
            for other in [t for t in scope.live() if t is not task]:
                run.kill(other)
        run.log_entry(task)
        run.receive(task, variables)
        task._set_state(TaskState.STARTED)
        run.begin(run.open_scope(task, self.spec))


class Throw(Element):
    def _run_hook(self, task: "Token") -> bool | None:
        run, event = task.run_of, self.node.event
        if event is None:
            return True
        if event.kind == "message":
            run.throw_message(task, event)
        elif event.kind == "signal":
            run.throw_signal(event.name)
        elif event.kind == "terminate":
            for other in [t for t in task.workflow.live() if t is not task]:
                run.kill(other)
        elif not run.throw(event.kind, event.name, task.workflow) and event.kind == "error":
            raise Stuck(f"抛出的错误“{event.name or ''}”没有任何边界事件或事件子流程处理")
        return True if run.alive(task) else None


class ThrowEvent(Throw, defaults.IntermediateThrowEvent):
    pass


class Send(Throw, defaults.SendTask):
    pass


class End(Throw, defaults.EndEvent):
    pass


def key_text(value: Any) -> str:
    """A correlation key as text. Raises Stuck when there is none."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Stuck("消息的关联键没有值,或者不是文字或整数")
