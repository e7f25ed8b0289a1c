"""Where the project's own files are, and plotly.js, which is served out of the installed package."""

import gzip
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"
LOCALES = ROOT / "app" / "locales"
LESSONS = ROOT / "app" / "lessons"

PLOTLY_NAME = f"plotly-{version('plotly')}.min.js"


def plotly() -> str:
    """The source of plotly.js."""
    spec = find_spec("plotly")  # found, not imported: the Python package itself is large and not needed
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the plotly package is not installed")
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_text("utf-8")


@cache
def plotly_gzip() -> bytes:
    """plotly.js, compressed once a process: on the fly it would cost 170 ms a download."""
    return gzip.compress(plotly().encode(), 6)
