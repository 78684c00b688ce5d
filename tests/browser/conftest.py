"""The browser, the built site on the web, and what every page of it was found to be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser_checks import PROBE, OpenPage, Served, Tab, pages_of, serving


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run. It resolves no name, so nothing it asks for can leave this computer."""
    path = os.environ.get("IOP_GUIDE_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.fail("No browser: set IOP_GUIDE_BROWSER to the path of a Chromium or Chrome, or run scripts/test.py.")
    options = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-gpu"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to start its sandbox as root
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[Served]:
    """The built site, served with its own headers."""
    with serving(site) as found:
        yield found


@pytest.fixture(scope="session")
def address(served: Served) -> str:
    """Where the built site is served, with a slash at the end."""
    return served.address


@pytest.fixture(scope="session")
def pages(served: Served) -> list[str]:
    """Every page of the built site, as the end of its address, the shortest first.

    So the first page that has a thing, which stands for all that have it, is a quick one.
    """
    found = pages_of(served.folder)
    assert {"", "search/", "404.html"} <= set(found)
    return sorted(found, key=lambda page: len(served.content("/" + page) or b""))


@pytest.fixture(scope="session")
def open_tab(browser: Browser) -> Iterator[OpenPage]:
    """Open a watched tab with the probe in it on any served folder: `open_tab(served, "a.html", bypass_csp=True)`.

    The words after the path go to Playwright's `new_context`. Without a path the tab is empty. All tabs are closed at
    the end of the run.
    """
    contexts = []

    def open_it(on: Served, path: str | None = None, **options: Any) -> Tab:
        context = browser.new_context(**{"viewport": {"width": 390, "height": 844}, "locale": "en-US", **options})
        contexts.append(context)
        context.set_default_timeout(20_000)
        context.add_init_script(PROBE)
        tab = Tab(context.new_page(), on)
        if path is not None:
            tab.go(path)
        return tab

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def open_page(open_tab: OpenPage, served: Served) -> OpenPage:
    """Open a page of the built site in a watched tab: `open_page("about/", java_script_enabled=False)`."""
    return partial(open_tab, served)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
