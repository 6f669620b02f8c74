"""A new project (新建项目): the owner's own, by the code of the investment platform."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server.accounts.codes import check_project_code
from server.accounts.models import Organisation
from server.approval import actions
from server.approval.matters import FLOW_TYPES
from server.clock import legal_date
from server.errors import Conflict, Forbidden, Invalid
from server.web.access import Access
from server.web.edge import current
from server.web.pages.owner.desk import OWNER, blueprint, summary
from server.web.shell import stand_at

ACCESS: dict[str, Access] = dict.fromkeys(("owner.start", "owner.start_send"), OWNER)
FIELDS = ("code", "name", "address", "flow_type", "parcel_code")
LONGEST = {"name": 200, "address": 300}
PLACES = {"flow_type": f"flow_type-{next(iter(FLOW_TYPES))}"}
"""Where a field stands on the page, if not under its own name: the first of the choices."""
ABOUT = {
    "GOV_BUILDING": "财政资金为主的房屋建筑，例如学校、医院",
    "SOC_GENERAL": "企业自筹的住宅、商业、厂房等房屋建筑",
    "SOC_SMALL_LOWRISK": "企业自筹、规模小、风险低的房屋建筑",
    "IND_STANDARD_LAND": "在已完成区域评估的标准地上建的工业项目",
    "MUNI_LINEAR": "道路、管网等线性工程，完工后不办房屋首次登记",
}


@blueprint.get("/projects/new")
def start() -> ResponseReturnValue:
    """Ask for what only the owner knows."""
    return _start_page({}, {})


@blueprint.post("/projects/new")
def start_send() -> ResponseReturnValue:
    """Create it, or name everything that is wrong at its field; what was typed stays."""
    sent = {key: request.form.get(key, "").strip() for key in FIELDS}
    problems = _unusable(sent)
    if problems:
        return _start_page(sent, problems), 422
    try:
        made = actions.create_project(
            current.session,
            current.person,
            code=sent["code"],
            name=sent["name"],
            owner_uscc=_own().uscc or "",
            flow_type=sent["flow_type"],
            address=sent["address"],
            parcel_code="".join(sent["parcel_code"].split()).upper() or None,
            now=current.now,
        )
    except (Invalid, Conflict, Forbidden) as refusal:
        return _start_page(sent, refusal.fields or {"": [refusal.message]}), refusal.status
    flash("项目建好了。下一步请把已经拿到的批准文件交窗口录入，录好就能申请施工许可。", "done")
    return redirect(url_for("owner.project", code=made.code))


def _unusable(sent: Mapping[str, str]) -> dict[str, list[str]]:
    """Everything wrong at once, so that nobody corrects one field a try. The action checks again, and more."""
    found: dict[str, list[str]] = {}
    try:
        check_project_code(sent["code"], "code", legal_date(current.now))
    except Invalid as refusal:
        found.update({key: list(words) for key, words in refusal.fields.items()})
    for key, words in (("name", "请填项目名称"), ("address", "请填建设地址")):
        if not sent[key]:
            found[key] = [words]
        elif len(sent[key]) > LONGEST[key]:
            found[key] = [f"最多 {LONGEST[key]} 个字，现在有 {len(sent[key])} 个，请缩短"]
    if sent["flow_type"] not in FLOW_TYPES:
        found["flow_type"] = ["请选是哪一类项目"]
    return found


def _own() -> Organisation:
    return current.session.get_one(Organisation, current.person.organisation_id)


def _start_page(sent: Mapping[str, str], problems: Mapping[str, list[str]]) -> str:
    stand_at("owner.projects")
    ordered = {key: problems[key] for key in (*FIELDS, *problems) if key in problems}
    places = {key: PLACES.get(key, key) if key in FIELDS else "" for key in ordered}
    return render_template(
        "owner/start.html",
        owner=_own(),
        sent=sent,
        wrong={key: "；".join(words) for key, words in problems.items()},
        problems=summary(ordered, places),
        flow_types=[(key, name, ABOUT[key]) for key, name in FLOW_TYPES.items()],
    )
