"""The top bar: items by role, in the order of ui.md §2; only items whose page exists.

A person with roles at two desks sees one desk's menu at a time and switches in the account menu. Counts are queries
of open work, registered by the pages that show the work.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.web.access import DESIGNERS, OFFICERS, OWNERS, REGISTRARS, SUPERVISORS

Counter = Callable[[Session, Actor, datetime], int]


@dataclass(frozen=True)
class Desk:
    """Where a role works: its menu, its density, and the blueprints whose pages belong to it."""

    key: str
    name: str
    roles: frozenset[str]
    blueprints: frozenset[str]
    items: tuple[tuple[str, str], ...]
    """(endpoint, label); the first existing one is where the desk begins."""
    search: tuple[str, str] = ("", "")
    """(endpoint, what can be searched for)."""
    compact: bool = True


def _desk(key: str, name: str, roles: Iterable[str], blueprints: str, *items: tuple[str, str], **more: object) -> Desk:
    return Desk(key, name, frozenset(roles), frozenset(blueprints.split()), items, **more)  # type: ignore[arg-type]


DESKS: tuple[Desk, ...] = (
    _desk(
        "owner",
        "项目单位",
        OWNERS,
        "owner",
        ("owner.projects", "我的项目"),
        ("owner.todo", "要我办的"),
        ("owner.certificates", "证照"),
        ("public.guide", "办事指南"),
        compact=False,
    ),
    _desk(
        "officer",
        "审批",
        OFFICERS,
        "officer",
        ("officer.inbox", "待办"),
        ("officer.joint", "联合验收"),
        ("officer.agenda", "日程"),
        ("officer.results", "前期结果"),
        ("officer.search", "办件查询"),
        ("officer.workload", "科室工作量"),
        search=("officer.search", "办件号、项目、单位、地址"),
    ),
    _desk(
        "registry",
        "登记",
        REGISTRARS,
        "registry",
        ("registry.inbox", "登记待办"),
        ("registry.book", "登记簿"),
        ("registry.survey", "测绘成果"),
        ("registry.reconcile", "对账"),
        ("registry.archive", "归档"),
        search=("registry.search", "单元号、坐落、权利人"),
    ),
    _desk(
        "studio",
        "流程设计",
        DESIGNERS,
        "studio studio_walk",
        ("studio.changes", "变更"),
        ("studio.versions", "流程"),
        ("studio.decisions", "决策表"),
        ("studio.forms", "表单"),
        ("studio.matters", "事项和材料"),
        ("studio.heatmap", "热度图"),
        ("studio.replay", "重放"),
    ),
    _desk(
        "supervision",
        "监督",
        SUPERVISORS,
        "supervision",
        ("supervision.board", "在办期限"),
        ("supervision.sheets", "三单一函"),
        ("supervision.league", "亮晒比评"),
        ("supervision.walk", "走流程"),
        ("supervision.feedback", "反馈"),
    ),
    _desk(
        "admin",
        "管理",
        ("admin",),
        "admin",
        ("admin.accounts", "账号"),
        ("admin.organisations", "单位"),
        ("admin.calendar", "日历"),
        ("admin.incidents", "异常"),
        ("admin.audit", "审计"),
        ("admin.health", "运行"),
    ),
)

PUBLIC = Desk(
    "public",
    "公众",
    frozenset(),
    frozenset({"public", "accounts"}),
    (
        ("public.verify", "核验证照"),
        ("public.track", "查询办件"),
        ("public.register", "办件公示"),
        ("public.guide", "办事指南"),
    ),
    compact=False,
)

_counters: dict[str, Counter] = {}


def counted(endpoint: str) -> Callable[[Counter], Counter]:
    """Register the query of open work whose figure stands beside a menu item."""

    def register(counter: Counter) -> Counter:
        _counters[endpoint] = counter
        return counter

    return register


@dataclass(frozen=True)
class Item:
    """One item of the bar. ``count`` None: it has no figure."""

    endpoint: str
    label: str
    current: bool
    count: int | None


def desks_of(actor: Actor | None) -> tuple[Desk, ...]:
    """The desks where this person works; the public one for nobody and for roles without a desk."""
    found = tuple(desk for desk in DESKS if actor is not None and actor.roles & desk.roles)
    return found or (PUBLIC,)


def desk_at(actor: Actor | None, blueprint: str | None, chosen: str | None) -> Desk:
    """The desk of the page shown; on pages of no desk, the one chosen last, else the first."""
    desks = desks_of(actor)
    for desk in desks:
        if blueprint in desk.blueprints:
            return desk
    return next((desk for desk in desks if desk.key == chosen), desks[0])


def home_of(desk: Desk, endpoints: Mapping[str, object]) -> str:
    """Where a desk begins: its first existing page."""
    return next((endpoint for endpoint, _ in desk.items if endpoint in endpoints), "public.home")


def items(
    desk: Desk,
    endpoints: Mapping[str, object],
    place: str | None,
    *,
    session: Session | None = None,
    actor: Actor | None = None,
    now: datetime | None = None,
) -> list[Item]:
    """The bar's items whose pages exist. ``place`` is the endpoint that counts as current (ui.md: the page, or the
    item its page belongs to)."""
    found = []
    for endpoint, label in desk.items:
        if endpoint not in endpoints:
            continue
        counter = _counters.get(endpoint)
        ready = counter is not None and session is not None and actor is not None and now is not None
        count = counter(session, actor, now) if ready else None  # type: ignore[misc, arg-type]
        found.append(Item(endpoint, label, endpoint == place, count))
    return found
