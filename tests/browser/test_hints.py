"""The first visit: three short hints beside a network that learns, and never again."""

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import until


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ("learning right now", "Next", "Got it")), ("zh", ("正在学习", "下一条", "知道了"))]
)
def test_hints_are_read_and_never_return(open_page, lang: str, words: tuple[str, str, str]) -> None:
    page = open_page(lang=lang, first=True)
    card = page.locator(".hints")
    expect(card).to_contain_text(words[0])
    expect(card).to_contain_text("1 / 3")
    for _ in range(2):
        card.get_by_role("button", name=words[1]).click()
    card.get_by_role("button", name=words[2]).press("Enter")
    expect(card).to_have_count(0)
    page.reload()
    until(page, "document.querySelector('.panel .major td')?.textContent")
    expect(card).to_have_count(0)


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)])
def test_hints_can_be_skipped_and_cover_neither_picture_nor_transport(open_page, size: tuple[int, int]) -> None:
    page = open_page(first=True, size=size)
    card = page.locator(".hints").bounding_box()
    assert card is not None
    for what in (".panel .boundary", ".transport"):
        box = page.locator(what).first.bounding_box()
        assert box is not None
        apart = (
            card["x"] >= box["x"] + box["width"]
            or box["x"] >= card["x"] + card["width"]
            or card["y"] >= box["y"] + box["height"]
            or box["y"] >= card["y"] + card["height"]
        )
        assert apart, what
    page.get_by_role("button", name="Skip the hints").click()
    expect(page.locator(".hints")).to_have_count(0)


def test_who_comes_with_a_link_is_left_alone(open_page) -> None:
    page = open_page("v=1&dataset=xor", first=True)
    expect(page.locator(".hints")).to_have_count(0)
