"""Links of TensorFlow Playground in a real browser: pasted, in the address, as a fragment; hidden controls; export."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import until
from tests.browser.test_page import EPOCH

pytestmark = pytest.mark.browser

FIGURES = Path(__file__).parents[1] / "figures" / "tf_playground.json"
THEIRS = "activation=tanh&batchSize=10&dataset=circle&networkShape=4,2&seed=0.88257&percTrainData=50"


def figures() -> Any:
    return json.loads(FIGURES.read_text())["cases"][0]


def losses(page: Page) -> list[str]:
    rows = page.locator(".panel .numbers tr")
    return [rows.filter(has_text=name).locator("td").first.inner_text() for name in ("Train", "Test")]


def same_curve(page: Page) -> None:
    """At epoch 0, 1 and 2 the losses are those of TensorFlow Playground's own program."""
    case = figures()
    assert case["options"]["seed"] == "0.88257"
    for epoch, expected in zip(case["epochs"][:3], case["losses_train_test"], strict=False):
        if epoch:
            page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0]", epoch)
        assert losses(page) == [f"{loss:.3f}" for loss in expected]


def paste(page: Page, link: str) -> None:
    page.get_by_role("button", name="TensorFlow Playground link").click()
    page.locator("#tf-link").fill(link)
    page.locator("#playground-link button[type=submit]").click()


@pytest.mark.parametrize("way", ["paste", "tf", "raw", "fragment", "typed"])
def test_a_link_gives_the_same_curve(open_page, way: str) -> None:
    whole = f"https://playground.tensorflow.org/#{THEIRS}"
    if way in ("tf", "raw"):
        page = open_page(path=f"?tf={whole if way == 'raw' else quote(whole, safe='')}", still=True)
    elif way == "fragment":
        page = open_page(THEIRS, still=True)
    else:
        page = open_page("v=1&hidden=3", still=True)
        if way == "paste":
            paste(page, whole)
        else:
            page.evaluate("theirs => { location.hash = theirs; }", THEIRS)
    until(page, "location.hash.startsWith('#v=1&') && location.hash.includes('tf_seed=0.88257')")
    assert "tf=" not in page.evaluate("location.search")
    expect(page.locator("#profile")).to_contain_text("0.88257")
    expect(page.locator(".panel .title")).to_contain_text("4 · 2")
    until(page, "document.querySelectorAll('.panel').length === 1")
    expect(page.locator("#test-data")).not_to_be_checked()  # as there
    until(
        page,
        "document.querySelector('.panel .major td').textContent === v[0]",
        f"{figures()['losses_train_test'][0][1]:.3f}",
    )
    same_curve(page)


def test_the_profile_is_left_with_one_click(open_page) -> None:
    page = open_page(THEIRS, still=True)
    expect(page.locator("#profile")).to_contain_text("TensorFlow Playground profile")
    page.get_by_role("button", name="Go on with our defaults").click()
    expect(page.locator("#profile")).to_be_hidden()
    until(page, "!/tf_seed|loss=|initializer|bias|preprocessing/.test(location.hash)")
    assert "hidden=4-tanh,2-tanh" in page.evaluate("location.hash")


