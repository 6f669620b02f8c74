"""The access table: every endpoint is guarded or listed as public, and a test over the whole URL map proves it.

Each API and pages module states its own lines in ``ACCESS``; they are merged here. The table answers *which kind of
person* may call a view; *which thing* she may see or change is decided by queries and actions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from server.errors import Forbidden
from server.web.edge import current, is_api, problem


@dataclass(frozen=True)
class Access:
    """Who may call an endpoint: anybody, anybody signed in, or holders of one of ``roles``."""

    public: bool = False
    roles: frozenset[str] = frozenset()


PUBLIC = Access(public=True)
SIGNED_IN = Access()


def roles(*names: str) -> Access:
    """Holders of any of these roles (domain.md §7)."""
    return Access(roles=frozenset(names))


OFFICERS = (
    "window_clerk",
    "dept_handler",
    "dept_approver",
    "stage_lead",
    "joint_acceptance_lead",
)
REGISTRARS = ("registrar_admit", "registrar_review", "registrar_register")
OWNERS = ("applicant", "agent")
DESIGNERS = ("process_designer", "process_publisher")
SUPERVISORS = ("supervisor", "bureau_chief", "auditor")


def install(app: Flask, *tables: Mapping[str, Access]) -> None:
    """Guard an application with the merged tables. Raises RuntimeError when two tables name one endpoint."""
    merged: dict[str, Access] = {}
    for table in tables:
        for endpoint, access in table.items():
            if endpoint in merged:
                raise RuntimeError(f"two access rules for {endpoint}")
            merged[endpoint] = access
    app.extensions["gcb_access"] = merged
    app.before_request(_guard)


def _guard() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None:  # no such address: 404 by Flask
        return None
    access: Access | None = current_app.extensions["gcb_access"].get(endpoint)
    if access is None:
        raise Forbidden("这个地址没有开放。", code="NOT_IN_ACCESS_TABLE")
    if access.public:
        return None
    actor = current.actor
    if actor is None:
        if is_api():
            return problem(401, "请先登录", "办这件事要先登录。", code="UNAUTHENTICATED")
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    if access.roles and not actor.roles & access.roles:
        raise Forbidden("这一页不归您的岗位使用。要办这件事，请换有权限的账号登录，或找管理员。", code="ROLE")
    return None
