"""Where the project's own files are, and plotly.js, which is served out of the installed package."""

import gzip
import hashlib
import os
from collections.abc import Iterator
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


class Edition:
    """A name for the static files as they are now. It changes with any of them and is the same on every server that has
    the same files, so a browser may keep for ever what it got under it."""

    def __init__(self, directory: Path = STATIC) -> None:
        self.directory = directory
        self.name = ""
        self._stamps: list[tuple[str, int]] = []
        self.renew()

    def renew(self) -> str:
        """Look at the files again and return the name; they are read only if one has been written since."""
        stamps = sorted(_stamps(str(self.directory)))
        if stamps != self._stamps:
            contents = hashlib.sha256()
            for path, _ in stamps:
                contents.update(
                    os.path.relpath(path, self.directory).encode() + b"\0" + Path(path).read_bytes() + b"\0"
                )
            self._stamps, self.name = stamps, contents.hexdigest()[:12]
        return self.name


def _stamps(directory: str) -> Iterator[tuple[str, int]]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _stamps(entry.path)
            else:
                yield entry.path, entry.stat().st_mtime_ns
