"""What may stand in matters.yaml: on its own, and with what it names (materials, processes, forms, departments).

The reader (`matters.read`) trusts what passes here. A finding's `element` is the key of the thing (`C05.P1.promise`), its
`name` the thing in words.
"""

import difflib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import models as accounts
from server.approval.matters import CIRCUMSTANCES, FLOW_TYPES, KINDS, MATERIALS, MATTERS, MODES, Limit
from server.approval.phases import OF_MODE
from server.approval.plain_yaml import Path
from server.approval.yaml_report import (
    WORDS,
    Report,
    as_map,
    data_of,
    opened,
    part_of,
    report_gone,
    report_twice,
    report_version,
)
from server.calendar import Unit
from server.processes import definitions, deployments
from server.processes.handlers import PROCEDURES
from server.processes.library_kinds import Files, Finding

LIMITS = ("intake", "correction", "filing_limit", "commencement")
SWITCHES = ("p1_requires_planning_permit", "planning_verification_before_completion")
PHASES = frozenset(key for keys in OF_MODE.values() for key in keys)
_MATTER = re.compile(r"[A-D][0-9]{2}\Z")  # the letter is the stage of the road map
_RESULT = re.compile(r"[A-Z][A-Z0-9]{1,9}\Z")
_PHASE_CODE = re.compile(r"[A-D][0-9]{2}-[0-9]{1,2}\Z")


def check_matters(session: Session, files: Files, in_force: Files, now: datetime) -> list[Finding]:
    """What is wrong with matters.yaml, on its own and with what it names: materials, processes, forms, departments."""
    report = opened(MATTERS, files)
    if isinstance(report, Finding):
        return [report]
    report_twice(report)
    top = report.map((), report.document.data, ("version", *LIMITS, "rules", "matters", "results"), ("stages",))
    if top is None:
        return report.found
    report_version(report, top)
    for key in LIMITS:
        if key in top:
            report.limit((key,), top[key])
    _rules(report, top)
    dictionary = part_of(data_of(MATERIALS, files), "materials")
    results = _results(report, top, dictionary)
    around = _Around(session, files, now, dictionary, results)
    promises = _matters(report, top, around)
    _stages(report, top, promises)
    before = data_of(MATTERS, in_force)
    for part in ("matters", "results"):
        report_gone(report, (part,), part_of(before, part), part_of(top, part))
    for code, one in part_of(before, "matters").items():
        if code in part_of(top, "matters"):
            path = ("matters", code, "phases")
            report_gone(report, path, part_of(as_map(one), "phases"), part_of(top, *path))
    return report.found


class _Around:
    """What a matter may name."""

    def __init__(
        self, session: Session, files: Files, now: datetime, dictionary: Mapping[str, Any], results: Mapping[str, Any]
    ) -> None:
        self.materials, self.results = dictionary, results
        self.processes = set(definitions.all_in_force(session, now))
        self.processes |= {name.removesuffix(".bpmn") for name in files if name.endswith(".bpmn")}
        self.forms = {deployments.key_of(name, data) for name, data in files.items() if name.endswith(".form")}
        self.departments = {name.partition("·")[0] for name in session.scalars(select(accounts.Unit.name))}
        self.given = {as_map(one).get("material") for one in results.values()}


def _rules(report: Report, top: Mapping[str, Any]) -> None:
    rules = report.map(("rules",), top["rules"], (*SWITCHES, "p1_reform_document")) if "rules" in top else None
    if rules is None:
        return
    for key in SWITCHES:
        if key in rules:
            report.switch(("rules", key), rules[key])
    document = rules.get("p1_reform_document", "")
    written = report.text(("rules", "p1_reform_document"), document, empty=True) and document.strip()
    if rules.get("p1_requires_planning_permit") is False and not written:
        report.add(
            ("rules", "p1_reform_document"),
            "no-reform-document",
            "没有写，基坑阶段不能不要规划许可证",
            "写上地方改革文件名与文号，或者把 p1_requires_planning_permit 改回 true",
        )


def _results(report: Report, top: Mapping[str, Any], dictionary: Mapping[str, Any]) -> dict[str, Any]:
    results = report.map(("results",), top["results"]) if "results" in top else None
    for code, raw in (results or {}).items():
        path: Path = ("results", code)
        one = report.map(path, raw, ("name", "authority"), ("material",))
        for key, value in (one or {}).items():
            if key in ("name", "authority"):
                report.text((*path, key), value)
            elif key == "material" and dictionary and value not in dictionary:
                report.add((*path, key), "unknown-material", f"“{value}”不在材料字典里", "改成 materials.yaml 里有的编码")
    if results:
        report.codes(("results",), results, _RESULT, "A01")
    return results or {}


Promises = dict[str, Limit | dict[str, Limit]]
MATTER_TEXTS, PHASE_TEXTS = ("name", "basis"), ("name", "short", "identifier", "scope")


