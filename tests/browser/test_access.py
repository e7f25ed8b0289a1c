"""Accessibility by axe, in both themes and languages, of every page."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


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
