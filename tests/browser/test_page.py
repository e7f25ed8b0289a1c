"""The page in a real browser: it opens, learns, compares, and answers to mouse, keyboard and bad input."""

import json
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import until
from tests.browser.conftest import serving

pytestmark = pytest.mark.browser

EPOCH = r"Number(document.querySelector('#epoch').textContent.replace(/[^\d.]/g, ''))"
PLAYING = "document.body.matches('.playing')"


def pause(page: Page) -> None:
    until(page, PLAYING)
    page.keyboard.press("Space")
    until(page, f"!{PLAYING}")


def numbers(page: Page) -> list[str]:
    """All figures of all panels as shown."""
    return page.locator(".panel .numbers td.figure").all_inner_texts()


def picture(page: Page, place: int = 0) -> str:
    """The boundary of a panel as drawn."""
    drawn = page.evaluate("n => document.querySelectorAll('.panel .boundary')[n].toDataURL()", place)
    assert isinstance(drawn, str)
    return drawn


def one_epoch(page: Page, number: int) -> None:
    page.keyboard.press("e")
    until(page, f"{EPOCH} === v[0]", number)


def at_epoch(page: Page, number: int) -> None:
    """A page that does not play, trained to this epoch."""
    for epoch in range(1, number + 1):
        one_epoch(page, epoch)
    until(page, "[...document.querySelectorAll('.panel .numbers td.figure')].every((cell) => cell.textContent)")


def control(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.locator(f"#settings-form .control[data-name={name}]").first


def test_it_opens_and_learns_by_itself(open_page) -> None:
    page = open_page()
    until(page, "parseFloat(document.querySelector('.panel .major').cells[2].textContent) > 95")
    assert page.locator("h1").is_visible()


def test_it_does_not_start_by_itself_under_reduced_motion(open_page) -> None:
    page = open_page(still=True)
    expect(page.locator("#charts .plot .main-svg").first).to_be_visible()  # charts load after the first drawing
    assert not page.evaluate(PLAYING)
    assert page.evaluate(EPOCH) == 0


def test_two_panels_differ_and_are_titled_by_the_difference(open_page) -> None:
    page = open_page(still=True)
    page.get_by_role("button", name="+ Panel").click()
    expect(page.locator(".panel")).to_have_count(2)
    expect(page.locator("#settings-heading")).to_contain_text("B")  # the copy is what one wants to change
    rate = control(page, "learning_rate").locator("input.number")
    rate.fill("0.3")
    rate.press("Enter")
    expect(page.locator(".panel .title").nth(0)).to_contain_text("0.03")
    expect(page.locator(".panel .title").nth(1)).to_contain_text("0.3")
    page.locator("#epoch").click()
    at_epoch(page, 3)
    assert picture(page, 0) != picture(page, 1)


def test_vary_makes_the_three_widths_of_the_notes_in_one_go(open_page) -> None:
    page = open_page(still=True)
    page.get_by_role("button", name="Vary…").click()
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator(".panel")).to_have_count(3)
    titles = page.locator(".panel .title").all_inner_texts()
    assert [re.sub(r"\D", "", title) for title in titles] == ["3", "6", "20"]
    at_epoch(page, 2)
    assert len({picture(page, place) for place in range(3)}) == 3


def test_numbers_between_semicolons_may_have_a_decimal_comma(open_page) -> None:
    page = open_page(still=True)
    for typed, count in (("0,01; 0,1", 2), ("0.01; 0,1, 1", 3), ("0.01, 0.1", 2)):
        page.keyboard.press("v")
        page.locator("#vary-what").select_option("learning_rate")
        page.locator("#vary-numbers").fill(typed)
        page.get_by_role("button", name="Make the panels").click()
        expect(page.locator("#vary")).to_be_hidden()
        expect(page.locator(".panel")).to_have_count(count)
    assert "b.learning_rate=0.1" in page.evaluate("location.hash")


def test_variations_from_all_over_the_list_work(open_page) -> None:
    """A fifth of them; that each gives panels that differ in it alone is tested of the session."""
    page = open_page(still=True)
    offered = page.evaluate("JSON.parse(document.querySelector('#boot').textContent).variations.map(({id}) => id)")
    assert len(offered) > 8
    for place, variation in enumerate(offered[::5]):
        fresh = f"v=1&hidden={place % 7 + 2},4"  # each from a network of its own: some cannot be combined
        page.evaluate("link => { location.hash = link; }", fresh)
        until(page, "location.hash.includes(v[0])", fresh)
        expect(page.locator(".panel")).to_have_count(1)
        page.get_by_role("button", name="Vary…").click()
        page.locator("#vary-what").select_option(variation)
        page.locator("dialog[open] button[type=submit]").click()
        expect(page.locator("dialog[open]")).to_have_count(0)
        assert 2 <= page.locator(".panel").count() <= 6, variation
        titles = page.locator(".panel .title").all_inner_texts()
        assert len(set(titles)) == len(titles), (variation, titles)


