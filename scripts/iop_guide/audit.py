"""Read a finished copy as an auditor would: every file, no browser, no network, and nothing taken on trust.

`audit` looks at a folder and returns what it found, check by check; audit_report.py says how that is weighed and kept.
A finding is a `Fault`: the file, the line, what is there, what to do.

To add a check: write a method of `_Copy` that yields Faults, list it in `CHECKS`, and plant its fault in
tests/test_audit.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from . import contrast, finish, stamp, view
from .audit_report import Audit, Check
from .faults import Fault, FaultsFound, printable
from .profile import Profile, load_profile
from .publish import MARKER
from .view import ERROR_PAGE, STYLESHEET

MAX_FILE = 20_000_000
"""Bytes; a guide's largest file has a fiftieth of that. A larger one is told and not read."""
WAIT_IS_OLD = timedelta(days=31)
"""A wait that was true longer ago than a month helps nobody to decide."""
CLINIC_DATA = "our-program/clinic.json"
HELP = ("tel:988", "sms:988", "tel:911")
"""What the first thing on every page must link to."""
_TEXT = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".ics", ".conf", "_headers")
_OWN_KINDS = (".svg", ".png", ".jpg", ".webp", ".ics")
"""Endings of what a copy adds in folders of its own; besides these it has the files of `_OWN_NAMES`."""
_OWN_NAMES = frozenset({view.OWN_PAGE, CLINIC_DATA, *stamp.OWN_FILES})
_COLORS = re.compile(
    rb"@media screen \{ :root \{(?: --[a-z-]+: #[0-9a-f]{6};?)+ \} \}\n"
    rb"@media screen and \(prefers-color-scheme: dark\) \{ :root \{(?: --[a-z-]+: #[0-9a-f]{6};?)+ \} \}\n"
)
"""With what a clinic's stylesheet begins; the rest of it is the same in every copy."""
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_KINDS = (*_TEXT, ".woff2", ".png", ".jpg", ".jpeg", ".webp", ".ico", MARKER)
_NAMES = ("http://www.w3.org/", "http://www.sitemaps.org/", "https://schema.org", "http://schema.org")
"""Addresses that only name a vocabulary; nothing fetches them."""
_LOADING = re.compile(r"(?:url\(|image-set\(|@import)\s*[\"']?\s*((?:[a-z][a-z0-9+.-]*:)?//[^\"')\s;]+)", re.I)
_IN_SCRIPT = re.compile(r"(?:(?:https?|wss?):)?//[a-z0-9][a-z0-9.-]*\.[a-z]{2,}[^\"'`\s)]*", re.I)
_KEEPING = re.compile(
    r"\b(document\.cookie|cookieStore|localStorage|sessionStorage|indexedDB|serviceWorker|openDatabase)\b"
)
_SENDING = re.compile(r"\b(sendBeacon|XMLHttpRequest|WebSocket|EventSource|RTCPeerConnection|importScripts|eval)\b")
_LINK_FETCHES = frozenset(
    "stylesheet icon shortcut apple-touch-icon manifest preload modulepreload prefetch preconnect dns-prefetch "
    "prerender".split()
)


