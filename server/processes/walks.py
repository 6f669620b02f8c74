"""Walking a process by hand, as any role, in a sandbox: begin, do, take back, start over, keep as a model test.

A walk writes its own two tables. It starts no instance, hands no job to a handler, sends no message, draws no number,
issues no paper, records no act of a case. Keeping it writes one file of a change set, as editing that file would.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import Conflict, Invalid, NotFound
from server.processes import change_sets, definitions, deployments, field_dictionary, forms, walk_course
from server.processes.handlers import PROCEDURES
from server.processes.models import ChangeFile, ChangeSet, Draft
from server.processes.walk_course import JOB, MESSAGE, TASK, WAKE, Course, Move, Standing
from server.processes.walk_models import Walk, WalkFile
from workflows import cases, trials
from workflows.cases import SUFFIX

KEPT = 20
"""Walks of one person that are kept; the oldest go when a new one begins."""
LONGEST_NAME = 100


@dataclass(frozen=True)
class Asked:
    """A variable the process starts with. value: a proposal, as typed. label: what the forms call it, '' when none asks it."""

    name: str
    value: str
    label: str


@dataclass(frozen=True)
class Beginning:
    """What is asked before a walk begins. messages: those that start the process; plain: it may begin without one."""

    process_id: str
    name: str
    asked: tuple[Asked, ...]
    messages: tuple[str, ...]
    plain: bool
    where: str


@dataclass(frozen=True)
class Walking:
    """A walk and where it stands."""

    walk: Walk
    course: Course
    standing: Standing

    @property
    def seen(self) -> int:
        """What a page sends back, so that two windows do not walk over one another."""
        return len(self.walk.moves)


# -- beginning


def beginning(session: Session, process_id: str, change_id: int | None, actor: Actor, now: datetime) -> Beginning:
    """What a walk of this process would begin with. NotFound; Invalid when the engine cannot run it."""
    files, where, _ = _at_hand(session, process_id, change_id, actor, now)
    deployment = walk_course.deployed(files, process_id)
    suite = walk_course.suite(files, process_id)
    first = suite.cases[0].start if suite.cases else {}
    known = {**suite.start, **first}
    procedure = PROCEDURES.get(process_id)
    names = dict.fromkeys([*known, *sorted(procedure.start_variables if procedure else ())])
    called = {
        one.key: one.label for one in field_dictionary.dictionary(d for n, d in files.items() if n.endswith(".form"))
    }
    asked = tuple(
        Asked(name, cases.text_of(known[name]) if name in known else "", called.get(name, "")) for name in names
    )
    return Beginning(
        process_id, deployment.name, asked, deployment.start_messages, trials.starts_plainly(deployment), where
    )


def begin(
    session: Session,
    process_id: str,
    change_id: int | None,
    given: Mapping[str, str],
    message: str | None,
    actor: Actor,
    now: datetime,
    *,
    by_hand: bool = False,
) -> Walk:
    """Begin a walk: of a change set's files as this person sees them, else of the version in force.

    given: variables as typed. Raises NotFound, Invalid (a value, or a model that cannot run), Conflict (no such start).
    """
    if actor.account_id is None:
        raise NotFound("没有登录的人不能走流程。", code="WALK_UNKNOWN")
    files, _, number = _at_hand(session, process_id, change_id, actor, now)
    files = _needed(files, process_id)
    course = Course(files, process_id, now, by_hand)
    course.begin(given, message)
    course.settle()
    walk = Walk(
        process_id=process_id,
        name=course.deployment.name,
        change_set_id=change_id,
        version_number=number,
        account_id=actor.account_id,
        start=dict(given),
        message=message,
        begins_at=now,
        by_hand=by_hand,
        moves=[one.stored() for one in course.moves],
        kept_as=None,
        begun_at=now,
    )
    session.add(walk)
    session.flush()
    session.add_all(WalkFile(walk_id=walk.id, name=name, content=data) for name, data in files.items())
    _forget_old(session, actor.account_id)
    session.flush()
    return walk


def _at_hand(
    session: Session, process_id: str, change_id: int | None, actor: Actor, now: datetime
) -> tuple[dict[str, bytes], str, int | None]:
    """(files by name, where they are from in words, number of the version or None)."""
    library = {name: sha for name, sha in deployments.library(session, now).values()}
    if change_id is None:
        here = definitions.current(session, process_id, now)
        version = definitions.version(session, process_id, here.number)
        beside = {name: sha for name, sha in library.items() if name.endswith((".form", SUFFIX))}
        return deployments.contents(session, beside | version.files), f"第 {here.number} 版（在用）", here.number
    change = session.get(ChangeSet, change_id)
    if change is None:
        raise NotFound("没有这个变更。", code="CHANGE_UNKNOWN")
    rows = session.scalars(select(ChangeFile).where(ChangeFile.change_set_id == change_id)).all()
    gone = {row.name for row in rows if row.gone}
    names = {name: sha for name, sha in library.items() if name not in gone}
    names |= {row.name: row.sha256 for row in rows if not row.gone}
    files = deployments.contents(session, names)
    mine = select(Draft).where(Draft.change_set_id == change_id, Draft.account_id == actor.account_id)
    files |= {draft.name: draft.content for draft in session.scalars(mine)}
    return files, f"变更“{change.title}”", None


def _needed(files: Mapping[str, bytes], process_id: str) -> dict[str, bytes]:
    """The closure of the process, its forms and its model tests."""
    deployment = walk_course.deployed(files, process_id)
    wanted = {*deployment.needed_files, f"{process_id}{SUFFIX}"}
    asked = set(deployment.form_ids)
    wanted |= {n for n, data in files.items() if n.endswith(".form") and deployments.key_of(n, data) in asked}
    return {name: data for name, data in files.items() if name in wanted}


def _forget_old(session: Session, account_id: int) -> None:
    mine = select(Walk.id).where(Walk.account_id == account_id).order_by(Walk.id.desc()).offset(KEPT)
    old = list(session.scalars(mine))
    if old:
        session.execute(delete(WalkFile).where(WalkFile.walk_id.in_(old)))
        session.execute(delete(Walk).where(Walk.id.in_(old)))


# -- on the way


def mine(session: Session, actor: Actor, limit: int = KEPT) -> list[Walk]:
    """This person's walks, the last first."""
    return list(
        session.scalars(select(Walk).where(Walk.account_id == actor.account_id).order_by(Walk.id.desc()).limit(limit))
    )


