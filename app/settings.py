"""Settings of the server, from the command line or from environment variables ``NN_PLAYGROUND_…``."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_PORT = 8000


class Settings(BaseSettings):
    """How to serve. Every field is an option of ``nn-playground serve``."""

    model_config = SettingsConfigDict(env_prefix="NN_PLAYGROUND_", cli_kebab_case=True)

    host: Annotated[str, Field(description="Address to listen on; 0.0.0.0 opens the playground to the network.")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int | None,
        Field(
            ge=0,
            le=65535,
            description=f"Port to listen on; 0 takes any. Without it, {DEFAULT_PORT} or the next free one.",
        ),
    ] = None
    root_path: Annotated[str, Field(description="Prefix under which a reverse proxy serves the playground.")] = ""
    open: Annotated[bool, Field(description="Open the page in the browser.")] = False
    allowed_origins: Annotated[
        list[str],
        Field(description="Further origins whose pages may open a session, such as https://school.example."),
    ] = []
    max_sessions: Annotated[int, Field(ge=1, le=10_000, description="Most sessions at a time.")] = 200
    compress_messages: Annotated[
        bool, Field(description="Compress WebSocket messages: less traffic for more computing.")
    ] = False
