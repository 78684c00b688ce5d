"""Fill the marked regions of finished pages: the neutral words of the guide, or a clinic's own details.

A region is a pair of comments, `<!--region brand--><!--/region-->`. Its content is the fragment of that name
in overrides/regions, and the markers stay, so a copy can be stamped again and its text compared with the
guide's. Everything outside the markers is passed on byte by byte: a copy costs no second render.

To add a region: write its fragment, with both the neutral and the clinic's words, and put the empty pair of
markers into a template (not into a script, a style or a title, where comments mean nothing). A fragment may
use `clinic` (a Profile, or none in the neutral guide), `root` (from the page to the top of the site: "./",
"../"), `path` (of the page's file) and `address` (of the page on the web; none where it is unknown).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, meta

from .faults import Fault, FaultsFound
from .profile import Profile
from .publish import MARKER, staging

FRAGMENTS = Path(__file__).resolve().parents[2] / "overrides" / "regions"
MARK = re.compile(r"<!--region ([a-z][a-z-]*)-->(.*?)<!--/region-->", re.DOTALL)
"""One region: its name and its content. Regions do not nest."""
ERROR_PAGE = "404.html"
STYLESHEET = "assets/clinic.css"
_ANY_MARKER = re.compile(r"<!--\s*/?\s*region\b[^>]*>?", re.IGNORECASE)


@dataclass(frozen=True)
class _Fragment:
    template: Template
    per_page: bool
    """Whether it says another thing on every page; all others are rendered once for each depth of folder."""


@cache
def _fragments() -> dict[str, _Fragment]:
    """Every fragment by the name of its region, compiled once."""
    environment = Environment(
        loader=FileSystemLoader(FRAGMENTS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found = {}
    for file in sorted(FRAGMENTS.glob("*.html")):
        variables = meta.find_undeclared_variables(environment.parse(file.read_text("utf-8")))
        found[file.stem] = _Fragment(environment.get_template(file.name), bool(variables & {"path", "address"}))
    return found


@dataclass(frozen=True)
class Page:
    """A page cut at its regions. `fixed` has one part more than there are regions; markers belong to it."""

    path: str
    fixed: tuple[str, ...]
    regions: tuple[str, ...]

    @classmethod
    def cut(cls, html: str, path: str) -> Page:
        """Cut a page. Raises FaultsFound for unknown regions, and for markers without partner or nested."""
        fixed, regions, faults = [], [], []
        paired: set[int] = set()
        at = 0

        def fault(offset: int, what: str, mend: str) -> None:
            faults.append(Fault(path, html.count("\n", 0, offset) + 1, what, mend))

        for found in MARK.finditer(html):
            if found[1] not in _fragments():
                known = ", ".join(sorted(_fragments()))
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
        return cls(path, tuple(fixed), tuple(regions))

    def contents(self, profile: Profile | None, done: dict[tuple[str, str], str] | None = None) -> Iterator[str]:
        """What stands in each region, in order. `done` keeps what was rendered before for the same profile."""
        done = {} if done is None else done
        root = "../" * self.path.count("/") or "./"
        for name in self.regions:
            fragment = _fragments()[name]
            key = (name, self.path if fragment.per_page else root)
            if key not in done:
                address = profile.site + _url(self.path) if profile and self.path != ERROR_PAGE else None
                done[key] = fragment.template.render(clinic=profile, root=root, path=self.path, address=address).strip()
            yield done[key]

    def fill(self, profile: Profile | None, done: dict[tuple[str, str], str] | None = None) -> str:
        """The whole page, each region filled."""
        parts = [self.fixed[0]]
        for content, after in zip(self.contents(profile, done), self.fixed[1:], strict=True):
            parts += (content, after)
        return "".join(parts)


def fill(html: str, profile: Profile | None, path: str) -> str:
    """Return a page with its regions filled for a clinic, or neutrally for None.

    `path` is the page's file in the site ("families/index.html"). Raises FaultsFound for unknown or broken
    regions.
    """
    return Page.cut(html, path).fill(profile)


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


def files(profile: Profile | None, pages: Iterable[str]) -> dict[str, bytes]:
    """The files beside the pages that depend on who publishes: path → content.

    `pages` are the paths of the site's HTML files. The neutral guide has no address, so it has no sitemap.
    """
    robots = "User-agent: *\nAllow: /\n"
    if profile is None:
        return {"robots.txt": robots.encode()}
    addresses = sorted(profile.site + _url(path) for path in pages if path != ERROR_PAGE)
    sitemap = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        *(f"<url><loc>{escape(address)}</loc></url>" for address in addresses),
        "</urlset>",
    ]
    # Only on screens: on paper the guide is black on white, whatever the accent.
    css = (
        f"@media screen {{ :root {{ --link: {profile.accent}; --deep: {profile.accent} }} }}\n"
        "@media screen and (prefers-color-scheme: dark) "
        f"{{ :root {{ --link: {profile.dark_accent}; --deep: {profile.accent} }} }}\n"
    )
    return {
        "robots.txt": f"{robots}\nSitemap: {profile.site}sitemap.xml\n".encode(),
        "sitemap.xml": ("\n".join(sitemap) + "\n").encode(),
        STYLESHEET: css.encode(),
    }


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
    others: tuple[str, ...]
    """All files that are not pages, by path; they are copied as they are."""

    @classmethod
    def read(cls, folder: Path) -> Site:
        """Read a finished site. Raises FaultsFound when the folder is not one."""
        mend = "build the guide first: python3 scripts/build.py"
        if not all(os.path.isfile(folder / name) for name in (MARKER, "index.html")):
            raise FaultsFound([Fault(str(folder), 0, "there is no finished guide in this folder", mend)])
        pages, others = [], []
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            path = file.relative_to(folder).as_posix()
            if file.suffix == ".html":
                try:
                    pages.append(Page.cut(file.read_bytes().decode("utf-8"), path))
                except UnicodeDecodeError:
                    raise FaultsFound([Fault(str(file), 0, "the page is not UTF-8 text", mend)]) from None
            else:
                others.append(path)
        if not any(page.regions for page in pages):
            raise FaultsFound([Fault(str(folder), 0, "its pages have no regions to fill", mend)])
        return cls(folder, tuple(pages), tuple(others))

    def made(self, profile: Profile) -> dict[str, bytes]:
        """Every file of a clinic's copy that is neither a filled page nor a file taken over: path → content."""
        return files(profile, [page.path for page in self.pages])

    def stamp(self, profile: Profile, out: Path) -> Summary:
        """Write a clinic's copy as `out`, which is replaced only when all is written. Raises FaultsFound."""
        source, target = self.folder.resolve(), out.resolve()
        if source == target or source in target.parents or target in source.parents:
            what = f"the copy would stand in the way of the guide in {self.folder}"
            raise FaultsFound([Fault(str(out), 0, what, "name a folder that is neither inside it nor around it")])
        made = self.made(profile)
        copied = [path for path in self.others if path not in made]
        done: dict[tuple[str, str], str] = {}
        with staging(out) as folder:
            try:
                everything = (*copied, *made, *(page.path for page in self.pages))
                for parent in {(folder / path).parent for path in everything}:
                    parent.mkdir(parents=True, exist_ok=True)
                for path in copied:
                    shutil.copyfile(self.folder / path, folder / path)
                for page in self.pages:
                    (folder / page.path).write_bytes(page.fill(profile, done).encode("utf-8"))
                for path, data in made.items():
                    (folder / path).write_bytes(data)
            except OSError as error:
                what = f"the copy cannot be written ({error.strerror or type(error).__name__})"
                mend = "check that there is room on the disk, then try again"
                raise FaultsFound([Fault(str(out), 0, what, mend)]) from error
        return Summary(out, len(self.pages), len(copied) + len(made) + len(self.pages))


def stamp_site(source: Path, profile: Profile, out: Path) -> Summary:
    """Write the clinic's copy of the finished site in `source` as `out`; `source` is only read.

    Raises FaultsFound when `source` is not a finished guide, or `out` may not be replaced.
    """
    return Site.read(source).stamp(profile, out)


def _url(path: str) -> str:
    """The address of a page below that of its site: "a/index.html" → "a/"."""
    return quote(re.sub(r"(^|/)index\.html$", r"\1", path))