def audit(
    site: Path,
    *,
    guide: Path | None = None,
    profile: Path | None = None,
    today: date | None = None,
    at: str | None = None,
) -> Audit:
    """Audit the finished copy in `site`.

    `guide` is the finished neutral guide to compare it with; without it a copy is compared only with its own checksums.
    `profile` is the clinic's file: with it and the guide the copy is made again in memory, and compared byte for byte.
    `today` is the day from which dates are overdue. `at` is the address where the copy will stand or stands, if the one
    who asks knows it. Raises FaultsFound when `site` (or `guide`) is no finished guide, both are one folder,
    the profile has faults, or it comes without a guide.
    """
    if profile and not guide:
        what = "a copy can be made again only from the guide that it was made from"
        raise FaultsFound([Fault(str(profile), 0, what, "name the finished guide too: --guide site")])
    if guide and os.path.realpath(guide) == os.path.realpath(site):
        what = "a copy compared with itself would always be right"
        raise FaultsFound([Fault(str(guide), 0, what, "name the finished guide that it was made from: --guide site")])
    clinic = load_profile(profile) if profile else None
    copy = _Copy(site, today or date.today(), at, _Copy(guide, date.min, None, None) if guide else None, clinic)
    checks = []
    for name, title, must, method in CHECKS:
        copy.looked_at, copy.done = "", True
        findings = tuple(sorted(set(method(copy))))
        checks.append(Check(name, title, must, copy.looked_at, findings, copy.done))
    digest = hashlib.sha256()
    for path, data in sorted(copy.files.items()):
        digest.update(f"{path}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return Audit(
        site=printable(str(site)), clinic=copy.clinic_name, address=copy.address or "", day=copy.today,
        pages=len(copy.pages), files=len(copy.files), digest="sha256-" + digest.hexdigest(),
        guide=printable(str(guide or "")), profile=printable(str(profile or "")), checks=tuple(checks),
    )  # fmt: skip


