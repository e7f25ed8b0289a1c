"""One class is enough: a component that is registered at run time is in the menu, and works, and no page names any."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest
import uvicorn
from annotated_types import Interval
from playwright.sync_api import expect

from app.cli import bind
from app.resources import ROOT
from app.server import create_app
from engine import CATALOG
from engine.activations import ACTIVATIONS, Activation
from engine.component import Array, Setting, Text
from engine.datasets import DATASETS, Classes
from tests.browser.chromium import until

# Words of the page and of the languages it is written in, which are names of components as well: a command, a property
# of entries, two classes of the style sheets, what typeof says, and three of Plotly's.
WORDS = {"step", "formula", "curve", "rings", "function", "circle", "linear", "normal"}


@pytest.fixture
def server_with_sine() -> Iterator[str]:
    """A server in this process, whose catalog has one activation more, CONTRIBUTING's example, and one dataset."""

    @ACTIVATIONS.add
    @dataclass(frozen=True)
    class Sine(Activation):
        """sin(ωz)."""

        id = "sine"
        label = Text("Sine", "正弦")
        formula = "sin(ωz)"
        description = Text("A wave.", "一种波。")
        omega: Annotated[
            float, Interval(ge=0.1, le=5.0), Setting(Text("Frequency ω", "频率 ω"), Text("Waves.", "波数。"), live=True)
        ] = 1.0

        def f(self, z: Array, out: Array) -> Array:
            return np.sin(self.omega * z, out=out)

        def df(self, z: Array, a: Array, out: Array) -> Array:
            return np.multiply(self.omega, np.cos(self.omega * z), out=out)

    @DATASETS.add
    @dataclass(frozen=True)
    class Halves(Classes):
        """Left and right of the x2 axis."""

        id = "halves"
        label = Text("Halves", "两半")
        formula = "x₁ > 0"
        description = Text("Left and right.", "左右两半。")

        def place(self, labels: Array, rng: np.random.Generator) -> Array:
            side = np.where(labels == 1, 1, -1)
            return np.stack([side * rng.uniform(0.5, 5, len(labels)), rng.uniform(-5, 5, len(labels))])

        def sigma(self, noise: float) -> tuple[float, float]:
            return noise, noise

    listener, _ = bind("127.0.0.1", 0, shared=False)
    server = uvicorn.Server(uvicorn.Config(create_app(), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    server.should_exit = True
    thread.join()
    listener.close()
    ACTIVATIONS.remove("sine")
    DATASETS.remove("halves")


@pytest.mark.browser
def test_a_new_activation_is_in_the_page(server_with_sine: str, open_page) -> None:
    page = open_page(base=server_with_sine)
    page.get_by_label("Activation, layer 1").select_option(label="Sine")
    until(page, "location.hash.includes('8-sine')")
    until(page, "parseFloat(document.querySelector('.panel .major').cells[2].textContent) > 95")


@pytest.mark.browser
def test_a_new_dataset_is_in_the_page(server_with_sine: str, open_page) -> None:
    page = open_page(base=server_with_sine)
    page.get_by_label("Halves").check(force=True)
    until(page, "location.hash.includes('dataset=halves')")
    expect(page.locator("[data-name=dataset] .chosen-name").first).to_have_text("Halves")
    until(page, "parseFloat(document.querySelector('.panel .major').cells[2].textContent) > 95")


def test_no_components_id_is_written_in_the_page() -> None:
    ids = {component for registry in CATALOG.values() for component in registry} - {"none"} - WORDS
    written = re.compile("|".join(f"[\"'`=]{component}[\"'`&]" for component in sorted(ids)))
    files = [path for folder in ("static", "templates") for path in (ROOT / folder).rglob("*.*")]
    assert len(files) > 20
    found = [(path.name, match[0]) for path in files for match in written.finditer(path.read_text("utf-8"))]
    assert not found
