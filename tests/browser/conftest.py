"""A server of our own and a real Chromium. Every page a test opens fails the test if it speaks to another host, writes
an error or a warning to the console, or throws.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

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


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = find()
    assert path, "no Chromium: `make test` installs one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


type_of_opener = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[type_of_opener]:
    """Opens a page: ``open_page("v=1&…", lang="en", scheme="light", size=(1440, 900), still=False, path="")``."""
    contexts = []
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
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN" if lang == "zh" else "en-US",
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce" if still else "no-preference",
            has_touch=touch,
            accept_downloads=True,
        )
        contexts.append(context)
        if not first:
            context.add_init_script("try { localStorage.setItem('hints', 'seen'); } catch {}")
        page = context.new_page()
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
            expect(page.locator(".panel .boundary").first).to_be_visible()
            until(page, "document.querySelector('.panel .major td')?.textContent")
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not faults, faults
