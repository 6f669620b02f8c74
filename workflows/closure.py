"""The address of a process: a hash over just what it needs, whatever else lies in the same files.

In it: the process and all that it calls, the messages, signals, errors and escalations they name, the decisions they rest
on with their inputs, the drawing of all these, and the ids of forms. Not in it: another process of a collaboration, an
unused decision, comments, white space and the order of the files. An instance's state bears the address of its model, so
what is written here may not change: tests/engine/states would no longer load.
"""

import hashlib
from collections.abc import Iterable, Mapping

from lxml import etree

from .source import Xml, tag

#: Root elements of a BPMN file that a process may name.
_NAMED = ("message", "signal", "error", "escalation")
_DRAWN_BY = ("bpmnElement", "dmnElementRef")


def address(
    process_id: str,
    models: Iterable[tuple[Xml, Iterable[str]]],
    decisions: Iterable[tuple[Xml, Iterable[str]]],
    forms: Iterable[str],
) -> str:
    """sha256 in hex. `models`, `decisions`: root elements with the ids of the processes and DMN elements needed of each."""
    parts = [part for root, ids in models for part in _of_model(root, set(ids))]
    parts += [part for root, ids in decisions for part in _of_decisions(root, set(ids))]
    digest = hashlib.sha256(process_id.encode())
    for part in (*sorted(hashlib.sha256(part).digest() for part in parts), *(form.encode() for form in sorted(forms))):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def former_address(process_id: str, sources: Iterable[bytes], forms: tuple[str, ...]) -> str:
    """What states written before 2026-11-24 bear: the same over whole files."""
    digest = hashlib.sha256(process_id.encode())
    for part in (*sorted(hashlib.sha256(source).digest() for source in sources), *(form.encode() for form in forms)):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def needed_of(root: Xml, program: Mapping[str, Mapping[str, object]]) -> set[str]:
    """The ids of a DMN file's elements that stand in a program of decisions, and of the input data these ask for."""
    used = {key for part in program.values() for key in part}
    own = {element.get("id") or "": element for element in root}
    inputs = {
        (reference.get("href") or "").rpartition("#")[2]
        for key in used & own.keys()
        for reference in own[key].iter(etree.Element)
        if tag(reference) in ("requiredInput", "inputData")
    }
    return (used | inputs) & own.keys()


def _of_model(root: Xml, processes: set[str]) -> Iterable[bytes]:
    needed = [child for child in root if tag(child) == "process" and child.get("id") in processes]
    inside = [element for process in needed for element in process.iter(etree.Element)]
    named = {value.rpartition(":")[2] for element in inside for value in element.attrib.values()}
    needed += [child for child in root if tag(child) in _NAMED and child.get("id") in named]
    yield from map(_canonical, needed)
    yield from _drawing(root, {element.get("id") or "" for element in inside})


def _of_decisions(root: Xml, ids: set[str]) -> Iterable[bytes]:
    needed = [child for child in root if child.get("id") in ids]
    yield from map(_canonical, needed)
    yield from _drawing(root, {e.get("id") or "" for child in needed for e in child.iter(etree.Element)})


def _drawing(root: Xml, ids: set[str]) -> Iterable[bytes]:
    for element in root.iter(etree.Element):
        drawn = {element.get(name) for name in _DRAWN_BY} - {None, ""}
        if drawn and drawn <= ids and tag(element) not in ("BPMNPlane", "DMNDiagram"):
            yield _canonical(element)


def _canonical(element: Xml) -> bytes:
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    return str(etree.canonicalize(text, strip_text=True)).encode()
