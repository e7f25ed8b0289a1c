"""Switching units, weights and biases off and on in the page: what it shows is the engine's, it comes back, and whoever
cannot use a mouse can do it, too.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import until
from tests.browser.test_inside import choose, look, seen_at, session, weights
from tests.browser.test_page import at_epoch, picture

pytestmark = pytest.mark.browser

LINK = "v=1&hidden=4-tanh,3"
LOSS = ".panel .major td"


def loss(link: str, epochs: int, **switch: Any) -> str:
    """The test loss with something off, as the page writes it."""
    own = session(link, epochs, {"type": "switch", "panel": 0, "on": False, **switch})
    return f"{own.panels[0].trainer.evaluate().test_loss[0]:.3f}"


def changed(page: Page, before: str) -> None:
    until(page, "document.querySelector('.panel .boundary').toDataURL() !== v[0]", before)


def as_before(page: Page, before: str) -> None:
    until(page, "document.querySelector('.panel .boundary').toDataURL() === v[0]", before)


def test_a_unit_is_switched_off_and_on_by_key_and_button(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    at_epoch(page, 2)
    before, told = picture(page), page.locator(LOSS).first.inner_text()
    choose(page, 3)
    page.keyboard.press("z")
    unit = page.locator(".unit[data-unit='3']")
    expect(unit).to_have_class(re.compile(r"\boff\b"))
    expect(unit).to_have_attribute("aria-label", re.compile("switched off"))
    expect(page.locator(".inspector-state")).to_contain_text("Switched off")
    expect(page.locator(".panel .badge")).to_have_text("1 switched off")
    changed(page, before)
    without = loss(LINK, 2, units=[3])
    assert without != told, "the unit does nothing"
    expect(page.locator(LOSS).first).to_have_text(without)
    power = page.get_by_role("button", name="Layer 1, unit 2: switched off")
    expect(power).to_have_attribute("aria-pressed", "true")
    power.click()
    expect(power).to_have_attribute("aria-pressed", "false")
    as_before(page, before)
    expect(page.locator(LOSS).first).to_have_text(told)
    expect(page.locator(".panel .badge")).to_be_hidden()


def test_weights_and_biases_are_switched_one_by_one_undone_and_restored(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    seen_at(page, 2)
    before = picture(page)
    choose(page, 7)  # layer 2, unit 2
    numbers = weights(page)
    row = page.locator(".weights tr:visible")
    restore = page.locator(".graph-restore")
    expect(restore).to_be_hidden()
    row.nth(0).get_by_role("button", name="Bias: switched off").click()
    row.nth(3).get_by_role("button", name="Unit 3: switched off").click()
    expect(restore).to_contain_text("2 off")
    expect(row.nth(3)).to_have_class("silent")
    assert weights(page) == numbers, "what is off shows the value it comes back with"
    off = [[1, 1, None], [1, 1, 2]]
    expect(page.locator(LOSS).first).to_have_text(loss(LINK, 2, links=off))
    undo = page.get_by_role("button", name="Undo what was last typed or switched")
    undo.click()
    expect(restore).to_contain_text("1 off")
    expect(page.locator(LOSS).first).to_have_text(loss(LINK, 2, links=off[:1]))
    choose(page, 0)
    page.keyboard.press("z")
    expect(restore).to_contain_text("2 off")
    restore.click()
    expect(restore).to_be_hidden()
    as_before(page, before)
    undo.click()
    expect(restore).to_contain_text("2 off")
    expect(page.locator(LOSS).first).to_have_text(loss(LINK, 2, units=[0], links=off[:1]))
    for _ in range(2):
        undo.click()
    as_before(page, before)
    expect(undo).to_be_disabled()


def test_the_key_switches_the_weight_that_has_the_focus_and_the_link_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=1&features=x1", still=True)
    look(page)
    first, second = (page.locator(f".unit[data-unit='{unit}']").bounding_box() for unit in (0, 1))
    assert first and second
    x = (first["x"] + first["width"] + second["x"]) / 2
    y = (first["y"] + second["y"] + first["height"] / 2 + second["height"] / 2) / 2
    page.mouse.click(x, y)
    expect(page.locator(".weight:focus")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator(".weights tr.silent")).to_have_count(1)
    page.mouse.move(x + 1, y)
    expect(page.locator(".graph-tip")).to_contain_text("off")
    expect(page.locator(".unit.off")).to_have_count(0)
    page.keyboard.press("z")
    expect(page.locator(".weights tr.silent")).to_have_count(0)


def test_what_is_off_stays_off_in_training_until_a_new_start(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    choose(page, 4)
    page.keyboard.press("z")
    expect(page.locator(".unit.off")).to_have_count(1)
    at_epoch(page, 3)
    own = session(LINK, 0, {"type": "switch", "panel": 0, "on": False, "units": [4]}, *[{"type": "epoch"}] * 3)
    expect(page.locator(LOSS).first).to_have_text(f"{own.panels[0].trainer.evaluate().test_loss[0]:.3f}")
    expect(page.locator(".panel .badge")).to_have_text("1 switched off")
    page.locator("#charts").scroll_into_view_if_needed()
    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(page.locator(".flag-marks button").first).to_be_attached()
    page.keyboard.press("w")  # again from the beginning: with all of it
    expect(page.locator(".panel .badge")).to_be_hidden()
    expect(page.locator(".unit.off")).to_have_count(0)
