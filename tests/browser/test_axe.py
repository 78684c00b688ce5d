"""What axe finds on every page of the built site. Apart from test_pages.py, so that two processes share the work."""

from __future__ import annotations

from functools import partial
from typing import Literal

import pytest
from playwright.sync_api import expect

from browser_checks import AXE, DESK, PHONE, OpenPage, end_axe, start_axe
from browser_reading import Reading, Seen

WAYS: tuple[tuple[tuple[int, int], Literal["light", "dark"]], ...] = (
    (PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark"),
)  # fmt: skip


@pytest.fixture(scope="module")
def axed(pages: list[str], open_page: OpenPage) -> Reading:
    """What axe finds on every page in all four ways. Two tabs take turns, so that two cores are at work.

    The rules on colors take one text of each kind: thousands look alike, and what is true of one is true of all.
    """
    tabs = [open_page(bypass_csp=True) for _ in range(2)]
    result = Reading()
    for tab in tabs:
        tab.page.context.add_init_script(AXE)
    seen = {way: Seen() for way in WAYS}
    for start in range(0, len(pages), 2):
        pair = list(zip(pages[start : start + 2], tabs, strict=False))
        for page, tab in pair:
            tab.window(PHONE)
            tab.page.emulate_media(color_scheme="light")
            tab.go(page)
            tab.page.evaluate("document.querySelector('.menu').open = true")  # whatever is closed is looked at too
        for size, scheme in WAYS:
            for _, tab in pair:
                tab.window(size)
                tab.page.emulate_media(color_scheme=scheme)
                start_axe(tab.page, rest=scheme == "light", kinds=seen[size, scheme].new(tab.ask("textKinds()")))
            for page, tab in pair:
                result.add("axe", page, partial(end_axe, tab.page))
    texts = " + ".join(str(len(met.known)) for met in seen.values())
    runs = f" in {len(pages) * len(WAYS)} runs, {texts} kinds of text, {len(result.faults['axe'])} violations"
    result.report("axe", len(pages), runs)
    return result


def test_axe_finds_nothing_on_any_page(axed: Reading) -> None:
    axed.assert_none("axe")


def test_axe_finds_nothing_in_search_results_and_help(open_page: OpenPage) -> None:
    tab = open_page(bypass_csp=True)
    tab.page.context.add_init_script(AXE)
    tab.go("search/")
    found = []
    for words in ("group", "suicide", "zzzzzz"):
        tab.page.locator("#search-field").fill(words)
        expect(tab.page.locator("[role=status]")).to_contain_text("found")
        for scheme in ("light", "dark"):
            tab.page.emulate_media(color_scheme=scheme)
            start_axe(tab.page)
            found += [f"{words}, {scheme}: {what}" for what in end_axe(tab.page)]
    assert not found, "\n".join(found)
