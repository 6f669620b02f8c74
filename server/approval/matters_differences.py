"""What changed between two contents of matters.yaml or of materials.yaml, by matter and field, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from server.approval import plain_yaml
from server.approval.matters import CIRCUMSTANCES, FLOW_TYPES, KINDS, MODES, REUSES, SOURCES, limit
from server.approval.plain_yaml import Path, Unreadable
from server.approval.yaml_report import WORDS, key_of
from server.calendar import Unit
from server.processes.library_kinds import FieldChange

CHOICES: dict[str, Mapping[str, str]] = {"kind": KINDS, "mode": MODES, "source": SOURCES, "reuse": REUSES}
GROUPS = {"matters": "事项", "results": "结果", "materials": "材料", "stages": "阶段公布时限"}
"""Parts of the files whose entries are things of their own."""
NOTHING = "（没有）"


def of_matters(old: bytes | None, new: bytes | None) -> list[FieldChange]:
    """Every matter, phase, result, stage and general limit that differs. Nothing for a content that cannot be read."""
    return list(_changes(old, new))


def of_materials(old: bytes | None, new: bytes | None) -> list[FieldChange]:
    """Every material that differs. Nothing for a content that cannot be read."""
    return list(_changes(old, new))


def _changes(old: bytes | None, new: bytes | None) -> Iterator[FieldChange]:
    try:
        before = plain_yaml.load(old).data if old is not None else {}
        after = plain_yaml.load(new).data if new is not None else {}
    except Unreadable:
        return
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    for part in _both(before, after):
        one, other = before.get(part), after.get(part)
        if part in GROUPS and isinstance(one or {}, dict) and isinstance(other or {}, dict):
            for code in _both(one or {}, other or {}):
                yield from _entry((part, code), (one or {}).get(code), (other or {}).get(code))
        elif part == "rules" and isinstance(one, dict) and isinstance(other, dict):
            yield from _fields(("rules",), WORDS["rules"], one, other)
        elif one != other:
            yield from _field((part,), "通用期限" if part != "version" else "整个文件", part, one, other)


def _both(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The keys of both, in the order of the newer, what is gone at the end."""
    return list(dict.fromkeys([*after, *before]))


def _entry(path: Path, before: Any, after: Any, within: str = "") -> Iterator[FieldChange]:
    """A matter, phase, result, material or stage: new, gone or changed in some fields."""
    of = _called(path[-1], after if isinstance(after, dict) else before, within)
    if not isinstance(before, dict) or not isinstance(after, dict):
        if before != after:
            kind = "added" if before is None else "removed" if after is None else "changed"
            part = GROUPS.get(path[0], "阶段") if len(path) == 2 else "阶段"
            yield FieldChange(kind, of, key_of(path), part, _summary(before), _summary(after))
        return
    one, other = before.get("phases"), after.get("phases")
    plain = [{key: value for key, value in side.items() if key != "phases"} for side in (before, after)]
    yield from _fields(path, of, *plain)
    if isinstance(one or {}, dict) and isinstance(other or {}, dict):
        for key in _both(one or {}, other or {}):
            yield from _entry((*path, "phases", key), (one or {}).get(key), (other or {}).get(key), of)


def _called(code: str, entry: Any, within: str) -> str:
    """“C05 施工许可·基坑”; a stage has its name for a code."""
    name = entry.get("short") or entry.get("name") if isinstance(entry, dict) else None
    if within:
        return f"{within}·{name or code}"
    return f"{code} {name}" if name else code


def _fields(path: Path, of: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    for key in _both(before, after):
        if before.get(key) != after.get(key) or (key in before) != (key in after):
            yield from _field((*path, key), of, key, before.get(key), after.get(key))


def _field(path: Path, of: str, key: str, before: Any, after: Any) -> Iterator[FieldChange]:
    said = words(key, before), words(key, after)
    if said[0] == said[1]:  # null and not there say the same
        return
    kind = "added" if before is None else "removed" if after is None else "changed"
    yield FieldChange(kind, of, key_of(path), WORDS.get(key, key), *said)


def _summary(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "" if entry is None else str(entry)
    promise = f"，承诺 {words('promise', entry['promise'])}" if "promise" in entry else ""
    return f"{entry.get('name', '')}{promise}".strip("，")


def words(key: str, value: Any) -> str:
    """A value as the studio shows it: `3 个工作日`, `是`, `M14（须监理）`; '' for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        said = _limit_words(value)
        if said is not None:
            return said
        return "，".join(f"{FLOW_TYPES.get(one, one)} {words(one, inner)}" for one, inner in value.items())
    if isinstance(value, list):
        return "、".join(asked_words(one) for one in value) or NOTHING
    known = CHOICES.get(key, {})
    return known.get(value, str(value)) if isinstance(value, str) else str(value)


def asked_words(one: Any) -> str:
    """A material in a list: `M13`, or `M14（须监理）` with its condition."""
    if isinstance(one, dict) and len(one) == 1:
        [(code, when)] = one.items()
        return f"{code}（{CIRCUMSTANCES.get(str(when), str(when))}）"
    return str(one)


def _limit_words(raw: Mapping[str, Any]) -> str | None:
    if len(raw) != 1 or next(iter(raw)) not in [unit.value for unit in Unit]:
        return None
    [(unit, n)] = raw.items()
    if unit != Unit.IMMEDIATE and (isinstance(n, bool) or not isinstance(n, int)):
        return None
    found = limit(dict(raw))
    return found.words if found else None
