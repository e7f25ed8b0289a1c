"""The playground in a notebook: ``show("v=1&hidden=3&b.hidden=20")`` as the last line of a cell.

A server is started once, on this machine alone, and ends with the notebook's kernel; or one that runs already is named.
Nothing of Jupyter is needed: what `show` returns says as HTML what it is, and every notebook understands that.
"""

import atexit
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urlencode

from app import links
from app.schema import parse
from engine import Experiment
from engine.spec import NetworkSpec


@dataclass(frozen=True)
class Frame:
    """The embedded page with an experiment, as HTML."""

    address: str
    width: str
    height: int

    def _repr_html_(self) -> str:
        size = f'width="{escape(self.width)}" height="{self.height}"'
        title = 'title="Neural network playground" allow="fullscreen" style="border:0"'
        return f'<iframe src="{escape(self.address)}" {size} {title}></iframe>'


def show(
    experiment: str | Experiment | NetworkSpec | Mapping[str, Any] = "",
    *,
    server: str | None = None,
    width: int | str = "100%",
    height: int = 520,
    autoplay: bool = True,
    **asked: str,
) -> Frame:
    """An experiment, live in the notebook.

    It is a link or what follows its ``#``, a config as a dict, an `Experiment`, or one network of the engine.
    ``server`` is the address of a playground that runs already; without it, one is started on this machine. What else
    is ``asked`` of the embedded page goes into its address: ``theme="dark"``, ``lang="zh"``, ``lock="all"``,
    ``parts="transport,charts"``, ``panels="a,c"``, ``goal="test_accuracy>=0.95"`` (see docs/embed.md). Raises Invalid
    for a config that is none.
    """
    query = urlencode({**({"autoplay": "1"} if autoplay else {}), **asked}, safe=",")
    base = f"{(server or own_server()).rstrip('/')}/"
    return Frame(f"{base}embed{'?' if query else ''}{query}#{link_of(experiment)}", str(width), height)


def link_of(experiment: str | Experiment | NetworkSpec | Mapping[str, Any]) -> str:
    """An experiment in the form of a link's fragment."""
    if isinstance(experiment, str):
        return experiment.rpartition("#")[2]
    if isinstance(experiment, NetworkSpec):
        return links.encode(Experiment(panels=(experiment,)))
    if isinstance(experiment, Mapping):
        return links.encode(parse(Experiment, dict(experiment)))
    return links.encode(experiment)


@cache
def own_server() -> str:
    """The address of this process's own playground, which is started the first time it is asked for. Raises
    RuntimeError if it does not come up."""
    command = [sys.executable, "-m", "app", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    atexit.register(server.terminate)
    assert server.stdout
    line = server.stdout.readline()
    if not line:
        raise RuntimeError("the playground did not start")
    return line.split()[-1]
