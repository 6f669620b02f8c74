"""The twelve checks of a first registration (domain.md §6.3). Pure: a picture of the facts in, twelve results out.

A check gives PASS, WARN or HOLD. HOLD names each cause, stable over repeated runs, and what would cure it. Where the
source of a fact is not connected the result is WARN with 未接入, never PASS.
"""

from collections.abc import Callable

from server.clock import legal_date
from server.registry import codes
from server.registry.area_checks import k7, k9, k11
from server.registry.facts import DISPUTES, MORTGAGES, SEIZURES, VALID, Building, CheckInput, Payment
from server.registry.findings import (
    Findings,
    Outcome,
    Result,
    day_words,
    listed,
)

RESTRICTION_WORDS = {
    "seizure": "查封",
    "provisional_seizure": "预查封",
    "mortgage": "土地抵押",
    "construction_mortgage": "在建建筑物抵押",
    "objection": "异议登记",
    "dispute": "权属争议",
}


def run(facts: CheckInput) -> tuple[Result, ...]:
    """All twelve, in order; a result of one never keeps another from running."""
    return tuple(check(facts) for check in CHECKS)


def holds(results: tuple[Result, ...]) -> bool:
    """Whether the case must wait."""
    return any(result.outcome is Outcome.HOLD for result in results)


def k1(facts: CheckInput) -> Result:
    """Applicant = holder of the land right = owner of the filing, by credit code."""
    found = Findings("K1")
    owner = facts.owner
    found.saw("备案建设单位", f"{owner.name} {owner.uscc}", f"竣工验收备案 {facts.filing_number}")
    if facts.consent is None:
        found.warn("还没有登记申请人，见第 12 项")
    else:
        applicant = facts.consent.applicant
        found.saw("登记申请人", f"{applicant.name} {applicant.uscc}", "首次登记授权书")
        if applicant.uscc != owner.uscc:
            found.hold(
                "applicant",
                f"登记申请人（{applicant.name}）不是备案建设单位（{owner.name}）",
                "由备案的建设单位签署首次登记授权后重新推送",
            )
    holders = facts.parcel.holders if facts.parcel else ()
    for holder in holders:
        found.saw("土地权利人", f"{holder.name} {holder.uscc}", "登记簿")
    if not holders:
        found.hold(
            "holder",
            "登记簿里查不到这宗地的土地权利人",
            "登记人员录入土地使用权首次登记后重跑核验",
            notify=("registrar",),
        )
    elif {holder.uscc for holder in holders} != {owner.uscc}:
        found.hold(
            "holder",
            f"土地权利人（{listed(holder.name for holder in holders)}）与备案建设单位（{owner.name}）不一致",
            "先办土地使用权转移登记，或由土地权利人作为建设单位重新备案",
        )
    return found.result(f"申请人、土地权利人、备案单位均为 {owner.uscc}", facts.rules.bases["K1"])


