"""Every page of the built site in a real browser. Each page is opened once for all that is asked of it in one mode."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable, Iterable
from functools import partial

import pytest
from playwright.sync_api import Route, expect

import browser_checks as checks
from browser_checks import DESK, PHONE, SMALL, OpenPage, Served, Tab
from browser_reading import Reading, Seen


def opened(tab: Tab, page: str) -> list[str]:
    tab.go(page)
    return []


@pytest.fixture(scope="module")
def reading(pages: list[str], open_page: OpenPage) -> Reading:
    """Every page as it is sent, with its scripts and its policy in force.

    What depends on a page's words is asked of every page. What depends on the frame, the stylesheet and the scripts
    alone is asked of the first page on which a class stands: it stands for all that have the class.
    """
    tab = open_page()
    result = Reading()
    heaviest = (0, "")
    stops, parts = Seen(), Seen()
    for page in pages:

        def add(check: str, find: Callable[[], Iterable[str]], page: str = page) -> None:
            result.add(check, page, find)

        tab.window(PHONE)
        add("open", partial(opened, tab, page))
        add("no shift", partial(checks.shifts, tab, page))
        heaviest = max(heaviest, (checks.weight(tab)[0], page))
        add("weight", lambda: checks.weight(tab)[1])
        result.texts[page] = tab.ask("mainText()")
        tab.page.evaluate("document.querySelector('.menu').open = true")
        add("focus", lambda: checks.focus(tab))
        if stops.new(tab.ask("kinds()")):
            add("keyboard", lambda: checks.keyboard(tab))
        add("terms", lambda: checks.terms(tab))
        if parts.new(tab.ask("classes()")):
            add("skip link", lambda: checks.skip_link(tab))
            add("menu", lambda: checks.menu(tab))
            add("wishes", lambda: checks.wishes(tab))
            add("sizes", lambda: checks.sizes(tab))
            add("room", lambda: checks.room(tab))
            tab.window(DESK)
            add("paper", lambda: checks.paper(tab))
        else:
            add("sizes", lambda: checks.sizes(tab, [PHONE]))
            add("room", lambda: checks.room(tab, [SMALL, DESK]))
        # Last, so that all the above counts too.
        add("nothing kept", lambda: checks.kept(tab))
        add("quiet", lambda: checks.quiet(tab))
        add("no other host", lambda: checks.foreign(tab))
    some = f"{stops.times} walked by Tab, {parts.times} in every window, scheme and on paper"
    largest = f"largest first view {heaviest[0]:,} bytes gzip without fonts (/{heaviest[1]})"
    result.report("with script", len(pages), f", {some}, {largest}")
    return result


@pytest.mark.parametrize(
    "check",
    ["no shift", "weight", "focus", "keyboard", "skip link", "menu", "terms", "sizes", "room", "wishes", "paper", "nothing kept", "quiet",
     "no other host"],
)  # fmt: skip
def test_every_page(reading: Reading, check: str) -> None:
    reading.assert_none(check)


def without_script(tab: Tab) -> list[str]:
    """The menu opens, and shows its links."""
    tab.window(PHONE)
    tab.page.evaluate("document.querySelector('.menu summary').click()")
    shown = tab.page.evaluate("[...document.querySelectorAll('.sections a')].map(probe.visible)")
    return [] if shown and all(shown) else ["the menu does not open"]


@pytest.fixture(scope="module")
def off(pages: list[str], open_page: OpenPage) -> Reading:
    """Every page in a browser that runs no script."""
    tab = open_page(java_script_enabled=False)
    result = Reading()
    for page in pages:
        tab.page.goto(tab.served.address + page)
        tab.page.evaluate(checks.PROBE)
        result.texts[page] = tab.ask("mainText()")
        result.add("help first", page, lambda: checks.help_first(tab))
        result.add("menu", page, lambda: without_script(tab))
    result.report("without script", len(pages))
    return result


def test_without_script_help_comes_first_and_is_seen_without_scrolling(off: Reading) -> None:
    off.assert_none("help first")


def test_without_script_the_menu_opens(off: Reading) -> None:
    off.assert_none("menu")


def test_without_script_every_page_says_the_same(off: Reading, reading: Reading) -> None:
    assert min(len(text) for text in off.texts.values()) > 100
    assert off.texts == reading.texts


def test_without_script_the_search_page_is_a_list_of_all_pages(pages: list[str], open_page: OpenPage) -> None:
    tab = open_page(java_script_enabled=False)
    tab.page.goto(tab.served.address + "search/")
    tab.page.evaluate(checks.PROBE)
    links = tab.page.locator(".a-to-z-entries a").evaluate_all("links => links.filter((link) => probe.visible(link)).map((link) => link.href)")
    home = tab.served.address
    missing = {home + page for page in pages if page not in ("404.html", "search/")} - {link.split("#")[0] for link in links}
    assert not missing


def test_searching_on_the_built_site_is_quiet_keeps_nothing_and_fits(open_page: OpenPage) -> None:
    tab = open_page("search/")
    tab.page.locator("#search-field").press_sequentially("my husband hits me at the evening group")
    expect(tab.page.locator("[role=status]")).to_contain_text("found")
    faults = checks.quiet(tab) + checks.foreign(tab) + checks.kept(tab) + checks.room(tab) + checks.sizes(tab)
    tab.window(PHONE)
    tab.page.evaluate("document.querySelector('.menu').open = true")
    faults += checks.keyboard(tab)
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


@pytest.mark.parametrize("page", ["", "search/", "404.html"])
def test_on_a_wide_screen_tab_reaches_everything_too(open_page: OpenPage, page: str) -> None:
    tab = open_page(page, viewport={"width": 1280, "height": 900})
    assert not checks.keyboard(tab) + checks.skip_link(tab)


def test_a_missing_address_shows_the_page_that_says_so_with_its_style(open_page: OpenPage) -> None:
    tab = open_page()
    answer = tab.page.goto(tab.served.address + "no/such/page/")
    assert answer and answer.status == 404
    expect(tab.page.locator("h1")).to_have_text("This page is not here")
    assert [text for text in tab.complaints if "404 (" not in text] == []
    assert tab.page.evaluate("document.styleSheets.length") > 0
    assert tab.page.locator(".brand").evaluate("link => link.href") == tab.served.address


def test_the_site_s_own_headers_are_sent(served: Served, open_page: OpenPage) -> None:
    tab = open_page()
    answer = tab.page.goto(served.address)
    assert answer
    for name in ("content-security-policy", "referrer-policy", "x-content-type-options"):
        assert answer.headers[name], name


def test_a_letter_that_comes_late_moves_nothing(open_page: OpenPage) -> None:
    tab = open_page()

    def late(route: Route) -> None:
        time.sleep(0.4)
        route.continue_()

    tab.page.route("**/*.woff2", late)
    moved = {}
    for page in ("", "what-is-an-iop/", "help-now/"):
        for size in (PHONE, DESK):
            tab.window(size)
            tab.go(page)
            moved[page, size] = checks.shifts(tab, page)
    assert not any(moved.values()), moved


def test_a_header_that_comes_in_pieces_moves_nothing(open_page: OpenPage) -> None:
    tab = open_page("what-is-an-iop/")
    at = "[...document.querySelectorAll('.brand, .search-link, .menu')].map((one) => [one.className, one.offsetLeft, one.offsetTop])"
    # From the last thing to the first, as if it had not come yet.
    pieces = ("document.querySelector('.sections').remove()", "document.querySelector('.menu summary').lastChild.remove()",
              "document.querySelector('.menu').remove()", "document.querySelector('.search-link').lastChild.remove()")  # fmt: skip
    for size in (SMALL, PHONE, DESK):
        tab.window(size)
        tab.go("what-is-an-iop/")
        whole = tab.page.evaluate(at)
        for piece in pieces:
            tab.page.evaluate(piece)
            left = tab.page.evaluate(at)
            assert left == whole[: len(left)], (size, piece)


@pytest.mark.parametrize(("page", "seen", "late"), [
    ("", ".hero h1", ".hero svg"),
    ("what-is-an-iop/", ".on-this-page li", ".on-this-page li"),
    ("paying/", ".in-section li", ".in-section li li"),
])  # fmt: skip
def test_what_has_come_stays_where_it_is_when_the_rest_comes(open_page: OpenPage, page: str, seen: str, late: str) -> None:
    tab = open_page(page)
    at = f"[...document.querySelectorAll('{seen}')].map((one) => [one.offsetLeft, one.offsetTop])"
    for size in (PHONE, DESK):
        tab.window(size)
        tab.go(page)
        whole = tab.page.evaluate(at)
        tab.page.evaluate(f"[...document.querySelectorAll('{late}')].slice(-2).map((one) => one.remove())")
        left = tab.page.evaluate(at)
        assert left and left == whole[: len(left)], size


def test_a_page_says_that_it_is_past_its_check_date_from_the_day_after(pages: list[str], open_page: OpenPage) -> None:
    # Half past eleven at night, far west: a clock that is read as UTC is a day ahead.
    tab = open_page(timezone_id="America/Los_Angeles")
    dates: dict[str, str] = {}
    for page in pages:
        path = tab.served.folder / page
        html = (path / "index.html" if path.is_dir() else path).read_text("utf-8")
        if page in ("404.html", "search/"):
            continue
        found = re.search(r'data-check-again="(\d{4}-\d\d-\d\d)"', html)
        assert found and html.count('class="past-check"') == 1, page
        dates.setdefault(found[1], page)  # one page for each date stands for all that have it
    assert len(dates) > 1
    for date, page in dates.items():
        last = datetime.datetime.fromisoformat(date + "T23:30:00-08:00")
        last -= datetime.timedelta(hours=1)  # in summer time it is still the same day
        for days, shown in ((0, False), (1, True)):
            tab.page.clock.set_fixed_time(last + datetime.timedelta(days=days))
            tab.page.goto(tab.served.address + page, wait_until="domcontentloaded")  # scripts have run by then
            assert tab.page.locator(".past-check").is_visible() is shown, f"/{page}, {days} days after {date}"
