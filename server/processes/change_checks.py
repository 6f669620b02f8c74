"""May this change set come into force? Its files held against everything around them on the day it is meant for."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import workflows
from server import clock
from server.accounts.actor import Actor
from server.errors import Invalid
from server.processes import change_reading, checking, definitions, deployments, library
from server.processes.check_table import CHECKS, PATH_CODES
from server.processes.definitions import InForce
from server.processes.differences import Difference, difference
from server.processes.form_fields import lint_form, load
from server.processes.form_uses import form_uses
from server.processes.handlers import PROCEDURES
from server.processes.library_kinds import LIBRARY_KINDS
from server.processes.models import Draft, Instance, LibraryFile, Publication, Version, WorkItem
from workflows import trials
from workflows.cases import SUFFIX as TRIALS
from workflows.findings import Finding, Known
from workflows.lint import lint
from workflows.outline import read
from workflows.trials import TrialReport


@dataclass(frozen=True)
class Found:
    """A finding, the file of the set it came with, and the process it is about."""

    file: str
    process_id: str | None
    finding: Finding


@dataclass(frozen=True)
class CheckedFile:
    """A file of the set. before: what is in force on the day; base: what the edit began with."""

    name: str
    kind: str
    title: str
    difference: Difference
    base: bytes | None
    before: bytes | None
    data: bytes
    base_moved: bool


@dataclass(frozen=True)
class Touched:
    """A process that gets a new version. files: its whole closure; running: version number -> cases on it."""

    process_id: str
    name: str
    in_force: InForce | None
    next_number: int
    is_new: bool
    files: Mapping[str, bytes]
    running: Mapping[int, int]


@dataclass(frozen=True)
class Check:
    """All that can be said of a change set. found: errors first. unseen: what could not be looked at yet."""

    change_id: int
    revision: int
    effective_from: datetime
    files: tuple[CheckedFile, ...]
    processes: tuple[Touched, ...]
    found: tuple[Found, ...]
    trials: Mapping[str, TrialReport]
    passed: tuple[str, ...]
    unseen: tuple[str, ...]
    seconds: float

    @property
    def errors(self) -> tuple[Found, ...]:
        return tuple(one for one in self.found if one.finding.severity == "error")

    @property
    def warnings(self) -> tuple[Found, ...]:
        return tuple(one for one in self.found if one.finding.severity != "error")

    @property
    def ok(self) -> bool:
        """Nothing stops it."""
        return not self.errors

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "change": self.change_id,
            "revision": self.revision,
            "effective_from": self.effective_from.isoformat(),
            "ok": self.ok,
            "found": [
                {"file": one.file, "process": one.process_id, **checking.as_data([one.finding])[0]}
                for one in self.found
            ],
            "files": {one.name: one.difference.words for one in self.files},
            "processes": {one.process_id: one.next_number for one in self.processes},
            "passed": list(self.passed),
            "unseen": list(self.unseen),
        }


@dataclass(frozen=True)
class EditCheck:
    """What is wrong with one file as it is being typed, and what it changes."""

    findings: tuple[Finding, ...]
    difference: Difference
    process_ids: tuple[str, ...]
    trials: Mapping[str, TrialReport]


@dataclass(frozen=True)
class RunningCase:
    """A case that runs. places: names of its open tasks."""

    instance_id: int
    subject: str
    version_number: int
    places: tuple[str, ...]
    district: str
    started_at: datetime

    @property
    def stays(self) -> str:
        """What becomes of it."""
        return f"留在第 {self.version_number} 版，办完为止"


def beginning_of(day: date | None, now: datetime) -> datetime:
    """The moment from which a legal day counts; now when it is none, today or gone."""
    if day is None or day <= clock.legal_date(now):
        return now
    return datetime.combine(day, clock_time(), clock.CHINA)


def check(session: Session, change_id: int, now: datetime, *, drafts_of: Actor | None = None) -> Check:
    """Hold a change set against everything around it on its day. drafts_of: with this person's unsaved typing."""
    begun = time.monotonic()
    change = change_reading.get(session, change_id)
    line = change_reading.line(session, change_id, now)
    settled = line.state in ("scheduled", "published", "superseded", "withdrawn")
    moment = change.effective_from or now if settled else beginning_of(change.effective_on, now)
    given = change_reading.files(session, change_id) | _typed(session, change_id, drafts_of)
    present = dict(deployments.library(session, moment).values())
    bases = {row.name: row.base for row in line.files}
    newest = {} if settled else change_reading.newest(session)
    if settled:  # what it changed, not what came later
        present |= {name: sha for name, sha in bases.items() if sha}
        present = {name: sha for name, sha in present.items() if name not in bases or bases[name]}
    before = deployments.contents(session, {**present})
    at_hand = before | given
    uses = form_uses(session, "", now)
    files, found = [], []
    for name, data in given.items():
        moved = not settled and newest.get(name) not in (bases.get(name), deployments.sha256(data))
        base = bases.get(name)
        files.append(
            CheckedFile(
                name,
                library.kind_words(name),
                library.title_of(name, data, uses),
                difference(name, before.get(name), data),
                deployments.contents(session, {name: base})[name] if base else None,
                before.get(name),
                data,
                moved,
            )
        )
        if moved:
            found.append(Found(name, None, _moved(name)))
    moving = touched(session, given, moment, now)
    if not settled:
        found += _planned(session, given, moving, moment)
    reports: dict[str, TrialReport] = {}
    if not settled:
        for one in moving:
            found += _of_process(session, one, given, at_hand, moment, reports)
        found += _of_files(session, given, at_hand, before, moment, {name for one in moving for name in one.files})
    else:
        for one in moving:
            _played(one.process_id, one.files, at_hand.get(f"{one.process_id}{TRIALS}"), reports)
    found = _once(found)
    passed, unseen = _sorted_checks(found, bool(moving)) if not settled else ((), ())
    return Check(
        change_id,
        change.revision,
        moment,
        tuple(files),
        tuple(moving),
        tuple(sorted(found, key=lambda one: one.finding.severity != "error")),
        reports,
        passed,
        unseen,
        time.monotonic() - begun,
    )