def k2(facts: CheckInput) -> Result:
    """Parcel and unit codes are well formed, exist, and nobody has a right on them yet."""
    found = Findings("K2")
    found.saw("宗地代码", codes.grouped(facts.parcel_code), "竣工验收备案")
    if not codes.well_formed_parcel(facts.parcel_code):
        found.hold("format", f"宗地代码 {facts.parcel_code} 不合 GB/T 37346", "更正备案里的宗地代码后重新推送")
    elif facts.parcel is None:
        found.hold("parcel", "登记簿里没有这宗地", "登记人员录入宗地和土地权利后重跑核验", notify=("registrar",))
    unnumbered = [one.name for one in facts.buildings if one.permitted is None]
    if unnumbered:
        found.hold(
            "unnumbered",
            f"{listed(unnumbered)} 没有预编单元号：没有收到这几幢的规划许可推送",
            "住建局补录建设工程规划许可，收到推送后重跑核验",
        )
    units = [unit for building in facts.buildings for unit in building.units]
    found.saw("不动产单元", f"{len(units)} 个", "预编的楼盘表")
    if not unnumbered and not units and not any(one.common for one in facts.buildings):
        found.hold("units", "没有一个可以登记的单元", "核对规划许可的楼盘表后重新推送")
    malformed = [unit.code for unit in units if not codes.well_formed_unit(unit.code)]
    if malformed:
        found.hold(
            "unit_format",
            f"{len(malformed)} 个单元代码不合 GB/T 37346（{listed(malformed)}）",
            "更正单元代码后重跑核验",
        )
    foreign = [unit.code for unit in units if unit.code not in malformed and unit.code[:19] != facts.parcel_code]
    if foreign:
        found.hold("foreign", f"{len(foreign)} 个单元不在这宗地上（{listed(foreign)}）", "更正楼盘表的宗地后重新推送")
    occupied = [unit for unit in units if unit.occupied_by]
    if occupied:
        found.saw("已有权利的单元", listed(unit.code for unit in occupied), "登记簿")
        found.hold(
            "occupied",
            f"{len(occupied)} 个单元已有登记（{occupied[0].occupied_by}）",
            "核对是否重复推送；已登记的单元应走转移或变更登记",
        )
    return found.result(f"宗地在册，{len(units)} 个单元号格式正确，均未占用", facts.rules.bases["K2"])


def k3(facts: CheckInput) -> Result:
    """Seizure of the land: against the applicant it goes along with the rights, against another it stops the case."""
    found = Findings("K3")
    for one in facts.restrictions:
        if one.kind not in SEIZURES:
            continue
        word = RESTRICTION_WORDS[one.kind]
        until = f"，至 {day_words(one.until)}" if one.until else ""
        found.saw(word, f"{one.holder}，{day_words(one.since)}登簿{until}，被执行人 {one.against.name}", one.document)
        if one.demand:
            found.hold(
                f"restriction:{one.id}",
                f"{day_words(one.since)}登记{word}，{one.holder}另有要求：{one.demand}",
                "收到法院解封裁定或复函后，登记人员录入文书并重跑核验",
            )
        elif one.against.uscc != facts.owner.uscc:
            found.hold(
                f"restriction:{one.id}",
                f"{day_words(one.since)}登记{word}，{one.holder}，被执行人 {one.against.name} 不是申请人",
                "收到法院解封裁定或复函后，登记人员录入文书并重跑核验",
            )
        else:
            found.warn(f"{day_words(one.since)}登记{word}，被执行人就是申请人：可以首次登记，{word}转记到各单元")
    if not found.evidence:
        found.saw("登记簿", "没有查封、预查封的记载", f"宗地 {codes.grouped(facts.parcel_code)}")
    return found.result("登记簿上没有查封、预查封", facts.rules.bases["K3"])


def k4(facts: CheckInput) -> Result:
    """A mortgage of the land or of the building under construction does not stop the case; the mortgagee is told."""
    found = Findings("K4")
    mortgages = [one for one in facts.restrictions if one.kind in MORTGAGES]
    for one in mortgages:
        found.saw(RESTRICTION_WORDS[one.kind], f"{one.holder}，{day_words(one.since)}登簿", one.document)
        if one.kind == "construction_mortgage":
            found.warn(f"在建建筑物抵押（{one.holder}）：通知抵押权人，登簿时转为现房抵押，顺位不变")
        else:
            found.warn(f"土地抵押（{one.holder}）：通知抵押权人")
    if not found.evidence:
        found.saw("登记簿", "没有土地抵押、在建建筑物抵押的记载", f"宗地 {codes.grouped(facts.parcel_code)}")
    return found.result("没有土地抵押、在建建筑物抵押", facts.rules.bases["K4"])


