"""What leaves the page as a file, and that it is what the page and the engine say."""

import base64
import csv
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from safetensors.numpy import load_file

from app.schema import dump, parse
from engine import Experiment
from engine.export import export, tensors
from tests.browser.chromium import until
from tests.browser.test_inside import session
from tests.browser.test_page import at_epoch
from tests.wire import losing

pytestmark = pytest.mark.browser

LINK = "v=1&hidden=4-tanh,3&samples=100&dataset=arms(classes=3)&b.hidden=5&b.learning_rate=0.1"


def opened(page: Page) -> Any:
    page.set_default_timeout(60_000)  # making a file may take long on a busy machine
    page.get_by_role("button", name="Export…").click()
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog).to_be_visible()
    return dialog


def saved(page: Page, press: Callable[[], Any]) -> Path:
    with page.expect_download() as download:
        press()
    return Path(download.value.path())


def taken(page: Page, name: str, panel: str = "") -> Path:
    """The file behind a button of the dialog."""
    dialog = opened(page)
    if panel:
        dialog.get_by_label("Which network").select_option(label=panel)
    path = saved(page, dialog.get_by_role("button", name=name, exact=True).click)
    expect(dialog).to_be_hidden()
    return path


# Size and every colour of a picture with how many pixels have it, as the browser reads them.
READ = """async (bytes) => {
  const blob = new Blob([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))]);
  const image = await createImageBitmap(blob);
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  return [image.width, image.height, Object.fromEntries(counts)];
}"""


def png(page: Page, path: Path) -> tuple[int, int, dict[tuple[int, ...], int]]:
    """Width, height, and the number of pixels of each colour."""
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, counts = page.evaluate(READ, base64.b64encode(path.read_bytes()).decode())
    return width, height, {tuple(int(key).to_bytes(4, "little")[:3]): count for key, count in counts.items()}


