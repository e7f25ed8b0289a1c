"""The command line, as a user meets it."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app import __version__
from app.settings import DEFAULT_PORT

ROOT = Path(__file__).resolve().parents[2]


def test_version(shell: Any) -> None:
    assert shell("--version") == (0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--nothing"], "--nothing"),
        (["dance"], "dance"),
        ([], "serve"),
        (["train"], "SOURCE"),
        (["train", "v=1", "--epochs", "-1"], "epochs"),
        (["train", "v=1", "--epochs", "many"], "epochs"),
        (["train", "v=1", "--seeds", "0"], "seeds"),
        (["train", "v=1", "--seeds", "257"], "seeds"),
        (["train", "v=1", "--at", "soon"], "at"),
        (["serve", "--port", "99999"], "port"),
        (["serve", "--port", "-1"], "port"),
        (["serve", "--port", "http"], "port"),
        (["serve", "--max-sessions", "0"], "max"),
        (["serve", "--port", "0", "--host", "203.0.113.1"], "203.0.113.1"),
    ],
)
def test_mistakes_are_explained(shell: Any, words: list[str], expected: str) -> None:
    code, _, err = shell(*words)
    assert code != 0
    assert expected in err
    assert "Traceback" not in err


def test_help_names_every_option(shell: Any) -> None:
    for words, options in (
        (["--help"], ["serve", "train", "--version"]),
        (["serve", "--help"], ["--host", "--port", "--root-path", "--open", "--allowed-origins", "--max-sessions"]),
        (["train", "--help"], ["--epochs", "--at", "--seeds", "--json"]),
    ):
        code, out, _ = shell(*words)
        assert code == 0
        for option in options:
            assert option in out


def test_it_runs_as_a_module_and_says_what_is_wrong_without_a_traceback() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "app", "train", "nowhere.json"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("nn-playground train: nowhere.json: ")
    assert len(run.stderr.splitlines()) == 1


def test_variables_of_other_programs_do_not_reach_it() -> None:
    """Containers and build tools set VERSION; ours begin with NN_PLAYGROUND_."""
    strange = {"VERSION": "2.7.1", "TRAIN": "yes", "SERVE": "no", "PORT": "x", "HOST": "nowhere", "DEBUG": "maybe"}
    run = subprocess.run(
        [sys.executable, "-m", "app", "train", "samples=40&hidden=", "--epochs", "1", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | strange,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["epochs"] == [0, 1]


def test_serve_prints_its_address_when_it_is_ready(server: Any) -> None:
    assert server.lines == [f"Neural network playground: {server.url}", "Ctrl+C stops it."]
    assert server.url.startswith("http://127.0.0.1:")
    assert server.get("/")[0] == 200


def test_a_busy_default_port_is_named_and_the_next_one_used(serve: Any) -> None:
    with socket.socket() as occupant:
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            occupant.bind(("127.0.0.1", DEFAULT_PORT))
            occupant.listen()
        except OSError:
            pass  # busy already, which is just as good
        running = serve()
    port = int(running.host.split(":")[1])
    status = running.get("/healthz")[0]
    said = running.stop()
    assert running.lines[0] == f"Port {DEFAULT_PORT} is busy, so this one uses {port}."
    assert port > DEFAULT_PORT
    assert (status, said) == (200, "")


def test_a_busy_port_that_was_asked_for_is_an_error() -> None:
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        port = occupant.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-m", "app", "serve", "--port", str(port)], cwd=ROOT, capture_output=True, text=True
        )
    assert run.returncode == 1
    assert f"127.0.0.1:{port}" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_settings_can_come_from_the_environment(serve: Any) -> None:
    running = serve(
        env={"NN_PLAYGROUND_PORT": "0", "NN_PLAYGROUND_ROOT_PATH": "/nn", "NN_PLAYGROUND_MAX_SESSIONS": "7"}
    )
    free = json.loads(running.get("/readyz")[2])["free"]
    running.stop()
    assert running.url.endswith("/nn/")
    assert int(running.host.split(":")[1]) not in range(DEFAULT_PORT, DEFAULT_PORT + 50)
    assert free == 7


def test_the_whole_network_is_told_where_to_go(serve: Any) -> None:
    running = serve("--port", "0", "--host", "0.0.0.0")
    running.stop()
    assert running.lines[0].startswith("Neural network playground: http://127.0.0.1:")
    assert running.lines[1].startswith("In the local network:      http://")


def test_ctrl_c_ends_it_without_a_traceback(serve: Any) -> None:
    running = serve("--port", "0")
    assert "Traceback" not in running.stop(signal.SIGINT)


def test_output_that_nobody_reads_is_no_fault() -> None:
    command = [sys.executable, "-m", "app", "train", "samples=40&hidden=", "--epochs", "2000", "--at", "1,2,3,2000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as shell:
        assert shell.stdout and shell.stderr
        shell.stdout.readline()
        shell.stdout.close()
        assert shell.stderr.read() == ""
