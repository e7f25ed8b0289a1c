"""What makes no sense is refused with a sentence that can be read: by a link, and in a group of components."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

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


KEPT_LINES = """window.lines = [];
window.WebSocket = class extends WebSocket { constructor(...all) { super(...all); lines.push(this); } };"""


@pytest.mark.parametrize(("link", "panels"), [(next(iter(NO_LINKS)), 2), ("v=1&hidden=7", 1)])
def test_a_link_that_came_while_there_was_no_line(browser: Browser, url: str, link: str, panels: int) -> None:
    page = browser.new_page(reduced_motion="reduce", locale="en-US")
    page.add_init_script(KEPT_LINES)
    page.goto(f"{url}#v=1&hidden=5&b.hidden=3")
    until(page, "document.querySelector('.panel .major td')?.textContent")
    page.get_by_role("button", name="One epoch").click()
    until(page, f"{EPOCH} === 1 && !document.querySelector('.past-bar [title*=\"[\"]').disabled")  # and it is kept
    page.evaluate("lines.at(-1).close()")
    expect(page.locator("body.offline")).to_be_attached()
    go(page, link)
    expect(page.locator(".panel")).to_have_count(panels)
    expect(page.locator("body:not(.offline)")).to_be_attached()
    if panels == 2:
        assert told(page).endswith(strings("en")["link.kept"])
        assert page.evaluate(EPOCH) == 1
        until(page, "location.hash === '#v=1&hidden=5&b.hidden=3'")
    else:
        until(page, f"{EPOCH} === 0 && location.hash === '#v=1&hidden=7'")
    page.close()


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


# ---- groups of components ----

NINE = "v=1&regularizers=l2,l1,elastic_net,max_norm,dropout,drop_connect,input_noise,augmentation,early_stopping"
FRAMED = """((fault) => [...document.querySelectorAll('.column :is(.number-field, select, .chip, .thumbnail-choice)')]
    .filter((one) => getComputedStyle(one).boxShadow.includes(fault))
    )(getComputedStyle(document.querySelector('.error')).color)"""


def control(page: Page, name: str) -> Locator:
    return page.locator(f".column .control[data-name={name}]")


def press(group: Locator, label: str) -> Locator:
    """As a hand does it. The chip's box to tick."""
    group.locator(".chip").get_by_text(label, exact=True).click()
    return group.get_by_role("checkbox", name=label, exact=True)


def settle(page: Page) -> None:
    """Opens what is folded."""
    page.evaluate("document.querySelectorAll('.column details').forEach((fold) => { fold.open = true; })")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_a_chip_pressed_in_vain_is_marked_and_says_why(
    open_page: type_of_opener, lang: str, size: tuple[int, int]
) -> None:
    page = open_page(NINE, still=True, lang=lang, size=size)
    if size[0] < 500:
        page.locator("[data-sheet=settings]").click()
    settle(page)
    group = control(page, "regularizers")
    expect(group.locator(".chosen-part")).to_have_count(9)
    chip = press(group, "Plain dropout" if lang == "en" else "普通随机失活")
    error = group.get_by_role("alert").filter(visible=True)
    expect(error).to_contain_text("Choose one" if lang == "en" else "请只选一个")
    expect(error).to_be_in_viewport(ratio=1)
    expect(chip.locator("..")).to_be_in_viewport(ratio=1)
    expect(chip).not_to_be_checked()
    assert chip.get_attribute("aria-describedby") == error.get_attribute("id")
    assert page.evaluate(f"{FRAMED}.map((one) => one.textContent)") == [chip.locator("..").inner_text()]
    assert error.evaluate("(error) => error.previousElementSibling.className") == "chips"
    press(group, "L1")  # off: something has been taken
    expect(group.locator(".chosen-part")).to_have_count(8)
    expect(error).to_have_count(0)
    assert not chip.get_attribute("aria-describedby")
    assert not page.evaluate(f"{FRAMED}.length")


def test_a_choice_made_in_vain_is_marked_and_nothing_inside_of_it(open_page: type_of_opener) -> None:
    page = open_page("v=1&optimizer=adam&regularizers=dropout&loss=logistic", still=True)
    settle(page)
    select = control(page, "optimizer").locator("select")
    select.select_option(label="L-BFGS")
    error = control(page, "optimizer").get_by_role("alert").filter(visible=True)
    expect(error).to_contain_text("Dropout")
    assert page.evaluate(f"{FRAMED}.map((one) => one.value)") == ["adam"]
    assert (error.get_attribute("id") or "-") in (select.get_attribute("aria-describedby") or "").split()
    assert error.evaluate("(error) => error.previousElementSibling.tagName") == "SELECT"
    # Thumbnails are the same.
    page.get_by_role("radio", name="Spiral arms", exact=True).click(force=True)
    error = control(page, "dataset").get_by_role("alert").filter(visible=True)
    expect(error).to_contain_text("exactly 2 classes")
    assert page.evaluate(f"{FRAMED}.map((one) => one.title ?? '').filter(Boolean)") == ["Spiral arms"]
    assert page.get_by_role("radio", name="Spiral arms", exact=True).get_attribute(
        "aria-describedby"
    ) == error.get_attribute("id")


def test_what_was_wrong_in_one_part_does_not_hold_up_the_others(open_page: type_of_opener) -> None:
    page = open_page("v=1&regularizers=l2&hidden=4,5&optimizer=adam", still=True)
    settle(page)
    group = control(page, "regularizers")
    number = group.locator("input.number").first
    number.fill("9999")
    number.press("Enter")
    expect(group.get_by_role("alert").filter(visible=True)).to_contain_text("9999")
    expect(number).to_have_value("9999")  # to be corrected
    assert page.evaluate(f"{FRAMED}.length") == 1
    press(group, "L1")
    until(page, "location.hash.includes('regularizers=l2,l1')")
    expect(number).to_have_value("0.01")
    expect(group.get_by_role("alert").filter(visible=True)).to_have_count(0)
    layers = control(page, "hidden").locator(".layer")
    for layer, width in ((layers.nth(0), "999"), (layers.nth(1), "6")):
        layer.locator("input.number").first.fill(width)
        layer.locator("input.number").first.press("Enter")
        if width == "999":
            expect(layer.get_by_role("alert").filter(visible=True)).to_contain_text("999")
            number, select = (
                layer.locator(".number-row").first.bounding_box(),
                layer.locator("select").first.bounding_box(),
            )
            assert number and select and number["y"] == select["y"], "the sentence stands below both"
    until(page, "location.hash.includes('hidden=4,6')")
    numbers = control(page, "optimizer").locator("input.number")
    numbers.nth(0).fill("99")
    numbers.nth(0).press("Enter")
    expect(control(page, "optimizer").get_by_role("alert").filter(visible=True)).to_contain_text("99")
    numbers.nth(1).fill("0.5")
    numbers.nth(1).press("Enter")
    until(page, "location.hash.includes('optimizer=adam(beta2=0.5)')")