def check_edit(session: Session, change_id: int, name: str, data: bytes, now: datetime) -> EditCheck:
    """What is wrong with one file of a set as it is being typed; nothing is stored."""
    given = change_reading.files(session, change_id) | {name: data}
    present = deployments.contents(session, dict(deployments.library(session, now).values()))
    at_hand = present | given
    kind = library.kind_of(name)
    found: list[Finding] = []
    reports: dict[str, TrialReport] = {}
    ids: tuple[str, ...] = ()
    if kind == "model":
        process_id = name.removesuffix(".bpmn")
        ids = (process_id,)
        misnamed = _misnamed(name, data)
        if misnamed:
            found.append(misnamed)
        else:
            here = definitions.in_force(session, process_id, now)
            closure = _closure(session, process_id, given, present, here)
            found += checking.findings(session, process_id, closure, now)
            _played(process_id, closure, at_hand.get(f"{process_id}{TRIALS}"), reports)
    elif kind == "decision":
        found += lint({name: data}, name, Known())
    elif kind == "form":
        found += _form_findings(name, data)
    elif kind == "trials":
        process_id = name.removesuffix(TRIALS)
        ids = (process_id,)
        here = definitions.in_force(session, process_id, now)
        _played(process_id, _closure(session, process_id, given, present, here), data, reports)
        found += [one for report in reports.values() for one in report.findings]
    elif name in LIBRARY_KINDS:
        found += LIBRARY_KINDS[name].check(session, at_hand, present, now)
    return EditCheck(
        tuple(sorted(found, key=lambda one: one.severity != "error")),
        difference(name, present.get(name), data),
        ids,
        reports,
    )


def running_cases(session: Session, process_id: str, now: datetime, limit: int = 200) -> list[RunningCase]:
    """The cases that run on a process, the oldest first, each with where it stands."""
    rows = session.execute(
        select(Instance, Version.number)
        .join(Version, Version.id == Instance.version_id)
        .where(Version.process_id == process_id, Instance.status == "running", Instance.started_at <= now)
        .order_by(Instance.started_at, Instance.id)
        .limit(limit)
    ).all()
    places: dict[int, list[str]] = {}
    ids = [one.id for one, _ in rows]
    for item in session.scalars(select(WorkItem).where(WorkItem.instance_id.in_(ids)).order_by(WorkItem.id)):
        places.setdefault(item.instance_id, []).append(" ".join(item.name.split()))
    return [
        RunningCase(
            one.id, one.subject, number, tuple(dict.fromkeys(places.get(one.id, ()))), one.district, one.started_at
        )
        for one, number in rows
    ]


