"""Who may open a file: the organisation that brought it, and staff. Cases add their own rules in approval and registry."""

from server.accounts.access import is_staff
from server.accounts.actor import Actor
from server.errors import NotFound
from server.files.models import StoredFile


def may_read(actor: Actor, file: StoredFile) -> bool:
    """The uploader's own organisation, or somebody who works for an authority."""
    if is_staff(actor):
        return True
    return file.organisation_id is not None and file.organisation_id == actor.organisation_id


def require_readable(actor: Actor, file: StoredFile) -> None:
    """NotFound for a stranger: he may not even learn that it exists."""
    if not may_read(actor, file):
        raise NotFound("没有这个文件，请从办件的材料里重新打开。", code="FILE_UNKNOWN")
