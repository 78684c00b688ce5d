"""From rendered HTML to the finished site: the security policy, the weight of each page, and checks on the HTML."""

from __future__ import annotations

import base64
import gzip
import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from .faults import Fault
from .pages import Page
from .sentences import locate

POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
        "connect-src 'self'", "manifest-src 'self'", "base-uri 'self'", "form-action 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    )
)  # fmt: skip
"""The Content-Security-Policy of every page, before the hash of its own styles is added."""
_STYLES_ALLOWED = "style-src 'self'"
_STYLESHEET = re.compile(r'<link rel="stylesheet" href="([./]*)assets/guide\.css">')
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""The other security headers; the policy is added by `header_files`, which knows the hashes."""
# Budgets of the first view of any page, gzip, without fonts.
MAX_FIRST_VIEW = 25_000
MAX_BLOCKING = 14_000
"""One round trip: what arrives before the first paint."""
GZIP = 6
"""The level that servers use."""


_NEVER_IN_TEXT = "script[src] base meta link iframe frame object embed form".split()
_FETCHING = ("src", "srcset", "poster", "data", "background")
_FETCHING_BY_LINK = frozenset({"image", "use", "feimage"})
"""Elements of SVG that fetch what their href names."""
_SENDING = frozenset({"action", "formaction", "ping", "srcdoc"})


def plain_css(css: str) -> str:
    """The stylesheet without comments, indents and empty lines: that is all that gzip does not do better."""
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", css, flags=re.S)).strip()


def plain_script(script: str) -> str:
    """The script without its lines of comment, indents and empty lines; what ends a line of code is kept."""
    return re.sub(r"^\s*(?://.*)?\n|^[ \t]+", "", script, flags=re.M)


def style_in_page(html: str, css: str) -> str:
    """Put the stylesheet into the page itself, and its hash into the page's policy.

    A page then paints after one answer of the server instead of two; on a slow phone that is the longest wait
    (tests/benchmarks/beside_stock_material.py measures it). `css` is what `plain_css` returned.
    """
    link = _STYLESHEET.search(html)
    if not link:
        return html
    style = css.replace("url(fonts/", f"url({link[1]}assets/fonts/")
    html = html.replace(link[0], f"<style>{style}</style>", 1)
    return html.replace(_STYLES_ALLOWED, f"{_STYLES_ALLOWED} '{hash_source(style)}'", 1)


@lru_cache(maxsize=16)  # nearly all pages have the same style
def hash_source(text: str) -> str:
    """A style as a policy names it to allow it inline (CSP calls this a hash-source)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass
class Look:
    """What one HTML file holds, as far as the checks need it."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    """Everything that the browser fetches by itself: styles, scripts, images, icons, fonts."""
    inline: list[str] = field(default_factory=list)
    """What the policy forbids: inline scripts and styles, style attributes, event attributes."""
    forbidden: list[str] = field(default_factory=list)
    """What no writer's HTML may hold: elements and attributes that load, send, or change where links lead."""


def look_at(html: str) -> Look:
    """Parse one HTML file into what the checks need."""
    look = Look()
    tree = LexborHTMLParser(html)
    for node in tree.css("[id]"):
        look.ids.append(node.attributes["id"] or "")
    for node in tree.css("a"):
        # Lexbor takes the link of an SVG, xlink:href, for an href too, but under its own name.
        look.links += [node.attributes[name] or "" for name in ("href", "xlink:href") if name in node.attributes]
    for node in tree.css("link[rel][href]"):
        rel, address = set((node.attributes["rel"] or "").split()), node.attributes["href"] or ""
        if rel & {"stylesheet", "icon", "preload", "manifest"}:
            look.fetched.append(address)
        if "stylesheet" in rel:
            look.styles.append(address)
    for node in tree.css("script"):
        if source := node.attributes.get("src"):
            look.scripts.append(source)
            look.fetched.append(source)
        elif node.attributes.get("type") != "application/ld+json":
            look.inline.append("<script>")
    policy = tree.css_first('meta[http-equiv="Content-Security-Policy"]')
    allowed = (policy.attributes.get("content") or "") if policy else ""
    look.inline += ["<style>" for node in tree.css("style") if f"'{hash_source(node.text())}'" not in allowed]
    for node in tree.css("*"):
        tag = str(node.tag)
        for name, value in node.attributes.items():
            if name == "style" or name.startswith("on"):
                look.inline.append(f"{tag} {name}=")
            elif name in _SENDING:
                look.forbidden.append(f"{tag} {name}=")
            elif name in _FETCHING and tag != "script" and value:
                look.fetched += [part.split()[0] for part in value.split(", ") if part.strip()]
            elif name in ("href", "xlink:href") and tag in _FETCHING_BY_LINK and value and not value.startswith("#"):
                look.fetched.append(value)
    for name in _NEVER_IN_TEXT:
        look.forbidden += [f"<{name}>" for _ in tree.css(f"main {name}")]
    look.forbidden += ["<main>" for _ in tree.css("main")[1:]]
    return look