# -- parts


def _typed(session: Session, change_id: int, actor: Actor | None) -> dict[str, bytes]:
    if actor is None:
        return {}
    rows = session.scalars(select(Draft).where(Draft.change_set_id == change_id, Draft.account_id == actor.account_id))
    return {row.name: row.content for row in rows}


def _moved(name: str) -> Finding:
    words = f"{library.kind_words(name)}“{name}”在用的那一份后来又改过，照现在的生效会盖掉别人的修改"
    return Finding("error", "base-moved", None, name, words, "取最新为底重新改，或者看过以后仍用您的")


def _planned(
    session: Session, given: Mapping[str, bytes], moving: Iterable[Touched], moment: datetime
) -> Iterator[Found]:
    """Files and processes of which a later version is planned already: it would undo this one on its day, unseen."""
    keys = {deployments.key_of(name, data): name for name, data in given.items()}
    rows = session.execute(
        select(LibraryFile.key, LibraryFile.effective_from).where(
            LibraryFile.key.in_(keys),
            LibraryFile.effective_from > moment,
            deployments.counts(LibraryFile.change_set_id),
        )
    ).all()
    for key, at in rows:
        yield Found(keys[key], None, _scheduled(f"“{keys[key]}”", keys[key], at))
    ids = {one.process_id: one for one in moving}
    acts = session.execute(
        select(Publication.process_id, Publication.effective_from).where(
            Publication.process_id.in_(ids),
            Publication.effective_from > moment,
            deployments.counts(Publication.change_set_id),
        )
    ).all()
    told = {keys[key] for key, _ in rows}
    for process_id, at in acts:
        main = definitions.main_file(process_id)
        if main not in told:
            via = next((name for name in ids[process_id].files if name in given), main)
            yield Found(via, process_id, _scheduled(f"流程“{ids[process_id].name}”", main, at))


def _scheduled(what: str, name: str, at: datetime) -> Finding:
    day = clock.legal_date(at).isoformat()
    return Finding(
        "error",
        "scheduled",
        None,
        name,
        f"{what}已经排定从 {day} 起用另一版，到那一天会盖掉这次的修改",
        f"把生效日期定在 {day} 或以后，或者先收回排定的那次变更",
    )


def _misnamed(name: str, data: bytes) -> Finding | None:
    """A model whose process is not the one its file is named after."""
    try:
        ids = list(read(data, name).processes)
    except workflows.Refused:  # lint says so, in the same words
        return None
    process_id = name.removesuffix(".bpmn")
    if process_id in ids:
        return None
    there = f"文件里的流程编号是“{'、'.join(ids)}”" if ids else "文件里没有流程"
    return Finding("error", "process-id", None, name, f"{there}，应当是“{process_id}”", f"把流程编号改成“{process_id}”")


def _closure(
    session: Session, process_id: str, given: Mapping[str, bytes], present: Mapping[str, bytes], here: InForce | None
) -> dict[str, bytes]:
    """What the process needs with these files; of one the engine refuses, all it may need, so that lint can say why.

    present: the library's files; here: the version in force, whose own files come before them.
    """
    own = definitions.files(session, session.get_one(Version, here.version_id)) if here else {}
    own |= given
    try:
        return definitions.closure_among({**present, **own}, process_id)[0]
    except (workflows.Refused, Invalid):
        return own


def touched(session: Session, given: Mapping[str, bytes], moment: datetime, now: datetime) -> list[Touched]:
    """The processes these files give a new version, or whose cases they change."""
    in_force = definitions.all_in_force(session, moment)
    own = {name.removesuffix(".bpmn") for name in given if name.endswith(".bpmn")}
    own |= {name.removesuffix(TRIALS) for name in given if name.endswith(TRIALS)}
    present = deployments.contents(session, dict(deployments.library(session, moment).values()))
    found = []
    for process_id in sorted(in_force.keys() | own):
        here = in_force.get(process_id)
        files = _closure(session, process_id, given, present, here)
        changed = here is None or deployments.closure_hash(process_id, files.values()) != here.closure_hash
        if process_id not in own and not (changed and set(files) & set(given)):
            continue
        last = session.scalar(select(func.max(Version.number)).where(Version.process_id == process_id))
        main = files.get(definitions.main_file(process_id), b"")
        name = library.title_of(f"{process_id}.bpmn", main) if main else here.name if here else process_id
        counted = running(session, process_id)
        found.append(Touched(process_id, name, here, (last or 0) + 1, here is None, files, counted))
    return found


