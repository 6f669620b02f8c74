"""A file that is opened in the studio and saved again says everything it said before, whatever tool wrote it."""

import os
from pathlib import Path

import pytest
from canonical import lost
from islands import Island
from playwright.sync_api import Browser

from server.config import ROOT

SUITE = Path(os.environ.get("GCB_SUITES", ROOT.parent / "shared" / "suites")) / "bpmn-interchange"
FILES = sorted(SUITE.rglob("*.bpmn"))
SHIPPED = sorted((ROOT / "bpmn").glob("*.bpmn"))


def edited_and_undone(browser: Browser, data: bytes) -> bytes:
    """The draft after a note was put on the canvas and taken away again."""
    island = Island(browser, "model", data)
    island.next_draft(lambda: island.tool("annotation"))
    saved = island.next_draft(lambda: island.act("undo"))
    island.complaints = [text for text in island.complaints if "failed to import" not in text]  # kept, though not drawn
    island.close()
    return saved


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_model_loses_nothing(browser: Browser, path: Path) -> None:
    assert lost(path.read_bytes(), edited_and_undone(browser, path.read_bytes())) == []


@pytest.mark.skipif(not FILES, reason="the suite bpmn-interchange is not on this machine")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SUITE).with_suffix("")))
def test_a_file_of_another_tool_loses_nothing(browser: Browser, path: Path) -> None:
    data = path.read_bytes()
    assert lost(data, edited_and_undone(browser, data)) == []
