"""The blocks that a writer uses without HTML: `/// in-short`, `/// care-now | Call 911 now if:` and the rest.

Each is a block of pymdownx.blocks: the opening line names it, `///` alone closes it, the body is Markdown.
CONTRIBUTING.md shows each with a picture.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from pymdownx.blocks import BlocksExtension
from pymdownx.blocks.block import Block, type_string

from .evidence import Evidence, HelpLine

ON_THIS_PAGE = "<!--on-this-page-->"
"""Stands where the template puts the page's list of contents: right after "In short"."""
CONTACT_REGION = "<!--region contact--><!--/region-->"
CLINIC_REGIONS = ("times", "cost", "team", "start", "online", "help")
"""What a clinic may say inside a page; each has its fragment clinic-NAME in overrides/regions."""

_OMITTED = "omit-"
"""Stands before the tag of a title that the list of contents leaves out."""

CARE = {
    # Urgency stands in words too, for readers who do not see the color (NHS care card pattern).
    "care-now": "Emergency: ",
    "care-soon": "Urgent: ",
    "care-plan": "Not urgent: ",
}
"""The care cards, and what a screen reader says before the title of each."""
FAULT = "data-fault"
"""The attribute in which a block leaves what is wrong with it."""


def fault(element: Element, what: str, mend: str) -> None:
    """Leave a fault on the element; the page's reader finds it there (citations.py) and takes it off."""
    element.set(FAULT, f"{what}\n{mend}")


class _Section(Block):
    """A section with a heading of its own; the heading has an id, so the page can link to it."""

    TITLE = ""
    LEVEL = "h2"

    def on_create(self, parent: Element) -> Element:
        section = SubElement(parent, "section", {"class": self.NAME, "aria-labelledby": self.NAME})
        heading = SubElement(section, self.LEVEL, {"id": self.NAME})
        heading.text = self.TITLE
        return section


class InShort(_Section):
    """Three points at most, after the two-sentence answer."""

    NAME = "in-short"
    TITLE = "In short"

    def on_create(self, parent: Element) -> Element:
        section = super().on_create(parent)
        section[0].set("class", "block-title")
        section[0].set("data-toc-omit", "")
        return section

    def on_end(self, block: Element) -> None:
        # A comment of its own after the section; the parent is known again when the page is finished.
        block.set("data-after", ON_THIS_PAGE)


class NextSteps(_Section):
    """One to three things to do today; the first free and private."""

    NAME = "next-steps"
    TITLE = "What you can do next"


class _Titled(Block):
    """A box with a small title line over it."""

    ARGUMENT: bool | None = False
    TAG = "div"
    ROLE = ""

    def title(self) -> str:
        """The words of that line."""
        raise NotImplementedError

    def on_create(self, parent: Element) -> Element:
        box = SubElement(parent, self.TAG, {"class": self.NAME})
        if self.ROLE:
            box.set("role", self.ROLE)
        title = SubElement(box, "p", {"class": "block-title"})
        title.text = self.title()
        return box


class Do(_Titled):
    """What helps."""

    NAME = "do"

    def title(self) -> str:
        return "Do"


class DoNot(_Titled):
    """What does not help; every line says "Do not" again, for readers who hear one line alone."""

    NAME = "do-not"

    def title(self) -> str:
        return "Do not"


class Steps(_Titled):
    """A numbered list of what to do, with an optional title."""

    NAME = "steps"
    ARGUMENT = None

    def title(self) -> str:
        return self.argument or "Step by step"


class Say(_Titled):
    """Words that a reader can use."""

    NAME = "say"
    ARGUMENT = None

    def title(self) -> str:
        return f"Words you can use: {self.argument}" if self.argument else "Words you can use"


class Example(_Titled):
    """Something made up to show how a thing may look; always labeled."""

    NAME = "example"
    ARGUMENT = None
    ROLE = "note"

    def title(self) -> str:
        return f"Example: {self.argument}" if self.argument else "Example"


class Unknown(_Titled):
    """What nobody knows, said plainly."""

    NAME = "unknown"
    ARGUMENT = None
    ROLE = "note"

    def title(self) -> str:
        return self.argument or "What nobody knows yet"


