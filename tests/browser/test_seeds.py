"""Several seeds of each panel: the numbers, pictures and strips of the page are those of all seeds together, and one
seed can be chosen to be looked into.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engine import seeds
from engine.gradient_check import affordable, check
from engine.inside import inside
from tests.browser.chromium import until
from tests.browser.test_inside import close, session, weights
from tests.browser.test_page import EPOCH, at_epoch, control

pytestmark = pytest.mark.browser

LINK = "v=1&seeds=8&hidden=3&samples=200&b.hidden=8,8"
STALE = "document.querySelector('.inside-page.stale')"
CHARTS = "document.querySelectorAll('#charts .plot .main-svg').length >= 4"


def look(page: Page, tab: str = "Seeds") -> None:
    until(page, CHARTS, seconds=60)  # a page that is still starting is slow to click on
    page.get_by_role("switch", name="Look inside").check()
    page.get_by_role("tab", name=tab).click()
    until(page, f"!{STALE}")


def choose_seed(page: Page, place: int) -> None:
    """Choose a seed in its tab and come back to the tab that is open."""
    name = page.locator(".inside-tab[aria-selected=true]").inner_text()
    page.get_by_role("tab", name="Seeds").click()
    page.locator(".seed-map").nth(place).click()
    until(page, "document.querySelectorAll('.seed-map')[v[0]]?.ariaPressed === 'true'", place)
    page.get_by_role("tab", name=name, exact=True).click()
    until(page, f"!{STALE}")


def test_the_choice_trains_so_many_seeds_and_the_link_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&hidden=3&samples=200", still=True)
    assert not page.locator(".seeds-line").first.is_visible()
    choice = page.get_by_role("combobox", name="Seeds")
    assert choice.locator("option").all_inner_texts() == ["1 seed", "8 seeds", "16 seeds", "32 seeds"]
    choice.select_option("8")
    until(page, "location.hash.includes('seeds=8')")
    at_epoch(page, 2)
    until(page, "document.querySelector('.seeds-line .figure').textContent.endsWith('of 8')")
    page.reload()
    until(page, "document.querySelector('#seeds').value === '8'")
    expect(page.locator(".seeds-line")).to_be_visible()
    page.locator("#seeds").select_option("1")
    until(page, "!location.hash.includes('seeds') && document.querySelector('.seeds-line').hidden")


HATCHING = """(place) => {
  const canvas = document.querySelectorAll('.panel .disagreement')[place];
  const {data, width} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return {side: width, hidden: canvas.hidden, alpha: [...data].filter((_, at) => at % 4 === 3)};
}"""


def test_numbers_and_hatching_are_those_of_all_seeds(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    at_epoch(page, 6)
    own = session(LINK, 6)
    for place, panel in enumerate(own.panels):
        metrics = panel.trainer.evaluate()
        cells = page.locator(".panel").nth(place).locator("tr.major td").all_inner_texts()
        assert float(cells[0]) == pytest.approx(metrics.test_loss.mean(), abs=6e-4)
        assert float(cells[1].split("\u2009")[0]) == pytest.approx(100 * metrics.test_accuracy.mean(), abs=0.06)
        solved = seeds.solved(metrics).sum()
        until(
            page,
            "document.querySelectorAll('.seeds-line > :first-child')[v[0]].textContent === v[1]",
            place,
            f"Solved {solved} of 8",
        )
        drawn = page.evaluate(HATCHING, place)
        p = panel.trainer.boundary(drawn["side"])
        share = np.round(255 * seeds.consensus(p).disagreement).ravel()
        expected = np.floor(np.minimum(1, share / 127) * 190 + 0.5)
        assert not drawn["hidden"]
        np.testing.assert_allclose(drawn["alpha"], expected, atol=1)
        assert max(drawn["alpha"]) > 20
    expect(page.locator("#legend")).to_contain_text("Seeds disagree")
    assert "seeds have solved it" in page.locator(".panel .picture").first.get_attribute("aria-label")  # type: ignore[operator]


def test_charts_show_mean_and_band_and_hand_them_out(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page(LINK, still=True)
    at_epoch(page, 4)
    until(page, CHARTS)
    own = session(LINK, 4)
    low, high = np.quantile(own.panels[1].trainer.evaluate().test_loss, [0.1, 0.9])
    until(
        page,
        """(() => {
          const traces = document.querySelector('[data-chart=loss] .plot').data.filter(({fill}) => fill === 'toself');
          const at = traces[1]?.x.indexOf(4);
          return traces.length === 2 && at > 0 && Math.abs(traces[1].y[at] - v[0]) < 1e-4;
        })()""",
        float(high),
    )
    assert page.locator("[data-chart=loss] .key.area").is_visible()
    with page.expect_download() as caught:
        page.locator("[data-chart=loss]").get_by_role("button", name="Download CSV").click()
    caught.value.save_as(tmp_path / "loss.csv")
    rows = [line.split(",") for line in (tmp_path / "loss.csv").read_text().split()[1:]]
    found = {name: float(value) for panel, epoch, name, value in rows if panel == "B" and epoch == "4"}
    assert found["test_loss_low"] == pytest.approx(low, rel=1e-4)
    assert found["test_loss_high"] == pytest.approx(high, rel=1e-4)
    until(page, "document.querySelector('[data-chart=loss] .chart-picture').ariaLabel.includes('80 % of the seeds')")


def test_every_seed_has_its_picture_and_its_dot(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    at_epoch(page, 5)
    own = session(LINK, 5)
    metrics = [panel.trainer.evaluate() for panel in own.panels]
    until(
        page,
        "Math.abs(document.querySelectorAll('.strip-row')[2].children[2].textContent - v[0]) < 6e-4",
        float(metrics[1].test_loss.mean()),
    )
    captions = page.locator(".seed-caption > :last-child").all_inner_texts()
    for caption, accuracy in zip(captions, metrics[0].test_accuracy, strict=True):
        assert float(caption.split("\u2009")[0]) == pytest.approx(100 * accuracy, abs=0.06)
    assert page.locator(".seed-caption > :first-child").all_inner_texts() == [str(number) for number in range(1, 9)]
    assert page.locator(".seed-map.solved").count() == seeds.solved(metrics[0]).sum()
    for place in range(2):
        losses = metrics[place].test_loss
        places = page.evaluate(
            "(n) => [...document.querySelectorAll('.strip')[n].querySelectorAll('.seed-dot')]"
            ".map((dot) => parseFloat(dot.style.left))",
            place,
        )
        end = float(page.locator(".strip-ends .at-high").inner_text())
        np.testing.assert_allclose(places, 100 * losses / end, atol=0.02)
        label = page.locator(".strip").nth(place).get_attribute("aria-label")
        assert label and f"{losses.min():.3f}" in label and f"{losses.max():.3f}" in label
    assert not page.locator(".seeds-figure").get_by_text("Validation").is_visible(), "nothing is held out"
    page.locator(".seeds-figure").get_by_text("Accuracy").click()
    until(
        page,
        "Math.abs(parseFloat(document.querySelectorAll('.strip-row')[2].children[2].textContent) - v[0]) < 0.06",
        float(100 * metrics[1].test_accuracy.mean()),
    )
    page.locator(".panel").nth(1).locator(".panel-select").click()
    until(page, "document.querySelector('.seeds-each h3').textContent.endsWith('of B')")


def test_the_vote_of_the_seeds_and_their_folds_are_shown(open_page: Callable[..., Page]) -> None:
    link = f"{LINK}&noise=0.4&folds=8&b.folds=4"
    page = open_page(link.replace("folds=8", "folds=4").replace("&b.folds=4", ""), still=True)
    until(page, CHARTS, seconds=60)
    page.locator("[data-group=regularization] summary").click()
    control(page, "folds").locator("select").select_option(label="8 folds")
    until(page, "location.hash.includes('folds=8')")
    look(page)
    at_epoch(page, 5)
    own = session(link, 5)
    for place, panel in enumerate(own.panels):
        metrics = panel.trainer.evaluate()
        vote = f"{100 * metrics.vote_accuracy[0]:.1f}\u2009%"
        expect(page.locator(".strip-vote").nth(place)).to_have_text(vote)
        expect(page.locator(".panel").nth(place).locator(".seeds-line")).to_contain_text(f"Vote {vote}")
    shown = page.locator(".seeds-figure").get_by_text("Validation")
    shown.click()
    until(
        page,
        "parseFloat(document.querySelectorAll('.strip-row')[1].children[2].textContent) === v[0]",
        round(float(100 * own.panels[0].trainer.evaluate().validation_accuracy.mean()), 1),
    )


def test_the_chosen_seed_is_the_one_that_the_other_views_show_and_change(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    at_epoch(page, 2)
    page.get_by_role("group", name="Each seed").get_by_role("button").nth(4).click()
    until(page, "document.querySelectorAll('.seed-map')[4].ariaPressed === 'true'")
    page.get_by_role("tab", name="Network").click()
    expect(page.get_by_role("heading", name="Inside network A · seed 5")).to_be_visible()
    own = session(LINK, 2)
    seen = inside(own.panels[0].trainer, network=4)
    expected = [seen.biases[0][0], *seen.weights[0][0]]
    until(page, "document.querySelector('.weights') && document.querySelector('.inspector').dataset.unit === '2'")
    until(page, "document.querySelector('.weights tr .weight')?.textContent.length > 3")
    first = ".weights tr:not([hidden]) .weight"
    bias = float(expected[0])
    until(
        page,
        f"Math.abs(parseFloat(document.querySelector('{first}').textContent.replace('−', '-')) - v[0]) < 1e-3",
        bias,
    )
    shown = weights(page)
    assert all(map(close, shown, expected)), (shown, expected)
    page.locator(".weights tr:visible .weight").nth(1).click()
    page.locator(".weight-field").fill("2.5")
    page.locator(".weight-field").press("Enter")
    until(page, "document.querySelectorAll('.weights tr:not([hidden]) .weight')[1]?.textContent === '2.500'")
    page.get_by_role("tab", name="Seeds").click()
    weigh = {"type": "weigh", "panel": 0, "layer": 0, "unit": 0, "input": 0, "value": 2.5, "seed": 4}
    changed = session(LINK, 2, weigh).panels[0].trainer.evaluate()
    until(
        page,
        "Math.abs(document.querySelectorAll('.strip-row')[1].children[2].textContent - v[0]) < 6e-4",
        float(changed.test_loss.mean()),
    )
    page.get_by_role("tab", name="Results").click()
    expect(page.get_by_role("heading", name="Inside network A · seed 5")).to_be_visible()


def test_what_was_typed_is_undone_in_the_seed_it_was_typed_for(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&seeds=8&hidden=3&samples=100", still=True)
    look(page, "Network")
    undo = page.get_by_role("button", name="Undo what was last typed or switched")
    before = weights(page)
    page.locator(".weights tr:visible .weight").nth(1).click()
    page.locator(".weight-field").fill("2.5")
    page.locator(".weight-field").press("Enter")
    typed = "document.querySelectorAll('.weights tr:not([hidden]) .weight')[1]?.textContent"
    until(page, f"{typed} === '2.500'")
    expect(undo).to_be_enabled()
    choose_seed(page, 1)
    until(page, f"{typed} !== '2.500'")
    expect(undo).to_be_disabled()
    choose_seed(page, 0)
    until(page, f"{typed} === '2.500'")
    undo.click()
    until(page, f"{typed} === v[0]", before[1])
    expect(undo).to_be_disabled()


def test_all_of_the_results_are_of_the_chosen_seed(open_page: Callable[..., Page]) -> None:
    link = "v=1&seeds=8&hidden=1&samples=200&dataset=moons&noise=0.3"
    page = open_page(link, still=True)
    look(page, "Results")
    at_epoch(page, 2)
    own = session(link, 2)
    data, trainer = own.data, own.panels[0].trainer

    def counted(predicted: Any) -> list[int]:
        table = np.zeros((data.classes, data.classes), int)
        np.add.at(table, (data.labels[data.test].astype(int), predicted[data.test].astype(int)), 1)
        return [int(count) for count in table.ravel()]

    tables = [counted(trainer.loss.predict(logits, data.classes)) for logits in trainer.logits(trainer.x)]
    together = counted(seeds.predicted(trainer))
    place = next(place for place, table in enumerate(tables) if place and table != together)
    for chosen in (0, place):
        choose_seed(page, chosen)
        until(
            page,
            "JSON.stringify([...document.querySelectorAll('.confusion')].map((cell) => Number(cell.textContent)))"
            " === JSON.stringify(v[0])",
            tables[chosen],
        )
        wrong = sum(tables[chosen]) - tables[chosen][0] - tables[chosen][-1]
        expect(page.locator(".mistakes tbody tr:visible")).to_have_count(min(40, wrong))


def test_errors_of_values_are_those_of_the_chosen_seed(open_page: Callable[..., Page]) -> None:
    link = "v=1&seeds=8&hidden=2&samples=200&dataset=function"
    page = open_page(link, still=True)
    look(page, "Results")
    at_epoch(page, 2)
    trainer = session(link, 2).panels[0].trainer
    choose_seed(page, 4)
    metrics = trainer.alone(4).evaluate()
    cells = (
        "[...document.querySelectorAll('.scores .figure')].map((cell) => Number(cell.textContent.replace('−', '-')))"
    )
    for row, (error, r2) in enumerate(
        ((metrics.test_error[0], metrics.test_r2[0]), (metrics.train_error[0], metrics.train_r2[0]))
    ):
        until(page, f"Math.abs({cells}[3 * v[0]] - v[1]) < 6e-4", row, float(error))
        until(page, f"Math.abs({cells}[3 * v[0] + 2] - v[1]) < 6e-3", row, float(r2))
    assert abs(metrics.test_error[0] - trainer.evaluate().test_error.mean()) > 6e-4


def test_the_layers_say_which_numbers_are_means(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page, "Layers")
    choose_seed(page, 4)
    for part, text in (
        ("Now", "Outputs of seed 5; all else is the mean of the seeds"),
        ("Over time", "Mean of the seeds"),
        ("Histograms", "Seed 5"),
    ):
        page.locator(".layers-part").get_by_text(part, exact=True).click()
        expect(page.locator(".layers-whose")).to_have_text(text)
    page.locator("#seeds").select_option("1")
    expect(page.locator(".layers-whose")).to_be_hidden()


def test_an_answer_about_the_seed_before_is_not_shown_as_another_ones(open_page: Callable[..., Page]) -> None:
    link = "v=1&seeds=8&hidden=3&samples=100"
    page = open_page(link, still=True)
    look(page)
    expect(page.locator(".seed-map")).to_have_count(8)
    page.get_by_role("tab", name="Gradient check").click()
    button = page.get_by_role("button", name="Check now")
    # Before any answer can be there.
    page.evaluate(
        """() => {
          document.querySelector('.check-view button').click();
          document.querySelector('#inside-tab-seeds').click();
          document.querySelectorAll('.seed-map')[2].click();
        }"""
    )
    at_epoch(page, 1)  # by now it has come
    page.get_by_role("tab", name="Gradient check").click()
    expect(page.locator(".check-verdict")).to_be_hidden()
    expect(page.locator(".check-status")).to_be_empty()
    button.click()
    expect(page.locator(".check-status")).to_have_text("At epoch 1")
    single = session(link, 1).panels[0].alone(2)
    sample, points = affordable(single)
    found = check(single, sample=sample, points=points, rng=np.random.default_rng(single.steps))
    texts = page.locator(".check-table tbody tr td:nth-child(5)").all_inner_texts()
    analytic = [float(text.replace("−", "-")) for text in texts]
    assert analytic == pytest.approx(
        [found.analytic[0, int(found.worst_in(span)[0])] for span in found.spans], rel=1e-6
    )


def test_one_seed_offers_more_of_them(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&samples=100&hidden=3", still=True)
    look(page)
    page.get_by_role("button", name="16 seeds").click()
    until(
        page, "document.querySelectorAll('.seed-map').length === 16 && document.querySelector('#seeds').value === '16'"
    )


def test_too_many_networks_are_refused_beside_what_stands(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&samples=40&hidden=128,128,128", still=True)
    page.locator("#seeds").select_option("32")
    expect(page.locator(".toast")).to_contain_text("8,192 is the most")
    assert page.locator("#seeds").input_value() == "1"


def test_a_curve_has_a_band_and_no_hatching(open_page: Callable[..., Page]) -> None:
    page = open_page("v=1&seeds=8&dataset=function&samples=100&hidden=4", still=True)
    at_epoch(page, 1)
    assert not page.locator(".panel .disagreement").is_visible()
    expect(page.locator(".hatched.area")).to_be_visible()


BOXES = (
    "[...document.querySelectorAll('.panel, .stage, .numbers, #charts')]"
    ".map((part) => JSON.stringify(part.getBoundingClientRect()))"
)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844), (360, 740)], ids=lambda size: str(size[0]))
def test_nothing_jumps_and_nothing_sticks_out(open_page: Callable[..., Page], lang: str, size: tuple[int, int]) -> None:
    page = open_page("v=1&seeds=8&samples=60&b.hidden=3&c.hidden=4", still=True, size=size, lang=lang)
    at_epoch(page, 1)
    until(page, "[...document.querySelectorAll('.seeds-line > :first-child')].every((line) => line.textContent)")
    before = page.evaluate(BOXES)
    for epoch in range(2, 6):
        page.keyboard.press("e")
        until(page, f"{EPOCH} === v[0]", epoch)
    assert page.evaluate(BOXES) == before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bar = page.locator(".usual-bar").bounding_box()
    for part in page.locator(".usual-bar :is(select, button, label)").all():
        box = part.bounding_box()
        assert box and bar and box["x"] + box["width"] <= bar["x"] + bar["width"] + 0.5, part.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_tab(open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page("v=1&seeds=8&samples=60&hidden=3", still=True, scheme=scheme, size=(1024, 768))
    look(page)
    at_epoch(page, 2)
    until(page, "document.querySelector('.seed-caption > :last-child').textContent")
    found: Any = Axe().run(page).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert not serious, json.dumps([(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in serious])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_dropout_shows_the_sub_networks_it_trains(open_page: Callable[..., Page], lang: str) -> None:
    page = open_page("v=1&hidden=8-tanh,8&regularizers=dropout&samples=200", still=True, lang=lang)
    page.locator("#inside-switch").check()
    page.locator("#inside-tab-seeds").click()
    at_epoch(page, 3)
    cards = page.locator(".sub-networks .seed-map")
    expect(cards).to_have_count(12)
    test = "document.querySelector('.panel .major').cells[2].textContent"
    until(page, f"document.querySelector('.sub-networks .seed-caption').lastChild.textContent === {test}")
    pictures = page.evaluate("[...document.querySelectorAll('.sub-networks canvas')].map((each) => each.toDataURL())")
    assert len(set(pictures)) == 12
    found: Any = Axe().run(page, context="#inside").response["violations"]
    assert not found
    page.locator("#settings-form [data-name=regularizers] .chip input:checked").evaluate("(box) => box.click()")
    expect(page.locator(".sub-networks")).to_be_hidden()
