"""How fast the page is: opening, answering, drawing, and what it costs the server. Run by hand, prints a table or JSON.

    python -m benchmarks.page [--json]

Everything is measured in a real Chromium against a server of its own on loopback, from the outside: a script that
runs before the page's own notes when sockets speak and canvases are drawn. Chromium has no GPU here, so drawing costs
more than on a desktop. Times depend on the machine; compare runs on the same one.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, find, until

FOUR_PANELS = "v=1&b.hidden=8,8-tanh&c.learning_rate=0.01&d.regularizer=l2&speed=20.0"
SIX_PANELS = FOUR_PANELS + "&e.batch_size=20&f.seed=2"
UPDATES_PER_EPOCH = 25
SECONDS = 10

PROBE = """
(() => {
  const bench = window.__bench = {first: null, frames: 0, drawn: 0, waiting: [], latencies: [], ready: null};
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...args) {
    put.apply(this, args);
    bench.first ??= performance.now();
    bench.drawn += 1;
    if (bench.ready) { bench.latencies.push(performance.now() - bench.ready); bench.ready = null; }
  };
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      let answered = null;
      this.addEventListener('message', ({data}) => {
        if (typeof data === 'string') {
          if (bench.sent && JSON.parse(data).type === 'state') { answered = bench.sent; bench.sent = null; }
        } else {
          bench.frames += 1;
          if (answered) { bench.ready = answered; answered = null; }
        }
      });
    }
  };
})();
"""

MOVE = """
(name) => {
  const slider = [...document.querySelectorAll('input[type=range]')].find((input) => input.ariaLabel === name);
  const now = Number(slider.value), next = now > Number(slider.max) / 2 ? now - 1 : now + 1;
  window.__bench.sent = performance.now();
  slider.value = String(next);
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  slider.dispatchEvent(new Event('change', {bubbles: true}));
}
"""

REFRESHES = """
(seconds) => new Promise((resolve) => {
  const gaps = []; let before = performance.now(); const end = before + seconds * 1000;
  const tick = (now) => {
    gaps.push(now - before); before = now;
    now < end ? requestAnimationFrame(tick) : resolve(gaps);
  };
  requestAnimationFrame(tick);
})
"""


@contextmanager
def serving() -> Iterator[tuple[str, int]]:
    """A server of our own: its URL and process id."""
    server = subprocess.Popen([sys.executable, "-m", "app", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        yield server.stdout.readline().split()[-1], server.pid
    finally:
        server.terminate()
        server.wait()


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far (Linux)."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_page(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US").new_page()
    page.add_init_script(PROBE)
    page.goto(url)
    until(page, "window.__bench.drawn > 0")
    return page


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def opening(browser: Browser, url: str) -> dict[str, float]:
    """Milliseconds from navigation to the first boundary."""
    times = []
    for _ in range(9):
        page = open_page(browser, url)
        times.append(page.evaluate("window.__bench.first"))
        page.context.close()
    return {"first_boundary_ms_median": statistics.median(times), "first_boundary_ms_max": max(times)}


def answering(browser: Browser, url: str) -> dict[str, float]:
    """Milliseconds from a control's move to the first changed frame on screen, while four panels train."""
    page = open_page(browser, f"{url}#{FOUR_PANELS}")
    until(page, "window.__bench.frames > 40")
    label = page.evaluate(
        "JSON.parse(document.querySelector('#boot').textContent).form.network"
        ".find((control) => control.name === 'learning_rate').label"
    )
    for count in range(60):
        page.evaluate(MOVE, label)
        until(page, "window.__bench.latencies.length > v[0]", count)
    times = page.evaluate("window.__bench.latencies")
    page.context.close()
    return {"control_to_frame_ms_median": statistics.median(times), "control_to_frame_ms_p95": percentile(times, 0.95)}


def costing(browser: Browser, url: str, pid: int) -> dict[str, float]:
    """What four panels at 20 frames/s and 25 updates a frame cost the server."""
    page = open_page(browser, f"{url}#{FOUR_PANELS}")
    until(page, "window.__bench.frames > 60")

    def reading() -> tuple[float, float, int, int]:
        epoch = int(re.sub(r"\D", "", page.locator("#epoch").inner_text()))
        return time.perf_counter(), cpu_seconds(pid), page.evaluate("window.__bench.frames"), epoch

    before = reading()
    page.wait_for_timeout(SECONDS * 1000)
    wall, cpu, frames, epochs = (after - start for after, start in zip(reading(), before, strict=True))
    page.context.close()
    return {
        "server_cores": cpu / wall,
        "frames_per_second": frames / wall,
        "updates_per_frame": epochs * UPDATES_PER_EPOCH / frames,
    }


def drawing(browser: Browser, url: str) -> dict[str, float]:
    """How evenly the browser refreshes while six panels train."""
    page = open_page(browser, f"{url}#{SIX_PANELS}")
    until(page, "window.__bench.frames > 60")
    gaps = page.evaluate(REFRESHES, SECONDS)
    page.context.close()
    return {
        "refreshes_per_second": 1000 * len(gaps) / sum(gaps),
        "refresh_gap_ms_p95": percentile(gaps, 0.95),
        "refresh_gap_ms_p99": percentile(gaps, 0.99),
    }


def solving(browser: Browser, url: str) -> dict[str, float]:
    """Seconds from pressing play to 95 % test accuracy on the default circle."""
    times = []
    for _ in range(5):
        page = open_page(browser, url)
        until(page, "document.body.matches('.playing')")
        page.keyboard.press("Space")
        until(page, "!document.body.matches('.playing')")
        page.keyboard.press("w")
        until(page, "/^0+,?0+$/.test(document.querySelector('#epoch').textContent)")
        start = time.perf_counter()
        page.keyboard.press("Space")
        until(
            page,
            "[...document.querySelectorAll('.panel td')].some((cell) => parseFloat(cell.textContent) > 95"
            " && cell.textContent.includes('%') && cell.closest('tr').matches('.major'))",
        )
        times.append(time.perf_counter() - start)
        page.context.close()
    return {"solved_seconds_median": statistics.median(times), "solved_seconds_max": max(times)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    with serving() as (url, pid), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        figures = opening(browser, url) | answering(browser, url) | costing(browser, url, pid)
        figures |= drawing(browser, url) | solving(browser, url)
        browser.close()
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32}{value:10.2f}")


if __name__ == "__main__":
    main()
