"""The approval officer's pages: what waits, one case with its decision, earlier results, looking cases up.

One blueprint in parts by what the officer comes for; every view asks queries or calls one action.
"""

from server.web.pages.officer import decision, inbox, results, search
from server.web.pages.officer.desk import blueprint

ACCESS = inbox.ACCESS | decision.ACCESS | results.ACCESS | search.ACCESS

__all__ = ["ACCESS", "blueprint"]
