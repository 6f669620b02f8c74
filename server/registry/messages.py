"""What the registry does when a message arrives. Each may come many times and takes effect once."""

import hashlib
from typing import cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import contracts
from server.accounts.actor import SYSTEM
from server.accounts.models import Organisation
from server.clock import legal_date
from server.config import City
from server.contracts import AcceptanceFiled, BuildingPlanned, ConsentGiven
from server.db import mark
from server.documents import numbering, signer
from server.jobs import Received, Work, receiver
from server.processes import instances
from server.registry import book, codes, prenumbering, recording, rules, steps
from server.registry.models import Application

PROCESS = "first-registration"
SERIES = "registration-application"


@receiver("building.planned")
def on_building_planned(work: Work, message: Received) -> None:
    """A planning permit is in force: number its units."""
    planned = cast(BuildingPlanned, contracts.parse(message.name, message.payload))
    prenumbering.pre_number(work.session, planned, work.now)


@receiver("acceptance.filed")
def on_acceptance_filed(work: Work, message: Received) -> None:
    """A filing is complete: open one application for this version of it and start its process, in one transaction."""
    filed = cast(AcceptanceFiled, contracts.parse(message.name, message.payload))
    session = work.session
    if _already_here(session, filed):
        return
    signature_valid = _verify(work, filed.owner_name, filed.consent)
    try:
        with session.begin_nested():
            application = _open(work, filed, message, signature_valid)
    except IntegrityError:
        if _already_here(session, filed):  # another worker was quicker
            return
        raise
    mark(session, "receipt")
    recording.add_step(session, application, steps.Step.RECEIVED, SYSTEM, work.now, details={"message": message.id})
    newest = _supersede_older(work, application)
    if not newest:
        return
    owner = session.scalar(select(Organisation.id).where(Organisation.uscc == application.owner_uscc))
    instances.start(
        session,
        PROCESS,
        area="registry",
        subject=recording.subject(application),
        variables={
            "application_id": application.id,
            "application_no": application.number,
            "filing_number": application.filing_number,
        },
        actor=SYSTEM,
        now=work.now,
        message=message.name,
        owner_organisation_id=owner,
        district=application.district,
    )


def _already_here(session: Session, filed: AcceptanceFiled) -> bool:
    return (
        session.scalar(
            select(Application.id).where(
                Application.filing_number == filed.filing_number, Application.filing_version == filed.filing_version
            )
        )
        is not None
    )


def _open(work: Work, filed: AcceptanceFiled, message: Received, signature_valid: bool | None) -> Application:
    parcel_code = codes.check_parcel(filed.parcel_code)
    district = parcel_code[:6]
    today = legal_date(work.now)
    serial = numbering.draw(work.session, SERIES, district, today, "day")
    application = Application(
        number=f"{district}-{today:%Y%m%d}-D08-{serial:05d}",
        filing_number=filed.filing_number,
        filing_version=filed.filing_version,
        payload=message.payload,
        digest=hashlib.sha256(book.canonical(message.payload).encode()).hexdigest(),
        message_id=message.id,
        sent_at=message.posted_at,
        received_at=work.now,
        district=district,
        project_code=filed.project_code,
        project_name=filed.project_name,
        owner_name=filed.owner_name,
        owner_uscc=filed.owner_uscc,
        parcel_code=parcel_code,
        rules_version=rules.in_force(today).version,
        signature_valid=signature_valid,
        authority=_authority(work.settings.city),
    )
    work.session.add(application)
    work.session.flush()
    return application


def _authority(city: City) -> dict[str, str]:
    return {"name": city.registry_authority, "city": city.name, "code": city.code, "short": city.registry_short}


def _verify(work: Work, owner: str, consent: ConsentGiven | None) -> bool | None:
    """Whether the owner's signature under the consent is genuine; None when nothing was signed."""
    if consent is None or not consent.signature:
        return None
    return signer.make_signer(work.settings).verify_text(owner, consent.text.encode(), consent.signature)


def _supersede_older(work: Work, application: Application) -> bool:
    """A newer version of a filing takes the place of what is not booked yet. False when this one is the older."""
    session = work.session
    others = session.scalars(
        select(Application)
        .where(Application.filing_number == application.filing_number, Application.id != application.id)
        .order_by(Application.filing_version)
        .with_for_update()
    ).all()
    newer = [one for one in others if one.filing_version > application.filing_version]
    if newer:
        recording.add_step(
            session, application, steps.Step.SUPERSEDED, SYSTEM, work.now, f"已收到第 {newer[-1].filing_version} 版备案"
        )
        return False
    for older in others:
        last = recording.last_step(session, older)
        if last is None or steps.Step(last.kind) in steps.FINAL:
            continue
        text = f"收到第 {application.filing_version} 版备案，由 {application.number} 接着办"
        recording.add_step(session, older, steps.Step.SUPERSEDED, SYSTEM, work.now, text)
        for run in instances.runs_of(session, recording.subject(older)):
            if run.status == "running":
                instances.cancel(session, run.id, SYSTEM, work.now)
    return True
