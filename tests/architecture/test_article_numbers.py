"""Nobody has held the numbers of articles against the official texts, so what people read names a law, never its article.

Data may hold a number beside `verified: false`; pages show it once somebody has set that true.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ARTICLE = re.compile(r"第[0-9一二三四五六七八九十百零〇]+条")
SHOWN = (
    *(ROOT / "bpmn").glob("*.*mn"),
    *(ROOT / "forms").glob("*.*"),
    *(ROOT / "server").glob("**/templates/**/*.html"),
    *(path for path in (ROOT / "server").glob("**/*.py") if "node_modules" not in path.parts),
    *(ROOT / "workflows").glob("*.py"),
)


def test_nothing_that_people_read_names_an_article_by_number() -> None:
    named = {
        f"{path.relative_to(ROOT)}:{number}": found[0]
        for path in SHOWN
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := ARTICLE.search(line))
    }
    assert named == {}
