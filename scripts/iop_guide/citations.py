"""`[@fact-id]` and `[@a04]` in Markdown: numbered sources for readers, a trace for auditors.

`[@fact-id]` or `[@one; @two]` stands after the sentence it supports and becomes the numbers of its sources,
which the page lists at its foot. `[@a04]`, an article claim, shows nothing: it marks the sentence as carrying it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

from .blocks import FAULT
from .evidence import Evidence, Source
from .sentences import CITE_TAG, Sentence, keys_of, passages

_CITATION = r"\[@\s*([^\]\n]*?)\s*\]"
_TERM = r"\[\?([^\]\n]+)\]"
_MARKDOWN = "write it in Markdown, or give the outermost tag the attribute markdown"
_NOT_PROSE = re.compile(r"^\s*(?:<span class=\"twemoji|<div class=\"highlight|<pre|<svg|<script|<style)", re.I)
"""HTML that we or Material's own extensions made (icons, pictures, code), and what is refused anyway (finish.py)."""
_CLAIM_ID = re.compile(r"[a-d]\d\d")


def is_claim(key: str) -> bool:
    """Article claims are named by the article's letter and two digits: "a04"."""
    return _CLAIM_ID.fullmatch(key) is not None


@dataclass
class PageText:
    """What one page says: read from the finished tree, before templates."""

    sentences: list[Sentence] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    """For the template: number, title, quoted, publisher, year, kind, url, backs [{id, label}]."""
    headings: list[tuple[int, str]] = field(default_factory=list)
    """(level, text) of every heading, blocks' own headings included, in order."""
    terms: list[str] = field(default_factory=list)
    """Every `[?term]` as written, in order."""
    images: list[tuple[str, str]] = field(default_factory=list)
    """(address, alternative text) of every Markdown image."""
    notes: list[str] = field(default_factory=list)
    """Words that stand in attributes: alternative text, titles of links and images, abbreviations spelled out."""
    faults: list[tuple[str, str]] = field(default_factory=list)
    """(what, mend) of whatever a block found wrong with itself."""


