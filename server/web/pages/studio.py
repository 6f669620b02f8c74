"""The designer's desk: change sets on their way into force, the editors, the check, and what is in force."""

from server.web.access import Access
from server.web.pages import (
    studio_changes,
    studio_check,
    studio_editing,
    studio_frame,
    studio_library,
    studio_matters,
)

blueprint = studio_frame.blueprint
ACCESS: dict[str, Access] = {
    **studio_changes.ACCESS,
    **studio_editing.ACCESS,
    **studio_matters.ACCESS,
    **studio_check.ACCESS,
    **studio_library.ACCESS,
}
