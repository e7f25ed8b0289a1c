"""Nothing is lost: the server is killed while a network trains, and the run goes on with the same digits."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from app import protocol
from app.session import Session
from tests.browser.chromium import until
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


def trained(page: Any, epochs: int) -> None:
    until(page, "Number(document.getElementById('epoch').textContent.replace(/\\D/g, '')) > v[0]", epochs)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "asked to end"])
def test_a_server_that_ends_costs_nothing(browser: Any, server: Killable, how: int) -> None:
    page = browser.new_page()
    heard: list[Rows] = []

    def listen(line: Any) -> None:
        line.on("framereceived", lambda data: heard.append(rows(data)) if isinstance(data, bytes) else None)

    page.on("websocket", listen)
    page.goto(f"http://127.0.0.1:{server.port}/#{LINK}")
    trained(page, 100)
    before = epoch(page)
    server.end(how)
    expect(page.locator("#connection")).to_be_visible()
    first, heard[:] = {k: v for found in heard for k, v in found.items()}, []
    server.start()
    expect(page.locator("#connection")).to_be_hidden(timeout=20_000)
    trained(page, before + 50)
    page.close()
    second = {k: v for found in heard for k, v in found.items()}
    assert min(second) > 1, "the run started again"
    assert min(second) <= max(first) + 1, "there is a hole in the history"
    assert max(first) - min(second) <= 150, "the checkpoint was older than a second or two"
    whole = uninterrupted(LINK, int(max(second)))
    for found in (first, second):
        assert {epoch: whole[epoch] for epoch in found} == found


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
    expect(page.locator("#connection")).to_contain_text("went to sleep", timeout=60_000)
    assert len(lines) == 1, "who sleeps does not knock"
    trained_to.click()  # this wakes it, and is done as well
    until(page, "Number(document.getElementById('epoch').textContent.replace(/\\D/g, '')) === 2")
    expect(page.locator("#connection")).to_be_hidden()
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