@pytest.mark.parametrize(
    "link",
    ["hidden=2", "hidden=8,8,8,8", "regularizers=l2(strength=1.0)", "hidden=8-tanh,8-tanh"],
    ids=["width", "depth", "strength", "activation"],
)
def test_settings_change_the_boundary(open_page, link: str) -> None:
    page = open_page(f"v=1&b.{link}", still=True)
    expect(page.locator(".panel")).to_have_count(2)
    at_epoch(page, 4)
    assert picture(page, 0) != picture(page, 1)


def test_controls_change_width_depth_strength_and_activation(open_page) -> None:
    page = open_page(still=True)
    page.get_by_role("button", name="One layer more").click()
    until(page, "location.hash.includes('hidden=8,8,8')")
    page.get_by_role("textbox", name="Width, layer 1").fill("3")
    page.keyboard.press("Enter")
    until(page, "location.hash.includes('hidden=3,8,8')")
    page.get_by_label("Activation, layer 2").select_option(label="Tanh")
    until(page, "location.hash.includes('hidden=3,8-tanh,8')")
    page.locator(".folding[data-group=regularization] > summary").click()
    control(page, "regularizers").get_by_text("L2", exact=True).first.click()
    until(page, "location.hash.includes('regularizers=l2')")
    strength = control(page, "regularizers").locator("input.number").first
    strength.fill("0.1")
    strength.press("Enter")
    until(page, "location.hash.includes('strength=0.1')")
    page.get_by_label("Xor").check(force=True)
    until(page, "location.hash.includes('dataset=xor')")
    expect(page.locator(".panel .title")).to_contain_text("3 · 8 · 8")


