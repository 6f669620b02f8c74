"""The people of a story, each signed in over the API with a token of their own."""

import io
from datetime import datetime
from typing import Any

import pikepdf
import requests

API = "/api/v1"
TIMEOUT = 30


class Refused(RuntimeError):
    """The server refused something the runner itself needs (signing in, the clock, an upload)."""


class People:
    """Calls the API as one person or another. Signs in when first needed, and again when the moved clock ended a token."""

    def __init__(self, base_url: str, password: str) -> None:
        self.base_url = base_url.rstrip("/") + API
        self.password = password
        self.http = requests.Session()
        self.http.trust_env = False  # a story is never sent through a proxy
        self.tokens: dict[str, str] = {}

    def call(self, login: str, method: str, path: str, body: Any = None, files: Any = None) -> requests.Response:
        """One request as this person; signs in again once when the token is not taken any more."""
        for fresh in (login not in self.tokens, True):
            if fresh:
                self._sign_in(login)
            answer = self.http.request(
                method.upper(),
                self.base_url + path,
                json=body,
                files=files() if files else None,
                headers={"Authorization": f"Bearer {self.tokens[login]}"},
                timeout=TIMEOUT,
            )
            if answer.status_code != 401 or fresh:
                break
        return answer

    def upload(self, login: str, filename: str) -> int:
        """Upload a small PDF under this name; returns the file's number."""
        content = document(filename)
        answer = self.call(login, "post", "/files", files=lambda: {"file": (filename, content, "application/pdf")})
        return int(self._needed(answer, f"upload {filename}")["id"])

    def move_clock(self, login: str, to: datetime) -> None:
        """Move the server's virtual clock."""
        self._needed(self.call(login, "put", "/clock", {"now": to.isoformat()}), "move the clock")

    def clock(self, login: str) -> dict[str, Any]:
        """The server's time and legal date."""
        found: dict[str, Any] = self._needed(self.call(login, "get", "/clock"), "read the clock")
        return found

    def _sign_in(self, login: str) -> None:
        answer = self.http.post(
            self.base_url + "/tokens", json={"login": login, "password": self.password}, timeout=TIMEOUT
        )
        self.tokens[login] = str(self._needed(answer, f"sign in as {login}")["token"])

    @staticmethod
    def _needed(answer: requests.Response, what: str) -> Any:
        if not answer.ok:
            raise Refused(f"cannot {what}: {answer.status_code} {answer.text[:500]}")
        return answer.json()


def document(title: str) -> bytes:
    """A one-page PDF that says what it stands for."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = title
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()
