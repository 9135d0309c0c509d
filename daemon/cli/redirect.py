"""Where a browser comes back to after a login elsewhere: a listener on this machine that hears one redirect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread

LISTENED_S = 300.0
_SILENT_CONNECTION_S = 10.0
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>niggled</title>
<p style="font: 1.2rem system-ui; margin: 3rem auto; max-width: 30rem">{}</p>
"""
HEARD = "niggled has got the answer. You can close this page; the terminal says how it went."
NOT_HERE = "There is nothing here."


class Listener:
    """Hears one redirect. `address` is what the service has to send the browser back to."""

    def __init__(self, port: int, heard: SimpleQueue[str]) -> None:
        self.address = f"http://localhost:{port}/"
        self._heard = heard

    def wait(self, longest_s: float = LISTENED_S) -> str | None:
        """The address that the browser came with; None where none came in time."""
        try:
            return self._heard.get(timeout=longest_s)
        except Empty:
            return None


@contextmanager
def listening(port: int) -> Iterator[Listener]:
    """Listen on 127.0.0.1 only; port 0 is any free one. Raises OSError where that cannot be done."""
    heard: SimpleQueue[str] = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        timeout = _SILENT_CONNECTION_S

        def do_GET(self) -> None:
            # A browser may also ask for an icon.
            is_redirect = self.path.startswith("/?")
            body = PAGE.format(HEARD if is_redirect else NOT_HERE).encode()
            self.send_response(200 if is_redirect else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)
            if is_redirect:
                heard.put(f"http://localhost{self.path}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in the base
            """Nothing: the address holds the code."""

    # A browser may open a connection and say nothing on it, so each gets a thread.
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        try:
            yield Listener(server.server_port, heard)
        finally:
            server.shutdown()
