"""Finds the pages of a running server by following links, so that a page that is built later is looked at by itself."""

from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from lxml import html
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from server.accounts import demo

EACH = 2
"""Addresses kept of one kind of page: two cases rarely look alike."""


@dataclass
class Found:
    """Pages one person can reach: endpoint → addresses, in the order in which links led there."""

    login: str
    pages: dict[str, list[str]] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    """Links that lead nowhere: address → HTTP status."""


class Wanderer:
    """Somebody signed in without a browser, who follows every link once."""

    def __init__(self, base_url: str, urls: Map, login: str = "") -> None:
        self.base_url, self.login = base_url, login
        self.urls = urls.bind(urlsplit(base_url).netloc)
        self.http = requests.Session()
        self.http.trust_env = False
        if login:
            token = self._document("/sign-in").xpath('string(//input[@name="csrf_token"]/@value)')
            sent = {"login": login, "password": demo.PASSWORD, "csrf_token": token}
            answer = self.http.post(f"{base_url}/sign-in", data=sent, timeout=30)
            assert answer.ok and "/sign-in" not in answer.url, f"{login} cannot sign in"

    def wander(self, start: str) -> Found:
        """Everything reachable from an address."""
        found = Found(self.login)
        ahead = [start]
        seen = set(ahead)
        while ahead:
            address = ahead.pop(0)
            endpoint = self._endpoint(address)
            if endpoint is None or len(found.pages.get(endpoint, ())) >= EACH:
                continue
            answer = self.http.get(self.base_url + address, timeout=30)
            if not answer.ok:
                found.broken[address] = answer.status_code
            if not answer.ok or not answer.headers["Content-Type"].startswith("text/html"):
                continue
            if answer.history:  # a redirect: its target is a page of its own
                ahead.append(self._inner(answer.url, answer.url) or "/")
                continue
            found.pages.setdefault(endpoint, []).append(address)
            for link in html.fromstring(answer.content).xpath("//a[@href][not(@download)]/@href"):
                inner = self._inner(answer.url, link)
                if inner and inner not in seen:
                    seen.add(inner)
                    ahead.append(inner)
        return found

    def _document(self, path: str) -> html.HtmlElement:
        return html.fromstring(self.http.get(self.base_url + path, timeout=30).content)

    def _inner(self, at: str, link: str) -> str | None:
        """The address within this server, None for one outside of it."""
        whole = urlsplit(urldefrag(urljoin(at, link)).url)
        if f"{whole.scheme}://{whole.netloc}" != self.base_url:
            return None
        return whole.path + (f"?{whole.query}" if whole.query else "")

    def _endpoint(self, address: str) -> str | None:
        """What draws this address; None where nobody answers a GET there."""
        try:
            endpoint, _ = self.urls.match(urlsplit(address).path, method="GET")
        except HTTPException:
            return None
        return str(endpoint)