def test_reload_and_the_shell_give_the_same_digits(open_page) -> None:
    page = open_page("v=1&dataset=moons&noise=0.2&hidden=6-tanh&b.optimizer=adam", still=True)
    at_epoch(page, 5)
    before, link = numbers(page), page.evaluate("location.hash")
    page.reload()
    until(page, "document.querySelector('.panel .major td')?.textContent")
    at_epoch(page, 5)
    assert numbers(page) == before
    command = [sys.executable, "-m", "app", "train", link, "--at", "5", "--json"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for place, network in enumerate(json.loads(printed)["networks"]):
        row = page.locator(".panel").nth(place).locator(".major td").all_inner_texts()
        assert row[0] == f"{network['test_loss'][0]:.3f}"
        assert re.sub(r"\s", "", row[1]) == f"{network['test_accuracy'][0]:.1%}"


def test_the_keyboard_works_the_transport(open_page) -> None:
    page = open_page("v=1&b.hidden=3")
    pause(page)
    page.keyboard.press("w")
    until(page, f"{EPOCH} === 0")
    fresh = picture(page)
    page.keyboard.press("s")
    until(page, "window.location.hash && document.querySelectorAll('.panel').length === 2")
    one_epoch(page, 1)
    assert picture(page) != fresh
    page.keyboard.press("w")
    until(page, f"{EPOCH} === 0")
    until(page, "document.querySelectorAll('.panel .boundary')[0].toDataURL() === v[0]", fresh)
    page.keyboard.press("r")
    until(page, "document.querySelectorAll('.panel .boundary')[0].toDataURL() !== v[0]", fresh)
    until(page, "location.hash.includes('seed=2')")
    page.keyboard.press("2")
    expect(page.locator("#settings-heading")).to_contain_text("B")
    speed = page.locator("#speed input.number")
    before = float(speed.input_value())
    page.keyboard.press("+")
    until(page, "Number(document.querySelector('#speed input.number').value) > v[0]", before)
    page.keyboard.press("?")
    expect(page.locator("dialog#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#help")).to_be_hidden()
    page.keyboard.press("Space")
    until(page, f"{PLAYING} && {EPOCH} > 2")


def test_what_scrolls_keeps_the_keys_that_scroll_it(open_page) -> None:
    page = open_page("v=1&b.hidden=3", still=True)
    at_epoch(page, 1)
    page.locator(".chart-details summary").first.click()
    page.locator(".chart-table").first.focus()
    for key in ("ArrowRight", "ArrowLeft", "Home"):
        page.keyboard.press(key)
    page.keyboard.press("e")
    until(page, f"{EPOCH} === 2")


def test_space_plays_even_after_a_click_on_something_else(open_page) -> None:
    page = open_page()
    pause(page)
    for name in ("One epoch", "Reset"):
        page.locator(".transport").get_by_role("button", name=re.compile(name)).click()
    until(page, "location.hash.includes('seed=2')")
    page.get_by_label("Xor").check(force=True)
    page.keyboard.press("Space")
    until(page, PLAYING)
    assert "seed=2" in page.evaluate("location.hash")


def test_hidden_layers_can_be_kept_for_other_data(open_page) -> None:
    page = open_page(still=True)
    at_epoch(page, 3)
    page.get_by_label("Keep what was learned").check(force=True)
    page.get_by_label("Xor").check(force=True)
    until(page, "location.hash.includes('dataset=xor')")
    until(page, f"{EPOCH} === 0")
    kept = picture(page)
    page.keyboard.press("w")
    until(page, "document.querySelector('.panel .boundary').toDataURL() !== v[0]", kept)  # a rewind starts from scratch


def test_early_stopping_says_so_on_its_panel(open_page) -> None:
    link = (
        "v=1&noise=0.4&hidden=20&learning_rate=0.3&speed=200.0&regularizers=early_stopping(patience=5)&b.regularizers="
    )
    page = open_page(link)
    expect(page.locator(".panel").first.locator(".stage")).to_contain_text("Stopped at epoch")
    now = page.evaluate(EPOCH)
    until(page, f"{EPOCH} > v[0] + 3", now)  # the other goes on


def test_what_makes_no_sense_together_is_refused_beside_its_control(open_page) -> None:
    page = open_page("v=1&regularizers=dropout", still=True)
    control(page, "optimizer").locator("select").first.select_option(label="L-BFGS")
    expect(control(page, "optimizer").get_by_role("alert").first).to_contain_text("Dropout")
    assert "lbfgs" not in page.evaluate("location.hash")


def test_everything_can_be_reached_with_the_tab_key(open_page) -> None:
    page = open_page("v=1&b.hidden=3", still=True)
    reached = set()
    for _ in range(160):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(() => { const e = document.activeElement;"
                " return e.id || e.dataset.action || e.ariaLabel || e.textContent.trim().slice(0, 20); })()"
            )
        )
    wanted = {"toggle", "update", "epoch", "reset", "rewind", "add", "vary", "discretize", "test-data", "share"}
    assert wanted <= reached, wanted - reached


def test_the_language_changes_in_place_and_the_run_goes_on(open_page) -> None:
    page = open_page()
    until(page, f"{EPOCH} > 5")
    page.locator("#language").click()
    expect(page.locator("h1")).to_contain_text("神经网络")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.evaluate(EPOCH) > 5
    until(
        page,
        """[...document.querySelectorAll('button, label, h2, h3, .sentence, .label, th')]
          .map((e) => e.textContent.trim())
          .filter((text) => /[a-z]{4,}/.test(text) && !/[\\u4e00-\\u9fff]/.test(text) && !new RegExp(v[0]).test(text))
          .length === 0""",
        "Softplus|Momentum|Sigmoid|Softmax|DropConnect",
    )
    page.locator("#language").click()
    expect(page.locator("h1")).to_contain_text("Neural network")


def test_a_server_may_allow_fewer_panels(open_page) -> None:
    with serving("--max-panels", "2") as address:
        page = open_page("v=1&b.hidden=3", base=address, lang="zh", still=True)
        add = page.locator("[data-action=add]")
        expect(add).to_be_disabled()
        expect(add).to_have_attribute("title", "最多只能有 2 个面板。")
        page.locator("#language").click()
        expect(add).to_have_attribute("title", "There can be at most 2 panels.")
        page.locator("[aria-label='Remove panel B']").click()
        expect(add).to_be_enabled()
        page.close()  # before the server


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_browsers_language_is_used(open_page, lang: str) -> None:
    page = open_page(lang=lang, still=True)
    assert page.evaluate("document.documentElement.lang").startswith(lang)


def test_a_setting_out_of_range_is_refused_beside_its_control_and_the_run_goes_on(open_page) -> None:
    page = open_page("v=1&b.hidden=3")
    rate = control(page, "learning_rate").locator("input.number")
    rate.fill("9999")
    rate.press("Enter")
    error = control(page, "learning_rate").get_by_role("alert")
    expect(error).to_contain_text("9999")
    expect(error).to_contain_text("10")
    now = page.evaluate(EPOCH)
    until(page, f"{EPOCH} > v[0] + 3", now)
    rate.fill("0.1")
    rate.press("Enter")
    expect(error).to_be_hidden()
    until(page, "location.hash.includes('learning_rate=0.1')")


def test_a_width_out_of_range_names_its_layer(open_page) -> None:
    page = open_page(still=True)
    width = page.get_by_role("textbox", name="Width, layer 2")
    width.fill("9999")
    width.press("Enter")
    expect(page.locator("#settings-form [role=alert]:visible")).to_contain_text("128")


def test_a_diverging_network_pauses_with_an_explanation_and_the_others_go_on(open_page) -> None:
    page = open_page("v=1&features=x1,x2,x1_squared&preprocessing=none&hidden=8-linear,8-linear&b.learning_rate=10.0")
    overlay = page.locator(".panel").nth(1).locator(".overlay")
    expect(overlay).to_be_visible()
    expect(overlay).to_contain_text("learning rate")
    expect(page.locator(".panel").nth(0).locator(".overlay")).to_be_hidden()
    now = page.evaluate(EPOCH)
    until(page, f"{EPOCH} > v[0] + 3", now)
    page.keyboard.press("2")
    rate = control(page, "learning_rate").locator("input.number")
    rate.fill("0.01")
    rate.press("Enter")
    overlay.get_by_role("button").click()
    expect(overlay).to_be_hidden()


def test_links_that_say_too_much_are_opened_with_a_notice(open_page) -> None:
    page = open_page("v=9&hidden=5&colour=red&noise=7", still=True)
    toasts = page.locator("#toasts")
    expect(toasts).to_contain_text("colour")
    expect(toasts).to_contain_text("noise")
    expect(toasts).to_contain_text("newer version")
    expect(page.locator(".panel .title")).to_contain_text("5")


def test_the_switches_change_what_is_drawn(open_page) -> None:
    page = open_page(still=True)
    at_epoch(page, 2)
    smooth = picture(page)
    page.locator("#discretize").check(force=True)
    until(page, "document.querySelector('.panel .boundary').toDataURL() !== v[0]", smooth)
    points = page.evaluate("document.querySelector('.panel .points').toDataURL()")
    page.locator("#test-data").uncheck(force=True)
    until(page, "document.querySelector('.panel .points').toDataURL() !== v[0]", points)


def test_a_phone_loads_plotly_with_the_first_chart_in_sight(open_page) -> None:
    page = open_page("v=1&b.hidden=3", size=(390, 844), still=True)
    at_epoch(page, 1)
    assert not page.evaluate("Boolean(document.querySelector('script[src*=plotly]'))")
    page.locator("#charts").scroll_into_view_if_needed()
    expect(page.locator("#charts .plot .main-svg").first).to_be_attached()


def test_charts_show_every_panel_and_their_numbers(open_page) -> None:
    page = open_page("v=1&regularizers=l2&hidden=8,8&b.hidden=3,3")
    until(page, "document.querySelector('#charts .plot .main-svg')")
    until(page, f"{EPOCH} > 20")
    pause(page)
    charts = page.locator("#charts .chart")
    assert charts.count() == 4
    names = page.evaluate("[...document.querySelectorAll('#charts .plot')].map((plot) => plot.data.length)")
    assert all(count >= 2 for count in names), names
    for place in range(4):
        chart = charts.nth(place)
        expect(chart.locator(".chart-picture")).to_have_attribute("aria-label", re.compile("epoch"))
        chart.locator("summary").click()
        expect(chart.locator("table td").nth(3)).to_be_visible()
        chart.locator("summary").click()
    with page.expect_download() as download:
        charts.first.get_by_role("button", name="Download CSV").click()
    text = download.value.path().read_text()
    assert len(text.splitlines()) > 20
    log = charts.first.locator("button.toggle")
    log.click()
    until(page, "document.querySelector('#charts .plot').layout.yaxis.type === 'log'")


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844), (360, 740)], ids=lambda size: str(size[0]))
@pytest.mark.parametrize("panels", [1, 3, 6])
def test_nothing_is_cut_and_nothing_jumps(open_page, size: tuple[int, int], panels: int) -> None:
    link = "v=1" + "".join(
        f"&{letter}.hidden={width}" for letter, width in zip("bcdef", range(2, 1 + panels), strict=False)
    )
    page = open_page(link, size=size)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    where = "[...document.querySelectorAll('.panel, .chart, .transport button, .major td')].map((e) => {"
    where += "const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height].map(Math.round).join(); })"
    until(page, f"{EPOCH} > 5")
    before = page.evaluate(where)
    until(page, f"{EPOCH} > 30")
    assert page.evaluate(where) == before


def test_settings_and_data_open_as_sheets_on_a_phone(open_page) -> None:
    page = open_page(size=(390, 844), touch=True, still=True)
    expect(page.locator("#settings-form")).not_to_be_in_viewport()
    page.get_by_role("button", name="Settings").tap()
    expect(control(page, "learning_rate").locator("input.number")).to_be_visible()
    page.locator("#settings").get_by_role("button", name="Close").tap()
    page.get_by_role("button", name="Data", exact=True).tap()
    page.get_by_title("Xor", exact=True).tap()
    until(page, "location.hash.includes('dataset=xor')")


def test_the_page_reconnects_by_itself(open_page) -> None:
    page = open_page("v=1&hidden=5", still=True)
    page.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")
    page.evaluate("location.hash = 'v=1&hidden=7'")
    expect(page.locator(".panel .title")).to_contain_text("7")
