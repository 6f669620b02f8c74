"""Demo organisations, units and accounts: one a role, fictitious (domain.md §10.0). Seeded only into a demo database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actions import create_account, create_organisation, create_unit
from server.accounts.models import Account, Organisation, Unit

PASSWORD = "tongliao-demo-2026"  # noqa: S105 - printed by ./run; these accounts exist in a demo database only

ORGANISATIONS = (
    # name, kind, district, unified social credit code
    ("通辽市蒙岳置业有限公司", "owner", "150502", "91150502MA0N4T7K7D"),
    ("通辽市科源城市投资有限公司", "owner", "150500", "91150500MA0PW3R8XM"),
    ("诚筑建设有限公司", "agency", "150502", "91150502MA0Q2Y6D9A"),
    ("衡信监理有限公司", "agency", "150502", "91150502MA0NH9E47F"),
    ("北原建筑设计院有限公司", "agency", "150502", "91150100MA0R5J2U9K"),
    ("地勘岩土工程有限公司", "agency", "150500", "91150500MA0P8B3X2R"),
    ("精测测绘有限公司", "agency", "150502", "91150502MA0Q7C1G9M"),
    ("政务大厅", "department", "150502", None),
    ("住建局", "department", "150502", None),
    ("自然资源局", "department", "150502", None),
    ("人防办", "department", "150502", None),
    ("城建档案馆", "department", "150502", None),
    ("园林局", "department", "150502", None),
    ("不动产登记中心", "registry", "150502", None),
    ("营商环境办公室", "department", "150502", None),
    ("系统管理", "department", "150502", None),
)
# login, name, organisation, unit, roles
ACCOUNTS = (
    ("mengyue", "经办人", "通辽市蒙岳置业有限公司", None, ("applicant",)),
    ("keyuan", "经办人", "通辽市科源城市投资有限公司", None, ("applicant",)),
    ("window", "窗口人员", "政务大厅", "综合窗口", ("window_clerk",)),
    ("quality", "经办人", "住建局", "质量安全科", ("dept_handler",)),
    ("fire", "经办人", "住建局", "消防人防科", ("dept_handler",)),
    ("approver", "批准人", "住建局", "审批科", ("dept_approver",)),
    ("joint", "牵头人", "住建局", "联合验收科", ("joint_acceptance_lead",)),
    ("filing", "经办人", "住建局", "备案科", ("dept_handler",)),
    ("planning", "经办人", "自然资源局", "规划科", ("dept_handler",)),
    ("defence", "经办人", "人防办", "审批科", ("dept_handler",)),
    ("archive", "经办人", "城建档案馆", "验收科", ("dept_handler",)),
    ("garden", "经办人", "园林局", "审批科", ("dept_handler",)),
    ("onsite", "查看人员", "不动产登记中心", "实地查看岗", ("dept_handler",)),
    ("admit", "受理人员", "不动产登记中心", "受理岗", ("registrar_admit",)),
    ("review", "审核人员", "不动产登记中心", "审核岗", ("registrar_review",)),
    ("register", "登簿人员", "不动产登记中心", "登簿岗", ("registrar_register",)),
    ("designer", "流程设计员", "系统管理", None, ("process_designer",)),
    ("publisher", "流程审阅人", "系统管理", None, ("process_publisher",)),
    ("supervisor", "监督员", "营商环境办公室", None, ("supervisor",)),
    ("admin", "系统管理员", "系统管理", None, ("admin",)),
)


def seed(session: Session) -> bool:
    """Fill an empty database; a database with accounts is left as it is. Returns whether anything was made."""
    if session.scalar(select(Account.id).limit(1)) is not None:
        return False
    organisations: dict[str, Organisation] = {}
    units: dict[str, Unit] = {}
    for name, kind, district, uscc in ORGANISATIONS:
        organisations[name] = create_organisation(session, name, kind, district, uscc=uscc)
    for login, name, place, section, roles in ACCOUNTS:
        organisation, unit = organisations[place], None
        if section is not None:
            lane = f"{place}·{section}"
            unit = units.get(lane) or create_unit(session, lane, organisation)
            units[lane] = unit
        create_account(session, login, name, PASSWORD, organisation, roles, unit=unit)
    return True
