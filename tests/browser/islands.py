"""The studio's editors alone: a page with the marks that the scripts read, a draft in memory, and the real built scripts.

Nothing but the script is under test here, so the page, the draft and the lint are the test's own. The content security
policy is the one the server sends.
"""

import html
import json
import mimetypes
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, expect

from server.web import security
from server.web.assets import STATIC, manifest

HOST = "http://studio.test"
FIGURES = (
    "review correction stop consult paper record hand lasso space connect user service rule exclusive parallel inclusive "
    "event-gateway start end catch throw sub call lane annotation"
).split()
TOGGLES = {"hand", "lasso", "space", "connect"}
NOTHING_FOUND = '<div class="gb-finds-answer"><p class="gb-finds-count">没有问题</p></div>'


def policy() -> str:
    """What the server sends with the pages of editors (their FEEL fields make style elements)."""
    named = {**security._POLICY, "style-src": "'self' 'unsafe-inline'"}
    return "; ".join(f"{name} {value}" for name, value in named.items())


class Island:
    """One open editor. `kept` are the drafts that arrived, oldest first; `lint` answers the list of findings."""

    def __init__(
        self, browser: Browser, kind: str, data: bytes, *, scheme: str = "light", opens: bool = True, **marks: Any
    ) -> None:
        self.kind, self.data = kind, data
        self.name = {"model": "x.bpmn", "decision": "x.dmn", "form": "x.form"}[kind]
        self.marks = marks
        self.kept: list[bytes] = []
        self.matched: list[str | None] = []
        self.previews: list[tuple[str, bytes]] = []
        self.left: list[bytes] = []
        self.refuse: tuple[int, dict[str, str]] | None = None
        self.offline = False
        self.lint: Callable[[bytes], str] = lambda _data: NOTHING_FOUND
        self.complaints: list[str] = []
        self.context = browser.new_context(
            base_url=HOST,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": 1440, "height": 900},
        )
        self.context.route("**/*", self._answer)
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if opens:
            self.open()

    def open(self) -> None:
        """Open the page (again) and wait for the editor."""
        self.page.goto("/")
        expect(self.page.locator("[data-editor][data-ready]")).to_be_attached(timeout=20_000)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def close(self) -> None:
        self.context.close()
        if self.complaints:
            raise AssertionError("the console complained:\n" + "\n".join(self.complaints))

    def tool(self, name: str) -> None:
        """A figure or template of the palette from the keyboard: it comes into the middle of what is seen."""
        self.page.locator(f'[data-tool="{name}"]').focus()
        self.page.keyboard.press("Enter")

    def act(self, name: str) -> None:
        self.page.locator(f'[data-act="{name}"]').click()

    def next_draft(self, act: Callable[[], object]) -> bytes:
        """What the editor sends as the draft after an act."""
        with self.page.expect_response(lambda answer: answer.url == f"{HOST}/draft" and answer.request.method == "PUT"):
            act()
        return self.kept[-1]

    def _answer(self, route: Route, request: Request) -> None:
        path = request.url.removeprefix(HOST)
        if path == "/":
            route.fulfill(
                body=self._page(),
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": policy()},
            )
        elif path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/").split("?")[0]
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=kind)
        elif path == "/draft":
            self._draft(route, request)
        elif path == "/lint":
            route.fulfill(body=self.lint(request.post_data_buffer or b""), content_type="text/html; charset=utf-8")
        elif path == "/preview":
            self.previews.append((request.headers.get("content-type", ""), request.post_data_buffer or b""))
            route.fulfill(body="<p>画好了</p>", content_type="text/html; charset=utf-8")
        elif path == "/save":
            self.left.append(request.post_data_buffer or b"")
            route.fulfill(body="<!doctype html><title>saved</title>", content_type="text/html")
        else:
            route.fulfill(status=404)

    def _draft(self, route: Route, request: Request) -> None:
        if request.method == "GET":
            route.fulfill(
                body=self.kept[-1] if self.kept else self.data,
                content_type="application/octet-stream",
                headers={"ETag": f'"{len(self.kept)}"'} | ({"X-Draft": "1"} if self.kept else {}),
            )
            return
        if self.offline:
            route.abort()
            return
        if self.refuse:
            route.fulfill(
                status=self.refuse[0], body=json.dumps(self.refuse[1]), content_type="application/problem+json"
            )
            return
        self.matched.append(request.headers.get("if-match"))
        self.kept.append(request.post_data_buffer or b"")
        route.fulfill(status=204, headers={"X-Kept-At": "10:12", "ETag": f'"{len(self.kept)}"'})

    def _page(self) -> str:
        files = manifest().files
        marks = "".join(
            f' data-{name.replace("_", "-")}="{html.escape(value if isinstance(value, str) else json.dumps(value))}"'
            for name, value in self.marks.items()
        )
        tools = "".join(
            f'<li><button type="button" data-tool="{name}"{" aria-pressed=false" if name in TOGGLES else ""}>图元</button></li>'
            for name in FIGURES
        )
        fields = {"model": f"<ul>{tools}</ul>", "form": "<div data-fields></div>", "decision": ""}[self.kind]
        palette = f'<div class="gb-palette" role="group" aria-label="图元">{fields}</div>' if fields else ""
        props = '<section class="gb-props" data-props aria-label="属性"></section>' if fields else ""
        return f"""<!doctype html><html lang="zh-CN" data-density="compact"><head><title>编辑</title>
<link rel="stylesheet" href="/static/{files["app.css"]}"><link rel="stylesheet" href="/static/{files[self.kind + ".css"]}">
<script type="module" src="/static/{files["app.js"]}"></script>
<script type="module" src="/static/{files[self.kind + ".js"]}"></script></head><body><main class="gb-page" data-wide data-studio>
<div class="gb-acts"><button class="btn gb-plain" type="button" data-act="undo">撤销</button>
<button class="btn gb-plain" type="button" data-act="redo">重做</button>
<button class="btn gb-second" type="button" data-act="rule">加一条规则</button>
<form method="post" action="/save" data-keep><button class="btn gb-primary" name="then" value="stay">存进变更</button></form>
<span data-kept hidden><span data-kept-words></span></span></div>
<p data-restored hidden>已经接着打开</p>
<div class="gb-studio{" gb-one" if not fields else ""}" data-editor="{self.kind}" data-file="{self.name}" data-draft="/draft"
 data-lint="/lint" data-token="t" data-preview-address="/preview"{marks}>{palette}
<div class="gb-board"><div class="gb-bar"><span data-summary role="status">正在打开…</span><nav data-views aria-label="表"></nav>
<label><input type="checkbox" data-switch="walked">没走过的路</label><label><input type="checkbox" data-switch="changed">改了的</label>
<button class="btn" data-act="fit">全图</button><button class="btn" data-act="out">小</button><span data-zoom></span>
<button class="btn" data-act="in">大</button></div><div class="gb-canvas" data-canvas></div></div>{props}
<section class="gb-under" aria-label="检查结果" data-findings></section></div><div data-preview></div></main></body></html>"""
