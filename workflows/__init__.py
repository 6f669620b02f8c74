"""The process engine: BPMN in the zeebe dialect, decisions in DMN, FEEL for every expression.

Pure functions: `deploy` a model once, then (deployment, state, command, now) -> `Step`, which holds the new state as bytes
and everything that is open in it. It knows no database, no permit and no calendar.
"""

from .commands import cancel, complete, decide, deliver, fail, open_step, retry, start, variables, wake
from .deployment import Deployment, deploy
from .dmn import DecisionResult
from .errors import BadState, DecisionError, FeelError, NotOpen, Problem, Refused
from .feel import FeelText, evaluate
from .lint import lint
from .nodes import ElementInfo
from .step import Incident, Job, Step, Subscription, Thrown, Timer, Trail, UserTask

__all__ = [
    "BadState",
    "DecisionError",
    "DecisionResult",
    "Deployment",
    "ElementInfo",
    "FeelError",
    "FeelText",
    "Incident",
    "Job",
    "NotOpen",
    "Problem",
    "Refused",
    "Step",
    "Subscription",
    "Thrown",
    "Timer",
    "Trail",
    "UserTask",
    "cancel",
    "complete",
    "decide",
    "deliver",
    "deploy",
    "evaluate",
    "fail",
    "lint",
    "open_step",
    "retry",
    "start",
    "variables",
    "wake",
]