def test_a_png_shows_all_panels_and_one_alone(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    at_epoch(page, 3)
    width, height, colours = png(page, taken(page, "PNG"))
    assert (width, height) == (2 * (2 * 512 + 48), 2 * (558 + 32))
    for wanted in ((213, 94, 0), (0, 114, 178), (0, 158, 115)):  # those of the three classes
        assert colours.get(wanted, 0) > 50
    dialog = opened(page)
    dialog.get_by_label("Which panels").select_option(label="B")
    assert png(page, saved(page, dialog.get_by_role("button", name="PNG").click))[0] == 2 * (512 + 32)


def test_an_svg_has_every_point_title_and_number(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK + "&discretize=true", still=True)
    at_epoch(page, 2)
    numbers = page.locator(".panel .major td").all_inner_texts()
    path = taken(page, "SVG")
    root = ElementTree.fromstring(path.read_text("utf-8"))
    name = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{name}svg"
    texts = [element.text or "" for element in root.iter(f"{name}text")]
    assert {"A", "B", "x₁", "epoch 2"} <= set(texts)
    assert any(numbers[0] in text and numbers[1] in text for text in texts)
    images = list(root.iter(f"{name}image"))
    assert len(images) == 2 and all((image.get("href") or "").startswith("data:image/png") for image in images)
    marks = [path for path in root.iter(f"{name}path") if path.get("fill") not in (None, "none")]
    assert len(marks) >= 200  # a hundred points in each panel


def test_a_picture_of_several_seeds_shows_where_they_disagree(open_page: Callable[..., Page]) -> None:
    name = "{http://www.w3.org/2000/svg}"
    page = open_page(LINK + "&seeds=8", still=True)
    at_epoch(page, 2)
    root = ElementTree.fromstring(taken(page, "SVG").read_text("utf-8"))
    assert len(list(root.iter(f"{name}image"))) == 4  # boundary and hatching
    page = open_page("v=1&dataset=function&seeds=8", still=True)
    at_epoch(page, 2)
    root = ElementTree.fromstring(taken(page, "SVG").read_text("utf-8"))
    assert [path.get("opacity") for path in root.iter(f"{name}path") if path.get("opacity")] == ["0.3"]


def test_programs_of_the_chosen_network_predict_what_it_predicts(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    at_epoch(page, 3)
    own = session(LINK, 3)
    points = np.random.default_rng(1).uniform(-6, 6, (40, 2))
    for place, letter in enumerate("AB"):
        path = taken(page, "NumPy", letter)
        names: dict[str, Any] = {"__name__": "exported"}
        exec(path.read_text("utf-8"), names)
        expected = own.panels[place].trainer.predict(points.T)[0].T
        np.testing.assert_allclose(names["predict"](points), expected, atol=1e-6)
    assert "import torch" in taken(page, "PyTorch").read_text("utf-8")
    assert "import keras" in taken(page, "Keras").read_text("utf-8")
    found = load_file(taken(page, "safetensors", "B"))
    for name, array in tensors(export(own.panels[1].trainer)).items():
        np.testing.assert_array_equal(found[name], array)


def test_a_network_that_is_too_large_is_refused_in_the_dialog(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=128-maxout,128-maxout,128-maxout,128-maxout,128-maxout", still=True)
    dialog = opened(page)
    dialog.get_by_role("button", name="NumPy").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Export the weights instead")
    saved(page, dialog.get_by_role("button", name="safetensors").click)


def test_it_is_said_why_there_is_no_file(open_page: Callable[..., Page]) -> None:
    """A network whose numbers have overflowed has none, nor is there one when the line breaks before the answer."""
    page = open_page("v=1&hidden=3&samples=100&b.hidden=8-linear,8-linear&b.learning_rate=10&loss=squared_error")
    lines = losing(page, "program")
    expect(page.locator(".panel").nth(1)).to_have_class(re.compile("diverged"))
    opened(page)
    error = page.locator("dialog#export .error")
    page.get_by_label("Which network").select_option("1")
    page.get_by_role("button", name="NumPy").click()
    expect(error).to_contain_text("beyond all bounds")
    page.get_by_label("Which network").select_option("0")
    page.get_by_role("button", name="NumPy").click()
    expect(error).to_be_hidden()
    lines[-1].close()
    expect(error).to_contain_text("No connection")


def test_tables_and_experiment(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    at_epoch(page, 4)
    rows = list(csv.DictReader(taken(page, "Curves").read_text("utf-8").splitlines()))
    assert [(row["panel"], row["epoch"]) for row in rows] == [
        (letter, str(epoch)) for letter in "AB" for epoch in range(5)
    ]
    metrics = session(LINK, 4).panels[1].trainer.evaluate()
    assert float(rows[-1]["test_loss"]) == pytest.approx(float(metrics.test_loss[0]), rel=1e-5)
    assert float(rows[-1]["gradient_norm_2"]) == pytest.approx(float(metrics.gradient_norm[0, 1]), rel=1e-4)
    assert rows[-1]["gradient_norm_3"] == "" and "validation_loss" not in rows[0]
    assert len(taken(page, "Points").read_text("utf-8").splitlines()) == 101
    kept = json.loads(taken(page, "JSON").read_text("utf-8"))
    assert parse(Experiment, kept) == session(LINK).experiment
    assert kept == dump(session(LINK).experiment)


@pytest.mark.parametrize(
    ("lang", "link"), [("en", LINK), ("zh", "v=1&dataset=function"), ("en", "v=1&dataset=plane&hidden=3")]
)
def test_the_report_opens_without_a_network_and_says_the_same(
    open_page: Callable[..., Page], browser: Browser, lang: str, link: str
) -> None:
    page = open_page(link, still=True, lang=lang)
    at_epoch(page, 3)
    numbers = [cell.replace("−", "-") for cell in page.locator(".panel .major td").all_inner_texts()]
    page.keyboard.press("x")
    path = saved(page, page.get_by_role("button", name="HTML").click)
    context = browser.new_context(offline=True)
    try:
        other = context.new_page()
        asked: list[str] = []
        faults: list[str] = []
        other.on("request", lambda request: asked.append(request.url))
        other.on("pageerror", lambda error: faults.append(str(error)))
        other.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        file = path.rename(path.with_suffix(".html"))
        other.goto(file.as_uri())
        panels = 2 if link == LINK else 1
        expect(other.locator("#boundaries .main-svg").first).to_be_visible(timeout=60_000)
        expect(other.locator("#boundaries .plot.js-plotly-plot")).to_have_count(panels + 1)
        expect(other.locator("#curves .plot.js-plotly-plot")).to_have_count(3)
        cells = other.locator("#results tbody tr").first.locator("td").all_inner_texts()
        assert cells[0] == "3"
        assert cells[2] == numbers[0]
        shown = other.locator("#open a").first.get_attribute("href") or ""
        assert shown == page.url
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        assert not faults
        results = Axe().run(other).response["violations"]
        assert [found["id"] for found in results if found["impact"] in ("serious", "critical")] == []
    finally:
        context.close()


def test_an_animation_is_a_film_of_the_training(open_page: Callable[..., Page], browser: Browser) -> None:
    page = open_page(LINK + "&speed=20", still=False)
    dialog = opened(page)
    dialog.get_by_role("button", name="From the start").click()
    expect(dialog).to_be_hidden()
    bar = page.get_by_role("group", name="Recording")
    expect(bar).to_be_visible()
    until(page, "parseInt(document.querySelector('.recording .figure').textContent) >= 2")
    path = saved(page, bar.get_by_role("button", name="Stop and save").click)
    expect(bar).to_have_count(0)
    film = path.read_bytes()
    assert film[:4] == b"\x1a\x45\xdf\xa3"  # what WebM begins with
    assert len(film) > 5_000
    # A browser plays it, at its size; not ours, since its policy lets no page of ours load films.
    other = browser.new_page()
    size = other.evaluate(
        """async (bytes) => {
          const video = document.createElement('video');
          const film = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
          video.src = URL.createObjectURL(new Blob([film], {type: 'video/webm'}));
          await new Promise((done, fail) => { video.onloadeddata = done; video.onerror = fail; });
          return [video.videoWidth, video.videoHeight];
        }""",
        base64.b64encode(film).decode(),
    )
    other.close()
    assert size == [2 * 392 + 48, 438 + 32]


def test_a_film_ends_when_its_panels_are_not_those_any_more(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1", still=True)
    opened(page).get_by_role("button", name="Record", exact=True).click()
    bar = page.get_by_role("group", name="Recording")
    expect(bar).to_be_visible()
    page.locator("#language").click()
    expect(page.get_by_role("group", name="正在录制")).to_be_visible()
    saved(page, page.locator("[data-action=add]").click)
    expect(page.locator(".recording")).to_have_count(0)


def test_a_browser_that_cannot_record_is_not_offered_to(open_page: Callable[..., Page]) -> None:
    page = open_page("", still=True)
    page.evaluate("delete window.MediaRecorder")
    dialog = opened(page)
    expect(dialog.get_by_role("button", name="PNG")).to_be_visible()
    expect(dialog.get_by_role("button", name="Record")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "lang", "size"), [("light", "en", (1440, 900)), ("dark", "zh", (360, 740))])
def test_the_dialog_fits_and_axe_finds_nothing_serious(
    open_page: Callable[..., Page], scheme: str, lang: str, size: tuple[int, int]
) -> None:
    page = open_page(LINK, scheme=scheme, lang=lang, size=size, still=True)
    page.keyboard.press("x")
    dialog = page.locator("#export")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert dialog.evaluate("(box) => box.scrollWidth <= box.clientWidth")
    results = Axe().run(page).response["violations"]
    assert [found["id"] for found in results if found["impact"] in ("serious", "critical")] == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
