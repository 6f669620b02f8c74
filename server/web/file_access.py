"""A stored file for whoever may open it: asked of the files first, then of the area whose projects hold it."""

from flask import Response, send_file

from server.approval.queries.own_files import among_own
from server.files import access, headers, store
from server.files.models import StoredFile
from server.web.edge import current


def readable(file_id: int) -> StoredFile:
    """The file. NotFound for a stranger, who may not even learn that it exists."""
    file = store.get(current.session, file_id)
    if not among_own(current.session, current.person, file_id):
        access.require_readable(current.person, file)
    return file


def send(file: StoredFile, *, inline: bool = False) -> Response:
    """The bytes of a file with the headers it is safe under; `inline`: shown in the browser."""
    answer: Response = send_file(store.path_of(current.settings, file), mimetype=file.media_type, etag=False)
    answer.headers.update(headers.for_download(file, inline=inline))
    return answer
