"""What registrars enter of the land itself: parcel and land right, payments, restrictions and their end.

Each entry goes into the parcel's book, in one transaction with its rows and under the parcel's lock.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import audit
from server.accounts import access
from server.accounts.actor import Actor
from server.accounts.codes import check_uscc
from server.clock import legal_date
from server.errors import Conflict, Invalid, NotFound
from server.registry import book, codes
from server.registry.book import Writing
from server.registry.checks import RESTRICTION_WORDS
from server.registry.models import (
    LAND_USE,
    Parcel,
    Party,
    Payment,
    Restriction,
    RestrictionEnd,
    Right,
    Unit,
)
from server.registry.registration import party

REGISTRARS = ("registrar_admit", "registrar_review", "registrar_register")
PAYMENTS = {"price": "出让价款", "deed_tax": "契税"}
# field of a land right → how many characters the book keeps of it
LENGTHS = {
    "use": 100,
    "nature": 20,
    "location": 300,
    "holder_name": 200,
    "certificate_number": 60,
    "contract_number": 100,
}
VOUCHER, DOCUMENT = 100, 200
LARGEST_AREA = Decimal(10) ** 12
"""㎡: more than any parcel, less than what a column holds."""


@dataclass(frozen=True)
class PaymentFact:
    """Whether a payment was made; amount in yuan, None when only the voucher is known."""

    paid: bool
    voucher: str
    amount: Decimal | None = None


@dataclass(frozen=True)
class LandRight:
    """A parcel with its right to use land (matter A08), as a registrar enters it. Area in ㎡."""

    parcel_code: str
    area: Decimal
    use: str
    nature: str
    location: str
    holder_uscc: str
    holder_name: str
    certificate_number: str
    contract_number: str
    price: PaymentFact | None = None
    deed_tax: PaymentFact | None = None
    use_from: date | None = None
    use_until: date | None = None


@dataclass(frozen=True)
class RestrictionFact:
    """A seizure, mortgage, objection or dispute as its document says it; ``unit_code`` empty for the whole parcel."""

    kind: str
    against_uscc: str
    against_name: str
    holder: str
    document: str
    since: date
    until: date | None = None
    demand: str = ""
    unit_code: str = ""


def enter_parcel(session: Session, land: LandRight, actor: Actor, now: datetime) -> Parcel:
    """Enter a parcel and the right to use it; the first entry of its book.

    Raises Forbidden for others than registrars, Invalid naming the field, Conflict when the parcel is in the book.
    """
    access.require(actor, *REGISTRARS)
    code = codes.check_parcel(land.parcel_code)
    uscc = check_uscc(land.holder_uscc, "holder_uscc")
    _require_complete(land)
    _require_unambiguous(session, land, uscc)
    parcel = Parcel(
        code=code,
        district=code[:6],
        area=land.area,
        use=land.use.strip(),
        nature=land.nature.strip(),
        location=land.location.strip(),
        use_from=land.use_from,
        use_until=land.use_until,
        entered_at=now,
        entered_by=actor.label,
    )
    try:
        with session.begin_nested():
            session.add(parcel)
    except IntegrityError:
        raise Conflict(
            f"宗地 {codes.grouped(code)} 已在登记簿里。要改请办更正登记或变更登记。", code="PARCEL_KNOWN"
        ) from None
    holder = party(session, uscc, land.holder_name.strip())
    content = {
        "right": "国有建设用地使用权",
        "holder": {"name": holder.name, "uscc": uscc},
        "certificate": land.certificate_number.strip(),
        "contract": land.contract_number.strip(),
        "area": land.area,
        "use": parcel.use,
        "nature": parcel.nature,
        "location": parcel.location,
        "use_from": land.use_from,
        "use_until": land.use_until,
    }
    written = book.append(
        session,
        code,
        [Writing("land_use", codes.land_unit(code), content)],
        cause=f"土地使用权首次登记（{parcel.nature}合同 {land.contract_number.strip() or '-'}）",
        application_id=None,
        registrar=actor.label,
        now=now,
    )
    session.add(
        Right(
            parcel_id=parcel.id,
            unit_code=codes.land_unit(code),
            unit_id=None,
            kind=LAND_USE,
            party_id=holder.id,
            area=land.area,
            certificate_number=land.certificate_number.strip(),
            contract_number=land.contract_number.strip(),
            application_id=None,
            entry=written.first,
            since=now,
        )
    )
    for kind, fact in (("price", land.price), ("deed_tax", land.deed_tax)):
        if fact is not None:
            _add_payment(session, parcel, kind, fact, actor, now)
    session.flush()
    audit.append(session, actor, "registry.parcel_entered", f"parcel:{code}", {"entry": written.first}, now)
    return parcel


def record_payment(
    session: Session, parcel_code: str, kind: str, fact: PaymentFact, actor: Actor, now: datetime
) -> Payment:
    """Append what is now known of the price or the deed tax of a parcel."""
    access.require(actor, *REGISTRARS)
    parcel = find(session, parcel_code)
    payment = _add_payment(session, parcel, kind, fact, actor, now)
    session.flush()
    audit.append(session, actor, "registry.payment_recorded", f"parcel:{parcel.code}", {"kind": kind}, now)
    return payment


def record_restriction(
    session: Session, parcel_code: str, fact: RestrictionFact, actor: Actor, now: datetime
) -> Restriction:
    """Enter a seizure, mortgage, objection or dispute in the book."""
    access.require(actor, *REGISTRARS)
    parcel = book.lock(session, codes.check_parcel(parcel_code))
    if fact.kind not in RESTRICTION_WORDS:
        raise _invalid("kind", f"限制的种类应是{'、'.join(RESTRICTION_WORDS.values())}之一")
    for field, value, what in (
        ("document", fact.document, "文书名称或文号"),
        ("holder", fact.holder, "法院、抵押权人或异议人"),
    ):
        if not value.strip():
            raise _invalid(field, f"请填{what}")
    if fact.since > legal_date(now):
        raise _invalid("since", "起始日不能晚于今天，请照文书填写")
    if fact.until is not None and fact.until < fact.since:
        raise _invalid("until", "期限的末日不能早于起始日")
    unit_code = ""
    if fact.unit_code:
        unit_code = codes.check_unit(fact.unit_code)
        if session.scalar(select(Unit.id).where(Unit.code == unit_code)) is None or unit_code[:19] != parcel.code:
            raise NotFound(f"这宗地上没有单元 {codes.grouped(unit_code)}。", code="UNIT")
    against = check_uscc(fact.against_uscc, "against_uscc")
    _require_new(session, parcel, unit_code, fact)
    content = {
        "kind": fact.kind,
        "against": {"name": fact.against_name, "uscc": against},
        "holder": fact.holder,
        "document": fact.document,
        "since": fact.since,
        "until": fact.until,
        "demand": fact.demand,
    }
    written = book.append(
        session,
        parcel.code,
        [Writing("restriction", unit_code or codes.land_unit(parcel.code), content)],
        cause=fact.document,
        application_id=None,
        registrar=actor.label,
        now=now,
    )
    restriction = Restriction(
        parcel_id=parcel.id,
        unit_code=unit_code,
        kind=fact.kind,
        against_uscc=against,
        against_name=fact.against_name.strip(),
        holder=fact.holder.strip(),
        document=fact.document.strip(),
        since=fact.since,
        until=fact.until,
        demand=fact.demand.strip(),
        origin_id=None,
        entry=written.first,
        recorded_at=now,
        recorded_by=actor.label,
    )
    session.add(restriction)
    session.flush()
    audit.append(session, actor, "registry.restricted", f"parcel:{parcel.code}", {"restriction": restriction.id}, now)
    return restriction


def lift_restriction(session: Session, restriction_id: int, document: str, actor: Actor, now: datetime) -> None:
    """Enter that a restriction has ended, with the document that ends it; what was carried over from it ends too."""
    access.require(actor, *REGISTRARS)
    if not document.strip():
        raise _invalid("document", "请填解除的文书名称或文号，例如解封裁定书编号")
    if len(document.strip()) > DOCUMENT:
        raise _invalid("document", f"文书名称或文号最多 {DOCUMENT} 个字")
    restriction = session.get(Restriction, restriction_id)
    if restriction is None:
        raise NotFound("没有这一条限制。请刷新后再看。", code="RESTRICTION")
    if restriction.origin_id is not None:
        raise Conflict("这一条是随土地转记来的，请解除土地上的那一条。", code="RESTRICTION_CARRIED")
    code = session.scalars(select(Parcel.code).where(Parcel.id == restriction.parcel_id)).one()
    book.lock(session, code)
    if session.get(RestrictionEnd, restriction_id) is not None:
        raise Conflict("这一条限制已经解除。", code="RESTRICTION_ENDED")
    written = book.append(
        session,
        code,
        [
            Writing(
                "restriction_ended",
                restriction.unit_code or codes.land_unit(code),
                {"entry": restriction.entry, "kind": restriction.kind, "document": document.strip()},
            )
        ],
        cause=document.strip(),
        application_id=None,
        registrar=actor.label,
        now=now,
    )
    session.add(
        RestrictionEnd(
            restriction_id=restriction_id,
            document=document.strip(),
            entry=written.first,
            recorded_at=now,
            recorded_by=actor.label,
        )
    )
    session.flush()
    audit.append(session, actor, "registry.restriction_ended", f"parcel:{code}", {"restriction": restriction_id}, now)


def find(session: Session, parcel_code: str) -> Parcel:
    """The parcel by its code, blanks allowed. Invalid for a malformed code, NotFound for an unknown one."""
    code = codes.check_parcel(parcel_code)
    parcel = session.scalar(select(Parcel).where(Parcel.code == code))
    if parcel is None:
        raise NotFound(f"登记簿里没有宗地 {codes.grouped(code)}。请核对代码，或先录入宗地。", code="PARCEL")
    return parcel


def _add_payment(
    session: Session, parcel: Parcel, kind: str, fact: PaymentFact, actor: Actor, now: datetime
) -> Payment:
    if kind not in PAYMENTS:
        raise _invalid("kind", "缴款的种类应是出让价款或契税")
    if fact.paid and not fact.voucher.strip():
        raise _invalid("voucher", f"{PAYMENTS[kind]}已缴清的，请填凭证号")
    if len(fact.voucher.strip()) > VOUCHER:
        raise _invalid("voucher", f"凭证号最多 {VOUCHER} 个字")
    if fact.amount is not None and fact.amount < 0:
        raise _invalid("amount", "金额不能小于 0")
    payment = Payment(
        parcel_id=parcel.id,
        kind=kind,
        paid=fact.paid,
        amount=fact.amount,
        voucher=fact.voucher.strip(),
        recorded_at=now,
        recorded_by=actor.label,
    )
    session.add(payment)
    return payment


def _require_complete(land: LandRight) -> None:
    faults: dict[str, list[str]] = {}
    for field, value, what in (
        ("use", land.use, "请填土地用途，例如：住宅兼商业"),
        ("nature", land.nature, "请填权利性质，例如：出让"),
        ("location", land.location, "请填坐落"),
        ("holder_name", land.holder_name, "请填权利人名称"),
        ("certificate_number", land.certificate_number, "请填土地不动产权证号"),
    ):
        if not value.strip():
            faults[field] = [what]
    for field, limit in LENGTHS.items():
        if len(getattr(land, field).strip()) > limit:
            faults[field] = [f"最多 {limit} 个字"]
    if not 0 < land.area < LARGEST_AREA:
        faults["area"] = ["宗地面积应大于 0" if land.area <= 0 else "数字太大，请核对小数点"]
    if land.use_from and land.use_until and land.use_until <= land.use_from:
        faults["use_until"] = ["使用期限的终止日应晚于起始日"]
    if faults:
        first = next(iter(faults.values()))[0]
        raise Invalid(f"宗地信息要改：{first}", fields=faults, code="PARCEL_INCOMPLETE")


def _require_unambiguous(session: Session, land: LandRight, uscc: str) -> None:
    """What the book says of this holder and of this certificate already must not be something else."""
    known, typed = session.scalar(select(Party.name).where(Party.uscc == uscc)), land.holder_name.strip()
    if known is not None and known != typed:
        sentence = (
            f"登记簿里这个信用代码的权利人是“{known}”，您填的是“{typed}”。请核对代码和名称；改过名的，先办变更登记"
        )
        raise Invalid(sentence, fields={"holder_name": [sentence]}, code="HOLDER_NAME")
    number = land.certificate_number.strip()
    other = session.scalar(
        select(Parcel.code)
        .join(Right, Right.parcel_id == Parcel.id)
        .where(Right.kind == LAND_USE, Right.certificate_number == number)
        .limit(1)
    )
    if other is not None and other != codes.normalise(land.parcel_code):
        sentence = f"这个证号已经记在宗地 {codes.grouped(other)} 上，请核对土地不动产权证号"
        raise Invalid(sentence, fields={"certificate_number": [sentence]}, code="CERTIFICATE_KNOWN")


def _require_new(session: Session, parcel: Parcel, unit_code: str, fact: RestrictionFact) -> None:
    """The same document is entered once: pressing twice must not write twice into a book from which nothing is taken."""
    known = session.scalar(
        select(Restriction.entry)
        .outerjoin(RestrictionEnd, RestrictionEnd.restriction_id == Restriction.id)
        .where(
            Restriction.parcel_id == parcel.id,
            Restriction.unit_code == unit_code,
            Restriction.kind == fact.kind,
            Restriction.document == fact.document.strip(),
            Restriction.origin_id.is_(None),
            RestrictionEnd.restriction_id.is_(None),
        )
        .limit(1)
    )
    if known is not None:
        raise Conflict(f"这份文书的限制已经登簿，是第 {known} 条，还没有解除。", code="RESTRICTION_KNOWN")


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