def walking(session: Session, walk_id: int, actor: Actor, *, lock: bool = False) -> Walking:
    """One's own walk, played to where it stands. NotFound for anybody else's."""
    query = select(Walk).where(Walk.id == walk_id, Walk.account_id == actor.account_id)
    walk = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if walk is None:
        raise NotFound(
            "没有这次走的记录，可能太久了，已经清掉。请从流程或变更的“走一遍”重新开始。", code="WALK_UNKNOWN"
        )
    course = _play(files_of(session, walk), walk, walk.moves)
    return Walking(walk, course, course.standing())


def files_of(session: Session, walk: Walk) -> dict[str, bytes]:
    """The files it walks, as they were when it began."""
    rows = session.execute(select(WalkFile.name, WalkFile.content).where(WalkFile.walk_id == walk.id))
    return {name: content for name, content in rows}


def _play(files: Mapping[str, bytes], walk: Walk, moves: list[dict[str, Any]]) -> Course:
    return walk_course.played(files, walk.process_id, walk.start, walk.message, walk.begins_at, moves, walk.by_hand)


def _held(session: Session, walk_id: int, seen: int, actor: Actor) -> Walking:
    found = walking(session, walk_id, actor, lock=True)
    if found.seen != seen:
        raise Conflict("这次走的在另一个窗口又走过了。现在看到的是最新的，请再按一次。", code="WALK_MOVED")
    return found


def _go(session: Session, walk_id: int, move: Move, seen: int, actor: Actor) -> Walking:
    found = _held(session, walk_id, seen, actor)
    return _moved(session, found, move)


def _moved(session: Session, found: Walking, move: Move) -> Walking:
    found.course.go(move)
    found.course.settle()
    return _store(session, found.walk, found.course)


def _store(session: Session, walk: Walk, course: Course) -> Walking:
    walk.moves = [one.stored() for one in course.moves]
    session.flush()
    return Walking(walk, course, course.standing())


