"""Reading a rendered page as a reader would: its passages and their sentences, with the citations they carry.

Works on the element tree that Python-Markdown builds, so code, links and bold need no special care.
Every later check (figures, claims, repeated sentences, reading grade) reads what this module returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from xml.etree.ElementTree import Element

CITE_TAG = "cite-mark"
"""The stand-in element that the citation pattern leaves in the tree until the page has been read."""

Kind = Literal["prose", "item", "cell", "heading", "label"]
"""prose: a paragraph · item: a list item · cell: of a table · heading · label: a block's title or a column head."""

_KINDS: dict[str, Kind] = {
    "p": "prose", "li": "item", "dd": "item", "td": "cell", "dt": "label", "th": "label", "caption": "label",
    "figcaption": "prose", "summary": "label", "div": "prose", "section": "prose", "aside": "prose",
    "blockquote": "prose", "figure": "prose",
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
}  # fmt: skip
_BLOCK_TAGS = {*_KINDS, "ul", "ol", "dl", "table", "thead", "tbody", "tr", "details", "hr", "pre", "nav"}
_SILENT_CLASSES = {"term-note", "visually-hidden", "footnote-ref", "footnote-backref", "headerlink"}
_SILENT_TAGS = {"svg", "script", "style", "pre"}
_LABEL_CLASSES = {"block-title", "picture-title", "care-title", "admonition-title", "contact-title"}

_MARK = re.compile("\ue000([0-9]+)\ue001")
_STASHED = re.compile("\x02[^\x03]*\x03")
_END = re.compile(r"[.!?]+[\"”’)\]]*((?:\s*\ue000[0-9]+\ue001)*)(?=\s|$)")
# Words that end in a full stop without ending a sentence.
_NEVER_LAST = re.compile(r"(?:^|[\s(])(?:Dr|Mr|Ms|Mrs|St|No|vs|e\.g|i\.e|etc|approx|[A-Z])\.$")
_SELDOM_LAST = re.compile(r"(?:^|[\s(])(?:U\.S|a\.m|p\.m)\.$")


@dataclass(frozen=True)
class Sentence:
    """One sentence as a reader sees it."""

    text: str
    kind: Kind
    blocks: frozenset[str]
    """Class names of everything that encloses it: "example", "steps", "care-now" …"""
    keys: tuple[str, ...]
    """What it cites, as written in the page: fact ids and claim ids."""
    place: str
    """The id of its passage, "p-3": the third passage of the page."""

    @cached_property
    def words(self) -> list[str]:
        """Its words in lower case, without punctuation; what comparing and counting is done on."""
        return words_of(self.text)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case: letters, digits and inner apostrophes."""
    return re.findall(r"[a-z0-9]+(?:[’'][a-z]+)*", text.lower())


@dataclass
class Passage:
    """A paragraph, list item, table cell or heading: the smallest block of text."""

    element: Element
    kind: Kind
    blocks: frozenset[str]
    text: str
    marks: list[Element]

    def sentences(self, place: str) -> list[Sentence]:
        """Its sentences in order; `place` is the id under which the passage can be linked."""
        result = []
        for piece in _split(self.text):
            keys = tuple(key for number in _MARK.findall(piece) for key in keys_of(self.marks[int(number)]))
            text = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(_MARK.sub(" ", piece).split()))
            if text or keys:
                result.append(Sentence(text, self.kind, self.blocks, keys, place))
        return result


def keys_of(mark: Element) -> list[str]:
    """The keys of one citation: `[@one; @two]` gives ["one", "two"]."""
    return mark.get("keys", "").split()


def passages(root: Element) -> list[Passage]:
    """Every passage below `root`, in reading order. The tree is not changed."""
    result: list[Passage] = []

    def walk(element: Element, blocks: frozenset[str]) -> None:
        classes = set((element.get("class") or "").split())
        if element.tag in _SILENT_TAGS or classes & _SILENT_CLASSES:
            return
        inside = blocks | classes
        kind: Kind = _KINDS.get(str(element.tag), "prose")
        if classes & _LABEL_CLASSES:
            kind = "label"
        elif kind == "prose" and element.tag == "p" and "in-item" in inside:
            kind = "item"
        if element.tag in ("li", "dd"):
            inside |= {"in-item"}
        marks: list[Element] = []
        text = ""

        def flush() -> None:
            nonlocal text, marks
            shown = _STASHED.sub("", text)
            if shown.strip():
                result.append(Passage(element, kind, inside, shown, marks))
            text, marks = "", []

        def inline(child: Element) -> None:
            nonlocal text
            if child.tag == CITE_TAG:
                text += f"\ue000{len(marks)}\ue001"
                marks.append(child)
            elif child.tag == "br":
                text += " "
            elif child.tag in _SILENT_TAGS or set((child.get("class") or "").split()) & _SILENT_CLASSES:
                pass
            else:
                text += child.text or ""
                for grandchild in child:
                    inline(grandchild)
                    text += grandchild.tail or ""

        text = element.text or ""
        for child in element:
            if child.tag in _BLOCK_TAGS:
                flush()
                walk(child, inside)
            else:
                inline(child)
            text += child.tail or ""
        flush()

    walk(root, frozenset())
    return result


def _split(text: str) -> Iterator[str]:
    """Cut a passage after each sentence; a citation after the full stop belongs to the sentence before it."""
    start = 0
    for match in _END.finditer(text):
        stop = match.start() + len(match[0]) - len(match[1])
        before = _MARK.sub("", text[start:stop])
        rest = text[match.end() :].lstrip()
        if rest and not match[1]:
            if _NEVER_LAST.search(before) or (_SELDOM_LAST.search(before) and not re.match(r"[\"“‘(]*[A-Z]", rest)):
                continue
            if not re.match(r"[\"“‘(\[*]*[A-Z0-9$\ue000]", rest):
                continue
        yield text[start : match.end()]
        start = match.end()
    if text[start:].strip():
        yield text[start:]


def locate(text: str, source: str) -> int:
    """The line of the Markdown `source` on which `text` begins, as well as that can be told; 0 if it is not there.

    Compares words only, so that bold, links and citations in between do not matter; words that the source does
    not hold (a title made by a block) fall away from the end until the rest is found.
    """
    wanted = words_of(text)
    found, lines = _source_words(source)
    for length in (min(len(wanted), 12), 6, 4, 3, 2, 1):
        head = wanted[:length]
        if head and len(head) == length and (at := _find(found, head)) is not None:
            return lines[at]
    return 0


def _source_words(source: str) -> tuple[list[str], list[int]]:
    found: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(source.split("\n"), 1):
        plain = re.sub(r"\[@[^\]]*\]|\]\([^)]*\)|\{[^}]*\}|\[\?", " ", line)
        for word in words_of(plain):
            found.append(word)
            lines.append(number)
    return found, lines


def _find(found: list[str], wanted: list[str]) -> int | None:
    first = wanted[0]
    for at, word in enumerate(found):
        if word == first and found[at : at + len(wanted)] == wanted:
            return at
    return None
