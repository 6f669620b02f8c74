"""A scenario file: who does what at which moment, and what must come of it.

    scenario: S1
    title: 全程正常
    accounts: {建设单位: mengyue}          # who → login
    values: {code: 2503-150502-04-01-382716}
    steps:
      - at: 2025-03-20 09:00               # China time; the clock moves there first. Left out: the clock stands still.
        who: 窗口
        what: 建立项目
        files: {paper: 规划许可证.pdf}      # uploaded first; ${paper} is then the file's number
        post: /projects                    # or get, put, delete; or `task`: a task in this person's inbox
        send: {code: "${code}"}
        status: 201                        # left out: any 2xx
        until: true                        # ask again until what is expected is there (what the worker does)
        expect: {code: "${code}", "length(results)": 6}   # JMESPath → value
        keep: {project: code}              # name → JMESPath; ${project} from then on

`first: [parts/school.yaml]` plays other files' steps before its own, with their accounts and values; its own count over
theirs. A task is decided with `task: 收件审查`, `outcome: admit`, `answers: {…}`; `subject` names one of several.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jmespath
import yaml

CHINA = ZoneInfo("Asia/Shanghai")
METHODS = ("get", "post", "put", "delete")


class StoryError(ValueError):
    """A scenario file that cannot be played; says where and why."""


@dataclass(frozen=True)
class Step:
    """One thing one person does. method '' is deciding the task named by `task`."""

    what: str
    who: str
    at: datetime | None
    method: str
    path: str
    send: Any
    task: str
    outcome: str
    answers: Mapping[str, Any]
    subject: str
    files: Mapping[str, str]
    status: int | None
    until: bool
    expect: Mapping[str, Any]
    keep: Mapping[str, str]


@dataclass(frozen=True)
class Story:
    """A scenario: its people by the names the steps use, and its steps."""

    name: str
    title: str
    accounts: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


KNOWN = frozenset(Step.__dataclass_fields__) - {"method", "path"} | set(METHODS)


def load(path: Path) -> Story:
    """Read a scenario file and the parts it begins with. Raises StoryError."""
    raw = _read(path)
    if not raw.get("scenario") or not raw.get("title"):
        raise StoryError(f"{path}: scenario and title are missing")
    accounts: dict[str, str] = {}
    values: dict[str, Any] = {}
    steps: list[Step] = []
    for part, told in [
        *((path.parent / name, _read(path.parent / name)) for name in raw.get("first") or ()),
        (path, raw),
    ]:
        accounts |= {str(who): str(login) for who, login in (told.get("accounts") or {}).items()}
        values |= plain(told.get("values") or {})
        steps += [_step(part, number, one, accounts) for number, one in enumerate(told["steps"], start=1)]
    return Story(str(raw["scenario"]), str(raw["title"]), accounts, values, tuple(steps))


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise StoryError(f"{path}: {error}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("steps"), list):
        raise StoryError(f"{path}: no list of steps")
    return raw


def _step(path: Path, number: int, raw: Any, accounts: Mapping[str, str]) -> Step:
    where = f"{path}, step {number}"
    if not isinstance(raw, dict):
        raise StoryError(f"{where}: not a mapping")
    if unknown := set(raw) - KNOWN:
        raise StoryError(f"{where}: unknown keys {sorted(unknown)}")
    methods = [one for one in METHODS if one in raw]
    if len(methods) + ("task" in raw) != 1:
        raise StoryError(f"{where}: exactly one of {METHODS} or task")
    if raw.get("who") not in accounts:
        raise StoryError(f"{where}: {raw.get('who')!r} is not among the accounts")
    if not raw.get("what"):
        raise StoryError(f"{where}: what happens?")
    for expression in (*(raw.get("expect") or {}), *(raw.get("keep") or {}).values()):
        try:
            jmespath.compile(expression)
        except jmespath.exceptions.JMESPathError as error:
            raise StoryError(f"{where}: {expression}: {error}") from error
    return Step(
        what=str(raw["what"]),
        who=str(raw["who"]),
        at=_moment(where, raw["at"]) if "at" in raw else None,
        method=methods[0] if methods else "",
        path=str(raw[methods[0]]) if methods else "",
        send=plain(raw.get("send")),
        task=str(raw.get("task") or ""),
        outcome=str(raw.get("outcome") or ""),
        answers=plain(raw.get("answers") or {}),
        subject=str(raw.get("subject") or ""),
        files=raw.get("files") or {},
        status=raw.get("status"),
        until=raw.get("until") is True,
        expect=plain(raw.get("expect") or {}),
        keep=raw.get("keep") or {},
    )


def _moment(where: str, raw: Any) -> datetime:
    if isinstance(raw, str):
        try:
            raw = datetime.fromisoformat(raw)
        except ValueError as error:
            raise StoryError(f"{where}: at: {error}") from error
    if isinstance(raw, date) and not isinstance(raw, datetime):
        raw = datetime.combine(raw, time(9))
    if not isinstance(raw, datetime):
        raise StoryError(f"{where}: at is no moment")
    return raw.replace(tzinfo=CHINA) if raw.tzinfo is None else raw


def plain(raw: Any) -> Any:
    """YAML's dates as the text JSON has for them."""
    if isinstance(raw, dict):
        return {str(key): plain(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [plain(one) for one in raw]
    return raw.isoformat() if isinstance(raw, date) else raw
