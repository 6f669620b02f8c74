"""matters.yaml and materials.yaml as the studio's page shows and changes them.

A change replaces the one value in the text and leaves everything else as it was written, comments, order and spacing to the
byte; a library that writes the file anew would keep the comments but not the layout people compare. What came out is read
again and must be the old data with this one value changed, so a text with a colon or a quote in it cannot do more.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.approval import plain_yaml
from server.approval.matters import CIRCUMSTANCES, REUSES, SOURCES, Limit, limit
from server.approval.matters_check import exceeds
from server.approval.plain_yaml import Document, Path, Span, Unreadable
from server.approval.yaml_report import LONGEST_TEXT, MOST_DAYS, as_map, part_of
from server.calendar import Unit
from server.errors import Invalid, NotFound

UNITS = {
    Unit.WORKING_DAYS.value: "个工作日",
    Unit.NATURAL_DAYS.value: "日（自然日）",
    Unit.MONTHS.value: "个月",
    Unit.IMMEDIATE.value: "当日办结",
}
"""Units a promise may have, in words."""
_PLAIN = re.compile(r"[\w\u4e00-\u9fff（）《》“”、，。·±.+\-/ ]+\Z")


@dataclass(frozen=True)
class AskedLine:
    """A material that is asked for. when: only in this circumstance, in words; '' always."""

    code: str
    name: str
    when: str


@dataclass(frozen=True)
class MatterLine:
    """A matter, or a phase of one. key: `C05`, `C05.P1`; line: where it begins in the file, from 1.

    A matter with phases has no promise and no materials of its own.
    """

    key: str
    code: str
    name: str
    department: str
    promise: Limit | None
    statutory: Limit | None
    process: str
    form: str
    materials: tuple[AskedLine, ...]
    line: int
    has_phases: bool

    @property
    def is_phase(self) -> bool:
        """It is a phase of the matter before it."""
        return "." in self.key


@dataclass(frozen=True)
class MaterialLine:
    """A material of the dictionary. main: it cannot be done without."""

    key: str
    name: str
    main: bool
    source: str
    reuse: str
    line: int


@dataclass(frozen=True)
class Outline:
    """Both files as rows, in their order."""

    matters: tuple[MatterLine, ...]
    materials: tuple[MaterialLine, ...]


def outline(matters: bytes, materials: bytes) -> Outline:
    """Both files as rows. What is wrong with them is for the check to say: here it is only left out."""
    dictionary = _open(materials)
    names = {
        code: str(as_map(one).get("name", "")) for code, one in part_of(as_map(dictionary.data), "materials").items()
    }
    return Outline(tuple(_matter_lines(_open(matters), names)), tuple(_material_lines(dictionary)))


def promises(matters: bytes) -> tuple[MatterLine, ...]:
    """The matters and phases with what they promise, without the names of their materials."""
    return tuple(_matter_lines(_open(matters), {}))


def _open(data: bytes) -> Document:
    try:
        return plain_yaml.load(data)
    except Unreadable as error:
        where = f"第 {error.line} 行：" if error.line else ""
        raise Invalid(f"{where}{error.message}。{error.cure}。", code="UNREADABLE") from error


def _matter_lines(document: Document, names: Mapping[str, str]) -> Iterator[MatterLine]:
    for code, raw in part_of(as_map(document.data), "matters").items():
        matter = as_map(raw)
        yield _matter_line(document, ("matters", code), matter, matter, names)
        for key, phase in part_of(matter, "phases").items():
            yield _matter_line(document, ("matters", code, "phases", key), matter, as_map(phase), names)


def _matter_line(
    document: Document, path: Path, matter: Mapping[str, Any], one: Mapping[str, Any], names: Mapping[str, str]
) -> MatterLine:
    asked = one.get("materials")
    return MatterLine(
        key=path[1] if len(path) == 2 else f"{path[1]}.{path[3]}",
        code=str(one.get("code", path[-1])),
        name=str(one.get("name", "")),
        department=str(matter.get("department", "")),
        promise=_limit(one.get("promise")),
        statutory=_limit(matter.get("statutory")),
        process=str(matter.get("process", "")),
        form=str(matter.get("form", "")),
        materials=tuple(_asked(one, names) for one in asked) if isinstance(asked, list) else (),
        line=document.line(path),
        has_phases="phases" in one,
    )


def _asked(raw: Any, names: Mapping[str, str]) -> AskedLine:
    code, when = next(iter(raw.items())) if isinstance(raw, dict) and raw else (raw, None)
    return AskedLine(str(code), names.get(str(code), ""), CIRCUMSTANCES.get(str(when), str(when)) if when else "")


def _material_lines(document: Document) -> Iterator[MaterialLine]:
    for code, raw in part_of(as_map(document.data), "materials").items():
        one = as_map(raw)
        source, reuse = str(one.get("source", "")), str(one.get("reuse", ""))
        yield MaterialLine(
            key=code,
            name=str(one.get("name", "")),
            main=one.get("key") is True,
            source=SOURCES.get(source, source),
            reuse=REUSES.get(reuse, reuse),
            line=document.line(("materials", code)),
        )


def _limit(raw: Any) -> Limit | None:
    if not isinstance(raw, dict) or len(raw) != 1:
        return None
    [(unit, n)] = raw.items()
    if unit not in UNITS or (unit != Unit.IMMEDIATE and not isinstance(n, int)):
        return None
    return limit(raw)


def limit_of(unit: str, n: str) -> Limit:
    """The limit of a form's two fields. Raises Invalid for the field `promise`."""
    if unit not in UNITS:
        raise _invalid("promise", f"请选单位：{'、'.join(UNITS.values())}")
    if unit == Unit.IMMEDIATE:
        return Limit(0, Unit.IMMEDIATE)
    if not re.fullmatch(r"[0-9]{1,4}", n.strip()) or not 1 <= int(n) <= MOST_DAYS:
        raise _invalid("promise", f"请填 1 到 {MOST_DAYS} 的整数；当天办完的，选“当日办结”")
    return Limit(int(n), Unit(unit))


