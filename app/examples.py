"""What the pages under /examples/ show: links of experiments, and the notebook, read as it lies in examples/.

The links stand here and not in the templates, which know no component by its name.
"""

import json
from functools import cache
from typing import Any

from app.resources import ROOT

NOTEBOOKS = ROOT / "examples"

LINKS = {
    "straight": "v=1&dataset=xor&hidden=8-linear,8-linear&b.hidden=8",
    "widths": "v=1&dataset=spiral&optimizer=adam&hidden=3&b.hidden=6&c.hidden=20",
    "rates": "v=1&learning_rate=0.001&b.learning_rate=0.1&c.learning_rate=10",
}

PAGES = ("index", "slides", "blog", "notebook")
SLIDES = ("straight", "widths", "rates")


@cache
def notebook(lang: str) -> list[dict[str, Any]]:
    """The cells of the notebook: kind, text in lines, what it printed, and the link of what it showed."""
    name = "playground.ipynb" if lang == "en" else f"playground.{lang}.ipynb"
    read = json.loads((NOTEBOOKS / name).read_text("utf-8"))
    return [
        {
            "kind": cell["cell_type"],
            "lines": [line.rstrip("\n") for line in cell["source"]],
            "printed": "".join("".join(_text(output)) for output in cell.get("outputs", [])).rstrip("\n"),
            "link": cell["metadata"].get("playground"),
        }
        for cell in read["cells"]
    ]


def _text(output: dict[str, Any]) -> list[str]:
    lines: list[str] = output["text"] if "text" in output else output["data"]["text/plain"]
    return lines
