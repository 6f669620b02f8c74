"""The units of a building as a clerk types them, a line a group of equal floors: `1至23层 住宅 112.36 98.52×2 122.78`."""

import re
from typing import Any

_LINE = re.compile(
    r"\s*(?P<first>(?:地下|-)?\s*\d{1,3})(?:\s*(?:至|到|~|～|—|-)\s*(?P<last>(?:地下|-)?\s*\d{1,3}))?\s*层?"
    r"\s+(?P<use>\S{1,40})\s+(?P<areas>\S.*)"
)
_AREA = re.compile(r"(?P<area>\d{1,7}(?:\.\d{1,2})?)(?:㎡)?(?:[×xX*](?P<count>\d{1,4})户?)?")


def parse(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Groups as contracts.UnitGroup has them (areas ㎡ as text, {area, count} for repeated ones), and what is wrong,
    each sentence naming its line. Floors below ground are negative."""
    groups: list[dict[str, Any]] = []
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            wrong.append(f"第 {number} 行看不懂，请照“1至23层 住宅 112.36 98.52”的样子写")
            continue
        areas = [_AREA.fullmatch(one) for one in re.split(r"[\s,，、;；]+", found["areas"].strip())]
        if None in areas:
            wrong.append(f"第 {number} 行的面积看不懂，请只写数字，最多两位小数；一样的写“31.80×210”")
            continue
        first = _floor(found["first"])
        last = _floor(found["last"]) if found["last"] else first
        if first == 0 or last == 0:
            wrong.append(f"第 {number} 行的楼层不对：没有 0 层，地下一层写“地下1层”")
            continue
        groups.append(
            {
                "first_floor": min(first, last),
                "last_floor": max(first, last),
                "use": found["use"],
                "areas": [_area(one) for one in areas if one],
            }
        )
    return groups, wrong


def _floor(text: str) -> int:
    digits = int(re.sub(r"\D", "", text))
    return -digits if text.strip().startswith(("地下", "-")) else digits


def _area(found: re.Match[str]) -> Any:
    whole, _, part = found["area"].partition(".")
    area = f"{whole}.{part:0<2}"
    return {"area": area, "count": int(found["count"])} if found["count"] else area
