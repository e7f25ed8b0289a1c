"""Looking inside a network: every number on the page is the engine's, weights can be typed and taken back, dead and
saturated units are marked, and nothing is asked for that is not on screen.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app import protocol
from app.session import Session
from engine.inside import Inside, inside
from tests.browser.chromium import until
from tests.browser.test_page import EPOCH, at_epoch, picture
from tests.browser.test_resume import Killable, until_true
from tests.wire import decode

pytestmark = pytest.mark.browser

SHOWN = "document.querySelector('.unit.picked') && document.querySelector('.inspector-title').textContent"


def look(page: Page) -> None:
    """Open the view by its switch."""
    page.get_by_role("switch", name="Look inside").check()
    until(page, SHOWN)


def seen_at(page: Page, epoch: int) -> None:
    """Train to this epoch, and wait until what is to be seen inside is of then."""
    at_epoch(page, epoch)
    until(page, f"{EPOCH} === v[0] && !document.querySelector('.inside-page.stale')", epoch)


def session(link: str, epochs: int = 0, *commands: dict[str, Any]) -> Session:
    """A session of our own in the same state as a page that was opened with this link and trained epoch by epoch."""
    own = Session()
    steps: list[dict[str, Any]] = [{"type": "open", "link": link}, *[{"type": "epoch"}] * epochs, *commands]
    for step in steps:
        own.submit(protocol.decode(json.dumps(step)))
        own.apply()
        while not own.work(1000):
            pass
    return own


def serious_faults(page: Page) -> list[Any]:
    """What axe finds on the page."""
    found = Axe().run(page).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    return [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in serious]


def choose(page: Page, unit: int) -> None:
    page.locator(f".unit[data-unit='{unit}']").click()
    until(page, "document.querySelector('.inspector').dataset.unit === v[0]", str(unit))


def written(value: float) -> str:
    """A number as the view writes it."""
    value = float(np.float32(value))
    size = abs(value)
    if size >= 1000 or 0 < size < 0.0005:
        mantissa, power = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(power):+d}".replace("-", "−")
    return f"{value:.3f}".replace("-", "−")


def close(shown: str, value: float) -> bool:
    """Whether a number as it is written says this value, but for the rounding of the last digit."""
    said = float(shown.replace("−", "-"))
    return shown == written(value) or abs(said - value) <= 0.00051 * max(1.0, abs(value) / 10)


def facts(page: Page) -> list[str]:
    return page.locator(".facts dd").all_inner_texts()


def weights(page: Page) -> list[str]:
    return page.locator(".weights .weight:visible").all_inner_texts()


def test_all_numbers_of_all_units_are_the_engines(open_page: Callable[..., Page]) -> None:
    link = "v=1&hidden=4-tanh,3&samples=200&features=x1,x2,x1_squared"
    page = open_page(link, still=True)
    look(page)
    seen_at(page, 3)
    trainer = session(link, 3).panels[0].trainer
    seen = inside(trainer)
    assert seen.sizes == (3, 4, 3, 2)
    firsts = np.cumsum([0, *seen.sizes])
    for unit in range(sum(seen.sizes)):
        choose(page, unit)
        layer = int(np.searchsorted(firsts, unit, side="right")) - 1
        index = unit - int(firsts[layer])
        if layer:
            expected = [seen.biases[layer - 1][index], *seen.weights[layer - 1][index]]
        else:
            expected = [*seen.weights[0][:, index]]
        until(
            page,
            "[...document.querySelectorAll('.weights tr')].filter((row) => !row.hidden).length === v[0]",
            len(expected),
        )
        shown = weights(page)
        assert all(map(close, shown, expected)), (unit, shown, expected)
        active, mean, saturated, scale = facts(page)
        assert active == f"{seen.active[unit]} of {trainer.n_train}"
        middle, spread = mean.split(" ± ")
        assert close(middle, seen.mean[unit]) and close(spread, seen.spread[unit]), (unit, mean)
        assert saturated == (f"{seen.saturated[unit] * 100:.0f}\u2009%" if 0 < layer < 3 else "–")
        assert close(scale.removeprefix("±"), seen.scale[unit])
        assert signs_agree(page, seen, unit)


MAP = """() => {
  const map = document.querySelector('.inspector-map');
  const copy = new OffscreenCanvas(map.width, map.height).getContext('2d', {willReadFrequently: true});
  copy.drawImage(map, 0, 0);
  return [...copy.getImageData(0, 0, map.width, map.height).data];
}"""


def enlarged(page: Page) -> Any:
    """The pixels of the enlarged map, ``(R, R, 4)``."""
    pixels = np.array(page.evaluate(MAP), float)
    side = round(np.sqrt(len(pixels) / 4))
    return pixels.reshape(side, side, 4)


def signs_agree(page: Page, seen: Inside, unit: int) -> bool:
    """Whether the enlarged map is blue where the response is positive and orange where it is negative."""
    image = enlarged(page)
    blue = image[..., 2] - image[..., 0]
    strong = np.abs(seen.maps[unit]) > 0.1
    return bool((np.sign(blue[strong]) == np.sign(seen.maps[unit][strong])).all())


def test_layers_and_results_are_the_engines(open_page: Callable[..., Page]) -> None:
    link = "v=1&hidden=6-sigmoid,5&gain=4&dataset=blobs&samples=300"
    page = open_page(link, still=True)
    look(page)
    at_epoch(page, 2)
    own = session(link, 2)
    trainer = own.panels[0].trainer
    seen, metrics = inside(trainer), trainer.evaluate()
    page.get_by_role("tab", name="Layers").click()
    rows = page.locator(".layer-table tbody tr")
    expect(rows).to_have_count(3)
    until(page, "[...document.querySelectorAll('.layer-table .figure')].every((cell) => cell.textContent)")
    firsts = np.cumsum([0, *seen.sizes])
    for layer in range(3):
        dead, saturated, gradient, update, output = rows.nth(layer).locator(".figure").all_inner_texts()
        if layer < 2:
            assert dead == f"{metrics.layer_dead_ratio[0, layer] * 100:.0f}\u2009%"
            assert saturated == f"{metrics.layer_saturation_ratio[0, layer] * 100:.0f}\u2009%"
        else:
            assert (dead, saturated) == ("–", "–")
        said = float(gradient.replace("−", "-"))
        assert said == pytest.approx(metrics.gradient_norm[0, layer], rel=0.06)
        ratio, verdict = update.split(" ", 1)
        assert float(ratio.replace("−", "-")) == pytest.approx(metrics.update_ratio[0, layer], rel=0.06)
        exact = metrics.update_ratio[0, layer]
        assert verdict == ("↓ low" if exact < 3e-4 else "↑ high" if exact > 3e-3 else "✓ healthy")
        units = slice(firsts[layer + 1], firsts[layer + 2])
        mean = seen.mean[units].mean()
        spread = np.sqrt((seen.spread[units] ** 2 + seen.mean[units] ** 2).mean() - mean**2)
        shown = output.split(" ± ")
        assert close(shown[0], mean) and close(shown[1], spread), (layer, output)

    page.get_by_role("tab", name="Results").click()
    for name, part in (("Test", own.data.test), ("Train", own.data.train)):
        page.locator(".results-part").get_by_text(name, exact=True).click()
        labels, predicted = own.data.labels[part], metrics.predicted[0][part]
        classes = own.data.classes
        table = np.zeros((classes, classes), int)
        np.add.at(table, (labels.astype(int), predicted.astype(int)), 1)
        expect(page.locator(".confusion").first).to_have_text(str(table[0, 0]))
        assert [int(text) for text in page.locator(".confusion").all_inner_texts()] == table.ravel().tolist()
        for index in range(classes):
            hit = table[index, index]
            with np.errstate(invalid="ignore"):
                expected = [hit / table[:, index].sum(), hit / table[index].sum()]
            expected.append(2 * hit / (table[index].sum() + table[:, index].sum()))
            cells = page.locator(".scores tbody tr").nth(index).locator("td").all_inner_texts()
            told = [f"{share * 100:.1f}\u2009%" if np.isfinite(share) else "–" for share in expected]
            assert cells == [*told, str(table[index].sum())]


# The rings of what is misclassified are there, in the size that the picture has beside the open view.
DRAWN = """(() => {
  const rings = document.querySelector('.panel .rings');
  const blank = document.createElement('canvas');
  [blank.width, blank.height] = [rings.width, rings.height];
  const fits = Math.abs(rings.width - rings.clientWidth * devicePixelRatio) < 2;
  return fits && rings.toDataURL() !== blank.toDataURL();
})()"""


def test_points_of_a_cell_are_pointed_out_in_the_picture(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&dataset=moons&hidden=3", still=True)
    look(page)
    page.get_by_role("tab", name="Results").click()
    rings = "document.querySelector('.panel .rings').toDataURL()"
    page.mouse.move(5, 5)
    until(page, "document.querySelector('.confusion')?.textContent")
    until(page, DRAWN)
    before = page.evaluate(rings)
    cell = page.locator(".confusion", has_not_text=re.compile(r"^0$")).first
    cell.hover()
    until(page, f"{rings} !== v[0]", before)
    page.mouse.move(5, 5)
    until(page, f"{rings} === v[0]", before)
    cell.click()  # stays, so that a finger can do it
    page.mouse.move(5, 5)
    until(page, f"{rings} !== v[0]", before)
    expect(cell).to_have_attribute("aria-pressed", "true")
    page.get_by_role("tab", name="Network").click()
    until(page, f"{rings} === v[0]", before)


def test_values_have_errors_instead_of_classes(open_page: Callable[..., Page]) -> None:
    link = "v=1&dataset=plane&hidden=3"
    page = open_page(link, still=True)
    look(page)
    page.get_by_role("tab", name="Results").click()
    own = session(link)
    metrics = own.panels[0].trainer.evaluate()
    row = page.locator(".scores tbody tr").first
    expect(row.locator("td").first).to_have_text(f"{metrics.test_error[0]:.3f}")
    expect(row.locator("td").nth(1)).to_have_text(f"{own.data.labels[own.data.test].std():.3f}")
    expect(page.locator(".confusion")).to_have_count(0)


def test_a_typed_weight_changes_the_picture_as_the_engine_says_and_undo_restores_it(
    open_page: Callable[..., Page],
) -> None:
    link = "v=1&hidden=4"
    page = open_page(link, still=True)
    look(page)
    seen_at(page, 2)
    choose(page, 6)  # the first output
    undo = page.get_by_role("button", name="Undo what was last typed or switched")
    expect(undo).to_be_disabled()
    before, numbers = picture(page), weights(page)
    page.locator(".weights .weight:visible").nth(1).click()
    field = page.get_by_role("textbox", name="New value: Unit 1")
    field.fill("a lot")
    field.press("Enter")
    expect(page.locator(".inspector .error")).to_be_visible()
    expect(field).to_be_visible()
    assert picture(page) == before
    field.fill("-12.5")
    field.press("Enter")
    until(page, "document.querySelectorAll('.weights .weight')[1].textContent === v[0]", "−12.500")
    until(page, "document.querySelector('.panel .boundary').toDataURL() !== v[0]", before)
    weigh = {"type": "weigh", "panel": 0, "layer": 1, "unit": 0, "input": 0, "value": -12.5}
    changed = session(link, 2, weigh).panels[0].trainer
    expect(page.locator(".panel .major td").first).to_have_text(f"{changed.evaluate().test_loss[0]:.3f}")
    until(
        page,
        "document.querySelector('.facts dd:last-of-type').textContent === v[0]",
        f"±{written(inside(changed).scale[6])}",
    )
    # The bias, too; both are taken back one after the other.
    page.locator(".weights .weight:visible").first.click()
    page.get_by_role("textbox", name="New value: Bias").fill("3")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.weights .weight')[0].textContent === '3.000'")
    undo.click()
    until(page, "document.querySelectorAll('.weights .weight')[0].textContent === v[0]", numbers[0])
    undo.click()
    until(page, "document.querySelector('.panel .boundary').toDataURL() === v[0]", before)
    expect(page.locator(".weights tr:visible .weight")).to_have_text(numbers)
    expect(undo).to_be_disabled()


def test_escape_and_leaving_the_field_change_nothing(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4", still=True)
    look(page)
    numbers = weights(page)
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.locator("#epoch").click()):
        page.locator(".weights .weight:visible").first.click()
        page.get_by_role("textbox", name="New value").fill("9")
        leave()
        expect(page.locator(".weight-field")).to_have_count(0)
    assert weights(page) == numbers
    expect(page.get_by_role("button", name="Undo what was last typed or switched")).to_be_disabled()


@pytest.mark.parametrize(
    ("link", "kind", "word"),
    [
        ("v=1&hidden=8,8&bias=-1", "dead", "dead"),
        ("v=1&hidden=6-sigmoid,6-sigmoid&gain=10", "saturated", "flat"),
    ],
)
def test_dead_and_saturated_units_are_marked(open_page: Callable[..., Page], link: str, kind: str, word: str) -> None:
    page = open_page(link, still=True)
    look(page)
    seen = inside(session(link).panels[0].trainer)
    hidden = np.arange(seen.sizes[0], sum(seen.sizes[:-1]))
    dead = [int(unit) for unit in hidden if seen.active[unit] == 0]
    wanted = dead if kind == "dead" else [int(unit) for unit in hidden if seen.saturated[unit] > 0.95]
    assert wanted, "the link shows nothing"
    marked = page.locator(f".unit.{kind}")
    expect(marked).to_have_count(len(wanted))
    assert [int(unit.get_attribute("data-unit") or -1) for unit in marked.all()] == wanted
    for unit in marked.all():
        expect(unit).to_have_attribute("aria-label", re.compile(kind))
        expect(unit.locator(".unit-caption")).to_contain_text(word)
    if kind == "dead":
        expect(marked.first.locator(".unit-caption")).to_contain_text("0/250")
    choose(page, wanted[0])
    expect(page.locator(".inspector-state")).to_contain_text(kind, ignore_case=True)
    if kind == "dead":
        colours = enlarged(page)[..., :3]
        grey = (colours.max(axis=-1) - colours.min(axis=-1)).max()
        assert grey < 16, "a dead unit has colours"


def test_the_keyboard_walks_from_unit_to_unit_and_types_a_weight(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4,3", still=True)
    page.keyboard.press("i")
    until(page, SHOWN)
    here = "Number(document.activeElement.dataset.unit)"
    page.locator(".unit.picked").focus()
    assert page.evaluate(here) == 2
    for key, unit in [("ArrowDown", 3), ("End", 5), ("ArrowUp", 4), ("Home", 2), ("ArrowRight", 6), ("ArrowRight", 9)]:
        page.keyboard.press(key)
        assert page.evaluate(here) == unit, key
        until(page, "document.querySelector('.inspector').dataset.unit === v[0]", str(unit))
    page.keyboard.press("ArrowRight")
    assert page.evaluate(here) == 9, "there is nothing behind the outputs"
    assert page.evaluate(EPOCH) == 0, "arrow keys also trained"
    expect(page.locator(".unit:focus")).to_have_attribute("aria-label", re.compile("Class 1"))
    # The first weight is a few tabs away: previous, next, undo (disabled), the list, its bias.
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.weight')"):
            break
    expect(page.locator(".weight:focus")).to_have_attribute("aria-label", re.compile("Bias"))
    page.keyboard.press("Enter")
    page.keyboard.type("2.25")
    page.keyboard.press("Enter")
    expect(page.locator(".weight:focus")).to_have_text("2.250")
    page.keyboard.press("i")
    expect(page.locator("#inside")).to_be_hidden()


def test_a_link_says_its_weight_and_leads_to_it(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=1&features=x1", still=True)
    look(page)
    first, second = (page.locator(f".unit[data-unit='{unit}']").bounding_box() for unit in (0, 1))
    assert first and second
    x = (first["x"] + first["width"] + second["x"]) / 2
    y = (first["y"] + second["y"] + first["height"] / 2 + second["height"] / 2) / 2
    page.mouse.move(x, y)
    tip = page.locator(".graph-tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("x₁ → Layer 1, unit 1: ")
    weight = weights(page)[1]
    expect(tip).to_contain_text(weight)
    page.mouse.click(x, y)
    expect(page.locator(".weight:focus")).to_have_text(weight)


def test_nothing_is_asked_for_that_is_not_on_screen(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&b.hidden=3", still=True)
    said: list[Any] = []
    heard: list[str] = []

    def listen(line: Any) -> None:
        def sent(data: str | bytes) -> None:
            command = json.loads(data) if isinstance(data, str) else {}
            if command.get("type") == "look":
                views = [view if isinstance(view, str) else view["id"] for view in command["views"]]
                said.append((command["panel"], views))

        line.on("framesent", sent)
        line.on(
            "framereceived", lambda data: heard.append(decode(data)[1]["kind"]) if isinstance(data, bytes) else None
        )

    page.on("websocket", listen)
    page.reload()
    until(page, "document.querySelector('.panel .major td')?.textContent")
    at_epoch(page, 1)
    assert "inside" not in heard
    assert said == []
    look(page)
    expect(page.get_by_role("heading", name="Inside network A")).to_be_visible()
    expect(page.locator(".graph-column").nth(1).locator(".unit")).to_have_count(8)
    page.locator(".panel-select").nth(1).click()
    expect(page.get_by_role("heading", name="Inside network B")).to_be_visible()
    expect(page.locator(".graph-column").nth(1).locator(".unit")).to_have_count(3)
    page.get_by_role("tab", name="Results").click()
    page.get_by_role("tab", name="Layers").click()
    expect(page.locator(".layer-table tbody tr")).to_have_count(2)
    page.keyboard.press("i")
    expect(page.locator("#inside")).to_be_hidden()
    until(page, "true")
    assert said == [(0, ["inside"]), (1, ["inside"]), (1, ["results"]), (1, ["inside"]), (None, [])]
    heard.clear()
    at_epoch_after(page, 1)
    assert "frame" in heard
    assert "inside" not in heard
    # In this tab it is as it was left, also after a reload.
    page.keyboard.press("i")
    expect(page.locator(".layer-table")).to_be_visible()
    page.reload()
    expect(page.locator(".layer-table tbody tr")).not_to_have_count(0)
    assert page.get_by_role("switch", name="Look inside").is_checked()


def test_what_is_scrolled_away_is_not_asked_for(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4", still=True, size=(390, 844))
    page.evaluate(
        """() => {
          window.looks = [];
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (data) {
            const { type, views } = typeof data === 'string' ? JSON.parse(data) : {};
            if (type === 'look') looks.push(views);
            return send.call(this, data);
          };
        }"""
    )
    page.keyboard.press("i")
    page.locator("#inside").scroll_into_view_if_needed()
    expect(page.locator(".graph-column").nth(1).locator(".unit")).to_have_count(4)
    page.locator(".chart").last.scroll_into_view_if_needed()
    until(page, "JSON.stringify(looks.at(-1)) === '[]'")
    page.locator(".graph-area").scroll_into_view_if_needed()
    until(page, "JSON.stringify(looks.at(-1)) === '[\"inside\"]'")


def test_the_focus_stays_where_the_eyes_are(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4&b.hidden=3", still=True)
    look(page)
    page.locator(".unit[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("2")
    expect(page.get_by_role("heading", name="Inside network B")).to_be_visible()
    expect(page.locator(".graph-column").nth(1).locator(".unit")).to_have_count(3)
    expect(page.locator(".unit:focus")).to_have_attribute("tabindex", "0")
    page.keyboard.press("i")
    expect(page.locator("#inside")).to_be_hidden()
    expect(page.locator("#inside-switch")).to_be_focused()


def at_epoch_after(page: Page, epoch: int) -> None:
    page.keyboard.press("e")
    until(page, f"{EPOCH} === v[0]", epoch + 1)


def test_after_a_break_it_asks_again(browser: Any) -> None:
    server = Killable()
    page = browser.new_page()
    try:
        page.goto(f"http://127.0.0.1:{server.port}/#v=1&hidden=4")
        look(page)
        server.end(9)
        expect(page.locator("#connection")).to_be_visible()
        shown = page.locator(".facts dd").nth(1).inner_text()
        server.start()
        expect(page.locator("#connection")).to_be_hidden(timeout=20_000)
        until(page, "document.querySelectorAll('.facts dd')[1].textContent !== v[0]", shown)
    finally:
        page.close()
        server.end(9)


def test_wide_layers_are_strips_that_say_so(open_page: Callable[..., Page]) -> None:
    link = "v=1&hidden=20,4&bias=-0.5"
    page = open_page(link, still=True)
    look(page)
    column = page.locator(".graph-column").nth(1)
    expect(column.locator(".unit.small")).to_have_count(20)
    expect(column.locator(".graph-foot")).to_contain_text("links combined")
    expect(page.locator(".graph-column").nth(2).locator(".unit.small")).to_have_count(0)
    seen = inside(session(link).panels[0].trainer)
    page.get_by_label("Order of wide layers").select_option(label="Most active first")
    places = page.evaluate(
        """() => [...document.querySelectorAll('.unit.small')].map((unit) =>
        [Number(unit.dataset.unit), parseFloat(unit.style.top), parseFloat(unit.style.left)])"""
    )
    order = [unit for unit, _, _ in sorted(places, key=lambda place: (round(place[1]), place[2]))]
    counts = [int(seen.active[unit]) for unit in order]
    assert counts == sorted(counts, reverse=True)
    choose(page, order[3])
    assert facts(page)[0].startswith(f"{counts[3]} of")
    page.get_by_role("button", name="Next unit of this layer").click()
    following = 2 + (order[3] - 2 + 1) % 20
    until(page, "document.querySelector('.inspector').dataset.unit === v[0]", str(following))


def test_pieces_of_maxout_are_told_apart(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=3-maxout", still=True)
    look(page)
    seen = inside(session("v=1&hidden=3-maxout").panels[0].trainer)
    pieces = len(seen.weights[0]) // 3
    assert pieces > 1
    choose(page, 3)
    shown = weights(page)
    rows = [1 + 3 * piece for piece in range(pieces)]
    expected = [value for row in rows for value in (seen.biases[0][row], *seen.weights[0][row])]
    assert len(shown) == len(expected)
    assert all(map(close, shown, expected))
    names = page.locator(".weights tr:visible th")
    own = ["Bias", "x₁", "x₂"]
    assert names.all_inner_texts() == [text for piece in range(pieces) for text in (f"Piece {piece + 1}", *own)]
    assert names.evaluate_all("all => all.every((name) => name.scrollWidth <= name.clientWidth)"), "none is cut"
    assert page.get_by_role("button", name=re.compile("^Piece 2: Bias: .* Change$")).count() == 1


def listed(page: Page) -> list[str]:
    """What stands beside a unit, row by row: its name and its number."""
    rows = page.locator(".weights tr:visible").all()
    return [" ".join(filter(None, re.split(r"\s+", row.inner_text()))) for row in rows]


def test_what_a_unit_learns_besides_its_weights_is_listed(open_page: Callable[..., Page]) -> None:
    link = "v=1&hidden=3-prelu,2-tanh&batch_norm=true&samples=100"
    page = open_page(link, still=True)
    look(page)
    seen_at(page, 3)
    network = session(link, 3).panels[0].trainer.network
    gamma, beta, learned = (
        [view[0, :, 0] for view in network.views(name, network.parameters)] for name in ("gamma", "beta", "learned")
    )
    expect(page.locator(".graph-key")).to_contain_text("shift β")
    for unit, layer, index in ((3, 0, 1), (6, 1, 1), (7, 2, 0)):
        choose(page, unit)
        expected = {"Shift β": beta, "Scale γ": gamma} if layer < 2 else {}
        if layer == 0:
            expected["Learned slope α"] = learned
        shown = [row for row in listed(page) if not row.startswith(("Unit", "x"))]
        if layer == 2:
            assert [row.rsplit(" ", 1)[0] for row in shown] == ["Bias"]
        for row, (name, values) in zip(shown, expected.items(), strict=layer < 2):
            assert row.startswith(f"{name} ") and close(row.rsplit(" ", 1)[1], values[layer][index]), (row, name)
        # Only what can be typed and switched looks as if it could.
        width = network.sizes[layer] + 1
        assert page.locator(".weights .weight:visible").count() == width
        assert page.locator(".weights .power:visible").count() == width
    choose(page, 3)
    page.get_by_role("button", name=re.compile("Shift β: .* Change")).click()
    page.get_by_role("textbox", name="New value: Shift β").fill("0.5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Shift β: 0.500")).to_be_visible()
    cut = "all => all.filter((name) => name.scrollWidth > name.clientWidth).map((name) => name.textContent)"
    for width, height in ((1440, 900), (1024, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.locator(".weights tr:visible th").evaluate_all(cut) == [], width


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("v=1&hidden=3,4", "9 units (inputs not counted) · 35 parameters · 140 bytes"),
        ("v=1&hidden=&loss=logistic", "1 unit (inputs not counted) · 3 parameters · 12 bytes"),
        ("v=1&hidden=128,128", "258 units (inputs not counted) · 17,154 parameters · 68,616 bytes"),
    ],
)
def test_the_size_of_the_network_is_told(open_page: Callable[..., Page], link: str, text: str) -> None:
    page = open_page(link, still=True)
    look(page)
    expect(page.locator(".graph-size")).to_have_text(text)
    title = page.locator(".panel [title*=bytes]").first
    expect(title).to_have_attribute("title", re.compile(re.escape(text)))


BOXES = """() => {
  const names = ['.panel', '.inside-head', '.graph', '.inspector', '.inspector-map', '.facts', '.weights'];
  return names.map((name) => {
    const box = document.querySelector(name).getBoundingClientRect();
    return [name, ...[box.left, box.top, box.width, box.height].map(Math.round)];
  });
}"""


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)])
def test_nothing_jumps(open_page: Callable[..., Page], size: tuple[int, int]) -> None:
    page = open_page("v=1&hidden=8,8&bias=-1&features=x1,x2,x1x2", still=True, size=size)
    look(page)
    page.locator(".inspector").scroll_into_view_if_needed()
    before = page.evaluate(BOXES)
    for unit in (0, 5, 14, 19):
        page.locator(f".unit[data-unit='{unit}']").dispatch_event("click")
        until(page, "document.querySelector('.inspector').dataset.unit === v[0]", str(unit))
        assert page.evaluate(BOXES) == before, unit
    at_epoch_after(page, 0)
    assert page.evaluate(BOXES) == before, "after training"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("tab", [0, 1, 2])
@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (390, 844))])
def test_axe_finds_nothing_serious(
    open_page: Callable[..., Page], tab: int, scheme: str, lang: str, size: tuple[int, int]
) -> None:
    page = open_page("v=1&hidden=18,4&bias=-1&b.hidden=3", scheme=scheme, lang=lang, size=size, still=True)
    page.keyboard.press("i")
    until(page, SHOWN)
    page.get_by_role("tab").nth(tab).click()
    until(page, "document.querySelector('.inside-page > :not([hidden])').textContent")
    expect(page.locator(".inside-page.stale")).to_have_count(0)
    page.locator("#charts").scroll_into_view_if_needed()
    expect(page.locator("#charts .plot .main-svg").first).to_be_attached()
    assert not serious_faults(page)


def test_a_picture_of_300_pixels_is_as_high_as_wide(open_page) -> None:
    """A canvas is born 300 by 150; beside the look inside a phone's picture is 300 wide."""
    page = open_page(size=(390, 844))
    page.locator("#inside-switch").check(force=True)
    until(page, "document.querySelector('.stage').clientWidth === 300")
    until(
        page, "[...document.querySelectorAll('canvas.points, canvas.rings')].every((one) => one.width === one.height)"
    )


