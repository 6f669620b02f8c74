"""Demo cases: five projects in the middle of their lives, so that every desk has something before it.

Brought there by the actions themselves, as the demo's people, on the days before `now`. Fictitious; only where no project
is yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.accounts.actions import actor_for_account
from server.accounts.actor import Actor
from server.accounts.models import Account
from server.approval import actions
from server.approval.catalogues import catalogue
from server.approval.models import Application, Case, Permit, Project
from server.calendar import CalendarYearMissing, current
from server.config import Settings
from server.documents.signer import make_signer
from server.errors import NotFound
from server.files import demo, store
from server.processes import work_items

MENGYUE, KEYUAN = "91150502MA0N4T7K7D", "91150500MA0PW3R8XM"
DESK_OF = {
    "政务大厅·综合窗口": "window",
    "住建局·质量安全科": "quality",
    "住建局·消防人防科": "fire",
    "住建局·审批科": "approver",
    "住建局·联合验收科": "joint",
    "住建局·备案科": "filing",
    "自然资源局·规划科": "planning",
    "人防办·审批科": "defence",
    "城建档案馆·验收科": "archive",
    "不动产登记中心·实地查看岗": "onsite",
}
PARTIES = {
    "contractor": "诚筑建设有限公司",
    "contractor_leader": "项目经理",
    "supervisor": "衡信监理有限公司",
    "supervisor_leader": "总监理工程师",
    "designer": "北原建筑设计院有限公司",
    "designer_leader": "设计负责人",
    "surveyor": "地勘岩土工程有限公司",
    "surveyor_leader": "勘察负责人",
    "excavation_depth": 5.8,
}
OWN = ("M13", "M14", "M16", "M17", "M19", "M20", "M21")
"""What an owner uploads for a first phase; the rest the system holds from earlier results."""
EACH_TIME = ("M16", "M17", "M19")
SPECIALS = ("规划核实", "消防验收", "人防验收", "档案验收", "不动产实地确认")


def _tower(number: str, floors: int, area: str, units: list[str]) -> dict[str, Any]:
    group = {"first_floor": 1, "last_floor": floors, "use": "住宅", "areas": units}
    return {
        "number": number,
        "use": "住宅",
        "floors_above": floors,
        "floors_below": 0,
        "planned_area": area,
        "units": [group],
    }


def _garage(area: str, civil_defence: str, shared: str, count: int) -> dict[str, Any]:
    group = {"first_floor": -1, "last_floor": -1, "use": "车位", "areas": [{"area": "31.80", "count": count}]}
    return {
        "number": "车库",
        "use": "地下车库",
        "floors_above": 0,
        "floors_below": 1,
        "planned_area": area,
        "civil_defence_area": civil_defence,
        "shared_area": shared,
        "units": [group],
    }


def _public(number: str, use: str, floors: int, area: str) -> dict[str, Any]:
    group = {"first_floor": 1, "last_floor": 1, "use": use, "areas": [area]}
    return {
        "number": number,
        "use": use,
        "floors_above": floors,
        "floors_below": 0,
        "planned_area": area,
        "units": [group],
    }


HEWAN = [
    _tower("6#", 18, "7560.00", ["104.20", "98.60", "98.60", "104.20"]),
    _tower("7#", 18, "7560.00", ["104.20", "98.60", "98.60", "104.20"]),
    _tower("8#", 11, "4620.00", ["118.40", "118.40", "92.10", "85.20"]),
    _garage("6420.00", "1860.00", "984.00", 112),
]
SCHOOL = [_public("教学楼", "教育", 5, "8240.00"), _public("食堂", "食堂", 2, "1860.00")]
COLLEGE = [
    _public(number, "教育", 5, "5200.00")
    for number in ("A 座", "B 座", "C 座", "D 座", "E 座", "F 座", "图书馆", "体育馆")
]
CENTRE = [
    {
        **_public("服务中心", "办公", 4, "3600.00"),
        "units": [{"first_floor": 1, "last_floor": 4, "use": "办公", "areas": [{"area": "225.00", "count": 4}]}],
    }
]


@dataclass
class _Stage:
    """Lets the demo's people act on days before now."""

    session: Session
    settings: Settings
    today: date
    people: Mapping[str, Actor]
    now: datetime

    def on(self, days_ago: int, hour: int = 10) -> None:
        """Move to an hour of the last working day that lies at least so many days back."""
        day = self.today - timedelta(days=days_ago)
        try:
            while not current().is_working_day(day):
                day -= timedelta(days=1)
        except CalendarYearMissing:
            pass  # a demo in a year without calendar: natural days do
        self.now = clock.at(day, time(hour))

    def file(self, who: Actor, title: str) -> int:
        """A one-page PDF called so."""
        received = store.put(self.settings, demo.page(title), f"{title}.pdf", "application/pdf")
        return store.record(self.session, received, who, self.now).id

    def project(self, code: str, name: str, owner: str, flow_type: str, address: str, parcel: str) -> Project:
        """A project, made at the window."""
        return actions.create_project(
            self.session,
            self.people["window"],
            code=code,
            name=name,
            owner_uscc=owner,
            flow_type=flow_type,
            address=address,
            parcel_code=parcel,
            now=self.now,
        )

    def results(self, project: Project, numbers: Mapping[str, str], buildings: list[dict[str, Any]]) -> None:
        """Historical results, entered at the window from their documents."""
        window, results = self.people["window"], catalogue(self.session, self.now).results
        for code, number in numbers.items():
            actions.enter_result(
                self.session,
                window,
                project,
                code=code,
                number=number,
                issued_on=clock.legal_date(self.now),
                file_id=self.file(window, results[code].name),
                data={"buildings": buildings} if code == "B02" else {},
                now=self.now,
            )

    def draft(
        self,
        owner: Actor,
        project: Project,
        matter: str,
        facts: Mapping[str, Any],
        *,
        phase: str | None = None,
        buildings: Iterable[str] = (),
        materials: Iterable[str] = (),
    ) -> Application:
        """An application with its files."""
        dictionary = catalogue(self.session, self.now).materials
        return actions.create_application(
            self.session,
            owner,
            project,
            matter=matter,
            phase=phase,
            buildings=buildings,
            facts=facts,
            materials=[{"code": one, "file_id": self.file(owner, dictionary[one].name)} for one in materials],
            now=self.now,
        )

    def submit(self, owner: Actor, draft: Application) -> Case:
        """Submit it."""
        return actions.submit_application(self.session, owner, draft, self.now)

    def decide(self, case: Case, task: str, outcome: str, **answers: Any) -> None:
        """Decide the open task of this name as somebody of its unit."""
        items = work_items.for_subject(self.session, f"case:{case.id}")
        item = next(one for one in items if one.name == task)
        who = self.people[DESK_OF[item.unit]]
        actions.decide(self.session, who, item, outcome, answers, case.revision, self.now)

    def granted(self, owner: Actor, draft: Application) -> Permit:
        """Submitted, admitted, reviewed, granted and delivered on this day."""
        case = self.submit(owner, draft)
        self.decide(case, "收件审查", "admit")
        self.decide(case, "质量安全审查", "pass")
        self.decide(case, "消防人防审查", "pass")
        self.decide(case, "审批决定", "grant", opinion="符合条件，准予许可。")
        self.decide(case, "送达证书", "delivered", method="electronic")
        return self.session.scalars(select(Permit).where(Permit.case_id == case.id)).one()


