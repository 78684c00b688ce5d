"""What the search costs a reader: bytes up to the first result, and milliseconds from a key to its results.

    python tests/benchmarks/search_speed.py [SITE]

Measures the built site (default: `site`) and a made-up guide of 120 pages, in Chromium, with the processor as it is and
slowed four times. A key's time is from the key event to the changed list, and to the end of the frame that shows it.
"""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from playwright.sync_api import Page, sync_playwright

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS), str(_TESTS.parent / "scripts")]

from find_browser import installed  # noqa: E402
from search_sites import ROOT, serving, synthetic_guide, write_site  # noqa: E402

TYPED = (
    "will i lose my job",
    "grop therapy",
    "medicare cost",
    "what if my son wont go",
    "residential rehab",
    "anxeity",
)
WATCH = """() => {
  window.times = [];
  let since = 0;
  addEventListener("keydown", (event) => { since = event.timeStamp; }, true);
  new MutationObserver(() => {
    if (!since) return;
    const entry = [performance.now() - since, 0];
    const key = since;
    since = 0;
    window.times.push(entry);
    requestAnimationFrame(() => setTimeout(() => { entry[1] = performance.now() - key; }));
  }).observe(document.querySelector("[data-results]"), { childList: true });
}"""
SIZES = """() => performance.getEntriesByType("resource").filter((e) => /search\\.js|\\.json/.test(e.name))
  .map((e) => [e.name.split("/").pop(), e.encodedBodySize])"""


def main() -> int:
    """Measure and print; returns the exit code."""
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "site")
    browser_path = installed(os.environ, sys.platform)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        made_up = Path(folder)
        _write_made_up(made_up)
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        for name, place in (("this guide", site), ("120 made-up pages", made_up)):
            if not (place / "search" / "index.html").is_file():
                print(f"{name}: no site at {place}; build it first")
                return 1
            _measure(name, place, browser)
        browser.close()
    return 0


def _write_made_up(folder: Path) -> None:
    rendered, pages = synthetic_guide()
    evidence = ROOT / "docs" / "evidence"
    read = {name: yaml.safe_load((evidence / f"{name}.yml").read_text("utf-8")) for name in ("words", "terms")}
    write_site(folder, rendered, pages, read["words"], read["terms"]["terms"], [])


def _measure(name: str, place: Path, browser: Any) -> None:
    with serving(place) as (address, _):
        for slower in (1, 4):
            page: Page = browser.new_page()
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
            page.goto(address + "search/", wait_until="networkidle")
            page.locator("#search-field").focus()
            page.wait_for_timeout(1500)
            page.evaluate(WATCH)
            for number, words in enumerate(TYPED):
                page.locator("#search-field").fill("")
                page.locator("#search-field").press_sequentially(words, delay=60)
                page.wait_for_timeout(2500 if number == 0 else 300)  # the texts come after the first key
            times = page.evaluate("window.times")
            if slower == 1:
                sizes = dict(page.evaluate(SIZES))
                texts = sum(size for file, size in sizes.items() if file.startswith("text-"))
                first = sizes["search.js"] + sizes["index.json"]
                pages = len(list(place.rglob("index.html"))) - 1
                whole = len(gzip.compress((place / "search" / "index.html").read_bytes(), 6))
                print(f"{name} ({pages} pages): {first:,} bytes gzip to the first result", end=" ")
                print(f"({sizes['search.js']:,} script, {sizes['index.json']:,} index),", end=" ")
                print(f"then {texts:,} of texts; the search page itself {whole:,}")
            shown = {"to the changed list": 0, "to the end of the frame": 1}
            for what, column in shown.items():
                values = sorted(entry[column] for entry in times if entry[column])
                high = values[int(len(values) * 0.95)]
                print(f"  processor 1/{slower}, key {what}: median {median(values):.1f} ms,", end=" ")
                print(f"95 % under {high:.1f}, most {values[-1]:.1f} ({len(values)} keys)")
            page.close()


if __name__ == "__main__":
    sys.exit(main())
