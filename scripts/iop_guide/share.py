"""What a clinic hands on: one page in one file (`info.html`), and a card to link from its own site (`link-card.html`).

Both stand beside the pages of the guide, with regions like them, so the stamp puts a clinic's words into them. Neither
is a page of the guide: search engines are told to pass them over, and sitemap and search leave them out.

`info.html` must work from a disk and from an e-mail, where there is no folder around it. So its styles and pictures
stand inside it, it runs no script, and its links lead to full addresses, telephone numbers or places in itself.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from selectolax.lexbor import LexborHTMLParser

from . import finish, stamp
from .faults import Fault, FaultsFound
from .stamp import CARD, INFO

LOOSE = (INFO, CARD)
"""Files that are HTML but no pages of the guide."""
ESSENTIALS = "help-and-resources/one-page/index.html"
"""The page that becomes `info.html`."""
MAX_INFO = 150_000
"""Bytes that a mail server, and the person who waits for it on a phone, will still take."""
TEMPLATES = stamp.FRAGMENTS.parent
_NOT_ON_ONE_PAGE = "nav, script, button.print-button, .checked-line .past-check, .on-this-page"


@cache
def styles() -> str:
    """The guide's styles for a file that stands alone: without the letters, which would be further files."""
    css = finish.plain_css((TEMPLATES / "assets" / "guide.css").read_text("utf-8"))
    return re.sub(r"@font-face *\{[^}]*url\([^}]*\}\s*", "", css).replace("Next, Near", "Near")


@cache
def policy() -> str:
    """The security policy of such a file: its own styles, pictures inside it, and nothing else."""
    allowed = f"style-src 'self' '{finish.hash_source(styles())}'"
    return f"default-src 'none'; {allowed}; img-src data:; base-uri 'none'; form-action 'none'"


def page(template: str, **values: Any) -> str:
    """A page of overrides/ that stands alone, filled with values, each of them escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(template).render(styles=Markup(styles()), policy=policy(), **values)


def files(essentials: str) -> dict[str, bytes]:
    """`info.html` and `link-card.html` of the neutral guide, made from the finished HTML of its one-page summary.

    Raises FaultsFound when that page is not what it must be, or the file would be too large to mail.
    """
    made = {INFO: one_file(essentials), CARD: page(CARD)}
    ready = {}
    for path, html in made.items():
        ready[path] = stamp.fill(stamp.with_checksum(html), None, path).encode("utf-8")
    if len(ready[INFO]) > MAX_INFO:
        what = f"{INFO} has {len(ready[INFO]):,} bytes"
        raise FaultsFound([Fault(ESSENTIALS, 0, what, f"{MAX_INFO:,} at most: shorten the page or its pictures")])
    return ready


def one_file(html: str) -> str:
    """A finished page of the guide as one file, its regions still to be filled."""
    tree = LexborHTMLParser(stamp.empty(html))
    article, title = tree.css_first("main article"), tree.css_first("main h1")
    description = tree.css_first('meta[name="description"]')
    top = tree.css_first(".help-line-top .wrap")
    if article is None or title is None or description is None or top is None:
        raise FaultsFound([Fault(ESSENTIALS, 0, "it is not a page of the guide", "give it a title and an <article>")])
    for part in (article, top):
        for node in part.css(_NOT_ON_ONE_PAGE):
            node.decompose()
        for node in part.css("a[href]"):
            address = node.attributes["href"] or ""
            if not (address.startswith("#") or urlsplit(address).scheme in ("https", "tel", "sms")):
                _to_text(node)
        for node in part.css("[popovertarget], .term-note"):  # a word that the guide explains: here as plain text
            node.decompose() if "term-note" in (node.attributes.get("class") or "") else node.unwrap()
    for node in top.css("li"):
        if not node.css_first("a"):
            node.decompose()
    body = re.sub(r"<!--region [a-z-]+--><!--/region-->", "", article.html or "")
    text, sources, rest = body.partition('<section class="sources"')
    return page(
        INFO, title=title.text(strip=True), description=description.attributes["content"],
        text=Markup(text), sources=Markup(sources + rest), help_lines=Markup(top.html or ""),
    )  # fmt: skip


def _to_text(node: Any) -> None:
    """A link into the guide becomes its words: from an e-mail it would lead nowhere."""
    node.unwrap()
