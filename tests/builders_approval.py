"""A project as far as a test needs it, brought there by the actions themselves: results on file, a permit, an acceptance."""

import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from builders_files import a_pdf
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import areas, clock
from server.accounts.actor import SYSTEM, Actor
from server.accounts.models import Account, Organisation
from server.approval import actions, records
from server.approval.actions import Decided
from server.approval.models import Application, Case, Project, Result
from server.approval.states import State
from server.config import Settings
from server.documents.signer import make_signer
from server.files import store
from server.processes import definitions, deployments, publishing, work_items
from server.processes.work_items import WorkItem

assert areas.MODULES  # importing it registers handlers and receivers
ROOT = Path(__file__).resolve().parent.parent
DISTRICT = "150502"
CODE = "2503-150502-04-01-382716"
PARCEL = "150502003012GB00035"
OWNER_USCC, OTHER_USCC = "91150502MA0N4T7K7D", "91150500MA0PW3R8XM"
UNITS = {
    "政务大厅·综合窗口": "window_clerk",
    "住建局·质量安全科": "dept_handler",
    "住建局·消防人防科": "dept_handler",
    "住建局·审批科": "dept_approver",
    "住建局·联合验收科": "joint_acceptance_lead",
    "住建局·备案科": "dept_handler",
    "自然资源局·规划科": "dept_handler",
    "人防办·审批科": "dept_handler",
    "城建档案馆·验收科": "dept_handler",
    "不动产登记中心·实地查看岗": "dept_handler",
}
OFFICERS = {
    unit: Actor(30 + place, f"{unit[-3:]}人员", 2, unit.split("·")[0], unit, DISTRICT, frozenset({role}))
    for place, (unit, role) in enumerate(UNITS.items())
}
WINDOW = OFFICERS["政务大厅·综合窗口"]
APPROVER = OFFICERS["住建局·审批科"]
FACTS = {
    "contract_price": 13860,
    "period_from": "2025-06-18",
    "period_to": "2026-09-10",
    "contractor": "诚筑建设有限公司",
    "contractor_leader": "项目经理",
    "supervisor": "衡信监理有限公司",
    "supervisor_leader": "总监",
    "designer": "北原建筑设计院有限公司",
    "designer_leader": "设计负责人",
    "surveyor": "地勘岩土工程有限公司",
    "surveyor_leader": "勘察负责人",
    "excavation_depth": 6.2,
}
BUILDINGS = [
    {
        "number": "1#",
        "use": "住宅",
        "floors_above": 2,
        "floors_below": 0,
        "planned_area": "400.00",
        "units": [{"first_floor": 1, "last_floor": 2, "use": "住宅", "areas": ["90.00", "100.00"]}],
    },
    {
        "number": "车库",
        "use": "地下车库",
        "floors_above": 0,
        "floors_below": 1,
        "planned_area": "300.00",
        "civil_defence_area": "50.00",
        "shared_area": "40.00",
        "units": [{"first_floor": -1, "last_floor": -1, "use": "车位", "areas": [{"area": "26.00", "count": 10}]}],
    },
]
SURVEY = [
    {"building": "1#", "planning_measured": "401.00", "property_measured": "380.00"},
    {
        "building": "车库",
        "planning_measured": "300.00",
        "property_measured": "350.00",
        "civil_defence_area": "50.00",
        "shared_area": "40.00",
    },
]
MATERIALS = {
    "P1": ("M13", "M14", "M16", "M17", "M19", "M20", "M21"),
    "P2": ("M16", "M17", "M19"),
    "P3": ("M16", "M17", "M19"),
    "P12": ("M13", "M14", "M16", "M17", "M19", "M20", "M21"),
    "P0": ("M13", "M14", "M16", "M17", "M19", "M20", "M21"),
}
PROCESSES = ("construction-permit", "joint-acceptance", "acceptance-filing")


def publish_models(session: Session, now: datetime, names: Iterable[str] = PROCESSES) -> None:
    """Put the shipped models into force, past the linter (which has tests of its own)."""
    files = {one.name: one.read_bytes() for one in (ROOT / "bpmn").iterdir() if one.suffix in (".bpmn", ".dmn")}
    files |= {one.name: one.read_bytes() for one in (ROOT / "forms").iterdir() if one.suffix in (".form", ".yaml")}
    deployments.add_to_library(session, files, now)
    for name in names:
        closure, deployment = definitions.closure(session, name, files, None, now)
        version = definitions.add_version(
            session, name, closure, name=deployment.name, origin="disk", note="", by="", by_id=None, now=now
        )
        publishing.put_in_force(session, version, "publish", "", SYSTEM, now)


