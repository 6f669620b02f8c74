"""Addresses of the built front end: plain names to hashed ones, and icons of the sprite."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Flask, url_for
from markupsafe import Markup

STATIC = Path(__file__).parent / "static"


class NotBuilt(RuntimeError):
    """The front end has not been built, or lacks the file or icon asked for."""


@dataclass(frozen=True)
class Manifest:
    """What the build made: plain name → hashed name, and the icons of the sprite."""

    files: dict[str, str]
    icons: frozenset[str]


def manifest(directory: Path = STATIC) -> Manifest:
    """The manifest of the present build, read anew when a new build replaced it. Raises NotBuilt."""
    path = directory / "manifest.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise NotBuilt("node server/web/frontend/build.mjs has not been run (./run does it)") from None


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Manifest:
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Manifest(raw["files"], frozenset(raw["icons"]))


def asset(name: str) -> str:
    """The address of ``app.css``, ``app.js``, ``viewer.js`` … Raises NotBuilt."""
    files = manifest().files
    if name not in files:
        raise NotBuilt(f"{name} is not among the built files")
    return url_for("assets.file", name=files[name])


def icon(name: str) -> Markup:
    """One icon, always beside a word: it is hidden from screen readers. The sprite is one cached file."""
    return Markup('<svg class="gb-i" aria-hidden="true"><use href="{}#i-{}"/></svg>').format(asset("icons.svg"), name)


def install(app: Flask) -> None:
    """Give templates ``asset`` and ``icon``."""
    app.add_template_global(asset, "asset")
    app.add_template_global(icon, "icon")