def _matters(report: Report, top: Mapping[str, Any], around: _Around) -> Promises:
    """code -> the promise, or that of each phase."""
    matters = report.map(("matters",), top["matters"]) if "matters" in top else None
    promises: Promises = {}
    serials: dict[str, Path] = {}
    report.codes(("matters",), matters or {}, _MATTER, "C05")
    for code, raw in (matters or {}).items():
        path: Path = ("matters", code)
        required = ("name", "kind", "department", "process", "form", "basis")
        one = report.map(path, raw, required, ("promise", "statutory", "materials", "phases"))
        if one is None:
            continue
        _names(report, path, one, around)
        lawful = report.limit((*path, "statutory"), one["statutory"]) if one.get("statutory") is not None else None
        if one.get("kind") == "P" and one.get("statutory") is None:
            cure = "按法律写上，没有特别规定的是 {working_days: 20}（行政许可法）"
            report.add((*path, "statutory"), "no-statutory", "没有写，承诺是不是超过法定没法核对", cure, warning=True)
        if "phases" in one:
            phased = _phases(report, path, one, lawful, around)
            promises[code] = phased
            owned = [(*path, "phases", key) for key in part_of(one, "phases")]
        else:
            for key in ("promise", "materials"):
                if key not in one:
                    report.add(path, "missing", f"缺“{key}”（{WORDS[key]}）", f"补上 {key} 这一行，或者写 phases")
            promise = _promise(report, path, one, lawful)
            _asked(report, (*path, "materials"), one.get("materials", []), around, code)
            if promise is not None:
                promises[code] = promise
            owned = [path]
        for here in owned:
            _serial(report, here, part_of(top, *here), serials)
    return promises


def _serial(report: Report, path: Path, one: Mapping[str, Any], serials: dict[str, Path]) -> None:
    """Two matters must not number their cases alike."""
    serial = str(one.get("code", path[-1])).replace("-", "")
    if serial in serials:
        report.add(path, "same-code", f"和{report.name(serials[serial])}的编码一样，流水号会重", "换一个编码")
    serials.setdefault(serial, path)


def _names(report: Report, path: Path, one: Mapping[str, Any], around: _Around) -> None:
    for key in MATTER_TEXTS:
        if key in one:
            report.text((*path, key), one[key])
    if "kind" in one:
        report.choice((*path, "kind"), one["kind"], KINDS)
    named = "department" in one and report.text((*path, "department"), one["department"])
    if named and around.departments and one["department"] not in around.departments:
        known = "、".join(sorted(around.departments))
        words = f"“{one['department']}”没有科室"
        report.add((*path, "department"), "unknown-department", words, f"写 {known} 之一，或先建科室", warning=True)
    if "process" in one and report.text((*path, "process"), one["process"]):
        process = one["process"]
        if process not in around.processes:
            cure = f"写 {'、'.join(sorted(around.processes))} 之一，或者把流程图放进同一个变更"
            report.add((*path, "process"), "unknown-process", f"“{process}”还没有", cure)
        elif process in PROCEDURES and PROCEDURES[process].area != "approval":
            report.add((*path, "process"), "foreign-process", f"“{process}”不是审批的流程", "换成审批的流程")
    if "form" in one and report.text((*path, "form"), one["form"]) and one["form"] not in around.forms:
        near = difflib.get_close_matches(one["form"], around.forms, 1)
        cure = (f"是不是 {near[0]}？" if near else "") + "写已有表单的编号，或者把表单放进同一个变更"
        report.add((*path, "form"), "unknown-form", f"“{one['form']}”还没有", cure)


def _phases(
    report: Report, path: Path, matter: Mapping[str, Any], lawful: Limit | None, around: _Around
) -> dict[str, Limit]:
    for key in ("promise", "materials"):
        if key in matter:
            report.add((*path, key), "unused", "分阶段的事项不写在这里，没有人读", f"删掉，写到每个阶段的 {key}")
    phases, found = report.map((*path, "phases"), matter["phases"]), dict[str, Limit]()
    for key, raw in (phases or {}).items():
        here = (*path, "phases", key)
        if key not in PHASES:
            cure = f"阶段写 {'、'.join(sorted(PHASES))} 之一"
            report.add(here, "unknown-phase", "认不得，阶段的先后写在规则里", cure)
        one = report.map(here, raw, ("code", *PHASE_TEXTS, "promise", "materials"), ("mode",))
        if one is None:
            continue
        for name in PHASE_TEXTS:
            if name in one:
                report.text((*here, name), one[name])
        if "code" in one and not (isinstance(one["code"], str) and _PHASE_CODE.match(one["code"])):
            report.add((*here, "code"), "bad-code", "不合规则", "写成 C05-1 这样的编码")
        if "mode" in one:
            report.choice((*here, "mode"), one["mode"], MODES)
        promise = _promise(report, here, one, lawful)
        if promise is not None:
            found[key] = promise
        _asked(report, (*here, "materials"), one.get("materials", []), around, path[-1])
    return found


def _promise(report: Report, path: Path, one: Mapping[str, Any], lawful: Limit | None) -> Limit | None:
    """The promise there, held against the statutory limit."""
    here = (*path, "promise")
    promise = report.limit(here, one["promise"]) if "promise" in one else None
    if promise is None or lawful is None:
        return promise
    longer = exceeds(promise, lawful)
    if longer:
        words = f" {promise.words}，比法定 {lawful.words}还长"
        report.add(here, "promise-too-long", words, f"改成不超过 {lawful.words}")
    elif longer is None:
        words = f" {promise.words}，和法定 {lawful.words}单位不同，没法比出哪个长"
        report.add(here, "promise-unclear", words, "承诺和法定用同一种单位写", warning=True)
    return promise