def test_before_the_first_state_there_is_nothing_to_look_into_and_nothing_breaks(open_page) -> None:
    """On a slow line the points are there, and drawn, before the page knows what is trained on them."""
    page = open_page("v=1&hidden=3")
    held: list[str] = []

    def between(line: Any) -> None:
        server = line.connect_to_server()
        line.on_message(server.send)

        def answered(message: str | bytes) -> None:
            if isinstance(message, bytes) and not held:
                line.send(message)
            else:
                held.append(message)  # type: ignore[arg-type]

        server.on_message(answered)
        lines.append((line, server))

    lines: list[Any] = []
    page.route_web_socket("**/ws", between)
    page.goto(page.url.replace("/#", "/?look=landscape#"))
    until_true(page, lambda: bool(held))
    page.emulate_media(color_scheme="dark")
    for tab in page.locator(".inside-tab").all():
        tab.click()
        until(page, "document.querySelector('#inside').offsetWidth")
    page.keyboard.press("i")
    page.keyboard.press("i")
    page.locator("#inside-tab-network").click()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    line, server = lines[-1]
    server.on_message(line.send)
    for message in held:
        line.send(message)
    until(page, SHOWN)


@pytest.mark.parametrize(
    "tab", ["network", "layers", "space", "point", "check", "results", "seeds", "difference", "landscape"]
)
def test_the_address_opens_a_tab(open_page, tab: str) -> None:
    page = open_page("v=1&b.seed=2", path=f"?look={tab}")
    expect(page.locator(f"#inside-tab-{tab}")).to_have_attribute("aria-selected", "true")
    until(page, "document.querySelector('.panel .major td')?.textContent")


