"""Reads XML that may be hostile: no DOCTYPE, no entities, bounded size and depth; then finds things in it."""

from collections.abc import Iterator
from typing import TypeAlias
from xml.parsers import expat

from lxml import etree

from .errors import Problem, Refused

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 200
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
B, Z = f"{{{BPMN}}}", f"{{{ZEEBE}}}"
NS = {"b": BPMN, "z": ZEEBE}
CORRUPT_CURE = "请用 Camunda Modeler 或本系统的设计器重新保存后再上传。"

#: lxml brings no types
Xml: TypeAlias = etree._Element


def parse(data: bytes, name: str) -> Xml:
    """The root element. Raises Refused, naming the file."""
    if len(data) > MAX_BYTES:
        raise _refused(name, f"超过 {MAX_BYTES // 1024 // 1024} MB", "请把流程拆成几个较小的文件。")
    _guard(data, name)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _refused(name, _from_line(error.lineno), CORRUPT_CURE) from error


def _refused(name: str, what: str, cure: str) -> Refused:
    return Refused([Problem("", f"文件“{name}”{what}。", cure)])


class _Hostile(Exception):
    pass


def _guard(data: bytes, name: str) -> None:
    """A first pass by expat, which stops at a DOCTYPE or too deep nesting before anything is built."""
    depth = 0

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _Hostile(f"嵌套超过 {MAX_DEPTH} 层")

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise _Hostile("含有 DOCTYPE 声明，可能引用外部内容")

    reader = expat.ParserCreate()
    reader.StartElementHandler, reader.EndElementHandler, reader.StartDoctypeDeclHandler = start, end, doctype
    try:
        reader.Parse(data, True)
    except _Hostile as error:
        raise _refused(name, str(error), CORRUPT_CURE) from None
    except expat.ExpatError as error:
        raise _refused(name, _from_line(error.lineno), CORRUPT_CURE) from error
    except (LookupError, ValueError) as error:  # an encoding nobody knows
        raise _refused(name, _from_line(1), CORRUPT_CURE) from error


def _from_line(line: int | None) -> str:
    """In words of our own: the parsers speak English."""
    return f"不是有效的 XML，从第 {line or 1} 行起读不懂"


def tag(element: Xml) -> str:
    """Local name."""
    name: str = etree.QName(element).localname
    return name


def namespace(element: Xml) -> str:
    return etree.QName(element).namespace or ""


def extensions(element: Xml) -> list[Xml]:
    holder = element.find(f"{B}extensionElements")
    return [] if holder is None else list(holder)


def extension(element: Xml, name: str) -> Xml | None:
    """The zeebe extension element of that name directly on the element."""
    return next((child for child in extensions(element) if child.tag == Z + name), None)


def event_definitions(element: Xml) -> list[Xml]:
    return [child for child in element if namespace(child) == BPMN and tag(child).endswith("EventDefinition")]


def flows_of(scope: Xml) -> Iterator[Xml]:
    yield from scope.iterfind(f"{B}sequenceFlow")


def label(element: Xml) -> str:
    """For sentences: the name and the id."""
    name, key = (element.get("name") or "").strip(), element.get("id") or tag(element)
    return f"“{name}”({key})" if name else f"“{key}”"
