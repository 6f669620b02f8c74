"""What must hold for every template and stylesheet (ui.md §7)."""

import re
from pathlib import Path

import pytest

from server.web.assets import STATIC, manifest

WEB = Path(__file__).resolve().parents[2] / "server" / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


def _plain(text: str) -> str:
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_style_or_script_of_its_own(path: Path) -> None:
    text = _plain(path.read_text(encoding="utf-8"))
    assert not re.search(r"\sstyle\s*=", text), "style attribute"
    assert not re.search(r"<style\b", text), "style element"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "handler attribute"
    assert not re.search(r"hx-on|\bjs:", text), "compiled code"
    for script in re.findall(r"<script\b[^>]*>", text):
        assert " src=" in script, "inline script"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_icon_named_in_a_template_is_in_the_sprite(path: Path) -> None:
    for name in re.findall(r"\bicon\(\s*'([^']+)'", path.read_text(encoding="utf-8")):
        assert name in manifest().icons, name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_writing_form_carries_the_token(path: Path) -> None:
    text = _plain(path.read_text(encoding="utf-8"))
    for form in re.findall(r"<form\b[^>]*method=[\"']post[\"'].*?</form>", text, flags=re.DOTALL | re.IGNORECASE):
        assert "csrf()" in form, form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_says_what_the_guide_forbids(path: Path) -> None:
    text = _plain(path.read_text(encoding="utf-8"))
    for word in ("请注意", "温馨提示", "系统异常", "系统繁忙", "操作成功", "暂无数据", "确定要", "！"):
        assert word not in text, word


def test_the_sprite_holds_what_the_manifest_says() -> None:
    sprite = (STATIC / manifest().files["icons.svg"]).read_text(encoding="utf-8")
    assert {name for name in re.findall(r'<symbol id="i-([a-z0-9-]+)"', sprite)} == manifest().icons


def test_every_built_text_file_lies_compressed_beside_itself() -> None:
    for name in manifest().files.values():
        if name.endswith((".css", ".js", ".svg")):
            assert (STATIC / f"{name}.br").is_file(), name
            assert (STATIC / f"{name}.gz").is_file(), name
