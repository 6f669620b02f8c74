"""The model tests of a process in words, and what those of the version in force have walked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy.orm import Session

import workflows
from server.errors import Invalid
from server.processes import definitions, deployments
from server.processes.models import Version
from workflows import cases, trials
from workflows.cases import Done, Move, Told
from workflows.outline import read
from workflows.trials import TrialReport as TrialReport


@dataclass(frozen=True)
class CaseLine:
    """One case of a process as people tell it."""

    name: str
    steps: tuple[str, ...]


def tests_name(process_id: str) -> str:
    """What the file with the cases of a process is called."""
    return f"{process_id}{cases.SUFFIX}"


def of_process(session: Session, process_id: str, now: datetime) -> TrialReport | None:
    """What the cases in force walk of the version in force; None when no version is, or when it cannot be run any more."""
    found = definitions.in_force(session, process_id, now)
    if found is None:
        return None
    name = tests_name(process_id)
    known = deployments.library(session, now).get(name)
    data = deployments.contents(session, {name: known[1]})[name] if known else None
    version = session.get_one(Version, found.version_id)
    return _run(process_id, tuple(sorted(definitions.files(session, version).items())), data)


@lru_cache(maxsize=32)
def _run(process_id: str, files: tuple[tuple[str, bytes], ...], data: bytes | None) -> TrialReport | None:
    try:
        return trials.run(workflows.deploy(dict(files), process_id), data)
    except workflows.Refused:
        return None


def told(
    data: bytes,
    model: bytes | None,
    outcomes: Mapping[str, str] | None = None,
    transitions: Mapping[str, str] | None = None,
) -> list[CaseLine]:
    """The cases of a file in words. outcomes, transitions: what values of these are called. Raises Invalid."""
    try:
        suite = cases.read(data)
    except cases.Unreadable as problem:
        raise Invalid(f"用例文件打不开：{problem}", code="TRIALS_UNREADABLE") from problem
    names: dict[str, str] = {}
    if model:
        try:
            names = {key: "".join(node.name.split()) for key, node in read(model).nodes.items() if node.name}
        except workflows.Refused:  # the check of the model says so
            names = {}
    return [
        CaseLine(
            one.name,
            (*(_step(move, names, outcomes or {}) for move in one.steps), *_expected(one, names, transitions or {})),
        )
        for one in suite.cases
    ]


def _step(move: Move, names: Mapping[str, str], outcomes: Mapping[str, str]) -> str:
    if isinstance(move, Told):
        return f"收到消息“{move.message}”"
    if not isinstance(move, Done):
        return f"时间过去 {move.until}"
    name = names.get(move.element, move.element)
    if move.error:
        return f"{name}：出错“{move.error}”"
    outcome = move.variables.get("outcome")
    return f"{name}：{outcomes.get(str(outcome), str(outcome))}" if outcome is not None else name


def _expected(case: cases.Case, names: Mapping[str, str], transitions: Mapping[str, str]) -> Iterator[str]:
    if case.expect.acts:
        yield f"应当记下：{'、'.join(transitions.get(act, act) for act in case.expect.acts)}"
    if case.expect.ends:
        yield f"应当办到：{'、'.join(names.get(end, end) for end in case.expect.ends)}"
    if case.expect.open:
        yield f"应当停在：{'、'.join(names.get(one, one) for one in case.expect.open)}"
