"""Hand-outs on paper: two sheets of Letter paper at most, in large print, with the help numbers on top."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from browser_checks import OpenPage, Served
from conftest import ROOT
from iop_guide.pages import read_pages

LARGE = 16 * 96 / 72
"""16 points in CSS pixels."""
MAX_SHEETS = 2
WIDE = "body, body * { font-family: Verdana, 'DejaVu Sans', sans-serif !important } .site-foot { padding-bottom: 2cm !important }"
"""The widest letters that a reader's computer is likely to print with, and room for a clinic's name and address."""


def hand_outs() -> list[str]:
    pages, faults = read_pages(ROOT / "docs" / "en", "docs/en")
    assert not faults
    return [page.src.removesuffix(".md") + "/" for page in pages if page.meta.hand_out]


def sheets(page: Page) -> int:
    """How many sheets of Letter paper the open page fills."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="Letter")))


@pytest.fixture(scope="module")
def paper(open_page: OpenPage) -> Page:
    page = open_page(bypass_csp=True).page
    page.emulate_media(media="print")
    return page


@pytest.mark.parametrize("address", hand_outs())
def test_a_hand_out_fits_two_sheets_in_large_print(paper: Page, served: Served, address: str) -> None:
    paper.goto(served.address + address)
    assert sheets(paper) <= MAX_SHEETS
    sizes = paper.evaluate(
        "[...document.querySelectorAll('.content :is(p, li):not(.write)')]"
        ".filter((part) => part.checkVisibility()).map((part) => parseFloat(getComputedStyle(part).fontSize))"
    )
    assert sizes and min(sizes) >= LARGE - 0.1
    paper.add_style_tag(content=WIDE)
    assert sheets(paper) <= MAX_SHEETS
    assert paper.locator(".help-line-top").is_visible()
    assert paper.locator(".write").count() >= 3


def test_each_section_for_readers_has_its_hand_out() -> None:
    assert len(hand_outs()) >= 8


def test_sheets_are_counted_and_other_pages_keep_their_print(paper: Page, served: Served) -> None:
    paper.goto(served.address + "what-is-an-iop/levels-of-care/")
    assert sheets(paper) > MAX_SHEETS
    assert paper.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") < LARGE - 1
