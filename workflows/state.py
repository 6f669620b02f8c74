"""An instance's state as bytes: live tasks and variables, no model, no history; a few hundred bytes.

The names inside (ids of elements and flows, and those the dialect makes: `x [child]`, `x.fork`, `x.fork.flow`, `x.link`)
are part of the format. Version 1, JSON: [version, model, last id, end, scopes of tasks, variables]; zlib from 1 KB on.
"""

import json
import zlib
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from .errors import BadState
from .feel import FeelText

VERSION = 1
#: Tag of a value that JSON has not. A variable may bear this name all the same: then its dictionary is written as pairs.
TAG = "\x01"
_TAG_IN_JSON = '"\\u0001"'
_COMPRESS_FROM = 1024
_ZLIB_LEVEL = 1


def pack(document: list[Any]) -> bytes:
    """Raises TypeError or ValueError for a variable that is no data (an object, a set, infinity, a thousand levels)."""
    tags = 0

    def tagged(item: object) -> object:
        nonlocal tags
        tags += 1
        match item:
            case Decimal():
                return {TAG: "decimal", "v": str(item)}
            case datetime():
                return {TAG: "datetime", "v": item.isoformat()}
            case date():
                return {TAG: "date", "v": item.isoformat()}
            case time():
                return {TAG: "time", "v": item.isoformat()}
            case timedelta():
                return {TAG: "duration", "v": [item.days, item.seconds, item.microseconds]}
            case FeelText():
                return {TAG: "feel", "v": [item.kind, item.text]}
            case _Pairs():
                return {TAG: "pairs", "v": item.pairs}
        raise TypeError(f"{type(item).__name__} cannot be a process variable")

    text = _dump([VERSION, *document], tagged)
    if text.count(_TAG_IN_JSON) != tags:
        tags = 0
        text = _dump([VERSION, *_escape(document)], tagged)
    raw = text.encode("ascii")
    return zlib.compress(raw, _ZLIB_LEVEL) if len(raw) > _COMPRESS_FROM else raw


def unpack(state: bytes) -> list[Any]:
    """The document given to `pack`. Raises BadState."""
    try:
        raw = state if state[:1] == b"[" else zlib.decompress(state)
        version, *document = json.loads(raw, object_hook=_untag)
    except (ValueError, zlib.error) as error:
        raise BadState("流程状态数据已损坏") from error
    if version != VERSION:
        raise BadState(f"流程状态数据的版本 {version} 无法读取")
    return list(document)


def _dump(document: list[Any], tagged: Any) -> str:
    try:
        return json.dumps(document, default=tagged, allow_nan=False, separators=(",", ":"))
    except RecursionError as error:
        raise ValueError("a process variable is nested too deeply") from error


class _Pairs:
    def __init__(self, pairs: list[list[Any]]) -> None:
        self.pairs = pairs


def _escape(item: Any) -> Any:
    if isinstance(item, dict):
        if TAG in item:
            return _Pairs([[key, _escape(value)] for key, value in item.items()])
        return {key: _escape(value) for key, value in item.items()}
    return [_escape(value) for value in item] if isinstance(item, list | tuple) else item


def _untag(item: dict[str, Any]) -> Any:
    if TAG not in item:
        return item
    kind, value = item[TAG], item["v"]
    match kind:
        case "decimal":
            return Decimal(value)
        case "datetime":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "time":
            return time.fromisoformat(value)
        case "duration":
            return timedelta(*value)
        case "feel":
            return FeelText(*value)
        case "pairs":
            return dict(value)
    raise BadState(f"流程状态数据含有未知的类型 {kind}")
