"""One point through the network: every number in the equations is the engine's, on the way there and on the way back;
the point is chosen in the picture, by buttons and by typing; nothing moves but the numbers while it trains.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engine.explain import Explanation, explain
from tests.browser.chromium import until
from tests.browser.test_inside import choose, close, session
from tests.browser.test_page import EPOCH, at_epoch
from tests.browser.test_resume import until_true
from tests.wire import decode

pytestmark = pytest.mark.browser

SHOWN = "document.querySelector('.point-says math')"
CURRENT = """(() => {
  const view = document.querySelector('.point-view');
  const [x1, x2, label] = (view.dataset.shown ?? '').split(' ');
  return [x1, x2, label].join(' ') === view.dataset.at;
})()"""


def look(page: Page) -> None:
    page.get_by_role("switch", name="Look inside").check()
    page.get_by_role("tab", name="One point").click()
    until(page, SHOWN)


def current(page: Page) -> None:
    """Wait until the numbers are those of the chosen point."""
    until(page, CURRENT)


def chosen(page: Page) -> tuple[np.ndarray, float]:
    """The point that is followed, and its label."""
    x1, x2, label = map(float, page.locator(".point-view").get_attribute("data-at").split())  # type: ignore[union-attr]
    return np.array([x1, x2]), label


def slots(page: Page) -> dict[str, str]:
    """The numbers of the step by their names."""
    found: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.point-says [data-slot]')]"
        ".map((slot) => [slot.dataset.slot, slot.textContent]))"
    )
    return found


def expected(found: Explanation, name: str, layer: int) -> float:
    """What the engine says a slot holds, in a step about a weight layer."""
    kind, *places = name.split(" ")
    at = [int(place) for place in places]
    values = found.layers[layer]
    if kind in found.terms and len(at) == 1:
        return float(found.terms[kind][at[0]])
    if kind == "a" and layer < 0:
        return float(found.inputs[at[0]])
    norm = values.normalization
    if norm and kind == "u":
        return float((norm.gamma * norm.normalized + norm.beta)[at[0]])
    arrays = {
        "w": values.weights,
        "b": values.bias,
        "z": values.z,
        "a": values.a,
        "da": values.da,
        "dz": values.dz,
        "slope": values.slope,
        "dw": values.d_weights,
        "db": values.d_bias,
        "learned": values.learned,
        "d_learned": values.d_learned,
    }
    array = (arrays | (vars(norm) if norm else {}))[kind]
    assert array is not None
    return float(array[tuple(at)])


def plain(text: str) -> str:
    return text.removeprefix("(").removesuffix(")")


def check_step(page: Page, found: Explanation, layer: int, weights_of: int | None = None) -> set[str]:
    """Every number of the step that is shown; the kinds that were seen. ``weights_of``: the layer that weights are of,
    where it is another."""
    shown = slots(page)
    for name, text in shown.items():
        if name == "rest":
            continue
        where = weights_of if name.startswith("w ") and weights_of is not None else layer
        assert close(plain(text), expected(found, name, where)), (name, text, expected(found, name, where))
    return {name.split(" ")[0] for name in shown}


KINDS = [
    "&hidden=4-tanh,3",
    "&hidden=4,4,4-maxout(pieces=2)&batch_norm=true&residual=true",
    "&hidden=3-tanh,3-prelu&batch_norm=true",
    "&hidden=4-sigmoid,9-prelu&regularizers=plain_dropout",
    "&hidden=",
    "&dataset=bumps&hidden=3",
    "&dataset=arms(classes=4)&loss=hierarchical_softmax&hidden=5",
]


@pytest.mark.parametrize("kind", KINDS)
def test_all_numbers_of_all_steps_are_the_engines(kind: str, open_page: Callable[..., Page]) -> None:
    link = f"v=1&samples=100{kind}"
    page = open_page(link, still=True)
    look(page)
    at_epoch(page, 2)
    until(page, f"{EPOCH} === 2 && document.querySelector('.point-view').dataset.shown.endsWith(' 2.0')")
    trainer = session(link, 2).panels[0].trainer
    found = explain(trainer, *chosen(page))
    count = len(found.layers)
    seen = walk(page, found)
    wanted = {"a", "w", "b", "z", "dz", "dw", "db", *found.terms} | ({"da", "slope"} if count > 1 else set())
    assert seen >= wanted
    normalized = any(layer.normalization is not None for layer in found.layers)
    between = {"mean", "deviation", "normalized", "gamma", "beta", "u", "du", "d_gamma", "d_beta"}
    assert seen & between == (between if normalized else set())
    learns = any(layer.learned is not None for layer in found.layers)
    assert seen & {"learned", "d_learned"} == ({"learned", "d_learned"} if learns else set())
    units_shown(page, found)


def walk(page: Page, found: Explanation, each: Callable[[], None] = lambda: None) -> set[str]:
    """All steps, for every unit; the kinds of numbers that were seen. ``each`` is done in every one."""
    count = len(found.layers)
    seen = check_step(page, found, -1)

    def units(step: Callable[[], set[str]], layer: int) -> None:
        """A step for every unit of its layer."""
        for unit in range(len(found.layers[layer].a)):
            if unit:
                page.get_by_role("button", name="Next unit of this layer").click()
            seen.update(step())
            each()

    def onward() -> None:
        page.get_by_role("button", name="Next step").click()

    for layer in range(count):
        onward()
        units(lambda layer=layer: check_step(page, found, layer), layer)  # type: ignore[misc]
    onward()
    assert slots(page).keys() >= {"loss", "p 0"}
    check_loss(page, found)
    for layer in reversed(range(count)):
        onward()
        if layer == count - 1:
            seen |= check_step(page, found, layer)
        else:
            units(lambda layer=layer: check_step(page, found, layer, layer + 1), layer)  # type: ignore[misc]
        onward()
        units(lambda layer=layer: check_step(page, found, layer), layer)  # type: ignore[misc]
    expect(page.get_by_role("button", name="Next step")).to_be_disabled()
    return seen


def test_with_batch_normalization_no_bias_is_spoken_of(open_page: Callable[..., Page]) -> None:
    """Hidden layers have none then; the outputs still do."""
    page = open_page("v=1&hidden=3&batch_norm=true", still=True)
    look(page)
    said, steps = page.locator(".point-says"), page.locator(".point-strip button")
    for place, name in ((1, "Forward"), (7, "Gradient of all parameters")):
        steps.nth(place).click()
        expect(page.get_by_role("heading", name=f"{name}: Layer 1")).to_be_visible()
        expect(said).to_contain_text("γ")
        expect(said).not_to_contain_text("bias")
    steps.nth(5).click()
    expect(page.get_by_role("heading", name="Gradient of weights and biases: Outputs")).to_be_visible()
    expect(said).not_to_contain_text("γ")


def check_loss(page: Page, found: Explanation) -> None:
    shown = slots(page)
    assert close(shown["loss"], found.loss)
    for label, probability in enumerate(found.probabilities):
        assert close(shown[f"p {label}"], probability)


def units_shown(page: Page, found: Explanation) -> None:
    """The columns of units: output and error of each, at the end of the way."""
    columns = page.locator(".walk-column")
    assert columns.count() == len(found.layers) + 2
    for layer, values in enumerate(found.layers):
        cells = columns.nth(layer + 1).locator(".walk-unit")
        errors = values.dz.reshape(-1, len(values.a)).sum(axis=0)
        listed = [int(unit) for unit in cells.evaluate_all("all => all.map((cell) => cell.dataset.unit)")]
        for place, unit in enumerate(listed):
            assert close(cells.nth(place).locator(".walk-a").inner_text(), values.a[unit])
            assert close(cells.nth(place).locator(".walk-dz").inner_text().removeprefix("dz "), errors[unit])
        if len(listed) < len(values.a):
            assert columns.nth(layer + 1).locator(".walk-more").inner_text() == f"{len(values.a) - len(listed)} more"


EQUATIONS = """[...document.querySelectorAll('.point-says .point-equation:not(.general) > math')]
  .filter((one) => !one.querySelector('mtable, munder, mfrac')).map((one) => one.textContent)"""
SUM = re.compile(r"(?:z|da|dz)[^=]*=([-+*/(). 0-9e]+)=([-(). 0-9e]+)")


def sums_hold(page: Page) -> int:
    """What is written as a sum or product is what stands behind it, as far as the digits go; how many there were."""
    count = 0
    for text in page.evaluate(EQUATIONS):
        found = SUM.fullmatch(text.replace("−", "-").replace("·", "*").replace("\u2062", ""))
        if found:
            assert abs(eval(found[1]) - eval(found[2])) < 0.02, text
            count += 1
    return count


def test_equations_hold_with_what_is_off(open_page: Callable[..., Page]) -> None:
    link = "v=1&samples=100&hidden=2-tanh,2-tanh,2-tanh&residual=true"
    page = open_page(link, still=True)
    page.get_by_role("switch", name="Look inside").check()
    at_epoch(page, 2)
    for unit in (1, 3, 4):
        choose(page, unit)
        page.keyboard.press("z")
        expect(page.locator(f".unit[data-unit='{unit}']")).to_have_class(re.compile(r"\boff\b"))
    look(page)
    until(page, "document.querySelector('.point-view').dataset.shown.endsWith(' 2.0')")
    trainer = session(link, 2, {"type": "switch", "panel": 0, "on": False, "units": [1, 3, 4]}).panels[0].trainer
    found = explain(trainer, *chosen(page))
    sums = []
    walk(page, found, lambda: sums.append(sums_hold(page)))
    assert sum(sums) > 12
    said = page.locator(".point-says")
    expect(said).to_contain_text("What is switched off has no gradient")
    page.get_by_role("button", name="Previous step").click()
    unit = page.locator(".walk-column").nth(1).locator(".walk-unit").nth(1)
    unit.click()
    expect(said).to_contain_text("This unit is switched off")
    for column, values in enumerate([found, *found.layers[:-1]]):
        cells = page.locator(".walk-column").nth(column).locator(".walk-unit")
        for place, off in enumerate(values.off):
            expect(cells.nth(place)).to_have_class(re.compile(r"\boff\b") if off else re.compile(r"^(?!.*\boff\b)"))
            name = cells.nth(place).inner_text()
            assert ("⊘ 0" in name) == ("switched off: it hands on 0" in name) == bool(off)
    assert sum(sum(values.off) for values in [found, *found.layers[:-1]]) == 3


def test_wide_layers_say_how_many_more_there_are(open_page: Callable[..., Page]) -> None:
    link = "v=1&hidden=20-tanh,128"
    page = open_page(link, still=True)
    look(page)
    found = explain(session(link).panels[0].trainer, *chosen(page))
    for _ in range(2):
        page.get_by_role("button", name="Next step").click()
    expect(page.get_by_role("heading", name="Forward: Layer 2")).to_be_visible()
    expect(page.locator(".point-says munder mtext")).to_have_text("14 more")
    rest = found.layers[1].weights[0, 6:] @ found.layers[1].inputs[6:]
    assert close(plain(slots(page)["rest"]), float(rest))
    page.get_by_role("button", name="Previous unit of this layer").click()
    expect(page.locator(".point-unit")).to_have_text("unit 128 of 128")
    expect(page.locator(".walk-column").nth(2).locator("[aria-pressed=true]")).to_have_attribute("data-unit", "127")
    assert close(slots(page)["z 127"], float(found.layers[1].z[127]))


RINGS = "document.querySelector('.panel .rings').toDataURL()"


def test_a_point_is_chosen_in_the_picture_by_buttons_and_by_typing(open_page: Callable[..., Page]) -> None:
    link = "v=1&samples=100&dataset=blobs"
    page = open_page(link, still=True)
    data = session(link).data
    look(page)
    which = page.locator(".point-which")
    count = data.n_train
    expect(which).to_have_text(f"Training point 1 of {count}")
    current(page)
    np.testing.assert_allclose(chosen(page)[0], data.points[:, 0], rtol=1e-6)
    page.get_by_role("button", name="Next training point").click()
    expect(which).to_have_text(f"Training point 2 of {count}")
    page.get_by_role("button", name="Previous training point").click()
    page.get_by_role("button", name="Previous training point").click()
    expect(which).to_have_text(f"Training point {count} of {count}")
    current(page)
    assert chosen(page)[1] == data.labels[count - 1]

    def click_at(x1: float, x2: float) -> None:
        stage = page.locator(".panel .stage")
        box = stage.bounding_box()
        assert box
        page.mouse.click(box["x"] + (x1 + 6) / 12 * box["width"], box["y"] + (6 - x2) / 12 * box["height"])

    before = page.evaluate(RINGS)
    far = 5.5, -5.5
    assert np.hypot(data.points[0] - far[0], data.points[1] - far[1]).min() > 0.6
    click_at(*far)
    expect(which).to_have_text("Chosen place")
    until(page, f"{RINGS} !== v[0]", before)
    place, label = chosen(page)
    assert np.abs(place - far).max() < 0.06 and label == data.labels[count - 1]
    page.locator(".point-labels").get_by_text("3", exact=True).click()
    current(page)
    assert chosen(page)[1] == 2
    field = page.locator(".point-box", has_text="x₁").locator("input")
    field.fill("1.25")
    field.press("Enter")
    until(page, "document.querySelector('.point-view').dataset.at.startsWith('1.25 ')")
    current(page)
    assert chosen(page)[0][0] == 1.25 and chosen(page)[1] == 2
    field.fill("1000")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".point-place .error")).to_have_text("From -24 to 24.")
    assert chosen(page)[0][0] == 1.25
    # A click near a point is one at it, and takes its class.
    within = [index for index in range(count) if np.abs(data.points[:, index]).max() < 5]
    alone = max(within, key=lambda index: np.sort(np.hypot(*(data.points - data.points[:, [index]])))[1])
    click_at(*data.points[:, alone])
    expect(which).to_have_text(f"Training point {alone + 1} of {count}")
    current(page)
    assert chosen(page)[1] == data.labels[alone]
    page.get_by_role("tab", name="Results").click()
    click_at(*far)
    page.get_by_role("tab", name="One point").click()
    expect(which).to_have_text(f"Training point {alone + 1} of {count}")


def test_numbers_are_never_those_of_another_point(open_page: Callable[..., Page]) -> None:
    """The first answer is about the first point already, and an old one does not stand as a new one's."""
    page = open_page("v=1&samples=100", still=True)
    looks: list[dict[str, float]] = []
    held: list[str | bytes] | None = None

    def between(line: Any) -> None:
        server = line.connect_to_server()

        def said(message: str | bytes) -> None:
            if isinstance(message, str) and (command := json.loads(message))["type"] == "look":
                looks.extend(view for view in command["views"] if view == "point" or isinstance(view, dict))
            server.send(message)

        def answered(message: str | bytes) -> None:
            if held is not None and isinstance(message, bytes) and decode(message)[1]["kind"] == "point":
                held.append(message)
            else:
                line.send(message)

        line.on_message(said)
        server.on_message(answered)
        lines.append(line)

    lines: list[Any] = []
    page.route_web_socket("**/ws", between)
    page.reload()
    look(page)
    current(page)
    data = session("v=1&samples=100").data
    assert [(one["x1"], one["x2"]) for one in looks] == [pytest.approx(data.points[:, 0], rel=1e-6)]
    view = page.locator(".point-view")
    expect(view).to_have_attribute("aria-busy", "false")
    first = slots(page)
    held = []
    page.get_by_role("button", name="Next training point").click()
    expect(view).to_have_attribute("aria-busy", "true")
    until_true(page, lambda: bool(held))
    assert slots(page) == first
    for message in held:
        lines[-1].send(message)
    held = None
    expect(view).to_have_attribute("aria-busy", "false")
    current(page)
    assert slots(page) != first