@dataclass(frozen=True)
class Weight:
    """Bytes of a page's first view after gzip, without fonts."""

    path: str
    first_view: int
    blocking: int
    """Styles, and the page up to the end of its first screen."""


def check_site(files: Mapping[str, bytes], pages: Mapping[str, Page]) -> tuple[list[Fault], list[Weight]]:
    """Check the finished files as a browser would meet them.

    `files` are all files of the site by path; `pages` the Markdown pages by the path of their HTML. Returns the faults
    (links and anchors that lead nowhere, ids that stand twice, anything inline, anything from another host, pages over
    their budget) and the weight of each page.
    """
    looks: dict[str, Look] = {}
    with ThreadPoolExecutor() as pool:  # gzip lets go of the interpreter: pages are weighed while others are read
        weighed = []
        for path, data in files.items():
            if path.endswith(".html"):
                looks[path] = look_at(data.decode("utf-8"))
                weighed.append(pool.submit(_weigh, path, looks[path], files))
        ids = {path: set(look.ids) for path, look in looks.items()}
        faults = [
            _on_its_line(path, pages.get(path), *found)
            for path, look in looks.items()
            for found in _wrong(path, look, files, ids)
        ]
    weights = [one.result() for one in weighed]
    for weight in weights:
        if weight.first_view > MAX_FIRST_VIEW or weight.blocking > MAX_BLOCKING:
            what = f"the first view has {weight.first_view:,} bytes, {weight.blocking:,} of them before the first paint"
            mend = f"{MAX_FIRST_VIEW:,} and {MAX_BLOCKING:,} at most: shorten the page or its pictures"
            faults.append(_on_its_line(weight.path, pages.get(weight.path), "", what, mend))
    return faults, weights


def _wrong(
    path: str, look: Look, files: Mapping[str, bytes], ids: Mapping[str, set[str]]
) -> Iterator[tuple[str, str, str]]:
    """What is wrong with one page: (the words by which to find it, what, mend)."""
    for twice in sorted(name for name, times in Counter(look.ids).items() if times > 1):
        yield twice, f"the id “{twice}” stands twice on the page", "give one heading another wording or {#id}"
    for found in look.inline:
        mend = "use a class and overrides/assets/guide.css, or a script file"
        yield found, f"“{found}” is inline, which the security policy forbids", mend
    for found in look.forbidden:
        yield found, f"“{found}” may not stand in a page's text", "write it in Markdown, or leave it out"
    for address in look.fetched:
        if not is_address(address):
            yield address, f"“{address}” is not an address", "check its spelling"
        elif urlsplit(address).netloc:
            yield address, f"the page fetches “{address}” from another host", "keep the file in overrides/assets"
        elif not address.startswith("data:") and target_of(path, address) not in files:
            yield address, f"there is no file “{address}”", "check the name and the folder"
    for address in look.links:
        if what := broken(path, address, files, ids):
            yield address, what, "check the address against the page it should lead to"


def _on_its_line(path: str, page: Page | None, text: str, what: str, mend: str) -> Fault:
    """A fault on the line of the Markdown that holds `text`; on the HTML file where there is no Markdown."""
    return Fault(page.shown, _line_of(text, page), what, mend) if page else Fault(f"site/{path}", 0, what, mend)