def running(session: Session, process_id: str) -> dict[int, int]:
    """version number -> cases that are running on it."""
    rows = session.execute(
        select(Version.number, func.count())
        .join(Instance, Instance.version_id == Version.id)
        .where(Version.process_id == process_id, Instance.status == "running")
        .group_by(Version.number)
        .order_by(Version.number)
    )
    return {number: count for number, count in rows}


def _of_process(
    session: Session,
    one: Touched,
    given: Mapping[str, bytes],
    at_hand: Mapping[str, bytes],
    moment: datetime,
    reports: dict[str, TrialReport],
) -> Iterator[Found]:
    main = definitions.main_file(one.process_id)
    via = next((name for name in one.files if name in given), main)
    if main in given and (misnamed := _misnamed(main, given[main])):
        yield Found(main, one.process_id, misnamed)
        return
    for finding in checking.findings(session, one.process_id, one.files, moment):
        yield Found(main if main in given else via, one.process_id, finding)
    tests = f"{one.process_id}{TRIALS}"
    _played(one.process_id, one.files, at_hand.get(tests), reports)
    if one.process_id in reports:
        for finding in reports[one.process_id].findings:
            yield Found(tests if tests in given else main if main in given else via, one.process_id, finding)


def _played(process_id: str, files: Mapping[str, bytes], tests: bytes | None, reports: dict[str, TrialReport]) -> None:
    try:
        law = PROCEDURES[process_id].rules if process_id in PROCEDURES else None
        deployment = workflows.deploy(dict(files), process_id)
        reports[process_id] = trials.run(deployment, tests, words=law.names if law else None)
    except workflows.Refused:  # the findings of the model say why it cannot run
        return


def _of_files(
    session: Session,
    given: Mapping[str, bytes],
    at_hand: Mapping[str, bytes],
    in_force: Mapping[str, bytes],
    moment: datetime,
    covered: set[str],
) -> Iterator[Found]:
    for name, data in given.items():
        kind = library.kind_of(name)
        found: Iterable[Finding] = ()
        if kind == "decision":
            found = lint({name: data}, name, Known())
        elif kind == "form" and name not in covered:
            found = _form_findings(name, data)
        elif name in LIBRARY_KINDS:
            found = LIBRARY_KINDS[name].check(session, at_hand, in_force, moment)
        yield from (Found(name, None, one) for one in found)


def _form_findings(name: str, data: bytes) -> list[Finding]:
    try:
        return [replace(one, name=one.name or name) for one in lint_form(load(data))]
    except Invalid as error:
        return [Finding("error", "form-unreadable", None, name, error.message.rstrip("。"), "用表单编辑器重新导出")]


def _once(found: Iterable[Found]) -> list[Found]:
    """What a table lacks is told of the table, not once more of each task that asks it."""
    of_tables = {
        (one.finding.code, one.finding.rule, one.finding.column, one.finding.missing)
        for one in found
        if one.process_id is None and one.file.endswith(".dmn")
    }
    kept: dict[tuple[Any, ...], Found] = {}
    for one in found:
        finding = one.finding
        place = (finding.code, finding.rule, finding.column, finding.missing)
        if one.process_id is not None and place in of_tables and (finding.rule or finding.missing):
            continue
        kept.setdefault((one.process_id, finding.code, finding.element, finding.message), one)
    return list(kept.values())


def _sorted_checks(found: Iterable[Found], models: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What passed, and what was not looked at because other errors stood before it."""
    codes = {one.finding.code for one in found}
    stopped = any(one.finding.severity == "error" and one.finding.code not in PATH_CODES for one in found)
    hidden = stopped and not codes & PATH_CODES
    passed: list[str] = []
    unseen: list[str] = []
    for words, bad in CHECKS:
        if bad & codes:
            continue
        if bad <= PATH_CODES:
            if models:
                (unseen if hidden else passed).append(words)
        elif models or bad & {"field-type", "table-gap", "base-moved"}:
            passed.append(words)
    return tuple(passed), tuple(unseen)
