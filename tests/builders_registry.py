"""S1 of domain.md §10 as the registry sees it: registrars, the parcel, the two messages, the published model."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from server import areas, contracts
from server.accounts.actor import SYSTEM, Actor
from server.accounts.models import Organisation
from server.config import Settings
from server.contracts import (
    AcceptanceFiled,
    BuildingPlanned,
    ConsentGiven,
    MeasuredBuilding,
    PlannedBuilding,
    SpecialResult,
    UnitGroup,
)
from server.documents import signer
from server.jobs import RECEIVERS, Received, Work
from server.processes import definitions, deployments, publishing, work_items
from server.processes.instances import Run
from server.registry import actions, recording
from server.registry.land import LandRight, PaymentFact
from server.registry.models import Application

assert areas.MODULES  # importing it registers handlers and receivers
ROOT = Path(__file__).resolve().parent.parent
PROCESS = "first-registration"
PARCEL = "150502003012GB00035"
PROJECT = "2503-150502-04-01-382716"
PERMIT = "建字第150502202500021号"
FILING = "通住建竣备〔2026〕第0087号"
OWNER_NAME, OWNER_USCC = "通辽市蒙岳置业有限公司", "91150502MA0N4T7K7D"
OTHER_NAME, OTHER_USCC = "通辽市科源城投有限公司", "91150500MA0PW3R8XM"
CITY = "150500"
CENTRE = (1, "通辽市不动产登记中心")
ADMITTER = Actor(21, "李受理", *CENTRE, "不动产登记中心·受理岗", CITY, frozenset({"registrar_admit"}))
REVIEWER = Actor(22, "赵审核", *CENTRE, "不动产登记中心·审核岗", CITY, frozenset({"registrar_review"}))
BOOKER = Actor(23, "孙登簿", *CENTRE, "不动产登记中心·登簿岗", CITY, frozenset({"registrar_register"}))
STRANGER = Actor(24, "钱经办", 9, OWNER_NAME, None, "150502", frozenset({"applicant"}))
# 2026-09-28: filed 15:20, received 15:21, admitted 15:30, booked 17:10 (China).
FILED_AT = datetime(2026, 9, 28, 7, 20, tzinfo=UTC)
RECEIVED_AT = datetime(2026, 9, 28, 7, 21, tzinfo=UTC)
ADMITTED_AT = datetime(2026, 9, 28, 7, 30, tzinfo=UTC)
BOOKED_AT = datetime(2026, 9, 28, 9, 10, tzinfo=UTC)
FLATS = (D("112.36"), D("98.52"), D("98.52"), D("122.78"))
ANSWERS = {"task_admit": ("admit", ADMITTER), "task_review": ("pass", REVIEWER), "task_book": ("book", BOOKER)}


def a_land_right(**changes: Any) -> LandRight:
    """The parcel of S1 with its land right, price and tax paid."""
    paid = PaymentFact(True, "蒙财非税 2025-0035")
    land = LandRight(
        parcel_code=PARCEL,
        area=D("21460.00"),
        use="城镇住宅用地兼商业用地",
        nature="出让",
        location="科尔沁区河湾路北、滨河大街西",
        holder_uscc=OWNER_USCC,
        holder_name=OWNER_NAME,
        certificate_number="蒙(2025)通辽市不动产权第0003512号",
        contract_number="1505022025B00021",
        price=paid,
        deed_tax=replace(paid, voucher="蒙税契 2025-1182"),
        use_from=date(2025, 3, 20),
        use_until=date(2095, 3, 19),
    )
    return replace(land, **changes)


def planned(**changes: Any) -> BuildingPlanned:
    """``building.planned`` of S1: 4 towers, shops, the garage."""
    flats = UnitGroup(1, 23, "住宅", FLATS)
    towers = tuple(PlannedBuilding(f"{n}#", "住宅", 23, 0, D("9953.11"), (flats,)) for n in range(1, 5))
    shops = PlannedBuilding(
        "5#",
        "商业、物业社区",
        2,
        0,
        D("2767.92"),
        (UnitGroup(1, 2, "商业", (D("86.30"),) * 11),),
        common_area=D("861.00"),
    )
    garage = PlannedBuilding(
        "车库",
        "地下车库",
        0,
        1,
        D("11240.50"),
        (UnitGroup(-1, -1, "车位", (D("31.80"),) * 210),),
        civil_defence_area=D("3204.00"),
        shared_area=D("1358.50"),
    )
    message = BuildingPlanned(PROJECT, "河湾府", OWNER_NAME, OWNER_USCC, PARCEL, PERMIT, (*towers, shops, garage))
    return replace(message, **changes)


def measured() -> tuple[MeasuredBuilding, ...]:
    """The survey of S1."""
    areas = ("9968.40", "9971.05", "9966.72", "9972.30")
    towers = tuple(
        MeasuredBuilding(f"{n}#", "住宅", 23, 0, D("9953.11"), D(area), D("9940.14")) for n, area in enumerate(areas, 1)
    )
    shops = MeasuredBuilding(
        "5#", "商业、物业社区", 2, 0, D("2767.92"), D("2776.65"), D("2759.60"), common_area=D("861.00")
    )
    whole = D("11240.50")
    garage = MeasuredBuilding(
        "车库", "地下车库", 0, 1, whole, whole, whole, civil_defence_area=D("3204.00"), shared_area=D("1358.50")
    )
    return (*towers, shops, garage)


def a_consent(settings: Settings) -> ConsentGiven:
    """The owner's consent, signed by the demo authority."""
    text = f"{OWNER_NAME}授权不动产登记机构依竣工验收备案办理河湾府首次登记。"
    signature = signer.make_signer(settings).sign_text(OWNER_NAME, text.encode())
    digest = hashlib.sha256(text.encode()).hexdigest()
    return ConsentGiven(text, digest, "钱经办", datetime(2026, 9, 16, 2, 0, tzinfo=UTC), signature)


