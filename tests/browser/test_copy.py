"""A clinic's copy in a real browser: its own page and the pages that carry its words, held to what the guide is held to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

import browser_checks as checks
from browser_checks import AXE, DESK, PHONE, OpenPage, Served, Tab, end_axe, serving, start_axe
from iop_guide import stamp
from iop_guide.profile import load_profile

pytestmark = pytest.mark.xdist_group("pages")

ROOT = Path(__file__).resolve().parents[2]
FULL, LEAST = "maple-street", "open-door-online"
WITH_ITS_WORDS = [
    (FULL, ""), (FULL, "our-program/"), (FULL, "help-now/"), (FULL, "search/"), (FULL, "what-it-can-do/cost/"),
    (FULL, "inside-a-program/first-call-and-assessment/"), (FULL, "404.html"), (LEAST, "our-program/"),
]  # fmt: skip


def copy_of(sample: str, site: Path, folder: Path) -> Path:
    """A copy of the built site for a sample, at the top of its host: that is where the tests serve it."""
    shutil.copytree(ROOT / "samples" / sample, folder / sample)
    path = folder / sample / "clinic.yml"
    path.write_text(path.read_text("utf-8").replace(".example.org/iop-guide/", ".example.org/"), "utf-8")
    stamp.copy(site, load_profile(path), folder / f"{sample}-copy", link=True)
    return folder / f"{sample}-copy"


@pytest.fixture(scope="module")
def copies(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    folder = tmp_path_factory.mktemp("copies")
    with serving(copy_of(FULL, site, folder)) as full, serving(copy_of(LEAST, site, folder)) as least:
        yield {FULL: full, LEAST: least}


@pytest.fixture(scope="module")
def copied(copies: dict[str, Served]) -> Served:
    return copies[FULL]


@pytest.fixture(scope="module")
def tabs(copies: dict[str, Served], open_tab: OpenPage) -> dict[str, Tab]:
    return {sample: open_tab(served) for sample, served in copies.items()}


@pytest.mark.parametrize(("sample", "page"), WITH_ITS_WORDS)
def test_a_page_of_a_copy_is_as_good_as_one_of_the_guide(tabs: dict[str, Tab], sample: str, page: str) -> None:
    tab = tabs[sample]
    tab.window(PHONE)
    tab.go(page)
    faults = checks.shifts(tab, page)
    # The clinic's stylesheet and its logo come on top of what the guide asks for.
    assert len(tab.requests) <= checks.MAX_REQUESTS + 3, tab.requests
    assert checks.weight(tab)[0] <= checks.MAX_FIRST_VIEW + 5_000
    if page != "404.html":
        faults += checks.help_first(tab)
    tab.page.evaluate("document.querySelector('.menu').open = true")
    for check in (checks.keyboard, checks.skip_link, checks.menu, checks.terms, checks.sizes, checks.room, checks.wishes):
        tab.window(PHONE)
        faults += check(tab)
    tab.window(DESK)
    for check in (checks.paper, checks.kept, checks.quiet, checks.foreign):
        faults += check(tab)
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


def test_the_sections_stand_in_one_row_or_in_the_menu(copied: Served, open_tab: OpenPage) -> None:
    """The clinic's own page makes the list longer than the guide's: no section may be left alone in a second row."""
    tab = open_tab(copied, "our-program/")
    for width, shown in ((1280, True), (1088, True), (1087, False), (896, False)):
        tab.window((width, 900))
        places = tab.page.evaluate("[...document.querySelectorAll('.sections a')].map((one) => one.checkVisibility() ? one.offsetTop : -1)")
        assert len(places) > 7 and len(set(places)) == 1 and (places[0] >= 0) is shown, (width, places)
        assert tab.page.locator(".menu").is_visible() is not shown


def test_axe_finds_nothing_in_either_scheme(copied: Served, open_tab: OpenPage) -> None:
    tab = open_tab(copied, bypass_csp=True)
    tab.page.context.add_init_script(AXE)
    found = []
    for page in ("our-program/", "help-now/", "what-it-can-do/cost/"):
        tab.window(PHONE)
        tab.go(page)
        for size in (PHONE, DESK):
            tab.window(size)
            for scheme in ("light", "dark"):
                tab.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                start_axe(tab.page)
                found += [f"{page} {size} {scheme}: {what}" for what in end_axe(tab.page)]
    assert not found, "\n".join(found)


def test_data_for_search_engines_is_no_script_to_the_policy(copied: Served, open_tab: OpenPage) -> None:
    tab = open_tab(copied, "our-program/")
    data = tab.page.evaluate("JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)")
    assert [thing["@type"] for thing in data["@graph"]] == ["MedicalClinic", "MedicalWebPage"]
    assert data["@graph"][0]["name"] == load_profile(ROOT / "samples" / FULL / "clinic.yml").name
    assert "require-trusted-types-for 'script'" in tab.page.content()
    assert checks.quiet(tab) == []


def test_its_own_page_is_found_and_help_still_comes_first(copied: Served, open_tab: OpenPage) -> None:
    tab = open_tab(copied, "search/")
    field = tab.page.locator("#search-field")
    field.fill("after school teens saturday")
    own = tab.page.locator('[data-page][href$="/our-program/"]')
    expect(own).to_be_visible()
    expect(tab.page.locator("[data-results] li", has=own).locator("[data-section]")).to_contain_text("(sample)")
    field.fill("suicide evening group")
    expect(tab.page.locator("[data-danger]")).to_be_visible()
    assert checks.quiet(tab) + checks.foreign(tab) == []


def test_no_care_card_and_no_help_line_leads_to_the_clinic(copied: Served, open_tab: OpenPage, site: Path) -> None:
    tab = open_tab(copied)
    links = "[...document.querySelectorAll('.care a, .help-lines a, .help-line-top p a, .help-line-top li:not(.local-help) a, .search-danger a')].map((a) => a.href)"
    with serving(site) as neutral:
        other = open_tab(neutral)
        for page in ("", "help-now/", "search/", "inside-a-program/first-call-and-assessment/", "staying-safe/"):
            tab.go(page)
            other.go(page)
            ours = [href.replace(copied.address, "/") for href in tab.page.evaluate(links)]
            assert ours == [href.replace(neutral.address, "/") for href in other.page.evaluate(links)]
            assert "tel:988" in ours and "tel:911" in ours


def test_a_page_says_that_the_clinic_s_details_are_old(copied: Served, open_tab: OpenPage) -> None:
    tab = open_tab(copied)
    for day, hidden in (("2027-03-15T12:00:00", True), ("2027-03-16T12:00:00", False)):
        tab.page.clock.set_fixed_time(day)
        tab.go("our-program/")
        assert tab.page.locator(".past-check").is_hidden() is hidden


def test_its_own_page_on_paper(copied: Served, open_tab: OpenPage) -> None:
    tab = open_tab(copied, "our-program/")
    tab.page.emulate_media(media="print")
    qr = tab.page.locator('img[src$="qr.svg"]')
    assert (qr.count(), [image.is_visible() for image in qr.all()].count(True)) == (2, 1)
    assert tab.page.locator("section[aria-labelledby=nondiscrimination]").evaluate("(e) => getComputedStyle(e).borderTopWidth") == "0px"
    # A box that ends where the sheet ends loses its right border: the printer cuts there, within a point.
    room = "(boxes) => boxes.map((box) => box.closest('main').getBoundingClientRect().right - box.getBoundingClientRect().right)"
    rooms = tab.page.locator(".content > .track, .content > .contact-card").evaluate_all(room)
    assert len(rooms) == 6 and all(0.9 <= found < 3 for found in rooms), rooms
