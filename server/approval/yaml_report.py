"""A report on a YAML file of the catalogue: each fault at its place, as a finding with its line, in words, with its cure."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from server.approval import plain_yaml
from server.approval.matters import Limit, limit
from server.approval.plain_yaml import Document, Path, Unreadable
from server.calendar import Unit
from server.processes.library_kinds import Files, Finding

WORDS = {
    "version": "格式版本",
    "intake": "一次告知期限",
    "correction": "补正期限",
    "filing_limit": "竣工验收备案期限",
    "commencement": "开工期限",
    "rules": "规则开关",
    "matters": "事项",
    "results": "结果",
    "stages": "阶段公布时限",
    "name": "名称",
    "kind": "类别",
    "department": "主管部门",
    "process": "流程",
    "form": "申请表单",
    "basis": "依据",
    "promise": "承诺时限",
    "statutory": "法定时限",
    "materials": "材料",
    "phases": "阶段",
    "code": "编码",
    "short": "简称",
    "identifier": "标识",
    "mode": "许可方式",
    "scope": "允许施工范围",
    "authority": "出件机关",
    "material": "对应的材料",
    "key": "是否主件",
    "source": "来源",
    "reuse": "重复使用",
    "total": "公布时限",
    "p1_requires_planning_permit": "基坑阶段要规划许可证",
    "p1_reform_document": "地方改革文件名与文号",
    "planning_verification_before_completion": "竣工验收前先规划核实",
}
"""What each key of the files is called; the studio's pages and differences say the same."""
LONGEST_TEXT, MOST_DAYS = 300, 3650


class Report:
    """The findings about one file, each with the line it is about."""

    def __init__(self, file: str, document: Document) -> None:
        self.file, self.document = file, document
        self.found: list[Finding] = []

    def add(self, path: Path, code: str, what: str, cure: str, *, warning: bool = False, line: int = 0) -> None:
        """One fault of the thing at `path`."""
        name = self.name(path)
        where = f"{self.file} 第 {line or self.document.line(path)} 行：{name}"
        found = Finding("warning" if warning else "error", code, key_of(path) or None, name, f"{where}{what}", cure)
        self.found.append(found)

    def name(self, path: Path) -> str:
        """The thing in words: “施工许可·基坑的承诺时限”."""
        if not path:
            return "整个文件"
        words, data = "", self.document.data
        for part in path:
            data = data.get(part) if isinstance(data, Mapping) else None
            if isinstance(data, Mapping) and isinstance(data.get("name"), str) and part not in WORDS:
                words += ("·" if words else "") + f"{data['name']}（{part}）"
            elif part in ("matters", "phases", "results", "materials") and part is not path[-1]:
                continue
            else:
                called = WORDS.get(part, f"“{part}”")
                words += f"的{called}" if words else called
        return words

    def text(self, path: Path, value: Any, *, empty: bool = False) -> bool:
        """Whether it is a text that may stand there."""
        if not isinstance(value, str):
            self.add(path, "not-text", "要写文字", "数字、是或否一类的字也当文字用时，加上引号")
        elif not value.strip() and not empty:
            self.add(path, "empty", "没有写", "填上内容")
        elif len(value) > LONGEST_TEXT or "\n" in value.strip():
            self.add(path, "too-long", "太长", f"写成一行，不超过 {LONGEST_TEXT} 个字")
        else:
            return True
        return False

    def choice(self, path: Path, value: Any, known: Mapping[str, str]) -> None:
        """It must be one of the known words."""
        if value not in known or not isinstance(value, str):
            listed = "、".join(f"{key}（{words}）" for key, words in known.items())
            self.add(path, "unknown-choice", f"“{value}”认不得", f"写 {listed} 之一")

    def switch(self, path: Path, value: Any) -> None:
        """It must be yes or no."""
        if not isinstance(value, bool):
            self.add(path, "not-switch", "要写 true 或 false", "是写 true，否写 false，不加引号")

    def limit(self, path: Path, raw: Any) -> Limit | None:
        """The limit that stands there; None when it is none."""
        units = "{working_days: 3}（工作日）、{natural_days: 15}（自然日）、{months: 3}（月）或 {immediate: true}（当日办结）"
        if not isinstance(raw, Mapping) or len(raw) != 1 or next(iter(raw)) not in [unit.value for unit in Unit]:
            self.add(path, "not-limit", "不是时限", f"时限写成 {units}")
            return None
        [(unit, n)] = raw.items()
        if unit == Unit.IMMEDIATE:
            if n is not True:
                self.add(path, "not-limit", "的当日办结要写 true", "写 {immediate: true}；不是当日办结的，写天数")
                return None
        elif isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_DAYS:
            self.add(path, "not-limit", f"的数“{n}”不对", f"写 1 到 {MOST_DAYS} 的整数；当日办结写 {{immediate: true}}")
            return None
        return limit(dict(raw))

    def map(
        self, path: Path, value: Any, required: Iterable[str] = (), optional: Iterable[str] = ()
    ) -> dict[str, Any] | None:
        """The map that stands there, what is missing in it and what nobody reads told; None when it is none."""
        required, known = tuple(required), (*required, *optional)
        if not isinstance(value, dict) or not value:
            self.add(path, "not-map", "下面没有内容", "在它下面缩进两格，一行写一项“键: 值”")
            return None
        for key in required:
            if key not in value:
                self.add(path, "missing", f"缺“{key}”（{WORDS.get(key, key)}）", f"补上 {key} 这一行")
        for key in value:
            if known and key not in known:
                near = difflib.get_close_matches(key, known, 1)
                cure = f"是不是想写 {near[0]}？不用的删掉" if near else f"删掉，或者改成 {'、'.join(known)} 之一"
                self.add((*path, key), "unknown-key", "没有人读", cure)
        return value

    def codes(self, path: Path, value: Mapping[str, Any], form: re.Pattern[str], example: str) -> None:
        """The names of the entries must look like codes."""
        for code in value:
            if not form.match(code):
                self.add((*path, code), "bad-code", "的编码不合规则", f"写成 {example} 这样的编码")


