"""The layers over time and as histograms: every number in the page is the engine's, now and at the moment under the
pointer, and each part is asked for only while it is shown.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engine.results import histograms
from tests.browser.chromium import until
from tests.browser.test_inside import close, look, session
from tests.browser.test_page import at_epoch

pytestmark = pytest.mark.browser

LINK = "v=1&hidden=6-sigmoid,5&gain=4&dataset=blobs&samples=300"


def part(page: Page, name: str) -> None:
    page.get_by_role("tab", name="Layers").click()
    page.locator(".layers-part").get_by_text(name, exact=True).click()


def power(value: float) -> str:
    mantissa, digits = f"{np.float32(value):.1e}".split("e")
    return "0" if value == 0 else f"{mantissa}e{int(digits)}".replace("-", "−")


def said(page: Page, chart: str) -> list[str]:
    return page.locator(f".lines-chart[data-chart={chart}] .lines-values .figure").all_inner_texts()


def assert_shown(page: Page, epochs: int) -> None:
    """The numbers above the charts are those of the engine after so many epochs."""
    until(page, "document.querySelector('.lines-when').textContent === v[0]", f"Epoch {epochs}")
    metrics = session(LINK, epochs).panels[0].trainer.evaluate()
    for chart, values in (("dead", metrics.layer_dead_ratio), ("saturated", metrics.layer_saturation_ratio)):
        assert said(page, chart) == [f"{value * 100:.0f}\u2009%" for value in values[0]]
    for chart, values in (("gradient", metrics.gradient_norm), ("update", metrics.update_ratio)):
        assert said(page, chart) == [power(value) for value in values[0]]
    for text, mean, spread in zip(said(page, "output"), metrics.layer_mean[0], metrics.layer_spread[0], strict=True):
        middle, around = text.split(" ± ")
        assert close(middle, mean) and close(around, spread), text


def test_numbers_over_time_are_the_engines(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    at_epoch(page, 3)
    part(page, "Over time")
    expect(page.locator(".lines-chart")).to_have_count(5)
    assert_shown(page, 3)
    canvas = page.locator(".lines-chart[data-chart=gradient] canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile("Gradient norm.* 3.*Layer 1 .*Outputs "))
    box = canvas.bounding_box()
    assert box
    for share, epoch in ((0.0, 0), (0.32, 1), (0.7, 2)):
        inside = 46 + share * (box["width"] - 46 - 26)
        canvas.hover(position={"x": inside, "y": box["height"] / 2})
        assert_shown(page, epoch)
    page.mouse.move(5, 5)
    assert_shown(page, 3)
    # Between two epochs it is the newest numbers that stand there.
    page.keyboard.press("s")
    metrics = session(LINK, 3, {"type": "step"}).panels[0].trainer.evaluate()
    for layer, value in enumerate(metrics.gradient_norm[0]):
        text = page.locator(".lines-chart[data-chart=gradient] .lines-values .figure").nth(layer)
        expect(text).to_have_text(power(value))


def test_a_layer_is_singled_out_by_key(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    part(page, "Over time")
    legend = page.locator(".lines-key")
    expect(legend).to_have_text(["Layer 1", "Layer 2", "Outputs"])
    legend.nth(1).focus()
    page.keyboard.press("Enter")
    expect(legend.nth(1)).to_have_attribute("aria-pressed", "true")
    pale = page.locator(".lines-chart[data-chart=gradient] .lines-values .pale")
    expect(pale).to_have_count(2)
    page.keyboard.press("Enter")
    expect(pale).to_have_count(0)


def bars(path: str) -> dict[int, float]:
    """Heights of the bars in a path, by bin, the highest 1."""
    found = re.findall(r"M([\d.]+) 100V([\d.]+)H", path)
    return {int(float(left)): 1 - float(top) / 100 for left, top in found}


def test_histograms_are_the_engines(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    at_epoch(page, 2)
    part(page, "Histograms")
    rows = page.locator(".histograms tbody tr")
    expect(rows).to_have_count(3)
    found = histograms(session(LINK, 2).panels[0].trainer)
    for layer, expected in enumerate(found):
        cells = rows.nth(layer).locator("td")
        for place, one in enumerate((expected.weights, expected.activations, expected.gradients)):
            shown = bars(cells.nth(place).locator(".bars").get_attribute("d") or "")
            assert sorted(shown) == np.flatnonzero(one.counts).tolist()
            for index, height in shown.items():
                assert height == pytest.approx(one.counts[index] / one.counts.max(), abs=1e-3)
            ends = cells.nth(place).locator(".hist-ends span").all_inner_texts()
            assert float(ends[-1].replace("−", "-")) == pytest.approx(one.edges[-1], rel=1e-6)
            assert float(ends[0].replace("−", "-")) == pytest.approx(one.edges[0], rel=1e-6)
            facts = cells.nth(place).locator(".hist-facts").inner_text()
            if place == 0:
                assert close(re.findall(r"norm (\S+)", facts)[0], expected.weight_norm)
                assert facts.endswith(f"near 0: {expected.near_zero * 100:.0f}\u2009%")
            else:
                values = one.counts.sum() + one.zeros
                assert facts == (f"exactly 0: {one.zeros / values * 100:.0f}\u2009%" if one.zeros else "")
            assert cells.nth(place).get_by_role("img").get_attribute("aria-label")
    # A bar under the pointer says what it counts.
    one = found[0].activations
    fullest = int(one.counts.argmax())
    cell = rows.nth(0).locator("td").nth(1)
    box = cell.locator("svg").bounding_box()
    assert box
    cell.locator("svg").hover(position={"x": (fullest + 0.5) / len(one.counts) * box["width"], "y": 30})
    expect(cell.locator(".hist-facts")).to_contain_text(f": {one.counts.max()}")


def test_each_part_is_asked_for_only_while_it_is_shown(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    looks: list[Any] = []

    def listen(line: Any) -> None:
        def sent(data: str | bytes) -> None:
            command = json.loads(data) if isinstance(data, str) else {}
            if command.get("type") == "look":
                looks.append(command["views"] if command["panel"] is not None else None)

        line.on("framesent", sent)

    page.on("websocket", listen)
    page.reload()
    until(page, "document.querySelector('.panel .major td')?.textContent")
    look(page)
    part(page, "Now")
    part(page, "Histograms")
    expect(page.locator(".histograms tbody tr")).to_have_count(3)
    part(page, "Over time")
    expect(page.locator(".lines-chart")).to_have_count(5)
    part(page, "Histograms")
    page.keyboard.press("i")
    expect(page.locator("#inside")).to_be_hidden()
    assert looks == [["inside"], ["histograms"], None, ["histograms"], None]


@pytest.mark.parametrize("name", [1, 2])
@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (390, 844))])
def test_axe_finds_nothing_serious(
    open_page: Callable[..., Page], name: int, scheme: str, lang: str, size: tuple[int, int]
) -> None:
    page = open_page("v=1&hidden=18,4&bias=-1&b.hidden=3", scheme=scheme, lang=lang, size=size, still=True)
    page.keyboard.press("i")
    page.get_by_role("tab").nth(1).click()
    page.locator(".layers-part .segment").nth(name).click()
    until(page, "document.querySelector(v[0])", [".lines-values .figure:not(:empty)", ".histograms .bars[d]"][name - 1])
    expect(page.locator(".inside-page.stale")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert not serious, [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in serious]
