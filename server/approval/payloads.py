"""The facts that leave the area: for the permit, for the filing form, and for the message to the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.approval import judging
from server.approval.judging import Verdict
from server.approval.letters import Subject
from server.approval.matters import Catalogue
from server.approval.models import (
    AcceptanceFiling,
    Building,
    Case,
    Consent,
    Permit,
    PermitEvent,
    SurveyArea,
)
from server.approval.picture import Passed, Picture
from server.calendar import SHANGHAI
from server.clock import legal_date
from server.contracts import AcceptanceFiled, ConsentGiven, MeasuredBuilding, SpecialResult
from server.errors import Conflict

WAN = Decimal(10000)


def yuan(raw: Any) -> Decimal:
    """An amount in 万元, as forms hold it, in yuan."""
    return (Decimal(str(raw or 0)) * WAN).quantize(Decimal("0.01"))


def party(facts: Mapping[str, Any], key: str, role: str = "") -> dict[str, str]:
    """A party to the works and who answers for it."""
    return {"role": role, "name": str(facts.get(key) or "-"), "leader": str(facts.get(f"{key}_leader") or "")}


def permit_paper(
    rules: Catalogue, subject: Subject, covered: list[Building], earlier: list[Permit], day: date
) -> dict[str, Any]:
    """The facts of a construction permit (domain 2.4); phase and scope stand in its remarks."""
    matter = rules.matter(subject.case.matter)
    phase = matter.phases[str(subject.case.phase)]
    facts = subject.case.facts
    above = sum((one.planned_area for one in covered if one.floors_above > 0), Decimal(0))
    below = sum((one.planned_area for one in covered if one.floors_above == 0), Decimal(0))
    scale = f"地上 {above:,}㎡，地下 {below:,}㎡" if above and below else ""
    return {
        "owner": subject.owner.name,
        "project_name": subject.project.name,
        "project_code": subject.project.code,
        "address": subject.project.address,
        "area": above + below,
        "scale_note": str(facts.get("scale_note") or scale),
        "contract_price": yuan(facts.get("contract_price")),
        "period_from": facts["period_from"],
        "period_to": facts["period_to"],
        "surveyor": party(facts, "surveyor"),
        "designer": party(facts, "designer"),
        "contractor": party(facts, "contractor"),
        "supervisor": party(facts, "supervisor") if facts.get("supervisor") else None,
        "phase": phase.key,
        "phase_name": phase.name,
        "scope": phase.scope,
        "buildings": [one.number for one in covered],
        "related": [{"phase_name": matter.phases[one.phase].name, "number": one.number} for one in earlier],
        "issued_on": day,
    }


def specials_lines(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """The specials as a paper lists them."""
    return [
        {
            "name": one.name,
            "unit": one.decision.unit,
            "outcome": "合格" if one.passed else "不合格",
            "document": one.decision.opinion,
            "decided_on": legal_date(one.decision.at),
        }
        for one in verdicts
    ]


@dataclass(frozen=True)
class Bundle:
    """What a filing rests on: buildings with their survey, the specials' verdicts, the opinion, the permits.

    works: the facts of the last permit's application, which names the parties.
    """

    subject: Subject
    picture: Picture
    buildings: list[Building]
    surveys: dict[int, SurveyArea]
    verdicts: list[Verdict]
    opinion: Passed
    permits: list[Permit]
    works: Mapping[str, Any]
    commenced_on: date | None

    def measured(self, building: Building) -> SurveyArea:
        """The building's survey. Conflict when there is none."""
        found = self.surveys.get(building.id)
        if found is None:
            raise Conflict(f"{building.number}没有多测合一成果，不能备案。", code="SURVEY_MISSING")
        return found


def gather(session: Session, subject: Subject, picture: Picture) -> Bundle:
    """Everything a filing says, from the records of the project and its joint acceptance. Conflict without one."""
    opinion = picture.done("D01")
    if opinion is None:
        raise Conflict("竣工联合验收还没有通过。", code="ACCEPTANCE_MISSING")
    acceptance = session.scalars(select(Case.id).where(Case.serial == opinion.serial)).one()
    project_id = subject.project.id
    surveys = session.scalars(
        select(SurveyArea).where(SurveyArea.case_id == acceptance).order_by(SurveyArea.revision, SurveyArea.id)
    )
    permits = list(session.scalars(select(Permit).where(Permit.project_id == project_id).order_by(Permit.id)))
    commenced = session.scalars(
        select(PermitEvent.day)
        .join(Permit, Permit.id == PermitEvent.permit_id)
        .where(Permit.project_id == project_id, PermitEvent.kind == "commenced")
        .order_by(PermitEvent.day)
        .limit(1)
    ).first()
    buildings = session.scalars(
        select(Building).where(Building.project_id == project_id).order_by(Building.position)
    )
    return Bundle(
        subject=subject,
        picture=picture,
        buildings=list(buildings),
        surveys={one.building_id: one for one in surveys},
        verdicts=judging.verdicts(session, acceptance),
        opinion=opinion,
        permits=permits,
        works=(session.scalar(select(Case.facts).where(Case.id == permits[-1].case_id)) or {}) if permits else {},
        commenced_on=commenced,
    )