FIVE = "v=1&hidden=4&samples=100&dataset=blobs(classes=5)"


@pytest.mark.parametrize(
    ("link", "names"),
    [
        (FIVE, ["Class 1", "Class 2", "Class 3", "Class 4", "Class 5"]),
        (
            f"{FIVE}&loss=attribute_hinge",
            [
                "Attribute 1: classes 1, 2, 3 and 4 (−) against class 5 (+)",
                "Attribute 2: classes 1, 2 and 5 (−) against classes 3 and 4 (+)",
                "Attribute 3: classes 1, 3 and 5 (−) against classes 2 and 4 (+)",
            ],
        ),
        ("v=1&hidden=4&samples=100&loss=logistic", ["Output: class 1 (−) against class 2 (+)"]),
        ("v=1&hidden=4&samples=100&dataset=plane", ["Output"]),
    ],
)
def test_outputs_are_called_by_what_they_stand_for(open_page: Callable[..., Page], link: str, names: list[str]) -> None:
    page = open_page(link, still=True)
    look(page)
    labels = (
        page.locator(".graph-column").last.locator(".unit").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
    )
    assert [label.rpartition(": ")[0] for label in labels] == names
    expect(page.locator(".class-tree")).to_be_hidden()  # their outputs are no forks
    for output, name in enumerate(names):
        choose(page, 6 + output)
        said = page.locator(".inspector-title").inner_text(), page.locator(".inspector-state").inner_text()
        assert ": ".join(filter(None, said)) == name


