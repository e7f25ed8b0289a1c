"""Several seeds of each panel: the numbers, pictures and strips of the page are those of all seeds together, and one
seed can be chosen to be looked into.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engine import seeds
from engine.inside import inside
from tests.browser.chromium import until
from tests.browser.test_inside import close, session, weights
from tests.browser.test_page import EPOCH, at_epoch

pytestmark = pytest.mark.browser

LINK = "v=1&seeds=8&hidden=3&samples=200&b.hidden=8,8"
STALE = "document.querySelector('.inside-page.stale')"
CHARTS = "document.querySelectorAll('#charts .plot .main-svg').length >= 4"


def look(page: Page, tab: str = "Seeds") -> None:
    until(page, CHARTS, seconds=60)  # a page that is still starting is slow to click on
    page.get_by_role("switch", name="Look inside").check()
    page.get_by_role("tab", name=tab).click()
    until(page, f"!{STALE}")


def test_the_choice_trains_so_many_seeds_and_the_link_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=3&samples=200", still=True)
    assert not page.locator(".seeds-line").first.is_visible()
    choice = page.get_by_role("combobox", name="Seeds")
    assert choice.locator("option").all_inner_texts() == ["1 seed", "8 seeds", "16 seeds", "32 seeds"]
    choice.select_option("8")
    until(page, "location.hash.includes('seeds=8')")
    at_epoch(page, 2)
    until(page, "document.querySelector('.seeds-line .figure').textContent.endsWith('of 8')")
    page.reload()
    until(page, "document.querySelector('#seeds').value === '8'")
    expect(page.locator(".seeds-line")).to_be_visible()
    page.locator("#seeds").select_option("1")
    until(page, "!location.hash.includes('seeds') && document.querySelector('.seeds-line').hidden")


HATCHING = """(place) => {
  const canvas = document.querySelectorAll('.panel .disagreement')[place];
  const {data, width} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return {side: width, hidden: canvas.hidden, alpha: [...data].filter((_, at) => at % 4 === 3)};
}"""


def test_numbers_and_hatching_are_those_of_all_seeds(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    at_epoch(page, 6)
    own = session(LINK, 6)
    for place, panel in enumerate(own.panels):
        metrics = panel.trainer.evaluate()
        cells = page.locator(".panel").nth(place).locator("tr.major td").all_inner_texts()
        assert float(cells[0]) == pytest.approx(metrics.test_loss.mean(), abs=6e-4)
        assert float(cells[1].split("\u2009")[0]) == pytest.approx(100 * metrics.test_accuracy.mean(), abs=0.06)
        solved = seeds.solved(metrics).sum()
        until(
            page,
            "document.querySelectorAll('.seeds-line .figure')[v[0]].textContent === v[1]",
            place,
            f"Solved {solved} of 8",
        )
        drawn = page.evaluate(HATCHING, place)
        p = panel.trainer.boundary(drawn["side"])
        share = np.round(255 * seeds.consensus(p).disagreement).ravel()
        expected = np.floor(np.minimum(1, share / 127) * 190 + 0.5)
        assert not drawn["hidden"]
        np.testing.assert_allclose(drawn["alpha"], expected, atol=1)
        assert max(drawn["alpha"]) > 20
    expect(page.locator("#legend")).to_contain_text("Seeds disagree")
    assert "seeds have solved it" in page.locator(".panel .picture").first.get_attribute("aria-label")  # type: ignore[operator]


def test_charts_show_mean_and_band_and_hand_them_out(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page(LINK, still=True)
    at_epoch(page, 4)
    until(page, CHARTS)
    own = session(LINK, 4)
    low, high = np.quantile(own.panels[1].trainer.evaluate().test_loss, [0.1, 0.9])
    until(
        page,
        """(() => {
          const traces = document.querySelector('[data-chart=loss] .plot').data.filter(({fill}) => fill === 'toself');
          const at = traces[1]?.x.indexOf(4);
          return traces.length === 2 && at > 0 && Math.abs(traces[1].y[at] - v[0]) < 1e-4;
        })()""",
        float(high),
    )
    assert page.locator("[data-chart=loss] .key.area").is_visible()
    with page.expect_download() as caught:
        page.locator("[data-chart=loss]").get_by_role("button", name="Download CSV").click()
    caught.value.save_as(tmp_path / "loss.csv")
    rows = [line.split(",") for line in (tmp_path / "loss.csv").read_text().split()[1:]]
    found = {name: float(value) for panel, epoch, name, value in rows if panel == "B" and epoch == "4"}
    assert found["test_loss_low"] == pytest.approx(low, rel=1e-4)
    assert found["test_loss_high"] == pytest.approx(high, rel=1e-4)
    until(page, "document.querySelector('[data-chart=loss] .chart-picture').ariaLabel.includes('80 % of the seeds')")


def test_every_seed_has_its_picture_and_its_dot(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    at_epoch(page, 5)
    own = session(LINK, 5)
    metrics = [panel.trainer.evaluate() for panel in own.panels]
    until(
        page,
        "Math.abs(document.querySelectorAll('.strip-row')[2].children[2].textContent - v[0]) < 6e-4",
        float(metrics[1].test_loss.mean()),
    )
    captions = page.locator(".seed-caption > :last-child").all_inner_texts()
    for caption, accuracy in zip(captions, metrics[0].test_accuracy, strict=True):
        assert float(caption.split("\u2009")[0]) == pytest.approx(100 * accuracy, abs=0.06)
    assert page.locator(".seed-caption > :first-child").all_inner_texts() == [str(number) for number in range(1, 9)]
    assert page.locator(".seed-map.solved").count() == seeds.solved(metrics[0]).sum()
    for place in range(2):
        losses = metrics[place].test_loss
        places = page.evaluate(
            "(n) => [...document.querySelectorAll('.strip')[n].querySelectorAll('.seed-dot')]"
            ".map((dot) => parseFloat(dot.style.left))",
            place,
        )
        end = float(page.locator(".strip-ends .at-high").inner_text())
        np.testing.assert_allclose(places, 100 * losses / end, atol=0.02)
        label = page.locator(".strip").nth(place).get_attribute("aria-label")
        assert label and f"{losses.min():.3f}" in label and f"{losses.max():.3f}" in label
    page.locator(".seeds-figure").get_by_text("Accuracy").click()
    until(
        page,
        "Math.abs(parseFloat(document.querySelectorAll('.strip-row')[2].children[2].textContent) - v[0]) < 0.06",
        float(100 * metrics[1].test_accuracy.mean()),
    )
    page.locator(".panel").nth(1).locator(".panel-select").click()
    until(page, "document.querySelector('.seeds-each h3').textContent.endsWith('of B')")


def test_the_chosen_seed_is_the_one_that_the_other_views_show_and_change(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    at_epoch(page, 2)
    page.get_by_role("group", name="Each seed").get_by_role("button").nth(4).click()
    until(page, "document.querySelectorAll('.seed-map')[4].ariaPressed === 'true'")
    page.get_by_role("tab", name="Network").click()
    expect(page.get_by_role("heading", name="Inside network A · seed 5")).to_be_visible()
    own = session(LINK, 2)
    seen = inside(own.panels[0].trainer, network=4)
    expected = [seen.biases[0][0], *seen.weights[0][0]]
    until(page, "document.querySelector('.weights') && document.querySelector('.inspector').dataset.unit === '2'")
    until(page, "document.querySelector('.weights tr .weight')?.textContent.length > 3")
    shown = weights(page)
    assert all(map(close, shown, expected)), (shown, expected)
    page.locator(".weights tr:visible .weight").nth(1).click()
    page.locator(".weight-field").fill("2.5")
    page.locator(".weight-field").press("Enter")
    until(page, "document.querySelectorAll('.weights tr:not([hidden]) .weight')[1]?.textContent === '2.500'")
    page.get_by_role("tab", name="Seeds").click()
    weigh = {"type": "weigh", "panel": 0, "layer": 0, "unit": 0, "input": 0, "value": 2.5, "seed": 4}
    changed = session(LINK, 2, weigh).panels[0].trainer.evaluate()
    until(
        page,
        "Math.abs(document.querySelectorAll('.strip-row')[1].children[2].textContent - v[0]) < 6e-4",
        float(changed.test_loss.mean()),
    )
    page.get_by_role("tab", name="Results").click()
    expect(page.get_by_role("heading", name="Inside network A · seed 5")).to_be_visible()


def test_one_seed_offers_more_of_them(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&samples=100&hidden=3", still=True)
    look(page)
    page.get_by_role("button", name="16 seeds").click()
    until(
        page, "document.querySelectorAll('.seed-map').length === 16 && document.querySelector('#seeds').value === '16'"
    )


def test_too_many_networks_are_refused_beside_what_stands(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&samples=40&hidden=128,128,128", still=True)
    page.locator("#seeds").select_option("32")
    expect(page.locator(".toast")).to_contain_text("8,192 is the most")
    assert page.locator("#seeds").input_value() == "1"


def test_a_curve_has_a_band_and_no_hatching(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&seeds=8&dataset=function&samples=100&hidden=4", still=True)
    at_epoch(page, 1)
    assert not page.locator(".panel .disagreement").is_visible()
    expect(page.locator(".hatched.area")).to_be_visible()


BOXES = (
    "[...document.querySelectorAll('.panel, .stage, .numbers, #charts')]"
    ".map((part) => JSON.stringify(part.getBoundingClientRect()))"
)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844), (360, 740)], ids=lambda size: str(size[0]))
def test_nothing_jumps_and_nothing_sticks_out(open_page: Callable[..., Page], lang: str, size: tuple[int, int]) -> None:
    page = open_page("v=1&seeds=8&samples=60&b.hidden=3&c.hidden=4", still=True, size=size, lang=lang)
    at_epoch(page, 1)
    until(page, "[...document.querySelectorAll('.seeds-line .figure')].every((line) => line.textContent)")
    before = page.evaluate(BOXES)
    for epoch in range(2, 6):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0]", epoch)
    assert page.evaluate(BOXES) == before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bar = page.locator(".usual-bar").bounding_box()
    for part in page.locator(".usual-bar :is(select, button, label)").all():
        box = part.bounding_box()
        assert box and bar and box["x"] + box["width"] <= bar["x"] + bar["width"] + 0.5, part.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_tab(open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page("v=1&seeds=8&samples=60&hidden=3", still=True, scheme=scheme, size=(1024, 768))
    look(page)
    at_epoch(page, 2)
    until(page, "document.querySelector('.seed-caption > :last-child').textContent")
    found: Any = Axe().run(page).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert not serious, json.dumps([(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in serious])
