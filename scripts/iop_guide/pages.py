"""A page before it is rendered: its Markdown and the front matter that every page must have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from .faults import Fault, FaultsFound
from .yamlfile import Location, Strict, parse, read_text, unseen

MAX_BYTES = 200_000
"""Twenty times a long page of ours. Past it, something other than a page was saved under the name."""
_FRONT_MATTER = re.compile(r"\A---[ ]*\n(.*?\n)---[ ]*\n", re.S)


class FrontMatter(Strict):
    """What stands between the two `---` lines at the top of a page."""

    title: Annotated[str, Field(min_length=2, max_length=80)]
    description: Annotated[str, Field(min_length=20, max_length=150)]
    audience: Literal["patient", "family", "clinic"]
    topic: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    checked: date
    check_again: date
    heading: Annotated[str, Field(min_length=2, max_length=120)] | None = None
    """The title on the page itself, where it is longer than in lists and tabs."""
    kind: Literal["normal", "home", "search"] = "normal"
    listing: Literal[
        "claims", "glossary", "studies", "reviews", "laws", "guidelines", "agencies-a-l", "agencies-m-z",
        "organizations-a-l", "organizations-m-z", "clinics", "companies", "news-and-law-firms",
    ] | None = None  # fmt: skip
    """The list from data that follows the page's own text; search leaves it out."""
    danger: bool = False
    """True for pages on suicide, self-harm, abuse or withdrawal: they must open with help."""
    quick_exit: bool = False
    """True for pages that someone near the reader must not see: they get a link that leaves the site at once."""
    hand_out: bool = False
    """True for a sheet made to be handed over: large print, two sheets of Letter paper at most."""
    template: Annotated[str, Field(pattern=r"^[a-z-]+\.html$")] | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> FrontMatter:
        if self.check_again <= self.checked:
            raise ValueError("check_again must be later than checked")
        return self


@dataclass(frozen=True)
class Page:
    """One Markdown file of `docs/en`, read and checked."""

    src: str
    """Its path below the pages folder, with forward slashes: "families/index.md"."""
    shown: str
    """Its path as messages name it: "docs/en/families/index.md"."""
    source: str
    """The whole file, front matter included, so that line numbers are the file's own."""
    meta: FrontMatter
    lines: dict[Location, int]
    """The line of each front matter key: `lines[("title",)]`."""

    @property
    def body(self) -> str:
        """The Markdown with the front matter blanked out line for line."""
        match = _FRONT_MATTER.match(self.source)
        return "\n" * match[0].count("\n") + self.source[match.end() :] if match else self.source


def read_page(path: Path, src: str, shown: str) -> Page:
    """Read one page. Raises FaultsFound with all that is wrong with its bytes and its front matter."""
    source = read_text(path, shown, MAX_BYTES)
    match = _FRONT_MATTER.match(source)
    if not match:
        raise FaultsFound(
            [
                Fault(
                    shown,
                    1,
                    "the page has no front matter",
                    "begin it with ---, then title, description, audience, topic, checked, check_again, then ---",
                )
            ]
        )
    if faults := unseen(source, shown):
        raise FaultsFound(faults)
    meta, lines = parse(match[1], shown, FrontMatter, first_line=2)
    return Page(src, shown, source, meta, lines)


def read_pages(folder: Path, shown: str) -> tuple[list[Page], list[Fault]]:
    """Read every Markdown file below the folder, in path order: the good pages, and the faults of the others."""
    pages: list[Page] = []
    faults: list[Fault] = []
    for path in sorted(folder.rglob("*.md")):
        src = path.relative_to(folder).as_posix()
        try:
            pages.append(read_page(path, src, f"{shown}/{src}"))
        except FaultsFound as found:
            faults += found.faults
    return pages, faults
