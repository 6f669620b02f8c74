"""The approval officer's pages: what waits, one case with its decision, earlier results, looking cases up.

One blueprint in parts by what the officer comes for; every view asks queries or calls one action.
"""

from server.web.pages.officer.decision import ACCESS as DECIDING
from server.web.pages.officer.desk import blueprint
from server.web.pages.officer.inbox import ACCESS as WAITING
from server.web.pages.officer.results import ACCESS as RESULTS
from server.web.pages.officer.search import ACCESS as SEARCHING

ACCESS = WAITING | DECIDING | RESULTS | SEARCHING

__all__ = ["ACCESS", "blueprint"]
