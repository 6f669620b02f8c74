"""A YAML file reduced to maps, lists, texts, whole numbers, yes/no and nothing, with the place of each thing in the text.

Nothing else of YAML is read: no anchors, no tags, no merge keys, no key twice. A file written to choke the reader is
refused before anything is built from it; what a designer wrote wrongly is told with its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

LARGEST = 256 * 1024
"""Bytes; the files this reads have ten thousand."""
MOST_NODES = 30_000
DEEPEST = 12
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,8})\Z")
_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")
_QUOTED = ("'", '"', "|", ">")
Path = tuple[str, ...]


class Unreadable(ValueError):
    """The text is no such file. line: where, from 1; None: the whole file."""

    def __init__(self, message: str, cure: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.cure, self.line = message, cure, line


@dataclass(frozen=True)
class Span:
    """Where a scalar or the key of a thing is in the text: characters from..to, and its line from 1."""

    start: int
    end: int
    line: int


@dataclass
class Document:
    """The data with the places: `keys` of each entry's name (a list's items: of the item), `values` of each scalar.

    A path is the keys down to a thing; a place in a list is its number from 0, as text. twice: keys that a map has twice.
    """

    text: str
    data: Any = None
    keys: dict[Path, Span] = field(default_factory=dict)
    values: dict[Path, Span] = field(default_factory=dict)
    twice: list[tuple[Path, int]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a thing, or of the nearest thing around it that is in the file."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.keys:
                return self.keys[path[:end]].line
        return 1


def load(content: bytes) -> Document:
    """The document in these bytes. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(f"文件有 {len(content) // 1024} KB，太大了", f"事项和材料的文件不超过 {LARGEST // 1024} KB")
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Unreadable("文件不是 UTF-8 编码", "用 UTF-8 编码保存后再上传") from None
    try:
        _safe(text)
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(
            "这里不是合法的 YAML",
            "检查缩进、冒号后面的空格、引号和括号是不是成对",
            mark.line + 1 if mark else None,
        ) from None
    except yaml.YAMLError:
        raise Unreadable("文件里有不能用的字符", "删掉看不见的控制字符，用 UTF-8 编码保存后再上传") from None
    document = Document(text)
    if node is not None:
        document.data = _plain(document, (), node)
    return document


def _safe(text: str) -> None:
    """Look at the events alone, which build nothing, for what would make building dear or is no data of ours."""
    depth = nodes = 0
    for one in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = one.start_mark.line + 1
        if isinstance(one, yaml.AliasEvent) or getattr(one, "anchor", None):
            raise Unreadable("这里用了锚点或者引用（& 或 *）", "把内容直接写出来；文字以 & 或 * 开头的加上引号", line)
        if getattr(one, "tag", None):
            raise Unreadable("这里用了类型标记（!）", "删掉标记，只写值；文字以 ! 开头的加上引号", line)
        if isinstance(one, yaml.ScalarEvent | yaml.CollectionStartEvent):
            nodes += 1
        if isinstance(one, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(one, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise Unreadable("这里套了太多层", f"事项和材料最多 {DEEPEST} 层", line)
        if nodes > MOST_NODES:
            raise Unreadable("内容太多", f"一个文件最多 {MOST_NODES} 项", line)


def _plain(document: Document, path: Path, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key: _plain(document, (*path, key), value) for key, value in _entries(document, path, node)}
    if isinstance(node, yaml.SequenceNode):
        found = []
        for place, one in enumerate(node.value):
            here = (*path, str(place))
            document.keys[here] = _span(one)
            found.append(_plain(document, here, one))
        return found
    document.values[path] = _span(node)
    return _scalar(node)


def _entries(document: Document, path: Path, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
            raise Unreadable("这里的键不是一个词", "冒号前面只写一个词", key.start_mark.line + 1)
        here = (*path, str(key.value))
        if here in document.keys:
            document.twice.append((here, key.start_mark.line + 1))
        document.keys[here] = _span(key)
        yield here[-1], value


def _span(node: yaml.Node) -> Span:
    return Span(node.start_mark.index, node.end_mark.index, node.start_mark.line + 1)


def _scalar(node: yaml.ScalarNode) -> Any:
    """Text, unless it is written plainly and is a whole number, yes or no, or nothing."""
    text: str = node.value
    if node.style in _QUOTED:
        return text
    if _NUMBER.match(text):
        return int(text)
    if text.lower() in _YES or text.lower() in _NO:
        return text.lower() in _YES
    return None if text.lower() in ("", "~", "null") else text