def exceeds(promise: Limit, lawful: Limit) -> bool | None:
    """Whether a promise is longer than the law allows; None where only a calendar could tell."""
    if promise.unit is lawful.unit:
        return promise.n > lawful.n
    (least, most), (lawful_least, lawful_most) = _days(promise), _days(lawful)
    if least > lawful_most:
        return True
    return False if most <= lawful_least else None


def _days(one: Limit) -> tuple[int, int]:
    """At least and at most so many natural days. Working days: weekends and the longest holidays between them."""
    if one.unit is Unit.WORKING_DAYS:
        return one.n, 2 * one.n + 14
    return (28 * one.n, 31 * one.n) if one.unit is Unit.MONTHS else (one.n, one.n)


def _asked(report: Report, path: Path, raw: Any, around: _Around, matter: str) -> None:
    """The materials a matter asks for, each once, each known, none its own result."""
    if not isinstance(raw, list):
        report.add(path, "not-list", "要写成一串", "写成 [M13, M16]；没有材料写 []")
        return
    seen: set[str] = set()
    own = as_map(around.results.get(matter)).get("material")
    for place, one in enumerate(raw):
        here = (*path, str(place))
        [(code, when)] = one.items() if isinstance(one, dict) and len(one) == 1 else [(one, None)]
        if not isinstance(code, str):
            report.add(path, "bad-material", f"第 {place + 1} 份认不得", "写 M13，或者带条件 {M14: supervision}")
            continue
        if isinstance(one, dict) and when not in CIRCUMSTANCES:
            cure = "写 " + "、".join(f"{key}（{words}）" for key, words in CIRCUMSTANCES.items()) + " 之一"
            report.add(here[:-1], "unknown-circumstance", f"{code} 的条件“{when}”认不得", cure)
        if code in seen:
            report.add(path, "material-twice", f"{code} 要了两次", "删掉一个")
        seen.add(code)
        if around.materials and code not in around.materials:
            report.add(path, "unknown-material", f"“{code}”不在材料字典里", "改成 materials.yaml 里有的编码，或先加上它")
        elif code == own:
            report.add(path, "own-result", f"{code} 就是这个事项自己的结果，谁也交不出来", "删掉它")
        elif as_map(around.materials.get(code)).get("source") == "PREV_RESULT" and code not in around.given:
            cure = "在 results 里给出这个结果的那一行写上 material，或者把来源改成 UPLOAD"
            report.add(path, "no-result-gives", f"{code} 说是上一环节的结果，可没有哪个结果给它", cure, warning=True)


# -- the published totals of the stages (domain 1.1)


def _stages(report: Report, top: Mapping[str, Any], promises: Promises) -> None:
    stages = report.map(("stages",), top["stages"]) if "stages" in top else None
    for name, raw in (stages or {}).items():
        path: Path = ("stages", name)
        one = report.map(path, raw, ("matters", "total"))
        if one is None or "matters" not in one or "total" not in one:
            continue
        chain = one["matters"]
        if not isinstance(chain, list) or not chain or any(code not in part_of(top, "matters") for code in chain):
            report.add((*path, "matters"), "unknown-matter", "里有认不得的事项", "按先后写成 [D01, D07]")
            continue
        days = [_longest(promises.get(code)) for code in chain]
        totals = report.map((*path, "total"), one["total"]) or {}
        for flow, published in totals.items():
            here = (*path, "total", flow)
            if flow not in FLOW_TYPES:
                report.add(here, "unknown-flow", "认不得", f"写 {'、'.join(FLOW_TYPES)} 之一")
                continue
            total = report.limit(here, published)
            if total is None:
                continue
            if total.unit is not Unit.WORKING_DAYS:
                report.add(here, "not-working-days", "要按工作日公布", "写成 {working_days: 15}")
            elif None not in days and total.n < sum(one or 0 for one in days):
                path_days = sum(one or 0 for one in days)
                report.add(
                    here,
                    "stage-too-short",
                    f"（{FLOW_TYPES[flow]}）公布 {total.n} 个工作日，可{'、'.join(chain)}一件等一件，承诺加起来要 {path_days} 个",
                    f"公布值改成不少于 {path_days} 个工作日，或者缩短事项的承诺",
                )


def _longest(promise: Limit | Mapping[str, Limit] | None) -> int | None:
    """Working days the matter takes on its longest way (of a staged permit: the longest mode); None: not told in them."""
    if promise is None:
        return None
    if isinstance(promise, Limit):
        return promise.n if promise.unit in (Unit.WORKING_DAYS, Unit.IMMEDIATE) else None
    ways = []
    for keys in OF_MODE.values():
        days = [_longest(promise[key]) for key in keys if key in promise]
        if None in days:
            return None
        ways.append(sum(one or 0 for one in days))
    return max(ways)
