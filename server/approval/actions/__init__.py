"""Every write of the approval side, one function a use case. They flush; the edge commits."""

from server.approval.actions.applications import (
    check,
    create_application,
    save_application,
    submit_application,
)
from server.approval.actions.decisions import Decided, decide
from server.approval.actions.permits import report_commencement
from server.approval.actions.projects import consent_text, create_project, enter_result, sign_consent
from server.approval.actions.withdrawal import (
    Withdrawn,
    confirm_withdrawal,
    refuse_withdrawal,
    withdraw,
)

__all__ = [
    "Decided",
    "Withdrawn",
    "check",
    "confirm_withdrawal",
    "consent_text",
    "create_application",
    "create_project",
    "decide",
    "enter_result",
    "refuse_withdrawal",
    "report_commencement",
    "save_application",
    "sign_consent",
    "submit_application",
    "withdraw",
]
