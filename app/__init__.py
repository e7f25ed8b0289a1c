"""The web side of the playground: pages, sessions and the wire between them."""

__version__ = "0.1.0"
