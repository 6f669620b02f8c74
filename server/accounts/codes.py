"""The national codes of persons, organisations and projects, and what is wrong with a wrong one.

Every check takes what a person typed, returns it normalised (half-width, upper case, without blanks) or raises
``Invalid`` whose message names the kind of fault and the way out. Nothing here reads a database: whether a code
exists is asked of the register that issues it.
"""

import re
from collections.abc import Callable
from datetime import date

from server.errors import Invalid

# GB/T 2260, Tongliao (domain.md §4.4). 150571 is a statistical code: fine for a project, never in a parcel code.
DISTRICTS = {
    "150500": "通辽市",
    "150501": "市辖区",
    "150502": "科尔沁区",
    "150521": "科左中旗",
    "150522": "科左后旗",
    "150523": "开鲁县",
    "150524": "库伦旗",
    "150525": "奈曼旗",
    "150526": "扎鲁特旗",
    "150571": "通辽经济技术开发区",
    "150581": "霍林郭勒市",
}

# GB/T 2260, first two digits.
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82".split()
)

# GB 32100-2015: the alphabet has no I O S V Z.
_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_USCC_DEPARTMENTS = {
    "1": "机构编制",
    "2": "外交",
    "3": "司法行政",
    "4": "文化",
    "5": "民政",
    "6": "旅游",
    "7": "宗教",
    "8": "工会",
    "9": "市场监管",
    "A": "中央军委改革和编制办公室",
    "N": "农业农村",
    "Y": "其他",
}
# GB 11714 (the nine characters of the body).
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_BODY_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# GB 11643.
_PERSON_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PERSON_CHECKS = "10X98765432"

# Faults a person may let pass with a reason on record: some early trial codes do not satisfy the check digits.
RELEASABLE = frozenset({"USCC_BODY_CHECK", "USCC_CHECK"})

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_DASHES = {ord(dash): "-" for dash in "‐‑‒–—―−﹣"}


def normalise(text: str) -> str:
    """Half-width, upper case, no blanks: ``９１15 0502…`` and ``9115-`` as pasted from a letter."""
    return re.sub(r"\s+", "", text.translate(_FULL_WIDTH).translate(_DASHES)).upper()


def check_uscc(text: str, field: str = "uscc") -> str:
    """The unified social credit code (GB 32100-2015), normalised; ``Invalid`` says which of its parts is wrong."""
    code = normalise(text).replace("-", "")
    if not code:
        raise _invalid(field, "USCC_MISSING", "请填统一社会信用代码，18 位，印在营业执照上")
    if len(code) != 18:
        raise _invalid(
            field, "USCC_LENGTH", f"统一社会信用代码应是 18 位，您填了 {len(code)} 位。请照营业执照再核对一遍"
        )
    for place, letter in enumerate(code, start=1):
        if letter in "IOSVZ":
            likely = {"I": "1", "O": "0", "S": "5", "V": "U", "Z": "2"}[letter]
            raise _invalid(
                field,
                "USCC_LETTER",
                f"第 {place} 位是字母 {letter}。统一社会信用代码不用 I、O、S、V、Z，"
                f"请看看是不是把 {likely} 写成了 {letter}",
            )
        if letter not in _USCC_LETTERS:
            raise _invalid(
                field, "USCC_LETTER", f"第 {place} 位“{letter}”不是数字或大写字母。统一社会信用代码只有数字和字母"
            )
    if code[0] not in _USCC_DEPARTMENTS:
        raise _invalid(
            field,
            "USCC_DEPARTMENT",
            f"第 1 位“{code[0]}”不是登记管理部门的代码。企业是 9，机关和事业单位是 1，社会组织是 5",
        )
    region = code[2:8]
    if not region.isdigit() or not (region[:2] in _PROVINCES or region == "100000"):
        raise _invalid(field, "USCC_REGION", f"第 3 至 8 位“{region}”不是行政区划代码。请照营业执照再核对一遍")
    body = code[8:17]
    if (expected := _body_check(body[:8])) != body[8]:
        raise _invalid(
            field,
            "USCC_BODY_CHECK",
            f"主体标识码（第 9 至 17 位）的校验位不对：按前 8 位应是 {expected}，您填的是 {body[8]}。多半是其中一位写错了",
        )
    if (expected := _uscc_check(code[:17])) != code[17]:
        raise _invalid(
            field,
            "USCC_CHECK",
            f"最后一位校验码不对：按前 17 位应是 {expected}，您填的是 {code[17]}。多半是其中一位写错了",
        )
    return code


