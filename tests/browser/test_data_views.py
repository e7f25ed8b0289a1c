"""What the page shows of the data: values, graphs, parts, what is best possible, preprocessing, the datasets."""

import json
import math
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import until
from tests.browser.test_page import at_epoch, control, picture

pytestmark = pytest.mark.browser

BEST = "document.querySelector('.best .figure').textContent"


def headings(page: Page) -> list[str]:
    return page.locator(".panel").first.locator(".numbers thead th").all_inner_texts()


def rows(page: Page, place: int = 0) -> list[str]:
    return page.locator(".panel").nth(place).locator(".numbers tbody th").all_inner_texts()


def pixels(page: Page, canvas: str) -> list[list[int]]:
    """A canvas's pixels, row by row, each as red, green, blue."""
    found = page.evaluate(
        """(selector) => {
          const canvas = document.querySelector(selector);
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
          copy.drawImage(canvas, 0, 0);
          const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
          return Array.from({ length: data.length / 4 }, (_, at) => [...data.subarray(4 * at, 4 * at + 3)]);
        }""",
        canvas,
    )
    assert isinstance(found, list)
    return found


def drawn(page: Page, canvas: str) -> str:
    found = page.evaluate("selector => document.querySelector(selector).toDataURL()", canvas)
    assert isinstance(found, str)
    return found


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).check(force=True)


def test_values_have_their_own_colours_numbers_and_charts(open_page) -> None:
    page = open_page(still=True)
    assert headings(page)[1:] == ["Loss", "Accuracy", "Dead"]
    choose(page, "Plane")
    until(page, "location.hash.includes('dataset=plane')")
    expect(page.locator(".panel .numbers thead th").nth(2)).to_have_text("R²")
    at_epoch(page, 6)
    assert headings(page)[1:] == ["Loss", "R²", "Error", "Dead"]
    assert float(page.locator(".panel .major td").nth(1).inner_text().replace("−", "-")) > 0.3
    # Blue where the output is high (top right), orange where it is low, as the points.
    field = pixels(page, ".boundary")
    side = math.isqrt(len(field))
    high, low = field[side - 1], field[-side]
    assert high[2] > high[0] and low[0] > low[2]
    expect(page.locator("#legend .scale-ends")).to_have_text("−10+1")
    expect(page.locator("#legend .legend li")).to_have_text([re.compile("Training set"), re.compile("Test set")])
    expect(page.locator(".chart h2").nth(1)).to_have_text("R²")
    label = page.locator(".panel .picture")
    expect(label).to_have_attribute("aria-label", re.compile("test R²"))
    page.locator(".stage").first.hover()
    expect(page.locator(".readout").first).to_contain_text("output")
    choose(page, "Xor")
    expect(page.locator(".panel .numbers thead th").nth(2)).to_have_text("Accuracy")
    expect(page.locator(".chart h2").nth(1)).to_have_text("Accuracy")


def test_discretized_values_have_two_colours(open_page) -> None:
    page = open_page("v=1&dataset=plane", still=True)
    at_epoch(page, 3)
    shades = {tuple(pixel) for pixel in pixels(page, ".boundary")}
    assert len(shades) > 20
    shaded = drawn(page, ".boundary")
    page.locator("#discretize").check(force=True)
    until(page, "document.querySelector('.boundary').toDataURL() !== v[0]", shaded)
    assert len({tuple(pixel) for pixel in pixels(page, ".boundary")}) == 2


def test_one_dimension_is_drawn_as_a_graph_that_moves(open_page) -> None:
    page = open_page("v=1&dataset=function", still=True)
    expect(page.locator(".panel .graph")).to_be_visible()
    until(page, "document.querySelector('.graph').width > 100")
    at_epoch(page, 1)
    before, points, ground = (drawn(page, canvas) for canvas in (".graph", ".points", ".boundary"))
    page.keyboard.press("e")
    until(page, "document.querySelector('.graph').toDataURL() !== v[0]", before)
    assert drawn(page, ".points") == points
    assert drawn(page, ".boundary") == ground
    page.locator(".stage").hover()
    expect(page.locator(".readout")).to_contain_text("x₁ =")
    choose(page, "Circle")
    expect(page.locator(".panel .graph")).to_be_hidden()


