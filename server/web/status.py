"""Every status a page can show: tone, icon, word. The one table (ui.md §4.3); templates never name a colour."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Status(NamedTuple):
    """A tone of tokens.css, an icon of @tabler/icons, a Chinese word."""

    tone: str
    icon: str
    word: str


TONES = frozenset({"neutral", "progress", "action", "done", "stopped", "failed", "overdue", "warn"})

STATUS: Mapping[str, Status] = MappingProxyType(
    {
        "draft": Status("neutral", "pencil", "草稿"),
        "todo": Status("neutral", "circle-dashed", "未开始"),
        "filling": Status("progress", "pencil", "填写中"),
        "filled": Status("done", "check", "已填好"),
        "withdrawn": Status("neutral", "arrow-back-up", "已撤回"),
        "received": Status("progress", "inbox", "已收件"),
        "running": Status("progress", "clock", "办理中"),
        "waiting_other": Status("neutral", "hourglass", "等其他部门"),
        "yours": Status("action", "user-check", "等您处理"),
        "correcting": Status("action", "pencil", "待补正"),
        "rectifying": Status("action", "pencil", "待整改"),
        "tolerant": Status("action", "file-alert", "容缺待补"),
        "stopped": Status("stopped", "player-pause", "停表中"),
        "done": Status("done", "check", "已办结"),
        "granted": Status("done", "certificate", "已发证"),
        "valid": Status("done", "shield-check", "有效"),
        "pass": Status("done", "check", "通过"),
        "rejected": Status("failed", "x", "不通过"),
        "refused": Status("failed", "ban", "不予许可"),
        "revoked": Status("failed", "ban", "已撤销"),
        "hold": Status("action", "hand-stop", "挂起"),
        "overdue": Status("overdue", "alert-circle", "逾期"),
        "auto": Status("neutral", "cpu", "自动"),
        "ready": Status("progress", "circle-plus", "可申请"),
        "blocked": Status("neutral", "lock", "暂不能"),
        "na": Status("neutral", "minus", "不适用"),
        "replied": Status("action", "pencil", "补正已回"),
        "pulled": Status("neutral", "arrow-back-up", "已撤件"),
        "not_admitted": Status("failed", "ban", "不受理"),
        "admission_refused": Status("failed", "ban", "不予受理"),
        "withdrawing": Status("action", "arrow-back-up", "撤件待确认"),
        "suspended": Status("stopped", "player-pause", "中止施工"),
        "extended": Status("done", "shield-check", "已延期"),
        "resumed": Status("done", "shield-check", "已恢复"),
        "completed": Status("done", "shield-check", "已竣工"),
        "superseded": Status("neutral", "archive", "已被替代"),
        "cancelled": Status("neutral", "archive", "已注销"),
        "lapsed": Status("failed", "ban", "已废止"),
        "read_only": Status("neutral", "eye", "只读"),
        "warning": Status("warn", "alert-triangle", "提示"),
        "unanswered": Status("action", "pencil", "待答"),
        "answered": Status("done", "check", "已答"),
        "accepted": Status("done", "check", "已认可"),
        "again": Status("action", "pencil", "还要改"),
        "late": Status("overdue", "alert-circle", "晚答"),
        "on_device": Status("neutral", "device-mobile", "在本机"),
        "uploaded": Status("done", "check", "已上传"),
        "missing": Status("action", "file-alert", "还没有"),
        "on_file": Status("done", "database", "系统已有"),
        "making": Status("progress", "clock", "正在制证"),
    }
)

_BY_CODE: Mapping[int, str] = MappingProxyType(
    {
        1: "received",
        2: "pulled",
        3: "running",
        4: "not_admitted",
        5: "admission_refused",
        6: "correcting",
        7: "replied",
        8: "running",
        9: "stopped",
        10: "running",
        11: "done",
        12: "tolerant",
        14: "withdrawn",
        15: "revoked",
        16: "withdrawing",
    }
)

_PERMITS: Mapping[str, str] = MappingProxyType(
    {
        "ACTIVE": "valid",
        "EXTENDED": "extended",
        "SUSPENDED": "suspended",
        "RESUMED": "resumed",
        "SUPERSEDED": "superseded",
        "CANCELLED": "cancelled",
        "REVOKED": "revoked",
        "LAPSED": "lapsed",
        "COMPLETED": "completed",
    }
)


def for_state(code: int, *, permit: bool = True, officer: bool = False) -> str:
    """The key of a case's state by its exchange code 1–16 (domain.md §3.3).

    13 says 不予许可 for a permit, 不通过 for other matters; 7 asks something of the officer alone.
    """
    if code == 13:
        return "refused" if permit else "rejected"
    if code == 7 and not officer:
        return "received"
    return _BY_CODE[code]


def for_permit(state: str) -> str:
    """The key of a permit's state (domain.md §2.3)."""
    return _PERMITS[state]
