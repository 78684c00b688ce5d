"""One build of the guide, from evidence to finished site, whatever engine renders the pages in between.

The engine's hooks call these methods in order; each takes and returns plain data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from markdown.extensions import Extension

from . import finish, lint, publish, search, share, stamp, trace
from .beside import beside
from .blocks import GuideBlocks
from .citations import CitationsExtension
from .evidence import Evidence, read_evidence
from .faults import Fault, FaultsFound
from .pages import Page, read_pages

PAGES = "docs/en"
EVIDENCE = "docs/evidence"


@dataclass
class Memory:
    """What the preview keeps from one build to the next."""

    made_from: str = ""
    """Changes with what all pages depend on: evidence, pictures, and which pages there are."""
    evidence: Evidence | None = None
    pages: dict[str, tuple[str, trace.Told]] = field(default_factory=dict)
    """By source path: the source as it was, and what it became."""
    checked: dict[str, tuple[str, list[Fault], float]] = field(default_factory=dict)
    """By source path: the source as it was, its faults and its reading grade."""


@dataclass(frozen=True)
class Findings:
    """What can be found when all pages are read and none has been put into its template yet."""

    faults: list[Fault]
    grades: dict[str, float]
    """By source path: the reading grade; 0.0 where a page is too short for one."""
    words: int
    search: dict[str, bytes]
    """The files of the search by path."""


@dataclass
class Guide:
    """A build under way."""

    root: Path
    memory: Memory
    is_preview: bool
    evidence: Evidence
    pages: dict[str, Page]
    """By source path: "families/index.md"."""
    faults: list[Fault]
    citations: CitationsExtension
    blocks: GuideBlocks
    css: str
    told: dict[str, trace.Told] = field(default_factory=dict)
    traced: dict[str, Any] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    findings: Callable[[], Findings] | None = None
    rendered: stamp.Rendered = field(default_factory=dict)

    @classmethod
    def begin(cls, root: Path, kept: Memory | None = None) -> Guide:
        """Read evidence and pages; in a preview, take from what it `kept` all that is as it was in the build before.

        Raises FaultsFound when either cannot be built from.
        """
        memory = kept if kept is not None else Memory()
        made_from = _made_from(root)
        if memory.made_from != made_from or memory.evidence is None:
            memory.made_from, memory.pages, memory.checked = "", {}, {}
            memory.evidence = read_evidence(root / EVIDENCE, EVIDENCE)
            memory.made_from = made_from
        evidence = memory.evidence
        pages, faults = read_pages(root / PAGES, PAGES)
        if faults:
            raise FaultsFound(faults)  # a page that cannot be read cannot be rendered
        return cls(
            root=root,
            memory=memory,
            is_preview=kept is not None,
            evidence=evidence,
            pages={page.src: page for page in pages},
            faults=[],
            citations=CitationsExtension(evidence),
            blocks=GuideBlocks(evidence, root / "overrides" / "pictures"),
            css=finish.plain_css((root / "overrides" / "assets" / "guide.css").read_text("utf-8")),
        )

    def extensions(self) -> list[Extension]:
        """Our Markdown extensions; the engine adds them to those of its own configuration."""
        return [self.citations, self.blocks]

    def template_data(self) -> dict[str, Any]:
        """What every template may use, as plain lists and dictionaries."""
        lines = [
            line.model_dump(mode="json", by_alias=True)
            | {"ways": [way.model_dump() | {"href": way.href} for way in line.ways]}
            for line in self.evidence.help_lines.values()
        ]
        return {"help": {"lines": lines}, "policy": finish.POLICY}

    def check_nav(self, sections: dict[str, str], found: Iterable[str], config_nav: Any) -> None:
        """Every page stands in the nav, and the nav names only pages that exist.

        `sections` gives the name of its section (or nothing) for each page that the nav lists, in the nav's order.
        """
        self.sections = sections
        if not config_nav:  # the engine would make one up, in the order of the file names
            self.faults.append(Fault("mkdocs.yml", 0, "there is no nav", "list every page under “nav:”"))
        listed, found = set(sections), set(found)
        for src in sorted(found - listed):
            self.faults.append(
                Fault(f"{PAGES}/{src}", 0, "the page stands nowhere in the nav of mkdocs.yml", "add it there")
            )
        config = (self.root / "mkdocs.yml").read_text("utf-8").split("\n")
        for src in sorted(set(_nav_files(config_nav)) - found):
            line = next((n for n, text in enumerate(config, 1) if src in text), 0)
            self.faults.append(
                Fault(
                    "mkdocs.yml",
                    line,
                    f"the nav names “{src}”, which does not exist",
                    "check the name, or write the page",
                )
            )

    def remembers(self, src: str) -> bool:
        """Whether a build before this one in the same process has rendered this very page."""
        return src in self.memory.pages and self.memory.pages[src][0] == self.pages[src].source

    def after_page(self, src: str, url: str, html: str, contents: Any) -> trace.Told:
        """Take in what the page just rendered says, or what memory holds of it."""
        if not self.remembers(src):
            place = url if url not in (".", "./") else ""
            told = trace.Told(self.pages[src].meta.title, place, self.citations.page_text, html, contents)
            self.memory.pages[src] = (self.pages[src].source, told)
        self.told[src] = self.memory.pages[src][1]
        return self.told[src]

    def all_read(self) -> dict[str, Any]:
        """When every page has been read and before any is put into its template: the trace, and the checks begin."""
        if self.is_preview:  # its process has other threads, and remembers what it checked
            found = self._find()
            self.findings = lambda: found
        else:
            self.findings = beside(self._find)
        self.traced = trace.trace(self.told.values(), self.evidence)
        terms = self._terms()
        return {"trace": self.traced, "terms": terms, "a_to_z": search.a_to_z(self._search_pages(), terms)}

    def _find(self) -> Findings:
        reads = {src: lint.Read(self.pages[src], told.text, self.evidence) for src, told in self.told.items()}
        checked = self.memory.checked
        for src, read in reads.items():
            if src not in checked or checked[src][0] != read.page.source:
                checked[src] = (read.page.source, lint.check_page(read), read.grade)
        faults = [fault for src in reads for fault in checked[src][1]]
        words, texts = self.evidence.words, {told.url: told.html for told in self.told.values()}
        return Findings(
            faults=faults + lint.check_guide(list(reads.values()), self.evidence),
            grades={src: checked[src][2] for src in reads},
            words=sum(len(sentence.words) for told in self.told.values() for sentence in told.text.sentences),
            search=search.files(texts, words.synonyms, words.danger, self._search_pages(), self._terms()),
        )

    def finish_page(self, html: str, path: str) -> str:
        """One page as it is published: its text's checksum, then the neutral profile in its regions.

        A page with broken regions comes back unfilled; its faults are told with all others at the end.
        """
        try:
            html = stamp.with_checksum(html)
            return stamp.fill(finish.style_in_page(html, self.css), None, path, self.rendered)
        except FaultsFound as found:
            page = next((page for src, page in self.pages.items() if _output(src) == path), None)
            shown = page.shown if page else f"site/{path}"  # the line is one of the HTML: it would mislead here
            self.faults += [Fault(shown, 0, fault.what, fault.mend) for fault in found.faults]
            return finish.style_in_page(html, self.css)

    def finish_site(self, folder: Path) -> list[str]:
        """Write what belongs to the whole site, then check every file. Returns what was built, in a few sentences.

        Raises FaultsFound if anything is wrong, with the faults of every page.
        """
        assert self.findings
        found = self.findings()
        self.faults += found.faults
        made = found.search | trace.published(self.traced, self.evidence)
        essentials = folder / share.ESSENTIALS
        for path, data in (share.files(essentials.read_text("utf-8")) if essentials.exists() else {}).items():
            (folder / path).write_bytes(data)
        for script in (folder / "assets").glob("*.js"):
            script.write_text(finish.plain_script(script.read_text("utf-8")), "utf-8")
        html = [p.relative_to(folder).as_posix() for p in folder.rglob("*.html")]
        made |= finish.header_files((folder / path).read_text("utf-8") for path in html)
        # A sitemap needs the site's address, so the stamp writes it; the stylesheet stands in the pages.
        for not_shipped in ("sitemap.xml", "sitemap.xml.gz", "assets/guide.css"):
            (folder / not_shipped).unlink(missing_ok=True)
        made |= stamp.files(None, html)
        for path, data in made.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        publish.mark(folder)  # here, so that a plain `mkdocs build` gives the same bytes
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
        by_output = {_output(src): page for src, page in self.pages.items()}
        faults, weights = finish.check_site(files, by_output)
        self.faults += faults
        if self.faults:
            raise FaultsFound(self.faults)
        return self._summary(found, weights)

    def _summary(self, found: Findings, weights: list[finish.Weight]) -> list[str]:
        grades = {src: grade for src, grade in found.grades.items() if grade}
        highest, hardest = max(((grade, src) for src, grade in grades.items()), default=(0.0, "no page is long enough"))
        counts, still_open = self.traced["counts"], self.evidence.open_claims
        left = f"; {len(still_open)} are still open: {', '.join(still_open)}" if still_open else ""
        heaviest = max(weights, key=lambda weight: weight.first_view)
        blocking = max(weight.blocking for weight in weights)
        return [
            f"{len(self.pages)} pages, {found.words:,} words, reading grade {median(grades.values() or [0]):.1f} "
            f"(highest {highest}: {hardest})",
            f"{counts['carried']} article claims carried, {counts['facts']} facts cited{left}",
            f"largest first view {heaviest.first_view:,} bytes gzip, {blocking:,} before the first paint "
            f"({heaviest.path})",
        ]

    def _search_pages(self) -> list[dict[str, Any]]:
        return [
            {
                "location": _url(src), "title": page.meta.title, "description": page.meta.description,
                "section": self.sections.get(src, ""), "whole_text": page.meta.listing is None,
                "weight": _search_weight(src, page),
            }
            for src, page in ((src, self.pages[src]) for src in self.sections if src in self.pages)
            if page.meta.kind != "search"
        ]  # fmt: skip

    def _terms(self) -> list[dict[str, Any]]:
        """Each term once, from A to Z, with its anchor in the glossary and the page that explains it best."""
        by_name = {term.term: term for term in self.evidence.terms.values()}
        unique = sorted(by_name.values(), key=lambda term: term.term.lower())
        return [
            term.model_dump()
            | {
                "id": "term-" + re.sub(r"[^a-z0-9]+", "-", term.term.lower()).strip("-"),
                "url": _url(term.page),
                "title": self.pages[term.page].meta.title if term.page in self.pages else "",
            }
            for term in unique
        ]


def _made_from(root: Path) -> str:
    """Changes whenever evidence, a picture or the list of pages does."""
    files = [*(root / EVIDENCE).glob("*.yml"), *(root / "overrides" / "pictures").iterdir()]
    times = [f"{path}{path.stat().st_mtime_ns}" for path in sorted(files)]
    return "\n".join([*times, *(str(path) for path in sorted((root / PAGES).rglob("*")))])


def _nav_files(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav] if nav.endswith(".md") else []
    items = nav.values() if isinstance(nav, dict) else nav
    return [src for item in items for src in _nav_files(item)]


def _output(src: str) -> str:
    """The HTML file of a Markdown file: "a/index.md" → "a/index.html", "a/b.md" → "a/b/index.html"."""
    stem = src.removesuffix(".md")
    return f"{stem}.html" if stem == "index" or stem.endswith("/index") else f"{stem}/index.html"


def _search_weight(src: str, page: Page) -> float:
    """Pages about the guide or for clinics answer few readers; hand-outs and the list of questions only lead on."""
    behind = src.startswith(("about/", "clinics/")) or page.meta.hand_out or page.meta.topic == "questions"
    return 0.6 if behind else 1.0


def _url(src: str) -> str:
    return _output(src).removesuffix("index.html")
