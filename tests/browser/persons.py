"""Somebody at a browser of their own: signs in through the page, and hears every complaint of the console."""

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

from server.accounts import demo
from server.config import ROOT

DESKTOP, PHONE = (1440, 900), (390, 844)
PICTURES = ROOT / "docs" / "images"
SETTLED = """() => document.fonts.status === 'loaded'
  && [...document.querySelectorAll('.gb-canvas[data-bpmn]:not([data-drawn])')].every((one) => !one.checkVisibility())
  && !document.querySelector('[data-editor]:not([data-ready])')"""


class Person:
    """A browser window. ``login`` '' is somebody who does not sign in."""

    def __init__(self, browser: Browser, address: str, login: str = "", **options: Any) -> None:
        self.address = address
        width, height = options.pop("size", DESKTOP)
        self.context = browser.new_context(
            base_url=address,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            viewport={"width": width, "height": height},
            **options,
        )
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        if login:
            self.sign_in(login)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{self.page.url}: {message.text}")

    def sign_in(self, login: str) -> None:
        """Through the page, with the password of the demo accounts."""
        self.go("/sign-in")
        self.page.get_by_label("用户名").fill(login)
        self.page.get_by_label("密码").fill(demo.PASSWORD)
        self.page.get_by_role("button", name="登录", exact=True).click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def go(self, path: str) -> Page:
        """Open an address and wait until its letters, diagrams and the editor are there."""
        self.page.goto(path)
        self.page.wait_for_function(SETTLED)
        return self.page

    def forgive(self, words: str) -> None:
        """Drop complaints that a test asked for, as the browser's note of a refused form."""
        self.complaints = [one for one in self.complaints if words not in one]

    def leave(self) -> None:
        """Close the window. Fails when the console complained."""
        self.context.close()
        if self.complaints:
            raise AssertionError("the console complained:\n" + "\n".join(self.complaints))


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture of the page for the documentation; only when asked for, so that a test run changes no file."""
    if os.environ.get("GCB_PICTURES") == "1":
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=whole, animations="disabled")
