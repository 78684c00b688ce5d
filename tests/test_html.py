"""Every page of the built site is valid HTML: a parser that works as the HTML standard says reports no error."""

from __future__ import annotations

from pathlib import Path

import pytest
from justhtml import JustHTML


def html_errors(html: str) -> list[str]:
    """Each error of the document with its place, as the parser of the standard counts them."""
    parsed = JustHTML(html, collect_errors=True, sanitize=False)
    lines = html.splitlines()
    found = []
    for error in parsed.errors:
        line = lines[error.line - 1].strip() if error.line and error.line <= len(lines) else ""
        found.append(f"line {error.line}: {error.code}: {line[:120]}")
    return found


def test_every_page_is_valid_html(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 10
    faults = [f"{page.relative_to(site)}, {error}" for page in pages for error in html_errors(page.read_text("utf-8"))]
    assert not faults, f"{len(faults)} errors\n" + "\n".join(faults)


BODY = "<!doctype html><html lang=en><head><title>t</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    "inside",
    ["<p>a</div>", "<b><p>a</b></p>", '<p id="a" id="b">a</p>', "<table><p>a</p></table>", "<p>a &nosuch; b</p>", "<ul><li>a</ul></p>",
     "<p>a</p"],
)  # fmt: skip
def test_an_error_is_reported(inside: str) -> None:
    assert html_errors(BODY.format("<p>a</p>")) == []
    assert html_errors(BODY.format(inside))


def test_a_page_without_a_doctype_is_reported() -> None:
    assert html_errors("<title>t</title><p>a</p>")
