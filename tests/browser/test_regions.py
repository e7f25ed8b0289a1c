"""The boundary in words: regions of pictures that are known, and the sentence of a real panel."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app import links
from engine import Trainer
from tests.browser.chromium import until

SIZE = 60
DESCRIBE = """async ([cells, size, classes]) => {
  const { describe } = await import(new URL('regions.js', document.querySelector('script[type=module]').src));
  return describe(Uint8Array.from(cells), size, classes);
}"""

EPOCH = "document.querySelector('#epoch').textContent.replace(/\\D/g, '')"

down, along = np.indices((SIZE, SIZE)) / (SIZE - 1) * 2 - 1
ring = np.hypot(along, down)


def quarters(classes: int) -> np.ndarray:
    return ((along > 0) + 2 * (down > 0)) % classes


@pytest.mark.parametrize(
    "classes, picture, said",
    [
        (2, ring < 0.5, "2 regions: Class 1 all around (81 %); Class 2 as an island in the centre (19 %)."),
        (2, np.hypot(along - 0.6, down + 0.6) < 0.3, "Class 2 as an island at the top right (7 %)."),
        (2, along > 0.4, "2 regions: Class 1 on the left (70 %); Class 2 on the right (30 %)."),
        (2, down > -0.4, "2 regions: Class 2 at the bottom (70 %); Class 1 at the top (30 %)."),
        (3, (along > -0.5).astype(int) + (along > 0.5), "Class 2 in a band from top to bottom (50 %)"),
        (2, abs(down) < 0.4, "Class 2 in a band from left to right (40 %)"),
        (2, along > 9, "One region: Class 1 everywhere."),
        (4, quarters(4), "4 regions: Class 1 at the top left (25 %); Class 2 at the top right (25 %); "),
        (2, (np.floor(along * 1.99) + np.floor(down * 1.99)) % 2 > 0, "Class 1 in 8 of them (50 %)"),
        (2, (np.hypot(along, down) < 0.02), "One region: Class 1 everywhere."),  # a speck is not told
    ],
)
def test_pictures_in_words(open_page: Callable[..., Page], classes: int, picture: np.ndarray, said: str) -> None:
    page = open_page("v=1&samples=40&hidden=2", still=True)
    levels = 256 // classes
    cells = (picture.astype(int) * levels + levels // 2).ravel().tolist()
    found = page.evaluate(DESCRIBE, [cells, SIZE, classes]).replace("\u2009", " ")
    assert said in found, found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_panel_says_what_it_shows(open_page: Callable[..., Page], lang: str) -> None:
    """The circle is solved by an island in the centre, and the points that are wrong are the engine's."""
    link = "v=1&dataset=circle&noise=0.2&hidden=8-tanh&learning_rate=0.3"
    page = open_page(link, lang=lang, still=True)
    for epoch in range(1, 21):
        page.keyboard.press("e")
        until(page, f"Number({EPOCH}) === {epoch}")
    experiment, _ = links.decode(link)
    trainer = Trainer(experiment.data, *experiment.panels)
    trainer.train(epoch)
    metrics = trainer.evaluate()
    wrong = metrics.predicted[0] != trainer.data.labels
    train, test = (int(wrong[part].sum()) for part in (trainer.data.train, trainer.data.test))
    said = {
        "en": f"at epoch {epoch}: 2 regions: Class 1 all around .* as an island in the centre .*"
        f"; {train} of 250 training and {test} of 250 test points wrong",
        "zh": f"第 {epoch} 轮的决策边界：2 个区域：类别 1 环绕四周.*是中央的孤岛.*"
        f"训练点 250 个中错 {train} 个，测试点 250 个中错 {test} 个",
    }
    expect(page.locator(".panel [role=img]").first).to_have_attribute("aria-label", re.compile(said[lang]))
