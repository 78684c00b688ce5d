"""Fill the marked regions of finished pages: the neutral words of the guide, or a clinic's own details.

A region is a pair of comments, `<!--region brand--><!--/region-->`. Its content is the fragment of that name
in overrides/regions, and the markers stay, so a copy can be stamped again and its text compared with the
guide's. Everything outside the markers is passed on byte by byte: a copy costs no second render.

To add a region: write its fragment, with both the neutral and the clinic's words, and put the empty pair of
markers into a template (not into a script, a style or a title, where comments mean nothing), or, inside the text
of a page, `/// clinic | NAME` for the fragment clinic-NAME. A fragment may use `clinic` (a Profile, or none in the
neutral guide), `view` (what is worked out from it: view.py), `root` (from the page to the top of the site: "./",
"../") and `here` (this page: its path, address, title, dates). Who names `here` gets a fragment of its own for every
shape of page (view.py), which costs time in a network. A file whose name begins with _ is a part of some fragments.

The page "Our program" is the frame of one of the guide's own pages with a region in place of its text.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from html import unescape
from pathlib import Path
from xml.sax.saxutils import escape

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, meta
from markupsafe import escape as as_html

from . import fields, structured, timetable
from .faults import Fault, FaultsFound
from .profile import Profile
from .publish import MARKER, staging
from .view import (
    CHECKSUM,
    DESCRIPTION,
    ERROR_PAGE,
    OWN_PAGE,
    SEARCH_FILE,
    STYLESHEET,
    TITLE,
    URL,
    PageFacts,
    Pattern,
    View,
    is_reviewed,
    outline,
    url,
)

FRAGMENTS = Path(__file__).resolve().parents[2] / "overrides" / "regions"
MARK = re.compile(r"<!--region ([a-z][a-z-]*)-->(.*?)<!--/region-->", re.DOTALL)
"""One region: its name and its content. Regions do not nest."""
INFO, CARD = "info.html", "link-card.html"
"""What a clinic hands on (share.py); it stands beside the pages, with regions like theirs."""
NOT_LISTED = (ERROR_PAGE, INFO, CARD)
"""Pages that no search engine is told of."""
OWN_FOLDERS = ("our-program/", "assets/clinic/")
"""Everything below belongs to the clinic, not to the guide."""
OWN_FILES = frozenset({STYLESHEET, SEARCH_FILE, "sitemap.xml", "robots.txt"})
_FRAME = "help-now/index.html"
"""The page whose frame the clinic's own page gets; the templates link to it everywhere, so it is always there."""
_DESCRIPTION = "Times, places, costs, people and how to start, as the clinic gives them."
_ANY_MARKER = re.compile(r"<!--\s*/?\s*region\b[^>]*>?", re.IGNORECASE)
_PER_PAGE = {"here"}


def is_own(path: str) -> bool:
    """Whether a file of a copy is the clinic's alone, and has no counterpart in the guide."""
    return path in OWN_FILES or path.startswith(OWN_FOLDERS)