def do_task(
    session: Session, walk_id: int, element: str, place: int, answers: Mapping[str, Any], seen: int, actor: Actor
) -> Walking:
    """Fill in an open task's real form, as whoever's it is. Invalid with the form's own sentences."""
    found = _held(session, walk_id, seen, actor)
    task = found.standing.task(element, place)
    if task.form is None:
        return _moved(session, found, Move(TASK, element, place, task.lane, given=_texts(answers)))
    filled = validated(task, answers)
    move = Move(TASK, element, place, task.lane, answers=filled, brought=walk_course.brought(filled))
    return _moved(session, found, move)


def validated(task: walk_course.OpenTask, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as the form takes them. What only a page could put in (a file that was uploaded) is not asked here."""
    form = forms.load(task.form or b"")
    return forms.validate(forms.Form(form.id, _asked_of_people(form.fields)), answers, task.variables)


def _asked_of_people(fields: tuple[forms.Field, ...]) -> tuple[forms.Field, ...]:
    return tuple(replace(one, children=_asked_of_people(one.children)) for one in fields if not one.by_page)


def _texts(answers: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in answers.items()}


def do_job(
    session: Session,
    walk_id: int,
    element: str,
    place: int,
    given: Mapping[str, str],
    error: str | None,
    seen: int,
    actor: Actor,
) -> Walking:
    """Answer a job in place of its handler: with what it hands back, or with a BPMN error that the model catches."""
    move = Move(JOB, element, place, given=dict(given) if not error else None, error=error or None)
    return _go(session, walk_id, move, seen, actor)


def tell(
    session: Session, walk_id: int, message: str, key: str | None, given: Mapping[str, str], seen: int, actor: Actor
) -> Walking:
    """A message arrives."""
    return _go(session, walk_id, Move(MESSAGE, message=message, key=key, given=dict(given)), seen, actor)


def wake(session: Session, walk_id: int, at: str, seen: int, actor: Actor) -> Walking:
    """The clock goes on to an instant (ISO 8601). Invalid when it is none."""
    try:
        datetime.fromisoformat(at)
    except ValueError as problem:
        raise Invalid("时间读不懂。", fields={"at": ["请选一个日期"]}, code="INSTANT") from problem
    return _go(session, walk_id, Move(WAKE, at=at), seen, actor)


def wake_days(session: Session, walk_id: int, days: int, seen: int, actor: Actor) -> Walking:
    """The clock goes on by so many days, 1 to 3650."""
    if not 1 <= days <= 3650:
        raise Invalid("天数不对。", fields={"days": ["请填 1 至 3650 之间的天数"]}, code="DAYS")
    found = _held(session, walk_id, seen, actor)
    return _moved(session, found, Move(WAKE, at=walk_course.later(found.standing.now, days)))


def undo(session: Session, walk_id: int, seen: int, actor: Actor) -> Walking:
    """Take back the walker's last move and what followed from it."""
    found = _held(session, walk_id, seen, actor)
    moves = list(found.course.moves)
    while moves and moves[-1].auto:
        moves.pop()
    if not moves:
        raise Conflict("已经在开头，没有可以退的。", code="WALK_AT_START")
    return _again(session, found.walk, moves[:-1])


def restart(session: Session, walk_id: int, seen: int, actor: Actor, *, by_hand: bool | None = None) -> Walking:
    """Back to the beginning, with the same variables. by_hand: from now on the walker answers every job, or not."""
    found = _held(session, walk_id, seen, actor)
    if by_hand is not None:
        found.walk.by_hand = by_hand
    return _again(session, found.walk, [])


def _again(session: Session, walk: Walk, moves: list[Move]) -> Walking:
    course = _play(files_of(session, walk), walk, [one.stored() for one in moves])
    course.settle()
    walk.kept_as = None
    return _store(session, walk, course)


# -- keeping


def keep(
    session: Session, walk_id: int, name: str, change_id: int, seen: int, actor: Actor, now: datetime
) -> cases.Case:
    """Make a model test of the walk, in the change set's file of the process; it has been played, and passed.

    Raises Invalid (no name, a name taken, a walk that stopped), NotFound and Conflict (no such change set, or not a draft).
    """
    found = _held(session, walk_id, seen, actor)
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        words = f"请用一句话说这次走的是哪条路，不超过 {LONGEST_NAME} 个字"
        raise Invalid("用例没有名字。", fields={"name": [words]}, code="NAME")
    if found.standing.stopped:
        raise Invalid(f"这次走不下去了，不能存成用例：{found.standing.stopped}。请先退一步。", code="WALK_STOPPED")
    file = f"{found.walk.process_id}{SUFFIX}"
    change = _draft_set(session, change_id)
    before = _tests_in(session, change, file, now)
    start = walk_course.parsed(found.walk.start)
    try:
        suite = cases.read(before, file) if before else cases.Suite()
        case = as_case(found, name, {key: one for key, one in start.items() if suite.start.get(key) != one}, suite)
        data = cases.with_case(before, case)
    except cases.Unreadable as problem:
        raise Invalid("没有存成。", fields={"name": [str(problem)]}, code="TRIALS") from problem
    _put(session, change, file, data, actor, now)
    found.walk.kept_as = name
    session.flush()
    return case


def drafts(session: Session) -> list[ChangeSet]:
    """The change sets a case may be kept in, the newest first."""
    return list(session.scalars(select(ChangeSet).where(ChangeSet.state == "draft").order_by(ChangeSet.id.desc())))


def change_of(session: Session, walk: Walk) -> ChangeSet | None:
    """The change set that is walked; None for the version in force."""
    return session.get(ChangeSet, walk.change_set_id) if walk.change_set_id else None


def _draft_set(session: Session, change_id: int) -> ChangeSet:
    query = select(ChangeSet).where(ChangeSet.id == change_id).with_for_update()
    change = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if change is None:
        raise NotFound("没有这个变更。", code="CHANGE_UNKNOWN")
    if change.state != "draft":
        raise Conflict(
            f"变更“{change.title}”已经送审，不能再加用例。请先退回草稿，或存进另一个变更。", code="CHANGE_STATE"
        )
    return change


def _file_in(session: Session, change: ChangeSet, file: str) -> ChangeFile | None:
    query = select(ChangeFile).where(ChangeFile.change_set_id == change.id, ChangeFile.name == file)
    return session.scalars(query).one_or_none()


def _tests_in(session: Session, change: ChangeSet, file: str, now: datetime) -> bytes | None:
    """The change set's file of model tests, else the library's."""
    row = _file_in(session, change, file)
    if row is not None and not row.gone:
        return deployments.contents(session, {file: row.sha256})[file]
    found = deployments.library(session, now).get(file)
    return deployments.contents(session, {file: found[1]})[file] if found else None


def _put(session: Session, change: ChangeSet, file: str, data: bytes, actor: Actor, now: datetime) -> None:
    """Save the file in the change set, whose row is locked: what was in it was read under that lock, so nobody is undone."""
    change_sets.put_file(session, change.id, file, data, actor, now)


def as_case(found: Walking, name: str, start: Mapping[str, Any], suite: cases.Suite) -> cases.Case:
    """The walk as a model test that passes. Jobs the walk answered by itself are left out where that comes to the same."""
    walk, standing = found.walk, found.standing
    by_hand = {one.element for one in found.course.moves if one.kind == JOB and not one.auto}
    told = [one for one in found.course.moves if not one.auto or one.element in by_hand]
    expect = cases.Expected(
        acts=standing.acts,
        thrown=standing.thrown,
        ends=standing.ends,
        open=None if standing.completed else tuple(dict.fromkeys(standing.waiting)),
    )
    short = cases.Case(name, start, walk.message, steps=_steps(told, walk.begins_at), expect=expect)
    dated = replace(short, now=walk.begins_at)
    whole = replace(dated, steps=_steps(found.course.moves, walk.begins_at))
    sentence = ""
    for case in (short, dated, whole):
        result, _ = trials.play(found.course.deployment, case, suite.start)
        if result.passed:
            return case
        sentence = result.sentence
    raise Invalid(f"存不成用例：照着再走，结果和刚才不一样。{sentence}", code="NOT_REPEATABLE")


def _steps(moves: list[Move], begins_at: datetime) -> tuple[cases.Move, ...]:
    """As steps; a clock that went on is told by how far, so that it holds whenever the case begins."""
    found: list[cases.Move] = []
    now = begins_at
    for one in moves:
        if one.kind == WAKE:
            then = datetime.fromisoformat(one.at)
            seconds = max(0, ceil((then - now).total_seconds()))
            days, rest = divmod(seconds, 86_400)
            found.append(cases.Woken(f"P{days}D" + (f"T{rest}S" if rest else "")))
            now = then
        else:
            found.append(walk_course.as_step(one))
    return tuple(found)
