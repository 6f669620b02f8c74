"""What a saved file must still hold: the elements, attributes, texts and bounds of another, whatever the prefixes and order.

As the interchange suite's README judges a save: prefixes, order of attributes, white space and the ids of diagram elements
do not count; what was added does not count either.
"""

from collections import Counter
from typing import Any

from lxml import etree

DIAGRAM = ("http://www.omg.org/spec/BPMN/20100524/DI", "https://www.omg.org/spec/DMN/20191111/DMNDI/")
Fact = tuple[str, ...]


def facts(data: bytes) -> Counter[Fact]:
    """Every element, attribute and text of a file, told by where it stands."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    found: Counter[Fact] = Counter()
    _tell(etree.fromstring(data, parser), "", found)
    return found


def lost(before: bytes, after: bytes) -> list[Fact]:
    """What is in the one file and not in the other."""
    return sorted((facts(before) - facts(after)).elements())


def _tell(element: Any, above: str, found: Counter[Fact]) -> None:
    key = (
        f"{above}/{_name(element)}{_identity(element)}"
        if not _identity(element)
        else f"{_name(element)}{_identity(element)}"
    )
    in_diagram = element.tag.startswith(tuple(f"{{{one}}}" for one in DIAGRAM))
    # What a folded subprocess holds is drawn on a page of its own, as BPMN 2.0.2 wants it: which page is not judged.
    found[("element", key, "" if in_diagram else above)] += 1
    for name, value in element.attrib.items():
        if not (in_diagram and name == "id"):
            found[("attribute", key, name, _plain(value))] += 1
    text = " ".join("".join([element.text or "", *((child.tail or "") for child in element)]).split())
    if text:
        found[("text", key, _plain(text))] += 1
    for child in element:
        if isinstance(child.tag, str):
            _tell(child, key, found)


def _name(element: Any) -> str:
    return str(etree.QName(element).text)


def _identity(element: Any) -> str:
    drawn = element.get("bpmnElement") or element.get("dmnElementRef")
    if drawn:
        return f"@{_plain(drawn)}"
    own = element.get("id")
    return f"#{own}" if own and not element.tag.startswith(tuple(f"{{{one}}}" for one in DIAGRAM)) else ""


def _plain(value: str) -> str:
    """A number as such, a name without its prefix."""
    value = " ".join(value.split())
    try:
        return repr(float(value))
    except ValueError:
        return value.rsplit(":", 1)[-1] if value.count(":") == 1 and " " not in value else value
