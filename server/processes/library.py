"""What there is to work with: the files in force, what kind each is and what people call it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

import workflows
from server.errors import Invalid, NotFound
from server.processes import definitions, deployments
from server.processes.form_uses import form_uses
from server.processes.library_kinds import LIBRARY_KINDS
from server.processes.models import LibraryFile, Version
from workflows.cases import SUFFIX as TRIALS
from workflows.outline import read
from workflows.source import parse

Kind = str
KIND_WORDS: Mapping[Kind, str] = {
    "model": "流程",
    "decision": "决策表",
    "form": "表单",
    "trials": "模型用例",
    "other": "其他",
}
LONGEST_NAME = 150


@dataclass(frozen=True)
class LibraryLine:
    """A file in force. since: from when; by_person: a person published it, else it came with the program.

    processes: ids of those whose version in force has this very file.
    """

    name: str
    key: str
    kind: Kind
    title: str
    sha256: str
    since: datetime
    by_person: bool
    change_set_id: int | None
    processes: tuple[str, ...]


def kind_of(name: str) -> Kind:
    """What a file is, by its name."""
    for ending, kind in ((".bpmn", "model"), (".dmn", "decision"), (".form", "form"), (TRIALS, "trials")):
        if name.endswith(ending):
            return kind
    return "other"


def kind_words(name: str) -> str:
    """The same in a word; a file of an area says its own."""
    own = LIBRARY_KINDS.get(name)
    return own.title if own else KIND_WORDS[kind_of(name)]


def allowed(name: str) -> bool:
    """Whether a change set may carry a file of this name."""
    plain = (
        name == name.strip() and 0 < len(name) <= LONGEST_NAME and not set(name) & set('/\\:*?"<>|') and name[0] != "."
    )
    return plain and name.isprintable() and (kind_of(name) != "other" or name in LIBRARY_KINDS)


def title_of(name: str, data: bytes, uses: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """What people call a file: the process's or the decisions' name; a form by the tasks that use it. Else its name."""
    kind = kind_of(name)
    if name in LIBRARY_KINDS:
        return LIBRARY_KINDS[name].title
    if kind == "trials":
        return f"{name.removesuffix(TRIALS)} 的用例"
    if kind == "form":
        tasks = (uses or {}).get(deployments.key_of(name, data), ())
        return f"“{'”“'.join(tasks[:2])}”用的" if tasks else name.removesuffix(".form")
    try:
        if kind == "model":
            found = [one.name for one in read(data, name).processes.values() if one.name]
        else:
            root = parse(data, name)
            found = [root.get("name") or ""]
    except workflows.Refused:  # the check says what is wrong with it
        return name
    return next((one for one in found if one), name)


def files_in_force(session: Session, now: datetime) -> list[LibraryLine]:
    """Every file in force, by kind and title."""
    present = deployments.library(session, now)
    contents = deployments.contents(session, dict(present.values()))
    uses = form_uses(session, "", now)
    rows = session.scalars(
        select(LibraryFile)
        .where(LibraryFile.effective_from <= now, deployments.counts(LibraryFile.change_set_id))
        .order_by(LibraryFile.effective_from, LibraryFile.id)
    )
    last = {row.key: row for row in rows}
    users: dict[tuple[str, str], list[str]] = {}
    for process_id, here in definitions.all_in_force(session, now).items():
        version = session.get_one(Version, here.version_id)
        for name, sha in version.files.items():
            users.setdefault((name, sha), []).append(process_id)
    names = {here.process_id: here.name for here in definitions.all_in_force(session, now).values()}
    lines = []
    for key, (name, sha) in present.items():
        row = last[key]
        title = title_of(name, contents[name], uses)
        if name.endswith(TRIALS):
            title = f"{names.get(name.removesuffix(TRIALS), name.removesuffix(TRIALS))}的用例"
        since = max(row.effective_from, row.added_at)
        processes = tuple(sorted(users.get((name, sha), ())))
        lines.append(
            LibraryLine(
                name, key, kind_of(name), title, sha, since, row.added_by_id is not None, row.change_set_id, processes
            )
        )
    order = list(KIND_WORDS)
    return sorted(lines, key=lambda line: (order.index(line.kind), line.title, line.name))


def content(session: Session, name: str, now: datetime) -> bytes:
    """A file in force. NotFound."""
    found = dict(deployments.library(session, now).values())
    if name not in found:
        raise NotFound(f"在用的里面没有“{name}”。", code="FILE_UNKNOWN")
    return deployments.contents(session, {name: found[name]})[name]


def name_for(session: Session, filename: str, data: bytes, now: datetime) -> str:
    """What an uploaded file is called in the library: a model after its process, a form like the one with its id."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1].strip()
    kind = kind_of(name)
    if kind == "form":
        form_id = deployments.form_id(data)
        if not form_id:
            raise _refused(f"“{name}”不是表单，或者已经损坏。请用表单编辑器重新导出。")
        known = deployments.library(session, now).get(form_id)
        name = known[0] if known else f"{form_id}.form"
    elif kind == "model" or name.endswith(".xml"):
        name = f"{_process_in(name, data)}.bpmn"
    elif kind == "decision":
        _readable(name, data)
    if not allowed(name):
        raise _refused(
            f"“{name}”不是这里用的文件。可以上传流程（.bpmn）、决策表（.dmn）、表单（.form）和模型用例（.tests.yaml）。"
        )
    return name


def _process_in(name: str, data: bytes) -> str:
    try:
        found = [one.id for one in read(data, name).processes.values() if one.executable] or list(
            read(data, name).processes
        )
    except workflows.Refused as refused:
        raise _refused(str(refused).replace("\n", "")) from refused
    if len(found) != 1:
        raise _refused(f"“{name}”里有 {len(found)} 个流程，请一个流程一个文件。")
    return found[0]


def _readable(name: str, data: bytes) -> None:
    try:
        root = parse(data, name)
    except workflows.Refused as refused:
        raise _refused(str(refused).replace("\n", "")) from refused
    if etree.QName(root).localname != "definitions":
        raise _refused(f"“{name}”不是决策表。请用决策表编辑器重新导出。")


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, code="FILE_NAME", fields={"file": [sentence]})
