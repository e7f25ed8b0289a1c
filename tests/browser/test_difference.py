"""Two panels held against each other: all that the page says of their difference is the engine's."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chromium import until
from tests.browser.test_inside import DRAWN, session
from tests.browser.test_page import EPOCH, at_epoch

pytestmark = pytest.mark.browser

LINK = "v=1&dataset=moons&noise=0.3&hidden=6&samples=100&b.hidden=1&b.optimizer=momentum&c.hidden=6-tanh"


def compare(page: Page) -> None:
    """Open the tab."""
    page.locator("#inside-switch").check()
    page.get_by_role("tab", name="Difference").click()


def told(page: Page, epoch: int) -> None:
    """Wait for the newest difference after so many epochs."""
    until(page, f"{EPOCH} === v[0] && !document.querySelector('.inside-page.stale')", epoch)


def settled(page: Page) -> None:
    """Wait until whatever still wants to be drawn is: a job is done with every refresh of the screen."""
    page.evaluate("window.refreshes = 0")
    until(page, "++window.refreshes > 30")


def test_points_share_and_list_are_the_engines(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    compare(page)
    at_epoch(page, 4)
    own = session(LINK, 4)
    data = own.data
    for other, letter in ((1, "B"), (2, "C")):
        page.get_by_role("radio", name=f"Panel {letter}").check(force=True)
        pair = [own.panels[place].trainer for place in (0, other)]
        said = [trainer.predict(data.points)[0] for trainer in pair]
        points = np.flatnonzero(said[0].argmax(axis=0) != said[1].argmax(axis=0))
        planes = [trainer.boundary(64)[0].argmax(axis=0) for trainer in pair]
        share = (planes[0] != planes[1]).mean()
        test = int(np.isin(points, np.arange(*data.test.indices(len(data.labels)))).sum())
        expect(page.locator(".difference-summary")).to_have_text(
            f"A and {letter} disagree on {len(points)} of 100 points (Train {len(points) - test}, Test {test}) "
            f"and on {share * 100:.1f}\u2009% of the plane."
        )
        rows = page.locator(".difference-points tbody tr")
        expect(rows).to_have_count(len(points))
        for row, index in zip(rows.all(), points, strict=True):
            cells = row.locator("th, td").all_inner_texts()
            assert cells[2] == str(data.labels[index] + 1)
            for cell, p in zip(cells[3:], said, strict=True):
                assert re.fullmatch(rf"{p[:, index].argmax() + 1} \(\d+\u2009%\)", cell)
                assert abs(int(re.findall(r"\d+", cell)[1]) - 100 * p[:, index].max()) <= 0.51


def test_settings_and_results_that_differ_stand_side_by_side(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    compare(page)
    at_epoch(page, 2)
    told(page, 2)
    tables = page.locator(".difference-right > .difference-table")
    rows = [row.locator("th, td").all_inner_texts() for row in tables.nth(0).locator("tbody tr").all()]
    assert ["Optimizer", "SGD", "Momentum"] in [row[:1] + [text.split(" ")[0] for text in row[1:]] for row in rows]
    assert ["Hidden layers", "width 6", "width 1"] in rows
    assert not any(row[0].startswith("Learning rate η") for row in rows), "what is alike is not listed"
    for name, column in (("test_loss", 0), ("test_accuracy", 1)):
        shown = [page.locator(".panel").nth(place).locator(".numbers .major td").nth(column) for place in (0, 1)]
        until(
            page,
            "v[1].join() === [...document.querySelectorAll(`tr[data-column=${v[0]}] td`)].map((e) => e.innerText) + ''",
            name,
            [cell.inner_text() for cell in shown],
        )


def test_one_panel_alone_is_told_what_to_do_and_a_copy_differs_nowhere(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=3&samples=60", still=True)
    compare(page)
    expect(page.locator(".difference-alone")).to_be_visible()
    page.locator("[data-action=add]").click()
    expect(page.locator(".difference-alone")).to_be_hidden()
    expect(page.locator(".difference-summary")).to_contain_text("B and A disagree on 0 of 60 points")
    expect(page.locator(".difference-view")).to_contain_text("All settings are the same.")


def test_it_leaves_no_rings_behind(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    at_epoch(page, 2)
    until(page, DRAWN)
    settled(page)
    rings = "document.querySelector('.panel .rings').toDataURL()"
    before = page.evaluate(rings)
    compare(page)
    told(page, 2)
    until(page, f"{DRAWN} && {rings} !== v[0]", before)
    page.locator("#inside-switch").uncheck()
    until(page, f"{rings} === v[0]", before)
    settled(page)
    assert page.evaluate(rings) == before


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_the_tab_is_named_and_fits(open_page: Callable[..., Page], size: tuple[int, int]) -> None:
    page = open_page(LINK, still=True, size=size)
    compare(page)
    at_epoch(page, 1)
    told(page, 1)
    expect(page.locator(".difference-summary")).to_contain_text("disagree on")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    page.locator("#language").click()
    expect(page.locator(".difference-summary")).to_contain_text("判断不一致")


DRAWN_AT = """async ([place, column, value]) => {
  const { HEIGHT } = await import(new URL('points.js', document.querySelector('script[type=module]').src));
  const { panelColor } = await import(new URL('palette.js', document.querySelector('script[type=module]').src));
  const canvas = document.querySelector('.difference-picture canvas:last-child');
  const [low, high] = [-6, 6];
  const x = Math.round(column * (canvas.width - 1));
  const y = Math.round(((high - HEIGHT * value) / (high - low)) * canvas.height);
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const found = context.getImageData(x, Math.max(0, y - 3), 1, 7).data;
  context.fillStyle = panelColor(place);
  context.fillRect(0, 0, 1, 1);
  const wanted = [...context.getImageData(0, 0, 1, 1).data];
  return [0, 1, 2, 3, 4, 5, 6].some((row) => wanted.every((part, at) => Math.abs(part - found[4 * row + at]) < 40));
}"""


def test_over_one_dimension_both_graphs_are_drawn(open_page: Callable[..., Page]) -> None:
    link = "v=1&dataset=function&samples=40&hidden=20&b.hidden=2"
    page = open_page(link, still=True)
    compare(page)
    at_epoch(page, 20)
    told(page, 20)
    settled(page)
    own = session(link, 20)
    curves = [panel.trainer.curve(121)[0, 0] for panel in own.panels]
    for column in (0.5, 0.6, 0.9):
        assert abs(np.subtract(*curves)[round(column * 120)]) > 0.02
        for place, curve in enumerate(curves):
            assert page.evaluate(DRAWN_AT, [place, column, float(curve[round(column * 120)])]), (column, place)
    expect(page.locator(".difference-key")).to_contain_text("The graphs of A and B")