def check_project_code(
    text: str,
    field: str = "project_code",
    today: date | None = None,
    verify: Callable[[str], str | None] | None = None,
) -> str:
    """The code of an investment project, in its form of GB/T 40058-2021 or that of 2020 and before.

    Both are 24 characters: ``2503-150502-04-01-382716`` (month, region, ministry, type, number with a check digit) and
    ``2020-150502-47-01-012345`` (year, region, trade, kind of approval, number). The algorithm of the check digit is
    not published, so it is opaque here; ``verify`` is the place for the investment platform: it gets the code and
    gives a Chinese sentence when it does not know it. ``today`` (legal date) refuses months that have not come.
    """
    code = normalise(text)
    if not code:
        raise _invalid(field, "PROJECT_CODE_MISSING", "请填投资项目统一代码，例如 2503-150502-04-01-382716")
    if re.fullmatch(r"[0-9]{20}", code):
        code = f"{code[:4]}-{code[4:10]}-{code[10:12]}-{code[12:14]}-{code[14:]}"
    if not re.fullmatch(r"[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}", code):
        raise _invalid(
            field,
            "PROJECT_CODE_FORM",
            "项目代码应是 24 位：20 位数字、4 个连字符，例如 2503-150502-04-01-382716。请照投资平台的赋码再核对一遍",
        )
    when, region, sector, kind, number = code.split("-")
    if region[:2] not in _PROVINCES:
        raise _invalid(field, "PROJECT_CODE_REGION", f"项目代码的第二段“{region}”不是行政区划代码")
    if region[:4] == "1505" and region not in DISTRICTS:
        raise _invalid(
            field, "PROJECT_CODE_REGION", f"项目代码的第二段“{region}”：通辽市没有这个区划代码，科尔沁区是 150502"
        )
    month = int(when[2:])
    # The platform began in 2015, and there are no months 13 to 20: so 2013 … 2020 is a year, all else year and month.
    if 13 <= month <= 20 and when[:2] == "20":
        if kind not in {"01", "02", "03"}:
            raise _invalid(
                field,
                "PROJECT_CODE_FORM",
                f"2020 年及以前的项目代码第四段是 01 审批、02 核准、03 备案，您填的是 {kind}",
            )
        return _verified(code, field, verify)
    if not 1 <= month <= 12:
        raise _invalid(
            field, "PROJECT_CODE_MONTH", f"项目代码的第一段“{when}”应是年月，后两位是 01 至 12，例如 2503 是 2025年3月"
        )
    if today is not None and (2000 + int(when[:2]), month) > (today.year, today.month):
        raise _invalid(field, "PROJECT_CODE_MONTH", f"项目代码的第一段“{when}”是 20{when[:2]}年{month}月，这个月还没到")
    if sector == "00" or kind == "00" or number == "000000":
        raise _invalid(field, "PROJECT_CODE_FORM", "项目代码里部门、类型、编号不会全是 0。请照投资平台的赋码再核对一遍")
    return _verified(code, field, verify)


def check_person_id(text: str, field: str = "person_id", today: date | None = None) -> str:
    """The number of a resident's identity card (GB 11643); ``today`` refuses a birthday that has not come."""
    number = normalise(text).replace("-", "")
    if not number:
        raise _invalid(field, "PERSON_ID_MISSING", "请填身份证号，18 位")
    if len(number) != 18:
        hint = "15 位的旧证已停用，请填 18 位的新号" if len(number) == 15 else "请照身份证再核对一遍"
        raise _invalid(field, "PERSON_ID_LENGTH", f"身份证号应是 18 位，您填了 {len(number)} 位。{hint}")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise _invalid(field, "PERSON_ID_LETTER", "身份证号的前 17 位是数字，最后一位是数字或 X")
    if number[:2] not in _PROVINCES:
        raise _invalid(field, "PERSON_ID_REGION", f"身份证号的前两位“{number[:2]}”不是省级区划代码")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise _invalid(field, "PERSON_ID_BIRTHDAY", f"身份证号第 7 至 14 位“{number[6:14]}”不是一个日期") from None
    if born.year < 1880 or (today is not None and born > today):
        raise _invalid(field, "PERSON_ID_BIRTHDAY", f"身份证号里的出生日期是 {born.isoformat()}，请照身份证再核对一遍")
    total = sum(int(digit) * weight for digit, weight in zip(number, _PERSON_WEIGHTS, strict=False))
    if (expected := _PERSON_CHECKS[total % 11]) != number[17]:
        raise _invalid(
            field,
            "PERSON_ID_CHECK",
            f"身份证号最后一位不对：按前 17 位应是 {expected}，您填的是 {number[17]}。多半是其中一位写错了",
        )
    return number


def mask_person_id(number: str) -> str:
    """What may be shown of it: ``150***********3018``. Anything too short to be one is hidden whole."""
    return f"{number[:3]}{'*' * 11}{number[-4:]}" if len(number) == 18 else "*" * len(number)


def _verified(code: str, field: str, verify: Callable[[str], str | None] | None) -> str:
    if verify is not None and (complaint := verify(code)):
        raise _invalid(field, "PROJECT_CODE_UNKNOWN", complaint)
    return code


def _body_check(body: str) -> str:
    value = 11 - sum(_BODY_LETTERS.index(c) * w for c, w in zip(body, _BODY_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(value, str(value))


def _uscc_check(first: str) -> str:
    total = sum(_USCC_LETTERS.index(c) * w for c, w in zip(first, _USCC_WEIGHTS, strict=True))
    return _USCC_LETTERS[(31 - total % 31) % 31]


def _invalid(field: str, code: str, message: str) -> Invalid:
    return Invalid(message, fields={field: [message]}, code=code)
