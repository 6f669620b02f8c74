"""Real-property codes after GB/T 37346-2019 (domain.md §4.5): a parcel's 19 characters, a unit's 28. Pure.

There is no check digit: a code is either well formed or it is not, and whether it exists only the book can say.
"""

import re
from dataclasses import dataclass

from server.accounts import codes
from server.errors import Invalid

# County 6, cadastral district 3 + subdistrict 3, kind of parcel 2, sequence 5. A and C go with J (collective) alone.
_PARCEL = re.compile(r"\d{12}(?:[GZ][BSXDEFHGWY]|J[ABSXCDEFHGWY])(?!00000)\d{5}", re.ASCII)
_UNIT = re.compile(
    r"(?P<parcel>\d{12}(?:[GZ][BSXDEFHGWY]|J[ABSXCDEFHGWY])\d{5})(?P<fixture>W0{8}|[FLQ]\d{8})", re.ASCII
)
_STATISTICAL_ONLY = frozenset({"150571"})
LAND_ONLY = "W00000000"
MAX_NUMBER = 9999


@dataclass(frozen=True)
class UnitCode:
    """A house unit's code taken apart."""

    parcel: str
    building: int
    unit: int

    def __str__(self) -> str:
        return f"{self.parcel}F{self.building:04d}{self.unit:04d}"


def normalise(text: str) -> str:
    """Upper case and half width, without the blanks people type between the groups."""
    return codes.normalise(text).replace("-", "")


def check_parcel(text: str, field: str = "parcel_code") -> str:
    """The normalised parcel code. Raises Invalid with the kind of fault."""
    code = normalise(text)
    if len(code) != 19:
        raise _invalid(field, f"宗地代码应为 19 位，您填了 {len(code)} 位。样式：150502003012GB00035")
    if not _PARCEL.fullmatch(code):
        raise _invalid(field, f"宗地代码 {code} 的第 13、14 位或数字段不合 GB/T 37346，样式：150502003012GB00035")
    if code[:6] in _STATISTICAL_ONLY:
        raise _invalid(field, f"{code[:6]} 只是统计用区划，宗地代码请用实际旗县的代码")
    if code[:6] not in codes.DISTRICTS:
        raise _invalid(field, f"宗地代码开头的 {code[:6]} 不是通辽市的旗县区代码")
    return code


def check_unit(text: str, field: str = "unit_code") -> str:
    """The normalised code of a real-property unit. Raises Invalid with the kind of fault."""
    code = normalise(text)
    if len(code) != 28:
        raise _invalid(field, f"不动产单元代码应为 28 位，您填了 {len(code)} 位")
    if not _UNIT.fullmatch(code):
        raise _invalid(field, f"不动产单元代码 {code} 不合 GB/T 37346，样式：150502003012GB00035F00010023")
    return code


def well_formed_parcel(code: str) -> bool:
    """Whether `code` is written as a parcel code."""
    return _PARCEL.fullmatch(code) is not None


def well_formed_unit(code: str) -> bool:
    """Whether `code` is written as a unit code."""
    return _UNIT.fullmatch(code) is not None


def land_unit(parcel: str) -> str:
    """The unit of the bare land."""
    return parcel + LAND_ONLY


def house_unit(parcel: str, building: int, unit: int) -> str:
    """The code of one house unit. Raises Invalid when a number needs more than four digits."""
    if not 1 <= building <= MAX_NUMBER or not 1 <= unit <= MAX_NUMBER:
        raise _invalid("unit_code", "幢号和户号各只有四位：1 至 9999。请把超出的部分另编一幢")
    return str(UnitCode(parcel, building, unit))


def split(code: str) -> UnitCode | None:
    """A house unit's parts; None for land, trees and others."""
    if not well_formed_unit(code) or code[19] != "F":
        return None
    return UnitCode(code[:19], int(code[20:24]), int(code[24:]))


def grouped(code: str) -> str:
    """For reading: 6-6-7-9, `150502 003012 GB00035 F00010023`."""
    return " ".join(part for part in (code[:6], code[6:12], code[12:19], code[19:]) if part)


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]}, code="UNIT_CODE")
