"""The way through a run: back to any moment that is kept and on from there with the same digits, slow motion, and flags
where something was changed.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chromium import until
from tests.browser.test_page import picture
from tests.browser.test_resume import Killable, Rows, rows, uninterrupted
from tests.wire import decode, losing

pytestmark = pytest.mark.browser

LINK = "v=1&hidden=6&samples=100&optimizer=adam&regularizers=dropout&b.hidden=3&speed=50"
EPOCH = "Number(document.getElementById('epoch').textContent.replace(/[^0-9.]/g, ''))"
PAST = "document.body.classList.contains('past')"
SLIDER = "document.querySelector('.past-slider')"


def epoch(page: Page) -> float:
    return float(re.sub(r"[^\d.]", "", page.locator("#epoch").inner_text()))


def still(page: Page) -> None:
    """Pause, and wait until all that is on its way has come."""
    page.keyboard.press("Space")
    until(page, "!document.body.classList.contains('playing')")


def numbers(page: Page) -> list[str]:
    return page.locator(".numbers td").all_inner_texts()


@pytest.fixture
def server() -> Iterator[Killable]:
    running = Killable()
    yield running
    if running.process.poll() is None:
        running.end(9)


@pytest.fixture
def listened(browser: Any, server: Killable) -> Iterator[tuple[Page, list[bytes]]]:
    """A page, and every frame that it gets."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    heard: list[bytes] = []

    def listen(data: str | bytes) -> None:
        if isinstance(data, bytes) and decode(data)[1]["kind"] == "frame":
            heard.append(data)

    page.on("websocket", lambda line: line.on("framereceived", listen))
    page.goto(f"http://127.0.0.1:{server.port}/#{LINK}")
    yield page, heard
    page.close()


def recorded(heard: list[bytes]) -> Rows:
    return {epoch: losses for frame in heard for epoch, losses in rows(frame).items()}


def test_back_to_an_earlier_moment_and_on_from_there_gives_the_digits_of_the_first_time(
    listened: tuple[Page, list[bytes]],
) -> None:
    page, heard = listened
    until(page, f"{EPOCH} > 60")
    page.keyboard.press("[")  # this pauses, too
    until(page, PAST)
    until(page, "!document.body.classList.contains('playing')")
    for _ in range(3):
        page.keyboard.press("[")
    until(page, f"Number({SLIDER}.value) <= Number({SLIDER}.max) - 4 || {SLIDER}.value === '0'")
    text = page.locator(".past-place").inner_text()
    at, end = (float(part.replace(",", "")) for part in text.split(" of "))
    until(page, f"Math.abs({EPOCH} - v[0]) < 0.011", at)
    assert at < end
    shown = decode(heard[-1])[0]
    first = recorded(heard)
    heard.clear()
    page.keyboard.press("Space")
    until(page, f"{EPOCH} > v[0] + 20", end)
    expect(page.locator("body")).not_to_have_class(re.compile("past"))
    second = recorded(heard)
    assert min(second) <= at + 1 and max(first) > min(second), "it went on from the earlier moment"
    whole = uninterrupted(LINK, int(max(second)))
    for found in (first, second):
        assert {each: whole[each] for each in found} == found
    below = max((each for each in whole if each <= at), default=0.0)
    if below == at:
        assert [*shown["train_loss"][-1], *shown["test_loss"][-1]] == whole[below]


