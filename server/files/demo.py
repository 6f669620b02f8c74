"""A page to stand for a document in the demo: its title, and that it is one of the demo's."""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
SIZE = (744, 1052)  # A4 at 90 dots an inch


@lru_cache(maxsize=128)
def page(title: str) -> bytes:
    """One A4 page as PDF. Where the machine has no Chinese font the page stays empty."""
    image = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, SIZE[0] - 40, SIZE[1] - 40), outline=160, width=2)
    if FONT.exists():
        for place, part in enumerate(_lines(title, 16)):
            draw.text((80, 140 + 56 * place), part, fill=30, font=_font(36))
        draw.text((80, SIZE[1] - 110), "演示材料，内容为虚构，不作任何凭证。", fill=110, font=_font(20))
    out = io.BytesIO()
    image.save(out, "PDF", resolution=90, title=title)
    return out.getvalue()


@lru_cache(maxsize=2)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


def _lines(text: str, length: int) -> list[str]:
    return [text[place : place + length] for place in range(0, len(text), length)]
