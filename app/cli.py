"""The command ``nn-playground``: ``serve`` the page, or ``train`` in the shell what a link describes."""

import os
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from importlib.util import find_spec
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, CliApp, CliPositionalArg, CliSubCommand, SettingsConfigDict, SettingsError

from app import __version__
from app.settings import DEFAULT_PORT, Settings
from app.shell import MAX_EPOCHS, Export, ShellError, train
from app.workers import BACKLOG, listen, serve, serve_many


def bind(host: str, port: int | None, shared: bool) -> tuple[socket.socket, str]:
    """A bound socket, and what to say if it is not the expected one. Without a port: 8000 or the next free one."""
    wanted = [port] if port is not None else [*range(DEFAULT_PORT, DEFAULT_PORT + 50), 0]
    for candidate in wanted:
        try:
            # Where the port is to be shared, it must not be shared with a server that runs already.
            listener = listen(host, candidate)
            if shared:
                taken = listener.getsockname()[1]
                listener.close()
                listener = listen(host, taken, shared=True)
            else:
                listener.listen(BACKLOG)
        except OSError as error:
            if port is not None:
                raise SystemExit(f"nn-playground: cannot listen on {host}:{port}: {error.strerror}") from None
            continue
        actual = listener.getsockname()[1]
        moved = port is None and actual != DEFAULT_PORT
        return listener, f"Port {DEFAULT_PORT} is busy, so this one uses {actual}.\n" if moved else ""
    raise SystemExit("nn-playground: no free port")


def lan_address() -> str:
    """This machine's address in the local network, as far as it can be told without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))  # a datagram socket only chooses a route here
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


class Serve(Settings):
    """Serve the playground."""

    def cli_cmd(self) -> None:
        several = self.workers > 1
        if several and not sys.platform.startswith("linux"):
            raise SystemExit("nn-playground: workers: more than 1 needs Linux, whose kernel deals connections out")
        if self.metrics and find_spec("prometheus_client") is None:
            raise SystemExit("nn-playground: metrics: needs pip install 'nn-playground[metrics]'")
        listener, note = bind(self.host, self.port, several)
        port = listener.getsockname()[1]
        everywhere = self.host in ("0.0.0.0", "::", "")
        shown = "127.0.0.1" if everywhere else f"[{self.host}]" if ":" in self.host else self.host
        url = f"http://{shown}:{port}{self.root_path}/"
        lines = f"{note}Neural network playground: {url}"
        if everywhere:
            lines += f"\nIn the local network:      http://{lan_address()}:{port}{self.root_path}/"

        def ready() -> None:
            print(lines + "\nCtrl+C stops it.", flush=True)
            if self.open:
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

        run = serve_many if several else serve
        with suppress(KeyboardInterrupt):  # uvicorn has ended in order and passes the signal on
            run(Settings(**self.model_dump()), listener, ready)


class Train(BaseModel):
    """Train what a config file or a link describes, and print losses and accuracies."""

    source: CliPositionalArg[Annotated[str, Field(description="A JSON config file, or a link of the playground.")]]
    epochs: Annotated[int, Field(ge=0, le=MAX_EPOCHS, description="Epochs to train.")] = 100
    at: Annotated[
        str,
        Field(description="Epochs to report at, such as 0,1,10; the last one ends the run."),
    ] = ""
    seeds: Annotated[
        int | None, Field(ge=1, le=256, description="Networks a panel, with seeds counting up; as the source says.")
    ] = None
    json_output: Annotated[bool, Field(alias="json", description="Print JSON.")] = False
    report: Annotated[str, Field(description="Write a report to this HTML file.")] = ""
    program: Annotated[
        Literal["numpy", "pytorch", "keras"] | None,
        Field(description="Print the trained network as a program, instead of the table."),
    ] = None
    weights: Annotated[str, Field(description="Write the trained network's numbers to this safetensors file.")] = ""
    panel: Annotated[
        Literal["A", "B", "C", "D", "E", "F"], Field(description="Whose program and weights, with its first seed.")
    ] = "A"
    lang: Annotated[Literal["en", "zh"], Field(description="Language of report and program.")] = "en"

    def cli_cmd(self) -> None:
        try:
            if self.program and self.json_output:
                raise ShellError("program: goes to the output, where the JSON is to go; leave out one of the two")
            export = Export(self.report, self.weights, self.program, self.panel, self.lang)
            train(self.source, self.epochs, self.at, self.seeds, self.json_output, export)
        except ShellError as error:
            raise SystemExit(f"nn-playground train: {error}") from None


class Playground(BaseSettings):
    """A neural network playground."""

    model_config = SettingsConfigDict(
        env_prefix="NN_PLAYGROUND_",
        cli_prog_name="nn-playground",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        cli_enforce_required=True,
    )

    serve: CliSubCommand[Serve]
    train: CliSubCommand[Train]
    version: Annotated[bool, Field(description="Print the version.")] = False

    def cli_cmd(self) -> None:
        if self.version:
            print(__version__)
            return
        CliApp.run_subcommand(self)


def main() -> None:
    """Entry point."""
    try:
        CliApp.run(Playground)
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except SettingsError as error:
        raise SystemExit(f"nn-playground: {error}") from None
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors()]
        raise SystemExit("nn-playground: " + "\n".join(lines)) from None
