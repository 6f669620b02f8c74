# mypy: allow-subclassing-any
"""The token runtime: a state's tokens and variables in memory for one command, moved until all rest.

SpiffWorkflow's workflow and task classes carry the tokens; its own running, history, data and script engine are not used.
Scopes of variables: '0' the process; a task's id: its mappings; 'm<id>': an instance of a multi-instance activity;
'c<id>': a called process, which sees nothing outside. What a scope's parent is follows from where its token stands.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from . import dmn, feel
from .elements import Boundary, Call, Catch, Element, EventSub, Inclusive, MultiInstance, Start, key_text
from .errors import BadState, DecisionError, FeelError, NotOpen, Stuck
from .nodes import LIFE_HEADER, Event, Flow
from .step import Thrown, Trail

if TYPE_CHECKING:
    from .deployment import Deployment

#: Entries into elements that one command may cause; a model that loops without waiting ends in an incident.
STEP_LIMIT = 10_000
ROOT = -1
#: What starts a process: ("message" or "signal", its name), ("timer", id of the start event), or nothing of the kind.
Occasion = tuple[str, str | None]
PLAINLY: Occasion = ("none", None)
RUNNING, COMPLETED, CANCELLED = 0, 1, 2


class Token(Task):
    """A live task. Its id is a small number, unique in the instance; its state changes without log or clock."""

    id: int
    internal_data: dict[str, Any]

    def _set_state(self, value: int) -> None:
        self._state = value

    @property
    def run_of(self) -> "Instance":
        run: Instance = self.workflow.top_workflow
        return run

    @property
    def place_name(self) -> str:
        """The spec's name; of an instance of a multi-instance activity, the activity's."""
        name: str = self.task_spec.name
        return name.removesuffix(" [child]")


class Closed:
    """In place of SpiffWorkflow's Python engine, which would evaluate what it is given."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"the script engine must never be asked ({name})")


class Rooted:
    """A scope of tokens: the process or a subprocess. All its tokens hang under one finished root."""

    tasks: dict[int, Token]
    spec: Any
    completed: bool

    def plant(self) -> None:
        self.task_tree = Token(self, self.spec.start, state=TaskState.COMPLETED, id=ROOT)

    def live(self) -> list[Token]:
        return [task for task in self.tasks.values() if task.id != ROOT]


class Scope(Rooted, BpmnSubWorkflow):
    parent_task_id: int


