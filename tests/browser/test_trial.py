"""What people stumbled over who tried the page for the first time: each stays mended."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import until
from tests.browser.test_tf_page import THEIRS

pytestmark = pytest.mark.browser


def opened(page: Page) -> None:
    until(page, "document.querySelector('.panel .major td')?.textContent")


def test_switches_survive_a_reload(open_page) -> None:
    page = open_page(f"{THEIRS}&discretize=true&showTestData=false", still=True)
    expect(page.locator("#discretize")).to_be_checked()
    until(page, "location.search === '?show=discretize,-test_data'")
    page.keyboard.press("c")
    page.reload()
    opened(page)
    expect(page.locator("#test-data")).not_to_be_checked()
    expect(page.locator("#discretize")).not_to_be_checked()
    page.keyboard.press("t")
    until(page, "location.search === ''")
    assert page.evaluate("location.hash").startswith("#v=1&")
