"""The space of a layer in the page: points stand where the engine puts them, the axes end where it says, and the choice
of layer, units and components is carried out.
"""

import re
from collections.abc import Callable

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engine.space import Space, space
from tests.browser.chromium import until
from tests.browser.test_inside import close, look, session
from tests.browser.test_page import at_epoch

pytestmark = pytest.mark.browser

LINK = "v=1&hidden=5-tanh,3&samples=120&noise=0"
MARGIN = 30


def opened(page: Page) -> None:
    page.get_by_role("tab", name="Space").click()
    drawn(page)


def drawn(page: Page) -> None:
    until(page, "document.querySelector('.space-end').textContent && !document.querySelector('.inside-page.stale')")


def assert_shown(page: Page, found: Space) -> None:
    """The axes end around the engine's points, and some points under the pointer tell their coordinates."""
    lows, highs = found.points.min(axis=1), found.points.max(axis=1)
    expected = []
    for low, high in zip(lows, highs, strict=True):
        room = 0.12 * (high - low)
        expected += [low - room, high + room]
    until(
        page,
        """(() => {
          const texts = [...document.querySelectorAll('.space-end')].map((end) => end.textContent);
          const near = (value, wanted) => Math.abs(value - wanted) < 0.002 * Math.max(1, Math.abs(wanted));
          return texts.every((text, at) => near(Number(text.replace('−', '-')), v[0][at]));
        })()""",
        expected,
    )
    canvas = page.locator(".space-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    side = box["width"] - 2 * MARGIN
    share = (found.points - lows[:, None] + 0.12 * (highs - lows)[:, None]) / (1.24 * (highs - lows)[:, None])
    places = np.stack([MARGIN + share[0] * side, MARGIN + (1 - share[1]) * side])
    # A point that stands alone, so that no other one is nearer.
    distances = np.linalg.norm(places[:, :, None] - places[:, None, :], axis=0) + np.eye(places.shape[1]) * 1e6
    for point in np.argsort(-distances.min(axis=1))[:2]:
        page.mouse.move(5, 5)
        page.mouse.move(box["x"] + places[0, point], box["y"] + places[1, point])
        tip = page.locator(".space-tip")
        expect(tip).to_be_visible()
        across, up = re.findall(r"→ \((\S+), (\S+)\)", tip.inner_text())[0]
        assert close(across, found.points[0, point]) and close(up, found.points[1, point]), tip.inner_text()
        # It reaches as far to all sides: it is drawn where it was looked for.
        for way in (np.array([1, 0]), np.array([-1, 0]), np.array([0, 1]), np.array([0, -1])):
            for far, seen in ((11, True), (17, False)):
                x, y = places[:, point] + far * way
                if distances[point].min() > 40 and 0 < x < box["width"] and 0 < y < box["width"]:
                    page.mouse.move(box["x"] + x, box["y"] + y)
                    expect(tip).to_be_visible(visible=seen)
    page.mouse.move(5, 5)
    expect(page.locator(".space-tip")).to_be_hidden()


def test_points_stand_where_the_engine_puts_them(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    at_epoch(page, 3)
    opened(page)
    trainer = session(LINK, 3).panels[0].trainer
    # The last hidden layer has three units: at first it is seen by its components.
    expect(page.get_by_label("Layer", exact=True)).to_have_value("2")
    found = space(trainer, 2)
    assert_shown(page, found)
    shares = [f"Component {at + 1} · {share * 100:.0f}\u2009%" for at, share in enumerate(found.share)]
    assert page.locator(".space-axis").all_inner_texts() == shares
    page.locator(".space-kind").get_by_text("Two units").click()
    assert_shown(page, space(trainer, 2, (0, 1)))
    page.get_by_label("Up", exact=True).select_option("2")
    assert_shown(page, space(trainer, 2, (0, 2)))
    assert page.locator(".space-axis").all_inner_texts() == ["Unit 1", "Unit 3"]
    page.get_by_label("Layer", exact=True).select_option("0")
    expect(page.locator(".space-kind")).to_be_hidden()
    assert_shown(page, space(trainer, 0, (0, 1)))
    assert page.locator(".space-axis").all_inner_texts() == ["x₁", "x₂"]
    page.get_by_label("Layer", exact=True).select_option("3")
    assert_shown(page, space(trainer, 3, (0, 1)))
    expect(page.locator(".space-canvas")).to_have_attribute("aria-label", re.compile("Outputs.*class 1 around"))


def test_a_point_under_the_pointer_is_ringed_in_the_panel_and_it_follows_the_training(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("v=1&hidden=2-tanh&samples=40&noise=0", still=True)
    look(page)
    opened(page)
    page.mouse.move(5, 5)
    rings = "document.querySelector('.panel .rings').toDataURL()"
    found = space(session("v=1&hidden=2-tanh&samples=40&noise=0").panels[0].trainer, 1, (0, 1))
    until(page, "document.querySelector('.panel .rings').width > 100")
    assert_shown(page, found)
    plain = page.evaluate(rings)
    canvas = page.locator(".space-canvas")
    box = canvas.bounding_box()
    assert box
    low, high = found.points.min(axis=1), found.points.max(axis=1)
    share = (found.points[:, 0] - low + 0.12 * (high - low)) / (1.24 * (high - low))
    side = box["width"] - 2 * MARGIN
    page.mouse.move(box["x"] + MARGIN + share[0] * side, box["y"] + MARGIN + (1 - share[1]) * side)
    until(page, f"{rings} !== v[0]", plain)
    page.mouse.move(5, 5)
    drawing = "document.querySelector('.space-canvas').toDataURL()"
    before = page.evaluate(drawing)
    at_epoch(page, 4)
    until(page, f"{drawing} !== v[0]", before)


def test_a_layer_that_is_gone_gives_way_to_the_last_one(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4,4,2", still=True)
    look(page)
    opened(page)
    page.get_by_label("Layer", exact=True).select_option("4")
    expect(page.locator(".space-axis").first).to_have_text("Class 1")
    page.get_by_role("button", name="One layer fewer").click()
    expect(page.get_by_label("Layer", exact=True).locator("option")).to_have_count(4)
    drawn(page)
    expect(page.locator(".toast")).to_have_count(0)


@pytest.mark.parametrize(
    ("link", "scheme", "lang", "size"),
    [
        ("v=1&hidden=8,4", "light", "en", (1440, 900)),
        ("v=1&hidden=2&dataset=bumps", "dark", "zh", (390, 844)),
        ("v=1&hidden=1&dataset=function", "light", "en", (1024, 768)),
    ],
)
def test_axe_finds_nothing_serious(
    open_page: Callable[..., Page], link: str, scheme: str, lang: str, size: tuple[int, int]
) -> None:
    page = open_page(link, scheme=scheme, lang=lang, size=size, still=True)
    page.keyboard.press("i")
    page.locator("#inside-tab-space").click()
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert not serious, [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in serious]
