"""``gcb lint`` and ``gcb mutate``: the gate of publishing, on files and without a database."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from server import areas
from server.config import ROOT
from server.processes import checking, deployments, surroundings
from server.processes.handlers import HANDLERS, PROCEDURES
from workflows import mutation, paths
from workflows.errors import Refused
from workflows.findings import Finding, Known, errors
from workflows.lint import lint
from workflows.mutation.changes import Stock
from workflows.outline import read

SUFFIXES = (".bpmn", ".dmn", ".form")
FOLDERS = ("bpmn", "forms")
WALKS = 200
LOADED = areas  # the handlers, messages and procedures there are


class NothingToCheck(Exception):
    """The message names the path and says what was expected there."""


def check_files(given: Iterable[str], *, as_json: bool = False) -> int:
    """Check every file named, or lying in a folder named. 0: nothing forbids publishing; 1: something; 2: no such file.

    What a file refers to is looked for beside it, then among the files that come with the program.
    """
    try:
        files = [file for path in given for file in _files(Path(path))]
    except NothingToCheck as problem:
        print(problem, file=sys.stderr)
        return 2
    found = {str(file): findings(file) for file in dict.fromkeys(files)}
    if as_json:
        plain = [{"file": file, "findings": checking.as_data(some)} for file, some in found.items()]
        print(json.dumps(plain, ensure_ascii=False, indent=1))
    else:
        for file, some in found.items():
            _say(file, some)
    return int(any(errors(some) for some in found.values()))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    else:
        found = [path] if path.is_file() and path.suffix in SUFFIXES else []
    if not found:
        raise NothingToCheck(f"{path}：这里没有可以检查的文件。请写 .bpmn、.dmn 或 .form 文件，或者放它们的文件夹。")
    return found


def findings(file: Path) -> list[Finding]:
    """All findings about one file, errors first."""
    if file.suffix == ".form":
        return sorted(checking.form_findings({file.name: file.read_bytes()}), key=lambda one: one.severity != "error")
    around = _library() | {
        p.name: p.read_bytes() for p in file.parent.iterdir() if p.suffix in SUFFIXES and p.is_file()
    }
    if file.suffix == ".dmn":
        return lint(around, file.name, Known())
    known = _known(around)
    found = lint(around, file.name, known)
    if not errors(found):
        for process in _processes(around[file.name], file.name):
            procedure = PROCEDURES.get(process)
            law = procedure.rules if procedure else None
            found += paths.check(around, process, law or paths.Rules(), known)
    return sorted(found, key=lambda one: one.severity != "error")


def _processes(data: bytes, name: str) -> list[str]:
    try:
        return [p.id for p in read(data, name).processes.values() if p.executable]
    except Refused:
        return []


def _library() -> dict[str, bytes]:
    """The files that come with the program, by name."""
    return {
        path.name: path.read_bytes()
        for folder in FOLDERS
        for path in sorted((ROOT / folder).iterdir())
        if path.suffix in SUFFIXES
    }


def _known(files: Mapping[str, bytes]) -> Known:
    forms = {deployments.key_of(name, data): data for name, data in files.items() if name.endswith(".form")}
    return surroundings.known(forms)


def _say(file: str, found: list[Finding]) -> None:
    for one in found:
        where = f" [{one.element}]" if one.element else ""
        print(
            f"{file}：{'错误' if one.severity == 'error' else '提醒'}{where} {one.message.rstrip('。')}。{one.cure.rstrip('。')}。"
        )
    if not found:
        print(f"{file}：没有问题")


# -- gcb mutate


def subjects() -> list[mutation.Subject]:
    """The models that come with the program, each with its law."""
    files = _library()
    known = _known(files)
    return [
        mutation.Subject(f"{name}.bpmn", name, files, one.rules or paths.Rules(), known, one.examples)
        for name, one in sorted(PROCEDURES.items())
        if f"{name}.bpmn" in files
    ]


def stock() -> Stock:
    """What a fault may put in the place of a name."""
    known = _known(_library())
    return Stock(
        handlers=tuple(sorted(HANDLERS)),
        forms=tuple(sorted(known.forms or ())),
        papers=tuple(sorted(known.papers or ())),
        states=tuple(sorted(known.transitions or ())),
    )


def measure(*, seed: int, count: int, walks: int = WALKS, processes: int | None = None) -> mutation.Report:
    """Mutate the models that come with the program and hold the gate against the engine."""
    return mutation.measure(subjects(), stock(), seed=seed, count=count, walks=walks, processes=processes)


def mutate(*, seed: int, count: int, as_json: bool = False) -> int:
    """Print the figures; 1 when the gate lets too many of the broken through."""
    report = measure(seed=seed, count=count)
    figures = report.as_data()
    if as_json:
        print(json.dumps(figures, ensure_ascii=False, indent=1))
    else:
        _tell(figures)
    return int(not figures["enough"])


def _tell(figures: dict[str, Any]) -> None:
    print(
        f"{figures['mutants']} 个变异（另有 {figures['unrunnable']} 个引擎不肯运行），种子 {figures['seed']}：\n"
        f"违法的 {figures['broken']} 个，拦下 {figures['broken_refused']} 个（{figures['share_refused']:.1%}）；\n"
        f"没有走出违法来的 {figures['harmless']} 个，放行 {figures['harmless_accepted']} 个"
        f"（{figures['share_accepted']:.1%}）。"
    )
    for one in figures["survivors"]:
        rule = one["breaks"]
        print(f"漏过：{one['model']} {one['kind']} {one['what']}；违反 {rule['rule']}，在 {rule['at']}")
        print("      " + " → ".join(one["walk"]))