def k5(facts: CheckInput) -> Result:
    """An objection in the book or a dispute about the right stops the case until a registrar has decided."""
    found = Findings("K5")
    for one in facts.restrictions:
        if one.kind not in DISPUTES:
            continue
        word = RESTRICTION_WORDS[one.kind]
        found.saw(word, f"{one.holder}，{day_words(one.since)}", one.document)
        found.hold(
            f"restriction:{one.id}",
            f"{day_words(one.since)}有{word}，{one.holder}提出",
            "异议失效或争议有了结论后，登记人员录入文书并重跑核验；是否不予登记由登记人员决定",
        )
    if not found.evidence:
        found.saw("登记簿", "没有异议登记、权属争议的记载", f"宗地 {codes.grouped(facts.parcel_code)}")
    return found.result("没有异议登记，没有权属争议", facts.rules.bases["K5"])


def k6(facts: CheckInput) -> Result:
    """The price of the land and the deed tax are paid, each with a voucher."""
    found = Findings("K6")
    if facts.parcel is None:
        found.not_connected("宗地还没有录入，出让价款和契税")
        return found.result("", facts.rules.bases["K6"])
    _payment(found, "price", "出让价款", facts.parcel.price)
    _payment(found, "deed_tax", "契税", facts.parcel.deed_tax)
    return found.result("价款已清，契税已完税", facts.rules.bases["K6"])


def _payment(found: Findings, key: str, word: str, payment: Payment | None) -> None:
    if payment is None:
        found.not_connected(f"{word}的缴款接口")
        return
    found.saw(word, "已缴清" if payment.paid else "未缴清", payment.voucher or "没有凭证")
    if not payment.paid:
        found.hold(key, f"{word}没有缴清", f"缴清{word}后，登记人员录入凭证并重跑核验")
    elif not payment.voucher:
        found.hold(key, f"{word}没有缴款凭证号", f"登记人员录入{word}的凭证号后重跑核验")


def k8(facts: CheckInput) -> Result:
    """What was built is what was permitted: which buildings, their use, floors and parcel."""
    found = Findings("K8")
    found.saw("规划许可", f"{len(facts.permitted_buildings)} 幢", "建设工程规划许可证")
    found.saw("实测", f"{len(facts.buildings)} 幢", f"多测合一成果 {facts.survey_report}")
    if not facts.buildings:
        found.hold("none", "推送里没有楼栋", "核对推送内容后重新推送")
    for building in facts.buildings:
        permitted = building.permitted
        if permitted is None:
            found.hold(
                f"extra:{building.name}",
                f"规划许可里没有 {building.name}",
                "核对楼栋；多建的先依法处理，再由住建局重新推送",
            )
            continue
        measured_floors = _floors(building.floors_above, building.floors_below)
        _same(found, building, "use", "用途", permitted.use, building.use)
        _same(
            found, building, "floors", "层数", _floors(permitted.floors_above, permitted.floors_below), measured_floors
        )
        _same(found, building, "place", "宗地", permitted.parcel_code, facts.parcel_code)
    return found.result(f"{len(facts.buildings)} 幢的用途、层数、宗地与规划许可一致", facts.rules.bases["K8"])


def _floors(above: int, below: int) -> str:
    return "，".join(
        part for part in (f"地上 {above} 层" if above else "", f"地下 {below} 层" if below else "") if part
    )


def _same(found: Findings, building: Building, key: str, word: str, permitted: str, measured: str) -> None:
    if permitted != measured:
        found.saw(
            f"{building.name} {word}", f"许可 {permitted or '-'}，实测 {measured or '-'}", "规划许可与多测合一成果"
        )
        found.hold(
            f"{key}:{building.name}",
            f"{building.name} 的{word}：许可 {permitted or '-'}，实测 {measured or '-'}",
            "回自然资源局规划核实，变更规划或更正成果后重新推送",
        )


SPECIAL_WORDS = {"planning": "规划核实", "fire": "消防", "civil_defence": "人防", "archive": "档案"}