class _Copy:
    """A finished folder, read once. Each check is a method that yields what it finds."""

    def __init__(
        self, folder: Path, today: date, at: str | None, guide: _Copy | None, profile: Profile | None = None
    ) -> None:
        self.folder, self.today, self.at, self.guide, self.profile = folder, today, at, guide, profile
        self.looked_at, self.done = "", True
        self.files: dict[str, bytes] = {}
        self.unread: list[Fault] = []
        if not all((folder / name).is_file() for name in (MARKER, "index.html")):
            mend = "name the folder that `clinic build` or `build` wrote"
            raise FaultsFound([Fault(str(folder), 0, "there is no finished guide in this folder", mend)])
        try:
            self._read()
        except OSError as error:
            what = f"the copy cannot be read ({error.strerror})"
            raise FaultsFound([Fault(str(folder), 0, what, "check that you may read all of it")]) from None
        self.pages = {path: self._text(path) for path in sorted(self.files) if path.endswith(".html")}
        self.trees = {path: LexborHTMLParser(html) for path, html in self.pages.items()}
        self.looks = {path: finish.look_at(html) for path, html in self.pages.items()}
        self.data = self._clinic_data()

    def _read(self) -> None:
        def stop(error: OSError) -> None:
            raise error  # a folder that only the web server may read would be passed over without a word

        for top, folders, names in os.walk(self.folder, onerror=stop):
            for name in [*folders, *names]:
                full = Path(top, name)
                path = full.relative_to(self.folder).as_posix()
                if full.is_symlink():
                    self.unread.append(self.fault(path, 0, "this is a link", "put the file itself there"))
                elif name in names and not full.is_file():
                    self.unread.append(self.fault(path, 0, "this is no plain file", "take it out"))
                elif name in names:
                    if full.stat().st_size > MAX_FILE:
                        mend = "take it out: a host may refuse it, and a phone never loads it"
                        self.unread.append(self.fault(path, 0, f"the file has {full.stat().st_size:,} bytes", mend))
                    else:
                        self.files[path] = full.read_bytes()

    def _text(self, path: str) -> str:
        try:
            return self.files[path].decode("utf-8")
        except UnicodeDecodeError:
            self.unread.append(self.fault(path, 0, "the file is not UTF-8 text", "make the copy again"))
            return self.files[path].decode("utf-8", "replace")

    def _clinic_data(self) -> dict[str, Any]:
        mend = "make the copy again"
        if CLINIC_DATA not in self.files:
            if STYLESHEET in self.files:
                self.unread.append(self.fault(CLINIC_DATA, 0, "the clinic's data is missing", mend))
            return {}
        try:
            data = json.loads(self.files[CLINIC_DATA])
        except (ValueError, RecursionError):
            data = None
        lists = isinstance(data, dict) and all(isinstance(data.get(key), list) for key in ("waits", "notices"))
        if isinstance(data, dict) and lists and finish.is_address(str(data.get("site"))):
            return data
        self.unread.append(self.fault(CLINIC_DATA, 0, "the clinic's data cannot be read", mend))
        return {}

    def fault(self, path: str, at: int | str, what: str, mend: str) -> Fault:
        """A finding; `at` is a line, or the words that stand on it."""
        if isinstance(at, str):
            text = self.files.get(path, b"").decode("utf-8", "replace")
            where = text.find(at)
            at = text.count("\n", 0, where) + 1 if where >= 0 else 0
        shown = printable(what)  # what was found may be hostile
        shown = shown if len(shown) < 400 else shown[:397] + "..."
        return Fault(printable(f"{self.folder.name}/{path}"), at, shown, mend)

    @property
    def clinic_name(self) -> str:
        """Whose copy it is, from its own data; empty for the neutral guide."""
        return printable(str(self.data.get("name") or ""))

    @cached_property
    def address(self) -> str | None:
        """Where the copy says that it stands."""
        link = self.trees["index.html"].css_first('link[rel="canonical"]')
        said = str(self.data.get("site") or (link.attributes.get("href") if link else "") or "")
        try:
            return printable(said) if urlsplit(said).netloc else None
        except ValueError:
            return None

    # The checks.

    def foreign(self) -> Iterator[Fault]:
        """Nothing is fetched from another host: not by HTML, by styles, or by scripts."""
        mend = "take it out: it tells another company who reads this page"
        seen = 0
        for path, tree in self.trees.items():
            fetched = list(self.looks[path].fetched)
            for node in tree.css("link[href]"):
                if _LINK_FETCHES & set((node.attributes.get("rel") or "").lower().split()):
                    fetched.append(node.attributes["href"] or "")
            for node in tree.css("iframe[src], object[data], embed[src], form[action], [formaction], [ping]"):
                fetched += [node.attributes.get(name) or "" for name in ("src", "data", "action", "formaction", "ping")]
            for node in tree.css("meta[http-equiv]"):
                if (node.attributes["http-equiv"] or "").lower() == "refresh":
                    yield self.fault(path, "http-equiv", "the page sends its reader on by itself (meta refresh)", mend)
            seen += len(fetched)
            for address in sorted(set(fetched)):
                if _foreign(address):
                    yield self.fault(path, address, f"the page loads “{address}” from another host", mend)
            for style in tree.css("style"):
                for found in _LOADING.finditer(style.text()):
                    yield self.fault(path, found[1], f"its styles load “{found[1]}” from another host", mend)
            for frame in tree.css("iframe, object, embed, frame"):
                yield self.fault(path, f"<{frame.tag}", f"the page holds a frame, <{frame.tag}>", mend)
        for path, data in self.files.items():
            text = data.decode("utf-8", "replace") if path.endswith((".css", ".js", ".svg")) else ""
            found_in = _IN_SCRIPT if path.endswith(".js") else _LOADING
            for found in found_in.finditer(text):
                address = found[found.lastindex or 0]
                if not address.startswith(_NAMES) and not (path.endswith(".js") and _in_comment(text, found.start())):
                    yield self.fault(path, address, f"it names “{address}”, which is another host", mend)
            if path.endswith(".js"):
                for found in _SENDING.finditer(text):
                    if not _in_comment(text, found.start()):
                        what = f"the script uses {found[0]}, which sends or runs things"
                        yield self.fault(path, found[0], what, mend)
        self.looked_at = f"{seen:,} addresses that {len(self.pages)} pages fetch, and every style and script"

    def cookies(self) -> Iterator[Fault]:
        """Nothing is kept on the reader's device."""
        mend = "take it out, or the page's words about cookies are untrue"
        looked = 0
        for path, data in self.files.items():
            if path.endswith((".js", ".html", "_headers", ".conf")):
                looked += 1
                text = data.decode("utf-8", "replace")
                in_page = self.trees.get(path)
                for script in [node.text() for node in in_page.css("script")] if in_page else [text]:
                    for found in _KEEPING.finditer(script):
                        if not _in_comment(script, found.start()):
                            yield self.fault(path, found[0], f"a script uses {found[0]}", mend)
                if not in_page and (header := re.search(r"(?im)^\s*(?:add_header\s+)?set-cookie.*$", text)):
                    yield self.fault(path, header[0].strip(), f"a header sets a cookie: {header[0].strip()}", mend)
        for path, tree in self.trees.items():
            for node in tree.css("meta[http-equiv]"):
                if (node.attributes["http-equiv"] or "").lower() == "set-cookie":
                    yield self.fault(path, "http-equiv", "the page sets a cookie", mend)
        self.looked_at = f"{looked} pages, scripts and header files"

    def policy(self) -> Iterator[Fault]:
        """Each page forbids by itself what it does not need, and the header files forbid the same."""
        mend = "make the copy again with `clinic build`, and add nothing to its pages"
        for path, tree in self.trees.items():
            metas = [
                node.attributes.get("content") or "" for node in tree.css("meta[http-equiv]")
                if (node.attributes["http-equiv"] or "").lower() == "content-security-policy"
            ]  # fmt: skip
            if len(metas) != 1:
                yield self.fault(path, 0, f"the page has {len(metas) or 'no'} security policies, not one", mend)
                continue
            for what in _weak(_directives(metas[0])):
                yield self.fault(path, "Content-Security-Policy", what, mend)
            for what in sorted(set(self.looks[path].inline)):
                said = f"“{what}” stands in the page, and its policy forbids it"
                yield self.fault(path, what.strip("<>").split(" ")[-1], said, mend)
            referrer = tree.css_first('meta[name="referrer"]')
            if referrer is None or referrer.attributes.get("content") != "no-referrer":
                yield self.fault(path, 0, "links would tell other sites where the reader came from", mend)
        for path in ("_headers", "nginx-security-headers.conf"):
            text = self.files.get(path, b"").decode("utf-8", "replace")
            found = re.search(r'Content-Security-Policy:? "?([^"\n]*)', text)
            if not found:
                yield self.fault(path, 0, "the file is missing or names no Content-Security-Policy", mend)
                continue
            directives = _directives(found[1])
            for what in _weak(directives):
                yield self.fault(path, "Content-Security-Policy", what, mend)
            if "frame-ancestors" not in directives:
                yield self.fault(path, "Content-Security-Policy", "other sites may show the guide in a frame", mend)
            allowed = directives.get("style-src", [])
            for page, tree in self.trees.items():
                for style in tree.css("style"):
                    if f"'{finish.hash_source(style.text())}'" not in allowed:
                        what = f"the header forbids the styles of {page}, which would show without them"
                        yield self.fault(path, "style-src", what, mend)
        self.looked_at = f"the policy of {len(self.pages)} pages, and the two files of headers"

    def contrast(self) -> Iterator[Fault]:
        """The clinic's colors can be read on every ground, by day and by night."""
        if STYLESHEET not in self.files:
            self.looked_at = "the guide's own colors, which its tests keep; this copy sets none"
            return
        css = self.files[STYLESHEET].decode("utf-8", "replace")
        light, _, dark = css.partition("prefers-color-scheme: dark")
        pairs = 0
        for part, grounds, scheme in (
            (light, contrast.LIGHT_GROUNDS, "light"),
            (dark, contrast.DARK_GROUNDS, "dark"),
        ):
            links = re.findall(r"--link: *(#[0-9a-f]{6})", part)
            if not links:
                yield self.fault(STYLESHEET, 0, f"no color for links in the {scheme} scheme was found", _RESTAMP)
            for color in links:
                measured, ground = contrast.worst(color, grounds.values())
                pairs += len(grounds)
                if measured < contrast.NEEDED:
                    what = f"links of {color} on {ground} ({scheme}) have a contrast of {measured:.2f}:1 {_NEEDED}"
                    other = "darker accent" if scheme == "light" else "lighter accent_dark"
                    yield self.fault(STYLESHEET, color, what, f"choose a {other} in clinic.yml")
            for color in re.findall(r"--deep: *(#[0-9a-f]{6})", part):
                pairs += 1
                if (measured := contrast.ratio(color, "#ffffff")) < contrast.NEEDED:
                    what = f"white on {color} ({scheme}) has a contrast of {measured:.2f}:1 {_NEEDED}"
                    yield self.fault(STYLESHEET, color, what, "choose a darker accent in clinic.yml")
        self.looked_at = f"{pairs} pairs of a color and its ground, after WCAG 2.2, 1.4.3"

    def help_lines(self) -> Iterator[Fault]:
        """988 and 911 are the first thing on every page, whole and in sight."""
        mend = "put the guide's help line back; a clinic may add to it, never take from it"
        for path, tree in self.trees.items():
            body = tree.body
            first = next((node for node in body.iter() if node.tag not in ("script", "style")), None) if body else None
            if first is None or "help-line-top" not in (first.attributes.get("class") or "").split():
                yield self.fault(path, "<body", "the help lines are not the first thing on the page", mend)
                continue
            links = [node.attributes.get("href") or "" for node in first.css("a[href]")]
            right = [node.attributes.get("href") for node in first.css("a[href]")
                     if (node.attributes.get("href") or "")[4:] in node.text().split()]  # fmt: skip
            for href in HELP:
                if href in links and href not in right:
                    yield self.fault(path, href, f"the link to {href} does not say {href[4:]}", mend)
                if href not in links:
                    yield self.fault(path, "help-line-top", f"the help lines do not link to {href}", mend)
            first_help = [href for href in links if href.startswith(("tel:", "sms:"))][:2]
            if first_help and first_help != ["tel:988", "sms:988"]:
                what = f"another number, {first_help[0]}, stands before 988"
                yield self.fault(path, first_help[0], what, "let 988 stand first; a local number comes after it")
            hidden = [node for node in (first, *first.css("p, ul, li, a")) if _hidden(node)]
            if hidden:
                yield self.fault(path, "help-line-top", "a part of the help lines is hidden", mend)
        css = self.files.get(STYLESHEET)
        if css is not None and _COLORS.sub(b"", css, count=1) != view.styles():
            what = "the clinic's styles are not those that this version writes; they could hide what must be seen"
            yield self.fault(STYLESHEET, 0, what, _RESTAMP)
        self.looked_at = f"the top of {len(self.pages)} pages"

    def text(self) -> Iterator[Fault]:
        """The guide's words are the guide's: as each page's checksum says, and as the guide has them."""
        mend = "make the copy again from the guide; to change words, publish them as your own, under another name"
        for path, html in self.pages.items():
            meta = self.trees[path].css_first('meta[name="text-checksum"]')
            if meta is None:
                if not self.is_own(path):
                    yield self.fault(path, 0, "the page has no checksum of its text", mend)
                continue
            try:
                now = stamp.text_checksum(html)
            except FaultsFound:
                yield self.fault(path, 0, "the page has no <main>", mend)
                continue
            for found in stamp.MARK.finditer(html):
                if not _whole(found[2]):
                    what = f"the region “{found[1]}” changes what stands around it: a tag in it is not closed there"
                    yield self.fault(path, found[0], what, mend)
            if now != meta.attributes.get("content"):
                yield self.fault(path, "<main", "the text is not the one that was checked (its checksum differs)", mend)
        if not self.guide:
            self.looked_at = f"the checksums of {len(self.pages)} pages; no guide was named to compare them with"
            return
        for path, html in self.guide.pages.items():
            if path not in self.pages:
                if not self.is_own(path):
                    yield self.fault(path, 0, "the guide has this page, and the copy does not", mend)
            elif not self.is_own(path) and _frame(self.pages[path]) != _frame(html):
                line = _first_difference(_frame(self.pages[path]), _frame(html))
                yield self.fault(path, line, "the page differs from the guide's outside the clinic's own places", mend)
        for path in sorted(set(self.pages) - set(self.guide.pages)):
            if not self.is_own(path):
                yield self.fault(path, 0, "the guide has no such page", "take it out, or keep it outside the copy")
        self.looked_at = f"the checksums of {len(self.pages)} pages, and each beside that of {self.guide.folder}"

    def own(self) -> Iterator[Fault]:
        """What the clinic's file makes stands here as it makes it, so that nobody changed anything by hand."""
        if not self.profile or not self.guide:
            self.looked_at = "nothing: the clinic’s file was not named (--profile clinic.yml)"
            self.done = False
            return
        mend = "make the copy again from the clinic’s file, or look for what was changed by hand"
        made = dict(stamp.Site.read(self.guide.folder).made(self.profile))
        for path, data in sorted(made.items()):
            there = self.files.get(path)
            if there is None:
                yield self.fault(path, 0, "the clinic’s file makes this file, and the copy does not have it", mend)
            elif there != data:
                ours, theirs = (text.decode("utf-8", "replace") for text in (there, data))
                line = _first_difference(ours, theirs) if path.endswith(_TEXT) else 0
                yield self.fault(path, line, "the file is not what the clinic’s file makes", mend)
        for path in sorted(set(self.files) - set(made)):
            if self.is_own(path):
                yield self.fault(path, 0, "the clinic’s file makes no such file", mend)
        self.looked_at = f"{len(made)} pages and files, made again from the clinic’s file, byte for byte"

    def others(self) -> Iterator[Fault]:
        """There are no files but the guide's and those that the copy adds."""
        yield from self.unread
        mend = "take it out; everything in this folder is published"
        for path in sorted(self.files):
            name = path.rpartition("/")[2]
            known = name == MARKER or (name.endswith(_KINDS) and not name.startswith("."))
            if not known or name in ("clinic.yml", "clinic.yaml"):
                yield self.fault(path, 0, "this file does not belong into a copy", mend)
            elif self.is_own(path) and path not in _OWN_NAMES and not name.endswith(_OWN_KINDS):
                yield self.fault(path, 0, "this is none of the files that a clinic's file makes", mend)
            elif self.guide and not self.is_own(path) and path not in self.pages:
                if path not in self.guide.files:
                    yield self.fault(path, 0, "neither the guide nor the clinic's file makes this file", mend)
                elif self.files[path] != self.guide.files[path]:
                    yield self.fault(path, 0, "the file differs from the guide's", "make the copy again")
        for path in sorted(set(self.guide.files) - set(self.files)) if self.guide else []:
            if not self.is_own(path) and not path.endswith(".html"):
                yield self.fault(path, 0, "the guide has this file, and the copy does not", "make the copy again")
        beside = f", each beside that of {self.guide.folder}" if self.guide else ""
        self.looked_at = f"{len(self.files)} files{beside}"

    def links(self) -> Iterator[Fault]:
        """Every link inside the copy leads somewhere."""
        ids = {path: set(look.ids) for path, look in self.looks.items()}
        inside = outside = 0
        for path, look in self.looks.items():
            for address in sorted(set(look.links)):
                scheme = address.partition(":")[0].lower() if ":" in address else ""
                if self.address and address.startswith(self.address):
                    address = quote("../" * path.count("/") or "./", safe="./") + address[len(self.address) :]
                elif scheme in ("http", "https", "tel", "sms", "mailto") and finish.is_address(address):
                    outside += 1
                    continue
                inside += 1
                if what := finish.broken(path, address, self.files, ids):
                    yield self.fault(path, address, what, "mend the link, or put the file there")
            for address in sorted(set(look.fetched)):
                own = not _foreign(address) and not address.startswith("data:")
                if own and (not finish.is_address(address) or finish.target_of(path, address) not in self.files):
                    yield self.fault(path, address, f"the page needs “{address}”, which is not there", _RESTAMP)
        self.looked_at = f"{inside:,} links inside the copy; {outside:,} to other sites and numbers were not followed"

    def dates(self) -> Iterator[Fault]:
        """No page and no wait is past the day on which it was to be looked at again."""
        pages = 0
        for path, tree in self.trees.items():
            for node in tree.css("[data-check-again]"):
                pages += 1
                due = _day(node.attributes.get("data-check-again"))
                if due is None or due < self.today:
                    shown = node.attributes.get("data-check-again") or "no date"
                    what = f"the page was to be checked again on {shown}"
                    yield self.fault(path, "data-check-again", what, "get the newest guide, and make the copy again")
        if again := self.data.get("check_again"):
            due = _day(again)
            if due is None or due < self.today:
                what = f"the clinic's own facts were to be checked again on {again}"
                mend = "read your clinic.yml against what is true today, and set new dates"
                yield self.fault(CLINIC_DATA, 0, what, mend)
        for node in self.trees[view.OWN_PAGE].css(".as-of time") if view.OWN_PAGE in self.trees else []:
            as_of = _day(node.attributes.get("datetime"))
            if as_of is None or self.today - as_of > WAIT_IS_OLD:
                what = f"the page gives a wait of {as_of or 'no date'}"
                mend = "ask what it is today, write it into clinic.yml, and make the copy again"
                yield self.fault(view.OWN_PAGE, node.attributes.get("datetime") or "as-of", what, mend)
        waits = self.data.get("waits", [])
        for wait in waits:
            as_of = _day(wait.get("as_of")) if isinstance(wait, dict) else None
            if as_of is None or self.today - as_of > WAIT_IS_OLD:
                track = wait.get("track") if isinstance(wait, dict) else wait
                what = f"the wait for “{track}” is of {as_of or 'no date'}"
                yield self.fault(CLINIC_DATA, 0, what, "ask what it is today, and write it into clinic.yml")
        self.looked_at = f"the dates of {pages} pages, and {len(waits)} waits, seen from {self.today}"

    def notices(self) -> Iterator[Fault]:
        """The notices that the law may ask of a clinic are there."""
        if not self.data:
            self.looked_at = "nothing: this folder holds no clinic's data"
            self.done = False
            return
        there = self.data["notices"]
        for name in view.FEDERAL_NOTICES:
            if name not in there:
                mend = f"add “{name}” under “notices:” in clinic.yml, or let your lawyer write down why you need none"
                yield self.fault(CLINIC_DATA, 0, f"the notice “{view.NOTICES[name]}” is missing", mend)
        self.looked_at = f"{len(there)} notices of the clinic; which of them you need is for a lawyer to say"

    def addresses(self) -> Iterator[Fault]:
        """The copy knows where it stands: canonical addresses, sitemap, robots and error page agree."""
        mend = "set “site:” in clinic.yml to the address of the copy, and make it again"
        if not self.address:
            self.looked_at = "nothing: the copy does not know its address"
            self.done = False
            if self.at:
                self.done = True
                yield self.fault("index.html", 0, f"the copy does not know its address, {self.at}", mend)
            return
        if self.at and self.at.rstrip("/") != self.address.rstrip("/"):
            what = f"the copy is made for {self.address}, and stands at {self.at}"
            yield self.fault("index.html", "canonical", what, mend)
        base = self.trees[ERROR_PAGE].css_first("base") if ERROR_PAGE in self.trees else None
        expected = urlsplit(self.address).path
        if base is not None and base.attributes.get("href") != expected:
            what = f"the error page takes its links from {base.attributes.get('href')}, not from {expected}"
            yield self.fault(ERROR_PAGE, "<base", what, mend)
        listed = set(re.findall(r"<loc>([^<]+)</loc>", self.files.get("sitemap.xml", b"").decode("utf-8", "replace")))
        for address in sorted(listed):
            path = unquote(address.removeprefix(self.address))
            there = address.startswith(self.address) and finish.is_address(path)
            if not there or finish.target_of("index.html", path or "./") not in self.files:
                yield self.fault("sitemap.xml", address, f"the sitemap names {address}, which is not in the copy", mend)
        robots = self.files.get("robots.txt", b"").decode("utf-8", "replace")
        if re.search(r"(?im)^disallow:\s*/\s*$", robots):
            yield self.fault("robots.txt", "isallow", "search engines are told to stay away", "make the copy again")
        self.looked_at = f"{len(listed)} addresses of the sitemap, the error page and robots.txt, for {self.address}"

    def is_own(self, path: str) -> bool:
        """Whether a file is one that a copy adds to the guide, or changes."""
        return stamp.is_own(path)