@dataclass(frozen=True)
class _Fragment:
    template: Template
    per_page: bool
    """Whether it says another thing on every page; all others are rendered once for each depth of folder."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FRAGMENTS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "tel": fields.tel,
        "sms": lambda number: fields.tel(number).replace("tel:", "sms:"),
        "days": timetable.days_words,
        "hours": timetable.hours_words,
        "hours_a_week": timetable.hours_a_week,
        "span": timetable.span_words,
        "date": timetable.date_words,
        "places": lambda track, clinic: clinic.places(track),
        "closed": lambda track, clinic: [day for day in clinic.closed_for(track) if day not in clinic.closed],
        "anchor": lambda thing, clinic: clinic.id_of(thing),
        "calendar": lambda track, view: view.calendar_of(track),
    }
    return environment


@cache
def fragment_names() -> tuple[str, ...]:
    """The names of all regions, from A to Z."""
    return tuple(sorted(file.stem for file in FRAGMENTS.glob("[!_]*.html")))


@cache
def _fragment(name: str) -> _Fragment:
    """The fragment of a region, read and compiled when it is first needed: the neutral guide shows only some."""
    environment, file = _environment(), FRAGMENTS / f"{name}.html"
    tree = environment.parse(file.read_text("utf-8"), name, str(file))
    per_page = bool(meta.find_undeclared_variables(tree) & _PER_PAGE)
    compiled = environment.compile(tree, name, str(file))
    return _Fragment(Template.from_code(environment, compiled, environment.make_globals(None)), per_page)


def _facts(html: str) -> PageFacts:
    """What the regions may say of a page: it stands in the page itself."""

    def first(pattern: str) -> str:
        found = re.search(pattern, html, re.DOTALL)
        return unescape(found[1]) if found else ""

    checksum = first(r'<meta name="text-checksum" content="([^"]*)">')
    checked = first(r'<p class="checked"[^>]*>Checked <time datetime="([0-9-]{10})"')
    return PageFacts(
        title=re.sub(r" – [^–]*$", "", first(r"<title>(.*?)</title>")),
        description=first(r'<meta name="description" content="([^"]*)">'),
        checked=date.fromisoformat(checked) if checked else None,
        checksum=checksum,
        changed=bool(checksum) and "<main" in html and text_checksum(html) != checksum,
    )


Pieces = bytes | tuple[bytes | int, ...]
"""A rendered fragment; where it has words of the page itself, cut there, each as an index of `Page.words`."""
Rendered = dict[tuple[object, object], list[Pieces]]
"""What was rendered for one clinic: all regions of pages of a shape, and each region by its name and shape or depth."""


@dataclass(frozen=True)
class Page:
    """A page cut at its regions. `fixed` has one part more than there are regions; markers belong to it."""

    path: str
    fixed: tuple[str, ...]
    regions: tuple[str, ...]
    facts: PageFacts = field(default_factory=PageFacts)

    @classmethod
    def cut(cls, html: str, path: str) -> Page:
        """Cut a page. Raises FaultsFound for unknown regions, and for markers without partner or nested."""
        fixed, regions, faults = [], [], []
        paired: set[int] = set()
        at = 0

        def fault(offset: int, what: str, mend: str) -> None:
            faults.append(Fault(path, html.count("\n", 0, offset) + 1, what, mend))

        for found in MARK.finditer(html):
            if found[1] not in fragment_names():
                known = ", ".join(fragment_names())
                what = f"the region “{found[1]}” is not known"
                fault(found.start(), what, f"use one of {known}, or add its fragment")
            fixed.append(html[at : found.start(2)])
            regions.append(found[1])
            at = found.end(2)
            paired |= {found.start(), found.end(2)}
        fixed.append(html[at:])
        for marker in _ANY_MARKER.finditer(html):
            if marker.start() not in paired:
                what = f"the marker “{marker[0][:60]}” has no partner, or stands inside a region"
                fault(marker.start(), what, "write <!--region name--><!--/region-->, one after the other")
        if faults:
            raise FaultsFound(faults)
        return cls(path, tuple(fixed), tuple(regions), _facts(html))

    @cached_property
    def raw(self) -> tuple[bytes, ...]:
        """`fixed` as bytes, made once for any number of copies."""
        return tuple(part.encode() for part in self.fixed)

    @cached_property
    def words(self) -> tuple[bytes, ...]:
        """What is put into the places of a `Pattern`, in the order of `_PLACES`, as HTML and then as JSON in HTML."""
        facts = self.facts
        texts = facts.title, facts.description, facts.checksum[7:19], url(self.path)
        as_json = (structured.escaped(text) for text in texts)
        return tuple(text.encode() for text in (*(str(as_html(text)) for text in texts), *as_json))

    @cached_property
    def outline(self) -> tuple[object, ...]:
        """What decides how its regions read, as far as that does not depend on the clinic."""
        return outline(self.path, self.facts)

    def fill(self, view: View | None, done: Rendered | None = None) -> bytes:
        """The whole page, each region filled. `done` keeps what was rendered before for the same clinic."""
        done = {} if done is None else done
        shape = self.outline, is_reviewed(view, self.path, self.facts)
        if (plan := done.get((self.regions, shape))) is None:
            plan = done[self.regions, shape] = [self._pieces(name, view, shape, done) for name in self.regions]
        words = self.words
        parts = [b""] * (2 * len(plan) + 1)
        parts[::2] = self.raw
        parts[1::2] = [
            pieces  # nearly always: only a few fragments have words of the page itself
            if isinstance(pieces, bytes)
            else b"".join([piece if isinstance(piece, bytes) else words[piece] for piece in pieces])
            for pieces in plan
        ]
        return b"".join(parts)

    def _pieces(self, name: str, view: View | None, shape: object, done: Rendered) -> Pieces:
        """What stands in a region of this page and of all pages of its shape, rendered once."""
        fragment = _fragment(name)
        root = "../" * self.path.count("/") or "./"
        key = (name, shape if fragment.per_page else root)
        if key not in done:
            here = Pattern(view, self.path, self.facts)
            clinic = view.profile if view else None
            text = fragment.template.render(clinic=clinic, view=view, root=root, here=here)
            done[key] = [_cut_at_places(text.strip())]
        return done[key][0]


_PLACES = (TITLE, DESCRIPTION, CHECKSUM, URL)
_PLACE = re.compile(f"({'|'.join(_PLACES)})")
_DATA = re.compile(r'(<script type="application/ld\+json">.*?</script>)', re.DOTALL)


def _cut_at_places(text: str) -> Pieces:
    if not _PLACE.search(text):
        return text.encode()
    found: list[bytes | int] = []
    for part in _DATA.split(text):
        shift = len(_PLACES) if part.startswith("<script") else 0
        for piece in _PLACE.split(part):
            found.append(_PLACES.index(piece) + shift if piece in _PLACES else piece.encode())
    return tuple(found)


def fill(html: str, profile: Profile | None, path: str, done: Rendered | None = None) -> str:
    """Return a page with its regions filled for a clinic, or neutrally for None.

    `path` is the page's file in the site ("families/index.html"); `done` keeps what was rendered before for the same
    profile. Raises FaultsFound for unknown or broken regions.
    """
    return Page.cut(html, path).fill(View(profile) if profile else None, done).decode()


def empty(html: str) -> str:
    """Return a page with nothing between its markers: what is left is the same in every copy."""
    return MARK.sub(r"<!--region \1--><!--/region-->", html)


def text_checksum(html: str) -> str:
    """The checksum of a page's main text: "sha256-" and the digits for all inside <main>, regions emptied.

    It is the same in every copy of the guide as long as nobody changed the text. Raises FaultsFound if there
    is no <main>, for then there is nothing to vouch for.
    """
    start, end = html.find("<main"), html.rfind("</main>")
    if not 0 <= start < end:
        mend = "give its template one: the checksum is of what is inside"
        raise FaultsFound([Fault("the page", 0, "it has no <main>", mend)])
    inside = html[html.index(">", start) + 1 : end]
    return "sha256-" + hashlib.sha256(empty(inside).encode("utf-8")).hexdigest()


def with_checksum(html: str) -> str:
    """Return a page with its checksum in its head, where a copy's audit and the regions read it.

    Raises FaultsFound if there is no <main>.
    """
    return html.replace("</head>", f'<meta name="text-checksum" content="{text_checksum(html)}">\n</head>', 1)


def files(profile: Profile | None, pages: Iterable[str]) -> dict[str, bytes]:
    """The files beside the pages that depend on who publishes: path → content.

    `pages` are the paths of the site's HTML files. The neutral guide has no address, so it has no sitemap.
    """
    return _files(View(profile) if profile else None, pages)


def _files(view: View | None, pages: Iterable[str]) -> dict[str, bytes]:
    robots = "User-agent: *\nAllow: /\n"
    if view is None:
        return {"robots.txt": robots.encode()}
    made = view.files()
    # A sitemap lists the addresses that search engines shall show; of those that are another's it says nothing.
    own = (path for path in {*pages, *([OWN_PAGE] if view.profile.has_page else [])} if path not in NOT_LISTED)
    addresses = sorted(address for path in own if (address := view.address(path)) and address == view.canonical(path))
    if addresses:
        made["sitemap.xml"] = "\n".join([
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
            *(f"<url><loc>{escape(address)}</loc></url>" for address in addresses),
            "</urlset>\n",
        ]).encode()  # fmt: skip
        robots += f"\nSitemap: {view.profile.site}sitemap.xml\n"
    made["robots.txt"] = robots.encode()
    return made


@dataclass(frozen=True)
class Summary:
    """What a stamp wrote."""

    out: Path
    pages: int
    files: int

    def __str__(self) -> str:
        return f"{self.out} holds the copy: {self.pages} pages, {self.files} files."


@dataclass(frozen=True)
class Site:
    """A finished site, read once; any number of copies can be made from it."""

    folder: Path
    pages: tuple[Page, ...]
    shared: tuple[str, ...]
    """All files that are the same in every copy, by path."""
    frame: Page | None
    """The clinic's own page, with nothing but a region for its text."""
    digest: str
    """Changes with anything in the folder that a copy is made from."""

    @classmethod
    def read(cls, folder: Path) -> Site:
        """Read a finished site. Raises FaultsFound when the folder is not one."""
        mend = "build the guide first: python3 scripts/build.py"
        if not all(os.path.isfile(folder / name) for name in (MARKER, "index.html")):
            raise FaultsFound([Fault(str(folder), 0, "there is no finished guide in this folder", mend)])
        pages, shared, frame = [], [], None
        digest = hashlib.sha256()
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            path = file.relative_to(folder).as_posix()
            if is_own(path):
                continue  # this site is a copy itself; another clinic's files do not belong into the next
            data = file.read_bytes()
            if file.suffix == ".html":
                try:
                    page = Page.cut(data.decode("utf-8"), path)
                except UnicodeDecodeError:
                    raise FaultsFound([Fault(str(file), 0, "the page is not UTF-8 text", mend)]) from None
                pages.append(page)
                if path == _FRAME:
                    frame = _frame(data.decode("utf-8"))
                data = "".join(page.fixed).encode()  # what is inside the regions comes from the clinic
            else:
                shared.append(path)
            digest.update(f"\0{path}\0{len(data)}\0".encode() + data)
        if not any(page.regions for page in pages):
            raise FaultsFound([Fault(str(folder), 0, "its pages have no regions to fill", mend)])
        return cls(folder, tuple(pages), tuple(shared), frame, digest.hexdigest())

    def made(self, profile: Profile) -> Iterator[tuple[str, bytes]]:
        """Every file of a clinic's copy that is not shared: (path, content), pages first."""
        view, done = View(profile), Rendered()
        for page in self.pages:
            yield page.path, page.fill(view, done)
        made = _files(view, [page.path for page in self.pages])
        if self.frame and profile.has_page:
            own = self.frame.fill(view, done)
            made |= {OWN_PAGE: own} | view.search_file(own.decode())
        yield from made.items()

    def stamp(self, profile: Profile, out: Path, link: bool = False) -> Summary:
        """Write a clinic's copy as `out`, which is replaced only when all is written. Raises FaultsFound.

        With `link` the shared files are the very files of the guide under a second name, where the system can do that:
        a copy of the guide then needs no room for them.
        """
        source, target = self.folder.resolve(), out.resolve()
        if source == target or source in target.parents or target in source.parents:
            what = f"the copy would stand in the way of the guide in {self.folder}"
            raise FaultsFound([Fault(str(out), 0, what, "name a folder that is neither inside it nor around it")])
        pages = count = 0
        known: set[str] = set()
        with staging(out) as folder:
            try:
                for path in self.shared:
                    _parent(folder, path, known)
                    _bring(self.folder / path, folder / path, link)
                for path, data in self.made(profile):
                    _parent(folder, path, known)
                    (folder / path).write_bytes(data)
                    count += 1
                    pages += path.endswith(".html")
            except OSError as error:
                what = f"the copy cannot be written ({error.strerror or type(error).__name__})"
                mend = "check that there is room on the disk, then try again"
                raise FaultsFound([Fault(str(out), 0, what, mend)]) from error
        return Summary(out, pages, count + len(self.shared))


