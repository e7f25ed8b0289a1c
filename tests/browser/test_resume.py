"""Nothing is lost: a server is killed while a network trains, the line is cut, another server answers, and the run goes
on with the same digits.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from app import protocol
from app.session import Session
from tests.browser.chromium import until
from tests.proxy import Proxy
from tests.wire import decode

ROOT = Path(__file__).resolve().parents[2]

LINK = "v=1&hidden=6&samples=100&optimizer=adam&regularizers=dropout&b.hidden=3&speed=50"


class Killable:
    """A server of its own, which can be killed and started again on the same port."""

    def __init__(self, *options: str) -> None:
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "app", "serve", "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert re.search("http://", self.process.stdout.readline())

    def end(self, how: int) -> None:
        os.kill(self.process.pid, how)
        self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server() -> Iterator[Killable]:
    running = Killable()
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)


Rows = dict[float, list[float]]


def rows(frame: bytes) -> Rows:
    """Epoch → losses of all panels, of what a frame records."""
    arrays, metadata = decode(frame)
    if metadata["kind"] != "frame":
        return {}
    kept = arrays["recorded"] == 1
    losses = np.hstack([arrays["train_loss"][kept], arrays["test_loss"][kept]])
    return dict(zip(arrays["epoch"][kept].tolist(), losses.tolist(), strict=True))


def uninterrupted(link: str, epochs: int) -> Rows:
    """What one session records that nothing happens to."""
    session = Session()
    for message in ({"type": "open", "link": link}, {"type": "play"}):
        session.submit(protocol.decode(json.dumps(message)))
    session.apply()
    session.aim(epochs)
    while not session.work(100):
        pass
    return {
        epoch: losses for m in session.messages(frame=True) if isinstance(m, bytes) for epoch, losses in rows(m).items()
    }


def epoch(page: Any) -> int:
    return int(re.sub(r"\D", "", page.locator("#epoch").inner_text()))


def sessions(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
        return int(json.load(answer)["sessions"])


def trained(page: Any, epochs: int) -> None:
    until(page, "Number(document.getElementById('epoch').textContent.replace(/\\D/g, '')) > v[0]", epochs, seconds=120)


def until_true(page: Any, condition: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for something on this side, while the page goes on."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        until(page, "true")


class Watched:
    """A page that trains, and what it hears on each of its lines."""

    def __init__(self, browser: Any, port: int, link: str = LINK) -> None:
        self.link = link
        self.lines: list[list[Rows]] = []
        self.parts: list[tuple[int, int]] = []  # of checkpoints: place, and length of the whole
        self.page = browser.new_page()
        self.page.on("websocket", self._listen)
        self.page.goto(f"http://127.0.0.1:{port}/#{link}")
        trained(self.page, 100)

    def _listen(self, line: Any) -> None:
        heard: list[Rows] = []
        self.lines.append(heard)

        def take(message: bytes | str) -> None:
            if isinstance(message, bytes):
                heard.append(rows(message))
                about = decode(message)[1]
                if about["kind"] == "part":
                    self.parts.append((int(about["at"]), int(about["of"])))

        line.on("framereceived", take)

    def breaks(self, happens: Callable[[], object], said: bool = True) -> None:
        """Something happens, and the page says that it has lost its line; unless that is over too soon to look."""
        self.reached, self.before = epoch(self.page), len(self.lines)
        happens()
        if said:
            expect(self.page.locator("#connection")).to_be_visible(timeout=120_000)

    def goes_on(self) -> int:
        """The line is back, and the history is that of a run that nothing happened to. Answers by how many epochs the
        checkpoint was older than what had been seen."""
        until_true(self.page, lambda: any(map(any, self.lines[self.before :])))
        expect(self.page.locator("#connection")).to_be_hidden(timeout=120_000)
        trained(self.page, self.reached + 50)
        first, second = self._rows(self.lines[: self.before]), self._rows(self.lines[self.before :])
        assert min(second) > 1, "the run started again"
        assert min(second) <= max(first) + 1, "there is a hole in the history"
        whole = uninterrupted(self.link, int(max(second)))
        for found in (first, second):
            assert {epoch: whole[epoch] for epoch in found} == found
        return int(max(first) - min(second))

    def _rows(self, lines: list[list[Rows]]) -> Rows:
        return {epoch: losses for line in lines for found in line for epoch, losses in found.items()}


@pytest.fixture
def watched(browser: Any) -> Iterator[Callable[..., Watched]]:
    """Opens a page that is watched."""
    pages: list[Watched] = []

    def opened(*words: Any) -> Watched:
        pages.append(Watched(browser, *words))
        return pages[-1]

    yield opened
    for each in pages:
        each.page.close()


Opener = Callable[..., Watched]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "asked to end"])
def test_a_server_that_ends_costs_nothing(watched: Opener, server: Killable, how: int) -> None:
    page = watched(server.port)
    page.breaks(lambda: server.end(how))
    server.start()
    assert page.goes_on() <= 500, "the checkpoint was older than some seconds"


def test_a_line_that_is_cut_without_a_word_is_noticed_and_costs_nothing(watched: Opener, server: Killable) -> None:
    """Nobody closes anything; there is just silence, until the network is back."""
    with Proxy(server.port) as network:
        page = watched(network.port)
        page.breaks(network.cut)
        network.mend()
        page.goes_on()


def test_a_second_server_behind_the_same_address_resumes_what_the_first_began(
    watched: Opener, serving: Callable[..., Killable]
) -> None:
    one, other = serving(), serving()
    with Proxy(one.port) as address:
        page = watched(address.port)
        address.target = other.port
        page.breaks(address.drop, said=False)
        page.goes_on()
        assert sessions(other.port) == 1


def test_a_checkpoint_that_came_in_parts_is_one_to_go_on_from(watched: Opener, server: Killable) -> None:
    with Proxy(server.port) as network:
        page = watched(network.port, LINK.replace("samples=100", "samples=1000"))
        network.rate = 40_000
        page.breaks(network.drop, said=False)
        until_true(page.page, lambda: [at for at, _ in page.parts].count(0) > 2)
        page.breaks(lambda: server.end(signal.SIGKILL))
        network.rate = None
        server.start()
        page.goes_on()


@pytest.fixture
def serving() -> Iterator[Callable[..., Killable]]:
    """Starts a server with options of its own."""
    running: list[Killable] = []

    def start(*options: str) -> Killable:
        running.append(Killable(*options))
        return running[-1]

    yield start
    for server in running:
        server.end(signal.SIGKILL)


def lines_of(page: Any) -> list[Any]:
    """All lines to the server that the page opens from now on."""
    lines: list[Any] = []
    page.on("websocket", lambda line: lines.append(line))
    return lines


def test_a_full_class_says_so_and_when_to_come_back(browser: Any, serving: Callable[..., Killable]) -> None:
    server = serving("--max-sessions", "1")
    address = f"http://127.0.0.1:{server.port}/"
    first, second = browser.new_page(), browser.new_page(locale="zh-CN")
    first.goto(address)
    trained(first, 1)
    lines = lines_of(second)
    second.goto(address)
    expect(second.locator("#connection")).to_have_text("课堂已满：全部 1 个位置都有人。10 秒后重试。")
    first.close()
    trained(second, 1)  # it comes by itself
    expect(second.locator("#connection")).to_be_hidden()
    assert len(lines) < 8, "it asks again when it was told to, not all the time"
    second.close()


def test_a_page_that_is_not_used_sleeps_and_wakes_where_it_was(browser: Any, serving: Callable[..., Killable]) -> None:
    server = serving("--idle-seconds", "3")
    page = browser.new_page(reduced_motion="reduce")
    lines = lines_of(page)
    page.goto(f"http://127.0.0.1:{server.port}/#{LINK}")
    trained_to = page.get_by_role("button", name="One epoch")
    trained_to.click()
    until(page, "Number(document.getElementById('epoch').textContent.replace(/\\D/g, '')) === 1")
    expect(page.locator("#connection")).to_contain_text("went to sleep", timeout=120_000)
    page.evaluate("dispatchEvent(new Event('online'))")
    assert len(lines) == 1, "who sleeps does not knock"
    trained_to.click()  # this wakes it, and is done as well
    until(page, "Number(document.getElementById('epoch').textContent.replace(/\\D/g, '')) === 2")
    expect(page.locator("#connection")).to_be_hidden()
    # So is the way back to an earlier moment.
    until(page, "!document.querySelector('.past-bar [title*=\"[\"]').disabled")
    expect(page.locator("#connection")).to_contain_text("went to sleep", timeout=120_000)
    page.keyboard.press("[")
    until(page, "Number(document.getElementById('epoch').textContent.replace(/\\D/g, '')) === 1")
    expect(page.locator(".past-place")).to_contain_text("1 of 2")
    expect(page.locator("#toasts .fault")).to_have_count(0)
    page.close()


def test_what_nobody_took_is_not_said_to_be_done(browser: Any, serving: Callable[..., Killable]) -> None:
    server = serving()
    page = browser.new_page(reduced_motion="reduce")
    page.goto(f"http://127.0.0.1:{server.port}/#{LINK}")
    until(page, "document.querySelector('.panel .major td')?.textContent")
    page.get_by_role("button", name="Vary…").click()
    server.end(signal.SIGKILL)
    expect(page.locator("#connection")).to_be_visible(timeout=120_000)
    page.get_by_role("button", name="Make the panels").click()
    expect(page.locator("#vary .error")).to_contain_text("No connection")
    page.keyboard.press("Escape")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open an experiment…").click()
    experiment = json.dumps({"panels": [{}, {}, {}]}).encode()
    chooser.value.set_files({"name": "three.json", "mimeType": "application/json", "buffer": experiment})
    expect(page.locator("#toasts .fault")).to_be_visible()
    server.start()
    expect(page.locator("#connection")).to_be_hidden(timeout=120_000)
    page.get_by_role("button", name="One epoch").click()
    trained(page, 0)
    expect(page.locator(".panel")).to_have_count(2)
    assert "opened" not in page.locator("#toasts").inner_text().lower()
    page.close()


def test_a_page_says_that_the_server_is_busy(browser: Any, serving: Callable[..., Killable]) -> None:
    page = browser.new_page()

    def middle(line: Any) -> None:
        server = line.connect_to_server()
        server.on_message(lambda message: line.send(message))
        line.on_message(lambda message: server.send(message))
        line.send(json.dumps({"type": "load", "busy": True, "rate": 7.5}))
        over.append(lambda: line.send(json.dumps({"type": "load", "busy": False, "rate": 20.0})))

    over: list[Callable[[], None]] = []
    page.route_web_socket(re.compile("/ws$"), middle)
    page.goto(f"http://127.0.0.1:{serving().port}/")
    expect(page.locator("#load")).to_have_text("Many learn here now: 7.5 pictures a second.")
    over[0]()
    expect(page.locator("#load")).to_be_hidden()
    page.close()
