"""What may stand in matters.yaml and materials.yaml: each fault stopped with its line, hostile files refused at once."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders_approval import ROOT
from sqlalchemy.orm import Session

from server import areas
from server.accounts.models import Organisation, Unit
from server.approval.matters import MATERIALS, MATTERS, Limit, read
from server.approval.matters_check import exceeds
from server.calendar import Unit as Counted
from server.db import make_engine
from server.processes.library_kinds import LIBRARY_KINDS, Finding
from server.schema import metadata

assert areas.MODULES
NOW = datetime(2026, 11, 24, tzinfo=UTC)
SHIPPED = {one.name: one.read_bytes() for folder in ("bpmn", "forms") for one in (ROOT / folder).iterdir()}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("check")
    engine = make_engine(f"sqlite:///{folder / 'gcb.db'}", synchronous="OFF")
    metadata.create_all(engine)
    with Session(engine) as one:
        house = Organisation(name="住建局", kind="department", district="150502")
        one.add(house)
        one.flush()
        one.add(Unit(name="住建局·审批科", organisation_id=house.id, district="150502"))
        one.flush()
        yield one
    engine.dispose()


def checked(session: Session, name: str, data: bytes, **others: bytes) -> list[Finding]:
    files = SHIPPED | {name: data} | {f"{key}.yaml": one for key, one in others.items()}
    return LIBRARY_KINDS[name].check(session, files, SHIPPED, NOW)


def changed(name: str, before: str, after: str) -> bytes:
    text = SHIPPED[name].decode()
    assert before in text, before
    return text.replace(before, after, 1).encode()


def test_the_shipped_files_have_no_fault(session: Session) -> None:
    assert checked(session, MATTERS, SHIPPED[MATTERS]) == []
    assert checked(session, MATERIALS, SHIPPED[MATERIALS]) == []


P1 = "promise: {working_days: 1}\n        scope: 止于垫层"
FAULTS = [
    (P1, "promise: {working_days: 8}\n        scope: 止于垫层", "promise-too-long", "施工许可（C05）·基坑支护和土方开挖（P1）的承诺时限 8 个工作日，比法定 7 个工作日还长"),
    (P1, "promise: {months: 2}\n        scope: 止于垫层", "promise-too-long", "比法定 7 个工作日还长"),
    (P1, "promise: {working_days: 1.5}\n        scope: 止于垫层", "not-limit", "“1.5”不对"),
    (P1, "promise: {working_days: 0}\n        scope: 止于垫层", "not-limit", "1 到 3650"),
    (P1, "promise: {workdays: 1}\n        scope: 止于垫层", "not-limit", "不是时限"),
    (P1, "promise: 1\n        scope: 止于垫层", "not-limit", "不是时限"),
    (P1, "promis: {working_days: 1}\n        scope: 止于垫层", "missing", "缺“promise”"),
    (P1, "promis: {working_days: 1}\n        scope: 止于垫层", "unknown-key", "是不是想写 promise"),
    ("promise: {immediate: true}", "promise: {immediate: 3}", "not-limit", "当日办结要写 true"),
    ("materials: [M28, M29, M30]", "materials: [M28, M29, M99]", "unknown-material", "“M99”不在材料字典里"),
    ("materials: [M28, M29, M30]", "materials: [M28, M29, M28]", "material-twice", "M28 要了两次"),
    ("materials: [M28, M29, M30]", "materials: M28", "not-list", "要写成一串"),
    ("materials: [M28, M29, M30]", "materials: [{M28: winter}]", "unknown-circumstance", "“winter”认不得"),
    ("materials: [M28, M29, M30]", "materials: [[M28]]", "bad-material", "第 1 份认不得"),
    ("process: joint-acceptance", "process: joint-acceptence", "unknown-process", "“joint-acceptence”还没有"),
    ("process: joint-acceptance", "process: first-registration", "foreign-process", "不是审批的流程"),
    ("form: acceptance-application", "form: acceptance-aplication", "unknown-form", "是不是 acceptance-application"),
    ("kind: Q", "kind: 许可", "unknown-choice", "P（行政许可）"),
    ("name: 竣工联合验收", "name:", "not-text", "要写文字"),
    ("name: 竣工联合验收", 'name: " "', "empty", "没有写"),
    ("name: 竣工联合验收", f"name: {'长' * 301}", "too-long", "不超过 300"),
    ("  D01:\n    name: 竣工联合验收\n", "  D1:\n    name: 竣工联合验收\n", "bad-code", "编码不合规则"),
    ("  D01:\n    name: 竣工联合验收\n", "  D02:\n    name: 竣工联合验收\n", "removed", "少了竣工联合验收（D01）"),
    ("      P2:\n", "      P7:\n", "removed", "少了地下室（P2）"),
    ("      P2:\n", "      P7:\n", "unknown-phase", "认不得"),
    ("code: C05-2\n", "code: C05-1\n", "same-code", "流水号会重"),
    ("code: C05-2\n", "code: two\n", "bad-code", "不合规则"),
    ("mode: TWO", "mode: FOUR", "unknown-choice", "两个阶段"),
    ("  A02: {", "  A01: {", "twice", "写了两次"),
    ("  A02: {", "  A01: {", "removed", "（A02）"),
    ("material: M05}", "material: M77}", "unknown-material", "“M77”"),
    ("p1_requires_planning_permit: true ", "p1_requires_planning_permit: false ", "no-reform-document", "地方改革文件"),
    ("p1_requires_planning_permit: true ", "p1_requires_planning_permit: maybe ", "not-switch", "true 或 false"),
    ("intake: {working_days: 5} ", "intakes: {working_days: 5} ", "unknown-key", "是不是想写 intake"),
    ("version: 1\n", "version: 2\n", "bad-version", "version: 1"),
    ("      MUNI_LINEAR: {working_days: 10}", "      MUNI_LINEAR: {working_days: 5}", "stage-too-short", "承诺加起来要 6 个"),
    ("      MUNI_LINEAR: {working_days: 10}", "      LINEAR: {working_days: 10}", "unknown-flow", "MUNI_LINEAR"),
    ("matters: [D01, D07]", "matters: [D01, D09]", "unknown-matter", "认不得的事项"),
    ("    promise: {working_days: 7}\n    statutory: null\n", "    promise: {working_days: 20}\n    statutory: null\n", "stage-too-short", "要 20 个"),
    ("    statutory: {working_days: 7}\n", "    statutory: {working_days: 7}\n    promise: {working_days: 7}\n", "unused", "没有人读"),
]


@pytest.mark.parametrize(("before", "after", "code", "words"), FAULTS, ids=[f"{one[2]}-{n}" for n, one in enumerate(FAULTS)])
def test_a_fault_is_an_error_with_its_line(session: Session, before: str, after: str, code: str, words: str) -> None:
    data = changed(MATTERS, before, after)
    found = [one for one in checked(session, MATTERS, data) if one.code == code]
    assert found, [one.message for one in checked(session, MATTERS, data)]
    assert all(one.severity == "error" for one in found)
    assert any(words in one.message + one.cure for one in found), [one.message + one.cure for one in found]
    assert found[0].message.startswith("matters.yaml 第 ")


def test_the_line_and_the_key_of_a_fault_are_those_of_the_thing(session: Session) -> None:
    data = changed(MATTERS, P1, P1.replace("1}", "8}"))
    line = data.decode().splitlines().index("        promise: {working_days: 8}") + 1
    [found] = [one for one in checked(session, MATTERS, data) if one.code == "promise-too-long"]
    assert found.element == "C05.P1.promise"
    assert f"第 {line} 行" in found.message
    assert found.cure == "改成不超过 7 个工作日"


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("department: 住建局", "department: 驻建局", "unknown-department"),
        ("statutory: {working_days: 7}", "statutory: null", "no-statutory"),
        ("statutory: {working_days: 7}", "statutory: {natural_days: 7}", "promise-unclear"),
        ("materials: [M28, M29, M30]", "materials: [M28, M29, M30, M40]", None),
        (", authority: 自然资源局, material: M12}", ", authority: 自然资源局}", "no-result-gives"),
    ],
)
def test_what_may_be_meant_is_a_warning(session: Session, before: str, after: str, code: str | None) -> None:
    found = checked(session, MATTERS, changed(MATTERS, before, after))
    assert {one.code for one in found} == ({code} if code else set())
    assert all(one.severity == "warning" for one in found)


def test_a_matter_cannot_ask_for_its_own_result(session: Session) -> None:
    data = changed(MATTERS, "D01: {name: 竣工联合验收意见书, authority: 住建局}", "D01: {name: 竣工联合验收意见书, authority: 住建局, material: M30}")
    assert [one.code for one in checked(session, MATTERS, data)] == ["own-result"]


def test_a_new_matter_may_name_the_process_and_form_that_come_with_it(session: Session) -> None:
    matter = "  D05:\n    name: 城建档案验收\n    kind: Q\n    department: 住建局\n    process: archive\n    form: archive-form\n    basis: 城市建设档案管理规定\n    promise: {working_days: 5}\n    materials: [M28]\n"
    data = changed(MATTERS, "\n# 已经取得的结果", matter + "\n# 已经取得的结果")
    assert [one.code for one in checked(session, MATTERS, data)] == ["unknown-process", "unknown-form"]
    files = SHIPPED | {MATTERS: data, "archive.bpmn": b"", "archive.form": b'{"id": "archive-form"}'}
    assert LIBRARY_KINDS[MATTERS].check(session, files, SHIPPED, NOW) == []


@pytest.mark.parametrize(
    ("before", "after", "code", "words"),
    [
        ("source: SHARED_DATA", "source: ELSEWHERE", "unknown-choice", "E_CERT（电子证照）"),
        ("reuse: case", "reuse: never", "unknown-choice", "case（每次申请都要新的）"),
        ("key: true", "key: 'true'", "not-switch", "不加引号"),
        ("  M28: {name: 竣工图", "  M128: {name: 竣工图", "removed", "少了竣工图（M28）"),
        ("  M28: {name: 竣工图", "  M128: {name: 竣工图", "unknown-material", "里没有 M28，D01要它"),
        ("  M28: {name: 竣工图", "  X28: {name: 竣工图", "bad-code", "M41"),
        ("name: 竣工图, ", "", "missing", "缺“name”"),
    ],
)
def test_a_fault_in_the_dictionary_is_an_error(
    session: Session, before: str, after: str, code: str, words: str
) -> None:
    found = [one for one in checked(session, MATERIALS, changed(MATERIALS, before, after)) if one.code == code]
    assert any(words in one.message + one.cure for one in found)
    assert all(one.severity == "error" for one in found)


def test_a_material_and_the_matter_that_asks_for_it_may_come_together(session: Session) -> None:
    materials = SHIPPED[MATERIALS] + "  M41: {name: 夜间施工证明, key: false, source: UPLOAD, reuse: case}\n".encode()
    matters = changed(MATTERS, "materials: [M28, M29, M30]", "materials: [M28, M29, M30, M41]")
    assert [one.code for one in checked(session, MATTERS, matters)] == ["unknown-material"]
    assert checked(session, MATTERS, matters, materials=materials) == []
    assert checked(session, MATERIALS, materials, matters=matters) == []
    assert read(matters, materials).materials["M41"].name == "夜间施工证明"


BOMB = b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12))
HOSTILE = {
    "a bomb of anchors": BOMB,
    "a tag": b"version: !!python/object/apply:os.system ['true']",
    "five megabytes": b"a: 1\n" * 1_100_000,
    "a hundred thousand levels": b"[" * 100_000,
    "as many maps": b"{a: " * 60_000,
    "too many things": b"[" + b"a," * 120_000 + b"]",
    "a merge": b"<<: {a: 1}",
    "keys that are lists": b"? [a]\n: b",
    "no end": b"a: [1, 2",
    "a tabulator": b"a:\n\tb: 1",
    "two documents": b"a: 1\n---\nb: 2",
    "control characters": b"a: \x01",
    "another encoding": "名称".encode("gb18030"),
    "nothing": b"",
    "a list": b"- a\n- b",
    "a number of a hundred thousand digits": b"version: " + b"9" * 100_000,
    "one text of 250 KB": b'version: "' + b"a" * 250_000 + b'"',
    "a day that is none": b"version: 2026-13-45",
    "sixty to the power of many": b"version: " + b"1:" * 50_000 + b"1",
}


@pytest.mark.parametrize("name", [MATTERS, MATERIALS])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_within_a_second(session: Session, name: str, what: str) -> None:
    began = time.thread_time()
    found = checked(session, name, HOSTILE[what])
    assert time.thread_time() - began < 1
    assert any(one.severity == "error" for one in found)
    assert all(len(one.message) < 200_000 for one in found)


@pytest.mark.parametrize(
    ("promise", "lawful", "longer"),
    [
        ((3, Counted.WORKING_DAYS), (3, Counted.WORKING_DAYS), False),
        ((4, Counted.WORKING_DAYS), (3, Counted.WORKING_DAYS), True),
        ((0, Counted.IMMEDIATE), (3, Counted.NATURAL_DAYS), False),
        ((8, Counted.WORKING_DAYS), (7, Counted.NATURAL_DAYS), True),
        ((5, Counted.WORKING_DAYS), (7, Counted.NATURAL_DAYS), None),
        ((5, Counted.WORKING_DAYS), (1, Counted.MONTHS), False),
        ((1, Counted.MONTHS), (30, Counted.NATURAL_DAYS), None),
        ((40, Counted.NATURAL_DAYS), (1, Counted.MONTHS), True),
    ],
)
def test_limits_of_unlike_units_are_compared_as_far_as_no_calendar_is_needed(
    promise: tuple[int, Counted], lawful: tuple[int, Counted], longer: bool | None
) -> None:
    assert exceeds(Limit(*promise), Limit(*lawful)) is longer