def test_single_updates_are_taken_back_and_now_is_come_back_to(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4&samples=100&batch_size=10", still=True)
    seen = {}
    for step in range(4):
        until(page, f"Math.abs({EPOCH} - v[0]) < 0.001", step / 5)
        until(page, f"Number({SLIDER}.max) >= v[0] && {SLIDER}.value === String(v[0])", max(1, step))
        seen[step] = numbers(page), picture(page, 0)
        page.keyboard.press("s")
    until(page, f"Math.abs({EPOCH} - 0.8) < 0.001")
    until(page, f"{SLIDER}.max === '4'")
    for step in (3, 2, 1, 0):
        page.keyboard.press("[")
        until(page, f"Math.abs({EPOCH} - v[0]) < 0.001 && {PAST}", step / 5)
        until(
            page,
            "JSON.stringify([...document.querySelectorAll('.numbers td')].map((e) => e.innerText)) === v[0]",
            page.evaluate("(texts) => JSON.stringify(texts)", seen[step][0]),
        )
        assert picture(page, 0) == seen[step][1], step
    expect(page.get_by_role("button", name="One moment back")).to_be_disabled()
    page.get_by_role("button", name="Back to now").click()
    until(page, f"Math.abs({EPOCH} - 0.8) < 0.001 && !{PAST}")
    page.keyboard.press("[")
    until(page, f"Math.abs({EPOCH} - 0.6) < 0.001 && {PAST}")
    page.keyboard.press("e")  # training goes on: what came after is no more
    until(page, f"{EPOCH} === 1 && !{PAST}")
    until(page, f"{SLIDER}.max === '4'")


def test_the_slider_is_one_for_keys_and_says_where_it_is(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4&samples=100", still=True)
    for done in (1, 2, 3):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0] && {SLIDER}.max === String(v[0])", done)
    slider = page.get_by_role("slider", name="Moment of the run")
    slider.focus()
    slider.press("Home")
    until(page, f"{EPOCH} === 0 && {PAST}")
    assert slider.get_attribute("aria-valuetext") == "0 of 3"
    slider.press("ArrowRight")
    until(page, f"{EPOCH} === 1")
    expect(page.get_by_role("button", name="Go on from here")).to_be_visible()
    slider.press("End")
    until(page, f"{EPOCH} === 3 && !{PAST}")
    assert slider.get_attribute("aria-valuetext") == "now"


def test_a_server_that_ends_while_someone_is_in_the_past_costs_nothing(
    listened: tuple[Page, list[bytes]], server: Killable
) -> None:
    page, heard = listened
    until(page, f"{EPOCH} > 30")
    still(page)
    page.get_by_role("slider", name="Moment of the run").focus()
    page.keyboard.press("Home")
    until(page, f"{EPOCH} === 0 && {PAST}")
    until(page, f"Number({SLIDER}.max) > 1")
    server.end(9)
    expect(page.locator("#connection")).to_be_visible()
    server.start()
    expect(page.locator("#connection")).to_be_hidden(timeout=60_000)
    until(page, f"{EPOCH} === 0 && {PAST}")
    heard.clear()
    page.keyboard.press("End")
    until(page, f"{EPOCH} > 30 && !{PAST}")


def test_slow_motion_makes_one_update_at_a_time(listened: tuple[Page, list[bytes]]) -> None:
    page, heard = listened
    until(page, f"{EPOCH} > 1")
    page.get_by_role("button", name="Slow motion").click()
    page.get_by_role("radio", name="5").check(force=True)
    expect(page.get_by_role("radiogroup", name="Updates per second")).to_be_visible()
    until(page, "document.querySelector('#slow-rates input:checked').value === '5'")
    heard.clear()
    before = epoch(page)
    until(page, f"{EPOCH} > v[0] + 1", before)
    steps = [int(decode(frame)[0]["step"][0]) for frame in heard[2:]]
    assert len(steps) > 3
    assert set(b - a for a, b in pairwise(steps)) <= {0, 1}
    page.keyboard.press("-")
    until(page, "document.querySelector('#slow-rates input:checked').value === '2'")
    page.keyboard.press("o")
    expect(page.get_by_role("radiogroup", name="Updates per second")).to_be_hidden()
    until(page, f"{EPOCH} > v[0] + 60", before)


def change_rate(page: Page, value: str) -> None:
    field = page.locator(".control[data-name=learning_rate] input.number")
    field.fill(value)
    field.press("Enter")
    page.evaluate("document.activeElement.blur()")


def test_flags_say_what_was_changed_and_when(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4&samples=100&b.hidden=3", still=True)
    change_rate(page, "0.05")  # before the first update nothing is changed on the way
    for done in (1, 2):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0] && {SLIDER}.max === String(v[0])", done)
    change_rate(page, "0.1")
    until(page, f"{SLIDER}.max === '3'")
    flag = page.locator(".chart[data-chart=loss] .flag")
    expect(flag).to_have_count(1)
    expect(flag).to_have_attribute("aria-label", "1. Epoch 2: A: learning rate 0.05 → 0.1")
    flag.hover()
    expect(page.locator(".chart[data-chart=loss] .flag-tip")).to_have_text("1. Epoch 2: A: learning rate 0.05 → 0.1")
    page.keyboard.press("e")
    until(page, f"{EPOCH} === 3 && {SLIDER}.max === '4'")  # 0, 1, 2, 2 with the change, 3
    page.locator(".chart[data-chart=accuracy] summary").click()
    expect(page.locator(".chart[data-chart=accuracy] .flag-list li")).to_have_text(
        ["1. Epoch 2: A: learning rate 0.05 → 0.1"]
    )
    page.locator("#language").click()
    expect(flag).to_have_attribute("aria-label", re.compile("^1. 第 2 轮：A：?:? ?学习率 0.05 → 0.1$"))
    page.locator("#language").click()
    # To just after the change, to just before it, and on from there: it has not been made.
    page.keyboard.press("[")
    until(page, f"{EPOCH} === 2 && {PAST}")
    expect(flag).to_have_class("flag")
    assert page.locator(".control[data-name=learning_rate] input.number").input_value() == "0.1"
    page.keyboard.press("[")
    expect(flag).to_have_class("flag later")
    until(page, "document.querySelector('.control[data-name=learning_rate] input.number').value === '0.05'")
    page.keyboard.press("e")
    until(page, f"{EPOCH} === 3 && !{PAST}")
    expect(flag).to_have_count(0)


def test_what_is_changed_in_the_past_counts_when_training_goes_on(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4&samples=100", still=True)
    for done in (1, 2):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0] && {SLIDER}.max === String(v[0])", done)
    flag = page.locator(".chart[data-chart=loss] .flag")
    for way in ("]", "e"):
        page.keyboard.press("[")
        until(page, f"{EPOCH} === 1 && {PAST}")
        change_rate(page, "0.1")
        expect(flag).to_have_count(1)
        page.keyboard.press(way)
        until(page, f"{EPOCH} === 2 && !{PAST}")
        if way == "]":
            expect(flag).to_have_count(0)
            until(page, "document.querySelector('.control[data-name=learning_rate] input.number').value === '0.03'")
    expect(flag).to_have_count(1)
    until(page, f"{SLIDER}.max === '3'")  # 0, 1, 1 with the change, 2


def test_the_newest_change_is_taken_back_and_made_again(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4&samples=100", still=True)
    for done in (1, 2):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0] && {SLIDER}.max === String(v[0])", done)
    change_rate(page, "0.1")
    until(page, f"{SLIDER}.max === '3' && {SLIDER}.value === '3'")
    rate = "document.querySelector('.control[data-name=learning_rate] input.number').value"
    flag = page.locator(".chart[data-chart=loss] .flag")
    page.keyboard.press("[")
    until(page, f"{rate} === '0.03' && {EPOCH} === 2")
    expect(flag).to_have_class("flag later")
    page.keyboard.press("[")  # by the time this is answered all has come that belongs to the moment before
    until(page, f"{EPOCH} === 1")
    page.keyboard.press("]")
    until(page, f"{rate} === '0.03' && {EPOCH} === 2")
    page.keyboard.press("[")
    until(page, f"{EPOCH} === 1")
    page.keyboard.press("]")
    until(page, f"{EPOCH} === 2")
    assert page.evaluate(PAST) and page.evaluate(f"{SLIDER}.value") == "2"
    expect(flag).to_have_class("flag later")
    page.keyboard.press("]")
    until(page, f"{rate} === '0.1' && !{PAST}")
    expect(flag).to_have_class("flag")
    assert page.evaluate(f"{SLIDER}.max") == "3"


def test_a_moment_that_is_refused_does_not_stop_the_slider(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=4&samples=100", still=True)
    refused: list[bytes] = []

    def between(line: Any) -> None:
        server = line.connect_to_server()

        def said(message: str | bytes) -> None:
            if isinstance(message, bytes) and not refused:
                refused.append(message)
                message = b"no checkpoint at all"
            server.send(message)

        line.on_message(said)

    page.route_web_socket("**/ws", between)
    page.reload()
    until(page, "document.querySelector('.panel .major td')?.textContent")
    for done in (1, 2):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0] && {SLIDER}.max === String(v[0])", done)
    page.keyboard.press("[")
    expect(page.locator(".toast")).to_be_visible()
    until(page, f"{SLIDER}.value === '2'")
    assert refused and not page.evaluate(PAST)
    page.keyboard.press("[")
    until(page, f"{EPOCH} === 1 && {PAST}")


def test_where_no_moment_is_kept_it_is_now(open_page: Callable[..., Page]) -> None:
    """On a slow line, and with networks too large to be kept, there is none for long."""
    page = open_page("v=1&hidden=4&samples=100", still=True)

    losing(page, "checkpoint")
    until(page, "document.querySelector('.panel .major td')?.textContent")
    page.keyboard.press("e")
    until(page, f"{EPOCH} === 1")
    assert not page.evaluate(PAST)
    for name in ("One moment back", "One moment on", "Back to now"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()


LEFT = """async () => {
  const {Timeline} = await import(new URL('timeline.js', document.querySelector('script[type=module]').src));
  const timeline = new Timeline();
  for (const epoch of [0, 1, 2]) timeline.keep(epoch, {byteLength: 1});
  timeline.flag({epoch: 2, what: 'setting', place: {}, changes: [{panel: 1, before: 0, after: 1}], at: 0});
  timeline.stand(timeline.moments[1]);
  timeline.keep(2, {byteLength: 2}, false);
  const kept = timeline.moments.map(({epoch, flags}) => [epoch, flags]);
  timeline.stand(timeline.moments[2]);
  timeline.keep(2, {byteLength: 3});
  const past = timeline.past;
  timeline.land(2);
  const stays = timeline.past;
  timeline.land(1);
  return {kept, past, stays, index: timeline.index, sizes: timeline.moments.map(({buffer}) => buffer.byteLength)};
}"""


def test_what_is_left_is_kept_whatever_the_order_and_no_moment_takes_the_place_of_another(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("v=1&samples=40", still=True)
    assert page.evaluate(LEFT) == {
        "kept": [[0, 0], [1, 0], [2, 0], [2, 1]],  # a change that was left before its checkpoint came
        "past": True,
        "stays": True,
        "index": 1,  # after a break the session stood elsewhere
        "sizes": [1, 1, 1, 2],
    }


THINNED = """async ([count, bytes]) => {
  const {Timeline} = await import(new URL('timeline.js', document.querySelector('script[type=module]').src));
  const timeline = new Timeline();
  for (let epoch = 0; epoch < count; epoch++) timeline.keep(epoch, {byteLength: bytes});
  return timeline.moments.map(({epoch}) => epoch);
}"""


def test_moments_are_bounded_and_evenly_spread(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&samples=40", still=True)
    kept = page.evaluate(THINNED, [20_000, 10])
    assert len(kept) == 64 and kept[0] == 0 and kept == sorted(kept)
    assert kept[-16:] == list(range(20_000 - 16, 20_000))
    gaps = [b - a for a, b in pairwise(kept[:-15])]
    assert max(gaps) < 2_000 and kept[5] < 200, "no hole, and the beginning is the finest"
    large = page.evaluate(THINNED, [300, 1_000_000])
    assert len(large) == 16 and large[0] == 0 and large[-1] == 299


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844), (360, 740)])
def test_the_bar_is_in_sight_and_named(open_page: Callable[..., Page], size: tuple[int, int]) -> None:
    page = open_page("v=1&hidden=4&samples=100&b.hidden=3", still=True, size=size)
    for done in (1, 2):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0] && {SLIDER}.max === String(v[0])", done)
    if wide := size[0] > 860:
        change_rate(page, "0.1")
        until(page, f"{SLIDER}.max === '3'")
    for _ in range(1 + wide):
        page.keyboard.press("[")
    until(page, f"{EPOCH} === 1 && {PAST}")
    if wide:
        expect(page.locator(".chart[data-chart=loss] .flag.later")).to_have_count(1)
    for name in ("One moment back", "One moment on", "Back to now"):
        button = page.get_by_role("button", name=name)
        expect(button).to_be_in_viewport()
        box = button.bounding_box()
        assert box and box["width"] >= 24 and box["height"] >= 24
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