def _weigh(path: str, look: Look, files: Mapping[str, bytes]) -> Weight:
    styles = sum(_zipped(files.get(target_of(path, style), b"")) for style in look.styles)
    scripts = sum(_zipped(files.get(target_of(path, script), b"")) for script in look.scripts)
    return Weight(path, _zipped(files[path]) + styles + scripts, _zipped(_first_screen(files[path])) + styles)


def _zipped(data: bytes) -> int:
    return len(gzip.compress(data, GZIP, mtime=0))


def _first_screen(html: bytes) -> bytes:
    """The part of a page that must be there before its first screen is whole.

    That is up to the second heading after the title, or 12,000 bytes after it: several screens of a phone. A browser
    paints what it has while the rest arrives; only the styles have to be complete.
    """
    title = html.find(b"<h1")
    end = title
    for _ in range(2):
        end = html.find(b"<h2", end + 1)
        if end < 0:
            break
    return html[: min(end if end > 0 else len(html), title + 12_000)]


def _line_of(text: str, page: Page) -> int:
    """The line that holds an address or an id; links are rewritten by MkDocs, so the last part has to do."""
    name = text.rstrip("/").rpartition("/")[2].partition("#")[0] or text.partition("#")[2] or text
    for number, line in enumerate(page.source.split("\n"), 1):
        if text and (text in line or (name and name in line)):
            return number
    return locate(text, page.body)


def is_address(text: str) -> bool:
    """Whether a browser could make an address of a text: “https://[x” is none, and parsing it would raise."""
    try:
        urlsplit(urljoin("https://example.org/", text))
    except ValueError:
        return False
    return True


def target_of(path: str, address: str) -> str:
    """The file that an address on the page at `path` leads to."""
    clean = unquote(address.partition("#")[0].partition("?")[0])
    if not clean:
        return path
    joined = posixpath.normpath(posixpath.join("/" + posixpath.dirname(path), clean)).lstrip("/")
    if clean.endswith("/") or joined in ("", "."):
        joined = posixpath.join(joined if joined != "." else "", "index.html")
    return joined


def broken(path: str, address: str, files: Mapping[str, bytes], ids: Mapping[str, set[str]]) -> str:
    """What is wrong with a link on the page at `path`, in words; nothing if it leads where it should.

    `files` are all files of the site by path, `ids` the ids on each of its pages.
    """
    if address.startswith("#") and address[1:] in ids[path]:
        return ""  # most links: to a source and back
    try:
        parts = urlsplit(address)
    except ValueError:
        return f"“{address}” is not an address"
    if parts.scheme in ("http", "https", "tel", "sms", "mailto"):
        return ""
    if parts.scheme or parts.netloc:
        return f"“{address}” is an address that this site does not use"
    target = target_of(path, address)
    if target not in files and f"{target}/index.html" in files:
        target = f"{target}/index.html"
    if target not in files:
        return f"the link “{address}” leads nowhere"
    anchor = unquote(parts.fragment)
    if anchor and target in ids and anchor not in ids[target]:
        return f"the link “{address}” leads to a place “#{anchor}” that is not on that page"
    return ""


def header_files(pages: Iterable[str]) -> dict[str, bytes]:
    """The security headers as files that hosts read: Netlify and Cloudflare Pages (`_headers`), nginx (a snippet).

    `pages` is the HTML of all pages: the header has to allow the styles of each, or it would forbid what the page's own
    policy allows. frame-ancestors works only as a header, not in a page.
    """
    hashes = sorted({hash_source(style) for html in pages for style in re.findall(r"<style>(.*?)</style>", html, re.S)})
    allowed = " ".join([_STYLES_ALLOWED, *(f"'{h}'" for h in hashes)])
    policy = POLICY.replace(_STYLES_ALLOWED, allowed) + "; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, **HEADERS}
    long_lived = "public, max-age=31536000, immutable"
    netlify = [
        "/*",
        *(f"  {name}: {value}" for name, value in headers.items()),
        "/assets/fonts/*",
        f"  Cache-Control: {long_lived}",
    ]
    nginx = [
        "# Security headers of the guide: `include` this file in the server or location block that serves it.",
        *(f'add_header {name} "{value}" always;' for name, value in headers.items()),
    ]
    return {
        "_headers": ("\n".join(netlify) + "\n").encode(),
        "nginx-security-headers.conf": ("\n".join(nginx) + "\n").encode(),
    }
