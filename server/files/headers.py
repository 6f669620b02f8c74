"""The headers under which a stored file may leave: its true type, never sniffed, never run."""

from urllib.parse import quote

from server.files.kinds import JPEG, PDF, PNG
from server.files.models import StoredFile

_SHOWABLE = frozenset({PDF, JPEG, PNG})


def for_download(file: StoredFile, inline: bool = False) -> dict[str, str]:
    """Headers of a download; ``inline`` shows PDF and pictures in the browser, inside this site only."""
    shown = inline and file.media_type in _SHOWABLE
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in file.name)
    # Chromium's PDF viewer does not work inside a sandbox; a PDF with scripts was refused at the door.
    policy = "default-src 'none'; frame-ancestors 'self'" + ("" if file.media_type == PDF else "; sandbox")
    return {
        "Content-Type": file.media_type,
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
        "ETag": f'"{file.sha256}"',
    }
