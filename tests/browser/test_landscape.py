"""The loss landscape on the page: its numbers are the engine's, ways go on while it trains, and nothing is asked for
that is not on screen.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engine.landscape import coordinates, landscape
from tests.browser.chromium import until
from tests.browser.test_inside import session
from tests.browser.test_page import EPOCH, at_epoch

pytestmark = pytest.mark.browser

LINK = "v=1&hidden=4,4&samples=100&dataset=moons&b.optimizer=adam&c.hidden=5"
# What Plotly was given for the map, and for the marks where networks are now.
DRAWN = "document.querySelector('.landscape-plot').data"


def opened(page: Page) -> None:
    page.set_default_timeout(60_000)
    page.get_by_role("switch", name="Look inside").check()
    page.get_by_role("tab", name="Landscape").click()
    until(page, f"{DRAWN}?.length", seconds=120)


def about(page: Page, epoch: int) -> None:
    """The landscape on screen is the one at this epoch."""
    text = f"(epoch {epoch})"
    until(page, "document.querySelector('.landscape-note').textContent.includes(v[0])", text, seconds=60)


def test_the_map_is_the_engines_and_follows_where_the_network_stands(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    opened(page)
    for epoch in (0, 1, 2):
        if epoch:
            page.keyboard.press("e")
            until(page, f"{EPOCH} === v[0]", epoch)
        about(page, epoch)
        trainer = session(LINK, epoch).panels[0].trainer
        found = landscape(trainer, 1)
        until(page, f"Math.abs({DRAWN}[0].z[15][15] - v[0]) < 1e-4", float(np.log10(found.loss[15, 15])))
        shown = np.array(page.evaluate(f"{DRAWN}[0].z"), float)
        np.testing.assert_allclose(shown, np.log10(found.loss), atol=1e-4)
    loss = trainer.evaluate().train_loss[0]
    note = page.locator(".landscape-note").inner_text()
    assert float(note.split("the loss is ")[1].split(";")[0]) == pytest.approx(float(loss), rel=1e-3)
    expect(page.locator(".landscape-picture")).to_have_attribute("aria-label", note)


def test_it_is_of_the_network_as_it_is(open_page: Callable[..., Page]) -> None:
    """At one epoch: the first seed, another one, and that one with another weight."""
    link = "v=1&seeds=8&hidden=3&samples=100"
    page = open_page(link, still=True)
    opened(page)

    def about_seed(place: int, *commands: dict[str, Any]) -> None:
        page.get_by_role("tab", name="Landscape").click()
        found = landscape(session(link, 0, *commands).panels[0].alone(place), 1)
        for row, column in ((15, 15), (3, 20)):
            value = float(np.log10(found.loss[row, column]))
            until(page, f"Math.abs({DRAWN}[0].z[v[0]][v[1]] - v[2]) < 1e-4", row, column, value, seconds=60)

    about_seed(0)
    page.get_by_role("tab", name="Seeds").click()
    page.locator(".seed-map").nth(2).click()
    about_seed(2)
    page.get_by_role("tab", name="Network").click()
    until(page, "document.querySelector('.weights tr .weight')?.textContent.length > 3")
    page.locator(".weights tr:visible .weight").nth(1).click()
    page.locator(".weight-field").fill("2.5")
    page.locator(".weight-field").press("Enter")
    until(page, "document.querySelectorAll('.weights tr:not([hidden]) .weight')[1]?.textContent === '2.500'")
    unit = {"type": "weigh", "panel": 0, "layer": 0, "unit": 0, "input": 0, "value": 2.5, "seed": 2}
    about_seed(2, unit)


def test_ways_of_all_networks_of_one_shape_in_their_colours(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    opened(page)
    for epoch in (1, 2, 3):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0]", epoch)
    page.get_by_label("Directions").select_option(label="along the ways")
    about(page, 3)
    until(page, f"{DRAWN}.length === 7 && {DRAWN}.filter((one) => one.text).length === 2")
    assert page.evaluate(f"{DRAWN}.filter((one) => one.text).map((one) => one.text[0])") == ["A", "B"]
    expect(page.locator(".landscape-note")).to_contain_text("On their way: A, B.")
    # Where the page puts them is where the engine puts them.
    own = session(LINK, 3)
    trainers = [panel.trainer for panel in own.panels[:2]]
    starts = [panel.trainer.network.parameters[0] for panel in session(LINK).panels[:2]]
    points = np.stack([*(trainer.network.parameters[0] for trainer in trainers), *starts])
    found = landscape(trainers[0], 1, points=points[[0, 2, 1, 3]])  # panel by panel, as the view has them
    places = coordinates(found, points)
    ends = f"{DRAWN}.filter((one) => one.text).map((one) => [one.x[0], one.y[0]])"
    until(page, f"Math.abs({ends}[1][0] - v[0]) < 1e-3", float(places[1, 0]))
    np.testing.assert_allclose(page.evaluate(ends), places[:2], atol=1e-3)
    first = page.evaluate(f"{DRAWN}.filter((one) => one.mode === 'lines').map((one) => [one.x[0], one.y[0]])")
    np.testing.assert_allclose(first[0], places[2], atol=1e-3)
    colours = page.evaluate(f"{DRAWN}.filter((one) => one.text).map((one) => one.marker.color)")
    assert len(set(colours)) == 2
    # Starting again with the same weights, the race goes over the same ground.
    page.keyboard.press("w")
    until(page, f"{EPOCH} === 0")
    until(page, f"Math.abs({ends}[1][0] - v[0]) < 1e-3", float(places[3, 0]))
    about(page, 3)


def test_it_is_asked_for_only_while_it_is_on_screen(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    said: list[Any] = []

    def listen(line: Any) -> None:
        def sent(data: str | bytes) -> None:
            command = json.loads(data) if isinstance(data, str) else {}
            if command.get("type") in ("ask", "look"):
                said.append((command["type"], command.get("view", {}).get("id") or command.get("views")))

        line.on("framesent", sent)

    page.on("websocket", listen)
    page.reload()
    until(page, "document.querySelector('.panel .major td')?.textContent")
    assert said == []
    opened(page)
    until(page, f"{DRAWN}.length > 1", seconds=60)
    assert ("ask", "landscape") in said and said[-1] == ("look", ["way"])
    page.keyboard.press("i")
    expect(page.locator("#inside")).to_be_hidden()
    until(page, "true")
    assert said[-1][0] == "look" and said[-1][1] == []
    said.clear()
    at_epoch(page, 1)
    assert said == []


def test_a_large_network_has_a_map_without_a_way(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=128,128&samples=40", still=True)
    opened(page)
    expect(page.locator(".landscape-note")).to_contain_text("the way is not shown")
    assert page.evaluate(f"{DRAWN}.length") == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_largest_networks_are_seen_over_some_points_and_it_says_so(
    open_page: Callable[..., Page], lang: str
) -> None:
    link = f"v=1&hidden={','.join(['128'] * 8)}&samples=1000"
    page = open_page(link, lang=lang, still=True, path="?look=landscape")
    trainer = session(link).panels[0].trainer
    points = landscape(trainer, 1).points
    assert points < trainer.n_train
    said = (
        f"{points} of {trainer.n_train} training points"
        if lang == "en"
        else f"{trainer.n_train} 个训练点中的 {points} 个"
    )
    expect(page.locator(".landscape-note")).to_contain_text(said)
    expect(page.locator(".landscape-picture")).to_have_attribute("aria-label", re.compile(said))


@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (390, 844))])
def test_axe_finds_nothing_serious(
    open_page: Callable[..., Page], scheme: str, lang: str, size: tuple[int, int]
) -> None:
    page = open_page(LINK, scheme=scheme, lang=lang, size=size, still=True, path="?look=landscape")
    until(page, f"{DRAWN}?.length && document.querySelector('.landscape-note').textContent", seconds=120)
    until(page, "!document.querySelector('.inside-page.stale')")  # pale until the networks' ways have come as well
    ends = page.evaluate(
        "[...document.querySelectorAll('.landscape-plot :is(.xtick, .ytick) text')]"
        ".filter((one) => one.checkVisibility({ opacityProperty: true })).map((one) => one.textContent)"
    )
    assert [ends.count(end) for end in ("1", "−1")] == [2, 2], "both ends of both axes are named"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in serious]
