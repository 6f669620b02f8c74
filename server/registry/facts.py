"""What the twelve checks look at: one frozen picture of the filing, the book and the rules. Pure data.

``server.registry.evidence`` draws the picture from the rows and the message; the checks never ask a database.
Areas are ㎡ with two decimals, always as ``Decimal``. None means: nobody told us.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from server.registry.rules import Rules

ZERO = Decimal("0.00")
SEIZURES = ("seizure", "provisional_seizure")
MORTGAGES = ("mortgage", "construction_mortgage")
DISPUTES = ("objection", "dispute")
VALID = "有效"


@dataclass(frozen=True)
class Person:
    """An organisation by its unified social credit code."""

    uscc: str
    name: str


@dataclass(frozen=True)
class Payment:
    """What the book knows of a payment that is due before registration: paid, not paid; the voucher proves it."""

    paid: bool
    voucher: str
    recorded_on: date


@dataclass(frozen=True)
class Parcel:
    """The parcel and its land right as the book has them. A payment that is None was never recorded."""

    code: str
    area: Decimal
    use: str
    location: str
    holders: tuple[Person, ...]
    certificate_number: str
    price: Payment | None
    deed_tax: Payment | None


@dataclass(frozen=True)
class Restriction:
    """A seizure, mortgage or objection in force on the parcel or one of its units.

    ``against``: the debtor of a seizure, the mortgagor, the one an objection is raised against. ``demand``: what the
    court's notice demands beyond the seizure itself, empty when nothing. ``holder``: court, mortgagee or objector.
    """

    id: int
    kind: str
    target: str
    against: Person
    holder: str
    document: str
    since: date
    until: date | None
    demand: str = ""


@dataclass(frozen=True)
class Unit:
    """One unit of the pre-numbered table. ``area``: as measured where the survey lists units, else as planned.

    ``occupied_by`` says whose right is on it already, empty when nobody's.
    """

    code: str
    floor: int
    number: str
    area: Decimal
    occupied_by: str = ""


@dataclass(frozen=True)
class Permitted:
    """A building of the planning permit, as ``building.planned`` announced it."""

    name: str
    use: str
    floors_above: int
    floors_below: int
    area: Decimal
    common_area: Decimal
    civil_defence_area: Decimal
    parcel_code: str


@dataclass(frozen=True)
class Building:
    """A building of the filing, as measured: for planning (GB/T 50353) and for the book (GB/T 17986).

    ``stated_permitted``: the permitted area the filing states. ``permitted``: the planning permit's own record, None
    when the permit never announced this building. ``common``, ``civil_defence``, ``shared``: what the property
    measurement holds beside the units. ``units_measured``: the survey lists every unit.
    """

    name: str
    use: str
    floors_above: int
    floors_below: int
    stated_permitted: Decimal
    planning_area: Decimal
    property_area: Decimal
    permitted: Permitted | None
    units: tuple[Unit, ...] = ()
    common: Decimal = ZERO
    civil_defence: Decimal = ZERO
    shared: Decimal = ZERO

    @property
    def permitted_area(self) -> Decimal:
        """What the permit allows; where the permit is unknown, what the filing states."""
        return self.permitted.area if self.permitted else self.stated_permitted

    @property
    def counted(self) -> bool:
        """Whether it counts for the plot ratio: what lies wholly under ground does not."""
        return self.floors_above > 0

    @property
    def units_area(self) -> Decimal:
        """The sum of the unit areas."""
        return sum((unit.area for unit in self.units), ZERO)


@dataclass(frozen=True)
class Special:
    """One department's verdict of the joint acceptance; ``code`` as in the contract (planning, fire …)."""

    code: str
    name: str
    passed: bool
    by: str
    decided_on: date


@dataclass(frozen=True)
class SiteVisit:
    """That somebody of the registry saw the buildings, in the joint acceptance or on a visit of its own."""

    by: str
    on: date
    found_as_described: bool
    document: str


@dataclass(frozen=True)
class Consent:
    """The owner's signed application and authority for the first registration.

    ``intact``: the text has the digest it was signed with. ``signature_valid``: None when nobody can verify it here.
    """

    applicant: Person
    signed_by: str
    signed_at: datetime
    digest: str
    intact: bool
    signature_valid: bool | None


@dataclass(frozen=True)
class Licence:
    """A permit the registration rests on; ``standing`` 有效, a word for why not, or None: nobody answers."""

    kind: str
    number: str
    standing: str | None


@dataclass(frozen=True)
class CheckInput:
    """Everything the twelve checks may know, at one instant."""

    rules: Rules
    filing_number: str
    filed_on: date
    owner: Person
    parcel_code: str
    parcel: Parcel | None
    buildings: tuple[Building, ...]
    permitted_buildings: tuple[str, ...]
    joint_opinion: str = ""
    survey_report: str = ""
    specials: tuple[Special, ...] = ()
    site_visit: SiteVisit | None = None
    consent: Consent | None = None
    licences: tuple[Licence, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
