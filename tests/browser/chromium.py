"""Makes sure that there is a Chromium for the browser tests, and says where. Run by ``make test`` before the tests.

One that is there is used; else Debian and Ubuntu as root install their package, and elsewhere Playwright fetches its
own. If none of that works, this says what is missing and fails: the browser tests are never skipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Debian's Chromium looks for Google's hosts at every start unless it is told not to; nothing of that is needed here.
# Nor is a browser's own furniture: the suggestions of an address bar that nobody sees cost as much as our page.
# (Playwright switches features off, too, but the last such argument counts; those of its list that matter here are
# repeated.)
UNWANTED = [
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join(UNWANTED)}",
]


def find() -> str | None:
    """The path of a Chromium on this machine, ``PLAYGROUND_CHROMIUM`` first."""
    named = os.environ.get("PLAYGROUND_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None) or _playwrights()


def until(page: Any, condition: str, *values: object, seconds: float = 30) -> None:
    """Wait until a JavaScript condition holds; ``values`` are ``v[0]``, ``v[1]``, … in it. Raises AssertionError.

    It is looked at on every refresh of the page. (Playwright's own wait_for_function evaluates strings, which the
    pages' content security policy forbids.)
    """
    met = page.evaluate(
        """([v, ms]) => new Promise((resolve) => {
          const end = performance.now() + ms;
          const look = () => {
            if (CONDITION) resolve(true);
            else if (performance.now() > end) resolve(false);
            else requestAnimationFrame(look);
          };
          look();
        })""".replace("CONDITION", condition),
        [list(values), seconds * 1000],
    )
    assert met, f"not within {seconds} s: {condition} with {values}"


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Install a Chromium, in the way that fits this machine."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    if not find():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    if not find():
        print("No Chromium found; installing one for the browser tests.", flush=True)
        install()
    path = find()
    if not path:
        sys.exit(
            "The browser tests need Chromium, and it could not be installed. Install the package 'chromium' "
            "(Debian, Ubuntu) or any Chrome, or set PLAYGROUND_CHROMIUM to its path."
        )
    print(f"browser: {path}")


if __name__ == "__main__":
    main()