class Instance(Rooted, BpmnWorkflow):
    """One state, for one command at the instant `now`."""

    def __init__(self, deployment: "Deployment", now: datetime) -> None:
        super().__init__(deployment.spec, deployment.subprocess_specs, Closed(), deserializing=True)
        self.deployment = deployment
        self.end = RUNNING
        self.last_id = 0
        self.subprocesses: dict[int, Scope] = {}
        self.scopes: dict[str, dict[str, Any]] = {"0": {}}
        self.agenda: deque[Token] = deque()
        self.now: datetime
        self.entries: int
        self.thrown: list[Thrown]
        self.trail: list[Trail]
        self.next_command(now)
        self.plant()

    def next_command(self, now: datetime) -> None:
        """What was told of the command before is forgotten; what is open stays."""
        if now.tzinfo is None:
            raise ValueError("now must be an aware datetime")
        self.now = now.astimezone(UTC)
        self.entries, self.thrown, self.trail = 0, [], []

    # -- tokens

    def add(self, scope: Rooted, spec: Any, parent: Token | None = None, **data: Any) -> Token:
        self.last_id += 1
        token = Token(scope, spec, parent or scope.tasks[ROOT], state=TaskState.FUTURE, id=self.last_id)
        token.internal_data = data
        return token

    def place(self, token: Token) -> None:
        """The token enters its element."""
        data = token.internal_data
        self.entries += 1
        if "at" not in data and "race" not in data and not isinstance(token.task_spec, EventSub):
            self.log_entry(token)
        try:
            if self.entries > STEP_LIMIT:
                raise Stuck(f"一次操作走了超过 {STEP_LIMIT} 步,流程里可能有不停留的循环")
            token.task_spec._update(token)
        except Stuck as stuck:
            data["stuck"] = ["enter", str(stuck)]

    def follow(self, token: Token, flow: Flow, data: Mapping[str, Any]) -> Token:
        if not flow.invented:
            self.trail.append(Trail(flow.id, "flow", token.id))
        return self.add(token.workflow, flow.target, came=flow.id, **data)

    def merge(self, tokens: list[Token]) -> None:
        """A join fires: one of the tokens goes on, for all."""
        for other in tokens[1:]:
            self.log(other, "left")
            self.drop(other)
        tokens[0]._ready()

    def resume(self, token: Token) -> None:
        """What ran inside the element has ended; it completes next."""
        token._set_state(TaskState.READY)
        self.agenda.appendleft(token)

    def alive(self, token: Token) -> bool:
        return token.workflow.tasks.get(token.id) is token

    def drop(self, token: Token) -> None:
        token.parent._children.remove(token.id)
        del token.workflow.tasks[token.id]
        for prefix in ("", "m", "c"):
            self.scopes.pop(f"{prefix}{token.id}", None)

    def disarm(self, host: Token) -> None:
        for guard in [t for t in host.workflow.live() if t.internal_data.get("at") == host.id]:
            self.drop(guard)

    def kill(self, token: Token) -> None:
        """Releases the token and all that hangs on it, inner things first."""
        if not self.alive(token):
            return
        scope = self.subprocesses.get(token.id)
        inner = scope.live() if scope else []
        for other in token.children + inner:
            self.kill(other)
        self.disarm(token)
        self.subprocesses.pop(token.id, None)
        data = token.internal_data
        armed = isinstance(token.task_spec, EventSub) and token.state != TaskState.STARTED
        if "at" not in data and "race" not in data and not armed:
            self.log(token, "cancelled")
        self.drop(token)

    def log(self, token: Token, kind: Literal["entered", "left", "cancelled"]) -> None:
        node = token.task_spec.node
        if not node.invented:
            self.trail.append(Trail(node.info.id, kind, token.id))

    def log_entry(self, token: Token) -> None:
        self.log(token, "entered")

    def all_live(self) -> list[Token]:
        """In the order of their ids, that is of their making."""
        tokens = [token for scope in (self, *self.subprocesses.values()) for token in scope.live()]
        return sorted(tokens, key=lambda token: token.id)

    def token(self, task_id: int) -> Token:
        for scope in (self, *self.subprocesses.values()):
            token = scope.tasks.get(task_id)
            if token is not None and task_id != ROOT:
                return token
        raise NotOpen(f"任务 {task_id} 已不存在")

    def get_task_from_id(self, task_id: int) -> Token:
        return self.token(task_id)

    # -- scopes of tokens

    def open_scope(self, token: Token, name: str) -> Scope:
        scope = self.subprocesses[token.id] = Scope(self.subprocess_specs[name], token.id, self, deserializing=True)
        scope.plant()
        return scope

    def begin(self, scope: Rooted, by: Occasion = PLAINLY) -> None:
        """Arms the scope's event subprocesses, then starts it at the start event for that occasion."""
        start = self.start_event(scope.spec, by)
        for spec in scope.spec.event_subs:
            self.place(self.add(scope, spec))
        self.place(self.add(scope, start))

    def start_event(self, spec: Any, by: Occasion) -> Start:
        for start in spec.starts:
            event = start.node.event
            if by == (PLAINLY if event is None else (event.kind, start.name if event.kind == "timer" else event.name)):
                found: Start = start
                return found
        raise ValueError(f"the process has no start event for {by[0]} {by[1] or ''}".rstrip())

    def settle(self, scope: Rooted) -> None:
        """A scope without a token, but for event subprocesses that wait, is finished."""
        rest = scope.live()
        if scope.completed or any(
            not isinstance(t.task_spec, EventSub) or (t.state != TaskState.WAITING and "stuck" not in t.internal_data)
            for t in rest
        ):
            return
        for token in rest:
            self.drop(token)
        scope.completed = True
        if isinstance(scope, Scope):
            del self.subprocesses[scope.parent_task_id]
            self.resume(self.token(scope.parent_task_id))
        else:
            self.end = COMPLETED

    # -- variables

    def chain(self, token: Token) -> Iterator[str]:
        """The scopes of variables that the token sees, inner first."""
        at = token.internal_data.get("at")
        token = token if at is None else token.workflow.tasks[at]
        while True:
            for key in (f"{token.id}", f"m{token.id}", f"m{token._parent}"):
                if key in self.scopes:
                    yield key
            if token.workflow is self:
                yield "0"
                return
            token = self.token(token.workflow.parent_task_id)
            if isinstance(token.task_spec, Call):
                yield f"c{token.id}"
                return

    def names(self, token: Token) -> dict[str, Any]:
        names: dict[str, Any] = {}
        for key in reversed(list(self.chain(token))):
            names.update(self.scopes[key])
        return names

    def assign(self, token: Token, name: str, value: Any) -> None:
        """Where the variable is defined, else in the outermost scope that the token sees."""
        keys = list(self.chain(token))
        key = next((key for key in keys if name in self.scopes[key]), keys[-1])
        self.scopes[key][name] = value
        if key.startswith("c"):
            wrote = self.token(int(key[1:])).internal_data.get("wrote")
            if wrote is not None and name not in wrote:
                wrote.append(name)

    def forget_variables(self, token: Token) -> None:
        self.scopes.pop(str(token.id), None)

    def receive(self, token: Token, variables: Mapping[str, Any]) -> None:
        """What a task, message or decision brings: to the element alone if it maps its output, else as `assign`."""
        if token.task_spec.maps and token.task_spec.node.outputs:
            self.scopes.setdefault(str(token.id), {}).update(variables)
        else:
            for name, value in variables.items():
                self.assign(token, name, value)

    def value(self, token: Token, text: str, names: Mapping[str, Any] | None = None) -> Any:
        """Of a text in the model: FEEL if it begins with '=', else the text itself. Raises Stuck."""
        if not text.startswith("="):
            return text
        try:
            return feel.evaluate(text, self.names(token) if names is None else names, now=self.now)
        except FeelError as error:
            raise Stuck(f"表达式 {text} 出错:{error}") from error

    def holds(self, token: Token, condition: str, names: Mapping[str, Any] | None = None) -> bool:
        try:
            return feel.condition(condition, self.names(token) if names is None else names, now=self.now)
        except FeelError as error:
            raise Stuck(str(error) if condition in str(error) else f"条件“{condition}”出错:{error}") from error

    def decide(self, token: Token, decision: str) -> Any:
        try:
            return dmn.decide(self.deployment.decisions, decision, self.names(token), now=self.now).value
        except DecisionError as error:
            raise Stuck(str(error)) from error

    # -- events

    def waiting(self, kind: str) -> list[Token]:
        return [
            t
            for t in self.all_live()
            if t.state == TaskState.WAITING
            and isinstance(t.task_spec, Catch)
            and t.task_spec.event is not None
            and t.task_spec.event.kind == kind
        ]

    def throw_message(self, token: Token, event: Event) -> None:
        variables = dict(self.scopes.get(str(token.id), {}))
        key = None
        if event.key is not None:
            try:
                key = key_text(self.value(token, event.key))
            except Stuck:
                key = None  # the receiver's key need not be known to the thrower; the area's contract supplies it
        info = token.task_spec.node.info
        life = info.headers.get(LIFE_HEADER, "").strip() or None
        self.thrown.append(Thrown(info.id, event.name or "", key, variables, life))

    def throw_signal(self, name: str | None) -> None:
        for token in [t for t in self.waiting("signal") if t.task_spec.event.name == name]:
            if self.alive(token):
                token.task_spec.hit(token, {})

    def throw(self, kind: str, code: str | None, scope: Any, host: Token | None = None) -> bool:
        """An error or escalation, outwards: the host's boundary, its multi-instance body's, the scope's event
        subprocesses, then the same of the enclosing scope. False: nobody caught it."""
        while True:
            catcher = self.catcher(kind, code, scope, None if host is None else host.id)
            if catcher is not None:
                catcher.task_spec.hit(catcher, {})
                return True
            if host is not None:
                host = host.parent if isinstance(host.parent.task_spec, MultiInstance) else None
            elif scope is not self:
                host = self.token(scope.parent_task_id)
                scope = host.workflow
            else:
                return False

    def catcher(self, kind: str, code: str | None, scope: Rooted, host: int | None) -> Token | None:
        """The waiting catcher of exactly this code, else one of any code."""
        found = None
        for token in scope.live():
            spec = token.task_spec
            if (
                token.state == TaskState.WAITING
                and isinstance(spec, Boundary | EventSub)
                and spec.event is not None
                and spec.event.kind == kind
                and token.internal_data.get("at") == host
            ):
                if spec.event.name == code:
                    return token
                if spec.event.name is None:
                    found = found or token
        return found

    # -- running

    def run(self) -> None:
        """Until every token waits, is stuck, or is gone."""
        while True:
            while self.agenda:
                token = self.agenda.popleft()
                if self.alive(token) and token.state == TaskState.READY and "stuck" not in token.internal_data:
                    self.finish(token)
            joins = {
                (id(t.workflow), t.task_spec.name): t
                for t in self.all_live()
                if isinstance(t.task_spec, Inclusive) and t.state == TaskState.WAITING
            }
            if not any(t.task_spec.try_fire(t.workflow) for t in joins.values()):
                return

    def finish(self, token: Token) -> None:
        try:
            token.run()
        except Stuck as stuck:
            token._set_state(TaskState.READY)
            token.internal_data["stuck"] = ["run", str(stuck)]

    def wake(self) -> None:
        """Hits every timer due by `now`, earliest first, each at its own instant, and lets all come to rest between."""
        until = self.now
        while self.entries <= STEP_LIMIT:
            due = [(datetime.fromisoformat(t.internal_data["due"]), t.id, t) for t in self.waiting("timer")]
            first = min(due, default=None, key=lambda row: row[:2])
            if first is None or first[0] > until:
                break
            self.now, _, token = first
            token.task_spec.hit(token, {})
            self.entries += 1
            self.run()
        self.now = until

    def cancel_all(self) -> None:
        for token in self.live():
            self.kill(token)
        self.end, self.completed = CANCELLED, True

    # -- to and from the stored document (see state.py)

    def document(self) -> list[Any]:
        rows = [
            [
                key,
                [
                    [t.id, t.task_spec.name, t._state, 0 if t._parent == ROOT else t._parent, t.internal_data]
                    for t in scope.live()
                ],
            ]
            for key, scope in ((0, self), *self.subprocesses.items())
        ]
        return [self.deployment.state_tags[0], self.last_id, self.end, rows, self.scopes]

    @classmethod
    def restore(cls, deployment: "Deployment", document: list[Any], now: datetime) -> "Instance":
        model, last_id, end, rows, scopes = document
        if model not in deployment.state_tags:
            raise BadState("流程状态属于另一个流程版本")
        self = cls(deployment, now)
        for key, tokens in rows:
            scope: Any = self
            if key:
                host = self.token(key)
                scope = self.open_scope(host, host.task_spec.spec)
            for task_id, name, state, parent, data in tokens:
                token = Token(scope, scope.spec.task_specs[name], scope.tasks[parent or ROOT], state=state, id=task_id)
                token.internal_data = data
        self.last_id, self.end, self.completed, self.scopes = last_id, end, end != RUNNING, scopes
        return self


def is_element(spec: Any) -> bool:
    return isinstance(spec, Element)
