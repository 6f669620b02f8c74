"""A paper's data to PDF/A-3u, by WeasyPrint. Only ``making`` imports this: it is heavy and belongs in the worker.

Templates get plain data in a sandbox, everything is escaped, and nothing is fetched but the sheets beside them.
WeasyPrint is not proven thread-safe and leaks fonts when configured anew: one lock, one FontConfiguration a process.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTCollection
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from server.documents import drawing, words
from server.documents.kinds import kind_of

TEMPLATES = Path(__file__).parent / "templates"
_FONTS = (
    Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)
_lock = threading.Lock()


@dataclass(frozen=True)
class Sheet:
    """All that a template may know."""

    kind: str
    title: str
    number: str
    issuer: str
    data: Mapping[str, Any]
    code: str
    verify_url: str
    demo: bool


class NoGlyph(ValueError):
    """A character that none of the embedded fonts can draw: better no certificate than one with a hole in a name."""

    def __init__(self, characters: str) -> None:
        shown = "、".join(f"“{character}”(U+{ord(character):04X})" for character in characters)
        super().__init__(f"字库里没有 {shown}，这份文书画不出来。请安装含这个字的字库，或核对原文")


class _Packaged(URLFetcher):
    """Gives files of the templates folder and nothing else, neither net nor disk."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        if url.startswith("file:"):
            path = Path(url.removeprefix("file://").split("?")[0]).resolve()
            if path.is_relative_to(TEMPLATES) and path.is_file():
                return URLFetcherResponse(url, path.read_bytes())
        raise FatalURLFetchingError(f"a paper may not fetch {url[:200]}")


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=words.day,
        area=words.area,
        plain_area=words.plain_area,
        wan=words.wan,
        unit_code=words.unit_code,
        several=words.several,
    )
    return environment


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=16)
def _sheet_of(template: str) -> list[CSS]:
    """The common sheet and the kind's own, parsed once."""
    names = ["paper.css", Path(template).with_suffix(".css").name]
    return [CSS(filename=TEMPLATES / name, font_config=_fonts(), url_fetcher=_Packaged()) for name in names]


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    points: set[int] = set()
    for path in _FONTS:
        if path.exists():
            points.update(TTCollection(path, lazy=True).fonts[0].getBestCmap())
    return frozenset(points)


def html(sheet: Sheet) -> str:
    """The page before it is set, for tests and for looking at it in a browser."""
    template = _environment().get_template(kind_of(sheet.kind).template)
    return template.render(
        sheet=sheet,
        d=sheet.data,
        seal=drawing.seal(sheet.issuer),
        qr=drawing.qr(sheet.verify_url),
    )


def pdf(sheet: Sheet) -> bytes:
    """The paper as PDF/A-3u with embedded fonts, unsigned. ``NoGlyph`` names characters that cannot be drawn."""
    if missing := _undrawable(sheet):
        raise NoGlyph(missing)
    text = html(sheet)
    with _lock:
        document = HTML(string=text, base_url=TEMPLATES.as_uri() + "/", url_fetcher=_Packaged())
        made = document.write_pdf(
            stylesheets=_sheet_of(kind_of(sheet.kind).template),
            font_config=_fonts(),
            pdf_variant="pdf/a-3u",
        )
    assert isinstance(made, bytes)
    return made


def _undrawable(sheet: Sheet) -> str:
    known = _drawable()
    if not known:  # other fonts than Debian's: WeasyPrint and fontconfig decide
        return ""
    text = "".join([sheet.number, sheet.issuer, *_texts(sheet.data)])
    return "".join(sorted({c for c in text if not c.isspace() and ord(c) not in known}))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return []
