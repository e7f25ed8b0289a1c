"""Other people's pages, for the tests of what is embedded in them: served from another origin, by a server in this
process. (``localhost`` is also another *site* than 127.0.0.1, so storage is as far away as in the world.)"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Host:
    """``host.put("page", html)`` gives the address of a page."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.pages: dict[str, bytes] = {}

    def put(self, name: str, html: str) -> str:
        self.pages[f"/{name}"] = f"<!doctype html><html lang=en><title>{name}</title>{html}".encode()
        return f"{self.origin}/{name}"


@contextmanager
def hosting() -> Iterator[Host]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = host.pages.get(self.path.split("?")[0])
            self.send_response(200 if page else 204)  # a browser asks for a favicon
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = Host(server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield host
        server.shutdown()
        thread.join()