class CitationsExtension(Extension):
    """Python-Markdown extension; after each conversion `page_text` holds what the page says."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__()
        self.evidence = evidence
        self.page_text = PageText()

    def extendMarkdown(self, md: Markdown) -> None:
        """Register the processors:

        | processor | registry       | name      | priority | why there                                          |
        |-----------|----------------|-----------|----------|----------------------------------------------------|
        | Citation  | inlinePatterns | citation  | 175      | after code spans (190), before references (170)    |
        | Term      | inlinePatterns | term      | 174      | the same                                           |
        | Reader    | treeprocessors | citations | 3        | last: headings have their ids (toc is 5)           |
        """
        md.registerExtension(self)
        md.inlinePatterns.register(_Citation(_CITATION, md), "citation", 175)
        md.inlinePatterns.register(_Term(_TERM, md, self), "term", 174)
        md.treeprocessors.register(_Reader(md, self), "citations", 3)

    def reset(self) -> None:
        """Forget the page before."""
        self.page_text = PageText()


class _Citation(InlineProcessor):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]
        mark = Element(CITE_TAG)
        keys = [re.sub(r"^@\s*", "", key.strip()) for key in m[1].split(";")]
        # A key with a space in it cannot be one of ours: joined, it is reported as unknown.
        mark.set("keys", " ".join(key.replace(" ", "_") for key in keys) if any(keys) else "(nothing)")
        return mark, m.start(0), m.end(0)


class _Term(InlineProcessor):
    def __init__(self, pattern: str, md: Markdown, extension: CitationsExtension) -> None:
        super().__init__(pattern, md)
        self.extension = extension

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]
        said = m[1].strip()
        self.extension.page_text.terms.append(said)
        holder = Element("span")
        term = self.extension.evidence.terms.get(said.lower())
        if term is None:
            holder.text = said  # lint reports it, with its line
            return holder, m.start(0), m.end(0)
        name = "term-" + re.sub(r"[^a-z0-9]+", "-", said.lower()).strip("-")
        button = SubElement(holder, "button", {"type": "button", "class": "term", "popovertarget": name})
        button.text = said
        note = SubElement(holder, "span", {"class": "term-note", "id": name, "popover": "auto"})
        note.text = term.meaning
        return holder, m.start(0), m.end(0)


class _Reader(Treeprocessor):
    def __init__(self, md: Markdown, extension: CitationsExtension) -> None:
        super().__init__(md)
        self.extension = extension

    def run(self, root: Element) -> None:
        page = self.extension.page_text
        numbering = _Numbering(self.extension.evidence)
        for number, passage in enumerate(passages(root), 1):
            place = f"p-{number}"
            sentences = passage.sentences(place)
            if passage.kind == "heading":
                page.headings.append((int(passage.element.tag[1]), " ".join(s.text for s in sentences)))
            if any(is_claim(key) for sentence in sentences for key in sentence.keys):
                # An id that is there already (a heading's) serves as well.
                place = passage.element.get("id") or place
                passage.element.set("id", place)
                sentences = passage.sentences(place)
            page.sentences += sentences
            for mark in passage.marks:
                numbering.replace(mark)
        _remove_unnumbered(root)
        page.notes = [
            said
            for e in root.iter()
            if e.get("class") != "footnote-backref"  # its title is the engine's
            for name in ("alt", "title")
            if (said := e.get(name, "").strip())
        ]
        page.faults += [(f"“{said}” stands in HTML, where no check reads it", _MARKDOWN) for said in self._unread()]
        page.images = [(image.get("src", ""), image.get("alt", "")) for image in root.iter("img")]
        for element in root.iter():
            if found := element.attrib.pop(FAULT, None):
                what, _, mend = found.partition("\n")
                page.faults.append((what, mend))
        page.sources = numbering.listed()
        _align_by_class(root)

    def _unread(self) -> Iterator[str]:
        """The first words of each piece of HTML that the writer wrote whole; its text never joins the tree."""
        for stashed in self.md.htmlStash.rawHtmlBlocks:
            if isinstance(stashed, str) and not _NOT_PROSE.search(stashed):
                words = html.unescape(re.sub(r"<!--.*?-->|<[^>]*>", " ", stashed, flags=re.S)).split()
                if any(re.search(r"\w", word) for word in words):
                    yield " ".join(words[:6])


class _Numbering:
    """Numbers the sources of one page in the order in which they are first cited."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.numbers: dict[str, int] = {}
        self.backs: dict[str, list[dict[str, str]]] = {}

    def replace(self, mark: Element) -> None:
        """Turn the stand-in into the numbers of its sources; one without any (a claim's) is left as it is."""
        sources: dict[str, Source] = {}
        for key in keys_of(mark):
            if key in self.evidence.facts:
                sources |= {source.id: source for source in self.evidence.shown_sources(key)}
        if not sources:
            return
        tail = mark.tail
        mark.clear()
        mark.tail = tail
        mark.tag = "sup"
        mark.set("class", "cite")
        for position, source_id in enumerate(sources):
            number = self.numbers.setdefault(source_id, len(self.numbers) + 1)
            backs = self.backs.setdefault(source_id, [])
            back = f"cite-{number}-{len(backs) + 1}"
            backs.append({"id": back, "label": chr(ord("a") + len(backs)) if len(backs) < 26 else str(len(backs) + 1)})
            if position:
                link_before = mark[-1]
                link_before.tail = " "
            link = SubElement(mark, "a", {"href": f"#source-{number}", "id": back, "aria-label": f"Source {number}"})
            link.text = str(number)

    def listed(self) -> list[dict[str, Any]]:
        result = []
        for source_id, number in self.numbers.items():
            source = self.evidence.sources[source_id]
            result.append(
                {
                    "number": number,
                    "title": source.title,
                    "quoted": source.title_exact,
                    "publisher": source.publisher,
                    "year": str(source.year) if source.year else "",
                    "kind": source.kind_words,
                    "url": source.url if source.link else "",
                    "backs": self.backs[source_id],
                }
            )
        return result


def _remove_unnumbered(root: Element) -> None:
    for parent in list(root.iter()):
        for mark in [child for child in parent if child.tag == CITE_TAG]:
            at = list(parent).index(mark)
            if mark.tail:
                if at:
                    parent[at - 1].tail = (parent[at - 1].tail or "") + mark.tail
                else:
                    parent.text = (parent.text or "") + mark.tail
            parent.remove(mark)


def _align_by_class(root: Element) -> None:
    """The tables extension aligns by a style attribute, which our security policy forbids: use classes instead."""
    for cell in (*root.iter("td"), *root.iter("th")):
        style = cell.attrib.pop("style", "") or ""
        if found := re.search(r"text-align:\s*(left|center|right)", style):
            cell.set("class", f"{cell.get('class', '')} align-{found[1]}".strip())