def key_of(path: Path) -> str:
    """`C05.P1.promise`, `M13.name`, `results.A01.name`: how a place in the files is called."""
    shown = path[1:] if len(path) > 1 and path[0] in ("matters", "materials") else path
    return ".".join(one for one in shown if one != "phases")


def opened(file: str, files: Files) -> Report | Finding:
    try:
        return Report(file, plain_yaml.load(files[file]))
    except Unreadable as error:
        line = f"第 {error.line} 行：" if error.line else ""
        return Finding("error", "unreadable", None, file, f"{file} {line}{error.message}", error.cure)


def data_of(file: str, files: Files) -> dict[str, Any]:
    """What a file says, as far as it can be read at all: what is wrong with it is told by its own check."""
    try:
        data = plain_yaml.load(files[file]).data if file in files else None
    except Unreadable:
        return {}
    return data if isinstance(data, dict) else {}


def part_of(data: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """The map at a path of what was read; empty where there is none."""
    found: Any = data
    for part in path:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, dict) else {}


def report_twice(report: Report) -> None:
    for path, line in report.document.twice:
        report.add(path, "twice", "写了两次，前一次不算数", "删掉一个", line=line)


def report_gone(report: Report, path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """What is in force may change but not vanish: cases, drafts and results name it."""
    for code, one in before.items():
        if code not in now:
            name = one.get("name", code) if isinstance(one, Mapping) else code
            report.add(path, "removed", f"里少了{name}（{code}），已有的办件、草稿、结果还指着它", "把它加回来")


def report_version(report: Report, top: Mapping[str, Any]) -> None:
    if "version" in top and top["version"] != 1:
        report.add(("version",), "bad-version", "认不得", "写 version: 1")


def as_map(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}
