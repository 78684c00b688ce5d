"""Every page of the built site is valid HTML.

A parser that works as the HTML standard says reports what it had to mend. It is lenient in places (elements that stay
open, attributes that stand twice), so a second, strict reading asks that what is opened is closed, in order, that no
attribute stands twice, that references to characters are known, and that elements stand where they may.
"""

from __future__ import annotations

import re
from collections import Counter
from html.entities import html5
from html.parser import HTMLParser
from pathlib import Path

import pytest
from justhtml import JustHTML

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ONLY_IN = {
    "li": {"ul", "ol", "menu"}, "tr": {"thead", "tbody", "tfoot", "table"}, "td": {"tr"}, "th": {"tr"},
    "thead": {"table"}, "tbody": {"table"}, "caption": {"table"}, "dt": {"dl", "div"}, "dd": {"dl", "div"},
    "summary": {"details"}, "figcaption": {"figure"},
}  # fmt: skip
"""Elements and the parents that they may have."""
ONLY_HOLDS = {
    "ul": {"li", "template"}, "ol": {"li", "template"}, "table": {"caption", "thead", "tbody", "tfoot", "tr", "colgroup"},
    "thead": {"tr"}, "tbody": {"tr"}, "tr": {"th", "td"}, "dl": {"dt", "dd", "div"},
}  # fmt: skip
"""Elements and all that they may hold; no text."""
WORDS_ONLY = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "summary", "button", "span", "a", "strong", "em", "sup"}
BLOCKS = {
    "address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset", "figure", "footer", "form", "header", "hr", "main",
    "nav", "ol", "p", "pre", "section", "table", "ul", "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
PRESSED = {"a", "button", "summary", "input", "select", "textarea"}


class _Strict(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.faults: list[str] = []

    def fault(self, what: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {what}")

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        inside = self.open[-1] if self.open else ""
        for name, times in Counter(name for name, _ in attributes).items():
            if times > 1:
                self.fault(f"<{tag}> has {name} twice")
        for name, value in attributes:
            if name == "id":
                self.ids[value or ""] += 1
                if not value or re.search(r"\s", value) or self.ids[value] > 1:
                    self.fault(f"the id “{value}” is empty, has a space or stands twice")
        if tag in ONLY_IN and inside not in ONLY_IN[tag] | {"template"}:
            self.fault(f"<{tag}> in <{inside}>")
        if inside in ONLY_HOLDS and tag not in ONLY_HOLDS[inside]:
            self.fault(f"<{tag}> in <{inside}>")
        # A link takes after what it stands in: in a paragraph words only, in a list item anything.
        around = next((one for one in reversed(self.open) if one != "a"), "") if inside == "a" else inside
        if around in WORDS_ONLY and tag in BLOCKS and not (inside == "summary" and tag[0] == "h"):
            self.fault(f"<{tag}> in <{inside}>")
        if tag in PRESSED and {"a", "button"} & set(self.open):
            self.fault(f"<{tag}> in something that is itself pressed")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()
            if "svg" not in self.open and tag != "svg":
                self.fault(f"<{tag}/> does not close in HTML")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.fault(f"</{tag}> closes <{self.open[-1] if self.open else ''}>")
            if tag not in self.open:
                return
            while self.open[-1] != tag:
                self.open.pop()
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open and self.open[-1] in ONLY_HOLDS:
            self.fault(f"text in <{self.open[-1]}>: {data.strip()[:40]}")

    def handle_entityref(self, name: str) -> None:
        if name + ";" not in html5:
            self.fault(f"&{name}; is no character")

    def handle_charref(self, name: str) -> None:
        if name.lower().lstrip("x").strip("0") == "":
            self.fault(f"&#{name}; is no character")

    def close(self) -> None:
        super().close()
        if self.open:
            self.fault(f"never closed: {self.open}")


def html_errors(html: str) -> list[str]:
    """Each error of a document with its line."""
    lines = html.splitlines()
    found = []
    for error in JustHTML(html, collect_errors=True, sanitize=False).errors:
        line = lines[error.line - 1].strip() if error.line and error.line <= len(lines) else ""
        found.append(f"line {error.line}: {error.code}: {line[:120]}")
    strict = _Strict()
    strict.feed(html)
    strict.close()
    return found + strict.faults


def test_every_page_is_valid_html(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 10
    faults = [f"{page.relative_to(site)}, {error}" for page in pages for error in html_errors(page.read_text("utf-8"))]
    assert not faults, f"{len(faults)} errors\n" + "\n".join(faults)


BODY = '<!doctype html><html lang="en"><head><title>t</title></head><body>{}</body></html>'
SOUND = '<p id="a">a &amp; b&nbsp;<br><a href="/">c</a></p><ul>\n<li><p>d</p></li>\n</ul><svg viewBox="0 0 1 1"><path d="M0 0"/></svg>'


@pytest.mark.parametrize(
    "inside",
    ["<p>a</div>", "<b><p>a</b></p>", '<p id="a" id="b">a</p>', "<table><p>a</p></table>", "<p>a &nosuch; b</p>", "<ul><li>a</ul></p>",
     "<p>a</p", "<div><span></div>", "<p><ul></ul></p>", "<ul><p>a</p></ul>", "<ul>a</ul>", "<a href=/><a href=/>b</a></a>", "<div/>",
     '<a href="/"><button>b</button></a>', "<p>a", '<p id="a">a</p><p id="a">a</p>', '<p id="a b">a</p>', "<div><li>a</li></div>",
     "<p>&#0;</p>", "<table><tr><p>a</p></tr></table>", "<span><div>a</div></span>"],
)  # fmt: skip
def test_an_error_is_reported(inside: str) -> None:
    assert html_errors(BODY.format(SOUND)) == []
    assert html_errors(BODY.format(inside))


def test_a_page_without_a_doctype_is_reported() -> None:
    assert html_errors("<html><head><title>t</title></head><body><p>a</p></body></html>")
