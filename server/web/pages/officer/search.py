"""Looking cases up: by number, project, owner, address."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from server.approval.queries import inbox
from server.web.access import Access
from server.web.edge import current
from server.web.pages.officer.desk import OFFICER, PAGE, blueprint

ACCESS: dict[str, Access] = {"officer.search": OFFICER}


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Cases of the district that match; a case's own number opens it at once."""
    text = request.args.get("q", "").strip()
    offset = max(0, request.args.get("from", 0, type=int))
    found, total = inbox.search(current.session, current.person, text, current.now, limit=PAGE, offset=offset)
    if len(found) == 1 and found[0].serial == text.upper():
        return redirect(url_for("officer.case", serial=found[0].serial))
    return render_template("officer/search.html", text=text, found=found, total=total, offset=offset, page=PAGE)
