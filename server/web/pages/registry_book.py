"""The book on pages: parcels, a parcel, a building as a grid, a unit, the entries and whether they are intact."""

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server import clock
from server.errors import DomainError, Invalid
from server.registry import actions, browsing, land
from server.registry.browsing import STATES, Grid
from server.registry.checks import RESTRICTION_WORDS
from server.registry.land import PAYMENTS, LandRight, PaymentFact
from server.registry.registration import KINDS, floors_words, term_words
from server.web import shell
from server.web.access import REGISTRARS, Access, roles
from server.web.edge import current
from server.web.pages.registry_desk import blueprint

READERS = roles(*REGISTRARS, "auditor")
STAFF = roles(*REGISTRARS)
ACCESS: dict[str, Access] = {
    "registry.book": READERS,
    "registry.new_parcel": STAFF,
    "registry.enter_parcel": STAFF,
    "registry.parcel": READERS,
    "registry.entries": READERS,
    "registry.building": READERS,
    "registry.unit": READERS,
}
PAGE = 50
ROW = 12  # units beside one another before a floor is broken into several rows
LAND_FIELDS = (
    ("parcel_code", "宗地代码", "19 位，例如 150502003012GB00035"),
    ("area", "宗地面积", "平方米，最多两位小数"),
    ("use", "用途", "例如 城镇住宅用地兼商业用地"),
    ("nature", "权利性质", "出让或划拨"),
    ("location", "坐落", ""),
    ("holder_name", "权利人", ""),
    ("holder_uscc", "权利人统一社会信用代码", "18 位"),
    ("certificate_number", "土地不动产权证号", ""),
    ("contract_number", "出让合同号或划拨决定书号", ""),
    ("use_from", "使用期限起", "例如 2025-03-20"),
    ("use_until", "使用期限止", "例如 2095-03-19"),
    ("price_voucher", "出让价款缴清凭证号", "没有缴清就空着，核验时会挂起"),
    ("deed_tax_voucher", "契税完税凭证号", "没有完税就空着，核验时会挂起"),
)
OPTIONAL = frozenset({"contract_number", "use_from", "use_until", "price_voucher", "deed_tax_voucher"})


@blueprint.get("/book/")
def book() -> ResponseReturnValue:
    """Find a parcel."""
    text = request.args.get("q", "")
    found = browsing.parcels(current.session, text, limit=PAGE)
    may_enter = current.person.has(*REGISTRARS)
    return render_template("registry/book.html", text=text, parcels=found, limit=PAGE, may_enter=may_enter)


@blueprint.get("/book/parcels/new")
def new_parcel() -> ResponseReturnValue:
    """Enter a parcel and its land right."""
    return _new_parcel_page()


@blueprint.post("/book/parcels/new")
def enter_parcel() -> ResponseReturnValue:
    """The first entry of a parcel's book."""
    try:
        parcel = actions.enter_parcel(current.session, _land(), current.person, current.now)
    except DomainError as error:
        current.session.rollback()
        return _new_parcel_page(error), error.status
    return redirect(url_for("registry.parcel", code=parcel.code))


@blueprint.get("/book/parcels/<code>")
def parcel(code: str) -> ResponseReturnValue:
    """A parcel with everything in its book."""
    shell.stand_at("registry.book")
    view = browsing.parcel(current.session, code, moment())
    return render_template(
        "registry/parcel.html",
        view=view,
        pairs=[(grid, mini(grid)) for grid in view.buildings],
        payments=PAYMENTS,
        restriction_words=RESTRICTION_WORDS,
        states=STATES,
        term=term_words(view.parcel),
        on=on_day(),
    )


@blueprint.get("/book/parcels/<code>/entries")
def entries(code: str) -> ResponseReturnValue:
    """The entries one after the other, and, asked for, whether the chain holds."""
    shell.stand_at("registry.book")
    parcel = land.find(current.session, code)
    after = max(0, request.args.get("after", 0, type=int))
    verdict = browsing.verify(current.session, parcel.code) if "verify" in request.args else None
    return render_template(
        "registry/entries.html",
        parcel=parcel,
        entries=browsing.entries(current.session, parcel.code, after=after, limit=PAGE),
        total=browsing.book.count(current.session, parcel.code),
        after=after,
        page=PAGE,
        kinds=KINDS,
        verdict=verdict,
    )


