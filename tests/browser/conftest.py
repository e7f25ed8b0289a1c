"""A server of our own and a real Chromium. Every page a test opens fails the test if it speaks to another host, writes
an error or a warning to the console, or throws.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserType, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, find, until

# Nothing here is about speed, and the machines that run this can be busy.
expect.set_options(timeout=30_000)


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Address of a running server of one's own."""
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "app", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().split()[-1]
            server.terminate()
            assert server.wait(timeout=20) in (0, -15), "the server did not end in peace"
        finally:
            server.kill()  # or a test that has failed would wait for it for ever


@pytest.fixture(scope="package")
def url() -> Iterator[str]:
    """Address of a running server."""
    with serving() as address:
        yield address


class Visitor:
    """Somebody whose browser has a folder of its own, as people have: only then does Chromium keep scripts compiled,
    and compiling Plotly takes a second. What our pages themselves keep is forgotten with every test, so each is a first
    visit to them; and so are permissions.
    """

    def __init__(self, chromium: BrowserType, folder: Path, lang: str, touch: bool) -> None:
        path = find()
        assert path, "no Chromium: `make test` installs one"
        self.profile = chromium.launch_persistent_context(
            folder,
            executable_path=path,
            args=ARGUMENTS,
            locale="zh-CN" if lang == "zh" else "en-US",
            has_touch=touch,
        )
        self.idle = self.profile.pages[0]  # stays open: what is kept can be cleared from a page only
        self.line = self.profile.new_cdp_session(self.idle)
        self.origins: set[str] = set()

    def open(self, origin: str, size: tuple[int, int], scheme: str, still: bool) -> Page:
        self.origins.add(origin)
        page = self.profile.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce" if still else "no-preference",
        )
        return page

    def forget(self) -> None:
        for page in self.profile.pages:
            if page is not self.idle:
                page.close()
        for origin in self.origins:
            self.line.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage"})
        self.origins.clear()
        self.profile.clear_permissions()


type_of_visitors = Callable[[str, bool], Visitor]


@pytest.fixture(scope="package")
def visitors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type_of_visitors]:
    """``visitors("en", False)`` reads English and has no touch screen. Each comes when first asked for."""
    with sync_playwright() as playwright:
        came: dict[tuple[str, bool], Visitor] = {}

        def come(lang: str, touch: bool) -> Visitor:
            who = (lang, touch)
            if who not in came:
                came[who] = Visitor(playwright.chromium, tmp_path_factory.mktemp("profile"), *who)
            return came[who]

        yield come
        for visitor in came.values():
            visitor.profile.close()


@pytest.fixture(scope="package")
def browser(visitors: type_of_visitors) -> Browser:
    """For contexts that share nothing with other tests."""
    browser = visitors("en", False).profile.browser
    assert browser
    return browser


type_of_opener = Callable[..., Page]


@pytest.fixture
def open_page(visitors: type_of_visitors, url: str) -> Iterator[type_of_opener]:
    """Opens a page: ``open_page("v=1&…", lang="en", scheme="light", size=(1440, 900), still=False, path="")``."""
    opened: list[Visitor] = []
    faults: list[str] = []
    host = urlsplit(url).netloc

    def opener(
        link: str = "",
        *,
        lang: str = "en",
        scheme: str = "light",
        size: tuple[int, int] = (1440, 900),
        still: bool = False,
        path: str = "",
        base: str = "",
        touch: bool = False,
        first: bool = False,
    ) -> Page:
        visitor = visitors(lang, touch)
        page = visitor.open(base or url, size, scheme, still)
        opened.append(visitor)
        if not first:
            page.add_init_script("try { localStorage.setItem('hints', 'seen'); } catch {}")
        page.set_default_timeout(45_000)
        known = urlsplit(base).netloc or host

        def asked(address: str) -> None:
            parts = urlsplit(address)
            if parts.scheme not in ("data", "blob") and parts.netloc != known:
                faults.append(f"external request: {address}")

        page.on("request", lambda request: asked(request.url))
        page.on("websocket", lambda socket: asked(socket.url))
        page.on("pageerror", lambda error: faults.append(f"exception: {error}"))

        def said(message: ConsoleMessage) -> None:
            # Chromium itself reports every refused request; a file refused with a reason is no fault of the page.
            refused = message.text.startswith("Failed to load resource") and "status of 422" in message.text
            if message.type in ("error", "warning") and not refused:
                faults.append(f"{message.type}: {message.text}")

        page.on("console", said)
        page.goto(f"{base or url}{path}{'#' if link else ''}{link}")
        if not path:
            # (An expectation of Playwright's that does not hold at once writes down what the whole page looks like.)
            until(page, "document.querySelector('.panel .boundary')?.checkVisibility()")
            until(page, "document.querySelector('.panel .major td')?.textContent")
        return page

    yield opener
    for visitor in opened:
        visitor.forget()
    assert not faults, faults
