"""The work behind `iop-guide clinic new` and `clinic serve`: a first profile, and a look at it while one writes."""

from __future__ import annotations

import functools
import http.server
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from . import stamp
from .faults import Fault, FaultsFound, brief
from .profile import load_profile
from .view import ERROR_PAGE

TEMPLATE = Path(__file__).with_name("clinic.template.yml")
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "en" / "clinics" / "clinic.schema.json"
"""Published with the guide, so that an editor can fetch it from a copy of the project or from the web."""


def new(path: Path) -> str:
    """Write a profile to fill in as `path`; return a sentence on what to do with it.

    Raises FaultsFound when something stands there already, or it cannot be written.
    """
    head = ""
    if path.suffix not in (".yml", ".yaml"):
        mend = f"name it {path.with_suffix('.yml').name}"
        raise FaultsFound([Fault(str(path), 0, "a profile is a file that ends in .yml", mend)])
    if SCHEMA.is_file():
        try:
            schema = os.path.relpath(SCHEMA, path.resolve().parent)
        except ValueError:  # on another drive of Windows
            schema = str(SCHEMA)
        head = f"# yaml-language-server: $schema={schema.replace(os.sep, '/')}\n"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:  # never over what somebody has filled in
            file.write(head + TEMPLATE.read_text("utf-8"))
    except FileExistsError:
        raise FaultsFound(
            [Fault(str(path), 0, "there is such a file already", "name another one, or edit it")]
        ) from None
    except OSError as error:
        what = f"the file cannot be written ({error.strerror or type(error).__name__})"
        raise FaultsFound([Fault(str(path), 0, what, "name a file in a folder that is there and yours")]) from None
    return f"Wrote {path}. Fill in name, phone and address, and as much of the rest as you like."


def serve(path: Path, site: Path, port: int, say: Callable[[str], None]) -> None:
    """Show the copy of a profile at http://localhost:PORT and follow every change of the file, until interrupted.

    A fault is handed to `say`, and the last good copy stays. Raises FaultsFound when the first copy cannot be made.
    """
    with tempfile.TemporaryDirectory() as folder:
        looker = Looker(path, stamp.Site.read(site), Path(folder) / "copy", say)
        looker.refresh()
        with looker.server(port) as server:
            say(f"Your copy is at http://localhost:{server.server_address[1]}{looker.base}  (Ctrl+C ends this)")
            say(f"Change {path}, then load the page again.")
            server.serve_forever()


def listen(port: int, handler: Callable[..., http.server.BaseHTTPRequestHandler]) -> http.server.ThreadingHTTPServer:
    """A server that holds a port of this computer, for this computer only. Raises FaultsFound when it cannot."""
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        what = f"the port {port} cannot be used ({error.strerror})"
        raise FaultsFound([Fault("--port", 0, what, f"try another: --port {port + 1}")]) from None


class Looker:
    """A profile, and its copy as it now is."""

    def __init__(self, path: Path, site: stamp.Site, out: Path, say: Callable[[str], None]) -> None:
        self.path, self.site, self.out, self.say = path, site, out, say
        self.base = "/"
        self._seen: tuple[int, ...] = ()
        self._lock = threading.Lock()

    def refresh(self, first: bool = True) -> None:
        """Make the copy again if the profile or a picture beside it has changed. The first time, raises FaultsFound."""
        with self._lock:
            seen = self._times()
            if seen == self._seen:
                return
            self._seen = seen
            try:
                profile = load_profile(self.path)
                stamp.copy(self.site, profile, self.out, link=True)
                self.base = profile.base
            except FaultsFound as found:
                if first:
                    raise
                for fault in brief(found.faults):
                    self.say(str(fault))
                self.say("The last good copy is still shown.")
            else:
                if not first:
                    self.say("The copy was made again.")

    def _times(self) -> tuple[int, ...]:
        pictures = (
            p
            for p in self.path.resolve().parent.glob("*")
            if p.suffix.lower() in (".svg", ".png", ".jpg", ".jpeg", ".webp")
        )
        found = []
        for file in (self.path, *sorted(pictures)):
            try:
                found.append(file.stat().st_mtime_ns)
            except OSError:
                found.append(0)
        return tuple(found)

    def server(self, port: int) -> http.server.ThreadingHTTPServer:
        """A server of the copy for this computer only, below the path that its address has."""
        return listen(port, functools.partial(_Handler, looker=self))


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, looker: Looker) -> None:
        self.looker = looker
        super().__init__(*arguments, directory=str(looker.out))  # type: ignore[arg-type]

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Answer a GET or a HEAD, all but the body."""
        self.looker.refresh(first=False)
        base = self.looker.base
        path = urlsplit(self.path).path
        if path in ("/", base.rstrip("/")) and path != base:
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", base)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path.startswith(base):
            return super().send_head()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def translate_path(self, path: str) -> str:
        # Only here the base is taken off: a redirect to the slash at the end of a folder has to keep it.
        return super().translate_path("/" + path.removeprefix(self.looker.base))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = self.looker.out / ERROR_PAGE
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        data = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        if len(args) > 1 and str(args[1]).startswith(("4", "5")):
            print(f"not found: {unquote(str(args[0]))}", file=sys.stderr)
