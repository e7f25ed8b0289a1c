"""The command ``nn-playground``: ``serve`` the page, or ``train`` in the shell what a link describes."""

import os
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from typing import Annotated

import uvicorn
from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, CliApp, CliPositionalArg, CliSubCommand, SettingsConfigDict, SettingsError

from app import __version__
from app.server import create_app
from app.settings import DEFAULT_PORT, Settings
from app.shell import MAX_EPOCHS, ShellError, train

# Room for one oversized message, which gets an error; anything larger is cut off by the server.
MAX_SOCKET_MESSAGE = 1024 * 1024


class Server(uvicorn.Server):
    """uvicorn, announcing itself when it is ready and not before."""

    def __init__(self, config: uvicorn.Config, announcement: str, url: str | None) -> None:
        super().__init__(config)
        self._announcement = announcement
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self._announcement, flush=True)
            if self._url:
                threading.Thread(target=webbrowser.open, args=(self._url,), daemon=True).start()


def bind(host: str, port: int | None) -> tuple[socket.socket, str]:
    """A listening socket, and what to say if it is not the expected one. Without a port: 8000 or the next free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [port] if port is not None else [*range(DEFAULT_PORT, DEFAULT_PORT + 50), 0]
    for candidate in wanted:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(1024)
        except OSError as error:
            listener.close()
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
        listener, note = bind(self.host, self.port)
        port = listener.getsockname()[1]
        everywhere = self.host in ("0.0.0.0", "::", "")
        shown = "127.0.0.1" if everywhere else f"[{self.host}]" if ":" in self.host else self.host
        url = f"http://{shown}:{port}{self.root_path}/"
        lines = f"{note}Neural network playground: {url}"
        if everywhere:
            lines += f"\nIn the local network:      http://{lan_address()}:{port}{self.root_path}/"
        config = uvicorn.Config(
            create_app(Settings(**self.model_dump())),
            log_level="warning",
            ws_max_size=MAX_SOCKET_MESSAGE,
            ws_per_message_deflate=self.compress_messages,
            timeout_graceful_shutdown=5,
        )
        server = Server(config, lines + "\nCtrl+C stops it.", url if self.open else None)
        with suppress(KeyboardInterrupt):  # uvicorn has ended in order and passes the signal on
            server.run(sockets=[listener])


class Train(BaseModel):
    """Train what a config file or a link describes, and print losses and accuracies."""

    source: CliPositionalArg[Annotated[str, Field(description="A JSON config file, or a link of the playground.")]]
    epochs: Annotated[int, Field(ge=0, le=MAX_EPOCHS, description="Epochs to train.")] = 100
    at: Annotated[
        str,
        Field(description="Epochs to report at, such as 0,1,10; the last one ends the run."),
    ] = ""
    seeds: Annotated[int, Field(ge=1, le=256, description="Networks a panel, with seeds counting up.")] = 1
    json_output: Annotated[bool, Field(alias="json", description="Print JSON.")] = False

    def cli_cmd(self) -> None:
        try:
            train(self.source, self.epochs, self.at, self.seeds, self.json_output)
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