@blueprint.get("/book/buildings/<int:building_id>")
def building(building_id: int) -> ResponseReturnValue:
    """The skyline of the parcel, one building as a grid, one unit beside it."""
    shell.stand_at("registry.book")
    session, when = current.session, moment()
    grid = browsing.grid(session, building_id, when)
    chosen = request.args.get("unit", "")
    unit = browsing.unit(session, chosen, when) if chosen else None
    skyline = browsing.skyline(session, grid.building.parcel_code, when)
    return render_template(
        "registry/building.html",
        grid=grid,
        rows=rows_of(grid),
        columns=min(grid.width, ROW) or 1,
        skyline=[(one, mini(one)) for one in skyline],
        total=sum(len(one.cells) for one in skyline),
        states=STATES,
        floors=floors_words(grid.building.floors_above, grid.building.floors_below),
        unit=unit,
        kinds=KINDS,
        restriction_words=RESTRICTION_WORDS,
        on=on_day(),
    )


@blueprint.get("/book/units/<code>")
def unit(code: str) -> ResponseReturnValue:
    """One unit: right, restrictions, entries, what can be applied for."""
    shell.stand_at("registry.book")
    view = browsing.unit(current.session, code, moment())
    return render_template(
        "registry/unit.html",
        view=view,
        states=STATES,
        kinds=KINDS,
        restriction_words=RESTRICTION_WORDS,
        on=on_day(),
    )


def on_day() -> date | None:
    """The day the book is looked at, None for now. Invalid for what is no date."""
    text = request.args.get("on", "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("请按 2026-11-20 的样子填登记簿的日期。") from None


def moment() -> datetime:
    """The end of the day asked for, or now."""
    day = on_day()
    return current.now if day is None else clock.at(day, time(23, 59, 59))


def mini(grid: Grid) -> tuple[int, list[str], bool]:
    """A building as small as in a skyline: columns, the states from the top left, and whether it is all below ground."""
    columns = min(max(grid.width, 1), ROW)
    states: list[str] = []
    for floor in grid.floors:
        names = [cell.state for cell in floor.cells] or (["common"] if floor.others else ["none"])
        states += names + ["none"] * (-len(names) % columns)
    return columns, states, grid.building.floors_above == 0


def rows_of(grid: Grid) -> list[tuple[str, list[browsing.Cell], list[tuple[str, Decimal]], int, bool]]:
    """Rows of the table: floor's name on its first row, its cells, its other rooms, blanks to the right, first below."""
    columns = min(grid.width, ROW) or 1
    rows: list[tuple[str, list[browsing.Cell], list[tuple[str, Decimal]], int, bool]] = []
    ground_drawn = False
    for floor in grid.floors:
        ground = floor.number < 0 and not ground_drawn
        ground_drawn = ground_drawn or ground
        cells = list(floor.cells)
        pieces = [cells[i : i + columns] for i in range(0, len(cells), columns)]
        for place, piece in enumerate(pieces):
            first = place == 0
            rows.append((floor.name if first else "", piece, [], columns - len(piece), ground and first))
        if floor.others or not pieces:
            name = floor.name if not pieces else ""
            rows.append((name, [], list(floor.others), 0, ground and not pieces))
    return rows


def _new_parcel_page(error: DomainError | None = None) -> str:
    shell.stand_at("registry.book")
    return render_template(
        "registry/new_parcel.html", fields=LAND_FIELDS, optional=OPTIONAL, given=request.form, error=error
    )


def _land() -> LandRight:
    """The land right from the form. Invalid names each field that cannot be read."""
    form = {name: request.form.get(name, "").strip() for name, _, _ in LAND_FIELDS}
    faults: dict[str, list[str]] = {}
    try:
        area = Decimal(form["area"].replace(",", ""))
        if not area.is_finite() or area != area.quantize(Decimal("0.01")):
            raise InvalidOperation
    except InvalidOperation:
        faults["area"] = ["请填平方米数，最多两位小数，例如 21460.00"]
        area = Decimal(0)
    days: dict[str, date | None] = {}
    for name in ("use_from", "use_until"):
        try:
            days[name] = date.fromisoformat(form[name]) if form[name] else None
        except ValueError:
            faults[name] = ["请按 2025-03-20 的样子填日期"]
    if faults:
        raise Invalid("有几处没有填对", fields=faults)
    payments = {
        kind: PaymentFact(bool(form[f"{kind}_voucher"]), form[f"{kind}_voucher"]) for kind in ("price", "deed_tax")
    }
    return LandRight(
        parcel_code=form["parcel_code"],
        area=area,
        use=form["use"],
        nature=form["nature"],
        location=form["location"],
        holder_uscc=form["holder_uscc"],
        holder_name=form["holder_name"],
        certificate_number=form["certificate_number"],
        contract_number=form["contract_number"],
        price=payments["price"],
        deed_tax=payments["deed_tax"],
        use_from=days["use_from"],
        use_until=days["use_until"],
    )