def edited(matters: bytes, key: str, *, name: str | None = None, promise: Limit | None = None) -> bytes:
    """matters.yaml with another name or promise of a matter (`C05`) or phase (`C05.P1`); what is None stays.

    Raises Invalid for what may not stand there, NotFound for a key that is not in the file.
    """
    found = matters
    if name is not None:
        found = with_name(found, key, name)
    if promise is not None:
        found = with_promise(found, key, promise)
    return found


def with_name(matters: bytes, key: str, name: str) -> bytes:
    """matters.yaml with another name of one matter or phase."""
    document = _open(matters)
    return _with_text(document, (*_path(document, key), "name"), name)


def edited_material(materials: bytes, key: str, *, name: str) -> bytes:
    """materials.yaml with another name of one material."""
    document = _open(materials)
    if key not in part_of(as_map(document.data), "materials"):
        raise NotFound(f"材料字典里没有 {key}。请刷新后再改。", code="KEY_UNKNOWN")
    return _with_text(document, ("materials", key, "name"), name)


def with_promise(matters: bytes, key: str, promise: Limit) -> bytes:
    """matters.yaml with another promise of one matter or phase; never longer than the law allows."""
    document = _open(matters)
    path = _path(document, key)
    one = part_of(as_map(document.data), *path)
    old = _limit(one.get("promise"))
    if old is None:
        words = "这个事项分阶段，请改每个阶段的承诺" if "phases" in one else "原来没有承诺时限，请在文件里先写上"
        raise _invalid("promise", words)
    lawful = _limit(part_of(as_map(document.data), *path[:2]).get("statutory"))
    if lawful is not None and exceeds(promise, lawful):
        raise _invalid("promise", f"{promise.words}比法定 {lawful.words}还长，请改短")
    here = (*path, "promise")
    number = "true" if promise.unit is Unit.IMMEDIATE else str(promise.n)
    unit_at, number_at = document.keys[(*here, old.unit.value)], document.values[(*here, old.unit.value)]
    text = _put(_put(document.text, number_at, number), unit_at, promise.unit.value)
    wanted = {promise.unit.value: True if promise.unit is Unit.IMMEDIATE else promise.n}
    return _proved(document, text, here, wanted)


def _path(document: Document, key: str) -> Path:
    code, _, phase = key.partition(".")
    path: Path = ("matters", code, "phases", phase) if phase else ("matters", code)
    if not part_of(as_map(document.data), *path):
        raise NotFound(f"事项目录里没有 {key}。请刷新后再改。", code="KEY_UNKNOWN")
    return path


def _with_text(document: Document, path: Path, text: str) -> bytes:
    text = text.strip()
    if not text:
        raise _invalid("name", "请写名称")
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise _invalid("name", f"请写成一行，不超过 {LONGEST_TEXT} 个字")
    if path not in document.values:
        raise _invalid("name", "原来没有名称，请在文件里先写上")
    written = text if _PLAIN.match(text) and _reads_as(text) else json.dumps(text, ensure_ascii=False)
    return _proved(document, _put(document.text, document.values[path], written), path, text)


def _reads_as(text: str) -> bool:
    """Whether it needs no quotes, in a line of its own and within braces."""
    try:
        within = plain_yaml.load(f"a: {{b: {text}, c: 1}}".encode()).data
        return within == {"a": {"b": text, "c": 1}} and plain_yaml.load(f"a: {text}".encode()).data == {"a": text}
    except Unreadable:
        return False


def _put(text: str, at: Span, value: str) -> str:
    return text[: at.start] + value + text[at.end :]


def _proved(document: Document, text: str, path: Path, value: Any) -> bytes:
    """The new text, once it is sure that it says the old with this one value changed."""
    wanted = copy.deepcopy(document.data)
    inner = wanted
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    data = text.encode()
    if _open(data).data != wanted:
        raise Invalid("这一处写法特别，不能在这里改。请下载文件改好再上传。", code="NOT_EDITABLE")
    return data


def _invalid(field: str, words: str) -> Invalid:
    return Invalid(f"{words}。", fields={field: [words]}, code="MATTERS")
