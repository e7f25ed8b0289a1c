"""Results beyond the tables: calibration, the list of mistakes and the reading of bias and variance are the engine's;
a mistake is pointed out in the picture and followed through the network.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engine import Trainer
from engine.bayes import bayes
from engine.diagnosis import errors, gaps
from engine.results import calibration, results
from tests.browser.chromium import until
from tests.browser.test_inside import DRAWN, session, written
from tests.browser.test_page import at_epoch

pytestmark = pytest.mark.browser

LINK = "v=1&hidden=6-tanh,5&dataset=moons&noise=0.3&label_noise=0.05&samples=300"
RINGS = "document.querySelector('.panel .rings').toDataURL()"


def look(page: Page) -> None:
    page.locator("#inside-switch").check()
    page.locator("#inside-tab-results").click()
    until(page, "document.querySelector('.reading-says p')")


def known(page: Page) -> None:
    """Wait for the answer how well anyone could do, and for what follows from it."""
    until(page, "document.querySelector('.reading [data-part=best]')")


def trained(page: Page, link: str, epochs: int) -> Any:
    """Page and a session of our own at the same epoch."""
    at_epoch(page, epochs)
    own = session(link, epochs)
    trainer = own.panels[0].trainer
    found = errors(trainer)
    until(
        page,
        "document.querySelector('.reading [data-part=test] td').textContent === v[0]",
        percent(found["test"].value) if own.data.task == "classes" else f"{found['test'].value:.3f}",
    )
    return own


def percent(share: float) -> str:
    return f"{share * 100:.1f}\u2009%" if np.isfinite(share) else "–"


def part_button(page: Page, name: str) -> None:
    page.locator(".results-part").get_by_text(name, exact=True).click()


def probabilities(trainer: Trainer, part: slice) -> Any:
    return trainer.predict(trainer.data.points[:, part])[0]


def test_calibration_and_mistakes_are_the_engines(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    own = trained(page, LINK, 4)
    trainer, data = own.panels[0].trainer, own.data
    page.get_by_text("As a table").click()
    for name, part in (("Train", data.train), ("Test", data.test)):
        part_button(page, name)
        p, labels = probabilities(trainer, part), data.labels[part]
        table = calibration(p, labels)
        rows = page.locator(".results-section details tbody tr")
        until(
            page,
            "[...document.querySelectorAll('.results-section details tbody tr td:nth-child(2)')]"
            ".map((cell) => cell.textContent).join() === v[0]",
            ",".join(map(str, table.counts)),
        )
        for bin, (count, mean, right) in enumerate(zip(table.counts, table.confidence, table.accuracy, strict=True)):
            cells = rows.nth(bin).locator("td").all_inner_texts()
            assert cells[0] == str(count)
            for text, value in zip(cells[1:], (mean, right), strict=True):
                assert text == percent(value) or abs(float(text.split("\u2009")[0]) - 100 * value) < 0.051
        shown = page.locator(".results-section p .figure").first.inner_text()
        assert abs(float(shown.split("\u2009")[0]) - 100 * table.error) < 0.051

        wrong = np.flatnonzero(p.argmax(axis=0) != labels)
        wrong = wrong[np.argsort(-p.max(axis=0)[wrong], kind="stable")]
        listed = page.locator(".mistakes tbody tr:visible")
        expect(listed).to_have_count(min(40, len(wrong)))
        assert (
            str(len(wrong)) in page.locator(".results-section", has=page.locator(".mistakes")).locator("p").inner_text()
        )
        for place, index in enumerate(wrong[:40]):
            x1, x2 = data.points[:, part][:, index]
            where, sure, *_ = listed.nth(place).locator("td.figure").all_inner_texts()
            assert where == f"({written(x1)}, {written(x2)})"
            assert abs(float(sure.split("\u2009")[0]) - 100 * p[:, index].max()) < 0.051
            label = listed.nth(place).locator(".mistake").get_attribute("aria-label")
            assert label == f"Class {labels[index] + 1} taken for class {p[:, index].argmax() + 1}, at {where}"


@pytest.mark.parametrize(
    ("setting", "counts"), [("regularizers=early_stopping", [160, 40, 200]), ("folds=4&seed=2", [150, 50, 200])]
)
def test_what_a_network_holds_out_is_validation_everywhere(
    setting: str, counts: list[int], open_page: Callable[..., Page]
) -> None:
    link = f"v=1&hidden=6-tanh&dataset=moons&noise=0.4&label_noise=0.1&samples=400&{setting}"
    page = open_page(link, still=True)
    look(page)
    own = trained(page, link, 3)
    trainer = own.panels[0].trainer
    parts, sizes = trainer.parts(), []
    for name, part in (("Train", parts["train"]), ("Validation", parts["validation"]), ("Test", parts["test"])):
        part_button(page, name)
        found = results(trainer, part)
        sizes.append(int(found.confusion.sum()))
        cells = page.locator(".confusions .confusion")
        assert [int(cell) for cell in cells.all_inner_texts()] == found.confusion.ravel().tolist()
        row = page.locator(".results-content .scores tbody tr").first.locator("td").all_inner_texts()
        precision, recall, f1 = (float(figures[0]) for figures in (found.precision, found.recall, found.f1))
        assert row == [percent(precision), percent(recall), percent(f1), str(found.confusion[0].sum())]
        wrong = len(found.misclassified)
        until(
            page,
            "document.querySelectorAll('.mistakes tbody tr:not([hidden])').length === Math.min(40, v[0])",
            wrong,
        )
        said = page.locator(".results-section", has=page.locator(".mistakes")).locator("p").inner_text()
        assert str(wrong) in said and str(sizes[-1]) in said
    assert sizes == counts
    page.locator("#inside-tab-point").click()
    expect(page.locator(".point-which")).to_have_text(f"Training point 1 of {counts[0]}")
    picture = page.locator(".panel .picture")
    count = len(results(trainer, parts["train"]).misclassified)
    expect(picture).to_have_attribute("aria-label", re.compile(f"{count} of {counts[0]} training and"))


def test_a_mistake_is_pointed_out_and_followed(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    first = page.locator(".mistake").first
    expect(first).to_be_visible()
    page.mouse.move(3, 3)
    until(page, DRAWN)
    before = page.evaluate(RINGS)
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    page.mouse.move(3, 3)
    until(page, f"{RINGS} !== v[0]", before)
    first.click()
    expect(first).to_have_attribute("aria-pressed", "false")
    where = page.locator(".mistakes tbody tr").first.locator("td").nth(1).inner_text()
    page.locator(".mistakes tbody tr").first.get_by_role("button", name="Follow this point").click()
    expect(page.locator("#inside-tab-point")).to_have_attribute("aria-selected", "true")
    until(page, "document.querySelector('.point-view').dataset.at")
    x1, x2, _ = map(float, page.locator(".point-view").get_attribute("data-at").split())  # type: ignore[union-attr]
    assert where == f"({written(x1)}, {written(x2)})"


def test_other_points_have_no_mistake_of_the_ones_before(open_page: Callable[..., Page]) -> None:
    page = open_page(LINK, still=True)
    look(page)
    page.locator(".mistake").first.click()
    expect(page.locator(".mistake[aria-pressed=true]")).to_have_count(1)
    where = page.locator(".mistakes tbody tr").first.locator("td").nth(1).inner_text()
    field = page.locator("#data .control[data-name=noise] input.number")
    field.fill("0.1")
    field.press("Enter")
    until(page, "document.querySelectorAll('.mistakes tbody tr td')[1]?.textContent !== v[0]", where)
    until(page, "!document.querySelector('.inside-page.stale')")
    expect(page.locator(".mistake[aria-pressed=true]")).to_have_count(0)


@pytest.mark.parametrize(
    ("link", "kinds"),
    [
        ("v=1&dataset=xor&hidden=8-linear&samples=1000", {"avoidable_bias"}),
        ("v=1&samples=400&train_share=0.1&label_noise=0.2&hidden=64-tanh,64-tanh&learning_rate=0.3", set()),
        ("v=1&dataset=moons&samples=1000&validation_share=0.3&shift=rotated(angle=120)&hidden=20", {"data_mismatch"}),
        ("v=1&dataset=function&samples=400&hidden=2&noise=0.1", {"avoidable_bias"}),
    ],
)
def test_the_reading_is_the_engines(link: str, kinds: set[str], open_page: Callable[..., Page]) -> None:
    page = open_page(link, still=True)
    look(page)
    known(page)
    own = trained(page, link, 20)
    found, task = errors(own.panels[0].trainer), own.data.task
    best = bayes(own.experiment.data)
    assert best
    value = own.experiment.data.noise if best.error is None else best.error
    least = 0.01 if task == "classes" else 0.01 * float(own.data.labels.std())
    read = gaps(found, value, least)

    def close(text: str, value: float) -> bool:
        number = float(text.replace("−", "-").replace("+", "").split("\u2009")[0])
        return abs(number - (100 * value if task == "classes" else value)) < (0.051 if task == "classes" else 0.00051)

    assert close(page.locator(".reading [data-part=best] td").first.inner_text(), value)
    for gap in read:
        row = page.locator(f".reading [data-part={gap.after}]")
        error, _, size, kind = row.locator("td").all_inner_texts()
        assert close(error, found[gap.after].value) and close(size, gap.size)
        assert (
            kind
            == {
                "avoidable_bias": "Avoidable bias",
                "variance": "Variance",
                "data_mismatch": "Data mismatch",
                "validation_overfitting": "Overfitting the validation part",
            }[gap.kind]
        )
        assert ("matters" in (row.get_attribute("class") or "")) == gap.matters
    said = page.locator(".reading-says p[data-kind]").evaluate_all("all => all.map((one) => one.dataset.kind)")
    assert said == [gap.kind for gap in read if gap.matters]
    assert kinds <= set(said)


def test_where_nobody_knows_the_best_one_may_say_it(open_page: Callable[..., Page]) -> None:
    link = "v=1&dataset=own&hidden=3"
    page = open_page(link, still=True)
    look(page)
    own = trained(page, link, 3)
    expect(page.locator(".reading-says")).to_contain_text("unknown")
    assert page.locator(".reading [data-part=best]").count() == 0
    field = page.get_by_label("Best possible error")
    field.fill("5")
    field.press("Enter")
    known(page)
    (bias, *_) = gaps(errors(own.panels[0].trainer), 0.05)
    row = page.locator(".reading [data-part=train] td").all_inner_texts()
    assert row[2] == f"{'−' if bias.size < 0 else '+'}{percent(abs(bias.size))}" and row[3] == "Avoidable bias"
    field.fill("500")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".reading .error")).to_have_text("From 0 to 100\u2009%.")
    field.fill("")
    field.press("Enter")
    until(page, "!document.querySelector('.reading [data-part=best]')")


def test_it_can_be_used_by_all_and_fits(open_page: Callable[..., Page]) -> None:
    for size, scheme, lang in (((390, 844), "dark", "zh"), ((1024, 768), "light", "en")):
        page = open_page("v=1&dataset=arms(classes=4)&hidden=4", size=size, scheme=scheme, lang=lang, still=True)
        look(page)
        known(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        found = Axe().run(page).response["violations"]
        assert not found, [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in found]
