"""One instance kept in memory over many commands: what the public commands do between loading and saving.

`commands.py` makes one for a single command and stores it again. Tests keep one alive over a whole run, without bytes
between, and hold the two against each other.
"""

from datetime import datetime

from SpiffWorkflow.util.task import TaskState

from .deployment import Deployment
from .elements import Catch
from .engine import PLAINLY, Instance, Occasion, Token
from .errors import NotOpen
from .report import step_of
from .state import pack, unpack
from .step import Step, Variables


class Live:
    """Every method is one command at the instant `now`; `step` tells what it led to."""

    def __init__(self, run: Instance) -> None:
        self.run = run

    @classmethod
    def loaded(cls, dep: Deployment, state: bytes, now: datetime) -> "Live":
        """From stored bytes. Raises BadState."""
        return cls(Instance.restore(dep, unpack(state), now))

    @classmethod
    def started(cls, dep: Deployment, variables: Variables, now: datetime, by: Occasion = PLAINLY) -> "Live":
        """ValueError if the process has no start event for that occasion."""
        run = Instance(dep, now)
        run.scopes["0"].update(_named(variables))
        run.begin(run, by)
        run.run()
        return cls(run)

    def saved(self) -> bytes:
        return pack(self.run.document())

    def step(self, state: bytes | None = None) -> Step:
        return step_of(self.run, self.saved() if state is None else state)

    def complete(self, task_id: int, variables: Variables, now: datetime) -> None:
        run = self.run
        run.next_command(now)
        token = _open(run, task_id)
        token.internal_data.pop("stuck", None)
        run.receive(token, _named(variables))
        run.finish(token)
        run.run()

    def fail(self, task_id: int, error_code: str, message: str, now: datetime) -> None:
        run = self.run
        run.next_command(now)
        token = _open(run, task_id)
        if not run.throw("error", error_code, token.workflow, token):
            token.internal_data["stuck"] = ["fail", f"错误“{error_code}”没有任何边界事件或事件子流程处理。{message}"]
        run.run()

    def deliver(self, subscription_id: int, variables: Variables, now: datetime) -> None:
        run = self.run
        run.next_command(now)
        token = run.token(subscription_id)
        spec = token.task_spec
        if not (
            isinstance(spec, Catch) and token.state == TaskState.WAITING and spec.event and spec.event.kind == "message"
        ):
            raise NotOpen(f"任务 {subscription_id} 没有在等待消息")
        spec.hit(token, _named(variables))
        run.run()

    def wake(self, now: datetime) -> None:
        self.run.next_command(now)
        self.run.wake()

    def cancel(self, now: datetime) -> None:
        self.run.next_command(now)
        self.run.cancel_all()

    def retry(self, task_id: int, now: datetime) -> None:
        run = self.run
        run.next_command(now)
        token = run.token(task_id)
        stuck = token.internal_data.pop("stuck", None)
        if stuck is None:
            raise NotOpen(f"任务 {task_id} 没有异常需要重试")
        if stuck[0] == "enter":
            run.place(token)
        elif stuck[0] == "run":
            run.agenda.append(token)
        run.run()


def _named(variables: Variables) -> Variables:
    if not all(isinstance(name, str) and name for name in variables):
        raise ValueError("names of variables must be text")
    return variables


def _open(run: Instance, task_id: int) -> Token:
    token = run.token(task_id)
    if (
        not token.task_spec.waits
        or token.state != TaskState.READY
        or token.internal_data.get("stuck", ["fail"])[0] != "fail"
    ):
        raise NotOpen(f"任务 {task_id} 已不在等待办理")
    return token
