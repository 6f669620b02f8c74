"""The twelve checks as one table: a fact changed in S1's picture (domain.md §10), the check that must notice, how."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest

from server.errors import Invalid, NotFound
from server.registry import checks, codes, rules
from server.registry.bridge import bridge
from server.registry.facts import (
    Building,
    CheckInput,
    Consent,
    Licence,
    Parcel,
    Payment,
    Permitted,
    Person,
    Restriction,
    SiteVisit,
    Special,
    Unit,
)
from server.registry.findings import NOT_CONNECTED, Outcome, Result

PARCEL = "150502003012GB00035"
OWNER = Person("91150502MA0N4T7K7D", "通辽市蒙岳置业有限公司")
OTHER = Person("91150500MA0PW3R8XM", "通辽市科源城投")
FLOOR = (D("112.36"), D("98.52"), D("98.52"), D("122.78"))
HOLD, WARN, PASS = Outcome.HOLD, Outcome.WARN, Outcome.PASS


def units(building: int, areas: tuple[D, ...], floors: int) -> tuple[Unit, ...]:
    table = [(floor, n, area) for floor in range(1, floors + 1) for n, area in enumerate(areas, 1)]
    return tuple(
        Unit(codes.house_unit(PARCEL, building, serial), floor, f"{floor}{n:02d}", area)
        for serial, (floor, n, area) in enumerate(table, 1)
    )


def building(
    name: str,
    use: str,
    floors: tuple[int, int],
    areas: tuple[str, str, str],
    flats: tuple[Unit, ...],
    common: str = "0",
    civil_defence: str = "0",
    shared: str = "0",
    permitted_common: str | None = None,
) -> Building:
    permitted = Permitted(name, use, *floors, D(areas[0]), D(permitted_common or common), D(civil_defence), PARCEL)
    rest = (D(common), D(civil_defence), D(shared))
    return Building(name, use, *floors, D(areas[0]), D(areas[1]), D(areas[2]), permitted, flats, *rest)


def s1_buildings() -> tuple[Building, ...]:
    towers = [
        building(f"{n}#", "住宅", (23, 0), ("9953.11", measured, "9940.14"), units(n, FLOOR, 23))
        for n, measured in enumerate(("9968.40", "9971.05", "9966.72", "9972.30"), 1)
    ]
    shops = building(
        "5#", "商业", (2, 0), ("2767.92", "2776.65", "2759.60"), units(5, (D("86.30"),) * 11, 2), common="861.00"
    )
    garage = building(
        "车库",
        "车库",
        (0, 1),
        ("11240.50", "11240.50", "11240.50"),
        units(6, (D("31.80"),) * 210, 1),
        civil_defence="3204.00",
        shared="1358.50",
    )
    return (*towers, shops, garage)


def special(code: str, name: str, passed: bool = True) -> Special:
    return Special(code, name, passed, "住建局·王审查", date(2026, 9, 24))


def s1() -> CheckInput:
    buildings = s1_buildings()
    paid = Payment(True, "蒙财非税 0035", date(2025, 3, 1))
    return CheckInput(
        rules=rules.in_force(date(2026, 9, 28)),
        filing_number="通住建竣备〔2026〕第0087号",
        filed_on=date(2026, 9, 28),
        owner=OWNER,
        parcel_code=PARCEL,
        parcel=Parcel(PARCEL, D("21460.00"), "住宅兼商业", "科尔沁区河湾路", (OWNER,), "蒙(2025)…", paid, paid),
        buildings=buildings,
        permitted_buildings=tuple(one.name for one in buildings),
        joint_opinion="通住建联验〔2026〕第0031号",
        survey_report="精测〔2026〕118",
        specials=(
            special("planning", "规划核实"),
            special("fire", "消防验收"),
            special("civil_defence", "人防验收"),
            special("archive", "档案验收"),
        ),
        site_visit=SiteVisit("不动产登记中心·赵查看", date(2026, 9, 22), True, "联合验收实地确认"),
        consent=Consent(OWNER, "李经办", datetime(2026, 9, 16, 2, 0, tzinfo=UTC), "a" * 64, True, True),
        licences=(Licence("施工许可证", "150502202506170101", "有效"),),
    )


def restriction(kind: str, against: Person = OWNER, demand: str = "") -> Restriction:
    return Restriction(
        7, kind, PARCEL, against, "科尔沁区人民法院", "(2026)内0502执保31号", date(2026, 7, 31), None, demand
    )


def change(n: int, **changes: object) -> Callable[[CheckInput], CheckInput]:
    """The facts with the n-th building changed."""

    def changed(facts: CheckInput) -> CheckInput:
        buildings = list(facts.buildings)
        buildings[n] = replace(buildings[n], **changes)  # type: ignore[arg-type]
        return replace(facts, buildings=tuple(buildings))

    return changed


def permit(n: int, **changes: object) -> Callable[[CheckInput], CheckInput]:
    """The facts with the permit of the n-th building changed."""

    def changed(facts: CheckInput) -> CheckInput:
        known = facts.buildings[n].permitted
        assert known is not None
        return change(n, permitted=replace(known, **changes))(facts)  # type: ignore[arg-type]

    return changed


def area(n: int, permitted: str, measured: str) -> Callable[[CheckInput], CheckInput]:
    """The n-th building with another permitted and another planning measurement."""
    return lambda f: change(n, stated_permitted=D(permitted), planning_area=D(measured))(
        permit(n, area=D(permitted))(f)
    )


def also(**changes: object) -> Callable[[CheckInput], CheckInput]:
    return lambda facts: replace(facts, **changes)  # type: ignore[arg-type]


def parcel(**changes: object) -> Callable[[CheckInput], CheckInput]:
    def changed(facts: CheckInput) -> CheckInput:
        assert facts.parcel is not None
        return replace(facts, parcel=replace(facts.parcel, **changes))  # type: ignore[arg-type]

    return changed


def consent(**changes: object) -> Callable[[CheckInput], CheckInput]:
    def changed(facts: CheckInput) -> CheckInput:
        assert facts.consent is not None
        return replace(facts, consent=replace(facts.consent, **changes))  # type: ignore[arg-type]

    return changed


def flat(n: int, **changes: object) -> Callable[[CheckInput], CheckInput]:
    """The facts with the first unit of the n-th building changed."""

    def changed(facts: CheckInput) -> CheckInput:
        first, *rest = facts.buildings[n].units
        return change(n, units=(replace(first, **changes), *rest))(facts)  # type: ignore[arg-type]

    return changed


UNPAID = Payment(False, "", date(2026, 3, 1))
TABLE: list[tuple[str, Callable[[CheckInput], CheckInput], str, Outcome, str]] = [
    ("everything as in S1", lambda f: f, "K1", PASS, OWNER.uscc),
    ("the land belongs to another", parcel(holders=(OTHER,)), "K1", HOLD, "土地权利人"),
    ("the land belongs to both", parcel(holders=(OWNER, OTHER)), "K1", HOLD, "土地权利人"),
    ("nobody holds the land", parcel(holders=()), "K1", HOLD, "查不到"),
    ("another firm applies", consent(applicant=OTHER), "K1", HOLD, "登记申请人"),
    ("nobody applies", also(consent=None), "K1", WARN, "第 12 项"),
    ("one letter of the code differs", also(owner=Person("91150502MA0N4T7K7E", OWNER.name)), "K1", HOLD, "不一致"),
    ("all units free", lambda f: f, "K2", PASS, "600 个单元"),
    ("the parcel is not in the book", also(parcel=None), "K2", HOLD, "没有这宗地"),
    ("the parcel code is malformed", also(parcel_code="150502003012GC00035"), "K2", HOLD, "GB/T 37346"),
    ("a unit is already owned", flat(0, occupied_by="蒙(2026)…第1号"), "K2", HOLD, "1 个单元已有登记"),
    ("a unit lies on another parcel", flat(0, code="150502003012GB00036F00010001"), "K2", HOLD, "不在这宗地上"),
    ("a unit code is malformed", flat(0, code="150502003012GB00035F0001001"), "K2", HOLD, "不合"),
    ("a building was never announced", change(0, permitted=None), "K2", HOLD, "没有预编"),
    ("there is nothing to register", also(buildings=(replace(s1_buildings()[0], units=()),)), "K2", HOLD, "没有一个"),
    ("no seizure", lambda f: f, "K3", PASS, "没有查封"),
    ("the owner's land is seized", also(restrictions=(restriction("seizure"),)), "K3", WARN, "转记到各单元"),
    ("a former owner's seizure", also(restrictions=(restriction("seizure", OTHER),)), "K3", HOLD, "不是申请人"),
    ("a provisional one", also(restrictions=(restriction("provisional_seizure", OTHER),)), "K3", HOLD, "预查封"),
    (
        "the court demands more",
        also(restrictions=(restriction("seizure", demand="不得办理首次登记"),)),
        "K3",
        HOLD,
        "不得办理首次登记",
    ),
    ("a mortgage is no seizure", also(restrictions=(restriction("mortgage"),)), "K3", PASS, "没有查封"),
    ("no mortgage", lambda f: f, "K4", PASS, "没有土地抵押"),
    ("the land is mortgaged", also(restrictions=(restriction("mortgage"),)), "K4", WARN, "通知抵押权人"),
    (
        "the works are mortgaged",
        also(restrictions=(restriction("construction_mortgage"),)),
        "K4",
        WARN,
        "转为现房抵押",
    ),
    ("no objection", lambda f: f, "K5", PASS, "没有异议"),
    ("an objection is in the book", also(restrictions=(restriction("objection"),)), "K5", HOLD, "异议登记"),
    ("a dispute is pending", also(restrictions=(restriction("dispute"),)), "K5", HOLD, "权属争议"),
    ("price and tax paid", lambda f: f, "K6", PASS, "价款已清"),
    ("the price is owed", parcel(price=UNPAID), "K6", HOLD, "出让价款没有缴清"),
    ("the tax is owed", parcel(deed_tax=UNPAID), "K6", HOLD, "契税没有缴清"),
    ("paid without a voucher", parcel(price=replace(UNPAID, paid=True)), "K6", HOLD, "凭证号"),
    ("nobody told of the tax", parcel(deed_tax=None), "K6", WARN, NOT_CONNECTED),
    ("no parcel to ask of", also(parcel=None), "K6", WARN, NOT_CONNECTED),
    ("S1's areas", lambda f: f, "K7", PASS, "42,655.12㎡，差 +74.76㎡（+0.18%）"),
    ("S8's workshop, 4.19 % over 2 %", area(0, "8650.00", "9012.37"), "K7", HOLD, "+362.37㎡（+4.19%）"),
    ("1000 ㎡ may differ by 5 %", area(0, "1000.00", "1050.00"), "K7", PASS, "+5.00%"),
    ("and not by a hundredth more", area(0, "1000.00", "1050.01"), "K7", HOLD, "超过阈值 5%"),
    ("1000.01 ㎡ may differ by 3 %", area(0, "1000.01", "1030.02"), "K7", HOLD, "超过阈值 3%"),
    ("5000 ㎡ may differ by 3 %", area(0, "5000.00", "5150.00"), "K7", PASS, "+3.00%"),
    ("10000 ㎡ may differ by 2 %", area(0, "10000.00", "10200.00"), "K7", PASS, "+2.00%"),
    ("10000.01 ㎡ may differ by 1 %", area(0, "10000.01", "10200.00"), "K7", HOLD, "超过阈值 1%"),
    ("too small counts as well", area(0, "8650.00", "8476.99"), "K7", HOLD, "-173.01㎡"),
    ("too small within the band", area(0, "8650.00", "8477.00"), "K7", PASS, "-2.00%"),
    ("the filing states another permit", change(0, stated_permitted=D("9953.12")), "K7", HOLD, "备案写的许可面积"),
    ("never measured for planning", change(0, planning_area=D(0)), "K7", HOLD, "没有竣工规划测量面积"),
    ("no building at all", also(buildings=()), "K7", HOLD, "没有楼栋"),
    ("built as permitted", lambda f: f, "K8", PASS, "6 幢"),
    ("another use", change(0, use="办公"), "K8", HOLD, "1# 的用途：许可 住宅，实测 办公"),
    ("a floor more", change(0, floors_above=24), "K8", HOLD, "地上 24 层"),
    ("a basement more", change(0, floors_below=1), "K8", HOLD, "地下 1 层"),
    ("a building more", change(0, name="7#", permitted=None), "K8", HOLD, "规划许可里没有 7#"),
    ("another parcel", permit(0, parcel_code="150502003012GB00036"), "K8", HOLD, "宗地"),
    ("civil defence as permitted", lambda f: f, "K9", PASS, "人防 3,204.00㎡"),
    ("too little civil defence", permit(5, civil_defence_area=D("3400.00")), "K9", WARN, "函告人防"),
    ("a little less is fine", permit(5, civil_defence_area=D("3250.00")), "K9", PASS, "在阈值内"),
    ("too little for the managers", permit(4, common_area=D("920.00")), "K9", WARN, "物业用房实测"),
    ("none permitted, some built", permit(4, common_area=D(0)), "K9", WARN, "+861.00㎡"),
    ("no permit to compare", change(0, permitted=None), "K9", WARN, NOT_CONNECTED),
    ("all specials passed", lambda f: f, "K10", PASS, "实地查看在案"),
    ("fire failed", also(specials=(special("fire", "消防验收", False),)), "K10", HOLD, "消防验收没有通过"),
    ("the archive said nothing", lambda f: replace(f, specials=f.specials[:3]), "K10", HOLD, "没有档案"),
    ("civil defence said nothing", lambda f: replace(f, specials=f.specials[:2] + f.specials[3:]), "K10", HOLD, "人防"),
    ("nobody saw the buildings", also(site_visit=None), "K10", HOLD, "没有实地查看"),
    (
        "the visit found it otherwise",
        also(site_visit=SiteVisit("赵查看", date(2026, 9, 22), False, "现场记录")),
        "K10",
        HOLD,
        "与申报不符",
    ),
    ("the opinion has no number", also(joint_opinion=""), "K10", HOLD, "意见书"),
    ("one building is left for later", lambda f: replace(f, buildings=f.buildings[:5]), "K10", WARN, "车库"),
    ("the units make the building", lambda f: f, "K11", PASS, "差最大 0.00㎡"),
    ("0.05 ㎡ is tolerated", change(0, property_area=D("9940.19")), "K11", PASS, "0.05㎡"),
    ("0.06 ㎡ is not", change(0, property_area=D("9940.20")), "K11", HOLD, "+0.06㎡"),
    ("nor 0.06 ㎡ too little", change(0, property_area=D("9940.08")), "K11", HOLD, "-0.06㎡"),
    ("the shared part is forgotten", change(5, shared=D(0)), "K11", HOLD, "+1,358.50㎡"),
    ("the managers' rooms are forgotten", change(4, common=D(0)), "K11", HOLD, "+861.00㎡"),
    ("a unit has no area", flat(0, area=D(0)), "K11", HOLD, "没有面积"),
    ("never measured for the book", change(0, property_area=D(0)), "K11", HOLD, "没有房产实测"),
    ("signed and verified", lambda f: f, "K12", PASS, "2026年9月16日(周三)签署"),
    ("nothing signed", also(consent=None), "K12", HOLD, "没有签署"),
    ("the text was changed", consent(intact=False), "K12", HOLD, "对不上"),
    ("the signature is wrong", consent(signature_valid=False), "K12", HOLD, "验证不通过"),
    ("nobody can verify it", consent(signature_valid=None), "K12", WARN, NOT_CONNECTED),
    ("signed after the filing", consent(signed_at=datetime(2026, 9, 28, 17, tzinfo=UTC)), "K12", HOLD, "晚于备案"),
    ("the permit was revoked", also(licences=(Licence("施工许可证", "1", "已撤销"),)), "K12", HOLD, "已撤销"),
    ("nobody knows the permit", also(licences=(Licence("施工许可证", "1", None),)), "K12", WARN, NOT_CONNECTED),
    ("no permit came along", also(licences=()), "K12", WARN, NOT_CONNECTED),
]


def result_of(facts: CheckInput, code: str) -> Result:
    return next(result for result in checks.run(facts) if result.code == code)


@pytest.mark.parametrize(
    ("changed", "code", "outcome", "words"), [row[1:] for row in TABLE], ids=[f"{row[2]}: {row[0]}" for row in TABLE]
)
def test_a_check_notices(changed: Callable[[CheckInput], CheckInput], code: str, outcome: Outcome, words: str) -> None:
    result = result_of(changed(s1()), code)
    assert (result.outcome, words in result.reason) == (outcome, True), result.reason


def test_s1_passes_all_twelve_and_nothing_holds() -> None:
    results = checks.run(s1())
    assert [result.code for result in results] == list(rules.CHECKS)
    assert [result.outcome for result in results] == [PASS] * 12, [result.reason for result in results]
    assert not checks.holds(results)


@pytest.mark.parametrize("changed", [row[1] for row in TABLE], ids=[f"{row[2]}: {row[0]}" for row in TABLE])
def test_all_twelve_answer_whatever_the_facts_and_every_hold_names_its_cure(
    changed: Callable[[CheckInput], CheckInput],
) -> None:
    results = checks.run(changed(s1()))
    assert len(results) == 12
    for result in results:
        assert result.reason
        assert (result.outcome is HOLD) == bool(result.causes)
        for cause in result.causes:
            assert cause.cure
            assert cause.notify
            assert cause.key.startswith(f"{result.code}:")


def test_the_same_facts_give_the_same_cause_keys_so_that_a_cause_is_notified_once() -> None:
    facts = area(0, "8650.00", "9012.37")(s1())
    keys = [[cause.key for result in checks.run(facts) for cause in result.causes] for _ in range(2)]
    assert keys[0] == keys[1] == ["K7:area:1#"]


def test_the_area_table_of_s1_leaves_no_square_metre_without_a_name() -> None:
    table = bridge(s1().buildings, s1().rules)
    assert (table.counted.permitted, table.counted.planning) == (D("42580.36"), D("42655.12"))
    assert (table.counted.built_difference, table.counted.percent) == (D("74.76"), D("0.18"))
    assert [row.measured for row in table.rows] == [D("9940.14")] * 4 + [D("2759.60"), D("11240.50")]
    assert [row.standard_difference for row in table.rows] == [
        D("-28.26"),
        D("-30.91"),
        D("-26.58"),
        D("-32.16"),
        D("-17.05"),
        D("0.00"),
    ]
    assert table.total.unit_count == 600
    assert table.residual == 0
    assert all(row.within for row in table.rows)


def test_a_law_shows_its_article_only_after_somebody_compared_it() -> None:
    basis = rules.in_force(date(2026, 9, 28)).bases["K1"][0]
    assert basis.words == "不动产登记暂行条例"
    assert replace(basis, verified=True).words == "不动产登记暂行条例14条"


def test_a_day_before_the_first_version_of_the_rules_is_an_error() -> None:
    with pytest.raises(NotFound):
        rules.in_force(date(2020, 1, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("150502003012GB0003", "19 位"),
        ("150502003012GC00035", "第 13、14 位"),
        ("15050200301XGB00035", "第 13、14 位或数字段"),
        ("150571003012GB00035", "统计用"),
        ("110101003012GB00035", "不是通辽市"),
    ],
)
def test_a_wrong_parcel_code_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        codes.check_parcel(text)


def test_codes_are_read_with_blanks_and_shown_in_groups() -> None:
    assert codes.check_parcel(" 150502 003012 gb00035 ") == PARCEL
    assert codes.grouped(codes.house_unit(PARCEL, 1, 23)) == "150502 003012 GB00035 F00010023"
    assert codes.split(codes.house_unit(PARCEL, 1, 23)) == codes.UnitCode(PARCEL, 1, 23)
    assert codes.split(codes.land_unit(PARCEL)) is None
    assert codes.check_unit(codes.land_unit(PARCEL)) == "150502003012GB00035W00000000"
    with pytest.raises(Invalid, match="四位"):
        codes.house_unit(PARCEL, 1, 10000)
    with pytest.raises(Invalid, match="28 位"):
        codes.check_unit("150502")