def test_parts_have_marks_counts_and_numbers(open_page) -> None:
    page = open_page("v=1&dataset=moons&validation_share=0.2&shift=rotated&b.hidden=2", still=True)
    at_epoch(page, 2)
    for place in (0, 1):
        assert rows(page, place) == ["Test", "Validation", "Train-dev", "Train"]
    marks = page.locator("#legend .legend li")
    texts = [text.split("\n") for text in marks.all_inner_texts()]
    counts = {name: int(number) for name, number in (text for text in texts if len(text) == 2)}
    parts = {name: count for name, count in counts.items() if "set" in name}
    assert list(parts) == ["Training set", "Test set", "Validation set", "Train-dev set"]
    assert sum(parts.values()) == 500
    # Told apart by shape: the four marks differ although they have one colour.
    pictures = page.evaluate("[...document.querySelectorAll('#legend .mark')].slice(2, 6).map((c) => c.toDataURL())")
    assert len(set(pictures)) == 4
    everything = drawn(page, ".points")
    page.locator("#test-data").uncheck(force=True)
    until(page, "document.querySelector('.points').toDataURL() !== v[0]", everything)
    choose(page, "Xor")
    page.locator("#data-form .control[data-name=validation_share] input.number").fill("0")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.numbers tbody tr').length === 6")
    assert rows(page) == ["Test", "Train-dev", "Train"]


def test_what_is_best_possible_is_in_column_and_charts(open_page) -> None:
    page = open_page("v=1&dataset=gaussian&noise=0.5", still=True)
    until(page, f"/^9\\d\\.\\d/.test({BEST}) || /^8\\d\\.\\d/.test({BEST})")
    best = float(page.locator(".best .figure").inner_text().rstrip("% \u2009"))
    assert 85 < best < 99
    expect(page.locator(".best")).not_to_have_class(re.compile("pending"))
    page.keyboard.press("e")
    legend = page.locator("[data-chart=accuracy] .key[title='Best possible']")
    expect(legend).to_be_visible()
    plot = "document.querySelector('[data-chart=accuracy] .plot').data"
    until(page, f"{plot}?.some((trace) => trace.y[0] > 0.85 && new Set(trace.y).size === 1)")
    assert page.evaluate(f"{plot}[0].y[0]") == pytest.approx(best / 100, abs=1e-3)
    expect(page.locator("[data-chart=loss] .key[title='Best possible']")).to_be_visible()


def test_what_is_best_is_asked_for_again_when_nobody_answers(open_page) -> None:
    page = open_page(still=True)
    page.route("**/api/bayes", lambda route: route.fulfill(status=422, json={}), times=1)
    page.reload()
    expect(page.locator(".best:not(.pending) .figure")).to_contain_text("%")


def test_the_bayes_boundary_is_drawn_over_all_panels(open_page) -> None:
    page = open_page("v=1&dataset=gaussian&noise=0.5&b.hidden=2", still=True)
    until(page, f"/\\d/.test({BEST})")
    plain = drawn(page, ".points")
    page.locator("#bayes").check(force=True)
    until(page, "document.querySelector('.points').toDataURL() !== v[0]", plain)
    second = "[...document.querySelectorAll('.points')][1].toDataURL()"
    until(page, f"{second} === document.querySelector('.points').toDataURL()")
    choose(page, "Your own")
    expect(page.locator("#bayes")).to_be_disabled()
    expect(page.locator(".best")).to_contain_text("not known")
    expect(page.locator("[data-chart=accuracy] .key[title='Best possible']")).to_be_hidden()


def test_an_older_question_about_the_best_possible_is_given_up(open_page) -> None:
    page = open_page("v=1&dataset=gaussian&noise=0.5", still=True)
    until(page, f"/\\d/.test({BEST})")
    page.evaluate(
        """() => { window.asked = []; window.real = window.fetch;
          window.fetch = (url, options) => {
            if (!String(url).includes('bayes')) return window.real(url, options);
            window.asked.push(options.signal);
            return new Promise(() => {});
          }; }"""
    )
    noise = page.locator("#data-form .control[data-name=noise] input.number")
    for number, value in enumerate(("10", "20"), start=1):
        noise.fill(value)
        noise.press("Enter")
        until(page, "window.asked.length === v[0]", number)
    assert page.evaluate("window.asked.map((signal) => signal.aborted)") == [True, False]
    expect(page.locator(".best")).to_have_class(re.compile("pending"))


def test_preprocessing_is_shown_before_and_after(open_page) -> None:
    page = open_page("v=1&dataset=valley&preprocessing=whitening", still=True)
    page.locator(".folding[data-group=inputs] > summary").click()
    view = page.locator(".scatters")
    view.scroll_into_view_if_needed()
    expect(view).to_have_attribute("aria-label", re.compile("Before: x₁ from .* After: "))
    before, after = (f".scatter:nth-child({place}) canvas" for place in (1, 2))
    shown = drawn(page, before), drawn(page, after)
    assert shown[0] != shown[1]
    epsilon = control(page, "preprocessing").locator("input.number")
    epsilon.fill("1")
    epsilon.press("Enter")
    until(page, "document.querySelector('.scatter:nth-child(2) canvas').toDataURL() !== v[0]", shown[1])
    expect(page.locator(".leak-note")).to_be_hidden()
    control(page, "fit_on_all").locator("input").check(force=True)
    expect(page.locator(".leak-note")).to_be_visible()
    # One input lies on a line.
    control(page, "features").locator(".chip").nth(1).click()
    expect(view).not_to_have_attribute("aria-label", re.compile("x₂"))


