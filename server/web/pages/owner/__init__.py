"""The owner's pages: where a project stands and why, applying, answering, withdrawing, certificates.

One blueprint in parts by what the owner comes for; every view asks queries or calls one action.
"""

from server.web.pages.owner import acceptance, answers, applications, cases, projects
from server.web.pages.owner.desk import blueprint

ACCESS = projects.ACCESS | applications.ACCESS | answers.ACCESS | cases.ACCESS | acceptance.ACCESS

__all__ = ["ACCESS", "blueprint"]
