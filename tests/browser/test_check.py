"""The gradient check on the page: the figures are the engine's, and it is done when someone asks, not before."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engine.gradient_check import affordable, check
from tests.browser.chromium import until
from tests.browser.test_inside import choose, session
from tests.browser.test_page import at_epoch

pytestmark = pytest.mark.browser


def number(text: str) -> float:
    """A number as the table writes it, whatever mark stands behind it."""
    return float(text.split()[0].replace("−", "-"))


@pytest.mark.parametrize("kind", ["&hidden=5-tanh,4", "&hidden=64-tanh,64-sigmoid", "&hidden=3-maxout&batch_norm=true"])
def test_the_figures_are_the_engines(kind: str, open_page: Callable[..., Page]) -> None:
    link = f"v=1&samples=100{kind}"
    page = open_page(link, still=True)
    page.get_by_role("switch", name="Look inside").check()
    page.get_by_role("tab", name="Gradient check").click()
    at_epoch(page, 2)
    expect(page.locator(".check-verdict")).to_be_hidden()
    page.get_by_role("button", name="Check now").click()
    expect(page.locator(".check-status")).to_have_text("At epoch 2")
    trainer = session(link, 2).panels[0].trainer
    sample, points = affordable(trainer)
    found = check(trainer, sample=sample, points=points, rng=np.random.default_rng(trainer.steps))
    rows = page.locator(".check-table tbody tr")
    assert rows.count() == len(found.spans)
    for layer, span in enumerate(found.spans):
        error, checked, worst, analytic, numerical = rows.nth(layer).locator("td").all_inner_texts()
        assert number(error) == pytest.approx(found.layer_errors[0, layer], rel=0.06) and error.strip()[-1] == "✓"
        total = trainer.network.spans[layer].stop - trainer.network.spans[layer].start
        assert checked == f"{span.stop - span.start} of {total}"
        place = int(found.worst_in(span)[0])
        assert number(analytic) == pytest.approx(found.analytic[0, place], rel=1e-6)
        assert number(numerical) == pytest.approx(found.numerical[0, place], rel=1e-6)
        parameter = found.parameters[place]
        word = {"weights": "weight", "gamma": "γ", "beta": "β"}.get(parameter.block, parameter.block)
        assert worst.startswith(word)
    expect(page.locator(".check-verdict")).to_contain_text("The gradients agree")
    notes = page.locator(".check-view").inner_text()
    large = sample < max(span.stop - span.start for span in trainer.network.spans)
    assert ("drawn at random" in notes) == large
    assert ("over all" in notes) == (found.points == trainer.n_train)


def test_what_is_off_is_not_checked(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=2-tanh,2-tanh", still=True)
    page.get_by_role("switch", name="Look inside").check()
    at_epoch(page, 1)
    for unit in (2, 3):
        choose(page, unit)
        page.keyboard.press("z")
        expect(page.locator(f".unit[data-unit='{unit}']")).to_have_class(re.compile(r"\boff\b"))
    page.get_by_role("tab", name="Gradient check").click()
    page.get_by_role("button", name="Check now").click()
    expect(page.locator(".check-verdict")).to_contain_text("The gradients agree")
    first = page.locator(".check-table tbody tr").first.locator("td").all_inner_texts()
    assert [text.strip() for text in first] == ["–", "0 of 6", "all of it is switched off", "–", "–"]
    expect(page.locator(".check-view")).to_contain_text("What is switched off is not checked")
    expect(page.locator(".check-view")).not_to_contain_text("drawn at random")


def test_the_same_answer_is_an_answer(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=3-tanh&samples=100", still=True)
    page.get_by_role("switch", name="Look inside").check()
    page.get_by_role("tab", name="Gradient check").click()
    for _ in range(2):
        page.get_by_role("button", name="Check now").click()
        expect(page.locator(".check-status")).to_have_text("At epoch 0", timeout=15_000)


def test_another_run_has_not_been_checked(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=3-tanh", still=True)
    page.get_by_role("switch", name="Look inside").check()
    page.get_by_role("tab", name="Gradient check").click()
    page.get_by_role("button", name="Check now").click()
    expect(page.locator(".check-verdict")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(".check-verdict")).to_be_hidden()
    page.get_by_role("button", name="Check now").click()
    expect(page.locator(".check-verdict")).to_be_visible()


def test_a_network_without_gradient_has_nothing_to_check(open_page: Callable[..., Page]) -> None:
    """All points far beyond the margin: nothing is passed back, and nobody calls that a success."""
    page = open_page("v=1&hidden=3&initializer=zeros&loss=squared_error&dataset=plane", still=True)
    page.get_by_role("switch", name="Look inside").check()
    page.get_by_role("tab", name="Gradient check").click()
    page.get_by_role("button", name="Check now").click()
    until(page, "document.querySelectorAll('.check-table tbody tr').length === 2")
    assert page.locator(".check-table tbody tr").nth(0).locator("td").nth(0).inner_text().startswith("0 –")