def test_hidden_controls_stay_hidden_until_all_are_shown(open_page) -> None:
    names = ("noise", "playButton", "resetButton", "discretize", "xSquared", "batchSize", "regularizationRate")
    hide = "&".join(f"{name}_hide=true" for name in names)
    page = open_page(f"{THEIRS}&{hide}&regularization=L2&regularizationRate=0.01", still=True)
    noise = page.locator("[data-name=noise]")
    chip = page.locator("#settings-form [data-entry=x1_squared]")
    page.locator(".folding[data-group=inputs] > summary").click()
    page.locator(".folding[data-group=regularization] > summary").click()
    expect(page.locator("#settings-form [data-entry=x2_squared]")).to_be_visible()
    gone = [
        noise,
        chip,
        page.locator("[data-action=toggle]"),
        page.locator("[data-action=reset]"),
        page.locator("#discretize"),
        page.locator("#settings-form [data-name=batch_size]"),
        page.locator("#settings-form [data-name=regularizers] [data-name=strength]"),
    ]
    expect(page.locator("[data-action=rewind]")).to_be_visible()
    for control in gone:
        expect(control).to_be_hidden()
    assert "hide=" in page.evaluate("location.search")
    page.reload()
    until(page, "document.querySelector('.panel .major td')?.textContent")
    expect(noise).to_be_hidden()
    page.locator("#language").click()
    expect(page.locator("h1")).to_contain_text("神经网络")
    expect(noise).to_be_hidden()
    page.locator("#hidden-controls button").click()
    for control in gone:
        expect(control).to_be_visible()
    assert "hide" not in page.evaluate("location.search")


def test_any_control_can_be_hidden_by_the_address(open_page) -> None:
    page = open_page(
        path="?hide=learning_rate,samples,upload,dataset:xor,task,nonsense,%22%5D#initZero=true", still=True
    )
    until(page, "document.querySelector('.panel .major td')?.textContent")
    expect(page.get_by_label("Spiral", exact=True)).to_have_count(1)
    expect(page.get_by_label("Xor", exact=True)).to_be_hidden()
    expect(page.get_by_label("Plane", exact=True)).to_be_hidden()
    expect(page.locator("[data-action=upload]")).to_be_hidden()
    expect(page.locator("[data-action=draw]")).to_be_visible()
    expect(page.locator("#settings-form [data-name=learning_rate]")).to_be_hidden()
    expect(page.locator("#data-form [data-name=samples]")).to_be_hidden()
    expect(page.locator("#data-form [data-name=noise]")).to_be_visible()


def test_the_state_is_exported_where_it_can_be_and_greyed_with_reasons_where_not(open_page) -> None:
    page = open_page("v=1&b.hidden=3", still=True)
    page.get_by_role("button", name="TensorFlow Playground link").click()
    out = page.locator("#tf-export")
    expect(page.locator("#tf-reasons")).to_contain_text("2 networks")
    expect(out).to_be_disabled()
    expect(page.locator("#playground-link").get_by_role("button", name="Copy")).to_be_disabled()
    page.keyboard.press("Escape")
    paste(page, f"https://playground.tensorflow.org/#{THEIRS}&learningRate=0.1")
    expect(page.locator(".panel")).to_have_count(1)
    page.get_by_role("button", name="TensorFlow Playground link").click()
    expect(out).to_be_enabled()
    written = out.input_value()
    assert written.startswith("https://playground.tensorflow.org/#")
    assert re.search(r"learningRate=0\.1\b", written)
    assert "seed=0.88257" in written
    ours = page.evaluate("location.hash")
    page.locator("#tf-link").fill(written)
    page.locator("#playground-link button[type=submit]").click()
    expect(page.locator("#playground-link")).to_be_hidden()
    until(page, "location.hash === v[0]", ours)


def test_unknown_values_are_named_and_the_rest_applies(open_page) -> None:
    page = open_page(f"{THEIRS}&learningRate=eleven&colour=red&batchSize=7.5".replace("batchSize=10&", ""), still=True)
    toasts = page.locator("#toasts")
    expect(toasts).to_contain_text("eleven")
    expect(toasts).to_contain_text("colour")
    expect(page.locator(".panel .title")).to_contain_text("4 · 2")


def test_what_is_no_such_link_is_said_so(open_page) -> None:
    page = open_page("v=1&hidden=5", still=True)
    paste(page, "https://example.org/")
    expect(page.locator("#tf-error")).to_contain_text("not a link of TensorFlow Playground")
    assert "hidden=5" in page.evaluate("location.hash")
    ours = open_page("hidden=6&noise=0.2", still=True)  # without a version, yet ours
    expect(ours.locator(".panel .title")).to_contain_text("6")
    expect(ours.locator("#profile")).to_be_hidden()