def test_slow_motion_goes_to_the_end_and_stops(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=", still=True)
    look(page)
    page.get_by_role("button", name="Play the steps").click()
    expect(page.locator(".point-slow")).to_have_text("Stop")
    until(page, "document.querySelector('.point-where').textContent === 'Step 5 of 5'", seconds=60)
    expect(page.locator(".point-slow")).to_have_text("Play the steps")
    expect(page.locator(".point-step[aria-current]")).to_have_attribute(
        "aria-label", "Gradient of weights and biases: Outputs"
    )
    page.get_by_role("button", name="Play the steps").click()  # from the beginning
    expect(page.locator(".point-where")).to_have_text("Step 1 of 5")
    page.locator(".point-strip button").nth(2).click()  # whoever goes on by hand is not overtaken
    expect(page.locator(".point-slow")).to_have_text("Play the steps")


def test_a_network_that_has_diverged_has_no_steps(open_page: Callable[..., Page]) -> None:
    page = open_page(
        "v=1&hidden=3&samples=100&b.hidden=8-linear,8-linear&b.learning_rate=10&loss=squared_error", still=True
    )
    look(page)
    expect(page.locator(".point-where")).to_contain_text("Step 1 of")
    page.locator("[data-action=toggle]").click()
    expect(page.locator(".panel").nth(1)).to_have_class(re.compile("diverged"))
    page.locator("[data-action=toggle]").click()
    page.keyboard.press("2")
    expect(page.locator(".inside-waiting")).to_be_visible()
    page.locator(".point-strip button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    expect(page.locator(".inside-waiting")).to_be_hidden()
    expect(page.locator(".point-where")).to_contain_text("Step 2 of")


def test_only_the_numbers_move_while_it_trains(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4-tanh", still=False)
    look(page)
    for _ in range(3):
        page.get_by_role("button", name="Next step").click()
    page.evaluate("window.kept = document.querySelector('.point-says [data-slot=loss]')")
    page.evaluate("window.seen = new Set()")
    until(page, "window.seen.add(window.kept.textContent).size > 4 && window.kept.isConnected")
    page.keyboard.press(" ")
    page.get_by_role("switch", name="Look inside").uncheck()


def test_the_keyboard_walks_through_the_steps(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=3", still=True)
    look(page)
    page.locator(".point-strip button").first.focus()
    for step in (2, 3):
        page.keyboard.press("ArrowRight")
        expect(page.locator(".point-where")).to_have_text(f"Step {step} of 8")
    assert page.evaluate(EPOCH) == 0, "the key does not make an update, too"
    page.locator(".walk-column").nth(1).locator("button").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Forward: Layer 1")).to_be_visible()
    expect(page.locator(".point-unit")).to_have_text("unit 3 of 3")
    assert page.evaluate("document.activeElement.dataset.unit") == "2"


def test_other_points_bring_another_point(open_page: Callable[..., Page]) -> None:
    """A class that is no longer there is not kept, and values take the place of classes."""
    page = open_page("v=1&dataset=arms(classes=5)&hidden=3", still=True)
    look(page)
    page.locator(".point-labels").get_by_text("5", exact=True).click()
    expect(page.locator(".point-which")).to_have_text("Chosen place")
    page.goto(page.url.split("#")[0] + "#v=1&dataset=circle&hidden=3")
    until(page, "document.querySelectorAll('.point-labels input').length === 2")
    current(page)
    assert chosen(page)[1] == 1
    page.goto(page.url.split("#")[0] + "#v=1&dataset=function&hidden=3")
    until(page, "document.querySelector('.point-labels').hidden")
    current(page)
    expect(page.locator(".point-box", has_text="x₂")).to_be_hidden()
    expect(page.locator(".point-box", has_text="Value y")).to_be_visible()


@pytest.mark.parametrize(("size", "lang"), [((1440, 900), "en"), ((390, 844), "zh"), ((360, 740), "en")])
def test_it_can_be_used_by_all_and_fits(size: tuple[int, int], lang: str, open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=8-tanh,8,8", size=size, lang=lang, still=True)
    page.locator("#inside-switch").check()
    page.locator("#inside-tab-point").click()
    until(page, SHOWN)
    for _ in range(8):
        page.locator(".point-bar .button").nth(2).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("document.querySelector('#inside').scrollLeft") == 0
    found = Axe().run(page).response["violations"]
    assert not found, [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in found]
    small = page.evaluate(
        """[...document.querySelectorAll(".point-view :is(button, label.segment)")].filter((it) => it.offsetParent)
        .map((it) => it.getBoundingClientRect()).filter((box) => box.width < 24 || box.height < 24).length"""
    )
    assert small == 0
