"""The quick exit, on pages whose front matter says `quick_exit: true`: it leads away at once, and with no script too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from browser_checks import DESK, PHONE, SMALL, OpenPage, Served, Tab, pages_of
from iop_guide.pages import read_pages

DOCS = Path(__file__).resolve().parents[2] / "docs" / "en"
AWAY = "https://www.weather.gov/"
PAGE = "staying-safe/when-home-is-hard/"
BUTTON, FIRST = ".quick-exit .exit", ".exit-first"


def weather(route: Route) -> None:
    """Stand in for the page it leads to: the tests' browser resolves no name."""
    route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>Weather</title><h1>Weather</h1>")


def at(open_page: OpenPage, **options: object) -> Tab:
    """The page with the exit, reached from the page before it, as a reader would."""
    tab: Tab = open_page(**options)
    tab.page.route(AWAY + "**", weather)
    for path in ("staying-safe/", PAGE):
        tab.page.goto(tab.served.address + path)
    return tab


@pytest.fixture
def tab(open_page: OpenPage) -> Iterator[Tab]:
    opened = at(open_page)
    yield opened
    opened.page.context.close()


def press(tab: Tab, key: str, times: int) -> None:
    """Press and let go, so many times."""
    for _ in range(times):
        tab.page.keyboard.press(key)


def stays(tab: Tab) -> bool:
    tab.page.wait_for_timeout(250)
    return tab.page.url.endswith(PAGE) and tab.page.locator("h1").is_visible()


def test_stands_only_where_it_is_asked_for(served: Served) -> None:
    asked = {
        page.src.removesuffix("index.md").removesuffix(".md")
        for page in read_pages(DOCS, "docs/en")[0]
        if page.meta.quick_exit
    }
    with_exit = {path for path in pages_of(served.folder) if "data-exit" in _html(served, path)}
    with_script = {path for path in pages_of(served.folder) if "quick-exit.js" in _html(served, path)}
    assert (
        {path.strip("/") for path in with_exit}
        == {path.strip("/") for path in asked}
        == {path.strip("/") for path in with_script}
    )
    assert PAGE in with_exit


def _html(served: Served, path: str) -> str:
    file = served.folder / path
    return (file / "index.html" if file.is_dir() else file).read_text("utf-8")


def test_links_send_no_referrer_and_are_first_for_the_keyboard(tab: Tab) -> None:
    for link in tab.page.locator("a[data-exit]").all():
        assert link.get_attribute("href") == AWAY
        assert "noreferrer" in (link.get_attribute("rel") or "")
    tab.ask("fromTheTop()")
    tab.press("Tab")
    first = tab.page.locator(FIRST)
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    tab.press("Enter")
    expect(tab.page).to_have_url(AWAY)


@pytest.mark.parametrize("script", [True, False])
def test_the_button_leads_away(open_page: OpenPage, script: bool) -> None:
    tab = at(open_page, java_script_enabled=script)
    tab.page.locator(BUTTON).click()
    expect(tab.page).to_have_url(AWAY)
    tab.page.context.close()


def test_back_does_not_show_the_page_again(tab: Tab) -> None:
    tab.page.locator(BUTTON).click()
    expect(tab.page).to_have_url(AWAY)
    tab.page.go_back()
    assert not tab.page.url.endswith(PAGE)


def test_the_page_is_hidden_before_the_next_one_comes(tab: Tab) -> None:
    script = """() => {
      document.querySelector(".quick-exit .exit").click();
      return [getComputedStyle(document.body).display, document.title];
    }"""  # all in one go, before the browser can have the next page
    assert tab.page.evaluate(script) == ["none", "Weather"]
    expect(tab.page).to_have_url(AWAY)


def test_three_presses_of_shift_leave(tab: Tab) -> None:
    press(tab, "Shift", 2)
    assert stays(tab)
    press(tab, "Shift", 1)
    expect(tab.page).to_have_url(AWAY)


def test_what_is_not_three_presses_of_shift_does_not_leave(tab: Tab) -> None:
    for key in ("Escape", "Shift+A", "Shift+Tab", "Control+Shift", "Tab"):
        press(tab, key, 4)
        assert stays(tab), key
    press(tab, "Shift", 2)
    press(tab, "ArrowDown", 1)
    press(tab, "Shift", 2)
    assert stays(tab)


def test_slow_presses_do_not_leave(tab: Tab) -> None:
    press(tab, "Shift", 2)
    tab.page.wait_for_timeout(5_200)
    press(tab, "Shift", 2)
    assert stays(tab)


@pytest.mark.parametrize("size", [PHONE, SMALL, DESK])
def test_it_stays_in_reach_and_covers_no_text_at_rest(tab: Tab, size: tuple[int, int]) -> None:
    tab.window(size)
    button = tab.page.locator(BUTTON)
    bar = tab.page.locator(".quick-exit").bounding_box()
    title = tab.page.locator("h1").bounding_box()
    help_line = tab.page.locator(".help-line-top").bounding_box()
    assert bar and title and help_line
    assert help_line["y"] + help_line["height"] <= bar["y"] + 1
    assert bar["y"] + bar["height"] <= title["y"]
    assert bar["height"] <= 80
    tab.page.locator("#next-steps").scroll_into_view_if_needed()
    expect(button).to_be_in_viewport()
    # A place that a link leads to stands below the bar.
    tab.page.evaluate("location.hash = 'should-i-leave'")
    place = tab.page.locator("#should-i-leave").bounding_box()
    bar = tab.page.locator(".quick-exit").bounding_box()
    assert place and bar and place["y"] >= bar["y"] + bar["height"]


def test_it_is_not_red_and_does_not_print(tab: Tab) -> None:
    color = tab.page.evaluate(f"getComputedStyle(document.querySelector('{BUTTON}')).backgroundColor")
    red, green, blue = (int(part) for part in re.findall(r"\d+", color)[:3])
    assert red < max(green, blue)
    tab.page.emulate_media(media="print")
    expect(tab.page.locator(".quick-exit")).to_be_hidden()


def test_it_says_that_history_stays(tab: Tab) -> None:
    expect(tab.page.locator(".quick-exit")).to_contain_text("does not erase your history")