def seed(session: Session, settings: Settings, now: datetime) -> bool:
    """Make the demo's projects where there is none yet; whether anything was made."""
    if session.scalar(select(Project.id).limit(1)) is not None:
        return False
    logins = ("mengyue", "keyuan", *DESK_OF.values())
    stage = _Stage(session, settings, clock.legal_date(now), {one: _person(session, one) for one in logins}, now)
    _in_phases(stage)
    _in_correction(stage)
    _in_review(stage)
    _in_acceptance(stage)
    _in_registration(stage)
    return True


def _person(session: Session, login: str) -> Actor:
    account_id = session.scalar(select(Account.id).where(Account.login == login))
    actor = actor_for_account(session, account_id) if account_id else None
    if actor is None:
        raise NotFound(f"演示账号 {login} 不存在。", code="DEMO_ACCOUNT")
    return actor


def _code(stage: _Stage, serial: str) -> str:
    """A project code given in the month the stage stands in."""
    return f"{clock.legal_date(stage.now):%y%m}-150502-04-01-{serial}"


def _in_phases(stage: _Stage) -> None:
    """河湾府二期: the pit is permitted and begun, the basement is under review, the superstructure is a draft."""
    owner = stage.people["mengyue"]
    stage.on(200)
    project = stage.project(
        _code(stage, "416203"),
        "河湾府二期",
        MENGYUE,
        "SOC_GENERAL",
        "通辽市科尔沁区河湾路北、滨河大街东",
        "150502003012GB00036",
    )
    stage.results(project, {"A04": "科发改备〔备〕52号", "A07": "地字第150502202500036号"}, [])
    stage.results(project, {"A08": "蒙(2025)通辽市不动产权第0003601号"}, [])
    stage.on(120)
    stage.results(
        project,
        {
            "B02": "建字第150502202500036号",
            "B04": "科人防审36号",
            "C01": "TLTS-0136",
            "C02": "科住建消审36号",
        },
        HEWAN,
    )
    facts = _facts(stage, 8620)
    whole = [one["number"] for one in HEWAN]
    stage.on(60)
    draft = stage.draft(owner, project, "C05", facts, phase="P1", buildings=whole, materials=OWN)
    permit = stage.granted(owner, draft)
    stage.on(50)
    actions.report_commencement(stage.session, owner, permit, clock.legal_date(stage.now), stage.now)
    stage.on(2)
    draft = stage.draft(owner, project, "C05", facts, phase="P2", buildings=["车库"], materials=EACH_TIME)
    case = stage.submit(owner, draft)
    stage.on(1)
    stage.decide(case, "收件审查", "admit")
    stage.decide(case, "消防人防审查", "pass")
    stage.draft(owner, project, "C05", {**PARTIES}, phase="P3", buildings=["6#", "7#", "8#"])


