"""Runs a story against a server and prints what came of it, for a reader or as JSON."""

import json
import time
from contextlib import nullcontext
from dataclasses import asdict
from datetime import datetime
from typing import Any

from server.scenarios import own_server, playing
from server.scenarios.client import People
from server.scenarios.playing import Played
from server.scenarios.story import CHINA, Story


def run(story: Story, password: str, clock_keeper: str, *, server: str | None, as_json: bool) -> int:
    """Play a story on `server`, else on a server of its own. Prints; returns 0 when all came as expected, else 1."""
    begun = time.monotonic()
    begin = next((one.at for one in story.steps if one.at is not None), datetime.now(CHINA))
    with own_server.started(begin) if server is None else nullcontext(server) as base_url:
        played = playing.play(story, People(base_url, password), clock_keeper, _quiet if as_json else _tell)
    seconds = round(time.monotonic() - begun, 1)
    ok = len(played) == len(story.steps) and all(one.ok for one in played)
    if as_json:
        print(json.dumps(_document(story, played, ok, seconds), ensure_ascii=False, indent=1))
    else:
        verdict = "全部与预期一致" if ok else "与预期不一致"
        print(f"{story.name} {story.title}：{len(played)}/{len(story.steps)} 步，{verdict}，{seconds} s")
    return 0 if ok else 1


def _document(story: Story, played: list[Played], ok: bool, seconds: float) -> dict[str, Any]:
    return {
        "scenario": story.name,
        "title": story.title,
        "ok": ok,
        "seconds": seconds,
        "steps": len(story.steps),
        "played": [asdict(one) | {"ok": one.ok} for one in played],
    }


def _quiet(_played: Played) -> None:
    """Nothing is told while JSON is asked for."""


def _tell(played: Played) -> None:
    mark = "✓" if played.ok else "✗"
    shown = "，".join(f"{name}={_short(value)}" for name, value in played.shown.items())
    print(f"{mark} {played.number:>3} {played.legal_date} {played.who}：{played.what}  {shown}", flush=True)
    for one in played.differences:
        expected, got = (json.dumps(value, ensure_ascii=False, default=str) for value in (one.expected, one.got))
        print(f"      {one.what}\n        预期 {expected}\n        实际 {got[:3000]}", flush=True)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"
