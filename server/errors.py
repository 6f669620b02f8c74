"""The four ways an act can be refused, each with a sentence a citizen can read.

They are raised anywhere below the edges and mapped to HTTP once, in ``server.web.edge``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class DomainError(Exception):
    """An act is refused. ``message`` is Chinese and names the reason and the way out.

    ``code`` is a short stable identifier (``PHASE_ORDER``) for programs; ``fields`` maps a field's key to sentences
    about that field; ``extra`` holds further plain data for the answer (for instance lint findings).
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "请求没有被接受"
    default_code: ClassVar[str] = "REFUSED"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, Sequence[str]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.fields: dict[str, list[str]] = {key: list(value) for key, value in (fields or {}).items()}
        self.extra: dict[str, Any] = dict(extra or {})


class NotFound(DomainError):
    """The thing asked for does not exist, or the asker may not know that it does."""

    status = 404
    title = "没有找到"
    default_code = "NOT_FOUND"


class Forbidden(DomainError):
    """The actor may not do this; the sentence says who may."""

    status = 403
    title = "不能办理"
    default_code = "FORBIDDEN"


class Conflict(DomainError):
    """The state has moved on, or the act is not possible in this state."""

    status = 409
    title = "情况已经变了"
    default_code = "CONFLICT"


class Invalid(DomainError):
    """What was sent is wrong; ``fields`` says where and how to mend it."""

    status = 422
    title = "填写的内容有问题"
    default_code = "INVALID"