def _in_correction(stage: _Stage) -> None:
    """实验小学: the window has asked once for what is missing; a second project waits to be looked at."""
    owner = stage.people["keyuan"]
    stage.on(90)
    project = stage.project(
        _code(stage, "270418"),
        "科尔沁区实验小学新建工程",
        KEYUAN,
        "GOV_BUILDING",
        "通辽市科尔沁区建国路南",
        "150502003015GB00008",
    )
    stage.results(
        project,
        {
            "A01": "科发改审18号",
            "A07": "地字第150502202500008号",
            "A08": "蒙(2025)通辽市不动产权第0002218号",
            "B02": "建字第150502202500008号",
            "C01": "TLTS-0108",
        },
        SCHOOL,
    )
    facts = _facts(stage, 4260)
    stage.on(6)
    lacking = [one for one in OWN if one not in ("M16", "M19")]
    case = stage.submit(
        owner,
        stage.draft(owner, project, "C05", facts, phase="P0", buildings=["教学楼"], materials=lacking),
    )
    stage.on(4)
    items = [
        {"kind": "缺签章", "subject": "建设资金落实承诺书", "request": "请上传加盖电子印章的承诺书", "material": "M16"},
        {
            "kind": "缺材料",
            "subject": "场地条件承诺书",
            "request": "请上传场地已具备施工条件的承诺书",
            "material": "M19",
        },
    ]
    stage.decide(case, "收件审查", "correct", items=items)
    stage.on(1, 15)
    stage.submit(owner, stage.draft(owner, project, "C05", facts, phase="P0", buildings=["食堂"], materials=OWN))


def _in_review(stage: _Stage) -> None:
    """职业学院: a permit a building, each a step further, so that limits are far, near, passed and stopped."""
    owner = stage.people["keyuan"]
    stage.on(150)
    project = stage.project(
        _code(stage, "270533"),
        "科尔沁职业学院新校区一期教学与实训用房",
        KEYUAN,
        "GOV_BUILDING",
        "通辽市科尔沁区滨河大街北、创业路东",
        "150502003015GB00011",
    )
    stage.results(
        project,
        {
            "A01": "科发改审33号",
            "A07": "地字第150502202600011号",
            "A08": "蒙(2024)通辽市不动产权第0002111号",
            "B02": "建字第150502202600011号",
            "C01": "TLTS-0211",
        },
        COLLEGE,
    )
    # building, submitted and admitted so many days ago, then reviewed by
    course: tuple[tuple[str, int, tuple[str, ...]], ...] = (
        ("A 座", 9, ("质量安全审查", "消防人防审查")),
        ("B 座", 6, ("质量安全审查",)),
        ("C 座", 4, ("质量安全审查", "消防人防审查")),
        ("D 座", 4, ()),
        ("E 座", 1, ("消防人防审查",)),
        ("F 座", 1, ()),
    )
    for building, days_ago, reviews in course:
        stage.on(days_ago)
        draft = stage.draft(owner, project, "C05", _facts(stage, 2380), phase="P0", buildings=[building], materials=OWN)
        case = stage.submit(owner, draft)
        stage.decide(case, "收件审查", "admit")
        for review in reviews:
            stage.decide(case, review, "pass")
        if building == "F 座":
            actions.withdraw(stage.session, owner, case, "结构方案有调整", stage.now)
    stage.on(1, 16)
    for building in ("图书馆", "体育馆"):
        draft = stage.draft(owner, project, "C05", _facts(stage, 3120), phase="P0", buildings=[building], materials=OWN)
        stage.submit(owner, draft)