def _parent(folder: Path, path: str, known: set[str]) -> None:
    parent = path.rpartition("/")[0]
    if parent not in known:
        (folder / parent).mkdir(parents=True, exist_ok=True)
        known.add(parent)


def _bring(source: Path, target: Path, link: bool) -> None:
    if link:
        try:
            os.link(source, target)
            return
        except OSError:
            pass  # another disk, or a system without links: a copy is as good
    shutil.copyfile(source, target)


def _frame(html: str) -> Page:
    """The clinic's own page from a page of the guide: its head and foot, and in between one region.

    Raises FaultsFound when the page has lost a part that has to be exchanged.
    """
    exchanged = (
        (r"<title>.*? – ", "<title>Our program – "),
        (r'(<meta name="description" content=")[^"]*', rf"\g<1>{_DESCRIPTION}"),
        (r'<meta name="text-checksum" content="[^"]*">\n?', ""),
        (r"(<main[^>]*>).*</main>", r"\1\n<!--region our-program--><!--/region-->\n</main>"),
    )
    for pattern, by in exchanged:
        html, count = re.subn(pattern, by, html, count=1, flags=re.DOTALL)
        if not count:
            what = f"the page lacks a part that “Our program” is made from ({pattern[:30]})"
            raise FaultsFound([Fault(_FRAME, 0, what, "look for it in overrides/base.html, and in _frame of stamp.py")])
    before, main, after = html.partition("<main")
    before = re.sub(r' aria-current="(?:page|true)"', "", before)
    facts = replace(_facts(html), title="Our program", checked=None, checksum="", changed=False)
    return replace(Page.cut(before + main + after, OWN_PAGE), facts=facts)


def copy(site: Site | Path, profile: Profile, out: Path, link: bool = False) -> Summary:
    """Write the clinic's copy of a finished site as `out`; the site is only read.

    Raises FaultsFound when the site is not a finished guide, or `out` may not be replaced.
    """
    return (Site.read(site) if isinstance(site, Path) else site).stamp(profile, out, link)