def filing_paper(bundle: Bundle, now: datetime) -> dict[str, Any]:
    """The filing form by the key columns of the exchange standard (domain 5)."""
    subject, picture = bundle.subject, bundle.picture
    facts = subject.case.facts
    above = sum((bundle.measured(one).planning_measured for one in bundle.buildings if one.floors_above > 0), Decimal(0))
    below = sum((bundle.measured(one).planning_measured for one in bundle.buildings if one.floors_above == 0), Decimal(0))
    completion = picture.results.get("WYYS")
    planning, drawings = picture.results.get("B02"), picture.results.get("C01")
    if picture.qualified_on is None or completion is None:
        raise Conflict("还没有五方竣工验收合格的记录，不能备案。", code="COMPLETION_MISSING")
    return {
        "owner": subject.owner.name,
        "owner_uscc": subject.owner.uscc or "-",
        "project_name": subject.project.name,
        "project_code": subject.project.code,
        "address": subject.project.address,
        "scope": "、".join(one.number for one in bundle.buildings),
        "permits": [one.number for one in bundle.permits],
        "drawing_review_number": drawings.number if drawings else "",
        "planning_permit_number": planning.number if planning else "",
        "commenced_on": bundle.commenced_on or (bundle.permits[0].issued_on if bundle.permits else picture.today),
        "completed_on": completion.issued_on,
        "qualified_on": picture.qualified_on,
        "filed_on": legal_date(now),
        "filed_at": f"{now.astimezone(SHANGHAI):%H:%M}",
        "actual_cost": yuan(facts.get("actual_cost")),
        "total_area": above + below,
        "above_ground_area": above,
        "underground_area": below,
        "civil_defence_area": sum((bundle.measured(one).civil_defence_area for one in bundle.buildings), Decimal(0)),
        "joint_acceptance": True,
        "parties_changed": facts.get("parties_changed") is True,
        "archive": str(facts.get("archive") or "随联合验收核查"),
        "parties": _parties(bundle),
        "buildings": [
            {
                "name": one.number,
                "use": one.use,
                "floors": _floors(one),
                "planned_area": one.planned_area,
                "measured_area": bundle.measured(one).planning_measured,
            }
            for one in bundle.buildings
        ],
        "specials": specials_lines(bundle.verdicts),
    }


def _parties(bundle: Bundle) -> list[dict[str, str]]:
    """The five parties; the four besides the owner are those of the last permit's application."""
    facts = bundle.works
    roles = (("surveyor", "勘察"), ("designer", "设计"), ("contractor", "施工"), ("supervisor", "监理"))
    named = [party(facts, key, role) for key, role in roles if facts.get(key)]
    return [{"role": "建设", "name": bundle.subject.owner.name, "leader": ""}, *named]


def _floors(building: Building) -> str:
    parts = [f"地上 {building.floors_above} 层" if building.floors_above else ""]
    parts.append(f"地下 {building.floors_below} 层" if building.floors_below else "")
    return "，".join(one for one in parts if one) or "-"


def acceptance_filed(bundle: Bundle, filing: AcceptanceFiling, consent: Consent | None) -> AcceptanceFiled:
    """The contract with the registry, from the records alone."""
    project, owner = bundle.subject.project, bundle.subject.owner
    planning = bundle.picture.results.get("B02")
    first = bundle.surveys[min(bundle.surveys)] if bundle.surveys else None
    return AcceptanceFiled(
        filing_number=filing.number,
        filing_version=filing.version,
        filed_at=filing.filed_at,
        project_code=project.code,
        works_code=project.works_code,
        project_name=project.name,
        owner_name=owner.name,
        owner_uscc=owner.uscc or "",
        parcel_code=project.parcel_code or "",
        planning_permit_number=planning.number if planning else "",
        completion_accepted_on=filing.qualified_on,
        joint_opinion_number=bundle.opinion.number,
        survey_report_number=first.report_number if first else "",
        buildings=tuple(_measured(bundle, one) for one in bundle.buildings),
        specials=tuple(
            SpecialResult(
                special=one.special,
                name=one.name,
                passed=one.passed,
                unit=one.decision.unit,
                officer=one.decision.actor,
                decided_at=one.decision.at,
            )
            for one in bundle.verdicts
        ),
        consent=None
        if consent is None
        else ConsentGiven(
            text=consent.text,
            sha256=consent.sha256,
            signer=consent.signer,
            signed_at=consent.signed_at,
            signature=consent.signature,
        ),
        construction_permits=tuple(one.number for one in bundle.permits),
    )


def _measured(bundle: Bundle, building: Building) -> MeasuredBuilding:
    survey = bundle.measured(building)
    return MeasuredBuilding(
        number=building.number,
        use=building.use,
        floors_above=building.floors_above,
        floors_below=building.floors_below,
        permitted=building.planned_area,
        planning_measured=survey.planning_measured,
        property_measured=survey.property_measured,
        common_area=survey.common_area,
        civil_defence_area=survey.civil_defence_area,
        shared_area=survey.shared_area,
    )