def _in_acceptance(stage: _Stage) -> None:
    """便民服务中心: built under one permit, the specials of the joint acceptance are under way."""
    owner = stage.people["keyuan"]
    project, _ = _finished(stage, 420, "530912", "便民服务中心", "150502003015GB00009", "09")
    stage.on(3)
    case = stage.submit(owner, stage.draft(owner, project, "D01", _survey(), materials=("M28", "M30")))
    stage.decide(case, "受理审查", "admit")
    stage.on(1)
    stage.decide(case, "规划核实", "pass", inspected_on=f"{clock.legal_date(stage.now)}", opinion="与规划许可一致。")
    stage.decide(case, "档案验收", "pass", opinion="档案齐全。")


def _in_registration(stage: _Stage) -> None:
    """社区卫生服务中心: filed; the registry has received it and takes it from here."""
    owner = stage.people["keyuan"]
    project, _ = _finished(stage, 430, "530877", "社区卫生服务中心", "150502003015GB00010", "10")
    stage.on(10)
    case = stage.submit(owner, stage.draft(owner, project, "D01", _survey(), materials=("M28", "M30")))
    stage.decide(case, "受理审查", "admit")
    stage.on(5)
    open_now = {one.name for one in work_items.for_subject(stage.session, f"case:{case.id}")}
    for special in SPECIALS:
        if special in open_now:
            stage.decide(case, special, "pass", opinion="合格。")
    stage.decide(case, "汇总意见", "conclude", opinion="各专项全部通过。")
    stage.on(1)
    filing = stage.submit(
        owner,
        stage.draft(owner, project, "D07", {"actual_cost": 1560, "archive": "城建档案馆已接收"}, materials=("M31",)),
    )
    stage.decide(filing, "备案审查", "file")


def _finished(stage: _Stage, days_ago: int, serial: str, name: str, parcel: str, tail: str) -> tuple[Project, Permit]:
    """A small public building from its land to the acceptance by the five parties, with the consent signed."""
    owner = stage.people["keyuan"]
    stage.on(days_ago)
    project = stage.project(
        _code(stage, serial), name, KEYUAN, "GOV_BUILDING", "通辽市科尔沁区建国路南", parcel
    )
    stage.results(
        project,
        {
            "A01": f"科发改审{tail}号",
            "A07": f"地字第1505022024000{tail}号",
            "A08": f"蒙(2024)通辽市不动产权第00021{tail}号",
            "B02": f"建字第1505022024000{tail}号",
            "C01": f"TLTS-00{tail}",
        },
        CENTRE,
    )
    stage.on(days_ago - 60)
    draft = stage.draft(owner, project, "C05", _facts(stage, 1480), phase="P0", buildings=["服务中心"], materials=OWN)
    permit = stage.granted(owner, draft)
    stage.on(days_ago - 70)
    actions.report_commencement(stage.session, owner, permit, clock.legal_date(stage.now), stage.now)
    stage.on(12)
    stage.results(project, {"WYYS": f"{name}竣工验收报告"}, [])
    actions.sign_consent(stage.session, owner, project, make_signer(stage.settings), stage.now)
    return project, permit


def _facts(stage: _Stage, price: int) -> dict[str, Any]:
    day = clock.legal_date(stage.now)
    return {
        **PARTIES,
        "contract_price": price,
        "period_from": f"{day}",
        "period_to": f"{day + timedelta(days=500)}",
    }


def _survey() -> dict[str, Any]:
    row = {"building": "服务中心", "planning_measured": "3612.40", "property_measured": "3600.00"}
    return {"survey_report_number": "精测〔2026〕203", "survey_organisation": "精测测绘有限公司", "survey": [row]}