LEAVES = """(tree, colors) => {
  const { data, width } = tree.getContext('2d').getImageData(0, 0, tree.width, tree.height);
  return colors.map((color) => {
    const columns = [];
    for (let at = 0; at < data.length; at += 4) {
      if (color.every((channel, index) => data[at + index] === channel)) columns.push((at / 4) % width);
    }
    return columns.reduce((sum, column) => sum + column, 0) / columns.length;
  });
}"""


@pytest.mark.parametrize(
    ("scheme", "lang", "size", "fork"),
    [
        ("light", "en", (1440, 900), "Fork 2: classes 1 and 2 (−) against class 3 (+)"),
        ("dark", "zh", (390, 844), "分叉 2：类别 1、2（−）对类别 3（+）"),
    ],
)
def test_forks_have_the_marks_of_their_classes_and_the_tree_is_drawn(
    open_page: Callable[..., Page], scheme: str, lang: str, size: tuple[int, int], fork: str
) -> None:
    page = open_page(f"{FIVE}&loss=hierarchical_softmax", scheme=scheme, lang=lang, size=size, still=True)
    page.keyboard.press("i")
    until(page, SHOWN)
    second = page.locator(".unit[data-unit='7']")
    assert (second.get_attribute("aria-label") or "").startswith(fork)
    names = page.locator(".unit-name.output")
    assert names.nth(1).get_attribute("title") == fork
    marks = "(one) => [...one.querySelector('.output-marks').children].map(({ tagName }) => tagName[0]).join('')"
    assert names.evaluate_all(f"(all) => all.map({marks})") == ["CCCICC", "CCIC", "CIC", "CIC"]  # I: what is between
    fits = "(all) => all.every(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)"
    assert names.evaluate_all(fits)

    tree = page.locator(".class-tree")
    expect(tree).to_be_visible()
    assert fork in (tree.get_attribute("aria-label") or "")
    colors = [[213, 94, 0], [0, 114, 178], [0, 158, 115], [204, 121, 167], [230, 159, 0]]
    across = tree.evaluate(LEAVES, colors)
    assert all(np.diff(across) > 10), across  # from left to right

    page.locator("#inside-tab-point").click()
    cell = page.locator(".walk-column:nth-last-child(2) .walk-unit").nth(1)
    expect(cell).to_have_attribute("title", fork)
    assert cell.locator(".output-mark").count() == 3
    assert page.locator(".crowded .walk-name").evaluate_all(fits)
    for tab in ("point", "network"):
        page.locator(f"#inside-tab-{tab}").click()
        until(page, "document.querySelector('.inside-page > :not([hidden])').textContent")
        expect(page.locator(".inside-page.stale")).to_have_count(0)
        assert not serious_faults(page)