class _Care(Block):
    """A care card: one action ending in "if:", then when."""

    ARGUMENT = True

    def on_create(self, parent: Element) -> Element:
        count = self.tracker["care"] = self.tracker.get("care", 0) + 1
        section = SubElement(
            parent, "section", {"class": f"care {self.NAME}", "aria-labelledby": f"{self.NAME}-{count}"}
        )
        title = SubElement(section, "h2", {"class": "care-title", "id": f"{self.NAME}-{count}", "data-toc-omit": ""})
        urgency = SubElement(title, "span", {"class": "visually-hidden"})
        urgency.text = CARE[self.NAME]
        urgency.tail = self.argument
        return section


class Compare(Block):
    """A table that becomes stacked cards on a phone; the argument is its caption."""

    NAME = "compare"
    ARGUMENT = True

    def on_create(self, parent: Element) -> Element:
        return SubElement(parent, "div", {"class": "compare", "data-caption": self.argument})


class Figure(Block):
    """A picture drawn for this guide, with its title, and in the body the same content in words."""

    NAME = "figure"
    ARGUMENT = True
    OPTIONS: ClassVar = {"title": ("", type_string)}

    def on_create(self, parent: Element) -> Element:
        name = Path(self.argument).stem
        figure = SubElement(parent, "figure", {"class": "picture", "id": name})
        title = SubElement(figure, "p", {"class": "picture-title"})
        title.text = self.options["title"]
        drawing = SubElement(figure, "div", {"class": "picture-drawing"})
        path = self.config["pictures"] / self.argument
        if path.is_file() and path.parent == self.config["pictures"]:
            # The picture stands in the page itself, so that it takes the theme's colors and costs no request.
            try:
                svg = re.sub(r"\s*\n\s*", "\n", path.read_text("utf-8")).strip()
            except (OSError, UnicodeDecodeError):
                svg = ""  # without a title: told below
            drawing.text = AtomicString(self.md.htmlStash.store(svg))
            if "<title" not in svg or not self.options["title"]:
                fault(
                    drawing,
                    f"the picture “{self.argument}” has no title",
                    "save it as UTF-8 text, add <title> and <desc> to it, and “    title: …” under the opening line",
                )
        else:
            fault(
                drawing,
                f"there is no picture “{self.argument}”",
                "check the name; pictures stand in overrides/pictures",
            )
        return SubElement(figure, "figcaption")


class HelpLines(Block):
    """The help lines of one group, or `all` of them, from the data file."""

    NAME = "help-lines"
    ARGUMENT = True

    def on_create(self, parent: Element) -> Element:
        evidence: Evidence = self.config["evidence"]
        box = SubElement(parent, "div", {"class": "help-lines"})
        wanted = [g for g in evidence.groups if self.argument in ("all", g)]
        if not wanted:
            fault(
                box,
                f"there is no group of help lines “{self.argument}”",
                f"write one of: all, {', '.join(evidence.groups)}",
            )
        for group in wanted:
            for line in evidence.help_lines.values():
                if line.group == group:
                    _help_line(box, line)
        return box

    def on_markdown(self) -> str:
        return "block"


def _help_line(box: Element, line: HelpLine) -> None:
    item = SubElement(
        box, "section", {"class": "help-line", "id": f"line-{line.id}", "aria-labelledby": f"name-{line.id}"}
    )
    name = SubElement(item, "h3", {"class": "help-line-name", "id": f"name-{line.id}", "data-toc-omit": ""})
    name.text = AtomicString(line.name)
    SubElement(item, "p").text = AtomicString(line.for_)
    ways = SubElement(item, "ul", {"class": "help-line-ways"})
    for way in line.ways:
        entry = SubElement(ways, "li")
        if way.href:
            SubElement(entry, "a", {"class": "help-line-way", "href": way.href}).text = AtomicString(way.label)
        else:
            entry.text = AtomicString(way.label)
    SubElement(item, "p", {"class": "help-line-happens"}).text = AtomicString(line.happens)
    if facts := " · ".join(part for part in (line.hours, line.languages, line.cost) if part):
        SubElement(item, "p", {"class": "help-line-facts"}).text = AtomicString(facts)


