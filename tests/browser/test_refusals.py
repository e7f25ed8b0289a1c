"""What makes no sense is refused with a sentence that can be read: by a link, and in a group of components."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.i18n import strings
from tests.browser.chromium import until

pytestmark = pytest.mark.browser

type_of_opener = Callable[..., Page]

EPOCH = "Number(document.getElementById('epoch').textContent.replace(/[^\\d.]/g, ''))"
NO_LINKS = {  # and what is said of them, in both languages
    "v=1&hidden=4&regularizers=dropout&optimizer=lbfgs": ("switch Dropout off", "请改用 Adam 或 SGD"),
    "v=1&hidden=4&batch_norm=true&batch_size=1": ("Choose a larger batch", "请增大批大小"),
    "v=1&hidden=4&dataset=arms(classes=3)&loss=logistic": ("exactly 2 classes", "只支持 2 类"),
}


def go(page: Page, fragment: str) -> None:
    """As who pastes it into the address."""
    page.evaluate("(fragment) => { location.hash = fragment; }", fragment)


def told(page: Page) -> str:
    fault = page.get_by_role("alert").and_(page.locator(".toast"))
    expect(fault).to_have_count(1)
    return fault.inner_text()


# ---- links ----


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("link", NO_LINKS)
def test_a_link_that_makes_no_sense_is_refused_for_all_to_read(open_page: type_of_opener, link: str, lang: str) -> None:
    page = open_page(link, lang=lang)
    words = strings(lang)
    until(page, f"{EPOCH} > 3")  # states and frames have come since
    text = told(page)
    assert text.split("\n")[0] == words["link.refused"] and text.endswith(words["link.default"])
    assert NO_LINKS[link][lang == "zh"] in text
    until(page, "location.hash === '#v=1'")
    assert not page.locator(".column .error:visible").count()  # the controls show another experiment
    page.locator("#language").click()
    other = "en" if lang == "zh" else "zh"
    expect(page.locator(".toast")).to_contain_text(strings(other)["link.refused"])
    assert NO_LINKS[link][other == "zh"] in told(page)
    page.get_by_label(strings(other)["page.close"]).and_(page.locator(".toast button")).click()
    expect(page.locator(".toast")).to_have_count(0)


def test_who_goes_on_need_not_put_the_sentence_away(open_page: type_of_opener) -> None:
    page = open_page(next(iter(NO_LINKS)), still=True)
    told(page)
    page.get_by_label("Xor", exact=True).check(force=True)
    expect(page.locator(".toast")).to_have_count(0)


@pytest.mark.parametrize("link", NO_LINKS)
def test_pasting_it_leaves_the_run_alone(open_page: type_of_opener, link: str) -> None:
    page = open_page("v=1&dataset=xor&hidden=5&b.hidden=3")
    until(page, f"{EPOCH} > 20")
    page.keyboard.press("Space")
    expect(page.locator("body:not(.playing)")).to_be_visible()
    epoch = page.evaluate(EPOCH)
    for _ in range(2):  # nor does it matter how often
        go(page, link)
        until(page, "location.hash === '#v=1&dataset=xor&hidden=5&b.hidden=3'")
        text = told(page)
        assert NO_LINKS[link][0] in text and text.endswith(strings("en")["link.kept"])
    assert page.evaluate(EPOCH) == epoch
    expect(page.locator(".panel")).to_have_count(2)
    page.keyboard.press("Space")
    until(page, f"{EPOCH} > v[0]", epoch)
    go(page, "v=1&hidden=7")  # the next one is opened
    expect(page.locator(".panel")).to_have_count(1)
    expect(page.locator(".toast")).to_have_count(0)
    until(page, "location.hash === '#v=1&hidden=7'")
    until(page, f"{EPOCH} < v[0]", epoch)
    expect(page.locator("body.playing")).to_be_visible()


def test_of_several_panels_the_one_that_makes_no_sense_is_named(open_page: type_of_opener) -> None:
    page = open_page("v=1&hidden=4&regularizers=dropout&b.optimizer=lbfgs", still=True)
    assert "Panel B: " in told(page)


def test_a_link_in_the_question_is_refused_in_the_same_way(open_page: type_of_opener) -> None:
    page = open_page(path="?link=v%3D1%26optimizer%3Dlbfgs%26regularizers%3Ddropout&still", still=True)
    until(page, "location.hash === '#v=1'")
    assert "switch Dropout off" in told(page)


def test_a_link_that_is_too_long_to_be_read(open_page: type_of_opener) -> None:
    long = f"v=1&hidden=4&colour={'x' * 40_000}"
    page = open_page(long, still=True)
    assert told(page).endswith(strings("en")["link.default"])
    until(page, "location.hash === '#v=1'")
    page.get_by_label("Xor", exact=True).check(force=True)
    until(page, "location.hash === '#v=1&dataset=xor'")
    expect(page.locator(".toast")).to_have_count(0)
    go(page, long)
    until(page, "location.hash === '#v=1&dataset=xor'")
    assert told(page).endswith(strings("en")["link.kept"])