class Desk:
    """A city with its officers and one owner; `at` moves the time, every act happens at `now`."""

    def __init__(self, session: Session, settings: Settings, day: date = date(2025, 3, 10)) -> None:
        self.session, self.settings = session, settings
        self.now = clock.at(day, time(9))
        owner = Organisation(name="通辽市蒙岳置业有限公司", kind="owner", uscc=OWNER_USCC, district=DISTRICT)
        other = Organisation(name="通辽市科源城市投资有限公司", kind="owner", uscc=OTHER_USCC, district="150500")
        session.add_all([owner, other])
        session.flush()
        self.owner = Actor(20, "经办人", owner.id, owner.name, None, DISTRICT, frozenset({"applicant"}))
        self.stranger = Actor(21, "外人", other.id, other.name, None, "150500", frozenset({"applicant"}))
        desks = Organisation(name="科尔沁区各部门", kind="department", district=DISTRICT)
        session.add(desks)
        session.flush()
        self.desks = desks.id
        for who in (self.owner, self.stranger, *OFFICERS.values()):
            place = who.organisation_id if who.unit is None else desks.id
            session.add(
                Account(
                    id=who.account_id,
                    login=f"a{who.account_id}",
                    name=who.name,
                    password_hash="-",
                    organisation_id=place,
                )
            )
        session.flush()
        publish_models(session, self.now)

    def at(self, day: str, hour: int = 9) -> "Desk":
        """Move the time to an hour of a day in China."""
        self.now = clock.at(date.fromisoformat(day), time(hour))
        return self

    def file(self, actor: Actor, name: str = "材料.pdf") -> int:
        """Upload a small PDF."""
        stream = io.BytesIO(a_pdf())
        return store.save(self.session, self.settings, stream, name, actor, self.now).id

    def project(self, code: str = CODE, **changes: Any) -> Project:
        """The project, made by the window."""
        given = {
            "code": code,
            "name": "河湾府",
            "owner_uscc": OWNER_USCC,
            "flow_type": "SOC_GENERAL",
            "address": "通辽市科尔沁区河湾路北",
            "parcel_code": PARCEL,
        }
        return actions.create_project(self.session, WINDOW, now=self.now, **{**given, **changes})

    def result(self, project: Project, code: str, issued_on: date | None = None, buildings: Any = BUILDINGS) -> Result:
        """A historical result with its document; B02 with its buildings."""
        return actions.enter_result(
            self.session,
            WINDOW,
            project,
            code=code,
            number=f"{code}-1",
            issued_on=issued_on or clock.legal_date(self.now),
            file_id=self.file(WINDOW),
            now=self.now,
            data={"buildings": buildings} if code == "B02" else {},
        )

    def ready(self, *codes: str) -> Project:
        """A project with everything on file that its permits need."""
        project = self.project()
        for code in codes or ("A07", "A08", "B02", "B04", "C01", "C02"):
            self.result(project, code)
        return project

    def draft(
        self, project: Project, phase: str, buildings: Iterable[str] = ("1#", "车库"), **changes: Any
    ) -> Application:
        """A complete application for a permit of a phase."""
        codes = changes.pop("materials", MATERIALS[phase])
        materials = [{"code": code, "file_id": self.file(self.owner)} for code in codes]
        return actions.create_application(
            self.session,
            self.owner,
            project,
            matter="C05",
            phase=phase,
            buildings=buildings,
            facts={**FACTS, **changes},
            materials=materials,
            now=self.now,
        )

    def submit(self, draft: Application) -> Case:
        """Submit an application."""
        return actions.submit_application(self.session, self.owner, draft, self.now)

    def applied(self, project: Project, phase: str, buildings: Iterable[str] = ("1#", "车库")) -> Case:
        """A permit applied for."""
        return self.submit(self.draft(project, phase, buildings))

    def task(self, case: Case, name: str) -> WorkItem:
        """The open task of this name."""
        items = work_items.for_subject(self.session, f"case:{case.id}")
        found = [one for one in items if one.name == name]
        assert len(found) == 1, [one.name for one in items]
        return found[0]

    def decide(
        self,
        case: Case,
        task: str,
        outcome: str,
        answers: Mapping[str, Any] | None = None,
        *,
        actor: Actor | None = None,
        seen: int | None = None,
    ) -> Decided:
        """Decide a task as an officer of its unit, or as the owner."""
        item = self.task(case, task)
        who = actor or OFFICERS.get(item.unit, self.owner)
        revision = case.revision if seen is None else seen
        return actions.decide(self.session, who, item, outcome, answers or {}, revision, self.now)

    def reviewed(self, case: Case) -> Case:
        """Admitted and reviewed by both departments."""
        self.decide(case, "收件审查", "admit")
        self.decide(case, "质量安全审查", "pass")
        self.decide(case, "消防人防审查", "pass")
        return case

    def granted(self, project: Project, phase: str, buildings: Iterable[str] = ("1#", "车库")) -> Case:
        """A permit granted and delivered."""
        case = self.reviewed(self.applied(project, phase, buildings))
        self.decide(case, "审批决定", "grant", {"opinion": "准予许可。"})
        self.decide(case, "送达证书", "delivered", {"method": "electronic"})
        return case

    def built(self, *codes: str) -> Project:
        """A project whose permits cover everything, accepted by the five parties today."""
        project = self.ready(*codes)
        self.granted(project, "P0")
        self.result(project, "WYYS")
        return project

    def acceptance(self, project: Project, **facts: Any) -> Case:
        """Joint acceptance applied for."""
        given = {"survey_report_number": "精测〔2026〕1", "survey": SURVEY, **facts}
        materials = [{"code": code, "file_id": self.file(self.owner)} for code in ("M28", "M30")]
        draft = actions.create_application(
            self.session, self.owner, project, matter="D01", facts=given, materials=materials, now=self.now
        )
        return self.submit(draft)

    def filing(self, project: Project) -> Case:
        """Completion filing applied for."""
        draft = actions.create_application(
            self.session,
            self.owner,
            project,
            matter="D07",
            facts={"actual_cost": 13900, "archive": "已接收"},
            materials=[{"code": "M31", "file_id": self.file(self.owner)}],
            now=self.now,
        )
        return self.submit(draft)

    def consent(self, project: Project) -> None:
        """The owner signs the application for first registration."""
        actions.sign_consent(self.session, self.owner, project, make_signer(self.settings), self.now)

    def state(self, case: Case) -> State:
        """Where the case stands."""
        return records.now_in(self.session, case)

    def later(self, **span: float) -> "Desk":
        """Move the time on."""
        self.now += timedelta(**span)
        return self


def the_case(session: Session, serial: str) -> Case:
    """A case by its serial number."""
    return session.scalars(select(Case).where(Case.serial == serial)).one()
