"""Accessibility by axe, in both themes and languages, of every page."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.chromium import until
from tests.browser.test_page import EPOCH, at_epoch

pytestmark = pytest.mark.browser


def test_skipping_to_the_panels_keeps_the_run(open_page) -> None:
    page = open_page("v=1&hidden=4&samples=100", still=True)
    at_epoch(page, 2)
    address = page.url
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    assert page.url == address
    page.keyboard.press("e")  # it would be epoch 1 of another run
    until(page, f"{EPOCH} === 3")


@pytest.mark.parametrize("path", ["", "lessons", "reference", "protocol"])
@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (390, 844))])
def test_axe_finds_nothing_serious(open_page, path: str, scheme: str, lang: str, size: tuple[int, int]) -> None:
    page = open_page("" if path else "v=1&b.hidden=3", path=path, scheme=scheme, lang=lang, size=size, still=True)
    if not path:
        page.locator("#charts").scroll_into_view_if_needed()
        expect(page.locator("#charts .plot .main-svg").first).to_be_attached()
    found = Axe().run(page).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert not serious, [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in serious]
