"""``gcb publish``: files edited elsewhere (on disk, in a desktop modeler) go through the same gate as the studio's.

One person makes and submits a change set; another lets it through with ``--review``. Each says who they are with their
password, typed or on the first line of the standard input.
"""

import getpass
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.accounts import actions as accounts
from server.accounts.actor import Actor
from server.config import Settings
from server.db import Database, open_database
from server.errors import DomainError, Invalid
from server.processes import change_checks, change_sets, library, releasing

Act = Callable[[Session, Actor, datetime], dict[str, Any]]


def hand_in(
    settings: Settings,
    paths: Sequence[str],
    *,
    title: str,
    reason: str,
    login: str,
    effective_on: date | None,
    as_json: bool,
) -> int:
    """Make a change set of these files and submit it. 0: it waits for a second person; 1: refused, nothing is kept."""

    def act(session: Session, actor: Actor, now: datetime) -> dict[str, Any]:
        return _submit(session, paths, title, reason, effective_on, actor, now)

    return _as(settings, login, act, as_json)


def let_through(settings: Settings, change_id: int, *, login: str, effective_on: date | None, as_json: bool) -> int:
    """Review a submitted change set and publish it, as somebody who wrote nothing in it. 0: done; 1: refused."""

    def act(session: Session, actor: Actor, now: datetime) -> dict[str, Any]:
        if change_sets.get(session, change_id).state == "submitted":
            change_sets.review(session, change_id, actor, now)
        releasing.publish(session, change_id, actor, now, effective_on=effective_on)
        return _told(session, change_id, now)

    return _as(settings, login, act, as_json)


def _submit(
    session: Session,
    paths: Sequence[str],
    title: str,
    reason: str,
    effective_on: date | None,
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    change = change_sets.begin(session, title, reason, actor, now, effective_on=effective_on)
    for path in map(Path, paths):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Invalid(f"{path}：读不了（{error.strerror}）。", code="FILE_UNREADABLE") from error
        change_sets.put_file(session, change.id, library.name_for(session, path.name, data, now), data, actor, now)
    looked = change_checks.check(session, change.id, now).as_data()
    change_sets.submit(session, change.id, actor, now)
    return _told(session, change.id, now) | {"check": looked}


def _told(session: Session, change_id: int, now: datetime) -> dict[str, Any]:
    line = change_sets.line(session, change_id, now)
    moment = line.change.effective_from
    return {
        "change": change_id,
        "title": line.change.title,
        "state": line.state,
        "files": [file.name for file in line.files],
        "effective_from": moment.isoformat() if moment else None,
    }


def _as(settings: Settings, login: str, act: Act, as_json: bool) -> int:
    """One act of this person in a transaction of its own, and what came of it on the standard output."""
    database = open_database(settings)
    try:
        actor = _who(database, settings, login)
        with database.writing() as session:
            done = act(session, actor, clock.now(session, settings))
    except DomainError as error:
        _say_refused(error, as_json=as_json)
        return 1
    finally:
        database.engine.dispose()
    if as_json:
        print(json.dumps(done, ensure_ascii=False, indent=1))
    else:
        _say(done)
    return 0


def _who(database: Database, settings: Settings, login: str) -> Actor:
    """Who it is, by password. Raises Forbidden; a wrong one counts as anywhere."""
    password = getpass.getpass(f"{login} 的密码：") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with database.writing_session() as session:
        try:
            return accounts.sign_in(session, login, password, clock.now(session, settings))
        finally:
            database.commit(session)


def _say(done: dict[str, Any]) -> None:
    for one in done.get("check", {}).get("found", ()):
        print(f"提醒 {one['file']}：{one['message']}（{one['cure']}）")
    print(
        f"变更 #{done['change']} “{done['title']}”：{change_sets.STATE_WORDS[done['state']]}（{'、'.join(done['files'])}）"
    )
    if done["state"] == "submitted":
        print(f"请另一位流程审阅人在“变更”里审阅，或者运行 gcb publish --review {done['change']} --as 他的用户名")


def _say_refused(error: DomainError, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": error.message, "code": error.code, **error.extra}, ensure_ascii=False, indent=1))
        return
    for one in error.extra.get("findings", ()):
        word = "不通过" if one["severity"] == "error" else "提醒"
        print(f"{word} {one['file']}：{one['message']}（{one['cure']}）")
    print(error.message, file=sys.stderr)
