"""A stored file for whoever may open it: asked of the files first, then of the area whose projects hold it."""

from server.approval.queries.own_files import among_own
from server.files import access, store
from server.files.models import StoredFile
from server.web.edge import current


def readable(file_id: int) -> StoredFile:
    """The file. NotFound for a stranger, who may not even learn that it exists."""
    file = store.get(current.session, file_id)
    if not among_own(current.session, current.person, file_id):
        access.require_readable(current.person, file)
    return file
