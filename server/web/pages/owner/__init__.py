"""The owner's pages: where a project stands and why, applying, answering, withdrawing, certificates.

One blueprint in parts by what the owner comes for; every view asks queries or calls one action.
"""

from server.web.pages.owner import (
    acceptance,
    answers,
    applications,
    cases,
    commencement,
    phase_choice,
    projects,
    start,
)
from server.web.pages.owner.desk import blueprint

PARTS = (projects, start, phase_choice, applications, answers, cases, commencement, acceptance)
ACCESS = {endpoint: access for part in PARTS for endpoint, access in part.ACCESS.items()}

__all__ = ["ACCESS", "blueprint"]
