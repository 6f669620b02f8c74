"""The two drawings of a paper: the ring of the seal and the QR code. Pure.

WeasyPrint draws ``<textPath>`` wrong, so each character of the ring is a text of its own, turned about its foot.
"""

import math
from dataclasses import dataclass

import segno


@dataclass(frozen=True)
class SealLetter:
    """A character of the ring, in the 100 × 100 box of the seal."""

    character: str
    x: float
    y: float
    angle: float


@dataclass(frozen=True)
class Seal:
    letters: tuple[SealLetter, ...]
    size: float


def seal(organisation: str) -> Seal:
    """The ring of an organisation's seal: the name from lower left over the top to lower right.

    The ring narrows its type as the name grows, so that 6 characters and 24 both stand free of one another.
    """
    count = len(organisation)
    span = min(300.0, 21.0 * max(count - 1, 1)) if count <= 13 else min(300.0, 250.0 + 4.0 * (count - 13))
    step = span / max(count - 1, 1)
    size = min(10.5, 2 * math.pi * 38 * step / 360 * 0.74)
    radius = 47.0 - 3.2 - size / 2 - 0.6
    letters = []
    for place, character in enumerate(organisation):
        angle = -span / 2 + step * place if count > 1 else 0.0
        turn = math.radians(angle)
        letters.append(
            SealLetter(
                character,
                round(50 + radius * math.sin(turn), 2),
                round(50 - radius * math.cos(turn), 2),
                round(angle, 2),
            )
        )
    return Seal(tuple(letters), round(size, 2))


@dataclass(frozen=True)
class Code:
    """A QR code as one SVG path: ``size`` modules a side, a path of horizontal runs."""

    size: int
    path: str


def qr(content: str) -> Code:
    """The QR code of a verification address, error correction M: it survives a fold and a stamp."""
    matrix = segno.make(content, error="m", micro=False).matrix
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            if not row[x]:
                x += 1
                continue
            start = x
            while x < len(row) and row[x]:
                x += 1
            runs.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
    return Code(len(matrix), "".join(runs))
