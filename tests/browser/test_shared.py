"""What stands outside the guide's pages, in a real browser: the one-file page, the link card, the locations, the report."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import browser_checks as checks
from browser_checks import AXE, DESK, PHONE, OpenPage, Served, Tab, end_axe, serving, start_axe
from iop_guide import audit, audit_report, network, stamp
from iop_guide.profile import load_profile

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
PAGES = ["info.html", "link-card.html", "locations.html", "audit.html", "audit-bad.html"]
pytestmark = pytest.mark.xdist_group("pages")


@pytest.fixture(scope="module")
def folder(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The five pages side by side."""
    work, shown = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("shown")
    copy = work / "copy"
    stamp.copy(site, load_profile(SAMPLES / "maple-street" / "clinic.yml"), copy)
    (work / "profiles").mkdir()
    for name in ("maple-street", "open-door-online"):
        shutil.copytree(SAMPLES / name, work / "profiles" / name)
    network.build(work / "profiles", site, work / "sites")
    good, _ = audit_report.write(audit.audit(copy, guide=site, today=date(2026, 11, 22)), work / "good")
    (copy / "tracker.js").write_text("document.cookie = 'a'; fetch('https://count.example.com/')")
    (copy / "teens/index.html").unlink()
    bad, _ = audit_report.write(audit.audit(copy, guide=site, today=date(2028, 1, 1)), work / "bad")
    files = (copy / "info.html", copy / "link-card.html", work / "sites/index.html", good, bad)
    for path, name in zip(files, PAGES, strict=True):
        shutil.copy(path, shown / name)
    shutil.copy(site / "_headers", shown)
    return shown


@pytest.fixture(scope="module")
def shown(folder: Path) -> Iterator[Served]:
    with serving(folder) as found:
        yield found


@pytest.fixture(scope="module")
def tab(shown: Served, open_tab: OpenPage) -> Tab:
    found = open_tab(shown, bypass_csp=True)
    found.page.context.add_init_script(AXE)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(tab: Tab, page: str) -> None:
    found = []
    tab.go(page)
    for size in (PHONE, DESK):
        for scheme in ("light", "dark"):
            tab.window(size)
            tab.page.emulate_media(color_scheme=scheme)
            start_axe(tab.page)
            found += [f"{size}, {scheme}: {what}" for what in end_axe(tab.page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("page", PAGES)
def test_it_is_quiet_fits_and_is_reached_by_keyboard(shown: Served, open_tab: OpenPage, page: str) -> None:
    tab = open_tab(shown, page)
    assert tab.page.evaluate("document.styleSheets.length") == 1, "its policy, and that of the host, allow its styles"
    assert tab.page.evaluate("getComputedStyle(document.body).margin") == "0px"
    faults = checks.room(tab) + checks.keyboard(tab) + checks.quiet(tab) + checks.foreign(tab) + checks.kept(tab)
    if not page.startswith("audit"):
        faults += checks.help_first(tab)
    assert not faults, "\n".join(faults)


def test_the_one_file_opens_from_a_disk_and_asks_for_nothing(folder: Path, shown: Served, open_tab: OpenPage) -> None:
    tab = open_tab(shown)
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    address = (folder / "info.html").as_uri()
    tab.page.goto(address)
    assert asked == [address] and tab.complaints == []
    assert tab.page.locator("svg").count() >= 2
    assert tab.page.evaluate("[...document.querySelectorAll('svg')].every((svg) => svg.getBoundingClientRect().width > 150)")
