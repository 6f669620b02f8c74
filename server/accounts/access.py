"""Roles (domain.md §7) and the one question asked of them."""

from server.accounts.actor import Actor
from server.errors import Forbidden

ROLES: dict[str, str] = {
    "applicant": "建设单位经办人",
    "agent": "代理人",
    "window_clerk": "窗口人员",
    "dept_handler": "部门经办人",
    "dept_approver": "部门批准人",
    "stage_lead": "阶段牵头人",
    "joint_acceptance_lead": "联合验收牵头人",
    "utility_operator": "公用企业经办人",
    "registrar_admit": "登记受理人员",
    "registrar_review": "登记审核人员",
    "registrar_register": "登簿人员",
    "assist_officer": "帮办专员",
    "process_designer": "流程设计员",
    "process_publisher": "流程审阅人",
    "review_agency": "中介机构",
    "supervisor": "监督员",
    "bureau_chief": "局长",
    "monitor_citizen": "监督点",
    "admin": "系统管理员",
    "auditor": "审计员",
}

# Whoever works for an authority. Companies, agencies and citizens see only what is theirs.
STAFF: frozenset[str] = frozenset(ROLES) - {
    "applicant",
    "agent",
    "utility_operator",
    "review_agency",
    "monitor_citizen",
}


def is_staff(actor: Actor) -> bool:
    """Works for an authority (or is the system)."""
    return actor.has("system", *STAFF)


def require(actor: Actor, *roles: str) -> None:
    """Raise Forbidden, saying who may, unless the actor holds one of these roles (or is the system)."""
    if actor.has("system", *roles):
        return
    who = "、".join(ROLES[role] for role in roles)
    raise Forbidden(f"这件事由{who}办理，您的账号没有这个岗位。", code="ROLE")
