"""Running it: help, logs, metrics, several processes, and the Dockerfile's own steps."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from app.metrics import Histogram
from app.settings import Settings
from tests.app.conftest import PATIENCE, ROOT, Client, Server
from tests.serving.conftest import SMALL, request

SECRET = "tell-nobody"

# ---- help ----


def test_help_explains_every_setting() -> None:
    run = subprocess.run([sys.executable, "-m", "app", "serve", "--help"], cwd=ROOT, capture_output=True, text=True)
    said = " ".join(run.stdout.split())
    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')}" in said
        assert field.description and field.description.split("%")[0][:40] in said, name


# ---- logs ----


def _some_life(server: Server, client: Any) -> None:
    with client(server, f"{SMALL}&dataset={SECRET}") as page:
        page.until("frame")
        page.socket.send(json.dumps({"type": "speed", "value": SECRET}))
        page.until("error")
    request(server, "GET", f"/{SECRET}?{SECRET}")
    request(server, "POST", "/api/csv", SECRET.encode())
    with client(server, link=None) as page:
        page.socket.send(SECRET)
        page.until("error")


def test_logs_are_json_lines_with_session_numbers_and_no_user_data(serve: Any, client: Any, eventually: Any) -> None:
    server = serve("--port", "0", "--log-format", "json", "--log-level", "info")
    _some_life(server, client)
    eventually(lambda: server.sessions() == 0)
    lines = [json.loads(line) for line in server.stop().splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    begun = [line for line in lines if line["message"] == "session begins"]
    over = [line for line in lines if line["message"] == "session is over"]
    assert [line["session"] for line in begun] == ["1", "2"]
    assert {line["session"] for line in over} == {"1", "2"}
    assert SECRET not in json.dumps(lines)
    assert "127.0.0.1" not in json.dumps(lines)


def test_logs_are_lines_for_people_and_say_nothing_without_a_reason(serve: Any, client: Any) -> None:
    server = serve("--port", "0")
    _some_life(server, client)
    assert server.stop() == ""
    talkative = serve("--port", "0", "--log-level", "info")
    _some_life(talkative, client)
    said = talkative.stop()
    assert re.search(r"\d\d:\d\d:\d\d INFO 1 session begins sessions=1", said)
    assert SECRET not in said


# ---- metrics ----


def _figures(server: Server) -> dict[str, float]:
    text = server.get("/metrics")[2].decode()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}


def test_metrics_count_what_happens(serve: Any, client: Any, eventually: Any) -> None:
    server = serve("--port", "0", "--metrics", "--max-sessions", "1")
    assert _figures(server)["nn_playground_sessions"] == 0
    with client(server, f"{SMALL}&seeds=8&b.seed=9") as page:
        page.say(type="play")
        page.until("frame", lambda frame: frame["step"][0] >= 40)
        with client(server, link=None) as refused, pytest.raises(ConnectionClosed):
            while True:
                refused.read()
        page.until("frame")
        figures = _figures(server)
        assert figures["nn_playground_sessions"] == 1
        assert figures["nn_playground_networks"] == 16
        assert figures["nn_playground_updates_total"] >= 640
        assert figures["nn_playground_frames_total"] >= 3
        assert figures['nn_playground_refused_total{code="full"}'] == 1
        assert figures["nn_playground_memory_bytes"] > 2e7
        assert 0 <= figures["nn_playground_event_loop_lag_seconds"] < 5
        lateness = "nn_playground_frame_lateness_seconds"
        assert figures[f"{lateness}_count"] == figures[f'{lateness}_bucket{{le="+Inf"}}'] >= 2
    eventually(lambda: _figures(server)["nn_playground_networks"] == 0)
    assert server.stop() == ""


def test_without_the_setting_there_are_none(strict: Server) -> None:
    assert strict.get("/metrics")[0] == 404


def test_a_histogram_counts_upwards() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 2.0):
        histogram.add(value)
    assert histogram.cumulative() == [("0.1", 2.0), ("1.0", 3.0), ("+Inf", 4.0)]
    assert histogram.sum == pytest.approx(2.65)


# ---- several processes ----


def _workers(server: Server) -> list[int]:
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux deals connections out")
def test_several_processes_share_the_port_and_replace_each_other(serve: Any, client: Any, eventually: Any) -> None:
    server = serve("--port", "0", "--workers", "2")
    one, other = _workers(server)

    def sessions_of(pid: int) -> bool:
        sockets = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        return sum(name.startswith("socket") for name in sockets) > 6

    pages = [client(server, SMALL) for _ in range(24)]
    for page in pages:
        page.until("frame")
    assert sessions_of(one) and sessions_of(other)  # with 24 connections all on one side is a chance of 1 in 8 million
    with client(server, SMALL) as page:
        page.say(type="play")
        state = page.until("frame", lambda frame: frame["epoch"][-1] > 2)
        assert state
    # No process may die within its first seconds: that would be taken for a fault of the start.
    started = float(Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    eventually(lambda: float(Path("/proc/uptime").read_text().split()[0]) - started > 6)
    os.kill(one, signal.SIGKILL)
    eventually(lambda: len(_workers(server)) == 2 and one not in _workers(server))
    for page in pages:
        page.leave.close()

    def serves() -> bool:
        try:
            with Client(server, SMALL) as page:
                page.until("frame")
            return True
        except (OSError, ConnectionClosed):
            return False

    eventually(serves)
    server.stop()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux deals connections out")
def test_processes_end_with_their_parent(serve: Any, eventually: Any) -> None:
    server = serve("--port", "0", "--workers", "2")
    children = _workers(server)
    server.stop(signal.SIGKILL)
    eventually(lambda: not any(Path(f"/proc/{child}/cmdline").exists() and _alive(child) for child in children))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


# ---- pages for people ----


def test_what_is_not_there_is_said_in_the_readers_language(strict: Server) -> None:
    for lang, words in (("en", "There is nothing at this address"), ("zh", "这个地址没有内容")):
        answered, body = request(strict, "GET", "/a/b/c", accept="text/html", accept_language=lang)
        page = body.decode()
        assert answered == 404 and words in page
        for address in re.findall(r'(?:href|src)="([^"]+)"', page):
            assert address.startswith("/")  # it may stand at any depth
            assert request(strict, "GET", address)[0] == 200


def test_under_a_prefix_its_addresses_have_it(serve: Any) -> None:
    server = serve("--port", "0", "--root-path", "/nn/")
    answered, body = request(server, "GET", "/nn/nothing", accept="text/html")
    assert answered == 404
    for address in re.findall(r'(?:href|src)="([^"]+)"', body.decode()):
        assert address.startswith("/nn/")
        assert request(server, "GET", address)[0] == 200
    assert server.stop() == ""


# ---- the Dockerfile ----


def dockerfile() -> list[tuple[str, str]]:
    """Its instructions, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


