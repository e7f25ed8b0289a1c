"""Makes the README's picture from the running page: three widths on the spiral, at the same epoch.

Run by hand: ``.venv/bin/python docs/picture.py`` (needs the test extra and a Chromium).
"""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.chromium import ARGUMENTS, find, until  # noqa: E402

LINK = "v=1&dataset=spiral&noise=0.05&hidden=3&optimizer=adam&b.hidden=6&c.hidden=20&speed=100.0"
EPOCHS = 400


def main() -> None:
    server = subprocess.Popen([sys.executable, "-m", "app", "serve", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert server.stdout
        url = server.stdout.readline().decode().split()[-1]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
            page.goto(f"{url}?lang=en#{LINK}")
            until(page, r"Number(document.querySelector('#epoch').textContent.replace(/\D/g, '')) >= v[0]", EPOCHS)
            page.keyboard.press("Space")
            until(page, "!document.body.matches('.playing')")
            page.screenshot(path=ROOT / "docs" / "widths.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
