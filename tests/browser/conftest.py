"""A real Chromium in front of the portal's own web server and worker."""

from __future__ import annotations

import os
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from accounts.models import User
from changzhi_eco.embedded.servers import free_port
from tests import live

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
SHOTS = settings.BASE_DIR / "var" / "screenshots"
PASSWORD = "Zhuozhang-River-2025"

# Playwright's loop runs in this thread, in which the tests also ask the database; nothing runs beside them.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CHROMIUM is None:
        terminalreporter.write_line("NO CHROMIUM FOUND: THE BROWSER TESTS WERE SKIPPED.", red=True, bold=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def portal(db: None, browser: Browser, tmp_path: Path) -> Iterator[Portal]:
    """The portal on the test database, with a worker, until the test ends."""
    port = free_port()
    with ExitStack() as programs:
        for program in (live.web(tmp_path, port), live.worker(tmp_path)):
            program.start()
            programs.callback(program.stop)
        found = Portal(browser, f"http://127.0.0.1:{port}")
        live.wait_until(found.answers)
        yield found
        found.close()
    assert found.complaints == []


class Portal:
    """The running portal and the people looking at it, each in a browser context of their own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        #: What any page wrote to the console: blocked scripts and styles, failed loads, errors.
        self.complaints: list[str] = []
        self._pages: list[Page] = []

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/static/portal.css"):  # noqa: S310 - the portal under test
                return True
        except OSError:
            return False

    def visit(self, path: str = "/") -> Page:
        """A fresh visitor's page."""
        page = self.browser.new_context(viewport={"width": 1366, "height": 900}).new_page()
        page.on("console", self._listen)
        self._pages.append(page)
        page.goto(self.url + path)
        return page

    def sign_in(self, person: User) -> Page:
        """The person's page after signing in through the form."""
        person.password = PBKDF2PasswordHasher().encode(PASSWORD, salt="battery", iterations=1000)
        person.save(update_fields=["password"])
        page = self.visit()
        page.get_by_label("用户名").fill(person.username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        return page

    def close(self) -> None:
        for page in self._pages:
            page.context.close()

    def _listen(self, message: ConsoleMessage) -> None:
        # A refused form is answered 422 and a conflict 409, which the console reports as failed loads.
        expected = any(f"status of {status}" in message.text for status in (404, 409, 422))
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(message.text)


def shoot(page: Page, name: str) -> None:
    """Keep what a person sees, for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