def k10(facts: CheckInput) -> Result:
    """All special acceptances passed, the filing covers the buildings applied for, somebody saw them."""
    found = Findings("K10")
    rules = facts.rules
    required = list(rules.required_specials)
    if any(building.civil_defence for building in facts.buildings):
        required.append(rules.civil_defence_special)
    for one in facts.specials:
        found.saw(one.name, f"{'通过' if one.passed else '未通过'}，{day_words(one.decided_on)}", one.by)
        if not one.passed:
            found.hold(f"special:{one.code}", f"联合验收的{one.name}没有通过", "复验通过、重新备案后再推送")
    known = {one.code for one in facts.specials}
    for code in required:
        if code not in known:
            word = SPECIAL_WORDS[code]
            found.hold(f"special:{code}", f"备案里没有{word}的验收结论", f"住建局补上{word}结论后重新推送")
    if not facts.joint_opinion:
        found.hold("opinion", "备案里没有联合验收意见书编号", "住建局补上意见书编号后重新推送")
    else:
        found.saw("联合验收意见书", facts.joint_opinion, f"竣工验收备案 {facts.filing_number}")
    inside = [building.name for building in facts.buildings]
    found.saw("备案范围", listed(inside, 8) or "-", f"竣工验收备案 {facts.filing_number}")
    outside = [name for name in facts.permitted_buildings if name not in inside]
    if outside:
        found.warn(f"备案范围没有覆盖规划许可的 {listed(outside)}，这次不登记")
    if facts.site_visit is None:
        found.hold("site_visit", "没有实地查看的记录", "登记中心实地查看，记下结果后重跑核验", notify=("registrar",))
    else:
        visit = facts.site_visit
        found.saw("实地查看", f"{visit.by}，{day_words(visit.on)}", visit.document)
        if not visit.found_as_described:
            found.hold("site_visit", "实地查看与申报不符", "查明不符之处，更正后再次实地查看")
    passed = f"{len(facts.specials)} 项结论全过，范围覆盖 {len(inside)} 幢，实地查看在案"
    return found.result(passed, rules.bases["K10"])


def k12(facts: CheckInput) -> Result:
    """The owner's authority is signed, intact and verified; the permits the case rests on are in force."""
    found = Findings("K12")
    again = "建设单位重新签署首次登记授权后，由住建局重新推送"
    consent = facts.consent
    signed_on = "-"
    if consent is None:
        found.hold("consent", "建设单位没有签署首次登记授权", again)
    else:
        signed_day = legal_date(consent.signed_at)
        signed_on = day_words(signed_day)
        found.saw("首次登记授权", f"{consent.signed_by}，{signed_on}签署", f"摘要 {consent.digest[:16]}")
        if not consent.intact:
            found.hold("intact", "授权书的内容和签署时的摘要对不上", again)
        if consent.signature_valid is None:
            found.not_connected("授权书电子签名的验证")
        elif not consent.signature_valid:
            found.hold("signature", "授权书的电子签名验证不通过", again)
        if signed_day > facts.filed_on:
            found.hold("late", f"授权 {signed_on}才签署，晚于备案 {day_words(facts.filed_on)}", again)
    for licence in facts.licences:
        found.saw(licence.kind, f"{licence.number}，{licence.standing or '状态不详'}", "证照记录")
        if licence.standing is None:
            found.not_connected(f"{licence.kind} {licence.number} 的状态")
        elif licence.standing != VALID:
            found.hold(
                f"licence:{licence.number}",
                f"{licence.kind} {licence.number} 现在是{licence.standing}",
                "证照恢复有效或更正后重新推送",
            )
    if not facts.licences:
        found.not_connected("施工许可证没有随备案推来，证照状态")
    passed = f"{signed_on}签署，签名有效；{len(facts.licences)} 份证照有效"
    return found.result(passed, facts.rules.bases["K12"])


CHECKS: tuple[Callable[[CheckInput], Result], ...] = (k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12)
