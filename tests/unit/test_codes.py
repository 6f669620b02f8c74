"""The codes of domain.md §4 and §10.0, and every kind of wrong one."""

from datetime import date

import pytest

from server.accounts import codes
from server.errors import Invalid

ORGANISATIONS = [
    "91150502MA0N4T7K7D",
    "91150500MA0PW3R8XM",
    "91150581MA13QH5L33",
    "91150525MA13N2F91B",
    "91150502MA0R8W5N2T",
    "91150502MA0Q2Y6D9A",
    "91150502MA0NH9E47F",
    "91150100MA0R5J2U9K",
    "91150500MA0P8B3X2R",
    "91150502MA0Q7C1G9M",
]
PERSONS = [
    "11010519491231002X",
    "150500198503123018",
    "150500199007251621",
    "150500197811032412",
    "150500199302180045",
]


def fault_of(check, text, **more) -> Invalid:
    with pytest.raises(Invalid) as caught:
        check(text, **more)
    return caught.value


@pytest.mark.parametrize("code", ORGANISATIONS)
def test_every_organisation_of_the_scenarios_has_a_valid_code(code):
    assert codes.check_uscc(code) == code


@pytest.mark.parametrize(
    "typed",
    ["９１１５０５０２ＭＡ０Ｎ４Ｔ７Ｋ７Ｄ", "91150502ma0n4t7k7d", " 9115 0502 MA0N 4T7K 7D ", "91150502-MA0N4T7K-7-D"],
)
def test_a_credit_code_is_read_however_it_was_typed(typed):
    assert codes.check_uscc(typed) == "91150502MA0N4T7K7D"


@pytest.mark.parametrize(
    ("typed", "kind", "words"),
    [
        ("", "USCC_MISSING", "请填统一社会信用代码"),
        ("91150502MA0N4T7K7", "USCC_LENGTH", "您填了 17 位"),
        ("91150502MA0N4T7K7DD", "USCC_LENGTH", "您填了 19 位"),
        ("91150502MAON4T7K7D", "USCC_LETTER", "第 11 位是字母 O"),
        ("9115050ZMA0N4T7K7D", "USCC_LETTER", "把 2 写成了 Z"),
        ("91150502MA0N4T7K7中", "USCC_LETTER", "第 18 位“中”"),
        ("B1150502MA0N4T7K7D", "USCC_DEPARTMENT", "第 1 位“B”"),
        ("91990502MA0N4T7K7D", "USCC_REGION", "“990502”"),
        ("9115050AMA0N4T7K7D", "USCC_REGION", "“15050A”"),
        ("91150502MA0N4T8K7D", "USCC_BODY_CHECK", "主体标识码"),
        ("91150502MA0N4T7K7E", "USCC_CHECK", "应是 D，您填的是 E"),
    ],
)
def test_a_wrong_credit_code_is_told_which_part_is_wrong(typed, kind, words):
    fault = fault_of(codes.check_uscc, typed, field="owner_uscc")
    assert fault.code == kind
    assert words in fault.message
    assert fault.fields == {"owner_uscc": [fault.message]}


@pytest.mark.parametrize("letter", "IOSVZ")
def test_none_of_the_five_letters_passes(letter):
    assert fault_of(codes.check_uscc, f"91150502MA0N4T7K7{letter}").code == "USCC_LETTER"


def test_any_single_wrong_digit_is_found():
    good = "91150502MA0N4T7K7D"
    for place, was in enumerate(good):
        for other in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            if other != was:
                with pytest.raises(Invalid):
                    codes.check_uscc(good[:place] + other + good[place + 1 :])


def test_an_early_trial_code_fails_by_a_fault_that_a_person_may_release():
    assert fault_of(codes.check_uscc, "91350203M0001QAY9B").code in codes.RELEASABLE


@pytest.mark.parametrize("code", ["2503-150502-04-01-382716", "2020-150502-47-01-012345", "2012-150502-04-01-382716"])
def test_both_forms_of_the_project_code_are_known(code):
    assert codes.check_project_code(code) == code


@pytest.mark.parametrize(
    "typed", ["２５０３－150502－04－01－382716", "25031505020401382716", "2503—150502—04—01—382716 "]
)
def test_a_project_code_is_read_however_it_was_typed(typed):
    assert codes.check_project_code(typed) == "2503-150502-04-01-382716"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", "PROJECT_CODE_MISSING"),
        ("2503-150502-04-01-38271", "PROJECT_CODE_FORM"),
        ("2503-150502-04-01-38271X", "PROJECT_CODE_FORM"),
        ("2503-150502-04-01-000000", "PROJECT_CODE_FORM"),
        ("2500-150502-04-01-382716", "PROJECT_CODE_MONTH"),
        ("2521-150502-04-01-382716", "PROJECT_CODE_MONTH"),
        ("2601-150502-04-01-382716", "PROJECT_CODE_MONTH"),
        ("2503-990502-04-01-382716", "PROJECT_CODE_REGION"),
        ("2503-150599-04-01-382716", "PROJECT_CODE_REGION"),
        ("2019-150502-47-05-012345", "PROJECT_CODE_FORM"),
    ],
)
def test_a_wrong_project_code_is_told_which_part_is_wrong(typed, kind):
    assert fault_of(codes.check_project_code, typed, today=date(2025, 12, 31)).code == kind


def test_the_investment_platform_has_the_last_word_on_a_project_code():
    def unknown(code):
        return f"投资平台没有 {code} 这个项目，请核对赋码"

    fault = fault_of(codes.check_project_code, "2503-150502-04-01-382716", verify=unknown)
    assert fault.code == "PROJECT_CODE_UNKNOWN"


@pytest.mark.parametrize("number", PERSONS)
def test_the_sample_person_numbers_are_valid(number):
    assert codes.check_person_id(number.lower()) == number


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", "PERSON_ID_MISSING"),
        ("110105491231002", "PERSON_ID_LENGTH"),
        ("1101051949123100XX", "PERSON_ID_LETTER"),
        ("99010519491231002X", "PERSON_ID_REGION"),
        ("11010519490231002X", "PERSON_ID_BIRTHDAY"),
        ("110105209912310029", "PERSON_ID_BIRTHDAY"),
        ("110105194912310021", "PERSON_ID_CHECK"),
    ],
)
def test_a_wrong_person_number_is_told_which_part_is_wrong(typed, kind):
    assert fault_of(codes.check_person_id, typed, today=date(2026, 11, 24)).code == kind


def test_a_person_number_is_shown_masked():
    assert codes.mask_person_id("150500198503123018") == "150***********3018"
    assert codes.mask_person_id("12345") == "*****"