def test_preprocessing_is_asked_for_only_while_it_is_seen(open_page) -> None:
    page = open_page(still=True)
    asked: list[str] = []
    page.on("request", lambda request: "preprocessing" in request.url and asked.append(request.url))
    at_epoch(page, 2)
    assert not asked
    page.locator(".folding[data-group=inputs] > summary").click()
    page.locator(".scatters").scroll_into_view_if_needed()
    expect(page.locator(".scatters")).to_have_attribute("aria-label", re.compile("Before"))
    assert len(asked) == 1


def test_the_datasets_are_grouped_named_and_drawn(open_page) -> None:
    page = open_page(still=True)
    catalog = json.loads(page.locator("#boot").inner_text())["catalog"]["datasets"]
    groups = page.locator(".thumbnail-group")
    expect(groups).to_have_count(3)
    assert page.locator(".thumbnail-choice").count() == len(catalog)
    assert groups.nth(1).get_by_role("radio").count() == sum(entry["task"] == "values" for entry in catalog)
    pictures = page.evaluate("[...document.querySelectorAll('.thumbnail')].map((c) => c.toDataURL())")
    assert len(set(pictures)) == len(catalog)
    for entry in catalog[:3]:
        choose(page, entry["label"])
        expect(page.locator("[data-name=dataset] .chosen-name").first).to_have_text(entry["label"])
    tall = page.locator(".thumbnail-groups").bounding_box()
    assert tall and tall["height"] < 300


def test_settings_without_meaning_for_a_dataset_are_left_out_and_named(open_page) -> None:
    page = open_page("v=1&dataset=plane", still=True)
    expect(page.locator("#data-form .control[data-name=imbalance]")).to_be_hidden()
    expect(page.locator(".unused")).to_contain_text("imbalance")
    choose(page, "Circle")
    expect(page.locator("#data-form .control[data-name=imbalance]")).to_be_visible()
    expect(page.locator(".unused")).to_be_hidden()


def test_the_automatic_loss_says_what_it_is(open_page) -> None:
    page = open_page(still=True)
    line = control(page, "loss").locator(".resolved")
    expect(line).to_contain_text("Softmax")
    choose(page, "Plane")
    expect(line).to_contain_text("Squared error")
    control(page, "loss").locator("select").select_option(label="Huber")
    expect(line).to_be_hidden()


def test_a_batch_that_is_all_points_says_so(open_page) -> None:
    page = open_page("v=1&samples=100&b.batch_size=500", still=True)
    line = control(page, "batch_size").locator(".resolved")
    expect(line).to_be_hidden()
    for optimizer in ("L-BFGS", "Gradient descent (full batch)"):
        control(page, "optimizer").locator("select").first.select_option(label=optimizer)
        expect(line).to_have_text("Here: all 50 training points")
    control(page, "optimizer").locator("select").first.select_option(label="Adam")
    expect(line).to_be_hidden()
    page.locator(".panel").nth(1).click()
    expect(line).to_have_text("Here: all 50 training points")


def test_nothing_jumps_while_values_train(open_page) -> None:
    page = open_page("v=1&dataset=bumps&validation_share=0.2&b.hidden=3&c.hidden=4&d.hidden=5")
    where = "[...document.querySelectorAll('.panel, .chart, .numbers td, .best')].map((e) => {"
    where += "const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height].map(Math.round).join(); })"
    epoch = r"Number(document.querySelector('#epoch').textContent.replace(/[^\d.]/g, ''))"
    until(page, f"{epoch} > 5 && /\\d/.test({BEST})")
    before = page.evaluate(where)
    until(page, f"{epoch} > 40")
    assert page.evaluate(where) == before


def test_a_theme_changes_the_colours_of_values(open_page) -> None:
    page = open_page("v=1&dataset=plane", still=True)
    at_epoch(page, 1)
    light = picture(page), drawn(page, "[data-name=dataset] .thumbnail-group:nth-child(2) .thumbnail")
    for _ in range(2):
        page.locator("#theme").click()
    until(page, "document.documentElement.dataset.theme === 'dark'")
    until(page, "document.querySelector('.boundary').toDataURL() !== v[0]", light[0])
    assert drawn(page, "[data-name=dataset] .thumbnail-group:nth-child(2) .thumbnail") != light[1]
