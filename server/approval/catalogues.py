"""Which catalogue counts: the one in force at a moment, or the one a case was admitted under.

Before 受理 a case follows what is in force; from then on its matter, materials and promise stay those of its admission,
whatever is published later (行政许可法: what was promised is kept).
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from server.approval.matters import MATERIALS, MATTERS, Catalogue, read
from server.approval.models import Case
from server.errors import Conflict
from server.processes import deployments, timelines

KEYS = (MATTERS, MATERIALS)
KEPT = 32  # catalogues in memory: the ones in force and those that running cases were admitted under
_kept: OrderedDict[tuple[str, str], Catalogue] = OrderedDict()
_lock = threading.Lock()


class Bound(Protocol):
    """A case, or a row of a query, with what it was admitted under."""

    @property
    def matter(self) -> str: ...

    @property
    def phase(self) -> str | None: ...

    @property
    def matters_sha(self) -> str | None: ...

    @property
    def materials_sha(self) -> str | None: ...


def catalogue(session: Session, now: datetime) -> Catalogue:
    """The catalogue in force at `now`. Conflict while there is none."""
    found = timelines.in_force(session, KEYS, now)
    if len(found) < len(KEYS):
        missing = "、".join(key for key in KEYS if key not in found)
        raise Conflict(f"事项目录还没有装好（缺 {missing}）。请管理员重新启动系统，或让流程设计员发布它。", code="NO_CATALOGUE")
    return _parsed(session, found[MATTERS], found[MATERIALS])


def catalogue_of(session: Session, case: Bound, now: datetime) -> Catalogue:
    """The catalogue that counts for a case: of its admission, before that the one in force at `now`."""
    if case.matters_sha is None or case.materials_sha is None:
        return catalogue(session, now)
    if case.matters_sha and case.materials_sha:
        return _parsed(session, case.matters_sha, case.materials_sha)
    first = {key: line[0].sha256 for key, line in timelines.timelines(session, KEYS).items() if line}
    matters, materials = first.get(MATTERS), first.get(MATERIALS)
    return _parsed(session, matters, materials) if matters and materials else catalogue(session, now)


def title_of(session: Session, case: Bound, now: datetime) -> str:
    """What a case is called in lists: `施工许可·基坑`."""
    return catalogue_of(session, case, now).title(case.matter, case.phase)


def titles_of(session: Session, cases: Iterable[Case], now: datetime) -> dict[int, str]:
    """case id -> what it is called."""
    return {one.id: title_of(session, one, now) for one in cases}


def bind(session: Session, case: Case, now: datetime) -> None:
    """受理: from now on the case goes by what is in force at this moment, and its promise is the one of today."""
    rules = catalogue(session, now)
    promise = rules.matter(case.matter).promise_for(case.phase)
    case.promise, case.promise_unit = promise.n, promise.unit.value
    case.matters_sha, case.materials_sha = rules.matters_sha, rules.materials_sha


def _parsed(session: Session, matters: str, materials: str) -> Catalogue:
    """The catalogue of two contents; the database is asked only the first time."""
    name = (matters, materials)
    with _lock:
        known = _kept.get(name)
        if known is not None:
            _kept.move_to_end(name)
            return known
    contents = deployments.contents(session, {MATTERS: matters, MATERIALS: materials})
    made = read(contents[MATTERS], contents[MATERIALS])
    with _lock:
        _kept[name] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made