class Contact(Block):
    """Where a clinic's contact card stands in a copy; the neutral guide says how to find a program."""

    NAME = "contact"

    def on_create(self, parent: Element) -> Element:
        holder = SubElement(parent, "p")
        holder.text = AtomicString(self.md.htmlStash.store(CONTACT_REGION))
        return holder


class Clinic(Block):
    """Where a copy shows what its clinic says on the matter of the page; the neutral guide shows nothing there."""

    NAME = "clinic"
    ARGUMENT = True

    def on_create(self, parent: Element) -> Element:
        holder = SubElement(parent, "p")
        if self.argument not in CLINIC_REGIONS:
            what = f"there is nothing of a clinic called “{self.argument}”"
            fault(holder, what, f"write one of {', '.join(CLINIC_REGIONS)}")
        holder.text = AtomicString(self.md.htmlStash.store(f"<!--region clinic-{self.argument}--><!--/region-->"))
        return holder


class Doors(Block):
    """The home page's large links: a list of `[Label](page.md)` with a few words each."""

    NAME = "doors"

    def on_create(self, parent: Element) -> Element:
        return SubElement(parent, "div", {"class": "doors"})


BLOCKS: tuple[type[Block], ...] = (
    InShort, NextSteps, Do, DoNot, Steps, Say, Example, Unknown, Compare, Figure, HelpLines, Contact, Clinic, Doors,
    *(type(name.title().replace("-", ""), (_Care,), {"NAME": name}) for name in CARE),
)  # fmt: skip
NAMES = frozenset(block.NAME for block in BLOCKS)


class GuideBlocks(BlocksExtension):
    """Python-Markdown extension that knows the guide's blocks.

    | processor | registry       | name         | priority | why there                                     |
    |-----------|----------------|--------------|----------|-----------------------------------------------|
    | (blocks)  | blockprocessors| blocks       | 89.99    | pymdownx.blocks' own                          |
    | Polish    | treeprocessors | guide-blocks | 6        | after inline (20), before toc (5)             |
    | Restore   | treeprocessors | guide-titles | 4        | after toc, before the page is read (3)        |
    """

    def __init__(self, evidence: Evidence, pictures: Path) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {"evidence": evidence, "pictures": pictures}

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: Any) -> None:
        for block in BLOCKS:
            block_mgr.register(block, self.settings)
        md.treeprocessors.register(_Polish(md), "guide-blocks", 6)
        md.treeprocessors.register(_Restore(md), "guide-titles", 4)


class _Polish(Treeprocessor):
    """What can only be done when a block's body is there: captions, card labels, the contents marker."""

    def run(self, root: Element) -> None:
        for parent in list(root.iter()):
            for position, child in enumerate(list(parent)):
                after = child.attrib.pop("data-after", None)
                if after:
                    holder = Element("p")  # a paragraph of nothing but stashed HTML gives way to that HTML
                    holder.text = AtomicString(self.md.htmlStash.store(after))
                    parent.insert(position + 1, holder)
        for box in root.iter("div"):
            caption = box.attrib.pop("data-caption", None)
            if caption is not None:
                if next(box.iter("table"), None) is None:
                    fault(box, f"the block “compare” ({caption}) holds no table", "write one table in it")
                _label_cells(box, caption)
        for title in [e for e in root.iter() if "data-toc-omit" in e.attrib]:
            title.tag = _OMITTED + title.tag


class _Restore(Treeprocessor):
    """Block titles were hidden from the list of contents; now they are headings again."""

    def run(self, root: Element) -> None:
        for title in [e for e in root.iter() if "data-toc-omit" in e.attrib]:
            del title.attrib["data-toc-omit"]
            title.tag = title.tag.removeprefix(_OMITTED)


def _label_cells(box: Element, caption: str) -> None:
    for table in box.iter("table"):
        heading = Element("caption")
        heading.text = caption
        table.insert(0, heading)
        heads = ["".join(cell.itertext()).strip() for cell in table.iter("th")]
        for row in (row for body in table.iter("tbody") for row in body):
            for position, cell in enumerate(row):
                if position == 0:
                    cell.tag = "th"
                    cell.set("scope", "row")
                elif position < len(heads):
                    cell.set("data-label", heads[position])
        for cell in (cell for head in table.iter("thead") for row in head for cell in row):
            cell.set("scope", "col")
