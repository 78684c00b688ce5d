"""A site served as a host serves it, opened in a browser, and what the browser tests ask of each page.

Every check returns its faults in words, so that one run shows all of them, and so that planted faults can prove that
the check sees them (tests/browser/test_planted.py). What is asked inside the page stands in browser/probe.js.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page, Request

from iop_guide.share import LOOSE

PROBE = (Path(__file__).parent / "browser" / "probe.js").read_text("utf-8")
PHONE, SMALL, ZOOMED, DESK = (390, 844), (320, 568), (320, 256), (1280, 900)
"""Windows: a phone, the smallest phone, a desk screen of 1280 x 1024 enlarged four times, and a desk."""
TEXT = (".html", ".css", ".js", ".json", ".svg", ".txt", ".xml")
HELP = ("tel:988", "sms:988", "tel:911")
MAX_REQUESTS = 4
MAX_FIRST_VIEW = 25_000
"""Bytes after gzip, without fonts."""
COUNTS: list[str] = []
"""What the tests looked at; printed at the end of the run."""
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


# --- the server -------------------------------------------------------------------------------------------------


@dataclass
class Served:
    """A folder on the web: where it is, what it was asked for, and how many bytes each answer has."""

    folder: Path
    address: str = ""
    rules: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ready: dict[str, bytes] = field(default_factory=dict)

    def content(self, path: str) -> bytes | None:
        """The bytes sent for a path (text compressed), or None when there is no such file."""
        if path not in self.ready:
            file = self.folder / path.lstrip("/")
            file = file / "index.html" if file.is_dir() else file
            if not file.is_file():
                return None
            data = file.read_bytes()
            self.ready[path] = gzip.compress(data, 6, mtime=0) if file.suffix in TEXT else data
        return self.ready[path]

    def headers(self, path: str) -> dict[str, str]:
        """The headers that the site's own _headers file asks for."""
        return {name: value for pattern, given in self.rules if fnmatchcase(path, pattern) for name, value in given.items()}


