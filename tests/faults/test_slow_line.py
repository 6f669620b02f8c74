"""People on slow lines stop nobody: their bodies are waited for outside the one turn of work."""

import socket
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests

from server.scenarios import own_server

BEGUN = (
    b"POST /api/v1/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer made-up\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)


def test_stalled_uploads_stop_neither_readers_nor_writers(tmp_path: Path) -> None:
    server = own_server.start(tmp_path, datetime(2026, 3, 2, 1, tzinfo=UTC))
    address = urlsplit(server.base_url)
    try:
        with ExitStack() as stack:
            for route in (b"files", b"tokens", b"projects", b"applications", b"clock"):
                line = stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0), 10))
                line.sendall(BEGUN % route)
            assert requests.get(f"{server.base_url}/sign-in", timeout=10).ok
            signed = requests.post(
                f"{server.base_url}/api/v1/tokens", json={"login": "nobody", "password": "wrong"}, timeout=10
            )
            assert signed.status_code == 403
    finally:
        server.stop()