@pytest.mark.network
def test_the_dockerfile_builds_and_serves(tmp_path: Path) -> None:
    """Each of its steps in a clean directory, with a virtual environment in the place of the image. Users cannot be
    added here, and nobody is root for it; ports are what is free."""
    image, venv = tmp_path / "playground", tmp_path / "venv"
    image.mkdir()
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    env = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8", "PIP_NO_COMPILE": "1"}
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY"):
        if name in os.environ:
            env[name] = os.environ[name]
    health: list[str] = []
    command: list[str] = []
    for instruction, words in dockerfile():
        match instruction:
            case "COPY":
                *sources, target = shlex.split(words)
                for source in sources:
                    there = image / target / source if len(sources) > 1 or target.endswith("/") else image / target
                    subprocess.run(["cp", "-r", ROOT / source, there], check=True)
            case "RUN":
                for step in words.split("&&"):
                    if "useradd" not in step:
                        step = step.replace("--no-cache-dir", "--quiet --disable-pip-version-check")
                        subprocess.run(step, shell=True, cwd=image, env=env, check=True, timeout=550)
            case "ENV":
                env |= dict(pair.split("=", 1) for pair in shlex.split(words))
            case "HEALTHCHECK":
                health = shlex.split(words.split("CMD", 1)[1])
            case "CMD":
                command = json.loads(words)
            case _:
                assert instruction in {"FROM", "WORKDIR", "USER", "EXPOSE"}, instruction
    assert ("USER", "1000") in dockerfile()
    env["PORT"] = str(free_port())
    server = subprocess.Popen(command, cwd=image, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert server.stdout
        for line in server.stdout:
            if line.startswith("Ctrl+C"):
                break
        subprocess.run(health, cwd=image, env=env, check=True, timeout=PATIENCE)
        page = httpx.get(f"http://127.0.0.1:{env['PORT']}/", timeout=PATIENCE)
        assert page.status_code == 200 and "boot" in page.text
        assert httpx.get(f"http://127.0.0.1:{env['PORT']}/metrics", timeout=PATIENCE).status_code in (200, 404)
    finally:
        server.terminate()
        assert server.stdout
        server.stdout.close()
        server.wait(PATIENCE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