CHECKS: tuple[tuple[str, str, bool, Callable[[_Copy], Iterator[Fault]]], ...] = (
    ("foreign", "Nothing is loaded from another company", True, _Copy.foreign),
    ("cookies", "No cookies, nothing kept on the reader’s device", True, _Copy.cookies),
    ("policy", "Each page forbids scripts and files from elsewhere", True, _Copy.policy),
    ("help", "988 and 911 come first on every page", True, _Copy.help_lines),
    ("text", "The guide’s words are unchanged", True, _Copy.text),
    ("own", "The clinic’s places hold what its file says", True, _Copy.own),
    ("files", "No files that do not belong", True, _Copy.others),
    ("links", "No link inside the copy is broken", True, _Copy.links),
    ("contrast", "The clinic’s colors can be read", True, _Copy.contrast),
    ("address", "The copy knows its address", True, _Copy.addresses),
    ("dates", "Nothing is past its check date", False, _Copy.dates),
    ("notices", "The clinic’s notices are there", False, _Copy.notices),
)
"""Every check in the order of the report: id, title, whether it is a must, method."""
_RESTAMP = "make the copy again"
_NEEDED = f"(WCAG 2.2 asks for {contrast.NEEDED}:1)"


def _foreign(address: str) -> bool:
    address = address.strip()
    return bool(re.match(r"(?:[a-z][a-z0-9+.-]*:)?//|(?:https?|ftp|wss?|blob|javascript):", address, re.I))