def filed(settings: Settings, **changes: Any) -> AcceptanceFiled:
    """``acceptance.filed`` of S1."""
    decided = datetime(2026, 9, 24, 6, 0, tzinfo=UTC)
    specials = (
        SpecialResult("planning", "规划核实", True, "自然资源局·规划科", "王规划", decided),
        SpecialResult("fire", "消防验收", True, "住建局·消防人防科", "刘消防", decided),
        SpecialResult("civil_defence", "人防验收", True, "人防办·审批科", "何人防", decided),
        SpecialResult("archive", "档案验收", True, "城建档案馆·验收科", "于档案", decided),
        SpecialResult("onsite", "不动产实地确认", True, "不动产登记中心·实地查看岗", "白查看", decided),
    )
    message = AcceptanceFiled(
        filing_number=FILING,
        filing_version=1,
        filed_at=FILED_AT,
        project_code=PROJECT,
        works_code="150502-01",
        project_name="河湾府",
        owner_name=OWNER_NAME,
        owner_uscc=OWNER_USCC,
        parcel_code=PARCEL,
        planning_permit_number=PERMIT,
        completion_accepted_on=date(2026, 9, 14),
        joint_opinion_number="科尔沁住建联验〔2026〕第0031号",
        survey_report_number="精测〔2026〕118",
        buildings=measured(),
        specials=specials,
        consent=a_consent(settings),
    )
    return replace(message, **changes)


def publish_model(session: Session) -> None:
    """Put the shipped model of first registration into force, past the linter (which has tests of its own)."""
    path = ROOT / "bpmn" / f"{PROCESS}.bpmn"
    files = {path.name: path.read_bytes()}
    files |= {one.name: one.read_bytes() for one in (ROOT / "forms").glob("registry-*.form")}
    deployments.add_to_library(session, files, RECEIVED_AT)
    closure, deployment = definitions.closure(session, PROCESS, files, None, RECEIVED_AT)
    version = definitions.add_version(
        session,
        PROCESS,
        closure,
        name=deployment.name,
        origin="disk",
        note="",
        by=SYSTEM.label,
        by_id=None,
        now=RECEIVED_AT,
    )
    publishing.put_in_force(session, version, "publish", "", SYSTEM, RECEIVED_AT)


def the_owner(session: Session) -> Organisation:
    """S1's owner as an organisation with accounts."""
    owner = Organisation(name=OWNER_NAME, kind="owner", uscc=OWNER_USCC, district="150502")
    session.add(owner)
    session.flush()
    return owner


def receive(
    session: Session, settings: Settings, name: str, message: object, now: datetime = RECEIVED_AT, message_id: int = 1
) -> None:
    """Hand a message to its receiver, as the worker does."""
    received = Received(message_id, name, "key", contracts.dump(message), FILED_AT, "test")
    RECEIVERS[name](Work(session, settings, now), received)


def s1_received(session: Session, settings: Settings, *, land: LandRight | None = None, **changes: Any) -> Application:
    """Parcel, planned buildings and filing are in; the process stands at its first rest."""
    publish_model(session)
    actions.enter_parcel(session, land or a_land_right(), ADMITTER, datetime(2025, 3, 21, 2, 0, tzinfo=UTC))
    receive(session, settings, "building.planned", planned(), datetime(2025, 5, 21, 2, 0, tzinfo=UTC))
    receive(session, settings, "acceptance.filed", filed(settings, **changes))
    application = the_application(session)
    return application


def the_application(session: Session) -> Application:
    """The only application there is."""
    from sqlalchemy import select

    return session.scalars(select(Application)).one()


def answer(
    session: Session,
    application: Application,
    element: str,
    now: datetime,
    outcome: str | None = None,
    actor: Actor | None = None,
    more: Mapping[str, Any] | None = None,
) -> Run:
    """The registrar whose task it is answers it, on what there is to be seen now."""
    usual, officer = ANSWERS[element]
    item = next(
        one for one in work_items.for_subject(session, recording.subject(application)) if one.element == element
    )
    revision = actions.revision_of(session, application)
    answers = {"opinion": "核对无误", **(more or {})}
    return actions.decide(session, actor or officer, item, outcome or usual, answers, revision, now)


def s1_booked(session: Session, settings: Settings) -> Application:
    """The whole of S1's registration, at its times."""
    application = s1_received(session, settings)
    answer(session, application, "task_admit", ADMITTED_AT)
    answer(session, application, "task_review", ADMITTED_AT)
    answer(session, application, "task_book", BOOKED_AT)
    return application
