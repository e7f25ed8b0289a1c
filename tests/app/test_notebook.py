"""The playground in a notebook: what `show` shows, and that the notebooks of examples/ run as they are printed."""

import ast
import contextlib
import io
import json
import re
import socket
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from app import examples, links, notebook
from app.i18n import LANGUAGES
from app.notebook import link_of, show
from app.schema import Invalid, dump
from engine import Experiment, HiddenLayer, NetworkSpec
from tests.app.conftest import ROOT

LINK = "v=1&hidden=3&b.hidden=20"
SERVER = "https://playground.example/nn"


@pytest.mark.parametrize(
    ("given", "link"),
    [
        ("", ""),
        (LINK, LINK),
        (f"http://127.0.0.1:8000/?lang=zh#{LINK}", LINK),
        (links.decode(LINK)[0], LINK),
        (dump(links.decode(LINK)[0]), LINK),
        ({"panels": [{"hidden": [{"width": 3}]}]}, "v=1&hidden=3"),
        (NetworkSpec(hidden=(HiddenLayer(3),), seed=6), "v=1&hidden=3&seed=6"),
        (Experiment(), "v=1"),
    ],
)
def test_an_experiment_in_any_form_becomes_its_link(given: Any, link: str) -> None:
    assert link_of(given) == link


def test_what_is_no_experiment_is_refused_with_the_reason() -> None:
    with pytest.raises(Invalid, match="hidden"):
        link_of({"panels": [{"hidden": [{"width": 0}]}]})


def test_the_frame_says_what_was_asked() -> None:
    html = show(LINK, server=SERVER, width=500, height=333, theme="dark", parts="transport,charts")._repr_html_()
    match = re.fullmatch(r'<iframe src="([^"]+)" width="500" height="333" [^<>]*></iframe>', html)
    assert match
    address = urlsplit(match[1].replace("&amp;", "&"))
    assert (address.netloc, address.path, address.fragment) == ("playground.example", "/nn/embed", LINK)
    assert parse_qs(address.query) == {"autoplay": ["1"], "theme": ["dark"], "parts": ["transport,charts"]}
    assert "autoplay" not in show(LINK, server=f"{SERVER}/", autoplay=False)._repr_html_()
    assert "<script" not in show('"><script>', server=SERVER)._repr_html_()


def test_a_server_of_its_own_lives_as_long_as_the_kernel() -> None:
    program = (
        "from app.notebook import show; import urllib.request\n"
        "frames = [show('v=1'), show('v=1&hidden=3')]\n"
        "for frame in frames: print(frame.address, urllib.request.urlopen(frame.address).status)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, second = (line.split() for line in done.stdout.splitlines())
    assert first[1] == second[1] == "200"
    assert urlsplit(first[0]).netloc == urlsplit(second[0]).netloc  # one server for all cells
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", urlsplit(first[0]).port or 0), timeout=20):
        pass


def run(cells: list[dict[str, Any]]) -> list[tuple[Any, str]]:
    """What the code of a notebook gives and prints, cell by cell, as a kernel runs it."""
    names: dict[str, Any] = {}
    results = []
    for cell in cells:
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, "cell", "exec"), names)
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
        results.append((value, printed.getvalue()))
    return results


def code(lang: str) -> list[dict[str, Any]]:
    name = "playground.ipynb" if lang == "en" else f"playground.{lang}.ipynb"
    read = json.loads((examples.NOTEBOOKS / name).read_text("utf-8"))
    assert (read["nbformat"], read["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in read["cells"]}) == len(read["cells"])
    return [cell for cell in read["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_computes_what_is_printed_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "own_server", lambda: SERVER)
    cells = code("en")
    for cell, (value, printed) in zip(cells, run(cells), strict=True):
        shown = [output for output in cell["outputs"] if output["output_type"] == "execute_result"]
        if isinstance(value, notebook.Frame):
            assert cell["metadata"]["playground"] == urlsplit(value.address).fragment
            assert not links.decode(cell["metadata"]["playground"])[1]
        elif shown:
            told = np.array(re.findall(r"\d\.\d*", "".join(shown[0]["data"]["text/plain"])), float)
            assert np.allclose(told, value, atol=0.02)  # a machine may round otherwise
        else:
            figures = [
                [int(one) for one in re.findall(r"\d+", text)] for text in (printed, cell["outputs"][0]["text"][0])
            ]
            assert np.allclose(*figures, atol=2)


def test_both_languages_have_the_same_code() -> None:
    english, chinese = code("en"), code("zh")
    assert [cell["source"] for cell in english] == [cell["source"] for cell in chinese]
    assert [cell["metadata"] for cell in english] == [cell["metadata"] for cell in chinese]


def test_every_link_of_the_examples_is_one() -> None:
    for link in examples.LINKS.values():
        experiment, notices = links.decode(link)
        assert not notices and len(experiment.panels) >= 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_notebook_page_has_every_cell(lang: str) -> None:
    cells = examples.notebook(lang)
    assert [cell["kind"] for cell in cells].count("code") == len(code(lang)) == 4
    assert sum(bool(cell["link"]) for cell in cells) == 2
    assert all(cell["printed"] or cell["link"] for cell in cells if cell["kind"] == "code")


def test_nothing_is_reached_before_it_is_shown() -> None:
    """The helper needs no server where one is named."""
    notebook.own_server.cache_clear()
    show(LINK, server=SERVER)
    assert notebook.own_server.cache_info().currsize == 0