def _in_comment(text: str, at: int) -> bool:
    """Whether a place in a script stands in a comment that begins its line; anything cleverer is taken for code."""
    line = text[text.rfind("\n", 0, at) + 1 : at].lstrip()
    return line.startswith(("//", "*", "/*"))


def _directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split(";") if part.strip()]
    directives: dict[str, list[str]] = {}
    for name, *values in parts:
        directives.setdefault(name.lower(), values)  # a browser takes the first of two
    return directives


def _weak(directives: dict[str, list[str]]) -> Iterator[str]:
    """What a policy allows that no copy needs."""
    if directives.get("default-src") != ["'none'"]:
        yield "the policy does not begin from nothing (default-src 'none')"
    for name, values in directives.items():
        for value in values:
            plain = value.lower()
            ours = plain in ("'none'", "'self'", "'script'") or plain.startswith("'sha256-")
            if not ours and not (name == "img-src" and plain == "data:"):
                yield f"the policy allows {value} in {name}"
    for value in directives.get("script-src", []):
        if value.lower().startswith("'sha256-"):
            yield f"the policy allows an inline script ({value[:20]}…)"


def _hidden(node: Any) -> bool:
    names = (node.attributes.get("class") or "").split()
    return "hidden" in node.attributes or node.attributes.get("aria-hidden") == "true" or "visually-hidden" in names


class _Balance(HTMLParser):
    """Whether every element that begins in a piece of HTML ends in it, and none ends that began before."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.right = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.right &= tag not in ("html", "head", "body", "main")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "svg" not in self.open:  # elsewhere a browser takes <div/> for <div>
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.right &= bool(self.open) and self.open.pop() == tag


def _whole(html: str) -> bool:
    parser = _Balance()
    parser.feed(html + "<!---->")  # whatever waits for its end now, a quote or a tag, would take in what follows
    return parser.right and not parser.open and not parser.rawdata


def _frame(html: str) -> str:
    """A page without what may differ between copies: the regions' content, and the line about its own text."""
    return stamp.empty(html)


def _first_difference(one: str, other: str) -> int:
    for number, (a, b) in enumerate(zip(one.split("\n"), other.split("\n"), strict=False), 1):
        if a != b:
            return number
    return 0


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