def header_rules(text: str) -> list[tuple[str, dict[str, str]]]:
    """Read a _headers file as Netlify and Cloudflare do: a path pattern, then indented headers."""
    rules: list[tuple[str, dict[str, str]]] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace():
            name, _, value = line.partition(":")
            rules[-1][1][name.strip()] = value.strip()
        else:
            rules.append((line.strip(), {}))
    return rules


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for headers and content

    def do_GET(self) -> None:
        served: Served = self.server.served  # type: ignore[attr-defined]
        path = unquote(urlsplit(self.path).path)
        served.asked.append(path)
        content, status, name = served.content(path), 200, path
        if content is None:
            content, status, name = served.content("/404.html") or b"", 404, "/404.html"
        name = name if Path(name).suffix else name.rstrip("/") + "/index.html"
        kind = guess_type(name)[0] or "application/octet-stream"
        self.send_response(status)
        self.send_header("Content-Type", kind + ("; charset=utf-8" if kind.startswith("text/") else ""))
        self.send_header("Content-Length", str(len(content)))
        if name.endswith(TEXT):
            self.send_header("Content-Encoding", "gzip")
        # Each page is weighed as if it were the first, so nothing may come from the cache.
        for header, value in {**served.headers(path), "Cache-Control": "no-store"}.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what was asked for is in `asked`."""


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a folder on a free port, with gzip, its own 404 page and the headers of its _headers file."""
    served = Served(folder)
    if (folder / "_headers").is_file():
        served.rules = header_rules((folder / "_headers").read_text("utf-8"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.served = served  # type: ignore[attr-defined]
    served.address = f"http://127.0.0.1:{server.server_address[1]}/"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def pages_of(folder: Path) -> list[str]:
    """Every page of a built site as the end of its address: "", "about/", "404.html".

    What is handed on (share.py) has no menu and no script; tests/browser/test_shared.py looks at it.
    """
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    return [path.removesuffix("index.html") for path in found if path not in LOOSE]


# --- a tab that is watched --------------------------------------------------------------------------------------


@dataclass
class Tab:
    """A browser tab with what it complained of and asked for since the last `go`."""

    page: Page
    served: Served
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure == "net::ERR_ABORTED":
            return  # the browser itself gave it up: the next page was opened, or the scheme changed, before it came
        self.complaints.append(f"failed: {request.url} ({request.failure})")

    def go(self, path: str) -> None:
        """Open a page of the site and wait until its letters are there and two frames are painted."""
        self.complaints.clear()
        self.requests.clear()
        self.page.goto(self.served.address + path, wait_until="load")
        self.settle()

    def settle(self) -> None:
        """Wait until the letters are there and two frames are painted."""
        self.page.evaluate(
            "document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"
        )

    def window(self, size: tuple[int, int]) -> None:
        """Change the size of the window."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def ask(self, call: str) -> Any:
        """Ask the probe: `room()`, `weakText(4.5)`."""
        return self.page.evaluate("probe." + call)

    def press(self, key: str, times: int = 1) -> None:
        """Press a key once, or hold it until it has repeated so many times: half the messages, and the same events."""
        for _ in range(times):
            self.page.keyboard.down(key)
        self.page.keyboard.up(key)


OpenPage = Callable[..., Tab]
"""The type of the fixtures `open_tab` and `open_page`."""


# --- checks of one open page ------------------------------------------------------------------------------------


def quiet(tab: Tab) -> list[str]:
    """No console error or warning, no failed request, no violation of the security policy."""
    return tab.complaints + [f"policy: {what}" for what in tab.ask("seen.violations")]


def foreign(tab: Tab) -> list[str]:
    """No request to another host."""
    home = urlsplit(tab.served.address).netloc
    return [f"asks another host: {url}" for url in tab.requests if urlsplit(url).netloc != home and not url.startswith("data:")]


def kept(tab: Tab) -> list[str]:
    """No cookie, storage, database, cache or worker."""
    cookies = [f"a cookie: {cookie.get('name')}" for cookie in tab.page.context.cookies()]
    return cookies + list(tab.ask("kept()"))


def shifts(tab: Tab, path: str) -> list[str]:
    """What has moved by itself since the page was opened, if it moves again when it is opened once more.

    A computer with too much to do paints a page in pieces now and then; what is wrong with a page comes back.
    """
    if not tab.ask("seen.shifts"):
        return []
    tab.go(path)
    return list(tab.ask("seen.shifts"))


def weight(tab: Tab) -> tuple[int, list[str]]:
    """The bytes of the first view without fonts, after gzip, and what is over the budget. The icon belongs to no view."""
    paths = [unquote(urlsplit(url).path) for url in tab.requests if "favicon" not in url]
    size = sum(len(tab.served.content(path) or b"") for path in paths if not path.endswith(".woff2"))
    faults = []
    if len(paths) > MAX_REQUESTS:
        faults.append(f"{len(paths)} requests, {MAX_REQUESTS} at most: {', '.join(paths)}")
    if size > MAX_FIRST_VIEW:
        faults.append(f"{size:,} bytes in the first view, {MAX_FIRST_VIEW:,} at most")
    return size, faults


def help_first(tab: Tab) -> list[str]:
    """988 and 911 stand before the title and are seen without scrolling, on both phones."""
    faults: list[str] = []
    for size in (PHONE, SMALL):
        tab.window(size)
        faults += tab.ask(f"helpFirst({list(HELP)})")
    return faults


def keyboard(tab: Tab) -> list[str]:
    """Tab reaches everything once, in order, always seen, and gets out again."""
    stops = tab.ask("beginWalk()")
    tab.press("Tab", stops + 1)
    return list(tab.ask("endWalk()"))


def focus(tab: Tab) -> list[str]:
    """Everything that Tab should reach takes the focus and shows it, uncovered. Much faster than `keyboard`, for every page."""
    tab.ask("beginWalk()")
    tab.press("Tab")
    return list(tab.ask("focusEach()"))


def skip_link(tab: Tab) -> list[str]:
    """The skip link comes into sight with the focus and takes it to the main part."""
    if tab.page.evaluate("Boolean(document.querySelector('base') && !document.querySelector('.skip'))"):
        return []  # on the error page, whose addresses begin elsewhere, it would lead to another page
    tab.ask("fromTheTop()")
    for _ in range(12):
        tab.press("Tab")
        if tab.page.evaluate("document.activeElement.matches('.skip')"):
            break
    else:
        return ["Tab does not reach the skip link before the menus"]
    tab.press("Enter")
    if tab.page.evaluate("document.activeElement.id") != "main":
        return ["the skip link does not take the focus to the main part"]
    tab.press("Tab")
    inside = "document.activeElement.closest('main') || !document.querySelector('main a[href], main button, main input')"
    return [] if tab.page.evaluate(f"Boolean({inside})") else ["after the skip link, Tab is not in the main part"]


def menu(tab: Tab) -> list[str]:
    """The menu opens with Enter, shows the sections, is the next stop of Tab, and closes with Escape."""
    faults = []
    link = "document.querySelector('.sections a')"
    tab.page.evaluate("document.querySelector('.menu').open = false")
    if tab.page.evaluate(f"probe.visible({link})"):
        faults.append("the menu is open although nobody opened it")
    tab.page.evaluate("document.querySelector('.menu summary').focus()")
    tab.press("Enter")
    if not tab.page.evaluate(f"probe.visible({link})"):
        faults.append("Enter does not open the menu")
    tab.press("Tab")
    if not tab.page.evaluate(f"document.activeElement === {link}"):
        faults.append("after opening the menu, Tab does not go to its first link")
    tab.press("Escape")
    if tab.page.evaluate(f"probe.visible({link})"):
        faults.append("Escape does not close the menu")
    if not tab.page.evaluate("document.activeElement.matches('.menu summary')"):
        faults.append("after Escape the focus is not on the menu's button")
    return faults


def terms(tab: Tab) -> list[str]:
    """A term opens with Enter, is seen whole, and closes with Escape, which keeps the focus."""
    faults = []
    for number in range(tab.page.evaluate("document.querySelectorAll('button.term').length")):
        at = f"document.querySelectorAll('button.term')[{number}]"
        word = tab.page.evaluate(f"{at}.textContent")
        note = f"document.getElementById({at}.getAttribute('popovertarget'))"
        opened = f"{note}.matches(':popover-open')"
        tab.page.evaluate(f"{at}.focus()")
        tab.press("Enter")
        if not tab.page.evaluate(opened):
            faults.append(f"Enter does not open the term “{word}”")
            continue
        box = tab.page.evaluate(f"{note}.getBoundingClientRect().toJSON()")
        view = tab.page.viewport_size or {"width": 0, "height": 0}
        if box["left"] < 0 or box["top"] < 0 or box["right"] > view["width"] + 1 or box["bottom"] > view["height"] + 1:
            faults.append(f"the note of the term “{word}” is not seen whole")
        tab.press("Escape")
        if tab.page.evaluate(opened):
            faults.append(f"Escape does not close the term “{word}”")
        if not tab.page.evaluate(f"document.activeElement === {at}"):
            faults.append(f"after Escape the focus is not on the term “{word}”")
    return faults


def paper(tab: Tab) -> list[str]:
    """On paper: help numbers first, no menus, addresses written out, nothing closed, black on white in either scheme."""
    faults: list[str] = []
    schemes: Sequence[Any] = ("light", "dark")
    for scheme in schemes:
        tab.page.emulate_media(media="print", color_scheme=scheme)
        faults += [f"{scheme}: {fault}" for fault in tab.ask("onPaper()")]
    tab.page.emulate_media(media="screen", color_scheme="light")
    return faults


def room(tab: Tab, windows: Sequence[tuple[int, int]] = (SMALL, ZOOMED, PHONE, DESK)) -> list[str]:
    """At 320 px, enlarged four times, with wider letters, on a phone and a desk: nothing is cut, covered or scrolled."""
    faults: list[str] = []
    for size in windows:
        tab.window(size)
        faults += [f"{size[0]} x {size[1]}: {fault}" for fault in tab.ask("room()")]
        if size == SMALL:
            tab.ask("moreRoom(true)")
            faults += [f"{size[0]} px, letters wider: {fault}" for fault in tab.ask("room()")]
            tab.ask("moreRoom(false)")
    return faults


def sizes(tab: Tab, windows: Sequence[tuple[int, int]] = (SMALL, PHONE, DESK)) -> list[str]:
    """Text of 16 px at least (14 px in pictures, 12 px for raised numbers); targets of 44 px."""
    faults: list[str] = []
    for size in windows:
        tab.window(size)
        in_pictures = 14 if size != SMALL else 11  # a picture keeps its shape, so on the smallest phone it shrinks
        faults += [f"{size[0]} px wide: {fault}" for fault in tab.ask(f"smallText(16, {in_pictures}, 12)")]
        if size != DESK:
            faults += [f"{size[0]} px wide: {fault}" for fault in tab.ask("smallTargets(44)")]
    return faults


def wishes(tab: Tab) -> list[str]:
    """What the reader's system asks for is done: strong contrast, forced colors, no movement."""
    faults: list[str] = []
    schemes: Sequence[Any] = ("light", "dark")
    for scheme in schemes:
        tab.page.emulate_media(color_scheme=scheme, contrast="more")
        faults += [f"{scheme}, more contrast: {fault}" for fault in tab.ask("weakText(4.5)")]
        tab.page.emulate_media(color_scheme=scheme, contrast="no-preference", forced_colors="active")
        faults += [f"{scheme}, forced colors: {fault}" for fault in tab.ask("weakText(4.5)")]
        tab.page.emulate_media(forced_colors="none")
    tab.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    faults += tab.ask("moving()")
    tab.page.emulate_media(reduced_motion="no-preference")
    return faults


# --- axe --------------------------------------------------------------------------------------------------------

COLORS = ["color-contrast", "link-in-text-block"]
"""The rules whose answer depends on colors. They take most of axe's time: it judges each text of a page by itself."""
_START_AXE = """({ tags, colors, rest, kinds }) => {
  const options = { resultTypes: ["violations"], iframes: false };
  const off = Object.fromEntries(kinds ? colors.map((id) => [id, { enabled: false }]) : []);
  globalThis.axeDone = new Promise((done) => setTimeout(done, 0)).then(async () => {
    const found = rest ? (await axe.run(document, { runOnly: { type: "tag", values: tags }, rules: off, ...options })).violations : [];
    const texts = kinds?.length ? probe.textsOf(kinds) : [];
    if (texts.length) found.push(...(await axe.run({ include: texts }, { runOnly: { type: "rule", values: colors }, ...options })).violations);
    return found;
  });
}"""
_END_AXE = """async () => (await globalThis.axeDone).map(({ id, help, nodes }) =>
  `${id} (${help}), ${nodes.length} times, first: ${nodes[0].html.slice(0, 200)}`)"""
AXE = AXE_SCRIPT
"""axe-core's source; for a context without security policy only, as axe needs what the policy forbids."""


def start_axe(page: Page, *, rest: bool = True, kinds: Sequence[str] | None = None) -> None:
    """Begin to look for violations, so that another tab can be looked at in the meantime.

    With `kinds`, the rules on colors judge only one text of each of these kinds, which the probe's `textKinds()` has
    just told. `rest` stands for all other rules; another color scheme changes nothing for them.
    """
    page.evaluate(_START_AXE, {"tags": list(RULES), "colors": COLORS, "rest": rest, "kinds": kinds})


def end_axe(page: Page) -> list[str]:
    """Wait for the end; return each violation."""
    return list(page.evaluate(_END_AXE))
